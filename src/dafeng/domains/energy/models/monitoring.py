"""What the monitoring room stores: a firm's contract, its flow model and meters, output, findings, forecasts, measures, equipment.

Readings are not here: a `Meter` names a point of `kernel.series`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.enterprises.access import enterprises_seen
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.append_only import AppendOnly, AppendOnlyQuerySet
from dafeng.kernel.series.models import Point

__all__ = ["Anomaly", "AnomalyMove", "BaselineFit", "DayForecast", "FlowLink", "FlowNode", "Measure", "Meter", "MonitoredFirm", "Output", "Product", "Replacement"]  # fmt: skip


class OfFirm(models.QuerySet[Any]):
    """Rows with a key to an enterprise."""

    def for_user(self, user: Any) -> OfFirm:
        return self.filter(enterprises_seen(user, at="enterprise"))


class Dated(models.Model):
    """A part of the flow model: it holds from `since` on, and from `until` on no more. Without dates it always held, and still does."""

    since = models.DateField(_("起用日期"), null=True, blank=True)
    until = models.DateField(
        _("停用日期"), null=True, blank=True, help_text="the first day on which it no longer holds"
    )

    class Meta:
        abstract = True

    def holds(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


class DatedQuerySet(OfFirm):
    def holding(self, first: date, last: date | None = None) -> DatedQuerySet:
        """What held on some day from the first to the last; of one day where only one is given."""
        begun = Q(since=None) | Q(since__lte=last or first)
        return self.filter(begun, Q(until=None) | Q(until__gt=first))


class MonitoredFirm(models.Model):
    """A key energy user: what the city must know of its contract to tell what a kWh costs it. Prices are the firm's own."""

    enterprise = models.OneToOneField(Enterprise, models.PROTECT, related_name="energy_monitored")
    flat_price = models.DecimalField(_("平段电价（元/千瓦时）"), max_digits=8, decimal_places=4, null=True, blank=True)
    coal_price = models.DecimalField(_("原煤价格（元/吨）"), max_digits=9, decimal_places=2, null=True, blank=True)
    gas_price = models.DecimalField(_("天然气价格（元/立方米）"), max_digits=8, decimal_places=4, null=True, blank=True)
    heat_price = models.DecimalField(_("外购热力价格（元/GJ）"), max_digits=8, decimal_places=2, null=True, blank=True)
    capacity = models.PositiveIntegerField(_("变压器容量（千伏安）"), null=True, blank=True)
    per_kva = models.DecimalField(_("容量电价（元/千伏安·月）"), max_digits=8, decimal_places=2, null=True, blank=True)
    per_kw = models.DecimalField(_("需量电价（元/千瓦·月）"), max_digits=8, decimal_places=2, null=True, blank=True)
    movable = models.DecimalField(_("高峰可转移比例"), max_digits=4, decimal_places=3, null=True, blank=True)
    pressure_margin = models.DecimalField(
        _("空压系统可降压力（MPa）"), max_digits=4, decimal_places=2, null=True, blank=True
    )
    rests = models.BooleanField(_("休息日停产"), default=False)
    demo = models.BooleanField(_("示例"), default=False)

    objects = OfFirm.as_manager()

    class Meta:
        verbose_name = _("重点用能单位")
        ordering = ("enterprise__place", "enterprise__code")

    def __str__(self) -> str:
        return self.enterprise.name


class FlowNode(Dated):
    """A place in the firm's energy flow: what is bought, converted, distributed, used."""

    class Stage(models.TextChoices):
        PURCHASE = "purchase", _("购入贮存")
        CONVERSION = "conversion", _("加工转换")
        DISTRIBUTION = "distribution", _("输送分配")
        PROCESS = "process", _("终端使用")
        PRODUCT = "product", _("产品")

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="energy_nodes")
    code = models.SlugField(_("代码"), max_length=40)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    stage = models.CharField(_("环节"), max_length=12, choices=Stage.choices)
    tolerance = models.FloatField(_("允许差"), default=0.05)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = _("用能环节")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("enterprise", "code"), name="energy_node_once"),)

    def __str__(self) -> str:
        return self.name

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name


