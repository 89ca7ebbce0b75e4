"""Lists of owners in all their printed forms."""

import pytest

from dafeng.domains.plan.reading import Owner, parse_text
from dafeng.domains.plan.reading.register import look_up, same_unit


def owners(text: str) -> list[Owner]:
    return parse_text(f"一、重点任务\n（一）推进工作。加快建设。{text}").tasks[0].owners


def names(text: str) -> list[str]:
    return [owner.name for owner in owners(text)]


def test_a_list_after_its_label_in_brackets() -> None:
    assert names("（责任单位：市发展改革委、市财政局；市水利局）") == ["市发展改革委", "市财政局", "市水利局"]


def test_the_level_is_carried_from_the_first_name_over_the_list() -> None:
    assert names("（市发展改革委、工业和信息化局、市场监管局按职责分工负责）") == [
        "市发展改革委",
        "市工业和信息化局",
        "市市场监管局",
    ]


def test_square_brackets_hold_a_list_too() -> None:
    assert names("［市生态环境局、市公安局等按职责分工负责］") == ["市生态环境局", "市公安局"]
    assert names("[市生态环境局、市公安局按职责分工负责]") == ["市生态环境局", "市公安局"]


def test_leading_and_supporting_units_keep_their_roles() -> None:
    found = owners("（牵头单位：市发展改革委；配合单位：市财政局、市科技局）")
    assert [(one.name, one.role) for one in found] == [
        ("市发展改革委", "lead"),
        ("市财政局", "support"),
        ("市科技局", "support"),
    ]
    found = owners("（市交通运输局牵头，市公安局、市财政局等配合）")
    assert [(one.name, one.role) for one in found] == [
        ("市交通运输局", "lead"),
        ("市公安局", "support"),
        ("市财政局", "support"),
    ]


def test_a_list_may_stand_alone_on_its_line_without_brackets() -> None:
    assert names("\n责任单位：市住房城乡建设局、市城市管理局") == ["市住房城乡建设局", "市城市管理局"]


def test_colloquial_names_become_the_names_of_the_register_and_keep_their_printed_form() -> None:
    found = owners("（责任单位：市发改委、市工信局、市住建局）")
    assert [one.name for one in found] == ["市发展改革委", "市工业和信息化局", "市住房城乡建设局"]
    assert [one.printed for one in found] == ["市发改委", "市工信局", "市住建局"]
    assert [one.id for one in found] == ["ndrc", "industry", "housing"]


def test_together_with_another_makes_that_one_a_supporter_in_brackets_and_in_a_sentence() -> None:
    wanted = [("市发展改革委", "lead"), ("市财政局", "support"), ("各县区", "support")]
    for text in (
        "（由市发展改革委会同市财政局、各县区负责）",
        "由市发展改革委会同市财政局、各县区负责。",
        "由市发展改革委牵头，会同市财政局、各县区落实。",
    ):
        assert [(one.name, one.role) for one in owners(text)] == wanted


def test_a_sentence_about_somebody_unknown_is_no_list() -> None:
    assert names("由第三方机构负责。由企业牵头实施。") == []


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("责任单位：市水利局，各县（市、区）政府", ["市水利局", "各县（市、区）政府"]),
        ("责任单位:市水利局;各县(市、区)政府.", ["市水利局", "各县（市、区）政府"]),
        ("责任单位：市水利局  市财政局  各县区", ["市水利局", "市财政局", "各县区"]),
        ("责任单位：市水利局、\n各县（市、区）人民政府", ["市水利局", "各县（市、区）人民政府"]),
        ("责任单位\n市水利局、各县（市、区）人民政府", ["市水利局", "各县（市、区）人民政府"]),
        ("责任单位：市水利局会同有关部门和各县（市、区）负责", ["市水利局", "有关部门", "各县（市、区）"]),
        ("责任单位：市水利局。加强宣传，由社会各界参与。", ["市水利局"]),
    ],
)
def test_a_bare_line_keeps_its_counties(line: str, wanted: list[str]) -> None:
    assert names(f"\n{line}") == wanted


