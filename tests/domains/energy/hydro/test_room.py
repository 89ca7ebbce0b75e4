"""Decisions, compliance, warnings, generation, forecasts on readings that were laid out by hand; bad input is refused."""

from __future__ import annotations

import io
import math
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.utils import timezone

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.hydro import compliance, forecasting, generation, notices, pumping, sheet, store, warnings
from dafeng.domains.energy.hydro.methods import basin
from dafeng.domains.energy.models import EcoDecision, EcoMove, EcoWarning, HydroGauge, HydroStation, River
from dafeng.kernel.errors import PermissionDenied, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.series import ingest, points
from dafeng.kernel.series.models import Quarantine
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, SHIHE

XIAN = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 21)


def at(day: int, hour: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=XIAN)


def test_decisions_are_dated_by_month_and_count_once_signed(station: Any, decide: Any) -> None:
    one = station("s1")
    decide(one, [0.5] * 3 + [0.9] * 3 + [None] * 6, since=date(2026, 1, 1))
    decide(one, 0.7, since=date(2026, 6, 1))
    decide(one, 5.0, since=date(2026, 2, 1), sign=False)
    found = compliance.decisions_of([one])[one.pk]
    told = [compliance.threshold_on(found, day) for day in (date(2025, 12, 31), date(2026, 3, 31), date(2026, 4, 1), date(2026, 6, 1))]  # fmt: skip
    assert told == [None, 0.5, 0.9, 0.7]
    assert compliance.threshold_on(found[:1], date(2026, 7, 1)) is None, "a month without a decision has no threshold"


def test_who_drafts_does_not_sign(station: Any, decide: Any, ecology: Any) -> None:
    made = decide(station("s1"), 0.5, sign=False)
    with pytest.raises(PermissionDenied):
        records.move(made.record, "sign", by=ecology, now=NOW)


@pytest.mark.parametrize(
    ("flows", "document", "reason"),
    [([-0.1] * 12, "文件", "negative"), ([0.5] * 11, "文件", "months"), ([None] * 12, "文件", "empty"), ([0.5] * 12, " ", "no_document"), ([math.inf] * 12, "文件", "negative")],
)  # fmt: skip
def test_a_decision_that_cannot_be_is_refused(station: Any, ecology: Any, flows: Any, document: str, reason: str) -> None:  # fmt: skip
    with pytest.raises(Refused) as refused:
        store.draft_decision(station("s1"), flows=flows, since=TODAY, document=document, by=ecology, now=NOW)
    assert refused.value.code == reason
    assert not EcoDecision.objects.exists()


def test_a_day_of_readings_by_hand(station: Any, decide: Any, measure: Any) -> None:
    """19 November: 20 hours at 0.6, 4 at 0.3 against 0.5: 20 of 24 are 83 %, short. 20 November: 12 hours, then silence: not judged."""
    one = station("s1")
    decide(one, 0.5)
    measure(one, "eco", [0.6] * 20 + [0.3] * 4 + [0.6] * 12, start=at(19))
    found = compliance.judge([one], date(2026, 11, 19), date(2026, 11, 20), now=NOW)[one.pk]
    first, second = found.days
    assert (first.hours.met, first.hours.short, first.verdict) == (20, 4, "short")
    assert second.hours.missing >= 10
    assert second.verdict == "unknown"
    assert found.hours.short == 4, "silence is no shortage"


def test_power_told_in_megawatts_is_counted_in_kilowatts(station: Any, measure: Any) -> None:
    one = station("s1")
    measure(one, "power", [0.157] * 24, start=at(19), told="MW")
    made = generation.generated([one], date(2026, 11, 19), date(2026, 11, 19))[one.pk]
    assert made.total == pytest.approx(3768.0, rel=1e-3)


