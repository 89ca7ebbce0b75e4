"""Payloads: portable JSON, and schemas that are enforced to the letter."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.records.errors import RecordError, WorkflowError
from dafeng.kernel.records.payloads import check_schema, digest, dump, plain, validate

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)


class Basis(Enum):
    METERED = "metered"


@given(JSON)
def test_a_plain_value_equals_its_source_and_is_plain_for_good(value: Any) -> None:
    try:
        once = plain(value)
    except RecordError:
        assert "\x00" in repr(value) or "\\x00" in repr(value) or "\\ud" in repr(value)
        return
    assert once == value
    assert dump(plain(once)) == dump(once) == dump(json.loads(dump(once)))


def test_dates_decimals_ids_and_translations_become_text() -> None:
    given_values = {
        "a": date(2026, 1, 2),
        "b": datetime(2026, 1, 2, 3, tzinfo=UTC),
        "c": Decimal("1.50"),
        "d": UUID(int=7),
        "e": Basis.METERED,
        "f": gettext_lazy("名称"),
        "g": (1, 2),
    }
    assert plain(given_values) == {
        "a": "2026-01-02",
        "b": "2026-01-02T03:00:00+00:00",
        "c": "1.50",
        "d": "00000000-0000-0000-0000-000000000007",
        "e": "metered",
        "f": "名称",
        "g": [1, 2],
    }


def test_what_a_database_would_rewrite_is_rewritten_first() -> None:
    assert dump(plain([1e22, -0.0, 1e15])) == "[10000000000000000000000,0.0,1000000000000000.0]"


def test_the_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})


@pytest.mark.parametrize("bad", [float("nan"), float("-inf"), "\x00", "\udc00", b"bytes", {1, 2}, {3: 4}])
def test_what_json_cannot_hold_is_refused_with_its_path(bad: Any) -> None:
    with pytest.raises(RecordError, match=r"井\[2\]\.深"):
        plain({"井": [{}, {"深": bad}]})


def test_a_bottomless_payload_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    with pytest.raises(RecordError, match="嵌套"):
        plain(deep)


SCHEMA = {
    "required": ["holder", "volume"],
    "additionalProperties": False,
    "properties": {
        "holder": {"type": "string", "title": "取水单位", "minLength": 1, "maxLength": 5},
        "volume": {"type": "number", "title": "取水量", "minimum": 0, "maximum": 100},
        "year": {"type": "integer", "title": "年份"},
        "kind": {"enum": ["地表", "地下"], "title": "类型"},
        "urgent": {"type": "boolean", "title": "急件"},
        "note": {"type": ["string", "null"], "title": "备注"},
        "wells": {
            "type": "array",
            "title": "水井",
            "minItems": 1,
            "items": {"required": ["depth"], "properties": {"depth": {"type": "number", "title": "井深"}}},
        },
    },
}
GOOD = {"holder": "自来水", "volume": 3}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"holder": 5}, "“取水单位”应为文字"),
        ({"holder": ""}, "“取水单位”至少要 1 个字"),
        ({"holder": "一二三四五六"}, "“取水单位”最多 5 个字"),
        ({"volume": "3"}, "“取水量”应为数字"),
        ({"volume": True}, "“取水量”应为数字"),
        ({"volume": -1}, "“取水量”不应小于 0"),
        ({"volume": 101}, "“取水量”不应大于 100"),
        ({"year": 2020.5}, "“年份”应为整数"),
        ({"kind": "雨水"}, "“类型”应为 地表、地下 之一"),
        ({"urgent": 1}, "“急件”应为是或否"),
        ({"note": 1}, "“备注”应为文字或空"),
        ({"wells": []}, "“水井”至少要 1 项"),
        ({"wells": [{"depth": 1}, {}]}, "缺少“水井第 2 项 井深”"),
        ({"wells": [{"depth": "深"}]}, "“水井第 1 项 井深”应为数字"),
        ({"color": "blue"}, "多出了“color”"),
    ],
)
def test_each_rule_names_the_field_in_the_users_words(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(RecordError) as caught:
        validate(SCHEMA, GOOD | change)
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize("change", [{}, {"year": 2020}, {"year": 2020.0}, {"note": None}, {"wells": [{"depth": 1.5}]}])
def test_a_good_payload_passes(change: dict[str, Any]) -> None:
    validate(SCHEMA, GOOD | change)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(RecordError, match="另有 2 处") as caught:
        validate(SCHEMA, {"volume": -1, "color": "blue"})
    assert caught.value.problems == ("缺少“取水单位”", "“取水量”不应小于 0", "多出了“color”")


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "^a"},
        {"type": "text"},
        {"properties": {"a": {"oneOf": []}}},
        {"required": ["a"]},
        {"additionalProperties": {"type": "string"}},
        {"items": []},
        [],
    ],
)
def test_a_schema_that_would_not_be_enforced_to_the_letter_is_refused(schema: Any) -> None:
    with pytest.raises(WorkflowError):
        check_schema(schema)
