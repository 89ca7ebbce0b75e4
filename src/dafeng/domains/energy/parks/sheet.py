"""Parks from a spreadsheet: template, faults by row and column, preview, commit whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy import importing
from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.importing import Preview, Row, Said, unless_empty
from dafeng.domains.energy.models import EnergyCity, Park
from dafeng.domains.energy.parks import permissions, store
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KIND = "park.import"
CODE, NAME, COUNTY, LEVEL, AREA, OPERATOR, OFFICE, EAST, NORTH = COLUMNS = (
    "编号", "名称", "县区", "级别", "面积（公顷）", "运营单位", "运营单位代码", "经度", "纬度",
)  # fmt: skip
TABLE = importing.Table("园区名录", COLUMNS, required=(CODE, NAME, COUNTY, LEVEL), wide=(NAME, OPERATOR))


def template(city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    counties = [names[0] for names in city.counties.values()]
    return TABLE.template({COUNTY: counties, LEVEL: list(map(str, Park.Level.labels))})


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    places = importing.counties(user, city, permissions.own_place)
    levels = {str(label): value for value, label in Park.Level.choices}
    taken = dict(Park.objects.values_list("code", "place"))

    def row(said: Said) -> Row:
        made = {
            "code": said.at(CODE, check_code), "name": said.at(NAME, importing.named),
            "place": said.at(COUNTY, lambda text: importing.one_of(text, places)),
            "level": said.at(LEVEL, lambda text: importing.one_of(text, levels)), "area": said.at(AREA, _within(1e-9, 1e6)),
            "operator": said[OPERATOR][:120], "organisation": said[OFFICE][:60], "longitude": said.at(EAST, _within(73, 136)),
            "latitude": said.at(NORTH, _within(3, 54)),
        }  # fmt: skip
        if bool(said[EAST]) != bool(said[NORTH]):
            said.refuse(EAST, Refused("position", _("经度、纬度只填了一个"), mend=_("两个都填，或都留空")))
        if made["code"] and made["place"] and taken.get(made["code"], made["place"]) != made["place"]:
            said.refuse(CODE, Refused("other_place", _("编号“%(code)s”已属于另一处的园区") % {"code": made["code"]}))
        return made

    return TABLE.read(file, name=name, row=row, key=lambda made: made["code"])


def _within(least: float, most: float) -> Any:
    """A reading of a number that may be left empty."""
    return unless_empty(lambda text: importing.number(text, least=least, most=most, expected=f"{least:g}–{most:g}"))


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by)
    record = importing.stage(
        KIND, preview, file, name=name, title=_("园区名录导入：%(name)s") % {"name": name[:120]}, source=_("园区名录导入"),
        payload={"city": city.code}, place=city.code, by=by, now=now,
    )  # fmt: skip
    return record, preview


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Put all rows on the register, or nothing. Returns how many parks."""
    with records.serial():
        records.move(record, "commit", by=by, now=now)
        for row in record.payload["rows"]:
            # What a cell leaves empty does not wipe what is known of a park already on the register.
            given = {name: row[name] for name in store.WORDS if row.get(name) not in (None, "")}
            store.keep(record.payload["city"], code=row["code"], given=given, by=by, now=now)
    return len(record.payload["rows"])
