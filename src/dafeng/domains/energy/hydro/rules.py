"""The room's data, read once a process (`rules.toml`): dated rules of ecological flow, the efficiency that stands in, its bounds."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.hydro.methods.ecoflow import Rule

HOME = Path(__file__).parent
LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Dated:
    """A rule and from when on it holds."""

    id: str
    since: date
    standing: str
    source: str
    reference: str
    rule: Rule

    @property
    def standing_words(self) -> str:
        return _("平台起草，待确认") if self.standing == "ours" else _("原文已见")

    @property
    def lines(self) -> list[str]:
        """The rule in words, as the page shows it."""
        rule = self.rule
        return [
            _("一小时的平均泄放流量不低于核定值的 %(share)s 为达标；实测不足 %(cover)s 的小时算缺测，不算达标，也不算不足。")
            % {"share": f"{rule.tolerance:.0%}", "cover": f"{rule.least_coverage:.0%}"},
            _("一天：有数的小时不少于 %(hours)s 个才判定；其中达标小时占 %(share)s 以上为达标日。")
            % {"hours": rule.day_hours, "share": f"{rule.day_share:.0%}"},
            _("一月：能判定的天数占 %(days)s 以上才判定；其中达标日占 %(share)s 以上为达标。")
            % {"days": f"{rule.month_days:.0%}", "share": f"{rule.month_share:.0%}"},
            _("预警：连续不足 %(a)s、%(b)s、%(c)s 小时分别为提示、警告、严重；最低流量不到核定值的 %(d)s、%(e)s 直接为警告、严重；间隔不超过 %(bridge)s 小时算一次。")
            % {
                "a": rule.short_hours[0], "b": rule.short_hours[1], "c": rule.short_hours[2], "d": f"{rule.short_depth[0]:.0%}",
                "e": f"{rule.short_depth[1]:.0%}", "bridge": rule.bridge,
            },
            _("遥测中断 %(a)s、%(b)s、%(c)s 小时分别为提示、警告、严重。")
            % {"a": rule.gap_hours[0], "b": rule.gap_hours[1], "c": rule.gap_hours[2]},
        ]  # fmt: skip


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads((HOME / "rules.toml").read_text("utf-8"))


@cache
def dated() -> tuple[Dated, ...]:
    """All rules, the oldest first."""
    found = []
    for row in _data()["rule"]:
        words = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
        head = {name: words.pop(name) for name in ("id", "standing", "source", "reference")}
        since = date.fromisoformat(words.pop("since"))
        found.append(Dated(since=since, rule=Rule(**words), **head))
    return tuple(sorted(found, key=lambda each: each.since))


def rule_of(day: date) -> Dated:
    """The rule in force on a day; before the first of all the first, for there is no older one to judge by."""
    return next((each for each in reversed(dated()) if each.since <= day), dated()[0])


def stand_in_efficiency() -> float:
    return float(_data()["power"]["efficiency"])


def efficiency_bounds() -> tuple[float, float]:
    return float(_data()["efficiency"]["low"]), float(_data()["efficiency"]["high"])
