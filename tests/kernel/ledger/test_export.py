"""An export is checked by a stranger with Python alone, and no alteration of it passes."""

from __future__ import annotations

import json
import os
import random
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dafeng.kernel.errors import LedgerError
from dafeng.kernel.ledger import export, heads, replaying
from dafeng.kernel.ledger.database import SqliteFile
from dafeng.kernel.ledger.ledger import Ledger
from dafeng.kernel.ledger.verbs import Command
from tests.kernel.ledger.conftest import NOW, Desk
from tests.kernel.ledger.world import World

TOOL = Path(__file__).parents[3] / "tools" / "verify_ledger.py"
# RFC 8032, 7.1, test 1: secret key, public key.
SECRET = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
Lines = list[list[Any]]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    """A random history of two hundred batches with two signed heads, as parsed lines."""
    database = SqliteFile(tmp_path_factory.mktemp("export") / "ledger.sqlite3")
    ledger, world = Ledger(database), World(random.Random(3))
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET))
    batch = world.founding()
    for number in range(200):
        now = datetime.fromtimestamp(world.pass_time(), UTC)
        for drawn, reply in zip(batch, ledger.post([Command(*drawn) for drawn in batch], now=now), strict=True):
            world.hear(drawn, reply.answer)
        batch = world.batch()
        if number in (100, 199):
            heads.sign(database, key, now=datetime(2027, 1, 1 if number == 100 else 2, tzinfo=UTC))
    with database.reading() as store:
        found = [json.loads(line) for line in export.lines(store)]
    database.close()
    assert {line[0] for line in found} == {"header", "block", "account", "lot", "balance", "hold", "head"}
    return found


