"""The rubric in words as blocks that a page can lay out: `scoring.render` writes Markdown of a fixed, small kind, read here."""

from __future__ import annotations

from typing import Any

from dafeng.kernel.scoring import Rubric, render


def blocks(rubric: Rubric, language: str) -> list[dict[str, Any]]:
    """heading (level, text), list (rows), table (head, rows), text; what is in ` ` in a cell is code."""
    found: list[dict[str, Any]] = []
    for line in render(rubric, language=language).splitlines():
        last = found[-1] if found else {"kind": ""}
        if not line:
            found.append({"kind": ""})
        elif line.startswith("#"):
            marks, _blank, text = line.partition(" ")
            found.append({"kind": "heading", "level": len(marks), "text": text})
        elif line.startswith("- "):
            if last["kind"] != "list":
                found.append(last := {"kind": "list", "rows": []})
            last["rows"].append(_parts(line[2:]))
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if last["kind"] != "table":
                found.append({"kind": "table", "head": cells, "rows": []})
            elif not set(line) <= set("|-:"):
                last["rows"].append([_parts(cell) for cell in cells])
        else:
            found.append({"kind": "text", "text": line})
    return [block for block in found if block["kind"]]


def _parts(text: str) -> list[tuple[str, str]]:
    """(kind, text) pieces: code between ` `, plain elsewhere."""
    pieces = text.split("`")
    return [("code" if number % 2 else "text", piece) for number, piece in enumerate(pieces) if piece]
