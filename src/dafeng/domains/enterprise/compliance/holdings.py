"""A firm's allowances and offsets on `kernel.ledger`: the registry account and the trading account, and all that happens to them.

One lot a vintage. Allowances are issued to the registry account, traded from the trading account, and surrendered from the registry
account, oldest valid vintage first. CCER serves up to 5 % of the duty that is recorded beside it. An application holds the units at
once, the bureau's decision takes them. What the market outside the city does is the account `market:national`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import library
from dafeng.domains.enterprise.compliance.methods import duty as duties
from dafeng.domains.enterprise.errors import Refused
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.ledger.verbs import Command
from dafeng.kernel.records import services as records

CEA, CCER = "CEA", "CCER"
REGISTRY, TRADING = "registry", "trading"
SYSTEM, OUTSIDE = "enterprise:compliance", "market:national"
LOT_SIZE = 10**11

_HOLDS = ["order", "pledge", "freeze", "surrender", "cancellation", "carry_over", "dispute"]
ASSETS: dict[str, dict[str, Any]] = {
    CEA: {
        "unit": "t", "scale": 0, "title": "全国碳排放配额", "title_en": "National emission allowances",
        "policy": {
            "buckets": [REGISTRY, TRADING], "transfer": [TRADING], "moves": True, "lot_order": "fifo", "holders": ["firm", "market"],
            "holds": _HOLDS,
            "purposes": {
                "surrender": {"sink": "retired", "buckets": [REGISTRY], "not_after_period": True},
                "voluntary": {"sink": "cancelled", "buckets": [REGISTRY]},
                "returned": {"sink": "cancelled", "buckets": [REGISTRY]},
                "lapsed": {"sink": "cancelled", "buckets": [REGISTRY, TRADING]},
            },
        },
    },
    CCER: {
        "unit": "t", "scale": 0, "title": "国家核证自愿减排量", "title_en": "China certified emission reductions",
        "policy": {
            "buckets": [REGISTRY, TRADING], "transfer": [TRADING], "moves": True, "lot_order": "fifo", "holders": ["firm", "market"],
            "holds": _HOLDS, "claim_required": True,
            "purposes": {
                "surrender": {"sink": "retired", "buckets": [REGISTRY], "forbidden": ["covered", "ineligible"], "max_share_bp": 500, "duty_asset": CEA},
                "voluntary": {"sink": "cancelled", "buckets": [REGISTRY]},
            },
        },
    },
}  # fmt: skip


def holder(enterprise: Enterprise) -> str:
    """Its name on the ledger; other domains' assets of the firm may hang on the same name."""
    return f"firm:{enterprise.code}"


def account(who: Enterprise | None, bucket: str) -> str:
    return f"{holder(who) if who else OUTSIDE}/{bucket}"


def vintage_lot(vintage: int) -> str:
    return f"CEA/{vintage}"


def ensure_assets(*, now: datetime) -> None:
    """Define both assets once. A changed policy is a new key, so that the log shows both."""
    wanted = [verbs.define_asset(key=f"enterprise:asset:{name}:1", actor=SYSTEM, asset=name, **words) for name, words in ASSETS.items()]  # fmt: skip
    done(wanted, now=now)


def open_accounts(who: Enterprise | None, *, now: datetime) -> None:
    """Registry and trading accounts of both assets. Asking again is harmless."""
    ensure_assets(now=now)
    commands = [
        verbs.open_account(key=f"enterprise:open:{name}:{account(who, bucket)}", actor=SYSTEM, asset=name, account=account(who, bucket))
        for name in ASSETS
        for bucket in (REGISTRY, TRADING)
    ]  # fmt: skip
    done(commands, now=now)


def open_vintage(vintage: int, *, usable_until: int | None = None, now: datetime) -> str:
    """The lot of a vintage. `usable_until` (seconds since 1970) where the rules name a last day: so far none does."""
    lot = vintage_lot(vintage)
    command = verbs.create_lot(
        key=f"enterprise:lot:{lot}", actor=SYSTEM, asset=CEA, lot=lot, vintage=vintage, source=lot, serial_from=0,
        amount=LOT_SIZE, usable_until=usable_until,
    )  # fmt: skip
    done([command], now=now)
    return lot


def done(commands: Sequence[Command], *, now: datetime) -> list[Reply]:
    """Post commands that must all be done. Raises `Refused` with the ledger's reason code for the first that is not.

    Use inside `with ledger.durable():` together with your own rows: an error rolls all of it back.
    """
    replies = ledger.post(commands, now=now)
    for reply in replies:
        if not reply.ok:
            language = "en" if (get_language() or "").startswith("en") else "zh"
            raise Refused(reply.answer, reply.text(language), mend=_("请核对持有量、占用和规则后再试"))
    return replies


