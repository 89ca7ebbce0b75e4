"""Targets as stored and as followed: what each is bound to, and the office's words on how it is to be read.

A target is bound to a cell of the blackboard (`code` or `code|key`). What the plan does not print (where the path begins, which
stations have to meet it, who is measured) is *settled* by the office and kept apart from what is printed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.plan import bindings
from dafeng.domains.plan.bindings import Binding
from dafeng.domains.plan.methods.dual_control import SPLITS
from dafeng.domains.plan.methods.targets import Step
from dafeng.domains.plan.methods.targets import Target as Followed
from dafeng.domains.plan.models import Plan, Target, Version, said
from dafeng.domains.plan.permissions import BIND
from dafeng.kernel.actions import demand
from dafeng.kernel.errors import NotFound, PlanError, StaleError
from dafeng.kernel.indicators.models import Indicator
from dafeng.kernel.records import services as records

FIRST_YEAR, LAST_YEAR = 1990, 2100


def code_of(binding: Binding) -> str:
    """The cell that a binding reads: `code`, or `code|key`."""
    return f"{binding.indicator}|{binding.key}" if binding.key else binding.indicator


@dataclass(frozen=True)
class Bound:
    """What a target is measured by; without a `binding`, `reason` says why there is none."""

    binding: Binding | None
    reason: str = ""

    @property
    def label(self) -> str:
        return self.binding.label if self.binding else _("未绑定")


def bound(target: Target, known: Mapping[str, Indicator] | None = None) -> Bound:
    """The binding of a target. `known`: indicators of the blackboard that the register does not have, by code."""
    if target.binding:
        for each in bindings.register().bindings:
            if each.indicator and code_of(each) == target.binding:
                return Bound(each)
        indicator = (known or {}).get(target.binding.partition("|")[0])
        if indicator is not None:
            return Bound(_of_blackboard(target.binding, indicator))
        return Bound(None, _("绑定的“%(code)s”既不在指标登记表里，也没有业务发布过") % {"code": target.binding})
    if target.bound_by not in ("", "register"):
        return Bound(None, _("由 %(who)s 解除绑定，等待重新绑定") % {"who": target.bound_by})
    found = bindings.match(target.indicator, target.unit or None)
    if found.binding and found.binding.state == bindings.UNBOUND:
        return Bound(None, found.binding.reason)
    return Bound(None, found.reason if found.binding is None else _("登记表里有“%(name)s”，还没有绑定") % {"name": found.binding.name})  # fmt: skip


def _of_blackboard(code: str, indicator: Indicator) -> Binding:
    """A binding for an indicator that some domain publishes and the register does not list."""
    return Binding(
        id=code, name=indicator.name, name_en=indicator.name_en, state=bindings.COMPUTED, unit=indicator.unit, indicator=indicator.code,
        key=code.partition("|")[2], formula=indicator.description or indicator.name, source=indicator.code,
    )  # fmt: skip


def suggestions(target: Target, limit: int = 5) -> list[tuple[Binding, float, str]]:
    """Bindings that could fit, the best first: (binding, likeness, why); only those whose unit takes the target's."""
    found = bindings.register()
    best = found.match(target.indicator, target.unit or None)
    rows = [
        (each, max((found.match(form, target.unit or None).score if form == target.indicator else _alike(form, target.indicator)) for form in (each.name, *each.aliases)))
        for each in found.bindings
        if each.state != bindings.UNBOUND and each.takes(target.unit or "1")
    ]  # fmt: skip
    rows.sort(key=lambda row: (row[0] is not best.binding, -row[1]))
    return [
        (each, max(score, best.score) if each is best.binding else score, best.reason if each is best.binding else _("名称有相近的字，单位相符"))
        for each, score in rows[:limit]
        if score > 0 or each is best.binding
    ]  # fmt: skip


def _alike(one: str, other: str) -> float:
    a, b = ({text[at : at + 2] for at in range(len(text) - 1)} for text in (one, other))
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


# ---------------------------------------------------------------- reading


def holding(city: str) -> QuerySet[Target]:
    """Targets of the city's plans that hold now: of accepted versions, not dropped."""
    current = Version.objects.filter(plan=OuterRef("plan"), current=True)
    return Target.objects.filter(Exists(current), plan__city=city, dropped_in=None).select_related("plan")


