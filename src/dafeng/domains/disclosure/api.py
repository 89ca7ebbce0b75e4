"""The public site over HTTP: editions, published values, the register, answers and their statistics. Reading only, for everybody."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.disclosure import numbers, permissions, register, releases, rules, voices
from dafeng.domains.disclosure.methods.duties import DutyState
from dafeng.domains.disclosure.models import OpenCity, Voice
from dafeng.domains.disclosure.views.place_and_time import city_of
from dafeng.domains.disclosure.views.register import file_address
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import unchanging
from dafeng.kernel.api.paging import Page, Paging, page

router = Router(tags=["open"])

words.describe(
    draft=_("是否草稿；只有演示安装才会公开草稿"),
    files=_("可下载的文件"),
    address=_("地址"),
    indicator_name=_("指标名称"),
    subject_name=_("对象的名称"),
    due=_("截止日期"),
    binding=_("是否强制；false 为自愿"),
    disclosed_on=_("披露日期；没有公开的披露为空"),
    greenhouse=_("是否含温室气体排放数据；没有公开的披露为空"),
    verified=_("是否经第三方核查；没有公开的披露为空"),
    link=_("披露地址"),
    public_question=_("公开的问题"),
    public_answer=_("公开的答复"),
    office_name=_("承办单位"),
    received=_("收到几件，不予受理的除外"),
    answered=_("已答复几件"),
    in_time=_("按期答复率，百分比；还没有答复为空"),
    overdue=_("逾期未答复几件"),
    median_days=_("答复天数的中位数；还没有答复为空"),
)
words.describe(within="EditionOut", version=_("版本，如 v3；草稿为 draft"))
words.describe(within="PublicRow", sector=_("领域，空为全部"), gas=_("气体，空为全部"))
words.describe(
    within="DutyOut",
    name=_("企业名称"),
    place=_("县区"),
    kind=_("披露义务的代码"),
    duty=_("披露义务"),
    year=_("报告年度"),
    state=_("due 未到期，checking 核对中，filed 已披露，late 逾期披露，missing 逾期未披露，voluntary 自愿、未披露"),
    file=_("披露材料的地址；没有文件为空"),
    source=_("名单来源"),
)
words.describe(
    within="AnswerOut",
    kind=_("report 举报，question 提问，comment 意见建议"),
    category=_("事项"),
    published_at=_("公开时间"),
)


class OpenCityOut(Schema):
    code: str
    name: str
    name_en: str


class EditionFile(Schema):
    name: str
    bytes: int
    sha256: str
    address: str


class EditionOut(Schema):
    version: str
    draft: bool
    published_at: datetime
    files: list[EditionFile]


class PublicRow(Schema):
    indicator: str
    indicator_name: str
    subject: str
    subject_name: str
    year: int
    sector: str
    gas: str
    value: float | None
    unit: str
    status: int
    notation: str
    estimated_share: float | None


class DutyOut(Schema):
    name: str
    place: str
    kind: str
    duty: str
    year: int
    due: date
    binding: bool
    state: DutyState
    disclosed_on: date | None
    greenhouse: bool | None
    verified: bool | None
    link: str
    file: str
    source: str


class AnswerOut(Schema):
    kind: Voice.Kind
    category: str
    place: str
    public_question: str
    public_answer: str
    office_name: str
    published_at: datetime


class StatisticsOut(Schema):
    received: int
    answered: int
    in_time: int | None
    overdue: int
    median_days: float | None


class ValuesAsked(Paging):
    version: str = Field(numbers.LATEST, max_length=20)
    indicator: str = Field("", max_length=80)


class RegisterAsked(Paging):
    year: Annotated[int | None, Field(ge=1900, le=2200)] = None
    state: DutyState | None = None


def _edition(edition: numbers.Edition) -> dict[str, Any]:
    def address(name: str) -> str:
        return reverse(
            "disclosure:file-of", kwargs={"code": edition.city.code, "version": edition.version, "name": name}
        )

    return {
        "version": edition.version,
        "draft": edition.draft,
        "published_at": edition.at,
        "files": [
            {"name": each.name, "bytes": each.size, "sha256": each.sha256, "address": address(each.name)}
            for each in releases.files(edition).values()
        ],
    }


def _duty(line: register.Line, city: OpenCity) -> dict[str, Any]:
    """What everybody may see of a duty: `line.filing` is a published one, of another only the state tells."""
    place, filing = line.entity.place, line.filing
    return {
        "name": line.entity.name,
        "place": city.place_name(place, english=rules.english()) if place else "",
        "kind": line.duty.kind,
        "duty": line.kind.label,
        "year": line.duty.year,
        "due": line.duty.due,
        "binding": line.duty.binding,
        "state": line.state,
        "disclosed_on": filing.disclosed_on if filing else None,
        "greenhouse": filing.greenhouse if filing else None,
        "verified": filing.verified if filing else None,
        "link": filing.link if filing else "",
        "file": file_address(filing) if filing else "",
        "source": line.duty.source,
    }


@router.get("/open/cities", response=Page[OpenCityOut], summary=_("有公开页面的城市"))
@asks(permissions.SEE)
def list_open_cities(request: HttpRequest, asked: Query[Paging]) -> Any:
    return page(request, OpenCity.objects.order_by("code").values("code", "name", "name_en"), asked)


@router.get("/open/{code}/editions", response=Page[EditionOut], summary=_("已公布的各版数据与文件，新的在前"))
@asks(permissions.SEE)
def list_editions(request: HttpRequest, code: str, asked: Query[Paging]) -> Any:
    return page(request, numbers.editions(city_of(code)), asked, _edition)


@router.get("/open/{code}/values", response=Page[PublicRow], summary=_("公开的数值（指标 × 地区 × 年 × 领域或气体）"))
@asks(permissions.SEE)
def list_open_values(request: HttpRequest, code: str, asked: Query[ValuesAsked]) -> Any:
    edition = numbers.edition(city_of(code), asked.version)
    if asked.version == edition.version:  # another one may be the latest tomorrow
        unchanging(request, edition.run.pk, public=True)
    rows = [row for row in releases.rows_of(edition) if asked.indicator in ("", row["indicator"])]
    return page(request, rows, asked, lambda row: row | {"status": Status[row["status"]]})


@router.get("/open/{code}/register", response=Page[DutyOut], summary=_("披露名录与状态"))
@asks(permissions.SEE)
def list_register(request: HttpRequest, code: str, asked: Query[RegisterAsked]) -> Any:
    city = city_of(code)
    chosen = [
        line
        for line in register.lines(city, today=timezone.localdate())
        if asked.year in (None, line.duty.year) and asked.state in (None, line.state)
    ]
    return page(request, chosen, asked, lambda line: _duty(line, city))


@router.get("/open/{code}/answers", response=Page[AnswerOut], summary=_("公开的问答，新的在前"))
@asks(permissions.SEE)
def list_answers(request: HttpRequest, code: str, asked: Query[Paging]) -> Any:
    found = voices.published(city_of(code)).order_by("-published_at", "pk")
    return page(request, found.values(*voices.PUBLIC_FIELDS), asked)


@router.get("/open/{code}/answers/statistics", response=StatisticsOut, summary=_("答复的统计"))
@asks(permissions.SEE)
def answer_statistics(request: HttpRequest, code: str) -> Any:
    return voices.statistics(city_of(code), today=timezone.localdate())
