"""The values of a month: told by form, sheet, program or meter, each with its evidence; a correction is a new revision.

A month is saved whole or not at all. Who saves says what they saw (`seen`): where somebody saved in between, the later one is
refused and nothing is lost. A year whose report was handed in is closed until the report is returned.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import EnterpriseError, Refused
from dafeng.domains.enterprise.models import Facility, MonthFiling, MonthlyValue
from dafeng.domains.enterprise.reporting import amounts, clock, reports, sectoral
from dafeng.domains.enterprise.reporting.assembling import is_told
from dafeng.domains.enterprise.reporting.refusing import Faulty, SeenOld, refusing
from dafeng.kernel.errors import DafengError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

NOTATIONS = ("NO", "NE", "NA", "IE")
WAYS = tuple(MonthlyValue.Way.values)
_PAPERED = (MonthlyValue.Way.MEASURED, MonthlyValue.Way.INVOICE)


@dataclass(frozen=True)
class Cell:
    """One value as it is told. Neither value nor notation: the cell is emptied. `evidence` None leaves the files as they are."""

    item: str
    stream: str = ""
    value: float | None = None
    notation: str = ""
    unit: str = ""
    way: str = MonthlyValue.Way.MEASURED
    source: str = ""
    evidence: tuple[Evidence, ...] | None = None
    tested: date | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.item, self.stream

    @property
    def says(self) -> bool:
        """Whether it tells a number, a notation key, or that the guideline's default is taken."""
        return self.value is not None or bool(self.notation) or self.way == MonthlyValue.Way.DEFAULT


def current(facility: Facility, month: str) -> list[MonthlyValue]:
    """The month's values as they stand."""
    found = MonthlyValue.objects.filter(facility=facility, month=month, current=True)
    return list(found.select_related("by", "facility").prefetch_related("evidence").order_by("item", "stream"))


def seen_of(values: Iterable[MonthlyValue]) -> str:
    """A token of a month's values: changes with every revision."""
    told = sorted((each.item, each.stream, each.revision, each.pk) for each in values)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def seen(facility: Facility, month: str) -> str:
    return seen_of(MonthlyValue.objects.filter(facility=facility, month=month, current=True))


def save_month(
    facility: Facility,
    month: str,
    cells: Iterable[Cell],
    *,
    seen: str | None,
    by: Any,
    now: datetime,
    reason: str = "",
    imported: Record | None = None,
    metered: bool = False,
) -> list[MonthlyValue]:
    """Save what changed among `cells`; returns the new revisions. `seen` None: the caller holds the month already (imports, meters).
    `metered`: the values are a meter's; otherwise nobody may say that a number of theirs is.

    Raises `SeenOld` (`stale_month`), `Faulty` (`values_wrong`), `Refused` (`unknown_month`, `future_month`, `outside_life`,
    `report_submitted`, `report_locked`, `no_reason`, `installation`).
    """
    asked = list(cells)
    subject = f"{facility.pk}:{month}"
    with refusing("values", "facility-month", subject, by=by, now=now), records.serial():
        if not facility.parent_id and facility.units.exists():
            raise Refused("installation", _("“%(name)s”是装置，数据由它的机组或生产线填报") % {"name": facility.name}, mend=_("请到机组或生产线的月度页面填报"))  # fmt: skip
        _demand_month(facility, month, now)
        reports.demand_open(facility.enterprise, int(month[:4]))
        held = {(each.item, each.stream): each for each in _locked(facility, month)}
        if seen is not None and seen != seen_of(held.values()):
            raise SeenOld(
                "stale_month", f"{month} 的数据已被他人改动，您的修改没有保存", mend="请看最新数据，再填入您的修改"
            )
        problems = [
            (sectoral.title_of(facility.sector, cell.item, cell.stream), fault)
            for cell in asked
            for fault in (
                *faults_of(facility, month, cell, today=timezone.localdate(now)),
                *([] if metered else _not_metered(cell, held.get(cell.key))),
            )
        ]
        if problems:
            raise Faulty(problems)
        changed = [cell for cell in asked if _differs(cell, held.get(cell.key))]
        filed = MonthFiling.objects.filter(facility=facility, month=month).exists()
        if changed and filed and not reason.strip():
            raise Refused("no_reason", f"{month} 已存证，修改须写明理由", mend="请填写修改理由后再保存")
        made = _revise(facility, month, changed, held, by=by, now=now, reason=reason, imported=imported)
        if made:
            detail = {
                "values": [[each.item, each.stream, each.revision, each.value, each.notation, each.way, _day(each)] for each in made],
                "reason": reason.strip(),
                "imported": str(imported.pk) if imported else "",
            }  # fmt: skip
            records.audit(by, "enterprise.values", "facility-month", subject, detail, now=now)
    return made