def test_warnings_are_found_updated_and_taken_back(station: Any, decide: Any, measure: Any) -> None:
    one = station("s1")
    decide(one, 0.5, since=date(2026, 11, 18))
    values: list[float | None] = [0.6] * 24 + [0.3] * 7 + [0.6] * 10 + [None] * 20 + [0.6] * 21
    bound = measure(one, "eco", values, start=at(18))
    assert warnings.detect([one], now=NOW) == 2
    short, gap = EcoWarning.objects.get(kind="short"), EcoWarning.objects.get(kind="gap")
    assert (timezone.localtime(short.first), short.hours, short.level) == (at(19), 7, 2)
    assert (short.lowest, short.threshold) == (pytest.approx(0.3), 0.5)
    assert not gap.going_on
    assert gap.hours >= 15
    assert warnings.detect([one], now=NOW) == 0, "the same once more finds nothing new"
    late = [at(19, 17) + timedelta(hours=number) for number in range(20)]
    import polars as pl

    frame = pl.DataFrame({"point": [bound.point_id] * 20, "at": late, "value": [0.8] * 20}).with_columns(pl.col("at").dt.convert_time_zone("UTC"))  # fmt: skip
    ingest.receive(frame, source="simulated", key="late", now=NOW, owner="test")
    assert warnings.detect([one], now=NOW) == 0
    gap.refresh_from_db()
    assert not gap.stands, "readings that came late take it back; it stays on the desk"


def test_a_station_without_a_flow_meter_has_a_finding_of_its_own(station: Any, decide: Any) -> None:
    one = station("s1")
    decide(one, 0.5, since=date(2026, 11, 10))
    warnings.detect([one], now=NOW)
    found = EcoWarning.objects.get()
    assert (found.kind, found.level, found.going_on) == ("gap", 3, True)


@pytest.fixture
def warned(station: Any, decide: Any, measure: Any) -> EcoWarning:
    one = station("s1")
    decide(one, 0.5, since=date(2026, 11, 18))
    measure(one, "eco", [0.6] * 24 + [0.3] * 7 + [0.6] * 51, start=at(18))
    warnings.detect([one], now=NOW)
    return EcoWarning.objects.get(kind="short")


def test_the_owner_explains_and_another_person_solves(warned: EcoWarning, person: Any) -> None:
    owner, county = person("enterprise", SHIHE, "one"), person("county", SHIHE)
    with pytest.raises(Refused) as refused:
        warnings.settle(warned, "explain", by=owner, now=NOW, note=" ")
    assert refused.value.code == "no_note"
    warnings.settle(warned, "explain", by=owner, now=NOW, note="入库流量不足，已关机")
    with pytest.raises(PermissionDenied):
        warnings.settle(warned, "solve", by=owner, now=NOW, note="好了")
    with pytest.raises(PermissionDenied):
        warnings.settle(warned, "confirm", by=person("county", GUSHI), now=NOW)
    warnings.settle(warned, "solve", by=county, now=NOW, note="现场核实")
    warned.refresh_from_db()
    assert warned.state == "solved"
    assert list(EcoMove.objects.values_list("after", "by__username")) == [("explained", owner.username), ("solved", county.username)]  # fmt: skip
    with pytest.raises(Refused):
        warnings.settle(warned, "explain", by=owner, now=NOW, note="再说明")


def test_who_explained_does_not_solve(warned: EcoWarning, person: Any) -> None:
    county = person("county", SHIHE)
    warnings.settle(warned, "explain", by=county, now=NOW, note="说明")
    with pytest.raises(Refused) as refused:
        warnings.settle(warned, "solve", by=county, now=NOW, note="办结")
    assert refused.value.code == "same_person"


def test_generation_by_hand(station: Any, measure: Any) -> None:
    """Two days at 157 kW: 3768 kWh a day; 1 m³/s through the turbines at 20 m: η = 157 ÷ 196.2 = 0.80; 86 400 ÷ 3768 = 22.9 m³/kWh."""
    one = station("s1")
    measure(one, "power", [157.0] * 48, start=at(19))
    measure(one, "turbine", [1.0] * 48, start=at(19))
    made = generation.generated([one], date(2026, 11, 19), date(2026, 11, 20))[one.pk]
    assert made.total == pytest.approx(2 * 3768.0, rel=1e-3)
    assert made.hours == pytest.approx(2 * 3768.0 / 500.0, rel=1e-3)
    assert made.efficiency == pytest.approx(157 / 196.2, rel=1e-3)
    assert made.rated_head
    assert not made.doubtful
    assert made.water_per_kwh == pytest.approx(86_400 / 3768, rel=1e-3)


