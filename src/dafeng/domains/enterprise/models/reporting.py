"""Facilities and their boundary, control plans, monthly values with their evidence, findings, and annual reports."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.models import Evidence, Record

__all__ = [
    "BoundaryChange",
    "CheckFinding",
    "ControlPlan",
    "Facility",
    "LateLeave",
    "MeasuringPoint",
    "MonthFiling",
    "MonthlyValue",
    "ParameterSignature",
    "Report",
    "Submission",
    "ValueImport",
]


class FacilityQuerySet(models.QuerySet["Facility"]):
    def for_user(self, user: Any) -> FacilityQuerySet:
        """The offices all, a county its own, an enterprise its own, a verifier those of the reports that its body is assigned to."""
        from dafeng.domains.enterprise.reporting.permissions import facilities_seen

        return self.filter(facilities_seen(user))

    def units(self) -> FacilityQuerySet:
        """What is told and counted: everything but installations, for which their units tell."""
        return self.filter(units__isnull=True)


class Facility(models.Model):
    """What is counted by itself: a power unit, a clinker line, a works. `sector` is the code of a sector schema.

    A unit may belong to an installation (`parent`, one step up and no more); a facility without one is its own installation. An
    installation that has units tells and counts nothing itself. `facts` are dated unit data, name → [[since, value], …]: class, cooling,
    capacity.
    """

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="facilities")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="units", verbose_name=_("所属装置")
    )
    code = models.SlugField(_("代码"), max_length=60)
    name = models.CharField(_("名称"), max_length=120)
    sector = models.SlugField(_("行业方法"), max_length=40)
    since = models.DateField(_("投产"))
    until = models.DateField(_("关停"), null=True, blank=True)
    compliance = models.BooleanField(_("计入履约边界"), default=True)
    facts = models.JSONField(_("设施信息"), default=dict, blank=True)

    objects = FacilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("核算单元")
        ordering = ("enterprise", "code")
        constraints = (models.UniqueConstraint(fields=("enterprise", "code"), name="facility_once"),)

    def __str__(self) -> str:
        return self.name


class MeasuringPoint(models.Model):
    """测点: an instrument of a unit and the item that it measures, from a day until another.

    `calibrated`: the days of its calibrations (ISO, in their order); each holds for `period` months. `reading`: the code of the point of
    the readings store whose use fills the item, where there is one.
    """

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="points")
    code = models.CharField(_("测点代码"), max_length=60)
    item = models.SlugField(_("项目"), max_length=60)
    stream = models.CharField(_("源流"), max_length=60, blank=True)
    instrument = models.CharField(_("器具类型和型号"), max_length=120)
    accuracy = models.CharField(_("准确度等级"), max_length=40, blank=True)
    place = models.CharField(_("安装位置"), max_length=120, blank=True)
    calibrated = models.JSONField(_("检定或校准日期"), default=list, blank=True)
    period = models.PositiveSmallIntegerField(_("检定周期（月）"), null=True, blank=True)
    reading = models.CharField(_("能源监测的计量点"), max_length=80, blank=True)
    since = models.DateField(_("启用"))
    until = models.DateField(_("停用"), null=True, blank=True)

    class Meta:
        verbose_name = _("测点")
        ordering = ("facility", "code")
        constraints = (models.UniqueConstraint(fields=("facility", "code"), name="measuring_point_once"),)

    def __str__(self) -> str:
        return self.code


class BoundaryChange(models.Model):
    """A dated change of what an enterprise's report covers: taken in, left out, merged, moved; with its reason and evidence."""

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="changes")
    day = models.DateField(_("日期"))
    boundary = models.CharField(_("边界"), max_length=12, help_text="reporting | compliance")
    inside = models.BooleanField(_("计入"))
    reason = models.TextField(_("理由"))
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("边界变化")
        ordering = ("day", "pk")

    def __str__(self) -> str:
        return f"{self.facility} {self.day}"


