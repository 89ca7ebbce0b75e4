"""The score of a reading against a hand-made annotation of the same plan.

A target matches an annotated one when year, value and unit agree and the names are alike; each matches once, the
likeliest pair first. Names are alike after `synonyms.toml` has levelled them, when two thirds of the shorter one's pairs
of characters stand in the other, or one third do and the quotes overlap: the annotator of a name chooses words freely,
but not the place. Annotated items marked `optional` count neither as missed nor as wrong. A target in words (全覆盖) that
the annotation lacks is counted apart, because annotations promise completeness for figures only; `strict_precision`
counts it as wrong.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from dafeng.domains.plan.reading.model import Entity, Reading, Target
from dafeng.domains.plan.reading.register import same_unit
from dafeng.kernel.errors import Place, PlanError

ALIKE = 2 / 3
ALIKE_IN_PLACE = 1 / 3
UNIT_SAME = {"%/年": "%", "百分点": "个百分点", "套": "个", "所": "个", "处": "个", "平米": "平方米"}


@dataclass(frozen=True)
class NameScore:
    """How many of the annotated names were found, and how many of the found are annotated."""

    recall: float
    precision: float
    missed: list[str]
    extra: list[str]


@dataclass
class Score:
    recall: float | None
    precision: float | None
    strict_precision: float | None
    baseline: float | None
    owners: float | None
    owners_exact: float | None
    sections: float | None
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    in_words: list[str] = field(default_factory=list)
    baseline_wrong: list[str] = field(default_factory=list)
    owners_wrong: list[str] = field(default_factory=list)
    names: dict[str, NameScore] = field(default_factory=dict)  # projects, enterprises, platforms, where annotated

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@cache
def _synonyms() -> tuple[list[str], dict[str, str]]:
    data = tomllib.loads(files(__package__).joinpath("synonyms.toml").read_text("utf-8"))
    return data["drop"], data["same"]


def level_name(name: str) -> str:
    """A name with the usual variants of its words levelled: 全市单位地区生产总值能源消耗 → 单位GDP能耗."""
    drop, same = _synonyms()
    name = re.sub(r"\s", "", name)
    for word, plain in same.items():
        name = name.replace(word, plain)
    for word in drop:
        name = name.replace(word, "")
    return name


def likeness(one: str, other: str) -> float:
    """The share of the shorter name's pairs of characters that stand in the other, from 0 to 1."""
    a, b = level_name(one), level_name(other)
    if a == b:
        return 1.0
    pairs_a, pairs_b = _pairs(a), _pairs(b)
    if not pairs_a or not pairs_b:
        return float(bool(a and b) and (a in b or b in a))
    return len(pairs_a & pairs_b) / min(len(pairs_a), len(pairs_b))


def _pairs(name: str) -> set[str]:
    return {name[i : i + 2] for i in range(len(name) - 1)}


def load_annotation(path: Path) -> dict[str, Any]:
    """An annotation file; refused in words where it is none."""
    try:
        data = json.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise PlanError(
            f"标注文件读不出来（{error}）", expected="UTF-8 编码的 JSON", where=Place(file=path.name)
        ) from error
    if not isinstance(data, dict) or not isinstance(data.get("targets"), list):
        raise PlanError("这不是方案标注文件", expected="含有 targets 列表的 JSON 对象", where=Place(file=path.name))
    for number, row in enumerate(data["targets"], 1):
        lacking = [key for key in ("indicator", "value", "unit", "year") if key not in row]
        if lacking:
            raise PlanError(
                f"第 {number} 个目标缺少 {'、'.join(lacking)}",
                mend="请按 conventions 补齐",
                where=Place(file=path.name),
            )
    return data


def score(reading: Reading, annotation: dict[str, Any]) -> Score:
    """Compare a reading with an annotation. Shares are None where the annotation has nothing to compare with."""
    wanted = annotation["targets"]
    if wanted and not any(_squeeze(row["quote"]) in _squeeze(reading.text) for row in wanted if row.get("quote")):
        raise PlanError("标注与方案不是同一份文件：标注的引文在正文里一处也找不到", mend="请核对两个文件名")
    pairs = _match(reading.targets, wanted)
    matched = {id(row): target for target, row in pairs}
    hit = {id(target) for target, _ in pairs}
    due = [row for row in wanted if not row.get("optional")]
    missed = [row for row in due if id(row) not in matched]
    loose = [target for target in reading.targets if id(target) not in hit]
    loose = [target for target in loose if not _is_optional(target, wanted)]
    in_words = [target for target in loose if target.implicit_number]
    wrong = [target for target in loose if not target.implicit_number]
    based = [(target, row) for target, row in pairs if row.get("baseline_year") or target.baseline_year]
    off = [(target, row) for target, row in based if target.baseline_year != row.get("baseline_year")]
    owners, exact, owners_wrong = _score_owners(reading, annotation)
    hits = len(pairs)
    return Score(
        recall=_share(len(due) - len(missed), len(due)),
        precision=_share(hits, hits + len(wrong)),
        strict_precision=_share(hits, hits + len(wrong) + len(in_words)),
        baseline=_share(len(based) - len(off), len(based)),
        owners=owners,
        owners_exact=exact,
        sections=_score_sections(reading, annotation),
        missed=[f"{row.get('id', '')} {row['indicator']} {row['year']} {row['value']} {row['unit']}" for row in missed],
        wrong=[_line(target) for target in wrong],
        in_words=[_line(target) for target in in_words],
        baseline_wrong=[f"{_line(t)}：{t.baseline_year}，标注 {row.get('baseline_year')}" for t, row in off],
        owners_wrong=owners_wrong,
        names=_score_names(reading, annotation),
    )


