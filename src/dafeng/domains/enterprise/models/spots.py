"""The city's own check of verified reports (核查数据抽查): the draw, a check a report, what was found."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models.reporting import Report
from dafeng.domains.enterprise.models.verification import Verification
from dafeng.kernel.records.models import Record

__all__ = ["SpotCheck", "SpotDraw", "SpotFinding"]


class SpotDraw(models.Model):
    """One draw: which reports stood in it, the seed that nobody chose, the order, how many were taken and which had to be."""

    year = models.PositiveSmallIntegerField(_("报告年度"))
    number = models.PositiveSmallIntegerField(_("次数"))
    seed = models.CharField(_("种子"), max_length=80)
    pool = models.JSONField(_("总体"), default=list)
    order = models.JSONField(_("次序"), default=list)
    certain = models.JSONField(_("必查"), default=list)
    size = models.PositiveSmallIntegerField(_("随机抽取家数"))
    reason = models.CharField(_("必查理由"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("抽取时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("抽查抽取")
        ordering = ("-year", "-number")
        constraints = (models.UniqueConstraint(fields=("year", "number"), name="spot_draw_once"),)

    def __str__(self) -> str:
        return f"{self.year} {self.number}"


class SpotCheckQuerySet(models.QuerySet["SpotCheck"]):
    def for_user(self, user: Any) -> SpotCheckQuerySet:
        """The offices all; a county, a firm and a body their own, once there is something to tell them."""
        from dafeng.domains.enterprise.verification.permissions import spots_seen

        return self.filter(spots_seen(user))


class SpotCheck(models.Model):
    """The check of one verified report. The record holds its state; the outcome takes effect when a second person confirms it.

    `facilities`: of those whose own number was adjusted, the t of the compliance boundary; `tonnes` is the whole firm with them.
    """

    class Outcome(models.TextChoices):
        SOUND = "sound", _("核查属实")
        ADJUST = "adjust", _("调整核查排放量")
        RETURN = "return", _("退回企业重新报告")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    draw = models.ForeignKey(SpotDraw, models.PROTECT, related_name="checks")
    report = models.ForeignKey(Report, models.PROTECT, related_name="spot_checks")
    verification = models.ForeignKey(Verification, models.PROTECT, related_name="spot_checks")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_spot_check")
    inspectors = models.CharField(_("检查人员"), max_length=200, blank=True)
    visited = models.DateField(_("检查日期"), null=True)
    outcome = models.CharField(_("结论"), max_length=6, choices=Outcome.choices, blank=True)
    tonnes = models.FloatField(_("调整后的履约边界排放量 (t)"), null=True)
    facilities = models.JSONField(_("按核算单元调整 (t)"), default=dict, help_text="facility → t")
    text = models.TextField(_("结论说明"), blank=True)
    told_at = models.DateTimeField(_("告知时间"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = SpotCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("核查数据抽查")
        ordering = ("-draw", "pk")
        constraints = (models.UniqueConstraint(fields=("draw", "report"), name="spot_check_once"),)

    def __str__(self) -> str:
        return str(self.record)


class SpotFinding(models.Model):
    """What an inspector found. `missed`: the body should have found it; that counts in its rating."""

    check_of = models.ForeignKey(SpotCheck, models.PROTECT, related_name="findings")
    number = models.PositiveSmallIntegerField(_("序号"))
    facts = models.TextField(_("事实"))
    missed = models.BooleanField(_("核查应发现而未发现"), default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("抽查发现")
        ordering = ("check_of", "number")
        constraints = (models.UniqueConstraint(fields=("check_of", "number"), name="spot_finding_once"),)
