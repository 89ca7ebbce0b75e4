"""What a writer of a pack can get wrong, and the words in which he is told. Each fault is put into a copy of Xinyang."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dafeng.cities import check_pack, init_pack, load_pack
from dafeng.cities.tables import HOME
from dafeng.kernel.errors import PackError

Edit = Callable[[str], str]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(HOME / "xinyang", tmp_path / "xinyang"))


def problems(pack: Path, file: str, edit: Edit) -> list[str]:
    path = pack / file
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    return [str(problem) for problem in check_pack(pack)]


def append(line: str) -> Edit:
    return lambda text: text + line + "\n"


def replace(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


ACTIVITY = "3C7,rice,single,harvested_area,411502,2019,17333,公顷,statistic,统计年鉴,,"

TABLES = [
    ("activity.csv", ACTIVITY.replace("411502", "410102"), "activity.csv:4: 地区“410102”不是本市或所辖县区的代码"),
    ("activity.csv", ACTIVITY.replace("公顷", "升"), "activity.csv:4: 不认识的单位“升”"),
    (
        "activity.csv",
        ACTIVITY.replace("公顷", "吨"),
        "activity.csv:4: 单位“吨”与 rice 不符；应为 千公顷 或可换算的单位",
    ),
    ("activity.csv", ACTIVITY.replace("rice", "ricee"), "activity.csv:4: 类别 3C7 没有品种“ricee”"),
    ("activity.csv", ACTIVITY.replace("3C7", "3C99"), "activity.csv:4: 没有排放源类别“3C99”"),
    ("activity.csv", ACTIVITY.replace("harvested_area", "area"), "activity.csv:4: rice 没有变量“area”"),
    ("activity.csv", ACTIVITY.replace("single", "double"), "activity.csv:4: rice 没有技术“double”"),
    ("activity.csv", ACTIVITY.replace("statistic", "guess"), "activity.csv:4: 不认识的数据依据“guess”"),
    ("activity.csv", ACTIVITY.replace("统计年鉴", ""), "activity.csv:4: 缺少 source：每一行都要有出处"),
    ("activity.csv", ACTIVITY.replace("17333", "17 333万"), "activity.csv:4: value 不是数：“17 333万”"),
    ("activity.csv", ACTIVITY.replace("2019", "19"), "activity.csv:4: year 不是年份：“19”；应为四位数字"),
    ("activity.csv", ACTIVITY.replace(",统计年鉴,", ",统计年鉴,表 3,"), "activity.csv:4: 有 13 列，应为 12 列"),
    ("activity.csv", ACTIVITY + "\n" + ACTIVITY, "activity.csv:5: 与第 4 行重复"),
    (
        "activity.csv",
        "3C4,rice,,straw_return_share,411500,2020,0.35,%,statistic,年鉴,,",
        "activity.csv:4: 比例写作 0.35%，像是把小数当成了百分数；若为 35% 请写 35",
    ),
    (
        "activity.csv",
        "3C4,rice,,straw_return_share,411500,2020,35,1,statistic,年鉴,,",
        "activity.csv:4: 比例写作 35，单位却是 1；若为 35% 请把单位写作 %",
    ),
    ("statistics.csv", "gdp,,地区生产总值,411500,2099,12,万吨,年鉴,high,", "地区生产总值的单位“万吨”不对；应为 亿元"),
    ("statistics.csv", "gnp,,国民生产总值,411500,2099,12,亿元,年鉴,high,", "不认识的指标“gnp”"),
    ("statistics.csv", "gdp,,地区生产总值,411500,99,12,亿元,年鉴,high,", "不认识的时期“99”"),
    ("statistics.csv", "urbanisation,,城镇化率,411500,2099,151.4,%,年鉴,high,", "比例 151.4% 不在 0 到 100 之间"),
    ("notation.csv", "2A1,,NN,1990,1991,没有,年鉴", "不认识的标记符号“NN”"),
    ("notation.csv", "2A1,,NO,1990,1991,没有水泥厂,", "标 NO 须有出处；没有出处请标 NE 并写明原因"),
    ("notation.csv", "2A1,,NE,1999,1991,没有,", "起始年晚于终止年"),
    ("projects.csv", "某风电场,风电,411502,浉河区,100,,方案,,", "capacity 与 capacity_unit 要么都填，要么都空"),
    ("enterprises.csv", "某厂,水泥,419999,,名录,,", "地区“419999”不是本市或所辖县区的代码"),
]


@pytest.mark.parametrize(("file", "line", "message"), TABLES, ids=[message[-24:] for _, _, message in TABLES])
def test_a_bad_row_is_named_with_file_line_and_remedy(pack: Path, file: str, line: str, message: str) -> None:
    found = problems(pack, file, append(line))
    assert any(message in text for text in found), found
    assert all(text.startswith(f"{file}:") for text in found)


def test_a_changed_header_is_refused_as_a_whole(pack: Path) -> None:
    found = problems(pack, "activity.csv", replace("category,item", "类别,品种"))
    assert found == [
        "activity.csv:1: 表头不对；应为 category,item,technology,variable,place,year,value,unit,basis,source,uncertainty,note"
    ]


def test_a_quotation_mark_that_is_never_closed_is_told(pack: Path) -> None:
    assert any("引号没有成对" in text for text in problems(pack, "activity.csv", append('3C7,"rice,single')))


def test_a_file_in_another_encoding_is_told(pack: Path) -> None:
    (pack / "activity.csv").write_bytes("category,水稻".encode("gb18030"))
    assert [str(problem) for problem in check_pack(pack)] == ["activity.csv: 文件不是 UTF-8 编码；请另存为 UTF-8"]


class TestPackFile:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ('code = "411500"', 'code = "411599"', "地区代码“411599”不是市或省的 GB/T 2260 代码"),
            ('edition = "gl2011"', 'edition = "gl1999"', "没有编制依据“gl1999”"),
            ('gwp = "AR5"', 'gwp = "AR9"', "不认识的 GWP 版本“AR9”"),
            ("years = [2005, 2021]", "years = [2021, 2005]", "years 应为 [起始年, 终止年]"),
            ('411528 = ["息县", "Xi County"]', '411628 = ["息县", "Xi County"]', "县区代码“411628”不在 411500 之下"),
            ('411528 = ["息县", "Xi County"]', '411528 = ["息县"]', "县区 411528 应写中文名和英文名两项"),
            ('name_en = "Xinyang"', "", "缺少 name_en"),
            ("[counties]", "[[counties]]", "counties 应为 [counties] 段落"),
            ("[counties]", "[counties", "TOML 格式有误"),
        ],
    )
    def test_a_bad_entry_is_told(self, pack: Path, old: str, new: str, message: str) -> None:
        found = problems(pack, "pack.toml", replace(old, new))
        assert any(text.startswith("pack.toml:") and message in text for text in found), found

    def test_a_folder_without_a_pack_file_is_no_pack(self, tmp_path: Path) -> None:
        with pytest.raises(PackError, match="没有数据包"):
            check_pack(tmp_path)


class TestBoundary:
    def edited(self, pack: Path, edit: Callable[[dict], None]) -> list[str]:
        data = json.loads((pack / "counties.geojson").read_text(encoding="utf-8"))
        edit(data)
        (pack / "counties.geojson").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        return [str(problem) for problem in check_pack(pack)]

    def test_a_county_without_a_polygon_is_named(self, pack: Path) -> None:
        assert self.edited(pack, lambda data: data["features"].pop()) == ["counties.geojson: 县区 411528 没有边界"]

    def test_a_polygon_of_another_county_is_named(self, pack: Path) -> None:
        found = self.edited(pack, lambda data: data["features"][0]["properties"].update(adcode="411599"))
        assert found == [
            "counties.geojson: 县区 411502 没有边界",
            "counties.geojson: 边界中的 411599 不在 pack.toml 的县区中",
        ]

    def test_an_open_ring_is_told(self, pack: Path) -> None:
        found = self.edited(pack, lambda data: data["features"][0]["geometry"]["coordinates"][0].pop())
        assert found == ["counties.geojson: 第 1 个要素（411502）的一圈边界没有闭合"]

    def test_latitude_before_longitude_is_told(self, pack: Path) -> None:
        def swap(data: dict) -> None:
            geometry = data["features"][0]["geometry"]
            geometry["coordinates"] = [[point[::-1] for point in ring] for ring in geometry["coordinates"]]

        assert self.edited(pack, swap) == [
            "counties.geojson: 第 1 个要素（411502）有点不在中国范围内；坐标应为 [经度, 纬度]"
        ]

    def test_a_point_is_no_boundary(self, pack: Path) -> None:
        found = self.edited(
            pack, lambda data: data["features"][0]["geometry"].update(type="Point", coordinates=[114, 32])
        )
        assert found == ["counties.geojson: 第 1 个要素（411502）应为 Polygon 或 MultiPolygon"]

    def test_broken_json_is_told_with_its_line(self, pack: Path) -> None:
        found = problems(pack, "counties.geojson", lambda text: text[:-5])
        assert any(text.startswith("counties.geojson:1: 不是合法的 JSON") for text in found)


class TestRulesAndPeople:
    @pytest.mark.parametrize(
        ("file", "old", "new", "message"),
        [
            ("estimates.toml", 'kind = "split"', 'kind = "divide"', "没有“divide”这种规则"),
            ("estimates.toml", 'proxy = "co2.night_light"', 'proxy = "light"', "用到不认识的指标“light”"),
            (
                "estimates.toml",
                'note = "灯光反演',
                'remark = "灯光反演',
                "规则“county-split”缺少 note：请写明估算的依据与不足",
            ),
            (
                "estimates.toml",
                'outside = "held"',
                "",
                "规则“county-split”：代理变量“夜间灯光反演的 CO2 排放量”没有 411502 2018 年的值",
            ),
            (
                "estimates.toml",
                '["农、林、牧、渔、水利业"]',
                '["农业部门"]',
                "规则“sector-energy”：能源平衡表没有“农业部门”这一行",
            ),
            ("estimates.toml", 'balances = "henan"', 'balances = "hubei"', "没有数据包“hubei”"),
            ("estimates.toml", "[rule.coefficients.other_gas]", "[rule.coefficients.othergas]", "系数 othergas 应有"),
            ("estimates.toml", '[[rule]]\nid = "county-split"', '[rule]\nid = "county-split"', "TOML 格式有误"),
            ("demo_users.toml", 'role = "bank"', 'role = "banker"', "没有角色“banker”"),
            ("demo_users.toml", 'organisation = "bank-demo"', 'organisation = "bank"', "没有组织“bank”"),
            ("demo_users.toml", 'username = "bank"', 'username = "admin"', "username “admin”重复"),
            (
                "organisations.toml",
                'code = "bank-demo"\nname = "示例银行信阳分行（演示）"',
                'code = "bank-demo"',
                "缺少 name",
            ),
        ],
    )
    def test_a_bad_entry_is_told(self, pack: Path, file: str, old: str, new: str, message: str) -> None:
        found = problems(pack, file, replace(old, new))
        assert any(text.startswith(file) and message in text for text in found), found


class TestBalances:
    @pytest.fixture
    def henan(self, tmp_path: Path) -> Path:
        return Path(shutil.copytree(HOME / "henan", tmp_path / "henan"))

    def test_a_new_fault_in_a_table_is_told_beside_those_declared(self, henan: Path) -> None:
        found = problems(henan, "balance_2007.csv", replace("4.进口量,原油,226.0,", "4.进口量,原油,216.0,"))
        assert len(found) == 1
        assert found[0].startswith("balance_2007.csv: 2007 年平衡表有 16 处对不上，数据包登记了 15 处（faults）")

    def test_an_unknown_row_is_told_with_its_line(self, henan: Path) -> None:
        found = problems(henan, "balance_2007.csv", replace("一.可供本地区消费的能源量,煤合计", "一.可供量,煤合计"))
        assert (
            found[0]
            == "balance_2007.csv:2: 能源平衡表没有“一.可供量”这一行；应为地区能源平衡表的行名。请用模板中的行名"
        )

    def test_a_wrong_unit_is_told_with_its_line(self, henan: Path) -> None:
        found = problems(henan, "balance_2007.csv", replace("17262.01,万吨", "17262.01,亿千瓦时"))
        assert found[0] == "balance_2007.csv:2: 煤合计的单位“亿千瓦时”不对；应为 万吨 或标准煤"

    def test_a_table_without_a_source_is_told(self, henan: Path) -> None:
        found = problems(
            henan, "pack.toml", replace('source = "中国能源统计年鉴 2008', 'note2 = "中国能源统计年鉴 2008')
        )
        assert any("能源平衡表 2007 缺少 source" in text for text in found)


class TestNewPack:
    def test_a_new_pack_is_valid_and_empty(self, tmp_path: Path) -> None:
        folder = init_pack("handan", "130400", tmp_path)
        assert check_pack(folder) == []
        assert load_pack(folder).activity().height == 0

    def test_its_tables_say_what_to_fill_in(self, tmp_path: Path) -> None:
        folder = init_pack("handan", "130400", tmp_path)
        assert sorted(path.name for path in folder.iterdir()) == [
            "activity.csv", "demo_users.toml", "enterprises.csv", "estimates.toml", "notation.csv", "organisations.toml",
            "pack.toml", "projects.csv", "statistics.csv",
        ]  # fmt: skip
        assert "# gdp,,地区生产总值,130400,2023" in (folder / "statistics.csv").read_text(encoding="utf-8")

    def test_the_examples_are_valid_once_uncommented(self, tmp_path: Path) -> None:
        folder = init_pack("handan", "130400", tmp_path)
        for path in folder.glob("*.csv"):
            path.write_text(path.read_text(encoding="utf-8").replace("\n# ", "\n"), encoding="utf-8")
        about = folder / "pack.toml"
        text = about.read_text(encoding="utf-8").replace('# 130402 = ["某某区"', '130402 = ["某某区"')
        about.write_text(text, encoding="utf-8")
        for name in ("organisations.toml", "demo_users.toml"):
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            kept = [line.removeprefix("# ") for line in lines if "=" in line or "[[" in line]
            (folder / name).write_text("\n".join(kept), encoding="utf-8")
        assert [str(problem) for problem in check_pack(folder)] == []

    @pytest.mark.parametrize(
        ("name", "code", "message"),
        [
            ("邯郸", "130400", "数据包名称“邯郸”不能用"),
            ("../etc", "130400", "不能用"),
            ("handan", "1304", "不认识的地区代码“1304”"),
            ("handan", "130402", "不是城市或省"),
        ],
    )
    def test_a_bad_name_or_code_is_refused(self, tmp_path: Path, name: str, code: str, message: str) -> None:
        with pytest.raises(PackError, match=message):
            init_pack(name, code, tmp_path)

    def test_nothing_is_overwritten(self, tmp_path: Path) -> None:
        init_pack("handan", "130400", tmp_path)
        with pytest.raises(PackError, match="已存在"):
            init_pack("handan", "130400", tmp_path)
