"""Who is on the register and what counts: duplicates, signatures, totals, targets, indicators."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Plant
from dafeng.domains.energy.plants import findings, months, publication, reading, steps, store
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.indicators import services as indicators
from tests.domains.energy.plants.conftest import CITY, GUSHI, NOW, SHIHE, TODAY, XIN


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"code": "b1", "filing": "文〔1〕"}, "duplicate"), ({"code": "b1", "name": "电站 a1"}, "duplicate"), ({"code": "a1", "place": GUSHI}, "other_place"),
        ({"code": "b1", "longitude": 114.1}, "spot"), ({"code": "b1", "longitude": 32.1, "latitude": 114.1}, "spot"), ({"code": "b c"}, "code"),
        ({"code": "b1", "voltage": 11_000.0}, "voltage"), ({"code": "b1", "shared": True}, "shared"), ({"code": "b1", "meters": {"heat": ["x"]}}, "meters"),
        ({"code": "b1", "part_of": "a1"}, "part_of"), ({"code": "b1", "kind": "storage", "part_of": "nobody"}, "part_of"),
        ({"code": "b1", "kind": "storage", "part_of": "a1", "shared": True}, "part_of"),
    ],
)  # fmt: skip
def test_a_plant_that_cannot_be_or_is_there_already_is_refused(keep: Any, given: dict[str, Any], reason: str) -> None:
    keep("a1", filing="文〔1〕")
    with pytest.raises(Refused) as refused:
        keep(**given)
    assert refused.value.code == reason
    assert Plant.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        ("wind", {"mw": 0.0}, "mw"), ("wind", {"mw": 30_000.0}, "mw"), ("wind", {"mw": float("nan")}, "mw"), ("wind", {"on": date(2026, 11, 22)}, "future_day"),
        ("wind", {"mwp": 12.0}, "dc"), ("pv_central", {"mwp": 60.0}, "dc"), ("pv_central", {"mwp": 2.0}, "dc"), ("wind", {"mwh": 20.0}, "mwh"), ("storage", {}, "mwh"),
        ("wind", {"document": " "}, "no_document"), ("wind", {"evidence": []}, "no_proof"), ("wind", {"stage": "dreamt"}, "stage"),
        ("wind", {"stage": "retired"}, "below_zero"),
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_is_refused(keep: Any, clerk: Any, proof: Any, kind: str, given: dict[str, Any], reason: str) -> None:  # fmt: skip
    told = {"stage": "connected", "on": date(2026, 5, 1), "mw": 10.0, "document": "文号", "evidence": proof} | given
    with pytest.raises(Refused) as refused:
        store.file_change(keep("a1", kind), **told, by=clerk, now=NOW, today=TODAY)
    assert refused.value.code == reason


def test_capacity_counts_once_another_person_accepted_and_never_when_only_filed_or_begun(keep: Any, stand: Any, city: Any, clerk: Any, ndrc: Any) -> None:  # fmt: skip
    plant = keep("a1")
    stand(plant, 100.0, date(2024, 1, 5), stage="approved")
    stand(plant, 100.0, date(2025, 1, 5), stage="started")
    filed = stand(plant, 60.0, date(2026, 5, 1), accept=False)
    found = reading.register(city)
    assert (found.stock("wind", TODAY).mw, found.waiting, found.state_of(plant, TODAY)) == (0.0, 1, "started")
    with pytest.raises(PermissionDenied):
        steps.step(filed.record, "accept", by=clerk, now=NOW)
    steps.step(filed.record, "accept", by=ndrc, now=NOW)
    found = reading.register(city)
    assert found.stock("wind", TODAY).mw == 60.0
    assert found.stages[plant.pk] == {"approved": 100.0, "started": 100.0, "connected": 60.0}
    year = found.movement("wind", 2026, TODAY)
    assert (year.start.mw, year.added.mw, year.end.mw) == (0.0, 60.0, 60.0)


def test_the_same_change_is_not_taken_twice(keep: Any, stand: Any) -> None:
    plant = keep("a1")
    stand(plant, 60.0, date(2026, 5, 1))
    with pytest.raises(Refused, match="已经报过"):
        stand(plant, 60.0, date(2026, 5, 1))


def test_taking_back_a_connection_that_was_retired_since_is_refused_and_nothing_moves(keep: Any, stand: Any, ndrc: Any, city: Any) -> None:  # fmt: skip
    plant = keep("a1")
    built = stand(plant, 60.0, date(2025, 5, 1))
    stand(plant, 60.0, date(2026, 5, 1), stage="retired")
    with pytest.raises(Refused) as refused:
        steps.step(built.record, "refuse", by=ndrc, now=NOW, reason="误报")
    assert refused.value.code == "below_zero"
    built.record.refresh_from_db()
    assert built.record.state == "accepted"
    assert reading.register(city).movement("wind", 2026, TODAY).retired.mw == 60.0


def test_ac_and_dc_stay_two_numbers_and_what_lacks_dc_is_told(keep: Any, stand: Any, city: Any) -> None:
    stand(keep("a1", "pv_central"), 50.0, date(2025, 5, 1), mwp=62.0)
    stand(keep("b1", "pv_distributed"), 10.0, date(2025, 6, 1))
    sun = reading.register(city).stock("pv", TODAY)
    assert (sun.mw, sun.mwp, sun.bare) == (60.0, 62.0, 10.0)


def test_storage_behind_a_plant_is_counted_as_storage_and_once(keep: Any, stand: Any, city: Any) -> None:
    stand(keep("a1"), 100.0, date(2025, 5, 1))
    stand(keep("s1", "storage", part_of="a1"), 10.0, date(2025, 5, 1), mwh=20.0)
    found = reading.register(city)
    assert found.stock("wind", TODAY).mw == 100.0
    assert (found.stock("storage", TODAY).mw, found.stock("storage", TODAY).mwh) == (10.0, 20.0)
    assert found.stock("renewable", TODAY).mw == 100.0


def test_a_county_total_counts_less_what_is_registered(keep: Any, stand: Any, city: Any, clerk: Any, ndrc: Any) -> None:
    stand(keep("a1", "pv_distributed"), 30.0, date(2025, 3, 1))
    made = store.file_total(CITY, place=SHIHE, kind="pv_distributed", on=date(2025, 12, 31), mw=80.0, mwp=None, source="月报", by=clerk, now=NOW, today=TODAY)  # fmt: skip
    assert reading.register(city).stock("pv", TODAY).mw == 30.0
    steps.step(made.record, "accept", by=ndrc, now=NOW)
    found = reading.register(city)
    assert found.stock("pv", TODAY).mw == 80.0
    assert found.undeclared == [GUSHI, XIN]
    with pytest.raises(Refused) as refused:
        store.file_total(CITY, place=SHIHE, kind="pv_distributed", on=date(2025, 12, 31), mw=81.0, mwp=None, source="月报", by=clerk, now=NOW, today=TODAY)  # fmt: skip
    assert refused.value.code == "twice"
    with pytest.raises(Refused) as refused:
        store.file_total(CITY, place=SHIHE, kind="wind", on=date(2025, 12, 31), mw=81.0, mwp=None, source="月报", by=clerk, now=NOW, today=TODAY)  # fmt: skip
    assert refused.value.code == "kind"


def test_look_alikes_and_more_built_than_approved_are_told(keep: Any, stand: Any, city: Any) -> None:
    one, two = keep("a1"), keep("b1")
    stand(one, 40.0, date(2024, 1, 1), stage="approved")
    stand(one, 50.0, date(2025, 3, 1))
    stand(two, 50.0, date(2025, 3, 1))
    told = findings.of_register(reading.register(city), {}, TODAY)
    assert {(each.plant.code, each.impossible) for each in told if each.plant} == {("a1", False), ("b1", False)}
    assert any("超过备案" in each.text for each in told)
    assert any("疑似重复" in each.text for each in told)


# ---------- output ----------


def test_a_month_by_hand_from_the_register_to_the_card(keep: Any, stand: Any, tell: Any, city: Any) -> None:
    """100 MW all June 2025, 50 MW more from the 16th: 125 MW on the mean; 25 000 MWh are 200 h; 1000 curtailed of 26 000 are 3.85 %."""
    plant = keep("a1")
    stand(plant, 100.0, date(2024, 1, 1))
    stand(plant, 50.0, date(2025, 6, 16))
    tell(plant, "2025-06", generation=24_000.0)
    tell(plant, "2025-06", generation=25_000.0, curtailed=1000.0)  # a correction
    found = reading.outputs(reading.register(city), 2025)[plant.pk].totals
    assert (found.mw, found.utilisation) == (pytest.approx(125.0), pytest.approx(200.0))
    assert found.curtailment == pytest.approx(1 / 26)
    assert list(plant.months.order_by("revision").values_list("generation", flat=True)) == [24_000.0, 25_000.0]


def test_an_impossible_month_is_told_in_words_and_not_counted(keep: Any, stand: Any, tell: Any, city: Any) -> None:
    plant = keep("a1")
    stand(plant, 10.0, date(2024, 1, 1))
    tell(plant, "2025-05", generation=2000.0)
    tell(plant, "2025-06", generation=72_000.0)  # ten times what 720 hours allow
    found = reading.register(city)
    outputs = reading.outputs(found, 2025)
    told = findings.all_of(found, outputs, 2025, {}, TODAY)
    # It stays as it was told, and is in no sum until it is mended.
    assert [row.generation for row in outputs[plant.pk].rows] == [2000.0, 72_000.0]
    assert (outputs[plant.pk].totals.generation, outputs[plant.pk].totals.months) == (2000.0, 1)
    assert [each.impossible for each in told] == [True]
    assert told[0].text == "2025-06 发电 72,000.0 MWh，超过容量×小时数 7,200.0 MWh"


@pytest.mark.parametrize(
    ("kind", "month", "values", "reason"),
    [
        ("wind", "2026-13", {"generation": 1.0}, "month"), ("wind", "2026-12", {"generation": 1.0}, "month"), ("wind", "2026-05", {}, "empty"),
        ("wind", "2026-05", {"generation": -1.0}, "negative"), ("wind", "2026-05", {"generation": float("inf")}, "negative"),
        ("wind", "2026-05", {"charged": 1.0}, "field"), ("storage", "2026-05", {"curtailed": 1.0}, "field"),
    ],
)  # fmt: skip
def test_a_month_that_cannot_be_is_refused(keep: Any, tell: Any, kind: str, month: str, values: dict[str, float], reason: str) -> None:  # fmt: skip
    with pytest.raises(Refused) as refused:
        tell(keep("a1", kind), month, **values)
    assert refused.value.code == reason


# ---------- targets and indicators ----------


def test_additions_and_stock_are_never_one_target(keep: Any, stand: Any, city: Any) -> None:
    """1800 MW of 2020 and 300 MW of 2025: the stock of 2100 is above 2000, the additions of 300 are not 2000; of the +15 % on
    2100 (2415) a further 200 MW in 2026 make 2300."""
    plant = keep("a1")
    stand(plant, 1800.0, date(2020, 5, 1))
    stand(plant, 300.0, date(2025, 5, 1))
    stand(plant, 200.0, date(2026, 5, 1))
    told = {each.target.id: each for each in reading.progress(reading.register(city), TODAY)}
    assert (told["wind-stock-2025"].value, told["wind-stock-2025"].met) == (2100.0, True)
    assert (told["wind-added-2025"].value, told["wind-added-2025"].met) == (300.0, False)
    rise = told["wind-rise-2030"]
    assert (rise.base, rise.wanted, rise.value, rise.met) == (2100.0, pytest.approx(2415.0), 2300.0, False)
    assert told["pv-stock-2025"].met is None  # nothing registered is not zero


def test_what_is_published_keeps_years_that_are_over_and_says_when_it_is_not_whole(keep: Any, stand: Any, tell: Any, city: Any) -> None:  # fmt: skip
    wind, sun = keep("a1"), keep("b1", "pv_central", place=GUSHI)
    stand(wind, 100.0, date(2024, 5, 1))
    stand(wind, 50.0, date(2026, 5, 1))
    stand(sun, 40.0, date(2025, 5, 1), mwp=50.0)
    for month in range(1, 13):
        tell(wind, f"2025-{month:02d}", generation=15_000.0, curtailed=500.0)
    publication.publish(city, by=None, now=NOW)

    def value(code: str, period: str, key: str, place: str = CITY) -> list[Any]:
        frame = indicators.values(code, subject=f"place:{place}", period=period)
        return frame.filter(frame["key"] == key).select("value", "status").rows()

    capacity, added = publication.CAPACITY, publication.ADDED
    assert value(capacity, "2025", "kind=wind") == [(100.0, int(Status.OK))]
    assert value(capacity, "2026", "kind=wind") == []  # the year is not over
    assert value(capacity, "2026-10", "kind=wind") == [(150.0, int(Status.OK))]
    assert value(added, "2026-05", "kind=wind") == [(50.0, int(Status.OK))]
    assert value(added, "2025", "kind=wind") == [(0.0, int(Status.OK))]
    assert value(capacity, "2025", "kind=pv", GUSHI) == [(40.0, int(Status.INCOMPLETE))]  # no county declared its roofs
    assert value(publication.OUTPUT, "2025", "kind=wind") == [(180_000.0, int(Status.OK))]
    assert value(publication.OUTPUT, "2025", "kind=renewable") == [
        (180_000.0, int(Status.INCOMPLETE))
    ]  # PV told nothing
    rate = value(publication.CURTAILMENT, "2025", "kind=wind")
    assert rate[0][0] == pytest.approx(6000 / 186_000 * 100)


def test_meters_stand_before_reports_and_a_night_of_sun_is_found(keep: Any, stand: Any, tell: Any, city: Any) -> None:
    """10 MW of PV metered in kWh an hour: 1000 kWh from 10 to 14 o'clock in all 30 days of June are 120 MWh; the report says 150."""
    from datetime import UTC, datetime, timedelta

    import polars as pl

    from dafeng.kernel.series import ingest
    from dafeng.kernel.series import services as series

    point = series.ensure_point("sun-out", subject="plant:a", name="出口表", quantity="electricity", unit="kWh", kind="interval", period=3600)  # fmt: skip
    plant = keep("a1", "pv_central", meters={"generation": ["sun-out"]})
    stand(plant, 10.0, date(2024, 1, 1))
    start = datetime(2026, 5, 31, 16, tzinfo=UTC)  # midnight of 1 June in Xinyang
    ends = [start + timedelta(hours=hour + 1) for hour in range(30 * 24)]
    dark = start + timedelta(days=9, hours=23)  # 10 June, eleven at night
    made = [800.0 if at == dark + timedelta(hours=1) else 1000.0 if 10 <= (index % 24) < 14 else 0.0 for index, at in enumerate(ends)]  # fmt: skip
    frame = pl.DataFrame({"point": [point.code] * len(ends), "at": ends, "value": made})
    ingest.receive(frame, source="backfill", key="sun", now=NOW, owner="test")
    tell(plant, "2026-06", generation=150.0)
    found = reading.register(city)
    output = reading.outputs(found, 2026, [plant])[plant.pk]
    assert output.totals.generation == pytest.approx(120.8)
    assert output.told["2026-06"].differ == (("generation", 150.0, pytest.approx(120.8)),)
    assert any("按计量计" in each.text for each in findings.of_output(output, 2026))
    night = findings.of_night(found, plant, date(2026, 6, 1), date(2026, 6, 30))
    assert [each.text for each in night] == ["夜间发电 1 小时，最多的是 2026-06-10 23:00，0.8 MWh"]
    assert months.night_hours(keep("b1", "pv_central"), date(2026, 6, 1), date(2026, 6, 30)) == []


