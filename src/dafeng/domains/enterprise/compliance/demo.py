"""The demonstration: two power firms, a cement and a steel firm through list, pre-allocation, allocation, trade, surrender, carry-over.

Everything but the names of the two plants is made up and marked 演示. 2024, the year before the firms reported
here, rests on made-up papers; 2025 on the locked reports of reporting's demo, and a firm without one has no duty yet. Calling it
again changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from dafeng.domains.enterprise.compliance import holdings, library, services, verified
from dafeng.domains.enterprise.models import CcerBatch, CompliancePaper, Covered, Report, RuleSignature
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records

SOURCE = "演示名录，不代表主管部门公布的名录"
SIGNED = "演示签认：只为演示流程，没有核对原文"
FIRMS = {"datang-xinyang": "power", "datang-huayu": "power", "cement-demo": "industry", "steel-demo": "industry"}
PAST, NOW_OWED = 2024, 2025

# Units of 2024 with the base year's output; all numbers are made up.
UNITS: dict[str, list[dict[str, Any]]] = {
    "datang-xinyang": [
        {"unit": "demo-1", "name": "1 号机组（演示）", "class": "coal_large", "cooling": "water", "output": 3_100_000, "heat": 0, "heat_ratio": 0, "load_factor": 0.72},
        {"unit": "demo-2", "name": "2 号机组（演示）", "class": "coal_large", "cooling": "water", "output": 2_950_000, "heat": 0, "heat_ratio": 0, "load_factor": 0.7},
    ],
    "datang-huayu": [
        {"unit": "demo-3", "name": "3 号热电机组（演示）", "class": "coal_small", "cooling": "water", "output": 1_450_000, "heat": 2_400_000, "heat_ratio": 0.17, "load_factor": 0.74},
    ],
    "cement-demo": [{"unit": "kiln-1", "name": "熟料线（演示）", "class": "cement", "output": 1_350_000, "emissions": 1_150_000}],
    "steel-demo": [{"unit": "works-1", "name": "炼钢厂（演示）", "class": "steel", "output": 900_000, "emissions": 1_480_000}],
}  # fmt: skip

EMITTED = {"datang-xinyang": Decimal(4_790_000), "datang-huayu": Decimal(1_520_000), "cement-demo": Decimal(1_150_000), "steel-demo": Decimal(1_480_000)}  # fmt: skip


def ensure_demo(city: str, *, now: datetime) -> None:
    """`city` is the six-digit code. Does nothing without the demo firms, or once they are on a list."""
    firms = {each.code: each for each in Enterprise.objects.filter(city=city, demo=True, code__in=FIRMS)}
    if set(firms) != set(FIRMS) or Covered.objects.filter(enterprise__in=firms.values()).exists():
        return
    with ledger.durable():
        for code, firm in firms.items():
            for year in (PAST, NOW_OWED):
                services.cover(firm, year, FIRMS[code], source=SOURCE, by=None, now=now, demo=True)
        _sign(now)
        for code, firm in firms.items():
            _allocate(firm, UNITS[code], now)
            _past_year(firm, now)
        _trade_and_carry(firms, now)
        for firm in firms.values():
            _present_year(firm, now)


def _sign(now: datetime) -> None:
    if RuleSignature.objects.filter(rule_set=f"power-{PAST}").exists():
        return
    for item in library.rule_set(f"power-{PAST}").items():
        services.sign(f"power-{PAST}", item, source=SIGNED, by=None, now=now, demo=True)


def _allocate(firm: Enterprise, units: list[dict[str, Any]], now: datetime) -> None:
    """Pre-allocation by nine tenths of the output, then the final stage; industry has no pre-allocation in the facts."""
    if FIRMS[firm.code] == "power":
        base = [each | {"output": each["output"] * 0.9} for each in units]
        services.allocate_firm(firm, PAST, "pre", base, by=None, now=now, demo=True)
    report = verified.locked(firm, PAST)
    told = verified.allocation_units(report) if report else units
    services.allocate_firm(firm, PAST, "final", told, by=None, now=now, demo=True)


def _past_year(firm: Enterprise, now: datetime) -> None:
    """Duty and surrender of 2024; what lacks is bought from outside the city."""
    report = Report.objects.filter(enterprise=firm, year=PAST).exists()
    if report and verified.locked(firm, PAST) is None:
        return
    told, paper = (None, None) if report else (EMITTED[firm.code], _paper(now))
    owed = services.register_duty(firm, PAST, told=told, paper=paper, by=None, now=now, demo=True)
    held = sum(each.available for each in holdings.of(firm) if each.vintage <= PAST)
    if held < owed.tonnes:
        _buy(firm, PAST, owed.tonnes - held, Decimal("97.49"), date(2024, 12, 20), f"demo-{firm.code}-{PAST}", now)
    _surrender(firm, PAST, owed.tonnes, now)


def _paper(now: datetime) -> CompliancePaper:
    text = "演示：核查结论（编造）"
    kept = records.store_evidence(text.encode(), name=f"{text}.txt", media_type="text/plain", by=None, now=now)
    return CompliancePaper.objects.create(document=text, dated=timezone.localdate(now), evidence=kept, by=None, at=now)


def _buy(firm: Enterprise, vintage: int, tonnes: int, price: Decimal, day: date, key: str, now: datetime) -> None:
    services.register_trade(seller=None, buyer=firm, vintage=vintage, tonnes=tonnes, price=price, way="listing", day=day, key=key, by=None, now=now, demo=True)  # fmt: skip
    services.move(firm, holdings.CEA, holdings.REGISTRY, tonnes, key=key, by=None, now=now)


def _surrender(firm: Enterprise, year: int, tonnes: int, now: datetime, ccer: int = 0) -> None:
    applied = services.apply_surrender(firm, year, tonnes, ccer, key=f"demo-{year}", by=None, now=now, demo=True)
    bureau = get_user_model().objects.filter(username="ecology").first()
    services.decide_surrender(applied, grant=True, by=bureau, now=now)


def _trade_and_carry(firms: dict[str, Enterprise], now: datetime) -> None:
    """The larger plant sells 20,000 t to its sister and carries over what the formula allows, applied for in time."""
    seller, sister = firms["datang-xinyang"], firms["datang-huayu"]
    free = sum(each.available for each in holdings.of(seller) if each.bucket == holdings.REGISTRY)
    if free >= 20_000:
        services.move(seller, holdings.CEA, holdings.TRADING, 20_000, key="demo-sale", by=None, now=now)
        services.register_trade(seller=seller, buyer=sister, vintage=PAST, tonnes=20_000, price=Decimal("78.50"), way="listing", day=date(2025, 8, 1), key="demo-sisters", by=None, now=now, demo=True)  # fmt: skip
    numbers = services.carry_cap(seller)
    here = sum(each.available for each in holdings.of(seller) if each.bucket == holdings.REGISTRY)
    if tonnes := min(numbers["cap"], here):
        services.carry_over(seller, tonnes, key="demo", by=None, now=now, day=date(2026, 6, 1))


def _present_year(firm: Enterprise, now: datetime) -> None:
    """The duty of 2025 where the report is locked: a batch of offsets, a purchase, and the first part surrendered."""
    if verified.locked(firm, NOW_OWED) is None:
        return
    owed = services.register_duty(firm, NOW_OWED, by=None, now=now, demo=True)
    _buy(firm, NOW_OWED, owed.tonnes // 2, Decimal("74.63"), date(2025, 12, 31), f"demo-{firm.code}-{NOW_OWED}", now)
    ccer = owed.tonnes // 50  # 2 %, within the 5 %
    batch = CcerBatch(code=f"ccer-demo-{firm.code}", project="示例海上风电减排（演示）", started=date(2021, 3, 1), reduced_from=date(2023, 1, 1), reduced_to=date(2024, 12, 31), source="演示", demo=True)  # fmt: skip
    services.add_ccer(batch, ccer, to=firm, by=None, now=now)
    services.move(firm, holdings.CCER, holdings.REGISTRY, ccer, key="demo-ccer", by=None, now=now)
    _surrender(firm, NOW_OWED, owed.tonnes // 2 - ccer, now, ccer)
