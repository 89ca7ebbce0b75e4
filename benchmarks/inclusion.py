"""信碳通: a city day through intake, computing, screening and ledger; and single signed events against the real server.

The day is `scenes.simulator`'s, with its cheats, in a database of its own; the server is granian with two processes, as it is
run, with a worker beside it. Issue 5 §2 wants 1 M events in less than 5 minutes with less than 2 GiB, and p99 below 200 ms at
200 events a second.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

DAY, QUICK_DAY = 1_000_000, 100_000
SECONDS_OF_DAY, GIB = 300.0, 2.0
RATE, MILLISECONDS = 200, 200.0


def measure(*, quick: bool = False) -> Iterator[Figure]:
    events = QUICK_DAY if quick else DAY
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        found = _apart(folder, "day", str(events))
        note = (
            f"intake {found['intake']:.0f} s, processing {found['processing']:.0f} s; {events / found['seconds']:.0f} events/s; "
            f"recall {found['recall']:.3f}, precision {found['precision']:.3f}; points of events = points in the ledger: {found['agree']}"
        )
        share = events / DAY
        yield Figure(
            f"{events} events of a city day validated, computed, screened and posted",
            found["seconds"],
            "s",
            SECONDS_OF_DAY * share,
            None,
            note,
        )
        yield Figure("… peak memory", found["peak_gib"], "GiB", GIB, None, "one process")
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        yield _server(folder, 10 if quick else 60)


def _environment(folder: str) -> dict[str, str]:
    return {
        **os.environ, "DAFENG_DATA": folder, "DATABASE_URL": f"sqlite:///{folder}/dafeng.sqlite3", "DAFENG_CACHE": "",
        "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings", "DAFENG_SECRET_KEY": "a key for measuring only",
    }  # fmt: skip


def _apart(folder: str, *arguments: str) -> dict[str, Any]:
    call = [sys.executable, "-m", "benchmarks.inclusion", *arguments]
    done = subprocess.run(call, env=_environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


# ---------------------------------------------------------------- in a process of their own


def _city(members: int, now: datetime) -> dict[str, Any]:
    from django.core.management import call_command

    from dafeng.domains.inclusion import services
    from dafeng.domains.inclusion.scenes import rehearsal

    call_command("migrate", interactive=False, verbosity=0)
    programme = services.ensure_programme("000000", "模拟市", "Simulated", counties={}, now=now - timedelta(days=120))
    return rehearsal.build(programme, members, now=now)


def day(events: int) -> dict[str, Any]:
    """Everything from the parsed batches on; the making of the day is not counted."""
    import resource

    from django.utils import timezone

    from dafeng.domains.inclusion.scenes import intake, processing, rehearsal, simulator

    now = datetime.now(UTC)
    start = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    sent = simulator.day(seed=2026, start=start, events=events, cheats=max(20, events // 5_000))
    partners = _city(max(each.member for each in sent) + 1, now)
    with tempfile.TemporaryDirectory(prefix="dafeng-bench-") as folder:
        batches = _spool(rehearsal.addressed(sent, partners), Path(folder))
        del sent
        begun = time.perf_counter()
        for number, (partner, path) in enumerate(batches):
            intake.receive(partners[partner], json.loads(path.read_bytes()), key=f"b{number}", channel="api", now=now)
        received = time.perf_counter()
        processing.process_all(now=now, limit=10_000)
        ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    sent = simulator.day(seed=2026, start=start, events=events, cheats=max(20, events // 5_000))
    seen, (of_events, of_ledger) = rehearsal.measured(sent), rehearsal.books()
    return {
        "seconds": ended - begun, "intake": received - begun, "processing": ended - received, "peak_gib": peak,
        "recall": seen.recall(), "precision": seen.precision, "agree": of_events == of_ledger,
    }  # fmt: skip


def _spool(addressed: dict[str, list[dict[str, Any]]], folder: Path) -> list[tuple[str, Path]]:
    """Batches as files, so that the day itself does not lie in the memory that is measured."""
    found = []
    for partner, events in addressed.items():
        for at in range(0, len(events), 10_000):
            path = folder / f"{partner}-{at}.json"
            path.write_text(json.dumps(events[at : at + 10_000]))
            found.append((partner, path))
    return found


def prepare(members: int) -> dict[str, Any]:
    """A city with a key for its bus company."""
    from dafeng.domains.inclusion.scenes import signing

    now = datetime.now(UTC)
    partners = _city(members, now)
    key, secret = signing.make_key(partners["sim-bus"], by=None, now=now)
    return {"key": key.key_id, "secret": secret}


def settled() -> dict[str, Any]:
    from dafeng.domains.inclusion.models import Event
    from dafeng.domains.inclusion.scenes import rehearsal

    of_events, of_ledger = rehearsal.books()
    waiting = Event.objects.filter(state=Event.State.RECEIVED).count()
    return {"events": Event.objects.count(), "waiting": waiting, "agree": of_events == of_ledger}


# ---------------------------------------------------------------- the real server


@contextmanager
def _serving(folder: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bin_ = Path(sys.executable)
    commands = [
        [
            bin_.with_name("granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
            "--no-ws", "--blocking-threads", "8", "--backpressure", "64", "--log-level", "warning", "dafeng.portal.wsgi:application",
        ],
        [sys.executable, "-m", "dafeng.cli", "worker"],
    ]  # fmt: skip
    running = [subprocess.Popen(command, env=_environment(folder), stderr=subprocess.DEVNULL) for command in commands]
    try:
        for _ in range(300):
            try:
                asked = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                asked.request("GET", "/api/")
                if asked.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(timeout=30)


def _server(folder: str, seconds: int) -> Figure:
    made = _apart(folder, "prepare", "2000")
    waits: list[float] = []
    faults: list[str] = []
    with _serving(folder) as port:
        _load(port, made, 3, [], faults)  # processes have loaded what they need
        begun = time.perf_counter()
        _load(port, made, seconds, waits, faults)
        taken = time.perf_counter() - begun
        for _ in range(60):
            told = _apart(folder, "settled")
            if not told["waiting"]:
                break
            time.sleep(0.5)
    waits.sort()
    p99 = waits[int(len(waits) * 0.99)] * 1000
    note = f"{len(waits) / taken:.0f}/s over {taken:.0f} s, p50 {waits[len(waits) // 2] * 1000:.0f} ms; faults {len(faults)} {faults[:1]}; all paid: {not told['waiting']}; books agree: {told['agree']}"
    return Figure(f"p99 of single signed events at {RATE} a second", p99, "ms", MILLISECONDS, None, note)


def _load(port: int, made: dict[str, str], seconds: int, waits: list[float], faults: list[str]) -> None:
    """An open loop: each event has its time, and its wait is counted from it, whether or not a caller was free."""
    from dafeng.domains.inclusion.scenes.client import signature
    from dafeng.domains.inclusion.scenes.simulator import token

    count, begun, rng = RATE * seconds, time.perf_counter(), random.Random(1)
    turns = iter(range(count))
    lock = threading.Lock()
    run = secrets.token_hex(4)

    def call() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number = next(turns, None)
                member = rng.randrange(2000)
            if number is None:
                return
            due = begun + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            event = {
                "scene": "sim-bus-ride", "id": f"{run}-{number}", "member": token(0, member), "at": datetime.now(UTC).isoformat(),
                "data": {"distance": 5.0},
            }  # fmt: skip
            body, now, nonce = json.dumps(event).encode(), str(int(time.time())), secrets.token_hex(16)
            path = "/api/inclusion/events"
            headers = {
                "X-Dafeng-Key": made["key"], "X-Dafeng-Time": now, "X-Dafeng-Nonce": nonce, "Content-Type": "application/json",
                "X-Dafeng-Signature": signature(made["secret"], "POST", path, now, nonce, body),
            }  # fmt: skip
            try:
                line.request("POST", path, body, headers)
                answer = line.getresponse()
                said = answer.read()
                if answer.status != 200:
                    faults.append(f"{answer.status} {said[:120]!r}")
            except OSError as error:
                faults.append(repr(error))
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            waits.append(time.perf_counter() - due)

    threads = [threading.Thread(target=call) for _ in range(32)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


if __name__ == "__main__":
    import django

    django.setup()
    told = {"day": day, "prepare": prepare}[sys.argv[1]](int(sys.argv[2])) if len(sys.argv) > 2 else settled()
    print(json.dumps(told))
