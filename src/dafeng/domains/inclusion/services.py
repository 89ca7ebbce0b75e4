"""What other floors call: a city's programme."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import Programme
from dafeng.domains.inclusion.rooms import brought


def ensure_programme(
    code: str, city: str, city_en: str, *, counties: Mapping[str, Any], now: datetime, name: str = "信碳通"
) -> Programme:
    """The programme of a city with its ledger assets and what the rooms bring from their packs (methodologies)."""
    words = {"city": city, "city_en": city_en, "name": name, "counties": dict(counties)}
    programme, _made = Programme.objects.update_or_create(code=code, defaults=words)
    bookkeeping.ensure_assets(now=now)
    for load in brought("pack", "ensure_pack"):
        load(programme, now=now)
    return programme


def programme_of(code: str) -> Programme:
    """Raises `InclusionError` for a city without a programme."""
    found = Programme.objects.filter(code=code).first()
    if found is None:
        raise InclusionError(f"地区 {code} 没有开通碳普惠", mend="请先由系统管理员载入城市数据包")
    return found


def only_programme() -> Programme | None:
    """The programme of this installation: one city each."""
    return Programme.objects.order_by("code").first()
