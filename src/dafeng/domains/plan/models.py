"""What the plan domain stores. A document is read into a version; accepting it brings the plan's tasks and targets up to date.

Tasks, targets and projects live as long as the plan and keep their progress when a new version is accepted; a version keeps
the reading it was made from, so that two can be compared. Whatever moves through hands (a version, a report, a warning, an
assessment) has a `Record` for state, persons and evidence.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.pages.cities import DescribedCity
from dafeng.kernel.records.models import Evidence, Record

MONEY = {"max_digits": 18, "decimal_places": 4}


def said(zh: str, en: str) -> str:
    """A stored sentence in the reader's language; Chinese where there is no English of it."""
    return en if en and (get_language() or "").startswith("en") else zh


class PlanCity(DescribedCity):
    """A city with plans. The portal tells this domain of it."""

    boundary_note_en = models.CharField(_("英文地图说明"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("有方案的城市")

    @property
    def map_note(self) -> str:
        """What must stand beside a map, in the reader's language where it was given in English too."""
        return said(self.boundary_note, self.boundary_note_en)


class Plan(models.Model):
    """One published plan of a city. Several may hold at once (a 2021 programme and a 2024 pilot plan)."""

    city = models.CharField(_("地区代码"), max_length=6)
    key = models.SlugField(_("代码"), max_length=60, unique=True)
    title = models.CharField(_("名称"), max_length=200)
    issuer = models.CharField(_("发布机关"), max_length=120, blank=True)
    issued_on = models.DateField(_("发布日期"), null=True)
    first_year = models.PositiveSmallIntegerField(_("起始年"), null=True)
    last_year = models.PositiveSmallIntegerField(_("结束年"), null=True)

    class Meta:
        ordering = ("-issued_on", "key")

    def __str__(self) -> str:
        return self.title


class Version(models.Model):
    """A reading of the plan: from a document, or from a city pack's structured facts (then without text)."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("版次"))
    record = models.OneToOneField(Record, models.PROTECT, related_name="plan_version")
    document = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    text = models.TextField(_("正文"), blank=True)
    reading = models.JSONField(
        default=dict, help_text="as read, before corrections: reading.as_dict() without the text"
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of text and reading")
    accepted = models.JSONField(
        default=dict, help_text="what was accepted: the items after corrections, each with the key of its row"
    )
    current = models.BooleanField(default=False, help_text="the accepted version that holds now")

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("plan", "number"), name="plan_version_number"),
            models.UniqueConstraint(fields=("plan",), condition=Q(current=True), name="plan_version_current"),
        )


class Correction(models.Model):
    """A reviewer's word against the reading; kept with the plan, found again by its quote when the document is read anew."""

    class Kind(models.TextChoices):
        ADD = "add", _("补充")
        CHANGE = "change", _("更正")
        DROP = "drop", _("剔除")

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="corrections")
    item = models.CharField(_("对象"), max_length=12)  # section, task, target, project, enterprise, platform
    kind = models.CharField(max_length=8, choices=Kind.choices)
    quote = models.TextField(_("原文"), blank=True)
    ordinal = models.PositiveSmallIntegerField(default=0, help_text="which of several equal quotes")
    before = models.CharField(
        max_length=40, blank=True, help_text="what is printed before it, to tell equal quotes apart"
    )
    about = models.CharField(max_length=200, blank=True, help_text="the indicator, title or name that was read")
    value = models.JSONField(default=dict, help_text="field → corrected value")
    reason = models.TextField(_("理由"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("pk",)


class Task(models.Model):
    """A duty of the plan, as long as the plan holds. `key` joins it to the same task of another version."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="tasks")
    key = models.CharField(max_length=64)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="parts", help_text="a county's part of a city's task"
    )
    path = models.CharField(_("章节"), max_length=60)
    title = models.CharField(_("任务"), max_length=300)
    place = models.CharField(_("地区代码"), max_length=6)
    order = models.PositiveIntegerField(default=0, help_text="place in the text")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    due_on = models.DateField(_("期限"), null=True)
    done_on = models.DateField(_("完成日期"), null=True)
    dropped_in = models.ForeignKey(
        Version, models.PROTECT, null=True, related_name="+", help_text="the version that no longer has it"
    )
    after = models.ManyToManyField("self", symmetrical=False, related_name="before", blank=True)

    class Meta:
        ordering = ("order", "pk")
        constraints = (models.UniqueConstraint(fields=("plan", "key", "place"), name="plan_task_once"),)


class Owner(models.Model):
    """A department (or all counties) answering for a task; a handed-over duty keeps its dates."""

    class Role(models.TextChoices):
        LEAD = "lead", _("牵头")
        SUPPORT = "support", _("配合")
        COUNTIES = "all-counties", _("各县区")

    task = models.ForeignKey(Task, models.CASCADE, related_name="owners")
    department = models.CharField(
        _("部门"), max_length=40, blank=True, help_text="id in the register; empty where unknown"
    )
    name = models.CharField(_("名称"), max_length=80)
    printed = models.CharField(_("原文写法"), max_length=120, blank=True)
    role = models.CharField(max_length=12, choices=Role.choices)
    since = models.DateField(null=True)
    until = models.DateField(null=True)

    class Meta:
        indexes = (models.Index(fields=("department", "until"), name="plan_owner_department"),)


class Milestone(models.Model):
    """A step of a task with a date."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="milestones")
    title = models.CharField(_("节点"), max_length=200)
    due_on = models.DateField(_("期限"))
    done_on = models.DateField(_("完成日期"), null=True)


class Progress(models.Model):
    """What an owner reports of a task for a period. State, person and evidence are the record's."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="progress")
    record = models.OneToOneField(Record, models.PROTECT, related_name="plan_progress")
    period = models.CharField(_("时期"), max_length=7)
    reporter = models.CharField(_("填报单位"), max_length=40, help_text="department id or place code")
    text = models.TextField(_("进展"))
    percent = models.PositiveSmallIntegerField(_("完成百分比"), null=True)
    value = models.FloatField(_("数值"), null=True)
    unit = models.CharField(max_length=40, blank=True)
    next_step = models.TextField(_("下一步"), blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("task", "period", "reporter"), name="plan_progress_once"),)


class Comment(models.Model):
    """A remark beside a task."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()

    class Meta:
        ordering = ("pk",)


class Target(models.Model):
    """A number that the plan promises, and the indicator that it is measured by."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="targets")
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="targets")
    key = models.CharField(max_length=64)
    indicator = models.CharField(_("指标"), max_length=200)
    kind = models.CharField(max_length=20)
    direction = models.CharField(max_length=10, blank=True)
    operator = models.CharField(max_length=6)
    low = models.FloatField(_("数值"), null=True)
    high = models.FloatField(null=True, help_text="upper end of a range; else as `low`")
    unit = models.CharField(_("单位"), max_length=40, blank=True)
    year = models.PositiveSmallIntegerField(_("目标年"), null=True)
    period = models.CharField(max_length=40, blank=True)
    baseline_year = models.PositiveSmallIntegerField(_("基年"), null=True)
    baseline_inferred = models.BooleanField(default=False)
    strength = models.CharField(max_length=8)
    scope = models.CharField(max_length=120, blank=True)
    place = models.CharField(_("地区代码"), max_length=6)
    quote = models.TextField(_("原文"), blank=True)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    binding = models.CharField(_("绑定的指标"), max_length=120, blank=True, help_text="indicator code; empty: unbound")
    bound_by = models.CharField(max_length=150, blank=True, help_text="person, or `register` for the city's own list")
    owner = models.CharField(_("责任部门"), max_length=40, blank=True)
    subject = models.CharField(
        _("对象"), max_length=160, blank=True, help_text="who is measured where it is not the place: an enterprise"
    )
    members = models.JSONField(default=list, help_text="all of these have to meet it: stations, parks")
    settled = models.JSONField(default=dict, help_text="what the office has settled: start_year, about, steps")
    dropped_in = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("start", "pk")
        constraints = (models.UniqueConstraint(fields=("plan", "key", "place"), name="plan_target_once"),)


class Standing(models.Model):
    """Where a target stood when it was judged last, so that a page of a hundred targets computes nothing.

    Sentences are stored in Chinese and English, because a judging has no reader; `said_…` is the reader's.
    """

    target = models.OneToOneField(Target, models.CASCADE, related_name="standing")
    judged_at = models.DateTimeField()
    light = models.CharField(_("亮灯"), max_length=8)
    rank = models.PositiveSmallIntegerField(help_text="the order of the register: the worst light first")
    title = models.CharField(max_length=60)
    title_en = models.CharField(max_length=120, blank=True)
    rule = models.TextField()
    rule_en = models.TextField(blank=True)
    value = models.FloatField(_("现值"), null=True)
    value_period = models.CharField(max_length=7, blank=True)
    expected = models.FloatField(null=True, help_text="on the path at the value's own date")
    goal = models.FloatField(null=True)
    gap = models.FloatField(_("差距"), null=True)
    lag = models.FloatField(null=True, help_text="percent of the way")
    share = models.FloatField(null=True, help_text="percent of the way gone")
    probability = models.FloatField(_("完成概率"), null=True, help_text="percent")
    unit = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(_("结论"), max_length=16, blank=True)
    why = models.TextField(blank=True)
    why_en = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField(default=1)
    forecast = models.FloatField(_("预测值"), null=True, help_text="combined, at the target's year")
    forecast_low = models.FloatField(null=True)
    forecast_high = models.FloatField(null=True)
    provisional = models.BooleanField(default=False, help_text="the verdict rests on a value that is not confirmed")
    data = models.JSONField(default=dict, help_text="history, path, forecast, what is missing: what the card draws")

    @property
    def said_title(self) -> str:
        return said(self.title, self.title_en)

    @property
    def said_rule(self) -> str:
        return said(self.rule, self.rule_en)

    @property
    def said_why(self) -> str:
        return said(self.why, self.why_en)


class Question(models.Model):
    """What is printed but cannot be right or is unclear: asked of its owner, never repaired."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="questions")
    record = models.OneToOneField(Record, models.PROTECT, related_name="plan_question")
    code = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    path = models.CharField(max_length=60, blank=True)
    quote = models.TextField(blank=True)
    question = models.TextField()
    owner = models.CharField(max_length=40, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("plan", "key"), name="plan_question_once"),)


class Project(models.Model):
    """A major project. Money in 万元, exact; the expected reduction names its method and inputs."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="projects")
    key = models.CharField(_("编号"), max_length=60)
    name = models.CharField(_("名称"), max_length=200)
    category = models.CharField(_("类别"), max_length=40)
    place = models.CharField(_("地区代码"), max_length=6)
    owner = models.CharField(_("责任部门"), max_length=40, blank=True)
    enterprise = models.CharField(_("建设单位"), max_length=160, blank=True)
    investment = models.DecimalField(_("总投资（万元）"), null=True, **MONEY)
    stage = models.CharField(_("阶段"), max_length=12, default="planned")
    begins_on = models.DateField(_("开工"), null=True)
    ends_on = models.DateField(_("竣工"), null=True)
    capacity = models.FloatField(_("规模"), null=True)
    capacity_unit = models.CharField(max_length=40, blank=True)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    reduction = models.FloatField(_("预计年减排（吨 CO₂e）"), null=True)
    method = models.CharField(max_length=120, blank=True)
    inputs = models.JSONField(default=dict)
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="projects")
    named = models.CharField(max_length=200, blank=True, help_text="the name in the plan's text that it was matched to")
    source = models.TextField(_("来源"), blank=True)
    planned = models.JSONField(default=dict, help_text="year → investment planned for it, 万元 as text")
    priority = models.BooleanField(_("优先申报"), default=False)
    bank = models.CharField(_("对接金融机构"), max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("category", "key")
        constraints = (models.UniqueConstraint(fields=("plan", "key"), name="plan_project_once"),)


class ProjectMonth(models.Model):
    """What a project reports of a month."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="months")
    record = models.OneToOneField(Record, models.PROTECT, related_name="plan_project_month")
    period = models.CharField(max_length=7)
    invested = models.DecimalField(_("本月完成投资（万元）"), null=True, **MONEY)
    stage = models.CharField(max_length=12)
    text = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "period"), name="plan_project_month_once"),)


