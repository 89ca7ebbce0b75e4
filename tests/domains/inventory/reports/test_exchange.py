"""Open data: the same figures as the report, branches that add up, and nothing invented where there is no number."""

import csv
import io
import math

import pytest

from dafeng.domains.inventory.reports import ReportError, primap2_files, write_csv, write_iamc, write_primap2
from dafeng.domains.inventory.reports.exchange import iamc_rows

LANDFILL = 1e6 * 0.15 * 0.5 * (1 - math.exp(-0.09)) * 0.5 * 16 / 12 * 0.9  # t CH4, see conftest


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.fixture(scope="module")
def tidy(whole):
    stream = io.BytesIO()
    write_csv(stream, whole)
    return stream.getvalue()


def test_the_tidy_csv_opens_in_excel_and_has_every_cell(tidy, whole):
    assert tidy.startswith(b"\xef\xbb\xbf")
    rows = table(tidy)
    assert len(rows) == whole.cells.height
    coal = next(row for row in rows if row["category"] == "1A1a" and row["year"] == "2023")
    assert (float(coal["emission_t"]), float(coal["co2e_t"]), coal["gas"], coal["status"]) == (
        220000.0,
        220000.0,
        "CO2",
        "OK",
    )
    mine = next(row for row in rows if row["category"] == "1B1a" and row["year"] == "2023")
    assert (mine["emission_t"], mine["notation"]) == ("", "NO")


def test_a_text_that_a_spreadsheet_would_run_is_quoted(without_analyses):
    rows = [
        {
            "category": "1A1a",
            "item": "raw_coal",
            "value": 1,
            "unit": "t",
            "year": 2023,
            "place": "411500",
            "basis": "statistic",
            "mark": "=cmd|x",
        }
    ]
    stream = io.BytesIO()
    write_csv(stream, without_analyses(rows))
    assert table(stream.getvalue())[0]["mark"] == "'=cmd|x"


def iamc(material):
    return {(variable, year): value for _, _, _, variable, _, year, value in iamc_rows(material)}


def test_iamc_variables_follow_the_tree_and_their_units(whole):
    found = iamc(whole)
    assert found["Emissions|CO2", 2023] == pytest.approx((220000 + 11550 - 1100) / 1e6)
    assert found["Emissions|CO2|Energy", 2023] == pytest.approx(231550 / 1e6)
    assert found["Emissions|CO2|AFOLU|Land", 2023] == pytest.approx(-1100 / 1e6)
    assert found["Emissions|CO2|AFOLU", 2023] == pytest.approx(-1100 / 1e6)
    assert found["Emissions|CH4|Waste", 2023] == pytest.approx((150 + LANDFILL) / 1e6)
    assert found["Emissions|Kyoto Gases (AR5-GWP100)", 2023] == pytest.approx((248650 + LANDFILL * 28) / 1e6)
    units = {variable.split("|")[1]: unit for _, _, _, variable, unit, _, _ in iamc_rows(whole)}
    assert units["CO2"] == "Mt CO2/yr"
    assert units["CH4"] == "Mt CH4/yr"


def test_indirect_and_memo_items_are_in_no_sum_of_emissions(whole):
    found = iamc(whole)
    assert found["Indirect Emissions|CO2", 2023] == pytest.approx(0.1)
    assert found["Memo Items|CO2", 2023] == pytest.approx(0.015)


def test_what_was_not_estimated_is_left_out_and_not_zero(whole):
    assert not [variable for variable, _ in iamc(whole) if "Industrial" in variable]


def test_every_branch_is_the_sum_of_what_hangs_on_it(whole):
    found = iamc(whole)
    for (variable, year), value in found.items():
        depth = variable.count("|") + 1
        below = [
            v
            for (other, y), v in found.items()
            if y == year and other.startswith(variable + "|") and other.count("|") == depth
        ]
        if below:
            assert sum(below) == pytest.approx(value, rel=1e-12), variable


def test_a_heading_that_was_reported_itself_keeps_its_part(without_analyses):
    base = {"item": "raw_coal", "unit": "t", "year": 2023, "place": "411500", "basis": "statistic"}
    rows = [base | {"category": "1A2", "value": 100.0}, base | {"category": "1A2f", "value": 300.0}]
    made = without_analyses(rows)
    found = iamc(made)
    branch = next(variable for variable, _ in found if variable.endswith("|Unspecified")).rsplit("|", 1)[0]
    # 100 t × 20 × 0.03 × 44/12 = 220 t
    assert found[branch + "|Unspecified", 2023] == pytest.approx(220e-6)
    assert found[branch, 2023] == pytest.approx(880e-6)


def test_the_scenario_says_when_the_figures_are_not_for_publication(whole, sound):
    assert "DEGRADED, not for publication" in iamc_rows(whole)[0][1]
    assert "publication" not in iamc_rows(sound)[0][1]


def test_iamc_is_plain_utf8_with_seven_columns(whole):
    stream = io.BytesIO()
    write_iamc(stream, whole)
    rows = table(stream.getvalue())
    assert list(rows[0]) == ["model", "scenario", "region", "variable", "unit", "year", "value"]
    assert {row["region"] for row in rows} == {"Xinyang"}


def test_primap2_has_totals_with_and_without_land_use(whole):
    rows = table(primap2_files(whole, "x")["x.csv"])
    value = {(row["entity"], row["category (CN-PROVINCIAL)"]): row["2023"] for row in rows}
    assert float(value["CO2", "0"]) == pytest.approx(230450)  # 220000 + 11550 − 1100
    assert float(value["CO2", "M.0.EL"]) == pytest.approx(231550)
    assert float(value["KYOTOGHG (AR5GWP100)", "M.0.EL"]) == pytest.approx(249750 + LANDFILL * 28)
    assert float(value["CO2", "ID"]) == pytest.approx(100000)
    assert float(value["CO2", "1"]) == pytest.approx(231550)
    assert ("CO2", "2A1") not in value


def test_primap2_writes_two_files_that_name_each_other(whole, tmp_path):
    data, meta = write_primap2(tmp_path / "xinyang", whole)
    assert data.name == "xinyang.csv"
    assert "data_file: xinyang.csv" in meta.read_text(encoding="utf-8")


def test_a_split_methane_potential_has_no_context_and_is_given_by_gas(without_analyses):
    made = without_analyses(gwp="AR6-split")
    rows = table(primap2_files(made, "x")["x.csv"])
    assert {row["entity"] for row in rows} == {"CO2", "CH4"}


def test_an_inventory_without_any_number_cannot_be_exported(without_analyses):
    rows = [{"category": "2A1", "item": "clinker", "value": 1, "unit": "t", "year": 2023, "place": "411500"}]
    made = without_analyses(rows)
    with pytest.raises(ReportError):
        primap2_files(made, "x")
