"""Fugitive methane: coal mines (working and abandoned). Oil and gas are in `fugitive_oil_gas`.

Source: 省级温室气体清单编制指南(试行) 2011 煤炭开采和矿后活动逃逸; IPCC 2006 Vol.2 Ch.4 (eq. 4.1.1 to 4.1.12);
煤炭生产企业温室气体核算 指南. The trap is the state of the gas: 0.67 kg/m3 belongs to 20 ℃ and 1 atm (`m3`), 7.17
t/1e4 Nm3 to 0 ℃ (`Nm3`); the two volumes are different units here and cannot be mixed.
"""

from dafeng.domains.inventory.methods import fugitive_oil_gas  # noqa: F401  (importing registers)
from dafeng.domains.inventory.methods.constants import T_PER_KG
from dafeng.kernel.accounting import constant, exp, method, power

GUIDELINE = "省级温室气体清单编制指南(试行) 2011 煤炭开采和矿后活动逃逸"
CHAPTER = "IPCC 2006 Vol.2 Ch.4"
ENTERPRISE = "煤炭生产企业温室气体排放核算方法与报告指南"
DECLINE = "中国煤矿甲烷研究（2011–2019 年清单代码）"
CO2_PER_CH4 = constant("44/16", 44 / 16, "t CO2/t CH4")
ONE_YEAR = constant("1 a", 1.0, "a")


# --- Volume to mass ---------------------------------------------------------------------------------------------------


@method(
    "fugitive.coal.mass",
    category="1B1",
    gas="CH4",
    title="甲烷体积折算质量（20 ℃，1 atm）",
    source=f"{GUIDELINE}: 0.67 kg/m3",
)
def methane_mass(methane_volume: "m3", methane_density: "kg CH4/m3") -> "t CH4":
    """Mass of methane measured at 20 ℃ and 1 atm."""
    return methane_volume * methane_density * T_PER_KG


@method(
    "fugitive.coal.mass.normal",
    category="1B1",
    gas="CH4",
    title="甲烷体积折算质量（0 ℃，101.325 kPa）",
    source=f"{ENTERPRISE}: 7.17 t/1e4 Nm3",
)
def methane_mass_normal(methane_normal_volume: "Nm3", methane_density_0c: "t CH4/Nm3") -> "t CH4":
    """Mass of methane measured at 0 ℃ and 101.325 kPa."""
    return methane_normal_volume * methane_density_0c


# --- Working mines ----------------------------------------------------------------------------------------------------


@method(
    "fugitive.coal.underground.volume",
    category="1B1a",
    title="井工开采甲烷涌出量",
    source=f"{GUIDELINE}; {CHAPTER} eq. 4.1.3",
)
def underground_volume(coal: "t", underground_ch4_ef: "m3/t") -> "m3":
    """Methane volume released underground: coal mined times factor of the mine's class or gas grade."""
    return coal * underground_ch4_ef


@method(
    "fugitive.coal.underground.ch4",
    category="1B1a",
    gas="CH4",
    title="井工开采 CH4 逃逸",
    source=f"{GUIDELINE}; {CHAPTER} eq. 4.1.1, 4.1.3",
    activity=("coal", "recovered"),
    optional={"recovered": 0.0},
)
def underground_ch4(coal: "t", recovered: "m3", underground_ch4_ef: "m3/t", methane_density: "kg CH4/m3") -> "t CH4":
    """Methane of underground mining less what is drained and used or flared."""
    return methane_mass(underground_volume(coal, underground_ch4_ef) - recovered, methane_density)


@method(
    "fugitive.coal.underground.measured.ch4",
    category="1B1a",
    gas="CH4",
    title="井工开采 CH4 逃逸（矿井瓦斯等级鉴定的绝对涌出量）",
    source=f"{GUIDELINE}（实测法）; {CHAPTER} §4.1.3.2 Tier 3",
    activity=("methane_volume", "recovered"),
    optional={"recovered": 0.0},
)
def underground_measured_ch4(methane_volume: "m3", recovered: "m3", methane_density: "kg CH4/m3") -> "t CH4":
    """Methane of mines whose emission is measured, less what is used or flared."""
    return methane_mass(methane_volume - recovered, methane_density)


@method(
    "fugitive.coal.open_pit.ch4",
    category="1B1b",
    gas="CH4",
    title="露天开采 CH4 逃逸",
    source=f"{GUIDELINE}; {CHAPTER} eq. 4.1.7",
)
def open_pit_ch4(coal: "t", open_pit_ch4_ef: "m3/t", methane_density: "kg CH4/m3") -> "t CH4":
    """Methane of open-pit mining."""
    return methane_mass(coal * open_pit_ch4_ef, methane_density)


