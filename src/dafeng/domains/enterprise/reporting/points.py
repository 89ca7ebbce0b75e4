"""测点: the instruments of a unit, what each measures, and whether it was calibrated in time.

The meters that fill the form (`metering`), the table of instruments of the control plan, and the finding of a calibration that ran out
all read these rows. Facts: the guideline wants meters inside their calibration period, and the plan to name model, place, accuracy and
calibration of each (facts/mrv/power_guideline.md, A). How long a period is, is told, not assumed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Facility, MeasuringPoint
from dafeng.domains.enterprise.reporting import clock, sectoral
from dafeng.domains.enterprise.reporting.refusing import refusing
from dafeng.kernel.quantities import units
from dafeng.kernel.records import services as records
from dafeng.kernel.series.models import Point

MOST = 200
MONTHS = range(1, 241)
OVERDUE = "calibration_overdue"


def of(facilities: Iterable[Facility]) -> dict[int, list[MeasuringPoint]]:
    """Facility → its points by their codes; one query."""
    found: dict[int, list[MeasuringPoint]] = {}
    for each in MeasuringPoint.objects.filter(facility__in=[each.pk for each in facilities]).order_by("code"):
        found.setdefault(each.facility_id, []).append(each)
    return found


def in_use(point: MeasuringPoint, first: date, last: date) -> bool:
    """Whether the point is in use on any day from `first` to `last`."""
    return point.since <= last and (point.until is None or point.until >= first)


def ran_out(point: MeasuringPoint, on: date) -> bool:
    """Whether the point is in use on a day on which its calibration is over."""
    ends = runs_out(point, on)
    return ends is not None and ends < on and in_use(point, on, on)


def put(
    facility: Facility,
    code: str,
    *,
    item: str,
    stream: str = "",
    instrument: str,
    accuracy: str = "",
    place: str = "",
    calibrated: Iterable[date] = (),
    period: int | None = None,
    reading: str = "",
    since: date,
    until: date | None = None,
    by: Any,
    now: datetime,
) -> MeasuringPoint:
    """Register a point, or bring its words up to date.

    Raises `Refused`: `point_code`, `no_instrument`, `no_such_item`, `life_reversed`, `point_period`, `calibrated_later`, `too_many_points`,
    and of the reading `unknown_point` (also of another organisation), `point_moment`, `point_unit`, `reading_twice`.
    """
    days = sorted(set(calibrated))
    with refusing("point", "facility", facility.pk, by=by, now=now), records.serial():
        fresh = Facility.objects.select_for_update().select_related("enterprise").get(pk=facility.pk)
        held = fresh.points.filter(code=code).first()
        made = held or MeasuringPoint(facility=fresh, code=code)
        made.item, made.stream, made.reading = item, stream, reading.strip()
        made.instrument, made.accuracy, made.place = (" ".join(each.split()) for each in (instrument, accuracy, place))
        made.calibrated, made.period = [each.isoformat() for each in days], period
        made.since, made.until = since, until
        _demand_words(made, days, timezone.localdate(now))
        if held is None and fresh.points.count() >= MOST:
            raise Refused("too_many_points", _("一个核算单元最多登记 %(most)s 个测点") % {"most": MOST})
        if made.reading:
            _demand_reading(made)
        made.save()
        detail = {name: str(value) if isinstance(value, date) else value for name, value in words_of(made).items()}
        records.audit(by, "enterprise.point", "facility", str(fresh.pk), detail | {"new": held is None}, now=now)
    return made


def drop(facility: Facility, code: str, *, by: Any, now: datetime) -> None:
    """Strike a point that was registered by mistake; one that went out of use is given its last day instead. Raises `Refused` (`unknown_point`)."""
    with refusing("point-drop", "facility", facility.pk, by=by, now=now), records.serial():
        held = facility.points.filter(code=code).first()
        if held is None:
            raise Refused("unknown_point", _("没有测点“%(code)s”") % {"code": code[:60]})
        held.delete()
        records.audit(by, "enterprise.point", "facility", str(facility.pk), {"code": code, "dropped": True}, now=now)


def _demand_words(point: MeasuringPoint, days: list[date], today: date) -> None:
    annual = "2000" if sectoral.is_annual(point.facility.sector, point.item) else "2000-01"
    if not re.fullmatch(r"[\w.#-]{1,60}", point.code):
        raise Refused("point_code", _("测点代码“%(code)s”不对") % {"code": point.code[:60]}, expected=_("文字、数字、连字符，不超过 60 个字"))  # fmt: skip
    if not point.instrument:
        raise Refused("no_instrument", _("没有写明器具类型和型号"), expected=_("如：电子皮带秤 ICS-20"))
    if faults := sectoral.cell_faults(point.facility, annual, point.item, point.stream):
        raise Refused("no_such_item", faults[0].what, mend=_("请选本单元的项目"))
    if point.until and point.until < point.since:
        raise Refused("life_reversed", _("停用日期早于启用日期"), mend=_("请核对两个日期"))
    if point.period is not None and point.period not in MONTHS:
        raise Refused("point_period", _("检定周期不对"), expected=_("1 至 240 个月"))
    if days and days[-1] > today:
        raise Refused("calibrated_later", _("检定日期 %(day)s 还没有到") % {"day": days[-1].isoformat()})


def _demand_reading(point: MeasuringPoint) -> None:
    owner, unit = point.facility.enterprise.organisation, sectoral.unit_of(point.facility.sector, point.item, point.stream)  # fmt: skip
    found = Point.objects.filter(code=point.reading, organisation=owner).first() if owner else None
    if sectoral.is_annual(point.facility.sector, point.item):
        raise Refused("no_such_item", _("年度项目不能由计量填入"), mend=_("请选月度项目，或不填能源监测的计量点"))
    if found is None:
        raise Refused("unknown_point", _("本企业没有计量点“%(code)s”") % {"code": point.reading[:40]}, mend=_("请核对能源监测中的计量点代码"))  # fmt: skip
    if found.kind == Point.Kind.INSTANT:
        raise Refused("point_moment", _("“%(code)s”是瞬时值，没有用量") % {"code": found.code}, mend=_("请选累计表底或区间用量的计量点"))  # fmt: skip
    if not units.convertible(found.unit, unit):
        raise Refused(
            "point_unit",
            _("“%(code)s”的单位 %(unit)s 不能换算为 %(wanted)s") % {"code": found.code, "unit": found.unit, "wanted": unit},
            mend=_("请选同一种量的计量点"),
        )  # fmt: skip
    same = MeasuringPoint.objects.filter(
        Q(until=None) | Q(until__gte=point.since),
        facility=point.facility, item=point.item, stream=point.stream, reading=point.reading,
    ).exclude(pk=point.pk)  # fmt: skip
    if twin := (same.filter(since__lte=point.until) if point.until else same).first():
        raise Refused(
            "reading_twice",
            _("“%(code)s”已由测点“%(twin)s”计入同一项") % {"code": found.code, "twin": twin.code},
            mend=_("请填另一个计量点，或先停用那个测点"),
        )


def words_of(point: MeasuringPoint) -> dict[str, Any]:
    """What is told of a point, as pages, programs, plans and reports show it; dates as they are."""
    names = ("code", "item", "stream", "instrument", "accuracy", "place", "calibrated", "period", "reading", "since", "until")  # fmt: skip
    return {name: getattr(point, name) for name in names}


def runs_out(point: MeasuringPoint, on: date) -> date | None:
    """The last day of the calibration that was in force on a day; None where none is known, or no period."""
    before = [each for each in point.calibrated if each <= on.isoformat()]
    if not before or point.period is None:
        return None
    day = date.fromisoformat(before[-1])
    years, month = divmod(day.month - 1 + point.period, 12)
    return date(day.year + years, month + 1, min(day.day, calendar.monthrange(day.year + years, month + 1)[1]))


def overdue(facilities: Iterable[Facility], year: int, *, today: date) -> list[dict[str, Any]]:
    """The months of a year in which an instrument was used after its calibration had run out: a finding an item and month.

    A month is looked at on its last day in use, or today. An instrument of which no calibration or no period is told says nothing.
    """
    chosen, found = {each.pk: each for each in facilities}, {}
    for pk, points in of(chosen.values()).items():
        for point in points:
            for month in clock.months_of(year):
                first, last = clock.bounds(month)
                day = min(last, point.until or last, today)
                if first > today or not in_use(point, first, last):
                    continue
                ended = runs_out(point, day)
                if ended is None or ended >= day:
                    continue
                key = (pk, month, point.item, point.stream)
                told = {"code": point.code, "instrument": point.instrument, "ended": ended.isoformat()}
                found.setdefault(key, []).append(told)
    return [
        {
            "facility": chosen[pk], "rule": OVERDUE, "month": month, "item": item, "stream": stream, "severity": "warn",
            "facts": {"points": told},
        }
        for (pk, month, item, stream), told in found.items()
    ]  # fmt: skip