@contextmanager
def told(by: Any, act: str, enterprise: Enterprise | None, *, now: datetime) -> Iterator[None]:
    """Around a whole use-case: one transaction; a refusal undoes it and is kept in the audit chain."""
    try:
        with ledger.durable(), records.serial():
            yield
    except Refused as error:
        detail = {"reason": error.code, "what": error.what[:200]}
        code = enterprise.code if enterprise else OUTSIDE
        records.audit(by, f"enterprise.compliance.{act}.refused", "enterprise", code, detail, now=now)
        raise


# ---------------------------------------------------------------- what a firm has


@dataclass(frozen=True)
class Holding:
    """One lot in one account."""

    asset: str
    bucket: str
    lot: str
    vintage: int
    total: int
    available: int
    held: int
    frozen: int


_HELD = (
    "SELECT a.ref, s.key, l.name, l.vintage, b.credits - b.debits, b.held, b.frozen FROM ledger_account a "
    "JOIN ledger_asset s ON s.id = a.asset JOIN ledger_balance b ON b.account = a.id JOIN ledger_lot l ON l.id = b.lot "
    "WHERE a.ref >= ? AND a.ref < ? AND s.key IN (?, ?) AND b.credits > b.debits ORDER BY s.key, l.vintage, l.name, a.ref"
)


def _read(low: str, high: str) -> dict[str, list[Holding]]:
    """Holdings by the code of their firm, in one question."""
    found: dict[str, list[Holding]] = {}
    with ledger.ledger().database.reading() as store:
        for ref, asset, lot, vintage, total, held, frozen in store.rows(_HELD, (low, high, CEA, CCER)):
            who, _slash, bucket = ref.rpartition("/")
            free = max(0, total - held - frozen)
            row = Holding(asset, bucket, lot, int(vintage), int(total), int(free), int(held), int(frozen))
            found.setdefault(who.removeprefix("firm:"), []).append(row)
    return found


def of(enterprise: Enterprise) -> list[Holding]:
    """All lots of a firm, oldest vintage first; empty for a firm without any."""
    return _read(f"{holder(enterprise)}/", f"{holder(enterprise)}0").get(enterprise.code, [])


def of_all() -> dict[str, list[Holding]]:
    """The same of every firm, by its code."""
    return _read("firm:", "firm;")


def month_ends(enterprise: Enterprise, moments: Sequence[datetime], *, valid_for: int | None = None) -> list[int]:
    """Allowances that a firm had over both accounts at each of some moments; `valid_for`: only vintages that serve that year's duty."""
    sql = (
        "SELECT c.ts, l.vintage, SUM(CASE WHEN e.credit = a.id THEN e.amount ELSE -e.amount END) FROM ledger_account a "
        "JOIN ledger_asset s ON s.id = a.asset JOIN ledger_entry e ON e.credit = a.id OR e.debit = a.id "
        "JOIN ledger_lot l ON l.id = e.lot JOIN ledger_command c ON c.seq = e.command "
        "WHERE a.ref >= ? AND a.ref < ? AND s.key = ? AND e.kind IN (1, 3) GROUP BY c.ts, l.vintage"
    )
    with ledger.ledger().database.reading() as store:
        rows = [
            (int(ts), int(vintage), int(change))
            for ts, vintage, change in store.rows(sql, (f"{holder(enterprise)}/", f"{holder(enterprise)}0", CEA))
        ]
    if valid_for is not None:
        valid = duties.valid_vintages(
            valid_for, sorted({vintage for _ts, vintage, _change in rows}), library.cycle_rules()
        )
        rows = [row for row in rows if row[1] in valid]
    return [sum(change for ts, _vintage, change in rows if ts < moment.timestamp()) for moment in moments]


def free_by_vintage(held: Sequence[Holding], asset: str = CEA) -> dict[int, int]:
    """Vintage → t that nothing holds, over both accounts."""
    found: dict[int, int] = {}
    for each in held:
        if each.asset == asset and each.available:
            found[each.vintage] = found.get(each.vintage, 0) + each.available
    return found


# ---------------------------------------------------------------- moves of the firm


def issue(enterprise: Enterprise, vintage: int, tonnes: int, *, key: str, note: str, now: datetime) -> None:
    """Allowances from the authority into the registry account."""
    lot = open_vintage(vintage, now=now)
    done([verbs.issue(key=key, actor=SYSTEM, asset=CEA, lot=lot, to=account(enterprise, REGISTRY), amount=tonnes, code="allocate", note=note)], now=now)  # fmt: skip


