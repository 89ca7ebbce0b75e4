"""Plants and their capacity from a spreadsheet: template, faults by row and column, preview, filed whole, accepted by another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.energy import importing
from dafeng.domains.energy.codes import check_code
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.importing import Preview, Row, Said, unless_empty
from dafeng.domains.energy.models import CapacityChange, EnergyCity, Plant
from dafeng.domains.energy.plants import permissions, store
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

CODE, NAME, COUNTY, KIND, OWNER, OFFICE, FILING, VOLTAGE, EAST, NORTH, WHOLE, SHARED, STAGE, DAY, AC, DC, ENERGY, DOCUMENT = COLUMNS = (
    "编号", "名称", "县区", "类型", "业主", "填报单位代码", "备案或核准文号", "并网电压（kV）", "经度", "纬度", "属于电站", "共享储能",
    "阶段", "日期", "容量（MW）", "直流容量（MWp）", "储能容量（MWh）", "文件号",
)  # fmt: skip
TABLE = importing.Table(
    "电源台账", COLUMNS, required=(CODE, NAME, COUNTY, KIND, STAGE, DAY, AC, DOCUMENT), wide=(NAME, OWNER, DOCUMENT)
)
YES = {"是": True, "否": False}
STAGES = {str(label): value for value, label in (("approved", "备案或核准"), ("started", "开工"), ("connected", "并网"), ("retired", "退役"))}  # fmt: skip
KINDS = {"风电": "wind", "集中式光伏": "pv_central", "分布式光伏": "pv_distributed", "生物质发电": "biomass", "垃圾焚烧发电": "waste", "水电": "hydro", "燃气发电": "gas", "新型储能": "storage", "抽水蓄能": "pumped", "加氢站": "hydrogen"}  # fmt: skip
KEPT = ("name", "place", "kind", "owner", "organisation", "filing", "voltage", "longitude", "latitude", "shared")

AT = {"dc": DC, "mwh": ENERGY, "future_day": DAY, "no_document": DOCUMENT, "voltage": VOLTAGE, "shared": SHARED}
"""In which column a refusal of the register shows."""
CHANGE = ("stage", "mw", "mwp", "mwh", "document")


def template(city: EnergyCity) -> bytes:
    """An empty workbook with lists to choose from."""
    counties = [names[0] for names in city.counties.values()]
    return TABLE.template({COUNTY: counties, KIND: list(KINDS), STAGE: list(STAGES), SHARED: list(YES)})


def read(city: EnergyCity, file: BinaryIO, *, name: str, user: Any, today: date) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows are in the answer. A row is a plant and one change of it."""
    reader = _Reader(city, user, today)
    return TABLE.read(
        file, name=name, row=reader.row, key=lambda row: tuple(row[each] for each in ("code", "on", *CHANGE)), key_column=STAGE
    )  # fmt: skip


class _Reader:
    """Reads rows for one person: a county that is not theirs is unknown to them."""

    def __init__(self, city: EnergyCity, user: Any, today: date) -> None:
        self.today = today
        self.places = importing.counties(user, city, permissions.own_place)
        # What is registered, and what earlier rows of the file would register: code → words, and whose a number or a name is.
        self.known: dict[str, dict[str, Any]] = {}
        self.filings: dict[str, str] = {}
        self.names: dict[tuple[str, str], str] = {}
        for each in Plant.objects.filter(city=city.code):
            self._know(each.code, {"name": each.name, "place": each.place, "kind": each.kind, "filing": each.filing, "shared": each.shared})  # fmt: skip

    def _know(self, code: str, row: Mapping[str, Any]) -> None:
        self.known[code] = {name: row[name] for name in ("name", "place", "kind", "filing", "shared")}
        self.names[row["place"], row["name"]] = code
        if row["filing"]:
            self.filings[row["filing"]] = code

    def row(self, said: Said) -> Row:
        row = {
            "code": said.at(CODE, check_code), "name": said.at(NAME, importing.named), "place": said.at(COUNTY, lambda text: importing.one_of(text, self.places)),
            "kind": said.at(KIND, lambda text: importing.one_of(text, KINDS)), "owner": said[OWNER][:120], "organisation": said[OFFICE][:60],
            "filing": said[FILING][:120], "voltage": said.at(VOLTAGE, _amount), "longitude": said.at(EAST, _amount),
            "latitude": said.at(NORTH, _amount), "part_of": said[WHOLE][:60], "shared": said.at(SHARED, lambda text: importing.one_of(text or "否", YES)),
            "stage": said.at(STAGE, lambda text: importing.one_of(text, STAGES)), "on": said.at(DAY, importing.day), "mw": said.at(AC, _capacity),
            "mwp": said.at(DC, _amount), "mwh": said.at(ENERGY, _amount), "document": said[DOCUMENT][:200],
        }  # fmt: skip
        if not said.faults:
            change, day = {name: row[name] for name in CHANGE}, date.fromisoformat(row["on"])
            said.check(AC, lambda: store.check_change(row["kind"], on=day, today=self.today, **change), at=AT)
            said.check(EAST, lambda: store.check_words(row), at=AT)
        if not said.faults:
            self._against_others(row, said)
        return row

    def _against_others(self, row: Row, said: Said) -> None:
        """What a row says against the register and the rows above it; a row without fault is remembered."""
        code, former = row["code"], self.known.get(row["code"])
        whole = self.known.get(row["part_of"])
        if former and (former["place"], former["kind"]) != (row["place"], row["kind"]):
            said.refuse(CODE, Refused("other_place", _("编号“%(code)s”已属于另一县区或类型的电站") % {"code": code}))
        elif row["filing"] and self.filings.get(row["filing"], code) != code:
            said.refuse(FILING, Refused("duplicate", _("备案文号已登记在“%(code)s”") % {"code": self.filings[row["filing"]]}, mend=_("同一电站请用同一编号")))  # fmt: skip
        elif (other := self.names.get((row["place"], row["name"]), code)) != code:
            said.refuse(NAME, Refused("duplicate", _("同县区已有同名电站“%(code)s”") % {"code": other}, mend=_("同一电站请用同一编号")))  # fmt: skip
        elif row["part_of"] and (whole is None or whole["place"] != row["place"] or row["kind"] != "storage" or row["shared"] or whole["kind"] in ("storage", "pumped")):  # fmt: skip
            said.refuse(WHOLE, Refused("part_of", _("“%(code)s”不是同县区的发电站，或本行不是自用储能") % {"code": row["part_of"]}, mend=_("只有非共享的新型储能填这一列；所属电站要先登记或写在上面的行")))  # fmt: skip
        else:
            self._know(code, row)


def _any(text: str) -> float:
    """A number as written: `store` knows what each may be, and says so in its own words."""
    return importing.number(text, least=-math.inf, most=math.inf)


_amount = unless_empty(_any)


def _capacity(text: str) -> float:
    if not text:
        raise Refused("number", _("没有填容量"))
    return _any(text)


def open_import(city: EnergyCity, file: BinaryIO, *, name: str, by: Any, now: datetime, today: date) -> tuple[Record | None, Preview]:  # fmt: skip
    """Read a file; without faults its rows wait in a record for the one who sent it to file them."""
    preview = read(city, file, name=name, user=by, today=today)
    places = {row["place"] for row in preview.rows}
    record = importing.stage(
        store.IMPORT, preview, file, name=name, title=_("电源台账导入：%(name)s") % {"name": name[:120]}, source=_("电源台账导入"),
        payload={"city": city.code}, place=places.pop() if len(places) == 1 else city.code, by=by, now=now,
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
