"""Owners of tasks: the lists of departments that close a paragraph, and clauses that make all counties answer.

A list stands in brackets of any kind, or alone on its line after 责任单位. It may name roles (牵头, 配合), carry the level
from its first name over the rest, put a second name in inner brackets, and close with 等按职责分工负责.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dafeng.domains.plan.reading.model import Owner
from dafeng.domains.plan.reading.outline import Node
from dafeng.domains.plan.reading.register import LEVELS, looks_like_unit, named, strip_level

OPEN, CLOSE = "（［【〔(〈", "）］】〕)〉"
LABEL = re.compile(
    r"(?:主要|市级|省级|牵头)?(责任单位|责任部门|牵头单位|牵头部门|主管单位|主办单位|负责单位|组织单位|实施单位"
    r"|配合单位|配合部门|协办单位|参与单位|参加单位|责任分工|责任领导|牵头|配合|责任主体|落实单位)(?:及(?:分工|部门))?[：:]"
)
SUPPORT = re.compile(r"配合|协办|参与|参加|协助|支持")
DUTY = re.compile(r"负责|牵头|配合|参与|参加|落实|按照?职责|责任单位|责任部门|实施")
TAIL = re.compile(
    r"(?:等?(?:有关|相关)?(?:部门|单位)?)?等?(?:按照?(?:各自)?(?:职责|职能)(?:任务)?(?:分工)?(?:共同|协同|分别)?(?:抓好|做好)?(?:负责|落实|推进)?"
    r"|(?:共同|分别|具体|总体)?(?:牵头)?负责(?:落实|实施|组织实施)?|(?:共同|分别|具体)落实|牵头(?:落实|组织)?|共同?(?:配合|参与|落实)|配合(?:落实)?|参与|参加|协助|组织实施|抓好落实|落实)+$|等$"
)
EVERY_TASK = re.compile(
    r"(?:以下|下列|以上|上述|本方案|所有)?(?:各项|所有|全部|每项)(?:任务|工作|重点任务)?(?:，)?(?:均|都|也)?(?:需|须|要求|由|需要|应由)?"
    r"(各(?:有关)?(?:县|区|市|旗|镇|乡)[^，。；：]{0,16}?)(?:共同|分别|具体|都)?(?:负责落实|负责实施|负责|落实|实施)(?:[，,]?(?:不再(?:一一|逐一|单独|重复)?列出|不再列示|下同))?"
)
SPLIT = re.compile(
    rf"[、，；,;。\n\t ]|(?<=[局委办厅院社处司部会门位）])(?:和|与|及|以及)(?=[{LEVELS}各国有]|\w{{2,8}}[局委办厅])"
    # Blanks between the names are lost in the plain form: 市财政局市水利局各县区.
    rf"|(?<=[局委办厅府])(?=(?:[市省]\w{{2,12}}?[局委办厅]|各[县市区旗]))|(?<=公司)(?:和|与|及)|以及"
)

# A stop closes a bare list unless another label or name follows it.
STOP = re.compile(
    rf"。(?!\s*(?:主要|市级|省级|责任|牵头|配合|主管|协办|参与|参加|各)|[{LEVELS}]\w{{2,10}}[局委办厅]|$)"
)
LONE_LABEL = re.compile(rf"(?:(?<=^)|(?<=\n))(?:责任单位|责任部门|牵头单位|配合单位)(?:\n|(?=[{LEVELS}各]\w))")
BY = re.compile(
    r"由(?P<names>[^，。；：\n由]{3,80}?)(?P<duty>(?:共同|分别|具体|总体)?(?:牵头负责|负责|牵头|组织实施|落实|实施)(?:，会同[^，。；：\n]{3,60}?(?:负责|落实|实施|推进|配合))?)(?=[。；，\n]|$)"
)


@dataclass(frozen=True)
class OwnerList:
    """One printed list. `inner` is its text without brackets; offsets are of the plain text, brackets included."""

    start: int
    end: int
    owners: tuple[Owner, ...]
    every: tuple[str, ...] = ()  # those who answer for every task
    backward: bool = False  # for the tasks above as well


def owner_lists(text: str) -> list[OwnerList]:
    """All lists of owners in a plain text, in order."""
    level = _usual_level(text)
    found = [made for start, end in _brackets(text) if (made := _read_list(text, start, end, level, bracketed=True))]
    covered = [(one.start, one.end) for one in found]
    for start, end in _bare_lines(text):
        if not any(a <= start < b for a, b in covered) and (
            made := _read_list(text, start, end, level, bracketed=False)
        ):
            found.append(made)
    for one in _by_sentence(text, level):
        if not any(other.start <= one.start < other.end for other in found):
            found.append(one)
    for clause in EVERY_TASK.finditer(text):
        if not any(one.start <= clause.start() < one.end for one in found):
            counties = tuple(_names(clause[1]))
            found.append(OwnerList(clause.start(), clause.end(), (), counties, _holds_backward(clause[0])))
    return sorted(found, key=lambda one: one.start)


def _holds_backward(clause: str) -> bool:
    return not clause.startswith(("以下", "下列"))


def _usual_level(text: str) -> str:
    """市 or 省: the level that the plan's own departments carry most often."""
    counts = {
        sign: len(re.findall(rf"[、（：；]{sign}(?:发展|财政|生态|工业|住房|交通|农业|自然)", text)) for sign in LEVELS
    }
    best = max(counts, key=lambda sign: counts[sign])
    if counts[best]:
        return best
    heads = {sign: text[:3000].count(f"全{sign}") + text[:3000].count(f"我{sign}") for sign in LEVELS}
    return max(heads, key=lambda sign: heads[sign]) if any(heads.values()) else "市"


