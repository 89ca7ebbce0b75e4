"""Land use and forestry by the guideline: growth, consumption, bamboo and shrubs, conversion; fire.

Source: 省级温室气体清单编制指南(试行) 2011 (land-use change and forestry); IPCC 2006 volume 4 equation 2.27 for fire.
A removal is a negative emission: growth comes out negative, consumption positive, and the net is their sum. Volume
becomes carbon by V × SVD (wood density) × BEF (biomass expansion) × carbon fraction. The gains and losses by area and
the stock differences of the IPCC are in `land_carbon`.
"""

from dafeng.domains.inventory.methods.constants import CH4_PER_C, CO2_PER_C, N2O_PER_N
from dafeng.domains.inventory.methods.land_carbon import carbon_change_co2
from dafeng.kernel.accounting import constant, method

GUIDELINE = "省级温室气体清单编制指南(试行) 2011 土地利用变化和林业"
FIRE = "IPCC 2006 Vol.4 Ch.2"
T_PER_G_DM = constant("10⁻³ kg/g", 1e-3, "kg/g")
_VOLUMES = tuple(f"volume_{number}" for number in range(1, 7))
_LATER = _VOLUMES[1:]


# Weights over species


@method(
    "lulucf.wood.weighted_density",
    category="4A1",
    title="蓄积量加权平均基本木材密度 SVD",
    source=f"{GUIDELINE}: Σ(SVD_j·V_j)/ΣV_j",
    activity=(*_VOLUMES, *(f"density_{number}" for number in range(1, 7))),
    optional=dict.fromkeys((*_LATER, *(f"density_{number}" for number in range(2, 7))), 0.0),
)
def weighted_density(
    volume_1: "m3",
    density_1: "t dm/m3",
    volume_2: "m3",
    density_2: "t dm/m3",
    volume_3: "m3",
    density_3: "t dm/m3",
    volume_4: "m3",
    density_4: "t dm/m3",
    volume_5: "m3",
    density_5: "t dm/m3",
    volume_6: "m3",
    density_6: "t dm/m3",
) -> "t dm/m3":
    """Wood density of up to six species or groups, weighted by their volume."""
    mass = (
        volume_1 * density_1
        + volume_2 * density_2
        + volume_3 * density_3
        + volume_4 * density_4
        + volume_5 * density_5
        + volume_6 * density_6
    )
    return mass / (volume_1 + volume_2 + volume_3 + volume_4 + volume_5 + volume_6)


@method(
    "lulucf.wood.weighted_bef",
    category="4A1",
    title="蓄积量加权平均生物量扩展系数 BEF",
    source=f"{GUIDELINE}: Σ(BEF_j·V_j)/ΣV_j",
    activity=(*_VOLUMES, *(f"bef_{number}" for number in range(1, 7))),
    optional=dict.fromkeys((*_LATER, *(f"bef_{number}" for number in range(2, 7))), 0.0),
)
def weighted_bef(
    volume_1: "m3",
    bef_1: "1",
    volume_2: "m3",
    bef_2: "1",
    volume_3: "m3",
    bef_3: "1",
    volume_4: "m3",
    bef_4: "1",
    volume_5: "m3",
    bef_5: "1",
    volume_6: "m3",
    bef_6: "1",
) -> "1":
    """Expansion factor of up to six species or groups, weighted by their volume."""
    expanded = (
        volume_1 * bef_1 + volume_2 * bef_2 + volume_3 * bef_3 + volume_4 * bef_4 + volume_5 * bef_5 + volume_6 * bef_6
    )
    return expanded / (volume_1 + volume_2 + volume_3 + volume_4 + volume_5 + volume_6)


# Stock, growth and consumption of trees


@method(
    "lulucf.forest.stock_carbon",
    category="4A1",
    title="林木生物量碳储量（由蓄积量，全林 BEF）",
    source=f"{GUIDELINE}: V·SVD·BEF·CF",
)
def stock_carbon(
    stock_volume: "m3", wood_density: "t dm/m3", bef_total: "1", carbon_fraction_wood: "t C/t dm"
) -> "t C":
    """Carbon of standing wood, with the expansion factor of the whole tree, root included."""
    return stock_volume * wood_density * bef_total * carbon_fraction_wood


