"""A small inventory with round factors, so that every expected number can be worked out by hand; and a spreadsheet evaluator.

Place 信阳市 411500, years 2022 and 2023, GWP of AR5 (CH4 28, N2O 265, CO2 1). In 2023:

| row | arithmetic | t of gas | t CO2e |
|---|---|---|---|
| 原煤, 电力 1A1a | 10 万吨 × 20 GJ/t × 0.03 t C/GJ × 1 × 44/12 = 100000 × 20 × 0.03 × 44/12 | 220000 CO2 | 220000 |
| 天然气, 居民 1A4b1 | 600 万 m3 × 0.035 GJ/m3 × 0.015 t C/GJ × 1 × 44/12 = 6e6 × 0.035 × 0.015 × 44/12 | 11550 CO2 | 11550 |
| 猪 3A1 (estimated) | 50 万头 × 1 kg = 500000 × 1e-3 | 500 CH4 | 14000 |
| 土壤 4B, a sink | −3000 ha × (52 − 50) t C/ha ÷ 20 × 44/12 | −1100 CO2 | −1100 |
| 堆肥 5B1 | 40000 t × 4 kg/t × 1e-3 − 10 t recovered | 150 CH4 | 4200 |
| 垃圾填埋 5A | of 100 万吨 of 2022: 1e6 × 0.15 × 0.5 × (1 − e^−0.09) × 0.5 × 16/12 × 0.9 | 3873.0967 CH4 | 108446.7066 |
| 调入电力 ID1, indirect | 2 亿 kWh × 0.5 kg/kWh × 1e-3 | 100000 CO2 | 100000 |
| 秸秆 1A4b2, biogenic memo | 1 万吨 × 15 GJ/t × 0.1 t CO2/GJ | 15000 CO2 | 15000 |
| 井工开采 1B1a | NO | | |
| 水泥熟料 2A1 | no factor | NE | |

In 2022 every activity of the first five rows is half of that. Direct emissions of 2023:
220000 + 11550 + 14000 + 4200 + 108446.7066 = 358196.7066 without land use, 357096.7066 with it.
"""

import math
import os
import re
from datetime import date

import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods.completeness import completeness
from dafeng.domains.inventory.methods.inventory import Inventory
from dafeng.domains.inventory.methods.key_categories import estimates, key_categories, potentials
from dafeng.domains.inventory.methods.quality import check
from dafeng.domains.inventory.reports import Material, fonts
from dafeng.kernel.accounting import compile_emissions, factor_frame, propagate
from dafeng.kernel.accounting.recipes import Recipe

CITY = "411500"
RECIPES = (
    Recipe("1A", "CO2", "energy.combustion.co2.mass", item="raw_coal"),
    Recipe("1A", "CO2", "energy.combustion.co2.volume_20c", item="natural_gas"),
    Recipe("1A", "CO2", "energy.combustion.co2.energy_factor.mass", item="straw", kind="biogenic"),
    Recipe("1B1a", "CH4", "fugitive.coal.underground.ch4"),
    Recipe("2A1", "CO2", "industry.cement.clinker.ipcc.co2"),
    Recipe("3A1", "CH4", "agriculture.enteric.ch4"),
    Recipe("4B", "CO2", "lulucf.soil.mineral_co2"),
    Recipe("5A", "CH4", "waste.landfill.ch4.fod"),
    Recipe("5B1", "CH4", "waste.biological.ch4"),
    Recipe("ID1", "CO2", "energy.electricity.net_import.co2", kind="indirect"),
)  # fmt: skip


def factor(parameter, value, unit, item="", category="", **more):
    name = f"{parameter}.{item or category or 'all'}"
    return {"factor_id": name, "set": "test", "parameter": parameter, "value": value, "unit": unit, "item": item, "category": category, "standing": "confirmed", "owner": "methodology", "source": "手算", "place": "world", **more}  # fmt: skip


