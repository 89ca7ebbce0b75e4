"""What locked reports tell everybody."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import (
    disclosing,
    permissions,
)
from dafeng.domains.enterprise.reporting.api.words import YearAsked
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, page

router = Router(tags=["enterprise"])


class DisclosedOut(Schema):
    enterprise_code: str
    enterprise_name: str
    year: int
    reporting_t: float | None
    compliance_t: float | None
    digest: str


words.describe(within="DisclosedOut", year=_("年度"), digest=_("内容的 SHA-256"))


@router.get(
    "/enterprise/reporting/disclosed", response=Page[DisclosedOut], summary=_("公开的企业排放信息：已锁定的报告")
)
@asks(permissions.PUBLIC_SEE)
def list_disclosed_reports(request: HttpRequest, asked: Query[YearAsked]) -> Any:
    found = disclosing.disclosed().select_related("enterprise").defer("content")
    if asked.year is not None:
        found = found.filter(year=asked.year)
    return page(request, found, asked, _public)


def _public(row: Report) -> dict[str, Any]:
    return {
        "enterprise_code": row.enterprise.code,
        "enterprise_name": row.enterprise.name,
        "year": row.year,
        "reporting_t": row.emissions,
        "compliance_t": row.emissions_compliance,
        "digest": row.digest,
    }
