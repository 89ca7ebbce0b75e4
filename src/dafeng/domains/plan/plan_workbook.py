"""An accepted version as a workbook: tasks, targets, named projects, and for the offices the questions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.plan.models import Plan, Question, Version
from dafeng.domains.plan.services.corrections import OPERATORS, STRENGTHS, TARGET_KINDS


def workbook(plan: Plan, version: Version, questions: Sequence[Question]) -> bytes:
    """Written as text and numbers only: a quote that begins with = stays a quote."""
    import xlsxwriter

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#d8ebe4", "border": 1, "text_wrap": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    for title, columns, rows in _sheets(plan, version, questions):
        sheet = book.add_worksheet(title)
        for column, (name, width) in enumerate(columns):
            sheet.write_string(0, column, name, head)
            sheet.set_column(column, column, width, wrap)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(number, column, value)
        sheet.freeze_panes(1, 0)
        if rows:
            sheet.autofilter(0, 0, len(rows), len(columns) - 1)
    book.close()
    return target.getvalue()


def _sheets(
    plan: Plan, version: Version, questions: Sequence[Question]
) -> list[tuple[str, list[tuple[str, int]], list[list[Any]]]]:
    content = version.accepted
    tasks = [
        [
            row["path"],
            " ".join(row["title"].split()),
            _owners(row, "lead"),
            _owners(row, "support"),
            _("是") if _owners(row, "all-counties") else "",
            row["key"],
        ]
        for row in content["tasks"]
    ]
    targets = [
        [
            row["task_path"],
            row["indicator"],
            str(TARGET_KINDS[row["kind"]]),
            OPERATORS.get(row["operator"], ""),
            *_ends(row["value"]),
            row["unit"],
            row["year"],
            row["baseline_year"],
            _("推定") if row["baseline_inferred"] else "",
            str(STRENGTHS.get(row["strength"], "")),
            row["scope"],
            row["quote"],
            row["key"],
        ]
        for row in content["targets"]
    ]
    named = [
        [
            title,
            row["name"],
            row["kind"],
            row["county"],
            row["capacity"],
            row["capacity_unit"],
            row["task_path"],
            row["quote"],
        ]
        for title, name in ((_("项目"), "projects"), (_("企业"), "enterprises"), (_("平台"), "platforms"))
        for row in content.get(name, [])
    ]
    sheets = [
        (_("任务"), [(_("章节"), 20), (_("任务"), 36), (_("责任或牵头单位"), 40), (_("配合单位"), 30), (_("各县区"), 8), (_("编号"), 24)], tasks),
        (_("目标"), [(_("章节"), 20), (_("指标"), 32), (_("种类"), 16), (_("关系"), 6), (_("数值"), 10), (_("上限"), 10), (_("单位"), 12), (_("目标年"), 8), (_("基准年"), 8), (_("基准年来历"), 10), (_("要求"), 8), (_("范围"), 12), (_("原文"), 48), (_("编号"), 24)], targets),
        (_("点名的项目企业平台"), [(_("类"), 8), (_("名称"), 36), (_("类型"), 12), (_("县区"), 12), (_("规模"), 10), (_("规模单位"), 10), (_("章节"), 20), (_("原文"), 48)], named),
    ]  # fmt: skip
    if questions:
        rows = [[each.path, each.question, each.quote, each.record.state_title, each.answer] for each in questions]
        sheets.append((_("疑问"), [(_("章节"), 20), (_("问题"), 60), (_("原文"), 40), (_("状态"), 10), (_("回答"), 60)], rows))  # fmt: skip
    return sheets


def _owners(row: dict[str, Any], role: str) -> str:
    return "、".join(each["name"] for each in row["owners"] if each["role"] == role)


def _ends(value: Any) -> tuple[float | None, float | None]:
    return (value[0], value[1]) if isinstance(value, list) else (value, None)
