"""Scenes and the events that come in through them. An event keeps its number, its answer and what became of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models.members import Member
from dafeng.domains.inclusion.models.programme import Partner
from dafeng.domains.inclusion.models.standards import Methodology, MethodologyVersion

__all__ = [
    "Batch",
    "DeviceUse",
    "Event",
    "MonthUse",
    "Nonce",
    "Photo",
    "Refusal",
    "Scene",
    "SceneDay",
    "SceneKey",
    "Turn",
]


class Scene(models.Model):
    """Where a behaviour is seen: a partner, a methodology, a way in. Caps are points a member and event, day or month; 0 is no cap."""

    class Channel(models.TextChoices):
        API = "api", _("接口")
        CSV = "csv", _("表格")
        SELF = "self", _("市民打卡")

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="scenes")
    code = models.SlugField(_("代码"), max_length=40, unique=True)
    title = models.CharField(_("名称"), max_length=120)
    title_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    methodology = models.ForeignKey(Methodology, models.PROTECT, related_name="scenes")
    channels = models.JSONField(_("接入方式"), default=list)
    about = models.CharField(_("说明"), max_length=200, blank=True)
    about_en = models.CharField(_("英文说明"), max_length=300, blank=True)
    photo = models.BooleanField(_("打卡要有照片"), default=False)
    event_cap = models.PositiveIntegerField(_("每次积分上限"), default=0)
    daily_cap = models.PositiveIntegerField(_("每人每日积分上限"), default=0)
    monthly_cap = models.PositiveIntegerField(_("每人每月积分上限"), default=0)
    limits = models.JSONField(_("数量范围"), default=dict, help_text="monitoring field → [least, most]")
    active = models.BooleanField(_("启用"), default=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("场景")

    def __str__(self) -> str:
        return self.title


class SceneKey(models.Model):
    """A key with which a partner signs. The secret is sealed; it is shown once, when it is made."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="keys")
    key_id = models.CharField(max_length=24, unique=True)
    sealed = models.BinaryField()
    note = models.CharField(_("用途"), max_length=60, blank=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)


class Nonce(models.Model):
    """A signature seen, so that it is not taken twice. Rows live as long as a signature may be old."""

    key = models.ForeignKey(SceneKey, models.CASCADE)
    value = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key", "value"), name="nonce_once"),)


class Batch(models.Model):
    """One delivery. Sent again under the same key: with the same digest the same answer, with another a refusal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="batches")
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    channel = models.CharField(max_length=4, choices=Scene.Channel.choices)
    received_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    again = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    again_at = models.JSONField(default=list, help_text="places (from 0) of events that were there before")
    faults = models.JSONField(default=list, help_text="[place, number, reason code, field] of each refused event")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("partner", "key"), name="batch_once"),)
        indexes = (models.Index(fields=("partner", "-received_at"), name="batch_of_partner"),)


class Refusal(models.Model):
    """What was refused and could not become a row of events: a wrong signature, a changed batch, a scene that is not there.

    The same once more within a minute is counted on the same row, so that noise cannot fill the list.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="refusals")
    reason = models.CharField(max_length=40)
    key_id = models.CharField(max_length=24, blank=True)
    source_id = models.CharField(
        _("编号"), max_length=80, blank=True, help_text="number of the event, or key of the batch"
    )
    field = models.CharField(max_length=60, blank=True)
    minute = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("partner", "minute", "reason", "key_id", "source_id"), name="refusal_once"),
        )


