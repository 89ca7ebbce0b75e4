"""Feed energy of livestock: the elementary equations of Tier 2, one method each, for one animal and day.

Source: IPCC 2006, volume 4, chapter 10, section 10.2.2 (equations 10.1 to 10.18), and the 2019 Refinement where it
changed a form; GB/T 32151.22-2024 uses the last step (gross energy from dry matter). The idea: net energy for each
purpose is converted to gross energy through the digestibility of the feed. Digestibility, fat and Ym are percentages,
as the equations print them. Empirical powers are taken of pure numbers: weight ÷ 1 kg, gain ÷ 1 kg/d.
"""

from dafeng.domains.inventory.methods.constants import DAYS_PER_YEAR
from dafeng.kernel.accounting import constant, method

CHAPTER = "IPCC 2006 Vol.4 Ch.10"
REFINED = "IPCC 2019 Refinement Vol.4 Ch.10"

# One head of the average stock stands for 365 animal-days; equations of one animal and day become factors per head.
DAYS_PER_HEAD = constant("365", 365.0, "d/head")
KG_PER_G = constant("10⁻³ kg/g", 1e-3, "kg/g")
HUNDRED = constant("100%", 100.0, "%")
ONE_PERCENT = constant("1%", 1.0, "%")
ONE_KG = constant("1 kg", 1.0, "kg")
ONE_KG_PER_DAY = constant("1 kg/d", 1.0, "kg/d")
ONE_KG_DM_PER_DAY = constant("1 kg dm/d", 1.0, "kg dm/d")
ONE_MJ_PER_KG = constant("1 MJ/kg", 1.0, "MJ/kg dm")

COLD_SLOPE = constant("0.0048", 0.0048, "MJ/d kg degC")
TWENTY_DEGREES = constant("20 ℃", 20.0, "degC")
GROWTH_ENERGY = constant("22.02 MJ/d", 22.02, "MJ/d")
MILK_BASE = constant("1.47", 1.47, "MJ/kg")
MILK_PER_FAT = constant("0.40", 0.40, "MJ/kg")
WORK_SHARE = constant("0.10", 0.10, "d/h")
GROSS_ENERGY_OF_DRY_MATTER = constant("18.45", 18.45, "MJ/kg dm")


@method(
    "agriculture.livestock.average_population",
    category="3A",
    title="年平均存栏量（饲养期不足一年）",
    source=f"{CHAPTER} eq. 10.1; GB/T 32151.22-2024 公式 (6)",
    activity=("days_alive", "animals_produced"),
)
def average_population(days_alive: "d", animals_produced: "head") -> "head":
    """Average stock of animals that live less than a year: days alive times yearly output over 365."""
    return days_alive * animals_produced / DAYS_PER_YEAR


@method(
    "agriculture.livestock.maintenance_coefficient_in_cold",
    category="3A",
    title="低温条件下维持净能系数 Cfi",
    source=f"{CHAPTER} eq. 10.2",
    activity=(),
)
def maintenance_coefficient_in_cold(maintenance_coefficient: "MJ/d kg", winter_temperature: "degC") -> "MJ/d kg":
    """Cfi of animals kept in the open in winter; the mean winter temperature is below 20 ℃."""
    return maintenance_coefficient + COLD_SLOPE * (TWENTY_DEGREES - winter_temperature)


@method(
    "agriculture.livestock.net_energy_maintenance",
    category="3A",
    title="维持净能 NEm",
    source=f"{CHAPTER} eq. 10.3",
    activity=(),
)
def net_energy_maintenance(maintenance_coefficient: "MJ/d kg", body_weight: "kg") -> "MJ/d":
    """Net energy to keep the body going, by metabolic weight; Cfi is printed per kg though the weight has a power."""
    return maintenance_coefficient * (body_weight / ONE_KG) ** 0.75 * ONE_KG


@method(
    "agriculture.livestock.net_energy_activity.cattle",
    category="3A",
    title="活动净能 NEa（牛、水牛）",
    source=f"{CHAPTER} eq. 10.4",
    activity=(),
)
def net_energy_activity_cattle(activity_coefficient: "1", net_energy_maintenance: "MJ/d") -> "MJ/d":
    """Net energy to obtain food, as a share of maintenance by feeding situation."""
    return activity_coefficient * net_energy_maintenance


