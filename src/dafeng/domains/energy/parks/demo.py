"""The demonstration of parks: made-up parks, firms, links, heat, by-products and boilers in the city's counties; marked 演示."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from dafeng.domains.energy.control import quotas
from dafeng.domains.energy.models import EnergyCity, Park, ParkFlow, ParkLink
from dafeng.domains.energy.parks import exchange, heat, links, publication, store
from dafeng.domains.energy.parks.methods import matching
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records

SOURCE = "演示数据（编造）"
HOME = "411526"  # Huangchuan, where most of the demonstration's firms are said to be
EAST, NORTH = 115.051, 32.132
ALL = list(range(1, 13))
# Two firms more, so that the park has somebody who takes ash and dries with heat.
MORE = [
    {"code": "board-demo", "name": "示例新型建材有限公司（演示）", "name_en": "Example Building Board (demo)", "place": HOME, "industry": "3024", "organisation": "board-demo", "park": "huangchuan-park-demo"},
    {"code": "feed-demo", "name": "示例饲料有限公司（演示）", "name_en": "Example Feed (demo)", "place": HOME, "industry": "1329", "organisation": "feed-demo", "park": "huangchuan-park-demo"},
]  # fmt: skip
# firm, how far east and north of the park's middle in degrees, shares its numbers with the operator
SEATS = (("heat-demo", 0.0, 0.0, True), ("food-demo", 0.008, 0.004, True), ("cold-store-demo", 0.010, -0.003, False), ("board-demo", -0.006, 0.005, True), ("feed-demo", -0.009, -0.004, True))  # fmt: skip
# Heat in no park: a kiln and the greenhouses next to it, a tea works and a steel works far from both.
GROWER = {"code": "greenhouse-demo", "name": "示例设施蔬菜合作社（演示）", "name_en": "Example Greenhouses (demo)", "place": "411522", "industry": "0141", "organisation": "greenhouse-demo"}  # fmt: skip
KILN, GLASS, TEA, STEEL = (114.905, 31.995), (114.938, 32.012), (113.952, 32.061), (114.168, 32.318)
PARKS = (
    ("huangchuan-park-demo", "演示：潢川循环经济产业园", "Demo: Huangchuan Circular Park", HOME, "provincial", 820.0, "heat-demo", (EAST, NORTH)),
    ("gushi-park-demo", "演示：固始产业园", "Demo: Gushi Park", "411525", "provincial", 610.0, "", (115.68, 32.18)),
    ("xi-park-demo", "演示：息县产业园", "Demo: Xi Park", "411528", "provincial", 450.0, "", (114.74, 32.34)),
    ("tea-park-demo", "演示：浉河茶产业园", "Demo: Shihe Tea Park", "411502", "other", 120.0, "", (113.98, 32.07)),
)  # fmt: skip


@transaction.atomic
def ensure_demo(city: str, *, now: datetime) -> None:
    """Once; needs the city, its firms and the demo logins `ndrc`, `housing` and `ecology` for what two persons do."""
    found = EnergyCity.objects.filter(pk=city).first()
    names = ("ndrc", "housing", "ecology")
    people = {user.get_username(): user for user in get_user_model().objects.filter(username__in=names, demo=True)}
    if found is None or len(people) < len(names) or Park.objects.filter(city=city).exists():
        return
    firms = {each.code: each for each in Enterprise.objects.filter(city=city, demo=True)}
    if not {"heat-demo", "food-demo", "cold-store-demo"} <= set(firms):
        return
    firms |= {each.code: each for each in enterprises.ensure(city, MORE, demo=True)}
    then, today = now - timedelta(days=40), now.date()
    parks = {}
    for code, name, name_en, place, level, area, operator, at in PARKS:
        given = {
            "name": name, "name_en": name_en, "place": place, "level": level, "area": area, "operator": firms[operator].name if operator else "演示运营公司",
            "organisation": firms[operator].organisation if operator else "", "longitude": at[0], "latitude": at[1],
        }  # fmt: skip
        parks[code] = store.keep(city, code=code, given=given, by=None, now=then, demo=True)
    park = parks["huangchuan-park-demo"]
    for code, east, north, shares in SEATS:
        store.join(park, firms[code], since=date(2024, 3, 1), by=None, now=then, longitude=round(EAST + east, 4), latitude=round(NORTH + north, 4), shares=shares)  # fmt: skip
    if "textile-demo" in firms:
        store.join(parks["gushi-park-demo"], firms["textile-demo"], since=date(2023, 6, 1), by=None, now=then)
    for number, kind, provider in ((1, "energy", "演示综合能源公司"), (2, "environment", "演示环境管家公司")):
        store.contract(park, kind=kind, provider=provider, contract=f"演示合同 {now.year}-{number}", since=date(now.year, 1, 1), until=date(now.year + 2, 12, 31), by=None, now=then, demo=True)  # fmt: skip
    _retrofit(parks, people, now=then)
    _links(park, firms, now=then, today=today)
    _heat(park, firms, people, now=then, at=now)
    _outside(city, firms, people, now=then)
    _materials(park, firms, people, now=then)
    _boilers(city, park, firms, people, now=then)
    _figures(park, people, year=now.year - 1, now=then)
    for month in range(1, today.month):  # the budget's light needs the months of the year
        publication.publish_month(city, date(today.year, month, 1), now=now)
    publication.publish(city, on=today, now=now)


def _proof(name: str, by: Any, now: datetime) -> list[Any]:
    text = f"{name}：演示文件，不是真实文件"
    return [records.store_evidence(text.encode(), name=f"{name}.txt", media_type="text/plain", by=by, now=now)]


def _retrofit(parks: dict[str, Park], people: dict[str, Any], *, now: datetime) -> None:
    """One park done in time, one under way, one found not qualified, one that nobody judged."""
    housing, ndrc = people["housing"], people["ndrc"]
    every = ["legal", "plan", "links", "metering", "clean"]
    for code, met in (("huangchuan-park-demo", every), ("gushi-park-demo", every)):
        test = store.file_qualification(
            parks[code], met=met, notes="演示", judge="演示评定组", judged_on=date(2025, 3, 10), by=housing, now=now,
            evidence=_proof("演示评定表", housing, now), demo=True,
        )  # fmt: skip
        records.move(test.record, "accept", by=ndrc, now=now)
    for code, stage, on in (
        ("huangchuan-park-demo", "doing", date(2025, 4, 1)), ("gushi-park-demo", "doing", date(2024, 5, 1)), ("gushi-park-demo", "done", date(2025, 11, 20)),
    ):  # fmt: skip
        filed = store.file_stage(
            parks[code],
            stage=stage,
            on=on,
            document="演示批复",
            by=housing,
            now=now,
            evidence=_proof("演示验收意见", housing, now),
            demo=True,
        )
        records.move(filed.record, "accept", by=ndrc, now=now)


def _links(park: Park, firms: dict[str, Enterprise], *, now: datetime, today: date) -> None:
    """Steam and hot water from the heat plant, cold from the cold store, sun on a roof; thirteen months told by month."""
    rows = (
        ("exchange", "heat-demo", "food-demo", "steam", 2600.0, 0.06), ("exchange", "heat-demo", "board-demo", "steam", 4100.0, 0.08),
        ("exchange", "heat-demo", "feed-demo", "heat", 1500.0, 0.05), ("exchange", "cold-store-demo", "food-demo", "cold", 320.0, 0.04),
        ("bought", "", "heat-demo", "gas", 860_000.0, 0.0), ("made", "", "cold-store-demo", "power", 92_000.0, 0.0),
    )  # fmt: skip
    month, months = today.replace(day=1), []
    for _each in range(13):
        months.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    told = []
    for kind, source, target, carrier, amount, loss in rows:
        link: ParkLink = links.add(
            park,
            kind=kind,
            source=firms.get(source),
            target=firms[target],
            carrier=carrier,
            since=date(2024, 6, 1),
            by=None,
            now=now,
            demo=True,
        )
        for each in months:
            winter = 1.25 if each.month in (11, 12, 1, 2, 3) and carrier != "power" else 1.0
            part = today.day / 30 if each == months[0] else 1.0
            sent = round(amount * winter * part, 1)
            received = round(sent * (1 - loss), 1)
            told.append(ParkFlow(link=link, month=f"{each:%Y-%m}", sent=sent, received=received, source=SOURCE, at=now))
    ParkFlow.objects.bulk_create(told)


def _heat(park: Park, firms: dict[str, Enterprise], people: dict[str, Any], *, now: datetime, at: datetime) -> None:
    """Steam, flue gas and warm water on offer; a drier, a washer, a sterilizer and a night shift that need heat."""
    when = {"months": ALL, "from_hour": 0, "until_hour": 24, "since": date(2025, 1, 1)}
    day = when | {"from_hour": 7, "until_hour": 22}
    night = when | {"from_hour": 22, "until_hour": 6}
    for firm, given in (
        ("heat-demo", when | {"name": "汽轮机抽汽余量", "temperature": 185.0, "power": 4.2, "medium": "steam", "hours": 7600.0}),
        ("board-demo", when | {"name": "隧道窑尾气换热水", "temperature": 95.0, "power": 2.4, "medium": "hot_water", "outlet": 55.0, "hours": 7200.0}),
        ("board-demo", day | {"name": "干燥窑排烟", "temperature": 210.0, "power": 1.1, "medium": "flue_gas", "outlet": 120.0}),
        ("cold-store-demo", when | {"name": "制冷机冷凝热", "temperature": 42.0, "power": 1.6, "medium": "hot_water", "outlet": 32.0}),
    ):  # fmt: skip
        heat.offer(park, firms[firm], given=given, by=None, now=now, demo=True)
    for firm, given in (
        ("food-demo", day | {"name": "杀菌与蒸煮", "temperature": 160.0, "power": 2.6, "item": "natural_gas", "efficiency": 0.91}),
        ("feed-demo", day | {"name": "颗粒烘干", "temperature": 130.0, "power": 1.8, "item": "raw_coal", "efficiency": 0.78}),
        ("food-demo", night | {"name": "夜间清洗热水", "temperature": 60.0, "power": 0.9, "item": "natural_gas", "efficiency": 0.91}),
        ("cold-store-demo", when | {"months": [11, 12, 1, 2, 3], "name": "办公与穿堂供暖", "temperature": 50.0, "power": 0.7, "item": "natural_gas", "efficiency": 0.9}),
        ("feed-demo", when | {"name": "高温膨化", "temperature": 240.0, "power": 0.5, "item": "natural_gas", "efficiency": 0.9}),
    ):  # fmt: skip
        heat.need(park, firms[firm], given=given, by=None, now=now, demo=True)
    offers, needs = heat.listed(park, on=at.date())
    pairs: list[matching.Pair] = heat.solve(offers, needs, heat.places(park))
    heat.propose(park, pairs[0], by=people["ndrc"], now=now, demo=True)


def _outside(city: str, firms: dict[str, Enterprise], people: dict[str, Any], *, now: datetime) -> None:
    """A kiln's warm water that greenhouses could take in winter, put to both; steam and a drier that lie too far from anybody."""
    if not {"cement-demo", "steel-demo", "tea-demo"} <= set(firms):
        return
    firms |= {each.code: each for each in enterprises.ensure(city, [GROWER], demo=True)}
    when = {"months": ALL, "from_hour": 0, "until_hour": 24, "since": date(2025, 1, 1)}
    for firm, at, given in (
        ("cement-demo", KILN, {"name": "篦冷机余风换热水", "temperature": 90.0, "power": 3.2, "medium": "hot_water", "outlet": 55.0, "hours": 6600.0}),
        ("steel-demo", STEEL, {"name": "转炉汽化冷却余汽", "temperature": 170.0, "power": 5.0, "medium": "steam", "hours": 7000.0}),
    ):  # fmt: skip
        heat.offer(
            None, firms[firm], given=when | given | {"longitude": at[0], "latitude": at[1]}, by=None, now=now, demo=True
        )
    for firm, at, given in (
        ("greenhouse-demo", GLASS, {"name": "温室冬季供暖", "temperature": 55.0, "power": 1.8, "months": [11, 12, 1, 2, 3], "from_hour": 17, "until_hour": 9, "item": "natural_gas", "efficiency": 0.9}),
        ("tea-demo", TEA, {"name": "毛尖烘干", "temperature": 120.0, "power": 0.6, "months": [3, 4, 5, 6], "from_hour": 6, "until_hour": 22, "item": "lpg", "efficiency": 0.88}),
    ):  # fmt: skip
        heat.need(
            None, firms[firm], given=when | given | {"longitude": at[0], "latitude": at[1]}, by=None, now=now, demo=True
        )
    offers, needs, places = heat.around(city, on=now.date())
    pair = next(
        each
        for each in heat.solve(offers, needs, places)
        if each.need.firm == "greenhouse-demo" and each.verdict == "matched"
    )
    heat.propose(None, pair, by=people["ndrc"], now=now, demo=True)


