"""The ledger under a hostile operator, from one seed: a fake clock, killed processes, torn files, a full disk.

Each step posts a batch. The process may be killed before any statement or right after the commit (its files are copied as
they lie, and the next process opens the copy), the disk may be full, a second process may post with a warm or a cold memory,
and a client that heard no answer repeats its batch. Every reply is compared with the model; a torn write-ahead log must
show an earlier state of the same chain, whole.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dafeng.kernel.ledger import audit
from dafeng.kernel.ledger.database import SqliteFile
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.verbs import Command
from tests.kernel.ledger.model import Model
from tests.kernel.ledger.world import Drawn, World

BALANCES = (
    "SELECT a.ref, s.key, l.name, b.credits - b.debits, b.held, b.frozen FROM ledger_balance b JOIN ledger_account a "
    "ON a.id = b.account JOIN ledger_asset s ON s.id = a.asset JOIN ledger_lot l ON l.id = b.lot"
)
SINKS = (
    "SELECT s.key, b.account, l.name, b.credits - b.debits FROM ledger_balance b JOIN ledger_lot l ON l.id = b.lot "
    "JOIN ledger_asset s ON s.id = l.asset WHERE b.account < 0"
)
SINK_NAMES = ("issue", "retired", "cancelled", "expired")


class Killed(BaseException):
    """No code catches it, as no code runs in a killed process."""


class Fuse:
    """A connection that dies at its nth statement."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw, self.left, self.after_commit, self.dead = raw, 0, False, False

    def _burn(self) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                self.die()

    def die(self) -> None:
        self.dead = True
        raise Killed

    def execute(self, statement: str, parameters: Any = ()) -> Any:
        self._burn()
        done = self.raw.execute(statement, parameters)
        if statement == "COMMIT" and self.after_commit:
            self.die()
        return done

    def executemany(self, statement: str, rows: Any) -> Any:
        self._burn()
        return self.raw.executemany(statement, rows)

    @property
    def in_transaction(self) -> bool:
        """A dead process rolls nothing back."""
        return not self.dead and self.raw.in_transaction

    def close(self) -> None:
        self.raw.close()


