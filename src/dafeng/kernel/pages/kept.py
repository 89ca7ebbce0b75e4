"""What a process remembers of pages: parts that look the same to many readers.

A key says all that its part depends on (whose eyes, which language, which version of the data), so that nothing need ever be
withdrawn; what no key can say is kept for a minute at most (`seconds`). It lies in the cache `near`, this process's own memory,
whatever the cache is that processes share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import caches
from django.utils.translation import get_language

T = TypeVar("T")
_NOTHING = object()
MINUTE = 60.0


def kept(part: str, *key: object, make: Callable[[], T], seconds: float | Callable[[T], float] | None = None) -> T:
    """What `make` gave for this key and the present language, asked once. Values are shared: read them, do not change them.

    `key`: plain values whose `repr` tells them apart. `seconds`: how long it may be kept, or a function of what was made.
    """
    name = hashlib.sha256(repr((part, get_language(), key)).encode()).hexdigest()
    found = caches["near"].get(name, _NOTHING)
    if found is _NOTHING:
        found = make()
        caches["near"].set(name, found, seconds(found) if callable(seconds) else seconds)
    return found  # type: ignore[no-any-return]
