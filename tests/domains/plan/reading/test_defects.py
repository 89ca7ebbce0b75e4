"""What is printed but cannot be right becomes a question with a code, a quote and an owner."""

from __future__ import annotations

from dafeng.domains.plan.reading import Defect, parse_text


def raised(text: str) -> dict[str, Defect]:
    return {defect.code: defect for defect in parse_text(text).defects}


def test_a_target_that_does_not_move_is_asked_about() -> None:
    found = raised("一、目标\n到2025年，可再生水利用率达到30%。到2030年，可再生水利用率达到30%以上。")
    assert "2025年和2030年的目标都是30%" in found["no-progress"].question
    assert len(found["no-progress"].targets) == 2


def test_a_rate_that_stays_complete_is_not_asked_about() -> None:
    assert "no-progress" not in raised("一、目标\n到2025年，医疗废物处置率达到100%。到2030年，医疗废物处置率达到100%。")


def test_two_numbers_for_one_indicator_and_year_are_asked_about() -> None:
    found = raised("一、目标\n到2025年，森林覆盖率达到38%。\n二、碳汇\n到2025年，全市森林覆盖率达到40%。")
    assert "38%" in found["conflict"].question
    assert "40%" in found["conflict"].question


def test_parts_that_do_not_add_up_are_asked_about() -> None:
    found = raised("一、项目\n实施重点项目20个，其中能源类8个、林业类6个、能力建设类5个。")
    assert "19个" in found["counts"].question  # 8 + 6 + 5
    assert "counts" not in raised("一、项目\n实施重点项目19个，其中能源类8个、林业类6个、能力建设类5个。")


def test_a_part_of_a_total_need_not_add_up() -> None:
    assert "counts" not in raised("一、项目\n建成充电桩5000个，其中公共充电桩2000个。")


def test_named_projects_that_exceed_the_target_are_asked_about() -> None:
    text = "一、风电\n推动河口县长山120万千瓦风电场、青石县北河90万千瓦风电场加快建设，河口县、青石县做好服务。到2025年，风电装机达到180万千瓦。"
    assert "合计210万千瓦" in raised(text)["parts-over-target"].question  # 120 + 90
    assert "parts-over-target" not in raised(text.replace("180", "260"))


def test_a_number_without_a_unit_is_asked_about() -> None:
    found = raised("一、风电\n推动青石20万风电场建设。（责任单位：市发展改革委）")
    assert "青石20万风电场" in found["no-unit"].quote
    assert found["no-unit"].owners == ["市发展改革委"]


def test_a_task_without_an_owner_is_asked_about_where_others_have_one() -> None:
    text = "一、任务\n（一）光伏。发展。（责任单位：市发展改革委）\n（二）风电。发展。（责任单位：市发展改革委）\n（三）氢能。发展。"
    found = raised(text)
    assert found["no-owner"].task_path == "一/（三）"
    assert "no-owner" not in raised("一、任务\n（一）光伏。发展。\n（二）风电。发展。")


def test_a_redacted_value_is_asked_about() -> None:
    assert raised("一、产业\n装备产值冲刺XXX亿元。")["redacted"].quote == "装备产值冲刺XXX亿元"


def test_a_copied_national_number_is_asked_about() -> None:
    assert "全国" in raised("一、循环经济\n到2025年，大宗固废年利用量达到40亿吨左右。")["national"].question


def test_more_than_the_whole_energy_of_the_city_is_asked_about() -> None:
    text = "一、目标\n到2025年，能源消费总量控制在800万吨标准煤以内，地热供暖利用规模达到6500万吨标准煤。"
    assert "6500万吨标准煤" in raised(text)["energy-balance"].question


def test_a_share_over_100_is_asked_about() -> None:
    assert "over-100" in raised("一、目标\n到2025年，绿色建筑占比达到150%。")


def test_a_target_on_a_target_is_asked_about() -> None:
    assert "存量还是新增" in raised("一、风电\n到2030年，风电并网容量比2025年增加15%。")["on-target"].question


def test_a_change_without_a_base_year_and_works_without_a_year_are_asked_about() -> None:
    found = raised("一、目标\n到2025年，煤炭消费总量下降10%左右。新建污水管网120公里。")
    assert "暂按2020年" in found["no-base"].question
    assert "新建污水管网" in raised("一、管网\n新建污水管网120公里。")["no-year"].question


def test_targets_that_end_before_the_plan_does_are_asked_about() -> None:
    found = raised("江城市实施方案（2024—2030年）\n一、目标\n到2025年，森林覆盖率达到38%。")
    assert "2030" in found["horizon"].question


def test_an_unfinished_sentence_is_asked_about() -> None:
    assert "将" in raised("一、生活\n尝试将旧衣回收、骑行等环保活动。")["unfinished"].quote
    assert "unfinished" not in raised("一、生活\n尝试将旧衣回收、骑行等环保活动折算成积分。")


def test_terms_without_a_definition_are_asked_about() -> None:
    found = raised("一、园区\n打造零碳园区，支持近零碳园区建设，推进碳中和园区试点。")
    assert "“近零碳园区”" in found["terms"].question


def test_two_claims_about_all_of_one_thing_are_asked_about() -> None:
    found = raised("一、建筑\n新建项目绿色建筑全覆盖。\n二、品质\n所有楼宇全部达到绿色建筑一星级。")
    assert "绿色建筑" in found["same-thing"].question


def test_one_platform_under_two_names_is_asked_about() -> None:
    found = raised("一、金融\n搭建绿色金融撮合服务平台。\n二、管理\n搭建绿色金融撮合管理平台。")
    assert "绿色金融撮合服务平台" in found["platform-names"].question


def test_a_lead_named_colloquially_in_the_text_is_asked_about() -> None:
    assert "工信局" in raised("一、组织\n专班由工信局牵头组建。")["informal-owner"].quote


def test_a_plain_plan_raises_nothing() -> None:
    text = "一、目标\n（一）光伏。到2025年，光伏装机达到50万千瓦。（责任单位：市发展改革委）\n（二）森林。到2025年，森林覆盖率达到38%。（责任单位：市林业局）"
    assert raised(text) == {}
