"""The living page of all parts: what a developer of a new page reaches for, and where a change of the style shows first."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng import cities
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, Place
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.pages import asked, charts, maps
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.portal import permissions
from dafeng.portal.start import DEMO_CITY

# A made-up series: this page shows form, not facts, and says so.
YEARS = list(range(2015, 2031))
AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


class SampleForm(forms.Form):
    name = forms.CharField(label="名称", max_length=20, help_text="例如：浉河区第一小学")
    amount = forms.DecimalField(label="用电量（千瓦时）", min_value=0)
    kind = forms.ChoiceField(label="类型", choices=[("school", "学校"), ("office", "办公")], required=False)
    agreed = forms.BooleanField(label="我已核对", required=False)


def _table(request: HttpRequest) -> Table:
    rows = pl.DataFrame(
        {
            "code": [f"X{i:03d}" for i in range(60)],
            "name": [f"示例{i}" for i in range(60)],
            "amount": [float(i * i % 97) for i in range(60)],
            "kind": ["甲" if i % 3 else "乙" for i in range(60)],
        }
    )
    return Table(
        request,
        rows,
        [
            Column("code", _("代码")),
            Column("name", _("名称"), wide=True),
            Column("amount", _("数量"), numeric=True),
            Column("kind", _("类型")),
        ],
        _("示例表"),
        search=("code", "name"),
        choices=(Choice("kind", _("类型"), {"甲": "甲", "乙": "乙"}),),
        size=8,
        file="sample",
    )


@require_safe
@asks(permissions.READ)
def components(request: HttpRequest) -> HttpResponse:
    table = _table(request)
    stack = charts.stacked(
        _("示例：堆叠柱"), "万吨", YEARS[:8],
        [
            charts.Series(_("能源"), {y: 60 + (y - 2015) * 3 for y in YEARS[:8]}, 1),
            charts.Series(_("工业"), {y: 25 + (y % 3) for y in YEARS[:8]}, 2),
            charts.Series(_("碳汇"), dict.fromkeys(YEARS[:8], -12), 4),
        ],
        chosen=2020, name="stack",
    )  # fmt: skip
    line = charts.lines(
        _("示例：实测、目标与预测区间"), "%", YEARS,
        [
            charts.Series(_("实测"), {y: 20 + (y - 2015) * 1.1 for y in YEARS if y <= 2024 and y != 2019}, 0),
            charts.Series(_("目标"), {2020: 26.0, 2025: 32.0, 2030: 40.0}, 2, dashed=True),
            charts.Series(
                _("预测"), {y: 29.9 + (y - 2024) * 1.2 for y in YEARS if y >= 2024}, 1,
                low={y: 29.9 + (y - 2024) * 0.8 for y in YEARS if y >= 2024},
                high={y: 29.9 + (y - 2024) * 1.6 for y in YEARS if y >= 2024},
            ),
        ],
        name="line",
    )  # fmt: skip
    for chart in (stack, line):
        if chart and (answer := chart.download(request)):
            return answer
    pack = cities.load_pack(DEMO_CITY)
    names = {code: printed[0] for code, printed in pack.counties.items()}
    areas = {code: {"status": index % 3} for index, code in enumerate(names)}
    values = {code: None if index == 4 else float((index * 37) % 100) * 1e4 for index, code in enumerate(names)}
    faulty = SampleForm({"name": "", "amount": "-1"})
    error = DafengError(
        _("数值“12O”不是数"), expected=_("数字，例如 120"), mend=_("请改正后重新上传；这次没有导入任何行"),
        where=Place(file="活动水平.xlsx", sheet="能源", row=14, column="数值"),
    )  # fmt: skip
    jobs = [
        Job(title=_("生成 Word 报告"), state=state, done=3, total=8, message=_("画图"), created_at=AT, error=error.as_dict(), result={"text": _("已生成"), "href": "#"})
        for state in (Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED)
    ]  # fmt: skip
    return table.download() or render(
        request,
        "portal/components.html",
        {
            "table": table,
            "stack": stack,
            "line": line,
            "map": maps.choropleth(pack.boundary, values, names, more=areas),
            "tabs": asked.tabs(request, "tab", {"table": _("表"), "chart": _("图"), "map": _("地图")}),
            "form": faulty,
            "error": error.as_dict(),
            "jobs": jobs,
            "events": [
                {"title": _("新建"), "at": AT, "by": "张三", "text": ""},
                {"title": _("退回"), "at": AT, "by": "李四", "text": _("缺少发票"), "bad": True},
            ],
            "notes": [_("示例数据，不是事实。"), "GB/T 2589-2020"],
            "levels": [0, 1, 2],
            "keys": ["NO", "NE", "NA", "IE", "C"],
            "tones": range(9),
        },
    )
