"""The report as PDF: the blocks of `document` as JSON, set by Typst with report.typ. Tagged; the same input gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import typst

from dafeng.domains.inventory.reports import fonts
from dafeng.domains.inventory.reports.chapters import blocks
from dafeng.domains.inventory.reports.document import Block, Cover, Formula, Table
from dafeng.domains.inventory.reports.formulas import typst_math
from dafeng.domains.inventory.reports.labels import ReportError, text
from dafeng.domains.inventory.reports.material import Material
from dafeng.kernel.accounting.readings import read_text
from dafeng.kernel.accounting.status import Status

_TEMPLATE = Path(__file__).with_name("report.typ")


def write_pdf(
    target: Path | BytesIO, material: Material, *, language: str = "zh", font_paths: Iterable[Path] = ()
) -> None:
    """Write the report as tagged PDF (PDF/UA-1).

    `font_paths` names folders with further fonts. Raises `ReportError` where no Chinese font can be found.
    """
    paths = tuple(str(path) for path in font_paths)
    serif, sans = fonts.chosen(paths)
    data = _data(material, language) | {"serif": serif, "sans": sans}
    files = {"main.typ": _TEMPLATE.read_bytes(), "report.json": json.dumps(data, ensure_ascii=False).encode()}
    day = material.made_on
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        content = typst.compile(
            files, format="pdf", font_paths=list(paths), pdf_standards=["ua-1"], timestamp=int(moment.timestamp())
        )
    except typst.TypstError as error:
        raise ReportError(f"PDF 生成失败：{error}", mend="请把这条信息转给系统管理员") from error
    if isinstance(target, BytesIO):
        target.write(content)
    else:
        target.write_bytes(content)


def _data(material: Material, language: str) -> dict[str, Any]:
    made = blocks(material, language)
    cover = made[0]
    assert isinstance(cover, Cover)
    return {
        "title": f"{cover.title} {cover.subtitle}",
        "author": material.name if language == "zh" else material.name_en,
        "running": f"{cover.title}　{cover.subtitle}",
        "date": [material.made_on.year, material.made_on.month, material.made_on.day],
        "lang": language,
        "stop": "" if material.status is Status.OK else text("stop", language),
        "contents": text("contents", language),
        "table": text("table", language),
        "figure": text("figure", language),
        "latin-serif": [] if language == "zh" else ["Libertinus Serif"],
        "latin-sans": [],
        "blocks": [_block(block, language) for block in made],
    }


def _block(block: Block, language: str) -> dict[str, Any]:
    found = {"kind": type(block).__name__} | {
        name: getattr(block, name) for name in block.__dataclass_fields__ if name not in {"tree", "names", "strong"}
    }
    if isinstance(block, Table):
        # A table that is wider than it can be read at nine points is set smaller, not cut.
        found |= {"strong": sorted(block.strong), "size": 9 if len(block.head) < 8 else 8}
    if isinstance(block, Formula):
        mean = "，" if language == "zh" else ", "
        found |= {
            "math": "" if block.tree is None else typst_math(block.tree, block.names, block.result),
            "alt": "" if block.tree is None else f"E({block.result}) = {formula_text(block)}",
            "where": ("；" if language == "zh" else "; ").join(f"{name}{mean}{unit}" for name, _, unit in block.where),
        }
    return found


def formula_text(block: Formula) -> str:
    """The formula in one line of plain text, with the names of the report."""
    assert block.tree is not None
    return read_text(block.tree, lambda leaf: block.names.get(getattr(leaf, "name", ""), ""))


@lru_cache(maxsize=64)
def png(svg: str, ppi: int = 200) -> bytes:
    """A chart as a picture, for documents that take no SVG. Raises `ReportError` where no Chinese font can be found."""
    fonts.chosen()
    page = '#set page(width: auto, height: auto, margin: 2pt)\n#image("chart.svg", width: 16cm)\n'
    found = typst.compile({"main.typ": page.encode(), "chart.svg": svg.encode()}, format="png", ppi=ppi)
    return found if isinstance(found, bytes) else found[0]