def detach(value: MonthlyValue, evidence: Evidence, *, by: Any, now: datetime, reason: str) -> MonthlyValue:
    """Take a file from a value: a new revision without it, with a reason; the file itself is kept.

    Raises `Refused`: `evidence_frozen` once the year's report is handed in, `no_reason`, `not_current`.
    """
    facility, month = value.facility, value.month
    with refusing("evidence-remove", "facility-month", f"{facility.pk}:{month}", by=by, now=now), records.serial():
        try:
            reports.demand_open(facility.enterprise, int(month[:4]))
        except Refused as error:
            raise Refused("evidence_frozen", f"报告已报送，凭证不能移除：{error.what}", mend=error.mend) from error
        fresh = MonthlyValue.objects.select_for_update().get(pk=value.pk)
        if not fresh.current:
            raise Refused("not_current", "这个数已有新的修订", mend="请在现行数据上办理")
        if not reason.strip():
            raise Refused("no_reason", "移除凭证须写明理由")
        kept = tuple(each for each in fresh.evidence.all() if each.pk != evidence.pk)
        cell = Cell(
            fresh.item, fresh.stream, fresh.value, fresh.notation, fresh.unit, fresh.way, fresh.source, kept, fresh.tested
        )  # fmt: skip
        made = _revise(facility, month, [cell], {cell.key: fresh}, by=by, now=now, reason=reason, imported=None)[0]
        detail = {"item": fresh.item, "stream": fresh.stream, "sha256": evidence.sha256, "reason": reason.strip()}
        records.audit(by, "enterprise.evidence-removed", "facility-month", f"{facility.pk}:{month}", detail, now=now)
    return made


def take_metered(
    facility: Facility,
    month: str,
    item: str,
    value: float,
    unit: str,
    *,
    points: Iterable[str],
    by: Any,
    now: datetime,
    stream: str = "",
    coverage: float | None = None,
) -> MonthlyValue | None:
    """A value from meters (energy module): the same rules as for a person; `points` are named as its source, with the part of
    the month that they measured (`coverage`, 0 to 1) where it is known.

    What a person told with evidence of another way is not overwritten: raises `Refused` (`told_otherwise`). None: nothing changed.
    """
    held = MonthlyValue.objects.filter(facility=facility, month=month, item=item, stream=stream, current=True).first()
    with refusing("metered", "facility-month", f"{facility.pk}:{month}", by=by, now=now):
        if held and held.way != MonthlyValue.Way.METER and (held.value is not None or held.notation):
            raise Refused(
                "told_otherwise",
                f"{month} 的“{item}”已由人填报（{held.get_way_display()}）",
                mend="请先清空人工填报的数，再由计量填入",
            )
    measured = "" if coverage is None else f"；实测 {coverage:.1%}"
    source = ("计量点：" + "、".join(points))[: 160 - len(measured)] + measured
    cell = Cell(item, stream, value, "", unit, MonthlyValue.Way.METER, source)
    reason = "在线计量更新" if held else ""
    made = save_month(facility, month, [cell], seen=None, by=by, now=now, reason=reason or "在线计量", metered=True)
    return made[0] if made else None


def file_month(facility: Facility, month: str, *, seen: str, by: Any, now: datetime) -> MonthFiling:
    """月度存证: declare a month complete. Raises `Refused` (`month_incomplete`, `no_evidence`, and as `save_month`)."""
    with refusing("month-filing", "facility-month", f"{facility.pk}:{month}", by=by, now=now), records.serial():
        _demand_month(facility, month, now)
        if clock.bounds(month)[1] >= timezone.localdate(now):
            raise Refused("future_month", f"{month} 还没有结束", mend="月份结束后再存证")
        reports.demand_open(facility.enterprise, int(month[:4]))
        values = _locked(facility, month)
        if seen != seen_of(values):
            raise SeenOld("stale_month", f"{month} 的数据已被他人改动", mend="请看最新数据再存证")
        told = {(each.item, each.stream) for each in values if is_told(each)}
        missing = [c for c in sectoral.wanted(facility, month) if not sectoral.satisfied(facility.sector, c, told)]
        if missing:
            names = "、".join(each.title for each in missing[:5])
            raise Refused(
                "month_incomplete", f"{month} 还有 {len(missing)} 项没有填：{names}", mend="请补填或选用缺省值"
            )
        bare = [each for each in values if _needs_evidence(facility, each) and not each.evidence.all()]
        if bare:
            names = "、".join(sectoral.title_of(facility.sector, each.item) for each in bare[:5])
            raise Refused(
                "no_evidence", f"{month} 有 {len(bare)} 项没有凭证：{names}", mend="请上传台账、结算凭证或检测报告"
            )
        filing = MonthFiling.objects.create(
            facility=facility, month=month, at=now, due=clock.month_due(month), by=by, digest=digest_of(values)
        )
        detail = {"digest": filing.digest, "late": timezone.localdate(now) > filing.due}
        records.audit(by, "enterprise.month-filed", "facility-month", f"{facility.pk}:{month}", detail, now=now)
    return filing  # fmt: skip


