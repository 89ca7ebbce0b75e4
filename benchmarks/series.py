"""Readings of meters beside bare DuckDB on the same files: taking them in, aggregating them, and what a page asks.

One-minute readings, made up in columns. Bare DuckDB reads the very files of the store with the plain statement and nothing else; ours
asks the same by `queries`, which picks what counts. In a process of its own, with a database of its own, so that memory can be told.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.figures import Figure, apart, quickest, seconds

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2027, 6, 1, tzinfo=UTC)
BATCH = 5_000_000


def measure(*, quick: bool = False) -> Iterator[Figure]:
    found = apart("series", "store", *((4_000_000, 40) if quick else (100_000_000, 365)))
    count = found["rows"]
    rate = count / found["ingest"]
    wanted = "(wanted ≥ 1 000 000)"
    yield Figure(
        f"{count} readings from Parquet files", found["ingest"], "s", count / 1e6, None, f"{rate:.0f}/s {wanted}"
    )
    rate = found["csv_rows"] / found["csv"]
    yield Figure(
        f"{found['csv_rows']} readings from a CSV", found["csv"], "s", None if quick else found["csv_rows"] / 1e6, None, f"{rate:.0f}/s {wanted}"
    )  # fmt: skip
    note = f"bare DuckDB {found['bare']:.2f} s"
    yield Figure("15-minute aggregate of all", found["ours"], "s", 1.3, found["ours"] / found["bare"], note)
    note = f"{found['corrections']} corrections wait to be settled; {note} with every revision in it"
    disputed = found["disputed"] / found["bare"]
    # So few rows are over before a question is put: then it is told, and nothing is promised.
    limit = None if quick else 1.3
    yield Figure("the same while revisions compete, de-duplicated", found["disputed"], "s", limit, disputed, note)
    yield Figure("day profile of one point", found["day"] * 1000, "ms", 50)
    yield Figure("a month of 500 points, 15 minutes", found["month"], "s", 1.0)
    yield Figure("a year of the city from its daily steps", found["year"], "s", 0.5)
    yield Figure("memory of the process", found["peak_gib"], "GiB", 3.0)
    small = apart("series", "http", 200_000 if quick else 2_000_000)
    rate = small["rows"] / small["seconds"]
    note = f"{rate:.0f}/s (wanted ≥ 30 000), signed batches of 1 000 through the whole request"
    yield Figure(f"{small['rows']} readings over HTTP", small["seconds"], "s", small["rows"] / 30_000, None, note)
    wired = 200_000 if quick else 2_000_000
    if not shutil.which("mosquitto"):
        absent = "Mosquitto is not installed (apt-get install mosquitto)"
        yield Figure(f"{wired} readings over MQTT", None, "s", skipped=absent)
        return
    found = apart("series", "mqtt", wired)
    rate = found["rows"] / found["seconds"]
    note = f"{rate:.0f}/s (wanted ≥ 30 000), QoS 1, a message a minute of 100 meters, from the device to stored and confirmed"
    yield Figure(f"{found['rows']} readings over MQTT", found["seconds"], "s", found["rows"] / 30_000, None, note)


def _begin(folder: str) -> None:
    """A database and a data folder of this process alone."""
    os.environ |= {
        "DAFENG_DATA": folder,
        "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings",
    }
    import django
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}  # the tables as they are, at once
    call_command("migrate", verbosity=0, run_syncdb=True)


def _points(count: int, *, prefix: str = "b", period: int = 60) -> list[Any]:
    from dafeng.kernel.series import points
    from dafeng.kernel.series.models import Point

    usual = {"subject": "enterprise:bench", "name": "表", "quantity": "electricity", "unit": "kWh", "kind": "interval"}
    made = Point.objects.bulk_create(
        [Point(code=f"{prefix}{number}", period=period, **usual) for number in range(count)]
    )
    points.changed()
    return made


def minutes(numbers: list[int], first: int, count: int) -> pl.DataFrame:
    """`count` one-minute readings of each point from minute `first` on, sorted by point and time."""
    at = np.arange(first + 1, first + count + 1, dtype=np.int64) * 60_000_000 + int(START.timestamp() * 1e6)
    random = np.random.default_rng(first)
    return pl.DataFrame(
        {
            "point": np.repeat(np.array(numbers, dtype=np.int64), count),
            "at": np.tile(at, len(numbers)),
            "value": random.gamma(4, 1, count * len(numbers)),
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))


def store(rows: int, days: int) -> dict[str, Any]:
    """500 points of one-minute readings, as many as asked for; days of quarter hours of 500 more for what rests on steps."""
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        _begin(folder)
        from dafeng.kernel.series import files, ingest, points, queries, upkeep

        numbers = [point.pk for point in _points(500)]
        each = rows // 500
        taken = 0.0
        batch = Path(folder) / "batch.parquet"
        for first in range(0, each, BATCH // 500):
            minutes(numbers, first, min(BATCH // 500, each - first)).write_parquet(batch)
            taken += seconds(lambda: files.taken(batch, now=NOW))
        batch.unlink()
        end = START + timedelta(minutes=each + 1)
        seen = points.the_store().snapshot()
        paths = [seen.path(file) for file in seen.manifest.of("readings")]
        bare = quickest(lambda: _bare(paths), 3)
        ours = quickest(lambda: queries.totals(None, START, end, 900), 3)
        day = quickest(lambda: queries.readings([numbers[7]], START, START + timedelta(days=1)), 9)
        changed = minutes(numbers, 0, min(200, each)).with_columns(pl.col("value") + 100)
        receipt = ingest.receive(changed, source="backfill", now=NOW)
        assert receipt.revised == changed.height, receipt
        counted = queries.totals(None, START, end, 900)
        assert counted["count"].sum() == each * 500
        assert counted["low"].gt(100).sum() == changed.height // 15 // 500 * 500
        del counted
        disputed = quickest(lambda: queries.totals(None, START, end, 900), 3)
        slow = [point.pk for point in _points(500, prefix="y", period=900)]
        frame = _quarter_hours(slow, days)
        ingest.receive(frame, source="backfill", now=NOW)
        table = Path(folder) / "batch.csv"
        frame = minutes([point.pk for point in _points(100, prefix="c")], 0, 20_000 if rows > 10_000_000 else 2_000)
        codes = points.table().frame.select("point", "code")
        told = frame.join(codes, on="point", maintain_order="left").select("at", value="value", point="code")
        told.with_columns(pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(table)
        csv = seconds(lambda: files.taken(table, now=NOW))
        csv_rows = frame.height
        del frame, told
        table.unlink()
        _only(slow)
        upkeep.settle(now=NOW)
        month = quickest(lambda: queries.used(slow, START, START + timedelta(days=30), "15m"), 3)
        year = quickest(lambda: queries.used(slow, START, START + timedelta(days=days), "1d")["value"].sum(), 5)
        return {
            "rows": each * 500,
            "ingest": taken,
            "bare": bare,
            "ours": ours,
            "disputed": disputed,
            "corrections": changed.height,
            "csv": csv,
            "csv_rows": csv_rows,
            "day": day,
            "month": month,
            "year": year,
        }


def _bare(files: list[str]) -> None:
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'; SET memory_limit='2GB'; SET preserve_insertion_order=false")
        connection.execute(
            'SELECT point, epoch("at")::BIGINT // 900 * 900 AS step, count(*), avg(value), min(value), max(value) '
            "FROM read_parquet($files) GROUP BY ALL",
            {"files": files},
        ).to_arrow_table()


def _quarter_hours(numbers: list[int], days: int) -> pl.DataFrame:
    slots = days * 96
    at = np.arange(1, slots + 1, dtype=np.int64) * 900_000_000 + int(START.timestamp() * 1e6)
    values = np.random.default_rng(5).gamma(4, 1, slots * len(numbers))
    frame = pl.DataFrame(
        {"point": np.repeat(np.array(numbers, dtype=np.int64), slots), "at": np.tile(at, len(numbers)), "value": values}
    )
    return frame.with_columns(pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))


def _only(numbers: list[int]) -> None:
    """The minute readings have had their turn: what is measured from here on is the year's."""
    from dataclasses import replace

    from dafeng.kernel.series import points

    wanted = set(numbers)
    with points.the_store().writing() as pen:
        pen.commit(
            lambda old: replace(
                old,
                number=old.number + 1,
                files=tuple(file for file in old.files if file.low in wanted or file.high in wanted),
            )
        )


