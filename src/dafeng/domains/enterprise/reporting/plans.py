"""数据质量控制方案: how each parameter of a year is obtained. A draft is edited, then filed; a change is a new number with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import ControlPlan, Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import assembling, boundaries, clock, points, sectoral, sources
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refusing
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest, plain

KIND = "enterprise.control-plan"
# What is written down of each parameter (power guideline 2021, annex on the plan): from which source of its order, how, with what, how often, how exact, what if not.
FIELDS = ("source", "how", "meter", "frequency", "accuracy", "calibration", "missing")
GENERAL = ("unit_data", "quality", "people")


def current(enterprise: Enterprise, year: int) -> ControlPlan | None:
    """The newest number of the year, filed or not."""
    found = ControlPlan.objects.filter(enterprise=enterprise, year=year).select_related("record")
    return found.order_by("-number").first()


def newest(enterprise: Enterprise) -> ControlPlan | None:
    """The newest number of the latest year that has a plan, filed or not."""
    found = ControlPlan.objects.filter(enterprise=enterprise).select_related("record")
    return found.order_by("-year", "-number").first()


def filed(enterprise: Enterprise, year: int) -> ControlPlan | None:
    """The number in force."""
    return in_force(enterprise=enterprise, year=year).select_related("record").first()


def in_force(**mine: Any) -> QuerySet[ControlPlan]:
    """Filed plans, the newest number first."""
    return ControlPlan.objects.filter(**mine, record__state="filed").order_by("-number")


def lines(enterprise: Enterprise, content: Mapping[str, Any], year: int) -> list[dict[str, Any]]:
    """One line a parameter of each unit of the year (`lines_of`)."""
    units = assembling.facilities_of(enterprise, year)
    return lines_of(units, points.of(units), content, year)


def lines_of(
    units: Iterable[Facility], known: Mapping[int, list[MeasuringPoint]], content: Mapping[str, Any], year: int
) -> list[dict[str, Any]]:
    """One line a parameter of each unit, installation by installation, with what the content says of it and the order of its sources, if there is one.

    What the unit's measuring points (`known`, as `points.of`) tell is theirs and not typed (`DEVICE`): `points` of the line.
    """
    told, (first, last) = content.get("items", {}), clock.bounds(str(year))
    return [
        {
            "key": key, "facility": facility, "installation": installation, "wanted": each, "points": held,
            "said": {**told.get(key, {}), **_device(held)}, "order": sectoral.order_of(facility.sector, each.item, each.stream),
        }
        for installation, below in boundaries.grouped(units)
        for facility in below or [installation]
        for in_use in [[point for point in known.get(facility.pk, ()) if points.in_use(point, first, last)]]
        for each in sectoral.wanted_of_year(facility, year)
        for key in [sources.key_of(facility.code, each.item, each.stream)]
        for held in [[point for point in in_use if (point.item, point.stream) == each.key]]
    ]  # fmt: skip


def untold(line: Mapping[str, Any]) -> bool:
    """Whether a line still lacks what filing asks of it: how the parameter is obtained, and its source where an order is printed."""
    how = line["said"].get("how")
    if line["wanted"].required and not how:
        return True
    return bool(line["order"]) and not line["said"].get("source") and (line["wanted"].required or bool(how))


DEVICE = ("meter", "accuracy", "calibration")


def _device(held: list[MeasuringPoint]) -> dict[str, str]:
    """What the plan says of a parameter's instruments; nothing where it has no point."""
    if not held:
        return {}
    told = {
        "meter": [" ".join(filter(None, (each.code, each.instrument, each.place))) for each in held],
        "accuracy": [each.accuracy for each in held],
        "calibration": [_("%(count)s 个月") % {"count": each.period} for each in held if each.period],
    }
    return {name: "；".join(dict.fromkeys(filter(None, words))) for name, words in told.items()}