class ControlPlan(models.Model):
    """数据质量控制方案 of a year: how each parameter is obtained. The record holds its state; a revision is a new number."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="control_plans")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_control_plan")
    year = models.PositiveSmallIntegerField(_("年度"))
    number = models.PositiveSmallIntegerField(_("版本"))
    content = models.JSONField(_("内容"), default=dict)

    class Meta:
        verbose_name = _("数据质量控制方案")
        constraints = (models.UniqueConstraint(fields=("enterprise", "year", "number"), name="control_plan_once"),)

    def __str__(self) -> str:
        return f"{self.enterprise} {self.year} v{self.number}"


class MonthlyValue(models.Model):
    """One item of one facility in one month as it was told, by form, sheet, program or meter. A correction is a higher revision.

    `tested`: the day on which a laboratory tested it, where its report says so.
    """

    class Way(models.TextChoices):
        MEASURED = "measured", _("实测")
        INVOICE = "invoice", _("结算凭证")
        METER = "meter", _("在线计量")
        DEFAULT = "default", _("缺省值")

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="values")
    month = models.CharField(_("月份"), max_length=7, help_text="2025-03; 2025 for annual items")
    item = models.SlugField(_("项目"), max_length=60)
    stream = models.CharField(_("源流"), max_length=60, blank=True)
    revision = models.PositiveSmallIntegerField(_("修订"), default=1)
    value = models.FloatField(_("数值"), null=True)
    notation = models.CharField(_("符号"), max_length=4, blank=True)
    unit = models.CharField(_("单位"), max_length=30)
    way = models.CharField(_("取得方式"), max_length=10, choices=Way.choices)
    source = models.CharField(_("来源"), max_length=160, blank=True)
    tested = models.DateField(_("检测日期"), null=True, blank=True)
    evidence = models.ManyToManyField(Evidence, blank=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))
    reason = models.TextField(_("修改理由"), blank=True)
    current = models.BooleanField(_("现行"), default=True)
    imported = models.ForeignKey(Record, models.PROTECT, null=True, blank=True, related_name="enterprise_values")

    class Meta:
        verbose_name = _("月度数据")
        indexes = (models.Index(fields=("facility", "month"), name="monthly_value_month"),)
        constraints = (
            models.UniqueConstraint(
                fields=("facility", "month", "item", "stream", "revision"), name="monthly_value_once"
            ),
            models.UniqueConstraint(
                fields=("facility", "month", "item", "stream"),
                condition=models.Q(current=True),
                name="monthly_value_current",
            ),
        )

    def __str__(self) -> str:
        return f"{self.facility} {self.month} {self.item} {self.stream}".rstrip()


class ValueImport(models.Model):
    """A workbook of values for one facility: staged in its record's payload, then committed whole, and undone whole."""

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="imports")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_import")

    class Meta:
        verbose_name = _("月度数据导入")

    def __str__(self) -> str:
        return str(self.record)


