"""What the hydro room stores: rivers, stations, gauges, which points measure them, decisions, warnings, notices, forecasts.

Readings are not here: a `HydroPoint` names a point of `kernel.series` and what it measures of a station or a gauge.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.enterprises.access import OFFICES
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import is_superuser, organisations_of, places_of, roles_of
from dafeng.kernel.records.append_only import AppendOnly, AppendOnlyQuerySet
from dafeng.kernel.records.models import Record
from dafeng.kernel.series.models import Point

__all__ = [
    "EcoDecision", "EcoMove", "EcoWarning", "HydroGauge", "HydroNotice", "HydroPoint", "HydroStation", "InflowForecast", "PumpedDay", "River",
    "hydro_full",
]  # fmt: skip


def hydro_full(user: Any, *, at: str = "") -> Q:
    """Stations, or what has a key to one under `at`, that a person sees in full: offices all, a county its own, owners theirs."""
    prefix = f"{at}__" if at else ""
    if is_superuser(user) or OFFICES & roles_of(user):
        return Q()
    seen = Q(**{f"{prefix}organisation__in": organisations_of(user) - {""}})
    if "county" in roles_of(user):
        seen |= Q(**{f"{prefix}place__in": places_of(user) - {""}})
    return seen


class River(models.Model):
    """A river; `joins` is how many km above the mouth of `downstream` it flows in."""

    code = models.SlugField(_("编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    city = models.CharField(_("城市"), max_length=6)
    basin = models.CharField(_("流域"), max_length=80, blank=True)
    length = models.FloatField(_("河长（km）"), null=True, blank=True)
    downstream = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="tributaries")
    joins = models.FloatField(_("汇入处距下游河河口（km）"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("河流")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name


class HydroStationQuerySet(models.QuerySet["HydroStation"]):
    def in_full(self, user: Any) -> HydroStationQuerySet:
        """Stations of which a person sees everything."""
        return self.filter(hydro_full(user))

    def for_user(self, user: Any) -> HydroStationQuerySet:
        """Those, and the others on the same rivers, of which a person sees what is shared."""
        own = HydroStation.objects.filter(hydro_full(user)).order_by().values("river")
        return self.filter(hydro_full(user) | Q(river__in=own))


class HydroStation(models.Model):
    """A hydropower station on a river, `km` above its mouth. What is not known is null: never a default.

    `organisation`: whose people run it. `shares_power`: its owner lets others on the river see its power and generation.
    """

    class Kind(models.TextChoices):
        SMALL = "small", _("小水电")
        PUMPED = "pumped", _("抽水蓄能")

    class Stage(models.TextChoices):
        UNKNOWN = "unknown", _("待录入")
        PLANNED = "planned", _("规划")
        BUILDING = "building", _("在建")
        RUNNING = "running", _("运行")
        STOPPED = "stopped", _("停运")
        RETIRED = "retired", _("退出")

    code = models.SlugField(_("编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    kind = models.CharField(_("类型"), max_length=8, choices=Kind.choices, default=Kind.SMALL)
    stage = models.CharField(_("状态"), max_length=8, choices=Stage.choices, default=Stage.RUNNING)
    river = models.ForeignKey(River, models.PROTECT, null=True, blank=True, related_name="stations")
    km = models.FloatField(_("距河口（km）"), null=True, blank=True)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="+")
    organisation = models.CharField(_("业主单位代码"), max_length=60, blank=True)
    capacity = models.FloatField(_("装机容量（kW）"), null=True, blank=True)
    units = models.PositiveSmallIntegerField(_("机组台数"), null=True, blank=True)
    head = models.FloatField(_("额定水头（m）"), null=True, blank=True)
    design_flow = models.FloatField(_("设计引用流量（m³/s）"), null=True, blank=True)
    efficiency = models.FloatField(_("综合效率（0–1）"), null=True, blank=True)
    commissioned_on = models.DateField(_("投产日期"), null=True, blank=True)
    price = models.DecimalField(_("上网电价（元/kWh）"), max_digits=8, decimal_places=4, null=True, blank=True)
    shares_power = models.BooleanField(_("同意共享出力与发电量"), default=False)
    source = models.CharField(_("来源"), max_length=200, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = HydroStationQuerySet.as_manager()

    class Meta:
        verbose_name = _("水电站")
        ordering = ("river__code", "-km", "code")
        indexes = (models.Index(fields=("city", "kind"), name="energy_hydro_kind"),)

    def __str__(self) -> str:
        return self.name

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name

    @property
    def subject(self) -> str:
        return f"hydro:{self.code}"


class HydroGaugeQuerySet(models.QuerySet["HydroGauge"]):
    def for_user(self, user: Any) -> HydroGaugeQuerySet:
        """Offices all; others those on a river on which they have a station, and a county those in it."""
        if is_superuser(user) or OFFICES & roles_of(user):
            return self
        own = HydroStation.objects.filter(hydro_full(user)).order_by().values("river")
        seen = Q(river__in=own)
        if "county" in roles_of(user):
            seen |= Q(place__in=places_of(user) - {""})
        return self.filter(seen)


class HydroGauge(models.Model):
    """A hydrological measuring station: rain, level, flow. `alert_level` in m: the level from which on the river is watched."""

    code = models.SlugField(_("编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    river = models.ForeignKey(River, models.PROTECT, related_name="gauges")
    km = models.FloatField(_("距河口（km）"))
    alert_level = models.FloatField(_("警戒水位（m）"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=200, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = HydroGaugeQuerySet.as_manager()

    class Meta:
        verbose_name = _("水文测站")
        ordering = ("river__code", "-km", "code")

    def __str__(self) -> str:
        return self.name

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name


class HydroPoint(models.Model):
    """A point of the series store and what it measures here. `unit`: number of the machine, 0 for the whole station."""

    class Role(models.TextChoices):
        LEVEL = "level", _("上游水位")
        TAIL = "tail", _("下游水位")
        INFLOW = "inflow", _("入库流量")
        ECO = "eco", _("生态流量")
        TURBINE = "turbine", _("发电流量")
        POWER = "power", _("出力")
        ENERGY = "energy", _("发电量")
        FLOW = "flow", _("河道流量")
        RAIN = "rain", _("雨量")

    station = models.ForeignKey(HydroStation, models.CASCADE, null=True, related_name="points")
    gauge = models.ForeignKey(HydroGauge, models.CASCADE, null=True, related_name="points")
    role = models.CharField(_("用途"), max_length=8, choices=Role.choices)
    unit = models.PositiveSmallIntegerField(_("机组号"), default=0)
    point = models.OneToOneField(Point, models.PROTECT, related_name="energy_hydro")

    class Meta:
        verbose_name = _("水电测点")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(station__isnull=True, gauge__isnull=False) | Q(station__isnull=False, gauge__isnull=True),
                name="energy_hydro_point_of_one",
            ),
            models.UniqueConstraint(fields=("station", "role", "unit"), name="energy_hydro_point_once"),
            models.UniqueConstraint(
                fields=("gauge", "role"), condition=Q(gauge__isnull=False), name="energy_gauge_point_once"
            ),
        )


class EcoDecision(models.Model):
    """A decision on a station's ecological flow, m³/s for each month (null: not decided), in force from `since` once it is signed."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_eco_decision")
    station = models.ForeignKey(HydroStation, models.PROTECT, related_name="decisions")
    flows = models.JSONField(_("各月生态流量（m³/s）"), help_text="twelve numbers or nulls, January first")
    since = models.DateField(_("起"))
    document = models.CharField(_("依据文件"), max_length=200)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("生态流量核定")
        ordering = ("since", "id")


