"""Bodies and what they verify: the register (N10), assignments, findings, conclusions, ratings."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.models.reporting import Report
from dafeng.kernel.records.models import Record

__all__ = ["Body", "Verification"]


class Body(models.Model):
    """A third-party body: verifier, auditor, assessor. `organisation` names whose people act for it."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120, unique=True)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    organisation = models.CharField(_("组织"), max_length=60, blank=True)
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_body")
    kinds = models.JSONField(_("业务"), default=list, help_text="verification | audit | assessment | consulting")
    sectors = models.JSONField(_("行业能力"), default=list)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("第三方机构")

    def __str__(self) -> str:
        return self.name


class Verification(models.Model):
    """One report's verification by one body. The record holds its state; a second opinion is another row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="verifications")
    body = models.ForeignKey(Body, models.PROTECT, related_name="verifications")
    record = models.OneToOneField(Record, models.PROTECT, related_name="enterprise_verification")
    content = models.JSONField(_("内容"), default=dict)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("核查")
        constraints = (models.UniqueConstraint(fields=("report", "body"), name="verification_once"),)