def test_names_that_contain_and_are_not_split() -> None:
    assert names("（责任单位：市住房和城乡建设局、市文化和旅游局和市林业和草原局）") == [
        "市住房和城乡建设局",
        "市文化和旅游局",
        "市林业和草原局",
    ]


def test_an_inner_bracket_that_repeats_a_name_is_left_out() -> None:
    assert names("（市商务局〔市口岸办〕、市发展改革委（市能源局）按职责分工负责）") == [
        "市商务局",
        "市发展改革委",
    ]


def test_counties_with_an_inner_bracket_stay_one_owner() -> None:
    assert names("（责任单位：市农业农村局，各县（市、区）人民政府）") == ["市农业农村局", "各县（市、区）人民政府"]


def test_bodies_outside_the_government_keep_their_names() -> None:
    assert names("（责任单位：市财政局、人行江城市分行、江城金融监管分局、国网江城供电公司）") == [
        "市财政局",
        "人行江城市分行",
        "江城金融监管分局",
        "国网江城供电公司",
    ]


def test_a_bracket_of_another_kind_is_no_list() -> None:
    assert names("支持首台（套）装备，推广合同能源管理（含公共机构），建设电站（一期）。") == []


def test_a_clause_makes_every_county_an_owner_from_its_task_on() -> None:
    text = "一、前言\n（一）准备。开展摸底。（责任单位：市统计局）\n二、任务\n（一）煤炭。减量。（责任单位：市发展改革委；以下各项工作均由各县区负责实施，下同）\n（二）油气。优化。（责任单位：市商务局）"
    tasks = parse_text(text).tasks
    assert [any(one.role == "all-counties" for one in task.owners) for task in tasks] == [False, True, True]
    assert tasks[2].units == ["市商务局", "各县区"]


def test_a_heading_with_a_list_is_a_task_and_its_leaves_inherit_the_list() -> None:
    tasks = parse_text("一、能源行动\n（责任单位：市发展改革委）\n1.光伏。发展光伏。\n2.风电。发展风电。").tasks
    assert [(task.path, task.units) for task in tasks] == [(path, ["市发展改革委"]) for path in ("一", "一/1", "一/2")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("市发改委", "市发展和改革委员会"),
        ("环保局", "市生态环境局"),
        ("国土资源局", "自然资源和规划局"),
        ("住建局", "市住房和城乡建设局"),
        ("省工信厅", "工业和信息化厅"),
    ],
)
def test_forms_and_predecessors_of_a_department_are_one_entry(one: str, other: str) -> None:
    assert same_unit(one, other)
    assert look_up(one) is look_up(other) is not None


def test_two_departments_are_two() -> None:
    assert not same_unit("市财政局", "市审计局")
    assert not same_unit("市市场监管局", "江城金融监管分局")


def test_a_list_that_closes_the_last_of_several_items_closes_them_all() -> None:
    text = "二、任务\n（一）减量。1.推动制造。加快。2.建设园区。改造。（责任部门：市发展改革委；完成时限：2025年12月）\n（二）农业。发展。（责任单位：市农业农村局）"
    tasks = {task.path: task.units for task in parse_text(text).tasks}
    assert tasks == {
        "二/（一）": ["市发展改革委"],
        "二/（一）/1": ["市发展改革委"],
        "二/（一）/2": ["市发展改革委"],
        "二/（二）": ["市农业农村局"],
    }


def test_a_clause_for_all_tasks_holds_backward_too() -> None:
    text = "一、任务\n（一）光伏。发展。（责任单位：市发展改革委）\n（二）风电。发展。（责任单位：市发展改革委）\n以上各项工作均由各县区负责实施。"
    assert [task.units for task in parse_text(text).tasks] == [["市发展改革委", "各县区"], ["市发展改革委", "各县区"]]


def test_a_remark_that_somebody_takes_part_is_no_list() -> None:
    assert names("（鼓励企业参与）（由第三方机构负责）") == []
