"""Named projects, enterprises and platforms."""

from dafeng.domains.plan.reading import Reading, parse_text


def test_a_project_keeps_its_county_kind_and_printed_capacity() -> None:
    text = "一、电源\n加快推进青石县河湾镇300MW压缩空气储能项目，青石县、河口县做好服务。河口县配合。"
    (project,) = parse_text(text).projects
    assert (project.name, project.county, project.kind) == ("青石县河湾镇300MW压缩空气储能项目", "青石县", "储能")
    assert (project.capacity, project.capacity_unit) == (300, "MW")


def test_a_kind_of_thing_is_no_project() -> None:
    assert parse_text("一、节能\n实施重点节能改造工程，推进一批示范项目建设。").projects == []


def test_enterprises_are_taken_from_a_list_before_their_kind() -> None:
    text = "一、产业\n依托远山纺织、江城印染、大河针织等重点企业，提升智能制造水平。"
    assert [one.name for one in parse_text(text).enterprises] == ["远山纺织", "江城印染", "大河针织"]


def test_a_company_is_known_by_its_ending() -> None:
    text = "一、市场\n总结江城远大发电有限责任公司的经验。"
    assert [one.name for one in parse_text(text).enterprises] == ["江城远大发电有限责任公司"]


def test_branches_of_industry_are_no_enterprises() -> None:
    assert parse_text("一、产业\n推动钢铁、水泥、化工等重点企业改造。").enterprises == []


def test_platforms_and_data_bases_are_found_after_their_verb() -> None:
    text = "一、数据\n建立建筑能耗数据库，搭建碳排放数据平台。"
    assert [one.name for one in parse_text(text).platforms] == ["建筑能耗数据库", "碳排放数据平台"]


# ---------------------------------------------------------------- lists, capacities, counties

CITY = (
    "江城市碳达峰方案\n一、总体要求\n统筹青石县、河口县、白沙区发展，青石县、河口县、白沙区抓好落实。\n二、重点任务\n"
)


def read(text: str) -> Reading:
    return parse_text(CITY + text)


def projects(text: str) -> list[tuple[str, str | None, float | None, str | None]]:
    return [(one.name, one.county, one.capacity, one.capacity_unit) for one in read(text).projects]


def test_capacities_in_brackets_stay_with_their_own_member_of_a_list() -> None:
    assert projects("加快青石县光伏（60万千瓦）、储能（20万千瓦）项目建设。") == [
        ("青石县光伏项目", "青石县", 60, "万千瓦"),
        ("青石县储能项目", "青石县", 20, "万千瓦"),
    ]
    assert projects("建成青石县东山风电（10万千瓦）、河口县西湾光伏（20万千瓦）、南湖储能电站（5万千瓦）。") == [
        ("青石县东山风电", "青石县", 10, "万千瓦"),
        ("河口县西湾光伏", "河口县", 20, "万千瓦"),
        ("南湖储能电站", None, 5, "万千瓦"),
    ]


def test_several_units_of_one_size_are_multiplied() -> None:
    assert projects("推进江城电厂三期2×350MW热电联产机组建设。") == [
        ("江城电厂三期2×350MW热电联产机组", None, 700, "MW"),  # 2 × 350
    ]


def test_members_of_a_list_share_the_head_of_the_last() -> None:
    assert [name for name, *_ in projects("打造新城、老城2座公交场站。")] == ["新城公交场站", "老城公交场站"]
    assert [name for name, *_ in projects("建设青石、河口等石材专业园。")] == ["青石石材专业园", "河口石材专业园"]
    assert [name for name, *_ in projects("推进河口县、白沙区粮油增产示范项目建设。")] == [
        "河口县粮油增产示范项目",
        "白沙区粮油增产示范项目",
    ]
    assert [name for name, *_ in projects("推进青石县东山风电、白沙区农光互补等项目建设。")] == [
        "青石县东山风电项目",
        "白沙区农光互补项目",
    ]


def test_plants_and_stages_close_a_name() -> None:
    assert [name for name, *_ in projects("新建白沙区第二污水处理厂、青石县生活垃圾焚烧发电厂。")] == [
        "白沙区第二污水处理厂",
        "青石县生活垃圾焚烧发电厂",
    ]
    assert [name for name, *_ in projects("实施北山风电场一期、北山风电场二期工程。")] == [
        "北山风电场一期",
        "北山风电场二期工程",
    ]


def test_a_half_bracket_and_a_verb_are_no_part_of_a_name() -> None:
    assert projects("（新、扩）建青石县港区铁路专用线。") == [("青石县港区铁路专用线", "青石县", None, None)]
    assert projects("在青石县建设光伏基地。") == [("青石县光伏基地", "青石县", None, None)]


def test_resources_and_kinds_of_things_are_no_projects() -> None:
    assert projects("发展青石县风电、光伏等新能源，推进山水林田湖草沙一体化保护和修复工程。") == []


def enterprises(text: str) -> list[str]:
    return [one.name for one in read(text).enterprises]


def test_a_company_needs_a_name_of_its_own() -> None:
    assert enterprises("支持公司做大做强，保障公司用电，增加公司投入，推动上市公司披露信息。") == []
    assert enterprises("强化远山公司节能管理，督促大河集团、江城水泥有限公司完成改造。") == [
        "远山公司",
        "大河集团",
        "江城水泥有限公司",
    ]


def test_a_list_of_short_names_is_known_by_their_endings() -> None:
    assert enterprises("依托远山制药、大河生物等培育医药产业。") == ["远山制药", "大河生物"]
    assert enterprises("支持远山钢构、大河板业、江城新材、云台智能加快发展。") == [
        "远山钢构",
        "大河板业",
        "江城新材",
        "云台智能",
    ]
    assert enterprises("推广环卫作业车辆、渣土转运车辆、港内作业船舶，支持装配式建筑、智能家居等企业。") == []


def platforms(text: str) -> list[str]:
    return [one.name for one in read(text).platforms]


def test_two_platforms_in_a_list_are_two() -> None:
    assert platforms("依托市能源大数据中心、市信用信息平台，接入省能耗在线监测系统。") == [
        "市能源大数据中心",
        "市信用信息平台",
        "省能耗在线监测系统",
    ]
    assert platforms("建立“小巨人”企业种子库、“专精特新”企业后备库。") == ["“小巨人”企业种子库", "“专精特新”企业后备库"]


def test_a_comma_inside_the_name_of_a_platform_stays() -> None:
    assert platforms("搭建园区信息、技术服务平台。") == ["园区信息、技术服务平台"]
