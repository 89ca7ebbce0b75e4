"""What is asked of readings: filling, coverage, formulas, charts, exports. Values by hand."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from dafeng.kernel.series import exports, flags, queries, services, thinning, upkeep
from dafeng.kernel.series.commands import series_app
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.simulation import KINDS, Fault, Subject, is_workday, points_of, simulate
from tests.kernel.series.conftest import DAY, LATER, MINUTES, rows

HOUR = timedelta(hours=1)
LOST = flags.ESTIMATED | flags.MISSING


def test_a_gap_of_intervals_is_filled_with_its_neighbours_mean_and_says_so(point, send) -> None:
    m = point(kind="interval")
    send(rows(m, [2, None, None, 4], start=DAY + MINUTES))
    found = queries.used([m], DAY, DAY + HOUR, "15m")
    assert found.select("value", "coverage", "flag").rows() == [
        (2.0, 1.0, 0),
        (3.0, 0.0, LOST),
        (3.0, 0.0, LOST),
        (4.0, 1.0, 0),
    ]
    hour = queries.used([m], DAY, DAY + HOUR, "1h")
    assert hour.select("value", "coverage", "flag").rows() == [(12.0, 0.5, LOST)]
    services.state_fact(m, "fill", 900, DAY - HOUR, now=LATER)  # half an hour is now too long to fill
    assert queries.used([m], DAY, DAY + HOUR, "1h").select("value", "coverage").rows() == [(6.0, 0.5)]


@pytest.mark.parametrize("settle", [False, True])
def test_a_gap_may_be_filled_with_the_same_slots_of_the_week_before(point, send, settle: bool) -> None:
    """Last Monday 1, 2, 3 … a quarter hour, of which one is missing too; this Monday 50 quarter hours are missing: 49 are filled."""
    m = point(kind="interval")
    services.state_fact(m, "fill_by", "last_week", DAY - timedelta(days=30), now=LATER)
    week = [float(slot) for slot in range(1, 97)]
    before = [*week[:39], None, *week[40:]]
    now_ = [None if 20 <= slot < 70 else 100.0 + slot % 2 for slot in range(96)]  # 46 × 100, 23 odd ones
    send(rows(m, before, start=DAY - timedelta(days=7) + MINUTES))
    send(rows(m, now_, start=DAY + MINUTES))
    if settle:
        upkeep.settle(now=LATER)
    found = queries.used([m], DAY, DAY + 24 * HOUR, "15m")
    values = dict(
        zip(
            [int((at - DAY) / MINUTES) for at in found["at"]],
            found.select("value", "coverage", "flag").rows(),
            strict=True,
        )
    )
    week_flag = LOST | flags.LAST_WEEK
    assert values[19] == (101.0, 1.0, 0)
    assert values[20] == (21.0, 0.0, week_flag)
    assert values[69] == (70.0, 0.0, week_flag)
    assert 39 not in values or values[39][0] is None  # what is itself missing fills nothing
    day = queries.used([m], DAY, DAY + 24 * HOUR, "1d").row(0, named=True)
    assert day["value"] == 4623 + sum(range(21, 71)) - 40
    assert (day["coverage"], day["flag"]) == (46 / 96, week_flag)
    text = exports.encoded(found, "csv").decode("utf-8-sig")
    assert "missing estimated last_week" in text
    # The week before is told later: what was filled with it follows.
    send(rows(m, [40.0], start=DAY - timedelta(days=7) + 40 * MINUTES), now=LATER + HOUR)
    if settle:
        upkeep.settle(now=LATER + HOUR)
    day = queries.used([m], DAY, DAY + 24 * HOUR, "1d").row(0, named=True)
    assert day["value"] == 4623 + sum(range(21, 71))


def test_a_level_is_filled_with_last_weeks_level_and_a_long_gap_stays_empty(point, send) -> None:
    m = point(kind="instant", unit="kW", quantity="power")
    services.state_fact(m, "fill_by", "last_week", DAY - timedelta(days=30), now=LATER)
    services.state_fact(m, "fill", 3600, DAY - timedelta(days=30), now=LATER)
    send(rows(m, [5.0] * 96, start=DAY - timedelta(days=7)))
    send(rows(m, [1.0, None, None, 1.0, *[None] * 8, 1.0]))
    found = queries.mean([m], DAY, DAY + 3 * HOUR, "15m").filter(pl.col("value").is_not_null())
    assert found["value"].to_list() == [1.0, 5.0, 5.0, 1.0]  # half an hour is filled, two hours are not
    with pytest.raises(SeriesError, match="补数规则"):
        services.state_fact(m, "fill_by", "magic", DAY, now=LATER)


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv"])
def test_every_filled_value_says_so_in_every_export(point, send, form: str) -> None:
    m = point(kind="interval")
    send(rows(m, [2, None, 4], start=DAY + MINUTES))
    content = io.BytesIO(exports.encoded(queries.used([m], DAY, DAY + HOUR, "15m"), form))
    read = {"arrow": pl.read_ipc, "parquet": pl.read_parquet, "csv": pl.read_csv}[form](content)
    wanted = [None, "missing estimated", None] if form == "csv" else [0, LOST, 0]
    assert [each or None if form == "csv" else each for each in read["flag"].to_list()] == wanted
    assert read["coverage"].to_list() == [1.0, 0.0, 1.0]


def test_a_register_that_was_not_read_keeps_its_total(point, send) -> None:
    m = point()
    send(rows(m, [100, None, None, None, 140]))
    found = queries.used([m], DAY, DAY + HOUR, "15m")
    assert found["value"].to_list() == [10.0] * 4
    assert found["coverage"].to_list() == [0.0] * 4
    assert set(found["flag"]) == {LOST}


@pytest.mark.parametrize("settle", [False, True])
def test_a_moment_holds_until_the_next_and_has_a_mean(point, send, settle: bool) -> None:
    m = point(kind="instant", unit="kW", quantity="power")
    send(rows(m, [10, 20, 30, 40, 0]))
    if settle:
        upkeep.settle(now=LATER)
    found = queries.mean([m], DAY, DAY + HOUR, "1h")
    assert found.select("value", "low", "high", "coverage").rows() == [(25.0, 10.0, 40.0, 1.0)]
    with pytest.raises(SeriesError, match="瞬时值"):
        queries.used([m], DAY, DAY + HOUR)


def test_computed_points_have_a_value_only_where_all_parts_do(point, send) -> None:
    a, b = point("a", kind="interval"), point("b", kind="interval")
    whole = point("whole", kind="interval", formula={"kind": "sum", "of": ["a", "b"]})
    rest = point("rest", kind="interval", formula={"kind": "difference", "of": ["whole", "a"]})
    share = point("share", kind="interval", formula={"kind": "share", "of": ["whole"], "share": 0.25})
    send(rows(a, [1, 2], start=DAY + MINUTES))
    send(rows(b, [3], start=DAY + MINUTES))
    found = queries.used([whole, rest, share], DAY, DAY + HOUR, "15m")
    values = {name: found.filter(pl.col("point") == each.pk)["value"].to_list() for name, each in
              (("whole", whole), ("rest", rest), ("share", share))}  # fmt: skip
    assert values == {"whole": [4.0, None], "rest": [3.0, None], "share": [1.0, None]}
    services.state_fact(share, "formula", {"kind": "share", "of": ["a"], "share": 0.5}, DAY + MINUTES, now=LATER)
    assert queries.used([share], DAY, DAY + HOUR, "15m")["value"].to_list() == [1.0, 1.0]


def test_a_formula_that_goes_round_is_refused(point) -> None:
    point("x", kind="interval", formula={"kind": "sum", "of": ["y"]})
    y = point("y", kind="interval", formula={"kind": "sum", "of": ["x"]})
    with pytest.raises(SeriesError, match="圈"):
        queries.used([y], DAY, DAY + HOUR)


def test_spikes_and_frozen_values_are_flagged(point, send) -> None:
    m = point(kind="interval")
    values = [1.0 + place % 3 for place in range(40)] + [7.0] * 30
    values[20] = 500.0
    send(rows(m, values, start=DAY + MINUTES))
    found = queries.used([m], DAY, DAY + 24 * HOUR, "15m")
    assert found.filter(pl.col("flag") & flags.SPIKE > 0)["value"].to_list() == [500.0]
    assert found.filter(pl.col("flag") & flags.FROZEN > 0).height == 30


def test_the_latest_reading_is_told_in_the_points_unit_with_its_age(point, send) -> None:
    m = point(kind="instant", unit="kW", multiplier=100)
    send(rows(m, [1, 2]))
    found = queries.latest([m], now=DAY + timedelta(minutes=16))
    assert found.select("value", "age_seconds").rows() == [(200.0, 60)]


def test_ends_of_months_lie_on_the_citys_clock(point, send) -> None:
    m = point(kind="interval")
    # Four quarters that end at 23:30, 23:45, 00:00, 00:15 around the first of March: three belong to February.
    send(rows(m, [1, 2, 4, 8], start=DAY.replace(day=1) - 2 * MINUTES))
    found = queries.used([m], DAY.replace(month=2, day=1), DAY, "1mo")
    assert found["value"].to_list() == [7.0, 8.0]
    upkeep.settle(now=LATER)
    assert queries.used([m], DAY.replace(month=2, day=1), DAY, "1mo")["value"].to_list() == [7.0, 8.0]


def test_a_chart_keeps_ends_and_extremes() -> None:
    y = np.zeros(10_000)
    y[1234], y[8765] = 9, -9
    frame = pl.DataFrame(
        {"point": 1, "at": pl.datetime_range(DAY, DAY + timedelta(minutes=9_999), "1m", eager=True), "value": y}
    )
    for how in ("lttb", "minmax"):
        found = thinning.thinned(frame, most=100, how=how)
        assert found.height <= 100
        assert {9.0, -9.0} <= set(found["value"])
        assert found["at"].to_list()[:: found.height - 1] == frame["at"].to_list()[:: frame.height - 1]


def test_years_are_brought_to_extremes_in_the_engine(point, send) -> None:
    m = point(kind="interval")
    send(rows(m, [float(place % 50) for place in range(5_000)]))
    found = queries.shown([m], DAY, DAY + timedelta(days=60), most=50)
    assert found.height <= 50
    assert (found["value"].min(), found["value"].max()) == (0.0, 49.0)


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv"])
def test_an_export_is_read_by_others(point, send, form: str) -> None:
    m = point(kind="interval")
    send(rows(m, [1, 2]))
    content = io.BytesIO(exports.encoded(queries.readings([m], DAY, DAY + HOUR), form))
    read = {"arrow": pl.read_ipc, "parquet": pl.read_parquet, "csv": pl.read_csv}[form]
    found = read(content)
    assert found.select("code", "value", "unit").rows() == [("m1", 1.0, "kWh"), ("m1", 2.0, "kWh")]


def test_a_simulated_city_is_the_same_for_a_seed_and_its_faults_are_where_the_key_says() -> None:
    subjects = [Subject(f"s-{kind}", kind) for kind in KINDS]
    end = DAY + timedelta(days=3)
    clean, none = simulate(subjects, DAY, end, seed=4)
    assert none.height == 0
    assert clean.equals(simulate(subjects, DAY, end, seed=4)[0])
    assert not clean.equals(simulate(subjects, DAY, end, seed=5)[0])
    assert set(clean["point"]) == {each["code"] for each in points_of(subjects)}
    assert clean.group_by("point").len()["len"].unique().to_list() == [288]
    fault = Fault("s-food-line", "gap", DAY + HOUR, DAY + 2 * HOUR, 0.0)
    holed, key = simulate(subjects, DAY, end, seed=4, faults=[fault])
    assert key.height == 1
    lost = clean.join(holed, on=["point", "at"], how="anti")
    assert lost["point"].unique().to_list() == ["s-food-line"]
    assert lost.height == 4


def test_the_spring_festival_empties_the_mill_and_a_made_up_workday_is_one() -> None:
    # 2026: the festival is 17 February; 14 February, a Saturday, is worked (State Council's notice for 2026).
    assert is_workday(DAY.replace(month=2, day=14).date())
    assert not is_workday(DAY.replace(month=2, day=17).date())
    frame, _key = simulate([Subject("t", "textile")], DAY.replace(month=2, day=1), DAY.replace(month=3, day=31), seed=1)
    spinning = frame.filter(pl.col("point") == "t-spinning").with_columns(day=pl.col("at").dt.offset_by("8h").dt.date())
    daily = dict(spinning.group_by("day").agg(pl.col("value").sum()).iter_rows())
    assert daily[DAY.replace(month=2, day=17).date()] < 0.5 * daily[DAY.replace(month=3, day=18).date()]


def test_the_shell_writes_steps_of_moments_and_of_amounts(point, send, tmp_path) -> None:
    """A level of 2 m, then 4 m: the hour's mean is 3 m, its lowest 2 m, its highest 4 m. A meter's hour is 5 kWh."""
    level = point("gauge", kind="instant", quantity="level", unit="m", period=1800)
    meter = point("meter", kind="interval", period=3600)
    send(rows(level, [2.0, 4.0, 4.0], start=DAY, step=timedelta(minutes=30)))
    send(rows(meter, [5.0], start=DAY + HOUR))
    target = tmp_path / "steps.parquet"
    span = ["--start", DAY.isoformat(), "--end", (DAY + HOUR).isoformat(), "--step", "1h"]
    answer = CliRunner().invoke(series_app, ["export", str(target), "--point", "gauge", "--point", "meter", *span])
    assert answer.exit_code == 0, answer.output
    found = pl.read_parquet(target).select("code", "value", "low", "high").rows()
    assert found == [("gauge", 3.0, 2.0, 4.0), ("meter", 5.0, None, None)]
