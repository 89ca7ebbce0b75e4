"""The rules of project review: every expected figure by hand from the article or table named."""

from __future__ import annotations

from datetime import date

import pytest

from dafeng.domains.enterprise.review.methods import (
    Amount,
    Base,
    Expertise,
    HeatUnitPlace,
    Interest,
    Level,
    Proposal,
    against,
    compare,
    conflicts,
    consumption,
    effect,
    kilometres,
    near,
    outside_park,
    quantile_of,
    rules,
    threshold,
    to_buy,
)
from dafeng.domains.enterprise.review.methods.days import after_months, after_working_days
from dafeng.domains.enterprise.review.methods.impact import grade

COAL = {"bituminous": Amount(after=10_000)}


def power(mwh: float) -> dict[str, Amount]:
    return {"electricity": Amount(after=mwh)}


# ---------- energy and carbon ----------


def test_coal_gas_and_power_add_up_by_gbt_2589() -> None:
    """1000 t × 0.7143 + 100×10⁴ m³ × 13.3 + 10,000 MWh × 0.1229 = 714.3 + 1330 + 1229."""
    used = consumption(
        Proposal({"bituminous": Amount(1000), "natural_gas": Amount(100), "electricity": Amount(10_000)})
    )
    assert used.equivalent == pytest.approx(3273.3)
    assert used.coal == 1000
    assert used.fossil == pytest.approx(714.3 + 1330)
    assert used.without_coal == pytest.approx(3273.3 - 714.3)
    assert used.equal is None
    assert used.open == ("equal_electricity",)


def test_the_equal_value_needs_a_coefficient_that_somebody_told() -> None:
    """10,000 MWh at 0.3 tce/MWh are 3000 tce."""
    used = consumption(Proposal(power(10_000), equal_electricity=0.3))
    assert used.equal == pytest.approx(3000)
    assert used.higher == pytest.approx(3000)
    assert used.open == ()


def test_without_electricity_both_values_are_one() -> None:
    used = consumption(Proposal(COAL))
    assert used.equal == used.equivalent == pytest.approx(7143)


def test_burning_coal_emits_by_heat_carbon_and_oxidation() -> None:
    """GB/T 32151.22-2024 table C.1, 烟煤: 19.57 × 26.1/1000 × 93 % × 44/12 = 1.741746… (facts: 1.74175)."""
    used = consumption(Proposal({"bituminous": Amount(1)}))
    assert used.energy_co2 == pytest.approx(1.74175, abs=1e-5)


def test_a_measured_heating_value_takes_the_place_of_the_default() -> None:
    """29.3076 GJ/t is one tonne of standard coal by definition (GB/T 2589: 29 307.6 kJ/kgce)."""
    assert consumption(Proposal({"bituminous": Amount(1000, ncv=29.3076)})).equivalent == pytest.approx(1000)


def test_feedstock_and_renewables_do_not_count_and_feedstock_does_not_burn() -> None:
    """1000 t coke, 400 as raw material; 1000 MWh, 300 renewable: counted = 971.4 + 122.9 − 388.56 − 36.87."""
    used = consumption(Proposal({"coke": Amount(1000, feedstock=400), "electricity": Amount(1000)}, renewable=300))
    assert used.feedstock == pytest.approx(388.56)
    assert used.renewable == pytest.approx(36.87)
    assert used.counted == pytest.approx(971.4 + 122.9 - 388.56 - 36.87)
    coke = 600 * 28.435 * 29.5 / 1000 * 0.93 * 44 / 12
    assert used.energy_co2 == pytest.approx(coke + 700 * 0.5897)


def test_a_rebuilt_project_counts_its_increment_but_its_product_the_whole_plant() -> None:
    proposal = Proposal({"bituminous": Amount(after=3000, before=1000)}, rebuilt=True, output=10_000)
    used = consumption(proposal)
    assert used.equivalent == pytest.approx(2000 * 0.7143)
    assert used.coal == 2000
    assert used.per_product == pytest.approx(3000 * 714.3 / 10_000)


def test_an_energy_that_the_form_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="uranium"):
        consumption(Proposal({"uranium": Amount(1)}))


# ---------- arts. 8 to 11 ----------


