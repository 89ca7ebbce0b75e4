"""Which characters of a text are taken: asked once for each of thousands of places, so it is a table, not a search."""

from __future__ import annotations

from collections.abc import Iterable


def cover(spans: Iterable[tuple[int, int]]) -> bytearray:
    """A table with 1 for each offset inside a span."""
    spans = list(spans)
    covered = bytearray(max((end for _, end in spans), default=0) + 1)
    for start, end in spans:
        covered[start:end] = b"\x01" * (end - start)
    return covered


def is_in(covered: bytearray, offset: int) -> bool:
    return offset < len(covered) and bool(covered[offset])
