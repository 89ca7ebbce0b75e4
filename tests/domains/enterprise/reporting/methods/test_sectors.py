"""The schemas themselves: twenty, whole, in both languages, and refused where they contradict themselves."""

import re

import pytest

from dafeng.domains.enterprise.reporting import sectoral
from dafeng.domains.enterprise.reporting.methods import parameters, sectors
from dafeng.domains.enterprise.reporting.methods.calculation import method_of
from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS
from dafeng.kernel.errors import MethodError
from dafeng.kernel.quantities import units

CHINESE = re.compile("[\u4e00-\u9fff]")
TWENTY = {
    "power", "cement", "iron_steel", "aluminium", "lime", "ceramics", "flat_glass", "chemicals", "fluorine_chemicals", "paper",
    "textile", "food", "machinery", "electronics", "magnesium", "nonferrous", "coal_mine", "grid", "road_transport",
    "public_building",
}  # fmt: skip


def test_there_are_twenty_sectors():
    assert set(SECTORS) == TWENTY
    assert len(SECTORS) == 20
    with pytest.raises(KeyError):
        SECTORS["parts"]


@pytest.mark.parametrize("code", sorted(TWENTY))
def test_every_input_of_every_formula_is_an_item_or_a_parameter_that_exists(code):
    sector = SECTORS[code]
    known = {row.parameter for row in parameters.shipped()}
    for formula in sector.formulas:
        method = method_of(formula.method)
        assert method.unit in {"t CO2", "t CO2e"}
        specs = {name: formula.inputs.get(name, name) for name in method.inputs}
        assert set(formula.inputs) <= set(method.inputs), formula.code
        for spec in specs.values():
            assert spec in sector.items or spec.partition(":")[0] in known, f"{formula.code} {spec}"
        assert any(spec in sector.items for spec in specs.values())
    for fill in sector.fills:
        assert fill.parameter in known or fill.gather in sector.streams or method_of(fill.method)
        assert fill.rule
        assert fill.rule_en
    for each in sector.indicators:
        assert units.convertible(method_of(each.method).unit, each.unit)


@pytest.mark.parametrize("code", sorted(TWENTY))
def test_every_name_is_in_both_languages_and_every_unit_is_known(code):
    sector = SECTORS[code]
    for each in (sector, *sector.items.values(), *sector.streams.values(), *sector.formulas, *sector.indicators):
        assert each.title
        assert each.title_en
        assert not CHINESE.search(each.title_en)
    for item in sector.items.values():
        for unit in (item.unit, *item.units.values()):
            units.parse(unit)
        assert item.weight in ({""} | set(sector.items))
        assert item.evidence
    assert bool(sector.note) == bool(sector.note_en)


def test_a_stream_is_named_with_its_label():
    cement = SECTORS["cement"]
    assert cement.stream_title("fuel_use", "bituminous/cement_kiln") == "烟煤（水泥窑）"
    assert cement.stream_title("fuel_use", "bituminous/kiln 2", english=True) == "Bituminous coal (kiln 2)"
    assert cement.unit("fuel_use", "natural_gas") == "1e4Nm3"
    assert cement.unit("fuel_use", "bituminous") == "t"


def test_the_oxidation_rate_of_coal_in_power_stations_cannot_be_told():
    assert "oxidation" not in SECTORS["power"].items
    assert "oxidation" in SECTORS["cement"].items


BASE = 'title = "x"\ntitle_en = "x"\nsource = "x"\nstanding = "A"\nsets = []\n'
ITEM = '[[items]]\ncode = "a"\ntitle = "a"\ntitle_en = "a"\nunit = "t"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASE + ITEM + 'colour = "red"\n', "不认识的字段"),
        (BASE + ITEM + 'stream = "b"\n', "没有定义"),
        (BASE + ITEM + 'period = "weekly"\n', "周期"),
        (BASE + ITEM + '[[fills]]\nitem = "a"\n', "恰好写一种"),
        (BASE + '[[formulas]]\ncode = "f"\ntitle = "f"\ntitle_en = "f"\nmethod = "m"\ncategory = "smoke"\n', "类别"),
        (BASE + 'boundaries = ["moon"]\n', "边界"),
        (BASE.replace("source", "sauce"), "source"),
    ],
)
def test_a_schema_that_contradicts_itself_is_refused_by_file(monkeypatch, tmp_path, text, said):
    (tmp_path / "odd.toml").write_text(text)
    monkeypatch.setattr(sectors, "HOME", tmp_path)
    with pytest.raises(MethodError, match=said) as caught:
        sectors.read("odd")
    assert "odd.toml" in str(caught.value)


def test_everything_that_a_formula_asks_for_has_a_name_to_be_read() -> None:
    """A page that says what is to be confirmed says it in words, whether a form tells it or a parameter does."""
    for code, sector in SECTORS.items():
        for formula in sector.formulas:
            for name in method_of(formula.method).inputs:
                asked = formula.inputs.get(name, name).partition(":")[0]
                assert sectoral.title_of(code, asked) != asked, (code, formula.code, asked)
    assert sectoral.title_of("power", "oxidation") == "碳氧化率"
