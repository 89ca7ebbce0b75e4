"""Batches of CCER and trades, as the bureau enters them."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.compliance import (
    holdings,
    library,
    papers,
    permissions,
    trading,
    words,
)
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.compliance.views.duty_page import firm_of
from dafeng.domains.enterprise.models import (
    CarbonTrade,
    CcerBatch,
)
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as described
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["enterprise"])

BATCH_WORDS = {
    "code": _("批次代码"), "project": _("减排项目"), "started": _("项目开工日"), "reduced_from": _("减排量起始日"), "reduced_to": _("减排量截止日"),
    "covered": _("是否来自配额管理范围"),
}  # fmt: skip
described.describe(
    within="CcerBatchIn",
    **BATCH_WORDS,
    owner=_("持有企业代码；空为市外"),
    tonnes=_("数量（吨）"),
    paper=_("依据文件编号"),
)
described.describe(
    within="CcerBatchOut", **BATCH_WORDS, eligible=_("是否可以抵销"), reasons=_("不能抵销的理由"), source=_("依据")
)
TRADE_WORDS = {
    "seller": _("卖方企业代码；空为市外"), "buyer": _("买方企业代码；空为市外"), "vintage": _("配额年份"), "batch": _("核证自愿减排量批次代码；空为配额"),
    "tonnes": _("数量（吨）"), "price": _("价格（元/吨）"), "way": _("listing 挂牌协议，block 大宗协议，bidding 单向竞价"), "day": _("成交日"),
}  # fmt: skip
described.describe(within="CarbonTradeIn", **TRADE_WORDS, number=_("交易机构的成交编号；同一编号只登记一次"))
described.describe(within="CarbonTradeOut", **TRADE_WORDS, id=_("编号"), asset=_("CEA 配额，CCER 核证自愿减排量"))


class CcerBatchIn(Schema):
    code: str = Field(min_length=1, max_length=60, pattern=r"^[-a-zA-Z0-9_]+$")
    project: str = Field(min_length=1, max_length=160)
    owner: str | None = Field(None, max_length=60)
    tonnes: int = Field(gt=0, le=10**9)
    started: date
    reduced_from: date
    reduced_to: date
    covered: bool = False
    paper: UUID


class CcerBatchOut(Schema):
    code: str
    project: str
    started: date
    reduced_from: date
    reduced_to: date
    covered: bool
    eligible: bool
    reasons: list[str]
    source: str


class CarbonTradeIn(Schema):
    seller: str | None = Field(None, max_length=60)
    buyer: str | None = Field(None, max_length=60)
    vintage: int | None = Field(None, ge=2019, le=2100)
    batch: str | None = Field(None, max_length=60)
    tonnes: int = Field(gt=0, le=10**9)
    price: Decimal = Field(gt=0, le=10**6, decimal_places=2)
    way: Literal["listing", "block", "bidding"]
    day: date
    number: str = Field(min_length=1, max_length=60, pattern=r"^[-a-zA-Z0-9_]+$")


class CarbonTradeOut(Schema):
    id: UUID
    seller: str | None
    buyer: str | None
    asset: str
    vintage: int
    batch: str | None
    tonnes: int
    price: Decimal
    way: str
    day: date


@router.get("/enterprise/compliance/ccer-batches", response=Page[CcerBatchOut], summary=_("登记的核证自愿减排量批次"))
@asks(permissions.SEE_CITY)
def list_ccer_batches(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, CcerBatch.objects.order_by("-reduced_to", "code"), asked, _batch)


def _batch(each: CcerBatch) -> dict[str, Any]:
    reasons = duties.ineligible(trading.project_of(each), library.cycle_rules())
    return {
        "code": each.code, "project": each.project, "started": each.started, "reduced_from": each.reduced_from, "reduced_to": each.reduced_to,
        "covered": each.covered, "eligible": not reasons, "reasons": [words.ineligible(code) for code in reasons], "source": each.source,
    }  # fmt: skip


@router.post(
    "/enterprise/compliance/ccer-batches", response={201: CcerBatchOut}, summary=_("登记一个核证自愿减排量批次")
)
@asks(permissions.DECIDE)
def add_ccer_batch(request: HttpRequest, given: CcerBatchIn) -> Any:
    paper = papers.demanded(papers.found(given.paper))
    owner = firm_of(request, given.owner) if given.owner else None
    told = given.dict(exclude={"owner", "tonnes", "paper"})
    batch = CcerBatch(**told, source=str(paper)[:200], paper=paper)
    return 201, _batch(trading.add_ccer(batch, given.tonnes, to=owner, by=request.user, now=timezone.now()))


@router.post("/enterprise/compliance/trades", response={201: CarbonTradeOut}, summary=_("登记一笔成交：配额或核证自愿减排量，与市外或在本市两家企业之间"))  # fmt: skip
@asks(permissions.DECIDE)
def register_carbon_trade(request: HttpRequest, given: CarbonTradeIn) -> Any:
    seller, buyer = (firm_of(request, code) if code else None for code in (given.seller, given.buyer))
    batch = CcerBatch.objects.filter(code=given.batch).first() if given.batch else None
    if given.batch and batch is None:
        raise NotFound(str(_("没有这个批次")))
    made = trading.register_trade(
        seller=seller, buyer=buyer, vintage=given.vintage, batch=batch, tonnes=given.tonnes, price=given.price, way=given.way, day=given.day,
        key=given.number, by=request.user, now=timezone.now(),
    )  # fmt: skip
    return 201, _trade(made)


def _trade(made: CarbonTrade) -> dict[str, Any]:
    return {
        "id": made.pk, "seller": made.seller.code if made.seller else None, "buyer": made.buyer.code if made.buyer else None, "asset": made.asset,
        "vintage": made.vintage, "batch": made.lot.removeprefix("CCER/") if made.asset == holdings.CCER else None, "tonnes": made.tonnes,
        "price": made.price, "way": made.way, "day": made.day,
    }  # fmt: skip
