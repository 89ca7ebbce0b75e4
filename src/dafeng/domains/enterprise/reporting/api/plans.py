"""The control plan of a year over HTTP: from which source each parameter comes, and in which order sources are admitted."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema

from dafeng.domains.enterprise.reporting import permissions, plans, sectoral, sources
from dafeng.domains.enterprise.reporting.views.places import firm_of
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["enterprise"])
words.describe(
    within="PlannedSourceOut",
    item=_("项目代码"),
    stream=_("源流；不分源流为空"),
    title=_("项目"),
    source=_("方案规定的数据来源的代码；没有选定为空"),
    how=_("取得方式"),
    admitted=_("指南许可的来源，次序从高到低"),
    rule=_("指南的规定"),
    before=_("以前的方案用过的最高来源；低于它不能备案，没有为空"),
    lowered=_("是否低于以前的方案"),
)
words.describe(within="AdmittedSourceOut", code=_("来源代码"), title=_("来源"))


class AdmittedSourceOut(Schema):
    code: str
    title: str


class PlannedSourceOut(Schema):
    facility_code: str
    item: str
    stream: str
    title: str
    source: str
    how: str
    admitted: list[AdmittedSourceOut]
    rule: str
    before: str
    lowered: bool


def _line(line: dict[str, Any], former: dict[str, list[str]]) -> dict[str, Any]:
    order, wanted = line["order"], line["wanted"]
    return {
        "facility_code": line["facility"].code,
        "item": wanted.item,
        "stream": wanted.stream,
        "title": wanted.title,
        "source": line["said"].get("source", ""),
        "how": line["said"].get("how", ""),
        "admitted": [{"code": code, "title": title} for code, title in sectoral.source_titles(order).items()],
        "rule": order.rule_en if sectoral.english() else order.rule,
        "before": sources.best(order, former.get(line["key"], ())),
        "lowered": bool(sources.lowered(line, former)),
    }


@router.get(
    "/enterprise/reporting/firms/{slug:firm}/plans/{int:year}/sources",
    response=Page[PlannedSourceOut],
    summary=_("一年控制方案的数据来源：指南规定了次序的参数"),
)
@asks(permissions.SEE)
def list_planned_sources(request: HttpRequest, firm: str, year: int, asked: Query[Paging]) -> Any:
    enterprise = firm_of(request.user, firm, what="api-plan")
    plan = plans.current(enterprise, year)
    former = sources.before(plan) if plan else {}
    lines = [each for each in plans.lines(enterprise, plan.content if plan else {}, year) if each["order"]]
    return page(request, lines, asked, lambda line: _line(line, former))
