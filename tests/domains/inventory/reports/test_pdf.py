"""The report as PDF: tagged, the same bytes each time, and saying what the numbers say."""

import io
from dataclasses import replace

import pypdf
import pytest

from dafeng.domains.inventory.reports import ReportError, fonts, write_pdf
from dafeng.domains.inventory.reports.chapters import blocks
from dafeng.domains.inventory.reports.document import Chart, Notice, Table

pytestmark = pytest.mark.usefixtures("cjk")


def pages(material, language="zh"):
    stream = io.BytesIO()
    write_pdf(stream, material, language=language)
    return stream.getvalue(), pypdf.PdfReader(stream)


@pytest.fixture(scope="module")
def made(whole, cjk):
    return pages(whole)


def text_of(reader):
    return "".join("".join(page.extract_text().split()) for page in reader.pages)


def test_the_figures_worked_out_by_hand_stand_in_the_text(made):
    text = text_of(made[1])
    # 358196.7066 t and 357096.7066 t; land use −1100 t; electricity 100000 t.
    assert "不含土地利用变化和林业）为35.82万吨" in text
    assert "（−0.11万吨）后为35.71万吨" in text
    assert "间接排放为10.00万吨" in text
    # Estimated: pigs, 14000 of 358196.7066 t.
    assert "3.9%依据估算或假定" in text


def test_it_is_tagged_titled_and_in_chinese(made):
    catalogue = made[1].trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalogue
    assert catalogue["/Lang"].startswith("zh")
    assert made[1].metadata.title == "信阳市温室气体清单报告 2023 年"


def test_the_same_material_gives_the_same_bytes(whole, made):
    assert pages(whole)[0] == made[0]


def test_no_character_is_missing_from_its_font(whole):
    """浉 and the subscripts are drawn from embedded fonts; a character without a glyph would be glyph 0."""
    reader = pages(whole)[1]
    assert "浉" in text_of(pages_with_county(whole))
    names = {
        str(font["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].get_object().values()
    }
    assert any("CJK" in name or "Han" in name for name in names)


def pages_with_county(material):
    return pages(replace(material, name="信阳市浉河区"))[1]


def test_what_is_not_ok_may_not_be_published_and_says_why_and_which(made):
    text = text_of(made[1])
    assert text.count("不得发布") > 3  # cover, summary, factors, and the head of every page
    assert "enteric_ch4_ef.pig" in text.replace("\u200b", "")
    assert "尚未估算" in text


def test_a_sound_inventory_carries_no_stop_notice(sound):
    assert "不得发布" not in text_of(pages(sound)[1])
    assert not [block for block in blocks(sound) if isinstance(block, Notice)]


def test_it_is_written_in_english_too(whole):
    reader = pages(whole, "en")[1]
    text = text_of(reader)
    assert "Notforpublication" in text
    assert "emitted35.82" in text
    assert reader.trailer["/Root"]["/Lang"].startswith("en")


def test_an_unknown_language_is_refused(whole):
    with pytest.raises(ReportError, match="语言"):
        write_pdf(io.BytesIO(), whole, language="fr")


def test_a_year_that_is_not_in_the_inventory_is_refused(make):
    with pytest.raises(ReportError, match="没有 信阳市 1999 年"):
        make(year=1999)


def test_without_a_chinese_font_the_refusal_says_what_to_install(whole, monkeypatch):
    monkeypatch.setattr(fonts, "families", lambda paths=(): frozenset({"DejaVu Sans"}))
    with pytest.raises(ReportError, match="fonts-noto-cjk"):
        write_pdf(io.BytesIO(), whole)


def test_every_table_row_is_as_wide_as_its_head_and_every_chart_has_words(whole):
    found = blocks(whole)
    for table in (block for block in found if isinstance(block, Table)):
        assert len(table.head) == len(table.align) == len(table.widths)
        assert all(len(row) == len(table.head) for row in table.rows)
    assert all(block.alt for block in found if isinstance(block, Chart))


def test_estimated_shares_stand_beside_their_categories(whole):
    table = next(block for block in blocks(whole) if isinstance(block, Table) and block.caption.startswith("农业活动"))
    assert table.rows[0][:5] == ("3A1 动物肠道发酵", "CH₄", "500.00", "1.40", "100.0%")
    assert table.rows[0][5] == "待确认"


def test_cells_without_a_number_show_their_key(whole):
    energy = next(block for block in blocks(whole) if isinstance(block, Table) and block.caption.startswith("能源活动"))
    mine = next(row for row in energy.rows if row[0].startswith("1B1a"))
    assert mine[2:4] == ("NO", "NO")
    industry = next(block for block in blocks(whole) if isinstance(block, Table) and block.caption.startswith("工业"))
    assert industry.rows[-1][3] == "NE"
