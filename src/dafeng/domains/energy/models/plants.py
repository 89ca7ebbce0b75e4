"""What the plants room stores: the register, dated capacity, declared totals, leases and duties of storage, output by month."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.domains.energy.models.control import MonthValue
from dafeng.kernel.enterprises.access import OFFICES
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.access import is_superuser, organisations_of, places_of, roles_of
from dafeng.kernel.records.append_only import AppendOnly, AppendOnlyQuerySet
from dafeng.kernel.records.models import Evidence, Record

__all__ = ["CapacityChange", "CountyTotal", "DutyRule", "Plant", "PlantMonth", "StorageLease"]

WHOLE = OFFICES | {"grid"}


def plants_seen(user: Any, *, at: str = "") -> Q:
    """Plants, or what has a key to one under `at`: offices and the grid all, a county its own, an owner's people theirs."""
    prefix = f"{at}__" if at else ""
    roles = roles_of(user)
    if is_superuser(user) or WHOLE & roles:
        return Q()
    seen = Q(**{f"{prefix}organisation__in": organisations_of(user) - {""}})
    if "county" in roles:
        seen |= Q(**{f"{prefix}place__in": places_of(user) - {""}})
    return seen


class PlantQuerySet(models.QuerySet["Plant"]):
    def for_user(self, user: Any) -> PlantQuerySet:
        return self.filter(plants_seen(user))