FACTORS = (
    factor("ncv", 20, "GJ/t", "raw_coal", lower=19, upper=21),
    factor("carbon_content", 30, "t C/TJ", "raw_coal"),
    factor("oxidation", 100, "%", "raw_coal"),
    factor("ncv_gas_20c", 0.035, "GJ/m3", "natural_gas"),
    factor("carbon_content", 15, "kg C/GJ", "natural_gas"),
    factor("oxidation", 1, "1", "natural_gas"),
    factor("ncv", 15, "GJ/t", "straw"),
    factor("co2_per_energy", 100, "t CO2/TJ", "straw"),
    factor("enteric_ch4_ef", 1, "kg CH4/head", "pig", standing="memory", note="凭记忆，待核"),
    factor("biological_ch4_ef", 4, "kg CH4/t"),
    factor("grid_ef", 0.5, "kg CO2/kWh"),
    factor("doc", 0.15, "t C/t"),
    factor("docf", 0.5, "1"),
    factor("mcf_landfill", 1, "1"),
    factor("landfill_k", 0.09, "1/a"),
    factor("methane_fraction", 0.5, "1"),
    factor("oxidation_landfill", 0.1, "1"),
)


def activities(scale_2022=0.5):
    rows = []

    def add(category, item, value, unit, year, **more):
        rows.append(
            {
                "category": category,
                "item": item,
                "value": value,
                "unit": unit,
                "year": year,
                "place": CITY,
                "basis": "statistic",
                **more,
            }
        )

    for year, part in ((2022, scale_2022), (2023, 1.0)):
        add("1A1a", "raw_coal", 10 * part, "万吨", year, uncertainty=0.05)
        add("1A4b1", "natural_gas", 600 * part, "万立方米", year, place="411502", basis="metered")
        add("3A1", "pig", 50 * part, "万头", year, variable="head", basis="estimated")
        add("4B", "cropland", 3000 * part, "ha", year, variable="land_area")
        add("4B", "cropland", 52, "t C/ha", year, variable="soc_density_now")
        add("4B", "cropland", 50, "t C/ha", year, variable="soc_density_before")
        add("5B1", "compost", 4 * part, "万吨", year, variable="treated")
        add("5B1", "compost", 10 * part, "t", year, variable="recovered")
        add("5A", "msw", 100, "万吨", year, variable="deposited")
        add("ID1", "electricity", 2, "亿千瓦时", year, variable="imported_electricity")
        add("1A4b2", "straw", 1, "万吨", year)
        add("1B1a", "coal", None, "万吨", year, variable="coal", notation="NO")
        add("2A1", "clinker", 5, "万吨", year)
    # A name that a spreadsheet would take for a formula.
    add("1A4b1", "natural_gas", 1, "万立方米", 2021, place='411502/=HYPERLINK("x")')
    return rows


def compiled(rows=None, gwp="AR5", factors=FACTORS):
    library.methods()
    emissions = compile_emissions(
        rows or activities(),
        factor_frame(list(factors)),
        RECIPES,
        sets=["test"],
        coherent=library.COHERENT,
        series=library.series(),
    )
    return Inventory(emissions, library.editions()["gl2011"], gwp, ("test",), {})


def material(inventory=None, year=2023, **more):
    inventory = inventory or compiled()
    years = sorted(inventory.cells["year"].unique())
    fields = {
        "completeness": completeness(inventory, place=CITY, years=years),
        "key_categories": key_categories(estimates(inventory, years=(2022, 2023)), year=2023, base_year=2022),
        "uncertainty": propagate(inventory.emissions, weights=potentials(inventory), by=("category", "gas"), year=year),
        "checks": check(inventory),
        "places": {"411502": "浉河区"},
        "run": "7",
    } | more
    return Material(inventory, CITY, "信阳市", "Xinyang", year, date(2026, 11, 21), **fields)


def bare(rows=None, **options):
    """A material of some rows, without any analysis."""
    return Material(compiled(rows, **options), CITY, "信阳市", "Xinyang", 2023, date(2026, 11, 21))


@pytest.fixture(scope="session")
def without_analyses():
    return bare


@pytest.fixture(scope="session")
def cjk():
    """Skip where no Chinese font is installed; fail where such tests are forced (tests/conftest.py)."""
    if not fonts.installed():
        reason = "no CJK font is installed (apt-get install fonts-noto-cjk)"
        if "browser" in os.environ.get("DAFENG_FORCE", ""):
            pytest.fail(f"tests are forced here, but {reason}")
        pytest.skip(reason)


@pytest.fixture(scope="session")
def make():
    return material


@pytest.fixture(scope="session")
def whole():
    """The material of the table above."""
    return material()