@method(
    "agriculture.livestock.net_energy_activity.sheep",
    category="3A",
    title="活动净能 NEa（绵羊、山羊）",
    source=f"{CHAPTER} eq. 10.5",
    activity=(),
)
def net_energy_activity_sheep(activity_coefficient_sheep: "MJ/d kg", body_weight: "kg") -> "MJ/d":
    """Net energy of sheep and goats to obtain food, by weight and feeding situation."""
    return activity_coefficient_sheep * body_weight


@method(
    "agriculture.livestock.net_energy_growth.cattle",
    category="3A",
    title="生长净能 NEg（牛、水牛）",
    source=f"{CHAPTER} eq. 10.6",
    activity=(),
)
def net_energy_growth_cattle(
    body_weight: "kg", growth_coefficient: "1", mature_weight: "kg", weight_gain: "kg/d"
) -> "MJ/d":
    """Net energy of cattle for weight gain; C is 0.8 for females, 1.0 for castrates, 1.2 for bulls."""
    relative_weight = body_weight / (growth_coefficient * mature_weight)
    return GROWTH_ENERGY * relative_weight**0.75 * (weight_gain / ONE_KG_PER_DAY) ** 1.097


@method(
    "agriculture.livestock.net_energy_growth.sheep",
    category="3A",
    title="生长净能 NEg（绵羊、山羊）",
    source=f"{CHAPTER} eq. 10.7",
    activity=(),
)
def net_energy_growth_sheep(
    weaning_weight: "kg", yearling_weight: "kg", growth_energy_a: "MJ/kg", growth_energy_b: "MJ/kg**2"
) -> "MJ/d":
    """Net energy of lambs from weaning to one year of age or slaughter."""
    gain = yearling_weight - weaning_weight
    return gain * (growth_energy_a + 0.5 * growth_energy_b * (weaning_weight + yearling_weight)) / DAYS_PER_YEAR


@method(
    "agriculture.livestock.net_energy_lactation.cattle",
    category="3A",
    title="泌乳净能 NEl（牛、水牛）",
    source=f"{CHAPTER} eq. 10.8",
    activity=(),
)
def net_energy_lactation_cattle(milk: "kg/d", milk_fat: "%") -> "MJ/d":
    """Net energy of milk, averaged over the year; fat in percent by weight."""
    return milk * (MILK_BASE + MILK_PER_FAT * (milk_fat / ONE_PERCENT))


@method(
    "agriculture.livestock.net_energy_lactation.sheep",
    category="3A",
    title="泌乳净能 NEl（羊，产奶量已知）",
    source=f"{CHAPTER} eq. 10.9",
    activity=(),
)
def net_energy_lactation_sheep(milk: "kg/d", milk_energy: "MJ/kg") -> "MJ/d":
    """Net energy of ewes' milk, the yield being known (EVmilk 4.6 MJ/kg at 7 % fat)."""
    return milk * milk_energy


@method(
    "agriculture.livestock.net_energy_lactation.sheep_by_lamb",
    category="3A",
    title="泌乳净能 NEl（羊，产奶量未知，按羔羊断奶增重）",
    source=f"{CHAPTER} eq. 10.10",
    activity=(),
)
def net_energy_lactation_sheep_by_lamb(weaning_gain: "kg", milk_energy: "MJ/kg") -> "MJ/d":
    """Net energy of ewes' milk from the gain of the lamb between birth and weaning: five kg of milk a kg of gain."""
    return 5 * weaning_gain / DAYS_PER_YEAR * milk_energy


@method(
    "agriculture.livestock.net_energy_work",
    category="3A",
    title="劳役净能 NEwork",
    source=f"{CHAPTER} eq. 10.11",
    activity=(),
)
def net_energy_work(net_energy_maintenance: "MJ/d", work_hours: "h/d") -> "MJ/d":
    """Net energy of draught animals: a tenth of a day's maintenance for each hour of work."""
    return WORK_SHARE * net_energy_maintenance * work_hours