def test_machines_add_up_and_an_impossible_efficiency_is_said(station: Any, measure: Any) -> None:
    one = station("s1")
    for unit in (1, 2):
        measure(one, "power", [200.0] * 24, start=at(19), unit=unit)
    measure(one, "turbine", [1.0] * 24, start=at(19))
    made = generation.generated([one], date(2026, 11, 19), date(2026, 11, 19))[one.pk]
    assert made.total == pytest.approx(9600.0, rel=1e-3)
    assert made.efficiency is not None
    assert made.efficiency > 1
    assert made.doubtful


def test_an_energy_meter_counts_before_power_and_a_day_half_unknown_is_not_told(station: Any, measure: Any) -> None:
    one = station("s1")
    measure(one, "power", [100.0] * 48, start=at(19))
    measure(one, "energy", [10.0] * 24 + [10.0] * 6, start=at(19))
    made = generation.generated([one], date(2026, 11, 19), date(2026, 11, 20))[one.pk]
    assert made.metered == "energy"
    assert made.kwh[0] == pytest.approx(240.0)
    assert np.isnan(made.kwh[1])
    assert made.known_days == 1


def test_a_forecast_is_limited_by_the_works_and_scored(station: Any, decide: Any, measure: Any) -> None:
    one = station("s1", design_flow=2.0)
    decide(one, 0.3)
    rain = basin.rain(200, 120, seed=3)
    flow = basin.inflow(rain, 120, square_km=110, seed=5)
    gauge = store.keep_gauge(CITY, code="g1", given={"name": "雨量", "place": SHIHE, "river": one.river, "km": 12.0}, by=None, now=NOW)  # fmt: skip
    start = datetime.combine(TODAY - timedelta(days=200), datetime.min.time(), tzinfo=XIAN)
    measure(one, "inflow", flow.tolist(), start=start, period=86_400)
    measure(gauge, "rain", rain.tolist(), start=start, period=86_400)
    assert forecasting.run([one], now=NOW, back=70, every=1) == 1
    row = one.forecasts.get()
    assert row.days[0]["day"] == "2026-11-21"
    most = 9.81 * 2.0 * 20.0 * 0.8 * 24
    for day in row.days:
        assert day["low"] <= day["inflow"] <= day["high"]
        assert 0 <= day["kwh_low"] <= day["kwh"] <= day["kwh_high"] <= most + 1e-3
        assert day["kwh"] == pytest.approx(min(max(day["inflow"] - 0.3, 0.0), 2.0) * 9.81 * 20 * 0.8 * 24, abs=0.2)
    assert row.score["origins"] >= 20
    assert row.score["rain"] == "g1-rain-0"
    assert len(row.score["persistence"]) == 7
    assert forecasting.run([one], now=NOW, back=70) == 1
    assert one.forecasts.count() == 1, "the same day replaces its forecast"


def test_without_head_or_design_flow_no_energy_is_told(station: Any, measure: Any) -> None:
    one = station("s1", head=None)
    start = datetime.combine(TODAY - timedelta(days=10), datetime.min.time(), tzinfo=XIAN)
    measure(one, "inflow", [2.0] * 10, start=start, period=86_400)
    forecasting.run([one], now=NOW)
    row = one.forecasts.get()
    assert row.rung == "persistence"
    assert row.days[0]["inflow"] == pytest.approx(2.0)
    assert row.days[0]["kwh"] is None


