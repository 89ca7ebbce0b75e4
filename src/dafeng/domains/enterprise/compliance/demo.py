"""The demonstration's present year: two power firms, a cement and a steel firm on the list, and who has a locked report surrenders in part.

Everything but the names of the two plants is made up and marked 演示. 2025 rests on the locked reports of reporting's demo; a firm without
one has no duty yet. The year before is told whole by `enterprise.cycle`. Calling it again changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth import get_user_model

from dafeng.domains.enterprise.compliance import holdings, listing, owing, surrendering, trading, verified
from dafeng.domains.enterprise.models import CcerBatch, Covered
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.ledger import services as ledger

SOURCE = "演示名录，不代表主管部门公布的名录"
FIRMS = {"datang-xinyang": "power", "datang-huayu": "power", "cement-demo": "industry", "steel-demo": "industry"}
NOW_OWED = 2025
CYCLE = "enterprise.cycle"  # the job that lays the year before, whole


def ensure_demo(city: str, *, now: datetime) -> None:
    """`city` is the six-digit code. Does nothing without the demo firms, or once they are on a list."""
    firms = {each.code: each for each in Enterprise.objects.filter(city=city, demo=True, code__in=FIRMS)}
    if set(firms) != set(FIRMS) or Covered.objects.filter(enterprise__in=firms.values()).exists():
        return
    with ledger.durable():
        for code, firm in firms.items():
            listing.cover(firm, NOW_OWED, FIRMS[code], source=SOURCE, by=None, now=now, demo=True)
            _present_year(firm, now)


def _buy(firm: Enterprise, vintage: int, tonnes: int, price: Decimal, day: date, key: str, now: datetime) -> None:
    trading.register_trade(seller=None, buyer=firm, vintage=vintage, tonnes=tonnes, price=price, way="listing", day=day, key=key, by=None, now=now, demo=True)  # fmt: skip
    trading.move(firm, holdings.CEA, holdings.REGISTRY, tonnes, key=key, by=None, now=now)


def _surrender(firm: Enterprise, year: int, tonnes: int, now: datetime, ccer: int = 0) -> None:
    applied = surrendering.apply_surrender(firm, year, tonnes, ccer, key=f"demo-{year}", by=None, now=now, demo=True)
    bureau = get_user_model().objects.filter(username="ecology").first()
    surrendering.decide_surrender(applied, grant=True, by=bureau, now=now)


def _present_year(firm: Enterprise, now: datetime) -> None:
    """The duty of 2025 where the report is locked: a batch of offsets, a purchase, and the first part surrendered."""
    if verified.locked(firm, NOW_OWED) is None:
        return
    owed = owing.register_duty(firm, NOW_OWED, by=None, now=now, demo=True)
    _buy(firm, NOW_OWED, owed.tonnes // 2, Decimal("74.63"), date(2025, 12, 31), f"demo-{firm.code}-{NOW_OWED}", now)
    ccer = owed.tonnes // 50  # 2 %, within the 5 %
    batch = CcerBatch(code=f"ccer-demo-{firm.code}", project="示例海上风电减排（演示）", started=date(2021, 3, 1), reduced_from=date(2023, 1, 1), reduced_to=date(2024, 12, 31), source="演示", demo=True)  # fmt: skip
    trading.add_ccer(batch, ccer, to=firm, by=None, now=now)
    trading.move(firm, holdings.CCER, holdings.REGISTRY, ccer, key="demo-ccer", by=None, now=now)
    _surrender(firm, NOW_OWED, owed.tonnes // 2 - ccer, now, ccer)
