"""Registering a method: units are proved, declarations checked, and the package costs nothing to import."""

import subprocess
import sys
import time
from typing import Any

import pytest

from dafeng.kernel.accounting import all_methods, constant, exp, find_method, method, where
from dafeng.kernel.errors import MethodError, UnitError

CO2_PER_C = constant("44/12", 44 / 12, "t CO2/t C")
pytestmark = pytest.mark.usefixtures("own_registry")


def declare(function: Any, **options: Any) -> Any:
    return method(options.pop("id", "test.one"), **{"category": "1A", "source": "a test", **options})(function)


def test_a_unit_error_stops_the_import_and_shows_the_formula() -> None:
    def forgotten_ratio(fuel: "t", carbon: "t C/t") -> "t CO2":
        """Carbon that was never turned into CO2."""
        return fuel * carbon

    with pytest.raises(MethodError) as caught:
        declare(forgotten_ratio)
    assert "fuel × carbon → t CO2" in str(caught.value)


def test_a_lost_power_of_ten_stops_the_import_and_says_which() -> None:
    def thousand(head: "head", ef: "kg CH4/head") -> "t CH4":
        """Kilograms taken for tonnes."""
        return head * ef

    with pytest.raises(MethodError, match=r"差一个系数 0\.001.*head × ef"):
        declare(thousand)


def test_adding_unlike_things_stops_the_import() -> None:
    def mixed(fuel: "t", head: "head") -> "t":
        """Tonnes and animals."""
        return fuel + head

    with pytest.raises(MethodError, match=r"fuel \+ head"):
        declare(mixed)


def test_an_exponent_must_be_a_pure_number() -> None:
    def heated(fuel: "t") -> "t":
        """The exponential of a mass."""
        return fuel * exp(fuel)

    with pytest.raises(MethodError, match="单位不成立"):
        declare(heated)


def test_both_branches_of_a_choice_must_measure_the_same() -> None:
    def either(fuel: "t", head: "head") -> "t":
        """A mass or a number of animals."""
        return where(fuel > fuel, fuel, head)

    with pytest.raises(MethodError, match="单位不成立"):
        declare(either)


def test_an_unknown_unit_stops_the_import() -> None:
    def odd(fuel: "斤两") -> "t":
        """An unknown unit."""
        return fuel

    with pytest.raises(MethodError, match="斤两"):
        declare(odd)
    with pytest.raises(UnitError):
        constant("x", 1.0, "斤两")


def test_every_input_and_the_result_need_a_unit() -> None:
    def bare(fuel: "t", ef) -> "t":
        """One input without a unit."""
        return fuel * ef

    def silent(fuel: "t"):
        """No unit of the result."""
        return fuel

    for function in (bare, silent):
        with pytest.raises(MethodError, match="单位"):
            declare(function)


def test_a_method_without_words_or_source_is_refused() -> None:
    def mute(fuel: "t") -> "t":
        return fuel

    with pytest.raises(MethodError, match="说明或来源"):
        declare(mute)

    def spoken(fuel: "t") -> "t":
        """Words."""
        return fuel

    with pytest.raises(MethodError, match="说明或来源"):
        declare(spoken, source=" ")


def test_an_id_is_registered_once() -> None:
    def one(fuel: "t") -> "t":
        """One."""
        return fuel

    declare(one)
    with pytest.raises(MethodError, match=r"test\.one 登记了两次"):
        declare(one)


def test_activity_and_optional_must_name_inputs() -> None:
    def one(fuel: "t", ef: "1") -> "t":
        """One."""
        return fuel * ef

    with pytest.raises(MethodError, match="与输入不符"):
        declare(one, activity=("coal",))
    with pytest.raises(MethodError, match="与输入不符"):
        declare(one, optional={"ef": 1.0})  # a factor never has a default


def test_the_first_input_is_the_activity_and_the_rest_are_factors() -> None:
    def one(fuel: "t", ncv: "GJ/t", carbon: "t C/GJ") -> "t CO2":
        """Heat and carbon."""
        return fuel * ncv * carbon * CO2_PER_C

    found = declare(one)
    assert (found.activity, found.parameters) == (("fuel",), ("ncv", "carbon"))
    assert (found.title, found.reference, found.constants) == ("Heat and carbon.", "test.one@1", {"44/12": 44 / 12})
    assert found.formula == "fuel × ncv × carbon × 44/12"


