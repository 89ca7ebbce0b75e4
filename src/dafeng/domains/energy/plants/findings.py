"""What in the register contradicts itself or asks for a reason: capacity, duplicates, output, nights, leases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Plant, PlantMonth
from dafeng.domains.energy.plants import leasing, months, rules
from dafeng.domains.energy.plants.methods.output import Fault, at_night, faults, faults_of_year
from dafeng.domains.energy.plants.reading import Output, Register, Stage, bound


@dataclass(frozen=True)
class Finding:
    """`plant` None: of a county (`place`). `impossible`: it cannot be; else it asks for a reason."""

    impossible: bool
    text: str
    mend: str
    plant: Plant | None = None
    place: str = ""


def _number(value: float) -> str:
    return f"{value:,.1f}"


def words_of(fault: Fault) -> tuple[str, str]:
    """A fault of a told value in a sentence, and what to do."""
    at = {"month": fault.month, "value": _number(fault.value), "bound": _number(fault.bound)}
    check = _("请核对电表倍率、单位（MWh 还是万 kWh）和并网日期后更正")
    told = {
        "above_capacity": (_("%(month)s 发电 %(value)s MWh，超过容量×小时数 %(bound)s MWh"), check),
        "charge_above_capacity": (_("%(month)s 充电 %(value)s MWh，超过功率×小时数 %(bound)s MWh"), check),
        "discharge_above_capacity": (_("%(month)s 放电 %(value)s MWh，超过功率×小时数 %(bound)s MWh"), check),
        "parts_above_whole": (_("%(month)s 上网与自用合计 %(value)s MWh，大于发电 %(bound)s MWh"), _("请核对三个数的口径")),
        "available_below_generation": (_("%(month)s 发电 %(value)s MWh，大于可发电量 %(bound)s MWh"), _("请核对可发电量")),
        "curtailed_above_capacity": (_("%(month)s 发电与弃电合计 %(value)s MWh，超过容量×小时数 %(bound)s MWh"), _("请核对弃电量")),
        "curtailed_differs": (_("%(month)s 可发电量减发电量与所报弃电量相差 %(value)s MWh"), _("请说明原因或更正")),
        "discharge_above_charge": (_("%(month)s 放电 %(value)s MWh，大于充电（加月初可能的存量）%(bound)s MWh"), _("请核对充放电是否填反")),
        "hours_above_year": (_("%(month)s 年利用 %(value)s 小时，超过全年 %(bound)s 小时"), check),
        "efficiency_above_one": (_("%(month)s 年放电多于充电，往返效率大于 1"), _("请核对充放电是否填反")),
    }  # fmt: skip
    text, mend = told[fault.code]
    return text % at, mend


def of_output(output: Output, year: int) -> list[Finding]:
    """Faults of a plant's year, and months in which meter and report disagree."""
    hours = ((date(year + 1, 1, 1) - date(year, 1, 1)).days) * 24.0
    found = [each for row in output.rows for each in faults(row)] + faults_of_year(str(year), output.rows, hours=hours)
    told = [Finding(each.level == "impossible", *words_of(each), output.plant) for each in found]
    for month, said in sorted(output.told.items()):
        for name, reported, measured in said.differ:
            text = _("%(month)s %(field)s填报 %(reported)s MWh，计量 %(measured)s MWh，按计量计") % {
                "month": month, "field": PlantMonth._meta.get_field(name).verbose_name, "reported": _number(reported), "measured": _number(measured),
            }  # fmt: skip
            told.append(Finding(False, text, _("请核对填报数"), output.plant))
    return told


def of_night(found: Register, plant: Plant, first: date, last: date) -> list[Finding]:
    """PV that makes power at night, from its hours between two days; nothing without meters."""
    if plant.kind not in rules.kinds_of("pv"):
        return []
    rule = rules.night()
    dark = at_night(
        months.night_hours(plant, first, last), mw=found.stock_of(plant, last).mw, first=rule.first, last=rule.last, share=rule.share
    )  # fmt: skip
    if not dark:
        return []
    at, value = max(dark, key=lambda each: each[1])
    text = _("夜间发电 %(count)s 小时，最多的是 %(at)s，%(value)s MWh") % {
        "count": len(dark), "at": f"{at:%Y-%m-%d %H:%M}", "value": _number(value),
    }  # fmt: skip
    return [Finding(True, text, _("请核对计量点是否接错、时钟是否偏移，或是否含储能放电"), plant)]


def of_register(found: Register, names: Mapping[str, str], today: date) -> list[Finding]:
    """What the capacity on the register says against itself."""
    told = [
        Finding(
            True, _("%(place)s %(day)s 逐站登记的%(kind)s多于申报的总量") % {"place": names.get(place, place), "day": day, "kind": Plant.Kind(kind).label},
            _("请核对总量的截止日期和口径，或查重复登记"), None, place,
        )
        for place, kind, day in found.excess
    ]  # fmt: skip
    for pk, stages in found.stages.items():
        plant, approved, built = found.plants[pk], stages.get(Stage.APPROVED), stages.get(Stage.CONNECTED, 0.0)
        if approved is not None and built > approved * 1.001:
            text = _("并网 %(built)s MW，超过备案或核准的 %(approved)s MW") % {"built": _number(built), "approved": _number(approved)}  # fmt: skip
            told.append(Finding(False, text, _("请补备案变更文件，或核对容量"), plant))
    return told + _alike(found)


def _alike(found: Register) -> list[Finding]:
    """Two plants of a kind in one county that were connected on the same day with the same capacity."""
    seen: dict[tuple[str, str, date, float], Plant] = {}
    told = []
    for pk, changes in sorted(found.changes.items()):
        plant = found.plants[pk]
        for each in changes:
            key = (each.place, each.kind, each.day, round(each.amount.mw, 6))
            if each.amount.mw > 0 and (other := seen.setdefault(key, plant)) is not plant:
                text = _("与“%(name)s”同县区、同类型，同一天并网同样容量，疑似重复登记") % {"name": other.name}
                told.append(Finding(False, text, _("请核对文号；确是重复的，退回其中一项并网变动"), plant))
    return told


def of_leases(found: Register) -> list[Finding]:
    """Shared stations whose capacity no longer carries what is rented out."""
    told = []
    for each in found.plants.values():
        if each.shared:
            try:
                leasing.check_leases(each, found.changes.get(each.pk, []), bound(found, each))
            except Refused as refused:
                told.append(Finding(True, refused.what, refused.mend, each))
    return told


def all_of(found: Register, outputs: Mapping[int, Output], year: int, names: Mapping[str, str], today: date) -> list[Finding]:  # fmt: skip
    """Everything but nights, which are read plant by plant; what cannot be stands first."""
    told = of_register(found, names, today)
    for each in outputs.values():
        told += of_output(each, year)
    return sorted(told, key=lambda each: not each.impossible)


def seen(told: Iterable[Finding], plants: set[int], places: set[str]) -> list[Finding]:
    """Those about plants and counties that a person sees."""
    return [each for each in told if (each.plant.pk in plants if each.plant else each.place in places)]


def last_nights(today: date) -> tuple[date, date]:
    """The days that a card looks at: a month until yesterday."""
    return today - timedelta(days=31), today - timedelta(days=1)
