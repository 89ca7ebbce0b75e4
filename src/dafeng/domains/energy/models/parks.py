"""What the parks room stores: the register, firms in and out, links and months, heat and materials offered and needed, boilers.

What somebody judges or confirms (the test of 具备条件, the stage of the retrofit, a match, an exchange, a replaced boiler) has a
record, whose workflow asks for a second person.
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
from dafeng.kernel.records.models import Evidence, Record
from dafeng.kernel.series.models import Point

__all__ = [
    "Boiler",
    "BoilerReplacement",
    "HeatMatch",
    "HeatNeed",
    "HeatOffer",
    "Material",
    "MaterialExchange",
    "Park",
    "ParkFirm",
    "ParkFlow",
    "ParkLink",
    "ParkService",
    "ParkStage",
    "ParkYear",
    "Qualification",
]


def whole_parks(user: Any, *, at: str = "") -> Q:
    """Parks that a person sees whole: offices all, a county its own, the people of the operating company theirs."""
    prefix = f"{at}__" if at else ""
    roles = roles_of(user)
    if is_superuser(user) or OFFICES & roles:
        return Q()
    seen = Q(**{f"{prefix}organisation__in": organisations_of(user) - {""}})
    if "county" in roles:
        seen |= Q(**{f"{prefix}place__in": places_of(user) - {""}})
    return seen


def firms_seen(user: Any, *, park: str = "park", firms: tuple[str, ...] = ("enterprise",)) -> Q:
    """Rows of a park that are about firms: whoever sees the park whole sees them, and the people of a named firm theirs."""
    own = whole_parks(user, at=park)
    if not own:
        return own
    for firm in firms:
        own |= Q(**{f"{firm}__organisation__in": organisations_of(user) - {""}})
    return own


def matches_seen(user: Any, *, at: str = "") -> Q:
    """Matches of heat that a person sees: those of a park as its rows; those that reach outside whoever sees the place of either side whole."""
    prefix = f"{at}__" if at else ""
    sides = (f"{prefix}offer", f"{prefix}need")
    seen = firms_seen(user, park=f"{prefix}park", firms=tuple(f"{side}__enterprise" for side in sides))
    if not seen:
        return seen
    for side in sides:
        whole = whole_parks(user, at=f"{side}__park")
        if "county" in roles_of(user):
            whole |= Q(**{f"{side}__park": None, f"{side}__enterprise__place__in": places_of(user) - {""}})
        seen |= Q(**{f"{prefix}park": None}) & whole
    return seen


class ParkQuerySet(models.QuerySet["Park"]):
    def for_user(self, user: Any) -> ParkQuerySet:
        """Parks seen whole, and those in which a firm of the person's sits."""
        whole = whole_parks(user)
        if not whole:
            return self
        mine = ParkFirm.objects.filter(enterprise__organisation__in=organisations_of(user) - {""}, until=None)
        return self.filter(whole | Q(pk__in=mine.values("park_id")))


class OfPark(models.QuerySet[Any]):
    """Rows of a park about one firm."""

    def for_user(self, user: Any) -> OfPark:
        return self.filter(firms_seen(user))


class OfFirmOrPark(OfPark):
    """Rows that may lie in no park: then a county sees those of its firms."""

    def for_user(self, user: Any) -> OfFirmOrPark:
        seen = firms_seen(user)
        if seen and "county" in roles_of(user):
            seen |= Q(park=None, enterprise__place__in=places_of(user) - {""})
        return self.filter(seen)


