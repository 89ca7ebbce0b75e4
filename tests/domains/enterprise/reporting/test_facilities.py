"""What a firm tells of its facilities by itself: dated facts that allocation asks for, and sources with their equipment."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import verified
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Facility
from dafeng.domains.enterprise.reporting import boundaries, sectoral
from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS
from dafeng.kernel.records.models import AuditEntry
from tests.domains.enterprise.reporting.conftest import NOW


@pytest.fixture
def works(firms: dict[str, Any], people: dict[str, Any]) -> Facility:
    """A cement works as the form makes it: without facts and sources."""
    return boundaries.ensure_facility(
        firms["cement"], "works", name="新线", sector="cement", since=date(2020, 1, 1), by=people["clerk"], now=NOW
    )


def code(error: Any) -> str:
    return str(error.value.code)


# ---------- facts ----------


def test_facts_told_on_the_page_reach_allocation(client: Client, unit: Facility, people: dict[str, Any]) -> None:
    """A unit rebuilt from up to 300 MW to above on 2024-07-01: the small class in 2023, the large one from 2024."""
    client.force_login(people["rival"])
    address = f"/enterprise/reporting/facilities/{unit.pk}/facts/"
    first = {"since": "2009-01-01", "class": "conventional_up_to_300", "cooling": "water", "capacity": "300"}
    assert client.post(address, first).status_code == 302
    assert client.post(address, {"since": "2024-07-01", "class": "conventional_over_300"}).status_code == 302
    unit.refresh_from_db()
    assert unit.facts["streams"] == {"fuel": ["bituminous"]}
    told = {"code": "unit", "sector": "power", "compliance": True, "facts": unit.facts}
    for year, wanted in ((2023, "coal_small"), (2024, "coal_large")):
        report = SimpleNamespace(year=year, content={"boundary": {"facilities": [told]}})
        assert [(row["class"], row["cooling"]) for row in verified.units_of(report)] == [(wanted, "water")]
    page = client.get(f"/enterprise/reporting/facilities/{unit.pk}/unit/").content.decode()
    assert "自 2024-07-01 起：300MW 等级以上常规燃煤机组" in page
    assert "300 MW" in page
    assert client.post(address, {"remove": "class:2024-07-01"}).status_code == 302
    unit.refresh_from_db()
    assert unit.facts["class"] == [["2009-01-01", "conventional_up_to_300"]]


def test_every_class_of_the_form_is_one_that_allocation_knows() -> None:
    from dafeng.domains.enterprise.compliance import library

    known = {verified.CLASSES.get(each, each) for each in SECTORS["power"].facts["class"].kinds}
    assert known == {"coal_large", "coal_small", "coal_other", "gas"}
    for name in ("power-2019", "power-2020", "power-2021", "power-2022", "power-2023", "power-2024"):
        assert known <= set(library.rule_set(name).classes)


@pytest.mark.parametrize(
    ("since", "told", "reason"),
    [
        ("2009-01-01", {"class": "huge"}, "fact_value"),
        ("2009-01-01", {"capacity": "-5"}, "fact_value"),
        ("2009-01-01", {"capacity": "much"}, "fact_value"),
        ("2009-01-01", {"height": "5"}, "unknown_fact"),
        ("2008-12-31", {"cooling": "air"}, "outside_life"),
        ("2009-01-01", {}, "nothing_told"),
    ],
)
def test_a_wrong_fact_is_refused_with_its_reason(
    unit: Facility, people: dict[str, Any], since: str, told: dict[str, Any], reason: str
) -> None:
    before = dict(unit.facts)
    with pytest.raises(Refused) as refused:
        boundaries.set_facts(unit, date.fromisoformat(since), told, by=people["rival"], now=NOW)
    assert code(refused) == reason
    unit.refresh_from_db()
    assert unit.facts == before
    assert AuditEntry.objects.get(action="enterprise.refused").detail["reason"] == reason


def test_the_page_refuses_in_words_and_keeps_strangers_out(
    client: Client, unit: Facility, people: dict[str, Any]
) -> None:
    address = f"/enterprise/reporting/facilities/{unit.pk}/facts/"
    client.force_login(people["rival"])
    answer = client.post(address, {"since": "", "class": "gas"})
    assert answer.status_code == 422
    assert "日期不对" in answer.content.decode()
    client.force_login(people["clerk"])
    assert client.post(address, {"since": "2009-01-01", "class": "gas"}).status_code == 404


# ---------- sources ----------


def test_the_equipment_of_a_coal_decides_its_oxidation(client: Client, works: Facility, people: dict[str, Any]) -> None:
    """Only the form's own input. fuels.csv, ets_guideline_2024: solid/cement_kiln 99 %, solid/industrial_boiler 85 %.

    Kiln: 10000 t x 0.6 t C/t x 0.99 x 44/12 = 21780 t; a second kiln 2000 t: 4356 t; boiler 1000 x 0.6 x 0.85 x 44/12 = 1870 t.
    """
    client.force_login(people["clerk"])
    address = f"/enterprise/reporting/facilities/{works.pk}/source/"
    for label, own in (("cement_kiln", ""), ("cement_kiln", "2号窑"), ("industrial_boiler", "")):
        answer = client.post(address, {"kind": "fuel:bituminous", "label": label, "own": own})
        assert answer.status_code == 302, answer.content.decode()
    page = client.get(f"/enterprise/reporting/facilities/{works.pk}/unit/").content.decode()
    assert "烟煤（水泥窑 2号窑）" in page
    told = {
        "bituminous/cement_kiln": 10_000,
        "bituminous/cement_kiln/2号窑": 2_000,
        "bituminous/industrial_boiler": 1_000,
    }
    month = f"/api/enterprise/reporting/facilities/{works.pk}/months/2025-03"
    shown = client.get(month).json()
    assert {each["stream"] for each in shown["cells"] if each["item"] == "fuel_use"} == set(told)
    cells = [
        {"item": item, "stream": stream, "value": value}
        for stream, tonnes in told.items()
        for item, value in (("fuel_use", tonnes), ("ncv", 23.0), ("elemental_carbon", 0.6))
    ]
    saved = client.put(month, json.dumps({"seen": shown["seen"], "cells": cells}), content_type="application/json")
    assert saved.status_code == 200, saved.content.decode()
    works.refresh_from_db()
    found = sectoral.compute([works], works.values.filter(current=True).select_related("facility"), 2025)
    tonnes = {row["stream"]: row["t_co2e"] for row in found.rows if row["t_co2e"] is not None and row["stream"] in told}
    assert tonnes == pytest.approx(
        {"bituminous/cement_kiln": 21780, "bituminous/cement_kiln/2号窑": 4356, "bituminous/industrial_boiler": 1870}
    )


def test_a_source_is_refused_where_it_is_unknown_held_or_told(works: Facility, people: dict[str, Any]) -> None:
    by = {"by": people["clerk"], "now": NOW}
    boundaries.add_stream(works, "fuel", "diesel/备用", **by)
    for name, reason in (
        ("diesel/备用", "stream_held"),
        ("peat/cement_kiln", "unknown_stream"),
        ("diesel/a b", "label"),
        ("diesel/备用/甲", "label"),
        ("diesel/cement_kiln/甲/乙", "label"),
    ):
        with pytest.raises(Refused) as refused:
            boundaries.add_stream(works, "fuel", name, **by)
        assert code(refused) == reason, name
    boundaries.remove_stream(works, "fuel", "diesel/备用", **by)
    assert sectoral.streams_of(works) == {"fuel": []}
    with pytest.raises(Refused) as refused:
        boundaries.remove_stream(works, "fuel", "diesel/备用", **by)
    assert code(refused) == "unknown_stream"


# ---------- API ----------


def test_a_program_registers_a_facility_with_facts_and_sources(
    client: Client, firms: dict[str, Any], people: dict[str, Any]
) -> None:
    client.force_login(people["rival"])
    send = {"content_type": "application/json"}
    root = "/api/enterprise/reporting"
    body = {"name": "二号机", "sector": "power", "since": "2012-05-01"}
    made = client.put(f"{root}/firms/power/facilities/two", json.dumps(body), **send)
    assert made.status_code == 200, made.content.decode()
    at = f"{root}/facilities/{made.json()['id']}"
    facts = {"since": "2012-05-01", "facts": {"class": "gas", "cooling": "water", "capacity": 460}}
    told = client.put(f"{at}/facts", json.dumps(facts), **send).json()
    assert [(each["fact"], each["shown"]) for each in told["facts"]] == [
        ("class", "燃气机组"), ("cooling", "水冷"), ("capacity", "460 MW"),
    ]  # fmt: skip
    source = {"stream": "fuel", "name": "natural_gas"}
    assert client.post(f"{at}/sources", json.dumps(source), **send).json()["sources"] == [{**source, "title": "天然气"}]
    assert client.put(f"{root}/firms/power/facilities/two", json.dumps(body), **send).json()["facts"] == told["facts"]
    assert client.delete(f"{at}/sources?stream=fuel&name=natural_gas").json()["sources"] == []
    assert client.put(f"{at}/facts", json.dumps({**facts, "facts": {"class": "huge"}}), **send).status_code == 422
    client.force_login(people["clerk"])
    assert client.get(at).status_code == 404
    assert client.put(f"{root}/firms/power/facilities/two", json.dumps(body), **send).status_code == 404


def test_of_units_reported_together_the_whole_is_derived(unit: Any, people: dict[str, Any]) -> None:
    boundaries.add_stream(unit, "machine", "machine/1号机", by=people["clerk"], now=NOW)
    unit.refresh_from_db()
    cells = {each.key: each for each in sectoral.fields(unit, "2025-03")}
    assert {("machine_capacity", "machine/1号机"), ("machine_hours", "machine/1号机")} <= set(cells)
    hours = cells["running_hours", ""]
    assert not sectoral.satisfied("power", hours, set())
    assert sectoral.satisfied("power", hours, {("machine_hours", "machine/1号机")})
