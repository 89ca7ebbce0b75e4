"""What events are worth: by hand, by column and by single number, with the reason where they are worth nothing."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.domains.inclusion.models import MethodologyVersion, Rate
from dafeng.domains.inclusion.standards import compute, explanation, inforce, library, rates
from dafeng.kernel.records import services as records
from tests.domains.inclusion.standards.conftest import NOW, TODAY


def worth(*rows: dict, day: date = TODAY) -> pl.DataFrame:
    """Rows of methodology and fields, computed."""
    return compute.compute(pl.DataFrame([{"day": day, **row} for row in rows], infer_schema_length=None))


def test_a_mixed_day_by_hand(programme) -> None:
    made = worth(
        {"methodology": "bus", "distance": 5.0},  # 5 × 0.052 kg
        {
            "methodology": "household-electricity",
            "electricity_before": 150.0,
            "electricity_now": 120.0,
        },  # 30 × 0.5897 kg
        {"methodology": "walking", "distance": 2.0},  # 2 × 0.104 kg
        {"methodology": "ev-driving", "drive": 10.0},  # 10 × 0.153 kg
        {"methodology": "red-tourism", "means": "bike", "distance": 10.0},  # 10 × 0.0953 kg
    )
    assert made["grams"].to_list() == [260, 17691, 208, 1530, 953]
    assert made["reason"].to_list() == [""] * 5
    # 10 g a point, rounded down: 260/10, 17691/10, 208/10, 1530/10, 953/10
    paid = rates.points(programme, made)
    assert paid["points"].to_list() == [26, 1769, 20, 153, 95]
    assert paid.schema["points"] == pl.UInt32
    assert made.schema["grams"] == pl.Int64


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"methodology": "bus"}, "field_missing"),
        ({"methodology": "bus", "distance": None}, "field_missing"),
        ({"methodology": "bus", "distance": -5.0}, "field_out_of_range"),
        ({"methodology": "bus", "distance": 100.1}, "field_out_of_range"),
        ({"methodology": "bus", "distance": float("nan")}, "field_out_of_range"),
        ({"methodology": "bus", "distance": float("inf")}, "field_out_of_range"),
        ({"methodology": "bus", "distance": "far"}, "field_out_of_range"),
        ({"methodology": "bus", "distance": " "}, "field_missing"),
        ({"methodology": "red-tourism", "means": "car", "distance": 5.0}, "field_out_of_range"),
        ({"methodology": "red-tourism", "means": "rail", "distance": 5.0}, "factor_missing"),
        ({"methodology": "waste-recycling", "material": "paper", "mass": 2.0}, "factor_missing"),
        ({"methodology": "volunteering", "hours": 2.0}, "activity_only"),
        ({"methodology": "scenic-visit", "route": "red"}, "activity_only"),
        ({"methodology": "forest-sink"}, "measured_by_survey"),
        ({"methodology": "household-electricity", "electricity_before": 100.0, "electricity_now": 120.0}, "nothing_saved"),
        ({"methodology": "nowhere", "distance": 5.0}, "methodology_not_in_force"),
    ],
)  # fmt: skip
def test_what_is_worth_no_grams_says_why(programme, row: dict, reason: str) -> None:
    made = worth(row).row(0, named=True)
    assert (made["grams"], made["reason"]) == (0, reason)


def test_every_reason_has_a_sentence(programme) -> None:
    from dafeng.domains.inclusion.members.words import reasons

    assert compute.REFUSES | compute.NO_GRAMS | {"rate_missing"} <= set(reasons())


def test_a_missing_factor_gives_no_grams_but_the_drafts_fixed_points(programme) -> None:
    made = rates.points(programme, worth(
        {"methodology": "waste-recycling", "material": "paper", "mass": 2.0},
        {"methodology": "red-tourism", "means": "rail", "distance": 5.0},
        {"methodology": "volunteering", "hours": 2.0},
        {"methodology": "waste-recycling", "material": "stone", "mass": 2.0},
    ))  # fmt: skip
    assert made["grams"].to_list() == [0, 0, 0, 0]
    assert made["points"].to_list() == [5, 0, 10, 0]


def test_the_version_is_that_of_the_day(programme, version_of) -> None:
    former = version_of("bus")
    MethodologyVersion.objects.filter(pk=former.pk).update(valid_to=date(2026, 6, 1))
    record = records.open_record("inclusion.methodology", title="新版", payload={}, by=None, now=NOW)
    records.move(record, "pilot", by=None, now=NOW, system=True)
    later = MethodologyVersion.objects.create(
        methodology_id="bus", number=2, record=record, content={**former.content, "discount": 0.5}, digest="0" * 64,
        standing="draft", valid_from=date(2026, 6, 1),
    )  # fmt: skip
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1)]
    made = compute.compute(pl.DataFrame({"methodology": ["bus"] * 4, "day": days, "distance": [5.0] * 4}))
    assert made["version"].to_list() == [None, former.pk, former.pk, later.pk]
    assert made["grams"].to_list() == [0, 260, 260, 130]


def test_a_draft_does_not_count(programme, operator, version_of) -> None:
    from dafeng.domains.inclusion.standards import versions

    begun = versions.begin(version_of("bus").methodology, by=operator, now=NOW)
    assert worth({"methodology": "bus", "distance": 5.0})["version"].to_list() != [begun.pk]


def test_the_rate_is_that_of_the_day(programme) -> None:
    record = records.open_record("inclusion.rate", title="新率", payload={}, by=None, now=NOW)
    records.move(record, "pilot", by=None, now=NOW, system=True)
    Rate.objects.create(programme=programme, record=record, grams_per_point=100, valid_from=TODAY, basis="试验")
    frame = pl.DataFrame({
        "day": [date(2026, 11, 20), TODAY, date(2025, 1, 1)], "grams": [260, 260, 260], "version": [None] * 3, "reason": [""] * 3,
    }, schema_overrides={"version": pl.Int64})  # fmt: skip
    made = rates.points(programme, frame)
    assert made["points"].to_list() == [26, 2, 0]
    assert made["reason"].to_list() == ["", "", "rate_missing"]


def test_an_empty_frame_stays_empty(programme) -> None:
    made = compute.compute(pl.DataFrame(schema={"methodology": pl.String, "day": pl.Date, "distance": pl.Float64}))
    assert made.columns == ["methodology", "day", "distance", "grams", "version", "reason"]
    assert rates.points(programme, made).height == 0


def test_rows_keep_their_order_and_their_other_columns(programme) -> None:
    rows = [{"methodology": code, "distance": float(n + 1), "mark": n} for n, code in enumerate(["bus", "walking", "x", "bus", "cycling"] * 7)]  # fmt: skip
    made = worth(*rows)
    assert made["mark"].to_list() == list(range(35))
    assert made.columns == ["day", "methodology", "distance", "mark", "grams", "version", "reason"]


def test_a_null_day_is_no_day(programme) -> None:
    frame = pl.DataFrame({"methodology": ["bus"], "day": pl.Series([None], dtype=pl.Date), "distance": [5.0]})
    assert compute.compute(frame)["reason"].to_list() == ["methodology_not_in_force"]


def test_fields_are_those_of_the_version_in_force(programme) -> None:
    (distance,) = compute.fields("bus", day=TODAY)
    assert (distance.name, distance.unit, distance.title, distance.least, distance.most, distance.required) == (
        "distance", "person km", "乘车里程", 0.1, 100, True,
    )  # fmt: skip
    assert compute.fields("bus", day=date(2020, 1, 1)) == []
    assert [each.name for each in compute.fields("waste-recycling")] == ["material", "mass"]
    assert compute.fields("nowhere") == []


NUMBERS = st.one_of(st.none(), st.floats(-10, 500), st.sampled_from([0.1, 100.0, float("nan"), float("inf")]))
CHOICES = st.sampled_from([None, "", "bus", "bike", "rail", "paper", "red", "nonsense"])
NAMES = {"number": NUMBERS, "choice": CHOICES}


@st.composite
def frames(draw) -> list[dict]:
    fields = {f["name"]: f.get("kind", "number") for each in library.shipped().values() for f in each.content["fields"]}
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        row = {"methodology": draw(st.sampled_from([*library.shipped(), "nowhere"])), "day": draw(st.sampled_from([TODAY, date(2025, 1, 1)]))}  # fmt: skip
        rows.append(row | {name: draw(NAMES[kind]) for name, kind in fields.items()})
    return rows


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames())
def test_columns_and_single_numbers_agree(programme, rows: list[dict]) -> None:
    made = rates.points(programme, compute.compute(pl.DataFrame(rows, infer_schema_length=None)))
    for row, found in zip(rows, made.to_dicts(), strict=True):
        version = inforce.version_on(row["methodology"], row["day"])
        told = explanation.of_values(row["methodology"], version, row, day=row["day"], programme=programme)
        assert (told.grams, told.reason, told.points) == (found["grams"], found["reason"], found["points"])
        assert found["grams"] >= 0


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0.1, 100), min_size=2, max_size=6))
def test_more_is_never_worth_less(programme, distances: list[float]) -> None:
    ordered = sorted(distances)
    made = worth(*({"methodology": "bus", "distance": each} for each in ordered))
    assert made["grams"].to_list() == sorted(made["grams"].to_list())


def test_an_event_explains_itself_down_to_the_source(programme, version_of) -> None:
    told = explanation.of_values("bus", version_of("bus"), {"distance": 5}, day=TODAY, programme=programme)
    assert told.formula == "乘车里程 × (基准出行因子 − 公交因子) × GWP(CO2) × 1000"
    assert told.filled == "5 × (0.104 − 0.052) × 1 × 1000"
    assert (told.raw_grams, told.grams, told.grams_per_point, told.points) == (pytest.approx(260), 260, 10, 26)
    assert {each.parameter: (each.value, each.standing) for each in told.factors} == {
        "trip_baseline_ef": (0.104, "one_copy"), "bus_ef": (0.052, "one_copy"),
    }  # fmt: skip
    assert all("DB11/T 3043—2024" in each.source for each in told.factors)
    assert (told.state, told.standing, told.number) == ("filed", "cited", 1)
    assert asdict(told)["inputs"][0]["shown"] == "5"


def test_an_event_of_the_database_is_explained_by_its_own_version(programme, version_of) -> None:
    from dafeng.domains.inclusion.models import Event, Partner, Scene

    partner = Partner.objects.create(programme=programme, code="bus-demo", kind="scene", name="公交（演示）")
    scene = Scene.objects.create(partner=partner, code="bus-demo", title="公交", methodology_id="bus", channels=["api"])
    event = Event(
        scene=scene, source_id="1", digest="0", happened_at=NOW, received_at=NOW, data={"distance": 5}, grams=260, points=20,
        reason="daily_cap", version=version_of("bus"),
    )  # fmt: skip
    told = compute.explain(event)
    assert (told.grams, told.points, told.credited_grams, told.credited_points) == (260, 26, 260, 20)
    assert told.credited_reason == "daily_cap"


def test_a_million_mixed_rows_take_less_than_five_seconds_of_processor_time(programme) -> None:
    random = np.random.default_rng(1)
    codes = np.array(["bus", "walking", "cycling", "shared-bike", "ev-driving", "household-electricity", "waste-recycling", "red-tourism"])  # fmt: skip
    count = 1_000_000
    frame = pl.DataFrame({
        "methodology": codes[random.integers(0, len(codes), count)],
        "distance": random.uniform(0, 110, count), "drive": random.uniform(0, 500, count),
        "electricity_before": random.uniform(0, 300, count), "electricity_now": random.uniform(0, 300, count),
        "mass": random.uniform(0, 20, count), "material": np.array(["paper", "plastic"])[random.integers(0, 2, count)],
        "means": np.array(["bus", "bike", "rail"])[random.integers(0, 3, count)],
    }).with_columns(pl.lit(TODAY).alias("day"))  # fmt: skip
    begun = time.process_time()
    made = rates.points(programme, compute.compute(frame))
    spent = time.process_time() - begun
    assert made.height == count
    assert spent < 5, f"{spent:.1f} s"
