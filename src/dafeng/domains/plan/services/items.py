"""What a version consists of, item by item: the reading with the reviewers' corrections laid over it.

A correction is anchored by the quote, by what was read (`about`) and by what is printed before it, never by an offset: a page
more in front moves every offset, and every correction still finds its item. One whose item is gone is *lost*, and shown as such.
Pure: works on what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SECTION, TASK, TARGET, PROJECT, ENTERPRISE, PLATFORM, DEFECT = KINDS = (
    "section", "task", "target", "project", "enterprise", "platform", "defect",
)  # fmt: skip
LISTS = {kind: f"{kind}s" for kind in KINDS}
NAMES = {TARGET: "indicator", DEFECT: "question", SECTION: "title", TASK: "title"}
CONTEXT = 24  # characters before a quote that tell it apart from an equal one
EMPTY: dict[str, dict[str, Any]] = {
    TARGET: {
        "kind": "level", "direction": None, "operator": "=", "value": None, "unit": "", "year": None, "period": None,
        "baseline_year": None, "baseline_inferred": False, "strength": "must", "scope": None, "implicit_number": False,
    },
    TASK: {"owners": [], "units": [], "is_task": True},
    SECTION: {"level": 1},
    DEFECT: {"code": "asked", "owners": [], "targets": []},
    **{kind: {"kind": "", "county": None, "capacity": None, "capacity_unit": None} for kind in (PROJECT, ENTERPRISE, PLATFORM)},
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """`ref` names it within its version; `correction` is what a reviewer said of it, `dropped` tells that it was taken out."""

    kind: str
    ref: str
    start: int | None
    end: int | None
    quote: str
    about: str
    before: str
    ordinal: int
    values: dict[str, Any]
    corrections: tuple[Any, ...] = ()
    dropped: bool = False

    @property
    def name(self) -> str:
        return str(self.values.get(NAMES.get(self.kind, "name")) or "")

    @property
    def path(self) -> str:
        return str(self.values.get("path") or self.values.get("task_path") or "")

    @property
    def state(self) -> str:
        """read | changed | added | dropped."""
        if self.dropped:
            return "dropped"
        kinds = {each.kind for each in self.corrections}
        return "added" if "add" in kinds else "changed" if kinds else "read"


@dataclass
class Found:
    """The items of a version in the text's order, and the corrections that found nothing any more."""

    items: list[Item] = field(default_factory=list)
    lost: list[Any] = field(default_factory=list)

    def of(self, *kinds: str, dropped: bool = False) -> list[Item]:
        return [each for each in self.items if each.kind in kinds and (dropped or not each.dropped)]

    def get(self, ref: str) -> Item | None:
        return next((each for each in self.items if each.ref == ref), None)


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


def items_of(text: str, reading: Mapping[str, Any], corrections: Iterable[Any] = ()) -> Found:
    """All items of a reading (`Reading.as_dict()` without the text) after `corrections`, oldest first."""
    read = _numbered(_read(text, reading))
    found = Found(read)
    changed = list(corrections)
    for each in changed:
        if each.kind == "add":
            made = _added(text, each, read)
            found.items.append(made) if made else found.lost.append(each)
    for each in changed:
        if each.kind != "add":
            at = _anchored(found.items, each)
            if at is None:
                found.lost.append(each)
            else:
                found.items[at] = _changed(found.items[at], each)
    rank = {kind: number for number, kind in enumerate(KINDS)}
    found.items.sort(key=lambda item: (item.start is None, item.start or 0, rank[item.kind], item.end or 0))
    return found


def _read(text: str, reading: Mapping[str, Any]) -> list[Item]:
    headings = {row["path"]: _heading(text, row) for row in reading.get("sections", [])}
    found = []
    for kind in KINDS:
        for number, row in enumerate(reading.get(LISTS[kind], [])):
            start, end = headings.get(row["path"], (None, None)) if kind in (SECTION, TASK) else (row["start"], row["end"])  # fmt: skip
            if kind == TASK and start is None and text:
                start, end = row["span"][0], row["span"][0]
            quote = text[start:end] if text and start is not None else str(row.get("quote") or row.get("title") or "")
            values = {name: value for name, value in row.items() if name not in ("start", "end", "quote")}
            about = str(row.get(NAMES.get(kind, "name")) or "")[:200]
            found.append(Item(kind, f"{kind}-{number}", start, end, quote, about, before(text, start), 0, values))
    return found


