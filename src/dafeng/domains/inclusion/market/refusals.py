"""Refusals: the sentence of a reason code, what the ledger's answers mean here, and a row for the one who was refused.

A refusal undoes the transaction in which it happened, the ledger's row with it; so what was refused is written here, after
that, in a transaction of its own. (Posting the command again only to have its refusal in the log might succeed.)
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import MarketRefusal
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.verbs import Command

_SHORT = {"insufficient", "held", "frozen", "lot_expired", "unknown_account"}
_ANSWERS = {"account_closed": "account_closed", "claimed": "claim_taken", "hold_expired": "coupon_expired", "hold_closed": "order_not_open"}  # fmt: skip


@lru_cache(maxsize=1)
def sentences() -> dict[str, dict[str, str]]:
    with (Path(__file__).parent.parent / "reasons.toml").open("rb") as stream:
        return tomllib.load(stream)


def refusal(code: str, detail: str = "") -> Refused:
    """The error of a reason code in the reader's language; `detail` goes in brackets."""
    words = sentences()[code]
    end = "en" if (get_language() or "").startswith("en") else "zh"
    what = f"{words[end]}（{detail}）" if detail else words[end]
    return Refused(code, what, mend=words[f"mend_{end}"])


def done(commands: Sequence[Command], *, now: datetime, short: str = "points_short") -> list[Reply]:
    """Post commands that must all be done. Raises `Refused`; `short` is what too little of the asset is called."""
    replies = bookkeeping.post(commands, now=now)
    for reply in replies:
        if reply.ok:
            continue
        if reply.answer in _SHORT:
            raise refusal(short)
        if reply.answer in _ANSWERS:
            raise refusal(_ANSWERS[reply.answer], reply.detail if reply.answer == "claimed" else "")
        raise Refused(reply.answer, f"账本没有办理：{reply.text('zh')}", mend="请刷新页面看看余额与状态后再试")
    return replies


@contextmanager
def told(sender: str, action: str, *, now: datetime) -> Iterator[None]:
    """Around a whole transaction: a refusal is kept for its sender, and goes on."""
    try:
        yield
    except Refused as error:
        MarketRefusal.objects.create(sender=sender[:80], action=action, reason=error.code[:40], text=error.what[:200], at=now)  # fmt: skip
        raise


def of(*senders: str, limit: int = 20) -> Any:
    """The latest refusals of senders, newest first."""
    return MarketRefusal.objects.filter(sender__in=senders).order_by("-at", "-pk")[:limit]
