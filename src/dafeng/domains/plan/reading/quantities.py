"""The tokenizer of quantities: every number of a text with its unit, magnitude, range and qualifiers.

It reads Arabic and Chinese numerals (百分之三十, 两), ranges (1~2 个), fractions (三分之一, 一半), multiples (翻一番) and
numbers that borrow the unit of the next (60、50%). It does not judge what a number is for; `roles.py` does.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from dafeng.domains.plan.reading.marks import chinese_number
from dafeng.domains.plan.reading.spans import cover, is_in

MAGNITUDE = r"(?:亿|千万|百万|十万|万|千|百)"
# Bounded, so that a page of digits costs no more than a page of text.
NUMBER = r"\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,8})?|\d{1,15}(?:\.\d{1,8})?"
CN_NUMBER = r"[一二两三四五六七八九十百]{1,4}"
TO = r"(?:~|-|—{1,2}|至|到)"
BEFORE = [
    (">=", r"(?:不低于|不少于|不小于|不得低于|不得少于|至少|最低|≥|保底|大于等于|大于或等于|不低於)"),
    ("<=", r"(?:不超过|不高于|不大于|不得超过|不得高于|不多于|最多|至多|≤|控制在|限制在|小于等于|小于或等于|不突破)"),
    (">", r"(?:超过|突破|大于|高于|多于|优于|>|超出|达到超过|超)"),
    ("<", r"(?:低于|小于|少于|<|不足|不到)"),
    ("~", r"(?:大约|约为|约|近|接近|将近|左右|力争达到约|约占|≈)"),
]  # fmt: skip
AFTER = [
    (">=", r"[（(]?(?:及其?|或)?以上(?:[（(]含[^）)]{0,6}[）)])?[）)]?|及以上|\+(?=[，。；、]|$)"),
    ("<=", r"[（(]?(?:及其?|或)?以(?:下|内)[）)]?|之内|以里"),
    ("~", r"左右|上下"),
]  # fmt: skip


@dataclass(frozen=True)
class Quantity:
    start: int
    end: int
    value: float | list[float]
    unit: str | None
    group: str  # the unit's group, "" for a number without unit, "words" for a number in words
    operator: str  # = | >= | <= | > | < | ~ | range
    number_start: int  # where the number itself begins, after 不低于
    tail: int  # where the qualifier ends, after 以上
    qualifier: str  # the qualifier as printed after the unit
    implicit: bool = False
    arabic: bool = True


@cache
def _lexicon() -> tuple[dict[str, str], re.Pattern[str]]:
    data = tomllib.loads(files(__package__).joinpath("units.toml").read_text("utf-8"))
    groups = {unit: name for name, units in data["group"].items() for unit in units}
    units = "|".join(re.escape(unit) for unit in sorted(groups, key=len, reverse=True))
    measures = "|".join(re.escape(unit) for unit in data["measure"]["units"])
    below = "|".join(re.escape(unit) for unit in sorted(data["denominator"]["units"], key=len, reverse=True))
    latin = r"(?![A-Za-z])"
    unit = rf"(?P<measure>{measures})|(?P<magnitude>{MAGNITUDE})?(?P<base>{units})(?:(?<=[A-Za-z0-9]){latin}|(?<![A-Za-z]))(?P<below>(?:[/／](?:{MAGNITUDE})?(?:{below})(?:[·•](?:{below}))?|每(?:{below})){{0,2}})"
    return groups, re.compile(unit)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    number = rf"(?P<low>{NUMBER})(?P<low_unit>%|个百分点|{MAGNITUDE}(?:千瓦|吨|元|亩|公里|平方米)?|[个家座公]里?)?(?:{TO}(?P<high>{NUMBER}))?"
    arabic = re.compile(rf"(?<![\dA-Za-z.]){number}(?P<more>余|多)?")
    chinese = re.compile(
        rf"百分之(?P<percent>[一二三四五六七八九十百点零]+|{NUMBER})|(?P<whole>{NUMBER}|{CN_NUMBER})分之(?P<part>{NUMBER}|{CN_NUMBER})"
        rf"|(?P<half>(?:超)?过半|一半|半数)|翻(?P<double>一|两|二|三)?番|(?P<tenths>[一二三四五六七八九])成(?=以上|左右|[，。；、])"
        rf"|(?P<small>(?<![第一二三四五六七八九十百千])(?:[二两三四五六七八九]|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]百))(?P<small_unit>万千瓦|个|家|座|条|项|处|所|倍|万亩|百?公里)"
    )  # fmt: skip
    before = re.compile("|".join(f"(?P<op{n}>{words})" for n, (_, words) in enumerate(BEFORE)) + r"$")
    return arabic, chinese, before


BEFORE_END = re.compile(
    "(?:" + "|".join(f"(?P<op{n}>{words})" for n, (_, words) in enumerate(BEFORE)) + r")[到至在为]?$"
)
AFTER_HERE = re.compile("|".join(f"(?P<op{n}>{words})" for n, (_, words) in enumerate(AFTER)))
# A number here is part of a name, an ordinal or a code.
NAME_BEFORE = re.compile(
    r"(?:第|[A-Za-z]-?|PM|〔|［|\[|No\.?|〔\d{4}〕|[A-Za-z]/T ?\d*[.—-]?|“|\+|×|[1-9]：|国|5\+|“\d+\+)$"
)
NAME_AFTER = re.compile(r"[A-Z]{1,4}(?![A-Za-z])|号|\+|[〕］\]]|：\d|×|”|-[A-Za-z]|·\d")

JOINT = re.compile(rf"(?P<magnitude>{MAGNITUDE})?(?:、|和|及|与|，)")


def quantities(text: str, skip: list[tuple[int, int]]) -> list[Quantity]:
    """All quantities of a text in order; spans in `skip` (years, dates, titles of documents) are passed over."""
    found = _arabic(text, skip)
    taken = skip + [(one.start, one.tail) for one in found]
    found += _words(text, taken)
    return sorted(found, key=lambda one: one.start)


def _arabic(text: str, skip: list[tuple[int, int]]) -> list[Quantity]:
    groups, unit_pattern = _lexicon()
    number_pattern = _patterns()[0]
    covered = cover(skip)
    found: list[Quantity] = []
    for number in number_pattern.finditer(text):
        start = number.start()
        if is_in(covered, start) or NAME_BEFORE.search(text[max(0, start - 6) : start]):
            continue
        low_end = number.end("low")
        unit = _unit_at(text, number.end(), unit_pattern, groups)
        if number["high"] is None and number["low_unit"]:
            unit = _unit_at(text, low_end, unit_pattern, groups)
        elif number["high"] is not None and unit is None:
            continue
        if unit is None and NAME_AFTER.match(text, number.end()):
            continue
        found.append(_quantity(text, number, unit))
    return _borrow_units(text, found)


def _unit_at(text: str, at: int, pattern: re.Pattern[str], groups: dict[str, str]) -> tuple[str, str, int] | None:
    """(unit, group, end) of the unit at an offset; 余 and 多 between number and unit are passed over."""
    while at < len(text) and text[at] in "余多来":
        at += 1
    found = pattern.match(text, at)
    if not found:
        return None
    if found["measure"]:
        return found["measure"], "measure", found.end()
    group = groups[found["base"]]
    if found["base"] == "方" and text[found.end() : found.end() + 1] in ("式", "面", "案", "向", "法", "便"):
        return None
    below = found["below"].replace("每", "/")
    return (found["magnitude"] or "") + found["base"] + below, group, found.end()


def _quantity(text: str, number: re.Match[str], unit: tuple[str, str, int] | None) -> Quantity:
    low = _float(number["low"])
    high = _float(number["high"]) if number["high"] is not None else None
    name, group, end = unit if unit else (None, "", number.end("high" if high is not None else "low"))
    operator, start = _operator_before(text, number.start())
    qualifier, tail = "", end
    if after := AFTER_HERE.match(text, end):
        qualifier, tail = after[0], after.end()
        operator = AFTER[int(after.lastgroup[2:])][0] if after.lastgroup else operator
    elif operator == "=" and text[number.end("low") : number.end("low") + 1] in ("余", "多") and unit:
        operator = ">"
    value: float | list[float] = low
    if high is not None:
        value, operator = [low, high], "range"
    return Quantity(start, end, value, name, group, operator, number.start(), tail, qualifier)


def _operator_before(text: str, start: int) -> tuple[str, int]:
    found = BEFORE_END.search(text, max(0, start - 8), start)
    if not found or found.end() != start:
        return "=", start
    name = next(name for name in found.groupdict() if found[name])
    return BEFORE[int(name[2:])][0], found.start()


def _borrow_units(text: str, found: list[Quantity]) -> list[Quantity]:
    """A bare number that is joined to the next by 、和至 takes its unit: 60、50% → 60 %, 50 %; 10万、1亿千瓦 → 10 万千瓦."""
    made: list[Quantity] = []
    for one in reversed(found):
        joint = JOINT.fullmatch(text, one.end, made[-1].number_start) if made and not one.unit else None
        if joint and made[-1].unit:
            nxt = made[-1]
            unit = nxt.unit or ""
            if joint["magnitude"]:
                unit = joint["magnitude"] + re.sub(rf"^{MAGNITUDE}", "", unit)
            end = joint.end("magnitude") if joint["magnitude"] else one.end
            one = replace(one, unit=unit, group=nxt.group, end=end, tail=max(one.tail, end), qualifier="")
        made.append(one)
    return made[::-1]


def _float(text: str) -> float:
    value = float(text.replace(",", ""))
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _words(text: str, taken: list[tuple[int, int]]) -> list[Quantity]:
    """Numbers written in words."""
    covered = cover(taken)
    found: list[Quantity] = []
    for word in _patterns()[1].finditer(text):
        if is_in(covered, word.start()):
            continue
        read = _word_value(word)
        if read is None:
            continue
        value, unit, group = read
        operator, start = _operator_before(text, word.start())
        if word["half"] and word["half"] != "一半" and word["half"] != "半数":
            operator = ">"
        qualifier, tail = "", word.end()
        if after := AFTER_HERE.match(text, word.end()):
            qualifier, tail = after[0], after.end()
            operator = AFTER[int(after.lastgroup[2:])][0] if after.lastgroup else operator
        implicit = group == "words"
        group = "percent" if implicit else group
        found.append(
            Quantity(start, word.end(), value, unit, group, operator, word.start(), tail, qualifier, implicit, False)
        )
    return found


def _word_value(word: re.Match[str]) -> tuple[float, str, str] | None:
    if word["percent"]:
        text = word["percent"]
        whole, _, rest = text.partition("点")
        value: float = _float(whole) if whole[0].isdigit() else chinese_number(whole)
        if rest:
            digits = "".join(str(chinese_number(sign)) for sign in rest)
            value = float(f"{int(value)}.{digits}")
        return value, "%", "percent"
    if word["whole"]:
        whole = float(word["whole"]) if word["whole"][0].isdigit() else chinese_number(word["whole"])
        part = float(word["part"]) if word["part"][0].isdigit() else chinese_number(word["part"])
        return (round(part / whole * 100, 2), "%", "words") if whole else None
    if word["half"]:
        return 50, "%", "words"
    if word["tenths"]:
        return chinese_number(word["tenths"]) * 10, "%", "words"
    if word["small"]:
        groups = _lexicon()[0]
        unit = word["small_unit"]
        return chinese_number(word["small"]), unit, groups.get(unit.lstrip("万百"), "count")
    times = {"一": 1, "两": 2, "二": 2, "三": 3, None: 1}[word["double"]]
    return (2**times - 1) * 100, "%", "words"
