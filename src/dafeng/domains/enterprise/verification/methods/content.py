"""How the verifier reads a report's frozen content: values, result rows, parameters, totals. The one place that knows its shape.

The content is `reporting`'s (docs/dev/enterprise.md): `values` (facility, month, item, stream, value, way), `rows` (facility, month,
stream, formula, inputs, t_co2e, whether it counts in `reporting` and in `compliance`), `totals` of both, and by facility.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BOUNDARIES = ("reporting", "compliance")


@dataclass(frozen=True)
class Row:
    """One line of the calculation as the platform reports it; `inputs` are numbers in `units`, `sources` the parameters behind."""

    facility: str
    month: str
    stream: str
    formula: str
    inputs: Mapping[str, float]
    emissions: float
    boundaries: frozenset[str] = frozenset(BOUNDARIES)
    ways: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def counts_in(self, boundary: str) -> bool:
        return boundary in self.boundaries


@dataclass(frozen=True)
class Value:
    value: float | None
    unit: str
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
        emissions = number(each.get("t_co2e", each.get("value")))
        if emissions is None:
            continue
        told = [given for given in each.get("inputs") or () if number(given) is not None]
        found.append(
            Row(
                facility=str(each.get("facility", "")),
                month=str(each.get("month", "")),
                stream=str(each.get("stream") or ""),
                formula=str(each.get("formula", "")),
                inputs={str(given["name"]): number(given) or 0.0 for given in told},
                emissions=emissions,
                boundaries=frozenset(boundary for boundary in BOUNDARIES if each.get(boundary, True)),
                ways={str(given["name"]): str(given.get("way") or "") for given in told},
                units={str(given["name"]): str(given.get("unit") or "") for given in told},
                sources={str(given["name"]): str(given.get("source") or "") for given in told},
            )
        )
    return found


def values_of(content: Mapping[str, Any]) -> dict[tuple[str, str, str, str], Value]:
    """What was told, by (facility, month, item, stream)."""
    return {
        (str(each.get("facility", "")), str(each.get("month", "")), str(each.get("item", "")), str(each.get("stream") or "")): Value(
            number(each.get("value")), str(each.get("unit") or ""), str(each.get("way") or "")
        )
        for each in content.get("values", ())
    }  # fmt: skip


def parameters_of(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The parameters that the report kept, by id."""
    return {str(each.get("id", "")): each for each in content.get("parameters", ())}


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
