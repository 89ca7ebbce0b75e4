"""Begin a pack for another city: a folder that `check_pack` accepts as it is, with templates that say what to fill in."""

from __future__ import annotations

import re
from pathlib import Path

from dafeng.cities.tables import COLUMNS
from dafeng.kernel.errors import PackError, PlaceError
from dafeng.kernel.quantities import places

_PACK = """\
# {name} 的城市数据包。填写办法见 docs/cities.md；填好后运行 dafeng check。
# 数据包里只有数据：照原样录入，每一行写明出处；没有的不填，不要填 0。

name = "{name}"            # 中文名，如 邯郸市
name_en = "{name}"
code = "{code}"
edition = "gl2011"         # 编制依据：gl2011、gl2025、ceads
gwp = "AR5"                # AR2、AR4、AR5、AR6、AR6-split
years = [2005, 2024]       # 账户起止年份

# 县区：GB/T 2260 代码 = [中文名, 英文名]
[counties]
# {county} = ["某某区", "Somewhere District"]

# 县区边界（GeoJSON，每个要素的 properties.adcode 为县区代码）。公开前须核对审图号。
# [map]
# file = "counties.geojson"
# approval = "GS(20XX)XXXX号"
# verified = false
# source = "出处"

# 能源平衡表：文件列为 row,fuel,value,unit，行名与品种名照原表。
# [balances.2023]
# file = "balance_2023.csv"
# blank = "nil"            # 空格即没有；摘录的表写 unknown
# step = 0.01              # 末位：两位小数写 0.01
# source = "某某统计年鉴 2024 表 6-1"
# faults = 0               # 原表自己对不上的处数，照原样保留
"""

_ESTIMATES = """\
# 估算规则。没有规则覆盖的就是“未估算（NE）”，宁缺毋滥。四种规则的写法见 docs/cities.md。

# [[rule]]
# id = "balance"
# kind = "balance"
# title = "由能源平衡表得出分行业燃料消费"
# years = [2023]
"""

_ORGANISATIONS = """\
# 组织。code 自定，place 为地区代码。
# [[organisation]]
# code = "ecology"
# name = "某某市生态环境局"
# name_en = "Ecology and Environment Bureau"
# place = "{code}"
"""

_USERS = """\
# 演示登录，每种角色一个；正式使用时删去本文件。密码是门户的设置，不写在这里。
# [[user]]
# username = "ecology"
# display_name = "生态环境局（演示）"
# display_name_en = "Ecology bureau (demo)"
# organisation = "ecology"
# role = "ecology"
# place = "{code}"
"""

_EXAMPLES = {
    "statistics": '# gdp,,地区生产总值,{code},2023,1234.5,亿元,"2023 年国民经济和社会发展统计公报",high,',
    "activity": '# 3C7,rice,single,harvested_area,{code},2023,400,千公顷,statistic,"统计年鉴 2024 表 12-3",,',
    "notation": '# 1B1a,,NO,,,境内没有煤矿,"自然资源局 2024 年矿山名录"',
    "enterprises": "# 某某水泥有限公司,水泥,{county},某某区,重点排放单位名录 2024,,",
    "projects": "# 某某风电场,风电,{county},某某区,100,MW,某某实施方案,第二章/一,",
}


def init_pack(name: str, code: str, target: str | Path = ".") -> Path:
    """Make the folder `target/name` with an empty, valid pack; returns it.

    `name` is the folder's name (letters, digits, hyphens), `code` the GB/T 2260 code of a city or province. Raises
    `PackError` for a bad name or code, or when the folder exists: nothing is ever overwritten.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", name):
        raise PackError(f"数据包名称“{name}”不能用", expected="小写拼音字母、数字和连字符，如 handan")
    try:
        kind = places.level(code)
    except PlaceError as error:
        raise PackError(error.what, expected="六位城市代码，如 130400") from error
    if kind not in ("city", "province"):
        raise PackError(f"地区代码“{code}”不是城市或省", expected="六位城市代码，如 130400")
    folder = Path(target) / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise PackError(f"文件夹 {folder} 已存在", mend="请换一个名称，或先移走它") from error
    filled = {"name": name, "code": code, "county": f"{code[:4]}02"}
    texts = {
        "pack.toml": _PACK,
        "estimates.toml": _ESTIMATES,
        "organisations.toml": _ORGANISATIONS,
        "demo_users.toml": _USERS,
    }
    texts |= {f"{kind}.csv": f"{','.join(COLUMNS[kind])}\n{example}\n" for kind, example in _EXAMPLES.items()}
    for file, text in texts.items():
        (folder / file).write_text(text.format(**filled), encoding="utf-8")
    return folder
