"""Signatures: the golden vector, and everything that may be wrong with one."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Nonce, Partner, SceneKey
from dafeng.domains.inclusion.scenes import client, signing
from dafeng.domains.inclusion.scenes.signing import Signed
from dafeng.kernel.api import signatures
from tests.domains.inclusion.scenes.world import NOW

# Made once with OpenSSL 3.0: printf 'DAFENG1\nPOST\n/api/inclusion/events\n1795219200\n0123456789abcdef\n%s' \
#   "$(printf '{}' | openssl dgst -sha256 -r | cut -c1-64)" | openssl dgst -sha256 -hmac secret
GOLDEN = "a4f78ad0cca01e1c02a949216aa54da8b92c65be79e78d5e394cd8cfaef4b2bd"


def test_the_golden_vector() -> None:
    values = ("POST", "/api/inclusion/events", "1795219200", "0123456789abcdef", b"{}")
    assert signatures.sign("secret", *values) == GOLDEN
    assert client.signature("secret", *values) == GOLDEN


def test_the_signed_text_is_six_lines_and_the_hmac_is_of_the_standard_library() -> None:
    text = signatures.text("get", "/api/x?a=1", "1", "n", b"")
    nothing = hashlib.sha256(b"").hexdigest()
    assert text == f"DAFENG1\nGET\n/api/x?a=1\n1\nn\n{nothing}"
    expected = hmac.new(b"s", text.encode(), hashlib.sha256).hexdigest()
    assert signatures.sign("s", "GET", "/api/x?a=1", "1", "n", b"") == expected


@pytest.fixture
def key(city) -> tuple[SceneKey, str]:
    return signing.make_key(city.bus, by=None, now=NOW)


def request(
    key: SceneKey, secret: str, *, seconds: int = 0, nonce: str = "a" * 16, body: bytes = b"{}", **headers: str
) -> Signed:
    time = str(int(NOW.timestamp()) + seconds)
    made = {
        "X-Dafeng-Key": key.key_id, "X-Dafeng-Time": time, "X-Dafeng-Nonce": nonce,
        "X-Dafeng-Signature": signatures.sign(secret, "POST", "/x", time, nonce, body),
    }  # fmt: skip
    return Signed("POST", "/x", {**made, **headers}, body)


def refusal(asked: Signed) -> str:
    with pytest.raises(Refused) as caught:
        signing.verify(asked, now=NOW)
    return caught.value.code


def test_a_right_signature_tells_the_key_and_its_partner(key) -> None:
    assert signing.verify(request(*key), now=NOW).partner.code == "bus"


def test_five_minutes_either_way_are_allowed_and_no_second_more(key) -> None:
    for seconds in (-300, 300):
        assert signing.verify(request(*key, seconds=seconds), now=NOW) == key[0]
    for seconds in (-301, 301):
        assert refusal(request(*key, seconds=seconds)) == "signature_late"


def test_each_part_of_the_request_is_signed(key) -> None:
    good = request(*key)
    for changed in (
        Signed("GET", good.path, good.headers, good.body),
        Signed("POST", "/y", good.headers, good.body),
        Signed("POST", good.path, good.headers, b"{ }"),
        request(*key, **{"X-Dafeng-Nonce": "b" * 16}),
        request(*key, **{"X-Dafeng-Time": str(int(NOW.timestamp()) + 1)}),
        request(*key, **{"X-Dafeng-Signature": "0" * 64}),
        request(*key, **{"X-Dafeng-Signature": "é"}),
    ):
        assert refusal(changed) == "signature_wrong"


def test_what_is_missing_or_misshapen_is_said(key) -> None:
    assert refusal(request(*key, **{"X-Dafeng-Signature": ""})) == "signature_missing"
    assert refusal(request(*key, **{"X-Dafeng-Key": "sk_nobody"})) == "key_unknown"
    assert refusal(request(*key, nonce="short")) == "signature_malformed"
    assert refusal(request(*key, **{"X-Dafeng-Time": "soon"})) == "signature_malformed"


def test_a_revoked_key_and_a_suspended_partner_are_refused_by_name_only_to_who_has_the_secret(key, city) -> None:
    signing.revoke(key[0], by=None, now=NOW)
    assert refusal(request(*key)) == "key_revoked"
    assert refusal(request(key[0], "another secret")) == "signature_wrong"
    other = signing.make_key(city.bus, by=None, now=NOW)
    Partner.objects.filter(pk=city.bus.pk).update(state=Partner.State.SUSPENDED)
    assert refusal(request(*other)) == "partner_suspended"


def test_a_nonce_is_good_once_and_forgotten_when_its_signature_is_too_old_anyway(key) -> None:
    signing.spend(key[0], "n" * 16, now=NOW)
    with pytest.raises(Refused) as caught:
        signing.spend(key[0], "n" * 16, now=NOW + timedelta(minutes=9))
    assert caught.value.code == "replayed"
    assert signing.sweep(now=NOW + timedelta(minutes=10)) == 0
    assert signing.sweep(now=NOW + timedelta(minutes=12)) == 1
    assert not Nonce.objects.exists()


def test_a_secret_is_kept_sealed_and_there_are_at_most_five_keys(city) -> None:
    key, secret = signing.make_key(city.bus, by=None, now=NOW, note="card system")
    assert secret.encode() not in bytes(key.sealed)
    assert len(secret) >= 43  # 256 bits in base 64
    for _ in range(4):
        signing.make_key(city.bus, by=None, now=NOW)
    with pytest.raises(Refused):
        signing.make_key(city.bus, by=None, now=NOW)
