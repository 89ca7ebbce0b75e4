"""A method's formula in the notations of print and page: Typst's mathematics, Word's (OMML), and MathML.

All read the same tree as the calculation, so what is printed is what was computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from dafeng.kernel.accounting.expression import Input, Literal, Named, Node, Operation
from dafeng.kernel.accounting.readings import read_text

Names = Mapping[str, str]
_BINDS = {"+": 1, "-": 1, "neg": 2, "*": 3, "/": 5, "**": 4, ">": 0, "<": 0}
_LONG = 34  # signs: what is longer is written in the line, where it can be broken, not in a fraction or a bracket that cannot
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_WORDS = {"exp": "exp", "log": "ln", "min": "min", "max": "max"}


def _leaf(leaf: Node, names: Names) -> str:
    if isinstance(leaf, Input):
        return names.get(leaf.name, leaf.name)
    if isinstance(leaf, Named):
        return leaf.name
    assert isinstance(leaf, Literal)
    digits, exponent, power = f"{leaf.value:.12g}".partition("e")
    return f"{digits} × 10{str(int(power)).translate(_SUPERSCRIPT)}" if exponent else digits


class _Notation:
    """How one notation writes the parts of a formula; the walk, and where brackets stand, is the same for all."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def word(self, text: str) -> str: ...
    def sign(self, sign: str) -> str: ...
    def bracket(self, inner: str, *, long: bool = False) -> str: ...
    def fraction(self, upper: str, lower: str) -> str: ...
    def power(self, base: str, exponent: str) -> str: ...
    def call(self, name: str, arguments: list[str]) -> str: ...
    def cases(self, condition: str, yes: str, no: str) -> str: ...

    def long(self, part: Node) -> bool:
        """Whether a part takes more room than a fraction or a bracket of one piece should; a Chinese sign counts double."""
        return width(read_text(part, lambda leaf: _leaf(leaf, self.names))) > 2 * _LONG

    def write(self, part: Node, outer: int = 0, right: bool = False) -> str:
        if not isinstance(part, Operation):
            return self.word(_leaf(part, self.names))
        operator, parts = part.operator, part.operands
        inline = operator == "/" and any(map(self.long, parts))
        if operator == "/" and not inline:
            return self.fraction(self.write(parts[0]), self.write(parts[1]))
        if operator == "where":
            return self.cases(*(self.write(operand) for operand in parts))
        if operator in _WORDS:
            return self.call(_WORDS[operator], [self.write(operand) for operand in parts])
        binds = _BINDS[operator]
        if operator == "**":
            base = self.write(parts[0])
            if isinstance(parts[0], Operation) and parts[0].operator not in _WORDS:
                base = self.bracket(base, long=self.long(parts[0]))
            text = self.power(base, self.write(parts[1]))
        elif operator == "neg":
            text = self.sign("−") + self.write(parts[0], binds)
        else:
            binds = 3 if inline else binds
            sign = {"*": "×", "-": "−", "/": "÷"}.get(operator, operator)
            text = self.write(parts[0], binds) + self.sign(sign) + self.write(parts[1], binds, operator in "-/")
        return self.bracket(text, long=self.long(part)) if binds < outer or (right and binds == outer) else text


class _Typst(_Notation):
    def word(self, text: str) -> str:
        if text.replace(".", "", 1).isdigit():
            return text
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'upright("{quoted}")'

    def sign(self, sign: str) -> str:
        return {"×": " times ", "−": " - ", "÷": " div "}.get(sign, f" {sign} ")

    def bracket(self, inner: str, *, long: bool = False) -> str:
        # Escaped brackets do not grow, and the line may be broken between them.
        return f"\\({inner}\\)" if long else f"lr(({inner}))"

    def fraction(self, upper: str, lower: str) -> str:
        return f"frac({upper}, {lower})"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^({exponent})"

    def call(self, name: str, arguments: list[str]) -> str:
        return f'op("{name}") \\({", ".join(arguments)}\\)'

    def cases(self, condition: str, yes: str, no: str) -> str:
        return f'cases({yes} &"（" {condition} "）", {no} &"（其他）")'


class _Omml(_Notation):
    _LOOKS = (
        '<w:rPr><w:rFonts w:ascii="Cambria Math" w:hAnsi="Cambria Math" w:eastAsia="宋体"/><w:sz w:val="21"/></w:rPr>'
    )

    def word(self, text: str) -> str:
        return f'<m:r><m:rPr><m:nor/></m:rPr>{self._LOOKS}<m:t xml:space="preserve">{escape(text)}</m:t></m:r>'

    def sign(self, sign: str) -> str:
        return f"<m:r>{self._LOOKS}<m:t>{escape(sign)}</m:t></m:r>"

    def bracket(self, inner: str, *, long: bool = False) -> str:
        # As signs, not as a delimiter element: some programs drop the delimiters around plain text.
        return self.word("(") + inner + self.word(")")

    def fraction(self, upper: str, lower: str) -> str:
        return f"<m:f><m:num>{upper}</m:num><m:den>{lower}</m:den></m:f>"

    def power(self, base: str, exponent: str) -> str:
        return f"<m:sSup><m:e>{base}</m:e><m:sup>{exponent}</m:sup></m:sSup>"

    def call(self, name: str, arguments: list[str]) -> str:
        return self.word(name) + self.bracket(self.word(", ").join(arguments))

    def cases(self, condition: str, yes: str, no: str) -> str:
        return self.bracket(yes + self.word("；若 ") + condition + self.word("；否则 ") + no)


class _MathML(_Notation):
    def word(self, text: str) -> str:
        number = text.replace(".", "", 1).isdigit()
        return f"<mn>{text}</mn>" if number else f"<mtext>{escape(text)}</mtext>"

    def sign(self, sign: str) -> str:
        return f"<mo>{escape(sign)}</mo>"

    def bracket(self, inner: str, *, long: bool = False) -> str:
        return f'<mo stretchy="false">(</mo>{inner}<mo stretchy="false">)</mo>'

    def fraction(self, upper: str, lower: str) -> str:
        return f"<mfrac><mrow>{upper}</mrow><mrow>{lower}</mrow></mfrac>"

    def power(self, base: str, exponent: str) -> str:
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def call(self, name: str, arguments: list[str]) -> str:
        return f"<mi>{name}</mi>" + self.bracket("<mo>,</mo>".join(arguments))

    def cases(self, condition: str, yes: str, no: str) -> str:
        return self.bracket(yes + self.word("；若 ") + condition + self.word("；否则 ") + no)


def width(text: str) -> int:
    """Signs, of which a Chinese one counts double."""
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


def typst_math(tree: Node, names: Names, result: str) -> str:
    """Source for Typst's `eval(mode: "math")`; names are quoted, so nothing in them is read as code."""
    notation = _Typst(names)
    return f'E_(upright("{result}")) = {notation.write(tree)}'


def word_math(tree: Node, names: Names, result: str) -> str:
    """An `m:oMath` element, without the declarations of its namespaces `m` and `w`."""
    notation = _Omml(names)
    left = f"<m:sSub><m:e>{notation.word('E')}</m:e><m:sub>{notation.word(result)}</m:sub></m:sSub>"
    return f"<m:oMath>{left}{notation.sign('=')}{notation.write(tree)}</m:oMath>"


def page_math(tree: Node, names: Names, result: str) -> str:
    """A `math` element for a page; every name is escaped."""
    notation = _MathML(names)
    left = f"<msub><mi>E</mi><mtext>{escape(result)}</mtext></msub>"
    return f"<math><mrow>{left}<mo>=</mo>{notation.write(tree)}</mrow></math>"
