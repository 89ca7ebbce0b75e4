"""Indicator, Run, Value."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.accounting.status import Notation, Status
from dafeng.kernel.records.append_only import AppendOnly, AppendOnlyQuerySet


class Indicator(models.Model):
    """A quantity that the city knows by a code. Its unit is the unit in which every value of it is stored."""

    code = models.CharField(_("代码"), max_length=120, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    unit = models.CharField(_("单位"), max_length=40)
    description = models.TextField(_("说明"), blank=True)
    decimals = models.PositiveSmallIntegerField(_("小数位数"), default=2)

    class Meta:
        verbose_name = _("指标")

    def __str__(self) -> str:
        return self.code


class Run(models.Model):
    """One computation of one subject. At most one run of a (domain, kind, subject, variant) is `done`: the current one."""

    class State(models.TextChoices):
        RUNNING = "running", _("计算中")
        DONE = "done", _("现行")
        FAILED = "failed", _("失败")
        SUPERSEDED = "superseded", _("已被取代")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    domain = models.CharField(_("领域"), max_length=60)
    kind = models.CharField(_("类别"), max_length=60)
    subject = models.CharField(_("对象"), max_length=160)
    variant = models.CharField(_("口径"), max_length=120, blank=True)
    parameters = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the inputs")
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(_("开始时间"))
    finished_at = models.DateTimeField(_("结束时间"), null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    supersedes = models.ForeignKey("self", models.PROTECT, null=True, related_name="superseded_by")
    note = models.TextField(_("说明"), blank=True)

    class Meta:
        verbose_name = _("计算")
        constraints = (
            models.UniqueConstraint(
                fields=("domain", "kind", "subject", "variant"),
                condition=Q(state="done"),
                name="indicators_run_current",
            ),
        )
        indexes = (models.Index(fields=("domain", "kind", "subject", "variant"), name="indicators_run_stream"),)

    def __str__(self) -> str:
        return f"{self.domain}/{self.kind} {self.subject} {self.variant}".strip()


class ValueQuerySet(AppendOnlyQuerySet["Value"]):
    """Reads and inserts."""


class Value(AppendOnly):
    """One figure of a run, or the notation key that stands in its place."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="values")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="values")
    subject = models.CharField(_("对象"), max_length=160)
    period = models.CharField(_("时期"), max_length=7)
    key = models.CharField(_("维度"), max_length=200, blank=True)
    value = models.FloatField(_("数值"), null=True)
    unit = models.CharField(_("单位"), max_length=40)
    status = models.PositiveSmallIntegerField(_("可信程度"), choices=[(int(each), each.label) for each in Status])
    notation = models.CharField(
        _("符号"), max_length=2, blank=True, choices=[(str(each), each.label) for each in Notation]
    )
    basis_share_estimated = models.FloatField(_("估算部分占比"), null=True)
    lineage = models.JSONField(default=dict)

    objects = ValueQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标值")
        constraints = (
            models.UniqueConstraint(
                fields=("run", "indicator", "subject", "period", "key"), name="indicators_value_once"
            ),
            models.CheckConstraint(condition=Q(status__lte=2), name="indicators_value_status"),
            models.CheckConstraint(
                condition=Q(value__isnull=False, notation="") | (Q(value__isnull=True) & ~Q(notation="")),
                name="indicators_value_or_notation",
            ),
            models.CheckConstraint(
                condition=Q(basis_share_estimated__isnull=True)
                | Q(basis_share_estimated__gte=0, basis_share_estimated__lte=1),
                name="indicators_value_share",
            ),
        )
        indexes = (models.Index(fields=("indicator", "subject", "period"), name="indicators_value_read"),)

    def __str__(self) -> str:
        shown = self.notation if self.value is None else f"{self.value:g} {self.unit}"
        return f"{self.indicator_id} {self.subject} {self.period} {self.key} {shown}"
