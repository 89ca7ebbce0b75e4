"""The register of departments: one entry for 发展改革委, 市发展改革委 and 发改委, its predecessors included.

The entries are data (`departments.toml`). A plan's own form is kept where it is official (住房和城乡建设局); a colloquial
one is replaced by the name (发改委 → 发展改革委). The level (市, 省, 县) is carried over a list, as it is read aloud.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LEVELS = "市省县区州旗盟"
LEVEL = re.compile(rf"^(?:自治区|自治州|自治县|全[{LEVELS}]|[{LEVELS}])")
UNIT_END = re.compile(
    r"(?:局|委|委员会|办|办公室|厅|公司|集团|政府|中心|委会|行|院|社|队|处|署|部|站|海关|妇联|团委|工会|科协|残联|工商联|高校|学院|大学"
    r"|平台|机场|银行|支行|分行|协会|法院|分局|部门|单位|县区|开发区|园区|党校|电台|所|企业|公署|机构|司|关|学校|街道|乡镇|区|县)$"
)


@dataclass(frozen=True)
class Department:
    id: str
    name: str
    also: tuple[str, ...]
    short: tuple[str, ...]
    before: tuple[str, ...]
    free: bool

    @property
    def forms(self) -> tuple[str, ...]:
        return (self.name, *self.also, *self.short, *self.before)


@dataclass(frozen=True)
class Named:
    """A department as a list names it: `name` in the register's manner, `printed` as it stands."""

    name: str
    printed: str
    id: str


@cache
def departments() -> tuple[Department, ...]:
    rows = tomllib.loads(files(__package__).joinpath("departments.toml").read_text("utf-8"))["department"]
    return tuple(
        Department(
            row["id"],
            row["name"],
            tuple(row.get("also", ())),
            tuple(row.get("short", ())),
            tuple(row.get("before", ())),
            row.get("free", False),
        )
        for row in rows
    )


@cache
def _by_form() -> dict[str, Department]:
    found: dict[str, Department] = {}
    for department in departments():
        for form in department.forms:
            found.setdefault(_bare(form), department)
    return found


@cache
def _by_ending() -> tuple[tuple[str, Department], ...]:
    """Forms long enough to be known by their ending: 江城银保监分局, 国网江城供电公司."""
    forms = ((form, department) for form, department in _by_form().items() if len(form) >= 3)
    return tuple(sorted(forms, key=lambda pair: -len(pair[0])))


def _bare(name: str) -> str:
    """Without brackets and stops, so that 各县（市、区） and 各县(市区) are one."""
    return re.sub(r"[（）()、\s]", "", name)


def strip_level(name: str) -> tuple[str, str]:
    """(level, rest): 市市场监管局 → (市, 市场监管局), but 市场监管局 → ("", 市场监管局)."""
    if _bare(name) in _by_form():
        return "", name
    found = LEVEL.match(name)
    if found and len(name) - found.end() >= 2:
        return found[0], name[found.end() :]
    return "", name


def look_up(name: str) -> Department | None:
    """The register's entry for a name in any known form, with or without its level; None where it has none."""
    bare = _bare(name)
    by_form = _by_form()
    if bare in by_form:
        return by_form[bare]
    _, rest = strip_level(name)
    if _bare(rest) in by_form:
        return by_form[_bare(rest)]
    return next((department for form, department in _by_ending() if bare.endswith(form)), None)


def named(printed: str, level: str) -> Named:
    """A printed name with its level restored, colloquial forms replaced."""
    own, rest = strip_level(printed)
    department = look_up(printed)
    if department is None:
        return Named(printed, printed, "")
    exact = _by_form().get(_bare(rest)) is department
    if exact and _bare(rest) in department.short:
        rest = department.name
    if department.free or not exact:
        return Named(printed if not exact or not own else own + rest, printed, department.id)
    return Named((own or level) + rest, printed, department.id)


def looks_like_unit(name: str) -> bool:
    """Whether a name could be one of a body that answers for a task."""
    return 2 <= len(name) <= 30 and (look_up(name) is not None or bool(UNIT_END.search(name)))


def same_unit(one: str, other: str) -> bool:
    """Whether two printed names mean one body: equal in the register, or one the ending of the other."""
    first, second = look_up(one), look_up(other)
    if first is not None and first is second:
        return True
    a, b = _bare(strip_level(one)[1]), _bare(strip_level(other)[1])
    return a == b or (min(len(a), len(b)) >= 3 and (a.endswith(b) or b.endswith(a)))
