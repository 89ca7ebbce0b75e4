"""User, Organisation, Membership."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


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
    ADMIN = "admin", _("系统管理员")


class User(AbstractUser):
    """A person who logs in; `first_name` and `last_name` are not used, names are one text in China."""

    display_name = models.CharField(_("姓名"), max_length=60, blank=True)

    def __str__(self) -> str:
        return self.display_name or self.username


class Organisation(models.Model):
    """An office, a firm, a bank: what a person acts for."""

    code = models.SlugField(_("代码"), max_length=60, unique=True, allow_unicode=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    place = models.CharField(_("地区代码"), max_length=80, blank=True)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A role held in an organisation, at a place and below."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    place = models.CharField(_("地区代码"), max_length=80, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "organisation", "role", "place"), name="membership_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.organisation}"