def _materials(park: Park, firms: dict[str, Enterprise], people: dict[str, Any], *, now: datetime) -> None:
    since = {"since": date(2025, 1, 1)}
    made = {}
    for key, firm, given in (
        ("ash", "heat-demo", since | {"side": "offer", "code": "DEMO-ASH", "name": "粉煤灰", "tonnes": 26_000.0, "quality": 88.0}),
        ("ash-in", "board-demo", since | {"side": "need", "code": "DEMO-ASH", "name": "粉煤灰（板材配料）", "tonnes": 21_000.0, "quality": 80.0}),
        ("bran", "food-demo", since | {"side": "offer", "code": "DEMO-BRAN", "name": "米糠与下脚料", "tonnes": 3400.0}),
        ("bran-in", "feed-demo", since | {"side": "need", "code": "DEMO-BRAN", "name": "米糠与下脚料（饲料原料）", "tonnes": 5000.0}),
        ("oil", "cold-store-demo", since | {"side": "offer", "code": "DEMO-HW08", "name": "废冷冻机油", "tonnes": 2.4, "hazardous": True}),
        ("oil-in", "heat-demo", since | {"side": "need", "code": "DEMO-HW08", "name": "废矿物油", "tonnes": 10.0, "hazardous": True}),
    ):  # fmt: skip
        made[key] = exchange.enter(park, firms[firm], given=given, by=None, now=now, demo=True)
    housing = people["housing"]
    for month in range(1, 4):
        told = exchange.realise(
            made["ash"], made["ash-in"], month=f"{now.year}-{month:02d}", tonnes=1600.0 + 50 * month, by=housing, now=now,
            evidence=_proof("演示过磅单", housing, now), demo=True,
        )  # fmt: skip
        if month < 3:
            records.move(told.record, "accept", by=people["ndrc"], now=now)


