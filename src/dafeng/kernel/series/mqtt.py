"""The MQTT door: QoS 1 from the device to the broker, and from the broker to here. A message is confirmed when its readings are on the disk.

Each device has its own topic (`dafeng/<code>/readings`) and its own password; the broker's access list lets it write there and
nowhere else, and only the gateway read. Messages carry deliveries (`delivery`). Those that arrive together are stored together. When
the disk does not take them nothing is confirmed, the connection is dropped, and the broker delivers them again: what had been stored
is then `again`.

QoS 1 goes from hop to hop: a broker that is killed loses what it has confirmed since it last wrote its queue (`SAVED`), and one that is
full drops. Writing at every change would close that gap only almost, and its cost grows with the square of the queue. So the promise goes
from end to end: of a delivery with a `key` the gateway tells the device on `dafeng/<code>/receipts` that it is stored,
`{"keys": ["…"]}`. A device that hears nothing sends it again; nothing is doubled.
"""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import polars as pl
from django.db import close_old_connections
from paho.mqtt.enums import CallbackAPIVersion

from dafeng.kernel import sealing
from dafeng.kernel.series import delivery, ingest, quarantine, services
from dafeng.kernel.series.errors import Refused, SeriesError, StoreError
from dafeng.kernel.series.models import Device
from dafeng.kernel.series.sources import Source

TOPICS = "dafeng/+/readings"
GATEWAY = "dafeng-gateway"
RECEIPTS = "dafeng/+/receipts"
TOGETHER = 2_000  # messages
PAUSE = 0.2  # seconds in which messages are gathered
SAVED = 5  # seconds after which the broker writes its queue anew, all of it
MOST_QUEUED, MOST_BYTES = 1_000_000, 1_000_000_000  # that the broker keeps for a gateway that is away
_ITERATIONS = 101  # mosquitto's own


def gateway_password() -> str:
    """Derived from the installation's secret, so that broker and gateway agree without a file between them."""
    return sealing.keyed("dafeng.series.gateway", GATEWAY)[:40]


def receipts_of(code: str) -> str:
    """The topic on which a device hears what is stored of what it sent."""
    return f"dafeng/{code}/receipts"


def broker_files(folder: Path, *, port: int = 1883, address: str = "127.0.0.1") -> list[Path]:
    """Write mosquitto's configuration, passwords and access list for the devices there are. The broker keeps messages over a restart."""
    folder.mkdir(parents=True, exist_ok=True)
    devices = list(Device.objects.filter(revoked_at=None).order_by("code"))
    passwords = [(GATEWAY, gateway_password()), *((each.code, services.secret_of(each)) for each in devices)]
    access = [f"user {GATEWAY}", f"topic read {TOPICS}", f"topic write {RECEIPTS}"]
    for each in devices:
        access += ["", f"user {each.code}", f"topic write {each.topic}", f"topic read {receipts_of(each.code)}"]
    configuration = [
        f"listener {port} {address}", "allow_anonymous false", f"password_file {folder / 'passwords'}",
        f"acl_file {folder / 'access'}", "persistence true", f"persistence_location {folder}/",
        f"autosave_interval {SAVED}", f"max_queued_messages {MOST_QUEUED}", f"max_queued_bytes {MOST_BYTES}",
        "max_inflight_messages 1000",
    ]  # fmt: skip
    made = []
    for name, lines in (
        ("passwords", [f"{name}:{_hashed(password)}" for name, password in passwords]), ("access", access),
        ("mosquitto.conf", configuration),
    ):  # fmt: skip
        path = folder / name
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        made.append(path)
    return made


