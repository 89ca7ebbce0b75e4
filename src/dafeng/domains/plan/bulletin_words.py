"""A bulletin in words: the blocks (`documents.blocks`) that the preview, the Word file and the PDF all lay out. Pure of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan.documents.blocks import Block, Heading, Paragraph, Table

LIGHTS = {
    "red": gettext_lazy("红灯"), "yellow": gettext_lazy("黄灯"), "green": gettext_lazy("绿灯"),
    "unknown": gettext_lazy("数据不足"), "unbound": gettext_lazy("未绑定"),
}  # fmt: skip
KINDS = {"month": gettext_lazy("月度调度通报"), "half-year": gettext_lazy("半年评估报告"), "year": gettext_lazy("年度评估报告")}  # fmt: skip
ROWS = 60  # of one table in the document; the rest is counted, and is on the portal
COUNTS = {
    "targets": gettext_lazy("目标"), "lights_red": gettext_lazy("红灯"), "lights_yellow": gettext_lazy("黄灯"),
    "lights_green": gettext_lazy("绿灯"), "lights_unknown": gettext_lazy("数据不足的目标"), "lights_unbound": gettext_lazy("未绑定的目标"),
    "tasks": gettext_lazy("任务"), "done": gettext_lazy("已完成的任务"), "late": gettext_lazy("逾期的任务"),
    "silent": gettext_lazy("未更新的任务"), "reports": gettext_lazy("报送的进展"), "projects": gettext_lazy("重大项目"),
    "begun": gettext_lazy("已开工项目"), "investment": gettext_lazy("总投资（亿元）"), "invested": gettext_lazy("本期完成投资（亿元）"),
    "invested_year": gettext_lazy("本年完成投资（亿元）"), "unreported": gettext_lazy("未报送月度进展的在建项目"),
    "warnings_raised": gettext_lazy("本期发出的预警"), "warnings_open": gettext_lazy("未解除的预警"),
    "warnings_overdue": gettext_lazy("超期的预警"), "questions": gettext_lazy("待回答的疑问"),
}  # fmt: skip
TABLES = {
    "counts": gettext_lazy("总数"), "lights": gettext_lazy("红黄灯目标"), "gaps": gettext_lazy("数据缺口"), "late": gettext_lazy("逾期任务"),
    "silent": gettext_lazy("未更新任务"), "owing": gettext_lazy("各单位逾期与未更新"), "projects": gettext_lazy("重大项目"),
    "unreported": gettext_lazy("未报送的项目"), "warnings": gettext_lazy("预警"),
}  # fmt: skip


def period_title(kind: str, period: str) -> str:
    """2026-10 → 2026年10月."""
    year = period[:4]
    if kind == "month":
        return _("%(year)s年%(month)s月") % {"year": year, "month": int(period[5:])}
    if kind == "half-year":
        half = _("上半年") if period.endswith("1") else _("下半年")
        return _("%(year)s年%(half)s") % {"year": year, "half": half}
    return _("%(year)s年") % {"year": year}


def title_of(content: Mapping[str, Any]) -> str:
    """The document's title."""
    return _("%(city)s碳达峰方案实施情况%(kind)s（%(period)s）") % {
        "city": content["city_name"], "kind": KINDS[content["kind"]], "period": period_title(content["kind"], content["period"]),
    }  # fmt: skip


def day(text: str) -> str:
    found = date.fromisoformat(text)
    return _("%(year)s年%(month)s月%(day)s日") % {"year": found.year, "month": found.month, "day": found.day}


def blocks(content: Mapping[str, Any]) -> list[Block]:
    """The body of the document, without title and signature."""
    facts = content["facts"]
    counts, tables = facts["counts"], facts["tables"]
    span = {"first": day(facts["span"]["first"]), "cutoff": day(facts["span"]["cutoff"])}
    found: list[Block] = [
        Paragraph(
            _(
                "现将%(first)s至%(cutoff)s全市碳达峰方案的目标、任务、项目和预警情况通报如下。数字由达峰平台按方案督办记录汇总，截止%(cutoff)s；缺的数写明缺口，不作估计。"
            )
            % span
        )
    ]
    found += [Heading(_("一、目标进度")), *_targets(counts, tables)]
    found += [Heading(_("二、任务落实")), *_tasks(counts, tables)]
    found += [Heading(_("三、重大项目")), *_projects(counts, tables)]
    found += [Heading(_("四、预警")), *_warnings(counts, tables)]
    found += [Heading(_("五、数据缺口")), *_gaps(counts, tables)]
    return found


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:,.6g}"


def _measured(value: Any, unit: str) -> str:
    """A number with its unit; a bare count has none to show, and a missing number takes none."""
    return _number(value) if value is None or unit in ("", "1") else f"{_number(value)} {unit}"


def _table(
    caption: str, head: Sequence[str], rows: list[list[str]], align: str, widths: Sequence[float]
) -> list[Block]:
    """A table of at most `ROWS` rows; what is left out is said."""
    if not rows:
        return []
    note = _("另有 %(count)s 行，见平台。") % {"count": len(rows) - ROWS} if len(rows) > ROWS else ""
    return [Table(caption, tuple(head), tuple(tuple(row) for row in rows[:ROWS]), align, tuple(widths), note)]


