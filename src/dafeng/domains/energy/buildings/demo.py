"""The demonstration of buildings: made-up offices, schools and hospitals, their use, quotas, retrofits, an audit; marked 演示."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from dafeng.domains.energy.buildings import publication, store
from dafeng.domains.energy.control import quotas
from dafeng.domains.energy.models import Building, BuildingUse, EnergyCity
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.series import ingest
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point

SOURCE = "演示数据（编造）"
METERED = ("office-1", "hospital-1")
# code, name, place by its number in the city's list, type, m², kWh of electricity a m², gas m³, water m³ a m², public, firm
ROWS: tuple[tuple[str, str, int, str, float, float, float, float, bool, str], ...] = (
    ("office-1", "演示：市直机关一号楼", 0, "office", 21_000, 86, 24_000, 0.9, True, ""),
    ("office-2", "演示：市直机关二号楼", 0, "office", 16_500, 61, 0, 0.7, True, ""),
    ("office-3", "演示：区政务中心", 1, "office", 28_000, 118, 52_000, 1.1, True, ""),
    ("office-4", "演示：潢川办公楼", 7, "office", 9800, 72, 0, 0.8, True, ""),
    ("office-5", "演示：固始办公楼", 6, "office", 12_400, 55, 8000, 0.6, True, ""),
    ("office-6", "演示：息县办公楼", 9, "office", 8600, 93, 0, 1.0, True, ""),
    ("office-7", "演示：商务写字楼", 0, "office", 33_000, 104, 0, 0.7, False, ""),
    ("school-1", "示例中学教学楼（演示）", 9, "school", 14_000, 26, 16_000, 1.6, True, "school-demo"),
    ("school-2", "演示：职业学院", 1, "school", 42_000, 31, 30_000, 1.9, True, ""),
    ("hospital-1", "示例医院住院楼（演示）", 0, "hospital", 36_000, 142, 310_000, 2.8, True, "hospital-demo"),
    ("hospital-2", "演示：县人民医院", 6, "hospital", 27_000, 121, 190_000, 2.5, True, ""),
    ("mall-1", "演示：购物中心", 0, "mall", 58_000, 165, 40_000, 1.2, False, ""),
    ("hotel-1", "演示：宾馆", 2, "hotel", 11_000, 97, 66_000, 3.1, False, ""),
)


@transaction.atomic
def ensure_demo(city: str, *, now: datetime) -> None:
    """Once; needs the city, and the demo logins `ndrc`, `housing` and `ecology` for what two persons do."""
    found = EnergyCity.objects.filter(pk=city).first()
    names = ("ndrc", "housing", "ecology")
    people = {user.get_username(): user for user in get_user_model().objects.filter(username__in=names, demo=True)}
    if found is None or len(people) < len(names) or Building.objects.filter(city=city).exists():
        return
    places, year, then = list(found.counties), now.year - 1, now - timedelta(days=30)
    firms = {each.code: each for each in Enterprise.objects.filter(city=city, demo=True)}
    made = {}
    for code, name, at, kind, area, _power, gas, _water, public, firm in ROWS:
        given = {
            "name": name, "place": places[at % len(places)], "type": kind, "zone": "hscw", "area": area, "year": 2004 + at, "public": public,
            "cooling": "电制冷", "heating": "热泵" if not gas else "燃气锅炉", "photovoltaic": 300.0 if code in ("office-2", "office-5") else None,
            "pledge_year": 2027 if code == "office-2" else None, "meters": [f"demo-{code}-power", f"demo-{code}-water"] if code in METERED else [],
        }  # fmt: skip
        made[code] = store.keep(
            city, code=f"demo-{code}", given=given, by=None, now=then, firm=firms.get(firm), demo=True
        )
    _uses(made, year, at=then)
    _readings(made, now=now)
    _public(city, made, year + 1, year, people, now=then)
    _retrofits(made, people, now=then)
    publication.publish(city, by=None, now=now)


def _uses(made: dict[str, Building], year: int, *, at: datetime) -> None:
    rows = []
    for code, _name, _at, _kind, area, power, gas, water, _public, _firm in ROWS:
        whole = area * power
        told = [
            ("total", "electricity", whole),
            ("hvac", "electricity", whole * 0.42),
            ("lighting", "electricity", whole * 0.31),
            ("power", "electricity", whole * 0.12),
            ("total", "water", area * water),
        ]
        if gas:
            told.append(("total", "natural_gas", gas))
        if code in ("office-2", "office-5"):
            told.append(("total", "photovoltaic", 290_000.0))
        for end_use, carrier, value in told:
            for each, factor in ((year, 1.0), (year - 1, 1.03)):
                rows.append(BuildingUse(building=made[code], year=each, end_use=end_use, carrier=carrier, value=round(value * factor, 1), basis="reported", source=SOURCE, at=at))  # fmt: skip
    BuildingUse.objects.bulk_create(rows)


def _readings(made: dict[str, Building], *, now: datetime) -> None:
    """A day's electricity and water of two buildings since the year before, three per cent off what was reported."""
    first = datetime(now.year - 1, 1, 1, tzinfo=timezone.get_default_timezone())
    ends = [first + timedelta(days=day + 1) for day in range((now - first).days)]
    frames = []
    for code, _name, _at, _kind, area, power, _gas, water, _public, _firm in ROWS:
        if code not in METERED:
            continue
        for name, title, quantity, unit, whole in (
            ("power", "智能电表", "electricity", "kWh", area * power), ("water", "智能水表", "water", "m3", area * water),
        ):  # fmt: skip
            point = series.ensure_point(
                f"demo-{code}-{name}", subject=made[code].subject, place=made[code].place, name=f"{title}（演示）", name_en=f"{name.title()} meter (demo)",
                quantity=quantity, unit=unit, kind=Point.Kind.INTERVAL, period=86_400, since=first, demo=True,
            )  # fmt: skip
            days = [1.0 + 0.3 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 15) / 182.6) for day in ends]
            values = [whole * 1.03 / 365 * each for each in days]
            frames.append(pl.DataFrame({"point": [point.pk] * len(ends), "at": [day.astimezone(UTC) for day in ends], "value": values}, schema_overrides={"at": pl.Datetime("us", "UTC")}))  # fmt: skip
    frame = pl.concat(frames).with_columns(arrived=pl.col("at"))
    ingest.receive(frame, source="simulated", key=f"demo-buildings-{made['office-1'].city}", now=now, owner="demo")