class Park(models.Model):
    """An industrial park of the register. `organisation`: whose people operate it."""

    class Level(models.TextChoices):
        NATIONAL = "national", _("国家级")
        PROVINCIAL = "provincial", _("省级")
        OTHER = "other", _("其他")

    code = models.SlugField(_("编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    level = models.CharField(_("级别"), max_length=10, choices=Level.choices)
    area = models.FloatField(_("面积（公顷）"), null=True, blank=True)
    operator = models.CharField(_("运营单位"), max_length=120, blank=True)
    organisation = models.CharField(_("运营单位代码"), max_length=60, blank=True)
    longitude = models.FloatField(_("经度"), null=True, blank=True)
    latitude = models.FloatField(_("纬度"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = ParkQuerySet.as_manager()

    class Meta:
        verbose_name = _("园区")
        ordering = ("place", "code")
        indexes = (models.Index(fields=("city", "level"), name="energy_park_level"),)

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """Its name on the blackboard of indicators."""
        return f"park:{self.code}"

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name


class ParkService(models.Model):
    """A third party that handles energy or environment for the whole park, by a dated contract."""

    class Kind(models.TextChoices):
        ENERGY = "energy", _("能源集中处理")
        ENVIRONMENT = "environment", _("环境管理")

    park = models.ForeignKey(Park, models.CASCADE, related_name="services")
    kind = models.CharField(_("服务"), max_length=12, choices=Kind.choices)
    provider = models.CharField(_("服务单位"), max_length=120)
    contract = models.CharField(_("合同"), max_length=120)
    since = models.DateField(_("合同起"))
    until = models.DateField(_("合同止"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("第三方服务")
        ordering = ("kind", "since")


class ParkFirm(models.Model):
    """A firm in a park from a day on; a firm sits in one park at a time. `shares`: its own numbers may be seen by the operator."""

    park = models.ForeignKey(Park, models.PROTECT, related_name="firms")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="energy_parks")
    since = models.DateField(_("入园日期"))
    until = models.DateField(_("离园日期"), null=True, blank=True)
    longitude = models.FloatField(_("经度"), null=True, blank=True)
    latitude = models.FloatField(_("纬度"), null=True, blank=True)
    shares = models.BooleanField(_("同意向运营单位共享用能数据"), default=False)

    objects = OfPark.as_manager()

    class Meta:
        verbose_name = _("入园企业")
        ordering = ("park", "enterprise__code", "since")
        constraints = (
            models.UniqueConstraint(fields=("enterprise",), condition=Q(until=None), name="energy_park_firm_in_one"),
        )


class Qualification(models.Model):
    """The recorded test of 具备条件: each criterion met or not, who judged, when; it counts once a second person accepted it."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_park_qualification")
    park = models.ForeignKey(Park, models.PROTECT, related_name="qualifications")
    criteria = models.JSONField(_("条件"))
    rules = models.CharField(_("条件版本"), max_length=20)
    qualified = models.BooleanField(_("具备条件"))
    judge = models.CharField(_("评定单位与人"), max_length=120)
    judged_on = models.DateField(_("评定日期"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("循环化改造条件评定")


class ParkStage(models.Model):
    """A stage of the circular retrofit with its proof; the last one that was accepted counts."""

    class Stage(models.TextChoices):
        DOING = "doing", _("进行中")
        DONE = "done", _("已完成")

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_park_stage")
    park = models.ForeignKey(Park, models.PROTECT, related_name="stages")
    stage = models.CharField(_("状态"), max_length=6, choices=Stage.choices)
    on = models.DateField(_("日期"))
    document = models.CharField(_("依据文件"), max_length=200)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("循环化改造进展")


class ParkLink(models.Model):
    """An energy led inside the park: from firm to firm, or to a firm from outside (`bought`) or from the park's own making (`made`).

    Points of `kernel.series` at either end, or month values (`ParkFlow`).
    """

    class Kind(models.TextChoices):
        EXCHANGE = "exchange", _("企业间")
        BOUGHT = "bought", _("外购集中供应")
        MADE = "made", _("园内自产")

    park = models.ForeignKey(Park, models.PROTECT, related_name="links")
    kind = models.CharField(_("性质"), max_length=8, choices=Kind.choices)
    source = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="energy_park_out")
    target = models.ForeignKey(Enterprise, models.PROTECT, related_name="energy_park_in")
    carrier = models.CharField(_("介质"), max_length=12, help_text="parks/rules.toml")
    sent_point = models.ForeignKey(Point, models.PROTECT, null=True, blank=True, related_name="+")
    received_point = models.ForeignKey(Point, models.PROTECT, null=True, blank=True, related_name="+")
    since = models.DateField(_("起用日期"))
    until = models.DateField(_("停用日期"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("园内供能")
        ordering = ("id",)
        constraints = (
            # Two, for not every database takes one NULL for another: what comes from outside has no source.
            models.UniqueConstraint(
                fields=("park", "kind", "source", "target", "carrier"), condition=Q(source__isnull=False), name="energy_park_link_once"
            ),
            models.UniqueConstraint(
                fields=("park", "kind", "target", "carrier"), condition=Q(source__isnull=True), name="energy_park_link_in_once"
            ),
        )  # fmt: skip


class ParkFlow(AppendOnly):
    """What a link carried in a month, as it was told, in the carrier's unit; a correction has a higher revision."""

    link = models.ForeignKey(ParkLink, models.PROTECT, related_name="flows")
    month = models.CharField(_("月份"), max_length=7)
    sent = models.FloatField(_("送出"), null=True)
    received = models.FloatField(_("收到"), null=True)
    source = models.CharField(_("来源"), max_length=200)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("园内供能月度量")
        constraints = (models.UniqueConstraint(fields=("link", "month", "revision"), name="energy_park_flow_once"),)


class Heat(models.Model):
    """Heat of a firm at a temperature: `months` and the hours of the day tell when, `hours` how many of them in a year it runs.

    Outside every park `park` is empty, and the row says where it lies.
    """

    class Medium(models.TextChoices):
        STEAM = "steam", _("蒸汽")
        HOT_WATER = "hot_water", _("热水")
        FLUE_GAS = "flue_gas", _("烟气")
        AIR = "air", _("热风")

    park = models.ForeignKey(Park, models.PROTECT, null=True, related_name="%(class)ss")
    longitude = models.FloatField(_("经度"), null=True, blank=True)
    latitude = models.FloatField(_("纬度"), null=True, blank=True)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="energy_%(class)ss")
    name = models.CharField(_("名称"), max_length=80)
    temperature = models.FloatField(_("温度（℃）"))
    power = models.FloatField(_("功率（MW）"))
    months = models.JSONField(_("月份"))
    from_hour = models.PositiveSmallIntegerField(_("每日起（时）"), default=0)
    until_hour = models.PositiveSmallIntegerField(_("每日止（时）"), default=24)
    hours = models.FloatField(_("年运行小时"))
    since = models.DateField(_("可用起始日"))
    withdrawn_on = models.DateField(_("撤回日期"), null=True, blank=True)
    imported = models.ForeignKey(
        Record, models.PROTECT, null=True, related_name="+", help_text="the import that brought it"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    demo = models.BooleanField(_("示例"), default=False)

    objects = OfFirmOrPark.as_manager()

    class Meta:
        abstract = True
        ordering = ("-temperature", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(park__isnull=False) | Q(longitude__isnull=False, latitude__isnull=False),
                name="energy_%(class)s_somewhere",
            ),
        )

    def __str__(self) -> str:
        return self.name


class HeatOffer(Heat):
    """Waste heat on offer. `outlet`: how far it may be cooled (sensible heat, used in steps); empty: all of it at its temperature."""

    medium = models.CharField(_("介质"), max_length=10, choices=Heat.Medium.choices)
    outlet = models.FloatField(_("可冷却到（℃）"), null=True, blank=True)

    class Meta(Heat.Meta):
        verbose_name = _("余热供给")


class HeatNeed(Heat):
    """Heat that is needed, and what makes it today: the fuel and the efficiency of its boiler."""

    item = models.CharField(_("现用能源"), max_length=20)
    efficiency = models.FloatField(_("现有锅炉效率"))

    class Meta(Heat.Meta):
        verbose_name = _("用热需求")


class HeatMatch(models.Model):
    """An offer and a need that two firms agree to join, with what it was computed to bring a year; of no park where a side lies outside."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_heat_match")
    park = models.ForeignKey(Park, models.PROTECT, null=True, related_name="matches")
    offer = models.ForeignKey(HeatOffer, models.PROTECT, related_name="matches")
    need = models.ForeignKey(HeatNeed, models.PROTECT, related_name="matches")
    power = models.FloatField(_("最大送热（MW）"))
    delivered = models.FloatField(_("年供热（GJ）"))
    tce = models.FloatField(_("年替代（tce）"))
    co2 = models.FloatField(_("年减排（t CO₂）"), null=True)
    facts = models.JSONField(default=dict)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("余热匹配")


class Material(models.Model):
    """A by-product or waste on offer, or one that a firm can take. Hazardous ones need the taker's permit number."""

    class Side(models.TextChoices):
        OFFER = "offer", _("供给")
        NEED = "need", _("需求")

    park = models.ForeignKey(Park, models.PROTECT, related_name="materials")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="energy_materials")
    side = models.CharField(_("方向"), max_length=5, choices=Side.choices)
    code = models.CharField(_("物料代码"), max_length=40)
    name = models.CharField(_("物料"), max_length=80)
    tonnes = models.FloatField(_("数量（t/年）"))
    quality = models.FloatField(_("主成分含量（%）"), null=True, blank=True)
    hazardous = models.BooleanField(_("危险废物"), default=False)
    permit = models.CharField(_("危险废物经营许可证编号"), max_length=60, blank=True)
    since = models.DateField(_("起始日"))
    withdrawn_on = models.DateField(_("撤回日期"), null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    demo = models.BooleanField(_("示例"), default=False)

    objects = OfPark.as_manager()

    class Meta:
        verbose_name = _("副产物与废弃物")
        ordering = ("side", "code", "id")

    def __str__(self) -> str:
        return self.name


class MaterialExchange(models.Model):
    """Tonnes that went from one firm to another in a month, with proof; it counts once a second person accepted it."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_material_exchange")
    park = models.ForeignKey(Park, models.PROTECT, related_name="exchanges")
    offer = models.ForeignKey(Material, models.PROTECT, related_name="exchanges_out")
    need = models.ForeignKey(Material, models.PROTECT, related_name="exchanges_in")
    month = models.CharField(_("月份"), max_length=7)
    tonnes = models.FloatField(_("数量（t）"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("物料交换")


class ParkYear(AppendOnly):
    """A yearly figure of the park that its ratios need (`rules.toml`, figures); a correction has a higher revision."""

    park = models.ForeignKey(Park, models.PROTECT, related_name="years")
    year = models.PositiveSmallIntegerField(_("年份"))
    key = models.CharField(_("项目"), max_length=20)
    value = models.FloatField(_("数量"))
    source = models.CharField(_("来源"), max_length=200)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("园区年度数")
        constraints = (
            models.UniqueConstraint(fields=("park", "year", "key", "revision"), name="energy_park_year_once"),
        )


class BoilerQuerySet(models.QuerySet["Boiler"]):
    def for_user(self, user: Any) -> BoilerQuerySet:
        """Offices all, a county its own; a park's operator those of the park; a firm its own."""
        roles = roles_of(user)
        if is_superuser(user) or OFFICES & roles:
            return self
        seen = firms_seen(user)
        if "county" in roles:
            seen |= Q(place__in=places_of(user) - {""})
        return self.filter(seen)


class Boiler(models.Model):
    """A boiler that central heat could replace. `number`: its registration number, once in the whole register."""

    number = models.CharField(_("使用登记证编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    park = models.ForeignKey(Park, models.PROTECT, null=True, blank=True, related_name="boilers")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="energy_boilers")
    capacity = models.FloatField(_("额定蒸发量（t/h）"))
    item = models.CharField(_("燃料"), max_length=20)
    year = models.PositiveSmallIntegerField(_("投用年份"), null=True, blank=True)
    longitude = models.FloatField(_("经度"), null=True, blank=True)
    latitude = models.FloatField(_("纬度"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = BoilerQuerySet.as_manager()

    class Meta:
        verbose_name = _("锅炉")
        ordering = ("place", "number")

    def __str__(self) -> str:
        return self.name


class BoilerReplacement(models.Model):
    """A boiler put out of use for central heat; refused ones aside, a boiler has one."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_boiler_replacement")
    boiler = models.ForeignKey(Boiler, models.PROTECT, related_name="replacements")
    link = models.ForeignKey(ParkLink, models.PROTECT, null=True, blank=True, related_name="replaced_boilers")
    heat_from = models.CharField(_("由谁供热"), max_length=120)
    on = models.DateField(_("停用日期"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("锅炉替代")