def devices(plan: ControlPlan | None, told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The table of instruments: as it was filed, or of a draft as the measuring points of its lines stand; each with its item and unit in words."""
    names = {line["facility"].code: line["facility"] for line in told}
    if plan is not None and plan.record.state != "draft":
        rows: list[dict[str, Any]] = plan.content.get("devices", [])
    else:
        rows = _devices(told)
    return [
        {
            **row,
            "title": sectoral.title_of(names[row["facility"]].sector, row["item"], row["stream"]),
            "facility": names[row["facility"]].name,
        }
        for row in rows
        if row["facility"] in names
    ]


def _devices(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"facility": line["facility"].code, **points.words_of(each)} for line in told for each in line["points"]
    ]  # fmt: skip


def open_plan(enterprise: Enterprise, year: int, *, by: Any, now: datetime, reason: str = "") -> ControlPlan:
    """Begin a year's plan, or a new number of a filed one (then with the reason); it starts from the former's content.

    Raises `Refused`: `already_open`, `no_reason`.
    """
    with refusing("control-plan", "enterprise", enterprise.code, by=by, now=now), records.serial():
        last = current(enterprise, year)
        if last and last.record.state == "draft":
            raise Refused("already_open", f"{year} 年控制方案第 {last.number} 版正在编制", mend="请打开这一版继续")
        if last and not reason.strip():
            raise Refused("no_reason", "修订控制方案须写明理由", mend="请写明设施、排放源、测量或方法的哪项变化")
        former = last or ControlPlan.objects.filter(enterprise=enterprise, year=year - 1).order_by("-number").first()
        number = last.number + 1 if last else 1
        content = {**(former.content if former else {}), "reason": reason.strip()}
        record = records.open_record(
            KIND,
            title=f"{enterprise.name} {year} 年数据质量控制方案（第 {number} 版）",
            payload={"enterprise": enterprise.code, "year": year, "number": number, "digest": digest(plain(content))},
            by=by,
            now=now,
            place=enterprise.place,
            key=f"{enterprise.code}-{year}",
        )
        return ControlPlan.objects.create(
            enterprise=enterprise, record=record, year=year, number=number, content=content
        )


def seen_of(plan: ControlPlan) -> str:
    return digest(plain(plan.content))[:32]


def save(
    plan: ControlPlan, content: Mapping[str, Any], *, seen: str, by: Any, now: datetime, system: bool = False
) -> ControlPlan:
    """Write a draft. Raises `SeenOld` (`stale_plan`), `Refused` (`plan_filed`, `no_such_item`, `unknown_source`)."""
    with refusing("control-plan", "control-plan", plan.pk, by=by, now=now), records.serial():
        fresh = ControlPlan.objects.select_for_update().get(pk=plan.pk)
        if fresh.record.state != "draft":
            raise Refused("plan_filed", "方案已备案，不能改动", mend="请另立新版并写明理由")
        _demand_seen(fresh, seen)
        kept = {name: str(content.get(name, "")).strip()[:2000] for name in GENERAL}
        items = {
            key: {name: str(said.get(name, "")).strip()[:200] for name in FIELDS}
            for key, said in content.get("items", {}).items()
        }
        said = {**fresh.content, **kept, "items": {key: said for key, said in items.items() if any(said.values())}}
        told = lines(fresh.enterprise, said, fresh.year)
        if strange := sorted(said["items"].keys() - {line["key"] for line in told}):
            raise Refused("no_such_item", _("这一年的方案没有参数“%(key)s”") % {"key": strange[0][:100]}, mend=_("请按读到的参数填写"))  # fmt: skip
        sources.demand_known(told)
        _write(fresh, _as_measured(said, told), by=by, now=now, system=system)
    plan.refresh_from_db()
    return plan  # fmt: skip


def _demand_seen(plan: ControlPlan, seen: str) -> None:
    if seen != seen_of(plan):
        raise SeenOld("stale_plan", "方案已被他人改动，您的修改没有保存", mend="请看最新内容，再填入您的修改")


def _as_measured(content: Mapping[str, Any], told: list[dict[str, Any]]) -> dict[str, Any]:
    """The content with what the measuring points say now: their words of each parameter, and the table of instruments."""
    measured = {line["key"]: {name: line["said"].get(name, "") for name in FIELDS} for line in told if line["points"]}
    found = _devices(told)
    tables = {"devices": plain(found)} if found or "devices" in content else {}
    return {**content, "items": {**content.get("items", {}), **measured}, **tables}


def _write(plan: ControlPlan, content: dict[str, Any], *, by: Any, now: datetime, system: bool) -> None:
    plan.content = content
    payload = {**plan.record.payload, "digest": digest(plain(content))}
    records.amend(plan.record, by=by, now=now, system=system, payload=payload)
    plan.save(update_fields=["content"])


def file(plan: ControlPlan, *, by: Any, now: datetime, seen: str | None = None, system: bool = False) -> ControlPlan:
    """备案: put a number in force; the former is replaced.

    Raises `Refused` (`plan_incomplete`, `no_source`, `source_lowered`), and `SeenOld` (`stale_plan`) where `seen` is another content.
    """
    with refusing("control-plan-file", "control-plan", plan.pk, by=by, now=now), records.serial():
        fresh = ControlPlan.objects.select_for_update().get(pk=plan.pk)
        if seen is not None:
            _demand_seen(fresh, seen)
        told = lines(plan.enterprise, fresh.content, plan.year)
        bare = [each for each in told if each["wanted"].required and not each["said"].get("how")]
        if bare:
            names = "、".join(str(each["wanted"].title) for each in bare[:5])
            raise Refused(
                "plan_incomplete",
                f"还有 {len(bare)} 个参数没有写明取得方式：{names}",
                mend="请逐项写明，缺省值也要写明依据",
            )
        sources.demand_kept(told, sources.before(plan))
        former = filed(plan.enterprise, plan.year)
        if fresh.record.state == "draft" and (content := _as_measured(fresh.content, told)) != fresh.content:
            _write(fresh, content, by=by, now=now, system=system)
        records.move(fresh.record, "file", by=by, now=now, system=system)
        if former:
            records.move(former.record, "replace", by=by, now=now, system=system)
    plan.refresh_from_db()
    return plan
