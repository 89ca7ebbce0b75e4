"""The score counts what the annotation asks for, and says what it counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dafeng.domains.plan.reading import parse_text, score
from dafeng.domains.plan.reading.scorer import likeness, load_annotation
from dafeng.kernel.errors import PlanError

TEXT = "一、目标\n到2025年，森林覆盖率达到38%，单位地区生产总值能耗下降13%，乡镇污水处理设施实现全覆盖。\n二、任务\n（一）光伏。建成光伏电站5座。（责任单位：市发展改革委、市财政局）"


def row(indicator: str, value: float, unit: str, year: int | None, **more: Any) -> dict[str, Any]:
    return {"indicator": indicator, "value": value, "unit": unit, "year": year, "quote": "森林覆盖率达到38%", **more}


def annotation(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"targets": list(rows), **more}


FOREST = row("森林覆盖率", 38, "%", 2025)
ENERGY = row("单位GDP能耗", 13, "%", 2025, baseline_year=2020, quote="单位地区生产总值能耗下降13%")


def test_names_are_alike_when_the_usual_variants_are_levelled() -> None:
    assert likeness("全市单位地区生产总值能源消耗", "单位GDP能耗") == 1
    assert likeness("非化石能源消费占比", "非化石能源消费比重") == 1
    assert likeness("森林覆盖率", "农膜回收率") == 0


def test_recall_and_precision_count_hits_misses_and_extras() -> None:
    found = score(parse_text(TEXT), annotation(FOREST, ENERGY, row("湿地保护率", 50, "%", 2025, quote="无")))
    assert found.recall == pytest.approx(2 / 3)
    assert found.precision == pytest.approx(2 / 3)  # five power stations are not annotated
    assert found.strict_precision == pytest.approx(2 / 4)  # nor is full coverage, which stands in words
    assert found.baseline == 1


def test_a_wrong_year_value_or_unit_is_no_hit() -> None:
    for wrong in (
        row("森林覆盖率", 39, "%", 2025),
        row("森林覆盖率", 38, "%", 2030),
        row("森林覆盖率", 38, "个百分点", 2025),
    ):
        assert score(parse_text(TEXT), annotation(wrong)).recall == 0


def test_optional_items_count_neither_as_missed_nor_as_wrong() -> None:
    stations = row("光伏电站", 5, "座", None, optional=True, quote="建成光伏电站5座")
    missing = row("湿地", 9, "处", 2025, optional=True, quote="无")
    found = score(parse_text(TEXT), annotation(FOREST, ENERGY, stations, missing))
    assert (found.recall, found.precision) == (1, 1)


def test_owners_are_compared_through_the_register() -> None:
    task = {"path": "二/（一）", "units": ["市发改委", "市财政局"]}
    found = score(parse_text(TEXT), annotation(FOREST, tasks=[task]))
    assert (found.owners, found.owners_exact) == (1, 1)
    task = {"path": "二/（一）", "units": ["市发展改革委", "市财政局", "市水利局"]}
    found = score(parse_text(TEXT), annotation(FOREST, tasks=[task]))
    assert (found.owners, found.owners_wrong) == (0, ["二/（一） 缺 市水利局；多 无"])


def test_an_annotation_of_another_plan_is_refused() -> None:
    with pytest.raises(PlanError, match="不是同一份"):
        score(parse_text("一、目标\n到2025年，湿地保护率达到50%。"), annotation(FOREST))


@pytest.mark.parametrize("content", ["{", "[]", '{"targets": 3}', '{"targets": [{"indicator": "x"}]}'])
def test_a_file_that_is_no_annotation_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, "utf-8")
    with pytest.raises(PlanError):
        load_annotation(path)


def test_an_annotation_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(annotation(FOREST), ensure_ascii=False), "utf-8")
    assert load_annotation(path)["targets"] == [FOREST]
