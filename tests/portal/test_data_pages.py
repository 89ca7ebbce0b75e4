"""活动水平数据 in the portal: what each person sees, what a file would do, and that a commit is whole or not at all.

Expected counts follow from the rows that each test writes; a conversion is worked out where it stands.
"""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from dafeng.domains.inventory import staging
from dafeng.domains.inventory.models import ActivityRow, Batch, StagedUpload
from dafeng.domains.inventory.sheets import template_rows
from tests.portal.data_files import GAS, HEADING, LPG, book, commit, committed, staged_by, text, upload, url

# ---------------------------------------------------------------- the room


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"q": "城镇居民"}, 2),
        ({"q": "1A4b1"}, 2),
        ({"q": "天然气"}, 2),
        ({"q": "平桥"}, 1),
        ({"q": "2020"}, 1),
        ({"q": "统计"}, 3),
        ({"q": "试验数据"}, 3),
        ({"q": "没有这个词"}, 0),
        ({"year": "2021"}, 2),
        ({"sector": "3"}, 1),
        ({"place": "411502"}, 2),
        ({"basis": "metered"}, 0),
        ({"counts": "true"}, 3),
        ({"year": "2021", "q": "天然气"}, 1),
    ],
)
def test_rows_are_found_by_names_codes_places_years_and_sources(clerk, wanted, found: int) -> None:
    assert clerk.get(url("data"), wanted).context["table"].total == found


def test_a_category_leads_to_its_lineage(clerk) -> None:
    assert "/inventory/411500/lineage/?category=1A4b1&amp;kind=direct&amp;year=2021" in text(clerk.get(url("data")))


def test_the_export_holds_codes_beside_names(clerk) -> None:
    lines = text(clerk.get(url("data"), {"export": "csv", "year": "2020"})).lstrip("\ufeff").splitlines()
    row = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    assert (row["类别代码"], row["项目"], row["地区代码"], row["地区"]) == ("1A4b1", "天然气", "411502", "浉河区")
    assert (row["数值"], row["单位"], len(lines)) == ("100.0", "万立方米", 2)


@pytest.mark.parametrize("tab", ["rows", "batches", "balance", "missing"])
def test_a_tab_makes_at_most_twelve_queries(clerk, django_assert_max_num_queries, tab: str) -> None:
    for number in range(3):
        committed(clerk, book([*GAS[:4], 130 + number, *GAS[5:]]), f"{number}.xlsx")
    with django_assert_max_num_queries(12):
        assert clerk.get(url("data"), {"tab": tab}).status_code == 200


def test_the_other_pages_make_at_most_twelve_queries(clerk, django_assert_max_num_queries) -> None:
    batch = committed(clerk, book(GAS, LPG))
    staged = staged_by(clerk, book([*GAS[:4], 7, *GAS[5:]]), "又.xlsx")
    for page in (url("data-import"), url("data-preview", id=staged.pk), url("batch", id=batch.pk), url("batch-undo", id=batch.pk)):  # fmt: skip
        with django_assert_max_num_queries(12):
            assert clerk.get(page).status_code == 200


def test_a_tab_that_does_not_exist_is_answered_with_those_that_do(clerk) -> None:
    answer = clerk.get(url("data"), {"tab": "nonsense"})
    assert answer.status_code == 404
    assert "missing" in text(answer)


def test_strangers_are_sent_to_log_in_and_citizens_turned_away(client, run, person) -> None:
    for page in (url("data"), url("data-import"), url("data-template")):
        assert client.get(page).url.startswith("/login/")
    client.force_login(person("citizen"))
    for page in (url("data"), url("data-import"), url("data-template")):
        assert client.get(page).status_code == 403


def test_a_leader_looks_but_does_not_import(client, run, person) -> None:
    client.force_login(person("leader"))
    assert "填报数据" not in text(client.get(url("data")))
    assert upload(client, book(GAS)).status_code == 403


def test_what_is_missing_names_sheet_and_rows_of_the_template(clerk) -> None:
    answer = clerk.get(url("data"), {"tab": "missing", "year": "2021"})
    sheet, first, last = template_rows(place="411500", year=2021)["2A1"]
    assert f"工作表“{sheet}”第 {first}–{last} 行" in text(answer)
    assert "1A4b1" not in [row["row"]["category"] for row in answer.context["table"].cells if row["row"]["nothing"]]
    assert clerk.get(url("data"), {"tab": "missing", "year": "1850"}).status_code == 404


# ---------------------------------------------------------------- templates


def test_the_rows_that_the_page_names_are_those_of_the_template(clerk) -> None:
    answer = clerk.get(url("data-template"), {"year": "2023"})
    made = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    for category, (sheet, first, last) in template_rows(place="411500", year=2023).items():
        shown = [made[sheet].cell(row, 1).value or "" for row in range(first - 1, last + 2)]
        assert all(each.startswith(category) for each in shown[1:-1]), category
        assert not shown[0].startswith(f"{category} ")
        assert not shown[-1].startswith(f"{category} ")


