"""The demonstration of dual control: made-up quotas, months, projects, coal and patrols, marked 演示. No figure is a fact.

One county is three months in the red, one comes close, one lacks a month, so that the board shows what it is for.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from dafeng.domains.energy.control import limits, patrols, projects, quotas, warnings
from dafeng.domains.energy.control.city import place_subject
from dafeng.domains.energy.models import EnergyCity, MonthValue, Quota
from dafeng.domains.energy.models.control import Quantity
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records

SOURCE = "演示数据（编造）"
# A quiet year: heat in winter, cooling in summer, less at the Spring Festival.
PATTERN = (9.2, 7.1, 8.3, 7.9, 7.8, 8.2, 9.1, 9.2, 8.0, 7.9, 8.3, 9.0)
QUANTITIES = {Quantity.ENERGY: 1.0, Quantity.CO2: 2.4, Quantity.COAL: 0.6}
# Energy of the year before (tce) by the place of a county in its list, and this year against last: until June, and from July on.
SIZES = (42e4, 118e4, 31e4, 36e4, 12e4, 24e4, 58e4, 41e4, 22e4, 27e4)
GROWTH = {0: (0.97, 0.97), 1: (0.985, 1.035), 7: (0.985, 1.09)}
QUIET = (0.93, 0.93)


@transaction.atomic
def ensure_demo(city: str, *, now: datetime) -> None:
    """Once; needs the city, and the demo logins `ndrc` and `ecology` for decisions that two persons make."""
    found = EnergyCity.objects.filter(pk=city).first()
    people = {
        user.get_username(): user
        for user in get_user_model().objects.filter(username__in=("ndrc", "ecology"), demo=True)
    }
    if found is None or len(people) < 2 or MonthValue.objects.filter(city=city).exists():
        return
    drafts, signs = people["ndrc"], people["ecology"]
    counties = list(found.counties)
    year, month = warnings.last_month(now)
    begun = now - timedelta(days=40)
    _months(city, counties, year, month, at=begun)
    _quotas(city, counties, year, drafts, signs, now=begun)
    firms = list(Enterprise.objects.filter(city=city, demo=True).order_by("code"))
    _firms(city, firms, year, month, drafts, signs, now=begun)
    _coal(city, counties, firms, year, drafts, signs, now=begun)
    _patrols(city, counties, drafts, now=begun)
    warnings.assess(city, by=None, now=now)
    warnings.publish(city, by=None, now=now)


def _value(index: int, year_offset: int, month: int) -> float:
    """A county's energy in a month: last year's pattern, this year's growth."""
    value = SIZES[index % len(SIZES)] * PATTERN[month - 1] / sum(PATTERN)
    if year_offset == 0:
        value *= GROWTH.get(index, QUIET)[month >= 7]
    return round(value, 1)


def _months(city: str, counties: list[str], year: int, last: int, *, at: datetime) -> None:
    rows = []
    for index, place in enumerate(counties):
        for offset, until in ((2, 12), (1, 12), (0, last)):
            for month in range(1, until + 1):
                if index == 3 and offset == 0 and month == last:
                    continue  # one county has not told its last month yet
                for quantity, factor in QUANTITIES.items():
                    rows.append(_month(city, place_subject(place), place, quantity, f"{year - offset}-{month:02d}", round(_value(index, offset, month) * factor, 1), at))  # fmt: skip
    MonthValue.objects.bulk_create(rows, batch_size=500)


def _month(city: str, subject: str, place: str, quantity: str, month: str, value: float, at: datetime, firm: Enterprise | None = None) -> MonthValue:  # fmt: skip
    return MonthValue(
        city=city, subject=subject, place=place, enterprise=firm, quantity=quantity, month=month, value=value, basis="statistic",
        source=SOURCE, at=at, demo=True,
    )  # fmt: skip


def _signed(city: str, drafts: Any, signs: Any, now: datetime, **given: Any) -> Quota:
    made = quotas.draft(city, document=SOURCE, by=drafts, now=now, demo=True, **given)
    records.move(made.record, "sign", by=signs, now=now)
    return made


def _quotas(city: str, counties: list[str], year: int, drafts: Any, signs: Any, *, now: datetime) -> None:
    for index, place in enumerate(counties):
        size = sum(_value(index, 1, month) for month in range(1, 13))
        for quantity, factor in QUANTITIES.items():
            made = _signed(
                city, drafts, signs, now, place=place, quantity=quantity, period=str(year), amount=round(size * factor, -1),
                decided_on=date(year, 1, 15),
            )  # fmt: skip
            if index == 2 and quantity == Quantity.ENERGY:
                _signed(
                    city, drafts, signs, now, place=place, quantity=quantity, period=str(year), amount=5000.0,
                    decided_on=date(year, 6, 30), reason="演示：重点项目投产调增", adjusts=made,
                )  # fmt: skip