def test_the_targets_are_those_of_the_city_pack_and_the_plan_reads_what_is_published() -> None:
    """`targets.csv` of Xinyang, in 万千瓦 (10 MW) or %; and the cells that the plan's bindings name."""
    import csv
    from pathlib import Path

    import dafeng.cities
    from dafeng.domains.energy.plants import rules
    from dafeng.domains.plan import bindings

    path = Path(dafeng.cities.__file__).parent / "xinyang" / "plan" / "targets.csv"
    with path.open(encoding="utf-8") as file:
        printed = {f"{row['document'][8:]} {row['id']}": row for row in csv.DictReader(file)}
    told = {each.id: each for each in rules.targets()}
    for id, row in (
        ("pv-stock-2025", "2021 t005"), ("wind-stock-2025", "2021 t006"), ("storage-stock-2025", "2021 t007"), ("pv-added-2030", "2024 t009"), ("wind-added-2025", "2024 t010"),
        ("wind-rise-2030", "2024 t011"),
    ):  # fmt: skip
        scale = 1.0 if printed[row]["unit"] == "%" else 10.0
        assert told[id].value == float(printed[row]["value"]) * scale
        assert told[id].year == int(printed[row]["year"])
    cells = {
        each.id: (each.indicator, each.key)
        for each in bindings.register().bindings
        if each.indicator.startswith("energy.plants.")
    }
    assert cells == {
        "wind_capacity": (publication.CAPACITY, "kind=wind"), "pv_capacity": (publication.CAPACITY, "kind=pv"),
        "storage_capacity": (publication.CAPACITY, "kind=storage"), "wind_added": (publication.ADDED, "kind=wind"), "solar_added": (publication.ADDED, "kind=pv"),
        "pumped_storage_capacity": (publication.CAPACITY, "kind=pumped"),
    }  # fmt: skip
