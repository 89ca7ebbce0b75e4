"""What a project does to the county's energy or carbon budget and intensity target: the indicators m and n of energy assessment.

m = the project's energy ÷ what the county may add; n = ((a + d) ÷ (b + e) − c) ÷ c, with a the county's energy (tce), b its GDP
(万元), c its intensity (tce/万元), d the project's energy and e its value added. Grades from a web copy (letter C).
The same arithmetic serves carbon (t CO2 for tce; arts. 10, 16 of the measures); no text grades it, so carbon has no grades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dafeng.domains.enterprise.review.methods.rules import Rules, rules

GRADES = ("smaller", "some", "larger", "major", "decisive")


@dataclass(frozen=True)
class Base:
    """A county's base figures, of energy (tce) or of carbon (t CO2 in its place); None where nobody has told one."""

    energy: float | None = None
    gdp: float | None = None
    intensity: float | None = None
    increment: float | None = None
    budget: float | None = None
    used: float | None = None


@dataclass(frozen=True)
class Impact:
    """m and n in per cent with their grades; `left` tce of the year's budget after the project. `open` names what is missing."""

    m: float | None
    m_grade: str
    n: float | None
    n_grade: str
    left: float | None
    formulas: tuple[tuple[str, str], ...]
    open: tuple[str, ...]


def grade(percent: float, cuts: Sequence[float]) -> str:
    """The grade of a share: the first cut that it does not exceed. A quotient of floats that is 3 % on paper is 3 %, not a hair above."""
    for name, cut in zip(GRADES, cuts, strict=False):
        if percent <= cut + 1e-9:
            return name
    return GRADES[-1]


def effect(
    tce: float, added_value: float | None, base: Base, known: Rules | None = None, *, graded: bool = True
) -> Impact:
    """`tce`: what counts in dual control (feedstock and renewables deducted), or t CO2; `added_value` in 万元. Carbon is not `graded`."""
    known = known or rules()
    table = known.tables["impact"]
    open_, formulas = [], []
    m = n = left = None
    if base.increment:
        m = tce / base.increment * 100
        formulas.append(("m", f"{tce:,.1f} ÷ {base.increment:,.1f} × 100%"))
    else:
        open_.append("increment")
    missing = [name for name, value in (("energy", base.energy), ("gdp", base.gdp), ("intensity", base.intensity), ("added_value", added_value)) if not value]  # fmt: skip
    if base.energy and base.gdp and base.intensity and added_value:
        n = ((base.energy + tce) / (base.gdp + added_value) - base.intensity) / base.intensity * 100
        formulas.append(
            ("n", f"(({base.energy:,.0f} + {tce:,.1f}) ÷ ({base.gdp:,.0f} + {added_value:,.0f}) − {base.intensity:g}) ÷ {base.intensity:g} × 100%")
        )  # fmt: skip
    open_ += missing
    if base.budget is not None and base.used is not None:
        left = base.budget - base.used - tce
        formulas.append(("left", f"{base.budget:,.1f} − {base.used:,.1f} − {tce:,.1f}"))
    return Impact(
        m, grade(m, table["m"]) if m is not None and graded else "", n, grade(n, table["n"]) if n is not None and graded else "", left,
        tuple(formulas), tuple(open_),
    )  # fmt: skip
