"""The made-up city on the wire: its points and its device, and readings sent at a chosen speed by the door that is to be shown."""

from __future__ import annotations

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta

import polars as pl

from dafeng.kernel.api import signatures
from dafeng.kernel.series import delivery, ingest, services, simulation
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device
from dafeng.kernel.series.simulation import KINDS, Subject
from dafeng.kernel.series.sources import Source

DEVICE = "demo-city"
PREFIX = "demo"
PATH = "/api/series/batches"
LARGEST = 50_000  # readings of one delivery
Send = Callable[[pl.DataFrame], None]


def city(
    start: datetime, end: datetime, *, seed: int, faults: float, now: datetime
) -> tuple[pl.DataFrame, pl.DataFrame, Device]:
    """One subject of each kind: its points (marked 演示, of one device), its readings, and the key of the faults."""
    device = Device.objects.filter(code=DEVICE).first()
    if device is None:
        device, _secret = services.make_device(DEVICE, "示范城市采集器（演示）", by=None, now=now, demo=True)
    subjects = [Subject(f"{PREFIX}-{kind}", kind) for kind in KINDS]
    for words in simulation.points_of(subjects):
        services.ensure_point(**words, subject=f"simulated:{words['code'].rsplit('-', 1)[0]}", device=device, demo=True)
    frame, key = simulation.simulate(subjects, start, end, seed=seed, faults=faults)
    return frame, key, device


def sender(door: str, device: Device, *, host: str, port: int, site: str, clock: Callable[[], datetime]) -> Send:
    """How a part is sent. Raises `SeriesError` for a door there is not."""
    if door == "file":

        def take(part: pl.DataFrame) -> None:
            ingest.receive(part, source=Source.SIMULATED, now=clock(), device=device)

        return take
    if door == "mqtt":
        from dafeng.kernel.series.mqtt import Sender

        return Sender(device.code, services.secret_of(device), host=host, port=port).send
    if door == "http":
        secret = services.secret_of(device)

        def post(part: pl.DataFrame) -> None:
            _post(site.rstrip("/"), device.key_id, secret, part)

        return post
    raise SeriesError(f"没有“{door}”这种接入方式", expected="file、mqtt 或 http")


def _post(site: str, key_id: str, secret: str, part: pl.DataFrame) -> None:
    first = int(str(part["at"].to_physical().min()))
    body = delivery.encoded(part, key=f"{first}-{part.height}-{secrets.token_hex(4)}")
    moment, nonce = str(int(time.time())), secrets.token_hex(16)
    headers = dict(
        zip(
            signatures.HEADERS,
            (key_id, moment, nonce, signatures.sign(secret, "POST", PATH, moment, nonce, body)),
            strict=True,
        )
    )
    asked = urllib.request.Request(site + PATH, data=body, headers={**headers, "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            json.loads(answer.read())
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise SeriesError(
            f"门户没有收下读数（{error}）", mend="请确认门户已启动，再发一次；重复的读数只算一次"
        ) from error


def stream(
    frame: pl.DataFrame, send: Send, *, speed: float, step: timedelta, sleep: Callable[[float], None] = time.sleep
) -> int:
    """Send in the order of time: in large parts at once, or step by step, `speed` seconds of the city a second. The number sent."""
    frame = frame.sort("at", "point")
    if speed <= 0:
        for first in range(0, frame.height, LARGEST):
            send(frame.slice(first, LARGEST))
        return frame.height
    for part in frame.partition_by("at", maintain_order=True):
        send(part)
        sleep(step.total_seconds() / speed)
    return frame.height