@method(
    "agriculture.livestock.net_energy_wool",
    category="3A",
    title="产毛净能 NEwool",
    source=f"{CHAPTER} eq. 10.12",
    activity=(),
)
def net_energy_wool(wool_energy: "MJ/kg", wool: "kg") -> "MJ/d":
    """Net energy of a year's wool of one animal, spread over its days."""
    return wool_energy * wool / DAYS_PER_YEAR


@method(
    "agriculture.livestock.net_energy_pregnancy",
    category="3A",
    title="妊娠净能 NEp",
    source=f"{CHAPTER} eq. 10.13",
    activity=(),
)
def net_energy_pregnancy(pregnancy_coefficient: "1", net_energy_maintenance: "MJ/d") -> "MJ/d":
    """Net energy of one pregnancy averaged over the year (0.10 for cattle; 0.077, 0.126, 0.150 for sheep)."""
    return pregnancy_coefficient * net_energy_maintenance


@method(
    "agriculture.livestock.maintenance_energy_ratio",
    category="3A",
    title="维持净能与消化能之比 REM",
    source=f"{CHAPTER} eq. 10.14",
    activity=(),
)
def maintenance_energy_ratio(digestibility: "%") -> "1":
    """REM: net energy for maintenance available in a diet, over digestible energy."""
    de = digestibility / ONE_PERCENT
    return 1.123 - 4.092e-3 * de + 1.126e-5 * de**2 - 25.4 / de


@method(
    "agriculture.livestock.growth_energy_ratio",
    category="3A",
    title="生长净能与消化能之比 REG",
    source=f"{CHAPTER} eq. 10.15",
    activity=(),
)
def growth_energy_ratio(digestibility: "%") -> "1":
    """REG: net energy for growth available in a diet, over digestible energy."""
    de = digestibility / ONE_PERCENT
    return 1.164 - 5.160e-3 * de + 1.308e-5 * de**2 - 37.4 / de


@method(
    "agriculture.livestock.gross_energy",
    category="3A",
    title="总能摄入量 GE（由净能和消化率）",
    source=f"{CHAPTER} eq. 10.16",
    activity=(),
)
def gross_energy(
    net_energy_maintenance: "MJ/d",
    net_energy_activity: "MJ/d",
    net_energy_lactation: "MJ/d",
    net_energy_work: "MJ/d",
    net_energy_pregnancy: "MJ/d",
    net_energy_growth: "MJ/d",
    net_energy_wool: "MJ/d",
    maintenance_energy_ratio: "1",
    growth_energy_ratio: "1",
    digestibility: "%",
) -> "MJ/d":
    """Gross energy intake: net energies over REM and REG, over digestibility."""
    upkeep = (
        net_energy_maintenance + net_energy_activity + net_energy_lactation + net_energy_work + net_energy_pregnancy
    )
    gain = net_energy_growth + net_energy_wool
    return (upkeep / maintenance_energy_ratio + gain / growth_energy_ratio) / (digestibility / HUNDRED)


@method(
    "agriculture.livestock.gross_energy.cattle",
    category="3A",
    title="总能摄入量 GE（牛、水牛）",
    source=f"{CHAPTER} eq. 10.16, without wool",
    activity=(),
)
def gross_energy_cattle(
    net_energy_maintenance: "MJ/d",
    net_energy_activity: "MJ/d",
    net_energy_lactation: "MJ/d",
    net_energy_work: "MJ/d",
    net_energy_pregnancy: "MJ/d",
    net_energy_growth: "MJ/d",
    maintenance_energy_ratio: "1",
    growth_energy_ratio: "1",
    digestibility: "%",
) -> "MJ/d":
    """Gross energy intake of cattle and buffalo, which grow no wool."""
    upkeep = (
        net_energy_maintenance + net_energy_activity + net_energy_lactation + net_energy_work + net_energy_pregnancy
    )
    return (upkeep / maintenance_energy_ratio + net_energy_growth / growth_energy_ratio) / (digestibility / HUNDRED)


