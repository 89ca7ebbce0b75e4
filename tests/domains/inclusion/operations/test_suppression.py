"""No published total gives a small cell away: worked examples, and any table that Hypothesis can think of."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.inclusion.operations.suppression import Line, determined, hidden

LEAST = 10


def test_one_small_part_takes_the_next_smallest_with_it() -> None:
    # 100 = 4 + 36 + 60: with 4 alone hidden it is 100 − 36 − 60. With 36 hidden too, only 40 of 40 persons is known.
    persons = {"all": 100, "a": 4, "b": 36, "c": 60}
    assert hidden(persons, [Line("all", ["a", "b", "c"], apart=True)], least=LEAST) == {"a", "b"}


def test_two_small_parts_of_few_persons_together_are_not_enough() -> None:
    # 3 + 4 = 7 persons would still be told by the rest; 6 + 7 = 13 would not.
    persons = {"all": 100, "a": 3, "b": 4, "c": 40, "d": 53}
    line = Line("all", ["a", "b", "c", "d"], apart=True)
    assert hidden(persons, [line], least=LEAST) == {"a", "b", "c"}
    assert hidden(persons | {"a": 6, "b": 7}, [line], least=LEAST) == {"a", "b"}


def test_parts_that_may_be_the_same_persons_are_not_added() -> None:
    persons = {"all": 50, "bus": 6, "walk": 7, "bike": 48}
    assert hidden(persons, [Line("all", ["bus", "walk", "bike"])], least=LEAST) == {"bus", "walk", "bike"}


def test_where_nothing_else_can_be_hidden_the_total_is() -> None:
    assert hidden({"all": 40, "a": 4, "b": 0}, [Line("all", ["a", "b"])], least=LEAST) == {"a", "all"}


def test_an_empty_cell_may_be_shown_and_hides_nothing() -> None:
    assert hidden({"all": 40, "a": 0, "b": 40}, [Line("all", ["a", "b"], apart=True)], least=LEAST) == set()


def test_unknowns_that_follow_from_the_lines_are_found() -> None:
    # x + y = 5, x − y = 1 fix both; z + w = 3 fixes neither.
    rows = np.array([[1, 1, 0, 0], [1, -1, 0, 0], [0, 0, 1, 1]], dtype=float)
    assert determined(rows) == {0, 1}


@st.composite
def tables(draw):
    """Acts of some persons in months, groups and counties; a person lives in one county."""
    months, groups, counties = (draw(st.integers(1, 4)) for _ in range(3))
    homes = draw(st.lists(st.integers(0, counties - 1), min_size=1, max_size=60))
    acts = draw(
        st.lists(
            st.tuples(st.integers(0, len(homes) - 1), st.integers(0, months - 1), st.integers(0, groups - 1)),
            max_size=150,
        )
    )
    return months, groups, counties, [(who, month, group, homes[who]) for who, month, group in acts]


def published(months, groups, counties, acts):
    """Persons of each cell, and the lines, as `statistics` names them."""
    who: dict = {}
    cells = [("g", m, g) for m in [*range(months), "all"] for g in range(groups)]
    cells += [("c", m, c) for m in [*range(months), "all"] for c in range(counties)]
    cells += [("b", m, "all") for m in [*range(months), "all"]]
    for cell in cells:
        who[cell] = set()
    for person, month, group, county in acts:
        for m in (month, "all"):
            who["g", m, group].add(person)
            who["c", m, county].add(person)
            who["b", m, "all"].add(person)
    lines = []
    for kind, count, apart in (("g", groups, False), ("c", counties, True)):
        lines += [Line(("b", m, "all"), [(kind, m, p) for p in range(count)], apart) for m in [*range(months), "all"]]
        lines += [Line((kind, "all", p), [(kind, m, p) for m in range(months)]) for p in range(count)]
    lines.append(Line(("b", "all", "all"), [("b", m, "all") for m in range(months)]))
    return who, lines


@settings(max_examples=60, deadline=None)
@given(tables())
def test_no_total_gives_a_small_cell_away(table) -> None:
    who, lines = published(*table)
    persons = {cell: len(found) for cell, found in who.items()}
    out = hidden(persons, lines, least=LEAST)
    assert all(cell in out for cell, count in persons.items() if 0 < count < LEAST)
    # An attacker knows every shown cell and every line: solve for the hidden ones with exact arithmetic.
    assert not _solved(out, lines) & {cell for cell in out if persons[cell] < LEAST}
    for line in lines:
        gone = [part for part in line.parts if part in out]
        if gone and line.total not in out:  # what is left over of the line is of enough persons
            assert len(gone) > 1
            assert len(set().union(*(who[part] for part in gone))) >= LEAST


def _solved(out: set, lines: list[Line]) -> set:
    """Hidden cells with one possible value, by Gauss-Jordan elimination in fractions: independent of the product's SVD."""
    from fractions import Fraction

    names = sorted(out, key=repr)
    rows = []
    for line in lines:
        row = [Fraction(0)] * len(names)
        for cell, sign in [*((part, 1) for part in line.parts), (line.total, -1)]:
            if cell in out:
                row[names.index(cell)] += sign
        rows.append(row)
    done = 0
    for column in range(len(names)):
        pivot = next((i for i in range(done, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][column] for value in rows[done]]
        for i, row in enumerate(rows):
            if i != done and row[column]:
                rows[i] = [a - row[column] * b for a, b in zip(row, rows[done], strict=True)]
        done += 1
    return {names[next(i for i, v in enumerate(row) if v)] for row in rows if sum(1 for v in row if v) == 1}
