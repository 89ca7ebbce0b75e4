"""Green travel: a trip of one person by a cleaner means, compared with the city's average trip.

Source of form and factors: DB11/T 3043—2024 (Beijing, Tianjin and Hebei, in force 2024-10-01), as transcribed in public
repositories (standing B): reduction = (baseline − factor of the means) × kilometres. One kilometre of one person is
1 person km, so a ticket for two is two events.
"""

from dafeng.domains.inclusion.standards.methods.constants import CO2E_PER_CO2, G_PER_KG
from dafeng.kernel.accounting import method

STANDARD = "DB11/T 3043—2024（京津冀，2024-10-01 起施行）"
DRAFT = "城市草案，算式沿用 DB11/T 3043—2024 的形式"


@method("inclusion.travel.bus", category="inclusion", gas="CO2e", title="公交出行减排量", source=STANDARD)
def bus(distance: "person km", trip_baseline_ef: "kg CO2/(person km)", bus_ef: "kg CO2/(person km)") -> "g CO2e":
    """A trip by bus instead of the average trip."""
    return distance * (trip_baseline_ef - bus_ef) * CO2E_PER_CO2 * G_PER_KG


@method("inclusion.travel.walking", category="inclusion", gas="CO2e", title="步行减排量", source=STANDARD)
def walking(
    distance: "person km", trip_baseline_ef: "kg CO2/(person km)", walking_ef: "kg CO2/(person km)"
) -> "g CO2e":
    """A trip on foot instead of the average trip."""
    return distance * (trip_baseline_ef - walking_ef) * CO2E_PER_CO2 * G_PER_KG


@method("inclusion.travel.cycling", category="inclusion", gas="CO2e", title="骑行减排量", source=STANDARD)
def cycling(
    distance: "person km", trip_baseline_ef: "kg CO2/(person km)", cycling_ef: "kg CO2/(person km)"
) -> "g CO2e":
    """A trip on one's own or a shared bike instead of the average trip."""
    return distance * (trip_baseline_ef - cycling_ef) * CO2E_PER_CO2 * G_PER_KG


@method("inclusion.travel.ev_driving", category="inclusion", gas="CO2e", title="电动汽车行驶减排量", source=STANDARD)
def ev_driving(drive: "km", car_baseline_ef: "kg CO2/km", ev_ef: "kg CO2/km") -> "g CO2e":
    """Kilometres of an electric car instead of a petrol car."""
    return drive * (car_baseline_ef - ev_ef) * CO2E_PER_CO2 * G_PER_KG


@method("inclusion.travel.ev_charging", category="inclusion", gas="CO2e", title="电动汽车充电减排量", source=DRAFT)
def ev_charging(charged: "kWh", ev_consumption: "kWh/km", car_baseline_ef: "kg CO2/km", ev_ef: "kg CO2/km") -> "g CO2e":
    """Electricity charged, as kilometres at the car's consumption, instead of a petrol car."""
    return ev_driving(charged / ev_consumption, car_baseline_ef, ev_ef)


@method("inclusion.travel.tourism", category="inclusion", gas="CO2e", title="低碳旅游出行减排量", source=DRAFT)
def tourism(
    distance: "person km", trip_baseline_ef: "kg CO2/(person km)", tourism_ef: "kg CO2/(person km)"
) -> "g CO2e":
    """A stage of a red or green route by a cleaner means instead of the average trip."""
    return distance * (trip_baseline_ef - tourism_ef) * CO2E_PER_CO2 * G_PER_KG