def _brackets(text: str) -> list[tuple[int, int]]:
    """Outermost bracketed spans that may hold a list; an unclosed one ends at its line."""
    found: list[tuple[int, int]] = []
    depth, start = 0, 0
    for index, sign in enumerate(text):
        if sign in OPEN:
            if not depth:
                start = index
            depth += 1
        elif sign in CLOSE and depth:
            depth -= 1
            if not depth:
                found.append((start, index + 1))
        elif sign == "\n" and depth:
            depth = 0
            if "责任单位" in text[start:index]:
                found.append((start, index))
    return found


def _bare_lines(text: str) -> list[tuple[int, int]]:
    """Lists without brackets: from their label to the end of the line, or to a stop that no further list follows."""
    found = []
    for label in LABEL.finditer(text):
        line_end = text.find("\n", label.end())
        line_end = len(text) if line_end < 0 else line_end
        before = text[label.start() - 1] if label.start() else "\n"
        if before in "\n。；）\t ":
            stop = STOP.search(text, label.end(), line_end)
            found.append((label.start(), stop.start() if stop else line_end))
    for label in LONE_LABEL.finditer(text):
        line_end = text.find("\n", label.end())
        found.append((label.start(), len(text) if line_end < 0 else line_end))
    return found


def _by_sentence(text: str, level: str) -> list[OwnerList]:
    """Sentences that say who answers: 由市发展改革委会同市财政局负责. Each name must be of the register."""
    found = []
    for said in BY.finditer(text):
        owners = _owners(said["names"] + said["duty"], level)
        names = [name for name in _names(said["names"]) if name not in ("有关部门", "相关部门")]
        if owners and len(owners) >= len(names) and all(one.id for one in owners):
            found.append(OwnerList(said.start(), said.end(), tuple(owners)))
    return found


def _read_list(text: str, start: int, end: int, level: str, *, bracketed: bool) -> OwnerList | None:
    inner = text[start:end].strip(OPEN + CLOSE) if bracketed else text[start:end]
    if bracketed and inner.count("（") > inner.count("）"):
        inner += "）"
    if not 2 <= len(inner) <= 1200:
        return None
    every = EVERY_TASK.search(inner)
    counties = tuple(_names(every[1])) if every is not None else ()
    stated = inner[: every.start()] if every else inner
    has_duty = bool(DUTY.search(stated) or LABEL.search(stated))
    owners = _owners(stated, level)
    if not owners and not counties:
        return None
    if not has_duty and not counties and not _only_units(stated):
        return None
    if not counties and not LABEL.search(stated) and not any(one.id or _is_department(one.name) for one in owners):
        return None  # （鼓励企业参与）
    return OwnerList(start, end, tuple(owners), counties, every is not None and _holds_backward(every[0]))


def _only_units(inner: str) -> bool:
    """A bracket without any word of duty is a list of owners only if each of its names is a department."""
    names = _names(inner)
    return bool(names) and all(looks_like_unit(name) for name in names) and any(_is_department(name) for name in names)


