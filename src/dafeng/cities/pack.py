"""Load a pack: its files as frames, and the activity rows that an inventory is compiled from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl

from dafeng.cities import estimates
from dafeng.cities.tables import COLUMNS, HOME, Table, read_table, read_toml, year_of
from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods import balance
from dafeng.kernel.errors import PackError, Place

PACK_FILE = "pack.toml"
# What the rules read besides the pack: when one of these changes, the pack's rows may change.
_RULE_SOURCES = ("methods/balance*.py", "methods/gaps.py", "balance/*.csv", "factors/standard_coal.csv")


@dataclass(frozen=True)
class CityPack:
    """A pack as read. `statistics` and `reference` are as printed; `direct` is activity that needs no estimate.

    `tiers`: category prefix → tier that the city compiles with. `counties`: code → (name, name_en). `balances`: cells of all energy balances (see `methods.balance.COLUMNS`), and
    `balance_info` what the pack says about each year's table. `rules`: see `estimates`. `boundary` is GeoJSON text, empty
    when there is none.
    """

    path: Path
    code: str
    name: str
    name_en: str
    edition: str
    gwp: str
    tiers: dict[str, str]
    years: tuple[int, int]
    counties: dict[str, tuple[str, str]]
    map: dict[str, Any]
    boundary: str = field(repr=False)
    statistics: pl.DataFrame = field(repr=False)
    reference: pl.DataFrame = field(repr=False)
    direct: pl.DataFrame = field(repr=False)
    notation: pl.DataFrame = field(repr=False)
    enterprises: pl.DataFrame = field(repr=False)
    projects: pl.DataFrame = field(repr=False)
    balances: pl.DataFrame = field(repr=False)
    balance_info: dict[int, dict[str, Any]] = field(repr=False)
    rules: list[dict[str, Any]] = field(repr=False)
    organisations: list[dict[str, str]] = field(repr=False)
    demo_users: list[dict[str, str]] = field(repr=False)
    demo_enterprises: list[dict[str, str]] = field(repr=False)

    @property
    def boundary_note(self) -> str:
        """What must stand beside a map: approval number, and whether anyone has verified it."""
        if not self.map:
            return ""
        approval = self.map.get("approval", "")
        state = "" if self.map.get("verified") else "（未经核对，公开前须到官方网站核实）"
        return "；".join(
            part for part in (f"审图号 {approval}{state}" if approval else "", self.map.get("source", "")) if part
        )

    @property
    def boundary_note_en(self) -> str:
        """The same for a page in English; the source in its own words where the pack has no `source_en`."""
        if not self.map:
            return ""
        approval = self.map.get("approval", "")
        state = "" if self.map.get("verified") else " (not verified: check at the official site before publishing)"
        source = self.map.get("source_en") or self.map.get("source", "")
        return "; ".join(part for part in (f"map approval {approval}{state}" if approval else "", source) if part)

    def place_names(self) -> dict[str, str]:
        """Code to Chinese name: the place itself first, then its counties."""
        return {self.code: self.name} | {code: name for code, (name, _) in self.counties.items()}

    def activity(self, *, level: Literal["county", "city"] = "county") -> pl.DataFrame:
        """Direct rows, rows made by the rules (marked, basis `estimated`) and notation keys, ready for a compile.

        `level="city"` leaves out the rules that split among counties. Raises `PackError` for a rule that cannot be
        carried out, naming it.
        """
        made = estimates.run(self, counties=level == "county")
        frames = [frame for frame in (self._direct(), made, self._notations()) if frame.height]
        return pl.concat(frames, how="diagonal") if frames else estimates.empty()

    def _direct(self) -> pl.DataFrame:
        note = pl.when(pl.col("note") != "").then(pl.format("{}；{}", "source", "note")).otherwise(pl.col("source"))
        return self.direct.with_columns(note.alias("source"), pl.lit("").alias("mark")).drop("note")

    def _notations(self) -> pl.DataFrame:
        """One row for each year of a notation key; an empty year means the pack's first or last."""
        first, last = self.years
        source = (
            pl.when(pl.col("source") != "").then(pl.format("{}（{}）", "reason", "source")).otherwise(pl.col("reason"))
        )
        spans = self.notation.with_columns(
            pl.int_ranges(pl.col("first_year").fill_null(first), pl.col("last_year").fill_null(last) + 1).alias("year")
        )
        return spans.explode("year").select(
            "category",
            "item",
            *(pl.lit("").alias(name) for name in ("technology", "variable", "mark")),
            pl.lit(self.code).alias("place"),
            pl.col("year").cast(pl.Int16),
            pl.lit(None, dtype=pl.Float64).alias("value"),
            pl.struct("category", "item").map_elements(_unit_of, return_dtype=pl.String).alias("unit"),
            pl.lit("reported").alias("basis"),
            source.alias("source"),
            "notation",
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the pack, the packs it draws on and the rules' own code: equal digests give equal rows."""
        others = {locate(rule["balances"]) for rule in self.rules if rule.get("balances")} - {self.path}
        files = {f"pack/{path.relative_to(self.path)}": path for path in self.path.rglob("*")}
        files |= {f"{folder.name}/{path.relative_to(folder)}": path for folder in others for path in folder.rglob("*")}
        files |= {f"cities/{path.name}": path for path in (*HOME.glob("*.py"), HOME / "indicators.csv")}
        files |= {
            f"rules/{path.name}": path for pattern in _RULE_SOURCES for path in sorted(library.HOME.glob(pattern))
        }
        found = hashlib.sha256()
        for label, path in sorted(files.items()):
            if path.is_file():
                found.update(label.encode())
                found.update(path.read_bytes())
        return found.hexdigest()


def _unit_of(key: Mapping[str, str]) -> str:
    """The unit that a row of this kind would have, to find its gases; without an item it speaks for all gases."""
    if not key["item"]:
        return "1"
    fitting = [item for item in library.items() if key["category"].startswith(item.category)]
    named = [item for item in fitting if item.item == key["item"]]
    for item in sorted(named or fitting, key=lambda item: -len(item.category)):
        return item.unit
    return "1"


def builtin_packs() -> list[str]:
    """Names of the packs that come with the package."""
    return sorted(path.parent.name for path in HOME.glob(f"*/{PACK_FILE}"))


def locate(name_or_path: str | Path) -> Path:
    """The folder of a pack: a path, or the name of a built-in one. Raises `PackError` when there is none."""
    text = str(name_or_path)
    for path in (Path(text), HOME / text):
        if (path / PACK_FILE).is_file():
            return path.resolve()
    raise PackError(f"没有数据包“{text}”", expected=f"文件夹（内有 {PACK_FILE}），或 {'、'.join(builtin_packs())}")


def load_pack(name_or_path: str | Path) -> CityPack:
    """Read a pack. Raises `PackError` naming file and line of the first thing that cannot be read.

    Reading is not checking: see `check_pack` for codes, units, sources and all else that a table can get wrong.
    """
    folder = locate(name_or_path)
    about = _toml(folder / PACK_FILE)
    missing = [name for name in ("name", "name_en", "code", "edition", "gwp", "years") if name not in about]
    if missing:
        raise PackError(f"缺少 {'、'.join(missing)}", where=Place(file=PACK_FILE))
    frames = {kind: _frame(folder / f"{kind}.csv", kind) for kind in COLUMNS if kind != "balance"}
    extra = [_frame(path, "reference") for path in sorted(folder.glob("*_reference.csv"))]
    map_ = about.get("map", {})
    return CityPack(
        path=folder,
        code=str(about["code"]),
        name=about["name"],
        name_en=about["name_en"],
        edition=about["edition"],
        gwp=about["gwp"],
        tiers={str(prefix): str(tier) for prefix, tier in about.get("tiers", {}).items()},
        years=(int(about["years"][0]), int(about["years"][-1])),
        counties={str(code): (names[0], names[-1]) for code, names in about.get("counties", {}).items()},
        map=map_,
        boundary=_text(folder / map_["file"]) if map_.get("file") else "",
        statistics=_dated(frames["statistics"]),
        reference=_dated(pl.concat([frames["reference"], *extra])),
        direct=frames["activity"],
        notation=frames["notation"],
        enterprises=frames["enterprises"],
        projects=frames["projects"],
        balances=_balances(folder, about),
        balance_info={int(year): info for year, info in about.get("balances", {}).items()},
        rules=_toml(folder / "estimates.toml").get("rule", []),
        organisations=_toml(folder / "organisations.toml").get("organisation", []),
        demo_users=_toml(folder / "demo_users.toml").get("user", []),
        demo_enterprises=_toml(folder / "demo_enterprises.toml").get("enterprise", []),
    )


def _toml(path: Path) -> dict[str, Any]:
    if path.name != PACK_FILE and not path.exists():
        return {}
    content, problems = read_toml(path)
    if problems:
        raise problems[0].error()
    return content


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError("边界文件读不出来", where=Place(file=path.name)) from error


def _frame(path: Path, kind: str) -> pl.DataFrame:
    if not path.exists():
        return Table(kind, path.name).frame()
    table = read_table(path, kind)
    if table.problems:
        raise table.problems[0].error()
    return table.frame()


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    """With `year`, null where the period is not a whole year."""
    return frame.with_columns(pl.Series("year", [year_of(text) for text in frame["period"]], dtype=pl.Int16))


def _balances(folder: Path, about: Mapping[str, Any]) -> pl.DataFrame:
    found = [balance.balance_frame(pl.DataFrame(schema=balance.SCHEMA))]
    for year, info in about.get("balances", {}).items():
        cells = _frame(folder / info["file"], "balance").with_columns(
            pl.lit(str(about["code"])).alias("place"),
            pl.lit(int(year)).alias("year"),
            pl.lit(info["source"]).alias("source"),
        )
        found.append(balance.balance_frame(cells))
    return pl.concat(found)
