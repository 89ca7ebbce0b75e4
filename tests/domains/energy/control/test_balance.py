"""Used against budget, by hand arithmetic: shares of a year, forecasts, lights, streaks and what follows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dafeng.domains.energy.control import balance, quotas, warnings
from dafeng.domains.energy.control.methods.months import forecast, monthly_budget, shares
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, SHIHE, XIN

FLAT = [100.0] * 12
SUBJECT = f"place:{GUSHI}"


def test_a_year_is_shared_by_last_years_months_or_by_days() -> None:
    last = {month: 50.0 if month == 1 else 150.0 if month == 2 else 100.0 for month in range(1, 13)}  # sum 1200
    part = shares(2026, last)
    assert part.way == "pattern"
    assert part.of[1] == pytest.approx(50 / 1200)
    part = shares(2024, {1: 5.0})  # a leap year: 29 of 366 days
    assert part.way == "days"
    assert part.of[2] == pytest.approx(29 / 366)
    assert sum(part.of.values()) == pytest.approx(1)


def test_a_budget_of_a_month_takes_its_part_from_the_others() -> None:
    part = shares(2025, dict.fromkeys(range(1, 13), 1.0))
    found = monthly_budget(1200.0, {3: 100.0 + 110.0}, part)  # 990 are left for eleven equal months: 90 each
    assert found[3] == 210.0
    assert found[1] == pytest.approx(90.0)
    assert sum(found.values()) == pytest.approx(1200.0)


def test_the_forecast_is_last_years_month_times_the_growth_so_far() -> None:
    last = dict.fromkeys(range(1, 13), 10.0) | {12: 30.0}
    found = forecast({1: 11.0, 2: 13.0}, last)  # 24 against 20: × 1.2
    assert found.way == "seasonal"
    assert found.growth == pytest.approx(1.2)
    assert found.values[12] == pytest.approx(36.0)
    assert set(found.values) == set(range(3, 13))
    assert forecast({1: 11.0, 2: 13.0}, {1: 9.0}).values[3] == pytest.approx(12.0)  # the mean, for want of a year
    assert forecast({1: 11.0, 3: 13.0}, last).way == "none"  # February is missing


def test_use_to_date_is_set_against_the_budget_to_date(tell: Any, decide: Any) -> None:
    tell(GUSHI, 2025, FLAT)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [110.0] * 3)
    state = balance.state(SUBJECT, 2026, 3)
    assert state is not None
    assert (state.used, state.budget) == (pytest.approx(330.0), pytest.approx(300.0))
    assert state.ratio == pytest.approx(110.0)
    assert state.year_forecast == pytest.approx(330 + 9 * 110)  # last year's 100 × 1.1
    assert state.year_ratio == pytest.approx(1320 / 1200 * 100)
    assert (state.light, state.streak, state.measure) == ("red", 3, "limit")
    assert balance.state(SUBJECT, 2026, 2).measure == "remind"  # type: ignore[union-attr]
    assert balance.state(SUBJECT, 2026, 1).measure == ""  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("used", "light"),
    [(94.9, "green"), (96.0, "yellow"), (100.0, "yellow"), (100.1, "red")],
)
def test_the_light_follows_the_rule_on_the_page(tell: Any, decide: Any, used: float, light: str) -> None:
    tell(GUSHI, 2025, FLAT)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [used])
    assert balance.state(SUBJECT, 2026, 1).light == light  # type: ignore[union-attr]


def test_a_year_that_will_go_over_is_yellow_though_it_is_low_so_far(tell: Any, decide: Any) -> None:
    """Last year 50 in January and 150 in December; this year's January budget was set at 100 by hand and 60 were used."""
    tell(GUSHI, 2025, [50.0, *[100.0] * 10, 150.0])
    decide(GUSHI, 1200)
    decide(GUSHI, 100, period="2026-01")
    tell(GUSHI, 2026, [60.0])
    state = balance.state(SUBJECT, 2026, 1)
    assert state is not None
    assert state.ratio == pytest.approx(60.0)
    assert state.year_ratio == pytest.approx(120.0)  # 1.2 × last year's 1200
    assert state.light == "yellow"


def test_a_missing_month_is_no_zero_and_no_green_light(tell: Any, decide: Any) -> None:
    tell(GUSHI, 2025, FLAT)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [50.0, None, 50.0])
    state = balance.state(SUBJECT, 2026, 3)
    assert state is not None
    assert (state.light, state.used, state.missing) == ("unknown", None, ("2026-02",))
    tell(GUSHI, 2026, [None, 50.0])
    assert balance.state(SUBJECT, 2026, 3).light == "green"  # type: ignore[union-attr]