class MonthFiling(models.Model):
    """月度存证: a facility's month declared complete, and what it held then. The 40-day clock stops at the first one."""

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="filings")
    month = models.CharField(_("月份"), max_length=7)
    at = models.DateTimeField(_("存证时间"))
    due = models.DateField(_("截止日期"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    digest = models.CharField("SHA-256", max_length=64, help_text="of the month's values and evidence as filed")

    class Meta:
        verbose_name = _("月度存证")
        ordering = ("month", "at")

    def __str__(self) -> str:
        return f"{self.facility} {self.month}"

    @property
    def late(self) -> bool:
        """By the day on which it was filed here, not by the day of UTC."""
        return timezone.localdate(self.at) > self.due


class LateLeave(models.Model):
    """准予补报: the bureau lets an enterprise hand in a year's report after the day that the rules set, until a day."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="late_leaves")
    year = models.PositiveSmallIntegerField(_("年度"))
    until = models.DateField(_("至"))
    reason = models.TextField(_("理由"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("准予补报")
        ordering = ("enterprise", "year", "at")

    def __str__(self) -> str:
        return f"{self.enterprise} {self.year} {self.until}"


class ReportQuerySet(models.QuerySet["Report"]):
    def for_user(self, user: Any) -> ReportQuerySet:
        """The offices all, a county its own, an enterprise its own, a verifier those that its body is assigned to."""
        from dafeng.domains.enterprise.permissions import reports_seen

        return self.filter(reports_seen(user))


class Report(models.Model):
    """A year's report, a version each. Its record holds the state; `content` is frozen at submission and never changed after.

    `content`: boundary, control plan, values, parameters by set and standing, result rows, totals of both boundaries. `sums` is drawn
    from it when it is frozen (`assembling.sums_of`), so that a city's feed reads a line a firm and not every row of every report.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="carbon_reports")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_report")
    year = models.PositiveSmallIntegerField(_("年度"))
    version = models.PositiveSmallIntegerField(_("版本"))
    reason = models.TextField(_("改版理由"), blank=True)
    content = models.JSONField(_("内容"), default=dict)
    sums = models.JSONField(_("合计"), default=dict)
    digest = models.CharField("SHA-256", max_length=64, blank=True)
    emissions = models.FloatField(_("报告边界排放量 (t)"), null=True)
    emissions_compliance = models.FloatField(_("履约边界排放量 (t)"), null=True)
    submitted_at = models.DateTimeField(_("报送时间"), null=True)
    locked_at = models.DateTimeField(_("锁定时间"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("排放报告")
        ordering = ("-year", "enterprise", "-version")
        constraints = (models.UniqueConstraint(fields=("enterprise", "year", "version"), name="carbon_report_once"),)

    def __str__(self) -> str:
        return f"{self.enterprise} {self.year}"


class ParameterSignature(models.Model):
    """A parameter of letter D or X, or a gap, taken into use by the bureau: who answers for it, why, and with which value."""

    parameter = models.CharField(_("参数"), max_length=120, unique=True)
    value = models.FloatField(_("数值"), null=True, help_text="empty: as printed")
    reason = models.TextField(_("理由"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("签认时间"))

    class Meta:
        verbose_name = _("参数签认")

    def __str__(self) -> str:
        return self.parameter


class Submission(models.Model):
    """What a version said each time it was handed in: a report that comes back corrected keeps what it said before."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="submissions")
    number = models.PositiveSmallIntegerField(_("次数"))
    at = models.DateTimeField(_("报送时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    content = models.JSONField(_("内容"), default=dict)
    digest = models.CharField("SHA-256", max_length=64)

    class Meta:
        verbose_name = _("报送")
        ordering = ("report", "number")
        constraints = (models.UniqueConstraint(fields=("report", "number"), name="report_submission_once"),)

    def __str__(self) -> str:
        return f"{self.report} #{self.number}"


class CheckFinding(models.Model):
    """What an automatic check found in a facility's values: where, why it matters, and what became of it."""

    class State(models.TextChoices):
        OPEN = "open", _("待处理")
        EXPLAINED = "explained", _("已说明")
        MENDED = "mended", _("已更正")
        DISMISSED = "dismissed", _("不成立")

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="findings")
    rule = models.SlugField(_("规则"), max_length=60)
    month = models.CharField(_("月份"), max_length=7)
    item = models.SlugField(_("项目"), max_length=60, blank=True)
    stream = models.CharField(_("源流"), max_length=60, blank=True)
    severity = models.CharField(_("级别"), max_length=10)
    facts = models.JSONField(_("事实"), default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(_("说明"), blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    found_at = models.DateTimeField(_("发现时间"))

    class Meta:
        verbose_name = _("检查发现")
        constraints = (
            models.UniqueConstraint(fields=("facility", "rule", "month", "item", "stream"), name="check_finding_once"),
        )

    def __str__(self) -> str:
        return f"{self.facility} {self.month} {self.rule}"
