"""The pure parts against values counted by hand or printed in a named source."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.enterprise.verification.methods import conflicts, days, draws, recompute, rules, sampling
from dafeng.domains.enterprise.verification.methods.clocks import clocks
from dafeng.domains.enterprise.verification.methods.estimation import Replacement, estimate
from dafeng.domains.enterprise.verification.methods.formulas import own_value
from tests.domains.enterprise.verification.conftest import PER_MONTH, content_of

RULES = rules.of_year(2025)
DAY = date(2026, 4, 7)


# ---------- working days ----------


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        # State Council, holidays of 2026: National Day 1-7 October; Saturday 10 October and Sunday 20 September are worked.
        (date(2026, 9, 30), 2, date(2026, 10, 9)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 9, 18), 1, date(2026, 9, 20)),
        # An ordinary week: Monday and five working days is the next Monday.
        (date(2026, 6, 1), 5, date(2026, 6, 8)),
        # Labour Day 2026: 1-5 May free, Saturday 9 May worked.
        (date(2026, 4, 30), 1, date(2026, 5, 6)),
    ],
)
def test_a_term_counts_working_days_of_the_official_calendar(start: date, count: int, due: date) -> None:
    assert days.after(start, count) == days.Due(due)


def test_a_term_into_a_year_without_a_calendar_says_so() -> None:
    # 2027 is not announced on 21 November 2026: Friday 1 January counts as a working day until it is.
    found = days.after(date(2026, 12, 30), 5)
    assert (found.day, found.provisional) == (date(2027, 1, 6), True)
    assert not days.after(date(2026, 12, 21), 5).provisional


def test_days_between_turn_round() -> None:
    assert days.between(date(2026, 6, 1), date(2026, 6, 8)) == 5
    assert days.between(date(2026, 6, 8), date(2026, 6, 1)) == -5


def test_no_answer_moves_the_conclusion_behind_the_term_of_the_answer() -> None:
    told = {"visited": date(2026, 6, 1), "listed": date(2026, 6, 2)}
    found = {each.code: each for each in clocks(told, RULES["days"], today=date(2026, 6, 3))}
    assert found["list"].stopped == date(2026, 6, 2)
    assert found["answer"].due.day == date(2026, 6, 9)
    assert found["conclude"].due.day == date(2026, 6, 16)


def test_without_findings_the_conclusion_is_due_after_the_visit() -> None:
    found = {each.code: each for each in clocks({"visited": date(2026, 6, 1)}, RULES["days"], today=date(2026, 6, 9))}
    assert (found["conclude"].due.day, found["conclude"].late) == (date(2026, 6, 8), True)


def test_a_term_that_ended_in_time_is_not_late_later() -> None:
    told = {"visited": date(2026, 6, 1), "listed": date(2026, 6, 3)}
    found = {each.code: each for each in clocks(told, RULES["days"], today=date(2026, 12, 1))}
    assert not found["list"].late
    assert found["answer"].late


def test_the_list_for_the_site_is_due_two_working_days_after_the_review() -> None:
    told = {"reviewed": date(2026, 6, 1)}  # a Monday
    [running] = clocks(told, RULES["days"], today=date(2026, 6, 4))
    assert (running.code, running.due.day, running.late) == ("site_list", date(2026, 6, 3), True)
    [sent, *_rest] = clocks(told | {"site_list": date(2026, 6, 3)}, RULES["days"], today=date(2026, 6, 9))
    assert (sent.stopped, sent.late) == (date(2026, 6, 3), False)


def test_no_list_is_owed_where_the_visit_is_left_out() -> None:
    told = {"reviewed": date(2026, 6, 1), "visited": date(2026, 6, 9)}
    codes = {each.code for each in clocks(told, RULES["days"], today=date(2026, 6, 9))}
    assert codes == {"list", "conclude"}


# ---------- draws and samples ----------


def test_the_order_of_a_draw_is_sha256_of_seed_matter_and_name() -> None:
    names = ["b", "a", "c"]
    by_hand = sorted(names, key=lambda name: hashlib.sha256(f"s|m|{name}".encode()).hexdigest())
    assert draws.order(names, seed="s", matter="m") == by_hand


@given(st.sets(st.text("abcdef", min_size=1, max_size=4), min_size=1), st.randoms())
def test_a_draw_does_not_depend_on_the_order_of_the_names(names: set[str], random) -> None:
    mixed = sorted(names)
    random.shuffle(mixed)
    assert draws.order(mixed, seed="s", matter="m") == draws.order(sorted(names), seed="s", matter="m")


def test_no_name_is_favoured_over_many_seeds() -> None:
    first = [draws.order("abcd", seed=str(seed), matter="m")[0] for seed in range(4000)]
    # 4000 draws of four: 1000 each, standard deviation 27; five of them are 137.
    assert all(abs(first.count(name) - 1000) < 137 for name in "abcd")


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        # By hand: N = 10, D = 1: P(miss) = (10 - n)/10 <= 0.05 needs n = 10 (n = 9 leaves 0.1).
        (10, 10),
        # N = 20, D = 2: (20-n)(19-n)/380 <= 0.05, that is <= 19: n = 15 gives 20, n = 16 gives 12.
        (20, 16),
        (1, 1),
    ],
)
def test_the_size_of_a_sample_finds_one_in_ten_with_95_percent(population: int, expected: int) -> None:
    assert sampling.size(population, confidence=0.95, tolerable=0.1) == expected


@given(st.integers(1, 400), st.floats(0.5, 0.99), st.floats(0.02, 0.9))
def test_a_sample_is_just_large_enough(population: int, confidence: float, tolerable: float) -> None:
    from math import ceil, comb

    size = sampling.size(population, confidence=confidence, tolerable=tolerable)
    faulty = min(population, ceil(round(tolerable * population, 9)))

    def miss(taken: int) -> float:
        return comb(population - faulty, taken) / comb(population, taken)

    assert miss(size) <= 1 - confidence + 1e-9
    assert size == 0 or miss(size - 1) > 1 - confidence - 1e-9


def test_what_a_check_points_at_is_taken_in_any_case() -> None:
    found = sampling.draw(
        [f"r{i}" for i in range(20)], seed="s", matter="m", confidence=0.95, tolerable=0.1, certain=["r7", "gone"]
    )
    assert found.certain == ("r7",)
    assert "r7" not in found.drawn
    # 19 are left, D = 2: (19-n)(18-n)/342 <= 0.05, that is <= 17.1: n = 14 gives 20, n = 15 gives 12.
    assert len(found.drawn) == 15


# ---------- conflicts ----------


def person(key: str, **named) -> conflicts.Person:
    return conflicts.Person(
        **{"key": key, "name": key, "sectors": frozenset({"power"}), "since": date(2020, 1, 1)} | named
    )


def body(**named) -> conflicts.Body:
    told = {"code": "b", "state": "registered", "kinds": frozenset({"verification"}), "sectors": frozenset({"power"}), "people": (person("1"), person("2"))}  # fmt: skip
    return conflicts.Body(**told | named)


UNIT = conflicts.Unit("plant", 2025, "plant-2025", frozenset({"power"}))


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"state": "applied"}, "not_registered"),
        ({"state": "removed"}, "not_registered"),
        ({"state": "suspended"}, "suspended"),
        ({"suspended_until": DAY}, "suspended"),
        ({"kinds": frozenset({"audit"})}, "not_verifier"),
        ({"kinds": frozenset({"verification", "carbon_assets"})}, "carbon_business"),
        ({"kinds": frozenset({"verification", "trading"})}, "carbon_business"),
        ({"services": (("plant", "consulting", None),)}, "consulted"),
        ({"services": (("plant", "allowance", date(2023, 4, 7)),)}, "consulted"),
        ({"services": (("plant", "management", None),)}, "common_managers"),
        ({"verified": frozenset({("plant", 2022), ("plant", 2023), ("plant", 2024)})}, "rotation"),
        ({"asked": frozenset({"plant-2025"})}, "asked_again"),
        ({"qualifications": (("CMA", date(2026, 4, 6)),)}, "qualification_expired"),
        ({"qualifications": (("CMA", date(2026, 4, 6)), ("CNAS", None))}, "qualification_expired"),
        ({"people": (person("1"),)}, "too_few_people"),
        ({"people": (person("1"), person("2", until=date(2026, 4, 6)))}, "too_few_people"),
        ({"people": (person("1", sectors=frozenset({"cement"})), person("2", sectors=frozenset()))}, "sector_skill"),
    ],
)
def test_each_conflict_has_its_code(named: dict, code: str) -> None:
    assert [reason.code for reason in conflicts.of_body(body(**named), UNIT, RULES, DAY)] == [code]


@pytest.mark.parametrize(
    "named",
    [
        {"qualifications": (("CMA", DAY),)},
        {"qualifications": (("CMA", date(2026, 4, 6)), ("CMA", date(2029, 4, 6)))},
        {},
        {"services": (("another", "consulting", None),)},
        {"services": (("plant", "consulting", date(2023, 4, 6)),)},  # over for three years and a day
        {"services": (("plant", "audit", None),)},
        {"verified": frozenset({("plant", 2022), ("plant", 2024)})},  # not three years running
        {"suspended_until": date(2026, 4, 6)},
    ],
)
def test_what_is_no_conflict_keeps_nobody_out(named: dict) -> None:
    assert conflicts.of_body(body(**named), UNIT, RULES, DAY) == ()


def test_a_team_wants_two_a_leader_declarations_and_the_sector() -> None:
    def codes(**named) -> list[str]:
        told = {"technical": ["1", "2"], "site": ["1", "2"], "leader": "1", "declared": ["1", "2"]} | named
        return [each.code for each in conflicts.of_team(body(), UNIT, rules=RULES, today=DAY, **told)]

    assert codes() == []
    assert codes(technical=["1"]) == ["too_few_people"]
    assert codes(site=["1"]) == ["too_few_people"]
    assert codes(site=["1", "1"]) == ["too_few_people"]
    assert codes(leader="3") == ["no_leader"]
    assert codes(declared=["1"]) == ["undeclared"]
    assert codes(site=["1", "9"]) == ["person_foreign"]


# ---------- the verifier's own numbers ----------


def test_the_default_coal_of_the_guideline_gives_its_printed_factor() -> None:
    # facts/mrv/power_guideline.md: 0.03356 x 26.7 x 0.99 x 44/12 = 3.2527 (2021 text); with 0.03085: 2.9900.
    coal = {"fuel_use": 1.0, "ncv": 26.7, "oxidation": 0.99}
    assert round(own_value(coal | {"carbon_content": 0.03356}), 4) == 3.2527
    assert round(own_value(coal | {"carbon_content": 0.03085}), 4) == 2.9900


def test_every_formula_of_the_sectors_has_an_own_one_that_agrees() -> None:
    """Two texts of one formula: the sector's registered method and the verifier's own, on numbers that share nothing."""
    from dafeng.domains.enterprise.reporting.methods.calculation import method_of
    from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS

    primes = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0]
    lacking = set()
    for code in {formula.method for sector in SECTORS.values() for formula in sector.formulas}:
        method = method_of(code)
        inputs = dict(zip(method.inputs, primes, strict=False))
        own = own_value(inputs)
        if own is None:
            lacking.add(code)
        else:
            assert own == pytest.approx(float(method(**inputs)), rel=1e-12), code
    assert lacking == set()


def test_a_clean_content_agrees() -> None:
    found = recompute(content_of(), dict(RULES["tolerance"]))
    assert found.agrees
    assert found.own("reporting") == pytest.approx(3 * PER_MONTH)


@pytest.mark.parametrize(
    ("plant", "level", "name"),
    [
        (lambda c: c["values"][2].update(value=1100.0), "value", "fuel_use"),
        (lambda c: c["values"][2].update(value=1.1, unit="kt"), "value", "fuel_use"),
        (lambda c: c["parameters"][0].update(value=0.034), "factor", "carbon_content"),
        (lambda c: c["rows"][1].update(t_co2e=3000.0), "row", "burning"),
        (lambda c: c["totals"]["facilities"]["unit-1"].update(reporting=1.0), "facility", ""),
        (lambda c: c["totals"].update(compliance=1.0), "total", "compliance"),
    ],
)
def test_a_planted_fault_is_located_where_it_was_planted(plant, level: str, name: str) -> None:
    content = content_of()
    plant(content)
    found = recompute(content, dict(RULES["tolerance"]))
    assert not found.agrees
    assert found.first is not None
    assert (found.first.level, found.first.name) == (level, name)


def test_the_same_value_in_another_unit_is_no_difference() -> None:
    content = content_of()
    content["values"][0].update(value=1.0, unit="kt")
    assert recompute(content, dict(RULES["tolerance"])).agrees


def test_a_factor_that_the_verifier_holds_for_wrong_is_told_and_its_own_total_follows() -> None:
    found = recompute(content_of(), dict(RULES["tolerance"]) | {"factors": {"coal.carbon": 0.03085}})
    assert found.first is not None
    assert (found.first.level, found.first.own) == ("factor", 0.03085)
    assert found.own("reporting") == pytest.approx(3 * PER_MONTH / 0.03356 * 0.03085)


def test_a_row_without_an_own_formula_never_passes_for_agreement() -> None:
    content = content_of()
    content["rows"][0]["inputs"].append(
        {"name": "something", "value": 1.0, "unit": "1", "way": "measured", "source": ""}
    )
    found = recompute(content, dict(RULES["tolerance"]))
    assert (found.differences, found.agrees) == ((), False)
    assert found.unchecked == (("unit-1", "2025-01", "bituminous", "burning"),)


def test_no_rows_are_no_agreement() -> None:
    assert not recompute({}, {}).agrees


@given(st.floats(0.1, 1e6), st.floats(0.1, 60), st.floats(0.1, 60))
def test_an_estimate_is_never_below_what_was_reported(coal: float, ncv: float, other: float) -> None:
    content = content_of(coal, ncv=ncv)
    _steps, totals = estimate(content, [Replacement("unit-1", "bituminous", "ncv", "2025-02", other)])
    assert totals["reporting"] >= content["totals"]["reporting"] * (1 - 1e-12)
    month = coal * 0.03356 * 0.99 * 44 / 12
    assert totals["reporting"] == pytest.approx(month * (2 * ncv + max(ncv, other)), rel=1e-9)


def test_an_estimate_of_nothing_is_an_error() -> None:
    with pytest.raises(LookupError):
        estimate(content_of(), [Replacement("unit-2", "bituminous", "ncv", value=1.0)])


# ---------- rules as data ----------


def test_the_terms_are_those_of_the_guideline() -> None:
    # facts/mrv/verification_rules.md, A
    told = {"site_list": 2, "notice": 2, "list": 2, "answer": 5, "conclude": 5, "objection": 7, "decide": 10}
    assert RULES["days"] == told
    assert (RULES["years"]["bureau_keeps"], RULES["years"]["body_keeps"], RULES["years"]["employment"]) == (5, 10, 3)


def test_a_year_before_the_first_rules_has_none() -> None:
    with pytest.raises(LookupError):
        rules.of_year(2019)


def test_the_checklist_has_every_part_and_its_source() -> None:
    lines = rules.checklist()
    assert len({line["code"] for line in lines}) == len(lines)
    assert {line["part"] for line in lines} == {
        "unit", "boundary", "method", "activity", "factor", "emissions", "production", "quality", "plan", "earlier",
    }  # fmt: skip
    assert all(line["source"] and line["standing"] in ("confirmed", "one copy", "house") for line in lines)
    assert all(set(line["ways"]) <= set(rules.WAYS) for line in lines)
    assert len(rules.checklist_for(frozenset({"cement"}))) < len(lines)


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        # State Council, 2024: Spring Festival 10-17 February, Sundays 4 and 18 worked, 9 February (除夕) an ordinary Friday.
        (date(2024, 2, 2), 5, date(2024, 2, 8)),
        (date(2024, 2, 2), 7, date(2024, 2, 18)),
        # National Day 1-7 October 2024, Sunday 29 September and Saturday 12 October worked.
        (date(2024, 9, 27), 2, date(2024, 9, 30)),
        (date(2024, 9, 27), 7, date(2024, 10, 12)),
        # 2025: Spring Festival 28 January-4 February, Sunday 26 January and Saturday 8 February worked; National Day 1-8 October, 28 September and 11 October worked.
        (date(2025, 1, 24), 5, date(2025, 2, 7)),
        (date(2025, 1, 24), 6, date(2025, 2, 8)),
        (date(2025, 9, 26), 5, date(2025, 10, 10)),
        (date(2025, 9, 26), 7, date(2025, 10, 13)),
        # 2026: Spring Festival 15-23 February, Saturdays 14 and 28 worked; Mid-Autumn 25-27 September before National Day 1-7 October.
        (date(2026, 2, 13), 2, date(2026, 2, 24)),
        (date(2026, 2, 13), 6, date(2026, 2, 28)),
        (date(2026, 9, 18), 10, date(2026, 10, 9)),
        # A leap day is a day; the year turns.
        (date(2024, 2, 28), 2, date(2024, 3, 1)),
        (date(2023, 12, 29), 1, date(2024, 1, 2)),
    ],
)
def test_a_term_across_the_festivals_counts_the_days_that_are_worked_for_them(
    start: date, count: int, due: date
) -> None:
    assert days.after(start, count) == days.Due(due)
