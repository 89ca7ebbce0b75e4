"""What is kept of a person: details under a key derived from the installation's secret, lookups as keyed hashes.

Fernet (AES-128-CBC with HMAC-SHA-256) under a key from HKDF-SHA-256 (RFC 5869), one key a purpose, so that what one domain
sealed another cannot open by mistake. A secret that is replaced goes into `SECRET_KEY_FALLBACKS`; without it old details
can no longer be read by anybody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from dafeng.kernel.errors import DafengError


class SealingError(DafengError):
    """No key of this installation opens it."""

    code = "sealing"


@lru_cache(maxsize=64)
def _derived(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


def _secrets() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(secret, purpose))) for secret in _secrets()])


def seal(purpose: str, details: dict[str, Any]) -> bytes:
    """`purpose` names who seals what, as in `dafeng.inclusion.identity`."""
    return _box(purpose).encrypt(json.dumps(details, ensure_ascii=False).encode())


def unseal(purpose: str, sealed: bytes) -> dict[str, Any]:
    """Raises `SealingError` when no key of this installation opens it."""
    try:
        found: dict[str, Any] = json.loads(_box(purpose).decrypt(bytes(sealed)))
    except InvalidToken:
        raise SealingError("个人信息无法解密", mend="安装密钥可能已更换，请系统管理员恢复旧密钥") from None
    return found


def keyed(purpose: str, text: str) -> str:
    """A hash (64 hexadecimal digits) that cannot be made without the installation's secret."""
    return keyed_all(purpose, text)[0]


def keyed_all(purpose: str, text: str) -> list[str]:
    """The hash under the present secret, then those under earlier ones: look up by any of them, store the first."""
    return [hmac.new(_derived(secret, purpose), text.encode(), hashlib.sha256).hexdigest() for secret in _secrets()]
