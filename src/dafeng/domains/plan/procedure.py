"""The terms of assessments and bulletins: how many days for what, as dated data (`procedure.toml`).

The rule in force on the day on which something begins holds for it until it ends; a later rule does not shorten a term.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from dafeng.kernel.errors import PlanError


@cache
def _rules() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(files(__package__).joinpath("procedure.toml").read_text("utf-8"))


def rule(kind: str, on: date) -> dict[str, Any]:
    """The rule of a kind (assessment, bulletin) in force on a day. Raises `PlanError` where none had begun."""
    begun = [each for each in _rules()[kind] if each["valid_from"] <= on]
    if not begun:
        raise PlanError(f"{on} 还没有程序期限的规定", mend="请在 procedure.toml 中补充当时的规定")
    return max(begun, key=lambda each: each["valid_from"])
