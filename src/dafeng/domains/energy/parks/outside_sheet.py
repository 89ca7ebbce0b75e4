"""Heat in no park from a spreadsheet, a table of what is offered and one of what is needed: faults by row, preview, commit whole, undo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from dafeng.domains.energy import importing
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.importing import Preview, Row, Said, unless_empty
from dafeng.domains.energy.models import EnergyCity, HeatMatch, HeatNeed, HeatOffer
from dafeng.domains.energy.monitoring.words import item_name
from dafeng.domains.energy.parks import heat, permissions, rules
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KIND = "park.heat.import"
FIRM, NAME, TEMPERATURE, POWER, MONTHS, FROM, UNTIL, HOURS, SINCE, EAST, NORTH = SHARED = (
    "企业代码", "名称", "温度（℃）", "功率（MW）", "月份", "每日起（时）", "每日止（时）", "年运行小时", "可用起始日", "经度", "纬度",
)  # fmt: skip
MEDIUM, OUTLET, FUEL, EFFICIENCY = "介质", "可冷却到（℃）", "现用燃料", "现有锅炉效率"
NEEDED = (FIRM, NAME, TEMPERATURE, POWER, SINCE, EAST, NORTH)
OFFERS = importing.Table("余热供给", (*SHARED, MEDIUM, OUTLET), required=(*NEEDED, MEDIUM), wide=(NAME,))
NEEDS = importing.Table("用热需求", (*SHARED, FUEL, EFFICIENCY), required=(*NEEDED, FUEL, EFFICIENCY), wide=(NAME,))
AT = {
    "temperature": TEMPERATURE, "power": POWER, "calendar": MONTHS, "hours": HOURS, "outlet": OUTLET, "efficiency": EFFICIENCY, "position": EAST,
}  # fmt: skip
"""In which column a refusal of `heat` shows."""
MODELS: Mapping[str, type[HeatOffer] | type[HeatNeed]] = {"offer": HeatOffer, "need": HeatNeed}


def template(user: Any, city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    firms = [firm.code for firm in permissions.firms_outside(user, city.code)]
    return importing.workbook([OFFERS, NEEDS], {FIRM: firms[:LISTED], MEDIUM: list(_media()), FUEL: list(_fuels())})


LISTED = 20
"""Firms in the list to choose from: a list in a workbook holds 255 characters."""


def _media() -> dict[str, str]:
    return {str(label): value for value, label in HeatOffer.Medium.choices}


def _fuels() -> dict[str, str]:
    return {item_name(each): each for each in rules.fuels()}


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any) -> Preview:
    """Raises `UploadError` for a file that has neither table; faults of rows are in the answer."""
    reader = _Reader(city, user)
    found = importing.find([OFFERS, NEEDS], file, name=name)
    return importing.read(found, row=reader.row, key=lambda row: (row["firm"], row["name"]), key_column=NAME)


class _Reader:
    """Reads rows for one person: a firm that is not theirs to tell of, or sits in a park, is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any) -> None:
        self.firms = {firm.code: firm.code for firm in permissions.firms_outside(user, city.code)}
        self.media, self.fuels = _media(), _fuels()
        self.listed = {
            (kind, *each)
            for kind, model in MODELS.items()
            for each in model.objects.filter(park=None, withdrawn_on=None, enterprise__city=city.code).values_list("enterprise__code", "name")
        }  # fmt: skip

    def row(self, said: Said) -> Row:
        kind = "offer" if said.table is OFFERS else "need"
        made = {
            "kind": kind, "firm": said.at(FIRM, self._firm), "name": said.at(NAME, lambda text: importing.named(text, 80)),
            "temperature": said.at(TEMPERATURE, _degrees), "power": said.at(POWER, importing.number), "months": said.at(MONTHS, _months),
            "from_hour": said.at(FROM, unless_empty(_hour, 0)), "until_hour": said.at(UNTIL, unless_empty(_hour, 24)),
            "hours": said.at(HOURS, unless_empty(importing.number)), "since": said.at(SINCE, importing.day),
            "longitude": said.at(EAST, _degrees), "latitude": said.at(NORTH, _degrees),
        }  # fmt: skip
        if kind == "offer":
            made["medium"] = said.at(MEDIUM, lambda text: importing.one_of(text, self.media))
            made["outlet"] = said.at(OUTLET, unless_empty(_degrees))
        else:
            made["item"] = said.at(FUEL, lambda text: importing.one_of(text, self.fuels))
            made["efficiency"] = said.at(EFFICIENCY, importing.number)
        if not said.faults:
            said.check(NAME, lambda: heat.offer_words(made) if kind == "offer" else heat.need_words(made), at=AT)
            said.check(EAST, lambda: heat.position(made), at=AT)
        if (kind, made["firm"], made["name"]) in self.listed:
            said.refuse(
                NAME,
                Refused("duplicate", _("这家企业已登记同名的一项"), mend=_("请删去这一行，或先在页面撤回原来的一项")),
            )
        return made

    def _firm(self, text: str) -> str:
        if text not in self.firms:
            raise Refused(
                "firm", _("没有您可以登记的、不在园区里的企业“%(code)s”") % {"code": text[:40]}, expected="、".join(list(self.firms)[:8]),
                mend=_("请填企业在名录里的代码；在园区里的企业到园区登记"),
            )  # fmt: skip
        return text


