"""Errors in the user's words: what is wrong, where, what was expected, how to mend it.

Every error that a user can cause derives from `DafengError`. Its text is Chinese, because its reader is a clerk at a
bureau; its attributes are structured, because a page shows them as a table and a test compares them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Place:
    """Where in the user's own material an error sits. Rows count from 1, as the spreadsheet shows them."""

    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        parts = [
            f"文件“{self.file}”" if self.file else "",
            f"工作表“{self.sheet}”" if self.sheet else "",
            f"第 {self.row} 行" if self.row is not None else "",
            f"“{self.column}”列" if self.column else "",
        ]
        return " ".join(part for part in parts if part)


class DafengError(Exception):
    """Base of all errors that carry a message for the user.

    `code` is stable and meant for programs; `what`, `expected` and `mend` are sentences for people.
    """

    code = "error"

    def __init__(self, what: str, *, expected: str = "", mend: str = "", where: Place | None = None) -> None:
        self.what, self.expected, self.mend, self.where = what, expected, mend, where or Place()
        super().__init__(str(self))

    def __str__(self) -> str:
        lead = f"{self.where}：" if str(self.where) else ""
        text = f"{lead}{self.what}"
        if self.expected:
            text += f"；应为{self.expected}"
        if self.mend:
            text += f"。{self.mend}"
        return text

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": str(self),
            "what": self.what,
            "expected": self.expected,
            "mend": self.mend,
            **asdict(self.where),
        }


class UnitError(DafengError):
    """A unit is unknown, or two units measure different things."""

    code = "unit"


class MethodError(DafengError):
    """A method is declared wrongly, is unknown, or was called with the wrong inputs."""

    code = "method"


class FactorError(DafengError):
    """A factor table breaks its own rules."""

    code = "factor"


class ActivityError(DafengError):
    """Activity data cannot be used as given."""

    code = "activity"


class PlaceError(DafengError):
    """A place code or name is not in the tree."""

    code = "place"


class PeriodError(DafengError):
    """A period cannot be read."""

    code = "period"


class GasError(DafengError):
    """A gas, or a gas in the chosen GWP set, is unknown."""

    code = "gas"


class TransitionError(DafengError):
    """A record cannot move from its state in the way asked for."""

    code = "transition"


class PermissionDenied(DafengError):
    """The person's roles do not allow this action on this record."""

    code = "permission"


class UploadError(DafengError):
    """An uploaded file is refused before it is read: kind, size, macros, encoding."""

    code = "upload"


class PackError(DafengError):
    """A city pack breaks its schema."""

    code = "pack"


class NotFound(DafengError):
    """What was asked for is not there, or not for this person: both look the same from outside."""

    code = "not_found"


class StaleError(DafengError):
    """Somebody else changed it since this person last saw it."""

    code = "stale"


class SignInRequired(PermissionDenied):
    """The action is for people who are signed in."""

    code = "sign_in"


class RubricError(DafengError):
    """A rubric or a set of light rules breaks its own rules. `problems` lists every fault that was found."""

    code = "rubric"

    def __init__(
        self,
        what: str,
        *,
        expected: str = "",
        mend: str = "",
        where: Place | None = None,
        problems: tuple[RubricError, ...] = (),
    ) -> None:
        super().__init__(what, expected=expected, mend=mend, where=where)
        self.problems = problems or (self,)


class ScoringError(DafengError):
    """The values or subjects given for scoring cannot be used."""

    code = "scoring"


class PlanError(DafengError):
    """A plan document or its annotation cannot be read as given."""

    code = "plan"


class LedgerError(DafengError):
    """The ledger cannot take a command at all, or is not what its log says. A refused command is no error but a row."""

    code = "ledger"