def _boilers(city: str, park: Park, firms: dict[str, Enterprise], people: dict[str, Any], *, now: datetime) -> None:
    housing = people["housing"]
    for number, firm, name, capacity, item, year, east, north in (
        ("演示-锅-001", "food-demo", "食品厂燃气锅炉", 10.0, "natural_gas", 2016, 0.0082, 0.0043), ("演示-锅-002", "feed-demo", "饲料厂燃煤锅炉", 6.0, "raw_coal", 2011, -0.0092, -0.0041),
        ("演示-锅-003", "board-demo", "建材厂燃煤锅炉", 15.0, "raw_coal", 2012, -0.0062, 0.0053), ("演示-锅-004", "cold-store-demo", "冷链办公燃气锅炉", 2.0, "natural_gas", 2018, 0.0103, -0.0032),
    ):  # fmt: skip
        given = {"name": name, "place": park.place, "park": park, "enterprise": firms[firm], "capacity": capacity, "item": item, "year": year, "longitude": EAST + east, "latitude": NORTH + north}  # fmt: skip
        boiler = store.keep_boiler(city, number=number, given=given, by=None, now=now, demo=True)
        if firm in ("board-demo", "food-demo"):
            link = park.links.filter(target=firms[firm], carrier="steam").first()
            told = store.replace_boiler(boiler, heat_from=firms["heat-demo"].name, on=date(2025, 10, 15), by=housing, now=now, evidence=_proof("演示停用证明", housing, now), link=link, demo=True)  # fmt: skip
            if firm == "board-demo":
                records.move(told.record, "accept", by=people["ndrc"], now=now)


def _figures(park: Park, people: dict[str, Any], *, year: int, now: datetime) -> None:
    """The yearly figures, and a signed budget of energy for this year."""
    for key, value in (
        ("value_added", 486_000.0), ("resources", 912_000.0), ("waste_made", 61_000.0), ("waste_used", 44_500.0), ("water_used", 9_800_000.0), ("water_reused", 8_100_000.0)
    ):  # fmt: skip
        store.state_year(park, year=year, key=key, value=value, source=SOURCE, by=None, now=now)
    quota = quotas.draft(
        park.city, place=park.place, park=park.code, quantity="energy", period=str(year + 1), amount=15_500.0, document=SOURCE,
        decided_on=date(year + 1, 1, 10), by=people["ndrc"], now=now, demo=True,
    )  # fmt: skip
    records.move(quota.record, "sign", by=people["ecology"], now=now)
