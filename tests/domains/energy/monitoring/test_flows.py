"""The firm's flows: closures by hand, and a drawing that keeps its proportions."""

import pytest

from dafeng.domains.energy.monitoring import balance
from dafeng.domains.energy.monitoring.methods.flows import Link, Node, closures, sankey, unit_consumption

NODES = [
    Node("grid", "外购电", "purchase"), Node("gas", "外购气", "purchase"), Node("boiler", "锅炉", "conversion"),
    Node("board", "总配", "distribution"), Node("hall1", "一车间", "process"), Node("hall2", "二车间", "process"),
]  # fmt: skip


def _links(board_to_2: float | None = 36.0, steam: float = 42.0) -> list[Link]:
    return [
        Link("grid", "board", "electricity", 100.0), Link("board", "hall1", "electricity", 60.0), Link("board", "hall2", "electricity", board_to_2),
        Link("gas", "boiler", "natural_gas", 50.0), Link("boiler", "hall1", "heat", steam),
    ]  # fmt: skip


def _state(links: list[Link], code: str):
    return next(each for each in closures(NODES, links) if each.node.code == code)


def test_a_board_closes_within_its_meters_and_a_boiler_may_lose():
    board, boiler = _state(_links(), "board"), _state(_links(), "boiler")
    assert (board.state, board.gap) == ("closed", 4.0)
    assert board.share == pytest.approx(0.04)  # 100 − 96
    assert (boiler.state, boiler.gap, boiler.share) == ("loss", 8.0, 0.16)


def test_what_goes_missing_is_open_and_what_appears_is_a_gain():
    assert _state(_links(30.0), "board").state == "open"
    assert _state(_links(50.0), "board").state == "gain"
    assert _state(_links(steam=60.0), "boiler").state == "gain"


def test_a_part_that_nobody_measured_is_not_taken_for_nothing():
    board = _state(_links(None), "board")
    assert (board.state, board.gap) == ("unknown", None)


def test_ends_have_no_balance():
    assert {each.node.code for each in closures(NODES, _links())} == {"board", "boiler"}


def test_the_drawing_is_as_high_as_what_passes():
    drawn = sankey(NODES, _links())
    boxes = {box.node.code: box for box in drawn.boxes}
    assert boxes["grid"].height / boxes["gas"].height == pytest.approx(2.0, rel=0.01)
    assert boxes["grid"].x < boxes["boiler"].x < boxes["board"].x < boxes["hall1"].x
    assert len(drawn.ribbons) == 5
    assert all(box.y + box.height <= drawn.height for box in drawn.boxes)


def test_nothing_known_draws_nothing():
    assert sankey(NODES, [Link("grid", "board", "electricity", None)]) is None


def test_consumption_of_a_product():
    assert unit_consumption(150.0, 300.0) == 0.5
    assert unit_consumption(150.0, 0.0) is None
    assert unit_consumption(None, 5.0) is None


@pytest.mark.parametrize(
    ("links", "amounts"),
    [
        # 100 − 40 = 60 to b, and all of it on to c, though c is told first
        ([("b", "c", None), ("a", "b", None), ("x", "a", 100.0), ("a", "d", 40.0)], [60.0, 60.0, 100.0, 40.0]),
        # steam that runs in a loop: 100 bought and 20 condensate that comes back are 120
        ([("x", "a", 100.0), ("a", "b", None), ("b", "a", 20.0)], [100.0, 120.0, 20.0]),
        # a loop of which neither way is measured, two rests at one board, more out than in: nothing is made up
        ([("x", "a", 100.0), ("a", "b", None), ("b", "a", None)], [100.0, None, None]),
        ([("x", "a", 100.0), ("a", "b", None), ("a", "c", None)], [100.0, None, None]),
        ([("x", "a", 100.0), ("a", "b", 130.0), ("a", "c", None)], [100.0, 130.0, None]),
    ],
)
def test_a_rest_is_found_in_whatever_order_it_is_told(links, amounts):
    told = [Link(source, target, "steam", amount, amount is not None) for source, target, amount in links]
    assert [each.amount for each in balance.with_rests(told)] == amounts
