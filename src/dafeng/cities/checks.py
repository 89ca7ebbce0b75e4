"""Everything that can be wrong with a pack, each with file and line, in the words of the person who wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from dafeng.cities.estimates import FIELDS, KINDS
from dafeng.cities.pack import PACK_FILE, load_pack, locate
from dafeng.cities.tables import (
    Problem,
    Table,
    indicators,
    line_of,
    periods_of,
    read_table,
    read_toml,
)
from dafeng.domains.inventory import library
from dafeng.domains.inventory.methods import balance
from dafeng.kernel.accounting import activity_frame
from dafeng.kernel.accounting.activity import BASES
from dafeng.kernel.accounting.status import Notation
from dafeng.kernel.errors import DafengError, PeriodError, PlaceError, UnitError
from dafeng.kernel.quantities import gases, places, units

ROLES = (
    "leader", "ndrc", "ecology", "statistics", "department", "county", "enterprise", "verifier", "bank", "grid",
    "citizen", "operator", "scene", "merchant", "admin",
)  # fmt: skip
_SHARE = re.compile(r"(share|fraction|rate|urbanisation|coverage)")
_CHINA = (73.0, 3.0, 136.0, 54.0)  # longitude and latitude that a Chinese place can have


def check_pack(path: str | Path) -> list[Problem]:
    """All problems of a pack, in the order of its files; empty when there is none. Raises `PackError` for no pack."""
    folder = locate(path)
    check = _Check(folder)
    check.about()
    for kind in ("statistics", "reference", "activity", "notation", "enterprises", "projects"):
        check.table(folder / f"{kind}.csv", kind)
    for extra in sorted(folder.glob("*_reference.csv")):
        check.table(extra, "reference")
    check.balances()
    check.boundary()
    check.people()
    check.rules()
    if not check.problems:
        check.compiles()
    return check.problems


class _Check:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.pack: dict[str, Any] = {}

    def fault(self, file: str, line: int, message: str) -> None:
        self.problems.append(Problem(file, line, message))

    def _toml(self, name: str, text: str, message: str) -> None:
        self.fault(name, line_of(self.folder / name, text), message)

    # ------------------------------------------------------------ pack.toml

    def about(self) -> None:
        self.pack, problems = read_toml(self.folder / PACK_FILE)
        self.problems += problems
        if problems:
            return
        for name in ("name", "name_en", "code", "edition", "gwp", "years"):
            if not self.pack.get(name):
                self.fault(PACK_FILE, 1, f"缺少 {name}")
        self._code()
        for prefix, tier in self.pack.get("tiers", {}).items():
            known = {
                r.tier for r in library.recipes() if prefix.startswith(r.category) or r.category.startswith(prefix)
            }
            if tier not in known:
                self._toml(
                    PACK_FILE, prefix, f"类别 {prefix} 没有层级“{tier}”；应为 {'、'.join(sorted(known)) or '已有类别'}"
                )
        edition = self.pack.get("edition")
        if edition and edition not in library.editions():
            self._toml(PACK_FILE, "edition", f"没有编制依据“{edition}”；应为 {'、'.join(library.editions())}")
        if self.pack.get("gwp") and self.pack["gwp"] not in gases.SETS:
            self._toml(PACK_FILE, "gwp", f"不认识的 GWP 版本“{self.pack['gwp']}”；应为 {'、'.join(gases.SETS)}")
        years = self.pack.get("years")
        if years and not (
            isinstance(years, list)
            and len(years) == 2
            and all(isinstance(y, int) for y in years)
            and years[0] <= years[1]
        ):
            self._toml(PACK_FILE, "years", "years 应为 [起始年, 终止年]")

    def _code(self) -> None:
        code = str(self.pack.get("code", ""))
        try:
            kind = places.level(code)
        except PlaceError:
            kind = ""
        if kind not in ("city", "province"):
            self._toml(PACK_FILE, "code", f"地区代码“{code}”不是市或省的 GB/T 2260 代码")
        for county, names in self.pack.get("counties", {}).items():
            if not re.fullmatch(r"[0-9]{6}", county) or county.endswith("00") or county[:4] != code[:4]:
                self._toml(PACK_FILE, county, f"县区代码“{county}”不在 {code} 之下")
            if not (isinstance(names, list) and len(names) == 2 and all(names)):
                self._toml(PACK_FILE, county, f"县区 {county} 应写中文名和英文名两项")

    def known_places(self) -> set[str]:
        return {str(self.pack.get("code", "")), *self.pack.get("counties", {})}

    def _place(self, table: Table, row: Mapping[str, Any], code: str) -> None:
        if code.split("/")[0] not in self.known_places():
            table.fault(row["line"], f"地区“{code}”不是本市或所辖县区的代码")

    # ------------------------------------------------------------ tables

    def table(self, path: Path, kind: str) -> None:
        if not path.exists():
            return
        table = read_table(path, kind)
        check = {
            "statistics": self._statistic,
            "reference": self._statistic,
            "activity": self._activity,
            "notation": self._notation,
            "enterprises": self._listed,
            "projects": self._listed,
        }[kind]
        for row in table.rows:
            check(table, row)
        key = {
            "statistics": ("indicator", "series", "place", "period"),
            "reference": ("indicator", "series", "place", "period"),
            "activity": ("category", "item", "technology", "variable", "place", "year"),
            "notation": ("category", "item", "first_year", "last_year"),
            "enterprises": ("name", "source"),
            "projects": ("name", "source"),
        }[kind]
        seen: dict[tuple[Any, ...], int] = {}
        for row in table.rows:
            identity = tuple(row[name] for name in key)
            if identity in seen:
                table.fault(row["line"], f"与第 {seen[identity]} 行重复（{'、'.join(key)} 相同）")
            seen.setdefault(identity, row["line"])
        self.problems += sorted(table.problems, key=lambda problem: problem.line)

    def _statistic(self, table: Table, row: dict[str, Any]) -> None:
        line, known = row["line"], indicators().get(row["indicator"])
        self._place(table, row, row["place"])
        try:
            periods_of(row["period"])
        except PeriodError as error:
            table.fault(line, str(error))
        if known is None:
            table.fault(line, f"不认识的指标“{row['indicator']}”；见 cities/indicators.csv")
        elif row["unit"] not in known["units"] and not any(_fits(row["unit"], unit) for unit in known["units"]):
            table.fault(line, f"{known['name']}的单位“{row['unit']}”不对；应为 {' 或 '.join(known['units'])}")
        self._percent(table, row, row["indicator"])

    def _activity(self, table: Table, row: dict[str, Any]) -> None:
        line = row["line"]
        self._place(table, row, row["place"])
        if row["basis"] not in BASES:
            table.fault(line, f"不认识的数据依据“{row['basis']}”；应为 {'、'.join(BASES)}")
        if row["uncertainty"] is not None and row["uncertainty"] < 0:
            table.fault(line, "不确定性不能为负；应为 95 % 区间的半宽，如 0.2")
        self._percent(table, row, row["variable"])
        if not self._category(table, row):
            return
        fitting = [
            item for item in library.items() if item.item == row["item"] and row["category"].startswith(item.category)
        ]
        same = [item for item in fitting if not row["variable"] or item.variable == row["variable"]]
        if not fitting:
            table.fault(line, f"类别 {row['category']} 没有品种“{row['item']}”")
        elif not same:
            wanted = "、".join(dict.fromkeys(item.variable or "（空）" for item in fitting))
            table.fault(line, f"{row['item']} 没有变量“{row['variable']}”；应为 {wanted}")
        elif not _known_unit(row["unit"]):
            table.fault(line, f"不认识的单位“{row['unit']}”")
        elif not any(_burns_or_fits(row["unit"], item.unit) for item in same):
            table.fault(line, f"单位“{row['unit']}”与 {row['item']} 不符；应为 {same[0].unit} 或可换算的单位")
        technologies = {code for item in same for code, _ in item.technologies}
        if row["technology"] and technologies and row["technology"] not in technologies:
            table.fault(line, f"{row['item']} 没有技术“{row['technology']}”；应为 {'、'.join(sorted(technologies))}")

    def _category(self, table: Table, row: Mapping[str, Any]) -> bool:
        if row["category"] in library.categories():
            return True
        table.fault(row["line"], f"没有排放源类别“{row['category']}”")
        return False

    def _percent(self, table: Table, row: Mapping[str, Any], name: str) -> None:
        """A share written in the wrong unit is plausible and wrong: 0.35 % for 35 %, or 35 for 0.35."""
        value, unit = row["value"], row["unit"]
        if value is None or not _SHARE.search(name) or "growth" in name:
            return
        if unit in ("%", "％") and not 0 <= value <= 100:
            table.fault(row["line"], f"比例 {value:g}% 不在 0 到 100 之间")
        elif unit in ("%", "％") and 0 < value < 1:
            table.fault(
                row["line"], f"比例写作 {value:g}%，像是把小数当成了百分数；若为 {100 * value:g}% 请写 {100 * value:g}"
            )
        elif unit == "1" and not 0 <= value <= 1:
            table.fault(row["line"], f"比例写作 {value:g}，单位却是 1；若为 {value:g}% 请把单位写作 %")

    def _notation(self, table: Table, row: dict[str, Any]) -> None:
        self._category(table, row)
        if row["notation"] not in set(Notation):
            table.fault(row["line"], f"不认识的标记符号“{row['notation']}”；应为 {'、'.join(Notation)}")
        elif row["notation"] != Notation.NE and not row["source"]:
            table.fault(row["line"], f"标 {row['notation']} 须有出处；没有出处请标 NE 并写明原因")
        if row["first_year"] and row["last_year"] and row["first_year"] > row["last_year"]:
            table.fault(row["line"], "起始年晚于终止年")

    def _listed(self, table: Table, row: dict[str, Any]) -> None:
        for code in filter(None, row["place"].split(";")):
            self._place(table, row, code)
        if "capacity" in row and (row["capacity"] is None) != (not row["capacity_unit"]):
            table.fault(row["line"], "capacity 与 capacity_unit 要么都填，要么都空")

    # ------------------------------------------------------------ balances

    def balances(self) -> None:
        for year, info in self.pack.get("balances", {}).items():
            lacking = [name for name in ("file", "source", "blank", "step") if not info.get(name)]
            if lacking or not re.fullmatch(r"(19|20)[0-9]{2}", str(year)):
                self._toml(
                    PACK_FILE, f"[balances.{year}]", f"能源平衡表 {year} 缺少 {'、'.join(lacking) or '正确的年份'}"
                )
                continue
            table = read_table(self.folder / info["file"], "balance")
            self._cells(table)
            if not table.problems and not self._adds_up(table, int(year), info):
                continue
            self.problems += table.problems

    def _cells(self, table: Table) -> None:
        seen: dict[tuple[str, str], int] = {}
        for row in table.rows:
            try:
                cell = (balance.row_code(row["row"]), balance.fuel_code(row["fuel"]))
                wanted = balance.fuels()[cell[1]].unit
                if not (row["unit"] in balance.STANDARD_COAL or _fits(row["unit"], wanted)):
                    table.fault(row["line"], f"{row['fuel']}的单位“{row['unit']}”不对；应为 {wanted} 或标准煤")
                if cell in seen:
                    table.fault(row["line"], f"与第 {seen[cell]} 行是同一个单元格")
                seen.setdefault(cell, row["line"])
            except DafengError as error:
                table.fault(row["line"], str(error))

    def _adds_up(self, table: Table, year: int, info: Mapping[str, Any]) -> bool:
        cells = table.frame().with_columns(
            pl.lit(str(self.pack.get("code"))).alias("place"), pl.lit(year).alias("year")
        )
        try:
            found = balance.check_balance(cells, step=info["step"], blank=info["blank"])
        except DafengError as error:
            table.fault(0, str(error))
            return True
        fails = found.filter(pl.col("verdict") == "fails")
        declared = info.get("faults", 0)
        if fails.height != declared:
            first = f"；第一处：{fails['message'][0]}" if fails.height else ""
            table.fault(0, f"{year} 年平衡表有 {fails.height} 处对不上，数据包登记了 {declared} 处（faults）{first}")
        return bool(fails.height != declared)

    # ------------------------------------------------------------ boundary

    def boundary(self) -> None:
        info = self.pack.get("map", {})
        if not info:
            return
        if not info.get("source"):
            self._toml(PACK_FILE, "[map]", "边界缺少出处 source")
        path = self.folder / str(info.get("file", ""))
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            self.fault(path.name, 0, "边界文件读不出来；应为 UTF-8 的 GeoJSON")
            return
        except json.JSONDecodeError as error:
            self.fault(path.name, error.lineno, f"不是合法的 JSON（{error.msg}）")
            return
        if (
            not isinstance(data, dict)
            or data.get("type") != "FeatureCollection"
            or not isinstance(data.get("features"), list)
        ):
            self.fault(path.name, 1, "应为 GeoJSON FeatureCollection")
            return
        found: dict[str, int] = {}
        for number, feature in enumerate(data["features"], 1):
            self._feature(path.name, number, feature, found)
        counties = set(self.pack.get("counties", {}))
        for code in sorted(counties - set(found)):
            self.fault(path.name, 0, f"县区 {code} 没有边界")
        for code in sorted(set(found) - counties):
            self.fault(path.name, 0, f"边界中的 {code} 不在 pack.toml 的县区中")

    def _feature(self, file: str, number: int, feature: Any, found: dict[str, int]) -> None:
        where = f"第 {number} 个要素"
        properties = feature.get("properties") if isinstance(feature, dict) else None
        code = str((properties or {}).get("adcode", ""))
        if not code:
            self.fault(file, 0, f"{where}没有 properties.adcode")
        elif code in found:
            self.fault(file, 0, f"{where}与第 {found[code]} 个要素的代码 {code} 相同")
        else:
            found[code] = number
        geometry = (feature.get("geometry") if isinstance(feature, dict) else None) or {}
        kind, coordinates = geometry.get("type"), geometry.get("coordinates")
        if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list):
            self.fault(file, 0, f"{where}（{code}）应为 Polygon 或 MultiPolygon")
            return
        for ring in _rings(kind, coordinates):
            fault = _ring_fault(ring)
            if fault:
                self.fault(file, 0, f"{where}（{code}）{fault}")
                return

    # ------------------------------------------------------------ people and rules

    def people(self) -> None:
        organisations = self._entries("organisations.toml", "organisation", ("code", "name", "name_en", "place"))
        known = {str(entry.get("code")) for entry in organisations}
        users = self._entries("demo_users.toml", "user", ("username", "display_name", "organisation", "role", "place"))
        enterprises = self._entries(
            "demo_enterprises.toml", "enterprise", ("code", "name", "name_en", "place", "organisation")
        )
        for name, entries, key in (
            ("organisations.toml", organisations, "code"),
            ("demo_enterprises.toml", enterprises, "code"),
            ("demo_users.toml", users, "username"),
        ):
            codes = [str(entry.get(key)) for entry in entries]
            for code in sorted({code for code in codes if codes.count(code) > 1}):
                self._toml(name, f'"{code}"', f"{key} “{code}”重复")
        for entry in users:
            where = f'"{entry.get("username")}"'
            if entry.get("organisation") not in known:
                self._toml("demo_users.toml", where, f"没有组织“{entry.get('organisation')}”")
            if entry.get("role") not in ROLES:
                self._toml("demo_users.toml", where, f"没有角色“{entry.get('role')}”；应为 {'、'.join(ROLES)}")

    def _entries(self, name: str, key: str, fields: Iterable[str]) -> list[dict[str, Any]]:
        if not (self.folder / name).exists():
            return []
        content, problems = read_toml(self.folder / name)
        self.problems += problems
        entries = [entry for entry in content.get(key, []) if isinstance(entry, dict)]
        for number, entry in enumerate(entries, 1):
            for field in fields:
                if not entry.get(field):
                    self.fault(name, 0, f"第 {number} 个 {key} 缺少 {field}")
            if entry.get("place") and entry["place"] not in self.known_places():
                self._toml(name, f'"{entry["place"]}"', f"地区“{entry['place']}”不是本市或所辖县区的代码")
        return entries

    def rules(self) -> None:
        name = "estimates.toml"
        if not (self.folder / name).exists():
            return
        content, problems = read_toml(self.folder / name)
        self.problems += problems
        for rule in content.get("rule", []):
            where = f'"{rule.get("id", "")}"'
            if not rule.get("id") or not rule.get("title"):
                self._toml(name, where, "每条规则都要有 id 和 title")
            if rule.get("kind") not in KINDS:
                self._toml(name, where, f"没有“{rule.get('kind', '')}”这种规则；应为 {'、'.join(KINDS)}")
            for field in (field for field in FIELDS.get(rule.get("kind", ""), ()) if not rule.get(field)):
                why = "：请写明估算的依据与不足" if field == "note" else ""
                self._toml(name, where, f"规则“{rule.get('id')}”缺少 {field}{why}")
            for indicator in [*rule.get("sectors", {}), *filter(None, (rule.get("proxy"), rule.get("indicator")))]:
                if indicator not in indicators():
                    self._toml(name, where, f"规则“{rule.get('id')}”用到不认识的指标“{indicator}”")
            for fuel, entry in rule.get("coefficients", {}).items():
                if fuel not in balance.fuels() or not all(entry.get(field) for field in ("value", "unit", "source")):
                    self._toml(
                        name, f"coefficients.{fuel}", f"系数 {fuel} 应有 value、unit、source，品种代码应在平衡表内"
                    )

    def compiles(self) -> None:
        """The last test: the rows can be made, and a compile would take them."""
        try:
            activity_frame(load_pack(self.folder).activity())
        except DafengError as error:
            self.fault(
                error.where.file or PACK_FILE,
                error.where.row or 0,
                f"{error.what}{f'；应为{error.expected}' if error.expected else ''}",
            )


def _fits(unit: str, wanted: str) -> bool:
    return _known_unit(unit) and _known_unit(wanted) and units.convertible(unit, wanted)


def _burns_or_fits(unit: str, wanted: str) -> bool:
    """A fuel may be given by mass, volume or heat whatever its usual unit is."""
    fuel = any(_fits(wanted, kind) for kind in ("t", "m3", "Nm3", "GJ"))
    return _fits(unit, wanted) or (fuel and any(_fits(unit, kind) for kind in ("t", "m3", "Nm3", "GJ")))


def _known_unit(unit: str) -> bool:
    try:
        units.parse(unit)
    except UnitError:
        return False
    return True


def _rings(kind: str, coordinates: list[Any]) -> list[Any]:
    polygons = coordinates if kind == "MultiPolygon" else [coordinates]
    return [ring for polygon in polygons if isinstance(polygon, list) for ring in polygon]


def _ring_fault(ring: Any) -> str:
    if not isinstance(ring, list) or len(ring) < 4:
        return "的一圈边界少于 4 个点"
    number: Callable[[Any], bool] = lambda value: isinstance(value, (int, float)) and not isinstance(value, bool)  # noqa: E731
    if not all(isinstance(point, list) and len(point) >= 2 and number(point[0]) and number(point[1]) for point in ring):
        return "的坐标不是成对的数"
    if ring[0] != ring[-1]:
        return "的一圈边界没有闭合"
    west, south, east, north = _CHINA
    if not all(west <= point[0] <= east and south <= point[1] <= north for point in ring):
        return "有点不在中国范围内；坐标应为 [经度, 纬度]"
    return ""
