"""Progress by Excel: the month's workbook with every task of a reporter, filled in and brought back as drafts or reports."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.plan import table_sheets
from dafeng.domains.plan.models import Progress, Task
from dafeng.domains.plan.services import progress, supervision
from dafeng.domains.plan.services.sheets import Line, Preview, Room
from dafeng.domains.plan.table_sheets import Field
from dafeng.kernel.errors import DafengError
from dafeng.kernel.records.models import Record

NUMBER, PATH, TITLE, REPORTER, PERIOD, TEXT, PERCENT, VALUE, UNIT, NEXT = COLUMNS = (
    Field("task", "任务编号", True, 10, hint="不要改"),
    Field("path", "章节", False, 22, hint="只供查看"),
    Field("title", "任务", False, 40, hint="只供查看"),
    Field("reporter", "填报单位代码", True, 14, hint="部门代码或县区代码，不要改"),
    Field("period", "月份", True, 10, hint="如 2026-11；须在填报期内"),
    Field("text", "进展", False, 60, hint="空着的行不导入"),
    Field("percent", "完成百分比", False, 12, hint="0–100 的整数"),
    Field("value", "数值", False, 12, hint="有计量的量时填写"),
    Field("unit", "单位", False, 12, hint="填了数值必须填单位"),
    Field("next_step", "下一步", False, 40),
)


def workbook(tasks: Iterable[Any], *, by: Any, now: datetime) -> bytes:
    """The month's table of all tasks that a person may report on; what was written already stands in it."""
    period = str(supervision.open_periods(supervision.day_of(now))[0])
    every = list(tasks)
    written = {(each.task_id, each.reporter): each for each in Progress.objects.filter(task__in=every, period=period)}
    rows = []
    for task in every:
        for reporter in progress.reporters_of(by, task)[:1]:
            found = written.get((task.pk, reporter))
            row = {"task": task.pk, "path": task.path, "title": task.title, "reporter": reporter, "period": period}
            if found:
                row |= {name: getattr(found, name) for name in ("text", "percent", "value", "unit", "next_step")}
            rows.append(row)
    notes = ["空着“进展”的行不导入。", f"本表为 {period} 的进展；导入后是草稿，核对后再报送，也可在导入时直接报送。"]
    return table_sheets.write("任务进展", COLUMNS, rows, notes=notes)


def _preview(stream: BinaryIO, name: str, record: Record, by: Any, now: datetime) -> Preview:
    rows = [row for row in table_sheets.read(stream, name, COLUMNS) if TEXT.key in row.cells]
    numbers = [int(cell.value) for row in rows if isinstance((cell := row.cells.get("task")) and cell.value, float)]
    tasks = {
        each.pk: each
        for each in supervision.in_force().filter(pk__in=numbers).select_related("plan").prefetch_related("owners")
    }
    written = {
        (each.task_id, each.period, each.reporter): each
        for each in Progress.objects.filter(task__in=tasks).select_related("record")
    }
    lines, twice = [], set()
    for row in rows:
        number, reporter, text = row.number_of(NUMBER), row.text(REPORTER), row.text(TEXT)
        percent, value = row.number_of(PERCENT), row.number_of(VALUE)
        values = {
            "period": row.text(PERIOD), "text": text, "percent": None if percent is None else int(percent),
            "value": None if value is None else float(value), "unit": row.text(UNIT), "next_step": row.text(NEXT),
        }  # fmt: skip
        task = tasks.get(int(number)) if number is not None else None
        found = written.get((task.pk, values["period"], reporter)) if task else None
        if task is None:
            row.fail(NUMBER.title, _("没有这个编号的任务"), mend=_("请用本页下载的表，不要改编号"))
        else:
            _check(row, task, reporter, values, found, by, now)
        if task and (key := (task.pk, values["period"], reporter)) in twice:
            row.fail(NUMBER.title, _("同一任务、月份和单位在表里出现了两次"))
        elif task:
            twice.add(key)
        if percent is not None and percent != int(percent):
            row.fail(PERCENT.title, _("“%(percent)s”不是整数") % {"percent": percent}, expected="0–100")
        lines.append(_line(row, task, reporter, values, found))
    content = [[line.number, line.change, line.values, line.details] for line in lines]
    return Preview(tuple(lines), hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest())


def _check(
    row: table_sheets.Row, task: Task, reporter: str, values: dict[str, Any], found: Any, by: Any, now: datetime
) -> None:
    if reporter not in progress.reporters_of(by, task):
        row.fail(REPORTER.title, _("您不能以“%(name)s”的名义填报这项任务") % {"name": reporter[:40]})
    try:
        values["period"] = str(supervision.check_period(values["period"], supervision.day_of(now)))
    except DafengError as error:
        row.fail(PERIOD.title, error.what, error.expected, error.mend)
    if values["percent"] is not None and not 0 <= values["percent"] <= 100:
        row.fail(PERCENT.title, _("完成百分比是 %(percent)s") % {"percent": values["percent"]}, expected="0–100")
    if values["value"] is not None and not values["unit"]:
        row.fail(UNIT.title, _("填了数值，没有填单位"))
    if found and found.record.state not in ("draft", "returned"):
        row.fail(TEXT.title, _("这份进展%(state)s，不能再改") % {"state": found.record.state_title})


def _line(row: table_sheets.Row, task: Task | None, reporter: str, values: dict[str, Any], found: Any) -> Line:
    details = []
    if found:
        for column in (TEXT, PERCENT, VALUE, UNIT, NEXT):
            old, new = getattr(found, column.key), values[column.key]
            if (old or "") != (new or "") or (old == 0) != (new == 0):
                details.append((column.title, "" if old is None else str(old), "" if new is None else str(new)))
    change = "wrong" if row.problems else "new" if not found else "changed" if details else "same"
    return Line(
        row.number, task.title if task else row.text(TITLE), change, tuple(details), tuple(row.problems),
        {**values, "task": task.pk if task else None, "reporter": reporter, "seen": progress.stamp(found)},
    )  # fmt: skip


def _commit(found: Preview, record: Record, by: Any, now: datetime) -> dict[str, Any]:
    made = []
    evidence = list(record.evidence.all())
    tasks = {each.pk: each for each in Task.objects.filter(pk__in=[line.values["task"] for line in found.lines]).select_related("plan").prefetch_related("owners")}  # fmt: skip
    for line in found.lines:
        if line.change == "same":
            continue
        values = {name: line.values[name] for name in ("period", "text", "percent", "value", "unit", "next_step")}
        report = progress.write(
            tasks[line.values["task"]], values, reporter=line.values["reporter"], seen=line.values["seen"], by=by, now=now,
            evidence=evidence,
        )  # fmt: skip
        made.append(report.pk)
    return {"reports": made}


ROOM = Room("progress", "任务进展表", _preview, _commit)
