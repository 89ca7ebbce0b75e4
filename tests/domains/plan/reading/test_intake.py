"""Files of every supported kind give one text; what cannot be read is refused in words."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from dafeng.domains.plan.reading import parse_text, read_document, read_plan
from dafeng.domains.plan.reading.intake import html_text, read_bytes
from dafeng.domains.plan.reading.intake_tables import restore_columns
from dafeng.kernel.errors import PlanError

TEXT = "一、主要目标\n到2025年，全市森林覆盖率达到38%，单位地区生产总值能耗比2020年下降13%。\n"


def shape(text: str) -> list[tuple[str, int | None, object]]:
    return [(target.indicator, target.year, target.value) for target in parse_text(text).targets]


EXPECTED = [("森林覆盖率", 2025, 38), ("单位地区生产总值能耗", 2025, 13)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_text_file_is_read_in_any_usual_encoding(encoding: str) -> None:
    assert shape(read_bytes(TEXT.encode(encoding), "a.txt").text) == EXPECTED


def test_a_traditional_text_in_big5_is_read() -> None:
    text = "一、主要目標\n到2025年，全市森林覆蓋率達到38%，單位地區生產總值能耗比2020年下降13%。加強項目建設，推進能源發展。\n"
    assert shape(read_bytes(text.encode("big5"), "a.txt").text) == EXPECTED


def test_a_character_outside_the_old_standard_survives() -> None:
    assert "浉河区" in read_bytes("浉河区推进光伏建设".encode("gb18030"), "a.txt").text


def word(*lines: str) -> bytes:
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_a_word_document_is_read_with_its_tables() -> None:
    document = Document()
    document.add_paragraph("一、主要目标")
    table = document.add_table(rows=2, cols=4)
    for row, cells in zip(
        table.rows, [["指标", "单位", "2020年", "2025年"], ["森林覆盖率", "%", "36", "38"]], strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    stream = io.BytesIO()
    document.save(stream)
    printed = read_bytes(stream.getvalue(), "a.docx")
    assert printed.kind == "docx"
    assert shape(printed.text) == [("森林覆盖率", 2025, 38)]


def test_automatic_numbers_of_word_are_written_out() -> None:
    document = Document()
    for line in ("发展光伏", "发展风电"):
        document.add_paragraph(line, style="List Number")
    stream = io.BytesIO()
    document.save(stream)
    assert read_bytes(stream.getvalue(), "a.docx").text.split("\n")[:2] == ["1.发展光伏", "2.发展风电"]


def test_a_page_of_html_is_read_without_its_scripts() -> None:
    source = f"<html><head><script>var a='到2030年达到99%';</script></head><body>{''.join(f'<p>{line}</p>' for line in TEXT.split())}</body></html>"
    printed = read_bytes(source.encode(), "a.html")
    assert printed.kind == "html"
    assert shape(printed.text) == EXPECTED


def test_html_cells_are_parted_by_tabs() -> None:
    assert html_text("<table><tr><td>指标</td><td>2025年</td></tr></table>") == "指标\t2025年"


@pytest.mark.fonts
def test_a_pdf_with_a_text_layer_is_read(tmp_path: Path) -> None:
    import typst

    source = tmp_path / "a.typ"
    source.write_text('#set text(font: "Noto Serif CJK SC")\n' + TEXT.replace("\n", "\n\n"), "utf-8")
    typst.compile(str(source), output=str(tmp_path / "a.pdf"))
    assert [(target.year, target.value) for target in read_plan(tmp_path / "a.pdf").targets] == [(2025, 38), (2025, 13)]


TABLE = """#set text(font: "Noto Serif CJK SC", size: 10pt)
一、主要目标

到2025年，森林覆盖率达到38%。

#table(columns: (1fr, 4fr, 2fr, 1.5fr, 1.5fr, 1.5fr),
[序号], [指标], [单位], [2020年], [2025年], [2030年],
[1], [非化石能源消费占比], [%], [12], [18], [25],
[2], [单位地区生产总值二氧化碳排放量降低], [%], [—], [〔18〕], [],
[3], [光伏装机容量], [万千瓦], [60], [≥150], [300])

二、重点任务

