"""Formulas of the dual-control system: intensity at constant price, deductions, falls, the split over five years.

Registered with `kernel.accounting`, so their units are proved and their text is printed. Sources carry the letter of the
fact file (A read in full … D from memory); what is D says 待确认 and is confirmed by the city, not by us.
"""

from dafeng.kernel.accounting import constant, method, power

WORK_PLAN = "“十四五”节能减排综合工作方案（DCP#5，A）；发改环资〔2022〕803号（B）"
TIANJIN = "天津市文件（DCP#217，A）"
MEMORY = "待确认（D）：1−(E1/G1)/(E0/G0)，凭记忆，未见官方文本"
ARITHMETIC = "算术，未引用官方文本（D，待确认）"
T_PER_KG = constant("10⁻³ tce/kgce", 1e-3, "tce/kgce")


@method(
    "plan.intensity.gdp", category="plan", title="可比价地区生产总值（上年×可比价指数）",
    source="国民经济核算：可比价地区生产总值＝上年可比价数×按可比价计算的发展指数；" + ARITHMETIC,
    activity=("previous", "index"),
)  # fmt: skip
def constant_price_gdp(previous: "万元", index: "1") -> "万元":
    """GDP at the base year's price: last year's, times the volume index (1.05 for growth of 5 %)."""
    return previous * index


@method(
    "plan.intensity.energy.controlled", category="plan", title="计入强度考核的能耗（扣除原料用能）", source=WORK_PLAN,
    activity=("energy", "feedstock_energy"),
)  # fmt: skip
def controlled_energy(energy: "tce", feedstock_energy: "tce") -> "tce":
    """Energy of the intensity test: feedstock is out, renewable power stays in."""
    return energy - feedstock_energy


@method(
    "plan.intensity.energy.total", category="plan", title="计入总量考核的能耗（扣除原料用能和新增可再生能源）",
    source=f"{WORK_PLAN}；{TIANJIN}", activity=("energy", "feedstock_energy", "renewable", "renewable_base"),
)  # fmt: skip
def controlled_total(energy: "tce", feedstock_energy: "tce", renewable: "tce", renewable_base: "tce") -> "tce":
    """Energy of the total test: feedstock out, and the rise of renewable power since the base year out."""
    return energy - feedstock_energy - (renewable - renewable_base)


@method(
    "plan.intensity.renewable", category="plan", title="可再生能源电力折标准煤", source="GB/T 2589-2020（当量值系数）；规则 non_fossil（B）",
)  # fmt: skip
def renewable_energy(electricity: "kWh", coefficient: "kgce/kWh") -> "tce":
    """Renewable power in standard coal."""
    return electricity * coefficient * T_PER_KG


@method(
    "plan.intensity.energy", category="plan", title="单位地区生产总值能耗（可比价）", source=f"{MEMORY}；扣除：{WORK_PLAN}",
    activity=("energy", "feedstock_energy", "gdp"),
)  # fmt: skip
def energy_intensity(energy: "tce", feedstock_energy: "tce", gdp: "万元") -> "tce/万元":
    """Energy without feedstock per yuan at constant price."""
    return controlled_energy(energy, feedstock_energy) / gdp


@method(
    "plan.intensity.co2", category="plan", gas="CO2", title="单位地区生产总值二氧化碳排放（可比价）", source=MEMORY, activity=("co2", "gdp"),
)  # fmt: skip
def co2_intensity(co2: "t CO2", gdp: "万元") -> "t CO2/万元":
    """CO2 per yuan at constant price."""
    return co2 / gdp


@method(
    "plan.intensity.energy.fall", category="plan", title="能耗强度降低率（对基准年）", source=MEMORY, activity=("assessed", "base"),
)  # fmt: skip
def energy_fall(assessed: "tce/万元", base: "tce/万元") -> "1":
    """How far energy intensity has fallen since the base year; negative when it rose."""
    return 1 - assessed / base


@method(
    "plan.intensity.co2.fall", category="plan", gas="CO2", title="碳排放强度降低率（对基准年）", source=MEMORY, activity=("assessed", "base"),
)  # fmt: skip
def co2_fall(assessed: "t CO2/万元", base: "t CO2/万元") -> "1":
    """How far CO2 intensity has fallen since the base year; negative when it rose."""
    return 1 - assessed / base


@method(
    "plan.intensity.split.geometric", category="plan", title="五年目标按等比分解：第 k 年累计应降",
    source="规则 yearly_split（D，待确认）", activity=("remaining", "elapsed", "years"),
)  # fmt: skip
def geometric_split(remaining: "1", elapsed: "1", years: "1") -> "1":
    """The fall due after `elapsed` of `years` at an equal yearly rate; `remaining` is 1 − the target."""
    return 1 - power(remaining, elapsed / years)


@method(
    "plan.intensity.split.linear", category="plan", title="五年目标按等差分解：第 k 年累计应降",
    source="规则 yearly_split（D，待确认）", activity=("target", "elapsed", "years"),
)  # fmt: skip
def linear_split(target: "1", elapsed: "1", years: "1") -> "1":
    """The fall due after `elapsed` of `years` in equal parts of the base year's intensity."""
    return target * elapsed / years


@method(
    "plan.non_fossil_share", category="plan", title="非化石能源占能源消费比重（扣除原料用能）",
    source="公开代码 id 59103425234（B）", activity=("non_fossil", "energy", "feedstock_energy"),
)  # fmt: skip
def non_fossil_share(non_fossil: "tce", energy: "tce", feedstock_energy: "tce") -> "1":
    """Non-fossil energy over total energy without feedstock."""
    return non_fossil / (energy - feedstock_energy)


@method(
    "plan.coal.from_share", category="plan", title="煤品消费量（由能源消费总量和煤品比重）", source=ARITHMETIC,
    activity=("energy", "share"),
)  # fmt: skip
def coal_from_share(energy: "tce", share: "1") -> "tce":
    """Coal in standard coal: total energy times the share of coal."""
    return energy * share
