"""The factor library: search, one factor, signatures, and the city's own factors."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import polars as pl
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query, Router, Schema, Status
from pydantic import Field, FiniteFloat

from dafeng.domains.inventory import factors_shown, permissions, services
from dafeng.domains.inventory.api.inventories import Year
from dafeng.domains.inventory.api.words import city_of
from dafeng.domains.inventory.models import CityFactor
from dafeng.kernel.actions import asks
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["factors"])


class FactorOut(Schema):
    factor_id: str
    set: str
    parameter: str
    category: str
    item: str
    technology: str
    place: str
    year: int | None
    value: float | None
    unit: str
    lower: float | None
    upper: float | None
    distribution: str
    owner: str
    standing: str
    source: str
    note: str


class SignatureOut(Schema):
    factor_id: str
    fingerprint: str
    reviewer: str
    reason: str
    signed_at: datetime


class FactorDetail(FactorOut):
    fingerprint: str
    signature: SignatureOut | None


class FactorQuery(Paging):
    q: str = Field("", max_length=80)
    set: str = ""
    parameter: str = ""
    category: str = ""
    item: str = ""
    place: str = ""
    standing: str = ""


class SignIn(Schema):
    reason: str = Field(min_length=1, max_length=1000)
    fingerprint: str


class OwnOut(Schema):
    factor_id: str
    version: int
    parameter: str
    category: str
    item: str
    technology: str
    place: str
    year: int | None
    value: float
    unit: str
    lower: float | None
    upper: float | None
    source: str
    entered_by: str
    entered_at: datetime


class OwnIn(Schema):
    """`version` is the newest version that the caller has seen; 0 for a new factor."""

    factor_id: str = Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: int = Field(ge=0, le=30000)
    parameter: str = Field(min_length=1, max_length=60)
    value: FiniteFloat
    unit: str = Field(min_length=1, max_length=40)
    source: str = Field(min_length=1, max_length=2000)
    place: str = Field("", max_length=80)
    category: str = Field("", max_length=12)
    item: str = Field("", max_length=60)
    technology: str = Field("", max_length=60)
    year: Year | None = None
    lower: FiniteFloat | None = None
    upper: FiniteFloat | None = None


def _standings(frame: pl.DataFrame, signed: dict[str, Any]) -> pl.DataFrame:
    known = pl.col("factor_id").is_in(list(signed))
    return frame.with_columns(pl.when(known).then(pl.lit("signed")).otherwise(pl.col("standing")).alias("standing"))


@router.get("/factors", response=Page[FactorOut], summary=gettext_lazy("查找因子"))
@asks(permissions.SEE_FACTORS)
def list_factors(request: HttpRequest, query: Query[FactorQuery]) -> Any:
    found = _standings(factors_shown.package(), factors_shown.signatures_in_force())
    for word in query.q.lower().split():
        found = found.filter(pl.col("words").str.contains(word, literal=True))
    if query.category:
        found = found.filter(pl.col("category").str.starts_with(query.category))
    for name in ("set", "parameter", "item", "place", "standing"):
        if wanted := getattr(query, name):
            found = found.filter(pl.col(name) == wanted)
    return page(request, found, query)


@router.get("/factors/{id}", response=FactorDetail, summary=gettext_lazy("一个因子：数值、出处、签认"))
@asks(permissions.SEE_FACTORS)
def show_factor(request: HttpRequest, id: str) -> Any:
    row = factors_shown.by_id(id)
    if row is None:
        raise NotFound(_("没有因子“%(id)s”") % {"id": id[:80]}, mend=_("可先查找因子"))
    signature = factors_shown.signatures_in_force([id]).get(id)
    return row | {
        "standing": "signed" if signature else row["standing"],
        "fingerprint": services.fingerprint(row),
        "signature": signature,
    }


@router.post("/factors/{id}/signatures", response={201: SignatureOut}, summary=gettext_lazy("签认一个待核的因子"))
@asks(permissions.SIGN_FACTOR)
def sign_factor(request: HttpRequest, id: str, given: SignIn) -> Any:
    if factors_shown.by_id(id) is None:
        raise NotFound(_("没有因子“%(id)s”") % {"id": id[:80]}, mend=_("可先查找因子"))
    signature = services.sign_factor(
        id, by=request.user, reason=given.reason, now=timezone.now(), shown=given.fingerprint or "-"
    )
    answer_headers(request)["Location"] = f"/api/factors/{quote(id)}"
    return Status(201, signature)


@router.get("/cities/{code}/factors", response=Page[OwnOut], summary=gettext_lazy("本市因子的各个版本，新的在前"))
@asks(permissions.SEE_FACTORS)
def list_own_factors(request: HttpRequest, code: str, query: Query[Paging]) -> Any:
    return page(request, CityFactor.objects.filter(city=city_of(code)).order_by("factor_id", "-version"), query)


@router.post("/cities/{code}/factors", response={201: OwnOut}, summary=gettext_lazy("录入本市因子的一个新版本"))
@asks(permissions.SET_FACTOR)
def set_own_factor(request: HttpRequest, code: str, given: OwnIn) -> Any:
    fields = given.dict()
    expected, factor_id = fields.pop("version"), fields.pop("factor_id")
    made = services.set_city_factor(
        city_of(code), factor_id, by=request.user, now=timezone.now(), expected_version=expected, **fields
    )
    answer_headers(request)["Location"] = f"/api/cities/{code}/factors"
    return Status(201, made)