def test_a_template_of_chosen_sheets_and_years(clerk) -> None:
    answer = clerk.get(url("data-template"), {"year": "2022", "last": "2023", "sheet": ["3", "5"]})
    made = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert [name for name in made.sheetnames if name not in ("填报说明", "词表")] == ["农业活动", "废弃物处理"]
    assert {made["农业活动"].cell(row, 6).value for row in range(4, 8)} == {2022, 2023}


def test_the_balance_can_be_had_alone_and_for_a_county(clerk) -> None:
    answer = clerk.get(url("data-template"), {"year": "2022", "sheet": "balance", "place": "411502"})
    made = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert made.sheetnames == ["能源平衡表"]
    assert [made.active.cell(2, 2).value, made.active.cell(3, 2).value] == ["411502 浉河区", 2022]


def test_a_template_can_bring_what_was_uploaded_but_never_the_estimates(clerk) -> None:
    committed(clerk, book([*GAS[:4], 131.5, *GAS[5:]]))
    answer = clerk.get(url("data-template"), {"year": "2021", "sheet": "1", "filled": "1"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))["能源活动"]
    values = [row[6].value for row in sheet.iter_rows(min_row=4) if row[6].value is not None]
    assert values == [131.5]


@pytest.mark.parametrize("asked", [{"year": "18"}, {"year": "2500"}, {"place": "110000"}])
def test_a_template_of_nonsense_is_not_found(clerk, asked) -> None:
    assert clerk.get(url("data-template"), asked).status_code == 404


def test_a_template_of_too_many_years_is_refused_with_the_limit(clerk) -> None:
    answer = clerk.get(url("data-template"), {"year": "2001", "last": "2020"})
    assert answer.status_code == 422
    assert "最多 10 年" in text(answer)


# ---------------------------------------------------------------- preview


def test_the_preview_shows_what_is_new_and_what_it_replaces_by_how_much(clerk) -> None:
    staged = staged_by(clerk, book(GAS, LPG))
    assert {name: staged.counts[name] for name in ("rows", "new", "replaces", "same", "errors")} == {
        "rows": 2, "new": 1, "replaces": 1, "same": 0, "errors": 0,
    }  # fmt: skip
    page = text(clerk.get(url("data-preview", id=staged.pk)))
    assert "130 万立方米" in page
    assert "120 万立方米" in page
    assert "+8.3%" in page  # 130 / 120 − 1 = 0.0833
    assert ActivityRow.objects.count() == 3


def test_another_unit_is_converted_before_numbers_are_compared(clerk) -> None:
    # 0.012 亿立方米 are 120 万立方米: what is there already.
    staged = staged_by(clerk, book([*GAS[:4], 0.012, "亿立方米", "燃气公司年报"]))
    assert staging.rows_of(staged)["share"].to_list() == pytest.approx([0.0])


def test_errors_are_listed_by_sheet_row_and_column_and_stop_the_commit(clerk) -> None:
    staged = staged_by(clerk, book(GAS, [*LPG[:4], "约5", *LPG[5:]], ["1A4b1", "木炭王", *GAS[2:]]))
    page = text(clerk.get(url("data-preview", id=staged.pk)))
    assert "能源活动 第 3 行" in page
    assert "数值 E3" in page
    assert url("data-commit", id=staged.pk) not in page
    answer = commit(clerk, staged)
    assert answer.status_code == 422
    assert "还有 2 处错误，整个文件未导入" in text(answer)
    assert Batch.objects.filter(source="upload").count() == 0


def test_problems_can_be_filtered_exported_and_taken_away_as_a_workbook(clerk) -> None:
    staged = staged_by(
        clerk, book(["1A4b1", "天然气", "浉河区", 2021, "=1/0", "万立方米", "x"], [*LPG[:4], "约5", *LPG[5:]])
    )
    page = url("data-preview", id=staged.pk)
    assert clerk.get(page, {"problems-severity": "warning"}).context["table"].total == staged.counts["warnings"]
    lines = text(clerk.get(page, {"problems-export": "csv", "problems-severity": "error"})).splitlines()
    assert lines[0].lstrip("\ufeff") == "级别,工作表,行,单元格,列,问题,现在填的,应为,怎样改"
    sheet = load_workbook(io.BytesIO(clerk.get(url("data-problems", id=staged.pk)).content)).active
    shown = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert len(shown) == len(staged.problems)
    assert [row[:4] for row in shown if row[5] == "约5"] == [["错误", "能源活动", 3, "E3"]]
    assert sheet["A4"].fill.fgColor.rgb == "FFFBE0DA"