class Warning(models.Model):
    """A light that turned: raised once per target, place and period; acknowledged, acted on, closed."""

    target = models.ForeignKey(Target, models.PROTECT, null=True, related_name="warnings")
    record = models.OneToOneField(Record, models.PROTECT, related_name="plan_warning")
    subject = models.CharField(_("对象"), max_length=160)
    indicator = models.CharField(max_length=120)
    period = models.CharField(max_length=7)
    light = models.CharField(max_length=8)
    rule = models.CharField(max_length=120)
    why = models.TextField()
    owner = models.CharField(max_length=40, blank=True)
    due_on = models.DateField()
    measures = models.TextField(blank=True)
    escalated_on = models.DateField(null=True, help_text="when the leaders were told that it is overdue")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("target", "period", "rule"), condition=Q(target__isnull=False), name="plan_warning_once"
            ),
            models.UniqueConstraint(
                fields=("indicator", "subject", "period", "rule"),
                condition=Q(target__isnull=True),
                name="plan_warning_untargeted_once",
            ),
        )


class Rubric(models.Model):
    """A dated edition of the rules of assessment. Never changed: an edit is a new edition, old results keep theirs."""

    city = models.CharField(max_length=6)
    kind = models.CharField(max_length=20)  # counties, departments
    number = models.PositiveSmallIntegerField()
    content = models.JSONField(help_text="scoring.Rubric.as_dict()")
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("city", "kind", "number"), name="plan_rubric_number"),)


