"""Plants and their capacity from a spreadsheet: template, faults by row and column, preview, filed whole, accepted by another."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import CapacityChange, EnergyCity, Plant
from dafeng.domains.energy.plants import permissions, store
from dafeng.kernel.errors import DafengError, Place, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from dafeng.kernel.sheets import Cell, Limits, Sheet, open_upload

LIMITS = Limits(file_bytes=5 * 2**20, unpacked_bytes=50 * 2**20, sheets=8, rows=5000, cells=200_000)
CODE, NAME, COUNTY, KIND, OWNER, OFFICE, FILING, VOLTAGE, EAST, NORTH, WHOLE, SHARED, STAGE, DAY, AC, DC, ENERGY, DOCUMENT = COLUMNS = (
    "编号", "名称", "县区", "类型", "业主", "填报单位代码", "备案或核准文号", "并网电压（kV）", "经度", "纬度", "属于电站", "共享储能",
    "阶段", "日期", "容量（MW）", "直流容量（MWp）", "储能容量（MWh）", "文件号",
)  # fmt: skip
REQUIRED = (CODE, NAME, COUNTY, KIND, STAGE, DAY, AC, DOCUMENT)
STAGES = {str(label): value for value, label in (("approved", "备案或核准"), ("started", "开工"), ("connected", "并网"), ("retired", "退役"))}  # fmt: skip
KINDS = {"风电": "wind", "集中式光伏": "pv_central", "分布式光伏": "pv_distributed", "生物质发电": "biomass", "垃圾焚烧发电": "waste", "水电": "hydro", "燃气发电": "gas", "新型储能": "storage", "抽水蓄能": "pumped", "加氢站": "hydrogen"}  # fmt: skip
KEPT = ("name", "place", "kind", "owner", "organisation", "filing", "voltage", "longitude", "latitude", "shared")


@dataclass
class Preview:
    """`rows` are ready to be filed when there are no `problems`."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[DafengError] = field(default_factory=list)


