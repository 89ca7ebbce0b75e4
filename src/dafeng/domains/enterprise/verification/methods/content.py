"""How the verifier reads a report's frozen content: values, result rows, parameters, totals. The one place that knows its shape.

The content is `reporting`'s (docs/dev/enterprise.md): `values` (facility, month, item, stream, value, way), `rows` (facility, month,
stream, formula, inputs, value in t CO2e, whether it counts in `reporting` and in `compliance`), `totals` of both, and by facility.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BOUNDARIES = ("reporting", "compliance")


@dataclass(frozen=True)
class Row:
    """One line of the calculation as the platform reports it; `inputs` are numbers in the units of the sector's schema."""

    facility: str
    month: str
    stream: str
    formula: str
    inputs: Mapping[str, float]
    emissions: float
    boundaries: frozenset[str] = frozenset(BOUNDARIES)
    ways: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)

    def counts_in(self, boundary: str) -> bool:
        return boundary in self.boundaries


@dataclass(frozen=True)
class Value:
    facility: str
    month: str
    item: str
    stream: str
    value: float | None
    way: str


def number(given: Any) -> float | None:
    """A number, also where it comes with its unit and standing; None where there is none."""
    if isinstance(given, Mapping):
        given = given.get("value")
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return float(given)


def rows_of(content: Mapping[str, Any]) -> list[Row]:
    """The result rows in the order of the report; a row without a number is not one."""
    found = []
    for each in content.get("rows", ()):
        emissions = number(each.get("value"))
        if emissions is None:
            continue
        inputs, ways, items = {}, {}, {}
        for name, given in (each.get("inputs") or {}).items():
            value = number(given)
            if value is None:
                continue
            inputs[name] = value
            if isinstance(given, Mapping):
                ways[name] = str(given.get("way", ""))
                items[name] = str(given.get("item", "") or name)
            else:
                items[name] = name
        boundaries = frozenset(boundary for boundary in BOUNDARIES if each.get(boundary, True))
        found.append(
            Row(
                facility=str(each.get("facility", "")),
                month=str(each.get("month", "")),
                stream=str(each.get("stream") or ""),
                formula=str(each.get("formula", "")),
                inputs=inputs,
                emissions=emissions,
                boundaries=boundaries,
                ways=ways,
                items=items,
            )
        )
    return found


def values_of(content: Mapping[str, Any]) -> dict[tuple[str, str, str, str], Value]:
    """What was told, by (facility, month, item, stream)."""
    found = {}
    for each in content.get("values", ()):
        value = Value(
            facility=str(each.get("facility", "")),
            month=str(each.get("month", "")),
            item=str(each.get("item", "")),
            stream=str(each.get("stream") or ""),
            value=number(each.get("value")),
            way=str(each.get("way", "")),
        )
        found[value.facility, value.month, value.item, value.stream] = value
    return found


def totals_of(content: Mapping[str, Any]) -> dict[str, float]:
    """The reported totals by boundary; one that is not told is not there."""
    told = content.get("totals") or {}
    found = {boundary: number(told.get(boundary)) for boundary in BOUNDARIES}
    return {boundary: value for boundary, value in found.items() if value is not None}


def facility_totals_of(content: Mapping[str, Any]) -> dict[str, float]:
    """The reported sums by facility, of the reporting boundary."""
    told = (content.get("totals") or {}).get("facilities") or {}
    found = {str(code): number(sums.get("reporting")) for code, sums in told.items()}
    return {code: value for code, value in found.items() if value is not None}
