"""Detection and false alarms on planted faults, and the words of a finding. The rates stand in docs/dev/enterprise-sectors.md."""

import json
from datetime import date, timedelta

import polars as pl
import pytest

from dafeng.domains.enterprise.reporting.methods import SECTORS, checks
from dafeng.domains.enterprise.reporting.methods.parameters import load
from dafeng.kernel.errors import ActivityError, MethodError
from tests.domains.enterprise.reporting.methods import planted
from tests.domains.enterprise.reporting.methods.told import told

# The share of planted faults that must be found; all others must find every one of them.
AT_LEAST = {"month-to-month": 0.9, "year-to-year": 0.9, "peer-consumption": 0.8}


@pytest.mark.parametrize("rule", sorted(planted.FAULTS))
def test_planted_faults_are_found_in_their_place(rule):
    assert planted.detected(rule, seed=5) >= AT_LEAST.get(rule, 1.0)


@pytest.fixture(scope="module")
def false_alarms():
    return planted.alarms(seed=6)


def test_clean_data_raise_few_alarms(false_alarms):
    # 60 works × 24 months: one finding is 0.7 per thousand facility months.
    assert sum(false_alarms.values()) <= 3
    assert all(rate <= 2 for rate in false_alarms.values()), false_alarms


def test_an_error_is_never_raised_by_clean_data(false_alarms):
    grave = {rule.code for rule in planted.rules() if rule.severity == "error"} - {"identical-report"}
    assert {code: false_alarms[code] for code in grave} == dict.fromkeys(grave, 0.0)


def test_invented_deliveries_break_benford_and_natural_ones_do_not():
    assert planted.firms_found(planted.days(1, invented=True), "benford") >= 0.75
    assert planted.firms_found(planted.days(2, invented=False), "benford") <= 0.05


def test_a_month_beside_its_days_does_not_widen_the_span_that_they_have():
    # Days of 0.7 and, one in ten, 0.07 span 10, below the rule's 50; a month of 21 beside them would make it 300.
    days = [date(2025, 1, 1) + timedelta(days=number) for number in range(365)]
    rows = [(day.isoformat(), "product_output", "", 0.07 if day.day % 10 == 0 else 0.7) for day in days]
    months = [(f"2025-{month:02d}", "product_output", "", 21.0) for month in range(1, 13)]
    assert one("benford", told(*rows, *months)) == []


def test_works_that_never_rest_are_seen_on_holidays():
    assert planted.firms_found(planted.days(3, invented=False, rests=False), "holiday-production") == 1
    assert planted.firms_found(planted.days(4, invented=False), "holiday-production") == 0


def one(rule: str, frame: pl.DataFrame, sector: str = "food") -> list[dict]:
    found = [each for each in checks.rules_of(SECTORS[sector]) if each.code == rule]
    return checks.run(frame, found).to_dicts()


@pytest.mark.parametrize(
    ("rule", "energy", "output", "within", "beyond", "value"),
    [
        # 2021 text on energy efficiency levels (DCP#169, letter A): base levels 435 and −10 kgce a tonne; 100 000 t a year.
        ("norm-blast-furnace", "blast_furnace_energy", "pig_iron", 43_500.0, 43_600.0, 436),
        ("norm-converter", "converter_energy", "converter_steel", -1000.0, -900.0, -9),
        ("norm-converter", "converter_energy", "converter_steel", -3000.0, 200.0, 2),
    ],
)
def test_a_steel_works_beyond_the_base_level_is_told(rule, energy, output, within, beyond, value):
    def found(told_energy: float) -> list[dict]:
        return one(rule, told(("2025-06", energy, "", told_energy), ("2025-06", output, "", 100_000.0)), "iron_steel")

    assert found(within) == []
    [only] = found(beyond)
    assert f"{value} kgce" in only["what"]
    assert (only["month"], only["item"], only["severity"]) == ("2025", energy, "info")