def test_pumped_storage_from_points_and_from_the_log(station: Any, measure: Any, person: Any) -> None:
    one = station("p1", kind="pumped", capacity=200.0, units=2)
    for unit, values in ((1, [-90.0] * 6 + [0.0] * 12 + [80.0] * 4 + [0.0] * 2), (2, [0.0] * 24)):
        measure(one, "power", [*values, values[-1]], start=at(19), unit=unit)
    owner = person("enterprise", SHIHE, "one")
    told = {"pumping": 5.0, "generating": 4.0, "standby": 39.0, "pumped": 500.0, "generated": 380.0, "source": "日志", "by": owner, "now": NOW, "today": TODAY}  # fmt: skip
    pumping.file_log(one, day=date(2026, 11, 18), **told)
    pumping.file_log(one, day=date(2026, 11, 18), **(told | {"generated": 390.0}))
    log, points_ = pumping.days(one, date(2026, 11, 18), date(2026, 11, 19))
    assert (log.source, log.operation.generated) == ("log", 390.0)
    assert (points_.source, points_.operation.pumped, points_.operation.generated) == ("points", pytest.approx(540.0), pytest.approx(320.0))  # fmt: skip
    assert (points_.operation.pumping, points_.operation.generating, points_.operation.standby) == (6.0, 4.0, 38.0)
    assert pumping.whole([log, points_]).efficiency == pytest.approx(710 / 1040)


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"day": TODAY}, "future_day"), ({"pumped": -1.0}, "negative"), ({"standby": 60.0}, "hours"), ({"pumping": 0.0}, "energy"), ({"source": ""}, "no_source"), ({"pumped": math.nan}, "negative")],
)  # fmt: skip
def test_a_log_that_cannot_be_is_refused(station: Any, person: Any, change: dict[str, Any], reason: str) -> None:
    one = station("p1", kind="pumped", units=2)
    told = {"day": date(2026, 11, 19), "pumping": 5.0, "generating": 4.0, "standby": 39.0, "pumped": 500.0, "generated": 380.0, "source": "日志"}  # fmt: skip
    with pytest.raises(Refused) as refused:
        pumping.file_log(one, **(told | change), by=person("enterprise", SHIHE, "one"), now=NOW, today=TODAY)
    assert refused.value.code == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"capacity": -5.0}, "number"), ({"head": 0.0}, "number"), ({"efficiency": 1.2}, "number"), ({"commissioned_on": date(2027, 1, 1)}, "future_day"), ({"km": math.nan}, "number"), ({"place": GUSHI}, "other_place")],
)  # fmt: skip
def test_a_station_that_cannot_be_is_refused(station: Any, change: dict[str, Any], reason: str) -> None:
    station("s1")
    with pytest.raises(Refused) as refused:
        station("s1", **change)
    assert refused.value.code == reason
    assert HydroStation.objects.get().capacity == 500.0


def test_a_river_that_flows_in_a_circle_is_refused(river: Any) -> None:
    main = river("main")
    brook = river("brook", into=main, joins=3.0)
    with pytest.raises(Refused) as refused:
        river("main", into=brook, joins=1.0)
    assert refused.value.code == "circle"


def test_points_are_bound_with_their_unit_and_kind(station: Any, measure: Any) -> None:
    from dafeng.kernel.series import services as series

    one = station("s1")
    measure(one, "eco", [0.5], start=at(20))
    for code, unit, kind, role, reason in (
        ("level-kwh", "kWh", "instant", "level", "wrong_unit"), ("flow-sum", "m3/s", "register", "inflow", "wrong_kind"), ("second-eco", "m3/s", "instant", "eco", "taken"),
    ):  # fmt: skip
        series.ensure_point(code, subject="hydro:s1", organisation="one", place=SHIHE, name=code, quantity=role, unit=unit, kind=kind)  # fmt: skip
        with pytest.raises(Refused) as refused:
            store.bind(one, role=role, point=code, by=None, now=NOW)
        assert refused.value.code == reason
    with pytest.raises(Refused) as refused:
        store.bind(one, role="level", point="nowhere", by=None, now=NOW)
    assert refused.value.code == "no_point"


def test_a_reading_of_tomorrow_is_put_aside_by_the_store(station: Any, measure: Any) -> None:
    measure(station("s1"), "eco", [0.5] * 3, start=at(22))
    assert list(Quarantine.objects.values_list("reason", flat=True)) == ["future"]
    assert points.table().numbers


HEAD = (
    "电站编号,电站名称,县区,河流编号,距河口（km）,装机容量（kW）,额定水头（m）,生态流量（m³/s）,核定文件,核定起始日期\n"
)


def _open(city: Any, text: str, by: Any) -> Any:
    return sheet.open_import(city, io.BytesIO(text.encode()), name="水电.csv", by=by, now=NOW)


