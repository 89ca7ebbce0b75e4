"""What the operator keeps: agreements, complaints, risk cases, corrections, campaigns, recognition of other platforms.

States and deciders are the records'; the rows hold what a person wrote and what may have to be forgotten (texts of members are
here, never in a record, because records and the audit cannot forget).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models.market import Order
from dafeng.domains.inclusion.models.members import Challenge, Member
from dafeng.domains.inclusion.models.programme import Partner, Programme
from dafeng.domains.inclusion.models.scenes import Event, Scene
from dafeng.kernel.records.models import Evidence, Record

__all__ = [
    "Agreement",
    "Campaign",
    "CampaignGift",
    "Case",
    "CaseEvent",
    "Complaint",
    "Correction",
    "OpenFigures",
    "Recognition",
]


class Agreement(models.Model):
    """An agreement with a partner. Its record: draft → signed → suspended → resumed → ended; it switches `Partner.state`."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="agreements")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_agreement")
    number = models.CharField(_("协议编号"), max_length=40, blank=True)
    document = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    valid_from = models.DateField(_("生效日期"), null=True)
    valid_until = models.DateField(_("截止日期"), null=True, help_text="the last day")
    contact = models.CharField(_("联系人与电话"), max_length=120, blank=True)
    asks = models.CharField(_("合作内容"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("合作协议")


class Case(models.Model):
    """A member's held events, looked at together. Its record: open → cleared | rejected → appealed → upheld | overturned."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="cases")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_case")
    reason = models.CharField(_("复核说明"), max_length=300, blank=True, help_text="as the member reads it")
    appeal = models.TextField(_("申诉内容"), max_length=1000, blank=True)
    appealed_at = models.DateTimeField(null=True)
    answer = models.CharField(_("申诉答复"), max_length=300, blank=True)
    decided_at = models.DateTimeField(
        null=True, help_text="when the desk decided; the term of an appeal runs from here"
    )

    class Meta:
        verbose_name = _("风控案件")


class CaseEvent(models.Model):
    """An event belongs to one case. `rejected`: None until the case is decided."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="places")
    event = models.OneToOneField(Event, models.PROTECT, related_name="case_place")
    rejected = models.BooleanField(null=True)


class Correction(models.Model):
    """Points that were issued wrongly are taken back by reversing the ledger command. `tries` makes each attempt's keys new."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="corrections")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_correction")
    reason = models.CharField(_("更正理由"), max_length=300)
    tries = models.PositiveSmallIntegerField(default=0)
    refusal = models.CharField(_("账本答复"), max_length=200, blank=True)
    hold = models.CharField(max_length=100, blank=True, help_text="name of the dispute hold, while it lasts")
    held = models.PositiveIntegerField(_("争议冻结积分"), default=0)
    recovered = models.PositiveIntegerField(_("收回积分"), default=0)

    class Meta:
        verbose_name = _("积分更正")

    @property
    def key(self) -> str:
        return f"inclusion:correction:{self.pk}"


class Complaint(models.Model):
    """A complaint or dispute. `user` goes with erasure; `text` too. Its record: received → assigned → answered → closed | reopened once."""

    class About(models.TextChoices):
        POINTS = "points", _("积分")
        SCENE = "scene", _("场景")
        ORDER = "order", _("商户订单")
        OTHER = "other", _("其他")

    class Desk(models.TextChoices):
        OPERATOR = "operator", _("运营方")
        NDRC = "ndrc", _("发改委")
        ECOLOGY = "ecology", _("生态环境局")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="complaints")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_complaint")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    key = models.CharField(max_length=64, help_text="from the form: a double click complains once")
    about = models.CharField(_("事项"), max_length=8, choices=About.choices)
    scene = models.ForeignKey(Scene, models.PROTECT, null=True, related_name="complaints")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="complaints")
    event = models.ForeignKey(Event, models.PROTECT, null=True, related_name="complaints")
    text = models.TextField(_("内容"), max_length=2000)
    desk = models.CharField(_("承办"), max_length=10, choices=Desk.choices, blank=True)
    answer = models.TextField(_("答复"), max_length=2000, blank=True)
    again = models.CharField(_("再次提出的理由"), max_length=500, blank=True)
    received_at = models.DateTimeField(_("收到时间"))
    due = models.DateField(_("答复期限"))
    answered_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("投诉")
        constraints = (
            models.UniqueConstraint(fields=("user", "key"), condition=Q(user__isnull=False), name="complaint_once"),
        )


class Campaign(models.Model):
    """A page with scenes and dates. `each` points go to every member who qualifies, from the sponsor's account, up to `budget`."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="campaigns")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_campaign")
    code = models.SlugField(_("代码"), max_length=40, unique=True)
    title = models.CharField(_("名称"), max_length=80)
    title_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    text = models.TextField(_("介绍"), max_length=2000)
    scenes = models.ManyToManyField(Scene, related_name="campaigns")
    challenge = models.ForeignKey(Challenge, models.SET_NULL, null=True, blank=True, related_name="campaigns")
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("截止日期"), help_text="the last day")
    events_needed = models.PositiveSmallIntegerField(_("达标次数"), default=1)
    each = models.PositiveIntegerField(_("每人赠送积分"), default=0, help_text="0: a page without gifts")
    budget = models.PositiveIntegerField(_("积分预算"), default=0)
    sponsor = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="campaigns", help_text="empty: the programme's pool"
    )
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("活动")
        constraints = (models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="campaign_period"),)

    @property
    def account(self) -> str:
        """Where the gifts come from, in the ledger."""
        return self.sponsor.account if self.sponsor else f"pool:{self.programme_id}/main"


class CampaignGift(models.Model):
    """That a member got a campaign's gift, once; or why the ledger refused it."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="gifts")
    member = models.ForeignKey(Member, models.PROTECT, related_name="campaign_gifts")
    points = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("campaign", "member"), name="campaign_gift_once"),)


class Recognition(models.Model):
    """What of another city's platform counts here: `mapping` is theirs → {ours, their factor, our factor, unit}.

    Its events come in like any scene's, are computed by our methodology and paid by our rate; points are not imported.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="recognitions")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_recognition")
    mapping = models.JSONField(_("方法学对应"), default=list)
    rate_note = models.CharField(_("积分折算"), max_length=200)
    monthly_cap = models.PositiveIntegerField(_("每人每月积分上限"))
    basis = models.CharField(_("依据"), max_length=300)
    why = models.TextField(_("为什么认行为、不认积分"), max_length=1000)
    document = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    valid_from = models.DateField(_("生效日期"))
    valid_until = models.DateField(_("截止日期"))

    class Meta:
        verbose_name = _("平台互认")


class OpenFigures(models.Model):
    """What the public dashboard showed on a day: made once a day and kept, so that what was published can be shown again."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="open_figures")
    day = models.DateField()
    content = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("programme", "day"), name="open_figures_once"),)