def test_a_year_that_was_missed_suspends_and_a_firm_has_no_county_measure(tell: Any, decide: Any, firm: Any) -> None:
    decide(GUSHI, 1200, period="2025")
    tell(GUSHI, 2025, [*[90.0] * 11, 300.0])  # 1290
    assert balance.state(SUBJECT, 2025, 12).measure == "suspend"  # type: ignore[union-attr]
    decide(GUSHI, 120, period="2025", firm=firm)
    tell(GUSHI, 2025, [20.0] * 12, firm=firm)
    state = balance.state(firm.subject, 2025, 12)
    assert state is not None
    assert (state.light, state.measure) == ("red", "")


def test_only_what_a_second_person_signed_counts(decide: Any, tell: Any, ndrc: Any, ecology: Any) -> None:
    made = decide(GUSHI, 1200, sign=False)
    assert quotas.budget_of(SUBJECT, 2026, "energy") is None
    with pytest.raises(PermissionDenied):
        records.move(made.record, "sign", by=ndrc, now=NOW)
    records.move(made.record, "sign", by=ecology, now=NOW)
    budget = quotas.budget_of(SUBJECT, "2026", "energy")
    assert budget is not None
    assert (budget.amount, budget.unit) == (1200, "tce")


def test_adjustments_add_up_and_a_later_decision_replaces(decide: Any) -> None:
    first = decide(GUSHI, 1200)
    decide(GUSHI, 50, adjusts=first, reason="新项目投产")
    decide(GUSHI, -20, adjusts=first, reason="关停", sign=False)
    budget = quotas.budget_of(SUBJECT, 2026, "energy")
    assert budget is not None
    assert budget.amount == 1250
    decide(GUSHI, 1300, decided_on=date(2026, 6, 1))
    assert quotas.budget_of(SUBJECT, 2026, "energy").amount == 1300  # type: ignore[union-attr]
    assert quotas.budget_of(SUBJECT, 2026, "energy", on=date(2026, 3, 1)).amount == 1250  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"amount": -1}, "amount"), ({"document": " "}, "no_document"), ({"quantity": "steam"}, "unknown_quantity"),
        ({"sector": "99"}, "unknown_sector"),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_is_refused(decide: Any, given: dict[str, Any], reason: str) -> None:
    from dafeng.domains.energy.control.refusals import Refused

    with pytest.raises(Refused) as refused:
        decide(GUSHI, **({"amount": 10} | given))
    assert refused.value.code == reason