class Meter(Dated):
    """A point of the series store in a firm's flow model: where it sits, what energy it measures, what it is for."""

    class Role(models.TextChoices):
        LOAD = "load", _("用量")
        REACTIVE = "reactive", _("无功")
        HEATING = "heating", _("供暖")
        COOLING = "cooling", _("制冷")
        COMPRESSOR = "compressor", _("空压")

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="energy_meters")
    node = models.ForeignKey(FlowNode, models.PROTECT, related_name="meters")
    point = models.OneToOneField(Point, models.PROTECT, related_name="energy_meter")
    item = models.CharField(_("能源品种"), max_length=20, help_text="methods/coefficients.csv")
    role = models.CharField(_("用途"), max_length=12, choices=Role.choices, default=Role.LOAD)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        help_text="the meter of which this is a part",
    )

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = _("监测表计")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.point.name


class FlowLink(Dated):
    """An energy that goes from one node to the next. Without a meter it is what is left at its source.

    `recovered`: waste heat or pressure won back; the only energy that may run against the order of the stages.
    """

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="energy_links")
    source = models.ForeignKey(FlowNode, models.PROTECT, related_name="links_out")
    target = models.ForeignKey(FlowNode, models.PROTECT, related_name="links_in")
    item = models.CharField(_("能源品种"), max_length=20)
    meter = models.ForeignKey(Meter, models.PROTECT, null=True, blank=True, related_name="links")
    recovered = models.BooleanField(_("回收能"), default=False)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = _("能源流向")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("source", "target", "item"), name="energy_link_once"),)


class Product(models.Model):
    """What the firm makes, in the unit in which its unit consumption is told. `node`: where it is made; None: by the whole works."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="energy_products")
    node = models.ForeignKey(FlowNode, models.PROTECT, null=True, blank=True, related_name="products")
    code = models.SlugField(_("代码"), max_length=40)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    unit = models.CharField(_("单位"), max_length=20)

    class Meta:
        verbose_name = _("产品")
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("enterprise", "code"), name="energy_product_once"),)

    def __str__(self) -> str:
        return self.name

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name


class Output(models.Model):
    """Output of a month. A later statement of the same month counts; none is removed."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="outputs")
    month = models.CharField(_("月份"), max_length=7, help_text="YYYY-MM")
    amount = models.FloatField(_("产量"))
    source = models.CharField(_("数据来源"), max_length=120)
    stated_at = models.DateTimeField(_("登记时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("产量")
        ordering = ("month", "id")
        constraints = (models.CheckConstraint(condition=Q(amount__gte=0), name="energy_output_not_negative"),)


class Anomaly(models.Model):
    """A finding on somebody's desk: where, what is at stake, and what people made of it."""

    class State(models.TextChoices):
        NEW = "new", _("待确认")
        CONFIRMED = "confirmed", _("属实")
        FALSE = "false", _("误报")
        SOLVED = "solved", _("已解决")

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="energy_anomalies")
    meter = models.ForeignKey(Meter, models.PROTECT, related_name="anomalies")
    kind = models.CharField(_("类型"), max_length=20)
    family = models.CharField(_("层次"), max_length=8)
    first = models.DateTimeField(_("起"))
    last = models.DateTimeField(_("止"))
    score = models.FloatField(_("强度"))
    amount = models.FloatField(_("涉及用量"), null=True, help_text="in the unit of the meter's point")
    yuan = models.DecimalField(_("涉及金额（元）"), max_digits=14, decimal_places=2, null=True)
    co2 = models.FloatField(_("涉及排放（吨）"), null=True)
    money_standing = models.CharField(max_length=20, blank=True)
    facts = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.NEW)
    found_at = models.DateTimeField(_("发现时间"))

    objects = OfFirm.as_manager()

    class Meta:
        verbose_name = _("用能异常")
        ordering = ("-first", "-id")
        constraints = (models.UniqueConstraint(fields=("meter", "kind", "first"), name="energy_anomaly_once"),)
        indexes = (models.Index(fields=("enterprise", "state"), name="energy_anomaly_desk"),)


class AnomalyMove(models.Model):
    """A step of a finding, and who took it."""

    anomaly = models.ForeignKey(Anomaly, models.CASCADE, related_name="moves")
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("说明"), max_length=300)

    class Meta:
        ordering = ("id",)