class Simulation:
    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = random.Random(seed)
        self.folder, self.copies = folder, 0
        self.model, self.world = Model(), World(random.Random(seed + 1))
        self.met: Counter[str] = Counter()
        self.answers: Counter[tuple[str, str]] = Counter()
        self.chain = [""]  # hash of block n
        self.path = folder / "ledger.sqlite3"
        self.start()

    # ------------------------------------------------------------ processes

    def open(self) -> tuple[SqliteFile, Fuse, Ledger]:
        database = SqliteFile(self.path)
        database.raw.execute("PRAGMA wal_autocheckpoint=0")
        fuse = Fuse(database.raw)
        database.raw = fuse
        return database, fuse, Ledger(database)

    def start(self) -> None:
        self.database, self.fuse, self.ledger = self.open()

    def crash(self) -> None:
        """What lies on the disk at this moment is what the next process finds."""
        copy = self.copy()
        self.fuse.raw.close()
        self.path = copy
        self.start()

    def copy(self) -> Path:
        self.copies += 1
        target = self.folder / f"ledger{self.copies}.sqlite3"
        for suffix in ("", "-wal"):
            if Path(f"{self.path}{suffix}").exists():
                shutil.copyfile(f"{self.path}{suffix}", f"{target}{suffix}")
        return target

    # ------------------------------------------------------------ steps

    def run(self, steps: int) -> None:
        self.send(self.world.founding(), self.world.pass_time())
        for number in range(1, steps):
            self.step()
            if number % 10 == 0:
                self.compare()
            if number % 50 == 0:
                self.check()
        self.compare()
        self.check()
        with self.database.reading() as store:
            assert audit.replay(store) == (store.head().hash, audit.state_digest(store))

    def step(self) -> None:
        batch, now = self.world.batch(), self.world.pass_time()
        what = self.rng.choices(
            ("send", "kill", "kill_after", "full", "tear", "second", "restart", "checkpoint"),
            (60, 12, 3, 5, 2, 8, 3, 2),
        )[0]
        self.met[what] += 1
        getattr(self, what)(batch, now)

    def send(self, batch: list[Drawn], now: int, ledger: Ledger | None = None) -> None:
        """Post and compare every reply."""
        expected = self.model.post(batch, now)
        replies = self.post(batch, now, ledger)
        for drawn, want, got in zip(batch, expected, replies, strict=True):
            assert got == want, f"{drawn}: the model says {want}, the ledger {got}"
            self.answers[drawn[2], want[0]] += 1
            self.world.hear(drawn, want[0])
        self.remember()

    def post(self, batch: list[Drawn], now: int, ledger: Ledger | None = None) -> list[tuple[str, bool]]:
        commands = [Command(*drawn) for drawn in batch]
        replies = (ledger or self.ledger).post(commands, now=datetime.fromtimestamp(now, UTC))
        return [(reply.answer, reply.again) for reply in replies]

    def kill(self, batch: list[Drawn], now: int) -> None:
        self.fuse.left = self.rng.randint(1, 25)
        self.die(batch, now)

    def kill_after(self, batch: list[Drawn], now: int) -> None:
        self.fuse.after_commit = True
        self.die(batch, now)

    def die(self, batch: list[Drawn], now: int) -> None:
        """The client hears nothing, and repeats; what was committed is answered again, what was not is done now."""
        try:
            replies = self.post(batch, now)
        except Killed:
            self.crash()
            if self.head()[0] == len(self.chain):
                self.model.post(batch, now)  # the block was committed before the process died
                self.met["died after the commit"] += 1
            self.send(batch if self.rng.random() < 0.7 else batch[::-1], now)
        else:
            self.fuse.left = 0  # it was done sooner
            assert replies == self.model.post(batch, now)
            self.remember()

    def full(self, batch: list[Drawn], now: int) -> None:
        """The disk takes few more pages, or none. What cannot be written whole is not written."""
        (pages,) = self.fuse.raw.execute("PRAGMA page_count").fetchone()
        self.fuse.raw.execute(f"PRAGMA max_page_count={pages + self.rng.randint(0, 1)}")
        before = self.head()
        try:
            replies = self.post(batch, now)
        except sqlite3.OperationalError as error:
            if "full" not in str(error):
                raise
            self.met["disk was full"] += 1
            assert self.head() == before
            self.fuse.raw.execute("PRAGMA max_page_count=1000000")
            self.send(batch, now)
        else:
            self.fuse.raw.execute("PRAGMA max_page_count=1000000")
            assert replies == self.model.post(batch, now)
            self.remember()

    def tear(self, batch: list[Drawn], now: int) -> None:
        """A power cut on a disk that lied: the log ends anywhere. What is left is an earlier state, and it is whole."""
        torn = self.copy()
        log = Path(f"{torn}-wal")
        size = log.stat().st_size if log.exists() else 0
        if size:
            with log.open("r+b") as stream:
                cut = self.rng.randrange(size)
                stream.truncate(cut)
                if cut > 64 and self.rng.random() < 0.5:  # and the last sector is noise
                    stream.seek(cut - 64)
                    stream.write(self.rng.randbytes(64))
        database = SqliteFile(torn)
        with database.reading() as store:
            head = store.head()
            assert head.n == 0 or self.chain[head.n] == head.hash, "the torn log shows another chain"
            found = audit.audit(store)
        assert found.ok, found.findings
        database.close()
        self.send(batch, now)

    def second(self, batch: list[Drawn], now: int) -> None:
        """Another process posts; then this one, whose memory is stale."""
        database, _fuse, other = self.open()
        self.send(batch, now, other)
        database.close()
        self.send(self.world.batch(), now)

    def restart(self, batch: list[Drawn], now: int) -> None:
        self.database.close()
        self.start()
        self.send(batch, now)

    def checkpoint(self, batch: list[Drawn], now: int) -> None:
        self.fuse.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.send(batch, now)

    # ------------------------------------------------------------ looking

    def head(self) -> tuple[int, str]:
        with self.database.reading() as store:
            head = store.head()
        return head.n, head.hash

    def remember(self) -> None:
        n, digest = self.head()
        assert n in (len(self.chain), len(self.chain) - 1), "a block was lost or counted twice"
        if n == len(self.chain):
            self.chain.append(digest)

    def compare(self) -> None:
        rows = self.fuse.raw.execute(BALANCES).fetchall()
        assert {row[:3]: row[3:] for row in rows if any(row[3:])} == self.model.balances()
        sinks = {(row[0], SINK_NAMES[-row[1] % 4], row[2]): row[3] for row in self.fuse.raw.execute(SINKS)}
        assert {place: units for place, units in sinks.items() if units} == self.model.endings()

    def check(self) -> None:
        with self.database.reading() as store:
            found = audit.audit(store)
        assert found.ok, found.findings
        assert found.hash == self.chain[-1]


def simulate(seed: int, steps: int, folder: Path) -> Simulation:
    """Run one seed; what fails says which."""
    simulation = Simulation(seed, folder)
    try:
        simulation.run(steps)
    except Exception as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    finally:
        simulation.fuse.raw.close()
        for path in folder.glob("ledger*"):
            path.unlink()
    return simulation
