"""The command as a clerk or another program calls it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dafeng.cli import app

run = CliRunner().invoke


def test_method_list_gives_category_and_source() -> None:
    rows = json.loads(run(app, ["method", "list", "--json", "-"]).stdout)
    assert len(rows) > 200
    assert all(row["category"] and row["source"] and row["title"] for row in rows)


def test_json_needs_no_value_wherever_it_stands(tmp_path) -> None:
    plan = tmp_path / "方案.txt"
    plan.write_text("一、总体要求\n到2025年，森林覆盖率达到40%。\n", "utf-8")
    for arguments in ([str(plan), "--json"], ["--json", str(plan)], [str(plan), "--json", "-"]):
        (target,) = json.loads(run(app, ["plan", "parse", *arguments]).stdout)["targets"]
        assert (target["year"], target["value"], target["unit"]) == (2025, 40, "%")
    assert run(app, ["plan", "parse", str(plan), "--json", str(tmp_path / "out.json")]).exit_code == 0
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["targets"][0]["value"] == 40


def test_a_method_is_found_shown_and_run_by_id() -> None:
    rows = json.loads(run(app, ["method", "list", "--category", "3A1", "--json", "-"]).stdout)
    shown = json.loads(run(app, ["method", "show", rows[0]["id"], "--json", "-"]).stdout)
    assert shown["formula"]
    assert shown["inputs"]


def test_a_unit_given_with_the_number_is_converted() -> None:
    # 1 万吨 anthracite, GB/T 32151.22-2024 C.1: 26.7 GJ/t, 27.4 t C/TJ, 94 % → 2.521512 t CO2/t (fuels.csv)
    result = run(
        app,
        ["method", "run", "energy.combustion.co2.mass", "--input", "fuel=1 万吨", "--input", "ncv=26.7",
         "--input", "carbon_content=27.4 t C/TJ", "--input", "oxidation=94 %", "--json", "-"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data["result"] == pytest.approx(25215.12, rel=1e-6)
    assert data["unit"] == "t CO2"


def test_a_history_is_run_as_comma_separated_years() -> None:
    # One deposit of 100 t, DOC 0.15, DOCf 0.5, MCF 1: DDOCm = 7.5 t C. It decays from the next year:
    # year 2: 7.5 × (1 − e^−0.1) × 0.5 × 16/12 × 0.9
    result = run(
        app,
        ["method", "run", "waste.landfill.ch4.fod", "--input", "deposited=100,0", "--input", "doc=0.15", "--input", "docf=0.5",
         "--input", "mcf_landfill=1", "--input", "landfill_k=0.1", "--input", "methane_fraction=0.5",
         "--input", "oxidation_landfill=0.1", "--json", "-"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    from math import exp

    assert json.loads(result.stdout)["result"] == pytest.approx([0.0, 7.5 * (1 - exp(-0.1)) * 0.5 * 16 / 12 * 0.9])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["method", "show", "energy.combustion.co2.mas"], "是否指"),
        (["method", "run", "energy.combustion.co2.mass", "--input", "fuel=1"], "缺少输入"),
        (["method", "run", "energy.combustion.co2.mass", "--input", "fuel"], "读不懂输入"),
        (["method", "run", "energy.combustion.co2.mass", "--input", "fuel=eins"], "读不懂输入"),
        (["method", "run", "energy.combustion.co2.mass", "--input", "fuel=1 GJ", "--input", "ncv=1",
          "--input", "carbon_content=1", "--input", "oxidation=1"], "不能换算"),
        (["check", "no-such-pack"], "no-such-pack"),
    ],
)  # fmt: skip
def test_wrong_calls_exit_with_one_clear_sentence(arguments: list[str], words: str) -> None:
    result = run(app, arguments)
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_the_command_starts_quickly_without_the_heavy_packages() -> None:
    code = "import sys, dafeng.cli; print([m for m in ('polars', 'sympy', 'django', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