def _firms(city: str, firms: list[Enterprise], year: int, last: int, drafts: Any, signs: Any, *, now: datetime) -> None:
    rows = []
    sizes = {"steel-demo": 31e4, "cement-demo": 12e4, "textile-demo": 9000.0, "food-demo": 5200.0, "heat-demo": 48e3}
    for firm in firms:
        size = sizes.get(firm.code)
        if size is None:
            continue
        hot = 1.06 if firm.code == "cement-demo" else 0.97
        for offset, until in ((1, 12), (0, last)):
            for month in range(1, until + 1):
                value = size * PATTERN[month - 1] / sum(PATTERN) * (hot if offset == 0 else 1)
                rows.append(_month(city, firm.subject, firm.place, Quantity.ENERGY, f"{year - offset}-{month:02d}", round(value, 1), now, firm))  # fmt: skip
        _signed(city, drafts, signs, now, place=firm.place, firm=firm, quantity=Quantity.ENERGY, period=str(year), amount=size, decided_on=date(year, 2, 10))  # fmt: skip
    MonthValue.objects.bulk_create(rows, batch_size=500)
    known = {firm.code: firm for firm in firms}
    for code, product, value in (
        ("steel-demo", "blast_furnace", 398.0),
        ("cement-demo", "clinker", 119.0),
        ("tea-demo", "tea", 1.4),
    ):
        if code in known:
            limits.tell(
                known[code], product=product, year=year - 1, value=value, source=SOURCE, by=None, now=now, demo=True
            )


def _coal(
    city: str, counties: list[str], firms: list[Enterprise], year: int, drafts: Any, signs: Any, *, now: datetime
) -> None:
    proof = records.store_evidence(
        "演示凭证，不是真实文件".encode(), name="演示凭证.txt", media_type="text/plain", by=drafts, now=now
    )
    known = {firm.code: firm for firm in firms}
    place = known["heat-demo"].place if "heat-demo" in known else counties[-1]
    cut = projects.claim(
        city, title="演示：关停 6 台燃煤小锅炉", place=place, year=year - 1, tonnes=18_000.0, how="前三年平均用煤", by=drafts, now=now, evidence=[proof], demo=True
    )  # fmt: skip
    records.move(cut.record, "confirm", by=signs, now=now)
    projects.claim(city, title="演示：煤改电 1200 户", place=counties[0], year=year, tonnes=2600.0, how="入户登记", by=drafts, now=now, evidence=[proof], demo=True)  # fmt: skip
    heat = projects.register_project(
        city, name="演示：园区热电扩建", owner="示例园区热电有限公司（演示）", place=place, sector="44", stage="building", energy=48_000.0,
        coal_tonnes=15_000.0, ratio=1.1, document=SOURCE, reviewed_on=date(year - 1, 9, 1), by=None, now=now, firm=known.get("heat-demo"), demo=True,
    )  # fmt: skip
    projects.register_project(
        city, name="演示：水泥熟料线", owner="示例水泥有限公司（演示）", place=known["cement-demo"].place if "cement-demo" in known else counties[-1],
        sector="30", stage="running", energy=105_000.0, coal_tonnes=88_000.0, ratio=1.0, document=SOURCE, reviewed_on=date(year - 3, 4, 1),
        by=None, now=now, firm=known.get("cement-demo"), demo=True,
    )  # fmt: skip
    projects.use(cut, heat, 12_000.0, by=drafts, now=now, reason="演示")


def _patrols(city: str, counties: list[str], drafts: Any, *, now: datetime) -> None:
    today = timezone.localdate(now)
    for days, place, spot, found, handled in (
        (30, counties[-3], "演示乡集市", "stall", "取缔，责令退货"), (24, counties[-3], "演示村 3 组", "clean", ""),
        (12, counties[0], "演示街 8 号", "boiler", "限期改电"), (6, counties[0], "演示街 20 号", "clean", ""),
    ):  # fmt: skip
        on = today - timedelta(days=days)
        patrols.log(
            city, place=place, spot=spot, on=on, found=found, kilograms=None if found == "clean" else 800.0, handled=handled,
            again_by=None if found == "clean" else on + timedelta(days=20), by=drafts, now=now, today=today, demo=True,
        )  # fmt: skip
