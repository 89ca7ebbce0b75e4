"""Headings of every kind nest by their rank, and leaves are tasks unless they only set the scene."""

from dafeng.domains.plan.reading import parse_text


def paths(text: str) -> list[tuple[str, str]]:
    return [(section.path, section.title) for section in parse_text(text).sections]


def test_chapters_and_three_levels_below_nest_in_order() -> None:
    text = "第一章 总体要求\n一、主要目标\n到2025年实现突破。\n第二章 重点任务\n一、能源\n（一）煤炭\n1. 清洁利用\n加强利用。\n2. 减量替代\n推进替代。\n（二）油气\n优化油气。"
    assert paths(text) == [
        ("第一章", "总体要求"), ("第一章/一", "主要目标"), ("第二章", "重点任务"), ("第二章/一", "能源"), ("第二章/一/（一）", "煤炭"),
        ("第二章/一/（一）/1", "清洁利用"), ("第二章/一/（一）/2", "减量替代"), ("第二章/一/（二）", "油气"),
    ]  # fmt: skip


def test_a_missing_level_does_no_harm() -> None:
    assert paths("一、任务\n1.建电站。尽快开工。\n二、保障\n（一）加强领导。压实责任。") == [
        ("一", "任务"), ("一/1", "建电站"), ("二", "保障"), ("二/（一）", "加强领导"),
    ]  # fmt: skip


def test_a_heading_that_runs_into_its_text_ends_at_the_first_stop() -> None:
    reading = parse_text("（一）推进工业升级。实施改造工程，淘汰落后产能。")
    section, task = reading.sections[0], reading.tasks[0]
    assert section.title == "推进工业升级"
    assert reading.text[task.span[0] : task.span[1]] == "实施改造工程，淘汰落后产能。"


def test_decimal_numbers_nest_by_their_dots() -> None:
    assert paths("1 总体要求\n1.1 指导思想\n以发展为先。\n2 重点任务\n2.1 能源\n2.1.1 光伏\n发展光伏。") == [
        ("1", "总体要求"), ("1/1.1", "指导思想"), ("2", "重点任务"), ("2/2.1", "能源"), ("2/2.1/2.1.1", "光伏"),
    ]  # fmt: skip


def test_a_count_at_the_start_of_a_broken_line_is_no_heading() -> None:
    text = "一、园区建设\n到2025年，全市建成国家级绿色工业园区和省级低碳园区共计\n20 个园区，其中改造提升的老园区占到一半。"
    assert paths(text) == [("一", "园区建设")]


def test_ordinals_inside_a_paragraph_open_tasks_where_they_go_on_counting() -> None:
    text = "三、任务\n（一）发展光伏。推进屋顶光伏建设。（二）发展风电。优化风电布局，按照（一）的要求落实。"
    assert [path for path, _ in paths(text)] == ["三", "三/（一）", "三/（二）"]


def test_a_list_of_industries_is_no_heading() -> None:
    assert paths("一、总则\n一、二、三产业协同发展。") == [("一", "总则")]


def test_a_table_of_contents_is_left_out() -> None:
    text = "目录\n一、总体要求........1\n二、重点任务........5\n一、总体要求\n坚持绿色发展。\n二、重点任务\n发展光伏。"
    assert [path for path, _ in paths(text)] == ["一", "二"]
    plain = "目录\n一、总体要求\n二、重点任务\n一、总体要求\n坚持绿色发展。\n二、重点任务\n发展光伏。"
    assert [path for path, _ in paths(plain)] == ["一", "二"]


def test_goals_and_principles_are_leaves_but_no_tasks() -> None:
    tasks = parse_text(
        "一、总体要求\n（一）指导思想。坚持。\n（二）主要目标。到2025年。\n二、重点任务\n（一）发展光伏。推进。"
    ).tasks
    assert [(task.path, task.is_task) for task in tasks] == [
        ("一/（一）", False),
        ("一/（二）", False),
        ("二/（一）", True),
    ]


def test_a_text_without_headings_is_one_section() -> None:
    reading = parse_text("全市要推进节能工作，到2025年单位能耗下降10%。")
    assert [section.path for section in reading.sections] == ["全文"]
    assert len(reading.targets) == 1


def test_a_heading_printed_twice_keeps_two_paths() -> None:
    assert [path for path, _ in paths("一、任务\n发展。\n一、任务\n发展。")] == ["一", "一#2"]
