"""Refusals of the room by their code, in the sentences of `reasons.toml`; each kind of refusal has its HTTP status."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from dafeng.domains.inclusion.errors import Refused
from dafeng.kernel.errors import PermissionDenied, SignInRequired, StaleError

HERE = Path(__file__).parent


class NotSigned(Refused, SignInRequired):
    """401: no signature, or not one of ours."""


class Locked(Refused, PermissionDenied):
    """403: the signature is right, but the key or the partner may not send (any more)."""


class Clash(Refused, StaleError):
    """409: the same number or key, with something else than before."""


@cache
def reasons() -> dict[str, dict[str, str]]:
    return tomllib.loads((HERE.parent / "reasons.toml").read_text("utf-8"))


@cache
def settings() -> dict[str, Any]:
    """`screening.toml`: limits of intake, rules of screening."""
    return tomllib.loads((HERE / "screening.toml").read_text("utf-8"))


def english() -> bool:
    return (get_language() or "").startswith("en")


def sentence(code: str) -> str:
    """What the sender reads; the code itself where it has no sentence."""
    return reasons().get(code, {}).get("en" if english() else "zh", code)


def mend(code: str) -> str:
    return reasons().get(code, {}).get("mend_en" if english() else "mend_zh", "")


def refused(code: str, kind: type[Refused] = Refused, *, expected: str = "") -> Refused:
    return kind(code, sentence(code), expected=expected, mend=mend(code))


def title_of(subject: Any, name: str = "title") -> str:
    """`title`, or for an English reader `title_en` where there is one."""
    return str((english() and getattr(subject, f"{name}_en", "")) or getattr(subject, name))
