"""Methodologies with their filed versions, and the dated rate of points."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models.programme import Programme
from dafeng.kernel.records.models import Record

__all__ = ["Methodology", "MethodologyVersion", "Rate", "StandardComment"]


class Methodology(models.Model):
    """What a kind of behaviour is worth. The text, formula and factors are the versions'."""

    code = models.SlugField(_("代码"), max_length=40, primary_key=True)
    title = models.CharField(_("名称"), max_length=120)
    title_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    group = models.CharField(
        _("领域"), max_length=20, help_text="travel, energy, consumption, recycling, tourism, sink"
    )

    class Meta:
        verbose_name = _("方法学")

    def __str__(self) -> str:
        return self.title


class MethodologyVersion(models.Model):
    """One version. `content` holds boundary, baseline, monitoring fields, exclusions, discount and factors with source and standing.

    The record holds its state: draft → comment → review → trial or filed → retired. An event is computed by the version
    that was in force (filed, or on trial) on the day it happened. `digest` is the SHA-256 of the content in canonical form;
    the record's payload, which the audit chain seals, names it too, so a content that was changed by hand is found out.
    """

    methodology = models.ForeignKey(Methodology, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("版本"))
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_methodology")
    content = models.JSONField(_("内容"), default=dict)
    digest = models.CharField(max_length=64)
    standing = models.CharField(
        _("来源等级"), max_length=12, help_text="cited (filed elsewhere), draft (of the city) or city (filed by it)"
    )
    valid_from = models.DateField(_("生效日期"), null=True)
    valid_to = models.DateField(_("失效日期"), null=True, help_text="first day on which it no longer holds")
    comment_until = models.DateField(_("征求意见截止"), null=True, help_text="the last day for comments")

    class Meta:
        verbose_name = _("方法学版本")
        constraints = (models.UniqueConstraint(fields=("methodology", "number"), name="methodology_version_once"),)

    def __str__(self) -> str:
        return f"{self.methodology_id} v{self.number}"


class Rate(models.Model):
    """How many grams of CO2e make one point from a day on; the latest day counts. Adopted by two persons (the record)."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="rates")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_rate")
    grams_per_point = models.PositiveIntegerField(_("每积分对应减排量（克）"))
    valid_from = models.DateField(_("生效日期"))
    basis = models.CharField(_("依据"), max_length=300)
    comment_until = models.DateField(_("征求意见截止"), null=True, help_text="the last day for comments")

    class Meta:
        verbose_name = _("积分兑换率")
        constraints = (models.UniqueConstraint(fields=("programme", "valid_from"), name="rate_once"),)


class StandardComment(models.Model):
    """What somebody said to a version or rate while it was open for comment, and what was answered. `name` is as they sign."""

    record = models.ForeignKey(Record, models.PROTECT, related_name="inclusion_comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("署名"), max_length=60, blank=True)
    text = models.TextField(_("意见"), max_length=2000)
    at = models.DateTimeField()
    reply = models.TextField(_("答复"), max_length=2000, blank=True)
    replied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    replied_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("对标准的意见")
        ordering = ("at", "pk")
