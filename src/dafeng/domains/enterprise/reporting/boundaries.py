"""What counts where: the reporting boundary and the compliance boundary of an enterprise, each with its own dated changes.

A facility is inside a boundary from its first day to its last, unless a dated change took it out or in; the two boundaries are
never mixed. A month belongs to a boundary when the facility was inside on any of its days, because a month's fuel is told whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import BoundaryChange, Facility
from dafeng.domains.enterprise.reporting.clock import bounds
from dafeng.domains.enterprise.reporting.refusing import refusing
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

REPORTING, COMPLIANCE = BOUNDARIES = ("reporting", "compliance")


def lives(facility: Facility, period: str) -> bool:
    """Whether a facility runs on any day of a month or a year."""
    first, last = bounds(period)
    return facility.since <= last and (facility.until is None or facility.until >= first)


def inside(facility: Facility, changes: Iterable[BoundaryChange], month: str, boundary: str) -> bool:
    """Whether a month (or a year) of a facility counts in a boundary; `changes` are the facility's, in their order."""
    if not lives(facility, month):
        return False
    first, last = bounds(month)
    state = facility.compliance if boundary == COMPLIANCE else True
    for change in changes:
        if change.boundary != boundary:
            continue
        if change.day <= first:
            state = change.inside
        elif change.day <= last:
            return True  # inside before the day, or from it on
    return state


def ensure_facility(
    enterprise: Enterprise,
    code: str,
    *,
    name: str,
    sector: str,
    since: date,
    until: date | None = None,
    compliance: bool = True,
    parent: str = "",
    facts: dict[str, Any] | None = None,
    by: Any,
    now: datetime,
) -> Facility:
    """Add a facility, or bring its words up to date. `parent`: the code of the installation that it is a unit of, "" for none.

    Raises `Refused` (`unknown_sector`, `life_reversed`, `sector_fixed`, `unknown_parent`, `parent_depth`, `parent_told`, `outside_parent`).
    """
    from dafeng.domains.enterprise.reporting.sectoral import sector_of

    with refusing("facility", "enterprise", enterprise.code, by=by, now=now), records.serial():
        sector_of(sector)
        if until and until < since:
            raise Refused("life_reversed", "关停日期早于投产日期", mend="请核对两个日期")
        found = Facility.objects.select_for_update().filter(enterprise=enterprise, code=code).first()
        if found and found.sector != sector and found.values.exists():
            raise Refused(
                "sector_fixed", f"“{found.name}”已有数据，不能改换行业方法", mend="请关停它，另立一个核算单元"
            )
        above = _parent(enterprise, code, parent, since, until)
        if found:
            _demand_around(found, since, until, parent=above)
        words = {
            "name": name, "sector": sector, "since": since, "until": until, "compliance": compliance, "facts": facts or {},
        }  # fmt: skip
        facility, made = Facility.objects.update_or_create(
            enterprise=enterprise, code=code, defaults=words | {"parent": above}
        )
        detail = words | {"enterprise": enterprise.code, "code": code, "parent": parent, "new": made}
        records.audit(by, "enterprise.facility", "facility", str(facility.pk), _plain(detail), now=now)
    return facility


def _parent(enterprise: Enterprise, code: str, parent: str, since: date, until: date | None) -> Facility | None:
    """The installation of that code, when a unit with this life may belong to it."""
    from dafeng.domains.enterprise.models import MonthlyValue

    if not parent:
        return None
    above = Facility.objects.filter(enterprise=enterprise, code=parent).first()
    if above is None:
        raise Refused("unknown_parent", _("本企业没有代码为“%(code)s”的装置") % {"code": parent[:60]}, mend=_("请先登记装置，再登记它的机组或生产线"))  # fmt: skip
    if parent == code or above.parent_id:
        raise Refused(
            "parent_depth",
            _("“%(name)s”不能作所属装置，它自己就是一个机组或生产线") % {"name": above.name},
            expected=_("装置、机组或生产线两层"),
        )
    if MonthlyValue.objects.filter(facility=above, current=True).exists():
        raise Refused(
            "parent_told",
            _("“%(name)s”自己已有月度数据，不能再下分机组或生产线") % {"name": above.name},
            mend=_("请另行登记一个装置，把它和其他机组或生产线一起归入"),
        )
    if since < above.since or (above.until and (until is None or until > above.until)):
        raise Refused(
            "outside_parent",
            _("投产和关停日期不在所属装置“%(name)s”的存续期内") % {"name": above.name},
            expected=_("%(since)s 至 %(until)s") % {"since": above.since.isoformat(), "until": above.until.isoformat() if above.until else _("今")},
        )  # fmt: skip
    return above