class EcoWarning(models.Model):
    """A stretch below the threshold, or without telemetry: where, from when to when, how bad, and what was made of it.

    `stands` False: late readings showed that it never was; it stays on the desk, said so.
    """

    class Kind(models.TextChoices):
        SHORT = "short", _("生态流量不足")
        GAP = "gap", _("遥测中断")

    class State(models.TextChoices):
        NEW = "new", _("待确认")
        CONFIRMED = "confirmed", _("属实")
        EXPLAINED = "explained", _("已说明")
        SOLVED = "solved", _("已解决")

    station = models.ForeignKey(HydroStation, models.CASCADE, related_name="warnings")
    kind = models.CharField(_("类型"), max_length=6, choices=Kind.choices)
    level = models.PositiveSmallIntegerField(_("级别"))
    first = models.DateTimeField(_("起"))
    last = models.DateTimeField(_("止"))
    hours = models.PositiveIntegerField(_("小时"))
    lowest = models.FloatField(_("最低流量（m³/s）"), null=True)
    threshold = models.FloatField(_("核定流量（m³/s）"), null=True)
    going_on = models.BooleanField(_("仍在持续"), default=False)
    stands = models.BooleanField(_("成立"), default=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.NEW)
    rule = models.CharField(_("规则"), max_length=40)
    found_at = models.DateTimeField(_("发现时间"))

    class Meta:
        verbose_name = _("生态流量预警")
        ordering = ("-first", "-id")
        constraints = (models.UniqueConstraint(fields=("station", "kind", "first"), name="energy_eco_warning_once"),)
        indexes = (models.Index(fields=("station", "state"), name="energy_eco_desk"),)