class Plant(models.Model):
    """A plant of the register. Its capacity is the sum of its accepted changes, never a field of its own.

    `part_of`: the plant behind whose connection a storage stands; it counts as storage, never as the plant's capacity.
    `shared`: a storage whose capacity others lease. `station_code`: its number in another register (hydro), text only.
    `meters`: what is measured (`rules.METERED`) → codes of points in `kernel.series`.
    """

    class Kind(models.TextChoices):
        WIND = "wind", _("风电")
        PV_CENTRAL = "pv_central", _("集中式光伏")
        PV_DISTRIBUTED = "pv_distributed", _("分布式光伏")
        BIOMASS = "biomass", _("生物质发电")
        WASTE = "waste", _("垃圾焚烧发电")
        HYDRO = "hydro", _("水电")
        GAS = "gas", _("燃气发电")
        STORAGE = "storage", _("新型储能")
        PUMPED = "pumped", _("抽水蓄能")
        HYDROGEN = "hydrogen", _("加氢站")

    code = models.SlugField(_("编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    kind = models.CharField(_("类型"), max_length=16, choices=Kind.choices)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="+")
    organisation = models.CharField(_("填报单位代码"), max_length=60, blank=True)
    owner = models.CharField(_("业主"), max_length=120, blank=True)
    filing = models.CharField(_("备案或核准文号"), max_length=120, blank=True)
    longitude = models.FloatField(_("经度"), null=True, blank=True)
    latitude = models.FloatField(_("纬度"), null=True, blank=True)
    voltage = models.FloatField(_("并网电压（kV）"), null=True, blank=True)
    part_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="storages")
    shared = models.BooleanField(_("共享储能"), default=False)
    station_code = models.CharField(_("电站编号（其他系统）"), max_length=60, blank=True)
    meters = models.JSONField(_("计量点"), default=dict, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = PlantQuerySet.as_manager()

    class Meta:
        verbose_name = _("电站")
        ordering = ("place", "code")
        indexes = (models.Index(fields=("city", "kind"), name="energy_plant_kind"),)
        constraints = (
            models.UniqueConstraint(
                fields=("city", "filing"), condition=~Q(filing=""), name="energy_plant_filing_once"
            ),
            models.UniqueConstraint(fields=("place", "name"), name="energy_plant_name_once"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return f"plant:{self.code}"

    @property
    def stores(self) -> bool:
        return self.kind in (self.Kind.STORAGE, self.Kind.PUMPED)


class CapacityChange(models.Model):
    """So much capacity reached a stage on a day; it counts once its record is accepted. Never negative: `retired` takes away.

    `mw`: AC, or the power of a storage. `mwp`: DC of PV, None unknown; never added to `mw`. `mwh`: energy of a storage.
    """

    class Stage(models.TextChoices):
        APPROVED = "approved", _("备案或核准")
        STARTED = "started", _("开工")
        CONNECTED = "connected", _("并网")
        RETIRED = "retired", _("退役")

    record = models.ForeignKey(Record, models.PROTECT, related_name="energy_capacity_changes")
    plant = models.ForeignKey(Plant, models.PROTECT, related_name="changes")
    stage = models.CharField(_("阶段"), max_length=10, choices=Stage.choices)
    on = models.DateField(_("日期"))
    mw = models.FloatField(_("交流容量或功率（MW）"))
    mwp = models.FloatField(_("直流容量（MWp）"), null=True, blank=True)
    mwh = models.FloatField(_("储能容量（MWh）"), null=True, blank=True)
    document = models.CharField(_("文件号"), max_length=200)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("容量变动")
        ordering = ("on", "pk")


class CountyTotal(models.Model):
    """The total of a kind in a county on a day, as declared (by the grid company); what of it is registered is in it."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_county_total")
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    kind = models.CharField(_("类型"), max_length=16, choices=Plant.Kind.choices)
    on = models.DateField(_("截止日期"))
    mw = models.FloatField(_("交流容量（MW）"))
    mwp = models.FloatField(_("直流容量（MWp）"), null=True, blank=True)
    source = models.CharField(_("来源"), max_length=200)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("县区总量")
        ordering = ("on", "pk")


class StorageLease(models.Model):
    """A plant rents capacity of a shared storage for a time, both days included."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_lease")
    station = models.ForeignKey(Plant, models.PROTECT, related_name="leases_out")
    plant = models.ForeignKey(Plant, models.PROTECT, related_name="leases_in")
    contract = models.CharField(_("合同编号"), max_length=120)
    mw = models.FloatField(_("功率（MW）"))
    mwh = models.FloatField(_("容量（MWh）"))
    starts = models.DateField(_("起"))
    ends = models.DateField(_("止"))
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("储能租赁")
        ordering = ("starts", "pk")


class DutyRule(models.Model):
    """A dated rule: capacity of a kind connected between two days owes storage of `ratio` % of it for `hours`."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_duty_rule")
    city = models.CharField(_("城市"), max_length=6)
    kind = models.CharField(_("类型"), max_length=16, choices=Plant.Kind.choices)
    connected_from = models.DateField(_("并网日期起"))
    connected_until = models.DateField(_("并网日期止"), null=True, blank=True)
    ratio = models.FloatField(_("配储比例（%）"))
    hours = models.FloatField(_("时长（h）"))
    document = models.CharField(_("文件与条款"), max_length=200)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("配储规定")
        ordering = ("kind", "connected_from", "pk")


class PlantMonth(AppendOnly):
    """What a plant made, or a storage moved, in a month, in MWh; a correction has a higher revision. None: not told."""

    plant = models.ForeignKey(Plant, models.PROTECT, related_name="months")
    month = models.CharField(_("月份"), max_length=7)
    generation = models.FloatField(_("发电量"), null=True)
    on_grid = models.FloatField(_("上网电量"), null=True)
    own_use = models.FloatField(_("自用电量"), null=True)
    available = models.FloatField(_("可发电量"), null=True)
    curtailed = models.FloatField(_("弃电量"), null=True)
    charged = models.FloatField(_("充电量"), null=True)
    discharged = models.FloatField(_("放电量"), null=True)
    basis = models.CharField(_("依据"), max_length=12, choices=MonthValue.Basis.choices)
    source = models.CharField(_("来源"), max_length=200)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("电站月度电量")
        constraints = (models.UniqueConstraint(fields=("plant", "month", "revision"), name="energy_plant_month_once"),)
