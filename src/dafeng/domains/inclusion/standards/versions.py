"""The life of a methodology's version: begun as a copy, commented on by the public, reviewed, filed or tried, retired.

A version that has left the draft does not change any more: its digest stands in the record that the audit chain seals.
Two persons at least: whoever wrote or sent it on does not decide about it (`workflows/standards.toml`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.members.words import refused
from dafeng.domains.inclusion.models import Methodology, MethodologyVersion
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import inforce
from dafeng.domains.inclusion.standards.library import GROUPS
from dafeng.domains.inclusion.standards.pack import METHODOLOGY, open_record
from dafeng.kernel.errors import StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

UNDER_WAY = ("draft", "comment", "review")
DECIDES = ("file", "try")


def visible(user: Any) -> QuerySet[MethodologyVersion]:
    """The versions that a person, or the public, may see."""
    seen = Record.objects.for_user(user).of_kind(METHODOLOGY)
    return MethodologyVersion.objects.filter(record__in=seen).select_related("methodology", "record")


def begin(methodology: Methodology, *, by: Any, now: datetime) -> MethodologyVersion:
    """A new draft as a copy of the newest version that holds, or of the last one there is."""
    with records.serial():
        versions = MethodologyVersion.objects.filter(methodology=methodology).select_related("record")
        if versions.filter(record__state__in=UNDER_WAY).exists():
            raise refused("open_elsewhere")
        former = versions.filter(record__state__in=inforce.HOLDING).order_by("-number").first()
        former = former or versions.order_by("-number").first()
        if former is None:
            raise InclusionError(_("这个方法学还没有任何版本"))
        return _draft(methodology, former.content, by=by, now=now)


def propose(
    code: str, title: str, title_en: str, group: str, method: str, *, by: Any, now: datetime
) -> MethodologyVersion:
    """A methodology of the city's own on one of the formulas: its numbers become fields, its factors gaps to be filled."""
    if group not in GROUPS or not title.strip():
        raise InclusionError(_("请写明名称并选择领域"))
    known = contents.methods()
    if method not in known or method.startswith("inclusion.sink"):
        raise InclusionError(_("请选择一个算式"))
    with records.serial():
        if Methodology.objects.filter(code=code).exists():
            raise InclusionError(_("代码 %(code)s 已被使用") % {"code": code}, mend=_("请换一个代码"))
        made = Methodology.objects.create(code=code, title=title.strip(), title_en=title_en.strip(), group=group)
        return _draft(made, _skeleton(method), by=by, now=now)


def _skeleton(method: str) -> dict[str, Any]:
    from dafeng.domains.inclusion.standards import names

    found = contents.methods()[method]
    fields = [
        contents.Field(name=name, title=names.parameter(name), unit=found.inputs[name], shown=found.inputs[name], least=0.0, most=1000.0)
        for name in found.activity
    ]  # fmt: skip
    factors = [
        contents.Factor(id=f"city.{name}", parameter=name, item="", value=None, unit=found.inputs[name], year=None, set="城市草案", standing="gap", source="", note="")
        for name in found.parameters
    ]  # fmt: skip
    words = dict.fromkeys(contents.TEXTS, "（待填写）")
    return {
        "method": method, "survey": "", "fields": [contents.plain(each) for each in fields],
        "factors": [contents.plain(each) for each in factors], "exclusions": [], "discount": 0, "discount_note": "",
        "points_fixed": 0, "points_note": "", "label": {}, **words,
    }  # fmt: skip


