"""The programme of a city, and the partners that take part in it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["Partner", "Programme"]


class Programme(models.Model):
    """A city's carbon-inclusion programme. `code` is the city's; `slug` names it in the ledger (`pool:411500`)."""

    code = models.CharField(_("地区代码"), max_length=6, primary_key=True)
    city = models.CharField(_("城市"), max_length=60)
    city_en = models.CharField(_("城市英文名"), max_length=80)
    name = models.CharField(_("平台名称"), max_length=40, default="信碳通")
    counties = models.JSONField(_("县区"), default=dict, help_text="code → [name, name_en]")
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("碳普惠项目")

    def __str__(self) -> str:
        return self.name

    def place_name(self, code: str, *, english: bool = False) -> str:
        """The city's or a county's name; the code where it is neither."""
        if code == self.code:
            return self.city_en if english else self.city
        return str(self.counties[code][english]) if code in self.counties else code


class Partner(models.Model):
    """Who takes part by agreement: owns scenes, sells in the mall, or runs another city's platform. `organisation` names whose people act for it."""

    class Kind(models.TextChoices):
        SCENE = "scene", _("场景方")
        MERCHANT = "merchant", _("商户")
        PLATFORM = "platform", _("其他城市平台")

    class State(models.TextChoices):
        APPLIED = "applied", _("待签约")
        ACTIVE = "active", _("合作中")
        SUSPENDED = "suspended", _("已暂停")
        ENDED = "ended", _("已终止")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="partners")
    code = models.SlugField(_("代码"), max_length=40, unique=True)
    kind = models.CharField(_("类别"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    organisation = models.CharField(_("组织代码"), max_length=60, blank=True, db_index=True)
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.APPLIED)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("合作方")

    def __str__(self) -> str:
        return self.name