def test_a_sheet_is_taken_whole_or_not_at_all(city: Any, river: Any, ndrc: Any) -> None:
    river("main")
    wrong = HEAD + (
        "a-1,甲站,浉河区,main,12,630,25,0.3,水函1号,2026-01-01\na-2,乙站,火星,nowhere,-3,很多,25,0.3,,2026年\na-1,丙站,浉河区,main,9,,,,,\n"
    )
    record, preview = _open(city, wrong, ndrc)
    assert record is None
    assert not HydroStation.objects.exists()
    told = {(each.where.row, each.where.column) for each in preview.problems}
    assert told == {(3, "县区"), (3, "河流编号"), (3, "距河口（km）"), (3, "装机容量（kW）"), (3, "核定起始日期"), (3, "核定文件"), (4, "电站编号")}  # fmt: skip
    good = HEAD + "a-1,甲站,浉河区,main,12,630,25,0.3,水函1号,2026-01-01\na-2,乙站,固始县,main,8,,,,,\n"
    record, _preview = _open(city, good, ndrc)
    assert sheet.commit(record, by=ndrc, now=NOW) == 2
    first, second = HydroStation.objects.order_by("code")
    assert (first.capacity, second.capacity) == (630.0, None)
    decision = EcoDecision.objects.get()
    assert (decision.record.state, decision.flows[0]) == ("draft", 0.3), (
        "an imported flow waits for another person's signature"
    )


def test_rivers_and_gauges_come_from_the_same_template(city: Any, ndrc: Any) -> None:
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    for title, rows in (
        ("河流", [sheet.TABLES["river"].columns, ("xi", "溪", "流域", 24, "he", 52), ("he", "河", "流域", 70, "", "")]),
        ("水文测站", [sheet.TABLES["gauge"].columns, ("g-1", "测站", "浉河区", "he", 60, 84.5, "")]),
    ):
        page = book.add_worksheet(title)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    book.close()
    # The brook names a river that stands further down in the same sheet.
    record, _preview = sheet.open_import(city, io.BytesIO(target.getvalue()), name="水电.xlsx", by=ndrc, now=NOW)
    assert sheet.commit(record, by=ndrc, now=NOW) == 3
    assert River.objects.get(code="xi").downstream.name == "河"
    assert HydroGauge.objects.get().alert_level == 84.5


@pytest.mark.parametrize(
    ("text", "what"), [("编号,名称\na,b\n", "没有找到表头"), (HEAD, "表里没有数据行"), ("", "文件")]
)
def test_a_file_without_the_table_is_refused_in_words(city: Any, ndrc: Any, text: str, what: str) -> None:
    with pytest.raises(UploadError, match=what):
        _open(city, text, ndrc)


def test_a_column_that_nobody_knows_is_named(city: Any, river: Any, ndrc: Any) -> None:
    river("main")
    text = HEAD.replace("装机容量（kW）", "功率") + "a-1,甲,浉河区,main,1,630,2,,,\n"
    record, preview = _open(city, text, ndrc)
    assert record is None
    assert "不认识的列“功率”" in preview.problems[0].what


def test_a_county_cannot_import_into_another(city: Any, river: Any, person: Any) -> None:
    river("main")
    _record, preview = _open(city, HEAD + "a-1,甲站,浉河区,main,12,,,,,\n", person("county", GUSHI))
    assert [each.where.column for each in preview.problems] == ["县区"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"ends": NOW - timedelta(days=1), "starts": NOW - timedelta(days=2)}, "past"), ({"ends": NOW}, "times"), ({"flow": -1.0}, "negative"), ({"flow": None}, "no_flow"), ({"text": " "}, "no_text"), ({"starts": NOW + timedelta(days=200), "ends": NOW + timedelta(days=201)}, "far")],
)  # fmt: skip
def test_a_notice_that_cannot_be_is_refused(station: Any, person: Any, change: dict[str, Any], reason: str) -> None:
    told = {"kind": "release", "starts": NOW + timedelta(hours=1), "ends": NOW + timedelta(hours=5), "flow": 3.0, "text": "放水"}  # fmt: skip
    with pytest.raises(Refused) as refused:
        notices.post(station("s1"), **(told | change), by=person("enterprise", SHIHE, "one"), now=NOW)
    assert refused.value.code == reason
