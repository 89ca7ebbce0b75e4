"""Publishing: every figure is whole or the run gets none; units meet the indicator's; nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.db import IntegrityError, transaction

from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.errors import UnitError
from dafeng.kernel.indicators import services
from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.models import Indicator, Value
from dafeng.kernel.records.errors import AuditError

pytestmark = pytest.mark.django_db
Cell = Callable[..., dict[str, Any]]


def test_a_figure_is_stored_in_the_indicators_unit(start: Any, cell: Cell) -> None:
    run = start()
    rows = [
        cell(value=12.5, unit="万吨 CO2e"),
        cell(indicator="test.share", value=0.215, unit="1"),
        cell(indicator="test.share", period="2021", value=22, unit="%"),
    ]
    assert services.publish(run, rows) == 3
    assert [(each.value, each.unit) for each in Value.objects.order_by("id")] == [
        (pytest.approx(125_000, rel=1e-12), "t CO2e"),
        (pytest.approx(21.5, rel=1e-12), "%"),
        (22.0, "%"),
    ]


def test_all_that_comes_with_a_figure_is_kept(start: Any, cell: Cell) -> None:
    lineage = {"method": "energy.stationary.co2", "factors": ["f1"], "n": 1e22}
    row = cell(
        period="2020-03", dimensions={"sector": "1", "gas": "CO2"}, status=Status.DEGRADED, estimated=0.25,
        lineage=lineage, value=Decimal("1.5"),
    )  # fmt: skip
    services.publish(start(), [row])
    stored = Value.objects.get()
    assert (stored.period, stored.key, stored.status, stored.value) == ("2020-03", "gas=CO2;sector=1", 2, 1.5)
    assert (stored.basis_share_estimated, stored.lineage, stored.notation) == (0.25, lineage, "")


def test_a_polars_frame_and_a_list_of_rows_say_the_same(start: Any, cell: Cell) -> None:
    rows = [
        cell(key="gas=CH4", lineage={"a": 1}, notation=None, estimated=0.5),
        cell(key="gas=N2O", value=None, notation="NE", status=1, lineage={"a": 2}, estimated=None),
    ]
    as_list, as_frame = start(), start()
    services.publish(as_list, rows)
    services.publish(as_frame, pl.DataFrame(rows))
    without_run = pl.exclude("run")
    assert services.run_values(as_list).select(without_run).equals(services.run_values(as_frame).select(without_run))


def test_lineage_may_come_as_json_text(start: Any, cell: Cell) -> None:
    services.publish(start(), [cell(lineage='{"b":[1]}')])
    assert Value.objects.get().lineage == {"b": [1]}


@pytest.mark.parametrize("notation", list(Notation))
def test_a_missing_figure_is_a_notation_key_and_never_zero(notation: Notation, start: Any, cell: Cell) -> None:
    services.publish(start(), [cell(value=None, notation=notation, status=1)])
    stored = Value.objects.get()
    assert (stored.value, stored.notation) == (None, str(notation))


@pytest.mark.parametrize(
    ("change", "column", "message"),
    [
        ({"indicator": "test.unknown"}, "indicator", "没有指标"),
        ({"indicator": None}, "indicator", "没有填写"),
        ({"subject": ""}, "subject", "没有填写"),
        ({"subject": "  "}, "subject", "写法不对"),
        ({"subject": "长" * 161}, "subject", "写法不对"),
        ({"period": "20"}, "period", "不认识的时期"),
        ({"unit": ""}, "unit", "没有填写"),
        ({"unit": "t CH4"}, "unit", "不能换算"),
        ({"unit": "kg"}, "unit", "不能换算"),
        ({"unit": "斛"}, "unit", "不认识的单位"),
        ({"unit": "斛", "value": None, "notation": "NE"}, "unit", "不认识的单位"),
        ({"status": None}, "status", "没有填写"),
        ({"status": 3}, "status", "不认识"),
        ({"status": True}, "status", "不认识"),
        ({"value": None}, "notation", "没有数值，也没有符号"),
        ({"value": None, "notation": "0"}, "notation", "符号“0”不认识"),
        ({"notation": "NE"}, "notation", "既有数值又有符号"),
        ({"value": float("nan")}, "value", "NaN"),
        ({"value": float("inf")}, "value", "不是有限的数"),
        ({"value": 1e308, "unit": "万吨 CO2e"}, "value", "不是有限的数"),
        ({"value": 10**400}, "value", "不是数字"),
        ({"value": "1.5"}, "value", "不是数字"),
        ({"value": True}, "value", "不是数字"),
        ({"estimated": 1.5}, "estimated", "占比为 1.5"),
        ({"estimated": -0.2}, "estimated", "占比为 -0.2"),
        ({"basis_share_estimated": float("nan")}, "basis_share_estimated", "不是有限的数"),
        ({"key": "gas"}, "key", "写法不对"),
        ({"key": "gas=" + "x" * 200}, "key", "不超过 200"),
        ({"key": "a=1", "dimensions": {"a": 1}}, "key", "只能写一个"),
        ({"lineage": "{"}, "lineage", "不是合法的 JSON"),
        ({"lineage": {"x": float("nan")}}, "lineage", "不是有限的数"),
        ({"colour": "blue"}, "colour", "不认识的列"),
    ],
)
def test_an_unsound_figure_is_named_and_nothing_is_written(
    change: dict[str, Any], column: str, message: str, start: Any, cell: Cell
) -> None:
    rows = [cell(), cell(period="2021") | change, cell(period="2022")]
    with pytest.raises(IndicatorError, match=message) as caught:
        services.publish(start(), rows)
    assert (caught.value.where.row, caught.value.where.column) == (2, column)
    assert "没有写入任何数据" in str(caught.value)
    assert not Value.objects.exists()


def test_all_faulty_rows_are_told_at_once(start: Any, cell: Cell) -> None:
    rows = [cell(), cell(unit="斛"), cell(value=float("nan")), cell(status=9)]
    with pytest.raises(IndicatorError, match="另有 2 行有误") as caught:
        services.publish(start(), rows)
    assert [each.where.row for each in caught.value.problems] == [2, 3, 4]


def test_a_cell_twice_in_one_run_is_refused_in_whatever_order_its_key_is_written(start: Any, cell: Cell) -> None:
    run = start()
    with pytest.raises(IndicatorError, match="与第 1 行是同一个"):
        services.publish(run, [cell(key="a=1;b=2"), cell(key="b=2;a=1", value=9)])
    services.publish(run, [cell(key="a=1;b=2")])
    with pytest.raises(IndicatorError, match="不能覆盖"):
        services.publish(run, [cell(), cell(key="b=2;a=1")])
    assert Value.objects.count() == 1
    services.publish(run, [cell()])
    assert Value.objects.count() == 2


@pytest.mark.parametrize("end", [services.finish_run, services.fail_run])
def test_a_run_that_has_ended_takes_no_more_values(end: Any, start: Any, cell: Cell, now: datetime) -> None:
    run = start()
    end(run, now)
    with pytest.raises(IndicatorError, match="不能再写入"):
        services.publish(run, [cell()])


def test_a_value_is_never_changed_or_deleted(start: Any, cell: Cell) -> None:
    services.publish(start(), [cell()])
    stored = Value.objects.get()
    stored.value = 2.0
    attempts = (stored.save, stored.delete, Value.objects.all().delete, lambda: Value.objects.update(value=2.0))
    for attempt in attempts:
        with pytest.raises(AuditError, match="只能追加"):
            attempt()


@pytest.mark.parametrize(
    "change", [{"status": 3}, {"value": None}, {"notation": "NE"}, {"basis_share_estimated": 1.5}, {"id": None}]
)
def test_the_database_itself_refuses_what_the_rules_refuse(change: dict[str, Any], start: Any, cell: Cell) -> None:
    """The last row, a second one for the same cell, is refused by its uniqueness."""
    services.publish(start(), [cell()])
    kept = Value.objects.values().get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Value.objects.bulk_create([Value(**kept | {"id": None} | change)])
    fields = kept | {"id": None, "period": "2021"} | change
    if change != {"id": None}:
        with pytest.raises(IntegrityError), transaction.atomic():
            Value.objects.bulk_create([Value(**fields)])


def test_an_indicator_is_said_again_with_better_words_but_not_with_another_unit(start: Any, cell: Cell) -> None:
    again = services.ensure_indicator("test.co2e", name="温室气体排放量", unit="kg CO2e", decimals=1)
    assert (again.name, again.unit, Indicator.objects.count()) == ("温室气体排放量", "kg CO2e", 2)
    services.publish(start(), [cell()])
    with pytest.raises(IndicatorError, match="单位不能改为"):
        services.ensure_indicator("test.co2e", name="温室气体排放量", unit="t CO2e")
    assert services.ensure_indicator("test.co2e", name="排放", unit="kg CO2e").name == "排放"


def test_an_indicator_needs_a_code_and_a_known_unit(db: None) -> None:
    for code in ("co2e", "Test.co2e", "test.", "test..a", "test.a b", "排放.总量"):
        with pytest.raises(IndicatorError, match="指标代码"):
            services.ensure_indicator(code, name="x", unit="t")
    with pytest.raises(UnitError):
        services.ensure_indicator("test.x", name="x", unit="斛")
    assert not Indicator.objects.exists()


def test_two_thousand_values_take_few_queries(start: Any, cell: Cell, django_assert_max_num_queries: Any) -> None:
    rows = [cell(subject=f"411500/{number}") for number in range(2_000)]
    with django_assert_max_num_queries(40):
        assert services.publish(start(), rows) == 2_000
