"""What a paper consists of; Word and PDF lay the same blocks out."""

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
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str


Block = Heading | Paragraph | Table


@dataclass(frozen=True)
class Paper:
    """`note` stands under the title: the mark of a demonstration, the digest."""

    title: str
    issuer: str
    reference: str
    dated: date
    blocks: tuple[Block, ...]
    note: str = ""
