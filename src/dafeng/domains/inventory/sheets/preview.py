"""What an upload would bring in, and everything that is wrong with it; nothing is stored here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum

import polars as pl

from dafeng.kernel.errors import Place, UploadError


class Severity(StrEnum):
    """An error stops the commit; a warning wants a second look; a notice says how something was read."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"

    @property
    def label(self) -> str:
        return {"error": "错误", "warning": "警告", "notice": "提示"}[str(self)]


@dataclass(frozen=True)
class Problem:
    """One finding. `row` counts from 1 and `column` is the heading, as the user sees them; `cell` is like F12."""

    severity: Severity
    code: str
    what: str
    expected: str = ""
    mend: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    cell: str = ""
    original: str = ""

    def __str__(self) -> str:
        place = str(Place(self.file, self.sheet, self.row, self.column))
        text = f"{place}：{self.what}" if place else self.what
        if self.expected:
            text += f"；应为{self.expected}"
        return f"{text}。{self.mend}" if self.mend else text

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "severity": str(self.severity), "message": str(self)}


@dataclass
class Findings:
    """Problems as they are met, up to a limit; what goes beyond is counted, so that it still stops a commit."""

    file: str
    limit: int
    problems: list[Problem] = field(default_factory=list)
    counts: dict[Severity, int] = field(default_factory=lambda: dict.fromkeys(Severity, 0))

    @property
    def too_many(self) -> bool:
        """Whether there are so many errors that reading on would only cost the clerk time."""
        return self.counts[Severity.ERROR] >= self.limit

    def add(
        self,
        severity: Severity,
        code: str,
        what: str,
        *,
        expected: str = "",
        mend: str = "",
        sheet: str = "",
        row: int | None = None,
        column: str = "",
        cell: str = "",
        original: str = "",
    ) -> None:
        self.counts[severity] += 1
        if len(self.problems) < self.limit:
            self.problems.append(
                Problem(severity, code, what, expected, mend, self.file, sheet, row, column, cell, original[:200])
            )

    def sorted(self) -> list[Problem]:
        """Errors first, each kind in the order of the file; with a closing line when some were left off."""
        order = list(Severity)
        found = sorted(self.problems, key=lambda problem: order.index(problem.severity))
        left = sum(self.counts.values()) - len(self.problems)
        if self.too_many:
            what = f"错误已有 {self.counts[Severity.ERROR]} 处，其余各行没有再检查"
            found.append(
                Problem(Severity.NOTICE, "too_many", what, mend="请先改正已列出的问题，再次上传", file=self.file)
            )
        elif left:
            found.append(
                Problem(
                    Severity.NOTICE,
                    "more",
                    f"另有 {left} 条问题未列出",
                    mend="请先改正已列出的问题，再次上传",
                    file=self.file,
                )
            )
        return found


@dataclass(frozen=True)
class ImportPreview:
    """`rows` is ready for `activity_frame` (or for `methods.balance`) as far as rows could be read; `ok` says whether all could.

    `counts`: rows, blank, noted, replaces, errors, warnings, notices. `digest` is the file's SHA-256.
    """

    file: str
    digest: str
    rows: pl.DataFrame
    problems: tuple[Problem, ...]
    counts: dict[str, int]

    @property
    def ok(self) -> bool:
        return self.counts["errors"] == 0

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    def accepted(self) -> pl.DataFrame:
        """The rows to commit. Raises `UploadError` while there is any error: a file goes in whole or not at all."""
        if not self.ok:
            raise UploadError(
                f"还有 {self.counts['errors']} 处错误，整个文件未导入",
                mend=f"第一处：{self.errors[0]}" if self.errors else "",
                where=Place(file=self.file),
            )
        return self.rows


def counted(findings: Findings, **counts: int) -> dict[str, int]:
    """The counts of a preview."""
    return {
        **counts,
        "errors": findings.counts[Severity.ERROR],
        "warnings": findings.counts[Severity.WARNING],
        "notices": findings.counts[Severity.NOTICE],
    }


def spans(numbers: Iterable[int]) -> str:
    """Row numbers as a person lists them: 3、5–8."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    shown = [str(a) if a == b else f"{a}–{b}" for a, b in parts[:20]]
    return "、".join(shown) + (" 等" if len(parts) > 20 else "")