def test_a_finding_says_what_where_why_and_how_grave():
    # 20 + 100 − 30 − 5 = 85, told 70: 15 of 85 = 17.65 %
    rows = {"fuel_use": 70, "fuel_bought": 100, "opening_stock": 20, "closing_stock": 30, "other_use": 5}
    [found] = one("fuel-stock", told(*(("2025-03", item, "diesel", float(value)) for item, value in rows.items())))
    assert (found["facility"], found["month"], found["item"], found["stream"]) == ("f", "2025-03", "fuel_use", "diesel")
    assert found["severity"] == "error"
    assert found["what"] == "期初 20 + 购入 100 − 期末 30 − 其他 5 = 85，填报消耗 70，相差 17.65 %"
    assert found["what_en"].startswith("Opening 20 + bought 100")
    assert found["why"]
    assert json.loads(found["facts"])["reference"] == 85


def test_carbon_above_the_fuels_mass_is_an_error():
    [found] = one(
        "carbon-fraction",
        told(("2025-01", "ncv", "bituminous", 26.0), ("2025-01", "carbon_content", "bituminous", 0.05)),
    )
    assert "1.3 t C/t" in found["what"]


def test_the_files_that_share_evidence_are_named():
    frame = pl.concat(
        [told(("2025-01", "ncv", "diesel", 42.0), facility="a"), told(("2025-02", "ncv", "diesel", 43.0), facility="b")]
    )
    found = one("duplicate-evidence", frame.with_columns(pl.lit("e" * 64).alias("evidence")))
    assert [row["facility"] for row in found] == ["a", "b"]
    assert "b 2025-02" in found[0]["what"]
    lists = frame.with_columns(pl.Series("evidence", [["x" * 64, "y" * 64], ["y" * 64]]))
    assert len(one("duplicate-evidence", lists)) == 2
    alone = frame.with_columns(pl.Series("evidence", ["x" * 64, "y" * 64]))
    assert one("duplicate-evidence", alone) == []


def test_one_file_for_several_items_of_one_month_is_no_duplicate():
    frame = told(("2025-01", "ncv", "diesel", 42.0), ("2025-01", "carbon_content", "diesel", 0.02))
    assert one("duplicate-evidence", frame.with_columns(pl.lit("e" * 64).alias("evidence"))) == []


def test_two_results_of_one_works_may_agree_and_three_may_not():
    lab = {"ncv": 22.345, "elemental_carbon": 0.5812, "ash": 20.11, "moisture": 8.27}
    january = [("2025-01", item, "bituminous", value) for item, value in lab.items()]
    for same, count in ((2, 0), (3, 2)):
        changed = {item: value if number < same else value * 1.01 for number, (item, value) in enumerate(lab.items())}
        february = [("2025-02", item, "bituminous", round(value, 4)) for item, value in changed.items()]
        assert len(one("identical-report", told(*january, *february))) == count


def test_holidays_are_those_of_the_state_council_and_unknown_years_have_none():
    holiday = checks.check_authenticity.holiday
    assert holiday(date(2025, 10, 1)) == "国庆节"
    assert holiday(date(2025, 10, 11)) is None  # a Saturday that was worked
    assert holiday(date(1990, 10, 1)) is None


def test_a_sector_replaces_and_drops_rules_and_gives_its_limits():
    by_code = {rule.code: rule for rule in checks.rules_of(SECTORS["cement"])}
    assert "holiday-production" not in by_code
    assert by_code["own-consumption"]["denominator"] == "clinker_output"
    assert by_code["range"]["limits"]["cao"] == (0.0, 100.0)
    assert "fuel-property" not in by_code  # needs parameters
    assert "own-consumption" not in {rule.code for rule in checks.rules_of(SECTORS["public_building"])}


def test_fuels_are_not_compared_with_values_that_nobody_answers_for():
    rules = {rule.code: rule for rule in checks.rules_of(SECTORS["cement"], parameters=load(date(2025, 12, 31)))}
    references = rules["fuel-property"]["references"]["carbon_content"]
    assert "anthracite" in references
    assert "bituminous" not in references


def test_clinker_far_from_published_benchmarks_is_asked_about():
    # Guangdong and Fujian 0.8326 to 0.95 t/t; direct emissions 500 t of 1000 t clinker = 0.5
    frame = told(("2025-01", "clinker_output", "portland", 1000.0), ("2025-01", "emissions_direct", "", 500.0))
    [found] = one("clinker-benchmark", frame, "cement")
    assert (found["month"], found["severity"]) == ("2025", "info")
    near = told(("2025-01", "clinker_output", "portland", 1000.0), ("2025-01", "emissions_direct", "", 850.0))
    assert one("clinker-benchmark", near, "cement") == []


