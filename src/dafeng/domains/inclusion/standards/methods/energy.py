"""Energy at home: electricity not used, and electricity from one's own roof, at the grid's average factor.

No filed methodology was found for either; the city's draft multiplies metered kilowatt hours by the provincial factor.
"""

from dafeng.domains.inclusion.standards.methods.constants import CO2E_PER_CO2, G_PER_KG
from dafeng.kernel.accounting import method

DRAFT = "城市草案：计量电量 × 省级电力平均二氧化碳排放因子"


@method(
    "inclusion.energy.household_saving", category="inclusion", gas="CO2e", title="家庭节电减排量", source=DRAFT,
    activity=("electricity_before", "electricity_now"),
)  # fmt: skip
def household_saving(electricity_before: "kWh", electricity_now: "kWh", grid_ef: "kg CO2/kWh") -> "g CO2e":
    """What an account used less than in the same month of the year before; negative where it used more."""
    return (electricity_before - electricity_now) * grid_ef * CO2E_PER_CO2 * G_PER_KG


@method("inclusion.energy.rooftop_pv", category="inclusion", gas="CO2e", title="户用光伏自发自用减排量", source=DRAFT)
def rooftop_pv(own_use: "kWh", grid_ef: "kg CO2/kWh") -> "g CO2e":
    """Electricity of one's own roof that was used at home; what was fed into the grid belongs to other mechanisms."""
    return own_use * grid_ef * CO2E_PER_CO2 * G_PER_KG
