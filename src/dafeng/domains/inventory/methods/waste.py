"""Solid waste: landfill by mass balance and by first-order decay (5A); treatment is in `waste_treatment` (5B, 5C).

Source: 省级温室气体清单编制指南 (waste; the 2011 edition uses the mass balance), IPCC 2006 volume 5 chapter 3 and its
annex 3A.1. The idea: of the carbon in waste a part can degrade (DOC), a part of that does (DOCf), where there is no
air (MCF); mass balance lets it all go in the year of tipping, first-order decay lets it go at a rate k over decades.
Recovered methane is reported as mass, plain tonnes.
"""

import numpy as np

from dafeng.domains.inventory.methods import waste_treatment
from dafeng.domains.inventory.methods.constants import CH4_PER_C, DAYS_PER_YEAR, T_PER_KG
from dafeng.domains.inventory.methods.waste_treatment import METHANE
from dafeng.kernel.accounting import constant, exp, method
from dafeng.kernel.errors import MethodError

__all__ = ["SERIES", "landfill_fod", "waste_treatment"]

CHAPTER = "IPCC 2006 Vol.5 Ch.3"
GUIDELINE = "省级温室气体清单编制指南(试行) 2011 废弃物处理"

LN_2 = constant("ln 2", float(np.log(2.0)), "1")
ONE_YEAR = constant("1 a", 1.0, "a")
MONTHS = constant("12", 12.0, "1")


# Amounts and degradable carbon


@method(
    "waste.msw.generated",
    category="5",
    title="生活垃圾产生量（人口 × 人均日产生量）",
    source="IPCC 2006 Vol.5 Ch.2 section 2.2.1",
)
def msw_generated(population: "person", msw_per_person: "kg/person/d") -> "t":
    """Municipal waste of a year from population and daily waste of a person."""
    return population * msw_per_person * DAYS_PER_YEAR * T_PER_KG


@method(
    "waste.landfill.landfilled",
    category="5A",
    title="生活垃圾填埋量（产生量 × 填埋比例）",
    source=f"{GUIDELINE} (MSW_T × MSW_F)",
    activity=("msw", "landfill_share"),
)
def landfilled(msw: "t", landfill_share: "1") -> "t":
    """Waste that goes to landfill: all municipal waste times the share landfilled."""
    return msw * landfill_share


@method(
    "waste.landfill.doc_mixed",
    category="5A",
    title="混合垃圾可降解有机碳 DOC（由组分）",
    source=f"{CHAPTER} eq. 3.7; {GUIDELINE} (DOC = Σ DOC_i × W_i)",
    activity=(),
)
def doc_mixed(
    food_share: "1",
    garden_share: "1",
    paper_share: "1",
    wood_share: "1",
    textile_share: "1",
    nappies_share: "1",
    doc_food: "t C/t",
    doc_garden: "t C/t",
    doc_paper: "t C/t",
    doc_wood: "t C/t",
    doc_textile: "t C/t",
    doc_nappies: "t C/t",
) -> "t C/t":
    """Degradable carbon of mixed waste: each component's share (wet) times its degradable carbon."""
    return (
        food_share * doc_food
        + garden_share * doc_garden
        + paper_share * doc_paper
        + wood_share * doc_wood
        + textile_share * doc_textile
        + nappies_share * doc_nappies
    )


@method(
    "waste.landfill.methane_potential",
    category="5A",
    title="垃圾甲烷产生潜力 L0",
    source=f"{GUIDELINE} (L0 = MCF × DOC × DOCF × F × 16/12); {CHAPTER} eq. 3.3 per t of waste",
    activity=(),
)
def methane_potential(mcf_landfill: "1", doc: "t C/t", docf: "1", methane_fraction: "1") -> "t CH4/t":
    """Methane that one tonne of waste can give."""
    return mcf_landfill * doc * docf * methane_fraction * CH4_PER_C


@method(
    "waste.landfill.methane_potential.total",
    category="5A",
    title="填埋物甲烷产生潜力 L0（由可分解碳）",
    source=f"{CHAPTER} eq. 3.3 (L0 = DDOCm × F × 16/12)",
    activity=("ddoc_deposited",),
)
def methane_potential_total(ddoc_deposited: "t C", methane_fraction: "1") -> "t CH4":
    """Methane that a mass of decomposable carbon can give."""
    return ddoc_deposited * methane_fraction * CH4_PER_C


# Mass balance


@method(
    "waste.landfill.mass_balance.ch4",
    category="5A",
    gas="CH4",
    title="垃圾填埋 CH4（质量平衡法）",
    source=f"{GUIDELINE} (质量平衡法)",
    activity=("deposited", "recovered"),
    optional={"recovered": 0.0},
)
def mass_balance_ch4(
    deposited: "t",
    recovered: "t",
    mcf_landfill: "1",
    doc: "t C/t",
    docf: "1",
    methane_fraction: "1",
    oxidation_landfill: "1",
) -> "t CH4":
    """Methane of landfill, all in the year of tipping: potential, less what is recovered, less what oxidises."""
    generated = deposited * methane_potential(mcf_landfill, doc, docf, methane_fraction)
    return (generated - recovered * METHANE) * (1 - oxidation_landfill)


