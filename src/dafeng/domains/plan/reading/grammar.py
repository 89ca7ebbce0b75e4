"""The clause patterns of `clauses.toml`, ready for use."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Action:
    word: str
    kind: str
    direction: str | None
    keep: bool


@dataclass(frozen=True)
class Grammar:
    verbs: re.Pattern[str]  # closes the left side
    meaning: dict[str, str]  # verb → level | increase | decrease
    actions: dict[str, Action]
    action_pattern: re.Pattern[str]
    lead: re.Pattern[str]
    keep_before: dict[str, tuple[str, ...]]
    tail: re.Pattern[str]
    predicate: re.Pattern[str]
    words: dict[str, re.Pattern[str]]
    things: re.Pattern[str]
    operations: re.Pattern[str]  # what is done with a thing, before the head of its indicator: 回收利用|率


def _any(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


@cache
def grammar() -> Grammar:
    data = tomllib.loads(files(__package__).joinpath("clauses.toml").read_text("utf-8"))
    meaning: dict[str, str] = {}
    for row in data["verb"]:
        words = row.get("words") or [stem + joint for stem in row["stems"] for joint in row["joints"]]
        meaning.update(dict.fromkeys(words, row["means"]))
    actions = {
        word: Action(word, row["kind"], row.get("direction"), row["keep"])
        for row in data["action"]
        for word in row["words"]
    }
    adverbs, verbs = _any(data["predicate"]["adverbs"]), _any(data["predicate"]["verbs"])
    return Grammar(
        verbs=re.compile(f"(?:{_any(list(meaning))})$"),
        meaning=meaning,
        actions=actions,
        action_pattern=re.compile(f"(?:{_any(list(actions))})(?!型|率|性|类|区)"),
        lead=re.compile(f"(?:{_any(data['lead']['words'])})"),
        keep_before={word: tuple(after) for word, after in data["lead"]["keep_before"].items()},
        tail=re.compile(f"(?:{_any(data['tail']['words'])})$"),
        predicate=re.compile(f"(?:{adverbs})*(?:{verbs})$"),
        words={name: re.compile(_any(words)) for name, words in data["words"].items()},
        operations=re.compile(f"(?:{_any(data['shared']['operations'])})+(?=[|]?$)"),
        things=re.compile(f"的|(?:{_any(data['threshold']['things'])})"),
    )
