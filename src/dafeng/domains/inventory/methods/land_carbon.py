"""Carbon stock changes of land as the IPCC writes them: gains and losses, stock difference, soils, wood products.

Source: IPCC 2006 volume 4, chapter 2 (equations 2.3 to 2.26) and chapter 12; the 2019 Refinement keeps their form.
The equations give changes in carbon stock, where a gain is positive; the methods that go to the inventory turn the
sign: a gain of carbon is a negative emission of CO2. Quantities of one year carry no `/a`.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C
from dafeng.kernel.accounting import constant, exp, method

METHODS = "IPCC 2006 Vol.4 Ch.2"
DEPENDENCE_YEARS = constant("20", 20.0, "1")


# Biomass: gains and losses


@method(
    "lulucf.ipcc.total_growth",
    category="4A",
    title="总生物量年均生长量 G_TOTAL（方法一）",
    source=f"{METHODS} eq. 2.10, Tier 1",
    activity=(),
)
def total_growth(above_ground_growth: "t dm/ha", root_shoot_ratio: "1") -> "t dm/ha":
    """Yearly growth above and below the ground: G_W·(1 + R)."""
    return above_ground_growth * (1 + root_shoot_ratio)


@method(
    "lulucf.ipcc.total_growth.by_increment",
    category="4A",
    title="总生物量年均生长量 G_TOTAL（由蓄积年生长量）",
    source=f"{METHODS} eq. 2.10, Tier 2 and 3",
    activity=(),
)
def total_growth_by_increment(volume_increment: "m3/ha", bcef_i: "t dm/m3", root_shoot_ratio: "1") -> "t dm/ha":
    """Yearly growth from the net increment of volume: I_V·BCEF_I·(1 + R)."""
    return volume_increment * bcef_i * (1 + root_shoot_ratio)


@method(
    "lulucf.ipcc.bcef",
    category="4A",
    title="生物量转换与扩展系数 BCEF",
    source=f"{METHODS} below eq. 2.10: BCEF = BEF · D",
    activity=(),
)
def bcef_of(bef: "1", wood_density: "t dm/m3") -> "t dm/m3":
    """Conversion and expansion factor from an expansion factor and wood density."""
    return bef * wood_density


@method(
    "lulucf.ipcc.biomass_gain",
    category="4A",
    title="生物量生长碳增量 ΔC_G",
    source=f"{METHODS} eq. 2.9",
)
def biomass_gain(forest_area: "ha", total_growth: "t dm/ha", carbon_fraction_wood: "t C/t dm") -> "t C":
    """Carbon gained by growth: A·G_TOTAL·CF."""
    return forest_area * total_growth * carbon_fraction_wood


@method(
    "lulucf.ipcc.wood_removal_loss",
    category="4A",
    title="木材采伐碳损失 L_wood-removals",
    source=f"{METHODS} eq. 2.12",
)
def wood_removal_loss(
    wood_removal: "m3", bcef_r: "t dm/m3", root_shoot_ratio: "1", carbon_fraction_wood: "t C/t dm"
) -> "t C":
    """Carbon of roundwood taken out: H·BCEF_R·(1 + R)·CF."""
    return wood_removal * bcef_r * (1 + root_shoot_ratio) * carbon_fraction_wood


@method(
    "lulucf.ipcc.fuelwood_loss",
    category="4A",
    title="薪材采集碳损失 L_fuelwood",
    source=f"{METHODS} eq. 2.13",
    activity=("fuelwood_trees", "fuelwood_parts"),
    optional={"fuelwood_parts": 0.0},
)
def fuelwood_loss(
    fuelwood_trees: "m3",
    fuelwood_parts: "m3",
    bcef_r: "t dm/m3",
    root_shoot_ratio: "1",
    wood_density: "t dm/m3",
    carbon_fraction_wood: "t C/t dm",
) -> "t C":
    """Carbon of fuelwood: whole trees with roots, parts of trees without."""
    trees = fuelwood_trees * bcef_r * (1 + root_shoot_ratio)
    return (trees + fuelwood_parts * wood_density) * carbon_fraction_wood


@method(
    "lulucf.ipcc.disturbance_loss",
    category="4A",
    title="扰动碳损失 L_disturbance",
    source=f"{METHODS} eq. 2.14",
)
def disturbance_loss(
    disturbed_area: "ha",
    above_ground_biomass: "t dm/ha",
    root_shoot_ratio: "1",
    carbon_fraction_wood: "t C/t dm",
    biomass_lost_fraction: "1",
) -> "t C":
    """Carbon lost to fire, pests or storm: A·B_W·(1 + R)·CF·fd."""
    return disturbed_area * above_ground_biomass * (1 + root_shoot_ratio) * carbon_fraction_wood * biomass_lost_fraction


@method(
    "lulucf.ipcc.biomass_loss",
    category="4A",
    title="生物量碳损失合计 ΔC_L",
    source=f"{METHODS} eq. 2.11",
    activity=("loss_wood_removals", "loss_fuelwood", "loss_disturbance"),
)
def biomass_loss(loss_wood_removals: "t C", loss_fuelwood: "t C", loss_disturbance: "t C") -> "t C":
    """Carbon lost in all: wood removals, fuelwood and disturbance."""
    return loss_wood_removals + loss_fuelwood + loss_disturbance


@method(
    "lulucf.ipcc.gain_loss",
    category="4A",
    title="生物量碳储量变化 ΔC_B（增减法）",
    source=f"{METHODS} eq. 2.7",
    activity=("gain", "loss"),
)
def gain_loss(gain: "t C", loss: "t C") -> "t C":
    """Change in biomass carbon: gain less loss."""
    return gain - loss


# Biomass: stocks


@method(
    "lulucf.ipcc.stock_from_volume",
    category="4A",
    title="生物量碳储量 C（由单位面积蓄积）",
    source=f"{METHODS} eq. 2.8, second part: A·V·BCEF_S·(1 + R)·CF",
)
def stock_from_volume(
    forest_area: "ha",
    volume_per_area: "m3/ha",
    bcef_s: "t dm/m3",
    root_shoot_ratio: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t C":
    """Carbon of a forest from its area and volume per hectare."""
    return forest_area * volume_per_area * bcef_s * (1 + root_shoot_ratio) * carbon_fraction_wood


@method(
    "lulucf.ipcc.stock_difference",
    category="4A",
    title="生物量年均碳储量变化（储量差法）",
    source=f"{METHODS} eq. 2.8",
    activity=("stock_later", "stock_earlier", "years_between"),
)
def stock_difference(stock_later: "t C", stock_earlier: "t C", years_between: "1") -> "t C":
    """Yearly change of carbon between two inventories."""
    return (stock_later - stock_earlier) / years_between


@method(
    "lulucf.ipcc.conversion_change",
    category="4A",
    title="转化土地生物量初始碳变化 ΔC_CONVERSION",
    source=f"{METHODS} eq. 2.16",
    activity=("converted_area", "biomass_after", "biomass_before"),
    optional={"biomass_after": 0.0},
)
def conversion_change(
    converted_area: "ha", biomass_after: "t dm/ha", biomass_before: "t dm/ha", carbon_fraction_wood: "t C/t dm"
) -> "t C":
    """Carbon change in the year of conversion: (B_AFTER − B_BEFORE)·ΔA·CF."""
    return (biomass_after - biomass_before) * converted_area * carbon_fraction_wood


@method(
    "lulucf.ipcc.converted_land_change",
    category="4A",
    title="转化土地生物量碳变化 ΔC_B",
    source=f"{METHODS} eq. 2.15",
    activity=("gain", "conversion", "loss"),
)
def converted_land_change(gain: "t C", conversion: "t C", loss: "t C") -> "t C":
    """Yearly carbon change on land in another use: gain plus conversion less loss."""
    return gain + conversion - loss


# Dead organic matter


@method(
    "lulucf.ipcc.dead_matter.gain_loss",
    category="4A",
    title="死有机质碳储量变化（增减法）",
    source=f"{METHODS} eq. 2.18",
    activity=("forest_area",),
)
def dead_matter_gain_loss(
    forest_area: "ha", dead_matter_in: "t dm/ha", dead_matter_out: "t dm/ha", carbon_fraction_dead: "t C/t dm"
) -> "t C":
    """Yearly change of carbon in dead wood or litter."""
    return forest_area * (dead_matter_in - dead_matter_out) * carbon_fraction_dead


@method(
    "lulucf.ipcc.dead_matter.stock_difference",
    category="4A",
    title="死有机质碳储量变化（储量差法）",
    source=f"{METHODS} eq. 2.19",
    activity=("forest_area", "dead_matter_later", "dead_matter_earlier", "years_between"),
)
def dead_matter_stock_difference(
    forest_area: "ha",
    dead_matter_later: "t dm/ha",
    dead_matter_earlier: "t dm/ha",
    years_between: "1",
    carbon_fraction_dead: "t C/t dm",
) -> "t C":
    """Yearly change of carbon in dead wood or litter between two inventories."""
    return forest_area * (dead_matter_later - dead_matter_earlier) / years_between * carbon_fraction_dead


@method(
    "lulucf.ipcc.dead_matter.conversion",
    category="4A",
    title="土地转化死有机质碳变化",
    source=f"{METHODS} eq. 2.23",
    activity=("converted_area", "dead_carbon_new", "dead_carbon_old", "transition_years"),
)
def dead_matter_conversion(
    converted_area: "ha", dead_carbon_new: "t C/ha", dead_carbon_old: "t C/ha", transition_years: "1"
) -> "t C":
    """Yearly carbon change of dead wood and litter while land changes its use."""
    return (dead_carbon_new - dead_carbon_old) * converted_area / transition_years


# Soils


@method(
    "lulucf.soil.carbon_stock",
    category="4B",
    title="矿质土壤有机碳储量 SOC",
    source=f"{METHODS} eq. 2.25: SOC_REF·F_LU·F_MG·F_I·A",
)
def soil_carbon_stock(land_area: "ha", soc_ref: "t C/ha", soil_flu: "1", soil_fmg: "1", soil_fi: "1") -> "t C":
    """Carbon of the upper 30 cm under one use and management."""
    return land_area * soc_ref * soil_flu * soil_fmg * soil_fi


@method(
    "lulucf.soil.carbon_density",
    category="4B",
    title="矿质土壤有机碳密度",
    source=f"{METHODS} eq. 2.25, of one hectare",
    activity=(),
)
def soil_carbon_density(soc_ref: "t C/ha", soil_flu: "1", soil_fmg: "1", soil_fi: "1") -> "t C/ha":
    """Carbon of one hectare under one use and management."""
    return soc_ref * soil_flu * soil_fmg * soil_fi


@method(
    "lulucf.soil.mineral_change",
    category="4B",
    title="矿质土壤有机碳年变化 ΔC_Mineral",
    source=f"{METHODS} eq. 2.25: (SOC_0 − SOC_0-T)/D",
    activity=("soc_now", "soc_before"),
)
def mineral_change(soc_now: "t C", soc_before: "t C", dependence_years: "1") -> "t C":
    """Yearly change between two states of the soil over D years, 20 by default."""
    return (soc_now - soc_before) / dependence_years


@method(
    "lulucf.soil.mineral_co2",
    category="4B",
    gas="CO2",
    title="矿质土壤碳储量变化 CO2（增加为吸收，负值）",
    source=f"{METHODS} eq. 2.25 with D = 20 and 44/12; 省级指南 2025 版范围",
    activity=("land_area", "soc_density_now", "soc_density_before"),
)
def mineral_co2(land_area: "ha", soc_density_now: "t C/ha", soc_density_before: "t C/ha") -> "t CO2":
    """Carbon dioxide of mineral soils: the gain of twenty years, spread over them, is a removal."""
    return -land_area * (soc_density_now - soc_density_before) / DEPENDENCE_YEARS * CO2_PER_C


@method(
    "lulucf.soil.mineral_co2.by_factors",
    category="4B",
    gas="CO2",
    title="矿质土壤碳储量变化 CO2（由 SOCref 与库变化因子）",
    source=f"{METHODS} eq. 2.25 with D = 20 and 44/12",
    activity=("managed_area", "flu_now", "fmg_now", "fi_now", "flu_before", "fmg_before", "fi_before"),
)
def mineral_co2_by_factors(
    managed_area: "ha",
    flu_now: "1",
    fmg_now: "1",
    fi_now: "1",
    flu_before: "1",
    fmg_before: "1",
    fi_before: "1",
    soc_ref: "t C/ha",
) -> "t CO2":
    """Carbon dioxide of mineral soils from the stock change factors now and twenty years before."""
    now = soil_carbon_density(soc_ref, flu_now, fmg_now, fi_now)
    before = soil_carbon_density(soc_ref, flu_before, fmg_before, fi_before)
    return mineral_co2(managed_area, now, before)


@method(
    "lulucf.soil.organic_co2",
    category="4B",
    gas="CO2",
    title="排水有机土壤 CO2",
    source=f"{METHODS} eq. 2.26: L = A·EF, with 44/12",
)
def organic_co2(organic_soil_area: "ha", organic_soil_carbon_ef: "t C/ha") -> "t CO2":
    """Carbon dioxide of drained organic soils."""
    return organic_soil_area * organic_soil_carbon_ef * CO2_PER_C


@method(
    "lulucf.soil.organic_carbon_loss",
    category="4B",
    title="排水有机土壤碳损失 L_Organic",
    source=f"{METHODS} eq. 2.26",
)
def organic_carbon_loss(organic_soil_area: "ha", organic_soil_carbon_ef: "t C/ha") -> "t C":
    """Carbon that drained organic soils lose."""
    return organic_soil_area * organic_soil_carbon_ef


# From carbon to the inventory


@method(
    "lulucf.carbon_change_co2",
    category="4",
    gas="CO2",
    title="碳储量变化换算为 CO2（增加为吸收，负值）",
    source="IPCC 2006 Vol.4 Ch.2 section 2.2.3: multiply by −44/12",
    activity=("carbon_change",),
)
def carbon_change_co2(carbon_change: "t C") -> "t CO2":
    """Carbon dioxide of a change in carbon stock: a gain is a negative emission."""
    return -carbon_change * CO2_PER_C


@method(
    "lulucf.forest.gain_co2",
    category="4A1",
    gas="CO2",
    title="林地生物量生长 CO2 吸收（IPCC 方法一，负值）",
    source=f"{METHODS} eq. 2.9, 2.10",
)
def gain_co2(
    forest_area: "ha", above_ground_growth: "t dm/ha", root_shoot_ratio: "1", carbon_fraction_wood: "t C/t dm"
) -> "t CO2":
    """Carbon dioxide removed by growth, from forest area and growth per hectare."""
    growth = total_growth(above_ground_growth, root_shoot_ratio)
    return carbon_change_co2(biomass_gain(forest_area, growth, carbon_fraction_wood))


@method(
    "lulucf.forest.wood_removal_co2",
    category="4A1",
    gas="CO2",
    title="木材采伐 CO2（IPCC 方法一）",
    source=f"{METHODS} eq. 2.12",
)
def wood_removal_co2(
    wood_removal: "m3", bcef_r: "t dm/m3", root_shoot_ratio: "1", carbon_fraction_wood: "t C/t dm"
) -> "t CO2":
    """Carbon dioxide of roundwood taken out of the forest."""
    return wood_removal_loss(wood_removal, bcef_r, root_shoot_ratio, carbon_fraction_wood) * CO2_PER_C


@method(
    "lulucf.forest.fuelwood_co2",
    category="4A1",
    gas="CO2",
    title="薪材采集 CO2（IPCC 方法一）",
    source=f"{METHODS} eq. 2.13",
    activity=("fuelwood_trees", "fuelwood_parts"),
    optional={"fuelwood_parts": 0.0},
)
def fuelwood_co2(
    fuelwood_trees: "m3",
    fuelwood_parts: "m3",
    bcef_r: "t dm/m3",
    root_shoot_ratio: "1",
    wood_density: "t dm/m3",
    carbon_fraction_wood: "t C/t dm",
) -> "t CO2":
    """Carbon dioxide of fuelwood."""
    lost = fuelwood_loss(fuelwood_trees, fuelwood_parts, bcef_r, root_shoot_ratio, wood_density, carbon_fraction_wood)
    return lost * CO2_PER_C


@method(
    "lulucf.forest.disturbance_co2",
    category="4A1",
    gas="CO2",
    title="扰动碳损失 CO2（IPCC 方法一）",
    source=f"{METHODS} eq. 2.14",
)
def disturbance_co2(
    disturbed_area: "ha",
    above_ground_biomass: "t dm/ha",
    root_shoot_ratio: "1",
    carbon_fraction_wood: "t C/t dm",
    biomass_lost_fraction: "1",
) -> "t CO2":
    """Carbon dioxide of biomass lost to fire, pests or storm."""
    lost = disturbance_loss(
        disturbed_area, above_ground_biomass, root_shoot_ratio, carbon_fraction_wood, biomass_lost_fraction
    )
    return lost * CO2_PER_C


@method(
    "lulucf.forest.stock_difference_co2",
    category="4A1",
    gas="CO2",
    title="两次调查间林木碳储量变化 CO2（储量差法，增加为负值）",
    source=f"{METHODS} eq. 2.8: volumes × SVD·BEF·(1+R)·CF",
    activity=("stock_volume_later", "stock_volume_earlier", "years_between"),
)
def stock_difference_co2(
    stock_volume_later: "m3",
    stock_volume_earlier: "m3",
    years_between: "1",
    wood_density: "t dm/m3",
    bef: "1",
    root_shoot_ratio: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t CO2":
    """Yearly carbon dioxide of the change in volume between two forest surveys."""
    growth = (stock_volume_later - stock_volume_earlier) / years_between
    per_volume = wood_density * bef * (1 + root_shoot_ratio) * carbon_fraction_wood
    return carbon_change_co2(growth * per_volume)


# Harvested wood products


@method(
    "lulucf.wood_products.stock_next_year",
    category="4G",
    title="木质林产品次年碳储量",
    source="IPCC 2006 Vol.4 Ch.12 eq. 12.1",
    activity=("product_stock", "product_inflow"),
)
def wood_products_next(product_stock: "t C", product_inflow: "t C", decay_rate: "1") -> "t C":
    """Carbon in products a year on: C·e^-k + inflow·(1 − e^-k)/k, with k = ln 2 over the half-life."""
    kept = exp(-decay_rate)
    return product_stock * kept + product_inflow * ((1 - kept) / decay_rate)


@method(
    "lulucf.wood_products.co2",
    category="4G",
    gas="CO2",
    title="木质林产品碳储量变化 CO2（增加为负值）",
    source="IPCC 2006 Vol.4 Ch.12 eq. 12.1, ΔC = C(i+1) − C(i), with 44/12",
    activity=("product_stock", "product_inflow"),
)
def wood_products_co2(product_stock: "t C", product_inflow: "t C", decay_rate: "1") -> "t CO2":
    """Carbon dioxide of the year's change of carbon in wood products."""
    return carbon_change_co2(wood_products_next(product_stock, product_inflow, decay_rate) - product_stock)
