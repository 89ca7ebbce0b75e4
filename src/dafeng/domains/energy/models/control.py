"""What the control room stores: decisions, consumption, lights and what followed, two-high projects, coal, limits, patrols."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.enterprises.access import OFFICES, enterprises_seen
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.pages.cities import DescribedCity
from dafeng.kernel.records.access import is_superuser, places_of, roles_of
from dafeng.kernel.records.append_only import AppendOnly, AppendOnlyQuerySet
from dafeng.kernel.records.models import Evidence, Record

__all__ = [
    "CoalCut",
    "CoalUse",
    "ControlLight",
    "EnergyCity",
    "FirmIndex",
    "FollowUp",
    "HighProject",
    "LimitValue",
    "MonthValue",
    "Patrol",
    "ProjectPart",
    "Quota",
]


class EnergyCity(DescribedCity):
    """The city as the rooms of this domain name and draw it."""


class Quantity(models.TextChoices):
    ENERGY = "energy", _("能源消费")
    CO2 = "co2", _("二氧化碳排放")
    COAL = "coal", _("煤炭消费")
    WATER = "water", _("用水")


class Deduction(models.TextChoices):
    """What of a place's energy is not held against its quota: told month by month beside the whole (`rules.toml`, deduction)."""

    FEEDSTOCK = "feedstock", _("原料用能")
    RENEWABLE = "renewable", _("新增可再生能源电力")


TOLD = [*Quantity.choices, *Deduction.choices]


def seen_by(user: Any, *, place: str = "place", enterprise: str = "") -> Q:
    """Rows with a place, and perhaps a firm: offices all, a county its own, the people of a firm the firm's."""
    roles = roles_of(user)
    if is_superuser(user) or (OFFICES & roles):
        return Q()
    seen = Q(pk__in=[])
    if "county" in roles:
        seen |= Q(**{f"{place}__in": places_of(user) - {""}})
    if enterprise:
        own = Enterprise.objects.filter(enterprises_seen(user))
        seen |= Q(**{f"{enterprise}__in": own})
    return seen


class SeenQuerySet(models.QuerySet[Any]):
    def for_user(self, user: Any) -> SeenQuerySet:
        return self.filter(seen_by(user, enterprise="enterprise"))


class PlaceQuerySet(AppendOnlyQuerySet[Any]):
    def for_user(self, user: Any) -> PlaceQuerySet:
        return self.filter(seen_by(user))


class Quota(models.Model):
    """A dated decision on how much a subject may use in a year or month, or an adjustment of one; its record is the signature.

    `amount` is in the quantity's unit (`rules.toml`); of an adjustment it is the difference, and may be negative.
    """

    class Kind(models.TextChoices):
        QUOTA = "quota", _("指标")
        BUDGET = "budget", _("用能预算")

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_quota")
    city = models.CharField(_("城市"), max_length=6)
    subject = models.CharField(_("对象"), max_length=120)
    sector = models.CharField(_("行业"), max_length=12, blank=True)
    place = models.CharField(_("县区"), max_length=6)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    quantity = models.CharField(_("种类"), max_length=10, choices=Quantity.choices)
    kind = models.CharField(_("性质"), max_length=10, choices=Kind.choices, default=Kind.QUOTA)
    period = models.CharField(_("时期"), max_length=7)
    amount = models.FloatField(_("数量"))
    adjusts = models.ForeignKey("self", models.PROTECT, null=True, related_name="adjustments")
    document = models.CharField(_("文件"), max_length=200)
    decided_on = models.DateField(_("决定日期"))
    reason = models.CharField(_("理由"), max_length=300, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("指标与预算")
        indexes = (models.Index(fields=("city", "quantity", "period"), name="energy_quota_period"),)


class MonthValue(AppendOnly):
    """What a subject used in a month, as it was told; a correction is a row with a higher revision."""

    class Basis(models.TextChoices):
        STATISTIC = "statistic", _("统计")
        REPORTED = "reported", _("填报")
        METERED = "metered", _("计量")
        ESTIMATED = "estimated", _("估算")

    city = models.CharField(_("城市"), max_length=6)
    subject = models.CharField(_("对象"), max_length=120)
    sector = models.CharField(_("行业"), max_length=12, blank=True)
    place = models.CharField(_("县区"), max_length=6)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    quantity = models.CharField(_("种类"), max_length=10, choices=TOLD)
    month = models.CharField(_("月份"), max_length=7)
    value = models.FloatField(_("数量"))
    basis = models.CharField(_("依据"), max_length=12, choices=Basis.choices)
    source = models.CharField(_("来源"), max_length=200)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))
    demo = models.BooleanField(_("示例"), default=False)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("月度用量")
        constraints = (
            models.UniqueConstraint(
                fields=("subject", "sector", "quantity", "month", "revision"), name="energy_month_value_once"
            ),
        )
        indexes = (models.Index(fields=("city", "quantity", "month"), name="energy_month_value_month"),)


