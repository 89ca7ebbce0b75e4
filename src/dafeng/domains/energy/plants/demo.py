"""The demonstration of plants: made-up plants, capacity, months, duties and leases, marked 演示. No figure is a fact about the city.

One plant is short of storage, one told a month that cannot be, one part of PV has no rule, so that the pages show what they
are for. Names are made up; the projects that the plan names have no printed capacity and are not here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from dafeng.domains.energy.models import CapacityChange, EnergyCity, Plant, PlantMonth
from dafeng.domains.energy.plants import leasing, publication, store
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records

SOURCE = "演示数据（编造）"
DOCUMENT = "演示文号（编造）"
# code, name, county by its number in the city's list, kind, owner, kV, part of, shared, changes: (stage, years ago, month, MW, MWp, MWh)
Row = tuple[
    str, str, int, str, str, float, str, bool, tuple[tuple[str, int, int, float, float | None, float | None], ...]
]
ROWS: tuple[Row, ...] = (
    ("wind-1", "演示：淮畔风电场", 8, "wind", "演示新能源甲", 220, "", False, (("approved", 5, 3, 120, None, None), ("started", 4, 4, 120, None, None), ("connected", 3, 11, 80, None, None), ("connected", 2, 6, 40, None, None))),
    ("wind-2", "演示：南山风电场", 3, "wind", "演示新能源乙", 110, "", False, (("connected", 6, 5, 49.5, None, None), ("retired", 0, 3, 9, None, None))),
    ("wind-3", "演示：息北风电场", 9, "wind", "演示新能源丙", 220, "", False, (("approved", 2, 5, 100, None, None), ("started", 1, 9, 100, None, None))),
    ("sun-1", "演示：茶园农光互补电站", 0, "pv_central", "演示新能源甲", 110, "", False, (("approved", 3, 2, 60, None, None), ("connected", 2, 12, 60, 72, None))),
    ("sun-2", "演示：矿坑光伏电站", 6, "pv_central", "演示新能源乙", 110, "", False, (("connected", 1, 6, 40, 50, None),)),
    ("roof-1", "演示：高新区屋顶光伏", 1, "pv_distributed", "演示园区公司", 10, "", False, (("connected", 2, 5, 6, 7.2, None), ("connected", 0, 2, 4, None, None))),
    ("waste-1", "演示：垃圾焚烧发电厂", 1, "waste", "演示环保公司", 110, "", False, (("connected", 5, 9, 30, None, None),)),
    ("straw-1", "演示：秸秆发电厂", 7, "biomass", "演示环保公司", 110, "", False, (("connected", 7, 4, 30, None, None),)),
    ("store-1", "演示：淮畔风电场储能", 8, "storage", "演示新能源甲", 35, "wind-1", False, (("connected", 2, 6, 8, None, 16),)),
    ("store-2", "演示：羊山共享储能", 0, "storage", "演示储能公司", 110, "", True, (("connected", 1, 4, 50, None, 100),)),
)  # fmt: skip
TOTALS = (
    22.0,
    31.0,
    12.0,
    9.0,
    14.0,
    8.0,
    46.0,
    38.0,
    27.0,
)  # of all counties but the last: its total was never declared
# Hours of a month at full power: a windy winter, a sunny summer; made up.
WIND = (190, 185, 200, 195, 170, 140, 130, 120, 130, 150, 175, 190)
SUN = (70, 75, 95, 110, 120, 115, 120, 115, 95, 90, 75, 65)
STEADY = (560, 520, 600, 590, 610, 600, 620, 620, 590, 600, 580, 590)
HOURS = {"wind": WIND, "pv_central": SUN, "pv_distributed": SUN, "waste": STEADY, "biomass": STEADY}


@transaction.atomic
def ensure_demo(city: str, *, now: datetime) -> None:
    """Once; needs the city, and the demo logins `ndrc` and `housing` for what two persons do."""
    found = EnergyCity.objects.filter(pk=city).first()
    people = {each.get_username(): each for each in get_user_model().objects.filter(username__in=("ndrc", "housing"), demo=True)}  # fmt: skip
    if found is None or len(people) < 2 or Plant.objects.filter(city=city).exists():
        return
    files, signs = people["housing"], people["ndrc"]
    today, then = timezone.localdate(now), now - timedelta(days=20)
    features = json.loads(found.boundary)["features"] if found.boundary else []
    seats = {each["properties"]["adcode"]: each["properties"]["cp"] for each in features}
    plants = _plants(city, list(found.counties), seats, now=then)
    _capacity(city, plants, files, signs, today=today, now=then)
    _totals(city, list(found.counties), files, signs, today=today, now=then)
    _storage(city, plants, files, signs, today=today, now=then)
    _months(plants, today=today, at=then)
    publication.publish(found, by=None, now=now)


def _plants(city: str, counties: list[str], seats: Mapping[str, Sequence[float]], *, now: datetime) -> dict[str, Plant]:
    """`seats`: where the name of a county stands on the map; the made-up plants stand beside it."""
    firm = Enterprise.objects.filter(city=city, demo=True, code="steel-demo").first()
    made: dict[str, Plant] = {}
    for code, name, at, kind, owner, voltage, whole, shared, _changes in ROWS:
        given: dict[str, Any] = {
            "name": name, "place": counties[at % len(counties)], "kind": kind, "owner": owner, "voltage": voltage, "shared": shared,
            "filing": "" if kind == "storage" else f"演示〔{code}〕",
            "organisation": firm.organisation if firm and code == "sun-2" else "",
        }  # fmt: skip
        if (seat := seats.get(given["place"])) and not whole:
            given |= {"longitude": round(seat[0] + 0.06 * (len(made) % 3 - 1), 3), "latitude": round(seat[1] - 0.07, 3)}
        made[code] = store.keep(
            city,
            code=f"demo-{code}",
            given=given,
            by=None,
            now=now,
            part_of=f"demo-{whole}" if whole else "",
            demo=True,
        )
    return made


def _day(today: date, ago: int, month: int) -> date:
    """A day of the month so many years ago; never after today."""
    return min(date(today.year - ago, month, 10), today)


def _proof(by: Any, *, now: datetime) -> list[Any]:
    return [
        records.store_evidence(
            "演示证明，不是真实文件".encode(), name="演示并网验收意见.txt", media_type="text/plain", by=by, now=now
        )
    ]


def _capacity(city: str, plants: dict[str, Plant], files: Any, signs: Any, *, today: date, now: datetime) -> None:
    """The register as one import that another person accepted; one change of wind waits to be."""
    proof = _proof(files, now=now)
    changes = [
        CapacityChange(plant=plants[code], stage=stage, on=_day(today, ago, month), mw=mw, mwp=mwp, mwh=mwh, document=DOCUMENT, demo=True)
        for code, *_words, told in ROWS for stage, ago, month, mw, mwp, mwh in told
    ]  # fmt: skip
    rows = [
        {name: getattr(each, name) for name in ("stage", "mw", "mwp", "mwh")}
        | {name: getattr(each.plant, name) for name in ("code", "name", "place", "kind")} | {"row": number, "on": each.on.isoformat()}
        for number, each in enumerate(changes, 2)
    ]  # fmt: skip
    record = records.open_record(
        store.IMPORT,
        title="电源台账导入：演示台账.xlsx",
        payload={"city": city, "rows": rows},
        by=files,
        now=now,
        place=city,
        evidence=proof,
    )
    records.move(record, "file", by=files, now=now)
    for each in changes:
        each.record = record
    CapacityChange.objects.bulk_create(changes)
    records.move(record, "accept", by=signs, now=now)
    store.file_change(
        plants["wind-3"], stage="connected", on=today - timedelta(days=25), mw=50, document=DOCUMENT, by=files, now=now, today=today,
        evidence=proof, demo=True,
    )  # fmt: skip


def _totals(city: str, counties: list[str], files: Any, signs: Any, *, today: date, now: datetime) -> None:
    for place, mw in zip(counties, TOTALS, strict=False):
        for ago, part in ((2, 0.6), (1, 1.0)):
            made = store.file_total(
                city, place=place, kind="pv_distributed", on=date(today.year - ago, 12, 31), mw=round(mw * part, 1), mwp=None, source=SOURCE,
                by=files, now=now, today=today, demo=True,
            )  # fmt: skip
            records.move(made.record, "accept", by=signs, now=now)


def _storage(city: str, plants: dict[str, Plant], files: Any, signs: Any, *, today: date, now: datetime) -> None:
    """A made-up rule for wind and for PV of the last years, and a contract that covers one plant."""
    year = today.year
    for kind, since, ratio in (("wind", year - 4, 10.0), ("pv_central", year - 2, 15.0)):
        rule = leasing.file_rule(
            city, kind=kind, connected_from=date(since, 1, 1), connected_until=None, ratio=ratio, hours=2.0, document="演示规定（编造，不是真实文件）",
            by=files, now=now, demo=True,
        )  # fmt: skip
        records.move(rule.record, "accept", by=signs, now=now)
    lease = leasing.file_lease(
        plants["sun-1"], plants["store-2"], contract="演示合同-1", mw=9, mwh=18, starts=date(year, 1, 1), ends=date(year + 4, 12, 31), by=files, now=now,
        evidence=_proof(files, now=now), demo=True,
    )  # fmt: skip
    records.move(lease.record, "accept", by=signs, now=now)


def _months(plants: dict[str, Plant], *, today: date, at: datetime) -> None:
    """Two years of months; a month of the second wind farm is ten times too high, as when 万kWh is read as MWh twice."""
    rows = []
    for code, _name, _at, kind, *_rest, changes in ROWS:
        for index in range(24):
            count = today.year * 12 + today.month - 2 - index
            year, month = count // 12, count % 12 + 1
            mw = sum(
                (-size if stage == "retired" else size) for stage, ago, _month, size, _dc, _mwh in changes
                if stage in ("connected", "retired") and _day(today, ago, _month) < date(year, month, 1)
            )  # fmt: skip
            if mw <= 0:
                continue
            given: dict[str, float] = {}
            if kind == "storage":
                charged = round(mw * 2 * 24 * (0.9 + 0.01 * month), 1)
                given = {"charged": charged, "discharged": round(charged * 0.86, 1)}
            else:
                made = round(mw * HOURS[kind][month - 1] * (1 + 0.01 * (index % 5)), 1)
                lost = (
                    round(made * (0.06 if month in (2, 3, 4) else 0.015), 1) if kind in ("wind", "pv_central") else None
                )
                given = {"generation": made, "on_grid": round(made * 0.97, 1)} | (
                    {} if lost is None else {"curtailed": lost}
                )
                if code == "wind-2" and index == 1:
                    given = {"generation": round(made * 10, 1)}
            rows.append(
                PlantMonth(
                    plant=plants[code], month=f"{year}-{month:02d}", basis="reported", source=SOURCE, at=at, **given
                )
            )
    PlantMonth.objects.bulk_create(rows)