def template(city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1})
    sheet = book.add_worksheet("电源台账")
    for column, title in enumerate(COLUMNS):
        sheet.write(0, column, title, head)
        sheet.set_column(column, column, 28 if title in (NAME, OWNER, DOCUMENT) else 14)
    sheet.freeze_panes(1, 0)
    lists = {COUNTY: [names[0] for names in city.counties.values()], KIND: list(KINDS), STAGE: list(STAGES), SHARED: ["是", "否"]}  # fmt: skip
    for title, options in lists.items():
        column = COLUMNS.index(title)
        if options:
            sheet.data_validation(1, column, 2000, column, {"validate": "list", "source": options})
    book.close()
    return target.getvalue()


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, today: date) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer."""
    upload = open_upload(file, name=name, limits=LIMITS)
    for sheet in upload.sheets:
        for number in sorted(sheet.rows)[:20]:
            titles = {cell.shown.strip(): column for column, cell in sheet.rows[number].items()}
            if set(REQUIRED) <= set(titles):
                return _read(_Reader(city, user, today), sheet, number, titles, name)
    raise UploadError(
        _("没有找到表头"), expected="、".join(REQUIRED), mend=_("请用下载的模板填写"), where=Place(file=name)
    )


def _read(reader: _Reader, sheet: Sheet, start: int, titles: Mapping[str, int], file: str) -> Preview:
    found = Preview()
    for number in sorted(row for row in sheet.rows if row > start):
        cells = {title: sheet.rows[number].get(titles[title]) for title in COLUMNS if title in titles}
        if not any(cell and cell.shown.strip() for cell in cells.values()):
            continue
        row, faults = reader.row(cells)
        if not faults:
            faults = reader.against_others(row, number + 1)
        for column, error in faults:
            where = Place(file=file, sheet=sheet.name, row=number + 1, column=column)
            found.problems.append(EnergyError(error.what, expected=error.expected, mend=error.mend, where=where))
        if not faults:
            found.rows.append(row | {"row": number + 1})
    if not found.rows and not found.problems:
        raise UploadError(_("表里没有数据行"), mend=_("请从表头下一行开始填写"), where=Place(file=file))
    return found


class _Reader:
    """Reads rows for one person: a county that is not theirs is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, today: date) -> None:
        self.today = today
        self.places = {names[0]: code for code, names in city.counties.items() if permissions.own_place(user, code)}
        # What is registered, and what earlier rows of the file would register: code → words, and whose a number or a name is.
        self.known: dict[str, dict[str, Any]] = {}
        self.filings: dict[str, str] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.changes: dict[tuple[Any, ...], int] = {}
        for each in Plant.objects.filter(city=city.code):
            self._know(each.code, {"name": each.name, "place": each.place, "kind": each.kind, "filing": each.filing, "shared": each.shared})  # fmt: skip

    def _know(self, code: str, row: Mapping[str, Any]) -> None:
        self.known[code] = {name: row[name] for name in ("name", "place", "kind", "filing", "shared")}
        self.names[row["place"], row["name"]] = code
        if row["filing"]:
            self.filings[row["filing"]] = code

    def row(self, cells: Mapping[str, Cell | None]) -> tuple[dict[str, Any], list[tuple[str, DafengError]]]:
        faults: list[tuple[str, DafengError]] = []
        said = {title: " ".join(cell.shown.split()) if (cell := cells.get(title)) else "" for title in COLUMNS}

        def at(title: str, reading: Callable[[str], Any]) -> Any:
            try:
                return reading(said[title])
            except DafengError as error:
                faults.append((title, error))
                return None

        row = {
            "code": at(CODE, store.check_code), "name": at(NAME, self._text), "place": at(COUNTY, lambda text: self._one(text, self.places)),
            "kind": at(KIND, lambda text: self._one(text, KINDS)), "owner": said[OWNER][:120], "organisation": said[OFFICE][:60],
            "filing": said[FILING][:120], "voltage": at(VOLTAGE, self._number), "longitude": at(EAST, self._number),
            "latitude": at(NORTH, self._number), "part_of": said[WHOLE][:60], "shared": at(SHARED, lambda text: self._one(text or "否", {"是": True, "否": False})),
            "stage": at(STAGE, lambda text: self._one(text, STAGES)), "on": at(DAY, self._day), "mw": at(AC, self._required), "mwp": at(DC, self._number),
            "mwh": at(ENERGY, self._number), "document": said[DOCUMENT][:200],
        }  # fmt: skip
        if not faults:
            given = {name: row[name] for name in ("stage", "mw", "mwp", "mwh", "document")}
            day = date.fromisoformat(row["on"])
            self._try(faults, AC, lambda: store.check_change(row["kind"], on=day, today=self.today, **given))
            self._try(faults, EAST, lambda: store.check_words(row))
        return row, faults

    @staticmethod
    def _try(faults: list[tuple[str, DafengError]], column: str, do: Callable[[], None]) -> None:
        columns = {
            "dc": DC,
            "mwh": ENERGY,
            "future_day": DAY,
            "no_document": DOCUMENT,
            "voltage": VOLTAGE,
            "shared": SHARED,
        }
        try:
            do()
        except Refused as refused:
            faults.append((columns.get(refused.code, column), refused))

    def against_others(self, row: dict[str, Any], number: int) -> list[tuple[str, DafengError]]:
        """What a row says against the register and the rows above it; a row without fault is remembered."""
        code, former = row["code"], self.known.get(row["code"])
        if former and (former["place"], former["kind"]) != (row["place"], row["kind"]):
            return [(CODE, Refused("other_place", _("编号“%(code)s”已属于另一县区或类型的电站") % {"code": code}))]
        if row["filing"] and self.filings.get(row["filing"], code) != code:
            return [(FILING, Refused("duplicate", _("备案文号已登记在“%(code)s”") % {"code": self.filings[row["filing"]]}, mend=_("同一电站请用同一编号")))]  # fmt: skip
        if (other := self.names.get((row["place"], row["name"]), code)) != code:
            return [(NAME, Refused("duplicate", _("同县区已有同名电站“%(code)s”") % {"code": other}, mend=_("同一电站请用同一编号")))]  # fmt: skip
        if row["part_of"]:
            whole = self.known.get(row["part_of"])
            if whole is None or whole["place"] != row["place"] or row["kind"] != "storage" or row["shared"] or whole["kind"] in ("storage", "pumped"):  # fmt: skip
                return [(WHOLE, Refused("part_of", _("“%(code)s”不是同县区的发电站，或本行不是自用储能") % {"code": row["part_of"]}, mend=_("只有非共享的新型储能填这一列；所属电站要先登记或写在上面的行")))]  # fmt: skip
        same = tuple(row[name] for name in ("code", "stage", "on", "mw", "mwp", "mwh", "document"))
        if same in self.changes:
            return [(STAGE, Refused("twice", _("与第 %(row)s 行重复") % {"row": self.changes[same]}, mend=_("请删去一行")))]  # fmt: skip
        self.changes[same] = number
        self._know(code, row)
        return []

    @staticmethod
    def _text(text: str) -> str:
        if not text or len(text) > 120:
            raise Refused("name", _("名称没有填，或太长"), expected=_("不超过 120 个字"))
        return text

    @staticmethod
    def _one(text: str, known: Mapping[str, Any]) -> Any:
        if text in known:
            return known[text]
        raise Refused("unknown_word", _("不认识“%(text)s”") % {"text": text[:20]}, expected="、".join(known))

    @staticmethod
    def _day(text: str) -> str:
        try:
            return date.fromisoformat(text.replace("/", "-")[:10]).isoformat()
        except ValueError:
            raise Refused("day", _("日期“%(text)s”不对") % {"text": text[:20]}, expected=_("如 2026-10-31")) from None

    @staticmethod
    def _number(text: str) -> float | None:
        if not text:
            return None
        try:
            return float(text.replace(",", ""))
        except ValueError:
            raise Refused("number", _("“%(text)s”不是数") % {"text": text[:20]}) from None

    @classmethod
    def _required(cls, text: str) -> float:
        value = cls._number(text)
        if value is None:
            raise Refused("number", _("没有填容量"))
        return value


