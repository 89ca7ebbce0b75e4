"""What the operator has to look at today: one count a matter, each with its desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import (
    Agreement,
    Batch,
    Campaign,
    Case,
    Complaint,
    Correction,
    Event,
    Member,
    Methodology,
    Order,
    Partner,
    Product,
    Programme,
    Purchase,
    Refusal,
    Scene,
    SceneDay,
)
from dafeng.domains.inclusion.operations import complaints, corrections, partners
from dafeng.domains.inclusion.operations.words import rule, title_of
from dafeng.kernel.pages.kept import MINUTE, kept

CAPS = ("cap_event", "cap_day", "cap_month")
NEWEST = 200_000


@dataclass(frozen=True)
class Line:
    """A matter of the day. `late`: part of the count that is overdue; `details`: a few of them by name."""

    title: str
    count: int
    why: str
    href: str
    late: int = 0
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class System:
    """One of the four systems: what it is, its counts (words, number), where it lies."""

    title: str
    what: str
    counts: list[tuple[str, int]]
    links: list[tuple[str, str]]


def address(name: str, **names: Any) -> str:
    """Another room's page; empty while that room has none of the name."""
    try:
        return reverse(f"inclusion:{name}", kwargs=names or None)
    except NoReverseMatch:
        return ""


def day(programme: Programme, *, now: datetime) -> list[Line]:
    """Eleven counts; those of people first, as they are now; those of events and deliveries are kept for a minute."""
    today = timezone.localdate(now)
    since = timezone.make_aware(datetime.combine(today, datetime.min.time()))
    figures = kept(
        "inclusion.day", programme.code, since, make=lambda: list(_figures(programme, since)), seconds=MINUTE
    )
    return [*_people(programme, today), *_partners(programme, now), *figures]


def _people(programme: Programme, today: Any) -> Iterator[Line]:
    case = Case.objects.filter(member__programme=programme).aggregate(
        open=Count("pk", filter=Q(record__state="open")), appealed=Count("pk", filter=Q(record__state="appealed"))
    )
    yield Line(
        _("待复核案件"),
        case["open"],
        _("可疑行为按会员整理，复核后积分入账或不予采信"),
        f"{reverse('inclusion:risk')}?state=open",
    )
    yield Line(
        _("待裁决申诉"), case["appealed"], _("由发改委或生态环境局裁决"), f"{reverse('inclusion:risk')}?state=appealed"
    )
    waiting = Correction.objects.filter(event__scene__partner__programme=programme, record__state__in=corrections.OPEN)
    yield Line(_("在办更正"), waiting.count(), _("两人办理，账本冲正"), reverse("inclusion:corrections"))
    open_ones = Complaint.objects.filter(programme=programme, record__state__in=complaints.OPEN)
    counts = open_ones.aggregate(all=Count("pk"), late=Count("pk", filter=Q(due__lt=today)))
    yield Line(
        _("待答复投诉"),
        counts["all"],
        _("收到后 15 天内答复"),
        reverse("inclusion:complaints-desk"),
        late=counts["late"],
    )


def _partners(programme: Programme, now: datetime) -> Iterator[Line]:
    today, listing = timezone.localdate(now), reverse("inclusion:partners")
    until = today + timedelta(days=rule("days", "agreement_ending"))
    ending = Agreement.objects.filter(
        partner__programme=programme, record__state__in=partners.LIVE, valid_until__lte=until
    )
    found = list(ending.select_related("partner").order_by("valid_until")[:50])
    yield Line(
        _("即将到期的协议"),
        len(found),
        _("30 天内到期，到期自动终止"),
        listing,
        details=tuple(f"{each.partner.name}（{each.valid_until}）" for each in found[:5]),
    )
    applied = Partner.objects.filter(programme=programme, state=Partner.State.APPLIED).count()
    yield Line(_("待签约申请"), applied, _("签约后才能接入"), f"{listing}?state=applied")
    recent = SceneDay.objects.filter(scene=OuterRef("pk"), day__gt=today - timedelta(days=rule("days", "silent")))
    scenes = Scene.objects.filter(partner__programme=programme, active=True, partner__state=Partner.State.ACTIVE)
    silent = list(scenes.filter(~Exists(recent)).order_by("title")[:50])
    yield Line(
        _("静默场景"),
        len(silent),
        _("今天和昨天都没有行为"),
        address("scenes"),
        details=tuple(title_of(each) for each in silent[:5]),
    )