@method(
    "waste.landfill.mass_balance_l0.ch4",
    category="5A",
    gas="CH4",
    title="垃圾填埋 CH4（产生量 × 填埋率 × L0，扣除回收与氧化）",
    source=f"{GUIDELINE} (E = (MSW_T × MSW_F × L0 − R) × (1 − OX))",
    activity=("msw", "landfill_share", "recovered"),
    optional={"recovered": 0.0},
)
def mass_balance_l0_ch4(
    msw: "t", landfill_share: "1", recovered: "t", landfill_l0: "t CH4/t", oxidation_landfill: "1"
) -> "t CH4":
    """The guideline's formula as printed, with a known methane potential."""
    return (landfilled(msw, landfill_share) * landfill_l0 - recovered * METHANE) * (1 - oxidation_landfill)


@method(
    "waste.landfill.recovery.ch4",
    category="5A",
    gas="CH4",
    title="填埋气回收量折减 CH4（全场回收量，负值）",
    source=f"{CHAPTER} eq. 3.1 (−R × (1 − OX))",
)
def recovery_ch4(recovered: "t", oxidation_landfill: "1") -> "t CH4":
    """Recovery of a whole site whose waste is reported by component: what it takes off the sum, hence negative."""
    return -(recovered * METHANE * (1 - oxidation_landfill))


# First-order decay, equation by equation


@method(
    "waste.landfill.fod.rate_constant",
    category="5A",
    title="一阶衰减常数 k（由半衰期）",
    source=f"{CHAPTER} section 3.2.3 (k = ln 2 / t½)",
    activity=(),
)
def rate_constant(half_life: "a") -> "1/a":
    """Decay constant from half-life."""
    return LN_2 / half_life


@method(
    "waste.landfill.fod.ddoc_deposited",
    category="5A",
    title="填埋的可分解有机碳 DDOCm",
    source=f"{CHAPTER} eq. 3.2",
)
def ddoc_deposited(deposited: "t", doc: "t C/t", docf: "1", mcf_landfill: "1") -> "t C":
    """Carbon in the waste of a year that will decompose without air."""
    return deposited * doc * docf * mcf_landfill


@method(
    "waste.landfill.fod.ddoc_accumulated",
    category="5A",
    title="年末累积的可分解有机碳 DDOCma",
    source=f"{CHAPTER} eq. 3.4",
    activity=("ddoc_deposited", "ddoc_accumulated_before"),
)
def ddoc_accumulated(ddoc_deposited: "t C", ddoc_accumulated_before: "t C", landfill_k: "1/a") -> "t C":
    """Stock at the end of the year: what came this year plus what is left of last year's stock."""
    return ddoc_deposited + ddoc_accumulated_before * exp(-(landfill_k * ONE_YEAR))


@method(
    "waste.landfill.fod.ddoc_decomposed",
    category="5A",
    title="当年分解的有机碳 DDOCm decomp",
    source=f"{CHAPTER} eq. 3.5",
)
def ddoc_decomposed(ddoc_accumulated_before: "t C", landfill_k: "1/a") -> "t C":
    """Carbon decomposed in the year: the part of last year's stock that decays."""
    return ddoc_accumulated_before * (1 - exp(-(landfill_k * ONE_YEAR)))


@method(
    "waste.landfill.fod.ddoc_deposited_remaining",
    category="5A",
    title="当年填埋、年末尚存的可分解有机碳（滞后时间）",
    source=f"{CHAPTER} Annex 3A.1, DDOCm rem (decay from month M)",
)
def ddoc_deposited_remaining(ddoc_deposited: "t C", reaction_start_month: "1", landfill_k: "1/a") -> "t C":
    """Carbon tipped this year still there at its end when decay starts in month M (13: next January)."""
    return ddoc_deposited * exp(-(landfill_k * ONE_YEAR) * (13 - reaction_start_month) / MONTHS)


@method(
    "waste.landfill.fod.ddoc_deposited_decomposed",
    category="5A",
    title="当年填埋、当年分解的有机碳（滞后时间）",
    source=f"{CHAPTER} Annex 3A.1, DDOCm dec (decay from month M)",
)
def ddoc_deposited_decomposed(ddoc_deposited: "t C", reaction_start_month: "1", landfill_k: "1/a") -> "t C":
    """Carbon tipped this year that decays within it when decay starts in month M."""
    return ddoc_deposited * (1 - exp(-(landfill_k * ONE_YEAR) * (13 - reaction_start_month) / MONTHS))


@method(
    "waste.landfill.fod.ch4_generated",
    category="5A",
    title="当年产生的 CH4（由分解的 DDOCm）",
    source=f"{CHAPTER} eq. 3.6",
)
def ch4_generated(ddoc_decomposed: "t C", methane_fraction: "1") -> "t CH4":
    """Methane of the carbon decomposed in the year."""
    return ddoc_decomposed * methane_fraction * CH4_PER_C


