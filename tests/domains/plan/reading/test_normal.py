"""The plain form drops what printing added, and knows where every character was printed."""

from dafeng.domains.plan.reading.normal import is_traditional, normalise


def test_blanks_inside_numbers_and_between_words_mean_nothing() -> None:
    assert normalise("到 2025 年，占比达到 3 0 . 5 %以上").text == "到2025年，占比达到30.5%以上"


def test_full_width_digits_signs_and_ascii_stops_become_one_form() -> None:
    assert normalise("到２０２５年,占比达４０％(含)").text == "到2025年，占比达40%（含）"


def test_a_comma_inside_a_number_stays() -> None:
    assert normalise("投资1,200万元").text == "投资1,200万元"


def test_traditional_script_is_read_as_simplified_and_quoted_as_printed() -> None:
    normal = normalise("單位地區生產總值能耗下降")
    assert normal.text == "单位地区生产总值能耗下降"
    start, end = normal.span(0, 2)
    assert normal.printed[start:end] == "單位"


def test_simplified_text_is_not_rewritten() -> None:
    assert not is_traditional("乾县著名企业的后勤部门，松树林里的风力发电机组干净整洁，里程不长")


def test_page_numbers_and_running_heads_are_dropped_and_broken_paragraphs_joined() -> None:
    text = "江城市碳达峰方案\n一、任务\n推进光伏项目、\n— 3 —\n江城市碳达峰方案\n风电项目建设。\n第 4 页 共 9 页\n江城市碳达峰方案\n加快推进。"
    assert normalise(text).text == "一、任务\n推进光伏项目、风电项目建设。\n加快推进。"


def test_a_quote_over_a_page_break_is_the_printed_text() -> None:
    printed = "占比达到\n— 3 —\n30%以上"
    normal = normalise(printed)
    assert normal.text == "占比达到30%以上"
    start, end = normal.span(0, len(normal.text))
    assert printed[start:end] == printed


def test_a_heading_alone_on_its_line_is_not_joined_to_the_text_below() -> None:
    assert normalise("1. 加强清洁利用\n\n依托储煤项目，提高保障水平。").text.split("\n") == [
        "1.加强清洁利用",
        "依托储煤项目，提高保障水平。",
    ]


def test_origins_grow_with_the_text() -> None:
    normal = normalise("一、  总  则\n\t指标\t单位\t2025年\n能耗 下降")
    assert normal.origin == sorted(normal.origin)
    assert len(normal.origin) == len(normal.text)
    assert "指标\t单位\t2025年" in normal.text


def test_a_page_number_that_ran_into_its_line_is_dropped_and_a_span_of_years_stays() -> None:
    assert normalise("推进风电— 12 —项目，2021—2025年建成3—5个。").text == "推进风电项目，2021—2025年建成3—5个。"
