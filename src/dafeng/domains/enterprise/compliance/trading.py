"""Trades, batches of CCER, and what a firm or a court does with holdings: move, cancel, freeze.

Keys of the ledger are made here, so that the same request twice is the same row.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import holdings, library, permissions
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import (
    CarbonTrade,
    CcerBatch,
)
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records


def register_trade(
    *, seller: Enterprise | None, buyer: Enterprise | None, vintage: int | None, tonnes: int, price: Decimal, way: str, day: date,
    key: str, by: Any, now: datetime, batch: CcerBatch | None = None, demo: bool = False,
) -> CarbonTrade:  # fmt: skip
    """A trade that the exchange told. `batch`: of CCER, whose year is its own; else allowances of a vintage. `key` is the exchange's number: twice is once."""
    if by is not None:
        demand(by, permissions.DECIDE)
    firm = seller or buyer
    with holdings.told(by, "trade", firm, now=now):
        ledger_key = f"enterprise:trade:{key}"
        if batch is not None:
            vintage = batch.reduced_to.year
        if vintage is None:
            raise Refused("vintage_missing", _("请写配额年份，或选核证自愿减排量批次"))
        asset, lot = (holdings.CCER, f"CCER/{batch.code}") if batch else (holdings.CEA, holdings.vintage_lot(vintage))
        said = {"seller": seller, "buyer": buyer, "asset": asset, "lot": lot, "tonnes": tonnes, "price": price, "way": way, "day": day}  # fmt: skip
        if again := CarbonTrade.objects.filter(ledger_key=ledger_key).select_related("seller", "buyer").first():
            if any(getattr(again, name) != value for name, value in said.items()):
                raise Refused("conflict", _("同一成交编号下的内容不同"))
            return again
        if tonnes <= 0 or price <= 0:
            raise Refused("trade_bad", _("数量和价格应为正数"))
        if way not in CarbonTrade.Way.values:
            raise Refused("way_unknown", _("没有这种成交方式"), expected="、".join(CarbonTrade.Way.values))
        if day > timezone.localdate(now):
            raise Refused("trade_in_future", _("成交日在今天之后"))
        if seller is not None and seller == buyer:
            raise Refused("trade_with_self", _("买卖双方是同一企业"))
        for side in (seller, buyer):
            holdings.open_accounts(side, now=now)
        if batch is None:
            holdings.open_vintage(vintage, now=now)
        holdings.trade(seller, buyer, asset, lot, tonnes, key=ledger_key, now=now)
        made = CarbonTrade.objects.create(**said, vintage=vintage, ledger_key=ledger_key, by=by, at=now, demo=demo)
        records.audit(by, "enterprise.compliance.trade", "carbon-trade", str(made.pk), {"lot": lot, "tonnes": tonnes, "price": str(price)}, now=now)  # fmt: skip
    return made


def add_ccer(
    batch: CcerBatch, tonnes: int, *, to: Enterprise | None, by: Any, now: datetime
) -> CcerBatch:  # fmt: skip
    """A batch of reductions comes in, once. What may not serve for offsetting is labelled so on the ledger, with the reasons."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "ccer", to, now=now):
        _demand_batch(batch, tonnes, now)
        batch.save()
        reasons = duties.ineligible(project_of(batch), library.cycle_rules())
        labels = sorted({"covered" if each == "covered" else "ineligible" for each in reasons})
        period = f"{batch.reduced_from}/{batch.reduced_to}"
        holdings.issue_ccer(batch.code, tonnes, vintage=batch.reduced_to.year, labels=labels, to=to, period=period, key=f"enterprise:ccer:{batch.code}", now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.ccer", "ccer-batch", batch.code, {"tonnes": tonnes, "reasons": reasons}, now=now)  # fmt: skip
    return batch


def project_of(batch: CcerBatch) -> dict[str, Any]:
    """What decides whether a batch may offset, as `duty.ineligible` asks it."""
    return {"started": batch.started, "reduced_from": batch.reduced_from, "covered": batch.covered}


def _demand_batch(batch: CcerBatch, tonnes: int, now: datetime) -> None:
    """Sense of a batch before the ledger sees it. A code that another batch has is refused: units are claimed once."""
    if tonnes <= 0:
        raise Refused("amount_bad", _("数量应为正数"))
    if CcerBatch.objects.filter(code=batch.code).exclude(pk=batch.pk).exists():
        raise Refused("batch_twice", _("代码为“%(code)s”的批次已经登记") % {"code": batch.code})
    if batch.reduced_from > batch.reduced_to:
        raise Refused("period_reversed", _("减排量截止日在起始日之前"))
    if batch.started > batch.reduced_from:
        raise Refused("period_before_start", _("减排量起始日在项目开工日之前"))
    if batch.reduced_to > timezone.localdate(now):
        raise Refused("period_in_future", _("减排量截止日在今天之后"))


def form_key(enterprise: Enterprise, act: str, key: str) -> str:
    return f"enterprise:{act}:{enterprise.code}:{key}"


def move(enterprise: Enterprise, asset: str, to: str, tonnes: int, *, key: str, by: Any, now: datetime) -> None:
    """Between registry and trading account. `key` is the form's."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    with holdings.told(by, "move", enterprise, now=now):
        if asset not in holdings.ASSETS or to not in (holdings.REGISTRY, holdings.TRADING):
            raise Refused("account_unknown", _("没有这样的账户"))
        holdings.move(enterprise, asset, to, tonnes, key=form_key(enterprise, "move", key), now=now)
        records.audit(by, "enterprise.compliance.move", "enterprise", enterprise.code, {"asset": asset, "to": to, "tonnes": tonnes}, now=now)  # fmt: skip


def cancel(enterprise: Enterprise, vintage: int, tonnes: int, *, key: str, by: Any, now: datetime) -> None:
    """Voluntary cancellation: for good."""
    if by is not None:
        demand(by, permissions.ACT, enterprise)
    with holdings.told(by, "cancel", enterprise, now=now):
        holdings.cancel(enterprise, tonnes, vintage=vintage, period=str(timezone.localdate(now).year), key=form_key(enterprise, "cancel", key), now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.cancel", "enterprise", enterprise.code, {"vintage": vintage, "tonnes": tonnes}, now=now)  # fmt: skip


def freeze(enterprise: Enterprise, tonnes: int, *, bucket: str, order: str, signer: str, by: Any, now: datetime) -> None:  # fmt: skip
    """A court's freeze, told by the bureau; `order` is the number of the court's paper."""
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "freeze", enterprise, now=now):
        holdings.freeze(enterprise, tonnes, bucket=bucket, order=f"enterprise:freeze:{order}", signer=signer, key=f"enterprise:freeze:{order}:hold", now=now)  # fmt: skip
        records.audit(by, "enterprise.compliance.freeze", "enterprise", enterprise.code, {"tonnes": tonnes, "order": order}, now=now)  # fmt: skip


def thaw(enterprise: Enterprise, *, order: str, signer: str, by: Any, now: datetime) -> None:
    if by is not None:
        demand(by, permissions.DECIDE)
    with holdings.told(by, "thaw", enterprise, now=now):
        holdings.thaw(f"enterprise:freeze:{order}", signer=signer, key=f"enterprise:freeze:{order}:release", now=now)
        records.audit(by, "enterprise.compliance.thaw", "enterprise", enterprise.code, {"order": order}, now=now)