@method(
    "agriculture.livestock.gross_energy.sheep",
    category="3A",
    title="总能摄入量 GE（绵羊、山羊）",
    source=f"{CHAPTER} eq. 10.16, without work",
    activity=(),
)
def gross_energy_sheep(
    net_energy_maintenance: "MJ/d",
    net_energy_activity: "MJ/d",
    net_energy_lactation: "MJ/d",
    net_energy_pregnancy: "MJ/d",
    net_energy_growth: "MJ/d",
    net_energy_wool: "MJ/d",
    maintenance_energy_ratio: "1",
    growth_energy_ratio: "1",
    digestibility: "%",
) -> "MJ/d":
    """Gross energy intake of sheep and goats, which draw no loads."""
    upkeep = net_energy_maintenance + net_energy_activity + net_energy_lactation + net_energy_pregnancy
    gain = net_energy_growth + net_energy_wool
    return (upkeep / maintenance_energy_ratio + gain / growth_energy_ratio) / (digestibility / HUNDRED)


@method(
    "agriculture.livestock.gross_energy.from_dry_matter",
    category="3A",
    title="总能摄入量 GE（由干物质采食量）",
    source=f"{CHAPTER} section 10.2.2; GB/T 32151.22-2024 公式 (8)",
    activity=(),
)
def gross_energy_from_dry_matter(dry_matter_intake: "kg dm/d") -> "MJ/d":
    """Gross energy of the dry matter eaten, 18.45 MJ a kg."""
    return dry_matter_intake * GROSS_ENERGY_OF_DRY_MATTER


@method(
    "agriculture.livestock.dry_matter_intake.from_gross_energy",
    category="3A",
    title="干物质采食量 DMI（由总能）",
    source=f"{CHAPTER} section 10.2.2",
    activity=(),
)
def dry_matter_intake_from_gross_energy(gross_energy: "MJ/d") -> "kg dm/d":
    """Dry matter eaten, to check gross energy against 2 to 3 % of the body weight."""
    return gross_energy / GROSS_ENERGY_OF_DRY_MATTER


@method(
    "agriculture.livestock.diet_net_energy",
    category="3A",
    title="日粮净能浓度 NEma",
    source=f"{CHAPTER} section 10.2.2, below eq. 10.17",
    activity=(),
)
def diet_net_energy(maintenance_energy_ratio: "1", digestibility: "%") -> "MJ/kg dm":
    """Net energy concentration of a diet from its digestibility."""
    return maintenance_energy_ratio * GROSS_ENERGY_OF_DRY_MATTER * (digestibility / HUNDRED)


@method(
    "agriculture.livestock.dry_matter_intake.growing_cattle",
    category="3A",
    title="干物质采食量 DMI（生长育肥牛）",
    source=f"{CHAPTER} eq. 10.17",
    activity=(),
)
def dry_matter_intake_growing(body_weight: "kg", diet_net_energy: "MJ/kg dm") -> "kg dm/d":
    """Simplified intake of growing and finishing cattle (2006)."""
    ne = diet_net_energy / ONE_MJ_PER_KG
    bracket = (0.2444 * ne - 0.0111 * ne**2 - 0.472) / ne
    return (body_weight / ONE_KG) ** 0.75 * bracket * ONE_KG_DM_PER_DAY


@method(
    "agriculture.livestock.dry_matter_intake.mature_beef",
    category="3A",
    title="干物质采食量 DMI（成年肉牛）",
    source=f"{CHAPTER} eq. 10.18a",
    activity=(),
)
def dry_matter_intake_mature_beef(body_weight: "kg", diet_net_energy: "MJ/kg dm") -> "kg dm/d":
    """Simplified intake of mature beef cattle (2006)."""
    ne = diet_net_energy / ONE_MJ_PER_KG
    return (body_weight / ONE_KG) ** 0.75 * ((0.0119 * ne**2 + 0.1938) / ne) * ONE_KG_DM_PER_DAY


