"""A refused request leaves a trace: the reason code in the audit chain, outside the transaction that it undid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from dafeng.domains.enterprise.errors import Refused
from dafeng.kernel.errors import DafengError, NotFound, PermissionDenied, StaleError, TransitionError
from dafeng.kernel.records import services as records


class SeenOld(Refused, StaleError):
    """Somebody else saved the same month or moved the same report since this person opened it."""


class Faulty(Refused):
    """Values that cannot be taken; `problems` names each by item, and nothing was saved."""

    def __init__(self, problems: list[tuple[str, DafengError]]) -> None:
        super().__init__(
            "values_wrong",
            "；".join(f"{where}：{error}" for where, error in problems[:5]),
            mend="请改正后重新保存，本次没有保存任何内容",
        )
        self.problems = problems


@contextmanager
def refusing(what: str, subject_kind: str, subject_id: Any, *, by: Any, now: datetime) -> Iterator[None]:
    """Seal what is refused within: `what` was asked of the subject, by whom, and the reason code."""
    try:
        yield
    except (Refused, PermissionDenied, TransitionError) as error:
        detail = {"asked": what, "reason": error.code, "said": error.what[:300]}
        records.audit(by, "enterprise.refused", subject_kind, str(subject_id), detail, now=now)
        raise


def refuse_other(by: Any, subject_kind: str, subject_id: Any, *, now: datetime, what: str) -> NotFound:
    """Somebody asked for another enterprise's data: sealed with its reason; what they see is that there is no such thing."""
    detail = {"asked": what, "reason": "other_enterprise", "said": ""}
    records.audit(by, "enterprise.refused", subject_kind, str(subject_id), detail, now=now)
    return NotFound("没有找到", mend="请检查地址，或从“企业碳报告”重新进入")
