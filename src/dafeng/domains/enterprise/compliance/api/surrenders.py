"""What a firm owes and surrenders for it."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema
from pydantic import Field

from dafeng.domains.enterprise.compliance import (
    owing,
    papers,
    permissions,
    surrendering,
    words,
)
from dafeng.domains.enterprise.compliance.views.duty_page import firm_of
from dafeng.domains.enterprise.models import (
    CarbonDuty,
    Surrender,
)
from dafeng.kernel.actions import asks, may
from dafeng.kernel.api import words as described
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound

router = Router(tags=["enterprise"])

described.describe(
    within="CarbonDutyIn", year=_("年度"), told=_("没有报告的年度的排放量（吨）；不写则按锁定的报告"), reason=_("逾期没有报送时，保守测算的理由"),
    paper=_("依据文件编号；写排放量时必填"),
)  # fmt: skip
described.describe(
    within="CarbonDutyOut", year=_("年度"), number=_("版次"), emissions=_("排放量（吨）"), free=_("核定配额（吨）；空为未核定"), tonnes=_("应清缴量（吨）"), due=_("清缴期限"),
    steps=_("计算步骤"), paper=_("依据文件编号；按报告的为空"),
)  # fmt: skip
described.describe(
    within="SurrenderIn",
    year=_("年度"),
    tonnes=_("配额（吨）"),
    ccer=_("抵销（吨）"),
    key=_("由您取的编号；同一编号只办一次"),
)
described.describe(
    within="SurrenderOut", id=_("编号"), year=_("年度"), tonnes=_("配额（吨）"), ccer=_("抵销（吨）"), vintages=_("各年份的数量（吨）"), state=_("applied 已申请，done 已清缴，refused 已驳回"),
    reason=_("驳回的理由"),
)  # fmt: skip
described.describe(within="DecideIn", grant=_("true 确认，false 驳回"), reason=_("理由，驳回时必填"))


class CarbonDutyIn(Schema):
    year: int = Field(ge=2000, le=2200)
    told: Decimal | None = Field(None, gt=0, le=10**9, decimal_places=3)
    reason: str = Field("", max_length=300)
    paper: UUID | None = None


class CarbonDutyOut(Schema):
    year: int
    number: int
    emissions: int
    free: int | None
    tonnes: int
    due: date
    steps: list[str]
    paper: UUID | None


class SurrenderIn(Schema):
    year: int
    tonnes: int = Field(ge=0, le=10**9)
    ccer: int = Field(0, ge=0, le=10**9)
    key: str = Field(min_length=1, max_length=40)


class SurrenderOut(Schema):
    id: UUID
    year: int
    tonnes: int
    ccer: int
    vintages: dict[str, int]
    state: str
    reason: str


class DecideIn(Schema):
    grant: bool
    reason: str = Field("", max_length=300)


@router.post("/enterprise/compliance/firms/{firm}/surrenders", response={201: SurrenderOut}, summary=_("申请清缴；所用配额随即占用"))  # fmt: skip
@asks(permissions.ACT)
def apply_to_surrender(request: HttpRequest, firm: str, given: SurrenderIn) -> Any:
    enterprise = firm_of(request, firm)
    if not may(request.user, permissions.ACT, enterprise):
        raise NotFound(str(_("没有这家企业")))
    made = surrendering.apply_surrender(enterprise, given.year, given.tonnes, given.ccer, key=given.key, by=request.user, now=timezone.now())  # fmt: skip
    return 201, made


@router.post("/enterprise/compliance/surrenders/{uuid:id}/decision", response=SurrenderOut, summary=_("办理清缴申请"))  # fmt: skip
@asks(permissions.DECIDE)
def decide_surrender(request: HttpRequest, id: UUID, given: DecideIn) -> Any:
    applied = Surrender.objects.filter(pk=id, enterprise__in=Enterprise.objects.for_user(request.user)).select_related("enterprise").first()  # fmt: skip
    if applied is None:
        raise NotFound(str(_("没有这份清缴申请")))
    return surrendering.decide_surrender(applied, grant=given.grant, reason=given.reason, by=request.user, now=timezone.now())  # fmt: skip


@router.post("/enterprise/compliance/firms/{firm}/duties", response={201: CarbonDutyOut}, summary=_("登记应清缴量：按锁定的报告，或没有报告的年度按依据文件"))  # fmt: skip
@asks(permissions.DECIDE)
def record_carbon_duty(request: HttpRequest, firm: str, given: CarbonDutyIn) -> Any:
    enterprise = firm_of(request, firm)
    made = owing.register_duty(enterprise, given.year, told=given.told, reason=given.reason, paper=papers.found(given.paper), by=request.user, now=timezone.now())  # fmt: skip
    return 201, _duty(made)


def _duty(made: CarbonDuty) -> dict[str, Any]:
    return {
        "year": made.year, "number": made.number, "emissions": made.emissions, "free": made.free, "tonnes": made.tonnes, "due": made.due,
        "steps": [words.step(each) for each in made.steps], "paper": made.paper_id,
    }  # fmt: skip