class EcoMove(AppendOnly):
    """A step of a warning, who took it and what they wrote."""

    warning = models.ForeignKey(EcoWarning, models.PROTECT, related_name="moves")
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    note = models.CharField(_("说明"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        ordering = ("id",)


class HydroNotice(models.Model):
    """What an operator tells those downstream: a planned release, maintenance, a flood. Withdrawn ones stay, said so."""

    class Kind(models.TextChoices):
        RELEASE = "release", _("计划放水")
        MAINTENANCE = "maintenance", _("检修停机")
        FLOOD = "flood", _("洪水预警")
        OTHER = "other", _("其他")

    station = models.ForeignKey(HydroStation, models.PROTECT, related_name="notices")
    kind = models.CharField(_("类型"), max_length=12, choices=Kind.choices)
    starts = models.DateTimeField(_("开始"))
    ends = models.DateTimeField(_("结束"))
    flow = models.FloatField(_("下泄流量（m³/s）"), null=True, blank=True)
    text = models.CharField(_("内容"), max_length=400)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("发布时间"))
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("水情通告")
        ordering = ("-starts", "-id")


class InflowForecast(models.Model):
    """A forecast as it was made: inflow (m³/s) and kWh of the days after `made_on` with their band, its rung, and its score."""

    station = models.ForeignKey(HydroStation, models.CASCADE, related_name="forecasts")
    made_on = models.DateField(_("预测日期"))
    made_at = models.DateTimeField(_("预测时间"))
    rung = models.CharField(_("方法"), max_length=12)
    days = models.JSONField(help_text="[{day, inflow, low, high, kwh, kwh_low, kwh_high}]")
    score = models.JSONField(default=dict, help_text="methods.inflow.Score and why rungs were passed over")

    class Meta:
        verbose_name = _("来水预测")
        ordering = ("-made_on", "station")
        constraints = (models.UniqueConstraint(fields=("station", "made_on"), name="energy_inflow_once"),)


class PumpedDay(AppendOnly):
    """The operation log of a pumped-storage station for a day that no point tells; a correction has a higher revision."""

    station = models.ForeignKey(HydroStation, models.PROTECT, related_name="logs")
    day = models.DateField(_("日期"))
    pumping = models.FloatField(_("抽水小时（机组合计）"))
    generating = models.FloatField(_("发电小时（机组合计）"))
    standby = models.FloatField(_("备用小时（机组合计）"))
    pumped = models.FloatField(_("抽水电量（kWh）"))
    generated = models.FloatField(_("发电量（kWh）"))
    source = models.CharField(_("来源"), max_length=200)
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("抽水蓄能运行日志")
        constraints = (models.UniqueConstraint(fields=("station", "day", "revision"), name="energy_pumped_once"),)
