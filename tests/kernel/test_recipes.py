"""Recipes: text that names a method for a kind of activity."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from dafeng.kernel.accounting import Recipe, read_recipes
from dafeng.kernel.accounting.recipes import HEADER, recipe_frame
from dafeng.kernel.errors import MethodError


def table(folder: Path, *lines: str, header: str = ",".join(HEADER)) -> Path:
    path = folder / "r.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_recipe_is_read_as_written(world: SimpleNamespace, tmp_path: Path) -> None:
    found = read_recipes([table(tmp_path, "1A,raw_coal,CO2,test.fuel.mass,2,biogenic,fossil,as agreed")])
    assert found == [Recipe("1A", "CO2", "test.fuel.mass", "raw_coal", "2", "biogenic", "fossil", "as agreed")]


def test_a_series_method_is_a_method_too(world: SimpleNamespace, tmp_path: Path) -> None:
    found = read_recipes([table(tmp_path, "5A,,CH4,test.decay,1,direct,,")], world.series)
    assert found[0].method == "test.decay"


@pytest.mark.parametrize(
    ("line", "said"), [("1A,,CO2,test.none,1,direct,,", "test.none"), ("1A,,CO2,test.simple,1,odd,,", "odd")]
)
def test_an_unknown_method_or_kind_is_refused_with_its_line(
    world: SimpleNamespace, tmp_path: Path, line: str, said: str
) -> None:
    with pytest.raises(MethodError, match=said) as caught:
        read_recipes([table(tmp_path, "1A,,CO2,test.simple,1,direct,,", line)])
    assert (caught.value.where.file, caught.value.where.row) == ("r.csv", 3)


def test_a_wrong_header_is_refused(world: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="表头"):
        read_recipes([table(tmp_path, header="category,gas,method")])


def test_recipes_are_numbered_in_their_order() -> None:
    frame = recipe_frame([Recipe("1A", "CO2", "b"), Recipe("1B", "CH4", "a")])
    assert frame.select("recipe", "category", "method").rows() == [(0, "1A", "b"), (1, "1B", "a")]