def open_import(city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime, today: date) -> tuple[Record | None, Preview]:  # fmt: skip
    """Read a file; without faults its rows wait in a record for the one who sent it to file them."""
    preview = read(city, file, name=name, user=by, today=today)
    if preview.problems:
        return None, preview
    file.seek(0)
    places = {row["place"] for row in preview.rows}
    with records.serial():
        evidence = records.store_evidence(
            file, name=name, media_type="application/octet-stream", by=by, now=now, source=_("电源台账导入")
        )
        record = records.open_record(
            store.IMPORT, title=_("电源台账导入：%(name)s") % {"name": name[:120]}, payload={"city": city.code, "rows": preview.rows},
            by=by, now=now, place=places.pop() if len(places) == 1 else city.code, evidence=[evidence],
        )  # fmt: skip
    return record, preview


def file(record: Record, *, by: Any, now: datetime) -> int:
    """Put the plants on the register and file their changes, all or nothing; they count once the import is accepted. Returns rows.

    Raises what `store.keep` raises where the register has changed since the preview.
    """
    with records.serial():
        records.move(record, "file", by=by, now=now)
        for row in record.payload["rows"]:
            plant = _plant(record.payload["city"], row, by=by, now=now)
            CapacityChange.objects.create(
                record=record, plant=plant, stage=row["stage"], on=date.fromisoformat(row["on"]), mw=row["mw"], mwp=row["mwp"],
                mwh=row["mwh"], document=row["document"],
            )  # fmt: skip
    return len(record.payload["rows"])


def _plant(city: str, row: Mapping[str, Any], *, by: Any, now: datetime) -> Plant:
    """The plant of a row: what the row leaves empty stays as it was."""
    former = Plant.objects.filter(code=row["code"]).select_related("part_of").first()
    given = {name: row[name] for name in KEPT}
    whole, demo = row["part_of"], False
    if former:
        given = {name: getattr(former, name) for name in store.WORDS} | {k: v for k, v in given.items() if v not in (None, "")}  # fmt: skip
        whole = whole or (former.part_of.code if former.part_of else "")
        demo = former.demo
    return store.keep(city, code=row["code"], given=given, by=by, now=now, part_of=whole, demo=demo)
