"""One unit registry in which substances are dimensions.

A general registry would let `1 t C` become `3.67 t CO2` silently and count the 44/12 twice; here carbon, carbon
dioxide, nitrogen, … are dimensions of their own, and a formula must write the ratio. Volumes at 0 °C (`Nm3`) and at
20 °C (`m3`) are different dimensions for the same reason: the density belongs to the reference state.
Annual factors carry no `/a`: the period is part of the row.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import pint

from dafeng.kernel.errors import UnitError

# name = definition; substances and counted things are base dimensions.
_DEFINITIONS = """
gram = [mass] = g
kilogram = 1e3 * gram = kg
tonne = 1e6 * gram = t
milligram = 1e-3 * gram = mg
kilotonne = 1e9 * gram = kt
megatonne = 1e12 * gram = Mt
gigagram = 1e9 * gram = Gg

joule = [energy] = J
kilojoule = 1e3 * joule = kJ
megajoule = 1e6 * joule = MJ
gigajoule = 1e9 * joule = GJ
terajoule = 1e12 * joule = TJ
petajoule = 1e15 * joule = PJ
kilowatt_hour = 3.6e6 * joule = kWh
megawatt_hour = 3.6e9 * joule = MWh
gigawatt_hour = 3.6e12 * joule = GWh
terawatt_hour = 3.6e15 * joule = TWh
standard_coal_kg = 29.3076e6 * joule = kgce
standard_coal_t = 29.3076e9 * joule = tce
standard_coal_Mt = 29.3076e15 * joule = Mtce
kilowatt = [power] = kW
megawatt = 1e3 * kilowatt = MW
gigawatt = 1e6 * kilowatt = GW

cubic_metre = [volume] = m3
litre = 1e-3 * cubic_metre = L
normal_cubic_metre = [normal_volume] = Nm3
hectare = [area] = ha
mu = hectare / 15
square_kilometre = 100 * hectare = km2
square_metre = 1e-4 * hectare = m2
kilometre = [length] = km
annum = [time] = a
day = [day] = d
hour = day / 24 = h
celsius = [temperature] = degC

head = [animal]
person = [person]
vehicle = [vehicle]
facility = [facility]
firm = [firm]
product_kind = [product_kind]
yuan = [money]

