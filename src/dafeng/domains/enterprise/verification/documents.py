"""The verification report as Word and PDF, in the order of the guideline's report: unit, groups, what was done, findings, numbers,
conclusion. One list of blocks, two ways to write it down; the same case gives the same bytes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _
from docx import Document as new_document
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from dafeng.domains.enterprise.errors import EnterpriseError
from dafeng.domains.enterprise.models import Verification
from dafeng.domains.enterprise.verification import known, shown, words
from dafeng.domains.enterprise.verification.naming import Names

SERIF = (
    "FangSong",
    "STFangsong",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "SimSun",
    "Noto Sans CJK SC",
)


@dataclass(frozen=True)
class Block:
    """A heading (`rows` empty, `level` 1), a paragraph (`level` 0), or a table whose first row is its head."""

    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Paper:
    title: str
    body: str
    dated: date
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Form:
    media_type: str
    make: Callable[[Paper], bytes]


def _tons(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def document_of(verification: Verification) -> Paper:
    """What the report says, from what is kept with the case and nothing else."""
    report, english = verification.report, words.english()
    firm, told = report.enterprise.called(english=english), verification.content.get("conclusion") or {}
    blocks = [
        *_basics(verification, firm, told),
        *_work(verification),
        *_findings(verification),
        *_numbers(verification),
        Block(_("六、核查结论"), 1),
        Block(str(told.get("text", ""))),
        Block(_("结论：%(conclusion)s。") % {"conclusion": verification.get_conclusion_display()}),
    ]
    title = _("%(firm)s %(year)s 年度温室气体排放核查报告") % {"firm": firm, "year": report.year}
    dated = datetime.fromisoformat(told["at"]).date()
    return Paper(
        title + (f"（{_('演示')}）" if verification.demo else ""),
        verification.body.called(english=english),
        dated,
        tuple(blocks),
    )


def _basics(verification: Verification, firm: str, told: dict[str, Any]) -> list[Block]:
    report, table = verification.report, known.rules_of(verification.report)
    rows = (
        (_("项目"), _("内容")),
        (_("重点排放单位"), firm),
        (_("统一社会信用代码"), report.enterprise.credit_code or "–"),
        (_("报告年度、版次"), f"{report.year}，{told.get('version', report.version)}"),
        (_("报告内容校验值 SHA-256"), str(told.get("digest", ""))),
        (_("核查依据"), f"{words.titled(table)} {table['number']}"),
    )
    return [Block(_("一、基本情况"), 1), Block(rows=rows)]


def _work(verification: Verification) -> list[Block]:
    team = verification.content.get("team") or {}
    people = {each.pk: each for each in verification.body.people.all()}
    rows = [(_("姓名"), _("分工"), _("证书编号"))]
    for key in dict.fromkeys([*team.get("technical", ()), *team.get("site", ())]):
        parts = [
            _("组长") if key == team.get("leader") else "",
            _("技术工作组") if key in team.get("technical", ()) else "",
            _("现场核查组") if key in team.get("site", ()) else "",
        ]
        person = people.get(key)
        rows.append(
            (
                person.name if person else str(key),
                "、".join(filter(None, parts)),
                (person.certificate if person else "") or "–",
            )
        )
    site = verification.content.get("site") or {}
    visit = (
        _("经主管部门同意，不进行现场核查：%(consent)s") % {"consent": site.get("consent", "")}
        if site.get("waived")
        else _("现场核查：%(first)s 至 %(last)s，%(places)s")
        % {name: site.get(name, "") for name in ("first", "last", "places")}
    )
    checks = [(_("核查内容"), _("判断"), _("方式"), _("记录"))]
    for each in verification.checks.order_by("pk"):
        ways = "、".join(str(words.WAYS[way]) for way in each.ways)
        checks.append((shown.item_title(each.item), each.get_verdict_display(), ways or "–", each.note or "–"))
    samples = [(_("抽样对象"), _("总体"), _("抽取"), _("种子"))]
    named = Names(verification.report.content)
    for plan in verification.samples.all():
        drawn_of = _("全部填报数值") if plan.item == "*" else named.items([plan.item])[0][1]
        samples.append((drawn_of, str(len(plan.population)), str(len(plan.certain) + len(plan.drawn)), plan.seed))
    return [
        Block(_("二、核查工作组"), 1), Block(rows=tuple(rows)), Block(visit),
        Block(_("三、核查记录"), 1), Block(rows=tuple(checks)), *([Block(rows=tuple(samples))] if len(samples) > 1 else []),
    ]  # fmt: skip


def _findings(verification: Verification) -> list[Block]:
    rows = [(_("序号"), _("事实"), _("整改"), _("核查意见"), _("结果"))]
    named = Names(verification.report.content)
    for each in verification.findings.exclude(state="draft"):
        rows.append(
            (
                str(each.number),
                f"{shown.where(each, named)} {each.facts}".strip(),
                each.answer or "–",
                each.verdict or "–",
                each.get_state_display(),
            )
        )
    body = [Block(rows=tuple(rows))] if len(rows) > 1 else [Block(_("没有发现不符合项。"))]
    return [Block(_("四、不符合项"), 1), *body]


def _numbers(verification: Verification) -> list[Block]:
    kept = verification.content.get("comparison") or {}
    verified = {"reporting": verification.emissions, "compliance": verification.emissions_compliance}
    rows = [(_("边界"), _("报告 (t CO₂e)"), _("独立复算 (t CO₂e)"), _("核查确定 (t CO₂e)"))]
    for each in kept.get("totals", ()):
        name = each["name"]
        rows.append(
            (
                str(words.BOUNDARIES.get(name, name)),
                _tons(each["reported"]),
                _tons(each["own"]),
                _tons(verified.get(name)),
            )
        )
    blocks = [Block(_("五、排放量"), 1), Block(rows=tuple(rows))]
    if figures := _figures(verification):
        blocks += [Block(_("决定配额的生产数据")), figures]
    if kept.get("unchecked"):
        blocks.append(Block(_("有 %(count)s 行没有独立复算，核实方法见结论。") % {"count": len(kept["unchecked"])}))
    return blocks


def _figures(verification: Verification) -> Block | None:
    kept = (verification.content.get("comparison") or {}).get("figures") or []
    told = (verification.content.get("conclusion") or {}).get("figures") or []
    counts = {(each["facility"], each["name"]): each["counts"] for each in told}
    rows = [(_("核算单元"), _("项目"), _("报告"), _("独立复算"), _("核查确定"))]
    named = Names(verification.report.content)
    for each in kept:
        unit = "" if each["unit"] == "1" else f" ({each['unit']})"
        numbers = (each["reported"], each["own"], counts.get((each["facility"], each["name"]), each["reported"]))
        rows.append(
            (
                named.unit(each["facility"]),
                f"{words.FIGURES[each['name']]}{unit}",
                *(_plain(number) for number in numbers),
            )
        )
    return Block(rows=tuple(rows)) if kept else None


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")


def word(paper: Paper) -> bytes:
    """The .docx as bytes."""
    made = new_document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    normal = made.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(12)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "仿宋")
    made.add_heading(paper.title, 0)
    made.add_paragraph(paper.body)
    made.add_paragraph(paper.dated.isoformat())
    for block in paper.blocks:
        if block.rows:
            table = made.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
            made.add_paragraph()
        elif block.level:
            made.add_heading(block.text, block.level)
        else:
            made.add_paragraph(block.text)
    properties = made.core_properties
    properties.title, properties.author, properties.last_modified_by = paper.title, paper.body, paper.body
    properties.created = properties.modified = datetime(paper.dated.year, paper.dated.month, paper.dated.day)
    draft, fixed = BytesIO(), BytesIO()
    made.save(draft)
    with zipfile.ZipFile(draft) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():  # one fixed time on all parts, so that the same paper gives the same bytes
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


@lru_cache(maxsize=1)
def _font() -> str:
    have = frozenset(typst.Fonts().families())
    found = next((name for name in SERIF if name in have), None)
    if found is None:
        raise EnterpriseError(
            "没有找到中文字体，不能生成 PDF",
            expected="思源宋体（Noto Serif CJK）等",
            mend="请系统管理员安装 fonts-noto-cjk",
        )
    return found


def pdf(paper: Paper) -> bytes:
    """Tagged PDF (PDF/UA-1). Raises `EnterpriseError` where no Chinese font is installed."""
    data = {
        "title": paper.title,
        "body": paper.body,
        "date": [paper.dated.year, paper.dated.month, paper.dated.day],
        "font": _font(),
        "lang": "en" if words.english() else "zh",
        "blocks": [{"text": each.text, "level": each.level, "rows": each.rows} for each in paper.blocks],
    }
    template = Path(__file__).with_name("report.typ")
    files = {"main.typ": template.read_bytes(), "document.json": json.dumps(data, ensure_ascii=False).encode()}
    moment = datetime(*data["date"], tzinfo=UTC)
    try:
        made = typst.compile(files, format="pdf", pdf_standards=["ua-1"], timestamp=int(moment.timestamp()))
    except typst.TypstError as error:
        raise EnterpriseError(f"PDF 生成失败：{error}", mend="请把这条信息转给系统管理员") from error
    return made if isinstance(made, bytes) else made[0]


FORMS = {
    "docx": Form("application/vnd.openxmlformats-officedocument.wordprocessingml.document", word),
    "pdf": Form("application/pdf", pdf),
}
