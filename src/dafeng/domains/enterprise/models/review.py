"""What the review room stores: projects, their joint review, experts, changes, acceptances; the registers that decisions read."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.pages.cities import DescribedCity
from dafeng.kernel.records.models import Evidence, Record

__all__ = [
    "CapacitySource",
    "CapacitySwap",
    "ControlUnit",
    "HeatUnit",
    "JointOpinion",
    "Project",
    "ProjectAcceptance",
    "ProjectAnnex",
    "ProjectChange",
    "ProjectCondition",
    "ProjectExpert",
    "ProjectFigure",
    "ProjectInvitation",
    "ProjectLevel",
    "ProjectOrder",
    "ReviewCity",
]


class ReviewCity(DescribedCity):
    """The city and its counties, as the review's pages name them."""

    class Meta:
        verbose_name = _("城市（节能审查）")


class ProjectQuerySet(models.QuerySet["Project"]):
    def for_user(self, user: Any) -> ProjectQuerySet:
        """The offices all but drafts, a county its own, an enterprise its own, an expert what they were invited to."""
        from dafeng.domains.enterprise.review.permissions import projects_seen

        return self.filter(projects_seen(user)).distinct()


class Project(models.Model):
    """A fixed-asset project under review. Its record holds the state; `content` is what the owner told, step by step.

    `decided` is frozen at submission (and at an agreed change): rule set, figures, decision; the columns below repeat what lists sort by.
    """

    class Kind(models.TextChoices):
        NEW = "new", _("新建")
        EXTENSION = "extension", _("扩建")
        REBUILDING = "rebuilding", _("改建")
        RETROFIT = "retrofit", _("技术改造")

    class Stage(models.TextChoices):
        PROPOSED = "proposed", _("拟建")
        BUILDING = "building", _("在建")
        STOCK = "stock", _("存量")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(_("编号"), max_length=30, unique=True)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="review_projects")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_project")
    name = models.CharField(_("项目名称"), max_length=120)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    kind = models.CharField(_("建设性质"), max_length=12, choices=Kind.choices)
    stage = models.CharField(_("建设状态"), max_length=12, choices=Stage.choices, default=Stage.PROPOSED)
    industry = models.CharField(_("行业代码"), max_length=4)
    operation_year = models.PositiveSmallIntegerField(_("计划投产年"))
    content = models.JSONField(_("申报内容"), default=dict)
    decided = models.JSONField(_("判定"), default=dict)
    digest = models.CharField("SHA-256", max_length=64, blank=True)
    two_high = models.BooleanField(_("“两高”项目"), null=True)
    large_carbon = models.BooleanField(_("开展碳排放评价"), null=True)
    exempt = models.BooleanField(_("民生或基础设施项目"), default=False)
    judged_reason = models.CharField(_("认定理由"), max_length=300, blank=True)
    level = models.CharField(_("审查权限"), max_length=10, blank=True)
    tce = models.FloatField(_("年综合能源消费量（当量值，tce）"), null=True)
    counted = models.FloatField(_("计入双控的能耗（tce）"), null=True)
    coal = models.FloatField(_("年煤炭消费量（t）"), null=True)
    co2 = models.FloatField(_("年碳排放量（t CO2）"), null=True)
    product = models.CharField(_("产品代码"), max_length=40, blank=True)
    per_product = models.FloatField(_("单位产品能耗"), null=True)
    reference = models.CharField(_("审查意见文号"), max_length=80, blank=True)
    opinion = models.TextField(_("审查意见"), blank=True)
    conclusion = models.TextField(_("评审意见"), blank=True)
    submitted_at = models.DateTimeField(_("报送时间"), null=True)
    accepted_at = models.DateTimeField(_("受理时间"), null=True)
    approved_on = models.DateField(_("批复日期"), null=True)
    started_on = models.DateField(_("开工日期"), null=True)
    trial_on = models.DateField(_("试运行日期"), null=True)
    expected_on = models.DateField(_("预计投产月"), null=True, help_text="the first day of the month")
    round = models.PositiveSmallIntegerField(_("审查轮次"), default=1)
    demo = models.BooleanField(_("示例"), default=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("固定资产投资项目")
        ordering = ("-number",)
        indexes = (models.Index(fields=["city", "place"]),)

    def __str__(self) -> str:
        return self.name


class ProjectAnnex(models.Model):
    """A paper that the owner hands in with the application: kept as evidence, taken back only before the project is handed in."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="annexes")

    class Matter(models.TextChoices):
        OTHER = "", _("其他")
        ZONE = "zone", _("生态环境管控单元（三线一单）证明")
        OPINION = "opinion", _("审查意见原件")

    title = models.CharField(_("附件名称"), max_length=120)
    matter = models.CharField(_("证明事项"), max_length=12, choices=Matter.choices, blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("上传时间"))
    removed_at = models.DateTimeField(_("撤下时间"), null=True)

    class Meta:
        verbose_name = _("申报附件")
        ordering = ("pk",)


class JointOpinion(models.Model):
    """One office's part in the joint review (会商联审): industry, ecology, the county. Once given it stays; another round is another row."""

    class Verdict(models.TextChoices):
        WAITING = "waiting", _("待答复")
        AGREE = "agree", _("同意")
        CONDITIONS = "conditions", _("同意，附条件")
        AGAINST = "against", _("不同意")

    project = models.ForeignKey(Project, models.PROTECT, related_name="joint_opinions")
    round = models.PositiveSmallIntegerField(_("审查轮次"), default=1)
    office = models.CharField(_("会审单位"), max_length=60)
    office_name = models.CharField(_("单位名称"), max_length=120)
    matter = models.CharField(_("会审事项"), max_length=200)
    verdict = models.CharField(_("意见"), max_length=12, choices=Verdict.choices, default=Verdict.WAITING)
    text = models.TextField(_("说明"), blank=True)
    asked_at = models.DateTimeField(_("送会审时间"))
    due = models.DateField(_("答复期限"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("答复时间"), null=True)

    class Meta:
        verbose_name = _("会商联审意见")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("project", "office"), condition=models.Q(verdict="waiting"), name="joint_opinion_waits_once"
            ),
        )


