"""What a person types where a value belongs, in the form or in the sheet: a number, a notation key, or what is wrong with it.

`１２，３４５`, `12,345`, `12万` and `95%` have one meaning each (`kernel.sheets.numbers`). A unit beside the number is taken where it is the
item's own; a percentage where the item is told in per cent.
"""

from __future__ import annotations

from dafeng.domains.enterprise.errors import EnterpriseError
from dafeng.kernel.errors import UnitError
from dafeng.kernel.quantities import units
from dafeng.kernel.sheets import Cell
from dafeng.kernel.sheets.numbers import SCALES, read_number

PERCENT = "%"
MOST = 1e12
"""No firm's amount of a month in any unit of the schemas; sums and products of what is below stay finite."""


def told(cell: Cell, unit: str) -> tuple[float | None, str]:
    """(number, notation key) of a cell of an item told in `unit`. Raises `EnterpriseError`."""
    read = read_number(cell)
    if read.fault:
        what, expected, mend = read.fault
        raise EnterpriseError(what, expected=expected, mend=mend)
    shown = cell.shown.strip()[:30]
    if read.percent and unit != PERCENT:
        raise EnterpriseError(f"“{shown}”是百分数，单位却是 {unit}", expected=f"以 {unit} 计的数", mend="请核对数值")
    if read.unit and read.unit not in SCALES and not _same(read.unit, unit):
        raise EnterpriseError(f"“{shown}”带的单位与 {unit} 不同", expected=f"以 {unit} 计的数", mend="请换算后只填数字")
    return read.value, read.notation or ""


def _same(written: str, unit: str) -> bool:
    try:
        return units.convertible(written, unit) and units.conversion(written, unit) == 1.0
    except UnitError:
        return False
