"""What the papers say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.models import ControlUnit, Project
from dafeng.domains.enterprise.review import assessments, cities, words
from dafeng.domains.enterprise.review.assessments import Assessment
from dafeng.domains.enterprise.review.methods import Standing, rules
from dafeng.domains.enterprise.review.papers.blocks import Block, Heading, Paper, Paragraph, Table

MEDIA = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
KINDS = ("opinion", "report")


def paper(project: Project, kind: str, format: str, *, on: date) -> bytes:
    """The bytes of a paper. The opinion is dated on the day of approval, the report on the day it is asked for."""
    from dafeng.domains.enterprise.review.papers import setting

    made = opinion(project) if kind == "opinion" else report(project, on=on)
    return setting.pdf(made) if format == "pdf" else setting.word(made)


def _note(project: Project) -> str:
    parts = [_("演示，非真实文件")] if project.demo else []
    if project.digest:
        parts.append(_("内容摘要（SHA-256）：%(digest)s") % {"digest": project.digest})
    return "　".join(parts)


def _amount(value: float | None) -> str:
    return _("待确认") if value is None else f"{value:,.4g}" if abs(value) < 100 else f"{value:,.1f}"


def _figures(found: Assessment) -> Table:
    used = found.used
    rows = (
        (_("年综合能源消费量（当量值）"), used.equivalent, "tce"),
        (_("年综合能源消费量（等价值）"), used.equal, "tce"),
        (_("化石能源消费量"), used.fossil, "tce"),
        (_("煤炭消费量"), used.coal, "t"),
        (_("可再生能源消费量"), used.renewable, "tce"),
        (_("原料用能"), used.feedstock, "tce"),
        (_("单位产品综合能耗"), used.per_product, "kgce"),
        (_("单位增加值能耗"), used.per_added_value, _("tce/万元")),
        (_("碳排放总量"), used.co2, "t CO₂"),
        (_("单位产品碳排放"), used.co2_per_product, "t CO₂"),
        (_("单位增加值碳排放"), used.co2_per_added_value, _("t CO₂/万元")),
    )
    return Table(
        (_("指标"), _("数值"), _("单位")), tuple((title, _amount(value), unit) for title, value, unit in rows), _("能源消费和碳排放指标")
    )  # fmt: skip


def opinion(project: Project) -> Paper:
    """The authority's answer: what was asked, what it was found to be, the conditions, the terms of the measures."""
    assert project.approved_on is not None, "asked of approved projects only"
    found = assessments.assess(project, on=project.approved_on)
    city = cities.only_city()
    issuer = _("%(city)s发展和改革委员会") % {"city": city.name if city else ""}
    conditions = list(project.conditions.all())
    blocks: list[Block] = [
        Paragraph(_("%(enterprise)s：") % {"enterprise": project.enterprise.name}),
        Paragraph(
            _("你单位报送的%(name)s（%(number)s）节能报告收悉。依据%(rules)s，审查意见如下。")
            % {"name": project.name, "number": project.number, "rules": rules().title}
        ),
        Heading(_("一、审查意见")),
        Paragraph(project.opinion),
        Heading(_("二、主要指标")),
        _figures(found),
        Heading(_("三、判定依据")),
        *(
            Paragraph(f"{words.article(each)}：{words.REASONS[each.code]}（{words.told(each) or '–'}）")
            for each in found.decision.reasons
        ),
        Heading(_("四、附加条件")),
        *(Paragraph(f"{each.number}. {each.text}") for each in conditions),
        *(() if conditions else (Paragraph(_("无。")),)),
        Heading(_("五、有关要求")),
        Paragraph(_("自本意见出具之日起 2 年内未开工建设的，本意见自动失效（第十九条）。发生重大变动的，应提交变更申请（第十八条）。")),
        Paragraph(_("投入生产、使用前应进行节能验收，需试运行的，原则上在试运行之日起 6 个月内（第二十一条）；实际能耗、碳排放高于批复水平 10% 的，限期整改（第二十六条）。")),
    ]  # fmt: skip
    title = _("关于%(name)s节能审查的意见") % {"name": project.name}
    return Paper(title, issuer, project.reference, project.approved_on, tuple(blocks), _note(project))


def _head() -> tuple[str, ...]:
    return (_("限额"), _("单位"), _("项目"), _("限定值"), _("准入值"), _("先进值"), _("比较"))


def _limits(told: Iterable[tuple[str, Standing]]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            title, each.level.unit, "–" if each.value is None else _amount(each.value),
            *(_amount(value) if value is not None else "–" for value in (each.level.limit, each.level.access, each.level.lead)),
            "：".join(filter(None, (str(words.VERDICTS[each.verdict]), str(words.WHY_NOT[each.why])))),
        )
        for title, each in told
        if each.level is not None
    )  # fmt: skip


