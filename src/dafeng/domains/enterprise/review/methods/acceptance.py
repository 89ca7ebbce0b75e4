"""After trial run: what was approved against what is used, by the 10 % rule of art. 26."""

from __future__ import annotations

from dataclasses import dataclass

from dafeng.domains.enterprise.review.methods.rules import Rules, rules


@dataclass(frozen=True)
class Check:
    """One measure. `over` in per cent of what was approved; `verdict` kept, higher (up to the limit), over, or open."""

    measure: str
    unit: str
    approved: float | None
    actual: float | None
    over: float | None
    verdict: str
    whole_year: bool = True


def against(
    measure: str, unit: str, approved: float | None, actual: float | None, *, whole_year: bool = True, known: Rules | None = None
) -> Check:  # fmt: skip
    """Above by more than 10 % of the approved figure is `over`. A sum of less than a year is `open` unless it is over already."""
    limit = (known or rules()).number("terms", "over_percent")
    if approved is None or actual is None or approved <= 0:
        return Check(measure, unit, approved, actual, None, "open", whole_year)
    over = (actual - approved) / approved * 100
    # Binary fractions: 110 of 100 is not more than 10 per cent above.
    if over > limit + 1e-9:
        verdict = "over"
    elif not whole_year:
        verdict = "open"
    else:
        verdict = "higher" if over > 1e-9 else "kept"
    return Check(measure, unit, approved, actual, over, verdict, whole_year)