class ControlLight(models.Model):
    """The warning level of a subject in a month, with the rule and the numbers that gave it. The newest one is `current`."""

    city = models.CharField(_("城市"), max_length=6)
    subject = models.CharField(_("对象"), max_length=120)
    sector = models.CharField(_("行业"), max_length=12, blank=True)
    place = models.CharField(_("县区"), max_length=6)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    quantity = models.CharField(_("种类"), max_length=10, choices=Quantity.choices)
    month = models.CharField(_("月份"), max_length=7)
    light = models.CharField(_("灯"), max_length=8)
    streak = models.PositiveSmallIntegerField(_("连续月数"))
    measure = models.CharField(_("后果"), max_length=20, blank=True)
    facts = models.JSONField(default=dict, help_text="used, budget, ratio, year_ratio, forecast … as judged")
    rule = models.CharField(_("规则"), max_length=80)
    rule_digest = models.CharField(max_length=64)
    current = models.BooleanField(default=True)
    at = models.DateTimeField(_("判定时间"))

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("双控预警")
        constraints = (
            models.UniqueConstraint(
                fields=("subject", "sector", "quantity", "month"),
                condition=Q(current=True),
                name="energy_light_current",
            ),
        )
        indexes = (models.Index(fields=("city", "quantity", "month"), name="energy_light_month"),)


class FollowUp(AppendOnly):
    """What somebody did after a warning: the log of actions."""

    class Kind(models.TextChoices):
        REMIND = "remind", _("提醒、约谈")
        GUIDE = "guide", _("窗口指导")
        CORRECT = "correct", _("限期整改")
        CHECK = "check", _("现场检查、节能监察")
        SHIFT = "shift", _("调整用能计划")
        LIMIT = "limit", _("暂停节能审查")
        LIFT = "lift", _("解除")
        OTHER = "other", _("其他")

    light = models.ForeignKey(ControlLight, models.PROTECT, related_name="follow_ups")
    kind = models.CharField(_("做了什么"), max_length=10, choices=Kind.choices)
    text = models.CharField(_("说明"), max_length=400)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("预警处置")
        ordering = ("at", "pk")


class HighProject(models.Model):
    """A project on the two-high list: what it was approved for, how much coal it must replace."""

    class Stage(models.TextChoices):
        PROPOSED = "proposed", _("拟建")
        BUILDING = "building", _("在建")
        RUNNING = "running", _("存量")
        STOPPED = "stopped", _("停建或关停")

    city = models.CharField(_("城市"), max_length=6)
    name = models.CharField(_("项目"), max_length=120)
    owner = models.CharField(_("建设单位"), max_length=120)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    place = models.CharField(_("县区"), max_length=6)
    sector = models.CharField(_("行业"), max_length=12)
    stage = models.CharField(_("阶段"), max_length=10, choices=Stage.choices)
    energy = models.FloatField(_("核定年综合能耗（tce）"), null=True)
    coal = models.FloatField(_("核定年用煤（t）"), null=True)
    ratio = models.FloatField(_("煤炭替代倍数"), default=1.0)
    document = models.CharField(_("节能审查意见"), max_length=200, blank=True)
    reviewed_on = models.DateField(_("审查日期"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)
    at = models.DateTimeField(_("登记时间"))

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("两高项目")
        constraints = (models.UniqueConstraint(fields=("city", "name"), name="energy_high_project_name"),)


class ProjectPart(models.Model):
    """What measures a two-high project's own energy: a meter, or all that flows into a node of its firm's flow model.

    Whole months: it holds from the first of `since`'s month on, and from `until`, a first of a month, on no more.
    """

    project = models.ForeignKey(HighProject, models.PROTECT, related_name="parts")
    node = models.ForeignKey("energy.FlowNode", models.PROTECT, null=True, related_name="project_parts")
    meter = models.ForeignKey("energy.Meter", models.PROTECT, null=True, related_name="project_parts")
    since = models.DateField(_("起算月份"))
    until = models.DateField(_("停算月份"), null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))

    class Meta:
        verbose_name = _("两高项目的计量")
        ordering = ("since", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(node__isnull=False, meter__isnull=True) | Q(node__isnull=True, meter__isnull=False),
                name="energy_project_part_one",
            ),
        )


