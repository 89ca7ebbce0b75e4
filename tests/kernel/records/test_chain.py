"""The chain as mathematics: its frozen encoding, and that no change to an export goes unseen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.records import chain
from dafeng.kernel.records.chain import GENESIS, Head

# The encoding is frozen: this entry must hash to these digits for as long as version 1 lives.
GOLDEN = {
    "seq": 1,
    "at": "2026-11-21T08:00:00.000000+00:00",
    "actor": "李雷",
    "action": "factor.sign",
    "subject_kind": "factor",
    "subject_id": "浉河-1",
    "detail": {"value": 0.1, "reason": "核对 GB/T 32151", "n": None, "b": [1, True]},
    "previous": GENESIS,
}
GOLDEN_BYTES = (
    '{"action":"factor.sign","actor":"李雷","at":"2026-11-21T08:00:00.000000+00:00",'
    '"detail":{"b":[1,true],"n":null,"reason":"核对 GB/T 32151","value":0.1},'
    f'"previous":"{GENESIS}","seq":1,"subject_id":"浉河-1","subject_kind":"factor","v":1}}'
)
GOLDEN_DIGEST = "ea77023b5eb124f2f378ce634caeed64341567ee53df4f5bab569f1226336b61"


def make(length: int) -> list[dict[str, Any]]:
    entries, previous = [], GENESIS
    for seq in range(1, length + 1):
        entry = {**GOLDEN, "seq": seq, "detail": {"n": seq}, "previous": previous}
        previous = entry["digest"] = chain.digest(entry)
        entries.append(entry)
    return entries


def test_the_canonical_bytes_and_digest_are_those_of_the_golden_vector() -> None:
    assert chain.canonical(GOLDEN) == GOLDEN_BYTES.encode()
    assert chain.digest(GOLDEN) == GOLDEN_DIGEST


def test_an_intact_export_verifies_and_tells_its_length() -> None:
    assert chain.verify_lines(map(chain.line, make(5))) == (True, None, 5)
    assert chain.verify_lines([]) == (True, None, 0)


@given(st.data())
def test_a_change_to_any_field_of_any_entry_is_found_at_that_entry(data: st.DataObject) -> None:
    entries = make(6)
    row = data.draw(st.integers(0, 5))
    name = data.draw(st.sampled_from([*chain.FIELDS, "digest"]))
    old = entries[row][name]
    entries[row][name] = data.draw(st.one_of(st.text(), st.integers(), st.none()).filter(lambda new: new != old))
    assert chain.verify(entries) == (False, row + 1, row)


@given(st.integers(0, 5), st.integers(0, 5))
def test_a_removed_doubled_or_moved_entry_is_found(first: int, second: int) -> None:
    entries = make(6)
    removed = entries[:first] + entries[first + 1 :]
    assert chain.verify(removed, Head(6, entries[-1]["digest"])) == (False, first + 1, first)
    doubled = entries[: first + 1] + entries[first:]
    assert chain.verify(doubled) == (False, first + 2, first + 1)
    if first != second:
        entries[first], entries[second] = entries[second], entries[first]
        assert chain.verify(entries).first_bad_seq == min(first, second) + 1


def test_an_entry_that_was_resealed_breaks_the_next_one() -> None:
    entries = make(4)
    entries[1]["actor"] = "someone else"
    entries[1]["digest"] = chain.digest(entries[1])
    assert chain.verify(entries) == (False, 3, 2)


def test_a_chain_rewritten_to_its_end_is_found_against_a_head_written_down_before() -> None:
    head = Head(4, make(4)[-1]["digest"])
    rewritten, previous = [], GENESIS
    for entry in make(4):
        entry = {**entry, "actor": "someone else", "previous": previous}
        previous = entry["digest"] = chain.digest(entry)
        rewritten.append(entry)
    assert chain.verify(rewritten).ok
    assert chain.verify(rewritten, head) == (False, 4, 3)


@pytest.mark.parametrize("bad", ["{", "[]", "1", "null", '{"v":1}', '{"v":2,"seq":2}'])
def test_a_line_that_is_no_entry_counts_as_altered(bad: str) -> None:
    lines = [chain.line(entry) for entry in make(3)]
    lines[1] = bad
    assert chain.verify_lines(lines) == (False, 2, 1)


def test_the_file_alone_verifies_an_export_without_django_or_dafeng(tmp_path: Path) -> None:
    export = tmp_path / "audit.jsonl"
    lines = [chain.line(entry) for entry in make(3)]
    export.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script = tmp_path / "chain.py"
    script.write_bytes(Path(chain.__file__).read_bytes())

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(script), str(export), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run().returncode == 0
    assert run("3", json.loads(lines[-1])["digest"]).returncode == 0
    assert run("3", GENESIS).returncode == 1
    export.write_text(export.read_text(encoding="utf-8").replace("李雷", "韩梅", 1), encoding="utf-8")
    broken = run()
    assert broken.returncode == 1
    assert "entry 1" in broken.stdout
