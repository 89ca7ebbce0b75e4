"""Photographs of a check-in: cleaned of what the camera wrote, kept as rows that go when the member goes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from dafeng.domains.inclusion.models import Event, Photo
from dafeng.domains.inclusion.scenes.words import refused
from dafeng.kernel.images import cleaned

MOST, BYTES = 3, 5 * 2**20


def clean(sent: Iterable[tuple[str, int, bytes]]) -> list[tuple[str, bytes]]:
    """Media types and bytes without metadata of (name, size, content). Raises `Refused` (photo_many, photo_big), `UploadError`."""
    given = list(sent)
    if len(given) > MOST:
        raise refused("photo_many")
    if any(size > BYTES for _name, size, _content in given):
        raise refused("photo_big")
    return [cleaned(content, name=name[:60]) for name, _size, content in given]


def keep(event: Event, photos: Sequence[tuple[str, bytes]]) -> None:
    Photo.objects.bulk_create(
        Photo(event=event, content=content, media_type=kind, sha256=hashlib.sha256(content).hexdigest())
        for kind, content in photos
    )
