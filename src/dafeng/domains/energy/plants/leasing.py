"""Storage rented from shared stations, and the rules of the duty: filed here, counted once another person has signed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import DutyRule, Plant, StorageLease
from dafeng.domains.energy.plants import rules, store
from dafeng.domains.energy.plants.methods.capacity import Change
from dafeng.domains.energy.plants.methods.duty import Lease, Rule, free
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

LONGEST = 30 * 366
BINDING = ("filed", store.ACCEPTED)
"""A contract that waits to be signed holds its capacity as well."""


def leases_of(station: Plant) -> list[Lease]:
    """Contracts that bind the station's capacity: signed ones, and those that wait to be."""
    rows = station.leases_out.filter(record__state__in=BINDING)
    return [Lease(*row) for row in rows.values_list("mw", "mwh", "starts", "ends")]


def check_station(station: Plant, more: Sequence[Lease] = ()) -> None:
    """Raises `Refused` (`leased_twice`) where more is rented out than stands connected on some day of a contract."""
    check_leases(station, store.connected([station]).get(station.pk, []), leases_of(station), more)


def check_leases(
    station: Plant, capacity: Sequence[Change], bound: Sequence[Lease], more: Sequence[Lease] = ()
) -> None:
    """The same with what is known; `more`: contracts that are asked for, and alone are looked at when there are any."""
    for each in more or bound:
        left = free(capacity, [*bound, *more], each.starts, each.ends)
        if min(left.mw, left.mwh) < -1e-9:
            short = _("%(mw)s MW、%(mwh)s MWh") % {"mw": f"{max(-left.mw, 0):g}", "mwh": f"{max(-left.mwh, 0):g}"}
            raise Refused(
                "leased_twice", _("“%(name)s”可租容量不足，期内最多还差 %(short)s") % {"name": station.name, "short": short},
                expected=_("各期租出的合计不超过并网容量"), mend=_("请减少租赁容量、改租期，或另选一座共享储能"),
            )  # fmt: skip


def file_lease(
    plant: Plant, station: Plant, *, contract: str, mw: float, mwh: float, starts: date, ends: date, by: Any, now: datetime,
    evidence: Sequence[Evidence], demo: bool = False,
) -> StorageLease:  # fmt: skip
    """File a contract. Raises `Refused`: `not_shared`, `not_owing`, `span`, `mw`, `no_document`, `no_proof`, `twice`, `leased_twice`."""
    if not station.shared:
        raise Refused("not_shared", _("“%(name)s”不是共享储能") % {"name": station.name})
    if plant.kind not in rules.duty_kinds():
        raise Refused("not_owing", _("只有风电、光伏电站租赁储能用于配储"))
    if not starts <= ends or (ends - starts).days > LONGEST:
        raise Refused("span", _("租期 %(span)s 不对") % {"span": f"{starts} – {ends}"}, expected=_("起不晚于止，不超过 30 年"))  # fmt: skip
    if not (math.isfinite(mw) and math.isfinite(mwh) and mw > 0 and mwh > 0):
        raise Refused("mw", _("租赁的功率和容量都要大于 0"))
    if not contract.strip():
        raise Refused("no_document", _("没有写合同编号"))
    if not evidence:
        raise Refused("no_proof", _("没有附租赁合同"))
    with records.serial():
        if StorageLease.objects.filter(contract=contract.strip(), station=station, plant=plant).exclude(record__state="refused").exists():  # fmt: skip
            raise Refused("twice", _("这份合同已经报过"))
        check_station(station, [Lease(mw, mwh, starts, ends)])
        payload = {"plant": plant.code, "station": station.code, "contract": contract, "mw": mw, "mwh": mwh, "starts": starts.isoformat(), "ends": ends.isoformat()}  # fmt: skip
        record = records.open_record(
            store.LEASE, title=_("%(plant)s租赁%(station)s") % {"plant": plant.name, "station": station.name}, payload=payload,
            by=by, now=now, place=plant.place, key=plant.code, evidence=evidence,
        )  # fmt: skip
        return StorageLease.objects.create(
            record=record, station=station, plant=plant, contract=contract.strip(), mw=mw, mwh=mwh, starts=starts, ends=ends, demo=demo
        )  # fmt: skip


# ---------- rules of the duty ----------


def rule_of(row: DutyRule) -> Rule:
    return Rule(row.kind, row.connected_from, row.connected_until, row.ratio, row.hours, row.document)


def file_rule(
    city: str, *, kind: str, connected_from: date, connected_until: date | None, ratio: float, hours: float, document: str, by: Any,
    now: datetime, evidence: Sequence[Evidence] = (), demo: bool = False,
) -> DutyRule:  # fmt: skip
    """Enter a rule from its document. Raises `Refused`: `kind`, `span`, `ratio`, `hours`, `no_document`, `overlap`."""
    if kind not in rules.duty_kinds():
        raise Refused("kind", _("这一类没有配储义务"))
    if connected_until is not None and connected_until < connected_from:
        raise Refused("span", _("并网日期的起止颠倒"))
    if not (math.isfinite(ratio) and 0 <= ratio <= 100):
        raise Refused("ratio", _("配储比例 %(value)s%% 不对") % {"value": ratio}, expected=_("0–100；无需配储填 0"))
    if not (math.isfinite(hours) and 0 <= hours <= 24):
        raise Refused("hours", _("时长 %(value)s h 不对") % {"value": hours}, expected="0–24")
    if not document.strip():
        raise Refused("no_document", _("没有写文件与条款"), mend=_("请照文件写明文号和条款"))
    made = DutyRule(
        city=city, kind=kind, connected_from=connected_from, connected_until=connected_until, ratio=ratio, hours=hours,
        document=document.strip(), demo=demo,
    )  # fmt: skip
    with records.serial():
        for each in DutyRule.objects.filter(city=city, kind=kind).exclude(record__state="refused"):
            if rule_of(each).overlaps(rule_of(made)):
                raise Refused(
                    "overlap", _("与“%(document)s”的并网日期重叠") % {"document": each.document},
                    mend=_("同一类同一天只有一条规定；请先退回旧的一条，或改起止日期"),
                )  # fmt: skip
        payload = {"kind": kind, "from": connected_from.isoformat(), "until": connected_until and connected_until.isoformat(), "ratio": ratio, "hours": hours, "document": document}  # fmt: skip
        made.record = records.open_record(
            store.DUTY, title=_("%(kind)s配储规定：%(ratio)s%%，%(hours)s h") % {"kind": Plant.Kind(kind).label, "ratio": f"{ratio:g}", "hours": f"{hours:g}"},
            payload=payload, by=by, now=now, place=city, key=kind, evidence=evidence,
        )  # fmt: skip
        made.save()
    return made
