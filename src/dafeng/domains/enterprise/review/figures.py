"""The dated figures, limits and heat units that decisions read: kept by the bureau, each with its source, none of them guessed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import ControlUnit, HeatUnit, ProjectFigure, ProjectLevel
from dafeng.domains.enterprise.review.methods import NUMERATORS, Base, HeatUnitPlace, Level, Unit, rules
from dafeng.kernel.indicators.models import Run, Value
from dafeng.kernel.quantities import places
from dafeng.kernel.records import services as records

# What dual control and monitoring publish of a county and this room reads.
COUNTY = (
    "energy.quota",
    "energy.consumption",
    "energy.quota.forecast",
    "energy.quota.coming",
    "energy.quota.co2",
    "energy.co2",
    "energy.warning.red_months",
)
# code → words, unit, whether a county's (else the province's or city's)
CODES: dict[str, tuple[Any, str, bool]] = {
    "base_energy": (gettext_lazy("上年能源消费总量"), "tce", True),
    "base_gdp": (gettext_lazy("上年地区生产总值"), "万元", True),
    "base_intensity": (gettext_lazy("单位地区生产总值能耗"), "tce/万元", True),
    "increment": (gettext_lazy("能源消费增量控制数"), "tce", True),
    "base_co2": (gettext_lazy("上年二氧化碳排放总量"), "t CO2", True),
    "co2_intensity": (gettext_lazy("单位地区生产总值二氧化碳排放"), "t CO2/万元", True),
    "co2_increment": (gettext_lazy("碳排放增量控制数"), "t CO2", True),
    "equal_electricity": (gettext_lazy("电力等价值折标系数"), "tce/MWh", False),
    "rights_b": (gettext_lazy("用能权调整系数 B"), "1", False),
    "rights_mean": (gettext_lazy("全省单位工业增加值能耗均值"), "tce/万元", False),
}


@transaction.atomic
def state_figure(code: str, place: str, value: float, *, since: date, source: str, by: Any, now: datetime, demo: bool = False) -> ProjectFigure:  # fmt: skip
    """Say a figure from a day on. Raises `Refused` for one that cannot be, or that has no source."""
    if code not in CODES:
        raise Refused("figure_unknown", _("没有“%(code)s”这项参数") % {"code": code[:30]})
    if not math.isfinite(value) or value <= 0:
        raise Refused("figure_value", _("参数应是大于零的数"), expected=str(CODES[code][1]))
    least, most = rules().number("rights", "b_least"), rules().number("rights", "b_most")
    if code == "rights_b" and not least <= value <= most:
        raise Refused("figure_value", _("系数 B 超出办法的范围"), expected=f"{least:g}–{most:g}")
    if not source.strip():
        raise Refused("figure_source", _("参数没有写依据"), mend=_("请写文件名和文号"))
    places.level(place)
    made = ProjectFigure.objects.create(
        code=code, place=place, value=value, since=since, source=source.strip()[:200], by=by, at=now, demo=demo
    )
    records.audit(by, "enterprise.figure", "review-figure", str(made.pk), {"code": code, "place": place, "value": value, "since": since.isoformat(), "source": made.source}, now=now)  # fmt: skip
    return made


@transaction.atomic
def state_level(*, measure: str = "energy", product: str, name: str, unit: str, limit: float | None, access: float | None, lead: float | None, since: date, source: str, by: Any, now: datetime, demo: bool = False) -> ProjectLevel:  # fmt: skip
    """Put the values of a limit standard on the register. Raises `Refused` where they contradict one another."""
    told = [value for value in (lead, access, limit) if value is not None]
    if not told or any(not math.isfinite(value) for value in told) or told != sorted(told):
        raise Refused("level_order", _("限额的三个值至少填一个，且先进值 ≤ 准入值 ≤ 限定值"))
    if not source.strip():
        raise Refused("figure_source", _("限额没有写标准号"))
    numerator = unit.replace(" ", "").replace("₂", "2").partition("/")[0]
    kinds = ("carbon",) if measure == "carbon" else ("energy", "electricity")
    if numerator not in NUMERATORS or NUMERATORS[numerator][0] not in kinds:
        raise Refused("level_unit", _("单位“%(unit)s”不能与项目比较") % {"unit": unit[:30]}, expected="tCO2/t, kgCO2/t" if measure == "carbon" else "kgce/t, tce/t, kWh/t")  # fmt: skip
    made = ProjectLevel.objects.create(
        measure=measure, product=product, name=name, unit=unit, limit=limit, access=access, lead=lead, since=since, source=source.strip()[:200], by=by, at=now, demo=demo
    )  # fmt: skip
    records.audit(by, "enterprise.level", "review-level", str(made.pk), {"measure": measure, "product": product, "limit": limit, "access": access, "lead": lead, "source": made.source}, now=now)  # fmt: skip
    return made


@transaction.atomic
def state_heat_unit(*, code: str, name: str, city: str, longitude: float, latitude: float, source: str, by: Any, now: datetime, demo: bool = False) -> HeatUnit:  # fmt: skip
    """Put an existing heat unit on the map."""
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise Refused("coordinates", _("经纬度不对"), expected=_("东经 73–135，北纬 18–54"))
    if HeatUnit.objects.filter(code=code).exists():
        raise Refused("heat_unit_again", _("代码“%(code)s”已登记") % {"code": code})
    made = HeatUnit.objects.create(
        code=code, name=name, city=city, longitude=longitude, latitude=latitude, source=source, demo=demo
    )
    records.audit(by, "enterprise.heat-unit", "review-heat-unit", code, {"longitude": longitude, "latitude": latitude, "source": source}, now=now)  # fmt: skip
    return made


class Figures:
    """What is told on a day for a place, asked of the database once. A county's figure before the city's before the province's."""

    def __init__(self, place: str, on: date) -> None:
        self.place, self.on = place, on
        wider = places.ancestors(place)
        rows = ProjectFigure.objects.filter(place__in=wider, since__lte=on).order_by("since", "pk")
        self.rows: dict[str, ProjectFigure] = {}
        for row in sorted(rows, key=lambda each: -wider.index(each.place)):
            # A county's own figures are never filled in from a wider place.
            if not CODES[row.code][2] or row.place == place:
                self.rows[row.code] = row

    def value(self, code: str) -> float | None:
        return self.rows[code].value if code in self.rows else None

    def base(self, year: int) -> Base:
        return Base(
            energy=self.value("base_energy"),
            gdp=self.value("base_gdp"),
            intensity=self.value("base_intensity"),
            increment=self.value("increment"),
            budget=self._of_year("energy.quota", year),
            used=self._of_year("energy.consumption", year),
        )

    def carbon_base(self, year: int) -> Base:
        """The same of carbon, t CO2; the county's GDP serves both."""
        return Base(
            energy=self.value("base_co2"),
            gdp=self.value("base_gdp"),
            intensity=self.value("co2_intensity"),
            increment=self.value("co2_increment"),
            budget=self._of_year("energy.quota.co2", year, "t CO2"),
            used=self._of_year("energy.co2", year, "t CO2"),
        )

    def _of_year(self, code: str, year: int, unit: str = "tce") -> float | None:
        """A year's figure of the county in a unit (equivalent value where the indicator knows both)."""
        rows = [each for each in self.county if each["indicator"] == code and each["period"] == str(year) and each["unit"] == unit]  # fmt: skip
        if len(rows) > 1:
            rows = [each for each in rows if "basis=equivalent" in each["key"]]
        return rows[0]["value"] if len(rows) == 1 else None

    @cached_property
    def county(self) -> list[dict[str, Any]]:
        """What the blackboard tells of the county since last December, in one question: indicator, period, key, value, unit.

        A cell that two current runs tell differently is nobody's: which one holds is not for this room to choose.
        """
        months = [f"{self.on.year - 1}-12", *(f"{self.on.year}-{month:02d}" for month in range(1, self.on.month + 1))]
        rows = Value.objects.filter(
            indicator__code__in=COUNTY, subject__in=(self.place, f"place:{self.place}"), period__in=(str(self.on.year), *months),
            value__isnull=False, run__state=Run.State.DONE, run__variant="",
        ).values("indicator__code", "period", "key", "value", "unit").order_by("period")  # fmt: skip
        cells: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for row in rows:
            told = {"indicator": row.pop("indicator__code"), **row}
            cells.setdefault((told["indicator"], told["period"], told["key"]), []).append(told)
        return [found[0] for found in cells.values() if len(found) == 1]


