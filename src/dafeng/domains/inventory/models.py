"""What the inventory stores: cities, activity rows, the city's own factors, and compiled runs.

Activity rows come in batches, and a batch is undone as a whole: nothing is deleted, its rows are retired. A run is
written once; its tables lie as Parquet files whose hashes the run keeps.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.pages.cities import DescribedCity
from dafeng.kernel.records.access import is_person
from dafeng.kernel.records.models import Evidence, Record


class City(DescribedCity):
    """A city whose pack has been loaded, and the digest of the pack as loaded."""

    pack = models.CharField(_("数据包"), max_length=200)
    digest = models.CharField(max_length=64, blank=True)
    loaded_at = models.DateTimeField(null=True)


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


class StagedUploadQuerySet(models.QuerySet["StagedUpload"]):
    def for_user(self, user: Any) -> StagedUploadQuerySet:
        """A staged file is its owner's alone."""
        return self.filter(by=user) if is_person(user) else self.none()


class StagedUpload(models.Model):
    """A file that was handed in and read, but not committed: its owner's alone, and kept for a day (`staging.KEPT`).

    `rows` and `cells` are Parquet: what the preview showed is what a commit stores. `seen` names the stored rows that the
    preview compared with, so that a commit can tell whether they have changed since.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    city = models.ForeignKey(City, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("文件名"), max_length=255)
    size = models.PositiveBigIntegerField(_("字节数"))
    sha256 = models.CharField("SHA-256", max_length=64)
    file = models.FileField(_("文件"), upload_to="staged", max_length=120)
    place = models.CharField(_("地区代码"), max_length=80, blank=True, help_text="of a balance that does not say it")
    year = models.SmallIntegerField(null=True, help_text="of a balance that does not say it")
    created_at = models.DateTimeField(_("上传时间"))
    read_at = models.DateTimeField(_("预览时间"))
    rows = models.BinaryField()
    cells = models.BinaryField(null=True)
    problems = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    seen = models.JSONField(default=dict)
    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, null=True, related_name="+")

    objects = StagedUploadQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("by", "created_at"), name="staged_by"),)

    def __str__(self) -> str:
        return self.name


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
