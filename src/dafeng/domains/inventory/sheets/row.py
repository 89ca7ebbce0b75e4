"""One line of an activity sheet while it is read, and how it reports what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dafeng.domains.inventory.sheets.preview import Findings, Severity
from dafeng.domains.inventory.sheets.words import Found, heading_of
from dafeng.kernel.sheets.xlsx import Cell, Sheet, reference


@dataclass
class Row:
    """One line of the sheet while it is read: where it is, its cells, and whether it is still sound."""

    sheet: Sheet
    index: int
    cells: Mapping[str, Cell]
    columns: Mapping[str, int]
    findings: Findings
    sound: bool = True

    def text(self, field_name: str) -> str:
        cell = self.cells.get(field_name)
        return cell.shown.strip() if cell else ""

    def report(
        self, severity: Severity, code: str, field_name: str, what: str, expected: str = "", mend: str = ""
    ) -> None:
        if severity is Severity.ERROR:
            self.sound = False
        column = self.columns.get(field_name)
        self.findings.add(
            severity,
            code,
            what,
            expected=expected,
            mend=mend,
            sheet=self.sheet.name,
            row=self.index + 1,
            column=heading_of(field_name),
            cell="" if column is None else reference(self.index, column),
            original=self.text(field_name),
        )

    def fault(self, code: str, field_name: str, what: str, expected: str = "", mend: str = "") -> None:
        self.report(Severity.ERROR, code, field_name, what, expected, mend)

    def unknown(self, code: str, field_name: str, kind: str, found: Found, mend: str) -> None:
        """A word that is not known, with the nearest ones, or that means several things."""
        what = f"{kind}“{short(self.text(field_name))}”" + ("有多种含义" if found.ambiguous else "不认识")
        expected = " 或 ".join(found.near[:3]) if found.near else ""
        if found.near and not found.ambiguous:
            mend = f"是否指 {'、'.join(found.near[:3])}？{mend}"
            expected = ""
        self.fault(code, field_name, what, expected, mend)


def short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
