"""What a process remembers of pages."""

from __future__ import annotations

from django.utils import translation

from dafeng.kernel.pages.kept import kept


def test_a_part_is_made_once_for_a_key_and_a_language() -> None:
    made: list[str] = []

    def make() -> str:
        made.append(translation.get_language())
        return made[-1]

    assert [kept("part", 1, "a", make=make) for _ in range(3)] == ["zh-hans"] * 3
    with translation.override("en"):
        assert kept("part", 1, "a", make=make) == "en"
    kept("part", 1, "b", make=make)
    kept("other", 1, "a", make=make)
    kept("part", "1", "a", make=make)
    assert made == ["zh-hans", "en", "zh-hans", "zh-hans", "zh-hans"]


def test_nothing_is_a_value_too() -> None:
    made: list[None] = []
    for _ in range(2):
        assert kept("part", make=lambda: made.append(None)) is None
    assert len(made) == 1


def test_what_was_made_may_say_how_long_it_lasts() -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(len(made))
        return list(made)

    assert kept("part", make=make, seconds=lambda found: 60 if len(found) > 1 else 0) == [0]
    for _ in range(2):
        assert kept("part", make=make, seconds=lambda found: 60 if len(found) > 1 else 0) == [0, 1]
