"""The indicator register: no target of a plan is lost, names leniently, units strictly, faults with file and line."""

import json
from pathlib import Path

import pytest

from dafeng.domains.inventory import services as inventory
from dafeng.domains.inventory.methods import balance_energy
from dafeng.domains.plan.bindings import (
    COMPUTED,
    HOME,
    REPORTED,
    STATES,
    UNBOUND,
    bind,
    match,
    read_register,
    register,
    resolve,
)
from dafeng.domains.plan.reading import read_plan
from dafeng.domains.plan.reading.register import departments
from dafeng.kernel.accounting import all_methods
from dafeng.kernel.errors import PlanError

PLANS = ("xinyang_2021_green_transition", "xinyang_2024_peak_pilot")
OTHERS = ("handan", "beihai")


def test_every_binding_says_what_it_is() -> None:
    for each in register().bindings:
        assert each.state in STATES
        if each.state == UNBOUND:
            assert each.reason
        else:
            assert each.formula
            assert each.source


def test_computed_codes_are_those_that_the_inventory_publishes_today() -> None:
    published = {code for code, *_ in inventory.INDICATORS} | set(balance_energy._NAMES)
    for each in register().bindings:
        if each.publisher == "inventory":
            assert each.indicator in published
    for entry in register().inputs:
        if entry.publisher == "inventory":
            assert entry.code in published


def test_methods_of_computed_bindings_exist() -> None:
    named = {each.method for each in register().bindings if each.method}
    assert named == {"plan.intensity.energy", "plan.intensity.co2", "plan.coal.from_share"}
    import dafeng.domains.plan.methods.intensities  # noqa: F401 - registers them

    assert named <= set(all_methods())


def test_those_who_report_are_in_the_register_of_departments() -> None:
    known = {each.id for each in departments()}
    assert {each.owner for each in (*register().bindings, *register().inputs)} <= known


def test_a_share_stays_between_nothing_and_all() -> None:
    for each in register().bindings:
        if each.state == REPORTED and each.unit == "%":
            assert each.bounds == (0, 100)


@pytest.mark.parametrize(
    ("name", "unit", "id"),
    [
        ("万元地区生产总值能耗", "%", "energy_intensity"),
        ("单位ＧＤＰ二氧化碳排放", "%", "co2_intensity"),
        ("非化石能源占能源消费总量的比重", "%", "non_fossil_share"),
        ("全市风电装机容量", "万千瓦", "wind_capacity"),
        ("光伏发电装机规模", "MW", "pv_capacity"),
        ("可循环快递包装应用规模", "万个", "reusable_packaging"),
        ("城市绿色出行比例", "%", "green_travel"),
    ],
)
def test_names_are_matched_leniently(name: str, unit: str, id: str) -> None:
    found = bind(name, unit)
    assert found is not None
    assert found.id == id


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("风电装机容量", "万吨"),  # not a unit of power
        ("非化石能源消费比重", "万吨标准煤"),
        ("特色绿色金融产品", "家"),
        ("单位工业增加值能耗", "%"),  # of industry, not of the whole product
        ("人均碳排放", "%"),
        ("生活垃圾资源化利用率", "%"),  # burning counts there, in recycling it does not
        ("并网容量", "%"),  # of what?
    ],
)
def test_another_unit_or_another_quantity_is_not_bound(name: str, unit: str) -> None:
    found = match(name, unit)
    assert found.binding is None
    assert found.state == UNBOUND
    assert found.reason


def test_stock_and_addition_are_never_one() -> None:
    stock, added = bind("风电并网容量", "万千瓦"), bind("风力发电新增并网容量", "万千瓦")
    assert stock is not None
    assert added is not None
    assert (stock.id, stock.measured) == ("wind_capacity", "value")
    assert (added.id, added.measured) == ("wind_added", "flow")


def test_a_wrong_unit_is_named_in_the_reason() -> None:
    assert match("风电装机容量", "万吨").reason == "名称与“风电装机”相近，但单位“万吨”不符（应为 万千瓦、%）"


@pytest.mark.plans
@pytest.mark.parametrize("name", PLANS)
def test_every_annotated_target_of_both_plans_is_found_by_its_name(shared: Path, name: str) -> None:
    targets = json.loads((shared / "plans" / f"{name}.json").read_text("utf-8"))["targets"]
    found = resolve(targets)
    assert [target["id"] for target, _ in found] == [target["id"] for target in targets]
    for target, matched in found:
        assert matched.binding is not None, target["indicator"]
        assert matched.score == 1
        assert matched.state in (COMPUTED, REPORTED, UNBOUND)


