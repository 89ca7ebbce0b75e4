"""Indicator, Run, Value."""

from __future__ import annotations

import uuid

from django.db import models


class Indicator(models.Model):
    """What is measured, in which unit."""

    code = models.CharField(max_length=80, primary_key=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=160)
    unit = models.CharField(max_length=40)
    description = models.TextField(blank=True)
    decimals = models.PositiveSmallIntegerField(default=2)

    def __str__(self) -> str:
        return self.name


class Run(models.Model):
    """One publication of a domain about a subject; at most one of a kind is current."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    domain = models.CharField(max_length=40)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    parameters = models.JSONField(default=dict)
    by = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    current = models.BooleanField(default=False)
    supersedes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("domain", "kind", "subject", "current")),)


class Value(models.Model):
    """One number on the blackboard, or the notation key that says why there is none."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="values")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="values")
    subject = models.CharField(max_length=120)
    period = models.CharField(max_length=10)
    key = models.CharField(max_length=120, blank=True)
    value = models.FloatField(null=True)
    status = models.PositiveSmallIntegerField()
    notation = models.CharField(max_length=2, blank=True)
    estimated = models.FloatField(null=True, help_text="share that rests on estimated or assumed activity")
    lineage = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("run", "indicator", "subject", "period", "key"), name="value_once"),
        )
        indexes = (models.Index(fields=("indicator", "subject", "period")),)
