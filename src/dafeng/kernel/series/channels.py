"""Where a value lies in a Modbus device: the `channel` of a point.

    {"register": 100, "type": "FLOAT32", "scale": 0.1, "input": false, "words": "big"}

`type` is one of pymodbus', `scale` multiplies, `input` reads an input register, `words` is the order of a value's registers.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from django.utils.translation import gettext as _

from dafeng.kernel.series.errors import SeriesError

TYPES = ("INT16", "UINT16", "INT32", "UINT32", "INT64", "UINT64", "FLOAT32", "FLOAT64")
WORDS = ("big", "little")
EXAMPLE = '{"register": 100, "type": "FLOAT32", "scale": 0.1, "input": false, "words": "big"}'


def checked(channel: dict[str, Any], code: str) -> dict[str, Any]:
    """The channel of the point `code` as it was given. Raises `SeriesError`."""
    register, scale = channel.get("register"), channel.get("scale", 1)
    readable = (
        type(register) is int
        and 0 <= register <= 65_535
        and channel.get("type") in TYPES
        and type(scale) in (int, float)
        and isfinite(scale)
        and channel.get("words", "big") in WORDS
        and type(channel.get("input", False)) is bool
        and not channel.keys() - {"register", "type", "scale", "input", "words"}
    )
    if not readable:
        raise SeriesError(_("计量点“%(code)s”的 Modbus 通道读不懂") % {"code": code}, expected=EXAMPLE)
    return channel
