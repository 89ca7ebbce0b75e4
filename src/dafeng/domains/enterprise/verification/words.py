"""Codes in the reader's language: reasons, sectors, ways, clocks, parts of the checklist, levels of the lineage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dafeng.domains.enterprise.verification.methods import rules

WAYS = {"read": _("查"), "ask": _("问"), "see": _("看"), "test": _("验")}
STAGES = {"review": _("文件评审"), "site": _("现场核查")}
PARTS = {
    "unit": _("单位基本情况"),
    "boundary": _("核算边界"),
    "method": _("核算方法"),
    "activity": _("活动数据"),
    "factor": _("排放因子"),
    "emissions": _("排放量"),
    "production": _("生产数据"),
    "quality": _("质量保证"),
    "plan": _("质控计划"),
    "earlier": _("往年问题与投诉"),
}
CLOCKS = {
    "site_list": _("提交现场核查清单"),
    "list": _("提出不符合项清单"),
    "answer": _("企业整改答复"),
    "conclude": _("作出核查结论"),
    "objection": _("企业申请复核"),
    "decide": _("对复核申请作出决定"),
}
WHOSE = {"body": _("核查机构"), "unit": _("企业"), "bureau": _("主管部门")}
LEVELS = {
    "value": _("所填的数与计算用的数"),
    "factor": _("缺省值与指南"),
    "row": _("一行的计算"),
    "figure": _("生产数据的计算"),
    "facility": _("核算单元合计"),
    "total": _("边界合计"),
}
FIGURES = {
    "power_supplied": _("供电量"),
    "heat_supplied": _("供热量"),
    "heat_ratio": _("供热比"),
    "load_factor": _("负荷（出力）系数"),
    "turbine_heat": _("汽轮机供热量"),
    "boiler_output": _("锅炉总产出热量"),
    "auxiliary_of_power": _("供电耗用的厂用电量"),
}
BOUNDARIES = {"reporting": _("报告边界"), "compliance": _("履约边界")}
BASES = {"default": _("指南缺省值"), "highest": _("当年最不利的月值"), "evidence": _("核查证据确定的值")}
STANDINGS = {"confirmed": _("官方文本已读"), "one copy": _("只见一处转载"), "house": _("本平台规则，待主管部门确认")}
FACTS = {
    "begun": _("组成工作组"),
    "reviewed": _("完成文件评审"),
    "site_list": _("提交现场核查清单"),
    "visited": _("现场核查结束"),
    "listed": _("开出不符合项清单"),
    "answered": _("企业提交整改答复"),
    "concluded": _("作出结论"),
    "told": _("复核通过并告知企业"),
    "objected": _("企业申请复核"),
    "decided": _("对复核申请作出决定"),
}


def english() -> bool:
    return (get_language() or "").startswith("en")


def reason_words(code: str) -> tuple[str, str]:
    """(what, how to mend it); a code without words is told as it is."""
    found = rules.reasons().get(code)
    if found is None:
        return code, ""
    return (found["what_en"], found["mend_en"]) if english() else (found["what"], found["mend"])


def titled(item: Mapping[str, Any]) -> str:
    """A line of the checklist, a set of rules."""
    return str((item.get("title_en") if english() else "") or item["title"])


@lru_cache(maxsize=2)
def _sector_titles(in_english: bool) -> dict[str, str]:
    from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS

    return {
        code: str((getattr(sector, "title_en", "") if in_english else "") or sector.title)
        for code, sector in SECTORS.items()
    }


def sector_names() -> dict[str, str]:
    return _sector_titles(english())


def sectors_in_words(codes: Iterable[str]) -> str:
    names = sector_names()
    return "、".join(names.get(code, code) for code in codes)
