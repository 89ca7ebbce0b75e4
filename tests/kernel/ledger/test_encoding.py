"""The canonical encoding is frozen: bytes and hashes that were worked out by hand, apart from the code."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from dafeng.kernel.ledger import encoding, verbs

COMMAND = (
    2,
    "bus:1",
    "李雷",
    "issue",
    1767225600,
    "ok",
    "",
    0,
    1,
    1,
    '{"amount":30,"note":"浉河 \\"红\\"","to":"p:1/main"}',
)
ENTRY = (1, 2, 1, 1, -4, 3, 5, 30, 0)
# Written by hand from the description in `encoding.py`; the body is a text, so its quotes and backslashes are escaped.
BYTES = (
    '[1,7,"' + "ab" * 32 + '",'
    '[[2,"bus:1","李雷","issue",1767225600,"ok","",0,1,1,'
    '"{\\"amount\\":30,\\"note\\":\\"浉河 \\\\\\"红\\\\\\"\\",\\"to\\":\\"p:1/main\\"}"]],'
    "[[1,2,1,1,-4,3,5,30,0]]]"
)
# sha256sum of those bytes, by coreutils.
HASH = "ad3c1e70d37ddc4e14649db224c84aca1e16485e08f2a86a665bdc37ee20e2f7"
HEAD_BYTES = '["dafeng-ledger-head",1,"2026-01-01",7,"' + "ab" * 32 + '",2,1,"' + "cd" * 32 + '"]'


def test_a_block_has_the_bytes_and_the_hash_of_the_golden_vector() -> None:
    assert encoding.block_bytes(7, "ab" * 32, [COMMAND], [ENTRY]) == BYTES.encode()
    assert encoding.block_hash(7, "ab" * 32, [COMMAND], [ENTRY]) == HASH


def test_an_empty_block_of_the_genesis_has_these_bytes() -> None:
    zero = "01" + "0" * 62
    assert zero == encoding.GENESIS
    assert encoding.block_bytes(1, encoding.GENESIS, [], []) == f'[1,1,"{zero}",[],[]]'.encode()


def test_a_head_is_signed_over_the_bytes_of_the_golden_vector() -> None:
    assert encoding.head_bytes("2026-01-01", 7, "ab" * 32, 2, 1, "cd" * 32) == HEAD_BYTES.encode()


def test_a_body_is_written_with_sorted_keys_without_spaces_and_with_chinese_as_it_is() -> None:
    assert (
        encoding.body_text({"to": "市民", "amount": 3, "lots": ["b", "a"]})
        == '{"amount":3,"lots":["b","a"],"to":"市民"}'
    )


def test_the_numbers_of_kinds_and_codes_never_change() -> None:
    assert (encoding.POST, encoding.HOLD, encoding.SETTLE, encoding.RELEASE) == (1, 2, 3, 4)
    assert [encoding.MOVE_CODES[name] for name in ("issue", "transfer", "move", "retire", "cancel", "expire")] == [
        *range(1, 7)
    ]
    assert [encoding.MOVE_CODES[name] for name in ("carry_out", "carry_in", "reverse", "allocate")] == [7, 8, 9, 10]
    assert [encoding.HOLD_CODES[name] for name in ("order", "pledge", "freeze", "quarantine")] == [40, 41, 42, 47]
    assert len(encoding.CODE_NAMES) == len(encoding.MOVE_CODES) + len(encoding.HOLD_CODES)


def test_system_accounts_are_negative_and_tell_their_asset_and_sink() -> None:
    assert [encoding.sink_id(3, name) for name in encoding.SINKS] == [-12, -13, -14, -15]
    assert [encoding.sink_of(number) for number in (-12, -15)] == [(3, "issue"), (3, "expired")]


texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)
bodies = st.dictionaries(texts, st.integers() | texts | st.lists(st.integers() | texts, max_size=3), max_size=4)


@given(bodies, bodies)
def test_two_bodies_have_the_same_text_only_if_they_are_equal(one: dict[str, object], other: dict[str, object]) -> None:
    assert (encoding.body_text(one) == encoding.body_text(other)) == (one == other)


@given(st.data())
def test_any_change_to_a_row_changes_the_hash(data: st.DataObject) -> None:
    row = list(COMMAND)
    place = data.draw(st.integers(0, len(row) - 1))
    row[place] = data.draw(
        (texts if isinstance(row[place], str) else st.integers()).filter(lambda new: new != row[place])
    )
    assert encoding.block_hash(7, "ab" * 32, [tuple(row)], [ENTRY]) != HASH


def test_builders_leave_out_what_was_not_said() -> None:
    command = verbs.transfer(key="k", actor="a", asset="points", source="p:1/main", to="p:2/main", amount=1)
    assert command == ("k", "a", "transfer", {"asset": "points", "from": "p:1/main", "to": "p:2/main", "amount": 1})
    assert verbs.written(command) == '{"amount":1,"asset":"points","from":"p:1/main","to":"p:2/main"}'


def test_the_hash_is_plain_sha256() -> None:
    assert hashlib.sha256(BYTES.encode()).hexdigest() == HASH
