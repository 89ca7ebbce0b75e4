"""The append file: batches of readings, each a framed Arrow stream, good from the first byte that is whole to the last.

    frame = "DFS1" | length (8 bytes) | CRC-32 of the payload (4 bytes) | payload (Arrow IPC stream)

A frame that was cut off by a crash was never acknowledged: readers stop before it, the next writer overwrites it.
"""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import polars as pl

MAGIC = b"DFS1"
HEAD = struct.Struct("<4sQI")


def encoded(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_ipc_stream(stream)
    payload = stream.getvalue()
    return HEAD.pack(MAGIC, len(payload), zlib.crc32(payload)) + payload


def read(path: Path, offset: int) -> tuple[list[pl.DataFrame], int]:
    """The whole frames from `offset` on, and the offset behind the last of them."""
    with path.open("rb") as stream:
        stream.seek(offset)
        content = stream.read()
    found, at = [], 0
    while at + HEAD.size <= len(content):
        magic, length, crc = HEAD.unpack_from(content, at)
        payload = content[at + HEAD.size : at + HEAD.size + length]
        if magic != MAGIC or len(payload) < length or zlib.crc32(payload) != crc:
            break
        found.append(pl.read_ipc_stream(payload))
        at += HEAD.size + length
    return found, offset + at


def name_of(number: int) -> str:
    return f"{number:010d}.log"


def number_of(path: Path) -> int:
    return int(path.stem)
