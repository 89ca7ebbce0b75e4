"""Matching, materials, all-of progress and the balance: by hand, by brute force, and by what must always hold."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.energy.parks.methods import matching, materials
from dafeng.domains.energy.parks.methods.balance import Link, Purchase, balance, ratio
from dafeng.domains.energy.parks.methods.matching import Calendar, Medium, Need, Offer, above, distance, grade, match
from dafeng.domains.energy.parks.methods.progress import Standing, progress

YEAR = Calendar(frozenset(range(1, 13)), 0, 24, 8760.0)
HERE = (115.0, 32.0)
STEAM = {"steam": Medium(approach=10.0, limit=8.0, loss=0.0)}


def offer(code: str, temperature: float, power: float, **more: object) -> Offer:
    return Offer(code, f"of {code}", temperature, power, "steam", **({"when": YEAR, "at": HERE} | more))  # type: ignore[arg-type]


def need(code: str, temperature: float, power: float, efficiency: float = 0.9, **more: object) -> Need:
    return Need(code, f"of {code}", temperature, power, efficiency, **({"when": YEAR, "at": HERE} | more))  # type: ignore[arg-type]


def found(pairs: list[matching.Pair]) -> dict[tuple[str, str], matching.Pair]:
    return {(pair.offer.code, pair.need.code): pair for pair in pairs}


def test_one_pair_by_hand() -> None:
    """4 MW of steam for a need of 3 MW half a kilometre away, 2 % lost a km, 5000 of 8760 hours on the need's side.

    The mean need is 3 × 5000 ÷ 8760 = 1.712329 MW. Of the heat sent 99 % arrives, so 1.729625 MW are sent: 1.729625 × 8760 × 3.6 =
    54 545.45 GJ; delivered 3 × 5000 × 3.6 = 54 000 GJ; the boiler of 0.9 burns 60 000 GJ less.
    """
    east = (115.0 + 0.5 / (6371.0 * 3.141592653589793 / 180 * 0.848048096156426), 32.0)  # cos 32° = 0.848048…
    media = {"steam": Medium(10.0, 8.0, 0.02)}
    half = Calendar(YEAR.months, 0, 24, 5000.0)
    pair = match([offer("o", 180, 4)], [need("n", 150, 3, at=east, when=half)], media, detour=1.0)[0]
    assert pair.verdict == "matched"
    assert pair.km == pytest.approx(0.5, rel=1e-6)
    assert pair.delivered == pytest.approx(54_000, rel=1e-6)
    assert pair.sent == pytest.approx(54_000 / 0.99, rel=1e-6)
    assert pair.replaced == pytest.approx(60_000, rel=1e-6)
    assert pair.net == pytest.approx(60_000 - 54_000 / 0.99 * 0.01, rel=1e-6)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ({"temperature": 159.0}, {}, "temperature"),
        ({}, {"at": (115.1, 32.0)}, "distance"),  # 0.1° × 94.3 km = 9.4 km
        ({}, {"at": None}, "unplaced"),
        ({"when": Calendar(YEAR.months, 6, 18, 4380.0)}, {"when": Calendar(YEAR.months, 18, 6, 4380.0)}, "time"),
        ({"when": Calendar(frozenset({1}), 0, 24, 744.0)}, {"when": Calendar(frozenset({7}), 0, 24, 744.0)}, "time"),
        ({"temperature": 160.0, "outlet": 80.0}, {}, "grade"),
        ({"temperature": 160.0}, {}, "matched"),
    ],
)
def test_a_pair_that_cannot_be_says_why(one: dict, other: dict, verdict: str) -> None:
    made = offer("o", **({"temperature": 200.0, "power": 1.0} | one))
    assert match([made], [need("n", 150, 1, **other)], STEAM, detour=1.0)[0].verdict == verdict


def test_a_pipe_that_loses_more_than_it_replaces_is_not_built() -> None:
    """At 7 km and 8 % a km 44 % arrives: 0.44 ÷ 0.9 = 0.489 of fuel for 0.56 lost."""
    far = (115.0 + 7.0 / 94.2983, 32.0)
    media = {"steam": Medium(10.0, 8.0, 0.08)}
    assert match([offer("o", 200, 1)], [need("n", 150, 1, at=far)], media, detour=1.0)[0].verdict == "loss"


def test_heat_that_is_cooled_serves_high_needs_first_and_low_ones_with_the_rest() -> None:
    """300 °C cooled to 100 °C, 10 MW: above 230 °C lie 10 × (300 − 230) ÷ 200 = 3.5 MW, and the low need takes the other 6.5."""
    media = {"flue": Medium(30.0, 1.0, 0.0)}
    flue = Offer("o", "a", 300, 10, "flue", YEAR, 100, HERE)
    assert above(flue, 230) == pytest.approx(3.5)
    pairs = found(match([flue], [need("hot", 200, 8), need("warm", 60, 8, 0.8)], media, detour=1.0))
    # The warm need's boiler is worse, so it is served first where both can be: 8 MW there, 2 above 230 °C for the hot one.
    assert pairs["o", "warm"].power == pytest.approx(8.0, rel=1e-6)
    assert pairs["o", "hot"].power == pytest.approx(2.0, rel=1e-6)
    pairs = found(match([flue], [need("hot", 200, 8, 0.8), need("warm", 60, 8)], media, detour=1.0))
    assert (pairs["o", "hot"].power, pairs["o", "warm"].power) == (pytest.approx(3.5), pytest.approx(6.5))


def test_hot_heat_is_kept_for_the_hot_need() -> None:
    """Both offers fit the warm need, one only the hot need: the greedy pair (hot offer, warm need) would leave the hot need cold."""
    pairs = found(match([offer("hot", 250, 2), offer("warm", 110, 2)], [need("dry", 200, 2), need("wash", 60, 2)], STEAM, detour=1.0))  # fmt: skip
    assert pairs["hot", "dry"].power == pytest.approx(2)
    assert pairs["warm", "wash"].power == pytest.approx(2)
    assert pairs["hot", "wash"].verdict in ("offer_used", "need_met")
    assert pairs["warm", "dry"].verdict == "temperature"


def test_of_equal_answers_the_one_that_keeps_the_grade_is_taken() -> None:
    """One need, two offers that both suffice: the cooler one is used, and the other is told that the need is met."""
    pairs = found(match([offer("hot", 400, 2), offer("cool", 120, 2)], [need("n", 100, 2)], STEAM, detour=1.0))
    assert pairs["cool", "n"].verdict == "matched"
    assert pairs["hot", "n"].verdict == "need_met"
    assert pairs["hot", "n"].rivals == ["cool"]


def test_day_and_night_share_an_offer() -> None:
    """1 MW is enough for a day and a night need of 1 MW each; two at the same hours would share it."""
    day, night = Calendar(YEAR.months, 6, 18, 4380.0), Calendar(YEAR.months, 18, 6, 4380.0)
    pairs = match([offer("o", 200, 1)], [need("d", 100, 1, when=day), need("n", 100, 1, when=night)], STEAM, detour=1.0)
    assert [pair.power for pair in pairs] == [pytest.approx(1), pytest.approx(1)]
    both = match([offer("o", 200, 1)], [need("d", 100, 1, when=day), need("n", 100, 1, when=day)], STEAM, detour=1.0)
    assert sum(pair.sent for pair in both) == pytest.approx(4380 * 3.6, rel=1e-6)


def test_the_hours_of_a_calendar() -> None:
    assert YEAR.open_hours == 8760
    assert Calendar(frozenset({2}), 22, 6, 100.0).open_hours == 28 * 8
    assert Calendar(frozenset({2}), 22, 6, 112.0).share == 0.5


def test_the_carnot_factor_of_a_known_temperature() -> None:
    """1 − 298.15 ÷ 596.3 is one half: at 323.15 °C."""
    assert grade(323.15) == pytest.approx(0.5)
    assert grade(20.0) == 0.0


def test_a_degree_of_longitude_on_the_equator() -> None:
    """2π × 6371 ÷ 360 = 111.1949 km."""
    assert distance((0.0, 0.0), (1.0, 0.0), detour=1.3) == pytest.approx(111.1949 * 1.3, rel=1e-6)
    assert distance(None, (1.0, 0.0), detour=1.0) is None


small = st.integers(1, 3)
temperatures = st.sampled_from([60.0, 100.0, 150.0, 200.0])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(temperatures, small), min_size=1, max_size=2),
    st.lists(st.tuples(temperatures, small, st.sampled_from([0.7, 0.8, 0.9])), min_size=1, max_size=3),
)
def test_no_whole_number_assignment_is_better(offers: list, needs: list) -> None:
    """Brute force over whole MW. Without loss the programme is a transport problem with whole limits, whose best vertex is whole."""
    left = [offer(f"o{n}", t + 10, p) for n, (t, p) in enumerate(offers)]
    right = [need(f"n{n}", t, p, e) for n, (t, p, e) in enumerate(needs)]
    cells = [(o, n) for o in left for n in right if o.temperature >= n.temperature + 10]
    best = 0.0
    for sent in product(*(range(int(min(o.power, n.power)) + 1) for o, n in cells)):
        fits = all(sum(x for x, (a, _n) in zip(sent, cells, strict=True) if a is o) <= o.power for o in left)
        fits = fits and all(sum(x for x, (_o, b) in zip(sent, cells, strict=True) if b is n) <= n.power for n in right)
        if fits:
            best = max(best, sum(x / n.efficiency for x, (_o, n) in zip(sent, cells, strict=True)) * 8760 * 3.6)
    assert sum(pair.replaced for pair in match(left, right, STEAM, detour=1.0)) == pytest.approx(
        best, rel=1e-6, abs=1e-3
    )


calendars = st.builds(
    lambda months, start, length: Calendar(frozenset(months), start, (start + length - 1) % 24 + 1, 1e9),
    st.sets(st.integers(1, 12), min_size=1), st.integers(0, 23), st.integers(1, 24),
)  # fmt: skip
spots = st.tuples(st.floats(115.0, 115.05), st.floats(32.0, 32.05))
offers_drawn = st.lists(
    st.tuples(st.floats(40, 400), st.floats(0.1, 9), calendars, st.one_of(st.none(), st.floats(20, 39)), spots), min_size=1, max_size=4
)  # fmt: skip
needs_drawn = st.lists(
    st.tuples(st.floats(20, 390), st.floats(0.1, 9), st.floats(0.5, 1.0), calendars, spots), min_size=1, max_size=4
)


@settings(max_examples=80, deadline=None)
@given(offers_drawn, needs_drawn)
def test_never_more_than_offered_never_above_need_never_too_cold(offers: list, needs: list) -> None:
    media = {"steam": Medium(10.0, 5.0, 0.03)}
    left = [Offer(f"o{n}", f"a{n}", t, p, "steam", c, out, at) for n, (t, p, c, out, at) in enumerate(offers)]
    right = [Need(f"n{n}", f"b{n}", t, p, e, c, at) for n, (t, p, e, c, at) in enumerate(needs)]
    pairs = match(left, right, media, detour=1.3)
    assert len(pairs) == len(left) * len(right)
    for each in left:
        own = [pair for pair in pairs if pair.offer is each]
        assert sum(pair.sent for pair in own) <= each.power * each.when.open_hours * 3.6 * (1 + 1e-6) + 1e-3
        for level in {pair.need.temperature + 10 for pair in own}:
            hot = sum(pair.sent for pair in own if pair.need.temperature + 10 >= level)
            assert hot <= above(each, level) * each.when.open_hours * 3.6 * (1 + 1e-6) + 1e-3
    for taker in right:
        got = sum(pair.delivered for pair in pairs if pair.need is taker)
        assert got <= taker.power * taker.when.open_hours * 3.6 * (1 + 1e-6) + 1e-3
    for pair in pairs:
        if pair.verdict == "matched":
            assert pair.sent > 0
            assert pair.offer.temperature >= pair.need.temperature + 10
            assert pair.km <= 5.0
            assert pair.offer.when.slices & pair.need.when.slices
            assert 0 < pair.delivered <= pair.sent * (1 + 1e-9)
        else:
            assert pair.sent == 0
    assert match(left, right, media, detour=1.3) == pairs, "the same question has the same answer"


@settings(max_examples=60, deadline=None)
@given(offers_drawn, needs_drawn)
def test_one_offer_more_never_replaces_less(offers: list, needs: list) -> None:
    media = {"steam": Medium(10.0, 5.0, 0.03)}
    left = [Offer(f"o{n}", f"a{n}", t, p, "steam", c, out, at) for n, (t, p, c, out, at) in enumerate(offers)]
    right = [Need(f"n{n}", f"b{n}", t, p, e, c, at) for n, (t, p, e, c, at) in enumerate(needs)]
    whole = sum(pair.net for pair in match(left, right, media, detour=1.3))
    less = sum(pair.net for pair in match(left[1:], right, media, detour=1.3))
    assert whole >= less * (1 - 1e-6) - 1e-3


# ---------- materials ----------


def lot(code: str, tonnes: float, **more: object) -> materials.Lot:
    return materials.Lot(code, f"of {code}", "ASH", tonnes, **({"at": HERE} | more))  # type: ignore[arg-type]


def test_the_most_tonnes_then_the_nearest() -> None:
    """The near taker has room for 60 of 100 t; the far one gets the other 40, not more."""
    far = (115.1, 32.0)
    pairs = materials.match([lot("o", 100)], [lot("near", 60), lot("far", 80, at=far)], detour=1.0)
    assert {pair.need.code: round(pair.tonnes, 6) for pair in pairs} == {"near": 60, "far": 40}


def test_hazardous_waste_needs_a_permit_number() -> None:
    waste = lot("o", 5, hazardous=True)
    assert materials.match([waste], [lot("n", 5)], detour=1.0)[0].verdict == "no_permit"
    assert materials.match([waste], [lot("n", 5, permit=" ")], detour=1.0)[0].verdict == "no_permit"
    assert materials.match([waste], [lot("n", 5, permit="豫环许可危废字 1 号")], detour=1.0)[0].verdict == "matched"


def test_quality_that_is_not_told_is_not_enough() -> None:
    assert materials.match([lot("o", 5, quality=79.9)], [lot("n", 5, quality=80)], detour=1.0)[0].verdict == "quality"
    assert materials.match([lot("o", 5)], [lot("n", 5, quality=80)], detour=1.0)[0].verdict == "quality"
    assert materials.match([lot("o", 5, quality=80)], [lot("n", 5, quality=80)], detour=1.0)[0].verdict == "matched"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_all_that_can_be_taken_is_placed(offered: list[int], wanted: list[int]) -> None:
    """With one code and no other bar, the most that can go is the smaller of the two sums."""
    pairs = materials.match([lot(f"o{n}", t) for n, t in enumerate(offered)], [lot(f"n{n}", t) for n, t in enumerate(wanted)], detour=1.0)  # fmt: skip
    assert sum(pair.tonnes for pair in pairs) == pytest.approx(min(sum(offered), sum(wanted)))


# ---------- all of them ----------

DONE = date(2025, 6, 1)


@pytest.mark.parametrize(
    ("parks", "on", "verdict", "missing"),
    [
        ([Standing("a", True, True, "done", DONE)], date(2026, 1, 1), "met", ()),
        ([Standing("a", True, True, "done", DONE), Standing("b", True, True, "doing")], date(2026, 1, 1), "missed", ("b",)),
        ([Standing("a", True, True, "done", DONE), Standing("b", True, True, "doing")], date(2025, 12, 31), "open", ("b",)),
        ([Standing("a", True, True, "done", date(2026, 1, 1))], date(2026, 2, 1), "missed", ()),
        ([Standing("a", True, True, "done", DONE), Standing("b", True, None, "none")], date(2026, 1, 1), "unknown", ()),
        ([Standing("a", True, True, "done", DONE), Standing("b", True, False, "none")], date(2026, 1, 1), "met", ()),
        ([Standing("a", True, True, "done", DONE), Standing("b", False, None, "none")], date(2026, 1, 1), "met", ()),
        ([], date(2026, 1, 1), "unknown", ()),
    ],
)  # fmt: skip
def test_all_means_all(parks: list[Standing], on: date, verdict: str, missing: tuple[str, ...]) -> None:
    found = progress(parks, year=2025, upper_only=True, on=on)
    assert (found.verdict, found.missing) == (verdict, missing)


def test_in_2030_every_park_must() -> None:
    parks = [Standing("a", True, True, "done", DONE), Standing("b", False, None, "none")]
    found = progress(parks, year=2030, upper_only=False, on=date(2026, 1, 1))
    assert (found.verdict, found.missing, found.share) == ("open", ("b",), 50.0)
    assert progress([], year=2030, upper_only=False, on=DONE).share is None


# ---------- balance ----------


def test_what_a_neighbour_sends_is_not_bought() -> None:
    """b's purchase meter shows 90 GJ that a sent: the park bought a's 1000 m³ of gas and no heat; 10 GJ were lost on the way."""
    found = balance(
        [Purchase("a", "natural_gas", "m3", 1000.0), Purchase("b", "heat", "GJ", 90.0)],
        [Link("exchange", "a", "b", "steam", "heat", "GJ", 100.0, 90.0, booked=True)],
    )
    assert found.bought == {("natural_gas", "m3"): 1000.0, ("heat", "GJ"): 0.0}
    assert found.exchanged == {("heat", "GJ"): 90.0}
    assert found.lost == {("heat", "GJ"): pytest.approx(10.0)}
    assert found.contradictions == []


def test_more_from_inside_than_the_meter_shows_is_said() -> None:
    found = balance([Purchase("b", "heat", "GJ", 50.0)], [Link("exchange", "a", "b", "steam", "heat", "GJ", 100.0, 90.0, booked=True)])  # fmt: skip
    assert found.contradictions == [("heat", "GJ")]


def test_central_supply_counts_once_and_a_silent_link_is_counted_as_such() -> None:
    links = [
        Link("bought", "", "b", "gas", "natural_gas", "m3", None, 70.0),
        Link("bought", "", "c", "gas", "natural_gas", "m3", None, 30.0, booked=True),
        Link("made", "", "c", "power", "electricity", "kWh", 5.0, None),
        Link("exchange", "a", "c", "cold", "", "GJ", None, None),
    ]
    found = balance([Purchase("c", "natural_gas", "m3", 30.0)], links)
    assert found.bought == {("natural_gas", "m3"): 100.0}
    assert found.made == {("electricity", "kWh"): 5.0}
    assert found.unmeasured == 1
    assert found.lost == {}


amounts = st.floats(0, 1e6)


@given(st.lists(st.tuples(amounts, st.floats(0, 1)), max_size=6), amounts)
def test_an_exchange_never_changes_what_the_park_bought(sent: list, gas: float) -> None:
    """However much firms pass on, metered at the receiver's purchase or not, the sum of the park stays what came in from outside."""
    links, purchases = [], [Purchase("a", "natural_gas", "m3", gas)]
    for number, (amount, kept) in enumerate(sent):
        booked = number % 2 == 0
        links.append(Link("exchange", "a", f"f{number}", "steam", "heat", "GJ", amount, amount * kept, booked=booked))
        if booked:
            purchases.append(Purchase(f"f{number}", "heat", "GJ", amount * kept))
    found = balance(purchases, links)
    assert found.bought["natural_gas", "m3"] == gas
    assert found.bought.get(("heat", "GJ"), 0.0) == pytest.approx(0.0, abs=1e-6)
    assert found.lost.get(("heat", "GJ"), 0.0) >= -1e-6


@pytest.mark.parametrize(
    ("top", "bottom", "most", "answer"),
    [
        (486_000.0, 912_000.0, None, 5328.947368421053),
        (None, 1.0, None, None),
        (1.0, 0.0, None, None),
        (2.0, 1.0, 1e4, None),
    ],
)
def test_a_ratio_by_hand(top: float | None, bottom: float | None, most: float | None, answer: float | None) -> None:
    """486 000 万元 over 912 000 t are 5328.95 元/t; without a part, over nothing, or beyond what can be there is none."""
    assert ratio(top, bottom, scale=1e4, most=most) == (None if answer is None else pytest.approx(answer))
