"""A text as a QR code, drawn on the server as one path: no script, no picture from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET = 4  # modules of white around it, as ISO/IEC 18004 asks


@dataclass(frozen=True)
class Drawing:
    """`size` modules a side, the quiet zone included; `path` fills the dark ones."""

    size: int
    path: str


def drawn(text: str) -> Drawing:
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    rows = code.get_matrix()
    dark = [(x + QUIET, y + QUIET) for y, row in enumerate(rows) for x, on in enumerate(row) if on]
    return Drawing(len(rows) + 2 * QUIET, "".join(f"M{x} {y}h1v1h-1z" for x, y in dark))
