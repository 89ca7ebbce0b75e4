"""A seeded world in which power fails at any moment: nothing that was acknowledged is lost, nothing is stored twice.

The disk of the test knows what was flushed and what was not. At a random operation it dies, in the middle of a write if need be; what
was not flushed is then gone, and a new process begins with what the disk holds. An independent model (a dictionary) says what must be
there: every acknowledged reading with its value, and of those that were under way either all of their batch or, sent again, exactly once.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dafeng.kernel.series import checking, ingest, points, queries, store, upkeep
from dafeng.kernel.series.disk import Disk
from dafeng.kernel.series.errors import DamagedError, StoreError
from dafeng.kernel.series.models import Quarantine
from tests.kernel.series.conftest import DAY, LATER, MINUTES, rows

SEEDS = range(6)
STEPS = 12


class PowerFailure(BaseException):
    """No code may catch it as an error of its own."""


class FrailDisk(Disk):
    """Dies after so many operations. What was written and not flushed is cut off at the last flushed length."""

    def __init__(self, left: int, rng: random.Random) -> None:
        self.left, self.rng = left, rng
        self.flushed: dict[str, int] = {}

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise PowerFailure

    def write(self, descriptor: int, content: bytes) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        self.flushed.setdefault(path, os.lseek(descriptor, 0, os.SEEK_CUR))
        if self.left == 0:
            os.write(descriptor, content[: self.rng.randint(0, len(content))])
        self._step()
        super().write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        self._step()
        super().sync(descriptor)
        self.flushed.pop(os.readlink(f"/proc/self/fd/{descriptor}"), None)

    def rename(self, path: Path, target: Path) -> None:
        self._step()
        super().rename(path, target)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def lose_what_was_not_flushed(self) -> None:
        for path, length in self.flushed.items():
            if Path(path).exists():
                os.truncate(path, min(length, os.path.getsize(path)))


def new_process(disk: Disk) -> None:
    """Everything that a process remembers is gone; the files are there."""
    home = points.the_store().home
    store._stores[home] = store.Store(home, disk=disk)


def delivery(rng: random.Random, codes: list[str]) -> dict[tuple[str, int], float]:
    """Readings of a stretch of quarter hours, some of which have been told before, some otherwise."""
    first = rng.randrange(0, 60)
    return {
        (rng.choice(codes), first + rng.randrange(12)): float(rng.randrange(1, 4)) for _row in range(rng.randint(1, 15))
    }


def framed(told: dict[tuple[str, int], float]) -> pl.DataFrame:
    return pl.concat([rows(code, [value], start=DAY + MINUTES * slot) for (code, slot), value in told.items()])


class Model:
    """What must be stored: of each moment the values in the order of their arrival, each value once; the last new one counts."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, int], list[float]] = {}

    def take(self, told: dict[tuple[str, int], float]) -> None:
        for key, value in told.items():
            if value not in self.values.setdefault(key, []):
                self.values[key].append(value)

    def compare(self) -> None:
        codes = points.table().numbers
        found = queries.readings(list(codes), DAY, DAY + timedelta(days=2))
        assert found.height == found.select("point", "at").unique().height
        slots = {
            (code, slot): value
            for code, number in codes.items()
            for slot, value in found.filter(pl.col("point") == number)
            .select(((pl.col("at") - pl.lit(DAY.astimezone(UTC))).dt.total_minutes() // 15).alias("slot"), "value")
            .rows()
        }
        assert slots == {key: values[-1] for key, values in self.values.items()}
        every = queries.revisions(list(codes), DAY, DAY + timedelta(days=2))
        assert every.height == sum(map(len, self.values.values()))
        # Steps agree with the readings: of intervals the sum, filled gaps apart.
        day = queries.used(list(codes), DAY - timedelta(days=1), DAY + timedelta(days=2), "15m")
        measured = day.filter(pl.col("coverage") > 0)["value"].sum()
        assert measured == pytest.approx(sum(slots.values()))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS)
def test_power_may_fail_at_any_moment(point, seed: int, monkeypatch) -> None:
    rng, model = random.Random(seed), Model()
    monkeypatch.setattr(ingest, "BULK", rng.choice([5, 10_000]))
    monkeypatch.setattr(upkeep, "MANY", 2)
    codes = [point(f"m{number}", kind="interval").code for number in range(3)]
    deaths = 0
    disk = FrailDisk(rng.randint(3, 60), rng)
    new_process(disk)
    for step in range(STEPS):
        now = LATER + timedelta(minutes=step)
        told = delivery(rng, codes)
        settle, tries = rng.random() < 0.3, 0
        while True:
            try:
                ingest.receive(framed(told), source="http", now=now)
                if settle:
                    upkeep.settle(now=now)
                break
            except PowerFailure:
                deaths, tries = deaths + 1, tries + 1
                disk.lose_what_was_not_flushed()
                disk = FrailDisk(rng.randint(3, 60) if tries < 3 else 10_000, rng)
                new_process(disk)  # the sender had no answer and sends again
        model.take(told)
    new_process(Disk())
    model.compare()
    upkeep.settle(now=LATER + timedelta(days=1))
    model.compare()
    assert not checking.check().damaged
    assert deaths > 0


@pytest.mark.django_db
def test_two_processes_write_at_once_and_both_are_there(point) -> None:
    """Two stores of the same folder, as two processes have them; each sees what the other wrote before it decides."""
    m = point(kind="interval")
    home = points.the_store().home
    both = [store.Store(home), store.Store(home)]
    for turn in range(6):
        store._stores[home] = both[turn % 2]
        receipt = ingest.receive(rows(m, [1.0] * (turn + 1)), source="http", now=LATER)
        assert (receipt.accepted, receipt.again) == (1, turn)
    for each in both:
        store._stores[home] = each
        assert queries.readings([m], DAY, DAY + timedelta(days=1)).height == 6


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import django
django.setup()
import polars as pl
from dafeng.kernel.series.frames import READING
from dafeng.kernel.series.store import Store
home, point, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
store, start = Store(home), datetime(2026, 3, 2, tzinfo=UTC)
for slot in range(count):
    row = (point, start + timedelta(minutes=15 * slot), float(slot), start, 0, 1, 0)
    with store.writing() as pen:
        pen.append(pl.DataFrame([row], schema=READING, orient="row"))
"""


@pytest.mark.django_db
def test_two_real_processes_and_a_settler_write_at_once(point) -> None:
    """Forty readings of each of two processes, while a third (this one) settles: eighty are there, each once."""
    meters = [point(f"m{number}", kind="interval") for number in range(2)]
    home = points.the_store().home
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(home), str(meter.pk), "40"], env={**os.environ, "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings"})
        for meter in meters
    ]  # fmt: skip
    while any(each.poll() is None for each in started):
        upkeep.settle(now=LATER)
    assert [each.returncode for each in started] == [0, 0]
    upkeep.settle(now=LATER)
    for meter in meters:
        found = queries.revisions([meter], DAY, DAY + timedelta(days=2))
        assert found["value"].to_list() == [float(slot) for slot in range(40)]
    assert not checking.check().damaged


@pytest.mark.django_db
def test_a_disk_that_is_full_while_settling_loses_nothing(point) -> None:
    class Full(Disk):
        def put(self, path: Path, content: bytes) -> None:
            if path.suffix == ".parquet":
                raise StoreError("读数文件写不进去", mend="请检查磁盘空间")
            super().put(path, content)

    m = point(kind="interval")
    ingest.receive(rows(m, [1, 2, 3]), source="http", now=LATER)
    new_process(Full())
    with pytest.raises(StoreError):
        upkeep.settle(now=LATER)
    assert queries.readings([m], DAY, DAY + timedelta(days=1))["value"].to_list() == [1.0, 2.0, 3.0]
    new_process(Disk())
    upkeep.settle(now=LATER)
    assert queries.readings([m], DAY, DAY + timedelta(days=1))["value"].to_list() == [1.0, 2.0, 3.0]
    assert points.the_store().snapshot().waiting == 0


@pytest.mark.django_db
def test_settling_while_others_write_loses_nothing(point) -> None:
    m = point(kind="interval")
    home = points.the_store().home
    frames = [rows(m, [float(number)], start=DAY + MINUTES * number) for number in range(60)]
    other = store.Store(home)
    rows_of = [each.select(pl.lit(m.pk, pl.Int64).alias("point"), "at", "value") for each in frames]
    full = [
        each.with_columns(
            arrived=pl.lit(LATER).cast(pl.Datetime("us", "UTC")), revision=pl.lit(0, pl.Int32), source=pl.lit(1, pl.Int8),
            flag=pl.lit(0, pl.UInt16),
        )
        for each in rows_of
    ]  # fmt: skip

    def write() -> None:
        for each in full:
            with other.writing() as pen:
                pen.append(each)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        upkeep.settle(now=LATER)
    writer.join()
    upkeep.settle(now=LATER)
    found = queries.readings([m], DAY, DAY + timedelta(days=1))
    assert found["value"].to_list() == [float(number) for number in range(60)]


@pytest.mark.django_db
def test_a_full_disk_is_told_and_the_same_may_be_sent_again(point) -> None:
    class Full(Disk):
        def write(self, descriptor: int, content: bytes) -> None:
            os.write(descriptor, content[:10])
            raise OSError(28, "No space left on device")

    m = point(kind="interval")
    ingest.receive(rows(m, [1]), source="http", now=LATER)
    new_process(Full())
    with pytest.raises(StoreError, match="磁盘空间"):
        ingest.receive(rows(m, [1, 2]), source="http", key="k", now=LATER)
    new_process(Disk())
    assert ingest.receive(rows(m, [1, 2]), source="http", key="k", now=LATER).accepted == 1
    assert queries.readings([m], DAY, DAY + timedelta(days=1))["value"].to_list() == [1.0, 2.0]


def spoil(kind: str) -> str:
    home = points.the_store().home
    file = next(file for file in points.the_store().snapshot().manifest.files if file.kind == kind)
    content = bytearray((home / file.path).read_bytes())
    content[: len(content) // 2] = bytes(len(content) // 2)
    (home / file.path).write_bytes(bytes(content))
    return file.path


@pytest.mark.django_db
def test_a_spoilt_file_is_found_named_and_made_good_from_the_archived_log(point) -> None:
    m = point(kind="interval")
    ingest.receive(rows(m, [1, 2, 3, 4, 5]), source="http", now=LATER)
    upkeep.settle(now=LATER)
    path = spoil("readings")
    with pytest.raises(DamagedError, match="--repair"):
        queries.readings([m], DAY, DAY + timedelta(days=1))
    assert checking.check().damaged == (path,)
    done = checking.repair(now=LATER)
    assert (done.restored, done.lost) == (5, 0)
    assert queries.readings([m], DAY, DAY + timedelta(days=1))["value"].to_list() == [1.0, 2.0, 3.0, 4.0, 5.0]
    path = spoil("1h")
    assert checking.repair(now=LATER).damaged == (path,)
    assert queries.used([m], DAY, DAY + timedelta(hours=1), "1h")["value"].to_list() == [14.0]
    assert checking.check().damaged == ()


@pytest.mark.django_db
def test_what_the_archive_does_not_have_is_said_to_be_lost(point, monkeypatch) -> None:
    monkeypatch.setattr(ingest, "BULK", 2)
    m = point(kind="interval")
    ingest.receive(rows(m, [1, 2, 3]), source="backfill", now=LATER)
    spoil("readings")
    done = checking.repair(now=LATER)
    assert (done.restored, done.lost) == (0, 3)


@pytest.mark.django_db
def test_a_million_readings_of_an_unknown_point_are_one_row_and_one_file(db) -> None:
    frame = pl.DataFrame(
        {"at": pl.datetime_range(DAY - timedelta(days=730), DAY, "1m", eager=True, time_zone="Asia/Shanghai")}
    )
    frame = frame.select(pl.lit("nobody").alias("point"), "at", pl.lit(1.0).alias("value"))
    assert frame.height > 1_000_000
    for _time in range(2):
        assert ingest.receive(frame, source="backfill", now=LATER).reasons == {"unknown_point": frame.height}
    held = Quarantine.objects.get()
    assert (held.count, held.example["code"]) == (frame.height, "nobody")


def test_the_model_itself_can_fail() -> None:
    """A check that cannot fail proves nothing: a lost value is a difference."""
    model: Any = Model()
    model.take({("m", 1): 2.0})
    model.take({("m", 1): 2.0, ("m", 2): 1.0})
    assert model.values == {("m", 1): [2.0], ("m", 2): [1.0]}


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["half", "empty", "other", "gone"])
def test_a_manifest_that_cannot_be_read_stops_everything_and_costs_no_file(how: str, point) -> None:
    m = point(kind="interval")
    ingest.receive(rows(m, [1, 2, 3, 4]), source="http", now=LATER)
    upkeep.settle(now=LATER)
    home = points.the_store().home
    manifest, files = home / "manifest.json", sorted(home.rglob("*.parquet"))
    content = manifest.read_bytes()
    if how == "gone":
        manifest.unlink()
    else:
        manifest.write_bytes({"half": content[: len(content) // 2], "empty": b"", "other": b"[]"}[how])
    new_process(Disk())
    for asked in (
        lambda: queries.readings([m], DAY, DAY + timedelta(days=1)),
        lambda: ingest.receive(rows(m, [5], start=DAY + timedelta(hours=2)), source="http", now=LATER),
        lambda: upkeep.settle(now=LATER),
        checking.check,
    ):
        with pytest.raises(DamagedError, match="备份"):
            asked()
    assert sorted(home.rglob("*.parquet")) == files
    manifest.write_bytes(content)
    new_process(Disk())
    assert ingest.receive(rows(m, [5], start=DAY + timedelta(hours=2)), source="http", now=LATER).accepted == 1
    assert queries.readings([m], DAY, DAY + timedelta(days=1))["value"].to_list() == [1.0, 2.0, 3.0, 4.0, 5.0]
