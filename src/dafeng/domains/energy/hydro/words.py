"""The room's words for codes: verdicts, methods, levels of warnings."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

VERDICTS: dict[str, tuple[str, str, Any]] = {
    "met": ("green", "●", _("达标")), "short": ("red", "▼", _("不达标")), "unknown": ("unknown", "?", _("数据不足")), "unset": ("unknown", "–", _("未核定")),
}  # fmt: skip
NOW: dict[str, tuple[str, str, Any]] = {
    "met": ("green", "●", _("达标")), "short": ("red", "▼", _("低于核定值")), "late": ("yellow", "!", _("遥测中断")), "none": ("yellow", "!", _("没有测点")),
    "unset": ("unknown", "–", _("未核定")), "idle": ("unknown", "–", _("未运行")),
}  # fmt: skip
RUNGS = {
    "rain": _("退水与降雨回归"), "recession": _("退水回归（没有用降雨）"), "climatology": _("往年同期"), "persistence": _("照搬最近一天"), "none": _("近期没有来水数据"),
}  # fmt: skip
WHY = {"short": _("数据不够"), "worse": _("试算不如下面的方法")}
LEVELS = {1: _("提示"), 2: _("警告"), 3: _("严重")}
LEVEL_TAGS = {1: "", 2: "warn", 3: "bad"}


def light(table: dict[str, tuple[str, str, Any]], code: str) -> dict[str, Any]:
    """What `energy/control/light.html` shows."""
    colour, sign, words = table[code]
    return {"light": colour, "sign": sign, "words": words}