@pytest.mark.parametrize(
    ("mwh", "coal", "level", "report"),
    [
        (8_136, 0, "none", False),  # 8136 × 0.1229 = 999.9 tce
        (8_137, 0, "local", True),  # 1000.04 tce
        (0, 999, "none", False),  # 999 t coal = 713.6 tce: below both
        (0, 1000, "local", True),  # coal alone
        (81_366, 0, "local", True),  # 9999.9
        (81_367, 0, "province", True),  # 10000.004
        (0, 10_000, "province", True),  # 7143 tce, but 10,000 t coal
    ],
)
def test_the_thresholds_of_article_8(mwh: float, coal: float, level: str, report: bool) -> None:
    decided = threshold(Proposal({**power(mwh), "bituminous": Amount(after=coal)}, two_high=False, large_carbon=False))
    assert (decided.level, decided.report) == (level, report)
    assert decided.open == ()
    assert {reason.article for reason in decided.reasons} <= {8, 10}


def test_a_key_field_takes_the_higher_of_both_values() -> None:
    """2,000,000 MWh: 245,800 tce equivalent; at 0.3 tce/MWh 600,000 tce: the nation reviews, and its carbon."""
    field = Proposal(power(2_000_000), key_field=True, equal_electricity=0.3, two_high=True)
    decided = threshold(field)
    assert decided.level == "nation"
    assert decided.carbon is True
    assert [reason.article for reason in decided.reasons] == [9, 10]


def test_a_key_field_stops_where_the_coefficient_decides_and_nobody_told_it() -> None:
    decided = threshold(Proposal(power(2_000_000), key_field=True, two_high=True))
    assert decided.level == "open"
    assert "equal_electricity" in decided.open


def test_a_small_key_field_does_not_wait_for_the_coefficient() -> None:
    """Even at 1 tce/MWh 100,000 MWh stay below 500,000 tce."""
    assert threshold(Proposal(power(100_000), key_field=True, two_high=True, large_carbon=False)).level == "province"


def test_half_a_million_tonnes_of_coal_in_a_key_field_go_to_the_nation() -> None:
    assert threshold(Proposal({"bituminous": Amount(500_000)}, key_field=True)).level == "nation"


@pytest.mark.parametrize("word", ["secret", "simple"])
def test_secret_and_simple_projects_need_no_report(word: str) -> None:
    decided = threshold(Proposal(power(50_000), **{word: True}))
    assert (decided.level, decided.report, decided.carbon) == ("none", False, False)
    assert (decided.reasons[0].code, decided.reasons[0].article, decided.reasons[0].paragraph) == (word, 8, 2)


def test_a_two_high_project_is_never_a_countys() -> None:
    decided = threshold(Proposal(power(20_000), two_high=True, large_carbon=False))
    assert decided.county_may is False
    assert "not_county" in [reason.code for reason in decided.reasons]


def test_what_the_office_has_not_said_is_open_not_no() -> None:
    decided = threshold(Proposal(power(20_000)))
    assert decided.carbon is None
    assert decided.county_may is None
    assert set(decided.open) == {"two_high", "large_carbon"}


def test_notice_and_commitment_only_for_local_reviews() -> None:
    assert threshold(Proposal(power(20_000), reviewed_zone=True, two_high=False, large_carbon=False)).committed
    assert not threshold(Proposal(power(200_000), reviewed_zone=True, two_high=False, large_carbon=False)).committed


# ---------- m and n ----------


def test_the_impact_on_budget_and_intensity() -> None:
    """m = 5000/100,000 = 5 %; n: (1,000,000 + 5000)/(2,000,000 + 4000) = 0.501497; ÷ 0.5 − 1 = 0.2994 %."""
    found = effect(5000, 4000, Base(energy=1_000_000, gdp=2_000_000, intensity=0.5, increment=100_000))
    assert found.m == pytest.approx(5)
    assert found.m_grade == "larger"
    assert found.n == pytest.approx(0.2994012, abs=1e-6)
    assert found.n_grade == "some"
    assert found.open == ()


def test_a_missing_base_is_named_and_nothing_is_guessed() -> None:
    found = effect(5000, None, Base(energy=1_000_000))
    assert (found.m, found.n, found.left) == (None, None, None)
    assert found.open == ("increment", "gdp", "intensity", "added_value")


def test_what_is_left_of_the_budget() -> None:
    assert effect(5000, 1, Base(budget=20_000, used=16_000)).left == -1000


@pytest.mark.parametrize(
    ("percent", "name"),
    [(1, "smaller"), (1.01, "some"), (3, "some"), (10, "larger"), (20, "major"), (20.1, "decisive")],
)
def test_the_grades_of_m(percent: float, name: str) -> None:
    assert grade(percent, rules().tables["impact"]["m"]) == name


