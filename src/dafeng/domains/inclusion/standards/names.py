"""Names of factors as a person reads them in a formula, of groups, standings and reasons."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

PARAMETERS: dict[str, Any] = {
    "trip_baseline_ef": _("基准出行因子"),
    "bus_ef": _("公交因子"),
    "walking_ef": _("步行因子"),
    "cycling_ef": _("骑行因子"),
    "car_baseline_ef": _("燃油车因子"),
    "ev_ef": _("电动车因子"),
    "ev_consumption": _("每公里用电量"),
    "tourism_ef": _("出行方式因子"),
    "grid_ef": _("电力因子"),
    "recycled_ef": _("品种单位减排量"),
    "packaging_ef": _("包装单位减排量"),
    "second_hand_ef": _("品类单位减排量"),
    "paperless_ef": _("每张减排量"),
    "green_purchase_ef": _("产品单位减排量"),
    "volume": _("每公顷蓄积量"),
    "area": _("面积"),
    "density": _("每公顷生物量"),
    "dry_matter": _("生物量"),
    "volume_biomass_a": _("参数 a"),
    "volume_biomass_b": _("参数 b"),
    "root_shoot_ratio": _("根茎比"),
    "carbon_fraction": _("含碳率"),
    "stock_before": _("前次碳储量"),
    "stock_now": _("本次碳储量"),
    "fire_emissions": _("火灾排放"),
    "uncertainty_cut": _("不确定性扣减"),
    "burnt_dry_matter": _("过火生物量"),
    "combustion_factor": _("燃烧因子"),
    "fire_ch4_ef": _("CH4 排放因子"),
    "fire_n2o_ef": _("N2O 排放因子"),
    "gwp_ch4": _("CH4 的 GWP"),
    "gwp_n2o": _("N2O 的 GWP"),
    "distance": _("里程"),
    "drive": _("行驶里程"),
    "charged": _("充电量"),
    "electricity_before": _("上年同月用电量"),
    "electricity_now": _("本月用电量"),
    "own_use": _("自用电量"),
    "mass": _("质量"),
    "pieces": _("件数"),
}
_PASSENGER = "人·km"
GROUPS: dict[str, Any] = {
    "travel": _("绿色出行"),
    "energy": _("居家用能"),
    "consumption": _("绿色消费"),
    "recycling": _("循环利用"),
    "tourism": _("低碳旅游"),
    "sink": _("植树与碳汇"),
}
STANDINGS: dict[str, Any] = {"cited": _("引用外地备案文本"), "draft": _("城市草案"), "city": _("本市备案")}


def english() -> bool:
    return (get_language() or "").startswith("en")


def pick(zh: str, en: str) -> str:
    """The English name for an English reader where there is one."""
    return en if en and english() else zh


def state_title(record: Any, standing: str) -> str:
    """The state in words. What was filed elsewhere and is cited here was not filed here, and the word says so."""
    return str(_("施行")) if standing == "cited" and record.state == "filed" else str(record.state_title)


def unit(name: str) -> str:
    """A unit as it is printed: `kg CO2/(person km)` → `kgCO2/人·km`, none for a bare number."""
    shown = (
        name.replace("(person km)", _PASSENGER)
        .replace("person km", _PASSENGER)
        .replace(" CO2", "CO2")
        .replace(" CH4", "CH4")
    )
    return "" if name == "1" else shown.replace(" N2O", "N2O").replace(" dm", "")


def parameter(name: str) -> str:
    return str(PARAMETERS.get(name, name))