@pytest.mark.parametrize(
    ("sector", "rule", "rows", "shown"),
    [
        # 14,000 MWh ÷ 1000 t = 14,000 kWh/t, beyond 13,350
        ("aluminium", "aluminium-electricity-level", (("electricity_bought", "", 14_000.0), ("aluminium_output", "", 1000.0)), "14,000 kWh"),
        # 160 t × 22 GJ/t ÷ 1000 t = 3.52 GJ/t; ÷ 29.3076 GJ/tce = 120.1 kgce/t, beyond 117
        ("cement", "clinker-energy-level", (("fuel_use", "bituminous", 160.0), ("ncv", "bituminous", 22.0), ("clinker_output", "portland", 1000.0)), "120.1 kgce"),
        # 390 t × 22 ÷ 1000 t = 8.58 GJ/t = 292.8 kgce/t; × 0.05 t = 14.64 kgce a weight case, beyond 13.5
        ("flat_glass", "glass-energy-level", (("fuel_use", "bituminous", 390.0), ("ncv", "bituminous", 22.0), ("product_output", "", 1000.0)), "14.64 kgce"),
    ],
)  # fmt: skip
def test_works_beyond_the_base_level_of_energy_efficiency_are_asked_about(sector, rule, rows, shown):
    [found] = one(rule, told(*(("2025-01", *row) for row in rows)), sector)
    assert (found["month"], found["severity"]) == ("2025", "info")
    assert shown in found["what"]
    good = [(item, stream, value / 2 if number == 0 else value) for number, (item, stream, value) in enumerate(rows)]
    assert one(rule, told(*(("2025-01", *row) for row in good)), sector) == []


def test_results_are_laid_beside_the_values_for_such_checks():
    from tests.domains.enterprise.reporting.methods.told import account

    rows = (("2025-01", "clinker_output", "portland", 1000.0), ("2025-01", "electricity_bought", "", 10.0))
    both = checks.with_emissions(told(*rows), account("cement", *rows))
    assert both.filter(pl.col("item") == "emissions_direct")["value"].to_list() == [535.0]


def test_prescribed_heat_lets_the_fuel_be_compared_with_the_output():
    from tests.domains.enterprise.reporting.methods.told import account

    rows = []
    for month in range(1, 10):
        rows += [
            (f"2025-{month:02d}", "fuel_use", "diesel", 100.0 if month < 9 else 200.0),
            (f"2025-{month:02d}", "product_output", "", 1000.0),
        ]
    assert one("own-consumption", told(*rows)) == []
    found = [each for each in checks.rules_of(SECTORS["food"]) if each.code == "own-consumption"]
    seen = checks.run(checks.with_emissions(told(*rows), account("food", *rows)), found)
    # 100 t of diesel × 43.33 GJ/t ÷ 1000 t = 4.333; twice that in September
    assert seen.select("month", "item").rows() == [("2025-09", "fuel_use")]
    assert "8.666" in seen["what"][0]


def test_line_losses_of_a_grid_are_compared_with_themselves():
    rows = []
    for month in range(1, 10):
        rows += [
            (f"2025-{month:02d}", "delivered", "", 1000.0),
            (f"2025-{month:02d}", "line_loss", "", 50.0 if month != 4 else 90.0),
        ]
    assert [row["month"] for row in one("line-loss", told(*rows), "grid")] == ["2025-04"]


def test_a_frame_without_its_columns_and_a_rule_without_its_words_are_refused():
    with pytest.raises(ActivityError, match="缺少列"):
        checks.run(pl.DataFrame({"facility": ["a"]}), checks.common())
    with pytest.raises(MethodError, match="规则 x 缺少 kind"):
        checks._rule({"code": "x"}, "own.toml")


def test_the_same_frame_gives_the_same_findings_in_any_order():
    frame = planted.FAULTS["fuel-stock"][2](planted.clean(9), planted.cells(10))
    first = checks.run(frame, planted.rules())
    assert first.height > 0
    assert first.equals(checks.run(frame.sample(fraction=1.0, shuffle=True, seed=3), planted.rules()))
