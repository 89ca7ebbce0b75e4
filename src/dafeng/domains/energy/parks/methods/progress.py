"""Whether *all* parks that must have done the circular retrofit: an all-of target, so that one missing park means not met.

A park whose 具备条件 nobody has judged may belong to those that must: while there is one, the target cannot be called met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Standing:
    """A park. `qualified`: None where nobody judged it; `stage`: none, doing, done."""

    code: str
    upper: bool
    qualified: bool | None
    stage: str
    done_on: date | None = None


@dataclass(frozen=True)
class Progress:
    """`verdict`: met, open (before the end of the year), missed (after it), unknown (nobody must, or some are not judged and the rest done).

    `late`: done, but after the year of the target.
    """

    year: int
    must: tuple[str, ...]
    done: tuple[str, ...]
    late: tuple[str, ...]
    missing: tuple[str, ...]
    unjudged: tuple[str, ...]
    verdict: str

    @property
    def share(self) -> float | None:
        """Percent of those that must; None where nobody must."""
        return (len(self.done) + len(self.late)) / len(self.must) * 100 if self.must else None


def progress(parks: Sequence[Standing], *, year: int, upper_only: bool, on: date) -> Progress:
    """`upper_only`: the target of qualified parks of provincial level and above; else every park must."""
    if upper_only:
        counted = [each for each in parks if each.upper and each.qualified]
        unjudged = tuple(each.code for each in parks if each.upper and each.qualified is None)
    else:
        counted, unjudged = list(parks), ()
    end = date(year, 12, 31)
    finished = [each for each in counted if each.stage == "done"]
    late = tuple(each.code for each in finished if each.done_on is not None and each.done_on > end)
    done = tuple(each.code for each in finished if each.code not in late)
    missing = tuple(each.code for each in counted if each.stage != "done")
    if missing:
        verdict = "missed" if on > end else "open"
    elif unjudged or not counted:
        verdict = "unknown"
    else:
        verdict = "missed" if late else "met"
    return Progress(year, tuple(each.code for each in counted), done, late, missing, unjudged, verdict)