def _degrees(text: str) -> float:
    """Of heat or of a place: `heat` knows what each may be, and says so in its own words."""
    return importing.number(text, least=-1e4, most=1e4, expected=_("一个数"))


def _hour(text: str) -> int:
    value = importing.number(text, most=24, expected="0–24")
    if value != int(value):
        raise Refused("calendar", _("“%(text)s”不是整点") % {"text": text[:20]}, expected="0–24")
    return int(value)


def _months(text: str) -> list[int]:
    """`1-12`, `11-3` over the turn of the year, `3、4、5`; nothing: the whole year."""
    found: list[int] = []
    for part in (
        (text or "1-12")
        .replace("月", "")
        .replace("，", ",")
        .replace("、", ",")
        .replace("–", "-")
        .replace("至", "-")
        .split(",")
    ):
        ends = part.strip().split("-")
        if not (
            len(ends) in (1, 2) and all(end.isascii() and end.isdigit() and 1 <= int(end[:3]) <= 12 for end in ends)
        ):
            raise Refused(
                "calendar", _("月份“%(text)s”不对") % {"text": text[:20]}, expected=_("如 1-12、11-3 或 3、4、5")
            )
        first, last = int(ends[0]), int(ends[-1])
        found += [(first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1)]
    return sorted(set(found))


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by)
    places = set(
        Enterprise.objects.filter(code__in={row["firm"] for row in preview.rows}).values_list("place", flat=True)
    )
    record = importing.stage(
        KIND, preview, file, name=name, title=_("园区外余热导入：%(name)s") % {"name": name[:120]}, source=_("园区外余热导入"),
        payload={"city": city.code}, place=places.pop() if len(places) == 1 else city.code, by=by, now=now,
    )  # fmt: skip
    return record, preview


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Put all rows on the desk, or nothing. Returns how many. Raises what `heat.offer` raises where a firm has joined a park since."""
    rows = record.payload["rows"]
    firms = {firm.code: firm for firm in Enterprise.objects.filter(code__in={row["firm"] for row in rows})}
    do = {"offer": heat.offer, "need": heat.need}
    with records.serial():
        records.move(record, "commit", by=by, now=now)
        for row in rows:
            given = row | {"since": date.fromisoformat(row["since"])}
            do[row["kind"]](None, firms[row["firm"]], given=given, by=by, now=now, imported=record)
    return len(rows)


def undo(record: Record, *, by: Any, now: datetime, reason: str) -> int:
    """Take what an import brought off the desk again. Returns how many rows were still there.

    Raises `Refused` (`changed_since`) when one of them was put before two firms since.
    """
    with records.serial():
        for side in ("offer", "need"):
            if HeatMatch.objects.filter(**{f"{side}__imported": record}).exclude(record__state="declined").exists():
                raise Refused(
                    "changed_since", _("导入之后已有匹配，不能整批撤销"), mend=_("请在园区外的余热里逐项撤回")
                )
        records.move(record, "undo", by=by, now=now, reason=reason)
        rows = [row for model in MODELS.values() for row in model.objects.filter(imported=record, withdrawn_on=None)]
        for row in rows:
            heat.withdraw(row, on=localdate(now), by=by, now=now)
    return len(rows)
