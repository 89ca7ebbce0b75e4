"""Places: the order in which factors are sought."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.errors import PlaceError
from dafeng.kernel.quantities import places

CODES = st.sampled_from(sorted(places.provinces())).flatmap(
    lambda province: st.tuples(st.just(province[:2]), st.integers(0, 99), st.integers(0, 99))
).map(lambda parts: f"{parts[0]}{parts[1]:02d}{parts[2]:02d}")  # fmt: skip


def test_a_facility_looks_to_its_county_city_province_regions_nation_and_the_world() -> None:
    chain = places.ancestors("411502/大唐信阳")
    assert chain[:4] == ("411502/大唐信阳", "411502", "411500", "410000")
    assert chain[-2:] == ("100000", "world")
    regions = chain[4:-2]
    assert regions
    assert all(places.level(region) == "region" for region in regions)


def test_levels_are_told_by_the_code() -> None:
    told = {code: places.level(code) for code in ("411502/x", "411502", "411500", "410000", "100000", "world")}
    assert list(told.values()) == ["facility", "county", "city", "province", "nation", "world"]
    assert places.level(places.regions()["410000"][0]) == "region"


def test_there_are_34_provincial_units_and_henan_is_one() -> None:
    assert len(places.provinces()) == 34
    assert places.provinces()["410000"].startswith("河南")


@pytest.mark.parametrize(
    "code", ["", "4115", "000000", "990000", "41150x", "grid:nowhere", "信阳", "４１１５００", "/x"]
)
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(PlaceError):
        places.ancestors(code)


@given(CODES)
def test_the_chain_only_widens_and_never_repeats(code: str) -> None:
    chain = places.ancestors(code)
    ranks = [places.specificity(place) for place in chain]
    assert chain[0] == code
    assert chain[-1] == "world"
    assert len(set(chain)) == len(chain)
    assert ranks == sorted(ranks, reverse=True)
    assert all(set(places.ancestors(place)) <= set(chain) for place in chain if places.level(place) != "region")
