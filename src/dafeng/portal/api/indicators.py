"""The blackboard over HTTP. A value that rests on a draft is for those who may see the draft."""

from typing import Any

import polars as pl
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.inventory import permissions as inventory
from dafeng.domains.inventory.models import InventoryRun
from dafeng.kernel.actions import asks, may
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.indicators import services
from dafeng.kernel.indicators.models import Indicator, Run
from dafeng.kernel.records.services import roles_of
from dafeng.portal.api.permissions import SEE_INDICATORS

router = Router(tags=["indicators"])
words.describe(
    {"subject": "411500", "period": "2021"},
    subject=_("对象：地区代码、企业等"),
    period=_("时期：2021、2021-06 或 2021-Q2"),
    key=_("更细的维度，如 sector=1；空为合计"),
    variant=_("并行的口径，如另一套 GWP；空为通常的口径"),
    domain=_("业务领域"),
    decimals=_("建议显示的小数位数"),
    basis_share_estimated=_("估算部分占比，0 到 1"),
    indicator=_("指标代码"),
    run=_("哪一次计算"),
)


class IndicatorOut(Schema):
    code: str
    name: str
    name_en: str
    unit: str
    description: str
    decimals: int


class ValueOut(Schema):
    indicator: str
    subject: str
    period: str
    key: str
    value: float | None
    unit: str
    status: int
    notation: str
    basis_share_estimated: float | None
    variant: str
    run: str


class ValueQuery(Paging):
    subject: str = ""
    period: str = Field("", pattern=r"^$|^[0-9]{4}(-[0-9]{2}|-Q[1-4])?$")
    key: str | None = Field(None, max_length=200)
    variant: str = ""
    domain: str | None = None


def _hidden(user: Any, ids: list[str]) -> list[str]:
    """Those of these runs whose ground the person may not see: a draft of an inventory; of other domains all, outside a demo."""
    runs = list(Run.objects.filter(pk__in=ids).only("domain", "parameters"))
    compiled = {
        str(run.pk): run.parameters["run"] for run in runs if run.domain == "inventory" and "run" in run.parameters
    }
    stored = InventoryRun.objects.filter(pk__in=compiled.values()).only("published_at")
    open_ones = {str(each.pk) for each in stored if may(user, inventory.SEE, each)}
    trusted = settings.DEMO or bool(inventory.SEES_DRAFTS & roles_of(user))
    return [id for id in ids if not (compiled[id] in open_ones if id in compiled else trusted)]


@router.get("/indicators", response=Page[IndicatorOut], summary=_("全部指标"))
@asks(SEE_INDICATORS)
def list_indicators(request: HttpRequest, query: Query[Paging]) -> Any:
    return page(request, Indicator.objects.order_by("code"), query)


@router.get("/indicators/{code}", response=IndicatorOut, summary=_("一个指标的名称和单位"))
@asks(SEE_INDICATORS)
def show_indicator(request: HttpRequest, code: str) -> Any:
    return get_object_or_404(Indicator, code=code)


@router.get(
    "/indicators/{code}/values",
    response=Page[ValueOut],
    summary=_("一个指标现行的值"),
    description=_("key 给空值只要合计，不给则包括各个维度。"),
)
@asks(SEE_INDICATORS)
def list_values(request: HttpRequest, code: str, query: Query[ValueQuery]) -> Any:
    """Values of current runs only. `key` empty asks for totals; leave it out for every dimension."""
    get_object_or_404(Indicator, code=code)
    found = services.values(
        code,
        subject=query.subject or None,
        period=query.period or None,
        key=query.key,
        variant=query.variant,
        domain=query.domain,
    )
    hidden = _hidden(request.user, found["run"].unique().to_list())
    return page(request, found.filter(~pl.col("run").is_in(hidden)), query)
