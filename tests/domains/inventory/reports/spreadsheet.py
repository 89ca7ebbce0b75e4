"""A small evaluator of spreadsheet formulas, independent of the package: what Excel would show after recalculation."""

import math
import re

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?)|(?P<text>\"[^\"]*\")"
    r"|(?P<ref>(?:'[^']+'!)?\$?[A-Z]{1,3}\$?[0-9]+(?::\$?[A-Z]{1,3}\$?[0-9]+)?)|(?P<name>[A-Z]+)(?=\()|(?P<sign>[-+*/^(),<>=]))"
)
_BINDS = {"<": 1, ">": 1, "+": 2, "-": 2, "*": 3, "/": 3, "^": 5}


class Area(list):
    """The values of a range, row by row."""


class Spreadsheet:
    """Formulas of a workbook, computed from the plain cells only: no cached value of a formula is ever used."""

    def __init__(self, stream):
        self.book = load_workbook(stream)
        stream.seek(0)
        self.cached = load_workbook(stream, data_only=True)
        self.known = {}

    def formulas(self):
        for sheet in self.book:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith("="):
                        yield sheet.title, cell.coordinate

    def value(self, sheet, address):
        key = (sheet, address)
        if key not in self.known:
            content = self.book[sheet][address].value
            formula = isinstance(content, str) and content.startswith("=")
            self.known[key] = _Formula(self, sheet, content[1:]).value() if formula else content
        return self.known[key]

    def area(self, sheet, reference):
        left, top, right, bottom = range_boundaries(reference.replace("$", ""))
        page = self.book[sheet]
        return Area(
            self.value(sheet, page.cell(row, column).coordinate)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        )


class _Formula:
    def __init__(self, book, sheet, text):
        self.book, self.sheet = book, sheet
        self.tokens, at = [], 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            assert match, f"cannot read {text!r} at {at}"
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = 0

    def value(self):
        result = self.expression()
        assert self.at == len(self.tokens)
        return result

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, expected=None):
        kind, text = self.tokens[self.at]
        assert expected in (None, text)
        self.at += 1
        return kind, text

    def expression(self, least=0):
        left = self.operand()
        while self.peek() in _BINDS and _BINDS[self.peek()] > least:
            sign = self.take()[1]
            right = self.expression(_BINDS[sign])
            left = {
                "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
                "^": lambda a, b: a**b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
            }[sign](left, right)  # fmt: skip
        return left

    def operand(self):
        kind, text = self.take()
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1]
        if kind == "ref":
            sheet, _, reference = text.rpartition("!")
            sheet = sheet.strip("'") or self.sheet
            if ":" in reference:
                return self.book.area(sheet, reference)
            found = self.book.value(sheet, reference.replace("$", ""))
            return 0.0 if found is None else found
        if kind == "name":
            return self.call(text)
        if text == "-":
            return -self.expression(4)
        assert text == "("
        inner = self.expression()
        self.take(")")
        return inner

    def call(self, name):
        self.take("(")
        arguments = [self.expression()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.expression())
        self.take(")")
        return _FUNCTIONS[name](*arguments)


def _numbers(arguments):
    # A text or an empty cell inside a SUM counts for nothing.
    for argument in arguments:
        for cell in argument if isinstance(argument, Area) else [argument]:
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                yield cell


def _sumifs(values, *conditions):
    chosen = zip(values, *conditions[::2], strict=True)
    wanted = conditions[1::2]
    return math.fsum(v for v, *tests in chosen if all(t == w for t, w in zip(tests, wanted, strict=True)) and isinstance(v, int | float))


_FUNCTIONS = {
    "SUM": lambda *arguments: math.fsum(_numbers(arguments)),
    "SUMIFS": _sumifs,
    "EXP": math.exp,
    "LN": math.log,
    "MIN": min,
    "MAX": max,
    "IF": lambda condition, yes, no: yes if condition else no,
}