@method(
    "fugitive.coal.post_mining.ch4",
    category="1B1c",
    gas="CH4",
    title="矿后活动 CH4 逃逸",
    source=f"{GUIDELINE}; {CHAPTER} eq. 4.1.4, 4.1.8",
)
def post_mining_ch4(coal: "t", post_mining_ch4_ef: "m3/t", methane_density: "kg CH4/m3") -> "t CH4":
    """Methane that coal still releases when it is washed, stored and carried."""
    return methane_mass(coal * post_mining_ch4_ef, methane_density)


@method(
    "fugitive.coal.mine.ch4",
    category="1B1",
    gas="CH4",
    title="煤矿 CH4 逃逸合计（开采 + 矿后 − 回收利用）",
    source=f"{GUIDELINE}; {CHAPTER} eq. 4.1.1",
    activity=("coal", "recovered"),
    optional={"recovered": 0.0},
)
def mine_ch4(
    coal: "t", recovered: "m3", underground_ch4_ef: "m3/t", post_mining_ch4_ef: "m3/t", methane_density: "kg CH4/m3"
) -> "t CH4":
    """Methane of an underground mine and of its coal afterwards, less what is recovered."""
    mining = underground_ch4(coal, recovered, underground_ch4_ef, methane_density)
    return mining + post_mining_ch4(coal, post_mining_ch4_ef, methane_density)


@method(
    "fugitive.coal.open_pit.mass_factor.ch4",
    category="1B1b",
    gas="CH4",
    title="露天开采 CH4（企业指南，按质量因子）",
    source=ENTERPRISE,
)
def open_pit_ch4_by_mass(coal: "t", open_pit_ch4_mass_ef: "kg CH4/t") -> "t CH4":
    """Methane of open-pit mining with a factor per tonne."""
    return coal * open_pit_ch4_mass_ef * T_PER_KG


@method(
    "fugitive.coal.post_mining.mass_factor.ch4",
    category="1B1c",
    gas="CH4",
    title="矿后活动 CH4（企业指南，按质量因子）",
    source=ENTERPRISE,
)
def post_mining_ch4_by_mass(coal: "t", post_mining_ch4_mass_ef: "kg CH4/t") -> "t CH4":
    """Methane of post-mining activities with a factor per tonne."""
    return coal * post_mining_ch4_mass_ef * T_PER_KG


# --- Enterprise form: what the mine measures --------------------------------------------------------------------------


@method(
    "fugitive.coal.ventilation.volume",
    category="1B1a",
    title="风排甲烷量",
    source=ENTERPRISE,
    activity=("air_volume", "methane_concentration"),
)
def ventilation_volume(air_volume: "Nm3", methane_concentration: "1") -> "Nm3":
    """Methane carried out by ventilation air (or drained gas): volume times concentration."""
    return air_volume * methane_concentration


@method(
    "fugitive.coal.enterprise.ch4",
    category="1B1a",
    gas="CH4",
    title="煤矿企业 CH4 逃逸（风排 + 抽放 − 火炬 − 利用）",
    source=f"{ENTERPRISE}; {CHAPTER} eq. 4.1.1",
    activity=("ventilation", "drainage", "flared", "utilised"),
    optional={"drainage": 0.0, "flared": 0.0, "utilised": 0.0},
)
def enterprise_ch4(
    ventilation: "Nm3", drainage: "Nm3", flared: "Nm3", utilised: "Nm3", methane_density_0c: "t CH4/Nm3"
) -> "t CH4":
    """Methane of a mine: ventilation + drainage − flare − use, pure methane at 0 ℃."""
    return methane_mass_normal(ventilation + drainage - flared - utilised, methane_density_0c)


@method(
    "fugitive.coal.flare.co2",
    category="1B1",
    gas="CO2",
    title="煤矿瓦斯火炬燃烧 CO2",
    source=f"{CHAPTER} eq. 4.1.5; {ENTERPRISE}",
    activity=("flared",),
)
def flare_co2(flared: "Nm3", flare_efficiency: "1", methane_density_0c: "t CH4/Nm3") -> "t CO2":
    """CO2 of the methane that a flare destroys: mass × efficiency × 44/16."""
    return methane_mass_normal(flared, methane_density_0c) * flare_efficiency * CO2_PER_CH4


@method(
    "fugitive.coal.flare.ch4",
    category="1B1",
    gas="CH4",
    title="煤矿瓦斯火炬未燃尽 CH4",
    source=f"{CHAPTER} eq. 4.1.6",
    activity=("flared",),
)
def flare_ch4(flared: "Nm3", flare_efficiency: "1", methane_density_0c: "t CH4/Nm3") -> "t CH4":
    """Methane that passes a flare unburnt."""
    return methane_mass_normal(flared, methane_density_0c) * (1 - flare_efficiency)


