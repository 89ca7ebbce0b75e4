"""What the compliance room stores: who is covered, what was allocated, cut and is owed, trades, surrenders, offsets, signatures.

Amounts of allowances are whole tonnes and live on the ledger; these rows say why they moved. Money is Decimal.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models.reporting import Report
from dafeng.kernel.enterprises.access import enterprises_seen
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.append_only import AppendOnly, AppendOnlyQuerySet
from dafeng.kernel.records.models import Evidence

__all__ = ["Allocation", "AllocationCut", "CarbonDuty", "CarbonTrade", "CcerBatch", "CompliancePaper", "Covered", "RuleSignature", "Surrender"]  # fmt: skip


class SeenQuerySet(AppendOnlyQuerySet[Any]):
    def for_user(self, user: Any) -> SeenQuerySet:
        """The offices all, a county its own, an enterprise its own."""
        return self.filter(enterprises_seen(user, at="enterprise"))


class CompliancePaper(AppendOnly):
    """An official paper on which an entry rests: its name and number, its date, and the file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.CharField(_("文件名称、文号"), max_length=200)
    dated = models.DateField(_("文件日期"))
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("依据文件")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.document}（{self.dated}）"


class Standing(models.Manager[Any]):
    """Entries that nobody withdrew."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(withdrawn_at=None)


class Withdrawable(models.Model):
    """An entry of the bureau that it may withdraw with a reason: the row stays and no longer counts. `objects` are those that stand."""

    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    withdrawn_why = models.CharField(_("撤回理由"), max_length=300, blank=True)

    objects = Standing()
    every = models.Manager()

    class Meta:
        abstract = True


class Covered(Withdrawable):
    """A key emitting entity of a year's list, with where that is said. `paper`: the published list; without one the screening proposed it."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="covered_years")
    year = models.PositiveSmallIntegerField(_("年度"))
    sector = models.SlugField(_("行业"), max_length=40, help_text="power | industry")
    source = models.CharField(_("依据"), max_length=300)
    paper = models.ForeignKey(CompliancePaper, models.PROTECT, null=True, related_name="listed")
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("纳入名录的单位")
        constraints = (models.UniqueConstraint(fields=("enterprise", "year"), condition=models.Q(withdrawn_at=None), name="covered_once"),)  # fmt: skip


class Allocation(AppendOnly):
    """A firm's allowances of a year by a rule set: pre-allocated or final, every step kept. A correction is a higher number.

    `tonnes` is what the rules give, `cuts` the decisions that lessen it (id → t): all stages of a year together issue `tonnes` less the cuts.
    `report`: whose units were taken, none where they were typed.
    """

    class Stage(models.TextChoices):
        PRE = "pre", _("预分配")
        FINAL = "final", _("核定")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="allocations")
    year = models.PositiveSmallIntegerField(_("年度"))
    stage = models.CharField(_("阶段"), max_length=5, choices=Stage.choices)
    number = models.PositiveSmallIntegerField(_("版次"))
    rule_set = models.CharField(_("规则"), max_length=60)
    signed = models.JSONField(_("已签认"), default=list)
    units = models.JSONField(_("机组数据"), default=list)
    rows = models.JSONField(_("计算步骤"), default=list)
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="+")
    tonnes = models.PositiveBigIntegerField(_("配额 (t)"))
    cuts = models.JSONField(_("核减"), default=dict)
    issued = models.BigIntegerField(_("本次发放 (t)"), help_text=_("负数为应收回"))
    ledger_key = models.CharField(_("账本编号"), max_length=120, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("核定时间"))
    demo = models.BooleanField(_("示例"), default=False)

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("配额分配")
        ordering = ("-year", "-stage", "-number")
        constraints = (
            models.UniqueConstraint(fields=("enterprise", "year", "stage", "number"), name="allocation_once"),
        )


class AllocationCut(Withdrawable):
    """A decision that lessens the next allocation: arrears that were not made good, or false data found after the surrender."""

    class Kind(models.TextChoices):
        ARREARS = "arrears", _("欠缴等量核减")
        FALSE_DATA = "false_data", _("虚报等量核减")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="allocation_cuts")
    kind = models.CharField(_("类别"), max_length=10, choices=Kind.choices)
    year = models.PositiveSmallIntegerField(_("违规所在年度"))
    from_year = models.PositiveSmallIntegerField(_("核减年度"))
    tonnes = models.PositiveBigIntegerField(_("核减 (t)"))
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    standing = models.CharField(_("规则的可信程度"), max_length=1)
    source = models.CharField(_("规则的出处"), max_length=200)
    paper = models.ForeignKey(CompliancePaper, models.PROTECT, related_name="cuts")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("配额核减")
        ordering = ("from_year", "at")
        constraints = (models.UniqueConstraint(fields=("enterprise", "year"), condition=models.Q(kind="arrears", withdrawn_at=None), name="arrears_cut_once"),)  # fmt: skip


