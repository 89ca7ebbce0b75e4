"""What is kept of a person: contact details under a key derived from the installation's secret, receipts as keyed hashes.

Fernet (AES-128-CBC with HMAC-SHA-256) under a key from HKDF-SHA-256 (RFC 5869). A secret that is replaced goes into
`SECRET_KEY_FALLBACKS`; without it old details can no longer be read by anybody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from dafeng.domains.disclosure.errors import DisclosureError

# Crockford's base 32: no I, L, O, U, so that a code can be read out on the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RECEIPT_SIGNS = 16  # 80 bits


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key, b"dafeng.disclosure.contact"))) for key in keys])


def seal(details: dict[str, str]) -> bytes:
    return _box().encrypt(json.dumps(details, ensure_ascii=False).encode())


def unseal(sealed: bytes) -> dict[str, str]:
    """Raises `DisclosureError` when no key of this installation opens it."""
    try:
        found: dict[str, str] = json.loads(_box().decrypt(bytes(sealed)))
    except InvalidToken:
        raise DisclosureError("联系方式无法解密", mend="安装密钥可能已更换，请系统管理员恢复旧密钥") from None
    return found


def keyed(purpose: str, text: str) -> str:
    """A hash that cannot be made without the installation's secret."""
    return hmac.new(_derived(settings.SECRET_KEY, purpose.encode()), text.encode(), hashlib.sha256).hexdigest()


def new_receipt() -> str:
    """A code like 7K3M-9QXT-…: 80 random bits."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(RECEIPT_SIGNS))
    return "-".join(signs[at : at + 4] for at in range(0, RECEIPT_SIGNS, 4))


def receipt_hashes(code: str) -> list[str]:
    """The stored forms that a typed code may have; small letters, spaces and look-alikes are forgiven."""
    signs = code.upper().translate(str.maketrans("ILO", "110", " -—–"))
    secrets_known = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        hmac.new(_derived(secret, b"dafeng.disclosure.receipt"), signs.encode(), hashlib.sha256).hexdigest()
        for secret in secrets_known
    ]
