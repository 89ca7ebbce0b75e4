"""The manifest: which files hold the readings, and from which segment on the log counts. Replaced whole, never changed.

A file that the manifest does not name does not exist for a reader. Segments of the log before `segment` are in the files already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

READINGS, SUPERSEDED = "readings", "superseded"
NAME = "manifest.json"


@dataclass(frozen=True)
class File:
    """A Parquet file of one partition, sorted by point and time. Times are microseconds since 1970.

    `competing`: how many of its rows are revisions of moments that other rows, here or elsewhere, tell too; 0 once settled.
    `rolled`: whether the steps know its readings.
    """

    path: str
    kind: str
    month: str
    shard: int
    rows: int
    size: int
    crc: int
    low: int
    high: int
    first: int
    last: int
    competing: int = 0
    rolled: bool = True


@dataclass(frozen=True)
class Manifest:
    number: int = 0
    segment: int = 1
    files: tuple[File, ...] = ()
    marks: str = ""
    touched: tuple[tuple[int, int, int], ...] = ()
    trash: tuple[tuple[str, int], ...] = ()
    damaged: tuple[str, ...] = ()

    def encoded(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()

    @classmethod
    def decoded(cls, content: bytes) -> Manifest:
        found: dict[str, Any] = json.loads(content)
        return cls(
            number=found["number"], segment=found["segment"], marks=found["marks"],
            files=tuple(File(**each) for each in found["files"]),
            touched=tuple((point, low, high) for point, low, high in found["touched"]),
            trash=tuple((path, at) for path, at in found["trash"]), damaged=tuple(found["damaged"]),
        )  # fmt: skip

    def with_files(
        self, added: Iterable[File], removed: Iterable[File] = (), *, now: datetime, **changes: Any
    ) -> Manifest:
        """The next manifest. Files that are left out go to the trash, since somebody may be reading them."""
        gone = {each.path for each in removed}
        kept = [each for each in self.files if each.path not in gone]
        left = {*gone, *({self.marks} if changes.get("marks", self.marks) != self.marks and self.marks else ())}
        trash = (*self.trash, *((path, int(now.timestamp())) for path in sorted(left)))
        files = tuple(sorted((*kept, *added), key=lambda each: (each.kind, each.month, each.shard, each.path)))
        return replace(self, **{"number": self.number + 1, "files": files, "trash": trash, **changes})

    def of(self, kind: str) -> list[File]:
        return [each for each in self.files if each.kind == kind]