def _hashed(password: str) -> str:
    """PBKDF2-HMAC-SHA-512 in mosquitto's notation."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@dataclass
class Gateway:
    """Takes what the broker has. `clock` tells the time of arrival; `subscribed`: from then on the broker keeps what comes."""

    host: str = "127.0.0.1"
    port: int = 1883
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    taken: int = 0
    subscribed: threading.Event = field(default_factory=threading.Event)
    _waiting: queue.Queue[Any] = field(default_factory=queue.Queue)

    def connected(self) -> mqtt.Client:
        """A session that the broker remembers: what comes while the gateway is away waits for it."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=GATEWAY, clean_session=False, manual_ack=True
        )  # fmt: skip
        client.username_pw_set(GATEWAY, gateway_password())
        client.on_connect = lambda it, *_rest: it.subscribe(TOPICS, qos=1)
        client.on_subscribe = lambda *_told: self.subscribed.set()
        client.on_message = lambda _it, _data, message: self._waiting.put(message)
        client.max_inflight_messages_set(TOGETHER)
        client.reconnect_delay_set(1, 5)
        client.connect_async(self.host, self.port, keepalive=30)
        client.loop_start()
        return client

    def run(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Until told to stop. After a fault of the disk everything unconfirmed comes again."""
        client = self.connected()
        try:
            while not until():
                messages = self._gathered()
                if not messages:
                    continue
                close_old_connections()
                try:
                    stored = self._take(messages)
                except StoreError:
                    client.disconnect()
                    client.loop_stop()
                    self._waiting = queue.Queue()
                    time.sleep(1)
                    client = self.connected()
                    continue
                for code, keys in stored.items():  # before the broker forgets: who is cut off in between tells it again
                    client.publish(receipts_of(code), json.dumps({"keys": keys}), qos=1)
                for message in messages:
                    client.ack(message.mid, message.qos)
        finally:
            client.disconnect()
            client.loop_stop()

    def _gathered(self) -> list[Any]:
        try:
            found = [self._waiting.get(timeout=PAUSE)]
        except queue.Empty:
            return []
        end = time.monotonic() + PAUSE
        while len(found) < TOGETHER and (left := end - time.monotonic()) > 0:
            try:
                found.append(self._waiting.get(timeout=left))
            except queue.Empty:
                break
        return found

    def _take(self, messages: list[Any]) -> dict[str, list[str]]:
        """Store them; of each device the keys of its deliveries that are stored."""
        now = self.clock()
        sent: dict[str, list[bytes]] = {}
        for message in messages:
            sent.setdefault(_code(message.topic), []).append(message.payload)
        devices = {each.code: each for each in Device.objects.filter(code__in=sent)}
        stored: dict[str, list[str]] = {}
        for code, bodies in sorted(sent.items()):
            device = devices.get(code)

            def aside(body: bytes, reason: str, code: str = code, device: Device | None = device) -> None:
                quarantine.keep_unread(body, reason, source=Source.MQTT, device=device, sender=code, now=now)

            if device is None or device.revoked_at is not None:
                for body in bodies:
                    aside(body, "key_revoked" if device else "key_unknown")
                continue
            frame, told = delivery.parsed_together(bodies)
            for body, each in zip(bodies, told, strict=True):
                if isinstance(each, Refused):
                    aside(body, each.code)
            keys = [each for each in told if isinstance(each, str)]
            if keys:
                self.taken += ingest.receive(frame, source=Source.MQTT, now=now, device=device).count
            if any(keys):
                stored[code] = [each for each in keys if each]
        return stored


def _code(topic: str) -> str:
    parts = topic.split("/")
    return parts[1] if len(parts) == 3 else ""


def _published(told: mqtt.MQTTMessageInfo) -> bool:
    try:
        return told.is_published()
    except (RuntimeError, ValueError):
        return False


class Sender:
    """A device's end: sends deliveries, waits until the broker has each of them, and hears which are stored."""

    def __init__(self, code: str, secret: str, *, host: str = "127.0.0.1", port: int = 1883) -> None:
        self.topic = f"dafeng/{code}/readings"
        self._unsure: set[str] = set()
        self._heard = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"device-{code}", clean_session=False)
        self.client.username_pw_set(code, secret)
        self.client.max_inflight_messages_set(100)
        self.client.on_connect = lambda it, *_rest: it.subscribe(receipts_of(code), qos=1)
        self.client.on_message = lambda _it, _data, message: self._hear(json.loads(message.payload)["keys"])
        try:
            self.client.connect(host, port, keepalive=30)
        except OSError as error:
            raise SeriesError(f"连不上 MQTT 代理 {host}:{port}（{error}）", mend="请确认代理已启动") from error
        self.client.loop_start()

    def send(self, frame: pl.DataFrame, *, key: str = "", wait: float = 30.0) -> None:
        """`point at value` by code. Raises `SeriesError` when the broker does not confirm.

        With a `key` the platform confirms too, once the readings are stored: see `unsure`.
        """
        if key:
            with self._heard:
                self._unsure.add(key)
        told = self.client.publish(self.topic, delivery.encoded(frame, key=key), qos=1)
        with suppress(RuntimeError, ValueError):  # not connected: the message waits with the client
            told.wait_for_publish(wait)
        if not _published(told):
            raise SeriesError("MQTT 代理没有确认收到", mend="请稍后重发；重复的读数只算一次")

    def unsure(self, *, wait: float = 0.0) -> set[str]:
        """Keys of which the platform has not said, after at most `wait` seconds, that they are stored: to be sent again."""
        with self._heard:
            self._heard.wait_for(lambda: not self._unsure, wait)
            return set(self._unsure)

    def _hear(self, keys: list[str]) -> None:
        with self._heard:
            self._unsure.difference_update(keys)
            self._heard.notify_all()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
