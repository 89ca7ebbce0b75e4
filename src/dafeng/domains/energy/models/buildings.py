"""What the buildings room stores: the register, yearly use by end use, retrofits, carbon audits."""

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

__all__ = ["Building", "BuildingAudit", "BuildingUse", "Retrofit"]


def buildings_seen(user: Any, *, at: str = "") -> Q:
    """Buildings, or what has a key to one under `at`: offices all, a county its own, the people of its user theirs."""
    prefix = f"{at}__" if at else ""
    roles = roles_of(user)
    if is_superuser(user) or OFFICES & roles:
        return Q()
    seen = Q(**{f"{prefix}organisation__in": organisations_of(user) - {""}})
    if "county" in roles:
        seen |= Q(**{f"{prefix}place__in": places_of(user) - {""}})
    return seen


class BuildingQuerySet(models.QuerySet["Building"]):
    def for_user(self, user: Any) -> BuildingQuerySet:
        return self.filter(buildings_seen(user), withdrawn=False)


class Building(models.Model):
    """A building of the register. `organisation`: whose people report for it; `meters`: codes of points in `kernel.series`."""

    class Type(models.TextChoices):
        OFFICE = "office", _("办公")
        SCHOOL = "school", _("学校")
        HOSPITAL = "hospital", _("医院")
        HOTEL = "hotel", _("宾馆饭店")
        MALL = "mall", _("商场")
        CULTURE = "culture", _("文化体育")
        HOUSING = "housing", _("居住")
        OTHER = "other", _("其他")

    class Zone(models.TextChoices):
        HSCW = "hscw", _("夏热冬冷")
        COLD = "cold", _("寒冷")

    code = models.SlugField(_("编号"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    city = models.CharField(_("城市"), max_length=6)
    place = models.CharField(_("县区"), max_length=6)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="+")
    organisation = models.CharField(_("组织"), max_length=60, blank=True)
    type = models.CharField(_("类型"), max_length=10, choices=Type.choices)
    zone = models.CharField(_("气候区"), max_length=6, choices=Zone.choices, default=Zone.HSCW)
    area = models.FloatField(_("建筑面积（m²）"))
    year = models.PositiveSmallIntegerField(_("建成年份"), null=True, blank=True)
    public = models.BooleanField(_("公共机构"), default=False)
    cooling = models.CharField(_("空调冷源"), max_length=60, blank=True)
    heating = models.CharField(_("采暖热源"), max_length=60, blank=True)
    photovoltaic = models.FloatField(_("屋顶光伏（kW）"), null=True, blank=True)
    meters = models.JSONField(_("计量点"), default=list, blank=True)
    pledge_year = models.PositiveSmallIntegerField(_("承诺碳达峰年份"), null=True, blank=True)
    withdrawn = models.BooleanField(
        _("已撤回"), default=False, help_text="its import was undone; its rows are kept, and shown nowhere"
    )
    demo = models.BooleanField(_("示例"), default=False)

    objects = BuildingQuerySet.as_manager()

    class Meta:
        verbose_name = _("建筑")
        ordering = ("place", "code")
        indexes = (models.Index(fields=("city", "type"), name="energy_building_type"),)

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        return f"building:{self.code}"


class BuildingUse(AppendOnly):
    """What a building used of a carrier in a year, whole or for one end use; a correction has a higher revision.

    `value` None withdraws what was told before: an import was undone.
    """

    class EndUse(models.TextChoices):
        TOTAL = "total", _("合计")
        LIGHTING = "lighting", _("照明与插座")
        HVAC = "hvac", _("空调采暖")
        POWER = "power", _("动力")
        SPECIAL = "special", _("特殊用能")
        WATER_HEATING = "hot_water", _("热水与炊事")

    building = models.ForeignKey(Building, models.PROTECT, related_name="uses")
    year = models.PositiveSmallIntegerField(_("年份"))
    end_use = models.CharField(_("用途"), max_length=10, choices=EndUse.choices, default=EndUse.TOTAL)
    carrier = models.CharField(_("品种"), max_length=20)
    value = models.FloatField(_("数量"), null=True)
    basis = models.CharField(_("依据"), max_length=12)
    source = models.CharField(_("来源"), max_length=200)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("填报时间"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("建筑用能")
        constraints = (
            models.UniqueConstraint(
                fields=("building", "year", "end_use", "carrier", "revision"), name="energy_building_use_once"
            ),
        )


class Retrofit(models.Model):
    """A retrofit of a building, or of one part of it (`part`); its area counts once it is accepted by another person, with proof."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_retrofit")
    building = models.ForeignKey(Building, models.PROTECT, related_name="retrofits")
    title = models.CharField(_("改造内容"), max_length=200)
    part = models.CharField(_("改造部位"), max_length=60, blank=True)
    area = models.FloatField(_("改造面积（m²）"))
    finished_on = models.DateField(_("竣工日期"))
    saving = models.FloatField(_("年节能量（kWh）"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("节能改造")


class BuildingAudit(models.Model):
    """A carbon audit of a public institution's building in a year, by somebody named, with its report as evidence."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="energy_building_audit")
    building = models.ForeignKey(Building, models.PROTECT, related_name="audits")
    year = models.PositiveSmallIntegerField(_("年份"))
    auditor = models.CharField(_("审计机构"), max_length=120)
    tonnes = models.FloatField(_("碳排放（t CO₂）"))
    findings = models.CharField(_("发现与整改"), max_length=1000, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("碳审计")