@pytest.mark.plans
@pytest.mark.parametrize("name", PLANS)
def test_what_the_parser_reads_is_bound_or_visibly_unbound(shared: Path, name: str) -> None:
    targets = read_plan(shared / "plans" / f"{name}.txt").as_dict()["targets"]
    found = resolve(targets)
    assert len(found) == len(targets)
    lost = [target for target, matched in found if matched.binding is None]
    assert all(matched.reason for _, matched in found)
    assert len(lost) <= 4  # 并网容量 and 升级改造 do not say of what; a list that the register does not know


@pytest.mark.plans
@pytest.mark.parametrize("name", OTHERS)
def test_another_citys_targets_are_bound_rightly_or_not_at_all(shared: Path, name: str) -> None:
    """By hand: which of the other cities' indicators are in the register. Nothing else may be bound."""
    right = {
        "单位GDP能耗": "energy_intensity", "万元地区生产总值能耗": "energy_intensity", "单位GDP二氧化碳排放": "co2_intensity",
        "非化石能源消费占比": "non_fossil_share", "全社会煤炭消费": "coal_consumption", "城市绿色出行比例": "green_travel",
        "绿色出行比例": "green_travel", "城镇绿色建筑占新建建筑比例": "green_building_share",
        "城镇新建建筑中绿色建筑比重": "green_building_share", "农作物秸杆综合利用率": "straw_use", "生活垃圾回收利用率": "waste_recycling",
    }  # fmt: skip
    targets = json.loads((shared / "plans" / f"{name}.json").read_text("utf-8"))["targets"]
    for target, matched in resolve(targets):
        assert (matched.binding.id if matched.binding else None) == right.get(target["indicator"]), target["indicator"]


# ---------------------------------------------------------------- faults

GOOD = """version = "1"
[[binding]]
id = "wind"
name = "风电装机"
name_en = "Wind"
state = "reported"
indicator = "plan.reported.wind"
unit = "万千瓦"
formula = "合计"
source = "台账"
owner = "grid"
"""


def fault(tmp_path: Path, text: str) -> PlanError:
    path = tmp_path / "bindings.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(PlanError) as caught:
        read_register(path)
    assert caught.value.where.file == "bindings.toml"
    return caught.value


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bindings.toml"
    path.write_text(GOOD, "utf-8")
    assert read_register(path).by_id("wind").indicator == "plan.reported.wind"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('state = "reported"', 'state = "guessed"', 6, "state 是“guessed”"),
        ('indicator = "plan.reported.wind"', 'indicator = "energy.wind"', 7, "与状态不符"),
        ('indicator = "plan.reported.wind"', 'indicator = "风电"', 7, "指标代码"),
        ('owner = "grid"', "", 2, "由谁填报"),
        ('formula = "合计"', "", 2, "公式或来源"),
        ('unit = "万千瓦"', "unit = 1", 8, "“unit”是 1"),
        ('unit = "万千瓦"', "", 2, "缺少 unit"),
        ('owner = "grid"', 'owner = "grid"\nwho = "x"', 12, "不认识的键“who”"),
        ('owner = "grid"', 'owner = "grid"\nbounds = [0]', 12, "“bounds”"),
        ('owner = "grid"', 'owner = "grid"\naliases = "风电"', 12, "“aliases”"),
        ('owner = "grid"', 'owner = "grid"\ninputs = ["gdp.none"]', 12, "没有登记的数 gdp.none"),
        ('id = "wind"', 'id = "风电"', 3, "写法不对或重复"),
    ],
)
def test_each_fault_names_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    error = fault(tmp_path, GOOD.replace(old, new))
    assert error.where.row == line
    assert words in str(error)


def test_a_name_belongs_to_one_indicator_only(tmp_path: Path) -> None:
    second = (
        GOOD.split("[[binding]]")[1].replace('"wind"', '"wind_again"').replace("reported.wind", "reported.wind_again")
    )
    assert "已属于“wind”" in str(fault(tmp_path, GOOD + "[[binding]]" + second))


def test_an_unbound_indicator_needs_its_reason(tmp_path: Path) -> None:
    text = GOOD.replace('state = "reported"', 'state = "unbound"').replace('indicator = "plan.reported.wind"\n', "")
    assert "应写原因" in str(fault(tmp_path, text))


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    assert "TOML" in str(fault(tmp_path, "[[binding"))


def test_the_platforms_own_file_is_read_without_fault() -> None:
    assert len(read_register(HOME).bindings) == len({each.id for each in read_register(HOME).bindings}) > 60
