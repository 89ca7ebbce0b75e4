"""A factor signed off by a reviewer, and factors of the city's own."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dafeng.domains.inventory import factors_shown, services
from dafeng.domains.inventory.models import CityFactor, FactorSignature
from dafeng.kernel.errors import FactorError, PermissionDenied, StaleError
from dafeng.kernel.records.models import AuditEntry, Evidence
from tests.portal.factor_form import HOME, RICE, form

# ---------- signing ----------


def sign(
    client: Client, *, factor_id: str = RICE, reason: str = "核对《指南》第 87 页", fingerprint: str | None = None
):
    present = services.fingerprint(factors_shown.by_id(factor_id) or {}) if fingerprint is None else fingerprint
    return client.post(f"{HOME}sign/", {"id": factor_id, "fingerprint": present, "reason": reason})


def test_a_reviewer_signs_what_was_shown_and_the_next_compile_counts_it(signed_in: Client, run, city, now) -> None:
    page = signed_in.get(f"{HOME}one/?id={RICE}").text
    assert services.fingerprint(factors_shown.by_id(RICE)) in page
    assert sign(signed_in).status_code == 302
    assert "已签认" in signed_in.get(f"{HOME}one/?id={RICE}").text
    after = services.compile_city(city, edition="gl2025", gwp="AR5", by=None, now=now)
    assert RICE not in services.storage.read(after, "unsigned")["factor_id"].to_list()
    assert AuditEntry.objects.filter(action="factor.sign", subject_id=RICE).count() == 1


@pytest.mark.parametrize("role", ["statistics", "citizen", "leader", "admin", "department"])
def test_only_the_ecology_bureau_signs(client: Client, run, person, role: str) -> None:
    client.force_login(person(role))
    assert sign(client).status_code == 403
    assert not FactorSignature.objects.exists()
    assert "我已核对，签认" not in client.get(f"{HOME}one/?id={RICE}").text


def test_a_stranger_is_sent_to_log_in_and_nothing_is_signed(client: Client, run) -> None:
    assert sign(client).status_code == 302
    assert not FactorSignature.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
def test_a_signature_needs_a_reason_and_the_page_says_so(signed_in: Client, run, reason: str) -> None:
    answer = sign(signed_in, reason=reason)
    assert answer.status_code == 422
    assert "请写明理由" in answer.text
    assert not FactorSignature.objects.exists()


def test_a_value_that_has_changed_since_it_was_shown_is_not_signed(signed_in: Client, run) -> None:
    answer = sign(signed_in, fingerprint="0" * 64)
    assert answer.status_code == 409
    assert "有改动" in answer.text
    assert not FactorSignature.objects.exists()


@pytest.mark.parametrize(("factor_id", "fingerprint", "status"), [("heat.default", None, 422), ("no.such", "0" * 64, 404), (RICE, "", 422)])  # fmt: skip
def test_what_cannot_be_signed_is_refused(signed_in: Client, run, factor_id, fingerprint, status: int) -> None:
    assert sign(signed_in, factor_id=factor_id, fingerprint=fingerprint).status_code == status
    assert not FactorSignature.objects.exists()


def test_nobody_signs_twice_and_a_withdrawn_signature_stays_on_record(
    signed_in: Client, run, city, ecology, now
) -> None:
    sign(signed_in)
    assert sign(signed_in).status_code == 422
    signature = FactorSignature.objects.get()
    post = {"signature": signature.pk, "reason": "原文实为 236.9"}
    assert signed_in.post(f"{HOME}withdraw/", post | {"reason": " "}).status_code == 422
    assert signed_in.post(f"{HOME}withdraw/", post).status_code == 302
    assert signed_in.post(f"{HOME}withdraw/", post).status_code == 409
    signature.refresh_from_db()
    assert signature.withdrawn_at is not None
    assert services.signed_factors() == []
    told = signed_in.get(f"{HOME}one/?id={RICE}").text
    assert "原文实为 236.9" in told
    assert "我已核对，签认" in told


@pytest.mark.parametrize("number", ["", "x", "-1", "999999", "1e3", "９"])
def test_a_signature_that_is_not_there_cannot_be_withdrawn(signed_in: Client, run, number: str) -> None:
    assert signed_in.post(f"{HOME}withdraw/", {"signature": number, "reason": "因为"}).status_code == 404


def test_the_service_itself_refuses_what_the_page_refuses(run, person, ecology, now) -> None:
    signature = services.sign_factor(RICE, by=ecology, reason="核对", now=now)
    with pytest.raises(PermissionDenied):
        services.withdraw_signature(signature, by=person("statistics"), reason="因为", now=now)
    with pytest.raises(FactorError, match="理由"):
        services.withdraw_signature(signature, by=ecology, reason="", now=now)
    with pytest.raises(FactorError, match="已经签认"):
        services.sign_factor(RICE, by=ecology, reason="再核", now=now)


def test_a_signature_lapses_with_the_value(signed_in: Client, run, ecology, now) -> None:
    FactorSignature.objects.create(factor_id=RICE, fingerprint="0" * 64, reviewer="ecology", reason="旧", signed_at=now)
    told = signed_in.get(f"{HOME}one/?id={RICE}").text
    assert "那次签认不再有效" in told
    assert "我已核对，签认" in told


# ---------- own factors ----------


def test_a_clerk_enters_a_factor_with_its_evidence(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    report = SimpleUploadedFile("检测报告.pdf", b"%PDF-1.4 test", content_type="application/pdf")
    answer = client.post(f"{HOME}own/", form(evidence=report))
    assert answer.status_code == 302
    made = CityFactor.objects.get()
    assert (made.value, made.version, made.entered_by, made.place) == (29.3, 1, "statistics", "411500")
    assert made.evidence is not None
    assert made.evidence.name == "检测报告.pdf"
    told = client.get(answer["Location"]).text
    assert made.evidence.sha256 in told
    assert "29.42" in told  # beside what the sets say
    assert "必须取自同一因子集" in told  # carbon content alone is never taken


def test_a_new_version_starts_from_the_last_and_keeps_it(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    client.post(f"{HOME}own/", form())
    page = client.get(f"{HOME}own/?id=xy.coke.cc").text
    assert 'value="29.3"' in page
    assert client.post(f"{HOME}own/?id=xy.coke.cc", form(value="29.4", expected_version="1")).status_code == 302
    assert list(CityFactor.objects.order_by("version").values_list("version", "value")) == [(1, 29.3), (2, 29.4)]
    assert "已有更新的版本" in client.get(f"{HOME}one/", {"id": "xy.coke.cc#1"}).text


def test_a_stale_form_loses_nothing_and_overwrites_nothing(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    client.post(f"{HOME}own/", form())
    client.post(f"{HOME}own/?id=xy.coke.cc", form(value="29.4", expected_version="1"))
    late = client.post(f"{HOME}own/?id=xy.coke.cc", form(value="29.7", expected_version="1", source="另一份报告"))
    assert late.status_code == 409
    assert "29.7" in late.text
    assert "另一份报告" in late.text
    assert "第 2 版" in late.text
    assert CityFactor.objects.count() == 2
    # Sent again from that page it is a deliberate third version.
    assert 'name="expected_version" value="2"' in late.text
    assert client.post(f"{HOME}own/?id=xy.coke.cc", form(value="29.7", expected_version="2")).status_code == 302


def test_a_new_factor_cannot_take_the_name_of_one_that_is_there(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    client.post(f"{HOME}own/", form())
    assert client.post(f"{HOME}own/", form(value="29")).status_code == 409
    assert CityFactor.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"value": "NaN"}, "请填一个数"),
        ({"value": "inf"}, "请填一个数"),
        ({"value": "二十九"}, "请填一个数"),
        ({"value": ""}, "value"),
        ({"lower": "-inf"}, "请填一个数"),
        ({"unit": "km"}, "单位与参数不符"),
        ({"unit": "9^9^9"}, "单位与参数不符"),
        ({"unit": "x" * 41}, "40"),
        ({"parameter": "nonsense"}, "parameter"),
        ({"item": "no_such_fuel"}, "没有品种"),
        ({"technology": "magic"}, "没有这种技术"),
        ({"place": "110000"}, "place"),
        ({"year": "1800"}, "1990"),
        ({"lower": "31"}, "下限不能大于数值"),
        ({"upper": "20"}, "上限不能小于数值"),
        ({"source": "  "}, "必须写明出处"),
        ({"factor_id": "a#b"}, "只能用字母"),
        ({"factor_id": "a/b?c"}, "只能用字母"),
        ({"expected_version": "-1"}, "expected_version"),
    ],
)
def test_a_factor_that_cannot_be_is_refused_at_its_field(
    client: Client, run, person, changed: dict, words: str
) -> None:
    client.force_login(person("statistics"))
    answer = client.post(f"{HOME}own/", form(**changed))
    assert answer.status_code == 422
    assert words in answer.text
    assert not CityFactor.objects.exists()


@pytest.mark.parametrize(("name", "content"), [("virus.exe", b"MZ"), ("empty.pdf", b"")])
def test_evidence_of_the_wrong_kind_keeps_the_factor_out(
    client: Client, run, person, name: str, content: bytes
) -> None:
    client.force_login(person("statistics"))
    answer = client.post(f"{HOME}own/", form(evidence=SimpleUploadedFile(name, content)))
    assert answer.status_code == 422
    assert not CityFactor.objects.exists()
    assert not Evidence.objects.exists()


def test_evidence_is_not_kept_without_its_factor(run, city, ecology, now) -> None:
    fields = {"parameter": "carbon_content", "item": "coke", "value": 29.3, "unit": "t C/TJ", "source": "报告"}
    services.enter_city_factor(city, "xy", by=ecology, now=now, expected_version=0, **fields)
    before = Evidence.objects.count()
    with pytest.raises(StaleError):
        services.enter_city_factor(city, "xy", by=ecology, now=now, expected_version=0, file=(b"%PDF", "x.pdf", "application/pdf"), **fields)  # fmt: skip
    assert Evidence.objects.count() == before


@pytest.mark.parametrize(
    "changed", [{"lower": 30.0}, {"upper": 20.0}, {"upper": float("nan")}, {"lower": float("-inf")}]
)
def test_bounds_that_do_not_hold_the_value_are_refused_by_the_service(city, changed: dict, now) -> None:
    good = {"parameter": "carbon_content", "item": "coke", "value": 29.3, "unit": "t C/TJ", "source": "报告"}
    with pytest.raises(FactorError):
        services.set_city_factor(city, "x", **(good | changed), by=None, now=now)


@pytest.mark.parametrize("role", ["citizen", "department", "leader", "admin", "county"])
def test_only_two_bureaus_enter_factors(client: Client, run, person, role: str) -> None:
    client.force_login(person(role))
    assert client.get(f"{HOME}own/").status_code == 403
    assert client.post(f"{HOME}own/", form()).status_code == 403
    assert not CityFactor.objects.exists()


def test_a_factor_of_the_package_lends_its_key_to_an_own_one(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    told = client.get(f"{HOME}own/?like=fuel.gl2011.coke.cc").text
    assert '<option value="carbon_content" selected>' in told
    assert 'value="coke"' in told