@pytest.mark.parametrize(
    ("tce", "increment", "name"), [(15_763.11, 525_437, "some"), (15_763.12, 525_437, "larger"), (0.07, 0.7, "larger")]
)
def test_a_share_that_is_three_percent_on_paper_is_three_percent(tce: float, increment: float, name: str) -> None:
    """15,763.11 ÷ 525,437 is 0.03 exactly, and 3.0000000000000004 % in binary."""
    assert effect(tce, None, Base(increment=increment)).m_grade == name


# ---------- comparison ----------


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(118, "over_limit"), (117, "over_access"), (110, "between"), (100, "advanced"), (99, "advanced")],
)
def test_a_product_against_its_standard(value: float, verdict: str) -> None:
    assert compare(value, Level("kgce/t", limit=117, access=110, lead=100)).verdict == verdict


def test_without_a_standard_there_is_no_verdict() -> None:
    assert compare(100, None).verdict == ""
    assert compare(None, Level("kgce/t", 117)).verdict == ""


def test_the_share_of_peers_that_use_more() -> None:
    assert quantile_of(100, [90, 100, 110, 120]) == pytest.approx(0.625)
    assert quantile_of(100, [90, 110]) is None


# ---------- the energy-use right ----------


def test_the_right_to_buy_is_a_b_c_over_the_mean() -> None:
    """2000 tce without coal × 0.3 × 0.9 tce/万元 ÷ 0.6 = 900 tce."""
    found = to_buy(two_high=True, without_coal=2000, per_added_value=0.9, b=0.3, mean=0.6)
    assert found.tce == pytest.approx(900)


@pytest.mark.parametrize(("b", "mean", "missing"), [(None, 0.6, ("rights_b",)), (0.3, None, ("rights_mean",))])
def test_a_factor_that_is_not_known_stops_it(b: float | None, mean: float | None, missing: tuple[str, ...]) -> None:
    found = to_buy(two_high=True, without_coal=2000, per_added_value=0.9, b=b, mean=mean)
    assert found.tce is None
    assert found.open == missing


def test_other_projects_buy_nothing_and_the_undecided_wait() -> None:
    assert to_buy(two_high=False, without_coal=1, per_added_value=1, b=None, mean=None).tce == 0
    assert to_buy(two_high=None, without_coal=1, per_added_value=1, b=0.3, mean=1).open == ("two_high",)


@pytest.mark.parametrize(
    ("a", "b", "c", "mean", "tce"),
    [
        (100_000, 0.3, 2.0, 1.0, 60_000),  # 豫发改环资〔2022〕586号 art. 4: A × B × C ÷ mean
        (100_000, 1.0, 0.5, 1.0, 50_000),  # a better project than the mean buys less than it uses
        (0, 0.3, 2.0, 1.0, 0),  # coal alone: A is without coal
        (-500, 0.3, 2.0, 1.0, 0),  # a rebuilt plant that saves buys nothing, and is owed nothing
    ],
)
def test_the_right_to_buy_at_its_edges(a: float, b: float, c: float, mean: float, tce: float) -> None:
    assert to_buy(two_high=True, without_coal=a, per_added_value=c, b=b, mean=mean).tce == pytest.approx(tce)


@pytest.mark.parametrize("b", [0.29, 1.01])
def test_a_coefficient_outside_the_rule_is_refused(b: float) -> None:
    with pytest.raises(ValueError, match="B is"):
        to_buy(two_high=True, without_coal=1, per_added_value=1, b=b, mean=1)


# ---------- where it may stand ----------


def test_a_degree_of_latitude_is_111_km() -> None:
    """6371.0088 × π/180 = 111.195 km."""
    assert kilometres(114, 32, 114, 33) == pytest.approx(111.195, abs=1e-3)


def test_units_within_15_km_are_inside() -> None:
    """0.13° of latitude are 14.46 km, 0.14° are 15.57 km."""
    units = [HeatUnitPlace("far", "远", 114, 32.14), HeatUnitPlace("near", "近", 114, 32.13)]
    assert [(each.unit.code, each.inside) for each in near(114, 32, units)] == [("near", True), ("far", False)]


def test_chemicals_stand_in_parks() -> None:
    assert outside_park("2611", " ")
    assert not outside_park("2611", "潢川园区")
    assert not outside_park("3011", "")


# ---------- experts ----------

