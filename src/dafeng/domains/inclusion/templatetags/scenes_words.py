"""Words about scenes in templates: titles in the reader's language, ways in, caps in one sentence."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import Scene
from dafeng.domains.inclusion.scenes import words

register = template.Library()


@register.simple_tag
def words_of(subject: Any, name: str = "title") -> str:
    return words.title_of(subject, name)


@register.simple_tag
def channel(code: str) -> str:
    return str(Scene.Channel(code).label) if code in Scene.Channel.values else code


@register.simple_tag
def caps(scene: Scene) -> str:
    """Points at most: an event, a day, a month."""
    parts = []
    if scene.event_cap:
        parts.append(_("每次最多 %(points)s 分") % {"points": scene.event_cap})
    if scene.daily_cap:
        parts.append(_("每天最多 %(points)s 分") % {"points": scene.daily_cap})
    if scene.monthly_cap:
        parts.append(_("每月最多 %(points)s 分") % {"points": scene.monthly_cap})
    return "，".join(parts) or _("积分不设上限")