def http(rows: int) -> dict[str, Any]:
    """Batches of 1 000 readings of 100 points, signed and sent through the whole request, one after another."""
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        _begin(folder)
        from django.conf import settings
        from django.test import Client

        from dafeng.kernel.api import signatures
        from dafeng.kernel.series import delivery, points, services
        from dafeng.kernel.series.models import Point

        settings.DEMO = False
        device, secret = services.make_device("bench", "bench", by=None, now=NOW)
        numbers = [point.pk for point in _points(100)]
        Point.objects.filter(pk__in=numbers).update(device=device)
        points.changed()
        codes = points.table().frame.select("point", "code")
        bodies = []
        for first in range(0, rows // 100, 10):
            frame = minutes(numbers, first, 10).join(codes, on="point").drop("point").rename({"code": "point"})
            bodies.append(delivery.encoded(frame.select("point", "at", "value"), key=f"k{first}"))
        client, path = Client(), "/api/series/batches"

        def send(bodies: list[bytes]) -> None:
            for number, body in enumerate(bodies):
                moment, nonce = str(int(time.time())), f"nonce-{number:012d}"
                signature = signatures.sign(secret, "POST", path, moment, nonce, body)
                headers = dict(zip(signatures.HEADERS, (device.key_id, moment, nonce, signature), strict=True))
                # Each from an address of its own: the rate of one address is not what is measured.
                answer = client.post(
                    path,
                    body,
                    content_type="application/json",
                    headers=headers,
                    REMOTE_ADDR=f"10.0.{number // 250 % 250}.{number % 250}",
                )
                assert answer.status_code == 200, answer.content

        send(bodies[:1])  # everything is imported; the same batch again is answered from its row
        return {"rows": len(bodies[1:]) * 1_000, "seconds": seconds(lambda: send(bodies[1:]))}


DEVICES, METERS = 10, 100


def mqtt(rows: int) -> dict[str, Any]:
    """Ten concentrators send each minute of their hundred meters as a message to Mosquitto; the gateway takes it from there.

    Told are the seconds from the first message to the last that is stored and confirmed; afterwards each reading is there once.
    """
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        _begin(folder)
        from dafeng.kernel.series import mqtt, points, queries, services
        from dafeng.kernel.series.models import Point, Quarantine

        secrets, numbers = [], []
        for number in range(DEVICES):
            device, secret = services.make_device(f"bench-{number}", "bench", by=None, now=NOW)
            mine = [point.pk for point in _points(METERS, prefix=f"b{number}-")]
            Point.objects.filter(pk__in=mine).update(device=device)
            secrets.append(secret)
            numbers += mine
        points.changed()
        count = rows // (DEVICES * METERS)
        with _broker(Path(folder) / "broker") as port:
            gateway = mqtt.Gateway("127.0.0.1", port, clock=lambda: NOW)
            client = gateway.connected()  # from its first subscription on the broker keeps what comes
            assert gateway.subscribed.wait(30)
            client.disconnect()
            client.loop_stop()
            fresh = multiprocessing.get_context("spawn")
            ready, go = fresh.Event(), fresh.Event()
            sender = fresh.Process(target=_concentrators, args=(port, secrets, count, ready, go))
            sender.start()
            while not ready.wait(1):
                assert sender.is_alive()
            go.set()
            late = time.monotonic() + 60 + rows / 1_000
            taken = seconds(lambda: gateway.run(until=lambda: gateway.taken >= rows or time.monotonic() > late))
            sender.join(60)
        end = START + timedelta(minutes=count + 1)
        stored = queries.totals(numbers, START, end, 900)["count"].sum()
        assert (gateway.taken, stored, sender.exitcode) == (rows, rows, 0), (gateway.taken, stored, sender.exitcode)
        assert queries.revisions(numbers[:9], START, end)["revision"].max() == 0
        assert not Quarantine.objects.exists()
        return {"rows": rows, "seconds": taken}


@contextmanager
def _broker(folder: Path) -> Iterator[int]:
    """Mosquitto on loopback with the files that we write, and its port."""
    from dafeng.kernel.series import mqtt

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    mqtt.broker_files(folder, port=port)
    if os.geteuid() == 0:  # else it becomes a user who may not read our files
        with (folder / "mosquitto.conf").open("a") as more:
            more.write("user root\n")
    quiet = subprocess.DEVNULL
    with subprocess.Popen(["mosquitto", "-c", str(folder / "mosquitto.conf")], stdout=quiet, stderr=quiet) as process:
        try:
            for _ in range(200):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()


def _concentrators(port: int, secrets: list[str], count: int, ready: Any, go: Any) -> None:
    """The devices' end, a process of its own: messages made beforehand, sent as fast as the broker confirms."""
    import django

    django.setup()
    from dafeng.kernel.series import delivery
    from dafeng.kernel.series.mqtt import Sender

    senders = [Sender(f"bench-{number}", secret, port=port) for number, secret in enumerate(secrets)]
    codes = pl.DataFrame({"point": range(METERS)}, schema={"point": pl.Int64})
    made = []
    for number, sender in enumerate(senders):
        named = codes.with_columns(code=pl.format("b{}-{}", pl.lit(number), "point"))
        for first in range(count):
            frame = minutes(list(range(METERS)), first, 1).join(named, on="point", maintain_order="left")
            made.append((first, sender, delivery.encoded(frame.select("at", "value", point="code"))))
    made.sort(key=lambda each: each[0])
    ready.set()
    go.wait()
    told = [sender.client.publish(sender.topic, body, qos=1) for _, sender, body in made]
    for each in told:
        each.wait_for_publish(600)
    for sender in senders:
        sender.close()