OWNER = Interest("cement", "示例水泥", "compiler-org", "示例编制机构")


@pytest.mark.parametrize(
    ("expert", "found"),
    [
        (Expertise("1", "uni", "大学"), []),
        (Expertise("1", "cement", "大学"), ["owner"]),
        (Expertise("1", "uni", "示例水泥"), ["owner"]),
        (Expertise("1", "compiler-org", "大学"), ["compiler"]),
        (Expertise("1", "uni", "示例编制机构"), ["compiler"]),
        (Expertise("1", "uni", "大学", ("示例水泥",)), ["advised"]),
        (Expertise("1", "uni", "大学", (), False), ["inactive"]),
        (Expertise("1", "uni", "研究院"), ["same_employer"]),
    ],
)
def test_who_may_not_judge(expert: Expertise, found: list[str]) -> None:
    assert conflicts(expert, OWNER, [Expertise("2", "other", "研究院")]) == found


# ---------- the 10 % rule, terms ----------


@pytest.mark.parametrize(
    ("actual", "whole", "verdict"),
    [(100, True, "kept"), (105, True, "higher"), (110, True, "higher"), (110.1, True, "over"), (90, False, "open"), (120, False, "over")],
)  # fmt: skip
def test_more_than_ten_per_cent_above_is_over(actual: float, whole: bool, verdict: str) -> None:
    assert against("equivalent", "tce", 100, actual, whole_year=whole).verdict == verdict


def test_what_is_not_known_is_open() -> None:
    assert against("co2", "t", None, 5).verdict == "open"


def test_five_working_days_pass_over_the_national_holiday() -> None:
    """2025-09-30 is a Tuesday; 1–8 October are holidays, 9, 10 and Saturday 11 (made up) are worked, then 13 and 14."""
    assert after_working_days(date(2025, 9, 30), 5) == date(2025, 10, 14)


def test_six_months_after_the_end_of_august() -> None:
    assert after_months(date(2026, 8, 31), 6) == date(2027, 2, 28)


# ---------------------------------------------------------------- levels in other units


@pytest.mark.parametrize(
    ("unit", "output_unit", "value", "why"),
    [
        ("kgce/t", "", 320.0, ""),  # no unit told: counted as the level counts
        ("kgce/t", "吨", 320.0, ""),
        ("kgce/t", "万吨", 0.032, ""),  # 320 kgce a 10,000 t
        ("tce/t", "t", 0.32, ""),
        ("kWh/t", "t", 13_400.0, ""),  # electricity with electricity
        ("MWh/t", "kg", 13_400.0, ""),  # 13.4 MWh a kg are 13,400 a t
        ("tCO2/t", "t", 8.0, ""),
        ("kg CO₂/t", "t", 8000.0, ""),
        ("kgce/weight-case", "t", None, "denominator"),
        ("kgce/weight-case", "重量箱", 320.0, ""),
        ("m3/t", "t", None, "unit"),
    ],
)
def test_a_level_is_compared_in_its_own_unit_or_not_at_all(unit, output_unit, value, why) -> None:
    from dafeng.domains.enterprise.review.methods import PerProduct, stand

    found = stand(PerProduct(320.0, 13_400.0, 8.0, output_unit), Level(unit, limit=1.0))
    assert found.why == why
    assert found.value == (None if value is None else pytest.approx(value))
    assert (found.verdict == "incomparable") is (value is None)


def test_without_output_a_level_is_not_comparable() -> None:
    from dafeng.domains.enterprise.review.methods import PerProduct, stand

    assert stand(PerProduct(None, None, None), Level("kgce/t", limit=1.0)).why == "output"
    assert stand(PerProduct(None, None, None), None).verdict == ""


def test_carbon_moves_the_countys_carbon_target_and_has_no_grades() -> None:
    """8000 t of 40,000 t: 20 %. ((1,000,000 + 8000) ÷ (2,000,000 + 20,000) − 0.5) ÷ 0.5 = −0.198 %. Left: 1,200,000 − 900,000 − 8000."""
    base = Base(energy=1_000_000, gdp=2_000_000, intensity=0.5, increment=40_000, budget=1_200_000, used=900_000)
    found = effect(8000, 20_000, base, graded=False)
    assert found.m == pytest.approx(20.0)
    assert found.n == pytest.approx((1_008_000 / 2_020_000 - 0.5) / 0.5 * 100)
    assert (found.m_grade, found.n_grade, found.left) == ("", "", pytest.approx(292_000))
