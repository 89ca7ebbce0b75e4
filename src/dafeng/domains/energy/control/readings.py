"""What subjects used, month by month: reported values with their newest revision, else the published indicator.

Rule `precedence` of `rules.toml`: what was reported counts before what was metered; where there is neither it is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.control.city import place_subject
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import MonthValue
from dafeng.domains.energy.models.control import TOLD, Deduction
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import PeriodError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.models import Indicator
from dafeng.kernel.quantities.periods import Period
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

Key = tuple[str, str]  # subject, sector
DOMAIN, KIND = "energy", "control"


@dataclass(frozen=True)
class Reading:
    """A month's use. `told`: `reported` by somebody, or `indicator` (computed from meters). `deducted`: what of it is not held against
    the quota (`rules.deducts`); None where nobody told.
    """

    value: float
    basis: str
    source: str
    told: str
    evidence: Any = None
    deducted: float | None = None

    @property
    def counted(self) -> float:
        """More than there is cannot be deducted."""
        return self.value - min(self.deducted or 0.0, self.value)


def months(
    city: str, quantity: str, years: Iterable[int], *, subjects: Iterable[str] | None = None, parks: Iterable[str] = ()
) -> dict[Key, dict[str, Reading]]:
    """(subject, sector) → month → reading, for a few years: of these subjects, or of the whole city and of `parks`.

    Two questions to the database.
    """
    wanted = [f"{year}-{month:02d}" for year in years for month in range(1, 13)]
    kinds = [quantity, *(Deduction.values if quantity == rules.DEDUCTED else ())]
    chosen = MonthValue.objects.filter(city=city, quantity__in=kinds, month__in=wanted)
    asked = None if subjects is None else list(subjects)
    if asked is not None:
        chosen = chosen.filter(subject__in=asked)
    found: dict[Key, dict[str, Reading]] = {}
    cuts: dict[Key, dict[str, dict[str, float]]] = {}
    rows = chosen.order_by("revision").values_list(
        "subject", "sector", "quantity", "month", "value", "basis", "source", "evidence_id"
    )
    for subject, sector, kind, month, value, basis, source, evidence in rows:
        if kind == quantity:
            found.setdefault((subject, sector), {})[month] = Reading(value, basis, source, "reported", evidence)
        else:
            cuts.setdefault((subject, sector), {}).setdefault(month, {})[kind] = value
    for subject, month, value, estimated in _metered(quantity, wanted, asked, city, parks):
        basis = "estimated" if estimated else "metered"
        found.setdefault((subject, ""), {}).setdefault(month, Reading(value, basis, _("计量指标"), "indicator"))
    for key, months_ in cuts.items():
        for month, told in months_.items():
            if month in found.get(key, {}) and rules.deducts(quantity, key[0], int(month[:4])):
                found[key][month] = replace(found[key][month], deducted=sum(told.values()))
    return found


def _metered(
    quantity: str, wanted: list[str], asked: list[str] | None, city: str, parks: Iterable[str]
) -> Iterable[tuple[str, str, float, bool]]:
    """Published months of the quantity's indicator."""
    known = rules.quantities()[quantity]
    if not Indicator.objects.filter(code=known.indicator).exists():
        return
    if asked is None:
        asked = [*(each.subject for each in Enterprise.objects.filter(city=city)), *parks]
    try:
        frame = indicators.values(known.indicator, subject=asked, period=wanted, key=known.key, domain=DOMAIN)
    except IndicatorError:
        return  # two current runs answer differently: no answer then, and the months without a report are missing
    for row in frame.iter_rows(named=True):
        if row["value"] is not None:
            yield row["subject"], row["period"], row["value"], bool(row["basis_share_estimated"])


def month_of(text: str) -> Period:
    """Raises `Refused` (`not_a_month`)."""
    try:
        period = Period.parse(text)
    except PeriodError as error:
        raise Refused("not_a_month", error.what, expected=_("2026-05 这样的月份")) from error
    if period.month is None:
        raise Refused("not_a_month", _("“%(text)s”不是月份") % {"text": text}, expected=_("2026-05 这样的月份"))
    return period


def file(
    city: str, *, place: str, quantity: str, month: str, value: float, basis: str, source: str, by: Any, now: datetime,
    firm: Enterprise | None = None, sector: str = "", evidence: Evidence | None = None, demo: bool = False,
) -> MonthValue:  # fmt: skip
    """Tell what a county (or its sector, or a firm) used in a month; telling it again corrects it and keeps the earlier value.

    Raises `Refused`: `not_a_month`, `future_month`, `negative`, `no_source`, `unknown_quantity`, `unknown_sector`, `deduction_of_firm`.
    """
    period = month_of(month)
    _check(quantity, sector, value, source, period, now)
    if firm and quantity in Deduction.values:
        raise Refused(
            "deduction_of_firm",
            _("原料用能和新增可再生能源电力只从县区和全市的能源消费里扣减"),
            mend=_("请按县区填报，不选企业"),
        )
    subject = firm.subject if firm else place_subject(place)
    with records.serial():
        same = MonthValue.objects.filter(subject=subject, sector=sector, quantity=quantity, month=str(period))
        last = same.aggregate(last=Max("revision"))["last"] or 0
        made = MonthValue(
            city=city, subject=subject, sector=sector, place=firm.place if firm else place, enterprise=firm,
            quantity=quantity, month=str(period), value=value, basis=basis, source=source.strip(), evidence=evidence,
            revision=last + 1, by=by, at=now, demo=demo,
        )  # fmt: skip
        made.save()
        detail = {
            "subject": subject,
            "sector": sector,
            "quantity": quantity,
            "month": str(period),
            "value": value,
            "revision": last + 1,
        }
        records.audit(by, "energy.month.file", "energy-month", str(made.pk), detail, now=now)
    return made


def _check(quantity: str, sector: str, value: float, source: str, period: Period, now: datetime) -> None:
    if quantity not in dict(TOLD):
        raise Refused("unknown_quantity", _("没有“%(quantity)s”这种指标") % {"quantity": quantity})
    if sector and sector not in rules.sectors():
        raise Refused("unknown_sector", _("没有“%(sector)s”这个行业") % {"sector": sector})
    if period.start > now.date():
        raise Refused("future_month", _("%(month)s 还没有到") % {"month": period}, mend=_("请核对月份"))
    if not 0 <= value < 1e12:
        raise Refused(
            "negative",
            _("数量 %(value)s 不对") % {"value": f"{value:g}"},
            expected=_("0 到一万亿之间的数，请看单位对不对"),
        )
    if not source.strip():
        raise Refused("no_source", _("没有写数据来源"), mend=_("请写明台账、账单或统计表的名称"))


def history(subject: str, sector: str, quantity: str, month: str) -> list[MonthValue]:
    """Every revision of a month, newest first."""
    found = MonthValue.objects.filter(subject=subject, sector=sector, quantity=quantity, month=month)
    return list(found.select_related("by", "evidence").order_by("-revision"))


def plain(found: Mapping[str, Reading], year: int) -> dict[int, float]:
    """Month number → what of one year is held against the quota."""
    return {month: found[name].counted for month in range(1, 13) if (name := f"{year}-{month:02d}") in found}
