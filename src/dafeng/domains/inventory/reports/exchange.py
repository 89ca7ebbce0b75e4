"""The inventory as open data: a tidy CSV, the IAMC long format (read by pyam) and PRIMAP2's interchange format.

Sums over a branch of the category tree are given beside its leaves; where a heading was reported itself, its own part is
a leaf named `Unspecified`, so that every branch is the sum of what hangs on it. A cell without a number is left out there
and keeps its notation key in the tidy CSV: it is never a zero. `make nightly` reads both formats back with those packages.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import polars as pl

from dafeng.domains.inventory import library
from dafeng.domains.inventory.reports import labels
from dafeng.domains.inventory.reports.labels import ReportError
from dafeng.domains.inventory.reports.material import GROSS, SECTORS, Material
from dafeng.kernel.accounting.status import Status

TIDY = (
    "place", "place_name", "year", "sector", "sector_name", "category", "category_name", "item", "item_name", "gas", "kind", "origin",
    "basis", "mark", "emission_t", "co2e_t", "gwp_set", "status", "notation", "edition", "run",
)  # fmt: skip
IAMC = ("model", "scenario", "region", "variable", "unit", "year", "value")
_GWP_CONTEXT = {"AR2": "SARGWP100", "AR4": "AR4GWP100", "AR5": "AR5GWP100", "AR6": "AR6GWP100"}
_BRANCH = {"1": "Energy", "2": "Industrial Processes", "3": "AFOLU|Agriculture", "4": "AFOLU|Land", "5": "Waste"}
TERMINOLOGY = "CN-PROVINCIAL"  # the categories of the provincial guideline, as in categories/*.csv
_TOTAL, _GROSS_TOTAL = "0", "M.0.EL"  # with land use, and without it, as PRIMAP names them


def write_csv(target: Path | BytesIO, material: Material, *, language: str = "zh") -> None:
    """Every cell as one row, all kinds and years; UTF-8 with a mark, so that Excel shows Chinese."""
    inventory = material.inventory
    rows = []
    for cell in material.cells.sort(
        "sector", "category", "item", "gas", "kind", "place", "year", "basis", "mark"
    ).iter_rows(named=True):
        rows.append(
            (
                cell["place"], material.place_name(cell["place"]), cell["year"], cell["sector"],
                labels.sector_name(cell["sector"], language), cell["category"], labels.category_name(cell["category"], language),
                cell["item"], labels.item_name(cell["item"], language), cell["gas"], cell["kind"], cell["origin"], cell["basis"],
                cell["mark"], cell["emission"], cell["co2e"], inventory.gwp_set, Status(cell["status"]).name, cell["notation"],
                inventory.edition.id, material.run,
            )
        )  # fmt: skip
    _put(target, _table(TIDY, rows).encode("utf-8-sig"))


def _put(target: Path | BytesIO, content: bytes) -> None:
    if isinstance(target, BytesIO):
        target.write(content)
    else:
        target.write_bytes(content)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return made.getvalue()


def _safe(cell: object) -> object:
    """Numbers in full; a text that a spreadsheet would take for a formula is quoted."""
    if isinstance(cell, float):
        return repr(cell)
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


# ---------------------------------------------------------------- branches


def _parents(code: str) -> list[str]:
    """The category and those above it, the sector last."""
    known = library.categories()
    chain = [code]
    while (parent := known[chain[-1]].parent if chain[-1] in known else "") and parent not in chain:
        chain.append(parent)
    sector = "ID" if code.startswith("ID") else code[:1]
    return chain if chain[-1] == sector else [*chain, sector]


def _sums(material: Material, kinds: Sequence[str]) -> pl.DataFrame:
    """t by category and gas and year; only what has a number."""
    cells = material.cells.filter(pl.col("kind").is_in(list(kinds)) & pl.col("emission").is_not_null())
    return (
        cells.group_by("category", "gas", "year")
        .agg(pl.col("emission").sum(), pl.col("co2e").sum())
        .sort("category", "gas", "year")
    )


# ---------------------------------------------------------------- IAMC


def write_iamc(target: Path | BytesIO, material: Material) -> None:
    """The IAMC long format in English: model, scenario, region, variable, unit, year, value.

    Direct emissions under `Emissions|…`; indirect ones under `Indirect Emissions|…`, memo items under `Memo Items|…`, so that
    no sum over a branch counts them.
    """
    _put(target, _table(IAMC, iamc_rows(material)).encode())


def iamc_rows(material: Material) -> list[tuple[str, str, str, str, str, int, float]]:
    state = "" if material.status is Status.OK else f" [{material.status.name}, not for publication]"
    run = f" run {material.run}" if material.run else ""
    scenario = f"Inventory {material.inventory.edition.id} {material.inventory.gwp_set}{run}{state}"
    found: dict[tuple[str, str, int], float] = {}
    for head, kinds in (
        ("Emissions", ("direct",)),
        ("Indirect Emissions", ("indirect",)),
        ("Memo Items", ("biogenic", "bunker", "stored")),
    ):
        sums = _sums(material, kinds)
        names = _branch_names(sums["category"].unique().to_list())
        for category, gas, year, emission, co2e in sums.iter_rows():
            unit, scale = _iamc_unit(gas)
            for variable in _variables(f"{head}|{_iamc_gas(gas)}", category, names):
                found[variable, unit, year] = found.get((variable, unit, year), 0.0) + emission * scale
            if head == "Emissions" and co2e is not None:
                kyoto = f"Emissions|Kyoto Gases ({material.inventory.gwp_set}-GWP100)"
                for variable in _variables(kyoto, category, names):
                    key = (variable, "Mt CO2-equiv/yr", year)
                    found[key] = found.get(key, 0.0) + co2e / 1e6
    return [
        ("dafeng", scenario, material.name_en, variable, unit, year, value)
        for (variable, unit, year), value in sorted(found.items())
    ]


def _iamc_gas(gas: str) -> str:
    family = labels.family(gas)
    name = gas.replace("-", "")
    return f"{family.removesuffix('s')}|{name}" if family in ("HFCs", "PFCs") else name


def _iamc_unit(gas: str) -> tuple[str, float]:
    return (f"Mt {gas}/yr", 1e-6) if gas in ("CO2", "CH4") else (f"kt {gas.replace('-', '')}/yr", 1e-3)


def _branch_names(used: Iterable[str]) -> dict[str, str]:
    """Category → the words of its branch below the gas. A heading that was reported itself gets a leaf of its own."""
    codes = set(used)
    headings = {parent for code in codes for parent in _parents(code)[1:]}
    names: dict[str, str] = {}
    for code in sorted(codes | headings):
        words = [_word(part) for part in reversed(_parents(code)[:-1])]
        names[code] = "|".join([_BRANCH.get(_parents(code)[-1], "Indirect"), *words])
    return names | {f"{code}*": f"{names[code]}|Unspecified" for code in codes & headings}


def _word(code: str) -> str:
    known = library.categories().get(code)
    return (known.name_en if known and known.name_en else code).replace("|", "/")


def _variables(head: str, category: str, names: dict[str, str]) -> Iterator[str]:
    """The variable of the category and of every branch above it, up to the gas itself (a family of gases has no sum in tonnes)."""
    words = names.get(f"{category}*", names[category]).split("|")
    branch = head.split("|")
    for length in range(len(words), -1, -1):
        yield "|".join([*branch, *words[:length]])


# ---------------------------------------------------------------- PRIMAP2


def write_primap2(target: Path, material: Material) -> tuple[Path, Path]:
    """Write `target`.csv and `target`.yaml; returns both. Raises `ReportError` when there is no number to write."""
    paths = []
    for name, content in primap2_files(material, target.stem).items():
        path = target.with_name(name)
        path.write_bytes(content)
        paths.append(path)
    return paths[0], paths[1]


def primap2_files(material: Material, stem: str) -> dict[str, bytes]:
    """Name → content of the interchange format's two files.

    Categories are those of the provincial guideline; direct emissions only, with totals `0` (with land use) and `M.0.EL`
    (without); indirect emissions are category `ID` and bunkers `1M`, outside both. The sum of gases is `KYOTOGHG (AR5GWP100)`
    and the like; AR6 with two values for methane has no such context and is given by gas only.
    """
    years = material.years
    area, category, scenario = "area (GBT2260)", f"category ({TERMINOLOGY})", "scenario (dafeng)"
    values: dict[tuple[str, str, str], dict[int, float]] = {}
    context = _GWP_CONTEXT.get(material.inventory.gwp_set)

    def add(code: str, entity: str, unit: str, year: int, amount: float) -> None:
        row = values.setdefault((code, entity, unit), {})
        row[year] = row.get(year, 0.0) + amount

    for code, gas, year, emission, co2e in _sums(material, ("direct", "indirect", "bunker")).iter_rows():
        name = gas.replace("-", "")
        parents = _parents(code)
        counted = parents[-1] in SECTORS and not code.startswith("1M")
        above = [part for part in parents if part != "1" or counted]
        totals = ([_TOTAL] + ([_GROSS_TOTAL] if parents[-1] in GROSS else [])) if counted else []
        for part in (*above, *totals):
            add(part, name, f"t {name} / yr", year, emission)
            if context and co2e is not None:
                add(part, f"KYOTOGHG ({context})", "t CO2 / yr", year, co2e)
    if not values:
        raise ReportError("没有可导出的排放量", expected="至少一个有数值的单元格")
    label = f"{material.inventory.edition.id}{f' run {material.run}' if material.run else ''}"
    head = ("source", scenario, area, "entity", "unit", category, *map(str, years))
    rows = [
        ("dafeng", label, material.place, entity, unit, code, *(row.get(year) for year in years))
        for (code, entity, unit), row in sorted(values.items())
    ]
    table = _table(head, rows)
    state = "" if material.status is Status.OK else f"; status {material.status.name}, not for publication"
    comment = f"guideline {material.inventory.edition.id}, GWP {material.inventory.gwp_set}{state}"
    meta = [
        "attrs:",
        f"  area: {area}",
        f"  cat: {category}",
        f"  scen: {scenario}",
        f"  title: Greenhouse gas inventory of {_plain(material.name_en)}",
        f"  comment: {comment}",
        f"  publication_date: {material.made_on.isoformat()}",
        f"data_file: {stem}.csv",
        "dimensions:",
        "  '*':",
        *(f"  - {name}" for name in sorted((area, category, "entity", scenario, "source", "time", "unit"))),
        "time_format: '%Y'",
    ]
    return {f"{stem}.csv": table.encode(), f"{stem}.yaml": ("\n".join(meta) + "\n").encode()}


def _plain(text: str) -> str:
    """Without what a line of YAML would read as structure."""
    return " ".join(text.replace(":", " ").replace("#", " ").split())
