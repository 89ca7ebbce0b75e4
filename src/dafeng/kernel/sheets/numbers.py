"""What a clerk types into a number cell, read without guessing.

`１２，３４５`, `12,345`, `12万吨`, `30%` and numbers stored as text have one meaning each: they are read and reported.
`约12`, `10~20`, `一百`, `-` have none or several: they are refused with the way to mend them.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from dafeng.kernel.accounting.status import Notation
from dafeng.kernel.errors import UnitError
from dafeng.kernel.quantities import units
from dafeng.kernel.sheets.xlsx import Cell

_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ", 0x00A0: " ", 0x2007: " ", 0x202F: " ", 0x200B: None, 0xFEFF: None,
    ord("。"): ".", ord("−"): "-", ord("–"): "-", ord("‐"): "-", ord("㎡"): "m2", ord("㎥"): "m3", ord("㎏"): "kg",
}  # fmt: skip
_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,3}(?:[, ][0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?)\s*(?P<tail>.*)",
    re.DOTALL,
)
_UNIT = re.compile(r"[^\W\d_][\w\s/·*³²%]{0,20}")
_SCALE = {"万": 1e4, "亿": 1e8, "千": 1e3, "百万": 1e6, "万亿": 1e12}
_NOTATION = {str(key): str(key) for key in Notation} | {key.label: str(key) for key in Notation}
_EMPTY_MARKS = {
    "-",
    "--",
    "—",
    "——",
    "/",
    "\\",
    "...",
    "…",
    "……",
    "*",
    "无",
    "空",
    "缺",
    "暂无",
    "N/A",
    "NULL",
    "NONE",
    "无数据",
    "不详",
}
_KEYS = "NO（不发生）、NE（未估算）、NA（不适用）、IE（列于别处）或 C（保密）"
SCALES = frozenset(_SCALE)


@dataclass
class Reading:
    """A number, or a notation key, or a fault (what, expected, mend). `unit` is one found inside the cell."""

    value: float | None = None
    notation: str | None = None
    unit: str = ""
    percent: bool = False
    notices: list[str] = field(default_factory=list)
    fault: tuple[str, str, str] | None = None


def half_width(text: str) -> str:
    """Full-width letters, digits and punctuation as their ASCII twins; odd blanks as spaces."""
    return text.translate(_HALF).strip()


def notation_of(text: str) -> str | None:
    """The notation key that this text is, by letters or by its Chinese word."""
    return _NOTATION.get(half_width(text).upper())


def stored_fault(cell: Cell) -> tuple[str, str, str] | None:
    """What is wrong with the cell itself, whatever column it stands in."""
    if cell.kind == "error":
        return (f"公式出错，显示为 {cell.value}", "公式能算出结果，或直接填数", "请改正公式后保存，再上传")
    if cell.kind == "formula":
        return ("公式没有保存计算结果", "已算出结果的单元格", "请在 Excel 或 WPS 中打开文件，等算完后保存，再上传")
    return None


def read_number(cell: Cell) -> Reading:
    """The number, key or fault of a cell."""
    fault = stored_fault(cell)
    if fault:
        return Reading(fault=fault)
    if cell.kind == "date":
        return Reading(fault=("单元格是日期，不是数", "一个数", "请把单元格格式改为“常规”，重新输入数值"))
    if isinstance(cell.value, bool):
        return Reading(fault=(f"单元格是逻辑值 {cell.shown}，不是数", "一个数", "请重新输入数值"))
    if isinstance(cell.value, float):
        if not math.isfinite(cell.value):
            return Reading(fault=("不是有限的数", "一个有限的数", "请重新输入数值"))
        return Reading(value=cell.value * 100 if cell.percent else cell.value, percent=cell.percent)
    return _read_text(str(cell.value), plain=cell.kind == "plain")


def _read_text(original: str, *, plain: bool) -> Reading:
    text = half_width(original)
    key = _NOTATION.get(text.upper())
    if key:
        return Reading(notation=key)
    if text.upper() in _EMPTY_MARKS or original.strip() in _EMPTY_MARKS:
        return Reading(
            fault=(
                f"“{original.strip()}”不是数",
                f"数；没有数时留空，或填标记符号 {_KEYS}",
                "确认没有这种活动请填 NO，没有统计请填 NE",
            )
        )
    match = _NUMBER.fullmatch(text)
    if not match or not re.search("[0-9]", match["number"]):
        return Reading(fault=(f"“{_cut(original)}”不是数", "一个阿拉伯数字写的数", _mend(text)))
    tail = match["tail"].strip()
    digits = re.sub(r"[, ](?=[0-9]{3})", "", match["number"])
    value = float(digits)
    reading = Reading(value=value)
    if tail == "%":
        reading.percent = True
    elif tail in _SCALE:
        reading.value, reading.unit = value * _SCALE[tail], tail
    elif tail:
        try:
            if not _UNIT.fullmatch(tail):
                raise UnitError(tail)
            units.parse(tail)
        except UnitError:
            return Reading(fault=(f"“{_cut(original)}”不是数", "一个不带单位的数", _mend(text)))
        reading.unit = tail
    if not math.isfinite(reading.value or 0.0):
        return Reading(fault=("数值太大，不是有限的数", "一个有限的数", "请核对数值和单位"))
    if text != original.strip():
        reading.notices.append(f"全角或特殊字符“{_cut(original)}”已读作 {value:.15g}")
    if digits != match["number"]:
        reading.notices.append(f"千位分隔“{match['number']}”已读作 {value:.15g}")
    if not plain and not reading.notices and not tail:
        reading.notices.append(f"以文本存储的数“{_cut(original)}”已读作 {value:.15g}")
    return reading


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 30 else f"{text[:30]}…"


def _mend(text: str) -> str:
    if re.fullmatch(r"[\[(].*[\])]", text):
        return "负数请写成 -123 的样子"
    if re.search(r"[0-9]\s*(?:-|~|至|到)\s*[0-9]", text):
        return "请填一个数，不要填范围"
    if re.search(r"[约近超余多左右<>≈≥≤]", text):
        return "请填一个确定的数"
    if re.search(r"[一二三四五六七八九十百千]", text):
        return "请改用阿拉伯数字，例如“十二万”写作 120000"
    return "请只填数字，不要带单位"
