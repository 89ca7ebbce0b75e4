"""Tokens: made within one's roles, told once, found by their digest, gone when withdrawn, run out or without a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry
from dafeng.portal.tokens import services
from dafeng.portal.tokens.models import Token

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


def test_a_token_is_told_once_and_only_its_digest_is_kept(person) -> None:
    token, text = services.make(person("ecology"), name="月报", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    assert text.startswith("dft_")
    assert len(text) == 4 + 43  # 32 bytes of chance in base64url
    stored = Token.objects.values().get(pk=token.pk)
    assert text not in str(stored)
    assert stored["hint"] == text[:8]
    assert AuditEntry.objects.filter(action="token.make", subject_id=str(token.pk)).count() == 1
    assert text not in "".join(AuditEntry.objects.values_list("detail_text", flat=True))


def test_a_token_is_found_by_its_text_until_it_runs_out(person) -> None:
    token, text = services.make(person("ecology"), name="月报", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    assert services.find(text, now=NOW + MONTH - timedelta(seconds=1)) == token
    assert services.find(text, now=NOW + MONTH) is None


@pytest.mark.parametrize("text", ["", "dft_", "dft_" + "a" * 43, "x" * 47, "dft_" + "密" * 43])
def test_a_text_that_is_no_token_finds_nothing(person, text: str) -> None:
    services.make(person("ecology"), name="月报", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    assert services.find(text, now=NOW) is None


def test_the_use_of_a_token_is_noted_at_most_once_a_minute(person) -> None:
    token, text = services.make(person("ecology"), name="月报", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    for seconds in (0, 30, 59):
        services.find(text, now=NOW + timedelta(seconds=seconds))
    token.refresh_from_db()
    assert token.last_used_at == NOW
    services.find(text, now=NOW + timedelta(seconds=61))
    token.refresh_from_db()
    assert token.last_used_at == NOW + timedelta(seconds=61)


def test_scopes_are_those_of_the_roles(person) -> None:
    citizen, clerk = person("citizen"), person("statistics")
    assert "inventory:write" not in services.scopes_for(citizen)
    assert "inventory:write" in services.scopes_for(clerk)
    with pytest.raises(services.TokenError, match="inventory:write"):
        services.make(citizen, name="x", scopes=["inventory:read", "inventory:write"], lasts=MONTH, now=NOW)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": " "}, "没有名称"),
        ({"scopes": []}, "没有选择权限范围"),
        ({"scopes": ["everything"]}, "everything"),
        ({"lasts": timedelta(days=366)}, "期限"),
        ({"lasts": timedelta(0)}, "期限"),
        ({"lasts": timedelta(days=-1)}, "期限"),
    ],
)
def test_a_token_that_cannot_be_right_is_refused(person, changed: dict, words: str) -> None:
    good = {"name": "月报", "scopes": ["inventory:read"], "lasts": MONTH}
    with pytest.raises(services.TokenError, match=words):
        services.make(person("ecology"), **(good | changed), now=NOW)
    assert not Token.objects.exists()


def test_nobody_hoards_tokens(person) -> None:
    who = person("ecology")
    made = [
        services.make(who, name=str(i), scopes=["inventory:read"], lasts=MONTH, now=NOW)[0]
        for i in range(services.MOST)
    ]
    with pytest.raises(services.TokenError, match="20"):
        services.make(who, name="one more", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    services.revoke(made[0], by=who, now=NOW)
    services.make(who, name="one more", scopes=["inventory:read"], lasts=MONTH, now=NOW)


def test_a_withdrawn_token_is_gone_at_once_and_it_is_audited_once(person) -> None:
    who = person("ecology")
    token, text = services.make(who, name="月报", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    for _ in range(2):
        services.revoke(token, by=who, now=NOW)
    assert services.find(text, now=NOW) is None
    assert AuditEntry.objects.filter(action="token.revoke").count() == 1
    assert records.verify_chain().ok


def test_only_the_owner_and_the_administrator_withdraw(person) -> None:
    token, text = services.make(person("ecology"), name="月报", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    with pytest.raises(PermissionDenied):
        services.revoke(token, by=person("ndrc"), now=NOW)
    assert services.find(text, now=NOW) == token
    services.revoke(token, by=person("admin"), now=NOW)
    assert services.find(text, now=NOW) is None


def test_a_person_who_is_shut_out_has_no_tokens(person) -> None:
    who = person("ecology")
    _token, text = services.make(who, name="月报", scopes=["inventory:read"], lasts=MONTH, now=NOW)
    who.is_active = False
    who.save()
    assert services.find(text, now=NOW) is None