@method(
    "fugitive.coal.flare.co2.volume_20c",
    category="1B1",
    gas="CO2",
    title="煤矿瓦斯火炬燃烧 CO2（20 ℃ 体积）",
    source=f"{CHAPTER} eq. 4.1.5",
    activity=("methane_volume",),
)
def flare_co2_20c(methane_volume: "m3", flare_efficiency: "1", methane_density: "kg CH4/m3") -> "t CO2":
    """CO2 of flared methane whose volume is given at 20 ℃."""
    return methane_mass(methane_volume, methane_density) * flare_efficiency * CO2_PER_CH4


# --- Abandoned mines --------------------------------------------------------------------------------------------------


@method(
    "fugitive.abandoned.flooded_decline",
    category="1B1d",
    title="废弃矿井水淹衰减系数",
    source=DECLINE,
    activity=("years_closed",),
)
def flooded_decline(years_closed: "a", flooded_decline_rate: "1/a") -> "1":
    """Share of the initial emission that a flooded mine still has: exp(−D·t)."""
    return exp(-(flooded_decline_rate * years_closed))


@method(
    "fugitive.abandoned.dry_decline",
    category="1B1d",
    title="废弃矿井干井双曲衰减系数",
    source=DECLINE,
    activity=("years_closed",),
)
def dry_decline(years_closed: "a", dry_decline_rate: "1/a", dry_decline_exponent: "1") -> "1":
    """Share of the initial emission that a dry mine still has: (1 + b·D·t)^(−1/b)."""
    return power(1 + dry_decline_exponent * dry_decline_rate * years_closed, -1 / dry_decline_exponent)


@method(
    "fugitive.abandoned.flooded.ch4",
    category="1B1d",
    gas="CH4",
    title="废弃矿井 CH4 逃逸（水淹）",
    source=f"{DECLINE}; {CHAPTER} eq. 4.1.10",
    activity=("initial_methane", "years_closed"),
)
def flooded_ch4(initial_methane: "t CH4", years_closed: "a", flooded_decline_rate: "1/a") -> "t CH4":
    """Methane of a flooded mine, years after it closed, from its yearly emission at closure."""
    return initial_methane * flooded_decline(years_closed, flooded_decline_rate)


@method(
    "fugitive.abandoned.dry.ch4",
    category="1B1d",
    gas="CH4",
    title="废弃矿井 CH4 逃逸（干井）",
    source=f"{DECLINE}; {CHAPTER} eq. 4.1.10",
    activity=("initial_methane", "years_closed"),
)
def dry_ch4(initial_methane: "t CH4", years_closed: "a", dry_decline_rate: "1/a", dry_decline_exponent: "1") -> "t CH4":
    """Methane of a dry mine, years after it closed, from its yearly emission at closure."""
    return initial_methane * dry_decline(years_closed, dry_decline_rate, dry_decline_exponent)


@method(
    "fugitive.abandoned.decline",
    category="1B1d",
    title="废弃矿井排放因子（IPCC 衰减曲线）",
    source=f"{CHAPTER} eq. 4.1.12: EF = (1 + a·T)^b",
    activity=("years_closed",),
)
def ipcc_decline(years_closed: "a", decline_coefficient: "1", decline_exponent: "1") -> "1":
    """Share of the initial emission of a mine that is not flooded; coefficients by rank of coal."""
    return power(1 + decline_coefficient * years_closed / ONE_YEAR, decline_exponent)


@method(
    "fugitive.abandoned.tier1.ch4",
    category="1B1d",
    gas="CH4",
    title="废弃矿井 CH4 逃逸（按未淹矿井数）",
    source=f"{CHAPTER} eq. 4.1.10",
    activity=("abandoned_mines",),
)
def abandoned_ch4(
    abandoned_mines: "facility", gassy_fraction: "1", abandoned_mine_ef: "m3/facility", methane_density: "kg CH4/m3"
) -> "t CH4":
    """Methane of abandoned mines that are not flooded: number × gassy share × factor of the closing period."""
    return methane_mass(abandoned_mines * gassy_fraction * abandoned_mine_ef, methane_density)


@method(
    "fugitive.abandoned.tier2.ch4",
    category="1B1d",
    gas="CH4",
    title="废弃矿井 CH4 逃逸（按关闭前排放量与衰减曲线）",
    source=f"{CHAPTER} eq. 4.1.11, 4.1.12",
    activity=("abandoned_mines", "years_closed"),
)
def abandoned_ch4_by_curve(
    abandoned_mines: "facility",
    years_closed: "a",
    gassy_fraction: "1",
    initial_methane_per_mine: "m3/facility",
    decline_coefficient: "1",
    decline_exponent: "1",
    methane_density: "kg CH4/m3",
) -> "t CH4":
    """Methane of abandoned mines: number × gassy share × emission at closure × decline."""
    volume = abandoned_mines * gassy_fraction * initial_methane_per_mine
    return methane_mass(volume * ipcc_decline(years_closed, decline_coefficient, decline_exponent), methane_density)
