"""The domain's part of the ledger: its assets with their policies, its lots, the names of its accounts, its keys.

Every room posts through the commands built here, so that there is one answer to: which lot do points of November go to,
what is the account of a member, and under which key is an event paid. Amounts are integers: points; grams of CO2e
(asset `offset`, unit tCO2e, scale 6); fen (asset `cny`, unit 元, scale 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone

from dafeng.domains.inclusion.errors import InclusionError
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.verbs import Command

POINTS, OFFSET, MONEY = "points", "offset", "cny"
SYSTEM = "inclusion:system"
POINTS_MONTHS = 24  # proposal of facts/finance/env_rights_instruments.csv (carbon_points): the city's draft rule
LOT_SIZE = 10**12  # far more points or grams than a month can bring

ASSETS: dict[str, dict[str, Any]] = {
    POINTS: {
        "unit": "分",
        "scale": 0,
        "title": "碳积分",
        "title_en": "Carbon points",
        "policy": {
            "transfer": ["main"],
            "lot_order": "expiry",
            "auto_open": True,
            "holders": ["person", "firm", "merchant", "cause", "pool", "platform"],
            "holds": ["order", "quarantine", "dispute", "freeze"],
            "purposes": {
                "redeem": {"sink": "retired", "buckets": ["main"]},
                "donate": {"sink": "retired", "buckets": ["main"]},
                "clawback": {"sink": "cancelled", "buckets": ["main"]},
                "forfeit": {"sink": "cancelled", "buckets": ["main"]},  # what is left when an account is closed
            },
        },
    },
    OFFSET: {
        "unit": "tCO2e",
        "scale": 6,
        "title": "碳普惠减排量",
        "title_en": "Carbon-inclusion reductions",
        "policy": {
            "transfer": ["main"],
            "lot_order": "fifo",
            "auto_open": True,
            "claim_required": True,
            "holders": ["pool", "firm", "person", "event"],
            "holds": ["order", "dispute", "freeze"],
            "purposes": {
                "neutral_event": {"sink": "retired", "buckets": ["main"]},
                "voluntary": {"sink": "retired", "buckets": ["main"]},
                "correction": {"sink": "cancelled", "buckets": ["main"]},
            },
        },
    },
    MONEY: {
        "unit": "元",
        "scale": 2,
        "title": "奖励资金",
        "title_en": "Reward money",
        "policy": {
            "transfer": ["main"],
            "lot_order": "fifo",
            "auto_open": True,
            "holders": ["budget", "person", "firm", "office", "bank"],
            "holds": ["order", "dispute", "freeze"],
            "purposes": {
                "lapsed": {"sink": "cancelled", "buckets": ["main"]},
            },
        },
    },
}


def ensure_assets(*, now: datetime) -> None:
    """Define the assets once. A changed policy is a new key, so that the log shows both."""
    wanted = [
        verbs.define_asset(key=f"inclusion:asset:{name}:1", actor=SYSTEM, asset=name, **words)
        for name, words in ASSETS.items()
    ]
    _all_fine(ledger.post(wanted, now=now))


def pool(programme: str) -> str:
    """The programme's own account: unsold reductions, returned points."""
    return f"pool:{programme}/main"


def month_of(moment: datetime | date) -> str:
    """The local month, as in `2026-11`."""
    day = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    return f"{day:%Y-%m}"


def points_lot(month: str) -> str:
    """The lot of points earned in a month (`2026-11`); it can be spent until 24 months after the month's end."""
    return f"points/{month}"


def open_points_lot(month: str, *, now: datetime) -> str:
    """Make the lot of a month if it is not there; its name."""
    return _lot(POINTS, points_lot(month), month, _end_of(month, POINTS_MONTHS), now=now)


def offset_lot(methodology: str, month: str) -> str:
    """The lot of reductions of one methodology and month."""
    return f"offset/{methodology}/{month}"


def open_offset_lot(methodology: str, month: str, *, now: datetime) -> str:
    """Make the lot of a methodology's month if it is not there; its name. Reductions have no end of use."""
    return _lot(OFFSET, offset_lot(methodology, month), month, None, now=now)


def _lot(asset: str, lot: str, month: str, end: int | None, *, now: datetime) -> str:
    made = _made_lots()
    if lot not in made:
        command = verbs.create_lot(
            key=f"inclusion:lot:{lot}", actor=SYSTEM, asset=asset, lot=lot, vintage=int(month[:4]), source=lot,
            serial_from=0, amount=LOT_SIZE, usable_until=end,
        )  # fmt: skip
        _all_fine(ledger.post([command], now=now))
        transaction.on_commit(lambda: made.add(lot))  # a lot that is rolled back was not made
    return lot


@lru_cache(maxsize=1)
def _made_lots() -> set[str]:
    """Lots that this process has seen made. Asking again is harmless: the same command gets its first answer."""
    return set()


def _end_of(month: str, months: int) -> int:
    """The first second after `months` whole months have passed since the end of `month`, in seconds since 1970."""
    count = int(month[:4]) * 12 + int(month[5:7]) + months
    first = datetime(count // 12, count % 12 + 1, 1)
    return int(timezone.make_aware(first).timestamp())


def event_key(event: int) -> str:
    """The key under which an event is paid, whatever it is paid with: so it is paid once."""
    return f"inclusion:event:{event:012d}"


def pay_event(event: int, account: str, points: int, lot: str, *, quarantine: bool = False) -> Command:
    """Issue an event's points; held under the event's key while it waits for review."""
    key = event_key(event)
    return verbs.issue(
        key=key, actor=SYSTEM, asset=POINTS, lot=lot, to=account, amount=points, code="reward",
        hold=key if quarantine else None, kind="quarantine" if quarantine else None,
    )  # fmt: skip


def post(commands: Sequence[Command], *, now: datetime) -> list[Reply]:
    """Post; the caller looks at the replies. `post_all` is for commands that must all succeed."""
    return ledger.post(commands, now=now)


def post_all(commands: Sequence[Command], *, now: datetime) -> list[Reply]:
    """Post commands of which each must be done. Raises `InclusionError` with the ledger's own sentence for the first refusal.

    Use inside `with ledger.durable():` together with your own rows: an error rolls all of it back.
    """
    return _all_fine(ledger.post(commands, now=now))


def _all_fine(replies: Iterable[Reply]) -> list[Reply]:
    found = list(replies)
    for reply in found:
        if not reply.ok:
            raise InclusionError(f"账本没有办理：{reply.text('zh')}", mend="请刷新页面看看余额与状态后再试")
    return found


def points_of(account: str) -> ledger.queries.BalanceView:
    """`available`, `pending` (held) and `total` points of an account."""
    return ledger.balance(account, POINTS)
