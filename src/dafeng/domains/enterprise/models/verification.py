"""Bodies and what they verify: the register (N10), assignments, checks, findings, conclusions, objections, ratings."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models.reporting import Report
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.models import Evidence, Record

__all__ = [
    "Body",
    "BodyPerson",
    "BodyRating",
    "BodyService",
    "CheckAnswer",
    "Declaration",
    "Nonconformity",
    "Objection",
    "SamplingPlan",
    "Supervision",
    "Verification",
]


class Body(models.Model):
    """A third-party body: verifier, auditor, assessor. `organisation` names whose people act for it."""

    class Kind(models.TextChoices):
        VERIFICATION = "verification", _("碳排放核查")
        AUDIT = "audit", _("能源审计与节能诊断")
        ASSESSMENT = "assessment", _("评估评价")
        CONSULTING = "consulting", _("咨询服务")
        CARBON_ASSETS = "carbon_assets", _("碳资产管理")
        TRADING = "trading", _("碳交易")

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120, unique=True)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    organisation = models.CharField(_("组织"), max_length=60, blank=True)
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_body")
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    contact = models.CharField(_("联系方式"), max_length=120, blank=True)
    kinds = models.JSONField(_("业务"), default=list, help_text="verification | audit | assessment | consulting | …")
    sectors = models.JSONField(_("行业能力"), default=list)
    qualifications = models.JSONField(_("资质"), default=list, help_text="name, number, issuer, until")
    suspended_until = models.DateField(_("暂停至"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("第三方机构")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name


class BodyPerson(models.Model):
    """Somebody who works for a body. `employed`: [enterprise code, since, until or empty] of earlier work for a unit."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="people")
    name = models.CharField(_("姓名"), max_length=60)
    certificate = models.CharField(_("证书编号"), max_length=80, blank=True)
    sectors = models.JSONField(_("行业能力"), default=list)
    since = models.DateField(_("入职"))
    until = models.DateField(_("离职"), null=True, blank=True)
    employed = models.JSONField(_("受雇经历"), default=list, blank=True)

    class Meta:
        verbose_name = _("核查人员")
        ordering = ("body", "pk")
        constraints = (models.UniqueConstraint(fields=("body", "name", "certificate"), name="body_person_once"),)

    def __str__(self) -> str:
        return self.name


