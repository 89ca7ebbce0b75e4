"""A refusal leaves nothing half-done and one line in the audit trail: who wanted what, and the code of the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.verification.methods.conflicts import Reason
from dafeng.domains.enterprise.verification.words import reason_words
from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.records import services as records

KIND = "enterprise.verification"


def refused(code: str, fact: str = "") -> Refused:
    """The refusal with the words of `reasons.toml`."""
    what, mend = reason_words(code)
    return Refused(code, f"{what}（{fact}）" if fact else what, mend=mend)


def refused_for(reasons: Iterable[Reason]) -> Refused:
    """The first reason's code, the words of all."""
    found = list(reasons)
    words = "；".join(dict.fromkeys(reason_words(each.code)[0] for each in found))
    return Refused(found[0].code, words, mend=reason_words(found[0].code)[1])


@contextmanager
def refusing(what: str, subject: Any, *, by: Any, now: datetime, kind: str = KIND) -> Iterator[None]:
    """Do it whole or not at all; what was refused is audited under `enterprise.verification-<what>.refused`."""
    try:
        with transaction.atomic():
            yield
    except (Refused, PermissionDenied, TransitionError) as error:
        detail = {"code": error.code, "what": error.what}
        records.audit(by, f"{KIND}-{what}.refused", kind, str(subject), detail, now=now)
        raise
