"""What the report says, chapter by chapter, in the order of the official form: the unit, its emissions, production, activity data,
factors, quality, and the list of evidence.

The chapters are those that the sector guides share (基本情况、排放、活动水平、排放因子、其他说明、真实性声明), with the production data and
intensities that the power guideline asks for (2021 text, annex A); annex tables of the notices after 2022 were not found in the facts,
and the paper says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import lineage, sectoral
from dafeng.domains.enterprise.reporting.findings_words import rule_title


@dataclass(frozen=True)
class Table:
    """A table of texts and numbers; `numeric` columns stand right. On paper: `widths` of the columns in proportion, and `decimals` of
    the numbers (None: six digits). The workbook has the numbers themselves.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numeric: frozenset[int] = frozenset()
    widths: Sequence[int] = ()
    decimals: int | None = None


@dataclass
class Chapter:
    title: str
    words: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """A whole report. `at`: the moment that stands on it, which makes its bytes."""

    title: str
    issuer: str
    marks: Sequence[str]
    chapters: Sequence[Chapter]
    at: datetime
    language: str = "zh"


def paper(report: Report, content: dict[str, Any]) -> Paper:
    firm = content["enterprise"]
    name = (firm["name_en"] if sectoral.english() else "") or firm["name"]
    frozen = bool(report.digest) and report.content == content
    marks = [
        _("第 %(version)s 版 · %(state)s") % {"version": report.version, "state": report.record.state_title},
        _("内容 SHA-256：%(digest)s") % {"digest": report.digest} if frozen else _("草稿，未报送，数据仍可能变动"),
    ]
    if report.demo:
        marks.insert(0, _("演示：企业数据为编造，不是真实排放"))
    return Paper(
        title=_("%(name)s %(year)s 年度温室气体排放报告") % {"name": name, "year": content["year"]},
        issuer=name,
        marks=marks,
        chapters=[
            _unit(content, name),
            _emissions(content),
            _production(content),
            _activity(content),
            _factors(content),
            _quality(content),
            _statement(name),
            _evidence(content),
        ],
        at=report.submitted_at or report.record.created_at,
        language="en" if sectoral.english() else "zh",
    )


def _unit(content: dict[str, Any], name: str) -> Chapter:
    firm, boundary = content["enterprise"], content["boundary"]
    above = {each["code"]: each["name"] for each in boundary.get("installations", ())}
    return Chapter(
        _("一、企业基本情况"),
        tables=[
            Table(
                _("基本信息"),
                [_("项目"), _("内容")],
                [
                    [_("企业名称"), name],
                    [_("统一社会信用代码"), firm["credit_code"] or "–"],
                    [_("行业代码"), firm["industry"] or "–"],
                    [_("报告年度"), str(content["year"])],
                ],
            ),
            Table(
                _("核算单元"),
                [_("装置"), _("代码"), _("名称"), _("行业方法"), _("投产"), _("关停"), _("履约边界")],
                [
                    [
                        above.get(each.get("installation", ""), "–"),
                        each["code"],
                        each["name"],
                        sectoral.sector_title(each["sector"]),
                        each["since"],
                        each["until"] or "–",
                        _("计入") if each["compliance"] else _("不计入"),
                    ]
                    for each in sorted(
                        boundary["facilities"],
                        key=lambda each: (each.get("installation") or each["code"], each["code"]),
                    )
                ],
            ),
            Table(
                _("边界变化"),
                [_("日期"), _("核算单元"), _("边界"), _("变化"), _("理由")],
                [
                    [
                        each["day"],
                        each["facility"],
                        _("报告边界") if each["boundary"] == "reporting" else _("履约边界"),
                        _("计入") if each["inside"] else _("移出"),
                        each["reason"],
                    ]
                    for each in boundary["changes"]
                ],
            ),
        ],
    )


