"""Formulas in print: what Typst and Word are given says the same as the tree, with brackets where they must stand."""

import pytest
from lxml import etree

from dafeng.domains.inventory import library
from dafeng.domains.inventory.reports.formulas import typst_math, word_math
from dafeng.kernel.accounting import exp, where
from dafeng.kernel.accounting.expression import Input, node

A, B, C = (Input(name, "1") for name in "abc")
NAMES = {"a": "甲", "b": "乙", "c": "丙"}


def plain(tree):
    """Word's formula as one line: fractions as [upper|lower], powers as base^(exponent)."""
    space = 'xmlns:m="http://m" xmlns:w="http://w"'
    root = etree.fromstring(word_math(tree, NAMES, "CO₂").replace("<m:oMath>", f"<m:oMath {space}>"))

    def text(element):
        tag = etree.QName(element).localname
        if tag == "t":
            return element.text or ""
        parts = [text(child) for child in element]
        if tag == "f":
            return f"[{parts[0]}|{parts[1]}]"
        if tag == "sSup":
            return f"{parts[0]}^({parts[1]})"
        return "".join(parts)

    return text(root).removeprefix("ECO₂=")


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (A * B + C, "甲×乙+丙"),
        (A * (B + C), "甲×(乙+丙)"),
        (A - (B - C), "甲−(乙−丙)"),
        ((A - B) - C, "甲−乙−丙"),
        (A / (B + C), "[甲|乙+丙]"),
        ((A + B) ** 2, "(甲+乙)^(2)"),
        ((A / B) ** 2, "([甲|乙])^(2)"),
        (-(A + B), "−(甲+乙)"),
        (A * (1 - B), "甲×(1−乙)"),
        (exp(-(A * B)), "exp(−甲×乙)"),
        (A * 1.5e-7, "甲×1.5 × 10⁻⁷"),
        (where(node(A) > B, A, B), "(甲；若 甲>乙；否则 乙)"),
    ],
)
def test_a_formula_in_word_reads_as_it_is_computed(tree, expected):
    assert plain(tree).replace("exp (", "exp(") == expected


def test_a_long_quotient_is_written_in_the_line_with_brackets():
    names = {"a": "很" * 30, "b": "长" * 30, "c": "式" * 30}
    text = typst_math(A / (B * C), names, "CO₂")
    assert "frac" not in text
    assert r"div \(" in text


def test_names_cannot_break_out_of_a_formula():
    text = typst_math(A, {"a": 'x") #panic() upright("'}, "CO₂")
    assert "#panic" in text
    assert r"x\") #panic() upright(\"" in text


def test_every_formula_of_the_library_can_be_set():
    for method in library.methods().values():
        names = {name: name for name in method.inputs}
        etree.fromstring(
            word_math(method.tree, names, "X").replace("<m:oMath>", '<m:oMath xmlns:m="http://m" xmlns:w="http://w">')
        )
        assert typst_math(method.tree, names, "X").startswith('E_(upright("X"))')
