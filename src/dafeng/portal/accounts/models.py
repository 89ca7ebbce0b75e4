"""User, Organisation, Membership, Invitation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

# Not a role that is granted by itself: a membership may carry it, and `services.roles_of` then names it with the roles.
MANAGER = "manager"


class Role(models.TextChoices):
    """The roles of DESIGN §5. What each may do is decided where the record type is defined."""

    LEADER = "leader", _("市领导")
    NDRC = "ndrc", _("发改委（双碳办）")
    ECOLOGY = "ecology", _("生态环境局")
    STATISTICS = "statistics", _("统计局")
    DEPARTMENT = "department", _("行业主管部门")
    COUNTY = "county", _("县区")
    ENTERPRISE = "enterprise", _("企业")
    VERIFIER = "verifier", _("核查机构")
    BANK = "bank", _("金融机构")
    GRID = "grid", _("电网与聚合商")
    CITIZEN = "citizen", _("市民")
    OPERATOR = "operator", _("碳普惠运营方")
    SCENE = "scene", _("碳普惠场景方")
    MERCHANT = "merchant", _("碳普惠商户")
    ADMIN = "admin", _("系统管理员")


class User(AbstractUser):
    """A person who logs in; `first_name` and `last_name` are not used, names are one text in China."""

    display_name = models.CharField(_("姓名"), max_length=60, blank=True)
    wants_mail = models.BooleanField(_("未读通知发到邮箱"), default=True)
    language = models.CharField(_("语言"), max_length=10, blank=True, choices=settings.LANGUAGES)
    # Everybody knows the password of a demo login: it works in a demo installation only.
    demo = models.BooleanField(_("演示账户"), default=False)

    def __str__(self) -> str:
        return self.display_name or self.username


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def for_user(self, user: Any) -> OrganisationQuerySet:
        """The organisations whose members a person looks after: all for an administrator, else those they manage."""
        from dafeng.portal.accounts.permissions import sees_everybody

        if sees_everybody(user):
            return self
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(memberships__user=user, memberships__manager=True).distinct()


class Organisation(models.Model):
    """An office, a firm, a bank: what a person acts for. `version` counts changes, so that a stale page saves nothing."""

    code = models.SlugField(_("代码"), max_length=60, unique=True, allow_unicode=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    place = models.CharField(_("地区代码"), max_length=80, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = OrganisationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A role held in an organisation, at a place and below. `manager`: looks after the organisation's members."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    place = models.CharField(_("地区代码"), max_length=80, blank=True)
    manager = models.BooleanField(_("成员管理人"), default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "organisation", "role", "place"), name="membership_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.organisation}"


class Invitation(models.Model):
    """A link that makes whoever opens it a member, once. Only the token's SHA-256 is kept."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    place = models.CharField(_("地区代码"), max_length=80, blank=True)
    manager = models.BooleanField(_("成员管理人"), default=False)
    name = models.CharField(_("姓名"), max_length=60, blank=True)
    email = models.EmailField(_("邮箱"), blank=True)
    # The link went to the address and to nobody else: whoever opens it reads the mail of that address.
    mailed = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("有效期至"))
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.organisation} {self.get_role_display()} {self.name or self.email}"
