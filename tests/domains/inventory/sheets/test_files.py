"""A file is judged by its bytes before a cell is read: size, kind, macros, encryption, encoding."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from dafeng.domains.inventory.sheets import Limits, open_upload, read_activity
from dafeng.kernel.errors import UploadError

PLACES = {"411500": "信阳市", "411502": "浉河区"}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
CSV = '类别,项目,地区,年份,数值,单位\n1A1,原煤,浉河区,2023,12,万吨\n1A1,洗精煤,信阳市,2023,"1,234",t\n'


def refusal(content, name, **limits):
    with pytest.raises(UploadError) as caught:
        open_upload(io.BytesIO(content), name=name, limits=Limits(**limits))
    assert caught.value.where.file == name
    assert caught.value.mend
    return str(caught.value)


def archive(**parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.xlsx", "空的"),
        (b"", "a.csv", "空的"),
        (b"%PDF-1.7 ...", "a.xlsx", "PDF"),
        (b"\x89PNG\r\n", "a.csv", "图片"),
        (OLE + b"\0" * 600, "a.xls", ".xls"),
        (OLE + b"\0" * 600, "a.xlsx", ".xls"),
        (OLE + b"\0" * 100 + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "打开密码"),
        (b"PK\x03\x04 and then nothing", "a.xlsx", "损坏"),
        (b"PK\x03\x04", "a.xlsm", "宏"),
        (b"a,b\n1,2\n", "a.xlsx", "不是 Excel"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "a.xls", "不接受 .xls"),
        (b"<?xml version='1.0'?><Workbook/>", "a.csv", "网页或 XML"),
        (b"\x00\x01\x02\x03" * 50, "a.csv", "编码"),
        (b"\xff" * 50, "a.csv", "编码"),
    ],
)
def test_what_is_no_table_is_refused_in_words(content, name, words):
    assert words in refusal(content, name)


def test_a_workbook_with_macros_is_refused_whatever_its_name(workbook):
    with_macro = io.BytesIO(workbook({"表": [["a"]]}))
    with zipfile.ZipFile(with_macro, "a") as target:
        target.writestr("xl/vbaProject.bin", b"x")
    assert "宏" in refusal(with_macro.getvalue(), "a.xlsx")


def test_other_office_files_are_named(workbook):
    assert "Word 文档" in refusal(archive(word__document_xml=b"<x/>"), "a.xlsx")
    assert "压缩包" in refusal(archive(readme_xml=b"x"), "a.xlsx")
    assert "扩展名“.csv”与内容不符" in refusal(workbook({"表": [["a"]]}), "a.csv")


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path):
    class Huge:
        """An upload of 200 MB that fails the test when it is read beyond the limit."""

        size = None
        taken = 0

        def read(self, count):
            assert count <= 20 * 2**20 + 1
            self.taken += count
            return b"x" * count

    with pytest.raises(UploadError, match="超过 20 MB"):
        open_upload(Huge(), name="a.csv")
    declared = Huge()
    declared.size = 200 * 2**20
    with pytest.raises(UploadError, match="超过 20 MB"):
        open_upload(declared, name="a.csv")
    assert declared.taken == 0
    sparse = tmp_path / "a.xlsx"
    with sparse.open("wb") as stream:
        stream.truncate(200 * 2**20)
    with pytest.raises(UploadError, match="超过 20 MB"):
        open_upload(sparse)


def test_a_zip_bomb_is_refused_by_its_unpacked_size(workbook):
    bomb = io.BytesIO(workbook({"表": [["a"]]}))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as target:
        target.writestr("xl/worksheets/extra.xml", b" " * (3 * 2**20))
    assert len(bomb.getvalue()) < 2**15
    assert "解开后超过" in refusal(bomb.getvalue(), "a.xlsx", unpacked_bytes=2**20)


def test_a_part_that_lies_about_its_size_is_not_unpacked_beyond_it():
    size = 7_654_321
    content = _workbook_with(b"<worksheet>" + b" " * (size - 23) + b"</worksheet>", zipfile.ZIP_DEFLATED)
    assert content.count(struct.pack("<I", size)) == 2  # in the part's own header and in the directory
    lying = content.replace(struct.pack("<I", size), struct.pack("<I", 40))
    assert "损坏" in refusal(lying, "a.xlsx", unpacked_bytes=2**16)


def test_a_cell_at_the_end_of_the_sheet_takes_no_room():
    sheet = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    upload = open_upload(io.BytesIO(_workbook_with(sheet)), name="a.xlsx")
    assert upload.sheets[0].rows == {1048575: {16383: upload.sheets[0].rows[1048575][16383]}}


def test_document_types_in_a_part_are_refused():
    bomb = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><worksheet>&y;</worksheet>'
    assert "损坏" in refusal(_workbook_with(bomb), "a.xlsx")


def test_too_many_rows_cells_and_sheets_are_refused(workbook):
    rows = [[1, 2, 3]] * 20
    assert "太大" in refusal(workbook({"表": rows}), "a.xlsx", rows=10)
    assert "太大" in refusal(workbook({"表": rows}), "a.xlsx", cells=10)
    assert "超过 1 张" in refusal(workbook({"一": rows, "二": rows}), "a.xlsx", sheets=1)
    text = "\n".join(["a,b,c"] * 20).encode()
    assert "超过 10" in refusal(text, "a.csv", rows=10)
    assert "超过 10" in refusal(text, "a.csv", cells=10)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_csv_is_read_in_every_encoding_that_chinese_programs_write(words, encoding):
    preview = read_activity(io.BytesIO(CSV.encode(encoding)), name="a.csv", known_places=PLACES, vocabulary=words)
    assert preview.ok
    assert preview.rows["place"].to_list() == ["411502", "411500"]
    assert preview.rows["value"].to_list() == [12.0, 1234.0]
    assert preview.rows["sheet_row"].to_list() == ["2", "3"]
    # A CSV stores every number as text: only the separator is worth a word.
    assert [problem.code for problem in preview.problems] == ["no_mark", "number_read"]


def test_the_river_shi_is_not_in_gb2312_but_is_read():
    with pytest.raises(UnicodeEncodeError):
        "浉".encode("gb2312")
    upload = open_upload(io.BytesIO("地区\n浉河区\n".encode("gb18030")), name="a.csv")
    assert upload.sheets[0].rows[1][0].value == "浉河区"


@pytest.mark.parametrize("delimiter", ["\t", ";", "，"])
def test_a_csv_may_use_other_delimiters(words, delimiter):
    text = CSV.replace('"1,234"', "1234").replace(",", delimiter)
    assert read_activity(io.BytesIO(text.encode()), name="a.csv", known_places=PLACES, vocabulary=words).ok


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest():
    text = 'a,b\n1,2\n"3,4\n5,6\n'
    assert "引号" in refusal(text.encode(), "a.csv")


def test_rows_of_a_csv_count_as_a_spreadsheet_shows_them(words):
    text = CSV.replace("\n1A1,洗", "\n\n1A1,洗").replace("洗精煤,信阳市", "洗精煤,某市")
    preview = read_activity(io.BytesIO(text.encode()), name="a.csv", known_places=PLACES, vocabulary=words)
    assert preview.errors[0].row == 4
    assert preview.errors[0].cell == "C4"


def test_a_file_that_is_not_there_says_so():
    with pytest.raises(UploadError, match="打不开"):
        open_upload(Path("/nonexistent/a.xlsx"))


def _workbook_with(sheet, compression=zipfile.ZIP_STORED):
    """The smallest workbook around one worksheet part."""
    spaces = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook {spaces}><sheets><sheet name="表" sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="a" Type="x/worksheet" Target="worksheets/s.xml"/></Relationships>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as target:
        for name, content in parts.items():
            target.writestr(name, content)
        target.writestr("xl/worksheets/s.xml", sheet)
    return made.getvalue()