@method(
    "agriculture.livestock.dry_matter_intake.mature_dairy",
    category="3A",
    title="干物质采食量 DMI（成年奶牛）",
    source=f"{CHAPTER} eq. 10.18b",
    activity=(),
)
def dry_matter_intake_mature_dairy(body_weight: "kg", digestibility: "%") -> "kg dm/d":
    """Simplified intake of mature dairy cows on low-quality forage (2006)."""
    return 5.4 * (body_weight / ONE_KG) / 500 / ((HUNDRED - digestibility) / HUNDRED) * ONE_KG_DM_PER_DAY


@method(
    "agriculture.livestock.dry_matter_intake.calves_2019",
    category="3A",
    title="干物质采食量 DMI（犊牛，2019 修订）",
    source=f"{REFINED} eq. 10.17",
    activity=(),
)
def dry_matter_intake_calves_2019(body_weight: "kg", diet_net_energy: "MJ/kg dm") -> "kg dm/d":
    """Simplified intake of calves (2019)."""
    ne = diet_net_energy / ONE_MJ_PER_KG
    bracket = (0.0582 * ne - 0.00266 * ne**2 - 0.1128) / (0.239 * ne)
    return (body_weight / ONE_KG) ** 0.75 * bracket * ONE_KG_DM_PER_DAY


@method(
    "agriculture.livestock.dry_matter_intake.growing_cattle_2019",
    category="3A",
    title="干物质采食量 DMI（生长牛，2019 修订）",
    source=f"{REFINED} eq. 10.18",
    activity=(),
)
def dry_matter_intake_growing_2019(body_weight: "kg", diet_net_energy: "MJ/kg dm") -> "kg dm/d":
    """Simplified intake of growing cattle (2019)."""
    ne = diet_net_energy / ONE_MJ_PER_KG
    bracket = (0.0582 * ne - 0.00266 * ne**2 - 0.0869) / (0.239 * ne)
    return (body_weight / ONE_KG) ** 0.75 * bracket * ONE_KG_DM_PER_DAY


@method(
    "agriculture.livestock.dry_matter_intake.steers_2019",
    category="3A",
    title="干物质采食量 DMI（阉牛和公牛，2019 修订）",
    source=f"{REFINED} eq. 10.18A",
    activity=(),
)
def dry_matter_intake_steers_2019(body_weight: "kg") -> "kg dm/d":
    """Simplified intake of feedlot steers and bulls (2019)."""
    return (3.83 + 0.0143 * 0.96 * (body_weight / ONE_KG)) * ONE_KG_DM_PER_DAY


@method(
    "agriculture.livestock.dry_matter_intake.heifers_2019",
    category="3A",
    title="干物质采食量 DMI（育肥母牛，2019 修订）",
    source=f"{REFINED} eq. 10.18A",
    activity=(),
)
def dry_matter_intake_heifers_2019(body_weight: "kg") -> "kg dm/d":
    """Simplified intake of feedlot heifers (2019)."""
    return (3.184 + 0.01536 * 0.96 * (body_weight / ONE_KG)) * ONE_KG_DM_PER_DAY


@method(
    "agriculture.livestock.fat_corrected_milk",
    category="3A",
    title="3.5% 乳脂校正奶 FCM",
    source=f"{REFINED} eq. 10.18B, definition of FCM",
    activity=(),
)
def fat_corrected_milk(milk: "kg/d", milk_fat: "%") -> "kg/d":
    """Milk at 3.5 % fat: 0.4324 times the milk plus 16.216 times its fat."""
    return 0.4324 * milk + 16.216 * milk * (milk_fat / HUNDRED)


@method(
    "agriculture.livestock.dry_matter_intake.lactating_2019",
    category="3A",
    title="干物质采食量 DMI（泌乳奶牛，2019 修订）",
    source=f"{REFINED} eq. 10.18B",
    activity=(),
)
def dry_matter_intake_lactating_2019(body_weight: "kg", fat_corrected_milk: "kg/d") -> "kg dm/d":
    """Simplified intake of lactating dairy cows (2019)."""
    return (0.0185 * (body_weight / ONE_KG) + 0.305 * (fat_corrected_milk / ONE_KG_PER_DAY)) * ONE_KG_DM_PER_DAY
