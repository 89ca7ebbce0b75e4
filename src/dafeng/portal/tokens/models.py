"""Token and KeptAnswer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.records.services import is_person, roles_of
from dafeng.portal.tokens.permissions import SEES_ALL


class TokenQuerySet(models.QuerySet["Token"]):
    def for_user(self, user: Any) -> TokenQuerySet:
        """A person's own tokens; all of them for the administrator."""
        if user.is_superuser or SEES_ALL & roles_of(user):
            return self
        return self.filter(user=user) if is_person(user) else self.none()

    def usable(self, *, now: datetime) -> TokenQuerySet:
        return self.filter(revoked_at=None, expires_at__gt=now)


class Token(models.Model):
    """A key of a person. `digest` is the SHA-256 of its text; `hint` its first characters, to know it again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(_("名称"), max_length=60)
    scopes = models.JSONField(_("权限范围"), default=list)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(_("开头"), max_length=12)
    created_at = models.DateTimeField(_("新建时间"))
    expires_at = models.DateTimeField(_("到期时间"))
    last_used_at = models.DateTimeField(_("最近使用"), null=True)
    revoked_at = models.DateTimeField(_("停用时间"), null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = TokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("接口令牌")
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.name

    def usable(self, now: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > now


class KeptAnswer(models.Model):
    """What a write with an Idempotency-Key was answered. `status` 0: it is being done now."""

    owner = models.CharField(max_length=60, help_text="token or person")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of method, address and body")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("owner", "key"), name="kept_answer_once"),)

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"
