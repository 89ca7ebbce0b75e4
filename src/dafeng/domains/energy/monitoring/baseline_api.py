"""The kept baselines of a firm or a park over HTTP: their words, shapes and answers, and a firm's own routes."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema

from dafeng.domains.energy.models import BaselineFit
from dafeng.domains.energy.monitoring import baselining, permissions, register
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.series.points import one_look

router = Router()

for schema in ("BaselineOut", "BaselineSavingOut"):
    words.describe(
        within=schema, id=_("编号"), fitted_at=_("拟合时间"), first=_("回归时段起"), last=_("回归时段止"), days=_("计入的天数"), meters=_("计量点代码"),
        station=_("气象站的计量点代码；不含天气为空"), coefficients=_("系数，kWh/日：group_… 各类日子的用量，heating、cooling 每低于、高于基准 1 ℃"),
        heating_base=_("采暖基准温度，℃；没有为空"), cooling_base=_("制冷基准温度，℃；没有为空"), cv_rmse=_("CV(RMSE)，如 0.12"), nmbe=_("NMBE，如 0.01"),
        r2=_("R²"), acceptable=_("是否在界限内"), standing=_("界限的可信程度"),
    )  # fmt: skip
words.describe(
    within="BaselineSavingOut", compared_first=_("比较期起；还没有一天可比为空"), compared_last=_("比较期止"), compared_days=_("可比的天数"),
    actual=_("可比各天的实际用电，kWh；没有可比的天为空"), expected=_("同样各天的基线，kWh"), saved=_("少用的电，kWh；负数为多用"), share=_("少用占基线，%"),
)  # fmt: skip
words.describe(compared_from=_("比较期起；不填为回归时段之后"), compared_until=_("比较期止；不填为四周"))


class BaselineOut(Schema):
    id: int
    fitted_at: datetime
    first: date
    last: date
    days: int
    meters: list[str]
    station: str
    coefficients: dict[str, float]
    heating_base: int | None
    cooling_base: int | None
    cv_rmse: float
    nmbe: float
    r2: float
    acceptable: bool
    standing: str


class BaselineSavingOut(BaselineOut):
    compared_first: date | None
    compared_last: date | None
    compared_days: int
    actual: float | None
    expected: float | None
    saved: float | None
    share: float | None


class BaselineAsked(Schema):
    compared_from: date | None = None
    compared_until: date | None = None


def told(fit: BaselineFit) -> dict[str, Any]:
    names = set(BaselineOut.model_fields) - {"station"}
    return {name: getattr(fit, name) for name in names} | {"station": fit.station.code if fit.station else ""}


def told_with_saving(subject: str, id: int, asked: BaselineAsked) -> dict[str, Any]:
    """One kept fit of a firm or a park, and what was saved against it. Raises `NotFound`, `PeriodError`."""
    fit = baselining.one(subject, id)
    found = baselining.against(fit, asked.compared_from, asked.compared_until, today=timezone.localdate())
    sums = found.sums if found else None
    return told(fit) | {
        "compared_first": found.days[0] if found else None, "compared_last": found.days[-1] if found else None,
        "compared_days": found.compared if found else 0, "actual": sums and sums[0], "expected": sums and sums[1],
        "saved": found.saved if found else None, "share": found.share if found else None,
    }  # fmt: skip


@router.get("/energy/users/{code}/baselines", response=Page[BaselineOut], summary=_("一家单位历次用电基线，新的在前"))
@asks(permissions.SEE)
def list_energy_baselines(request: HttpRequest, code: str, paging: Annotated[Paging, Query()]) -> dict[str, Any]:
    firm = register.monitored_for(request.user, code)
    return page(request, baselining.kept(firm.enterprise.subject), paging, told)


@router.get(
    "/energy/users/{code}/baselines/{int:id}",
    response=BaselineSavingOut,
    summary=_("一家单位的一次用电基线，和对它少用了多少"),
)
@asks(permissions.SEE)
@one_look()
def show_energy_baseline(
    request: HttpRequest, code: str, id: int, asked: Annotated[BaselineAsked, Query()]
) -> dict[str, Any]:
    firm = register.monitored_for(request.user, code)
    return told_with_saving(firm.enterprise.subject, id, asked)