class Assessment(models.Model):
    """A year's assessment of counties or of departments, from self-assessment to the final, frozen result."""

    city = models.CharField(max_length=6)
    kind = models.CharField(max_length=20)
    year = models.PositiveSmallIntegerField(_("年度"))
    rubric = models.ForeignKey(Rubric, models.PROTECT, related_name="+")
    record = models.OneToOneField(Record, models.PROTECT, related_name="plan_assessment")
    result = models.JSONField(
        default=dict, help_text="scoring.publish(...): rubric, inputs and scores, recomputable by anyone"
    )

    class Meta:
        ordering = ("-year",)
        constraints = (models.UniqueConstraint(fields=("city", "kind", "year"), name="plan_assessment_once"),)


class Mark(models.Model):
    """One input of an assessment for one subject: what the platform knows, what the subject says, what the reviewer settled."""

    assessment = models.ForeignKey(Assessment, models.CASCADE, related_name="marks")
    subject = models.CharField(max_length=40)  # place code or department id
    indicator = models.CharField(max_length=120)
    computed = models.FloatField(null=True)
    status = models.PositiveSmallIntegerField(default=0)
    notation = models.CharField(max_length=2, blank=True)
    lineage = models.JSONField(default=dict)
    own = models.FloatField(_("自评"), null=True)
    own_note = models.TextField(blank=True)
    evidence = models.ManyToManyField(Evidence, related_name="+")
    settled = models.FloatField(_("审定"), null=True)
    settled_note = models.TextField(blank=True)
    held_by = models.CharField(_("时任负责人"), max_length=60, blank=True, help_text="who held the post in the year")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("assessment", "subject", "indicator"), name="plan_mark_once"),)


class Objection(models.Model):
    """A subject's objection to its result, and the answer."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="objections")
    record = models.OneToOneField(Record, models.PROTECT, related_name="plan_objection")
    subject = models.CharField(max_length=40)
    indicator = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    answer = models.TextField(blank=True)


class Bulletin(models.Model):
    """调度通报 and yearly reports: a frozen snapshot of what was known, and the files made of it."""

    city = models.CharField(max_length=6)
    kind = models.CharField(max_length=12)  # month, half-year, year
    period = models.CharField(max_length=7)
    number = models.PositiveSmallIntegerField(default=1, help_text="made anew for the same period: the next number")
    content = models.JSONField()
    digest = models.CharField(max_length=64, help_text="of the content: differs from what would be made now → stale")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    word = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    pdf = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-period", "-number")
        constraints = (
            models.UniqueConstraint(fields=("city", "kind", "period", "number"), name="plan_bulletin_number"),
        )