def digest_of(values: Iterable[MonthlyValue]) -> str:
    """SHA-256 of a month's values with the days of their tests and the hashes of their evidence."""
    told = [
        [e.item, e.stream, e.revision, e.value, e.notation, e.unit, e.way, _day(e), sorted(f.sha256 for f in e.evidence.all())]
        for e in values
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(sorted(told, key=lambda row: row[:2]), ensure_ascii=False).encode()).hexdigest()


def _day(value: MonthlyValue) -> str:
    return value.tested.isoformat() if value.tested else ""


def history(value: MonthlyValue) -> list[MonthlyValue]:
    """Every revision of a cell, the newest first."""
    same = Q(facility=value.facility_id, month=value.month, item=value.item, stream=value.stream)
    return list(MonthlyValue.objects.filter(same).select_related("by").prefetch_related("evidence").order_by("-revision"))  # fmt: skip


def _needs_evidence(facility: Facility, value: MonthlyValue) -> bool:
    """What was measured or invoiced has a paper; a default, a notation and a meter's value have none."""
    return value.value is not None and value.way in _PAPERED


def _locked(facility: Facility, month: str) -> list[MonthlyValue]:
    found = MonthlyValue.objects.select_for_update().filter(facility=facility, month=month, current=True)
    return list(found.prefetch_related("evidence").order_by("item", "stream"))


def _demand_month(facility: Facility, month: str, now: datetime) -> None:
    if not clock.is_month(month):
        raise Refused("unknown_month", f"月份“{month[:12]}”读不出来", expected="如 2025-03；年度项目为 2025")
    first, last = clock.bounds(month)
    if first > timezone.localdate(now):
        raise Refused("future_month", f"{month} 还没有到", mend="请核对月份")
    if last < facility.since or (facility.until and first > facility.until):
        raise Refused("outside_life", f"{month} 不在“{facility.name}”的存续期内", mend="请核对投产和关停日期")


def faults_of(facility: Facility, month: str, cell: Cell, *, today: date) -> list[DafengError]:
    """Everything that keeps a cell from being taken as told, in the user's words; an empty cell has none."""
    if not cell.says and cell.tested is None:
        return []
    found = sectoral.cell_faults(facility, month, cell.item, cell.stream)
    if found:
        return found
    title = sectoral.title_of(facility.sector, cell.item, cell.stream)
    unit = sectoral.unit_of(facility.sector, cell.item, cell.stream)
    default = cell.way == MonthlyValue.Way.DEFAULT
    if cell.notation and (cell.notation not in NOTATIONS or cell.value is not None):
        found.append(EnterpriseError("符号只能单独填写", expected="、".join(NOTATIONS)))
    if cell.way not in WAYS:
        ways = "、".join(map(str, MonthlyValue.Way.labels))
        found.append(EnterpriseError(f"没有取得方式“{cell.way[:20]}”", expected=ways))
    if cell.unit and cell.unit != unit:
        found.append(EnterpriseError(f"“{title}”的单位是 {unit}，不是 {cell.unit[:20]}", mend="请换算后填写"))
    if default and cell.value is not None:
        found.append(EnterpriseError(f"“{title}”选了缺省值，就不能再填数", mend="请删去数值，或改选取得方式"))
    if default and not sectoral.has_default(facility.sector, cell.item):
        found.append(EnterpriseError(f"指南没有给“{title}”规定缺省值", mend="请填实测或结算的数，或填符号"))
    if cell.value is not None:
        found.extend(_limit_faults(title, unit, sectoral.limits_of(facility.sector, cell.item), cell.value))
    return [*found, *_test_faults(facility, month, cell, title, today)]