def _figures(programme: Programme, since: datetime) -> Iterator[Line]:
    held = Event.objects.filter(state=Event.State.HELD, scene__partner__programme=programme).aggregate(
        sum_points=Sum("points"), loose=Count("pk", filter=Q(case_place=None))
    )
    yield Line(
        _("审核中的积分"),
        held["sum_points"] or 0,
        _("其中 %(count)s 次行为还没有整理成案件") % {"count": held["loose"]},
        reverse("inclusion:risk"),
    )
    # No index serves the reason: of the newest acts only, which are a part of a large city's day.
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    capped = Event.objects.filter(
        pk__gt=newest - NEWEST, scene__partner__programme=programme, happened_at__gte=since, reason__in=CAPS
    )
    top = capped.values("scene__title").annotate(count=Count("pk")).order_by("-count")[:5]
    rows = list(top)
    yield Line(
        _("今天触及上限的行为"),
        sum(row["count"] for row in rows),
        _("减排量照记，积分按上限计；只数最近 20 万次行为"),
        address("scenes"),
        details=tuple(f"{row['scene__title']} {row['count']}" for row in rows),
    )
    faulty = Batch.objects.filter(partner__programme=programme, received_at__gte=since, refused__gt=0)
    faults = faulty.aggregate(count=Count("pk"), sum_refused=Sum("refused"))
    yield Line(
        _("今天有错的报送"),
        faults["count"],
        _("共 %(count)s 条被拒绝") % {"count": faults["sum_refused"] or 0},
        address("scenes"),
    )
    refused = Refusal.objects.filter(partner__programme=programme, minute__gte=since).aggregate(sum_count=Sum("count"))
    yield Line(_("今天被拒绝的请求"), refused["sum_count"] or 0, _("签名、密钥或场景不对"), address("scenes"))


def systems(programme: Programme) -> list[System]:
    """管理体系、标准体系、场景体系、市场体系, as the plan names them (plan B 六.三7); counts that are fit for everybody."""
    partner = Partner.objects.filter(programme=programme).aggregate(
        active=Count("pk", filter=Q(state="active")), platforms=Count("pk", filter=Q(state="active", kind="platform")),
        merchants=Count("pk", filter=Q(state="active", kind="merchant")),
    )  # fmt: skip
    complaint = Complaint.objects.filter(programme=programme).aggregate(
        all=Count("pk"), answered=Count("pk", filter=Q(record__state__in=("answered", "closed")))
    )
    method = Methodology.objects.aggregate(
        all=Count("pk", distinct=True),
        force=Count("pk", filter=Q(versions__record__state__in=("filed", "trial")), distinct=True),
    )
    scene = Scene.objects.filter(partner__programme=programme, active=True).aggregate(
        all=Count("pk"), methods=Count("methodology", distinct=True)
    )
    products = Product.objects.filter(partner__programme=programme, record__state="listed").count()
    orders = Order.objects.filter(partner__programme=programme, state=Order.State.USED).count()
    bought = Purchase.objects.filter(programme=programme, delivered_at__isnull=False).count()
    firms = Member.objects.filter(programme=programme, kind=Member.Kind.FIRM, closed_at=None).count()
    campaigns = Campaign.objects.filter(programme=programme, record__state="running").count()

    def links(*given: tuple[str, str]) -> list[tuple[str, str]]:
        return [(href, words) for name, words in given if (href := address(name))]

    return [
        System(
            _("管理体系"), _("谁来办、按什么协议、出了差错怎么纠正：合作协议、风控复核与申诉、冲正更正、投诉、平台互认、公开统计。"),
            [(_("合作方"), partner["active"]), (_("互认平台"), partner["platforms"]), (_("收到投诉"), complaint["all"]), (_("已答复"), complaint["answered"])],
            links(("open", _("公开统计")), ("recognitions", _("平台互认")), ("complaint-new", _("投诉与建议")), ("partner-apply", _("申请成为合作方"))),
        ),
        System(
            _("标准体系"), _("一种行为减排多少、按什么算：方法学有来源、有版本、公开征求意见后备案；积分＝减排量×折算率。"),
            [(_("方法学"), method["all"]), (_("生效或试行"), method["force"])],
            links(("standards", _("方法学与积分规则")), ("methodologies", _("方法学与积分规则"))),
        ),
        System(
            _("场景体系"), _("在哪里看得到低碳行为：公交、骑行、充电、节电、回收、低碳旅游等，经签名接口、表格或市民打卡接入。"),
            [(_("启用场景"), scene["all"]), (_("涉及方法学"), scene["methods"]), (_("进行中的活动"), campaigns)],
            links(("scenes", _("场景与接入规范")), ("campaigns", _("活动"))),
        ),
        System(
            _("市场体系"), _("积分怎样产生、交易、消纳：兑换、捐赠、家庭赠送、企业购买减排量、活动碳中和，一吨只用一次。"),
            [(_("合作商户"), partner["merchants"]), (_("在售商品"), products), (_("已用兑换券"), orders), (_("企业碳账户"), firms), (_("已交付减排量"), bought)],
            links(("mall", _("积分商城")), ("market", _("市场与消纳"))),
        ),
    ]  # fmt: skip
