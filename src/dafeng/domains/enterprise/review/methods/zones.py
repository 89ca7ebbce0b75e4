"""Whether a project's unit of environmental control (生态环境分区管控, 三线一单) admits it: the unit's own list, then the rule of its class.

The list of a registered unit bars; the rule of a class is ours and only asks to be confirmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dafeng.domains.enterprise.review.methods.rules import Rules, rules


@dataclass(frozen=True)
class Unit:
    """A registered unit. `barred`: industries that its list keeps out, as prefixes of GB/T 4754 codes."""

    code: str
    name: str
    grade: str
    place: str
    barred: tuple[str, ...] = ()
    bars_two_high: bool = False
    document: str = ""


class Finding(StrEnum):
    """What is found; those of `BARS` stand against the project, the others are to be confirmed."""

    INDUSTRY = "zone_industry"
    TWO_HIGH = "zone_two_high"
    ELSEWHERE = "zone_elsewhere"
    UNTOLD = "zone_untold"
    UNREGISTERED = "zone_unregistered"
    CLASS_TWO_HIGH = "zone_class_two_high"
    NO_PAPER = "zone_no_paper"


BARS = (Finding.INDUSTRY, Finding.TWO_HIGH, Finding.ELSEWHERE)


def findings(
    *, grade: str, unit: Unit | None, industry: str, place: str, two_high: bool | None, papers: Sequence[str], document: str, known: Rules | None = None
) -> tuple[Finding, ...]:  # fmt: skip
    """`grade`, `document`: as the owner states them; `unit`: the registered one, None where it is not on the register."""
    table = (known or rules()).tables["zones"]
    if not grade and unit is None:
        return (Finding.UNTOLD,)
    found = []
    held = unit.grade if unit else grade
    if unit is None:
        found.append(Finding.UNREGISTERED)
    else:
        if unit.place != place:
            found.append(Finding.ELSEWHERE)
        if any(industry.startswith(each) for each in unit.barred):
            found.append(Finding.INDUSTRY)
        if unit.bars_two_high and two_high:
            found.append(Finding.TWO_HIGH)
    if held in table["bars_two_high"] and two_high and Finding.TWO_HIGH not in found:
        found.append(Finding.CLASS_TWO_HIGH)
    if held in table["evidence"] and not (papers and document.strip()):
        found.append(Finding.NO_PAPER)
    return tuple(found)