class ProjectExpert(models.Model):
    """An expert of the review. `person` is their login; `employer` and `advised` serve the rules of conflict."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="review_expert")
    name = models.CharField(_("姓名"), max_length=60)
    organisation = models.CharField(_("组织"), max_length=60)
    employer = models.CharField(_("工作单位"), max_length=120)
    fields = models.CharField(_("专业"), max_length=200)
    advised = models.JSONField(_("近三年咨询服务对象"), default=list)
    active = models.BooleanField(_("在库"), default=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("评审专家")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


class ProjectInvitation(models.Model):
    """An expert's part in the review of a project: first the declaration of interests, then the five points of art. 16 and a view."""

    class State(models.TextChoices):
        INVITED = "invited", _("待声明")
        DECLARED = "declared", _("评审中")
        RECUSED = "recused", _("已回避")
        GIVEN = "given", _("已提交")

    class View(models.TextChoices):
        PASS = "pass", _("建议通过")
        MEND = "mend", _("修改后通过")
        REFUSE = "refuse", _("建议不通过")

    project = models.ForeignKey(Project, models.PROTECT, related_name="invitations")
    expert = models.ForeignKey(ProjectExpert, models.PROTECT, related_name="invitations")
    round = models.PositiveSmallIntegerField(_("审查轮次"), default=1)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.INVITED)
    declaration = models.CharField(_("利益声明"), max_length=300, blank=True)
    view = models.CharField(_("建议"), max_length=10, choices=View.choices, blank=True)
    points = models.JSONField(_("五项审查要点"), default=dict)
    text = models.TextField(_("意见"), blank=True)
    asked_at = models.DateTimeField(_("邀请时间"))
    answered_at = models.DateTimeField(_("答复时间"), null=True)

    class Meta:
        verbose_name = _("专家评审")
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("project", "expert", "round"), name="review_invitation_once"),)


class ProjectCondition(models.Model):
    """A condition of the opinion, checked at the acceptance."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="conditions")
    number = models.PositiveSmallIntegerField(_("序号"))
    text = models.CharField(_("条件"), max_length=500)
    due = models.DateField(_("期限"), null=True)
    met = models.BooleanField(_("已落实"), null=True)
    note = models.CharField(_("落实情况"), max_length=500, blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("批复条件")
        ordering = ("project", "number")
        constraints = (models.UniqueConstraint(fields=("project", "number"), name="review_condition_once"),)


class ProjectChange(models.Model):
    """A major change (art. 18) that the owner asks for; `content` is the whole content as it would be, `former` as it was."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="changes")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_project_change")
    cases = models.JSONField(_("变动情形"), default=list)
    reason = models.TextField(_("变动说明"))
    content = models.JSONField(_("变动后内容"), default=dict)
    former = models.JSONField(_("变动前内容"), default=dict)
    effect = models.JSONField(_("影响"), default=dict)

    class Meta:
        verbose_name = _("项目变更")
        ordering = ("pk",)