def take_back(enterprise: Enterprise, year: int, tonnes: int, *, key: str, now: datetime) -> None:
    """What was pre-allocated beyond the final quota, out of the registry account. Too little there is refused by the ledger."""
    command = verbs.retire(
        key=key, actor=SYSTEM, asset=CEA, source=account(enterprise, REGISTRY), amount=tonnes, lots=[vintage_lot(year)],
        purpose="returned", beneficiary=holder(enterprise), period=str(year),
    )  # fmt: skip
    done([command], now=now)


def move(enterprise: Enterprise, asset: str, to: str, tonnes: int, *, key: str, now: datetime, lots: Sequence[str] | None = None) -> None:  # fmt: skip
    """Between the firm's registry and trading accounts."""
    away = TRADING if to == REGISTRY else REGISTRY
    command = verbs.transfer(
        key=key, actor=holder(enterprise), asset=asset, source=account(enterprise, away), to=account(enterprise, to), amount=tonnes,
        lots=lots,
    )  # fmt: skip
    done([command], now=now)


def trade(
    seller: Enterprise | None, buyer: Enterprise | None, asset: str, lot: str, tonnes: int, *, key: str, now: datetime
) -> None:  # fmt: skip
    """Units from trading account to trading account. The market outside is issued the allowances that it brings in, so that all adds up.

    Reductions of the outside are there since their batch was registered: they are claimed once.
    """
    if seller is None and buyer is None:
        raise Refused("trade_without_city", _("成交双方至少有一方是本市企业"))
    steps = []
    if seller is None and asset == CEA:
        steps.append(verbs.issue(key="-", actor=SYSTEM, asset=asset, lot=lot, to=account(None, TRADING), amount=tonnes, code="allocate"))  # fmt: skip
    steps.append(verbs.transfer(key="-", actor=SYSTEM, asset=asset, source=account(seller, TRADING), to=account(buyer, TRADING), amount=tonnes, lots=[lot], code="trade"))  # fmt: skip
    done([verbs.linked(steps, key=key, actor=SYSTEM)], now=now)


def freeze(enterprise: Enterprise, tonnes: int, *, bucket: str, order: str, signer: str, key: str, now: datetime) -> None:  # fmt: skip
    """A court's freeze; only its signer may thaw it."""
    command = verbs.hold(
        key=key,
        actor=signer,
        asset=CEA,
        account=account(enterprise, bucket),
        amount=tonnes,
        kind="freeze",
        hold=order,
        signer=signer,
    )
    done([command], now=now)


def thaw(order: str, *, signer: str, key: str, now: datetime) -> None:
    done([verbs.release(key=key, actor=signer, hold=order)], now=now)


def cancel(enterprise: Enterprise, tonnes: int, *, vintage: int, period: str, key: str, now: datetime) -> None:
    """Voluntary cancellation out of the registry account: for good, and it serves no duty."""
    command = verbs.retire(
        key=key, actor=holder(enterprise), asset=CEA, source=account(enterprise, REGISTRY), amount=tonnes,
        lots=[vintage_lot(vintage)], purpose="voluntary", beneficiary=holder(enterprise), period=period,
    )  # fmt: skip
    done([command], now=now)


# ---------------------------------------------------------------- surrender


def record_duty(enterprise: Enterprise, year: int, tonnes: int, *, basis: str, key: str, now: datetime) -> None:
    command = verbs.record_duty(key=key, actor=SYSTEM, asset=CEA, holder=holder(enterprise), period=str(year), amount=tonnes, basis=basis)  # fmt: skip
    done([command], now=now)


def hold_for_surrender(enterprise: Enterprise, year: int, tonnes: int, ccer: int, *, name: str, now: datetime) -> dict[int, int]:  # fmt: skip
    """Keep what is to be surrendered: oldest valid vintage first, from the registry account. Answers vintage → t."""
    held = [each for each in of(enterprise) if each.bucket == REGISTRY]
    free = {each.vintage: each.available for each in held if each.asset == CEA}
    valid = duties.valid_vintages(year, list(free), library.cycle_rules())
    taken, lack = {}, tonnes
    for vintage in valid:
        part = min(free[vintage], lack)
        if part:
            taken[vintage] = part
            lack -= part
    if lack:
        raise Refused("insufficient", _("登记账户里可用于 %(year)s 年度的配额少 %(lack)s 吨") % {"year": year, "lack": lack}, mend=_("先从交易账户转入，或买入"))  # fmt: skip
    commands = []
    if tonnes:
        commands.append(verbs.hold(key=f"{name}:hold", actor=holder(enterprise), asset=CEA, account=account(enterprise, REGISTRY), amount=tonnes, kind="surrender", hold=f"{name}:cea", lots=[vintage_lot(v) for v in taken]))  # fmt: skip
    if ccer:
        commands.append(verbs.hold(key=f"{name}:hold-ccer", actor=holder(enterprise), asset=CCER, account=account(enterprise, REGISTRY), amount=ccer, kind="surrender", hold=f"{name}:ccer"))  # fmt: skip
    done(commands, now=now)
    return taken


