"""Targets without a figure: full coverage, all of a kind, none left, and milestones (a thing that is there by a year).

The patterns are data (`words.toml`). A year of the plan must govern the clause: 实现全覆盖 without a year is a wish.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dafeng.domains.plan.reading import naming
from dafeng.domains.plan.reading.drafts import Draft
from dafeng.domains.plan.reading.outline import Node, in_goals, in_history
from dafeng.domains.plan.reading.spans import cover
from dafeng.domains.plan.reading.targets import BOUNDARY, SCOPE, SENTENCE, Walk
from dafeng.domains.plan.reading.times import Time

PEAK = re.compile(
    r"(?:实现|达到|如期实现|努力实现|提前实现|率先实现|力争|的|达成)?(?:[^，；：。\n]{0,8}?)(?P<what>二氧化碳(?:排放)?达(?:到)?峰(?:值)?|碳排放(?:总量)?达(?:到)?峰(?:值)?|碳达峰|碳中和)"
)
MILESTONE_VERBS = "建成|编制完成|完成编制|创成|成功创建|投产|投用"
TITLE = re.compile(r"《[^》]*》|〔[^〕]*〕")


@dataclass(frozen=True)
class Wording:
    code: str
    pattern: re.Pattern[str]
    value: int
    suffix: str


@cache
def _data() -> tuple[tuple[Wording, ...], re.Pattern[str], re.Pattern[str]]:
    data = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))
    wordings = tuple(
        Wording(row["code"], re.compile(row["pattern"]), row["value"], row["suffix"]) for row in data["implicit"]
    )
    verbs = "|".join(sorted(data["milestone"]["verbs"], key=len, reverse=True))
    milestone = re.compile(
        rf"^(?:，)?(?:力争|确保|争取)?(?P<name>[^，；：。\n]{{0,30}}?)(?P<verb>{verbs})(?P<rest>[^，；：。\n]{{0,40}})"
    )
    return wordings, milestone, re.compile("|".join(data["milestone"]["vague"]))


def worded_targets(walk: Walk) -> list[Draft]:
    """Drafts for the targets of a text that carry no figure."""
    found: list[Draft] = []
    taken = cover((one.start, one.end) for one in walk.drafts)
    inherited = _Inherited(walk)
    for sentence in SENTENCE.finditer(walk.text):
        thing = ""
        node = walk.node_at(sentence.start())
        start = node.body if node and sentence.start() < node.body < sentence.end() else sentence.start()
        if in_history(node):
            continue
        frame = inherited.time(start, sentence.end(), node)
        for clause_start, clause_end in _clauses(walk.text, start, sentence.end()):
            if any(taken[clause_start:clause_end]):
                continue
            time = _governing(walk, start, clause_start, clause_end) or frame
            draft = _implicit(walk, clause_start, clause_end, time, node) or _milestone(
                walk, clause_start, clause_end, node, time, thing
            )
            if draft:
                thing = draft.indicator if draft.kind == "milestone" else thing
                found.append(draft)
    return found


class _Inherited:
    """The time that a section on goals carries from sentence to sentence."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.node: Node | None = None
        self.last: Time | None = None

    def time(self, start: int, end: int, node: Node | None) -> Time | None:
        if node is not self.node:
            self.node, self.last = node, None
        if not in_goals(node):
            return None
        heads = [t for t in self.walk.times_in(start, end) if self.walk.is_future(t) and t.start - start <= 6]
        self.last = heads[0] if heads else self.last
        return self.last


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found, begin = [], start
    for index in range(start, end + 1):
        if index == end or text[index] in BOUNDARY:
            if index - begin >= 4:
                found.append((begin, index))
            begin = index + 1
    return found


def _governing(walk: Walk, start: int, clause_start: int, clause_end: int) -> Time | None:
    here = [t for t in walk.times_in(start, clause_end) if t.kind == "at"]
    if not here or not walk.is_future(here[-1]):
        return None
    return here[-1]