def _carbon(found: Assessment, comparison: dict[str, Any], measures: dict[str, Any]) -> list[Block]:
    """The carbon evaluation inside part five (arts. 10, 12): structure, per unit, standards and peers, effect on the local target."""
    if found.decision.carbon is False:
        return [Paragraph(_("本项目不单独开展碳排放评价（第十条）。"))]
    used, carbon = found.used, found.carbon
    rows = (
        (_("碳排放总量"), used.co2, "t CO₂"), (_("其中能源活动"), used.energy_co2, "t CO₂"), (_("其中工业生产过程"), used.process_co2, "t CO₂"),
        (_("单位产品碳排放"), used.co2_per_product, "t CO₂"), (_("单位产值碳排放"), used.co2_per_value, _("t CO₂/万元")),
        (_("单位增加值碳排放"), used.co2_per_added_value, _("t CO₂/万元")),
        (_("占碳排放增量控制数的比例"), carbon.impact.m, "%"), (_("对单位地区生产总值二氧化碳排放的影响"), carbon.impact.n, "%"),
    )  # fmt: skip
    limits = _limits(((_("登记的限额"), carbon.standing), (comparison.get("carbon_standard", ""), carbon.claimed)))
    peers = (
        _("台账里同一产品的 %(count)s 个项目中，单位产品碳排放比本项目高的占 %(share)s。") % {"count": carbon.peers, "share": f"{carbon.quantile:.2f}"}
        if carbon.quantile is not None
        else _("同一产品的其他项目不足 3 个，不作同类比较。")
    )  # fmt: skip
    return [
        Heading(_("碳排放评价")),
        *([Paragraph(_("是否开展碳排放评价，待审查机关认定。"))] if found.decision.carbon is None else []),
        Table((_("指标"), _("数值"), _("单位")), tuple((title, _amount(value), unit) for title, value, unit in rows), _("碳排放指标")),
        Table(_head(), limits, _("与碳排放限额或标准的比较")) if limits else Paragraph(_("这种产品的碳排放限额或标准：待确认，不作比较。")),
        Paragraph(peers),
        Paragraph(_("国内外先进水平：%(text)s") % {"text": comparison.get("carbon_advanced") or _("待确认")}),
        Paragraph(_("降碳措施和先进技术：%(text)s") % {"text": measures.get("carbon_measures") or _("待补充")}),
        Paragraph(_("对所在地碳达峰和碳排放强度目标的影响：%(text)s") % {"text": measures.get("carbon_impact") or _("待补充")}),
    ]  # fmt: skip


def report(project: Project, *, on: date) -> Paper:
    """The owner's report by the seven parts of art. 12."""
    found = assessments.assess(project, on=on)
    basics, output, comparison, measures = (
        project.content.get(step, {}) for step in ("basics", "output", "comparison", "measures")
    )
    place = cities.place_names().get(project.place, project.place)
    energy = Table(
        (_("能源"), _("年消费量"), _("单位"), _("折标煤（tce）"), _("碳排放（t CO₂）")),
        tuple(
            (str(words.ENERGIES[row.code]), _amount(row.amount), row.unit, _amount(row.tce), _amount(row.co2))
            for row in found.used.rows
        ),
        _("能源消费结构"),
    )
    limits = _limits(((_("登记的限额"), found.standing), (comparison.get("standard", ""), found.claimed)))
    blocks: list[Block] = [
        Heading(_("一、项目概况")),
        Paragraph(
            _("%(name)s，%(kind)s，位于%(place)s，行业代码 %(industry)s，计划 %(year)s 年投产。")
            % {"name": project.name, "kind": project.get_kind_display(), "place": place, "industry": project.industry, "year": project.operation_year}
        ),
        Paragraph(_("建设单位：%(enterprise)s；编制单位：%(compiler)s。") % {"enterprise": project.enterprise.name, "compiler": words.compiler(basics)}),
        Paragraph(
            _("生态环境分区管控：%(unit)s，%(grade)s。%(findings)s")
            % {
                "unit": found.zone.name if found.zone else _("没有登记的单元"),
                "grade": dict(ControlUnit.Grade.choices).get(found.zone_grade, _("待确认")),
                "findings": "；".join(str(words.ZONES[str(each)]) for each in found.zone_findings) or _("准入清单没有禁止这类项目。"),
            }
        ),
        Heading(_("二、分析评价依据")),
        Paragraph(measures.get("basis", "–")),
        Heading(_("三、项目建设及运营方案节能降碳分析和比选")),
        Paragraph(measures.get("design", "–")),
        Heading(_("四、项目能源消费情况")),
        energy,
        _figures(found),
        Heading(_("五、项目碳排放情况")),
        Paragraph(_("能源活动 %(energy)s t CO₂，工业生产过程 %(process)s t CO₂。") % {"energy": _amount(found.used.energy_co2), "process": _amount(found.used.process_co2)}),
        Paragraph(output.get("process_basis", "–")),
        *_carbon(found, comparison, measures),
        Heading(_("六、节能降碳措施")),
        Paragraph(measures.get("measures", "–")),
        Paragraph(measures.get("management", "–")),
        Heading(_("七、对所在地完成节能降碳目标任务的影响分析")),
        Paragraph(
            _("m = %(m)s%%（%(m_grade)s），n = %(n)s%%（%(n_grade)s）。")
            % {"m": _amount(found.impact.m), "m_grade": words.GRADES[found.impact.m_grade], "n": _amount(found.impact.n), "n_grade": words.GRADES[found.impact.n_grade]}
        ),
        Paragraph(measures.get("impact", "–")),
    ]  # fmt: skip
    if limits:
        blocks.insert(10, Table(_head(), limits, _("与限额标准的比较")))
    title = _("%(name)s节能报告") % {"name": project.name}
    return Paper(title, project.enterprise.name, project.number, on, tuple(blocks), _note(project))
