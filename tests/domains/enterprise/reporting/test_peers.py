"""Peers across firms in the product: all of the sector in the city, kept with the other findings, nobody's figure told."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dafeng.domains.enterprise.models import CheckFinding, Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import clock, findings, peers
from dafeng.kernel.enterprises import services as enterprises
from tests.domains.enterprise.reporting.conftest import NOW

COAL, YEAR = "bituminous/cement_kiln", 2025


def kilns(ratios: dict[str, float]) -> dict[str, Facility]:
    """Cement firms with a line each, all called the same; GJ per tonne of clinker as told."""
    rows = [
        {"code": code, "name": f"{code} 水泥", "place": "411522", "industry": "3011", "organisation": code}
        for code in ratios
    ]
    made = {}
    for firm in enterprises.ensure("411500", rows):
        made[firm.code] = Facility.objects.create(
            enterprise=firm, code="kiln", name="一线", sector="cement", since=date(2012, 1, 1),
            facts={"streams": {"fuel": [COAL], "clinker": ["portland"]}},
        )  # fmt: skip
    told = [
        MonthlyValue(
            facility=made[code], month=month, item=item, stream=stream, value=value, unit="", way="measured", at=NOW
        )
        for number, (code, ratio) in enumerate(ratios.items())
        for month in clock.months_of(YEAR)
        for item, stream, value in (
            ("fuel_use", COAL, 1000 * ratio * (1 + number / 100)), ("ncv", COAL, 23.0),
            ("clinker_output", "portland", 23_000.0 * (1 + number / 100)), ("electricity_bought", "", 1000.0 * (1 + number / 100)),
        )
    ]  # fmt: skip
    MonthlyValue.objects.bulk_create(told)
    return made


@pytest.mark.django_db
def test_a_kiln_that_burns_half_of_what_the_others_burn_is_asked_and_no_other_is() -> None:
    """GJ per tonne = ratio × 23 × 1000 ÷ 23000 = the ratio itself; others of e: median (3.017 + 3.113) ÷ 2 = 3.065 → 3.1."""
    made = kilns({"a": 2.953, "b": 3.017, "c": 3.113, "d": 3.207, "e": 1.5})
    with CaptureQueriesContext(connection) as asked:
        found = peers.compared([made["e"]], YEAR)
    assert len(asked) <= 2  # the firms' values, the city's signatures
    assert [(each["rule"], each["month"], each["facility"]) for each in found] == [("peer-consumption", "2025", "kiln")]
    facts = json.loads(found[0]["facts"])
    assert (facts["count"], facts["reference"]) == (4, 3.1)
    assert peers.compared([made["a"]], YEAR) == []
    findings.refresh(made["e"].enterprise, YEAR, now=NOW)
    kept = CheckFinding.objects.get(rule="peer-consumption")
    assert (kept.facility, kept.severity, kept.state) == (made["e"], "info", "open")
    said = json.dumps(kept.facts, ensure_ascii=False)
    assert not any(name in said for name in ("水泥", "2.953", "3.017", "3.113", "3.207"))


@pytest.mark.django_db
def test_demonstration_firms_and_other_cities_are_no_peers() -> None:
    made = kilns({"a": 3.0, "b": 3.0, "c": 3.0, "e": 1.5})
    assert peers.compared([made["e"]], YEAR)
    firm = made["a"].enterprise
    firm.demo = True
    firm.save()
    assert peers.compared([made["e"]], YEAR) == []


@pytest.mark.django_db
def test_the_defaults_that_the_guideline_prescribes_are_compared_too() -> None:
    """Gas without a tested heat takes the guideline's; a firm that told no calorific value is compared all the same."""
    made = kilns({"a": 3.0, "b": 3.05, "c": 3.1, "e": 3.0})
    Facility.objects.update(facts={"streams": {"fuel": ["diesel"], "clinker": ["portland"]}})
    MonthlyValue.objects.filter(item="fuel_use").update(stream="diesel")
    MonthlyValue.objects.filter(item="ncv").delete()
    MonthlyValue.objects.filter(facility=made["e"], item="fuel_use").update(value=300.0)
    assert [each["rule"] for each in peers.compared([made["e"]], YEAR)] == ["peer-consumption"]


@pytest.mark.django_db
def test_results_borrowed_from_another_firm_are_seen_and_the_firm_is_not_named() -> None:
    made = kilns({"a": 3.0, "b": 3.0})
    lab = {"elemental_carbon": 0.6123, "ash": 18.37, "moisture": 9.14}
    for code, month in (("a", "2025-04"), ("b", "2025-09")):
        MonthlyValue.objects.bulk_create(
            MonthlyValue(
                facility=made[code], month=month, item=item, stream=COAL, value=value, unit="", way="measured", at=NOW
            )
            for item, value in lab.items()
        )
    found = peers.compared([made["b"]], YEAR)
    assert [(each["rule"], each["month"], each["severity"]) for each in found] == [
        ("identical-elsewhere", "2025-09", "error")
    ]
    assert "另一家企业" in found[0]["what"]
    assert "a" not in found[0]["what"]
    MonthlyValue.objects.filter(facility=made["a"], item="ash").update(value=18.38)
    MonthlyValue.objects.filter(facility=made["a"], item="moisture").update(value=9.15)
    assert peers.compared([made["b"]], YEAR) == []
