"""The doors: signed HTTP, a real MQTT broker, a Modbus meter, a table. What comes in by any of them is the same readings."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from django.test import Client
from django.utils import timezone

from dafeng.kernel.api import signatures
from dafeng.kernel.errors import UploadError
from dafeng.kernel.series import delivery, files, modbus, mqtt, queries, services, uploads
from dafeng.kernel.series.errors import Refused, SeriesError
from dafeng.kernel.series.models import Quarantine
from tests.kernel.series.conftest import DAY, LATER, MINUTES, rows

PATH = "/api/series/batches"
HOUR = timedelta(hours=1)


@pytest.fixture
def meter(point):
    """A device and its interval meter."""
    device, secret = services.make_device("gw-1", "采集器", by=None, now=LATER)
    return device, secret, point(kind="interval", device=device)


def post(client: Client, device: Any, secret: str, body: bytes, *, at: float | None = None, **wrong: str) -> Any:
    moment, nonce = str(int(at or time.time())), "n" * 16
    values = (device.key_id, moment, nonce, signatures.sign(secret, "POST", PATH, moment, nonce, body))
    headers = dict(zip(signatures.HEADERS, values, strict=True)) | {k.replace("_", "-"): v for k, v in wrong.items()}
    return client.post(PATH, body, content_type="application/json", headers=headers)


def body(*parts: dict[str, Any], key: str = "k1") -> bytes:
    return json.dumps({"key": key, "readings": list(parts)}).encode()


PART = {"point": "m1", "start": DAY.isoformat(), "step": 900, "value": [1, None, 3]}


def test_a_signed_batch_is_taken_once(client: Client, meter) -> None:
    device, secret, m = meter
    first = post(client, device, secret, body(PART)).json()
    assert {name: first[name] for name in ("count", "accepted", "again", "refused", "repeated")} == {
        "count": 2, "accepted": 2, "again": 0, "refused": 0, "repeated": False,
    }  # fmt: skip
    assert post(client, device, secret, body(PART)).json()["repeated"] is True
    other = post(client, device, secret, body(PART | {"value": [1, 2, 3]}))
    assert (other.status_code, other.json()["code"]) == (409, "batch_reused")
    found = queries.readings([m], DAY, DAY + HOUR)
    assert found.select("at", "value").rows() == [(DAY, 1.0), (DAY + timedelta(minutes=30), 3.0)]
    device.refresh_from_db()
    assert device.last_seen_at is not None


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"X_Dafeng_Signature": "0" * 64}, 401, "signature_wrong"),
        ({"X_Dafeng_Key": "dv_nobody"}, 401, "key_unknown"),
        ({"X_Dafeng_Nonce": "short"}, 401, "signature_malformed"),
        ({"X_Dafeng_Time": ""}, 401, "signature_missing"),
    ],
)
def test_who_does_not_sign_as_a_device_is_refused(client: Client, meter, change, status: int, code: str) -> None:
    device, secret, _m = meter
    answer = post(client, device, secret, body(PART), **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_old_signature_and_a_revoked_device_are_refused(client: Client, meter) -> None:
    device, secret, _m = meter
    late = post(client, device, secret, body(PART), at=time.time() - 301)
    assert (late.status_code, late.json()["code"]) == (401, "signature_late")
    services.revoke_device(device, by=None, now=timezone.now())
    gone = post(client, device, secret, body(PART))
    assert (gone.status_code, gone.json()["code"]) == (403, "key_revoked")


def test_a_device_cannot_speak_for_anothers_meter(client: Client, meter, point) -> None:
    device, secret, _m = meter
    point("theirs", kind="interval")
    answer = post(client, device, secret, body(PART, PART | {"point": "theirs"})).json()
    assert (answer["accepted"], answer["reasons"]) == (2, {"foreign_point": 2})
    assert Quarantine.objects.get().device == device


@pytest.mark.parametrize(
    "wrong",
    [
        b"[]", b"{", b'{"readings": 1}', b'{"key": 1, "readings": []}',
        body({"point": "m1", "value": [1]}), body({"point": "m1", "at": ["2026-03-02T00:00:00"], "value": [1]}),
        body({"point": "m1", "at": [], "value": [1]}), body({"point": 1, "at": [1], "value": [1]}),
        body({"point": "m1", "at": [1], "value": [True]}), body({"point": "m1", "at": [1e30], "value": [1]}),
        body({"point": "m1", "start": DAY.isoformat(), "step": 0, "value": [1]}), body(PART, key="键"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_batch_is_refused_whole(wrong: bytes) -> None:
    with pytest.raises(Refused) as error:
        delivery.parsed(wrong)
    assert error.value.code == "batch_malformed"


def test_what_our_clients_write_is_what_is_read() -> None:
    told = rows("m1", [1.5, 2.5])
    assert delivery.parsed(delivery.encoded(told, key="k"))[1].drop("unit").rows() == told.rows()


def test_many_deliveries_are_read_together_and_the_bad_ones_told() -> None:
    good = delivery.encoded(rows("m1", [1, 2]).select("point", "at", "value"), key="a")
    text = b'{"readings": [{"point": "m2", "at": ["2026-03-01T00:00:00+08:00"], "value": [3]}]}'
    unread = b'{"readings": [{"point": "m3", "at": [0], "value": ["x"]}]}'
    no_zone = b'{"readings": [{"point": "m4", "at": ["2026-03-01T00:00:00"], "value": [4]}]}'
    for bodies in ([good, unread, text], [good, no_zone, text]):
        frame, told = delivery.parsed_together(bodies)
        assert frame["value"].to_list() == [1.0, 2.0, 3.0]
        assert frame["at"][2] == datetime(2026, 2, 28, 16, tzinfo=UTC)
        assert (told[0], told[2]) == ("a", "")
        assert isinstance(told[1], Refused)
    assert delivery.parsed_together([])[0].height == 0


# ---------- tables ----------


def sheet(lines: list[list[Any]]) -> io.BytesIO:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet("读数")
    for number, line in enumerate(lines):
        page.write_row(number, 0, line)
    book.close()
    target.seek(0)
    return target


def test_a_wide_table_and_a_long_one_tell_the_same() -> None:
    wide = "时间,m1,m2\n2026-03-02 00:15,1,10\n2026/03/02 00:30,2,\n"
    _digest, found = uploads.opened(io.BytesIO(wide.encode("gb18030")), name="表.csv")
    long = sheet(
        [
            ["计量点", "时间", "数值"],
            ["m1", "2026-03-02 00:15", 1],
            ["m2", "2026-03-02 00:15", 10],
            ["m1", "2026-03-02 00:30", 2],
        ]
    )
    _digest, other = uploads.opened(long, name="表.xlsx")
    assert found.sort("point", "at").rows() == other.sort("point", "at").rows()
    assert found["at"][0] == datetime(2026, 3, 1, 16, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [("时间,m1\n2026-03-02 00:15,好\n", 2, "m1"), ("时间,m1\n昨天,1\n", 2, "时间"), ("甲,乙\n1,2\n", 1, "")],
)
def test_a_cell_that_cannot_be_is_named(text: str, row: int, column: str) -> None:
    with pytest.raises(UploadError) as error:
        uploads.opened(io.BytesIO(text.encode()), name="表.csv")
    assert (error.value.where.row, error.value.where.column) == (row, column)


@pytest.mark.parametrize(
    "text",
    [
        '时间,m1,m2\n2026-03-02 00:15,1,10\n2026/03/02 00:30,"2,000",\n',
        "point,at,value\nm1,2026-03-01T16:15:00Z,1\nm2,2026-03-02T00:15:00+08:00,10\nm1,2026-03-02 00:30:00,2000\n",
    ],
)
def test_a_large_table_is_read_in_columns_as_a_small_one_cell_by_cell(text: str, tmp_path, meter, point) -> None:
    point("m2", kind="interval")
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    careful = uploads.opened(io.BytesIO(text.encode()), name="t.csv")[1].sort("point", "at")
    [quick] = files._batches(tmp_path / "t.csv")
    assert quick.sort("point", "at").rows() == careful.rows() == [
        ("m1", datetime(2026, 3, 1, 16, 15, tzinfo=UTC), 1.0),
        ("m1", datetime(2026, 3, 1, 16, 30, tzinfo=UTC), 2000.0),
        ("m2", datetime(2026, 3, 1, 16, 15, tzinfo=UTC), 10.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [("at,m1\n2026-03-02 00:15,1\n2026-03-02 00:30,好\n", 3, "m1"), ("at,m1\n昨天,1\n", 2, "at")],
)
def test_a_cell_of_a_large_table_that_cannot_be_is_named_too(text: str, row: int, column: str, tmp_path) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UploadError) as error:
        list(files._batches(tmp_path / "t.csv"))
    assert (error.value.where.row, error.value.where.column) == (row, column)


def test_a_file_is_taken_batch_by_batch_and_once(meter, point, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(files, "BATCH", 3)
    rows(point("p1", kind="interval"), [1, 2, 3, 4, 5]).write_parquet(tmp_path / "t.parquet")
    first = files.taken(tmp_path / "t.parquet", now=LATER)
    assert (first.count, first.accepted, first.repeated) == (5, 5, False)
    assert files.taken(tmp_path / "t.parquet", now=LATER).repeated
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(SeriesError, match="读不出来"):
        files.taken(tmp_path / "broken.parquet", now=LATER)


# ---------- Modbus ----------


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def modbus_meter():
    """A meter on loopback: register 10 holds 123456 as UINT32, register 20 the float 50.25."""
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    port, ready, loop = free_port(), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        data = [
            SimData(10, values=123456, datatype=DataType.UINT32),
            SimData(20, values=50.25, datatype=DataType.FLOAT32),
        ]
        server = ModbusTcpServer(SimDevice(1, simdata=data), address=("127.0.0.1", port))
        await server.serve_forever(background=True)
        ready.set()
        await stop.wait()
        await server.shutdown()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield port
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


def test_a_modbus_meter_is_asked_and_what_it_does_not_have_is_no_reading(point, modbus_meter: int) -> None:
    device, _secret = services.make_device("mb", "表", by=None, now=LATER, address=f"127.0.0.1:{modbus_meter}/1")
    energy = point("energy", device=device, channel={"register": 10, "type": "UINT32", "scale": 0.1})
    power = point("power", kind="instant", unit="kW", device=device, channel={"register": 20, "type": "FLOAT32"})
    point("none", device=device, channel={"register": 900, "type": "UINT16"})
    now = DAY + timedelta(minutes=17)
    assert modbus.poll(device, now=now).accepted == 2
    assert modbus.poll(device, now=now).again == 2
    found = queries.readings([energy, power], DAY, DAY + HOUR)
    assert found["value"].to_list() == [pytest.approx(12345.6), 50.25]
    assert found["at"].unique().to_list() == [DAY + timedelta(minutes=15)]


def test_a_device_that_cannot_be_reached_or_read_is_told(point) -> None:
    device, _secret = services.make_device("mb", "表", by=None, now=LATER, address=f"127.0.0.1:{free_port()}")
    with pytest.raises(SeriesError, match="连不上"):
        modbus.poll(device, now=DAY)
    device.address = "a b:c"
    with pytest.raises(SeriesError, match="读不懂"):
        modbus.poll(device, now=DAY)


# ---------- MQTT ----------


class Broker:
    """Mosquitto with the files that we write."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        mqtt.broker_files(folder, port=self.port)
        if os.geteuid() == 0:  # else it becomes the user mosquitto, who may not read the files of a test
            with (folder / "mosquitto.conf").open("a") as more:
                more.write("user root\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["mosquitto", "-c", str(self.folder / "mosquitto.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("the broker does not start")

    def stop(self, how: int = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(10)


@pytest.fixture
def broker(transactional_db, tmp_path_factory):
    if not shutil.which("mosquitto"):
        pytest.skip("Mosquitto is not installed (apt-get install mosquitto)")
    made: list[Broker] = []

    def start() -> Broker:
        # mosquitto drops to a user of its own when root starts it, who must be able to write here
        folder = tmp_path_factory.mktemp("broker")
        found = Broker(folder)
        for path in (folder, *folder.iterdir()):
            path.chmod(0o777)
        for path in (folder.parent, folder.parent.parent):
            path.chmod(0o755)
        found.start()
        made.append(found)
        return found

    yield start
    for each in made:
        each.stop()


def listen(broker: Broker, *, count: int, seconds: float = 60) -> mqtt.Gateway:
    """Let the gateway take until it has so many readings."""
    gateway = mqtt.Gateway("127.0.0.1", broker.port, clock=lambda: LATER)
    end = time.monotonic() + seconds
    gateway.run(until=lambda: gateway.taken >= count or time.monotonic() > end)
    return gateway


def introduce(broker: Broker) -> None:
    """From the gateway's first subscription on the broker keeps for it what comes while it is away."""
    gateway = mqtt.Gateway("127.0.0.1", broker.port)
    client = gateway.connected()
    assert gateway.subscribed.wait(60)
    client.disconnect()
    client.loop_stop()


def test_what_devices_publish_arrives_also_over_a_restart_of_the_broker(broker, point) -> None:
    device, secret = services.make_device("gw-1", "采集器", by=None, now=LATER)
    m = point(kind="interval", device=device)
    running = broker()
    introduce(running)
    sender = mqtt.Sender("gw-1", secret, port=running.port)
    sender.send(rows(m, [1, 2]))
    sender.close()
    running.stop()
    running.start()
    sender = mqtt.Sender("gw-1", secret, port=running.port)
    sender.send(rows(m, [1, 2, 3]))
    sender.client.publish(sender.topic, b"no delivery", qos=1).wait_for_publish(5)
    sender.close()
    assert listen(running, count=5).taken == 5
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [1.0, 2.0, 3.0]
    assert Quarantine.objects.get().reason == "batch_malformed"


def test_what_a_killed_broker_has_lost_the_device_sends_again(broker, point) -> None:
    """The broker has confirmed three deliveries and is killed before it writes them: only the platform's receipts tell the device."""
    device, secret = services.make_device("gw-1", "采集器", by=None, now=LATER)
    m = point(kind="interval", device=device)
    running = broker()
    introduce(running)
    running.stop()  # it writes down that the gateway has subscribed
    running.start()
    told = {f"k{number}": rows(m, [number], start=DAY + number * MINUTES) for number in range(3)}
    sender = mqtt.Sender("gw-1", secret, port=running.port)
    for key, frame in told.items():
        sender.send(frame, key=key)
    sender.close()
    running.stop(signal.SIGKILL)
    running.start()
    sender = mqtt.Sender("gw-1", secret, port=running.port)
    for key, frame in told.items():
        sender.send(frame, key=key)
    assert sender.unsure() == {"k0", "k1", "k2"}
    assert listen(running, count=3).taken in (3, 6)  # six if the broker has written after all
    assert sender.unsure(wait=10) == set()
    sender.send(rows(m, [5]), key="late")  # nobody listens: the device stays unsure
    assert sender.unsure(wait=0.1) == {"late"}
    sender.close()
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [0.0, 1.0, 2.0]
    assert not Quarantine.objects.exists()


def test_a_device_hears_its_own_receipts_only(broker, point) -> None:
    device, secret = services.make_device("gw-1", "采集器", by=None, now=LATER)
    _other, others = services.make_device("gw-2", "采集器", by=None, now=LATER)
    m = point(kind="interval", device=device)
    running = broker()
    introduce(running)
    heard: list[str] = []
    spy = mqtt.Sender("gw-2", others, port=running.port)
    spy.client.subscribe("dafeng/+/receipts", qos=1)
    spy.client.on_message = lambda _it, _data, message: heard.append(message.topic)
    sender = mqtt.Sender("gw-1", secret, port=running.port)
    sender.send(rows(m, [1]), key="mine")
    listen(running, count=1)
    assert sender.unsure(wait=10) == set()
    assert heard == []
    sender.close()
    spy.close()


def test_a_device_can_neither_use_anothers_topic_nor_another_password(broker, point) -> None:
    device, secret = services.make_device("gw-1", "采集器", by=None, now=LATER)
    services.make_device("gw-2", "采集器", by=None, now=LATER)
    m = point(kind="interval", device=device)
    running = broker()
    introduce(running)
    thief = mqtt.Sender("gw-1", secret, port=running.port)
    thief.topic = "dafeng/gw-2/readings"
    thief.send(rows(m, [9]))  # mosquitto confirms and drops what the access list forbids
    thief.topic = "dafeng/gw-1/readings"
    thief.send(rows(m, [1]))
    thief.close()
    assert listen(running, count=1).taken == 1
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [1.0]
    stranger = mqtt.Sender("gw-2", secret, port=running.port)
    with pytest.raises(SeriesError, match="没有确认"):
        stranger.send(rows(m, [5]), wait=1)
    stranger.close()


def test_when_the_disk_is_full_nothing_is_confirmed_and_everything_comes_again(broker, point, monkeypatch) -> None:
    from dafeng.kernel.series import points
    from dafeng.kernel.series.disk import Disk

    class Full(Disk):
        full = True

        def write(self, descriptor: int, content: bytes) -> None:
            if self.full:
                self.full = False
                raise OSError(28, "No space left on device")
            super().write(descriptor, content)

    device, secret = services.make_device("gw-1", "采集器", by=None, now=LATER)
    m = point(kind="interval", device=device)
    running = broker()
    introduce(running)
    sender = mqtt.Sender("gw-1", secret, port=running.port)
    sender.send(rows(m, [1, 2]))
    sender.close()
    monkeypatch.setattr(points.the_store(), "disk", Full())
    listen(running, count=2)
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [1.0, 2.0]


def test_frames_of_no_readings_are_taken_too(meter, send) -> None:
    assert send(pl.DataFrame(schema=rows("m1", [1]).schema)).count == 0