def _emissions(content: dict[str, Any]) -> Chapter:
    totals = content["totals"]
    head = [_("项目"), _("报告边界 (t CO₂e)"), _("履约边界 (t CO₂e)")]
    incomplete = [_("有 %(count)s 项因数据或参数待确认没有算出，合计不完整。") % {"count": totals["incomplete"]}]
    return Chapter(
        _("二、温室气体排放"),
        words=incomplete if totals["incomplete"] else [],
        tables=[
            Table(
                _("按排放类别"),
                head,
                [
                    *(
                        [lineage.category_title(code), sums["reporting"], sums["compliance"]]
                        for code, sums in totals["categories"].items()
                    ),
                    [_("合计"), totals["reporting"], totals["compliance"]],
                ],
                frozenset({1, 2}),
                decimals=2,
            ),
            Table(
                _("按核算单元"),
                head,
                [[code, sums["reporting"], sums["compliance"]] for code, sums in totals["facilities"].items()],
                frozenset({1, 2}),
                decimals=2,
            ),
            Table(
                _("按月"),
                head,
                [[month, sums["reporting"], sums["compliance"]] for month, sums in totals["months"].items()],
                frozenset({1, 2}),
                decimals=2,
            ),
        ],
    )


def _production(content: dict[str, Any]) -> Chapter:
    """What power stations and others report of a year's production: supplied power and heat, heat ratio, intensities, weighted means."""
    sectors = {each["code"]: each["sector"] for each in content["boundary"]["facilities"]}
    yearly = [each for each in content["indicators"] if len(each["month"]) == len("2025")]
    weights = {"mass": _("按质量"), "heat": _("按热量")}
    return Chapter(
        _("三、生产数据与排放强度"),
        words=[] if yearly or content["means"] else [_("这个行业的方法没有另列的生产数据。")],
        tables=[
            Table(
                _("年度生产数据与强度"),
                [_("核算单元"), _("项目"), _("数值"), _("单位"), _("公式")],
                [
                    [
                        each["facility"],
                        sectoral.indicator_title(each["sector"], each["indicator"]),
                        each["value"],
                        each["unit"],
                        each["method"],
                    ]
                    for each in yearly
                ],
                frozenset({2}),
            ),
            Table(
                _("年度加权平均"),
                [_("核算单元"), _("项目"), _("数值"), _("单位"), _("权重")],
                [
                    [
                        each["facility"],
                        sectoral.title_of(sectors[each["facility"]], each["item"], each["stream"] or ""),
                        each["value"],
                        each["unit"],
                        weights.get(each["weight"], each["weight"]),
                    ]
                    for each in content["means"]
                ],
                frozenset({2}),
            ),
        ],
    )


def _activity(content: dict[str, Any]) -> Chapter:
    sectors = {each["code"]: each["sector"] for each in content["boundary"]["facilities"]}
    return Chapter(
        _("四、活动水平数据及来源"),
        tables=[
            Table(
                _("各月数据"),
                [_("核算单元"), _("月份"), _("项目"), _("数值"), _("单位"), _("取得方式"), _("检测日期"), _("凭证")],
                [
                    [
                        each["facility"],
                        each["month"],
                        sectoral.title_of(sectors[each["facility"]], each["item"], each["stream"]),
                        each["value"] if each["value"] is not None else each["notation"] or _("缺省值"),
                        each["unit"],
                        lineage.way_title(each["way"]),
                        each.get("tested", ""),
                        str(len(each["evidence"])),
                    ]
                    for each in content["values"]
                ],
                frozenset({3}),
            ),
            Table(
                _("缺失数据的处理"),
                [_("核算单元"), _("月份"), _("项目"), _("数值"), _("单位"), _("规定")],
                [
                    [
                        each["facility"],
                        each["month"],
                        sectoral.title_of(each["sector"], each["item"], each["stream"] or ""),
                        each["value"],
                        each["unit"],
                        each["rule_en"] if sectoral.english() else each["rule"],
                    ]
                    for each in content["applied"]
                ],
                frozenset({3}),
            ),
        ],
    )


