"""Quality of a reading or a derived value: bits of a UInt16 that only add up, never vanish on the way.

On a stored reading stand the bits that its arrival told (`NEGATIVE OVER_RATED CORRECTED OFF_GRID`); the others are found when steps
are made, from the readings around, and stand on the steps.
"""

from __future__ import annotations

from enum import IntFlag

from django.utils.translation import gettext_lazy as _


class Flag(IntFlag):
    MISSING = 1
    FROZEN = 2
    SPIKE = 4
    NEGATIVE = 8
    OVER_RATED = 16
    ESTIMATED = 32
    FUTURE = 64
    RESET = 128
    ROLLED = 256
    CORRECTED = 512
    OFF_GRID = 1024
    LAST_WEEK = 2048


MISSING, FROZEN, SPIKE, NEGATIVE, OVER_RATED, ESTIMATED, FUTURE, RESET, ROLLED, CORRECTED, OFF_GRID, LAST_WEEK = (
    int(each) for each in Flag
)
TITLES = {
    Flag.MISSING: _("缺测"),
    Flag.FROZEN: _("读数不变"),
    Flag.SPIKE: _("突变"),
    Flag.NEGATIVE: _("负值"),
    Flag.OVER_RATED: _("超过额定"),
    Flag.ESTIMATED: _("估算"),
    Flag.FUTURE: _("时间超前"),
    Flag.RESET: _("表底归零"),
    Flag.ROLLED: _("表底翻转"),
    Flag.CORRECTED: _("已更正"),
    Flag.OFF_GRID: _("时钟偏移"),
    Flag.LAST_WEEK: _("按上周同时段补"),
}


def words(flag: int) -> list[str]:
    """The titles of the bits that are set, the lowest bit first."""
    return [str(TITLES[each]) for each in Flag if flag & each]


def names(flag: int) -> list[str]:
    """The stable names of the bits, for programs."""
    return [str(each.name).lower() for each in Flag if flag & each]
