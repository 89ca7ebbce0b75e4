"""Who must enter: the rule on hand-made years, then on what firms reported, with the list that follows."""

from __future__ import annotations

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import library, screening
from dafeng.domains.enterprise.compliance.methods.screening import Told, market_of, verdict
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Covered, Facility
from tests.domains.enterprise.compliance.conftest import NOW

RULES = library.cycle_rules()


def sure(tonnes: float) -> Told:
    return Told(tonnes, "verified")


@pytest.mark.parametrize(
    ("past", "covered", "sectors", "code"),
    [
        ({2023: sure(25_999), 2024: sure(26_000)}, False, ["power"], "enter"),  # 26,000 t itself is reached
        ({2024: sure(26_000)}, True, ["power"], "keep"),
        ({2023: sure(25_999), 2024: sure(25_999)}, True, ["power"], "leave"),
        ({2024: sure(10)}, True, ["power"], "keep"),  # one year below is not two
        ({2023: sure(1), 2024: sure(1)}, False, ["power"], "below"),
        ({2024: Told(30_000, "reported")}, False, ["power"], "verify"),
        ({2024: sure(90_000)}, False, ["paper"], "outside"),
        ({2024: Told(tce=10_000)}, False, ["power"], "report"),
        ({2024: Told(tce=9_999)}, False, ["power"], "unknown"),
        ({2022: sure(90_000)}, False, ["power"], "unknown"),  # too long ago
        ({}, True, ["power"], "keep"),
        ({}, False, [], "unknown"),
    ],
)  # fmt: skip
def test_who_enters_who_stays_and_who_leaves(past, covered, sectors, code):
    assert verdict(past, sectors, covered=covered, year=2025, rules=RULES).code == code


def test_a_sector_belongs_to_the_market_from_its_year_on():
    assert [market_of(["cement"], year, RULES) for year in (2023, 2024)] == ["", "industry"]
    assert market_of(["cement", "power"], 2024, RULES) == "power"
    assert market_of(["paper"], 2026, RULES) == ""


@pytest.fixture
def reported(firms, lock):
    """The plant 30,000 t in 2025, its sister 20,000 t in both years, the cement works 40,000 t."""
    for code, sector in (("plant", "power"), ("sister", "power"), ("stranger", "cement")):
        Facility.objects.create(enterprise=firms[code], code=f"{code}-1", name=code, sector=sector, since="2010-01-01")
    lock(firms["plant"], 2025, 30_000)
    for year in (2024, 2025):
        lock(firms["sister"], year, 20_000)
    lock(firms["stranger"], 2025, 40_000)
    return firms


@pytest.mark.django_db
def test_a_locked_report_that_nobody_verified_is_to_be_verified_first(reported):
    found = {each.enterprise.code: each.verdict.code for each in screening.screen(2026)}
    assert found == {"plant": "verify", "sister": "below", "stranger": "verify"}


@pytest.mark.django_db
def test_the_list_of_last_year_goes_on_and_only_what_is_due_is_enlisted(reported, bureau, person):
    Covered.objects.create(enterprise=reported["plant"], year=2025, sector="power", source="试验")
    Covered.objects.create(enterprise=reported["sister"], year=2025, sector="power", source="试验")
    found = {each.enterprise.code: each for each in screening.screen(2026)}
    assert (found["plant"].verdict.code, found["sister"].verdict.code) == ("keep", "leave")
    with pytest.raises(Refused) as caught:
        screening.enlist(reported["sister"], 2026, by=bureau, now=NOW)
    assert caught.value.code == "not_due"
    desk = Client()
    desk.force_login(bureau)
    page = desk.get("/enterprise/compliance/screening/?year=2026").content.decode()
    assert "试验电厂" in page
    assert "列入名录" in page
    assert desk.post("/enterprise/compliance/screening/plant/2026/enlist/").status_code == 302
    made = Covered.objects.get(enterprise=reported["plant"], year=2026)
    assert made.sector == "power"
    assert "30,000" in made.source
    assert "该列入的都已列入" in desk.get("/enterprise/compliance/screening/?year=2026").content.decode()
    csv = desk.get("/enterprise/compliance/screening/?year=2026&export=csv").content.decode()
    assert "可移出" in csv
    county = Client()
    county.force_login(person("county", "pingqiao", "county-411503", "411503"))
    assert county.get("/enterprise/compliance/screening/").status_code == 403


@pytest.mark.django_db
def test_months_of_energy_ask_for_a_report_and_list_nobody(firms):
    from dafeng.kernel.indicators import services as indicators

    indicators.ensure_indicator("energy.consumption", name="能源消费", unit="tce")
    run = indicators.start_run(domain="energy", kind="monitoring", subject="411500", now=NOW)
    told = [(f"2025-{month:02d}", 900.0) for month in range(1, 13)] + [("2024", 400.0)]  # 12 × 900 = 10,800 tce
    indicators.publish(run, [{"indicator": "energy.consumption", "subject": firms["plant"].subject, "period": period, "key": "basis=equivalent", "value": value, "unit": "tce", "status": 0} for period, value in told])  # fmt: skip
    indicators.finish_run(run, NOW)
    [found] = screening.screen(2026, [firms["plant"]])
    assert (found.past[2025].tce, found.past[2024].tce, found.verdict.code) == (10_800.0, 400.0, "report")