def _test_faults(facility: Facility, month: str, cell: Cell, title: str, today: date) -> list[DafengError]:
    """A month's sample is tested in the month or after it. A late test is told as it was: what it means is not judged here."""
    if cell.tested is None:
        return []
    if not sectoral.is_tested(facility.sector, cell.item):
        return [EnterpriseError(f"“{title}”不由检测报告证明，没有检测日期", mend="请删去检测日期")]
    if cell.value is None or cell.way not in _PAPERED:
        return [EnterpriseError(f"“{title}”没有检测的数，就没有检测日期", mend="请填检测的数，或删去检测日期")]
    first = clock.bounds(month)[0]
    if not first <= cell.tested <= today:
        what = "还没有到" if cell.tested > today else f"早于 {month}"
        return [
            EnterpriseError(
                f"“{title}”的检测日期 {cell.tested} {what}",
                expected=f"{first} 至 {today}",
                mend="当月的样品在当月或以后检测，请按检测报告填写",
            )
        ]
    return []


def _not_metered(cell: Cell, held: MonthlyValue | None) -> list[DafengError]:
    """A number of a person's own under the meter's name: it would need no paper and deceive whoever checks it."""
    if cell.way != MonthlyValue.Way.METER or cell.value is None:
        return []
    if held is not None and (held.way, held.value) == (cell.way, cell.value):
        return []
    return [EnterpriseError("“在线计量”的数只能由计量填入", mend="请改选实测或结算凭证并附凭证，或由计量填入")]


def _limit_faults(title: str, unit: str, limits: tuple[float | None, float | None], value: float) -> list[DafengError]:
    if not math.isfinite(value):
        return [EnterpriseError(f"“{title}”不是一个数")]
    low, high = (-amounts.MOST if limits[0] is None else limits[0]), (amounts.MOST if limits[1] is None else limits[1])
    if not low <= value <= high:
        span = f"{low:,.15g} 至 {high:,.15g} {unit}"
        return [EnterpriseError(f"“{title}”的 {value:g} 超出可能的范围", expected=span, mend="请核对数值和单位")]
    return []


def _differs(cell: Cell, held: MonthlyValue | None) -> bool:
    if held is None:
        return cell.says
    if not cell.says and not is_told(held):
        return False
    told = (held.value, held.notation, held.way, held.source, held.tested)
    if told != (cell.value, cell.notation, cell.way, cell.source, cell.tested):
        return True
    if cell.evidence is None:
        return False
    return {each.sha256 for each in cell.evidence} != {each.sha256 for each in held.evidence.all()}


def _revise(
    facility: Facility,
    month: str,
    cells: Iterable[Cell],
    held: Mapping[tuple[str, str], MonthlyValue],
    *,
    by: Any,
    now: datetime,
    reason: str,
    imported: Record | None,
) -> list[MonthlyValue]:
    """The next revision of each cell; what it says of files is taken over unless told anew."""
    made, files, replaced = [], [], []
    for cell in cells:
        former = held.get(cell.key)
        if former:
            replaced.append(former.pk)
        files.append(tuple(former.evidence.all()) if former and cell.evidence is None else cell.evidence or ())
        made.append(
            MonthlyValue(
                facility=facility,
                month=month,
                item=cell.item,
                stream=cell.stream,
                revision=former.revision + 1 if former else 1,
                value=cell.value,
                notation=cell.notation,
                unit=sectoral.unit_of(facility.sector, cell.item, cell.stream),
                way=cell.way,
                source=cell.source[:160],
                tested=cell.tested,
                by=by,
                at=now,
                reason=reason.strip(),
                imported=imported,
            )
        )
    MonthlyValue.objects.filter(pk__in=replaced).update(current=False)
    MonthlyValue.objects.bulk_create(made)
    link = MonthlyValue.evidence.through
    link.objects.bulk_create(
        link(monthlyvalue_id=value.pk, evidence_id=pk)
        for value, mine in zip(made, files, strict=True)
        for pk in sorted({each.pk for each in mine})
    )
    return made


def cells_of(rows: Iterable[Mapping[str, Any]]) -> list[Cell]:
    """Cells from plain rows (a sheet's payload, an API body)."""
    names = ("item", "stream", "value", "notation", "unit", "way", "source")
    return [
        Cell(
            **{name: row[name] for name in names if row.get(name) not in (None, "")},
            tested=date.fromisoformat(row["tested"]) if row.get("tested") else None,
        )
        for row in rows
    ]