class CoalCut(models.Model):
    """Coal that is no longer burnt and may replace a project's: usable once its record is confirmed by another person."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_coal_cut")
    city = models.CharField(_("城市"), max_length=6)
    title = models.CharField(_("削减来源"), max_length=120)
    place = models.CharField(_("县区"), max_length=6)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="+")
    year = models.PositiveSmallIntegerField(_("削减年份"))
    tonnes = models.FloatField(_("削减量（t）"))
    how = models.CharField(_("核算办法"), max_length=300)
    demo = models.BooleanField(_("示例"), default=False)

    objects = SeenQuerySet.as_manager()

    class Meta:
        verbose_name = _("煤炭削减量")


class CoalUse(AppendOnly):
    """Tonnes of a cut given to a project; negative rows give them back. A cut never gives more than it has."""

    cut = models.ForeignKey(CoalCut, models.PROTECT, related_name="uses")
    project = models.ForeignKey(HighProject, models.PROTECT, related_name="coal_uses")
    tonnes = models.FloatField(_("替代量（t）"))
    reason = models.CharField(_("说明"), max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("煤炭替代")


class LimitValue(models.Model):
    """The city's own entry of a product's limit from the standard's text, usable once another person has compared it."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_limit")
    product = models.CharField(_("产品"), max_length=40)
    limit = models.FloatField(_("限定值"), null=True)
    access = models.FloatField(_("准入值"), null=True)
    advanced = models.FloatField(_("先进值"), null=True)
    document = models.CharField(_("标准号与条款"), max_length=200)
    valid_from = models.DateField(_("实施日期"))


class FirmIndex(AppendOnly):
    """A firm's energy per unit of product in a year."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+")
    place = models.CharField(_("县区"), max_length=6)
    city = models.CharField(_("城市"), max_length=6)
    product = models.CharField(_("产品"), max_length=40)
    year = models.PositiveSmallIntegerField(_("年份"))
    value = models.FloatField(_("单位产品能耗"))
    source = models.CharField(_("来源"), max_length=200)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))
    demo = models.BooleanField(_("示例"), default=False)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位产品能耗")
        constraints = (
            models.UniqueConstraint(
                fields=("enterprise", "product", "year", "revision"), name="energy_firm_index_once"
            ),
        )


class Patrol(AppendOnly):
    """A look for dispersed coal: where, what was found, what was done. What was found is open until a later patrol is clean."""

    class Found(models.TextChoices):
        CLEAN = "clean", _("未发现")
        STALL = "stall", _("散煤销售点")
        BOILER = "boiler", _("燃煤小锅炉、炉灶")
        HOUSEHOLD = "household", _("居民散煤")

    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    spot = models.CharField(_("巡查地点"), max_length=120)
    on = models.DateField(_("巡查日期"))
    found = models.CharField(_("发现"), max_length=10, choices=Found.choices)
    kilograms = models.FloatField(_("数量（kg）"), null=True)
    handled = models.CharField(_("处置"), max_length=300, blank=True)
    again_by = models.DateField(_("复查期限"), null=True)
    photo = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("登记时间"))
    demo = models.BooleanField(_("示例"), default=False)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        verbose_name = _("散煤巡查")
        ordering = ("-on", "-pk")
