"""Enterprise."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.enterprises.access import enterprises_seen


class EnterpriseQuerySet(models.QuerySet["Enterprise"]):
    def for_user(self, user: Any) -> EnterpriseQuerySet:
        """What a person may see: offices all, a county its own, the people of an enterprise theirs."""
        return self.filter(enterprises_seen(user))


class Enterprise(models.Model):
    """A legal person, or a public institution, that the city keeps books on. `code` is what other tables and indicators name."""

    code = models.SlugField(_("代码"), max_length=60, unique=True)
    name = models.CharField(_("名称"), max_length=120, unique=True)
    name_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    place = models.CharField(_("所在地"), max_length=6, help_text="GB/T 2260")
    city = models.CharField(_("城市"), max_length=6, help_text="GB/T 2260")
    industry = models.CharField(_("行业代码"), max_length=4, blank=True, help_text="GB/T 4754-2017")
    organisation = models.CharField(_("组织"), max_length=60, blank=True, help_text=_("谁的人为它办事"))
    park = models.CharField(_("园区"), max_length=60, blank=True)
    since = models.DateField(_("成立"), null=True, blank=True)
    until = models.DateField(_("注销"), null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        verbose_name = _("企业")
        ordering = ("place", "code")
        indexes = (models.Index(fields=["city", "place"]), models.Index(fields=["organisation"]))

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """Its name on the blackboard of indicators."""
        return f"enterprise:{self.code}"

    def called(self, *, english: bool = False) -> str:
        return (self.name_en if english else "") or self.name
