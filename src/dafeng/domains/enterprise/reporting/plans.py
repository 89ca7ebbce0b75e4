"""数据质量控制方案: how each parameter of a year is obtained. A draft is edited, then filed; a change is a new number with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import ControlPlan, Facility
from dafeng.domains.enterprise.reporting import sectoral
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refusing
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest, plain

KIND = "enterprise.control-plan"
# What is written down of each parameter (power guideline 2021, annex on the plan): how, with what, how often, how exact, what if not.
FIELDS = ("how", "meter", "frequency", "accuracy", "calibration", "missing")
GENERAL = ("unit_data", "quality", "people")


def current(enterprise: Enterprise, year: int) -> ControlPlan | None:
    """The newest number of the year, filed or not."""
    found = ControlPlan.objects.filter(enterprise=enterprise, year=year).select_related("record")
    return found.order_by("-number").first()


def filed(enterprise: Enterprise, year: int) -> ControlPlan | None:
    """The number in force."""
    found = ControlPlan.objects.filter(enterprise=enterprise, year=year, record__state="filed").select_related("record")
    return found.order_by("-number").first()


def lines(enterprise: Enterprise, content: Mapping[str, Any], year: int) -> list[dict[str, Any]]:
    """One line a parameter of each facility, with what the content says of it."""
    told = content.get("items", {})
    return [
        {"key": key, "facility": facility, "wanted": each, "said": told.get(key, {})}
        for facility in Facility.objects.filter(enterprise=enterprise).order_by("code")
        if facility.since.year <= year and (facility.until is None or facility.until.year >= year)
        for each in sectoral.wanted_of_year(facility, year)
        for key in [f"{facility.code}/{each.item}/{each.stream}"]
    ]


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
    """Write a draft. Raises `SeenOld` (`stale_plan`), `Refused` (`plan_filed`)."""
    with refusing("control-plan", "control-plan", plan.pk, by=by, now=now), records.serial():
        fresh = ControlPlan.objects.select_for_update().get(pk=plan.pk)
        if fresh.record.state != "draft":
            raise Refused("plan_filed", "方案已备案，不能改动", mend="请另立新版并写明理由")
        if seen != seen_of(fresh):
            raise SeenOld("stale_plan", "方案已被他人改动，您的修改没有保存", mend="请看最新内容，再填入您的修改")
        kept = {name: str(content.get(name, "")).strip()[:2000] for name in GENERAL}
        items = {
            key: {name: str(said.get(name, "")).strip()[:200] for name in FIELDS}
            for key, said in content.get("items", {}).items()
        }
        fresh.content = {
            **fresh.content,
            **kept,
            "items": {key: said for key, said in items.items() if any(said.values())},
        }
        records.amend(
            fresh.record,
            by=by,
            now=now,
            system=system,
            payload={**fresh.record.payload, "digest": digest(plain(fresh.content))},
        )
        fresh.save(update_fields=["content"])
    plan.refresh_from_db()
    return plan  # fmt: skip


def file(plan: ControlPlan, *, by: Any, now: datetime, system: bool = False) -> ControlPlan:
    """备案: put a number in force; the former is replaced. Raises `Refused` (`plan_incomplete`)."""
    with refusing("control-plan-file", "control-plan", plan.pk, by=by, now=now), records.serial():
        told = lines(plan.enterprise, plan.content, plan.year)
        bare = [each for each in told if each["wanted"].required and not each["said"].get("how")]
        if bare:
            names = "、".join(str(each["wanted"].title) for each in bare[:5])
            raise Refused(
                "plan_incomplete",
                f"还有 {len(bare)} 个参数没有写明取得方式：{names}",
                mend="请逐项写明，缺省值也要写明依据",
            )
        former = filed(plan.enterprise, plan.year)
        records.move(plan.record, "file", by=by, now=now, system=system)
        if former:
            records.move(former.record, "replace", by=by, now=now, system=system)
    plan.refresh_from_db()
    return plan