def products() -> dict[str, str]:
    """Code → name of the products that have limits."""
    return shipped_products() | dict(ProjectLevel.objects.order_by("since", "pk").values_list("product", "name"))


def source_products() -> dict[str, str]:
    """What may be on the register of sources: products, and pollutants."""
    from dafeng.domains.enterprise.review.swaps import POLLUTANTS

    return products() | {code: str(title) for code, title in POLLUTANTS.items()}


def source_name(code: str) -> str:
    return source_products().get(code, code)


def shipped_products() -> dict[str, str]:
    return {
        "blast-furnace": _("高炉工序"), "converter": _("转炉工序"), "aluminium": _("铝液（电解铝）"), "clinker": _("水泥熟料"),
        "glass-500-800": _("平板玻璃（500–800 t/d）"), "glass-800": _("平板玻璃（>800 t/d）"),
    }  # fmt: skip


def levels_of(product: str, on: date) -> dict[str, Level]:
    """Measure (energy, carbon) → the limits in force: the bureau's register before the shipped levels of 2021, which are of energy.

    No carbon level is shipped: none was at hand.
    """
    if not product:
        return {}
    found: dict[str, Level] = {}
    for each in rules().levels:
        if each["product"] == product:
            source = _("国家能效基准水平和标杆水平（2021 年版）")
            found["energy"] = Level(each["unit"], each["base"], None, each["lead"], source, shipped_products()[product])
    for row in ProjectLevel.objects.filter(product=product, since__lte=on).order_by("since", "pk"):
        found[row.measure] = Level(row.unit, row.limit, row.access, row.lead, row.source, row.name)
    return found


