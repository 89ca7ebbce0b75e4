"""What a document consists of. No looks here: Word, PDF and the preview page each lay the same blocks out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Table:
    """`align`: a letter a column, l, c or r. `widths`: shares of the page."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    widths: tuple[float, ...]
    note: str = ""


Block = Heading | Paragraph | Table


@dataclass(frozen=True)
class Document:
    """`issuer` heads the page in red and signs below; `reference` is the official number, empty while there is none."""

    title: str
    issuer: str
    reference: str
    dated: date
    blocks: tuple[Block, ...]
