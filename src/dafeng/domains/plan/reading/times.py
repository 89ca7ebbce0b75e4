"""Years and periods: target years (到2025年, 2030年前), base years (比2020年), periods (“十四五”期间), and dates.

A year may stand alone, in a list (2025年、2030年分别), or as a span (2021—2025年). A five-year plan's number is a period
only where a time is meant: “十四五”期间, not “十四五”规划.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

YEAR = r"(?:19|20)\d{2}"
PLANS = {"十一五": 2006, "十二五": 2011, "十三五": 2016, "十四五": 2021, "十五五": 2026, "十六五": 2031}
PLAN = r"[“‘\"]?(?P<plan>十[一二三四五六]五)[”’\"]?"
BASE_LEAD = r"(?:相比于|相较于|相对于|相较|相比|对比|对照|比照|比|较|在|以|与|同)"

PATTERN = re.compile(
    rf"""(?P<base>(?<!占)(?<!对)(?<!同){BASE_LEAD}(?:上述)?(?:(?P<base_year>{YEAR})年?(?:年?[底末])?|[“‘]?(?P<base_plan>十[一二三四五六]五)[”’]?(?:期?末|时期末|期间末))
            (?:的?(?:水平|同期|基数|基准|实际))?(?:相比(?:较)?|的?基础上|为(?:基准|基期|基数)(?:年)?|之上)?)
      |(?P<date>{YEAR}年\d{{1,2}}月\d{{1,2}}日(?P<date_before>之?前|以前|底)?)
      |(?P<month>(?:到|至|在|截至|截止)?(?P<month_year>{YEAR})年\d{{1,2}}月(?:[底末])?(?P<month_before>之?前|以前|起)?)
      |(?P<span>(?P<span_from>{YEAR})年?(?:-|—{{1,2}}|~|至|到)(?P<span_to>{YEAR})年(?:期间|间)?)
      |(?P<period>(?:到|至|整个)?(?:[“‘](?P<plan_before>十[一二三四五六]五)[”’][、和]?)?{PLAN}(?P<plan_part>期间|时期内?|期末|时期末|末|以来|内|五年|初期|中期|收官)+)
      |(?P<at>(?P<lead>自|从|(?<![高长降低升加少大])(?:到|至)|在|截至|截止到?|力争到?|确保到?)?(?P<years>{YEAR}(?:年[、和及与]{YEAR}|[、/和]{YEAR})*)年(?:全年|内)?(?P<end>年?[底末初])?(?P<bound>之?前|以前|起|以后|以来|后|开始)?)
    """,
    re.VERBOSE,
)
BASE_WORD = re.compile(r"(?:比|较)(?:基准年|基期|基准年份|基年)")
# A year as part of a name: 《…（2024年版）》, 2021年度…计划, 〔2021〕.
NAME_AFTER = re.compile(r"(?:年)?(?:版|修订|试行|工作要点|第)")


@dataclass(frozen=True)
class Time:
    start: int
    end: int
    kind: str  # at | base | date
    years: tuple[int, ...]
    period: str | None = None
    bound: str = ""  # 前, 起, 以来 as printed
    past: bool = False  # 截至…, 自…以来
    lead: str = ""


def times(text: str) -> list[Time]:
    """All time phrases of a plain text in order."""
    found = [made for match in PATTERN.finditer(text) if (made := _time(match, text))]
    found += [Time(m.start(), m.end(), "base", ()) for m in BASE_WORD.finditer(text)]
    return sorted(found, key=lambda one: one.start)


def _time(match: re.Match[str], text: str) -> Time | None:
    start, end = match.span()
    if match["base"]:
        return _base(match, text)
    if match["date"] and not match["date_before"]:
        return Time(start, end, "date", (int(match["date"][:4]),))
    if match["date"]:
        return Time(start, end, "at", (int(match["date"][:4]),), bound="前")
    if match["month"]:
        return Time(start, end, "at", (int(match["month_year"]),), bound=match["month_before"] or "")
    if match["span"]:
        first, last = int(match["span_from"]), int(match["span_to"])
        return Time(start, end, "at", (last,), period=f"{first}-{last}") if first < last else None
    if match["period"]:
        first = PLANS[match["plan"]]
        past = "以来" in match["period"]
        last = "末" in match["period"]
        if match["plan_before"]:
            return Time(start, end, "at", (PLANS[match["plan_before"]] + 4, first + 4))
        return Time(start, end, "at", (first + 4,), None if last else f"{first}-{first + 4}", past=past)
    years = tuple(int(year) for year in re.findall(YEAR, match["years"]))
    if NAME_AFTER.match(text, end):
        return Time(start, end, "date", years)
    lead, bound = match["lead"] or "", match["bound"] or ""
    return Time(start, end, "at", years, bound=bound, past=bound == "以来", lead=lead)


def _base(match: re.Match[str], text: str) -> Time | None:
    """A base year, unless the word before it only looks like one (以2021年…大会为契机, 在2025年)."""
    start, end = match.span()
    year = int(match["base_year"]) if match["base_year"] else PLANS[match["base_plan"]] + 4
    phrase = match["base"]
    closed = re.search(r"相比|基础上|为基|之上|水平|同期|基数", phrase)
    if phrase[0] in "在以与同" and not closed:
        lead = len(phrase) - len(phrase.lstrip("在以与同"))
        return Time(start + lead, end, "at", (year,)) if phrase[0] in "在以" else Time(start, end, "date", (year,))
    return Time(start, end, "base", (year,))
