"""Receipts of citizens' reports: a code that only its holder knows, kept as a keyed hash; and the seal of contact details."""

from __future__ import annotations

import secrets

from dafeng.kernel import sealing

# Crockford's base 32: no I, L, O, U, so that a code can be read out on the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_SIGNS = 16  # 80 bits
CONTACT, RECEIPT = "dafeng.disclosure.contact", "dafeng.disclosure.receipt"


def seal(details: dict[str, str]) -> bytes:
    return sealing.seal(CONTACT, details)


def unseal(sealed: bytes) -> dict[str, str]:
    """Raises `SealingError` when no key of this installation opens it."""
    return sealing.unseal(CONTACT, sealed)


def new_receipt() -> str:
    """A code like 7K3M-9QXT-…: 80 random bits."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(RECEIPT_SIGNS))
    return "-".join(signs[at : at + 4] for at in range(0, RECEIPT_SIGNS, 4))


def receipt_hashes(code: str) -> list[str]:
    """The stored forms that a typed code may have; small letters, spaces and look-alikes are forgiven."""
    return sealing.keyed_all(RECEIPT, code.upper().translate(str.maketrans("ILO", "110", " -—–")))