class ProjectAcceptance(models.Model):
    """An acceptance after trial run: what the owner tells, what the meters tell, and the verdict. Another try is another row."""

    class Verdict(models.TextChoices):
        WAITING = "waiting", _("待验收")
        PASSED = "passed", _("验收合格")
        MEND = "mend", _("限期整改")

    project = models.ForeignKey(Project, models.PROTECT, related_name="acceptances")
    since = models.DateField(_("起"))
    until = models.DateField(_("止（不含）"))
    told = models.JSONField(_("自查报告"), default=dict)
    metered = models.JSONField(_("计量读数"), default=dict)
    checks = models.JSONField(_("比对"), default=list)
    explanation = models.TextField(_("差异说明"), blank=True)
    verdict = models.CharField(_("结论"), max_length=10, choices=Verdict.choices, default=Verdict.WAITING)
    text = models.TextField(_("验收意见"), blank=True)
    mend_by = models.DateField(_("整改期限"), null=True)
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(_("报送时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("验收时间"), null=True)

    class Meta:
        verbose_name = _("节能验收")
        ordering = ("pk",)


class ProjectOrder(models.Model):
    """An order to stop and mend (停工整改, H1): document, what and until when; what the owner says was done; and how it ended.

    `state` is the project's when it was ordered: a project that mended returns to it. One without an opinion in force keeps its state.
    """

    class Outcome(models.TextChoices):
        OPEN = "open", _("整改中")
        TOLD = "told", _("已报整改，待核查")
        DONE = "done", _("整改合格")

    project = models.ForeignKey(Project, models.PROTECT, related_name="orders")
    document = models.CharField(_("文号"), max_length=80)
    reason = models.TextField(_("存在问题和整改要求"))
    stop = models.BooleanField(_("停工（停产）整改"), default=True)
    due = models.DateField(_("整改期限"))
    state = models.CharField(_("原状态"), max_length=20)
    outcome = models.CharField(_("进展"), max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("责令时间"))
    told = models.TextField(_("整改报告"), blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    told_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(_("报告时间"), null=True)
    checked = models.TextField(_("核查意见"), blank=True)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(_("核查时间"), null=True)

    class Meta:
        verbose_name = _("责令整改")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("project",), condition=~models.Q(outcome="done"), name="project_order_open_once"
            ),
        )


class ProjectFigure(models.Model):
    """A dated figure that decisions need and no law prints: a county's base, the coefficient B, the province's mean. Never changed, only followed."""

    code = models.CharField(_("参数"), max_length=30)
    place = models.CharField(_("地区"), max_length=6)
    value = models.FloatField(_("数值"))
    since = models.DateField(_("自"))
    source = models.CharField(_("依据"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("审查参数")
        ordering = ("code", "place", "-since", "-pk")


class ProjectLevel(models.Model):
    """The limit, access and advanced value of a product, as its standard says: of its energy, or of its carbon."""

    class Measure(models.TextChoices):
        ENERGY = "energy", _("能耗")
        CARBON = "carbon", _("碳排放")

    measure = models.CharField(_("比较"), max_length=8, choices=Measure.choices, default=Measure.ENERGY)
    product = models.CharField(_("产品代码"), max_length=40)
    name = models.CharField(_("产品"), max_length=80)
    unit = models.CharField(_("单位"), max_length=30)
    limit = models.FloatField(_("限定值"), null=True)
    access = models.FloatField(_("准入值"), null=True)
    lead = models.FloatField(_("先进值"), null=True)
    since = models.DateField(_("实施"))
    source = models.CharField(_("标准"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("能耗限额")
        ordering = ("product", "-since", "-pk")


class CapacitySource(models.Model):
    """Retired capacity (产能置换来源): what may replace new capacity, once."""

    enterprise = models.CharField(_("退出单位"), max_length=120)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    product = models.CharField(_("产品代码"), max_length=40)
    capacity = models.DecimalField(_("产能"), max_digits=14, decimal_places=2)
    unit = models.CharField(_("单位"), max_length=30)
    retired_on = models.DateField(_("退出日期"))
    document = models.CharField(_("认定文件"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("退出产能")
        ordering = ("-retired_on", "pk")


class CapacitySwap(models.Model):
    """Capacity of a source used for a project. `released` when the project fell; the row stays."""

    source = models.ForeignKey(CapacitySource, models.PROTECT, related_name="swaps")
    project = models.ForeignKey(Project, models.PROTECT, related_name="swaps")
    capacity = models.DecimalField(_("置换产能"), max_digits=14, decimal_places=2)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    released_at = models.DateTimeField(_("释放时间"), null=True)
    released_reason = models.CharField(_("释放理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("产能置换")
        ordering = ("pk",)


class HeatUnit(models.Model):
    """An existing heat unit, around which no new coal back-pressure CHP is to stand."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    city = models.CharField(_("城市"), max_length=6)
    longitude = models.FloatField(_("经度"))
    latitude = models.FloatField(_("纬度"))
    source = models.CharField(_("位置依据"), max_length=200)
    since = models.DateField(_("投运"), null=True)
    until = models.DateField(_("关停"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("供热机组")
        ordering = ("name",)


class ControlUnit(models.Model):
    """A unit of environmental control (生态环境管控单元, 三线一单) and what its list keeps out: industries by code prefix, two-high projects."""

    class Grade(models.TextChoices):
        PRIORITY = "priority", _("优先保护")
        KEY = "key", _("重点管控")
        GENERAL = "general", _("一般管控")

    code = models.SlugField(_("单元编码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    grade = models.CharField(_("类别"), max_length=10, choices=Grade.choices)
    barred = models.JSONField(_("禁止的行业"), default=list)
    bars_two_high = models.BooleanField(_("禁止“两高”项目"), default=False)
    document = models.CharField(_("依据文件"), max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("生态环境管控单元")
        ordering = ("place", "code")