def target_of(id: int) -> Target:
    """A target of a plan that was accepted, dropped ones included. Raises `NotFound`."""
    current = Version.objects.filter(plan=OuterRef("plan"), current=True)
    chosen = Target.objects.filter(Exists(current), pk=id).select_related("plan", "task", "standing", "dropped_in")
    found = chosen.first()
    if found is None:
        raise NotFound(_("没有这个目标"), mend=_("请从目标清单重新进入"))
    return found


def key_of(target: Target) -> str:
    """The target as a key of the blackboard."""
    return f"plan={target.plan.key};target={target.key}"


def base_year_of(targets: Sequence[Target], plan: Plan) -> int | None:
    """The base year that a plan itself uses most; else the year before it begins."""
    first = plan.first_year or LAST_YEAR
    named = Counter(each.baseline_year for each in targets if each.baseline_year and each.baseline_year < first)
    if named:
        return int(named.most_common(1)[0][0])
    return plan.first_year - 1 if plan.first_year else None


def follow(target: Target, binding: Binding, *, base_year: int | None, others: Sequence[Target] = ()) -> Followed:
    """A stored target as one that `methods` can follow. Raises `PlanError` where its number is missing or makes no sense.

    A level's path begins at the plan's base year; a change on another target's year carries that target as its base.
    """
    settled = target.settled
    more: dict[str, Any] = {}
    if "start_year" in settled:
        more["start_year"] = settled["start_year"]
    elif target.kind == "level" and target.baseline_year is None:
        more["start_year"] = base_year
    if "about" in settled:
        more["about"] = settled["about"] / 100
    if settled.get("steps"):
        more["steps"] = tuple(Step(step["year"], step["value"]) for step in settled["steps"])
    if target.members:
        more["members"] = tuple(target.members)
    if target.kind == "relative_change" and target.baseline_year is not None:
        same = [o for o in others if o.pk != target.pk and o.year == target.baseline_year and o.binding == target.binding and o.place == target.place and o.subject == target.subject and o.low is not None]  # fmt: skip
        if same:
            more["on"] = bindings.target_of(as_dict(same[0]), binding)
    return bindings.target_of(as_dict(target), binding, **more)


def as_dict(target: Target) -> dict[str, Any]:
    """The JSON of a reading."""
    value: Any = [target.low, target.high] if target.operator == "range" else target.low
    names = ("indicator", "kind", "operator", "unit", "year", "baseline_year", "baseline_inferred", "strength")
    own = {name: getattr(target, name) for name in names}
    return own | {"id": str(target.pk), "value": value, "direction": target.direction or None}


def asked(target: Target) -> str:
    """What the target asks, in words and as printed: ≥ 30 %, 比2020年下降 15 %."""
    if target.kind == "milestone":
        return {"<": _("%(year)s 年前"), "<=": _("不晚于 %(year)s 年")}.get(target.operator, _("%(year)s 年")) % {"year": target.year or "?"}  # fmt: skip
    if target.low is None:
        return _("原文没有数值")
    number = f"{target.low:g}–{target.high:g}" if target.operator == "range" else f"{target.low:g}"
    sign = {"=": "", "~": _("约 "), "range": ""}.get(target.operator, f"{target.operator} ".replace(">=", "≥").replace("<=", "≤"))  # fmt: skip
    text = f"{sign}{number} {target.unit}".strip()
    if target.kind in ("relative_change", "absolute_change"):
        way = _("上升") if target.direction == "increase" else _("下降")
        base = _("比 %(year)s 年") % {"year": target.baseline_year} if target.baseline_year else ""
        text = f"{base}{way} {text}"
    return text + said(f"（{_('力争')}）", f" ({_('力争')})") if target.strength == "strive" else text


# ---------------------------------------------------------------- writing


def _fresh(target: Target, seen: str) -> Target:
    """The target as it is now, locked; `seen` is the binding that the person saw. Raises `StaleError`."""
    found = Target.objects.select_for_update().get(pk=target.pk)
    if found.binding != seen:
        raise StaleError(
            _("这个目标的绑定已被别人改过：现为“%(now)s”，您看到的是“%(seen)s”") % {"now": found.binding or _("未绑定"), "seen": seen or _("未绑定")},
            mend=_("请刷新页面，看过新的绑定再决定"),
        )  # fmt: skip
    if found.dropped_in_id:
        raise StaleError(_("这个目标已从方案中删去"), mend=_("请回到目标清单"))
    return found


