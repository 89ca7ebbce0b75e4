"""Which authority reviews a project, and whether it needs a report and a carbon evaluation: arts. 8 to 11 of the measures of 2025."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dafeng.domains.enterprise.review.methods.energy import Consumption, consumption
from dafeng.domains.enterprise.review.methods.proposals import Proposal
from dafeng.domains.enterprise.review.methods.rules import Rules, rules

# An equal value no power system reaches (it would turn 12 % of its fuel into power): below the limit even so, the coefficient is idle.
EQUAL_MOST = 1.0  # tce/MWh


class LevelOfReview(StrEnum):
    NATION = "nation"
    PROVINCE = "province"
    LOCAL = "local"
    NONE = "none"
    OPEN = "open"


@dataclass(frozen=True)
class Reason:
    """Why: a code for the sentence, the article, and the figures that the sentence names."""

    code: str
    article: int
    paragraph: int = 1
    figures: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Decision:
    """`level` of authority; `report` and `carbon` True, False, or None where a figure is missing (`open` names it).

    `county_may`: whether the province may leave it to a county (never for two-high projects). `committed`: notice and commitment
    inside a reviewed zone.
    """

    level: LevelOfReview
    report: bool | None
    carbon: bool | None
    county_may: bool | None
    committed: bool
    reasons: tuple[Reason, ...]
    open: tuple[str, ...] = ()


def threshold(project: Proposal, known: Rules | None = None, used: Consumption | None = None) -> Decision:
    """The decision of arts. 8–11 on a proposal, by the year's energy in equivalent value and coal in t."""
    known = known or rules()
    used = used or consumption(project, known)
    level, reasons, open_ = _level(project, known, used)
    if level in (LevelOfReview.NATION, LevelOfReview.OPEN):
        report: bool | None = True
    else:
        report, why = _report(project, known, used)
        reasons.append(why)
        level = level if report else LevelOfReview.NONE
    carbon = _carbon(project, level, reasons, open_, needed=bool(report))
    committed = bool(project.reviewed_zone and report and level is LevelOfReview.LOCAL)
    if committed:
        reasons.append(Reason("committed", 11))
    county_may = None if project.two_high is None and level is LevelOfReview.LOCAL else level is LevelOfReview.LOCAL and not project.two_high  # fmt: skip
    if level is LevelOfReview.LOCAL:
        reasons.append(Reason("not_county" if project.two_high else "province_decides", 8))
        if project.two_high is None:
            open_.append("two_high")
    return Decision(level, report, carbon, county_may, committed, tuple(reasons), tuple(open_))


def _level(project: Proposal, known: Rules, used: Consumption) -> tuple[LevelOfReview, list[Reason], list[str]]:
    tce, coal = used.equivalent, used.coal
    nation_tce, nation_coal = known.number("thresholds", "nation_tce"), known.number("thresholds", "nation_coal")
    reasons: list[Reason] = []
    if project.secret or project.simple:
        return LevelOfReview.LOCAL, reasons, []
    open_: list[str] = []
    if project.key_field:
        reached = max(tce, used.equal or 0.0) >= nation_tce or coal >= nation_coal
        if reached:
            figures = (("tce", max(tce, used.equal or 0.0)), ("coal", coal))
            return LevelOfReview.NATION, [Reason("nation", 9, figures=figures)], []
        power = next((row for row in used.rows if row.code == "electricity"), None)
        most = tce if power is None else tce - power.tce + power.amount * EQUAL_MOST
        if used.equal is None and most >= nation_tce:
            # Whether the equal value reaches the limit cannot be told without its coefficient.
            return LevelOfReview.OPEN, [Reason("nation_open", 9, figures=(("tce", tce), ("coal", coal)))], ["equal_electricity"]  # fmt: skip
        reasons.append(Reason("below_nation", 9, figures=(("tce", used.higher or tce), ("coal", coal))))
    if project.national:
        return LevelOfReview.PROVINCE, [*reasons, Reason("approved_by_state", 8)], open_
    if tce >= known.number("thresholds", "province_tce") or coal >= known.number("thresholds", "province_coal"):
        return LevelOfReview.PROVINCE, [*reasons, Reason("province", 8, figures=(("tce", tce), ("coal", coal)))], open_
    reasons.append(Reason("below_province", 8, figures=(("tce", tce), ("coal", coal))))
    return LevelOfReview.LOCAL, reasons, open_


def _report(project: Proposal, known: Rules, used: Consumption) -> tuple[bool, Reason]:
    figures = (("tce", used.equivalent), ("coal", used.coal))
    if project.secret:
        return False, Reason("secret", 8, 2)
    if project.simple:
        return False, Reason("simple", 8, 2)
    small = used.equivalent < known.number("thresholds", "report_tce") and used.coal < known.number("thresholds", "report_coal")  # fmt: skip
    return not small, Reason("small" if small else "report", 8, 2, figures)


def _carbon(
    project: Proposal, level: LevelOfReview, reasons: list[Reason], open_: list[str], *, needed: bool
) -> bool | None:
    """Art. 10: always with the national review; locally for large emissions that may harm the local targets, which the office says."""
    if not needed:
        return False
    if level is LevelOfReview.NATION:
        reasons.append(Reason("carbon_nation", 10))
        return True
    if project.large_carbon is None:
        reasons.append(Reason("carbon_open", 10))
        open_.append("large_carbon")
        return None
    reasons.append(Reason("carbon_local" if project.large_carbon else "carbon_not", 10))
    return project.large_carbon