def _heading(text: str, section: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Where the heading itself is printed: from the section's beginning to the end of its title, or of its line."""
    start = section.get("start")
    if start is None or not text:
        return start, section.get("end")
    at = start
    for wanted in squeeze(section["title"]):
        at = text.find(wanted, at, start + 200) + 1
        if not at:
            line = text.find("\n", start)
            return start, line if line > start else min(section["end"], start + 40)
    return start, at


def before(text: str, start: int | None) -> str:
    return squeeze(text[max(0, start - 3 * CONTEXT) : start])[-CONTEXT:] if start else ""


def _numbered(items: list[Item]) -> list[Item]:
    """Equal items counted in the text's order."""
    counts: dict[tuple[str, str, str], int] = {}
    made = []
    for each in sorted(items, key=lambda item: (item.start is None, item.start or 0)):
        key = each.kind, squeeze(each.quote), each.about
        made.append(replace(each, ordinal=counts.setdefault(key, 0)))
        counts[key] += 1
    return made


def _likelihood(here: str, printed: str, ordinal: int, wanted: int) -> tuple[int, int]:
    """How well a place fits: by the characters before it, then by which of equal ones it is."""
    same = 0
    for a, b in zip(reversed(here), reversed(printed), strict=False):
        if a != b:
            break
        same += 1
    return same, -abs(ordinal - wanted)


def _anchored(items: list[Item], correction: Any) -> int | None:
    """Place in the list of the item that a correction means. Without an equal name, only a lone item of that quote will do."""
    quote = squeeze(correction.quote)
    equal = [
        (number, each)
        for number, each in enumerate(items)
        if each.kind == correction.item and squeeze(each.quote) == quote and not any(c.kind == "add" for c in each.corrections)
    ]  # fmt: skip
    named = [pair for pair in equal if pair[1].about == correction.about]
    if not named:
        return equal[0][0] if len(equal) == 1 else None
    best = max(named, key=lambda pair: _likelihood(pair[1].before, correction.before, pair[1].ordinal, correction.ordinal))  # fmt: skip
    return best[0]


def _added(text: str, correction: Any, read: list[Item]) -> Item | None:
    places = occurrences(text, correction.quote)
    if not places:
        return None
    ordered = [
        (_likelihood(before(text, start), correction.before, number, correction.ordinal), start, end)
        for number, (start, end) in enumerate(places)
    ]
    _fit, start, end = max(ordered, key=lambda row: row[0])
    kind = correction.item
    values = EMPTY[kind] | dict(correction.value)
    if kind == TASK:
        values.setdefault("path", f"{path_at(start, read)}/补{correction.pk}".lstrip("/"))
    elif kind == SECTION:
        values.setdefault("path", f"补{correction.pk}")
    else:
        values.setdefault("task_path", path_at(start, read))
    return Item(
        kind,
        f"{kind}-c{correction.pk}",
        start,
        end,
        text[start:end],
        correction.about,
        before(text, start),
        correction.ordinal,
        values,
        (correction,),
    )


def occurrences(text: str, quote: str) -> list[tuple[int, int]]:
    """Where a quote stands in the text, whatever blanks and breaks are printed inside it."""
    wanted = squeeze(quote)
    if not wanted:
        return []
    at = [number for number, sign in enumerate(text) if not sign.isspace()]
    plain = "".join(text[number] for number in at)
    found, here = [], plain.find(wanted)
    while here >= 0:
        found.append((at[here], at[here + len(wanted) - 1] + 1))
        here = plain.find(wanted, here + len(wanted))
    return found


def path_at(start: int, items: Iterable[Item]) -> str:
    """Path of the innermost section that an offset lies in."""
    best = ""
    for each in items:
        if each.kind == SECTION and each.start is not None and each.start <= start:
            best = each.path
    return best


def _changed(item: Item, correction: Any) -> Item:
    said = (*item.corrections, correction)
    if correction.kind == "drop":
        return replace(item, corrections=said, dropped=True)
    return replace(item, corrections=said, values=item.values | dict(correction.value))
