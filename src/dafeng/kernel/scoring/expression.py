"""Small rules over values: `done / planned * 100`, `A01 >= 50 or mark(A02) == 100`. Never evaluated as Python.

The text is parsed with Python's own parser into a tree, of which only the node types named here are let through; the
tree is then walked over columns. Three-valued: a missing value makes a number missing and a comparison *unknown*, and
`unknown and no` is no, `unknown or yes` is yes (Kleene). Columns are float64, NaN is missing or unknown, truth is 1 or 0.
"""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dafeng.kernel.errors import RubricError

Column = npt.NDArray[np.float64]
Kind = Literal["number", "truth"]
RESULTS = ("score", "coverage", "confidence")  # what a rule about the whole result may also name
FUNCTIONS = ("min", "max", "abs", "known", "mark")
MAX_LENGTH, MAX_DEPTH = 600, 40
_SPELLINGS = {"≥": ">=", "≤": "<=", "≠": "!=", "×": "*", "÷": "/", "−": "-", "（": "(", "）": ")", "，": ","}
_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[..., Any]]] = {
    ast.Add: ("+", np.add),
    ast.Sub: ("−", np.subtract),
    ast.Mult: ("×", np.multiply),
    ast.Div: ("÷", np.divide),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[..., Any]]] = {
    ast.Lt: ("<", np.less),
    ast.LtE: ("≤", np.less_equal),
    ast.Gt: (">", np.greater),
    ast.GtE: ("≥", np.greater_equal),
    ast.Eq: ("=", np.equal),
    ast.NotEq: ("≠", np.not_equal),
}
_WORDS = {
    "zh": {"and": "且", "or": "或", "not": "非", "if": "若 {test} 则 {yes}，否则 {no}", "known": "有数据", "mark": "得分率",
           "min": "较小者", "max": "较大者", "abs": "绝对值",
           "score": "得分", "coverage": "覆盖率", "confidence": "可信度"},
    "en": {"and": "and", "or": "or", "not": "not", "if": "{yes} if {test}, else {no}", "known": "known", "mark": "mark",
           "min": "the smaller of", "max": "the larger of", "abs": "absolute value of",
           "score": "score", "coverage": "coverage", "confidence": "confidence"},
}  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A parsed rule. `names` are the values it reads, `marks` the items of which it reads the mark."""

    text: str
    tree: ast.expr
    names: frozenset[str]
    marks: frozenset[str]
    kind: Kind

    def __call__(self, columns: Mapping[str, Column], size: int) -> Column:
        """The rule over columns of `size` subjects; marks are columns named `mark(code)`."""
        with np.errstate(all="ignore"):
            found = _value(self.tree, columns)
        found = np.where(np.isfinite(found), found, np.nan)
        return np.broadcast_to(found, (size,)).astype(np.float64)

    def in_words(self, titles: Mapping[str, str], language: str = "zh") -> str:
        """The rule with titles for codes and signs that a clerk reads."""
        return _words(self.tree, titles, language, outermost=True)


@lru_cache(maxsize=4096)
def parse(text: str, *, kind: Kind) -> Expression:
    """Raises `RubricError` for anything but a small rule of the kind asked for: a number or a truth."""
    spelled = "".join(_SPELLINGS.get(letter, letter) for letter in text).strip()
    if not spelled:
        raise RubricError("表达式是空的", expected="例如 done / planned * 100")
    if len(spelled) > MAX_LENGTH:
        raise RubricError(f"表达式有 {len(spelled)} 个字符，太长", expected=f"不超过 {MAX_LENGTH} 个字符")
    try:
        tree = ast.parse(spelled, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RubricError(f"读不懂表达式“{text}”", expected="例如 A01 >= 50 or A02 == 100") from error
    names: set[str] = set()
    marks: set[str] = set()
    found = _check(tree, text, names, marks, depth=0)
    if found != kind:
        wanted = {"number": "一个数，例如 done / planned * 100", "truth": "一个条件，例如 A01 >= 50"}[kind]
        raise RubricError(f"表达式“{text}”的结果{'是条件' if found == 'truth' else '是数'}", expected=wanted)
    return Expression(text, tree, frozenset(names), frozenset(marks), kind)


def is_code(text: str) -> bool:
    """May this stand as a name in a rule?"""
    return text.isidentifier() and unicodedata.normalize("NFKC", text) == text and text not in _TAKEN


_TAKEN = frozenset({*RESULTS, *FUNCTIONS, "and", "or", "not", "if", "else", "True", "False", "None", "in", "is", "for",
                    "lambda", "class", "def", "from", "import", "as", "with", "while", "try", "return", "yield", "await"})  # fmt: skip


def _check(tree: ast.AST, text: str, names: set[str], marks: set[str], depth: int) -> Kind:
    """The kind of a tree of allowed nodes; gathers the names."""
    if depth > MAX_DEPTH:
        raise RubricError(f"表达式“{text[:40]}…”嵌套太深", expected=f"不超过 {MAX_DEPTH} 层")

    def need(kind: Kind, *parts: ast.AST) -> None:
        for part in parts:
            if _check(part, text, names, marks, depth + 1) != kind:
                word = "数" if kind == "number" else "条件"
                raise RubricError(f"表达式“{text}”中“{ast.unparse(part)}”应是{word}")

    match tree:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            if (isinstance(number, int) and abs(number) > 10**15) or not np.isfinite(float(number)):
                raise RubricError(f"表达式“{text[:40]}”中的数太大")
            return "number"
        case ast.Name(id=name):
            names.add(name)
            return "number"
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _ARITHMETIC:
            need("number", left, right)
            return "number"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            need("number", operand)
            return "number"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            need("truth", operand)
            return "truth"
        case ast.BoolOp(values=parts):
            need("truth", *parts)
            return "truth"
        case ast.Compare(left=left, ops=operators, comparators=rest) if all(type(o) in _COMPARISONS for o in operators):
            need("number", left, *rest)
            return "truth"
        case ast.IfExp(test=test, body=yes, orelse=no):
            need("truth", test)
            kind = _check(yes, text, names, marks, depth + 1)
            need(kind, no)
            return kind
        case ast.Call(func=ast.Name(id=function), args=parts, keywords=[]) if function in FUNCTIONS:
            return _check_call(function, parts, text, names, marks, need)
    raise RubricError(
        f"表达式“{text}”中的“{ast.unparse(tree)}”不允许",
        expected=f"数、名称、+ - * /、比较、and or not、… if … else …、{'、'.join(FUNCTIONS)}",
    )


def _check_call(
    function: str, parts: list[ast.expr], text: str, names: set[str], marks: set[str], need: Callable[..., None]
) -> Kind:
    if function in ("known", "mark"):
        match parts:
            case [ast.Name(id=name)]:
                (marks if function == "mark" else names).add(name)
                return "truth" if function == "known" else "number"
        raise RubricError(f"表达式“{text}”中 {function} 的括号里应是一个名称")
    if (function == "abs") != (len(parts) == 1) or not parts:
        raise RubricError(f"表达式“{text}”中 {function} 的参数个数不对", expected="abs 一个，min、max 至少两个")
    need("number", *parts)
    return "number"


def _value(tree: ast.AST, columns: Mapping[str, Column]) -> Any:
    match tree:
        case ast.Constant(value=number):
            return np.float64(number)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return columns[name]
        case ast.BinOp(left=left, op=operator, right=right):
            return _ARITHMETIC[type(operator)][1](_value(left, columns), _value(right, columns))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, columns)
        case ast.UnaryOp(operand=operand):
            return 1.0 - _value(operand, columns)
        case ast.BoolOp(op=operator, values=parts):
            absorbing = 0.0 if isinstance(operator, ast.And) else 1.0
            return reduce(lambda a, b: _kleene(a, b, absorbing), (_value(part, columns) for part in parts))
        case ast.Compare(left=left, ops=operators, comparators=rest):
            operands = [_value(left, columns), *(_value(part, columns) for part in rest)]
            steps = [
                np.where(np.isnan(a) | np.isnan(b), np.nan, _COMPARISONS[type(operator)][1](a, b).astype(np.float64))
                for operator, a, b in zip(operators, operands[:-1], operands[1:], strict=True)
            ]
            return reduce(lambda a, b: _kleene(a, b, 0.0), steps)
        case ast.IfExp(test=test, body=yes, orelse=no):
            condition = _value(test, columns)
            chosen = np.where(condition == 1.0, _value(yes, columns), _value(no, columns))
            return np.where(np.isnan(condition), np.nan, chosen)
        case ast.Call(func=ast.Name(id="known"), args=[ast.Name(id=name)]):
            return np.isfinite(columns[name]).astype(np.float64)
        case ast.Call(func=ast.Name(id="mark"), args=[ast.Name(id=name)]):
            return columns[f"mark({name})"]
        case ast.Call(func=ast.Name(id=function), args=parts):
            given = [_value(part, columns) for part in parts]
            if function == "abs":
                return np.abs(given[0])
            return reduce(np.minimum if function == "min" else np.maximum, given)
    raise AssertionError(f"a node that parse() let through has no value: {tree!r}")


def _kleene(a: Any, b: Any, absorbing: float) -> Any:
    """`and` (absorbing 0) or `or` (absorbing 1) of truths, some of them unknown."""
    settled = (a == absorbing) | (b == absorbing)
    unknown = np.isnan(a) | np.isnan(b)
    return np.where(settled, absorbing, np.where(unknown, np.nan, 1.0 - absorbing))


def _words(tree: ast.AST, titles: Mapping[str, str], language: str, *, outermost: bool = False) -> str:
    words = _WORDS[language]

    def inner(part: ast.AST) -> str:
        return _words(part, titles, language)

    def name_of(name: str) -> str:
        return words[name] if name in RESULTS else f"“{titles.get(name, name)}”"

    comma = "、" if language == "zh" else ", "
    match tree:
        case ast.Constant(value=number):
            return f"{number:g}" if isinstance(number, int | float) else str(number)
        case ast.Name(id=name):
            return name_of(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"−{inner(operand)}"
        case ast.UnaryOp(operand=operand):
            return f"{words['not']}（{_words(operand, titles, language, outermost=True)}）"
        case ast.Call(func=ast.Name(id=("known" | "mark") as function), args=[ast.Name(id=name)]):
            return f"{name_of(name)}{words[function]}" if language == "zh" else f"{words[function]} of {name_of(name)}"
        case ast.Call(func=ast.Name(id=function), args=parts):
            return (
                f"{words[function]}（{comma.join(_words(part, titles, language, outermost=True) for part in parts)}）"
            )
        case ast.BinOp(left=left, op=operator, right=right):
            text = f"{inner(left)} {_ARITHMETIC[type(operator)][0]} {inner(right)}"
        case ast.BoolOp(op=operator, values=parts):
            sign = words["and" if isinstance(operator, ast.And) else "or"]
            text = f" {sign} ".join(inner(part) for part in parts)
        case ast.Compare(left=left, ops=operators, comparators=rest):
            signs = [_COMPARISONS[type(operator)][0] for operator in operators]
            text = inner(left) + "".join(f" {sign} {inner(part)}" for sign, part in zip(signs, rest, strict=True))
        case ast.IfExp(test=test, body=yes, orelse=no):
            plain = {
                key: _words(part, titles, language, outermost=True)
                for key, part in (("test", test), ("yes", yes), ("no", no))
            }
            text = words["if"].format(**plain)
        case _:
            raise AssertionError(f"a node that parse() let through has no words: {tree!r}")
    return text if outermost or isinstance(tree, ast.Compare) else f"（{text}）"