def verify(lines: Lines, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = folder / "ledger.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(TOOL), str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_tool_is_short_and_needs_the_standard_library_alone() -> None:
    text = TOOL.read_text(encoding="utf-8").splitlines()
    assert len(text) < 150
    imported = {line.split()[1] for line in text if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)


def test_an_export_is_verified_by_the_tool_and_by_a_replay(lines: Lines, tmp_path: Path) -> None:
    done = verify(lines, tmp_path, PUBLIC)
    assert done.returncode == 0, done.stderr
    assert "2 signatures" in done.stdout
    assert replaying.verify(tmp_path / "ledger.jsonl", public_key=PUBLIC) == (lines[0][3], 2)


def test_another_public_key_is_refused(lines: Lines, tmp_path: Path) -> None:
    assert verify(lines, tmp_path, "00" * 32).returncode == 1
    with pytest.raises(LedgerError, match="签名无效"):
        replaying.verify(tmp_path / "ledger.jsonl", public_key="00" * 32)


def _first(lines: Lines, kind: str) -> list[Any]:
    return next(line for line in lines if line[0] == kind)


def _busy(lines: Lines) -> list[Any]:
    """A block in the middle that moved units."""
    return [line for line in lines if line[0] == "block" and len(line[5]) > 1][3]


ALTERATIONS: dict[str, Callable[[Lines], object]] = {
    "an amount": lambda lines: _busy(lines)[5][0].__setitem__(7, 999),
    "an actor": lambda lines: _busy(lines)[4][0].__setitem__(2, "somebody"),
    "a hash": lambda lines: _busy(lines).__setitem__(3, "00" * 32),
    "a block left out": lambda lines: lines.remove(_busy(lines)),
    "the last block left out": lambda lines: lines.remove([line for line in lines if line[0] == "block"][-1]),
    "a balance": lambda lines: _first(lines, "balance").__setitem__(4, 10**6),
    "a balance left out": lambda lines: lines.remove(_first(lines, "balance")),
    "an account's name": lambda lines: _first(lines, "account").__setitem__(3, "firm:z/main"),
    "a lot's serials": lambda lines: _first(lines, "lot").__setitem__(7, 10**9),
    "a hold's kind": lambda lines: _first(lines, "hold").__setitem__(3, 42),
    "a signature": lambda lines: _first(lines, "head").__setitem__(8, "00" * 64),
    "the signed day": lambda lines: _first(lines, "head").__setitem__(1, "2030-01-01"),
    "the signed digest": lambda lines: _first(lines, "head").__setitem__(6, "00" * 32),
    "the header's digest": lambda lines: lines[0].__setitem__(7, "00" * 32),
    "the header left out": lambda lines: lines.pop(0),
    "blocks swapped": lambda lines: lines.insert(1, lines.pop(2)),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERATIONS)
def test_no_alteration_passes(lines: Lines, tmp_path: Path, what: str) -> None:
    altered = json.loads(json.dumps(lines))
    ALTERATIONS[what](altered)
    assert altered != lines
    done = verify(altered, tmp_path)
    assert done.returncode == 1
    with pytest.raises(LedgerError):
        replaying.verify(tmp_path / "ledger.jsonl")


@pytest.mark.parametrize(
    "change",
    [
        lambda block: block[5][0].__setitem__(7, -block[5][0][7]),
        lambda block: block[5][0].__setitem__(4, 10**6),
        lambda block: block[5][0].__setitem__(1, 1),
        lambda block: block[5].append(list(block[5][-1])),
        lambda block: block[4][0].__setitem__(4, 1),
    ],
)
def test_a_forger_who_hashes_anew_is_caught_by_the_arithmetic(lines: Lines, tmp_path: Path, change: Any) -> None:
    """The hashes of all later blocks are made to fit; the signed heads would show it too, so they are left out."""
    from dafeng.kernel.ledger import encoding

    forged = [line for line in json.loads(json.dumps(lines)) if line[0] != "head"]
    change(_busy(forged))
    previous = encoding.GENESIS
    for line in forged:
        if line[0] == "block":
            line[2], line[3] = previous, encoding.block_hash(line[1], previous, line[4], line[5])
            previous = line[3]
    forged[0][4] = previous
    done = verify(forged, tmp_path)
    assert done.returncode == 1
    assert "FAILED" in done.stderr


def test_the_tools_signature_check_agrees_with_rfc_8032(tmp_path: Path) -> None:
    """RFC 8032, 7.1, test 2: one byte is signed."""
    scope: dict[str, Any] = {"__name__": "tool"}
    exec(TOOL.read_text(encoding="utf-8"), scope)
    public = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert scope["signed"](public, b"\x72", signature)
    assert not scope["signed"](public, b"\x73", signature)
    assert not scope["signed"](public, b"\x72", signature[:32] + bytes([signature[32] ^ 1]) + signature[33:])
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET))
    for number in range(5):
        message = bytes([number]) * number
        assert scope["signed"](bytes.fromhex(PUBLIC), message, key.sign(message))


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '["header","other",1]', '["header","dafeng-ledger",2]'])
def test_a_file_that_is_no_export_is_told_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LedgerError):
        replaying.verify(path)
    assert subprocess.run([sys.executable, str(TOOL), str(path)], capture_output=True, check=False).returncode == 1


# ---------------------------------------------------------------- heads and keys


def test_the_head_of_a_day_is_signed_once(desk: Desk) -> None:
    desk.asset("pt", ("a", 2026))
    key = Ed25519PrivateKey.generate()
    first = heads.sign(desk.database, key, now=NOW)
    desk.give("pt", "a", "person:a/main", 5)
    assert heads.sign(desk.database, key, now=NOW) == first
    assert first.verifies()
    assert not first._replace(n=first.n + 1).verifies()
    assert not first._replace(signature="zz").verifies()
    second = heads.sign(desk.database, key, now=datetime(2026, 1, 2, tzinfo=UTC))
    assert desk.ask(heads.all_signed) == [first, second]
    assert second.digest != first.digest


def test_the_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAFENG_LEDGER_KEY", raising=False)
    made = heads.private_key(tmp_path).private_bytes_raw()
    path = tmp_path / heads.KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert heads.private_key(tmp_path).private_bytes_raw() == made
    os.chmod(path, 0o644)
    with pytest.raises(LedgerError, match="可被他人读取"):
        heads.private_key(tmp_path)
    monkeypatch.setenv("DAFENG_LEDGER_KEY", SECRET)
    assert heads.private_key(tmp_path).public_key().public_bytes_raw().hex() == PUBLIC
    monkeypatch.setenv("DAFENG_LEDGER_KEY", "short")
    with pytest.raises(LedgerError, match="不是签名密钥"):
        heads.private_key(tmp_path)
