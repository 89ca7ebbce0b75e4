"""The words by which names of projects, enterprises and platforms are known, and how a name is cut out of its clause."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

COUNT = re.compile(r"^(?:等|约|共)?(?:\d+|[一二两三四五六七八九十]+)(?:余)?(?:个|家|座|条|台|处|项|套)")
# What may stand before a name: marks, a year, a count.
OPENING = re.compile(
    r"^[、，：的— ]+|^新?（[新改扩续、]+）建|^（[一二三四五六七八九十]+）|^\d{1,2}[.、]|^20\d\d年[底末]?前?|"
    + COUNT.pattern
)
# After these a verb is part of a name: 开发|区, 建设|银行, 和|县.
BODY = re.compile(r"(?<=开发)[区园]|(?<=[设划展织保])[局部厅会]|了|银行|(?<=[广用发新])中心|(?<=和)[县平田林]")
BRACKET_INSIDE = re.compile(r"（[^（）]*）")


@dataclass(frozen=True)
class Vocabulary:
    inner: re.Pattern[str]
    lead: re.Pattern[str]
    kinds: dict[str, str]
    project: re.Pattern[str]
    plant: re.Pattern[str]
    single: re.Pattern[str]
    proper: re.Pattern[str]
    project_general: re.Pattern[str]
    general_without_county: re.Pattern[str]
    enterprise_list: re.Pattern[str]
    enterprise_general: re.Pattern[str]
    suffix: re.Pattern[str]
    enumeration: re.Pattern[str]
    industries: frozenset[str]
    company: re.Pattern[str]
    platform: re.Pattern[str]
    platform_general: re.Pattern[str]


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def vocabulary() -> Vocabulary:
    data = tomllib.loads(files(__package__).joinpath("entities.toml").read_text("utf-8"))
    trim, project, enterprise, platform = data["trim"], data["project"], data["enterprise"], data["platform"]
    leads, ends = _any(enterprise["leads"]), _any(enterprise["ends"])
    return Vocabulary(
        # 建设 in the middle may be part of a name (工程建设中心); at the beginning it is a verb, so it is a lead.
        inner=re.compile(f"(?:{_any(trim['inner'])})"),
        lead=re.compile(f"(?:{_any([*trim['lead'], *trim['inner']])})"),
        kinds=project["kinds"],
        project=re.compile(f"(?:{_any(project['heads'])})(?:（[^（）]*）)?"),
        plant=re.compile(f"(?:{_any(project['plants'])})(?:（[^（）]*）)?$"),
        single=re.compile(f"(?:{_any(project['single'])})$"),
        proper=re.compile(project["proper"]),
        project_general=re.compile("|".join(project["general"])),
        general_without_county=re.compile("|".join(project["general_without_county"])),
        enterprise_list=re.compile(
            rf"(?P<lead>{leads})?(?P<names>[^，；。等\n]{{2,80}}?)(?:等(?P<kind>[^，；。、\n]{{0,12}}?)(?:企业|公司|工厂|骨干|龙头|做大做强|做优做强)"
            r"|等(?=培育|打造|发展|开展|建设|布局))"
        ),
        enterprise_general=re.compile("|".join(enterprise["general"])),
        suffix=re.compile(f"(?<=[\u4e00-\u9fff]{{2}})(?:{_any(enterprise['suffixes'])})"),
        enumeration=re.compile(rf"(?:{leads})(?P<names>[^，；。、\n等]{{2,10}}(?:、[^，；。、\n等]{{2,16}}){{2,}})"),
        industries=frozenset(enterprise["industries"]),
        company=re.compile(rf"[\u4e00-\u9fffA-Za-z（）·]{{1,24}}?(?:{ends})(?![\u4e00-\u9fff]?(?:债|法|章程))"),
        platform=re.compile(_any(platform["heads"])),
        platform_general=re.compile("|".join(platform["general"])),
    )


def cut_out(phrase: str, least: int = 4) -> str:
    """The name at the end of a phrase: verbs, counts and half brackets before it trimmed, at least `least` characters."""
    words = vocabulary()
    begin = 0
    for verb in words.inner.finditer(phrase):
        rest = phrase[verb.end() :]
        if len(rest) >= least and not _inside_name(phrase, verb.start()) and not BODY.match(phrase, verb.end()):
            begin = verb.end()
    name = _balanced(phrase[begin:])
    while True:
        shorter = OPENING.sub("", name)
        found = words.lead.match(shorter)
        if found and len(shorter) - found.end() >= least and not BODY.match(shorter, found.end()):
            shorter = shorter[found.end() :]
        if shorter == name:
            return name
        name = shorter


def _inside_name(phrase: str, at: int) -> bool:
    """Whether a verb stands inside quotes or brackets, where it belongs to the name: “互联网+推广”平台."""
    before = phrase[:at]
    return before.count("“") > before.count("”") or before.count("（") > before.count("）")


def _balanced(name: str) -> str:
    """A name without what precedes a closing sign that was opened earlier: 扩）建铁路 → 建铁路."""
    for opening, closing in ("（）", "“”", "《》"):
        depth = 0
        for index, sign in enumerate(name):
            depth += (sign == opening) - (sign == closing)
            if depth < 0:
                return _balanced(name[index + 1 :])
        if depth > 0:
            return _balanced(name[name.rfind(opening) + 1 :])
    return name


def parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The members of a list in a clause, brackets kept whole: of A（B、C）、D等E项目 they are A（B、C）, D and E项目."""
    found, depth, begin, at = [], 0, start, start
    while at < end:
        depth = max(depth + (text[at] in "（“") - (text[at] in "）”"), 0)
        joint = JOINT.match(text, at, end) if not depth else None
        if joint:
            found.append((begin, at))
            begin = at = joint.end()
        else:
            at += 1
    found.append((begin, end))
    return [(a, b) for a, b in found if b > a]


JOINT = re.compile(
    r"、|以及|(?:(?<=中心)|(?<=项目)|(?<=电站)|(?<=基地)|(?<=工程)|(?<=电场)|(?<=水库)|(?<=公司)|(?<=合体))(?:和|与|及)(?=[\u4e00-\u9fff]{4})"
    r"|等(?!级|离子|温|候|待|量|额|效)|(?:和|及|与)(?=[\u4e00-\u9fff]{1,3}[县区市镇])"
)