def _line(target: Target) -> str:
    return f"{target.indicator} {target.year} {target.value} {target.unit}｜{target.quote}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


def _match(found: list[Target], wanted: list[dict[str, Any]]) -> list[tuple[Target, dict[str, Any]]]:
    """Pairs of found and annotated targets, the likeliest first, each used once."""
    candidates = []
    for order, target in enumerate(found):
        for place, row in enumerate(wanted):
            if (
                target.year != row["year"]
                or not _same_value(target.value, row["value"])
                or not _same_unit(target.unit, row["unit"])
            ):
                continue
            alike = likeness(target.indicator, row["indicator"])
            overlap = _overlap(target.quote, row.get("quote") or "")
            if alike >= ALIKE or (overlap and alike >= ALIKE_IN_PLACE):
                candidates.append((alike + overlap, -abs(order - place), order, place))
    pairs, used_found, used_wanted = [], set(), set()
    for *_, order, place in sorted(candidates, reverse=True):
        if order not in used_found and place not in used_wanted:
            used_found.add(order)
            used_wanted.add(place)
            pairs.append((found[order], wanted[place]))
    return pairs


def _overlap(one: str, other: str) -> bool:
    a, b = _squeeze(one), _squeeze(other)
    short, long = sorted((a, b), key=len)
    return bool(short) and (short in long or short[-8:] in long)


def _same_value(one: Any, other: Any) -> bool:
    a = one if isinstance(one, list) else [one]
    b = other if isinstance(other, list) else [other]
    return len(a) == len(b) and all(
        x is not None and y is not None and abs(x - y) <= 1e-9 * max(1, abs(y)) for x, y in zip(a, b, strict=True)
    )


def _same_unit(one: str | None, other: str | None) -> bool:
    return UNIT_SAME.get(one or "", one or "") == UNIT_SAME.get(other or "", other or "")


def _is_optional(target: Target, wanted: list[dict[str, Any]]) -> bool:
    """Whether a found target stands at the place of an optional item that was annotated in other words."""
    return any(row.get("optional") and _overlap(target.quote, row.get("quote") or "") for row in wanted)


def _score_owners(reading: Reading, annotation: dict[str, Any]) -> tuple[float | None, float | None, list[str]]:
    """The share of annotated tasks whose every owner was found; and exactly, clauses for all counties left out."""
    tasks = [task for task in annotation.get("tasks", []) if task.get("units")]
    if not tasks:
        return _score_owner_counts(reading, annotation)
    by_path = {task.path: task for task in reading.tasks}
    full, exact, wrong = 0, 0, []
    for row in tasks:
        task = by_path.get(row["path"])
        printed = [one.name for one in task.owners if one.role != "all-counties"] if task else []
        lacking = [unit for unit in row["units"] if not any(same_unit(unit, name) for name in printed)]
        extra = [name for name in printed if not any(same_unit(unit, name) for unit in row["units"])]
        full += not lacking
        exact += not lacking and not extra
        if lacking or extra:
            wrong.append(f"{row['path']} 缺 {'、'.join(lacking) or '无'}；多 {'、'.join(extra) or '无'}")
    return full / len(tasks), exact / len(tasks), wrong


def _score_owner_counts(reading: Reading, annotation: dict[str, Any]) -> tuple[float | None, float | None, list[str]]:
    """Where an annotation only counts the units: the share of its counts that the reading reaches."""
    units = annotation.get("responsible_units")
    if not isinstance(units, dict) or "counts" not in units:
        return None, None, []
    counts: dict[str, int] = units["counts"]
    found: dict[str, int] = dict.fromkeys(counts, 0)
    extra = []
    for task in reading.tasks:
        for owner in task.owners:
            name = owner.name if owner.name in counts else next((u for u in counts if same_unit(u, owner.name)), "")
            if name:
                found[name] += 1
            else:
                extra.append(owner.name)
    reached = sum(min(found[name], times) for name, times in counts.items())
    total, given = sum(counts.values()), sum(found.values()) + len(extra)
    wrong = [f"{name} {found[name]}，标注 {times}" for name, times in counts.items() if found[name] != times]
    return reached / total, reached / max(total, given), [*wrong, *(f"多 {name}" for name in extra)]


def _score_names(reading: Reading, annotation: dict[str, Any]) -> dict[str, NameScore]:
    """Projects, enterprises and platforms against `named_projects` and so on, where the annotation lists them."""
    made = {}
    for kind in ("projects", "enterprises", "platforms"):
        rows, found = annotation.get(f"named_{kind}") or [], getattr(reading, kind)
        if not rows:
            continue
        missed = [row["name"] for row in rows if not any(_is_name(one, row) for one in found)]
        extra = [one.name for one in found if not any(_is_name(one, row) for row in rows)]
        recall, precision = 1 - len(missed) / len(rows), 1 - len(extra) / max(len(found), 1)
        made[kind] = NameScore(recall, precision, missed, extra)
    return made


def _is_name(found: Entity, row: dict[str, Any]) -> bool:
    """Equal but for blanks and brackets; one within the other, at most two fifths longer; or alike at one place."""
    one, other = (re.sub(r"[\s“”（）()、]", "", name) for name in (found.name, row["name"]))
    short, long = sorted((one, other), key=len)
    if short in long and len(short) >= 0.6 * len(long):
        return True
    return likeness(one, other) >= ALIKE and _overlap(found.quote, row.get("quote") or "")


def _score_sections(reading: Reading, annotation: dict[str, Any]) -> float | None:
    rows = annotation.get("sections") or annotation.get("headings") or []
    found = {(section.path, _squeeze(section.title)) for section in reading.sections}
    return _share(sum((row["path"], _squeeze(row["title"])) in found for row in rows), len(rows))
