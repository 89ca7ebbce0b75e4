"""Cropland: methane of rice fields, burning of straw, lime and urea; nitrous oxide of soils: `soil_nitrogen`.

Source: 省级温室气体清单编制指南 (agriculture: rice), IPCC 2006 and 2019 volume 4, chapters 2 (equation 2.27), 5 (5.1 to
5.3) and 11 (11.12, 11.13). Straw follows from the crop: output × 草谷比 (straw ratio) × burnt share × dry matter; its
CO2 was in the air the year before and is a memo item.
"""

from dafeng.domains.inventory.methods.constants import CO2_PER_C, T_PER_KG
from dafeng.domains.inventory.methods.soil_inputs import residue_nitrogen_2019
from dafeng.domains.inventory.methods.soil_nitrogen import soil_direct_n2o
from dafeng.kernel.accounting import constant, method

RICE_CHAPTER = "IPCC 2006/2019 Vol.4 Ch.5"
T_PER_G_DM = constant("10⁻³ kg/g", 1e-3, "kg/g")
ONE_T_PER_HA = constant("1 t/ha", 1.0, "t/ha")


# Rice


@method(
    "agriculture.rice.ch4",
    category="3C7",
    gas="CH4",
    title="稻田 CH4（分区分类型排放因子法）",
    source="省级温室气体清单编制指南(试行) 2011 农业 稻田甲烷",
)
def rice_ch4(harvested_area: "ha", rice_ch4_ef: "kg CH4/ha") -> "t CH4":
    """Methane of one kind of rice field: harvested area times the regional factor of the season."""
    return harvested_area * rice_ch4_ef * T_PER_KG


@method(
    "agriculture.rice.organic_scaling",
    category="3C7",
    title="稻田有机物施用换算系数 SFo",
    source=f"{RICE_CHAPTER} eq. 5.3",
    activity=("straw_rate_short", "straw_rate_long", "compost_rate", "farmyard_manure_rate", "green_manure_rate"),
    # Equation 5.3 sums over the amendments that are applied: not reported means not applied.
    optional=dict.fromkeys(
        ("straw_rate_short", "straw_rate_long", "compost_rate", "farmyard_manure_rate", "green_manure_rate"), 0.0
    ),
)
def organic_scaling(
    straw_rate_short: "t/ha",
    straw_rate_long: "t/ha",
    compost_rate: "t/ha",
    farmyard_manure_rate: "t/ha",
    green_manure_rate: "t/ha",
    cfoa_straw_short: "1",
    cfoa_straw_long: "1",
    cfoa_compost: "1",
    cfoa_farmyard_manure: "1",
    cfoa_green_manure: "1",
) -> "1":
    """SFo of all amendments; straw in dry, others in fresh weight; short: ploughed in less than 30 days before rice."""
    applied = (
        straw_rate_short * cfoa_straw_short
        + straw_rate_long * cfoa_straw_long
        + compost_rate * cfoa_compost
        + farmyard_manure_rate * cfoa_farmyard_manure
        + green_manure_rate * cfoa_green_manure
    )
    return (1 + applied / ONE_T_PER_HA) ** 0.59


@method(
    "agriculture.rice.organic_scaling.one_amendment",
    category="3C7",
    title="稻田有机物施用换算系数 SFo（单一有机物）",
    source=f"{RICE_CHAPTER} eq. 5.3, one term",
    activity=("application_rate",),
)
def organic_scaling_one(application_rate: "t/ha", cfoa: "1") -> "1":
    """SFo where one amendment is applied."""
    return (1 + application_rate * cfoa / ONE_T_PER_HA) ** 0.59


@method(
    "agriculture.rice.daily_factor",
    category="3C7",
    title="稻田 CH4 日排放因子（IPCC）",
    source=f"{RICE_CHAPTER} eq. 5.2",
    activity=(),
)
def rice_daily_factor(
    rice_baseline_ef: "kg CH4/ha d", rice_sfw: "1", rice_sfp: "1", rice_sfo: "1", rice_sfr: "1"
) -> "kg CH4/ha d":
    """Daily factor: continuously flooded fields without amendments, scaled for water, pre-season, organics, soil."""
    return rice_baseline_ef * rice_sfw * rice_sfp * rice_sfo * rice_sfr


