"""The problems of an upload as a workbook: a clerk works through it beside the file, line by line, and ticks off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from dafeng.domains.inventory.sheets.preview import Severity

COLUMNS = (
    ("severity", "级别", 8), ("sheet", "工作表", 22), ("row", "行", 7), ("cell", "单元格", 10), ("column", "列", 12),
    ("original", "现在填的", 22), ("what", "问题", 46), ("expected", "应为", 34), ("mend", "怎样改", 46), ("", "已改（自己打勾）", 14),
)  # fmt: skip
_GROUND = {Severity.ERROR: "#FBE0DA", Severity.WARNING: "#FFF3D6", Severity.NOTICE: "#FFFFFF"}
_INK = {Severity.ERROR: "#A3300B", Severity.WARNING: "#7A5200", Severity.NOTICE: "#1C2321"}


def write_problems(problems: Iterable[Mapping[str, Any]], *, file: str) -> bytes:
    """The workbook; `problems` as `Problem.as_dict` gives them. Errors stand on red ground, warnings on yellow."""
    target = BytesIO()
    # What the clerk typed is shown as text, whatever it looks like.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    book.set_properties({"title": f"{file} 的问题清单", "created": datetime(2000, 1, 1)})
    base = {
        "font_name": "宋体",
        "font_size": 10.5,
        "valign": "top",
        "text_wrap": True,
        "border": 1,
        "border_color": "#B8C0C8",
    }
    styles = {
        severity: book.add_format({**base, "bg_color": _GROUND[severity], "font_color": _INK[severity]})
        for severity in Severity
    }
    heading = book.add_format({**base, "bold": True, "bg_color": "#DCE6EF"})
    sheet = book.add_worksheet("问题清单")
    sheet.write_string(
        0, 0, f"{file} 的问题清单", book.add_format({"font_name": "宋体", "font_size": 16, "bold": True})
    )
    for column, (_name, title, width) in enumerate(COLUMNS):
        sheet.write_string(2, column, title, heading)
        sheet.set_column(column, column, width)
    line = 2
    for line, problem in enumerate(problems, start=3):
        severity = Severity(problem["severity"])
        for column, (name, _title, _width) in enumerate(COLUMNS):
            value = severity.label if name == "severity" else problem.get(name) if name else ""
            if isinstance(value, int):
                sheet.write_number(line, column, value, styles[severity])
            else:
                sheet.write_string(line, column, str(value or ""), styles[severity])
    sheet.autofilter(2, 0, max(line, 3), len(COLUMNS) - 1)
    sheet.freeze_panes(3, 0)
    sheet.repeat_rows(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    book.close()
    return target.getvalue()