def _is_department(name: str) -> bool:
    return bool(re.search(r"(?:局|委|办|厅|办公室|政府|委会|公司|中心|妇联|团委|部|社)$", name)) and len(name) >= 3


def _owners(inner: str, level: str) -> list[Owner]:
    owners: dict[str, Owner] = {}
    carried = ""
    for role, part in _by_role(inner):
        for piece in re.split(r"[；;。，]", part):
            role_here = "support" if SUPPORT.search(piece[-8:]) and not re.search("牵头|负责", piece[-8:]) else role
            lead_end = re.search(r"牵头|会同", piece)
            for printed in _names(piece):
                own, _ = strip_level(printed)
                carried = own or carried or level
                made = named(printed, carried)
                if not looks_like_unit(made.name) or made.name in owners:
                    continue
                place = piece.find(printed)
                role_now = "lead" if lead_end and place < lead_end.start() else role_here
                if lead_end and place > lead_end.start():
                    joined = lead_end[0] == "会同" or SUPPORT.search(piece[lead_end.end() :])
                    role_now = "support" if joined else role_here
                owners[made.name] = Owner(made.name, printed, role_now, made.id)
    return list(owners.values())


def _by_role(inner: str) -> list[tuple[str, str]]:
    """(role, names) for each label of the list; a list without labels is led by all it names."""
    labels = list(LABEL.finditer(inner))
    if not labels:
        return [("lead", inner)]
    parts = [("lead", inner[: labels[0].start()])]
    for label, after in zip(labels, [*labels[1:], None], strict=True):
        role = "support" if SUPPORT.search(label[1]) else "lead"
        parts.append((role, inner[label.end() : after.start() if after else len(inner)]))
    return parts


def _names(part: str) -> list[str]:
    """The names of a list, inner brackets that only repeat a name in another form left out."""
    part = re.sub(r"^\n?(?:责任|牵头|配合)(?:单位|部门)\n?", "", LABEL.sub("", part))
    kept = re.sub(r"〔[^〕]*〕|［[^］]*］|（(?![市区县州、旗]+）)[^（）]*）", "", part)
    held = re.sub(r"（([市区县州、旗]+)）", lambda found: "⟨" + found[1].replace("、", "‚") + "⟩", kept)
    held = re.sub(r"各县、区", "各县‚区", held)
    names = []
    for raw in re.sub(r"牵头(?:负责)?[，,、]?|会同|(?:^|(?<=[；，]))由", "、", held).split("、"):
        for piece in SPLIT.split(raw):
            name = TAIL.sub("", piece.strip(" 　：:，。；.;\t（）")).strip()
            name = re.sub(r"等(?:有关|相关)?(?:部门|单位)?$", "", name)
            if name:
                names.append(name.replace("⟨", "（").replace("⟩", "）").replace("‚", "、"))
    return names


def assign(nodes: list[Node], lists: list[OwnerList]) -> dict[str, list[Owner]]:
    """Owners by path. A list belongs to the innermost heading that it stands under; leaves inherit from above.

    A list that closes the last of several leaves, the others having none, closes them all. A clause that makes every
    county answer "for the tasks below" holds from its task to the end of the plan; "以上各项" and "各项" hold for all.
    """
    by_path: dict[str, list[Owner]] = {}
    for node in nodes:
        here = [one for one in lists if node.body <= one.start < node.own_end]
        by_path[node.path] = _merge([owner for one in here for owner in one.owners])
    for node in nodes:
        leaves = [child for child in node.children if not child.children]
        if len(leaves) >= 2 and leaves == node.children and not by_path[node.path]:
            *others, last = (by_path[leaf.path] for leaf in leaves)
            if last and not any(others):
                by_path[node.path] = list(last)
    for node in nodes:
        if not node.children and not by_path[node.path]:
            inherited = (by_path[above.path] for above in node.chain()[1:] if by_path[above.path])
            by_path[node.path] = list(next(inherited, []))
    for one in lists:
        for county in one.every:
            extra = Owner(county, county, "all-counties", "counties")
            for node in nodes:
                if node.own_end > one.start or one.backward:
                    by_path[node.path] = _merge([*by_path[node.path], extra])
    return by_path


def _merge(owners: list[Owner]) -> list[Owner]:
    return list({owner.name: owner for owner in reversed(owners)}.values())[::-1]