@method(
    "agriculture.rice.ch4.by_days",
    category="3C7",
    gas="CH4",
    title="稻田 CH4（由日排放因子、生长天数、面积）",
    source=f"{RICE_CHAPTER} eq. 5.1",
    activity=("harvested_area",),
)
def rice_ch4_by_days(harvested_area: "ha", rice_daily_ef: "kg CH4/ha d", cultivation_days: "d") -> "t CH4":
    """Methane of harvested area over its days of cultivation."""
    return harvested_area * rice_daily_ef * cultivation_days * T_PER_KG


@method(
    "agriculture.rice.ch4.ipcc",
    category="3C7",
    gas="CH4",
    title="稻田 CH4（IPCC 方法一，按水分管理和有机物施用）",
    source=f"{RICE_CHAPTER} eq. 5.1–5.3",
    activity=(
        "harvested_area",
        "straw_rate_short",
        "straw_rate_long",
        "compost_rate",
        "farmyard_manure_rate",
        "green_manure_rate",
    ),
    optional=dict.fromkeys(
        ("straw_rate_short", "straw_rate_long", "compost_rate", "farmyard_manure_rate", "green_manure_rate"), 0.0
    ),
)
def rice_ch4_ipcc(
    harvested_area: "ha",
    straw_rate_short: "t/ha",
    straw_rate_long: "t/ha",
    compost_rate: "t/ha",
    farmyard_manure_rate: "t/ha",
    green_manure_rate: "t/ha",
    rice_baseline_ef: "kg CH4/ha d",
    cultivation_days: "d",
    rice_sfw: "1",
    rice_sfp: "1",
    rice_sfr: "1",
    cfoa_straw_short: "1",
    cfoa_straw_long: "1",
    cfoa_compost: "1",
    cfoa_farmyard_manure: "1",
    cfoa_green_manure: "1",
) -> "t CH4":
    """Methane by the factors of the IPCC; the technology of the row is the water regime."""
    rice_sfo = organic_scaling(
        straw_rate_short, straw_rate_long, compost_rate, farmyard_manure_rate, green_manure_rate,
        cfoa_straw_short, cfoa_straw_long, cfoa_compost, cfoa_farmyard_manure, cfoa_green_manure,
    )  # fmt: skip
    daily = rice_daily_factor(rice_baseline_ef, rice_sfw, rice_sfp, rice_sfo, rice_sfr)
    return rice_ch4_by_days(harvested_area, daily, cultivation_days)


# Burning of straw in the field


@method(
    "agriculture.burning.straw_from_harvest_index",
    category="3C1",
    title="草谷比（由经济系数）",
    source="省级温室气体清单编制指南(试行) 2011 农业: (产量/经济系数 − 产量)",
    activity=(),
)
def straw_ratio_from_harvest_index(harvest_index: "1") -> "1":
    """Straw per unit of product, from the share of the product in the plant."""
    return (1 - harvest_index) / harvest_index


@method(
    "agriculture.burning.straw_burnt",
    category="3C1",
    title="田间焚烧秸秆干物质量",
    source="IPCC 2006 Vol.4 Ch.2 eq. 2.27 (A·MB); 农业农村部 秸秆资源台账 草谷比法",
    activity=("crop_output", "burnt_share"),
)
def straw_burnt(crop_output: "t", burnt_share: "1", straw_ratio: "1", dry_matter_fraction: "kg dm/kg") -> "t dm":
    """Dry straw set on fire: crop output times straw ratio, burnt share and dry matter."""
    return crop_output * straw_ratio * burnt_share * dry_matter_fraction


@method(
    "agriculture.burning.ch4",
    category="3C1",
    gas="CH4",
    title="秸秆田间焚烧 CH4",
    source="IPCC 2006 Vol.4 Ch.2 eq. 2.27",
    activity=("crop_output", "burnt_share"),
)
def straw_burning_ch4(
    crop_output: "t",
    burnt_share: "1",
    straw_ratio: "1",
    dry_matter_fraction: "kg dm/kg",
    combustion_factor: "1",
    fire_ch4_ef: "g CH4/kg dm",
) -> "t CH4":
    """Methane of straw burnt in the field."""
    burnt = straw_burnt(crop_output, burnt_share, straw_ratio, dry_matter_fraction)
    return burnt * combustion_factor * fire_ch4_ef * T_PER_G_DM