def _factors(content: dict[str, Any]) -> Chapter:
    return Chapter(
        _("五、排放因子及来源"),
        tables=[
            Table(
                _("所用参数"),
                [_("编号"), _("数值"), _("单位"), _("等级"), _("来源")],
                [
                    [each["id"], each["value"], each["unit"], lineage.standing_title(each["standing"]), each["source"]]
                    for each in content["parameters"]
                ],
                frozenset({1}),
            ),
            Table(
                _("待确认"),
                [_("核算单元"), _("月份"), _("项目"), _("参数")],
                [
                    [each["facility"], each["month"], each["title"], each.get("parameter") or "–"]
                    for each in content["open"]
                ],
            ),
        ],
    )


def _quality(content: dict[str, Any]) -> Chapter:
    plan = content["control_plan"]
    sectors = {each["code"]: each["sector"] for each in content["boundary"]["facilities"]}
    words = (
        [_("数据质量控制方案第 %(number)s 版已备案。") % {"number": plan["number"]}]
        if plan
        else [_("没有备案的数据质量控制方案。")]
    )
    return Chapter(
        _("六、数据质量与其他说明"),
        words=[
            *words,
            _("章节按各行业指南共同的提纲编排；2022 年以后通知的附表格式未能取得，报送上级前请与当年格式核对。"),
        ],
        tables=[
            Table(
                _("计量器具"),
                [
                    _("核算单元"),
                    _("测点代码"),
                    _("项目"),
                    _("器具类型和型号"),
                    _("准确度等级"),
                    _("安装位置"),
                    _("最近检定"),
                    _("检定周期（月）"),
                ],
                [
                    [
                        each["facility"],
                        each["code"],
                        sectoral.title_of(sectors[each["facility"]], each["item"], each["stream"]),
                        each["instrument"] or "–",
                        each["accuracy"] or "–",
                        each["place"] or "–",
                        each["calibrated"][-1] if each["calibrated"] else "–",
                        str(each["period"] or "–"),
                    ]
                    for each in content["boundary"].get("points", ())
                ],
            ),
            Table(
                _("检查发现与说明"),
                [_("核算单元"), _("月份"), _("规则"), _("状态"), _("说明")],
                [
                    [
                        each["facility"],
                        each["month"],
                        rule_title(sectors.get(each["facility"], ""), each["rule"]),
                        _state(each["state"]),
                        each["answer"] or "–",
                    ]
                    for each in content["findings"]
                ],
            ),
        ],
    )


def _state(code: str) -> str:
    from dafeng.domains.enterprise.models import CheckFinding

    return str(CheckFinding.State(code).label)


def _statement(name: str) -> Chapter:
    return Chapter(
        _("七、真实性声明"),
        words=[
            _("本报告真实、可靠，如企业填报信息与实际情况不符，本企业愿负相应的法律责任。"),
            _("企业：%(name)s　　法定代表人（签字）：　　　　　　日期：") % {"name": name},
        ],
    )


def _evidence(content: dict[str, Any]) -> Chapter:
    """Every file behind a value, once, with its hash: whoever has the file can show that it is the one."""
    files: dict[str, tuple[str, str, list[str]]] = {}
    for value in content["values"]:
        for each in value["evidence"]:
            uses = files.setdefault(each["sha256"], (each["name"], each["sm3"], []))[2]
            uses.append(f"{value['facility']} {value['month']}")
    return Chapter(
        _("附件、凭证清单"),
        words=[] if files else [_("没有随数据附上的凭证。")],
        tables=[
            Table(
                _("凭证"),
                [_("文件"), _("用于"), "SHA-256", "SM3"],
                [[name, "、".join(dict.fromkeys(uses)), sha256, sm3] for sha256, (name, sm3, uses) in files.items()],
                widths=(3, 3, 4, 4),
            )
        ],
    )