class Event(models.Model):
    """One behaviour of one member, or the refusal of one.

    `source_id` is the scene's own number; `digest` is of what was sent. `benefit`: what the event is paid with, once.
    `ledger_key` is the key of the ledger command that paid it (or holds it, while it waits for review).
    """

    class State(models.IntegerChoices):
        RECEIVED = 0, _("已收到")
        POSTED = 1, _("已入账")
        HELD = 2, _("审核中")
        REFUSED = 3, _("未采信")
        REVERSED = 4, _("已更正")
        NOTHING = 5, _("不计积分")

    class Benefit(models.TextChoices):
        POINTS = "points", _("积分")
        REWARD = "reward", _("奖励资金")

    # The constraint and the indexes below serve these keys; every further index would cost each of a million events a day.
    scene = models.ForeignKey(Scene, models.PROTECT, related_name="events", db_index=False)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="events", db_index=False)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="events", db_index=False)
    source_id = models.CharField(max_length=64)
    digest = models.CharField(max_length=32)
    happened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="of a trip or a charge")
    received_at = models.DateTimeField()
    device = models.CharField(max_length=32, blank=True, help_text="hash of the device that reported it")
    # Places in hundredths of a degree (about a kilometre): enough to see an impossible jump, too coarse to find a door.
    from_x = models.SmallIntegerField(null=True)
    from_y = models.SmallIntegerField(null=True)
    to_x = models.SmallIntegerField(null=True)
    to_y = models.SmallIntegerField(null=True)
    data = models.JSONField(default=dict, help_text="monitoring data as the methodology names them")
    state = models.PositiveSmallIntegerField(choices=State.choices, default=State.RECEIVED)
    reason = models.CharField(max_length=40, blank=True, help_text="reason code of a refusal, or of points left out")
    version = models.ForeignKey(MethodologyVersion, models.PROTECT, null=True, related_name="+", db_index=False)
    grams = models.BigIntegerField(default=0, help_text="g CO2e spared, after the methodology's discount")
    points = models.PositiveIntegerField(default=0)
    benefit = models.CharField(max_length=8, choices=Benefit.choices, default=Benefit.POINTS)
    score = models.PositiveSmallIntegerField(default=0, help_text="0 to 100, how suspicious")
    findings = models.JSONField(default=list, help_text="[rule, share of the score, facts] of each finding")
    ledger_key = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("减碳行为")
        constraints = (models.UniqueConstraint(fields=("scene", "source_id"), name="event_once"),)
        indexes = (
            models.Index(fields=("member", "happened_at"), name="event_of_member"),
            models.Index(fields=("id",), condition=Q(state=0), name="event_waiting"),
            models.Index(fields=("happened_at",), condition=Q(state=2), name="event_held"),
            models.Index(fields=("scene", "-id"), condition=Q(state=3), name="event_refused"),
            models.Index(fields=("batch",), condition=Q(batch__isnull=False), name="event_of_batch"),
        )


class Photo(models.Model):
    """A citizen's photograph of what they did, without its metadata. Not evidence of the records: evidence can never be
    erased, and what shows a person must be."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="photos")
    content = models.BinaryField()
    media_type = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)


class SceneDay(models.Model):
    """What became of a scene's events of one local day: what desks and the dashboard count with."""

    scene = models.ForeignKey(Scene, models.CASCADE, related_name="days")
    day = models.DateField()
    posted = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    unpaid = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    grams = models.BigIntegerField(default=0, help_text="of what is posted")
    points = models.BigIntegerField(default=0, help_text="of what is posted")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("scene", "day"), name="scene_day_once"),)


class MonthUse(models.Model):
    """How many points of a scene a member has had for a month: what the monthly cap is measured by. The points are the ledger's."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+", db_index=False)
    scene = models.ForeignKey(Scene, models.CASCADE, related_name="+", db_index=False)
    month = models.CharField(max_length=7)
    points = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("member", "scene", "month"), name="month_use_once"),)


class DeviceUse(models.Model):
    """That a member has been seen on a device: many members on one device are a farm."""

    device = models.CharField(max_length=32)
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("device", "member"), name="device_use_once"),)


class Turn(models.Model):
    """Whose turn it is to write: a number that each chunk moves on by one. Who finds it moved begins again."""

    name = models.CharField(max_length=20, primary_key=True)
    number = models.BigIntegerField(default=0)