@method(
    "agriculture.burning.n2o",
    category="3C1",
    gas="N2O",
    title="秸秆田间焚烧 N2O",
    source="IPCC 2006 Vol.4 Ch.2 eq. 2.27",
    activity=("crop_output", "burnt_share"),
)
def straw_burning_n2o(
    crop_output: "t",
    burnt_share: "1",
    straw_ratio: "1",
    dry_matter_fraction: "kg dm/kg",
    combustion_factor: "1",
    fire_n2o_ef: "g N2O/kg dm",
) -> "t N2O":
    """Nitrous oxide of straw burnt in the field."""
    burnt = straw_burnt(crop_output, burnt_share, straw_ratio, dry_matter_fraction)
    return burnt * combustion_factor * fire_n2o_ef * T_PER_G_DM


@method(
    "agriculture.burning.biogenic_co2",
    category="3C1",
    gas="CO2",
    title="秸秆田间焚烧生物成因 CO2（信息项）",
    source="IPCC 2006 Vol.4 Ch.2 eq. 2.27; biogenic, reported apart",
    activity=("crop_output", "burnt_share"),
)
def straw_burning_co2(
    crop_output: "t",
    burnt_share: "1",
    straw_ratio: "1",
    dry_matter_fraction: "kg dm/kg",
    combustion_factor: "1",
    fire_co2_ef: "g CO2/kg dm",
) -> "t CO2":
    """Carbon dioxide of straw burnt in the field: a memo item."""
    burnt = straw_burnt(crop_output, burnt_share, straw_ratio, dry_matter_fraction)
    return burnt * combustion_factor * fire_co2_ef * T_PER_G_DM


# Lime and urea


@method(
    "agriculture.liming.co2",
    category="3C2",
    gas="CO2",
    title="石灰施用 CO2（单一品种）",
    source="IPCC 2006 Vol.4 Ch.11 eq. 11.12, one term",
)
def liming_co2(lime: "t", lime_carbon: "t C/t") -> "t CO2":
    """Carbon dioxide of limestone or dolomite spread on soils."""
    return lime * lime_carbon * CO2_PER_C


@method(
    "agriculture.liming.carbon",
    category="3C2",
    title="石灰施用 CO2-C 排放量",
    source="IPCC 2006 Vol.4 Ch.11 eq. 11.12",
    activity=("limestone", "dolomite"),
)
def liming_carbon(limestone: "t", dolomite: "t", limestone_carbon: "t C/t", dolomite_carbon: "t C/t") -> "t C":
    """Carbon of both kinds of lime: M·EF of limestone plus M·EF of dolomite."""
    return limestone * limestone_carbon + dolomite * dolomite_carbon


@method(
    "agriculture.liming.total_co2",
    category="3C2",
    gas="CO2",
    title="石灰施用 CO2（石灰石与白云石合计）",
    source="IPCC 2006 Vol.4 Ch.11 eq. 11.12 with 44/12",
    activity=("limestone", "dolomite"),
)
def liming_total_co2(limestone: "t", dolomite: "t", limestone_carbon: "t C/t", dolomite_carbon: "t C/t") -> "t CO2":
    """Carbon dioxide of both kinds of lime."""
    return liming_carbon(limestone, dolomite, limestone_carbon, dolomite_carbon) * CO2_PER_C


@method(
    "agriculture.urea.carbon",
    category="3C3",
    title="尿素施用 CO2-C 排放量",
    source="IPCC 2006 Vol.4 Ch.11 eq. 11.13",
)
def urea_carbon_released(urea: "t", urea_carbon: "t C/t") -> "t C":
    """Carbon that urea releases in the soil."""
    return urea * urea_carbon


@method(
    "agriculture.urea.co2",
    category="3C3",
    gas="CO2",
    title="尿素施用 CO2",
    source="IPCC 2006 Vol.4 Ch.11 eq. 11.13 with 44/12",
)
def urea_co2(urea: "t", urea_carbon: "t C/t") -> "t CO2":
    """Carbon dioxide that was fixed in making urea and is released in the soil."""
    return urea_carbon_released(urea, urea_carbon) * CO2_PER_C


__all__ = ["residue_nitrogen_2019", "rice_ch4", "soil_direct_n2o"]  # importing this module registers all of cropland