C = [carbon]
CO2 = [carbon_dioxide]
CH4 = [methane]
N2O = [nitrous_oxide]
N = [nitrogen]
CO2e = [carbon_dioxide_equivalent]
HFC = [hydrofluorocarbon]
PFC = [perfluorocarbon]
CF4 = [tetrafluoromethane]
C2F6 = [hexafluoroethane]
CHF3 = [trifluoromethane]
SF6 = [sulphur_hexafluoride]
NF3 = [nitrogen_trifluoride]
VS = [volatile_solids]
DOC = [degradable_organic_carbon]
BOD = [biochemical_oxygen_demand]
COD = [chemical_oxygen_demand]
protein = [protein]
dm = [dry_matter]
"""

# How official tables and fact files print units, in the registry's spelling. Longest match first.
_PRINTED = {
    "万吨标准煤": "1e4*tce",
    "吨标准煤": "tce",
    "克标准煤": "1e-3*kgce",
    "千克标准煤": "kgce",
    "百万吨标准煤": "Mtce",
    "亿千瓦时": "1e8*kWh",
    "万千瓦时": "1e4*kWh",
    "千瓦时": "kWh",
    "兆瓦时": "MWh",
    "万千瓦": "1e4*kW",
    "千瓦": "kW",
    "亿标准立方米": "1e8*Nm3",
    "万标准立方米": "1e4*Nm3",
    "标准立方米": "Nm3",
    "亿立方米": "1e8*m3",
    "万立方米": "1e4*m3",
    "立方米": "m3",
    "百亿千焦": "1e10*kJ",
    "万亿千焦": "1e12*kJ",
    "百万千焦": "1e6*kJ",
    "吉焦": "GJ",
    "千焦": "kJ",
    "兆焦": "MJ",
    "太焦": "TJ",
    "千公顷": "1e3*ha",
    "万公顷": "1e4*ha",
    "公顷": "ha",
    "万亩": "1e4*mu",
    "亩": "mu",
    "平方公里": "km2",
    "平方千米": "km2",
    "万平方米": "1e4*m2",
    "平方米": "m2",
    "万吨": "1e4*t",
    "亿吨": "1e8*t",
    "吨": "t",
    "千克": "kg",
    "公斤": "kg",
    "亿斤": "5e7*kg",
    "万人": "1e4*person",
    "人": "person",
    "万头": "1e4*head",
    "万只": "1e4*head",
    "万匹": "1e4*head",
    "头": "head",
    "只": "head",
    "匹": "head",
    "万辆": "1e4*vehicle",
    "辆": "vehicle",
    "个": "facility",
    "座": "facility",
    "家": "firm",
    "款": "product_kind",
    "亿元": "1e8*yuan",
    "万元": "1e4*yuan",
    "元": "yuan",
    "万公里": "1e4*km",
    "公里": "km",
    "千米": "km",
    "延米": "m",
    "米": "m",
    "hm2": "ha",
    "mu": "mu",
    "亿t": "1e8*t",
    "亿Nm3": "1e8*Nm3",
    "亿m3": "1e8*m3",
    "1e4Nm3": "1e4*Nm3",
    "1e4m3": "1e4*m3",
    "10⁴Nm³": "1e4*Nm3",
    "10⁴m³": "1e4*m3",
    "m³": "m3",
    "℃": "degC",
    "%": "0.01",
}
_PRINTED_PATTERN = re.compile("|".join(sorted(map(re.escape, _PRINTED), key=len, reverse=True)))
_POWER = re.compile(r"\*\*|\^")
_PLAIN_POWER = re.compile(r"(?<!\))(?:\*\*|\^)[-+]?\d{1,2}(?![\d.]|\s*(?:\*\*|\^))")
_POWERED = re.compile(r"(?<![A-Za-z])([Nkc]?m)([23])(?!\d)")
_RAISED = str.maketrans("23", "²³")
_LOWERED = str.maketrans("2346", "₂₃₄₆")
_TENS = re.compile(r"1e4\*?")
_GAS = re.compile(r"\b(?:CO2e?|CH4|N2O|SF6|NF3)\b")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．／（）％＊－", "0123456789./()%*-")


@lru_cache(maxsize=1)
def registry() -> pint.UnitRegistry[Any]:
    """The registry; built at first use so that importing this module costs nothing."""
    units: pint.UnitRegistry[Any] = pint.UnitRegistry(None, cache_folder=None)
    for line in _DEFINITIONS.strip().splitlines():
        if line.strip():
            units.define(line.strip())
    return units


def printed(unit: str) -> str:
    """A unit as a page shows it: `m3/s` → `m³/s`, `t CO2` → `t CO₂`, `GJ/1e4Nm3` → `GJ/10⁴ Nm³`."""
    unit = _TENS.sub("10⁴ ", unit).replace("*", "·")
    unit = _POWERED.sub(lambda found: found[1] + found[2].translate(_RAISED), unit)
    return _GAS.sub(lambda found: found[0].translate(_LOWERED), unit)


def _spell(text: str) -> str:
    """Write a printed unit in the registry's grammar: `t C/GJ` → `t*C/(GJ)`; a denominator binds all that follows."""
    text = text.strip().translate(_FULL_WIDTH).replace("·", "*")
    text = _PRINTED_PATTERN.sub(lambda match: f"({_PRINTED[match[0]]})", text)
    parts = [re.sub(r"\s+", "*", part.strip()) for part in text.split("/")]
    return "/".join([parts[0] or "1", *(f"({part})" for part in parts[1:])])


def _safe(spelled: str) -> str:
    """Refuse what no unit needs and what would take for ever: `9^9^9`, powers of powers, endless text."""
    powers = len(_POWER.findall(spelled))
    if len(spelled) > 200 or powers > 3 or powers != len(_PLAIN_POWER.findall(spelled)):
        raise ValueError("not a unit")
    return spelled


@lru_cache(maxsize=4096)
def parse(text: str) -> pint.Quantity[Any]:
    """The size of one `text` as a quantity: `parse("万吨")` is 10 000 t, `parse("%")` is 0.01, `parse("1")` is 1.

    Raises `UnitError` for a spelling that the registry does not know.
    """
    try:
        found: pint.Quantity[Any] = registry().Quantity(registry().parse_expression(_safe(_spell(text))))
        if not 0 < float(found.magnitude) < float("inf"):
            raise ValueError("a unit has a size")
        return found
    except (pint.errors.PintError, ValueError, TypeError, AttributeError, SyntaxError, ZeroDivisionError) as error:
        raise UnitError(
            f"不认识的单位“{text}”",
            expected="例如 t、万吨、万立方米、亿千瓦时、GJ、头、公顷、tce",
            mend="请改用模板下拉框中的单位",
        ) from error
    except Exception as error:  # pint's tokenizer raises bare tokenize errors on some garbage
        if type(error).__module__ in {"tokenize", "_tokenize", "builtins"}:
            raise UnitError(f"不认识的单位“{text}”", expected="例如 t、万吨、GJ") from error
        raise


@lru_cache(maxsize=4096)
def conversion(source: str, target: str) -> float:
    """How many `target` one `source` is. Raises `UnitError` when they measure different things."""
    try:
        return float((parse(source) / parse(target)).to("").magnitude)
    except pint.errors.DimensionalityError as error:
        raise UnitError(
            f"单位“{source}”不能换算为“{target}”",
            expected=f"与“{target}”同类的单位",
            mend="请检查单位列；质量、体积、热量之间须先用低位发热量等参数折算",
        ) from error


def convertible(source: str, target: str) -> bool:
    """Whether `conversion(source, target)` would succeed."""
    try:
        conversion(source, target)
    except UnitError:
        return False
    return True