@transaction.atomic
def bind(target: Target, code: str, *, seen: str, by: Any, now: datetime) -> Target:
    """Bind a target to a cell of the blackboard; an empty `code` unbinds. Raises `StaleError`, `PlanError`."""
    demand(by, BIND)
    found = _fresh(target, seen)
    if code:
        known = {each.code: each for each in Indicator.objects.filter(code=code.partition("|")[0])}
        candidate = bound(Target(binding=code), known).binding
        if candidate is None:
            raise PlanError(_("没有指标“%(code)s”") % {"code": code}, mend=_("请从建议或登记表里选一个"))
        if found.kind != "milestone" and not candidate.takes(found.unit or "1"):
            raise PlanError(
                _("目标的单位是“%(unit)s”，指标“%(name)s”的单位是“%(own)s”") % {"unit": found.unit, "name": candidate.name, "own": candidate.unit},
                expected=_("单位相符的指标"),
            )  # fmt: skip
    before, found.binding, found.bound_by = found.binding, code, by.username
    found.save(update_fields=["binding", "bound_by"])
    records.audit(by, "plan.bind", "plan.target", str(found.pk), {"from": before, "to": code}, now=now)
    return found


@transaction.atomic
def settle(
    target: Target,
    *,
    seen: str,
    by: Any,
    now: datetime,
    owner: str,
    start_year: int | None = None,
    about: float | None = None,
    steps: Sequence[tuple[int, float]] = (),
    members: Sequence[str] = (),
    split: str = "",
) -> Target:
    """What the plan does not print and the office has decided. Raises `StaleError`, `PlanError`."""
    demand(by, BIND)
    found = _fresh(target, seen)
    if start_year is not None and not FIRST_YEAR <= start_year <= LAST_YEAR:
        raise PlanError(_("起点年份“%(year)s”不对") % {"year": start_year}, expected=f"{FIRST_YEAR}–{LAST_YEAR}")
    if split and split not in SPLITS:
        raise PlanError(_("不认识的分解办法“%(split)s”") % {"split": split[:20]}, expected="、".join(SPLITS))
    names = [name.strip() for name in members if name.strip()]
    if len(set(names)) != len(names):
        raise PlanError(_("成员有重复"), mend=_("每个断面、园区只写一次"))
    if bad := [name for name in names if set(name) & set(";=|") or len(name) > 60]:
        raise PlanError(_("成员“%(name)s”的写法不对") % {"name": bad[0]}, expected=_("不超过 60 字，不含 ; = |"))
    given = {
        "start_year": start_year,
        "about": about,
        "steps": [{"year": y, "value": v} for y, v in steps] or None,
        "split": split or None,
    }
    settled = {name: value for name, value in given.items() if value is not None}
    before = {"owner": found.owner, "members": found.members, "settled": found.settled}
    found.owner, found.members, found.settled = owner, names, settled
    binding = bound(found).binding
    if binding is not None and found.low is not None:
        follow(found, binding, base_year=None)  # refuses steps after the target's year and the like
    found.save(update_fields=["owner", "members", "settled"])
    after = {"owner": owner, "members": names, "settled": settled}
    records.audit(by, "plan.settle", "plan.target", str(found.pk), {"from": before, "to": after}, now=now)
    return found


@transaction.atomic
def give(
    target: Target, *, place: str, low: float, by: Any, now: datetime, subject: str = "", owner: str = ""
) -> Target:
    """Break a city's target down: its own number for a county, or for an enterprise in one. Raises `PlanError`.

    Giving it again changes the number; the former one is in the audit trail.
    """
    demand(by, BIND)
    if place == target.place or target.place != target.plan.city:
        raise PlanError(_("只有市级目标可以分解，而且要分解到县区"), mend=_("请选择一个县区"))
    key = target.key
    if set(subject) & set(";=|"):
        raise PlanError(_("对象“%(name)s”的写法不对") % {"name": subject[:40]}, expected=_("不含 ; = |"))
    if subject := subject.strip():
        key = f"{target.key[:52]}~{hashlib.sha256(subject.encode()).hexdigest()[:8]}"
    copied = (
        "task", "indicator", "kind", "direction", "operator", "unit", "year", "period", "baseline_year", "baseline_inferred",
        "strength", "scope", "binding", "bound_by", "settled", "start",
    )  # fmt: skip
    given = {name: getattr(target, name) for name in copied}
    given |= {"low": low, "high": low, "owner": owner, "subject": subject, "dropped_in": None}
    if target.operator == "range":
        given["operator"] = ">="
    made, new = Target.objects.update_or_create(plan=target.plan, key=key, place=place, defaults=given)
    detail = {"target": target.pk, "place": place, "subject": subject, "low": low, "new": new}
    records.audit(by, "plan.give", "plan.target", str(made.pk), detail, now=now)
    return made
