"""The report in Word: the same blocks, Chinese fonts on every run, real headings, repeated table heads."""

import io
import zipfile

import docx
import pytest
from docx.oxml.ns import qn

from dafeng.domains.inventory.reports import write_word

pytestmark = pytest.mark.usefixtures("cjk")


@pytest.fixture(scope="module")
def content(whole, cjk):
    stream = io.BytesIO()
    write_word(stream, whole)
    return stream.getvalue()


@pytest.fixture(scope="module")
def document(content):
    return docx.Document(io.BytesIO(content))


def all_text(document):
    body = document.element.body
    return "".join(
        node.text or ""
        for node in body.iter(
            qn("w:t"),
            qn("m:t") if "m" in body.nsmap else "{http://schemas.openxmlformats.org/officeDocument/2006/math}t",
        )
    )


def test_the_figures_and_the_notice_stand_in_it(document):
    text = all_text(document)
    assert "35.82 万吨" in text
    assert "35.71 万吨" in text
    assert "不得发布" in text
    assert "enteric_ch4_ef.pig" in text.replace("\u200b", "")


def test_headings_are_headings_and_numbered(document):
    titles = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]
    assert titles[:3] == ["1　摘要", "2　范围与依据", "3　排放总量"]
    assert "不确定性" in " ".join(titles)


def test_every_run_names_a_chinese_font_that_has_every_character(document):
    styles = document.styles
    assert styles["Normal"].element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋"
    for run in document.element.body.iter(qn("w:r")):
        fonts_of_run = run.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
        if fonts_of_run is not None:
            assert fonts_of_run.get(qn("w:eastAsia")) in {"仿宋", "宋体", "黑体"}
    assert "GB2312" not in document.element.xml


def test_tables_repeat_their_heads_and_do_not_break_inside_a_row(document):
    wide = [table for table in document.tables if len(table.columns) > 2]
    assert wide
    for table in wide:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows[1:])


def test_pictures_carry_words_and_formulas_are_formulas(document):
    pictures = list(
        document.element.body.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr")
    )
    assert len(pictures) == 2
    assert all(picture.get("descr") for picture in pictures)
    formulas = list(document.element.body.iter("{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"))
    assert any("存栏" in "".join(formula.itertext()) for formula in formulas)


def test_the_same_material_gives_the_same_bytes(whole, content):
    again = io.BytesIO()
    write_word(again, whole)
    assert again.getvalue() == content
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_sound_inventory_carries_no_stop_notice(sound):
    stream = io.BytesIO()
    write_word(stream, sound)
    assert "不得发布" not in all_text(docx.Document(stream))


def test_it_is_written_in_english_too(whole):
    stream = io.BytesIO()
    write_word(stream, whole, language="en")
    assert "Not for publication" in all_text(docx.Document(stream))