class Measure(models.Model):
    """A line of the firm's saving plan: what an alarm or an advice led to."""

    class State(models.TextChoices):
        PLANNED = "planned", _("计划")
        DOING = "doing", _("实施中")
        DONE = "done", _("已完成")
        DROPPED = "dropped", _("不再实施")

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="energy_measures")
    title = models.CharField(_("措施"), max_length=120)
    anomaly = models.ForeignKey(Anomaly, models.PROTECT, null=True, blank=True, related_name="measures")
    advice = models.CharField(_("依据的建议"), max_length=20, blank=True)
    kwh = models.FloatField(_("预计年节电（千瓦时）"), null=True, blank=True)
    due = models.DateField(_("完成期限"))
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.PLANNED)
    made_at = models.DateTimeField(_("登记时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = OfFirm.as_manager()

    class Meta:
        verbose_name = _("节能措施")
        ordering = ("due", "id")


class DayForecast(models.Model):
    """The forecast of one meter for one day as it was made, kept to be scored when the day is over. Hours as lists of 24."""

    meter = models.ForeignKey(Meter, models.CASCADE, related_name="forecasts")
    day = models.DateField(_("日期"))
    lead = models.PositiveSmallIntegerField(_("提前天数"))
    made_at = models.DateTimeField(_("预测时间"))
    rung = models.CharField(_("方法"), max_length=10)
    value = models.JSONField()
    low = models.JSONField()
    high = models.JSONField()
    mape = models.FloatField(null=True)
    mape_yesterday = models.FloatField(null=True)
    inside = models.PositiveSmallIntegerField(null=True, help_text="hours within the band")
    hours = models.PositiveSmallIntegerField(null=True, help_text="hours measured")

    class Meta:
        verbose_name = _("负荷预测")
        ordering = ("day", "meter")
        constraints = (models.UniqueConstraint(fields=("meter", "day", "lead"), name="energy_forecast_once"),)


class BaselineFit(AppendOnly):
    """A baseline of electricity as it was fitted once, of a firm or a park (`subject`): on which days, by which meters, how good.

    `coefficients` as of `monitoring.methods.baseline`, in kWh a day; a later fit stands beside it.
    """

    subject = models.CharField(_("对象"), max_length=120)
    fitted_at = models.DateTimeField(_("拟合时间"))
    first = models.DateField(_("拟合期起"))
    last = models.DateField(_("拟合期止"))
    days = models.PositiveSmallIntegerField(_("计入的天数"))
    meters = models.JSONField(_("计量点"))
    station = models.ForeignKey(Point, models.PROTECT, null=True, related_name="+")
    coefficients = models.JSONField(_("系数"))
    heating_base = models.SmallIntegerField(_("采暖基准温度（℃）"), null=True)
    cooling_base = models.SmallIntegerField(_("制冷基准温度（℃）"), null=True)
    cv_rmse = models.FloatField("CV(RMSE)")
    nmbe = models.FloatField("NMBE")
    r2 = models.FloatField("R²")
    sse = models.FloatField(_("残差平方和"))
    acceptable = models.BooleanField(_("在限值内"))
    standing = models.CharField(_("限值的可信程度"), max_length=12)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("用电基线")
        ordering = ("-fitted_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("subject", "first", "last", "fitted_at"), name="energy_baseline_once"),
        )


class Replacement(models.Model):
    """Old equipment retired for new. A nameplate is retired once: no saving is counted twice, by no firm."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE, related_name="energy_replacements")
    retired = models.CharField(_("淘汰设备"), max_length=120)
    nameplate = models.CharField(_("淘汰设备出厂编号"), max_length=60, unique=True)
    installed = models.CharField(_("新设备"), max_length=120)
    rated = models.FloatField(_("淘汰设备额定功率（千瓦）"))
    kwh = models.FloatField(_("年节电量（千瓦时）"))
    on = models.DateField(_("更换日期"))
    proof = models.CharField(_("凭证"), max_length=200)
    stated_at = models.DateTimeField(_("登记时间"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = OfFirm.as_manager()

    class Meta:
        verbose_name = _("设备更新")
        ordering = ("-on", "-id")
        constraints = (
            models.CheckConstraint(condition=Q(kwh__gte=0) & Q(rated__gt=0), name="energy_replacement_amounts"),
        )
