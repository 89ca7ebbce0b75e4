"""What can be wrong with a record, a workflow file or the audit chain; each in the words of its reader."""

from __future__ import annotations

from dafeng.kernel.errors import DafengError, Place


class RecordError(DafengError):
    """A record, its payload or a text of it cannot be stored as given. `problems` lists every fault found."""

    code = "record"

    def __init__(
        self,
        what: str,
        *,
        expected: str = "",
        mend: str = "",
        where: Place | None = None,
        problems: tuple[str, ...] = (),
    ) -> None:
        super().__init__(what, expected=expected, mend=mend, where=where)
        self.problems = problems or (what,)


class WorkflowError(DafengError):
    """A workflow file breaks its own rules, or a kind of record has no workflow."""

    code = "workflow"


class AuditError(DafengError):
    """The audit chain is not what it was, or was asked to change."""

    code = "audit"
