"""Processes of a test's own, each on a database of its own that is migrated already.

To import the product costs three seconds and to migrate a database ten; tests of what happens at once need a hundred processes. So
a database of each engine is migrated once and copied, and one process imports the program; every other one is forked from it, with
its own pid, its own connections, and a death by SIGKILL like any other.

`python -m tests.processes MODULE DESCRIPTOR` is the process that imports; the module has `main(*words)`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 300


# ---------- databases ----------


@contextmanager
def own_postgres(template: str = "template1") -> Iterator[str]:
    """The address of a new database, a copy of `template` (an empty one), that is gone afterwards."""
    import psycopg

    server, name = os.environ["DAFENG_TEST_POSTGRES"], f"dafeng_own_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def empty(engine: str, folder: Path) -> Iterator[str]:
    """The address of a new database without a table."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'test.sqlite3'}"
        return
    with own_postgres() as url:
        yield url


@contextmanager
def copy_of(url: str, folder: Path) -> Iterator[str]:
    """The address of a copy, on the same engine, of a database that nobody is connected to."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            # With what lies in its write-ahead log.
            connection.execute("VACUUM INTO ?", (str(folder / "test.sqlite3"),))
        yield f"sqlite:///{folder / 'test.sqlite3'}"
        return
    with own_postgres(urlsplit(url).path[1:]) as copied:
        yield copied


def environment(url: str, folder: Path) -> dict[str, str]:
    """Of a process that works on a database and a data folder of the test's own."""
    return {
        **os.environ, "DATABASE_URL": url, "DAFENG_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings",
        "DAFENG_SECRET_KEY": "for tests",
    }  # fmt: skip


def migrate(url: str, folder: Path) -> None:
    call = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(call, cwd=ROOT, env=environment(url, folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---------- the test's side ----------


class Child:
    """A forked process, as far as the tests need one."""

    def __init__(self, stdin: IO[str], stdout: IO[str], errors: IO[str], status: IO[str]) -> None:
        self.stdin, self.stdout, self._errors, self._status = stdin, stdout, errors, status
        self.pid = int(status.readline())
        self.returncode: int | None = None

    def go(self) -> None:
        """Let it go on that waits for a line."""
        self.stdin.write("go\n")
        self.stdin.flush()

    def communicate(self) -> tuple[str, str]:
        """What it still says, and its errors; ended by force after `SECONDS`."""
        self.stdin.close()
        late = threading.Timer(SECONDS, os.kill, (self.pid, signal.SIGKILL))
        late.start()
        said = self.stdout.read()
        self.returncode = int(self._status.readline())
        late.cancel()
        self._errors.seek(0)
        errors = self._errors.read()
        for each in (self.stdout, self._errors, self._status):
            each.close()
        return said, errors

    def end(self) -> str:
        """What it still says; it must end without an error."""
        said, errors = self.communicate()
        assert self.returncode == 0, errors[-3000:]
        return said

    def kill(self) -> str:
        """SIGKILL, unless it has come to its end by then; what it had said."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        said, errors = self.communicate()
        assert self.returncode in (0, -signal.SIGKILL), errors[-3000:]
        return said


class Program:
    """`main(*words)` of a module, in as many processes as a test starts."""

    def __init__(self, module: str, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        call = [sys.executable, "-m", "tests.processes", module, str(theirs.fileno())]
        self._first = subprocess.Popen(call, cwd=ROOT, env=environment(url, folder), pass_fds=(theirs.fileno(),))
        theirs.close()

    def start(self, *words: str) -> Child:
        taken, given = os.pipe()
        heard, said = os.pipe()
        known, told = os.pipe()
        errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (the child closes it)
        socket.send_fds(self._channel, [json.dumps(words).encode()], [taken, said, errors.fileno(), told])
        for theirs in (taken, said, told):
            os.close(theirs)
        return Child(os.fdopen(given, "w"), os.fdopen(heard), errors, os.fdopen(known))

    def run(self, *words: str) -> str:
        """What it said; it must end without an error."""
        return self.start(*words).end()

    def ready(self, *words: str) -> Child:
        """Started, and waiting for `go`."""
        child = self.start(*words)
        if child.stdout.readline() != "ready\n":
            raise AssertionError(child.communicate()[1])
        return child

    def close(self) -> None:
        self._channel.close()
        self._first.wait(SECONDS)


@contextmanager
def program(module: str, url: str, folder: Path) -> Iterator[Program]:
    made = Program(module, url, folder)
    try:
        yield made
    finally:
        made.close()


# ---------- the processes' side ----------


def _serve(module: str, channel: socket.socket) -> None:
    """Import, then fork a process for each message until the test hangs up."""
    import django

    django.setup()
    main = import_module(module).main
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        words, descriptors, *_ = socket.recv_fds(channel, 1 << 16, 4)
        if not words:
            return
        if os.fork() == 0:
            channel.close()
            _mind(main, json.loads(words), *descriptors)
        for each in descriptors:
            os.close(each)


def _mind(main: Callable[..., Any], words: list[str], stdin: int, stdout: int, stderr: int, status: int) -> None:
    """Fork the process proper, tell its pid, and in the end its exit code. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (pid := os.fork()) == 0:
        os.close(status)
        for ours, own in enumerate((stdin, stdout, stderr)):
            os.dup2(own, ours)
            os.close(own)
        os._exit(_do(main, words))
    for each in (stdin, stdout, stderr):
        os.close(each)
    with os.fdopen(status, "w") as told:
        told.write(f"{pid}\n")
        told.flush()
        told.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
    os._exit(0)


def _do(main: Callable[..., Any], words: list[str]) -> int:
    try:
        main(*words)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        return 1
    return 0


if __name__ == "__main__":
    _serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