def test_an_adjustment_needs_a_signed_decision_a_reason_and_a_rest(decide: Any) -> None:
    from dafeng.domains.energy.control.refusals import Refused

    draft = decide(SHIHE, 100, sign=False)
    signed = decide(GUSHI, 100)
    for adjusts, amount, why, reason in (
        (draft, 5, "理由", "not_signed"), (signed, 5, "", "no_reason"), (signed, -101, "理由", "below_zero"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            decide(GUSHI, amount, adjusts=adjusts, reason=why)
        assert refused.value.code == reason


def test_lights_are_kept_as_data_and_a_correction_keeps_the_former(tell: Any, decide: Any, ndrc: Any) -> None:
    from dafeng.domains.energy.models import ControlLight

    tell(GUSHI, 2025, FLAT)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [110.0] * 10)
    assert warnings.assess(CITY, by=None, now=NOW) == 10
    assert warnings.assess(CITY, by=None, now=NOW) == 0
    light = ControlLight.objects.get(month="2026-10", current=True)
    assert (light.light, light.streak, light.measure) == ("red", 10, "limit")
    warnings.follow_up(light, kind="check", text="到厂检查", by=ndrc, now=NOW)
    assert not warnings.open_for(CITY, [GUSHI], month="2026-10").exists()
    tell(GUSHI, 2026, [*[None] * 9, 80.0])  # October is corrected: 990 + 80 = 1070 against 1000
    assert warnings.assess(CITY, by=None, now=NOW) == 1
    again = ControlLight.objects.get(month="2026-10", current=True)
    assert again.facts["used"] == pytest.approx(1070)
    assert ControlLight.objects.filter(month="2026-10", current=False).count() == 1
    assert [each.text for each in warnings.follow_ups_of(again)] == ["到厂检查"]
    assert not warnings.open_for(CITY, [GUSHI], month="2026-10").exists()


def test_quotas_shares_and_lights_are_published_for_plan_and_scoring(tell: Any, decide: Any) -> None:
    tell(GUSHI, 2025, FLAT)
    decide(GUSHI, 1200)
    decide(XIN, 36, quantity="co2")
    tell(GUSHI, 2026, [110.0] * 10)
    warnings.publish(CITY, by=None, now=NOW)
    warnings.publish(CITY, by=None, now=NOW)  # the later run supersedes
    quota = indicators.values("energy.quota", subject=SUBJECT, period=2026)
    assert quota["value"].to_list() == [1200.0]
    used = indicators.values("energy.quota.used", subject=SUBJECT, period="2026-10", key="quantity=energy")
    assert used["value"].to_list() == [pytest.approx(110.0)]
    level = indicators.values("energy.warning.level", subject=SUBJECT, period="2026-10")
    assert level.select("value", "status").row(0) == (2.0, 2)  # red, by a rule that the city has not adopted
    missing = indicators.values("energy.warning.level", subject=f"place:{XIN}", period="2026-10")
    assert missing.select("value", "notation").row(0) == (None, "NE")


def test_a_metered_indicator_stands_in_where_nothing_was_reported(tell: Any, decide: Any, firm: Any) -> None:
    indicators.ensure_indicator("energy.consumption", name="能源消费", unit="tce")
    run = indicators.start_run(domain="energy", kind="monitoring", subject=firm.subject, now=NOW)
    indicators.publish(
        run,
        [
            {"indicator": "energy.consumption", "subject": firm.subject, "period": f"2026-0{month}", "key": "basis=equivalent", "value": 10.0 * month, "unit": "tce", "status": 0}
            for month in (1, 2)
        ],
    )  # fmt: skip
    indicators.finish_run(run, NOW)
    decide(GUSHI, 120, firm=firm)
    tell(GUSHI, 2026, [12.0], firm=firm)
    state = balance.state(firm.subject, 2026, 2)
    assert state is not None
    assert state.used == pytest.approx(12 + 20)  # January as reported, February as metered
    again = indicators.start_run(domain="energy", kind="other", subject=firm.subject, now=NOW)
    row = {"indicator": "energy.consumption", "subject": firm.subject, "period": "2026-02", "key": "basis=equivalent"}
    indicators.publish(again, [row | {"value": 99.0, "unit": "tce", "status": 0}])
    indicators.finish_run(again, NOW)
    doubted = balance.state(firm.subject, 2026, 2)  # two answers are none
    assert doubted is not None
    assert (doubted.used, doubted.light, doubted.missing) == (None, "unknown", ("2026-02",))


@pytest.mark.parametrize(("used", "light"), [([0.0, 0.0], "green"), ([0.0, 0.5], "red")])
def test_where_nothing_is_allowed_anything_is_too_much(tell: Any, decide: Any, used: list[float], light: str) -> None:
    """A coal quota of zero: a share of nothing is no number, and half a tonne is over it."""
    decide(GUSHI, 0, quantity="coal")
    tell(GUSHI, 2026, used, quantity="coal")
    state = balance.state(SUBJECT, 2026, 2, quantity="coal")
    assert state is not None
    assert (state.light, state.ratio) == (light, None)


def test_red_months_are_counted_over_the_turn_of_the_year_and_a_missing_one_ends_them(tell: Any, decide: Any) -> None:
    """2025: 11 × 90 + 220 = 1 210 of 1 200, over from December on. 2026: 110 of 100 in January, 220 of 200 in February; March was never told."""
    tell(GUSHI, 2024, FLAT)
    decide(GUSHI, 1200, period="2025")
    tell(GUSHI, 2025, [*[90.0] * 11, 220.0])
    decide(GUSHI, 1200)
    for month in range(1, 13):
        decide(GUSHI, 100, period=f"2026-{month:02d}")
    tell(GUSHI, 2026, [110.0, 110.0, None, 110.0])
    found = balance.states(CITY, "energy", 2026, subjects=[SUBJECT], last_month=4)[SUBJECT, ""]
    told = [(name, state.light, state.streak, state.measure) for name, state in sorted(found.items())][-6:]
    assert told == [
        ("2025-11", "green", 11, ""),
        ("2025-12", "red", 1, "suspend"),
        ("2026-01", "red", 2, "remind"),
        ("2026-02", "red", 3, "limit"),
        ("2026-03", "unknown", 1, ""),
        ("2026-04", "unknown", 2, ""),
    ]