def _public(
    city: str, made: dict[str, Building], this: int, year: int, people: dict[str, Any], *, now: datetime
) -> None:
    """Quotas of energy and water for three institutions, one of them over; and one carbon audit."""
    for code, tce, water in (
        ("office-1", 300.0, 20_000.0),
        ("office-3", 380.0, 29_000.0),
        ("hospital-1", 1150.0, 105_000.0),
    ):
        for quantity, value in (("energy", tce), ("water", water)):
            for each in (year, this):
                quota = quotas.draft(
                    city, place=made[code].place, building=made[code].code, quantity=quantity, period=str(each), amount=value, document=SOURCE,
                    decided_on=date(each, 1, 10), by=people["ndrc"], now=now, demo=True,
                )  # fmt: skip
                records.move(quota.record, "sign", by=people["ecology"], now=now)
    report = records.store_evidence(
        "演示审计报告，不是真实文件".encode(),
        name="演示审计报告.txt",
        media_type="text/plain",
        by=people["housing"],
        now=now,
    )
    audit = store.file_audit(made["office-1"], year=year, auditor="演示审计机构", note="演示：本市名录里还没有审计机构", tonnes=1180.0, findings="演示：夜间空调未关", by=people["housing"], now=now, evidence=[report], demo=True)  # fmt: skip
    records.move(audit.record, "accept", by=people["ndrc"], now=now)


def _retrofits(made: dict[str, Building], people: dict[str, Any], *, now: datetime) -> None:
    proof = records.store_evidence(
        "演示验收单，不是真实文件".encode(),
        name="演示验收单.txt",
        media_type="text/plain",
        by=people["housing"],
        now=now,
    )
    for code, title, part, area, accepted in (
        ("office-2", "演示：外窗与空调改造", "", 16_500.0, True), ("school-2", "演示：教学区照明改造", "教学区", 18_000.0, True),
        ("school-2", "演示：教学区外墙保温", "教学区", 15_000.0, True), ("hospital-2", "演示：冷站改造", "", 27_000.0, False),
    ):  # fmt: skip
        filed = store.file_retrofit(
            made[code], title=title, part=part, area=area, finished_on=now.date() - timedelta(days=60), saving=area * 11, by=people["housing"], now=now,
            today=now.date(), evidence=[proof], demo=True,
        )  # fmt: skip
        if accepted:
            records.move(filed.record, "accept", by=people["ndrc"], now=now)