def _targets(counts: Mapping[str, Any], tables: Mapping[str, Any]) -> list[Block]:
    if not counts["targets"]:
        return [Paragraph(_("还没有采纳的方案目标。"))]
    text = _(
        "方案共有目标%(targets)s项：绿灯%(green)s项，黄灯%(yellow)s项，红灯%(red)s项，数据不足%(unknown)s项，没有绑定指标%(unbound)s项。"
    )
    words = {"targets": counts["targets"], **{name: counts[f"lights_{name}"] for name in LIGHTS}}
    rows = [
        [
            row["indicator"],
            str(row["year"] or "–"),
            str(LIGHTS[row["light"]]),
            _number(row["value"]),
            _measured(row["goal"], row["unit"]),
            "–" if row["probability"] is None else f"{row['probability']:.0f}%",
            row["owner"] or "–",
        ]
        for row in tables["lights"]
    ]
    head = [_("指标"), _("目标年"), _("灯"), _("现值"), _("目标值"), _("完成概率"), _("责任单位")]
    return [
        Paragraph(text % words),
        *_table(_("红灯和黄灯目标"), head, rows, "lccrrrl", (3.2, 1, 1, 1.4, 1.8, 1.2, 1.8)),
    ]


def _tasks(counts: Mapping[str, Any], tables: Mapping[str, Any]) -> list[Block]:
    text = _(
        "在办任务和已完成任务共%(tasks)s项，完成%(done)s项，逾期%(late)s项，未更新%(silent)s项；本期报送进展%(reports)s份。"
    )
    found: list[Block] = [Paragraph(text % counts)]
    late = [
        [row["path"], row["title"], row["owners"] or "–", row["due_on"], str(row["days"])] for row in tables["late"]
    ]
    found += _table(_("逾期任务"), [_("章节"), _("任务"), _("责任单位"), _("期限"), _("逾期天数")], late, "llllr", (1.2, 4, 2.4, 1.6, 1))  # fmt: skip
    silent = [[row["path"], row["title"], row["owners"] or "–", row["last"] or _("从未")] for row in tables["silent"]]
    found += _table(
        _("未更新任务"), [_("章节"), _("任务"), _("责任单位"), _("最近报送")], silent, "llll", (1.2, 4, 2.6, 1.4)
    )
    owing = [[row["key"], str(row["late"]), str(row["silent"])] for row in tables["owing"]]
    return [
        *found,
        *_table(_("各单位逾期与未更新"), [_("责任单位"), _("逾期"), _("未更新")], owing, "lrr", (4, 1.2, 1.2)),
    ]


def _projects(counts: Mapping[str, Any], tables: Mapping[str, Any]) -> list[Block]:
    if not counts["projects"]:
        return [Paragraph(_("项目库里还没有登记重大项目。"))]
    text = _(
        "登记重大项目%(projects)s个，总投资%(investment)s亿元，已开工%(begun)s个；本期完成投资%(invested)s亿元，本年累计%(invested_year)s亿元（已审核的月报）。"
    )
    rows = [
        [row["title"], str(row["count"]), str(row["begun"]), row["investment"], row["span"], row["year"]]
        for row in tables["projects"]
    ]
    head = [_("类别"), _("个数"), _("已开工"), _("总投资（亿元）"), _("本期（亿元）"), _("本年（亿元）")]
    quiet = [[row["title"], row["place"] or "–", row["owner"] or "–"] for row in tables["unreported"]]
    return [
        Paragraph(text % counts),
        *_table(_("各类项目"), head, rows, "lrrrrr", (3, 1, 1, 1.6, 1.4, 1.4)),
        *_table(_("本期未报送月度进展的在建项目"), [_("项目"), _("县区"), _("责任单位")], quiet, "lll", (4, 1.6, 2)),
    ]


def _warnings(counts: Mapping[str, Any], tables: Mapping[str, Any]) -> list[Block]:
    text = _("本期发出预警%(warnings_raised)s件；至截止日未解除%(warnings_open)s件，其中超期%(warnings_overdue)s件。")
    rows = [
        [row["title"], str(LIGHTS.get(row["light"], row["light"])), row["owner"] or "–", row["due_on"], _(row["state"]) + (_("（超期）") if row["overdue"] else "")]
        for row in tables["warnings"]
    ]  # fmt: skip
    head = [_("预警"), _("灯"), _("责任单位"), _("期限"), _("状态")]
    return [Paragraph(text % counts), *_table(_("未解除的预警"), head, rows, "lclll", (4, 1, 2, 1.5, 1.6))]


def _gaps(counts: Mapping[str, Any], tables: Mapping[str, Any]) -> list[Block]:
    text = _(
        "数据不足的目标%(lights_unknown)s项，没有绑定指标的目标%(lights_unbound)s项；方案中待责任单位回答的疑问%(questions)s件。这些目标不计入上面的灯。"
    )
    rows = [
        [row["indicator"], str(row["year"] or "–"), str(LIGHTS[row["light"]]), row["why"] or "–"]
        for row in tables["gaps"]
    ]
    return [Paragraph(text % counts), *_table(_("数据缺口"), [_("指标"), _("目标年"), _("缺什么"), _("原因")], rows, "lccl", (3, 1, 1.2, 4))]  # fmt: skip
