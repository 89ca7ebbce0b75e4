"""Chinese fonts for the PDF: 仿宋 for the text and 黑体 for headings where this machine has them, else the nearest that it has."""

from __future__ import annotations

from functools import lru_cache

import typst

from dafeng.kernel.errors import PlanError

SERIF = ("FangSong", "STFangsong", "FZFangSong-Z02", "Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "Source Han Serif CN", "SimSun", "Songti SC")  # fmt: skip
SANS = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "SimHei", "Microsoft YaHei", "PingFang SC")  # fmt: skip


@lru_cache(maxsize=1)
def chosen() -> tuple[str, str]:
    """(text, headings). Raises `PlanError` where no Chinese font is installed."""
    have = frozenset(typst.Fonts().families())
    serif = next((name for name in SERIF if name in have), None)
    sans = next((name for name in SANS if name in have), None)
    text, head = serif or sans, sans or serif
    if text is None or head is None:
        raise PlanError(
            "没有找到中文字体，不能生成 PDF",
            expected="仿宋或思源宋体（Noto Serif CJK）等字体之一",
            mend="请系统管理员安装 fonts-noto-cjk",
        )
    return text, head
