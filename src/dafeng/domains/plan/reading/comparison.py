"""Two plans of one city side by side: what the later one changed, dropped or counts differently, as questions.

Nothing is decided: a target that the later plan does not repeat may be met, replaced or forgotten, and a stock is not an
addition even where the figures are equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dafeng.domains.plan.reading.model import Reading, Target
from dafeng.domains.plan.reading.register import departments
from dafeng.domains.plan.reading.scorer import level_name, likeness

ALIKE = 0.6


@dataclass(frozen=True)
class Difference:
    """One question about two plans. `earlier` and `later` are ids of targets, empty where one plan has none."""

    code: str  # changed | stock-or-addition | base | dropped | owner-gone
    question: str
    earlier: str
    later: str


def compare(earlier: Reading, later: Reading) -> list[Difference]:
    """All questions that two plans raise about each other, in the order of the earlier one."""
    found = [difference for target in earlier.targets for difference in _about(target, later.targets)]
    return [*found, *_owners_gone(earlier, later)]


def _about(old: Target, targets: list[Target]) -> Iterator[Difference]:
    if old.kind == "milestone" or old.implicit_number:
        return
    fitting = [new for new in targets if _same_quantity(old, new)]
    if not fitting:
        printed = _printed(old)
        yield Difference(
            "dropped", f"前一方案的目标“{printed}”在后一方案中没有对应。请确认是已完成、被替代还是遗漏。", old.id, ""
        )
        return
    for new in fitting:
        both = f"前一方案“{_printed(old)}”，后一方案“{_printed(new)}”"
        if old.kind != new.kind:
            yield Difference(
                "stock-or-addition", f"{both}，口径不同（总量、新增量或变化率）。请分别统计，不要合并。", old.id, new.id
            )
        elif old.year == new.year and (old.value, old.unit) != (new.value, new.unit):
            yield Difference("changed", f"{both}，同一年份数值不同。请确认以哪一个为准。", old.id, new.id)
        elif old.baseline_inferred != new.baseline_inferred:
            yield Difference("base", f"{both}，只有一处写明基准年。请确认两处基准年相同。", old.id, new.id)


def _same_quantity(old: Target, new: Target) -> bool:
    """Alike in name, and counted in one unit or both in shares; additions (新增) are compared with stocks on purpose."""
    if new.kind == "milestone" or new.implicit_number:
        return False
    names = [level_name(one.indicator).replace("新增", "").replace("并网容量", "装机") for one in (old, new)]
    return old.unit == new.unit and likeness(*names) >= ALIKE


def _printed(target: Target) -> str:
    value = "~".join(f"{v:g}" for v in target.value) if isinstance(target.value, list) else f"{target.value:g}"
    year = f"{target.year}年" if target.year else ""
    verb = {"decrease": "下降", "increase": "增加"}.get(target.direction or "", "")
    return f"{year}{target.indicator}{verb}{value}{target.unit or ''}"


def _owners_gone(earlier: Reading, later: Reading) -> Iterator[Difference]:
    """Departments that answer for tasks of the earlier plan and do not occur in the later one."""
    old = {owner.id: owner.name for task in earlier.tasks for owner in task.owners if owner.id}
    new = {owner.id for task in later.tasks for owner in task.owners}
    for department in departments():
        if department.id in old and department.id not in new:
            name = old[department.id]
            yield Difference(
                "owner-gone", f"“{name}”在前一方案中负有任务，后一方案中没有出现。请确认由谁承接。", "", ""
            )
