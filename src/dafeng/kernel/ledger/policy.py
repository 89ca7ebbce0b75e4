"""The rules of one asset, as data: who may hold it, how it moves, what it may be used for.

A policy is part of a command, so a change of rules is in the log and only binds what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dafeng.kernel.ledger.encoding import HOLD_CODES, SINKS
from dafeng.kernel.ledger.reasons import Refused

LOT_ORDERS = ("fifo", "expiry", "strict")
LIMIT = 10**15  # of one command; sums of thousands of such stay inside 64 bits


@dataclass(frozen=True)
class Purpose:
    """What units may be retired for. `max_share_bp` is of the holder's duty in `duty_asset`, in hundredths of a percent."""

    sink: str = "retired"
    buckets: tuple[str, ...] = ()  # from which buckets; empty: any
    not_after_period: bool = False  # vintage ≤ compliance period
    forbidden: tuple[str, ...] = ()  # labels of lots that may not serve
    max_share_bp: int = 0  # 0: no limit
    duty_asset: str = ""


@dataclass(frozen=True)
class Policy:
    """`transfer` names the buckets between which different holders may pass units; empty: not transferable."""

    buckets: tuple[str, ...] = ("main",)
    holders: tuple[str, ...] = ("*",)
    transfer: tuple[str, ...] = ()
    moves: bool = False  # between the buckets of one holder
    lot_order: str = "fifo"
    holds: tuple[str, ...] = ()
    purposes: tuple[tuple[str, Purpose], ...] = ()
    two_person: tuple[str, ...] = ()
    auto_open: bool = False
    claim_required: bool = False
    max_amount: int = LIMIT

    def purpose(self, name: str) -> Purpose | None:
        return next((purpose for key, purpose in self.purposes if key == name), None)

    def may_hold(self, kind: str) -> bool:
        return "*" in self.holders or kind in self.holders


def parse(data: object) -> Policy:
    """Raises `Refused("bad_policy")` naming the key."""
    given = dict(_mapping(data, "policy"))
    purposes = given.pop("purposes", {})
    read = _read(Policy, given)
    listed = tuple(
        (name, Purpose(**_read(Purpose, _mapping(rule, name)))) for name, rule in _mapping(purposes, "purposes").items()
    )
    policy = Policy(**{**read, "purposes": listed})
    _check(policy)
    return policy


def _mapping(data: object, name: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise Refused("bad_policy", name)
    return data


def _read(shape: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the types that the dataclass's defaults have; lists become tuples of texts."""
    defaults = {field.name: field.default for field in fields(shape)}
    read: dict[str, Any] = {}
    for name, value in given.items():
        default = defaults.get(name)
        if name not in defaults or name == "purposes":
            raise Refused("bad_policy", name)
        if isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
                raise Refused("bad_policy", name)
            value = tuple(value)
        elif type(value) is not type(default):
            raise Refused("bad_policy", name)
        read[name] = value
    return read


def _check(policy: Policy) -> None:
    wrong = {
        "buckets": not policy.buckets
        or bool(set(policy.buckets) & set(SINKS))
        or any("/" in b for b in policy.buckets),
        "transfer": not set(policy.transfer) <= set(policy.buckets),
        "lot_order": policy.lot_order not in LOT_ORDERS,
        "holds": not set(policy.holds) <= set(HOLD_CODES),
        "max_amount": not 0 < policy.max_amount <= LIMIT,
        **{
            f"purposes.{name}": rule.sink not in ("retired", "cancelled")
            or not set(rule.buckets) <= set(policy.buckets)
            or not 0 <= rule.max_share_bp <= 10_000
            or bool(rule.max_share_bp) != bool(rule.duty_asset)
            for name, rule in policy.purposes
        },
    }
    for name, faulty in wrong.items():
        if faulty:
            raise Refused("bad_policy", name)