def _implicit(walk: Walk, start: int, end: int, time: Time | None, node: Node | None) -> Draft | None:
    if time is None:
        return None
    text = walk.text[start:end]
    for wording in _data()[0]:
        match = wording.pattern.search(text)
        if not match or TITLE.search(text):
            continue
        name_start = start + match.start("name")
        name = naming.clean(naming.strip_tail(walk.without_times(name_start, start + match.end("name"))))
        name = re.sub(r"^(?:使|推动|实现|基本实现)", "", name).strip("“”")
        if len(name) < 2:
            return None
        groups = match.groupdict()
        about = bool(groups.get("about")) or "基本" in match[0]
        full = f"{name}{groups['rest']}{wording.suffix}" if groups.get("rest") else f"{name}{wording.suffix}"
        return _draft(
            walk,
            full,
            "level",
            "~" if about else "=",
            wording.value,
            "%",
            time,
            node,
            start,
            start + match.end(),
            implicit=True,
        )
    return None


def _milestone(walk: Walk, start: int, end: int, node: Node | None, frame: Time | None, thing: str) -> Draft | None:
    """A bare year that a completion follows at once (2025年底前建成…), or the peak itself in a section on goals."""
    if in_goals(node) and (peak := _peak(walk, start, end, node, frame)):
        return peak
    _, pattern, vague = _data()
    inside = [t for t in walk.times_in(start, end) if t.kind == "at" and walk.is_future(t) and not t.period]
    if not inside or inside[0].lead.startswith(("到", "至")) or inside[0].bound in ("起", "以后", "后", "开始"):
        return None
    time = inside[0]
    match = pattern.match(walk.text[time.end : end])
    if not match or vague.search(match["name"] + match["rest"]):
        return None
    before = naming.clean(walk.text[start : time.start])
    name = f"{before}{match['name']}{match['rest']}".strip("“”") or before
    if len(name) < 3 and thing:
        name = _unfinished(thing) + match["verb"]
    elif len(name) < 3:
        previous = walk.text[
            max(walk.text.rfind(sign, 0, max(start - 1, 0)) for sign in BOUNDARY) + 1 : max(start - 1, 0)
        ]
        name = naming.of_predicate(previous) + match["verb"]
    elif match["verb"] not in name:
        name = re.sub(r"建设$", "", name)  # 项目建设，2025年建成
        name = f"{name}{match['verb']}" if not match["rest"] else f"{match['name']}{match['verb']}{match['rest']}"
    operator = (
        "<"
        if time.bound in ("前", "之前", "以前") and not re.search("[底末]", walk.text[time.start : time.end])
        else "="
    )
    return _draft(
        walk, name[:40], "milestone", operator, time.years[-1], "年", time, node, start, time.end + match.end()
    )


def _unfinished(thing: str) -> str:
    """What an earlier milestone of the sentence was about, without its verb: 建成市级平台 → 市级平台."""
    return re.sub(rf"^(?:{MILESTONE_VERBS})|(?:{MILESTONE_VERBS})$", "", thing)


def _peak(walk: Walk, start: int, end: int, node: Node | None, frame: Time | None) -> Draft | None:
    text = walk.text[start:end]
    peak = PEAK.search(text)
    if (
        not peak
        or TITLE.search(text)
        or re.search(r"后|机制|政策|体系|行动|工作|试点|经验|双碳|贡献|能力", text[peak.end() :][:6])
    ):
        return None
    inside = [t for t in walk.times_in(start, end) if walk.is_future(t) and t.start < start + peak.start("what")]
    early = "提前" in text
    time = inside[-1] if inside else frame if early else None
    if time is None:
        return None
    operator = "<=" if early or not time.bound else "<"
    return _draft(
        walk, peak["what"], "milestone", operator, time.years[-1], "年", time, node, start, start + peak.end()
    )


def _draft(
    walk: Walk, name: str, kind: str, operator: str, value: int, unit: str, time: Time, node: Node | None, start: int, end: int,
    *, implicit: bool = False,
) -> Draft:  # fmt: skip
    clause = walk.text[start:end]
    scope = SCOPE.search(clause)
    return Draft(
        name, kind, None, operator, value, unit, time.years[-1], time.period, None, False,
        walk.strength(clause, clause, time, start), scope[0] if scope else None, implicit, node,
        walk.first_word(start, end - 1), end,
    )  # fmt: skip