class BodyService(models.Model):
    """What ties a body to an enterprise besides verifying it: services, common managers. Entered, never deleted."""

    class Kind(models.TextChoices):
        CONSULTING = "consulting", _("咨询")
        ALLOWANCE = "allowance", _("配额服务")
        CARBON_ASSETS = "carbon_assets", _("碳资产管理")
        TRADING = "trading", _("代理交易")
        MANAGEMENT = "management", _("共同管理人员")
        AUDIT = "audit", _("能源审计")

    body = models.ForeignKey(Body, models.PROTECT, related_name="services")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    kind = models.CharField(_("服务"), max_length=20, choices=Kind.choices)
    since = models.DateField(_("开始"))
    until = models.DateField(_("结束"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("服务关系")
        ordering = ("body", "since")

    def __str__(self) -> str:
        return f"{self.body} {self.enterprise}"


class Supervision(models.Model):
    """What the bureau did about a body: inspection, talk, order to mend, suspension, removal. Entered, never changed."""

    class Kind(models.TextChoices):
        INSPECTION = "inspection", _("检查")
        TALK = "talk", _("约谈")
        MEND = "mend", _("责令改正")
        SUSPENSION = "suspension", _("暂停")
        REMOVAL = "removal", _("移出名录")

    body = models.ForeignKey(Body, models.PROTECT, related_name="supervision")
    kind = models.CharField(_("措施"), max_length=12, choices=Kind.choices)
    day = models.DateField(_("日期"))
    until = models.DateField(_("至"), null=True, blank=True)
    facts = models.TextField(_("事实"))
    basis = models.CharField(_("依据"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("监管措施")
        ordering = ("-day", "-pk")

    def __str__(self) -> str:
        return f"{self.body} {self.get_kind_display()}"


class BodyRating(models.Model):
    """A body's grade of a year with every line that made it. A later one is a new number; published ones are never changed."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="ratings")
    year = models.PositiveSmallIntegerField(_("年度"))
    number = models.PositiveSmallIntegerField(_("次数"))
    rubric = models.CharField(_("评分规则"), max_length=60)
    score = models.FloatField(_("得分"), null=True)
    grade = models.CharField(_("等级"), max_length=20)
    lines = models.JSONField(_("各项"), default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))
    published_at = models.DateTimeField(_("公布时间"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("机构评价")
        ordering = ("-year", "-number")
        constraints = (models.UniqueConstraint(fields=("body", "year", "number"), name="body_rating_once"),)

    def __str__(self) -> str:
        return f"{self.body} {self.year}"


class VerificationQuerySet(models.QuerySet["Verification"]):
    def for_user(self, user: Any) -> VerificationQuerySet:
        """The offices all, a county its own, an enterprise its own, a body's people those that it was given."""
        from dafeng.domains.enterprise.verification.permissions import verifications_seen

        return self.filter(verifications_seen(user))


class Verification(models.Model):
    """One report's verification by one body. The record holds its state; a second opinion is another row.

    `content`: the draw (`draw`), the groups (`team`), dates of what happened (`happened`), the site plan (`site`), versions that
    it was relinked to (`versions`), the comparison (`comparison`), the conclusion (`conclusion`), how they were reached.
    """

    class Conclusion(models.TextChoices):
        PASSED = "passed", _("符合要求")
        CONSERVATIVE = "conservative", _("按保守测算确定")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="verifications")
    body = models.ForeignKey(Body, models.PROTECT, related_name="verifications")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_verification")
    content = models.JSONField(_("内容"), default=dict)
    conclusion = models.CharField(_("结论"), max_length=12, choices=Conclusion.choices, blank=True)
    emissions = models.FloatField(_("核查的报告边界排放量 (t)"), null=True)
    emissions_compliance = models.FloatField(_("核查的履约边界排放量 (t)"), null=True)
    opened_at = models.DateTimeField(_("委派时间"))
    told_at = models.DateTimeField(_("告知结论时间"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = VerificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("核查")
        ordering = ("-opened_at",)
        constraints = (models.UniqueConstraint(fields=("report", "body"), name="verification_once"),)

    def __str__(self) -> str:
        return str(self.record)


class Declaration(models.Model):
    """A person's word that they have no interest in the unit: given once for a verification, never taken back."""

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="declarations")
    person = models.ForeignKey(BodyPerson, models.PROTECT, related_name="+")
    text = models.TextField(_("声明"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("无利害关系声明")
        constraints = (models.UniqueConstraint(fields=("verification", "person"), name="declaration_once"),)

    def __str__(self) -> str:
        return f"{self.person}"


class CheckAnswer(models.Model):
    """What was found for one line of the checklist: read, asked, seen or tested, and the verdict."""

    class Verdict(models.TextChoices):
        CONFORMS = "conforms", _("符合")
        DOUBT = "doubt", _("有疑问，现场查")
        FAILS = "fails", _("不符合")
        NOT_APPLICABLE = "na", _("不适用")

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="checks")
    item = models.CharField(_("条目"), max_length=60)
    verdict = models.CharField(_("判断"), max_length=10, choices=Verdict.choices)
    ways = models.JSONField(_("方式"), default=list, help_text="read | ask | see | test")
    note = models.TextField(_("记录"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("核查记录")
        constraints = (models.UniqueConstraint(fields=("verification", "item"), name="check_answer_once"),)

    def __str__(self) -> str:
        return self.item


class SamplingPlan(models.Model):
    """A sample as it was drawn: what from, how large and why, by which seed. Anybody can draw it again."""

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="samples")
    item = models.CharField(_("抽样对象"), max_length=60)
    number = models.PositiveSmallIntegerField(_("次数"), default=1)
    population = models.JSONField(_("总体"), default=list)
    certain = models.JSONField(_("必查"), default=list)
    drawn = models.JSONField(_("抽中"), default=list)
    confidence = models.FloatField(_("把握"))
    tolerable = models.FloatField(_("差错比例"))
    seed = models.CharField(_("种子"), max_length=80)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("抽样方案")
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("verification", "item", "number"), name="sample_once"),)

    def __str__(self) -> str:
        return f"{self.item} {self.number}"


class Nonconformity(models.Model):
    """不符合项: what does not conform, where in the report, what the unit answered, and what became of it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("拟开出")
        SENT = "sent", _("待整改")
        ANSWERED = "answered", _("已答复，待确认")
        CLOSED = "closed", _("已整改")
        UNRESOLVED = "unresolved", _("未整改")

    verification = models.ForeignKey(Verification, models.PROTECT, related_name="findings")
    number = models.PositiveSmallIntegerField(_("序号"))
    item = models.CharField(_("核查条目"), max_length=60)
    facility = models.CharField(_("核算单元"), max_length=60, blank=True)
    month = models.CharField(_("月份"), max_length=7, blank=True)
    stream = models.CharField(_("源流"), max_length=60, blank=True)
    parameter = models.CharField(_("参数"), max_length=60, blank=True)
    facts = models.TextField(_("事实"))
    asks = models.TextField(_("整改要求"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.DRAFT)
    found_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    found_at = models.DateTimeField(_("发现时间"))
    answer = models.TextField(_("整改说明"), blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(_("答复时间"), null=True)
    evidence = models.ManyToManyField(Evidence, blank=True, related_name="+")
    verdict = models.TextField(_("核查意见"), blank=True)
    settled_at = models.DateTimeField(_("处理时间"), null=True)
    estimate = models.JSONField(_("保守测算"), default=dict, blank=True)

    class Meta:
        verbose_name = _("不符合项")
        ordering = ("verification", "number")
        constraints = (models.UniqueConstraint(fields=("verification", "number"), name="nonconformity_once"),)

    def __str__(self) -> str:
        return f"{self.number}"


class Objection(models.Model):
    """An enterprise's objection to a conclusion (复核申请), or a complaint about a body. The record holds its state."""

    class Kind(models.TextChoices):
        OBJECTION = "objection", _("复核申请")
        COMPLAINT = "complaint", _("投诉")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("类别"), max_length=10, choices=Kind.choices)
    body = models.ForeignKey(Body, models.PROTECT, related_name="objections")
    verification = models.ForeignKey(Verification, models.PROTECT, null=True, blank=True, related_name="objections")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_objection")
    organisation = models.CharField(_("提出单位"), max_length=60, blank=True)
    text = models.TextField(_("理由"))
    answer = models.TextField(_("决定"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("提出时间"))
    due = models.DateField(_("应决定日期"))
    provisional = models.BooleanField(_("期限待放假安排公布"), default=False)
    decided_at = models.DateTimeField(_("决定时间"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("复核申请与投诉")
        ordering = ("-at",)

    def __str__(self) -> str:
        return str(self.record)
