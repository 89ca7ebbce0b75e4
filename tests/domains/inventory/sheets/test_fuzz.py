"""Whatever is uploaded: an answer, or an `UploadError`. Never another error, never half of a file."""

import contextlib
import io
import zipfile

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dafeng.domains.inventory.sheets import read_activity, read_balance
from dafeng.kernel.accounting import activity_frame
from dafeng.kernel.errors import UploadError

PLACES = {"411500": "信阳市", "411502": "浉河区"}
FIELDS = (
    "类别",
    "项目",
    "数据项",
    "技术或方式",
    "地区",
    "年份",
    "数值",
    "单位",
    "标记符号",
    "数据依据",
    "不确定性",
    "数据来源",
)
RELAXED = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}
WORDS = st.sampled_from(
    ["1A1", "能源工业", "原煤", "天然气", "奶牛", "规模化饲养", "浉河区", "411500", "2023", "NO", "NE 未估算", "t", "万吨", "1", "%", "30%", "12万吨",
     "１２", "=1+1", "", "-", "统计", "5C", "化石碳比例", "1e400", "9**9**9", "(((", "\x00", "浉", "411502/厂", "0.3", "1,234"]
)  # fmt: skip
CELL = st.one_of(WORDS, st.text(max_size=12), st.floats(), st.integers(), st.booleans(), st.none())


def check(preview):
    """What every preview must be: counted, and consistent with itself."""
    assert preview.counts["rows"] == preview.rows.height
    assert preview.counts["errors"] >= len(preview.errors)
    if preview.ok:
        activity_frame(preview.accepted())


def answer(content, name, words, reader=read_activity):
    with contextlib.suppress(UploadError):
        if reader is read_activity:
            check(read_activity(io.BytesIO(content), name=name, known_places=PLACES, vocabulary=words))
        else:
            read_balance(io.BytesIO(content), name=name, known_places=PLACES)


@settings(max_examples=150, **RELAXED)
@given(content=st.binary(max_size=400), name=st.sampled_from(["a.xlsx", "a.csv", "a.xls", "a", "a.xlsm"]))
def test_any_bytes(words, content, name):
    answer(content, name, words)
    answer(content, name, words, read_balance)


@settings(max_examples=150, **RELAXED)
@given(text=st.text(max_size=400))
def test_any_text(words, text):
    content = ("类别,项目,地区,年份,数值,单位\n" + text).encode("utf-8", "surrogatepass")
    answer(content, "a.csv", words)


@settings(max_examples=100, **RELAXED)
@given(rows=st.lists(st.lists(CELL, min_size=12, max_size=12), max_size=6))
def test_any_cells_below_the_headings(words, workbook, rows):
    def dress(book, sheets):
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, bool):
                    sheets["表"].write_boolean(number, column, cell)
                elif isinstance(cell, str):
                    sheets["表"].write_string(number, column, cell.replace("\x00", ""))
                elif cell is not None and cell == cell and abs(cell) != float("inf"):
                    sheets["表"].write_number(number, column, cell)

    answer(workbook({"表": [list(FIELDS)]}, dress), "a.xlsx", words)


@settings(max_examples=100, **RELAXED)
@given(rows=st.lists(st.lists(CELL, min_size=4, max_size=4), max_size=6))
def test_any_cells_of_a_balance(words, rows):
    lines = ["地区,信阳市", "年份,2020", "项目,原煤,焦炭,汽油", "计量单位,万吨,万吨,万吨"]
    lines += [",".join(f'"{str(cell).replace(chr(34), "")}"' for cell in row) for row in rows]
    answer("\n".join(lines).encode("utf-8", "surrogatepass"), "a.csv", words, read_balance)


@settings(max_examples=120, **RELAXED)
@given(data=st.data())
def test_any_damage_to_a_sound_workbook(words, workbook, data):
    content = bytearray(
        workbook({"表": [list(FIELDS), ["1A1", "原煤", "", "", "信阳市", 2023, 12, "万吨", "", "", "", ""]]})
    )
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    answer(bytes(content[: data.draw(st.integers(1, len(content)))]), "a.xlsx", words)


@settings(max_examples=120, **RELAXED)
@given(data=st.data())
def test_any_damage_inside_a_part(words, workbook, data):
    """The archive stays whole, so that the damage reaches the XML."""
    sound = workbook({"表": [list(FIELDS), ["1A1", "原煤", "", "", "信阳市", 2023, 12, "万吨", "", "", "", ""]]})
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as source, zipfile.ZipFile(made, "w") as target:
        broken = data.draw(st.sampled_from(source.namelist()))
        for name in source.namelist():
            content = bytearray(source.read(name))
            if name == broken and content:
                for _ in range(data.draw(st.integers(1, 5))):
                    at = data.draw(st.integers(0, len(content) - 1))
                    content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
            target.writestr(name, bytes(content))
    answer(made.getvalue(), "a.xlsx", words)
