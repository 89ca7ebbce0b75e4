"""The words of a report, Chinese and English, in one table; names of categories and items come from the library."""

from __future__ import annotations

from dafeng.domains.inventory import library
from dafeng.domains.inventory.library import SECTORS
from dafeng.domains.inventory.sheets.inputs import input_name as input_name
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import DafengError

LANGUAGES = ("zh", "en")


class ReportError(DafengError):
    """A report cannot be made: no Chinese font, an unknown language, nothing to show."""

    code = "report"


KINDS = {
    "direct": ("直接排放", "Direct"),
    "indirect": ("间接排放（电力、热力调入）", "Indirect (electricity and heat)"),
    "biogenic": ("生物质燃烧 CO₂（备忘）", "Biogenic CO₂ (memo)"),
    "bunker": ("国际燃料舱（备忘）", "International bunkers (memo)"),
    "stored": ("产品固碳（备忘）", "Carbon stored in products (memo)"),
}
BASIS = {
    "statistic": ("统计", "Statistics"),
    "reported": ("填报", "Reported"),
    "metered": ("计量", "Metered"),
    "estimated": ("估算", "Estimated"),
    "assumed": ("假定", "Assumed"),
}
STATUS = {
    Status.OK: ("完整", "Complete"),
    Status.INCOMPLETE: ("不完整", "Incomplete"),
    Status.DEGRADED: ("待确认", "Unconfirmed"),
}
STANDING = {
    "memory": ("凭记忆录入", "From memory"),
    "conflict": ("来源有矛盾", "Sources disagree"),
    "gap": ("缺数值", "No value"),
}
# Gases of the official summary, in its order; fluorinated gases are shown by family.
FAMILIES = ("CO2", "CH4", "N2O", "HFCs", "PFCs", "SF6", "NF3")
_PFCS = frozenset({"CF4", "C2F6", "C3F8", "c-C4F8", "C4F10", "C5F12", "C6F14"})

TEXT = {
    "report": ("温室气体清单报告", "Greenhouse gas inventory report"),
    "workbook": ("温室气体清单表", "Greenhouse gas inventory tables"),
    "year_of": ("{} 年", "{}"),
    "contents": ("目　录", "Contents"),
    "edition": ("编制依据", "Guideline"),
    "gwp_set": ("全球变暖潜势", "Global warming potentials"),
    "factor_sets": ("因子集（按优先次序）", "Factor sets, in order of preference"),
    "made_on": ("编制日期", "Date"),
    "run": ("清单编号", "Run"),
    "status": ("状态", "Status"),
    "place": ("地区", "Place"),
    "year": ("年份", "Year"),
    "years": ("年份", "Years"),
    "sector": ("领域", "Sector"),
    "category": ("类别", "Category"),
    "item": ("项目", "Item"),
    "technology": ("技术", "Technology"),
    "variable": ("数据项", "Input"),
    "gas": ("气体", "Gas"),
    "kind": ("计入方式", "Kind"),
    "value": ("数值", "Value"),
    "unit": ("单位", "Unit"),
    "basis": ("数据依据", "Basis"),
    "mark": ("补缺标记", "Gap tool"),
    "source": ("来源", "Source"),
    "evidence": ("凭证", "Evidence"),
    "notation": ("标记符号", "Notation key"),
    "uncertainty": ("不确定性", "Uncertainty"),
    "emission": ("排放量", "Emission"),
    "co2e": ("二氧化碳当量", "CO₂ equivalent"),
    "estimated": ("估算占比", "Estimated share"),
    "missing": ("缺项", "Missing"),
    "method": ("方法", "Method"),
    "formula": ("公式", "Formula"),
    "factor": ("因子", "Factor"),
    "parameter": ("参数", "Parameter"),
    "set": ("因子集", "Set"),
    "standing": ("状况", "Standing"),
    "rows": ("涉及行数", "Rows"),
    "reason": ("原因", "Reason"),
    "note": ("备注", "Note"),
    "total": ("合计", "Total"),
    "net": ("温室气体排放总量（含土地利用变化和林业）", "Total with land use, land-use change and forestry"),
    "gross": ("温室气体排放总量（不含土地利用变化和林业）", "Total without land use, land-use change and forestry"),
    "net_short": ("净排放", "Net"),
    "indirect_line": ("间接排放（不计入总量）", "Indirect emissions (not in the total)"),
    "unit_10kt": ("万吨 CO₂e", "10⁴ t CO₂e"),
    "unit_t": ("t CO₂e", "t CO₂e"),
    "table": ("表", "Table"),
    "figure": ("图", "Figure"),
    "summary": ("摘要", "Summary"),
    "scope": ("范围与依据", "Scope and basis"),
    "totals": ("排放总量", "Totals"),
    "sectors": ("分领域排放", "Emissions by sector"),
    "memo": ("间接排放与备忘项", "Indirect emissions and memo items"),
    "methods": ("核算方法", "Methods"),
    "key_categories": ("关键类别", "Key categories"),
    "completeness": ("完整性", "Completeness"),
    "checks": ("质量检查", "Quality checks"),
    "unsigned": ("待签认因子", "Factors not signed"),
    "issues": ("未估算的项目", "What was not estimated"),
    "activity": ("活动水平", "Activity data"),
    "factors": ("排放因子", "Emission factors"),
    "gwp": ("全球变暖潜势", "GWP"),
    "cover": ("封面", "Cover"),
    "totals_sheet": ("汇总", "Summary"),
    "stop": ("不得发布", "Not for publication"),
    "result": ("结果", "Result"),
    "rule": ("规则", "Rule"),
    "finding": ("说明", "Finding"),
    "state": ("情况", "State"),
    "land_use": ("土地利用", "Land use"),
    "level": ("水平占比", "Level"),
    "level_cumulative": ("水平累计", "Level, cumulative"),
    "trend_share": ("趋势占比", "Trend"),
    "criteria": ("判据", "Criteria"),
}


def text(key: str, language: str) -> str:
    """A word of the table. Raises `ReportError` for a language that reports are not written in."""
    if language not in LANGUAGES:
        raise ReportError(f"报告没有语言“{language}”", expected="zh 或 en")
    return TEXT[key][LANGUAGES.index(language)]


def pick(pair: tuple[str, str], language: str) -> str:
    return pair[LANGUAGES.index(language)]


def sector_name(code: str, language: str) -> str:
    return pick(SECTORS[code], language)


def category_name(code: str, language: str) -> str:
    """`1A1a 公用电力与热力`; the bare code where the library does not know it."""
    known = library.categories().get(code)
    return f"{code} {known.name_en if language == 'en' else known.name}" if known else code


def item_name(item: str, language: str) -> str:
    names = library.item_names_en() if language == "en" else library.item_names()
    return names.get(item, item)


def family(gas: str) -> str:
    """The column of the official summary that a gas belongs to."""
    if gas.startswith(("HFC", "CHF3", "CH2F2")):
        return "HFCs"
    return "PFCs" if gas in _PFCS or gas.startswith("PFC") else gas


def gas_text(gas: str) -> str:
    """CO2 → CO₂."""
    subscript = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    return gas.translate(subscript) if "-" not in gas and not gas.endswith("s") else gas
