"""Runs supersede runs, readers see current values only and never two answers, and two runs can be compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import PeriodError
from dafeng.kernel.indicators import services
from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.models import Run, Value

pytestmark = pytest.mark.django_db
Cell = Callable[..., dict[str, Any]]


def test_a_finished_run_supersedes_the_former_one_and_both_stay(publish: Any, cell: Cell) -> None:
    first, second = publish([cell(value=1.0)]), publish([cell(value=2.0)])
    first.refresh_from_db()
    assert (first.state, second.state, second.supersedes) == ("superseded", "done", first)
    assert services.current_run("test", "compile", "411500") == second
    assert services.values("test.co2e")["value"].to_list() == [2.0]
    assert services.values("test.co2e", run=first)["value"].to_list() == [1.0]


def test_a_run_that_is_not_finished_or_has_failed_is_not_read(
    start: Any, publish: Any, cell: Cell, now: datetime
) -> None:
    current, running, failed = publish([cell(value=1.0)]), start(), start()
    services.publish(running, [cell(value=2.0)])
    services.publish(failed, [cell(value=3.0)])
    services.fail_run(failed, now, "缺少平衡表")
    assert services.current_run("test", "compile", "411500") == current
    assert services.values("test.co2e")["value"].to_list() == [1.0]
    assert (failed.state, failed.note, failed.finished_at) == ("failed", "缺少平衡表", now)


def test_subjects_kinds_and_variants_live_side_by_side(publish: Any, cell: Cell) -> None:
    runs = [
        publish([cell(value=1.0)]),
        publish([cell(value=2.0)], variant="gwp=AR6"),
        publish([cell(subject="411600")], subject="411600"),
        publish([cell(period="2021")], kind="forecast"),
    ]
    assert {run.state for run in Run.objects.all()} == {"done"}
    assert services.current_run("test", "compile", "411500", variant="gwp=AR6") == runs[1]
    assert services.current_run("test", "compile", "411700") is None
    assert services.values("test.co2e", subject="411500", period=2020)["value"].to_list() == [1.0]
    assert services.values("test.co2e", variant="gwp=AR6")["value"].to_list() == [2.0]
    both = services.values("test.co2e", subject="411500", period="2020", variant=None)
    assert both["variant"].to_list() == ["", "gwp=AR6"]


def test_the_database_itself_keeps_one_current_run(publish: Any, start: Any, cell: Cell) -> None:
    publish([cell()])
    other = start()
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=other.pk).update(state="done")


def test_a_run_finishes_once(publish: Any, cell: Cell, now: datetime) -> None:
    run = publish([cell()])
    for end in (services.finish_run, services.fail_run):
        with pytest.raises(IndicatorError):
            end(run, now)


def test_clocks_without_a_zone_are_refused(start: Any, now: datetime) -> None:
    naive, run = now.replace(tzinfo=None), start()
    for attempt in (services.finish_run, services.fail_run):
        with pytest.raises(ValueError, match="time zone"):
            attempt(run, naive)
    with pytest.raises(ValueError, match="time zone"):
        services.start_run(domain="test", kind="x", subject="y", now=naive)


def test_two_current_answers_to_one_question_are_refused(publish: Any, cell: Cell) -> None:
    publish([cell(subject="411502", value=1.0)], subject="411500")
    publish([cell(subject="411502", value=2.0)], subject="411502")
    with pytest.raises(IndicatorError, match=r"两次现行计算.*411500、411502"):
        services.values("test.co2e", subject="411502")
    assert services.values("test.co2e", subject="411502", run_subject="411502")["value"].to_list() == [2.0]


def test_reading_narrows_by_subject_period_and_key(publish: Any, cell: Cell) -> None:
    rows = [
        cell(subject=subject, period=period, key=key)
        for subject in ("411502", "411503")
        for period in ("2020", "2021", "2020-05")
        for key in ("", "gas=CH4;sector=3")
    ]
    publish([*rows, cell(indicator="test.share", unit="%")])
    assert services.values("test.co2e").height == 12
    assert services.values("test.co2e", subject=["411502", "411503"], period=[2020, "2021年"]).height == 8
    assert services.values("test.co2e", key="").height == 6
    assert services.values("test.co2e", key="sector=3;gas=CH4", period="2020-05").height == 2
    assert services.values(["test.co2e", "test.share"], subject="411500").height == 1
    with pytest.raises(PeriodError):
        services.values("test.co2e", period="last year")


def test_a_misspelt_indicator_is_an_error_and_not_an_empty_answer(publish: Any, cell: Cell) -> None:
    publish([cell()])
    with pytest.raises(IndicatorError, match=r"没有指标“test\.co2"):
        services.values(["test.co2e", "test.co2"])


def test_a_frame_has_its_columns_and_types_even_when_empty(board: None, publish: Any, cell: Cell) -> None:
    assert services.values("test.co2e").schema == services.SCHEMA
    publish([cell(lineage={"b": 1, "a": "方法"}, estimated=0.5)])
    frame = services.values("test.co2e")
    assert frame.schema == services.SCHEMA
    row = frame.row(0, named=True)
    assert (row["lineage"], row["basis_share_estimated"], row["run_subject"]) == ('{"a":"方法","b":1}', 0.5, "411500")


def test_the_worst_status_of_a_run_is_that_of_its_worst_value(publish: Any, cell: Cell) -> None:
    assert services.worst_status(publish([cell(), cell(period="2021")])) is Status.OK
    assert services.worst_status(publish([cell(), cell(period="2021", status=1)])) is Status.INCOMPLETE
    assert services.worst_status(publish([cell(status=2), cell(period="2021", status=1)])) is Status.DEGRADED


def test_a_comparison_says_what_changed_came_and_went(publish: Any, cell: Cell) -> None:
    a = publish(
        [
            cell(period="2019", value=100.0),
            cell(period="2020", value=-10.0),
            cell(period="2021", value=0.0),
            cell(period="2022", value=None, notation="NE", status=1),
            cell(period="2023", value=7.0),
        ]
    )
    b = publish(
        [
            cell(period="2019", value=90.0),
            cell(period="2020", value=-5.0),
            cell(period="2021", value=4.0),
            cell(period="2022", value=8.0),
            cell(period="2024", value=9.0, status=2),
        ]
    )
    found = services.compare(a, b)
    assert found.columns[:8] == ["indicator", "subject", "period", "key", "a", "b", "difference", "relative"]
    assert found.select("period", "a", "b", "difference", "relative").rows() == [
        ("2019", 100.0, 90.0, -10.0, -0.1),
        ("2020", -10.0, -5.0, 5.0, 0.5),  # a sink that shrank by half: up by 5, and up relative to its size
        ("2021", 0.0, 4.0, 4.0, None),
        ("2022", None, 8.0, None, None),
        ("2023", 7.0, None, None, None),
        ("2024", None, 9.0, None, None),
    ]
    assert found["notation_a"].to_list() == ["", "", "", "NE", "", None]
    assert found["status_b"].to_list() == [0, 0, 0, 0, None, 2]
    assert set(found["unit"]) == {"t CO2e"}


figures = st.dictionaries(
    st.tuples(st.sampled_from(["2020", "2021", "2020Q1"]), st.sampled_from(["", "gas=CH4", "gas=CO2"])),
    st.floats(-1e12, 1e12, allow_nan=False),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=figures, b=figures)
def test_a_comparison_holds_every_cell_of_either_run_once(
    a: dict[tuple[str, str], float], b: dict[tuple[str, str], float], publish: Any, cell: Cell
) -> None:
    """Against a dict: the union of cells, each with both numbers as published."""
    first, second = (
        publish([cell(period=period, key=key, value=value) for (period, key), value in each.items()]) for each in (a, b)
    )
    found = services.compare(first, second)
    assert {(row["period"], row["key"]): (row["a"], row["b"]) for row in found.iter_rows(named=True)} == {
        each: (a.get(each), b.get(each)) for each in a.keys() | b.keys()
    }
    assert found.height == len(a.keys() | b.keys())
    back = services.compare(second, first)
    assert back.select(-pl.col("difference")).equals(found.select("difference"))


def test_numbers_come_back_to_the_last_bit(publish: Any, cell: Cell) -> None:
    numbers = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 1e22]
    publish([cell(key=f"n={row}", value=number) for row, number in enumerate(numbers)])
    assert services.values("test.co2e")["value"].to_list() == numbers
    assert Value.objects.count() == len(numbers)
