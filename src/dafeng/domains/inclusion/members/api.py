"""One's own account over HTTP: for the member's own programs, under a token of theirs with the scope `inclusion:read`."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema
from pydantic import Field

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members import accounts, receipts, summaries, words
from dafeng.domains.inclusion.models import Event, Member
from dafeng.kernel.actions import asks
from dafeng.kernel.api import words as api_words
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.errors import NotFound

router = Router(tags=["inclusion"])

api_words.describe(
    within="OwnAccount",
    pseudonym=_("账户在账本中的编号，不含身份"),
    county=_("县区代码"),
    joined_at=_("开通时间"),
    suspended=_("是否暂停"),
    available=_("可用积分"),
    pending=_("待确认或被占用的积分"),
    grams=_("累计减排量，克 CO2e"),
    actions=_("已入账的减碳行为次数"),
    level=_("等级"),
)
api_words.describe(
    within="OwnLine",
    number=_("账本分录号"),
    at=_("时间"),
    text=_("这一笔是什么"),
    change=_("积分增减"),
    held=_("占用的积分；负数为解除"),
    balance=_("此后的积分总数"),
)
api_words.describe(within="OwnStatement", lines=_("明细，新的在前"), next=_("下一页的游标；没有更多为空"))
api_words.describe(within="StatementAsked", limit=_("每页行数，最多 200"))
api_words.describe(after=_("上一页给出的游标"))
api_words.describe(
    within="OwnEvent",
    id=_("编号"),
    scene=_("场景代码"),
    title=_("场景名称"),
    happened_at=_("发生时间"),
    state=_("状态：received 已收到，posted 已入账，held 审核中，refused 未采信，reversed 已更正，nothing 不计积分"),
    reason=_("原因代码；没有为空"),
    grams=_("减排量，克 CO2e"),
    points=_("积分"),
)


class OwnAccount(Schema):
    pseudonym: str
    county: str
    joined_at: datetime
    suspended: bool
    available: int
    pending: int
    grams: int
    actions: int
    level: str


class OwnLine(Schema):
    number: int
    at: datetime
    text: str
    change: int
    held: int
    balance: int


class OwnStatement(Schema):
    lines: list[OwnLine]
    next: str


class StatementAsked(Schema):
    after: str = Field("", max_length=200)
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class OwnEvent(Schema):
    id: int
    scene: str
    title: str
    happened_at: datetime
    state: str
    reason: str
    grams: int
    points: int


def _own(request: HttpRequest) -> Member:
    """Raises `NotFound` for who has no account."""
    found = accounts.member_of(request.user)
    if found is None:
        raise NotFound(_now("您还没有开通碳账户"), mend=_now("请先在网页上开通"))
    return found


@router.get("/inclusion/me", response=OwnAccount, summary=_("我的碳账户：积分、累计减排量、等级"))
@asks(permissions.OWN)
def show_own_account(request: HttpRequest) -> Any:
    member = _own(request)
    purse = summaries.purse(member, now=timezone.now())
    grams, actions = summaries.grams_of(member)
    return {
        "pseudonym": member.pseudonym,
        "county": member.county,
        "joined_at": member.joined_at,
        "suspended": member.suspended_at is not None,
        "available": purse.available,
        "pending": purse.pending,
        "grams": grams,
        "actions": actions,
        "level": summaries.level_of(grams).title,
    }


@router.get("/inclusion/me/statement", response=OwnStatement, summary=_("我的积分明细，按游标翻页"))
@asks(permissions.OWN)
def list_own_statement(request: HttpRequest, asked: Query[StatementAsked]) -> Any:
    found = receipts.statement(_own(request), after=asked.after, limit=asked.limit)
    names = ("at", "text", "change", "held", "balance")
    lines = [{"number": each.seq} | {name: getattr(each, name) for name in names} for each in found.receipts]
    return {"lines": lines, "next": found.next}


@router.get("/inclusion/me/events", response=Page[OwnEvent], summary=_("我的减碳行为，新的在前"))
@asks(permissions.OWN)
def list_own_events(request: HttpRequest, asked: Query[Paging]) -> Any:
    rows = Event.objects.filter(member=_own(request)).select_related("scene").order_by("-happened_at", "-pk")
    return page(request, rows, asked, _event)


def _event(event: Event) -> dict[str, Any]:
    return {
        "id": event.pk,
        "scene": event.scene.code,
        "title": words.in_language({"title": event.scene.title, "title_en": event.scene.title_en}, "title"),
        "happened_at": event.happened_at,
        "state": Event.State(event.state).name.lower(),
        "reason": event.reason,
        "grams": event.grams,
        "points": event.points,
    }