def _demand_around(facility: Facility, since: date, until: date | None, *, parent: Facility | None) -> None:
    """An installation stays above its units: no parent of its own, and a life that holds theirs."""
    units = list(facility.units.order_by("code"))
    if units and parent:
        raise Refused("parent_depth", _("“%(name)s”下面已有机组或生产线，不能再归入别的装置") % {"name": facility.name}, expected=_("装置、机组或生产线两层"))  # fmt: skip
    for each in units:
        if each.since < since or (until and (each.until is None or each.until > until)):
            raise Refused(
                "outside_parent",
                _("“%(unit)s”的投产和关停日期不在“%(name)s”的存续期内") % {"unit": each.name, "name": facility.name},
                mend=_("请先改正机组或生产线的日期"),
            )


def change(
    facility: Facility,
    *,
    day: date,
    boundary: str,
    inside: bool,
    reason: str,
    by: Any,
    now: datetime,
    evidence: Evidence | None = None,
) -> list[BoundaryChange]:
    """Register that from `day` on a facility counts in a boundary, or not; of an installation, each of its units that lives then.

    Raises `Refused` (`unknown_boundary`, `no_reason`, `outside_life`, `report_submitted`, `report_locked`).
    """
    from dafeng.domains.enterprise.reporting import reports

    with refusing("boundary", "facility", facility.pk, by=by, now=now), records.serial():
        if boundary not in BOUNDARIES:
            raise Refused("unknown_boundary", f"没有“{boundary}”这种边界", expected="、".join(BOUNDARIES))
        if not reason.strip():
            raise Refused("no_reason", "没有写明边界变化的理由", mend="请写明新增、关停、分立、合并等情形")
        if day < facility.since or (facility.until and day > facility.until):
            raise Refused("outside_life", "日期不在核算单元的存续期内", mend="请核对投产和关停日期")
        reports.demand_open(facility.enterprise, day.year)
        moved = [each for each in facility.units.order_by("code") if each.since <= day and not (each.until and day > each.until)]  # fmt: skip
        made = [
            BoundaryChange.objects.create(
                facility=each, day=day, boundary=boundary, inside=inside, reason=reason.strip(), evidence=evidence, by=by, at=now
            )
            for each in moved or [facility]
        ]  # fmt: skip
        detail = {"day": day, "boundary": boundary, "inside": inside, "reason": reason.strip(), "evidence": evidence.sha256 if evidence else ""}  # fmt: skip
        for each in made:
            records.audit(by, "enterprise.boundary", "facility", str(each.facility_id), _plain(detail), now=now)
    return made


def strike(facility: Facility, *, by: Any, now: datetime) -> None:
    """Take away a unit of which nothing was told yet; one that ran is given its last day instead. Raises `Refused` (`in_use`).

    Only the undoing of an import does this.
    """
    from dafeng.domains.enterprise.models import ControlPlan, Report

    with refusing("facility-strike", "facility", facility.pk, by=by, now=now), records.serial():
        fresh = Facility.objects.select_for_update().get(pk=facility.pk)
        told = any(fresh.facts.values()) or any(
            getattr(fresh, name).exists()
            for name in ("units", "points", "changes", "values", "imports", "filings", "findings")
        )
        plans = ControlPlan.objects.filter(enterprise=fresh.enterprise_id).values_list("content__items", flat=True)
        planned = any(key.startswith(f"{fresh.code}/") for items in plans for key in items or ())
        frozen = Report.objects.filter(enterprise=fresh.enterprise_id).values_list("content__boundary__facilities", flat=True)  # fmt: skip
        reported = any(each["code"] == fresh.code for listed in frozen for each in listed or ())
        if told or planned or reported:
            raise Refused("in_use", _("“%(name)s”已有数据，不能撤销登记") % {"name": fresh.name}, mend=_("不再使用的，请写关停日期"))  # fmt: skip
        number = fresh.pk
        fresh.delete()
        detail = {"enterprise": facility.enterprise.code, "code": fresh.code, "struck": True}
        records.audit(by, "enterprise.facility", "facility", str(number), detail, now=now)


def set_streams(facility: Facility, streams: dict[str, list[str]], *, by: Any, now: datetime) -> Facility:
    """Say which fuels and materials a facility has. What is told already stays told. Raises `Refused` (`stream_told`)."""
    from dafeng.domains.enterprise.models import MonthlyValue

    with refusing("streams", "facility", facility.pk, by=by, now=now), records.serial():
        fresh = Facility.objects.select_for_update().get(pk=facility.pk)
        kept = {name for names in streams.values() for name in names}
        told = MonthlyValue.objects.filter(facility=fresh, current=True, value__isnull=False).exclude(stream="")
        if lost := set(told.values_list("stream", flat=True)) - kept:
            raise Refused("stream_told", f"“{'、'.join(sorted(lost))}”已有数据，不能移除", mend="请先清空这些数")
        fresh.facts = {**fresh.facts, "streams": {code: sorted(set(names)) for code, names in streams.items()}}
        fresh.save(update_fields=["facts"])
        detail = {"streams": fresh.facts["streams"]}
        records.audit(by, "enterprise.facility", "facility", str(fresh.pk), detail, now=now)
    facility.refresh_from_db()
    return facility


