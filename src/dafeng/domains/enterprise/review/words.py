"""The sentences behind the codes that the rules give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.enterprise.review.methods import Reason

LEVELS: dict[str, Any] = {
    "nation": gettext_lazy("国家发展改革委"),
    "province": gettext_lazy("省级节能审查机关"),
    "local": gettext_lazy("市县节能审查机关（由省级机关确定）"),
    "none": gettext_lazy("不单独审查，备案"),
    "open": gettext_lazy("待确认"),
    "": gettext_lazy("未判定"),
}
REASONS: dict[str, Any] = {
    "nation": gettext_lazy("重点领域项目，当量值与等价值取高值达到 50 万吨标准煤，或年煤炭消费达到 50 万吨"),
    "nation_open": gettext_lazy("重点领域项目，等价值可能达到 50 万吨标准煤，但电力等价值系数待确认"),
    "below_nation": gettext_lazy("重点领域项目，未达到 50 万吨标准煤和 50 万吨煤"),
    "approved_by_state": gettext_lazy("由国务院或国家发展改革委审批（核准）"),
    "province": gettext_lazy("年综合能源消费量（当量值）达到 10000 吨标准煤，或年煤炭消费达到 10000 吨"),
    "below_province": gettext_lazy("年综合能源消费量（当量值）和年煤炭消费都不到 10000 吨"),
    "secret": gettext_lazy("涉及国家秘密，可不单独编制节能报告"),
    "simple": gettext_lazy("用能工艺简单、节能潜力小的行业，可不单独编制节能报告"),
    "small": gettext_lazy("年综合能源消费量不满 1000 吨标准煤且年煤炭消费不满 1000 吨，可不单独编制节能报告"),
    "report": gettext_lazy("须编制节能报告，单独进行节能审查"),
    "committed": gettext_lazy("在已实施区域节能审查的区域内，实行告知承诺制"),
    "not_county": gettext_lazy("“两高”项目，审查权限不得下放至县级"),
    "province_decides": gettext_lazy("审查权限由省级节能审查机关依据实际情况决定"),
    "carbon_nation": gettext_lazy("由国家发展改革委审查，同步开展碳排放评价"),
    "carbon_local": gettext_lazy("碳排放量较大且可能影响本地目标，同步开展碳排放评价"),
    "carbon_not": gettext_lazy("审查机关认定不需同步开展碳排放评价"),
    "carbon_open": gettext_lazy("是否同步开展碳排放评价，待审查机关认定"),
}
OPEN: dict[str, Any] = {
    "equal_electricity": gettext_lazy("电力等价值折标系数"),
    "two_high": gettext_lazy("是否“两高”项目（审查机关认定）"),
    "large_carbon": gettext_lazy("是否开展碳排放评价（审查机关认定）"),
    "rights_b": gettext_lazy("用能权调整系数 B"),
    "rights_mean": gettext_lazy("全省单位工业增加值能耗均值"),
    "added_value": gettext_lazy("项目年增加值"),
    "increment": gettext_lazy("所在地能源消费增量控制数"),
    "energy": gettext_lazy("所在地上年能源消费总量"),
    "gdp": gettext_lazy("所在地上年地区生产总值"),
    "intensity": gettext_lazy("所在地单位地区生产总值能耗"),
}
BARRED: dict[str, Any] = {
    "over_limit": gettext_lazy("单位产品能耗高于限额标准的限定值，不得建设；存量、在建的停工整改"),
    "over_access": gettext_lazy("单位产品能耗高于准入值，设计能耗水平不符合要求"),
    "heat_unit_near": gettext_lazy("现有供热机组 15 公里范围内，原则上不再新布局燃煤背压型热电联产项目"),
    "outside_park": gettext_lazy("化工项目没有进入园区"),
    "swap_short": gettext_lazy("产能置换量不足"),
    "replace_short": gettext_lazy("污染物减量替代不足"),
}
ZONES: dict[str, Any] = {
    "zone_industry": gettext_lazy("所在管控单元的准入清单禁止这个行业"),
    "zone_two_high": gettext_lazy("所在管控单元的准入清单禁止“两高”项目"),
    "zone_elsewhere": gettext_lazy("填报的管控单元不在项目所在县区"),
    "zone_untold": gettext_lazy("没有填生态环境管控单元，分区管控要求待确认"),
    "zone_unregistered": gettext_lazy("管控单元没有登记，准入清单待生态环境部门确认"),
    "zone_class_two_high": gettext_lazy("“两高”项目在优先保护单元内，须由生态环境部门确认（本平台规则，待确认）"),
    "zone_no_paper": gettext_lazy("没有分区管控的依据文件和证明材料（优先保护、重点管控单元应有，本平台规则）"),
}
BARRED |= {code: ZONES[code] for code in ("zone_industry", "zone_two_high", "zone_elsewhere")}
VERDICTS: dict[str, Any] = {
    "over_limit": gettext_lazy("高于限定值"),
    "over_access": gettext_lazy("高于准入值"),
    "between": gettext_lazy("符合准入值"),
    "advanced": gettext_lazy("达到先进值"),
    "": gettext_lazy("没有可比的限额"),
    "incomparable": gettext_lazy("不可比"),
    "kept": gettext_lazy("不高于批复"),
    "higher": gettext_lazy("高于批复，未超 10%"),
    "over": gettext_lazy("高于批复 10% 以上"),
    "open": gettext_lazy("不满一年，待确认"),
}
WHY_NOT: dict[str, Any] = {
    "": "",
    "unit": gettext_lazy("限额的单位没有收录，请逐项人工核对"),
    "denominator": gettext_lazy("产量单位与限额的产品单位不同，请核对产量单位"),
    "output": gettext_lazy("没有填年产量"),
}
CARBON_OPEN: dict[str, Any] = {
    "increment": gettext_lazy("所在地碳排放增量控制数"),
    "energy": gettext_lazy("所在地上年二氧化碳排放总量"),
    "gdp": gettext_lazy("所在地上年地区生产总值"),
    "intensity": gettext_lazy("所在地单位地区生产总值二氧化碳排放"),
    "added_value": gettext_lazy("项目年增加值"),
}
GRADES: dict[str, Any] = {
    "smaller": gettext_lazy("影响较小"),
    "some": gettext_lazy("一定影响"),
    "larger": gettext_lazy("较大影响"),
    "major": gettext_lazy("重大影响"),
    "decisive": gettext_lazy("决定性影响"),
    "": gettext_lazy("待确认"),
}
ENERGIES: dict[str, Any] = {
    "bituminous": gettext_lazy("烟煤"),
    "anthracite": gettext_lazy("无烟煤"),
    "coke": gettext_lazy("焦炭"),
    "natural_gas": gettext_lazy("天然气"),
    "lng": gettext_lazy("液化天然气"),
    "lpg": gettext_lazy("液化石油气"),
    "diesel": gettext_lazy("柴油"),
    "gasoline": gettext_lazy("汽油"),
    "fuel_oil": gettext_lazy("燃料油"),
    "electricity": gettext_lazy("电力"),
    "heat": gettext_lazy("热力"),
}
STEPS: dict[str, Any] = {
    "basics": gettext_lazy("项目概况"),
    "energy": gettext_lazy("能源消费"),
    "output": gettext_lazy("产品与碳排放"),
    "comparison": gettext_lazy("对标"),
    "measures": gettext_lazy("措施与影响"),
    "check": gettext_lazy("核对与报送"),
}
MISSING: dict[str, Any] = {
    "name": gettext_lazy("项目名称"),
    "place": gettext_lazy("县区"),
    "kind": gettext_lazy("建设性质"),
    "industry": gettext_lazy("行业代码"),
    "operation_year": gettext_lazy("计划投产年"),
    "longitude": gettext_lazy("经纬度（热电联产项目必填）"),
    "energies": gettext_lazy("至少一种能源的年消费量"),
    "added_value": gettext_lazy("项目年增加值"),
    "basis": gettext_lazy("分析评价依据"),
    "design": gettext_lazy("建设及运营方案节能降碳分析和比选"),
    "measures": gettext_lazy("节能降碳措施"),
    "impact": gettext_lazy("对所在地节能降碳目标的影响分析"),
    "committed": gettext_lazy("真实性承诺"),
    "carbon_measures": gettext_lazy("碳排放评价：降碳措施和先进技术"),
    "carbon_impact": gettext_lazy("碳排放评价：对所在地碳达峰和碳排放强度目标的影响"),
}


def article(reason: Reason) -> str:
    """Which article, as Chinese law counts them."""
    return (
        _("第 %(article)s 条第 %(paragraph)s 款") % {"article": reason.article, "paragraph": reason.paragraph}
        if reason.paragraph > 1
        else _("第 %(article)s 条") % {"article": reason.article}
    )


def told(reason: Reason) -> str:
    """The figures that a reason names."""
    units = {"tce": _("吨标准煤"), "coal": _("吨煤")}
    return "，".join(f"{value:,.1f} {units[name]}" for name, value in reason.figures)


MEASURES: dict[str, Any] = {
    "": gettext_lazy("没有限制"),
    "remind": gettext_lazy("连续两个月红灯，提醒"),
    "limit": gettext_lazy("连续三个月以上红灯，区域限批"),
    "suspend": gettext_lazy("年度未完成，暂停节能审查"),
}


def compiler(basics: Mapping[str, Any]) -> str:
    """Who wrote the energy report; of one that is not on the register that it is not."""
    name = str(basics.get("compiler") or "–")
    if name == "–" or basics.get("compiler_body"):
        return name
    return _("%(name)s（不在第三方机构名录）") % {"name": name}