@transaction.atomic
def state_control_unit(*, code: str, name: str, grade: str, place: str, barred: Sequence[str], bars_two_high: bool, document: str, city: str, by: Any, now: datetime, demo: bool = False) -> ControlUnit:  # fmt: skip
    """Put a unit of environmental control on the register with what its list keeps out. Raises `Refused` for one without a document."""
    if grade not in ControlUnit.Grade.values:
        raise Refused(
            "zone_grade", _("没有这种管控类别"), expected="、".join(str(each) for each in ControlUnit.Grade.labels)
        )
    if not document.strip():
        raise Refused("figure_source", _("管控单元没有写依据文件"))
    wrong = [each for each in barred if not (each.isascii() and each.isdigit() and 2 <= len(each) <= 4)]
    if wrong:
        raise Refused(
            "zone_industry_code",
            _("行业代码“%(code)s”不对") % {"code": wrong[0][:20]},
            expected=_("GB/T 4754 的两到四位代码"),
        )
    if ControlUnit.objects.filter(code=code).exists():
        raise Refused("zone_again", _("代码“%(code)s”已登记") % {"code": code})
    made = ControlUnit.objects.create(
        code=code, name=name, city=city, place=place, grade=grade, barred=list(barred), bars_two_high=bars_two_high,
        document=document.strip()[:200], by=by, at=now, demo=demo,
    )  # fmt: skip
    records.audit(by, "enterprise.control-unit", "review-control-unit", code, {"grade": grade, "place": place, "barred": list(barred), "bars_two_high": bars_two_high, "document": made.document}, now=now)  # fmt: skip
    return made


def control_units(city: str) -> dict[str, str]:
    """Code → name and class, for the owner to choose from."""
    rows = ControlUnit.objects.filter(city=city)
    return {each.code: f"{each.name}（{each.get_grade_display()}）" for each in rows}


def control_unit(code: str) -> Unit | None:
    row = ControlUnit.objects.filter(code=code).first() if code else None
    if row is None:
        return None
    return Unit(row.code, row.name, row.grade, row.place, tuple(row.barred), row.bars_two_high, row.document)


def heat_units(city: str, on: date) -> list[HeatUnitPlace]:
    rows = HeatUnit.objects.filter(city=city)
    return [
        HeatUnitPlace(row.code, row.name, row.longitude, row.latitude)
        for row in rows
        if (row.until is None or row.until > on) and (row.since is None or row.since <= on)
    ]