（一）发展光伏。加快建设。
"""


@pytest.mark.fonts
def test_a_table_of_a_pdf_keeps_its_columns_and_its_broken_names(tmp_path: Path) -> None:
    import typst

    source = tmp_path / "a.typ"
    source.write_text(TABLE, "utf-8")
    typst.compile(str(source), output=str(tmp_path / "a.pdf"))
    reading = read_plan(tmp_path / "a.pdf")
    assert [(one.indicator, one.year, one.value, one.unit, one.operator) for one in reading.targets] == [
        ("森林覆盖率", 2025, 38, "%", "="),
        ("非化石能源消费占比", 2025, 18, "%", "="),
        ("非化石能源消费占比", 2030, 25, "%", "="),
        ("单位地区生产总值二氧化碳排放量", 2025, 18, "%", "="),
        ("光伏装机容量", 2025, 150, "万千瓦", ">="),
        ("光伏装机容量", 2030, 300, "万千瓦", "="),
    ]
    assert [section.title for section in reading.sections] == ["主要目标", "重点任务", "发展光伏"]


def test_a_table_typed_with_blanks_gets_its_columns_back() -> None:
    text = "\n".join(
        [
            "序号  指标        单位    2025年  2030年",
            "1     湿地保护率  %       50      55",
            "2     能耗总量    万吨    1800",
            "      （标准煤）",
            "二、任务",
        ]
    )
    assert restore_columns(text).split("\n") == [
        "序号\t指标\t单位\t2025年\t2030年",
        "1\t湿地保护率\t%\t50\t55",
        "2\t能耗总量（标准煤）\t万吨\t1800\t",
        "二、任务",
    ]


def test_a_name_whose_numbers_stand_between_its_lines_is_joined() -> None:
    text = "指标        单位    2025年\n一般工业固体\n            %       60\n废物利用率\n"
    assert restore_columns(text).split("\n")[1] == "一般工业固体废物利用率\t%\t60"


def test_a_row_whose_cells_cannot_be_told_apart_stays_as_it_is() -> None:
    text = "指标 单位 2020年 2025年\n森林覆盖率 % 38 40\n风电装机 20\n"
    assert restore_columns(text) == "指标\t单位\t2020年\t2025年\n森林覆盖率\t%\t38\t40\n风电装机 20\n"
    assert restore_columns("主要指标 完成较好。\n到2025年") == "主要指标 完成较好。\n到2025年"


def blank_pdf(password: str = "") -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"0" * 40_000_000)
    return stream.getvalue()


def archive(name: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr(name, "<x/>")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "空的"), (b"  \n ", "空的"), (blank_pdf(), "扫描件"), (blank_pdf("secret"), "密码"), (b"%PDF-1.7 rubbish", "PDF 读不出来"),
        (word(), "没有文字"), (bomb(), "过大"), (archive("xl/workbook.xml"), "没有 Word 正文"), (archive("word/document.xml"), "损坏"), (b"PK\x03\x04rubbish", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 512, "旧版 Word"), (b"{\\rtf1 abc}", "RTF"), (bytes(range(256)) * 40, "不是文字文件"),
        (b"plain english only", "没有中文"), (("到2025年" * 800_000).encode(), "个字"),
    ],
    ids=["empty", "blank", "scanned", "encrypted", "broken pdf", "empty docx", "bomb", "xlsx", "bad docx", "bad zip", "old doc", "rtf", "binary", "english", "too long"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_words(data: bytes, said: str) -> None:
    with pytest.raises(PlanError) as refused:
        read_bytes(data, "方案.bin")
    assert said in str(refused.value)
    assert refused.value.where.file == "方案.bin"


def test_a_missing_and_an_oversized_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlanError, match="找不到"):
        read_document(tmp_path / "none.txt")
    (tmp_path / "big.txt").write_text(TEXT, "utf-8")
    monkeypatch.setattr("dafeng.domains.plan.reading.intake.MAX_BYTES", 10)
    with pytest.raises(PlanError, match="太大"):
        read_document(tmp_path / "big.txt")


def test_five_hundred_pages_of_text_are_read() -> None:
    page = (
        "一、任务\n推进节能降碳，到2025年建成绿色工厂20家。"
        + "加快发展方式绿色转型，形成节约资源的空间格局。" * 25
        + "\n"
    )
    assert len(parse_text(page * 500).targets) == 500


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>"]))
def test_any_bytes_are_read_or_refused(data: bytes, head: bytes) -> None:
    try:
        text = read_bytes(head + data, "x").text
    except PlanError:
        return
    assert parse_text(text).text == text