def add_stream(facility: Facility, code: str, name: str, *, by: Any, now: datetime) -> Facility:
    """Add one source (`bituminous/cement_kiln`, `diesel/standby`). Raises `Refused` (`unknown_stream`, `label`, `stream_held`)."""
    from dafeng.domains.enterprise.reporting.sectoral import stream_fault, streams_of

    with refusing("stream-add", "facility", facility.pk, by=by, now=now), records.serial():
        held = streams_of(Facility.objects.select_for_update().get(pk=facility.pk))
        if fault := stream_fault(facility.sector, code, name):
            raise fault
        if name in held.get(code, []):
            raise Refused("stream_held", _("已经登记过这个源流"), mend=_("同种同设备的另一处，请写不同的名称"))
        return set_streams(facility, {**held, code: [*held.get(code, []), name]}, by=by, now=now)


def remove_stream(facility: Facility, code: str, name: str, *, by: Any, now: datetime) -> Facility:
    """Take one source away. Raises `Refused` (`unknown_stream`, `stream_told`)."""
    from dafeng.domains.enterprise.reporting.sectoral import streams_of

    with refusing("stream-remove", "facility", facility.pk, by=by, now=now), records.serial():
        held = streams_of(Facility.objects.select_for_update().get(pk=facility.pk))
        if name not in held.get(code, []):
            raise Refused("unknown_stream", _("“%(name)s”没有登记") % {"name": name[:60]})
        left = {**held, code: [each for each in held[code] if each != name]}
        return set_streams(facility, left, by=by, now=now)


def set_facts(facility: Facility, since: date, told: Mapping[str, Any], *, by: Any, now: datetime) -> Facility:
    """Say what holds of a facility from a day on, by the sector's facts; None takes away what was said for that day.

    Raises `Refused` (`nothing_told`, `unknown_fact`, `fact_value`, `outside_life`, `report_submitted`, `report_locked`).
    """
    from dafeng.domains.enterprise.reporting import reports
    from dafeng.domains.enterprise.reporting.sectoral import fact_value, facts_of

    with refusing("facts", "facility", facility.pk, by=by, now=now), records.serial():
        fresh = Facility.objects.select_for_update().get(pk=facility.pk)
        if not told:
            raise Refused("nothing_told", _("没有填任何一项"), mend=_("请至少填一项设施信息"))
        if since < fresh.since or (fresh.until and since > fresh.until):
            raise Refused("outside_life", _("日期不在核算单元的存续期内"), mend=_("请核对投产和关停日期"))
        reports.demand_open(fresh.enterprise, since.year)
        day, changed = since.isoformat(), {}
        for name, value in told.items():
            kept = [list(each) for each in facts_of(fresh).get(name, []) if each[0] != day]
            read = fact_value(fresh.sector, name, value)
            changed[name] = sorted([*kept, [day, read]] if read is not None else kept)
        fresh.facts = {**fresh.facts, **changed}
        fresh.save(update_fields=["facts"])
        records.audit(by, "enterprise.facility", "facility", str(fresh.pk), {"facts": changed}, now=now)
    facility.refresh_from_db()
    return facility


def grouped(facilities: Iterable[Facility]) -> list[tuple[Facility, list[Facility]]]:
    """Installation → its units, by their codes; a facility that is its own installation stands alone. `parent` must be fetched."""
    units: dict[int, list[Facility]] = {}
    heads: dict[int, Facility] = {}
    for each in sorted(facilities, key=lambda each: each.code):
        head = each.parent or each
        heads.setdefault(head.pk, head)
        units.setdefault(head.pk, []).extend([each] if each.parent else [])
    return [(head, units[head.pk]) for head in sorted(heads.values(), key=lambda each: each.code)]


def changes_of(facilities: Iterable[Facility]) -> dict[int, list[BoundaryChange]]:
    """Facility → its changes in their order; one query."""
    found: dict[int, list[BoundaryChange]] = {}
    rows = BoundaryChange.objects.filter(facility__in=[each.pk for each in facilities]).select_related("evidence", "by")
    for row in rows.order_by("day", "pk"):
        found.setdefault(row.facility_id, []).append(row)
    return found


def with_changes(units: QuerySet[Any]) -> tuple[list[Any], dict[int, list[BoundaryChange]]]:
    """Facilities, and as `changes_of` their changes, without who registered them and why; one query for both."""
    found: dict[int, Facility] = {}
    changes: dict[int, list[BoundaryChange]] = {}
    names = ("day", "boundary", "inside")
    rows = units.annotate(**{f"change_{name}": F(f"changes__{name}") for name in names})
    for row in rows.order_by("code", "pk", "changes__day", "changes__pk"):
        found.setdefault(row.pk, row)
        if row.change_day is not None:
            told = {name: getattr(row, f"change_{name}") for name in names}
            changes.setdefault(row.pk, []).append(BoundaryChange(facility_id=row.pk, **told))
    return list(found.values()), changes


def _plain(detail: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date) else value for name, value in detail.items()}