def retire_for_surrender(enterprise: Enterprise, year: int, tonnes: int, ccer: int, *, name: str, now: datetime) -> None:  # fmt: skip
    """Take what was held. The ledger itself refuses a vintage after the year and offsets beyond 5 % of the duty."""
    words: dict[str, Any] = {"actor": SYSTEM, "purpose": "surrender", "beneficiary": holder(enterprise), "period": str(year)}  # fmt: skip
    commands = []
    if tonnes:
        commands.append(verbs.retire(key=f"{name}:retire", hold=f"{name}:cea", amount=tonnes, certificate=name, **words))  # fmt: skip
    if ccer:
        commands.append(verbs.retire(key=f"{name}:retire-ccer", hold=f"{name}:ccer", amount=ccer, certificate=name, **words))  # fmt: skip
    done(commands, now=now)


def release_surrender(tonnes: int, ccer: int, *, name: str, now: datetime) -> None:
    commands = [
        verbs.release(key=f"{name}:release-{end}", actor=SYSTEM, hold=f"{name}:{end}")
        for end, amount in (("cea", tonnes), ("ccer", ccer))
        if amount
    ]
    done(commands, now=now)


# ---------------------------------------------------------------- offsets, carry-over, end


def issue_ccer(
    batch: str, tonnes: int, *, vintage: int, labels: Sequence[str], to: Enterprise | None, period: str, key: str, now: datetime
) -> str:  # fmt: skip
    """A batch of reductions, claimed once; its labels tell the ledger what may not serve for offsetting."""
    lot = f"CCER/{batch}"
    open_accounts(to, now=now)
    done(
        [
            verbs.create_lot(key=f"enterprise:lot:{lot}", actor=SYSTEM, asset=CCER, lot=lot, vintage=vintage, source=lot, serial_from=0, amount=tonnes, labels=labels),
            verbs.issue(key=key, actor=SYSTEM, asset=CCER, lot=lot, to=account(to, TRADING), amount=tonnes, claims=[("ccer", batch, period, 0, tonnes)]),
        ],
        now=now,
    )  # fmt: skip
    return lot


def carry_over(enterprise: Enterprise, tonnes: int, *, bucket: str, cap: int, basis: str, key: str, now: datetime) -> None:  # fmt: skip
    """Old vintages out, the new vintage in; the ledger counts all carry-overs of the account against the cap."""
    rule = library.cycle_rules()["carry_over"]
    new = open_vintage(rule["to_vintage"], now=now)
    lots = [each.lot for each in of(enterprise) if each.asset == CEA and each.bucket == bucket and each.vintage in rule["vintages"] and each.available]  # fmt: skip
    if not lots:
        raise Refused("insufficient", _("没有可以结转的 2019—2024 年配额"))
    command = verbs.carry_over(
        key=key,
        actor=SYSTEM,
        asset=CEA,
        account=account(enterprise, bucket),
        lots=lots,
        amount=tonnes,
        to_lot=new,
        cap=cap,
        basis=basis,
    )
    done([command], now=now)


def lapse(enterprise: Enterprise, *, key: str, now: datetime) -> int:
    """What is left of the old vintages after the last day of carrying over goes out of use. Answers how many tonnes."""
    old, total, commands = library.cycle_rules()["carry_over"]["vintages"], 0, []
    for each in of(enterprise):
        if each.asset == CEA and each.vintage in old and each.available:
            total += each.available
            commands.append(verbs.retire(
                key=f"{key}:{each.bucket}:{each.vintage}", actor=SYSTEM, asset=CEA, source=account(enterprise, each.bucket),
                amount=each.available, lots=[each.lot], purpose="lapsed", beneficiary=holder(enterprise), period=str(each.vintage),
            ))  # fmt: skip
    done(commands, now=now)
    return total


def totals(held: Sequence[Holding]) -> dict[str, int]:
    """Sums for a page: t by asset, free, held and frozen."""
    found = {"cea": 0, "cea_free": 0, "ccer": 0, "ccer_free": 0, "held": 0, "frozen": 0}
    for each in held:
        found[each.asset.lower()] += each.total
        found[f"{each.asset.lower()}_free"] += each.available
        found["held"] += each.held
        found["frozen"] += each.frozen
    return found