def test_an_unknown_method_is_answered_with_the_nearest() -> None:
    def one(fuel: "t") -> "t":
        """One."""
        return fuel

    declare(one, id="energy.stationary.co2")
    with pytest.raises(MethodError, match=r"energy\.stationary\.co2"):
        find_method("energy.stationery.co2")
    assert find_method("energy.stationary.co2@7").id == "energy.stationary.co2"
    assert list(all_methods()) == ["energy.stationary.co2"]


class TestRun:
    """`run` is what the shell and the method page use: one computation, with its trace."""

    @pytest.fixture
    def burning(self) -> Any:
        def one(fuel: "t", ncv: "GJ/t", carbon: "t C/GJ", oxidation: "1") -> "t CO2":
            """Heat, carbon, oxidation."""
            return fuel * ncv * carbon * oxidation * CO2_PER_C

        return declare(one)

    def test_raw_coal_worked_by_hand(self, burning: Any) -> None:
        # By hand: 20.908 × 0.02637 = 0.551344 t C/t; × 0.93 = 0.512750; × 44/12 = 1.880083 t CO2/t; × 10 000 t.
        told = burning.run({"fuel": 10000, "ncv": 20.908, "carbon": 0.02637, "oxidation": 0.93})
        assert told["result"] == pytest.approx(18800.83, abs=0.005)
        assert told["unit"] == "t CO2"

    def test_inputs_may_come_in_other_units(self, burning: Any) -> None:
        plain = burning.run({"fuel": 10000, "ncv": 20.908, "carbon": 0.02637, "oxidation": 0.93})
        other = burning.run(
            {"fuel": 1, "ncv": 20908, "carbon": 26.37, "oxidation": 93},
            {"fuel": "万吨", "ncv": "kJ/kg", "carbon": "t C/TJ", "oxidation": "%"},
        )
        assert other["result"] == pytest.approx(plain["result"], rel=1e-12)
        assert other["inputs"][0] == {
            "input": "fuel", "given": 1, "given_unit": "万吨", "value": 10000.0, "unit": "t"
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"fuel": 1}, "缺少输入 ncv"),
            ({"fuel": 1, "ncv": 1, "carbon": 1, "oxidation": 1, "coal": 1}, "多出不认识的输入 coal"),
            ({"fuel": float("nan"), "ncv": 1, "carbon": 1, "oxidation": 1}, "fuel 不是有限的数"),
            ({"fuel": 1e308, "ncv": 1e308, "carbon": 1, "oxidation": 1}, "结果不是有限的数"),
        ],
    )
    def test_bad_inputs_are_named(self, burning: Any, values: dict[str, float], said: str) -> None:
        with pytest.raises(MethodError, match=said):
            burning.run(values)

    def test_a_unit_that_does_not_fit_is_refused(self, burning: Any) -> None:
        with pytest.raises(UnitError, match="Nm3"):
            burning.run({"fuel": 1, "ncv": 1, "carbon": 1, "oxidation": 1}, {"fuel": "Nm3"})

    def test_an_absent_optional_input_is_what_the_source_prescribes(self) -> None:
        def net(made: "t CH4", recovered: "t CH4") -> "t CH4":
            """What is not recovered."""
            return made - recovered

        found = declare(net, activity=("made", "recovered"), optional={"recovered": 0.0})
        assert found.run({"made": 5})["result"] == 5
        assert found.run({"made": 5, "recovered": 2})["result"] == 3


def test_the_package_costs_next_to_nothing_and_pulls_in_no_heavy_library() -> None:
    code = (
        "import sys, time; begun = time.perf_counter(); import dafeng.kernel.accounting; "
        "took = time.perf_counter() - begun; "
        "print(took, *sorted({'polars', 'numpy', 'sympy', 'pint', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    took, *heavy = done.stdout.split()
    assert not heavy
    assert float(took) < 0.5
    assert time.perf_counter() - begun < 30  # the bound on the interpreter itself is only a guard against a hang


def test_a_method_loads_no_symbols_before_someone_asks_for_them() -> None:
    code = (
        # pint looks for an installed scipy and imports its empty shell; its libraries are what costs.
        "import sys; from dafeng.kernel.accounting import compile_emissions, method; "
        "print(*sorted({'sympy', 'scipy.linalg', 'scipy.sparse', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert not done.stdout.split()