def _draft(methodology: Methodology, content: Mapping[str, Any], *, by: Any, now: datetime) -> MethodologyVersion:
    number = (methodology.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    digest = contents.digest(content)
    record = open_record(methodology, number, digest, by=by, now=now)
    return MethodologyVersion.objects.create(
        methodology=methodology, number=number, record=record, content=dict(content), digest=digest,
        standing=contents.DRAFT,
    )  # fmt: skip


def amend(
    version: MethodologyVersion, content: Mapping[str, Any], *, seen: str, by: Any, now: datetime
) -> MethodologyVersion:
    """Change a draft that was opened on the digest `seen`."""
    contents.check(content)
    digest = contents.digest(content)
    with records.serial():
        fresh = MethodologyVersion.objects.select_for_update().get(pk=version.pk)
        if fresh.digest != seen:
            raise StaleError(_("这份草稿已被他人修改"), mend=_("请返回看最新内容，再改一次"))
        payload = {"methodology": version.methodology_id, "number": version.number, "digest": digest}
        records.amend(version.record, payload=payload, by=by, now=now)
        version.content, version.digest = dict(content), digest
        version.save(update_fields=["content", "digest"])
    return version


def step(
    version: MethodologyVersion,
    action: str,
    *,
    by: Any,
    now: datetime,
    today: date,
    reason: str = "",
    until: date | None = None,
    valid_from: date | None = None,
) -> MethodologyVersion:
    """Take a step. `until` closes a consultation that begins; `valid_from` is the first day of a version that is decided."""
    with records.serial():
        if action == "consult":
            contents.check(version.content)
            version.comment_until = closing_day(until, today)
        if action == "submit":
            demand_closed(version.comment_until, today)
        if action == "file" and contents.read(version.content).gaps:
            raise refused("filing_gap")
        records.move(version.record, action, by=by, now=now, reason=reason)
        if action in DECIDES:
            _begin_to_hold(version, action, valid_from or today, today)
        if action == "retire":
            version.valid_to = today
        version.save(update_fields=["comment_until", "valid_from", "valid_to", "standing"])
    return version


def _begin_to_hold(version: MethodologyVersion, action: str, first: date, today: date) -> None:
    """From `first` on this version counts, and what counted before ends there."""
    if first < today:
        raise refused("too_early")
    version.valid_from, version.valid_to = first, None
    if action == "file":
        version.standing = contents.CITY
    former = MethodologyVersion.objects.filter(methodology=version.methodology_id, record__state__in=("filed", "trial"))
    for each in former.exclude(pk=version.pk).filter(valid_from__lt=first):
        if each.valid_to is None or each.valid_to > first:
            each.valid_to = first
            each.save(update_fields=["valid_to"])


def closing_day(until: date | None, today: date) -> date:
    """The last day for comments, which must lie ahead."""
    if until is None or until <= today:
        raise refused("too_early", expected=_("今天以后的截止日期"))
    return until


def demand_closed(until: date | None, today: date) -> None:
    """A consultation that was announced runs to its end."""
    if until is not None and today <= until:
        raise refused("too_early", expected=_("%(day)s 之后") % {"day": until})


def lapse(*, now: datetime, today: date) -> int:
    """Move versions whose last day has passed to `retired`. Computing never depended on it: the days decide."""
    over = MethodologyVersion.objects.filter(record__state__in=("filed", "trial"), valid_to__lte=today)
    found = list(over.select_related("record"))
    for each in found:
        records.move(each.record, "lapse", by=None, now=now, system=True)
    return len(found)


def sound(version: MethodologyVersion) -> bool:
    """Whether the content is what the record, and so the audit chain, says it is."""
    sealed = version.record.payload.get("digest")
    return bool(contents.digest(version.content) == version.digest == sealed)


def differences(former: MethodologyVersion, later: MethodologyVersion) -> list[tuple[str, str, str]]:
    """What changed: (what, before, after), in the order of the page."""
    before, after = _flat(former.content), _flat(later.content)
    return [
        (name, before.get(name, ""), after.get(name, ""))
        for name in [*before, *(name for name in after if name not in before)]
        if before.get(name, "") != after.get(name, "")
    ]


def _flat(content: Mapping[str, Any]) -> dict[str, str]:
    """A content as lines a person can compare."""
    from dafeng.domains.inclusion.standards import names

    words = {
        "boundary": _("核算边界"), "baseline": _("基准线"), "method": _("算式"), "monitoring": _("监测方法"), "source": _("来源"),
        "discount_note": _("扣减说明"), "points_note": _("积分说明"),
    }  # fmt: skip
    lines = {str(title): str(content.get(key, "")) for key, title in words.items()}
    lines[_("不确定性扣减")] = f"{float(content.get('discount', 0)):.1%}"
    lines[_("按次积分")] = str(content.get("points_fixed", 0))
    lines[_("不适用情形")] = "；".join(content.get("exclusions", []))
    for each in content.get("fields", []):
        limits = (
            "、".join(each.get("options") or []) or f"{each.get('least')}–{each.get('most')} {each.get('shown', '')}"
        )
        lines[_("监测数据：%(name)s") % {"name": each["title"]}] = limits
    for each in content.get("factors", []):
        title = names.parameter(each["parameter"]) + (f"（{each['item']}）" if each["item"] else "")
        value = _("缺失") if each["value"] is None else f"{each['value']:g} {each['unit']}"
        lines[_("因子：%(name)s") % {"name": title}] = f"{value}｜{each['source']}"
    return lines
