"""Lights: the platform's draft rule on real progress, shown in words."""

from datetime import date
from typing import Any

import pytest

from dafeng.domains.plan.methods.forecast import forecast
from dafeng.domains.plan.methods.lights import default_rules, light_frame, rules_on
from dafeng.domains.plan.methods.observations import Observation
from dafeng.domains.plan.methods.progress import Progress, assess
from dafeng.domains.plan.methods.targets import Target
from dafeng.kernel.errors import RubricError


def at(now: date, year: int | None = 2025, **years: float) -> Progress:
    target = Target("t", "指标", "level", ">=", 30.0, "%", year, baseline_year=2020)
    return assess(target, [Observation(name[1:], value, "%") for name, value in years.items()], now=now)


def light(progress: Progress, forecasts: Any = None) -> tuple[str, str]:
    row = light_frame({"t": (progress, forecasts)}).row(0, named=True)
    return row["light"], row["title"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (26.0, ("green", "正常")),  # 26 is due at the end of 2023
        (25.0, ("yellow", "滞后")),  # 10 % of the way behind
        (24.0, ("yellow", "滞后")),  # 20 %: not more than 20
        (23.9, ("red", "严重滞后")),
    ],
)
def test_the_light_follows_the_lag(value: float, expected: tuple[str, str]) -> None:
    assert light(at(date(2024, 3, 1), y2020=20, y2023=value)) == expected


def test_old_data_turn_the_light_yellow() -> None:
    assert light(at(date(2024, 3, 1), y2020=20, y2021=22)) == ("yellow", "数据陈旧，请更新")


def test_verdicts_come_first() -> None:
    assert light(at(date(2026, 3, 1), y2020=20, y2025=30)) == ("green", "已完成")
    assert light(at(date(2026, 3, 1), y2020=20, y2025=29)) == ("red", "到期未完成")
    assert light(at(date(2026, 3, 1), y2020=20, y2024=35)) == ("yellow", "到期待判定，请补数")


def test_without_data_the_light_is_unknown_and_never_green() -> None:
    assert light(at(date(2024, 3, 1)))[0] == "unknown"
    assert light(at(date(2024, 3, 1), year=None, y2020=20, y2023=40))[0] == "unknown"


def test_a_forecast_that_misses_turns_a_green_light() -> None:
    history = [Observation(str(2015 + n), value, "%") for n, value in enumerate([21, 22, 23, 24, 25, 20, 20, 20, 26.0])]
    progress = assess(
        Target("t", "指标", "level", ">=", 30.0, "%", 2025, baseline_year=2020), history, now=date(2024, 3, 1)
    )
    assert light(progress)[0] == "green"
    flat = [Observation(str(2012 + n), 20.0 + n % 2, "%") for n in range(12)]
    found = forecast(flat, year=2025, unit="%", requirement=progress.requirement)
    assert found.probability is not None
    assert found.probability < 0.2
    assert light(progress, found)[0] == "red"


def test_the_rule_is_shown_in_both_languages_and_says_whose_it_is() -> None:
    rules = rules_on(date(2026, 11, 21))
    assert "起草" in rules.standing
    assert "红灯：“滞后程度” > 20 或 （“按期完成的概率”有数据 且 “按期完成的概率” < 20）" in rules.in_words()
    assert len(rules.in_words("en")) == len(rules.in_words()) == 7


def test_before_the_rule_there_is_no_light() -> None:
    with pytest.raises(RubricError, match="没有有效的评分规则"):
        rules_on(date(2000, 1, 1), default_rules())


def test_no_targets_give_an_empty_table() -> None:
    assert light_frame({}).height == 0
