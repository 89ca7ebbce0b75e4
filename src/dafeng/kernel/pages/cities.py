"""A city as a domain's pages name and draw it. Each domain keeps its own, told by the portal: no domain reads a city pack."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DescribedCity(models.Model):
    """Names, counties and boundary of a city."""

    code = models.CharField(_("地区代码"), max_length=6, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=80)
    counties = models.JSONField(_("县区"), default=dict, help_text="code → [name, name_en]")
    boundary = models.TextField(_("边界"), blank=True, help_text="GeoJSON of the counties")
    boundary_note = models.CharField(_("地图说明"), max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def place_name(self, code: str, *, english: bool = False) -> str:
        """The city's or a county's name; the code where it is neither."""
        if code == self.code:
            return self.name_en if english else self.name
        return str(self.counties[code][english]) if code in self.counties else code
