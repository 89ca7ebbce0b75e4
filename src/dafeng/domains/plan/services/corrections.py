"""The reviewers' word against the reading: change an item, add one by its quote, drop one with a reason, take it back.

Corrections belong to the plan, not to a version: read the document anew, and they are still there (`items`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan.models import Correction, Version
from dafeng.domains.plan.reading.register import named
from dafeng.domains.plan.services import items
from dafeng.domains.plan.services.content import corrections_of, found_in
from dafeng.domains.plan.services.items import Item, occurrences, squeeze
from dafeng.kernel.errors import NotFound, PlanError, StaleError
from dafeng.kernel.records import services as records

TARGET_KINDS = {
    "level": gettext_lazy("达到（水平）"), "relative_change": gettext_lazy("比基准年变化（%）"), "absolute_change": gettext_lazy("新增或减少（数量）"),
    "cumulative": gettext_lazy("累计"), "milestone": gettext_lazy("到时完成"),
}  # fmt: skip
OPERATORS = {"=": "＝", ">=": "≥", "<=": "≤", ">": "＞", "<": "＜", "~": "≈", "range": "～"}
STRENGTHS = {"must": gettext_lazy("必须"), "strive": gettext_lazy("力争")}
DIRECTIONS = {"": "–", "increase": gettext_lazy("增加"), "decrease": gettext_lazy("下降")}


def change(
    version: Version, ref: str, value: Mapping[str, Any], *, reason: str, by: Any, now: datetime
) -> Correction | None:
    """Set fields of an item. What is as it was already is not written; None when nothing would change."""
    with records.serial():
        item = _item(version, ref)
        if item.kind == items.DEFECT:
            raise PlanError(_("疑问不能改写"), mend=_("可以剔除它（写明理由），再补充一条"))
        said = {name: new for name, new in value.items() if new != item.values.get(name)}
        if not said:
            return None
        own: Correction | None = next((each for each in item.corrections if each.kind == "add"), None)
        if own is not None:  # what a reviewer added is changed where it stands
            own.value = own.value | said
            own.about = str(own.value.get(items.NAMES.get(item.kind, "name"), own.about))[:200]
            own.save(update_fields=["value", "about"])
            _audit(own, "plan.correct", by=by, now=now)
            return own
        return _write(version, item, Correction.Kind.CHANGE, said, reason, by=by, now=now)


def drop(version: Version, ref: str, *, reason: str, by: Any, now: datetime) -> Correction:
    """Take an item out of what will be accepted. The reason is asked for: somebody will want to know."""
    if not reason.strip():
        raise PlanError(_("剔除要写明理由"), mend=_("请写为什么这不是一项任务、目标或项目"))
    with records.serial():
        item = _item(version, ref)
        if item.dropped:
            raise StaleError(_("这一项已经剔除"), mend=_("请刷新页面"))
        if own := next((each for each in item.corrections if each.kind == "add"), None):
            return withdraw(own, by=by, now=now)
        return _write(version, item, Correction.Kind.DROP, {}, reason, by=by, now=now)


def add(
    version: Version, kind: str, quote: str, value: Mapping[str, Any], *, reason: str, by: Any, now: datetime, start: int | None = None
) -> Correction:  # fmt: skip
    """Add an item at its quote; `start` tells which of several equal ones (where the text was selected)."""
    if kind not in items.KINDS:
        raise PlanError(_("不认识的种类"), expected="、".join(items.KINDS))
    if len(squeeze(quote)) < 2:
        raise PlanError(_("没有给出原文"), mend=_("请从正文中复制这一项的原话"))
    name = str(value.get(items.NAMES.get(kind, "name")) or "").strip()
    if not name:
        raise PlanError(_("没有写名称"), mend=_("请写指标、任务、项目的名称或要问的问题"))
    with records.serial():
        _check_open(version)
        places = occurrences(version.text, quote)
        if not places:
            raise PlanError(
                _("正文里找不到这段原话"), expected=_("与正文一字不差（空格和换行不计）"), mend=_("请从正文中复制")
            )
        ordinal = 0
        if start is not None:
            ordinal = min(range(len(places)), key=lambda number: abs(places[number][0] - start))
        at, end = places[ordinal]
        made = Correction(
            plan=version.plan,
            item=kind,
            kind=Correction.Kind.ADD,
            quote=version.text[at:end],
            ordinal=ordinal,
            before=items.before(version.text, at),
            about=name[:200],
            value=dict(value),
            reason=reason.strip(),
            by=by,
            at=now,
        )
        made.save()
        _audit(made, "plan.correct", by=by, now=now)
    return made


def withdraw(correction: Correction, *, by: Any, now: datetime) -> Correction:
    """Take a correction back; it stays on record."""
    with records.serial():
        fresh = Correction.objects.select_for_update().get(pk=correction.pk)
        if fresh.withdrawn_at is not None:
            raise StaleError(_("这条更正已经撤回"), mend=_("请刷新页面"))
        fresh.withdrawn_at = now
        fresh.save(update_fields=["withdrawn_at"])
        _audit(fresh, "plan.withdraw-correction", by=by, now=now)
    return fresh


def owners_from(lead: str, support: str, *, counties: bool, level: str = "市") -> list[dict[str, str]]:
    """Owners as a person types them (names by 、 or line), in the register's manner."""
    found = []
    for role, text in (("lead", lead), ("support", support)):
        for name in dict.fromkeys(filter(None, (part.strip() for part in _split(text)))):
            known = named(name, level)
            found.append({"name": known.name, "printed": known.printed, "role": role, "id": known.id})
    if counties:
        found.append({"name": "各县区", "printed": "", "role": "all-counties", "id": "counties"})
    return found


def _split(text: str) -> list[str]:
    for sign in "，,；;\r\n\t":
        text = text.replace(sign, "、")
    return text.split("、")


def _check_open(version: Version) -> None:
    if version.record.state != "read":
        raise StaleError(
            _("这一版现为“%(state)s”，不能再更正") % {"state": version.record.state_title},
            mend=_("如需更正，请重新上传文件形成新版"),
        )
    if not version.text:
        raise PlanError(_("这一版来自城市数据包，没有正文"), mend=_("请在数据包中更正"))


def _item(version: Version, ref: str) -> Item:
    _check_open(version)
    found = found_in(version, corrections_of(version.plan)).get(ref)
    if found is None:
        raise NotFound(_("没有这一项"), mend=_("请刷新页面"))
    return found


def _write(
    version: Version, item: Item, kind: Correction.Kind, value: dict[str, Any], reason: str, *, by: Any, now: datetime
) -> Correction:
    made = Correction(
        plan=version.plan,
        item=item.kind,
        kind=kind,
        quote=item.quote,
        ordinal=item.ordinal,
        before=item.before,
        about=item.about,
        value=value,
        reason=reason.strip(),
        by=by,
        at=now,
    )
    made.save()
    _audit(made, "plan.correct", by=by, now=now)
    return made


def _audit(correction: Correction, action: str, *, by: Any, now: datetime) -> None:
    detail = {
        "plan": correction.plan.key, "item": correction.item, "kind": str(correction.kind), "about": correction.about,
        "quote": correction.quote[:200], "value": correction.value, "reason": correction.reason,
    }  # fmt: skip
    records.audit(by, action, "correction", str(correction.pk), detail, now=now)
