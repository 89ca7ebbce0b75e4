"""What a poor power factor adds to a bill (功率因数调整电费). Dated data with its source in `power_factor.toml`."""

from __future__ import annotations

import tomllib
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

HUNDREDTH = Decimal("0.01")


@lru_cache(maxsize=1)
def _rule() -> dict[str, Any]:
    text = (Path(__file__).parent / "power_factor.toml").read_text(encoding="utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def standing() -> str:
    return str(_rule()["standing"])


def standard_of(capacity: int | None, industry: str) -> Decimal | None:
    """The standard of who has so many kVA in an industry (code of GB/T 4754); None where the rule asks nothing, or the capacity is unknown."""
    if capacity is None:
        return None
    digits = "".join(each for each in industry if each.isdigit())[:2]
    for each in _rule()["standard"]:
        first, last = each["industry"] or (None, None)
        inside = first is None or (digits != "" and first <= int(digits) <= last)
        if inside and capacity > each["above_kva"] and capacity >= each["at_least_kva"]:
            return Decimal(each["value"])
    return None


def surcharge(factor: float, standard: Decimal) -> Decimal:
    """Per cent that a factor (rounded half up to 0.01, as the rule says) below the standard adds; 0 from the standard on."""
    short = int((standard - Decimal(str(factor)).quantize(HUNDREDTH, ROUND_HALF_UP)) / HUNDREDTH)
    percent = Decimal(0)
    for each in _rule()["step"]:
        if short <= 0:
            break
        steps = min(short, each.get("steps", short))
        percent += steps * each["percent"]
        short -= steps
    return percent