def test_what_a_clerk_typed_is_never_a_formula_in_the_list_of_problems(clerk) -> None:
    typed = "类别,项目,地区,年份,数值,单位\r\n=cmd|calc,天然气,浉河区,2021,1,万立方米"
    staged = staged_by(clerk, typed.encode(), "式.csv")
    content = clerk.get(url("data-problems", id=staged.pk)).content
    cells = [cell for row in load_workbook(io.BytesIO(content)).active.iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=cmd|calc"] == ["s"]


def test_the_same_file_handed_in_twice_waits_once(clerk) -> None:
    assert staged_by(clerk, book(GAS)).pk == staged_by(clerk, StagedUpload.objects.get().file.read()).pk


# ---------------------------------------------------------------- bad files


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("宏.xlsm", b"PK\x03\x04....", "不接受含宏"),
        ("旧.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "旧版 Excel"),
        ("图.xlsx", b"\x89PNG....", "图片"),
        ("半截.xlsx", book(GAS)[:900], "损坏"),
        ("页.xlsx", b"<html>", "网页"),
        ("大.csv", b"a," * (11 * 2**20), "超过 20 MB"),
    ],
)
def test_a_file_that_is_no_table_is_answered_in_words_and_not_kept(clerk, name: str, content: bytes, said: str) -> None:
    answer = upload(clerk, content, name)
    assert answer.status_code == 422
    assert said in text(answer)
    assert not StagedUpload.objects.exists()


def test_a_request_beyond_every_limit_is_refused_before_it_is_read(clerk, settings) -> None:
    settings.UPLOAD_BYTES = 2**20
    answer = upload(clerk, b"a," * 2**20, "大.csv")
    assert answer.status_code == 413
    assert "超过 1 MB" in text(answer)


def test_an_empty_form_says_what_to_choose(clerk) -> None:
    answer = clerk.post(url("data-import"), {"whole": "1"})
    assert answer.status_code == 422
    assert "没有选择文件" in text(answer)


def test_an_upload_that_was_cut_off_is_not_read(clerk) -> None:
    # The file stands before the form's last field; what is cut off lacks the field.
    lines = "类别,项目,地区,年份,数值,单位\r\n" + "1A4b1,天然气,浉河区,2021,130,万立方米\r\n" * 3
    body = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{lines}'.encode()
    answer = clerk.generic("POST", url("data-import"), body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code in (400, 422)
    assert "中断" in text(answer)
    assert not StagedUpload.objects.exists()


def test_sheets_without_known_headings_are_named(clerk) -> None:
    staged = staged_by(clerk, book(["甲", "乙", "丙"], heading=["一", "二", "三"], sheet="随便"))
    page = text(clerk.get(url("data-preview", id=staged.pk)))
    assert "没有一张工作表有认得的表头" in page
    assert "随便" in page


def test_a_csv_in_the_national_encoding_is_read(clerk) -> None:
    rows = "\r\n".join(",".join(str(cell) for cell in row) for row in (HEADING, GAS))
    batch = committed(clerk, rows.encode("gb18030"), "浉河.csv")
    assert list(batch.rows.values_list("place", "value", "source")) == [("411502", 130.0, "燃气公司年报")]


def test_a_name_that_tries_to_be_markup_or_a_path_is_only_a_name(clerk) -> None:
    staged = staged_by(clerk, book(GAS), "<script>alert(1)</script>.xlsx")
    assert "<script>alert" not in text(clerk.get(url("data-preview", id=staged.pk)))
    assert staged.file.name == f"staged/{staged.pk.hex}"


# ---------------------------------------------------------------- energy balance


def test_a_balance_comes_in_with_what_follows_from_it_and_is_shown_as_its_grid(clerk) -> None:
    answer = clerk.get(url("data-template"), {"year": "2022", "sheet": "balance"})
    made = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = made.active
    rows = {sheet.cell(row, 2).value: row for row in range(7, sheet.max_row + 1)}
    fuels = {sheet.cell(5, column).value: column for column in range(3, sheet.max_column + 1)}
    column = fuels["天然气"]
    code = next(code for code in rows if code and "urban" in code)
    sheet.cell(rows[code], column).value = 1.5
    target = io.BytesIO()
    made.save(target)
    batch = committed(clerk, target.getvalue(), "平衡表.xlsx")
    assert batch.balance.get().value == 1.5
    assert batch.rows.count() >= 1
    shown = clerk.get(url("data"), {"tab": "balance"})
    assert shown.context["chosen"] == "411500-2022"
    line = next(line for line in shown.context["lines"] if line["code"] == code)
    assert line["cells"] == ["1.5"]
    assert len(clerk.get(url("data"), {"tab": "balance", "fuels": "all"}).context["heads"]) == len(fuels)
    assert "1.5" in text(clerk.get(url("data"), {"tab": "balance", "export": "csv"}))
    assert clerk.get(url("data"), {"tab": "balance", "of": "411500-1900"}).status_code == 404
