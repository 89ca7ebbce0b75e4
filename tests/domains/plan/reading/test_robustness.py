"""Whatever the text, the reader gives an answer, and every quote is the text at its offsets."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.domains.plan.reading import Reading, parse_text

SENTENCES = [
    case["text"] for case in tomllib.loads((Path(__file__).parents[1] / "sentences.toml").read_text("utf-8"))["case"]
]
SCRAPS = [
    "\n", "\n\n", " ", "　", "\t", "— 12 —", "第二章 ", "一、", "（一）", "1.", "2）", "①", "（责任单位：", "）", "（", "《", "》", "“", "”", "XXX", "。", "，",
    "；", "：", "2025年", "2020年", "到2030年，", "“十四五”期间", "比2020年下降", "15%", "分别", "、", "万", "万千瓦", "以上", "～", "0", "99999999999999999999",
    "1e5", "百分之", "零点", "翻", "番", "第", "\x00", "\x0b", "\u2028", "😀", "𠮷", "Ⅱ", "％", "市发展改革委", "牵头", "各县区", "以下各项工作均由各县区负责实施",
]  # fmt: skip
pieces = st.one_of(st.sampled_from(SENTENCES), st.sampled_from(SCRAPS), st.text(max_size=12))


def check(reading: Reading, text: str) -> None:
    assert reading.text == text
    for item in [*reading.targets, *reading.projects, *reading.enterprises, *reading.platforms, *reading.defects]:
        assert 0 <= item.start < item.end <= len(text)
        assert item.quote == text[item.start : item.end]
    for section in reading.sections:
        assert 0 <= section.start < section.end <= len(text)
    for task in reading.tasks:
        assert 0 <= task.span[0] < task.span[1] <= len(text)
    assert len({target.id for target in reading.targets}) == len(reading.targets)


@settings(max_examples=250, deadline=None)
@given(st.lists(pieces, max_size=12).map("".join))
def test_any_mixture_of_sentences_and_scraps_is_read(text: str) -> None:
    check(parse_text(text), text)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_document_with_cuts_swaps_and_insertions_is_read(data: st.DataObject) -> None:
    text = "\n".join(data.draw(st.lists(st.sampled_from(SENTENCES), min_size=3, max_size=8)))
    for _ in range(data.draw(st.integers(1, 6))):
        at, size = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(st.sampled_from(SCRAPS)) + text[at + size :]
    check(parse_text(text), text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_at_all_is_read(text: str) -> None:
    check(parse_text(text), text)


@pytest.mark.parametrize("scrap", ["1", "（", "一、", "到2025年", "5%、", "的", "建设、", "XX", "— 1 —", "将等行为。"])
def test_thirty_thousand_characters_of_one_scrap_take_less_than_two_seconds(scrap: str) -> None:
    text = scrap * (30_000 // len(scrap))
    begin = time.process_time()
    check(parse_text(text), text)
    assert time.process_time() - begin < 2


def test_a_document_of_thirty_six_thousand_characters_is_read_within_a_second_of_processor_time() -> None:
    paragraphs = [f"（{number}）推进工作。{text}" for number, text in enumerate(SENTENCES, 1)]
    text = "一、重点任务\n" + "\n".join(paragraphs * 4)
    text = text[:36_000]
    assert len(text) == 36_000
    parse_text(text[:2000])  # compiles the patterns
    times = []
    for _ in range(3):
        begin = time.process_time()
        check(parse_text(text), text)
        times.append(time.process_time() - begin)
    assert min(times) < 1