@method(
    "lulucf.forest.stock_carbon.with_roots",
    category="4A1",
    title="林木生物量碳储量（由蓄积量，地上 BEF 与根茎比）",
    source="IPCC 2006 Vol.4 Ch.2 eq. 2.8b; AR-CM-001 碳汇造林项目方法学: V·D·BEF·(1+R)·CF",
)
def stock_carbon_with_roots(
    stock_volume: "m3",
    wood_density: "t dm/m3",
    bef: "1",
    root_shoot_ratio: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t C":
    """Carbon of standing wood, with the above-ground expansion factor and the root to shoot ratio."""
    return stock_volume * wood_density * bef * (1 + root_shoot_ratio) * carbon_fraction_wood


@method(
    "lulucf.forest.growth_carbon",
    category="4A1",
    title="林木生物量生长碳量",
    source=f"{GUIDELINE}: V·GR·SVD·BEF·CF",
)
def growth_carbon(
    stock_volume: "m3",
    growth_rate: "1",
    wood_density: "t dm/m3",
    bef_total: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t C":
    """Carbon that standing wood gains in a year; trees outside forests (散生木、四旁树、疏林) in the same way."""
    return stock_carbon(stock_volume, wood_density, bef_total, carbon_fraction_wood) * growth_rate


@method(
    "lulucf.forest.growth_co2",
    category="4A1",
    gas="CO2",
    title="林木生物量生长碳吸收（负值）",
    source=f"{GUIDELINE}: −V·GR·SVD·BEF·CF·44/12",
)
def growth_co2(
    stock_volume: "m3",
    growth_rate: "1",
    wood_density: "t dm/m3",
    bef_total: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t CO2":
    """Carbon dioxide removed by growth, a negative emission."""
    return -growth_carbon(stock_volume, growth_rate, wood_density, bef_total, carbon_fraction_wood) * CO2_PER_C


@method(
    "lulucf.forest.growth_co2.species",
    category="4A1",
    gas="CO2",
    title="分树种林木生长碳吸收（负值，地上 BEF 与根茎比）",
    source=f"{GUIDELINE}, by species; AR-CM-001 species parameters",
)
def growth_co2_species(
    stock_volume: "m3",
    growth_rate: "1",
    wood_density: "t dm/m3",
    bef: "1",
    root_shoot_ratio: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t CO2":
    """Carbon dioxide removed by the growth of one species or group, a negative emission."""
    stock = stock_carbon_with_roots(stock_volume, wood_density, bef, root_shoot_ratio, carbon_fraction_wood)
    return -stock * growth_rate * CO2_PER_C


@method(
    "lulucf.forest.consumption_carbon",
    category="4A1",
    title="活立木消耗碳量",
    source=f"{GUIDELINE}: V·CR·SVD·BEF·CF",
)
def consumption_carbon(
    stock_volume: "m3",
    consumption_rate: "1",
    wood_density: "t dm/m3",
    bef_total: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t C":
    """Carbon of standing wood consumed in a year: harvest and mortality as far as the rate counts it."""
    return stock_carbon(stock_volume, wood_density, bef_total, carbon_fraction_wood) * consumption_rate


@method(
    "lulucf.forest.consumption_co2",
    category="4A1",
    gas="CO2",
    title="活立木消耗碳排放",
    source=f"{GUIDELINE}: V·CR·SVD·BEF·CF·44/12",
)
def consumption_co2(
    stock_volume: "m3",
    consumption_rate: "1",
    wood_density: "t dm/m3",
    bef_total: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t CO2":
    """Carbon dioxide of standing wood consumed in a year."""
    return consumption_carbon(stock_volume, consumption_rate, wood_density, bef_total, carbon_fraction_wood) * CO2_PER_C


@method(
    "lulucf.forest.mortality_co2",
    category="4A1",
    gas="CO2",
    title="林木枯损碳排放",
    source=f"{GUIDELINE}, where harvest and mortality rates are given apart",
)
def mortality_co2(
    stock_volume: "m3",
    mortality_rate: "1",
    wood_density: "t dm/m3",
    bef_total: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t CO2":
    """Carbon dioxide of trees that die; only beside a consumption rate that counts harvest alone."""
    return consumption_co2(stock_volume, mortality_rate, wood_density, bef_total, carbon_fraction_wood)


@method(
    "lulucf.forest.net_co2",
    category="4A1",
    gas="CO2",
    title="活立木生物量碳储量净变化（生长减消耗，吸收为负）",
    source=f"{GUIDELINE}: −V·(GR − CR)·SVD·BEF·CF·44/12",
)
def net_co2(
    stock_volume: "m3",
    growth_rate: "1",
    consumption_rate: "1",
    wood_density: "t dm/m3",
    bef_total: "1",
    carbon_fraction_wood: "t C/t dm",
) -> "t CO2":
    """Carbon dioxide of one volume, growth and consumption together."""
    stock = stock_carbon(stock_volume, wood_density, bef_total, carbon_fraction_wood)
    return -stock * (growth_rate - consumption_rate) * CO2_PER_C


@method(
    "lulucf.forest.area_change_co2",
    category="4A2",
    gas="CO2",
    title="竹林、经济林、灌木林碳储量变化（增加为吸收，负值）",
    source=f"{GUIDELINE}: ΔA·B·CF·44/12",
)
def area_change_co2(area_change: "ha", biomass_per_area: "t dm/ha", carbon_fraction_wood: "t C/t dm") -> "t CO2":
    """Carbon dioxide of a year's change in area, at the biomass per hectare; tea gardens are 经济林."""
    return -area_change * biomass_per_area * carbon_fraction_wood * CO2_PER_C


# Forest converted to other land


@method(
    "lulucf.conversion.carbon_exposed",
    category="4A3",
    title="林地转化损失的地上生物量碳",
    source=f"{GUIDELINE} 森林转化: A·(B前 − B后)·CF",
    activity=("converted_area", "biomass_before", "biomass_after"),
    # Cleared land is bare after conversion unless a new cover is reported (IPCC 2006 eq. 2.16, Tier 1).
    optional={"biomass_after": 0.0},
)
def carbon_exposed(
    converted_area: "ha", biomass_before: "t dm/ha", biomass_after: "t dm/ha", carbon_fraction_wood: "t C/t dm"
) -> "t C":
    """Carbon above the ground that conversion takes off the land."""
    return converted_area * (biomass_before - biomass_after) * carbon_fraction_wood


@method(
    "lulucf.conversion.onsite_carbon",
    category="4A3a",
    title="森林转化现地燃烧碳量",
    source=f"{GUIDELINE} 森林转化",
    activity=("converted_area", "biomass_before", "biomass_after"),
    optional={"biomass_after": 0.0},
)
def onsite_carbon(
    converted_area: "ha",
    biomass_before: "t dm/ha",
    biomass_after: "t dm/ha",
    carbon_fraction_wood: "t C/t dm",
    onsite_burnt_share: "1",
    burning_oxidation: "1",
) -> "t C":
    """Carbon burnt where the forest stood."""
    exposed = carbon_exposed(converted_area, biomass_before, biomass_after, carbon_fraction_wood)
    return exposed * onsite_burnt_share * burning_oxidation


@method(
    "lulucf.conversion.onsite_co2",
    category="4A3a",
    gas="CO2",
    title="森林转化现地燃烧 CO2",
    source=f"{GUIDELINE} 森林转化",
    activity=("converted_area", "biomass_before", "biomass_after"),
    optional={"biomass_after": 0.0},
)
def onsite_co2(
    converted_area: "ha",
    biomass_before: "t dm/ha",
    biomass_after: "t dm/ha",
    carbon_fraction_wood: "t C/t dm",
    onsite_burnt_share: "1",
    burning_oxidation: "1",
) -> "t CO2":
    """Carbon dioxide of burning where the forest stood."""
    carbon = onsite_carbon(
        converted_area, biomass_before, biomass_after, carbon_fraction_wood, onsite_burnt_share, burning_oxidation
    )
    return carbon * CO2_PER_C


@method(
    "lulucf.conversion.onsite_ch4",
    category="4A3a",
    gas="CH4",
    title="森林转化现地燃烧 CH4",
    source=f"{GUIDELINE} 森林转化: 碳释放量·CH4-C 排放比·16/12",
    activity=("converted_area", "biomass_before", "biomass_after"),
    optional={"biomass_after": 0.0},
)
def onsite_ch4(
    converted_area: "ha",
    biomass_before: "t dm/ha",
    biomass_after: "t dm/ha",
    carbon_fraction_wood: "t C/t dm",
    onsite_burnt_share: "1",
    burning_oxidation: "1",
    burning_ch4_ratio: "1",
) -> "t CH4":
    """Methane of burning where the forest stood, as a share of the carbon set free."""
    carbon = onsite_carbon(
        converted_area, biomass_before, biomass_after, carbon_fraction_wood, onsite_burnt_share, burning_oxidation
    )
    return carbon * burning_ch4_ratio * CH4_PER_C


@method(
    "lulucf.conversion.onsite_n2o",
    category="4A3a",
    gas="N2O",
    title="森林转化现地燃烧 N2O",
    source=f"{GUIDELINE} 森林转化: 碳释放量·氮碳比·N2O-N 排放比·44/28",
    activity=("converted_area", "biomass_before", "biomass_after"),
    optional={"biomass_after": 0.0},
)
def onsite_n2o(
    converted_area: "ha",
    biomass_before: "t dm/ha",
    biomass_after: "t dm/ha",
    carbon_fraction_wood: "t C/t dm",
    onsite_burnt_share: "1",
    burning_oxidation: "1",
    nitrogen_carbon_ratio: "t N/t C",
    burning_n2o_ratio: "1",
) -> "t N2O":
    """Nitrous oxide of burning where the forest stood, as a share of the nitrogen set free."""
    carbon = onsite_carbon(
        converted_area, biomass_before, biomass_after, carbon_fraction_wood, onsite_burnt_share, burning_oxidation
    )
    return carbon * nitrogen_carbon_ratio * burning_n2o_ratio * N2O_PER_N


@method(
    "lulucf.conversion.offsite_co2",
    category="4A3b",
    gas="CO2",
    title="森林转化异地燃烧 CO2",
    source=f"{GUIDELINE} 森林转化",
    activity=("converted_area", "biomass_before", "biomass_after"),
    optional={"biomass_after": 0.0},
)
def offsite_co2(
    converted_area: "ha",
    biomass_before: "t dm/ha",
    biomass_after: "t dm/ha",
    carbon_fraction_wood: "t C/t dm",
    offsite_burnt_share: "1",
    burning_oxidation: "1",
) -> "t CO2":
    """Carbon dioxide of wood taken away and burnt, mostly as fuel."""
    exposed = carbon_exposed(converted_area, biomass_before, biomass_after, carbon_fraction_wood)
    return exposed * offsite_burnt_share * burning_oxidation * CO2_PER_C


@method(
    "lulucf.conversion.decay_co2",
    category="4A3c",
    gas="CO2",
    title="森林转化氧化分解 CO2（十年平均面积）",
    source=f"{GUIDELINE} 森林转化: 十年年均转化面积·(B前 − B后)·被分解比例·CF·44/12",
    activity=("mean_converted_area", "biomass_before", "biomass_after"),
    optional={"biomass_after": 0.0},
)
def decay_co2(
    mean_converted_area: "ha",
    biomass_before: "t dm/ha",
    biomass_after: "t dm/ha",
    carbon_fraction_wood: "t C/t dm",
    decay_share: "1",
) -> "t CO2":
    """Carbon dioxide of what is left to decay, with the mean area of ten years."""
    exposed = carbon_exposed(mean_converted_area, biomass_before, biomass_after, carbon_fraction_wood)
    return exposed * decay_share * CO2_PER_C


@method(
    "lulucf.conversion.mean_area",
    category="4A3c",
    title="十年年均转化面积",
    source=f"{GUIDELINE} 森林转化",
    activity=("area_of_ten_years",),
)
def mean_area(area_of_ten_years: "ha") -> "ha":
    """Mean yearly area from the sum of ten years."""
    return area_of_ten_years / 10


# Fire


@method(
    "lulucf.fire.ch4",
    category="4A4",
    gas="CH4",
    title="生物质火烧 CH4",
    source=f"{FIRE} eq. 2.27: A·M_B·C_f·G_ef·10⁻³",
    activity=("burnt_land_area", "fuel_mass"),
)
def fire_ch4(
    burnt_land_area: "ha", fuel_mass: "t dm/ha", combustion_factor: "1", fire_ch4_ef: "g CH4/kg dm"
) -> "t CH4":
    """Methane of a fire, from the area and its fuel."""
    return burnt_land_area * fuel_mass * combustion_factor * fire_ch4_ef * T_PER_G_DM


@method(
    "lulucf.fire.n2o",
    category="4A4",
    gas="N2O",
    title="生物质火烧 N2O",
    source=f"{FIRE} eq. 2.27: A·M_B·C_f·G_ef·10⁻³",
    activity=("burnt_land_area", "fuel_mass"),
)
def fire_n2o(
    burnt_land_area: "ha", fuel_mass: "t dm/ha", combustion_factor: "1", fire_n2o_ef: "g N2O/kg dm"
) -> "t N2O":
    """Nitrous oxide of a fire, from the area and its fuel."""
    return burnt_land_area * fuel_mass * combustion_factor * fire_n2o_ef * T_PER_G_DM


@method(
    "lulucf.fire.co2",
    category="4A4",
    gas="CO2",
    title="生物质火烧 CO2",
    source=f"{FIRE} eq. 2.27: A·M_B·C_f·G_ef·10⁻³",
    activity=("burnt_land_area", "fuel_mass"),
)
def fire_co2(
    burnt_land_area: "ha", fuel_mass: "t dm/ha", combustion_factor: "1", fire_co2_ef: "g CO2/kg dm"
) -> "t CO2":
    """Carbon dioxide of a fire; counted already where losses by disturbance are."""
    return burnt_land_area * fuel_mass * combustion_factor * fire_co2_ef * T_PER_G_DM


__all__ = ["carbon_change_co2", "growth_co2"]  # importing this module registers all of land use
