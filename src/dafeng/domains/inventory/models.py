"""What the inventory stores: cities, activity rows, the city's own factors, and compiled runs.

Activity rows come in batches, and a batch is undone as a whole: nothing is deleted, its rows are retired. A run is
written once; its tables lie as Parquet files whose hashes the run keeps.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.records.models import Evidence, Record


class City(models.Model):
    """A city whose pack has been loaded, and the digest of the pack as loaded."""

    code = models.CharField(_("地区代码"), max_length=6, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=80)
    pack = models.CharField(_("数据包"), max_length=200)
    counties = models.JSONField(_("县区"), default=dict, help_text="code → [name, name_en]")
    boundary = models.TextField(_("边界"), blank=True, help_text="GeoJSON of the counties")
    boundary_note = models.CharField(_("地图说明"), max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    loaded_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """Activity rows that came together: a city pack or one uploaded file. Its record holds state, person and evidence."""

    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="batches")
    record = models.OneToOneField(Record, on_delete=models.PROTECT, related_name="activity_batch")
    source = models.CharField(_("来源"), max_length=20, choices=[("pack", _("数据包")), ("upload", _("上传"))])
    active = models.BooleanField(_("有效"), default=False)


class ActivityRow(models.Model):
    """One reported quantity, as in `kernel.accounting.activity`."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="rows")
    category = models.CharField(max_length=12)
    item = models.CharField(max_length=60)
    technology = models.CharField(max_length=60, blank=True)
    variable = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=80)
    year = models.SmallIntegerField()
    value = models.FloatField(null=True)
    unit = models.CharField(max_length=40)
    basis = models.CharField(max_length=12)
    mark = models.CharField(max_length=20, blank=True)
    source = models.TextField(blank=True)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, related_name="+")
    notation = models.CharField(max_length=2, blank=True)
    uncertainty = models.FloatField(null=True)
    sheet_row = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = (models.Index(fields=("batch", "category", "year")),)


class BalanceCell(models.Model):
    """One cell of an energy balance as it was reported; the activity rows of its batch are derived from it."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="balance")
    place = models.CharField(max_length=80)
    year = models.SmallIntegerField()
    row = models.CharField(max_length=60)
    fuel = models.CharField(max_length=60)
    value = models.FloatField()
    unit = models.CharField(max_length=40)
    source = models.TextField(blank=True)

    class Meta:
        indexes = (models.Index(fields=("batch", "year")),)


class CityFactor(models.Model):
    """A factor measured or published by the city: editable by adding a version, never by changing one."""

    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="factors")
    factor_id = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField(default=1)
    parameter = models.CharField(max_length=60)
    category = models.CharField(max_length=12, blank=True)
    item = models.CharField(max_length=60, blank=True)
    technology = models.CharField(max_length=60, blank=True)
    place = models.CharField(max_length=80)
    year = models.SmallIntegerField(null=True)
    value = models.FloatField()
    unit = models.CharField(max_length=40)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    source = models.TextField()
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, related_name="+")
    entered_by = models.CharField(max_length=150)
    entered_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("city", "factor_id", "version"), name="city_factor_version"),)


class FactorSignature(models.Model):
    """A reviewer vouches for one factor row, with a reason. Withdrawn signatures stay."""

    factor_id = models.CharField(max_length=160)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the row as signed")
    reviewer = models.CharField(max_length=150)
    reason = models.TextField()
    signed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("factor_id",)),)


class InventoryRun(models.Model):
    """One compile: what it was asked, what it used, what it found, and whether it was published."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    city = models.ForeignKey(City, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    edition = models.CharField(max_length=20)
    gwp = models.CharField(max_length=12)
    sets = models.JSONField()
    tiers = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, help_text="SHA-256 of activity, factors, recipes and options")
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    seconds = models.FloatField()
    status = models.PositiveSmallIntegerField(help_text="0 OK, 1 INCOMPLETE, 2 DEGRADED")
    summary = models.JSONField()
    artefacts = models.JSONField(help_text="name → SHA-256 of the Parquet file")
    current = models.BooleanField(default=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("city", "number"), name="run_number"),)
        ordering = ("-number",)
