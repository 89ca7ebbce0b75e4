"""The register over HTTP: list, card, entering and changing an enterprise."""

from datetime import date
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dafeng.domains.enterprise.register import keeping, permissions
from dafeng.domains.enterprise.register.views.pages import firm_of
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.enterprises.models import Enterprise

router = Router(tags=["enterprise"])
FIELDS = {
    "name": _("名称"),
    "name_en": _("英文名称"),
    "credit_code": _("统一社会信用代码，18 位，核对校验位"),
    "place": _("所在地代码（GB/T 2260）"),
    "industry": _("行业代码，GB/T 4754 四位小类"),
    "organisation": _("组织代码；没有为空"),
    "park": _("园区"),
    "since": _("成立日期"),
    "until": _("注销日期；在册为空"),
}
words.describe(within="EnterpriseOut", code=_("代码"), **FIELDS, demo=_("是否示例"), seen=_("令牌，修改时原样带回"))
words.describe(within="EnterpriseIn", code=_("代码；不填则用统一社会信用代码"), **FIELDS)
words.describe(within="EnterpriseChangeIn", **FIELDS, seen=_("读取时得到的令牌；其间有人改过就拒绝"))


class EnterprisesAsked(Paging):
    q: str = Field("", max_length=80, description=str(_("名称、代码或统一社会信用代码的一部分")))
    place: str = Field("", max_length=6, description=str(_("所在地代码，空为全部")))
    industry: str = Field("", max_length=4, description=str(_("行业代码的开头，如 30；空为全部")))
    organised: Literal["", "yes", "no"] = Field("", description=str(_("yes 已有组织，no 还没有，空为全部")))
    living: Literal["", "yes", "no"] = Field("", description=str(_("yes 在册，no 已注销，空为全部")))


class EnterpriseOut(Schema):
    code: str
    name: str
    name_en: str
    credit_code: str
    place: str
    industry: str
    organisation: str
    park: str
    since: date | None
    until: date | None
    demo: bool
    seen: str


class EnterpriseIn(Schema):
    code: str = Field("", max_length=60)
    name: str = Field(max_length=120)
    name_en: str = Field("", max_length=160)
    credit_code: str = Field("", max_length=40)
    place: str = Field(max_length=6)
    industry: str = Field("", max_length=4)
    organisation: str = Field("", max_length=60)
    park: str = Field("", max_length=60)
    since: date | None = None


class EnterpriseChangeIn(Schema):
    """What is left out stays."""

    seen: str = Field(max_length=64)
    name: Annotated[str | None, Field(max_length=120)] = None
    name_en: Annotated[str | None, Field(max_length=160)] = None
    credit_code: Annotated[str | None, Field(max_length=40)] = None
    place: Annotated[str | None, Field(max_length=6)] = None
    industry: Annotated[str | None, Field(max_length=4)] = None
    organisation: Annotated[str | None, Field(max_length=60)] = None
    park: Annotated[str | None, Field(max_length=60)] = None
    since: date | None = None
    until: date | None = None


def _shown(row: Enterprise) -> dict[str, Any]:
    return {
        "code": row.code,
        **{name: getattr(row, name) for name in keeping.FIELDS},
        "demo": row.demo,
        "seen": keeping.seen_of(row),
    }


@router.get("/enterprise/register", response=Page[EnterpriseOut], summary=_("企业名录"))
@asks(permissions.SEE)
def list_enterprises(request: HttpRequest, asked: Query[EnterprisesAsked]) -> Any:
    rows = Enterprise.objects.for_user(request.user).order_by("code")
    if asked.q:
        named = Q(name__icontains=asked.q) | Q(name_en__icontains=asked.q)
        rows = rows.filter(named | Q(code__icontains=asked.q) | Q(credit_code__icontains=asked.q))
    if asked.place:
        rows = rows.filter(place=asked.place)
    if asked.industry:
        rows = rows.filter(industry__startswith=asked.industry)
    if asked.organised:
        rows = rows.exclude(organisation="") if asked.organised == "yes" else rows.filter(organisation="")
    if asked.living:
        ended = Q(until__lte=timezone.localdate())
        rows = rows.exclude(ended) if asked.living == "yes" else rows.filter(ended)
    return page(request, rows, asked, _shown)


@router.get("/enterprise/register/{slug:firm}", response=EnterpriseOut, summary=_("一家企业的登记"))
@asks(permissions.SEE)
def show_enterprise(request: HttpRequest, firm: str) -> Any:
    return _shown(firm_of(request.user, firm, what="api-card"))


@router.post("/enterprise/register", response={201: EnterpriseOut}, summary=_("登记一家企业"))
@asks(permissions.KEEP)
def enlist_enterprise(request: HttpRequest, given: EnterpriseIn) -> Any:
    made = keeping.enlist(_told(given), by=request.user, now=timezone.now())
    answer_headers(request)["Location"] = f"/api/enterprise/register/{made.code}"
    return Status(201, _shown(made))


@router.put("/enterprise/register/{slug:firm}", response=EnterpriseOut, summary=_("修改一家企业的登记，或填注销日期"))
@asks(permissions.KEEP)
def change_enterprise(request: HttpRequest, firm: str, given: EnterpriseChangeIn) -> Any:
    found = firm_of(request.user, firm, what="api-change")
    told = _told(given)
    return _shown(keeping.change(found, told, seen=told.pop("seen"), by=request.user, now=timezone.now()))


def _told(given: Schema) -> dict[str, Any]:
    """What the request named, days as text; `null` empties a field."""
    told = given.dict(exclude_unset=True)
    return {name: value.isoformat() if isinstance(value, date) else value or "" for name, value in told.items()}