@method(
    "waste.landfill.fod.ch4_emitted",
    category="5A",
    gas="CH4",
    title="填埋 CH4 排放量（产生量扣除回收与氧化）",
    source=f"{CHAPTER} eq. 3.1",
    activity=("ch4_generated", "recovered"),
    optional={"recovered": 0.0},
)
def ch4_emitted(ch4_generated: "t CH4", recovered: "t", oxidation_landfill: "1") -> "t CH4":
    """Methane that leaves the site: generated, less recovered, less oxidised in the cover."""
    return (ch4_generated - recovered * METHANE) * (1 - oxidation_landfill)


@method(
    "waste.landfill.stored_carbon",
    category="5A",
    title="填埋场长期储存的碳",
    source=f"{CHAPTER} Annex 3A.1 (DOCm long-term stored)",
)
def stored_carbon(deposited: "t", doc: "t C/t", docf: "1", mcf_landfill: "1") -> "t C":
    """Degradable carbon of a year's waste that does not decompose and stays in the site."""
    return deposited * doc * (1 - docf) * mcf_landfill


# First-order decay over a history


def landfill_fod(
    years,
    deposited,
    *,
    doc,
    docf,
    mcf_landfill,
    landfill_k,
    methane_fraction,
    oxidation_landfill,
    recovered=0.0,
    delay_months=6,
):
    """Methane emitted in each of `years` (t), by IPCC 2006 Vol.5 eq. 3.1 to 3.6 and Annex 3A.1.

    `deposited` and `recovered` (t, t of methane) have shape (T,), or (T, n) for n draws; so has the result. A parameter
    is a scalar, n draws, or (T, 1) or (T, n) where it changes from year to year; beside a `deposited` of shape (T,) a
    parameter of shape (T,) is one value a year too. `landfill_k` is per year. With the default delay of six months
    decay starts on 1 January of the year after tipping. The stock before the first year is empty. Raises `MethodError`
    for years that do not follow each other (a stock decays in a missing year too), for lengths that differ, and for a
    delay outside 0 to 6 months.
    """
    calendar, waste = np.asarray(years), np.asarray(deposited, dtype=float)
    count = calendar.size
    if calendar.ndim != 1 or count == 0 or (np.diff(calendar) != 1).any():
        raise MethodError("一阶衰减法需要逐年连续的填埋量", expected="不缺年、不重复、由早到晚的年份")
    if waste.shape[:1] != (count,):
        raise MethodError("填埋量与年份的个数不同", expected=f"{count} 个年份的填埋量")
    if not 0 <= delay_months <= 6:
        raise MethodError(f"滞后时间 {delay_months} 个月不成立", expected="0 至 6 个月")

    def history(value):
        array = np.asarray(value, dtype=float)
        return array[:, None] if array.ndim == 1 else np.broadcast_to(array, (count, 1)) if array.ndim == 0 else array

    def parameter(value):
        array = np.asarray(value, dtype=float)
        yearly = array.ndim == 2 or (array.ndim == 1 and waste.ndim == 1 and array.size == count)
        return history(array) if yearly or array.ndim == 0 else np.broadcast_to(array, (count, array.size))

    tipped = history(waste) * parameter(doc) * parameter(docf) * parameter(mcf_landfill)
    k, fraction, oxidised, captured = (
        parameter(landfill_k), parameter(methane_fraction), parameter(oxidation_landfill), history(recovered)
    )  # fmt: skip
    tipped, k, fraction, oxidised, captured = np.broadcast_arrays(tipped, k, fraction, oxidised, captured)
    kept = np.exp(-k)
    # Waste is tipped in the middle of the year; month 13 is next January.
    start_month = 7 + delay_months
    kept_first = np.exp(-k * (13 - start_month) / 12)
    stock = np.zeros(tipped.shape[1])
    emitted = np.empty(tipped.shape)
    for year in range(count):
        decomposed = tipped[year] * (1 - kept_first[year]) + stock * (1 - kept[year])
        stock = tipped[year] * kept_first[year] + stock * kept[year]
        generated = decomposed * fraction[year] * float(CH4_PER_C)
        emitted[year] = (generated - captured[year]) * (1 - oxidised[year])
    return emitted[:, 0] if waste.ndim == 1 and emitted.shape[1] == 1 else emitted


SERIES = {
    "waste.landfill.ch4.fod": {
        "function": landfill_fod,
        "activity": "deposited",
        "activity_unit": "t",
        "parameters": {
            "doc": "t C/t",
            "docf": "1",
            "mcf_landfill": "1",
            "landfill_k": "1/a",
            "methane_fraction": "1",
            "oxidation_landfill": "1",
        },
        "gas": "CH4",
        "unit": "t CH4",
        "category": "5A",
        "title": "垃圾填埋 CH4（一阶衰减法，逐年填埋历史）",
        "source": f"{CHAPTER} eq. 3.1, 3.2, 3.4, 3.5, 3.6, Annex 3A.1",
        "optional": {"recovered": 0.0},
    },
}
