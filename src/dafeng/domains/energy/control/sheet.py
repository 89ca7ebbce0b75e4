"""Monthly use from a spreadsheet: a template, every fault by row and column, preview, commit whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy import importing
from dafeng.domains.energy.control import readings, rules
from dafeng.domains.energy.control.permissions import WHOLE
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.importing import Preview, Row, Said, unless_empty
from dafeng.domains.energy.models import EnergyCity, MonthValue
from dafeng.domains.energy.models.control import TOLD
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import places_of, roles_of

KIND = "energy.months"
SUBJECT, SECTOR, WHAT, MONTH, VALUE, UNIT, BASIS, SOURCE = COLUMNS = (
    "县区或企业", "行业", "种类", "月份", "数量", "单位", "依据", "来源",
)  # fmt: skip
TABLE = importing.Table(
    "月度用量", COLUMNS, required=(SUBJECT, WHAT, MONTH, VALUE, UNIT, SOURCE), wide=(SUBJECT, SOURCE)
)
SAME = ("place", "firm", "sector", "quantity", "month")


def template(city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    del city
    return TABLE.template({
        SECTOR: [names[0] for names in rules.sector_names().values()], WHAT: [str(label) for _code, label in TOLD],
        UNIT: [each.unit for each in rules.quantities().values()], BASIS: list(map(str, MonthValue.Basis.labels)),
    })  # fmt: skip


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, now: datetime) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    reader = _Reader(city, user, now)
    return TABLE.read(file, name=name, row=reader.row, key=lambda row: tuple(row[each] for each in SAME))


class _Reader:
    """Reads rows for one person: whom they may not report for is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, now: datetime) -> None:
        self.now = now
        whole = bool(WHOLE & roles_of(user)) or bool(getattr(user, "is_superuser", False))
        mine = places_of(user)
        self.places = {names[0]: code for code, names in city.counties.items() if whole or code in mine}
        if whole:
            self.places[city.name] = city.code
        self.firms = {each.name: each for each in Enterprise.objects.for_user(user).filter(city=city.code)}
        self.sectors = {names[0]: code for code, names in rules.sector_names().items()}
        self.quantities = {str(label): value for value, label in TOLD}
        self.bases = {str(label): value for value, label in MonthValue.Basis.choices}

    def row(self, said: Said) -> Row:
        place, firm = said.at(SUBJECT, self._subject) or ("", "")
        quantity = said.at(WHAT, lambda text: importing.one_of(text, self.quantities))
        row = {
            "place": place, "firm": firm, "quantity": quantity,
            "sector": said.at(SECTOR, unless_empty(lambda text: importing.one_of(text, self.sectors), "")),
            "month": said.at(MONTH, self._month), "value": said.at(VALUE, importing.number),
            "basis": said.at(BASIS, unless_empty(lambda text: importing.one_of(text, self.bases), MonthValue.Basis.REPORTED.value)),
            "source": said.at(SOURCE, self._source),
        }  # fmt: skip
        if quantity and said[UNIT] != (unit := rules.told_unit(quantity)):
            said.refuse(UNIT, Refused("unit", _("单位“%(unit)s”不对") % {"unit": said[UNIT][:20]}, expected=unit))
        return row

    def _subject(self, text: str) -> tuple[str, str]:
        if text in self.places:
            return self.places[text], ""
        if text in self.firms:
            return self.firms[text].place, self.firms[text].code
        raise Refused(
            "unknown_subject",
            _("“%(text)s”不是您可以填报的县区或企业") % {"text": text[:40]},
            expected="、".join(self.places),
        )

    def _month(self, text: str) -> str:
        text = text.replace("/", "-").replace(".", "-").replace("年", "-").removesuffix("月")
        year, sign, month = text.partition("-")
        period = readings.month_of(f"{year}-{month.split('-')[0].zfill(2)}" if sign else text)
        if period.start > self.now.date():
            raise Refused("future_month", _("%(month)s 还没有到") % {"month": period})
        return str(period)

    @staticmethod
    def _source(text: str) -> str:
        if not text:
            raise Refused("no_source", _("没有写数据来源"), mend=_("请写明台账、账单或统计表的名称"))
        return text[:200]


def open_import(
    city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record for the one who sent it to commit them."""
    preview = read(city, file, name=name, user=by, now=now)
    record = importing.stage(
        KIND, preview, file, name=name, title=_("月度用量导入：%(name)s") % {"name": name[:120]}, source=_("月度用量导入"),
        payload={"city": city.code}, place=city.code, by=by, now=now,
    )  # fmt: skip
    return record, preview


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """File all rows, or none. Returns how many."""
    with records.serial():
        records.move(record, "commit", by=by, now=now)
        evidence = record.evidence.first()
        codes = {row["firm"] for row in record.payload["rows"] if row["firm"]}
        firms = {each.code: each for each in Enterprise.objects.filter(code__in=codes)}
        for row in record.payload["rows"]:
            readings.file(
                record.payload["city"], place=row["place"], firm=firms.get(row["firm"]), sector=row["sector"],
                quantity=row["quantity"], month=row["month"], value=row["value"], basis=row["basis"], source=row["source"],
                evidence=evidence, by=by, now=now,
            )  # fmt: skip
    return len(record.payload["rows"])