class CarbonDuty(AppendOnly):
    """What a firm must surrender for a year; recorded again when the verified emissions or the allocation change."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="carbon_duties")
    year = models.PositiveSmallIntegerField(_("年度"))
    number = models.PositiveSmallIntegerField(_("版次"))
    report = models.ForeignKey(Report, models.PROTECT, null=True, related_name="+")
    paper = models.ForeignKey(CompliancePaper, models.PROTECT, null=True, related_name="duties")
    emissions = models.PositiveBigIntegerField(_("核查排放量 (t)"))
    free = models.PositiveBigIntegerField(_("核定配额 (t)"), null=True)
    tonnes = models.PositiveBigIntegerField(_("应清缴量 (t)"))
    steps = models.JSONField(_("计算步骤"), default=list)
    due = models.DateField(_("清缴期限"))
    ledger_key = models.CharField(_("账本编号"), max_length=120)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("应清缴量")
        ordering = ("-year", "-number")
        constraints = (models.UniqueConstraint(fields=("enterprise", "year", "number"), name="carbon_duty_once"),)

    @property
    def released(self) -> bool:
        """The firm's row on the list was withdrawn and the duty with it: there is none."""
        return any(step["code"] == "released" for step in self.steps)


class CarbonTrade(AppendOnly):
    """A trade as told by the exchange: who sold what to whom at which price. An empty side is a firm outside the city."""

    class Way(models.TextChoices):
        LISTING = "listing", _("挂牌协议")
        BLOCK = "block", _("大宗协议")
        BIDDING = "bidding", _("单向竞价")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seller = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="carbon_sales")
    buyer = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="carbon_purchases")
    asset = models.CharField(_("品种"), max_length=8, help_text="CEA | CCER")
    vintage = models.PositiveSmallIntegerField(_("年份"))
    lot = models.CharField(_("批次"), max_length=80)
    tonnes = models.PositiveBigIntegerField(_("数量 (t)"))
    price = models.DecimalField(_("价格 (元/t)"), max_digits=10, decimal_places=2)
    way = models.CharField(_("方式"), max_length=8, choices=Way.choices)
    day = models.DateField(_("成交日"))
    ledger_key = models.CharField(_("账本编号"), max_length=120, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("成交")
        ordering = ("-day", "-at")


class CcerBatch(models.Model):
    """A batch of certified reductions from outside, and whether its project may serve for offsetting."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    project = models.CharField(_("项目"), max_length=160)
    started = models.DateField(_("项目开工日"))
    reduced_from = models.DateField(_("减排量起始日"))
    reduced_to = models.DateField(_("减排量截止日"))
    covered = models.BooleanField(_("来自配额管理范围"), default=False)
    source = models.CharField(_("依据"), max_length=200)
    paper = models.ForeignKey(CompliancePaper, models.PROTECT, null=True, related_name="batches")
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("核证自愿减排量批次")

    def __str__(self) -> str:
        return self.project


class Surrender(models.Model):
    """An application to surrender for a year. Applied for, the units are held; decided, they leave or are free again."""

    class State(models.TextChoices):
        APPLIED = "applied", _("已申请")
        DONE = "done", _("已清缴")
        REFUSED = "refused", _("已驳回")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="surrenders")
    year = models.PositiveSmallIntegerField(_("年度"))
    tonnes = models.PositiveBigIntegerField(_("配额 (t)"))
    ccer = models.PositiveBigIntegerField(_("抵销 (t)"), default=0)
    vintages = models.JSONField(_("各年份"), default=dict)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.APPLIED)
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    applied_at = models.DateTimeField(_("申请时间"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("办理时间"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("清缴申请")
        ordering = ("-applied_at",)


class RuleSignature(AppendOnly):
    """Somebody vouches for an open value of a rule set: which, by what source. Withdrawn by a later row."""

    rule_set = models.CharField(_("规则"), max_length=60)
    item = models.CharField(_("项目"), max_length=60)
    stands = models.BooleanField(_("有效"), default=True)
    source = models.CharField(_("依据"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("签认时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("规则签认")
        ordering = ("pk",)