@pytest.fixture(scope="session")
def sound():
    """An inventory in which nothing is missing, guessed or unsigned: one row, and a completeness matrix of that row."""
    inventory = compiled(
        [
            {
                "category": "1A1a",
                "item": "raw_coal",
                "value": 10,
                "unit": "万吨",
                "year": 2023,
                "place": CITY,
                "basis": "statistic",
            }
        ]
    )
    only = {"1A1a": library.Category("1A1a", "", "电力", "Power", ("CO2",), "", "", "")}
    matrix = completeness(inventory, place=CITY, years=[2023], categories=only)
    return Material(inventory, CITY, "信阳市", "Xinyang", 2023, date(2026, 11, 21), completeness=matrix)


@pytest.fixture
def spreadsheet():
    return Spreadsheet


# ---------------------------------------------------------------- the evaluator

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?)|(?P<text>\"[^\"]*\")"
    r"|(?P<ref>(?:'[^']+'!)?\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?)|(?P<name>[A-Z]+)(?=\()|(?P<sign>[-+*/^(),<>=]))"
)
_BINDS = {"<": 1, ">": 1, "+": 2, "-": 2, "*": 3, "/": 3, "^": 5}


class Area(list):
    """The values of a range, row by row."""


class Spreadsheet:
    """Formulas of a workbook, computed from the plain cells only: no cached value of a formula is ever used."""

    def __init__(self, stream):
        self.book = load_workbook(stream)
        stream.seek(0)
        self.cached = load_workbook(stream, data_only=True)
        self.known = {}

    def formulas(self):
        for sheet in self.book:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith("="):
                        yield sheet.title, cell.coordinate

    def value(self, sheet, address):
        key = (sheet, address)
        if key not in self.known:
            content = self.book[sheet][address].value
            formula = isinstance(content, str) and content.startswith("=")
            self.known[key] = _Formula(self, sheet, content[1:]).value() if formula else content
        return self.known[key]

    def area(self, sheet, reference):
        left, top, right, bottom = range_boundaries(reference.replace("$", ""))
        page = self.book[sheet]
        return Area(
            self.value(sheet, page.cell(row, column).coordinate)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        )


class _Formula:
    def __init__(self, book, sheet, text):
        self.book, self.sheet = book, sheet
        self.tokens, at = [], 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            assert match, f"cannot read {text!r} at {at}"
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = 0

    def value(self):
        result = self.expression()
        assert self.at == len(self.tokens)
        return result

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, expected=None):
        kind, text = self.tokens[self.at]
        assert expected in (None, text)
        self.at += 1
        return kind, text

    def expression(self, least=0):
        left = self.operand()
        while self.peek() in _BINDS and _BINDS[self.peek()] > least:
            sign = self.take()[1]
            right = self.expression(_BINDS[sign])
            left = {
                "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
                "^": lambda a, b: a**b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
            }[sign](left, right)  # fmt: skip
        return left

    def operand(self):
        kind, text = self.take()
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1]
        if kind == "ref":
            sheet, _, reference = text.rpartition("!")
            sheet = sheet.strip("'") or self.sheet
            if ":" in reference:
                return self.book.area(sheet, reference)
            found = self.book.value(sheet, reference.replace("$", ""))
            return 0.0 if found is None else found
        if kind == "name":
            return self.call(text)
        if text == "-":
            return -self.expression(4)
        assert text == "("
        inner = self.expression()
        self.take(")")
        return inner

    def call(self, name):
        self.take("(")
        arguments = [self.expression()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.expression())
        self.take(")")
        return _FUNCTIONS[name](*arguments)


def _numbers(arguments):
    # A text or an empty cell inside a SUM counts for nothing.
    for argument in arguments:
        for cell in argument if isinstance(argument, Area) else [argument]:
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                yield cell


def _sumifs(values, *conditions):
    chosen = zip(values, *conditions[::2], strict=True)
    wanted = conditions[1::2]
    return math.fsum(
        v
        for v, *tests in chosen
        if all(t == w for t, w in zip(tests, wanted, strict=True)) and isinstance(v, int | float)
    )


_FUNCTIONS = {
    "SUM": lambda *arguments: math.fsum(_numbers(arguments)),
    "SUMIFS": _sumifs,
    "EXP": math.exp,
    "LN": math.log,
    "MIN": min,
    "MAX": max,
    "IF": lambda condition, yes, no: yes if condition else no,
}
