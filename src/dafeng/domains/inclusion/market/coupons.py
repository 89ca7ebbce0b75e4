"""Coupon codes: random, said aloud easily, known here by a keyed hash and, sealed, for the eyes of their owner."""

from __future__ import annotations

import secrets

from dafeng.domains.inclusion.models import Order
from dafeng.kernel import sealing

_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O, 1 I L: 31 signs, ten of them are 49 bits
_LENGTH = 10
_KEY, _SEAL = "dafeng.inclusion.coupon.key", "dafeng.inclusion.coupon"


def made() -> tuple[str, str, bytes]:
    """A new code, its keyed hash, and the code sealed."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return code, sealing.keyed(_KEY, code), sealing.seal(_SEAL, {"code": code})


def read(text: str) -> str:
    """A typed code as it was made: without blanks and strokes, in capitals."""
    return "".join(sign for sign in text.upper() if sign.isalnum())[:40]


def keys_of(text: str) -> list[str]:
    """The hashes under which a typed code may be stored."""
    return sealing.keyed_all(_KEY, read(text))


def shown(order: Order) -> str:
    """The code for its owner, in two groups; empty once the order is closed."""
    if not order.sealed or order.state != Order.State.HELD:
        return ""
    code = str(sealing.unseal(_SEAL, bytes(order.sealed))["code"])
    return f"{code[:5]}-{code[5:]}"
