"""Chinese fonts for PDF and pictures: the first family of a list that this machine has, or a clear refusal."""

from __future__ import annotations

from functools import lru_cache

import typst

from dafeng.domains.inventory.reports.labels import ReportError

SERIF = (
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "Source Han Serif CN",
    "FZShuSong-Z01",
    "SimSun",
    "Songti SC",
)
SANS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
)


@lru_cache(maxsize=4)
def families(paths: tuple[str, ...] = ()) -> frozenset[str]:
    """The font families that Typst finds: the system's, and those in `paths`."""
    return frozenset(typst.Fonts(font_paths=list(paths)).families())


def installed() -> bool:
    """Whether this machine has a Chinese font."""
    return bool(families() & {*SERIF, *SANS})


def chosen(paths: tuple[str, ...] = ()) -> tuple[str, str]:
    """(text family, heading family). Raises `ReportError` where no Chinese font is installed."""
    have = families(paths)
    serif = next((name for name in SERIF if name in have), None)
    sans = next((name for name in SANS if name in have), None)
    found = serif or sans, sans or serif
    if found[0] is None or found[1] is None:
        raise ReportError(
            "没有找到中文字体，不能生成 PDF 和图",
            expected="思源宋体、思源黑体（Noto CJK）等字体之一",
            mend="Debian、Ubuntu 请运行 apt-get install fonts-noto-cjk；其他系统请安装思源字体",
        )
    return found[0], found[1]
