"""Registry, Device, Point, PointFact, Batch, Quarantine: what surrounds the readings, and nothing a reading."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.series.access import points_seen


class Registry(models.Model):
    """One row: to which folder of files this database belongs, and a stamp that changes whenever a point or a fact does.

    A database that is made anew never finds the readings of another under its points' numbers.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    folder = models.CharField(max_length=12)
    stamp = models.UUIDField(default=uuid.uuid4)


class DeviceQuerySet(models.QuerySet["Device"]):
    def for_user(self, user: Any) -> DeviceQuerySet:
        """What a person may see, as of points."""
        return self.filter(points_seen(user))


class Device(models.Model):
    """A collector or gateway that sends readings of its points. The secret is sealed; it is shown once, when it is made."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    organisation = models.CharField(_("组织"), max_length=60, blank=True)
    place = models.CharField(_("所在地"), max_length=6, blank=True, help_text="GB/T 2260")
    key_id = models.CharField(max_length=24, unique=True)
    sealed = models.BinaryField()
    made_at = models.DateTimeField(_("登记时间"))
    revoked_at = models.DateTimeField(_("停用时间"), null=True)
    last_seen_at = models.DateTimeField(_("最近报送"), null=True)
    address = models.CharField(_("Modbus 地址"), max_length=120, blank=True, help_text="host:port/unit, polled by us")
    demo = models.BooleanField(_("示例"), default=False)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("采集设备")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    @property
    def topic(self) -> str:
        """Where it publishes its readings (MQTT); its credentials open no other topic."""
        return f"dafeng/{self.code}/readings"


class PointQuerySet(models.QuerySet["Point"]):
    def for_user(self, user: Any) -> PointQuerySet:
        """What a person may see: offices all, a county its own, the people of an organisation theirs."""
        return self.filter(points_seen(user))


class Point(models.Model):
    """A meter or sensor of a subject. `unit`, `multiplier` and `formula` hold from the beginning; later ones are facts.

    `period` is the newest; where it has changed, facts say from when to when which one held.
    `unit` is also the unit in which everything that is computed of the point is told. `rated` is the highest rate that can be:
    unit an hour for registers and intervals, the unit itself for moments.
    """

    class Kind(models.TextChoices):
        REGISTER = "register", _("累计表底")
        INTERVAL = "interval", _("区间用量")
        INSTANT = "instant", _("瞬时值")

    code = models.SlugField(_("代码"), max_length=80, unique=True)
    subject = models.CharField(_("对象"), max_length=160, db_index=True)
    organisation = models.CharField(_("组织"), max_length=60, blank=True, db_index=True)
    place = models.CharField(_("所在地"), max_length=6, blank=True, help_text="GB/T 2260", db_index=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    quantity = models.CharField(_("计量内容"), max_length=20)
    unit = models.CharField(_("单位"), max_length=40)
    kind = models.CharField(_("类型"), max_length=8, choices=Kind.choices)
    period = models.PositiveIntegerField(_("周期（秒）"), default=900)
    multiplier = models.FloatField(_("倍率"), default=1.0)
    digits = models.PositiveSmallIntegerField(_("表底整数位数"), null=True, blank=True)
    rated = models.FloatField(_("额定"), null=True, blank=True)
    since = models.DateTimeField(_("投用"), null=True, blank=True)
    until = models.DateTimeField(_("停用"), null=True, blank=True)
    formula = models.JSONField(_("公式"), default=dict, blank=True, help_text="series.formulas; empty: measured")
    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="points")
    channel = models.JSONField(default=dict, blank=True, help_text="Modbus: register, type, scale")
    demo = models.BooleanField(_("示例"), default=False)

    objects = PointQuerySet.as_manager()

    class Meta:
        verbose_name = _("计量点")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name


class PointFact(models.Model):
    """What holds of a point from a moment on. Of two for the same moment the later stated counts; none is removed."""

    class Name(models.TextChoices):
        UNIT = "unit", _("单位")
        MULTIPLIER = "multiplier", _("倍率")
        FORMULA = "formula", _("公式")
        RATED = "rated", _("额定")
        DIGITS = "digits", _("表底整数位数")
        RESET = "reset", _("换表或归零")
        CLOCK = "clock", _("时钟偏差（秒）")
        FILL = "fill", _("补数时限（秒）")
        FILL_BY = "fill_by", _("补数规则")
        PERIOD = "period", _("周期（秒）")

    point = models.ForeignKey(Point, models.CASCADE, related_name="facts")
    name = models.CharField(_("名称"), max_length=12, choices=Name.choices)
    value = models.JSONField(_("值"))
    since = models.DateTimeField(_("起"))
    stated_at = models.DateTimeField(_("登记时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("计量点事实")
        ordering = ("point", "name", "since", "id")


class Batch(models.Model):
    """One delivery. Sent again under the same key: with the same digest the same answer, with another a refusal."""

    owner = models.CharField(max_length=80, help_text="device:<code>, person:<id>, or the way in")
    key = models.CharField(_("批次号"), max_length=80)
    digest = models.CharField(max_length=64)
    source = models.PositiveSmallIntegerField(_("来源"))
    received_at = models.DateTimeField(_("收到时间"))
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="batches")
    count = models.PositiveIntegerField(_("共几条"), default=0)
    accepted = models.PositiveIntegerField(_("收下"), default=0)
    again = models.PositiveIntegerField(_("以前已收下"), default=0)
    revised = models.PositiveIntegerField(_("更正"), default=0)
    refused = models.PositiveIntegerField(_("隔离"), default=0)

    class Meta:
        verbose_name = _("读数批次")
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("owner", "key"), name="series_batch_once"),)


class QuarantineQuerySet(models.QuerySet["Quarantine"]):
    def for_user(self, user: Any) -> QuarantineQuerySet:
        """What a person may see: by the organisation and place of the points or, where they are unknown, of the device."""
        return self.filter(points_seen(user))


class Quarantine(models.Model):
    """Readings of one batch that were not taken for one reason: of one point, or of many together.

    They lie in a file of columns; here is what they are.
    """

    class State(models.TextChoices):
        HELD = "held", _("待处理")
        RELEASED = "released", _("已放行")
        DROPPED = "dropped", _("已废弃")

    digest = models.CharField(max_length=64, help_text="of the batch")
    reason = models.CharField(_("原因"), max_length=40)
    source = models.PositiveSmallIntegerField(_("来源"))
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="quarantined")
    organisation = models.CharField(_("组织"), max_length=60, blank=True)
    place = models.CharField(_("所在地"), max_length=6, blank=True)
    received_at = models.DateTimeField(_("收到时间"))
    code = models.CharField(
        _("计量点代码"), max_length=80, blank=True, help_text="as told; empty: many points, or unreadable"
    )
    points = models.PositiveIntegerField(_("计量点数"), default=0)
    first_at = models.DateTimeField(_("最早"), null=True)
    last_at = models.DateTimeField(_("最晚"), null=True)
    count = models.PositiveIntegerField(_("条数"))
    example = models.JSONField(_("例"), default=dict, help_text="the first of them: code, at, value")
    path = models.CharField(max_length=200)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.HELD)
    settled_at = models.DateTimeField(_("处理时间"), null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("隔离的读数")
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("digest", "reason", "code"), name="series_quarantine_once"),)
        indexes = (models.Index(fields=("state", "reason", "code"), name="series_quarantine_alike"),)

    objects = QuarantineQuerySet.as_manager()
