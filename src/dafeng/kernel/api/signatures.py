"""How a program signs what it sends: HMAC-SHA-256 (RFC 2104, FIPS 180-4) over six lines, one form for every door.

    DAFENG1
    POST                                  method, capitals
    /api/series/batches                   path, with `?query` where there is one
    1795248000                            X-Dafeng-Time: seconds since 1970
    9f1c…                                 X-Dafeng-Nonce: 16 to 64 signs of A-Z a-z 0-9 . _ -
    e3b0…                                 SHA-256 of the body, hexadecimal; of nothing, where there is no body

`X-Dafeng-Signature` is the HMAC in hexadecimal under the key's secret (its text in ASCII), `X-Dafeng-Key` the key's number. Which keys
there are, and whether a signature may be shown twice, is the affair of whoever keeps the door.
"""

from __future__ import annotations

import hashlib
import hmac
import re

VERSION = "DAFENG1"
HEADERS = ("X-Dafeng-Key", "X-Dafeng-Time", "X-Dafeng-Nonce", "X-Dafeng-Signature")
_NONCE = re.compile(r"[A-Za-z0-9._-]{16,64}")
_TIME = re.compile(r"[0-9]{9,11}")


def text(method: str, path: str, time: str, nonce: str, body: bytes) -> str:
    """What is signed."""
    return "\n".join((VERSION, method.upper(), path, time, nonce, hashlib.sha256(body).hexdigest()))


def sign(secret: str, method: str, path: str, time: str, nonce: str, body: bytes) -> str:
    """The signature, 64 hexadecimal digits."""
    return hmac.new(secret.encode(), text(method, path, time, nonce, body).encode(), hashlib.sha256).hexdigest()


def well_formed(time: str, nonce: str) -> bool:
    return bool(_TIME.fullmatch(time) and _NONCE.fullmatch(nonce))


def same(wanted: str, given: str) -> bool:
    """Compared in a time that tells nothing."""
    return hmac.compare_digest(wanted.encode(), given.lower().encode("utf-8", "replace"))
