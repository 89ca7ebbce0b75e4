"""Job, its log, and the firings of schedules."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.records.access import is_person, is_superuser, roles_of

# Whoever keeps the installation running sees every job; others see their own.
SEES_ALL = frozenset({"admin"})


class JobQuerySet(models.QuerySet["Job"]):
    def for_user(self, user: Any) -> JobQuerySet:
        """A person's own jobs; all of them for the administrator."""
        if is_superuser(user) or SEES_ALL & roles_of(user):
            return self
        return self.filter(by=user) if is_person(user) else self.none()

    def active(self) -> JobQuerySet:
        return self.filter(state__in=(Job.State.QUEUED, Job.State.RUNNING))


class Job(models.Model):
    """One piece of long work. `key` names what it works on: two active jobs of a kind never share one."""

    class State(models.TextChoices):
        QUEUED = "queued", _("排队")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("种类"), max_length=80)
    title = models.CharField(_("名称"), max_length=200)
    key = models.CharField(max_length=200, blank=True)
    parameters = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(_("进展"), max_length=300, blank=True)
    result = models.JSONField(default=dict)
    error = models.JSONField(default=dict)
    attempt = models.PositiveSmallIntegerField(default=1)
    cancel_asked = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="retries")
    created_at = models.DateTimeField(_("提交时间"))
    started_at = models.DateTimeField(_("开始时间"), null=True)
    beat_at = models.DateTimeField(null=True, help_text="last sign of life of the process that does it")
    finished_at = models.DateTimeField(_("结束时间"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("后台任务")
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "key"),
                condition=Q(state__in=("queued", "running")) & ~Q(key=""),
                name="job_active_once",
            ),
        )
        indexes = (models.Index(fields=("state", "created_at"), name="job_state"),)

    def __str__(self) -> str:
        return self.title

    @property
    def active(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def repeatable(self) -> bool:
        return self.state in (self.State.FAILED, self.State.CANCELLED)

    @property
    def percent(self) -> int | None:
        """Whole percent done; None where the work does not know its length."""
        return min(100, self.done * 100 // self.total) if self.total else None


class JobLine(models.Model):
    """One line of a job's log."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.text


class Firing(models.Model):
    """A schedule came due: written once per due time, whichever scheduler saw it first."""

    schedule = models.CharField(max_length=80)
    due_at = models.DateTimeField()
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("schedule", "due_at"), name="firing_once"),)
        ordering = ("-due_at",)

    def __str__(self) -> str:
        return f"{self.schedule} {self.due_at:%Y-%m-%d %H:%M}"
