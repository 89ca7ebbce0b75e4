"""A fault in a rubric file is told with file, line, what was expected and how to mend it."""

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dafeng.kernel.errors import RubricError
from dafeng.kernel.scoring import Rubric, in_force, read_light_rules, read_rubric, render

GOOD = """
id = "t"
title = "试验"
version = "1"
valid_from = 2026-01-01
standing = "试验"
missing = "exclude"

[[groups]]
code = "g"
title = "组"
weight = 60

[[items]]
code = "A"
title = "甲项"
weight = 60
group = "g"
scoring = "linear"
base = 0
lead = 10

[[items]]
code = "B"
title = "乙项"
weight = 40
scoring = "rule"
rule = "x * 10"

[[inputs]]
code = "x"
title = "数"

[[inputs]]
code = "y"
title = "数二"
value = "x + 1"

[[vetoes]]
code = "V"
title = "否决"
when = "x > 5"
effect = "cap_grade"
grade = "low"

[[levels]]
code = "high"
title = "高"
from = 80

[[levels]]
code = "low"
title = "低"
to = 80
"""


def fault(tmp_path: Path, text: str) -> RubricError:
    path = tmp_path / "r.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RubricError) as caught:
        read_rubric(path)
    return caught.value


def line_of(text: str, piece: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if piece in line)


def test_the_good_one_is_good(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(GOOD, encoding="utf-8-sig")
    assert read_rubric(tmp_path / "r.toml").reference == "t@1"


CASES: list[tuple[str, str, str, str]] = [  # what stands there, what stands instead, words, piece of the line named
    ("weight = 40", "weight = 30", "权重之和为 90，与总分 100 不符", ""),
    ("weight = 60\ngroup", "weight = 50\ngroup", "“g”各项权重之和为 50，与本组权重 60 不符", "weight = 60"),
    ("weight = 40", "weight = -40", "的权重是 -40", "weight = -40"),
    ("weight = 40", 'weight = "40"', "“B”的“weight”是 '40'", 'weight = "40"'),
    ("weight = 40", "weight = nan", "“B”的“weight”是 nan", "weight = nan"),
    ("weight = 40", "wieght = 40", "有不认识的键“wieght”", "wieght"),
    ('title = "乙项"\n', "", "“B”缺少“title”", ""),
    ("from = 80", "from = 85", "等级之间有空档：80 至 85 分没有等级", "to = 80"),
    ("from = 80", "from = 70", "等级重叠：70 至 80 分既是“high”又是“low”", "to = 80"),
    ("from = 80", "from = 80\nto = 100", "最高等级“high”不应有 to", "to = 100"),
    ("to = 80", "from = 0\nto = 80", "最低等级“low”不应有 from 或条件", "from = 0"),
    ("from = 80", "from = 180", "最高只能得 100 分", "from = 180"),
    ('rule = "x * 10"', 'rule = "z * 10"', "“B”的 rule 用了没有的名称“z”", "rule ="),
    ('rule = "x * 10"', 'rule = "mark(A)"', "不能用 mark()", "rule ="),
    ('rule = "x * 10"', 'rule = "x > 10"', "“B”的 rule：表达式“x > 10”的结果是条件", "rule ="),
    ('rule = "x * 10"', "base = 1", "按 rule 评分，缺少 rule", 'scoring = "rule"'),
    ("lead = 10", "lead = 10\nsteps = []\nbetter = 'higher'", "用不到 better", "better"),
    ("lead = 10", "lead = -10", "的基准 0 不小于引领 -10", "lead = -10"),
    ('scoring = "linear"', 'scoring = "magic"', "不认识的评分方式“magic”", "magic"),
    ('group = "g"', 'group = "h"', "属于没有的组“h”", 'group = "h"'),
    ('code = "B"', 'code = "A"', "编号“A”写了两次", ""),
    ('code = "B"', 'code = "B-1"', "编号“B-1”不能用作名称", "B-1"),
    ('code = "B"', 'code = "score"', "编号“score”不能用作名称", "score"),
    ('title = "数"\n', 'title = "数"\nvalue = "y * 2"\n', "数值互相引用成环：x → y → x", "y * 2"),
    ("weight = 60\n\n", 'weight = 60\nparent = "g"\n\n', "分组互为上级：g → g", "parent"),
    ('grade = "low"', 'grade = "lowest"', "的 grade 是“lowest”", "lowest"),
    ('effect = "cap_grade"', 'effect = "shout"', "不认识的效果“shout”", "shout"),
    ('effect = "cap_grade"\ngrade = "low"', 'effect = "cap_score"', "的 score 不对", "[[vetoes]]"),
    ('when = "x > 5"', 'when = "import os"', "读不懂表达式", "import os"),
    ('missing = "exclude"', 'missing = "zero"', "不认识的缺数处理“zero”", "zero"),
    ("valid_from = 2026-01-01", "valid_from = 2026-01-01\nvalid_until = 2025-01-01", "valid_until 早于 valid_from", "valid_until"),
    ("valid_from = 2026-01-01", "valid_from = 'soon'", "“valid_from”是 'soon'", "valid_from"),
    ("[[levels]]\ncode", "[[levels]\ncode", "不是合法的 TOML", ""),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "words", "piece"), CASES, ids=[case[2] for case in CASES])
def test_every_fault_is_told_with_its_line(tmp_path: Path, before: str, after: str, words: str, piece: str) -> None:
    assert before in GOOD
    text = GOOD.replace(before, after, 1)
    error = fault(tmp_path, text)
    found = next((problem for problem in error.problems if words in problem.what), None)
    assert found is not None, [problem.what for problem in error.problems]
    assert found.where.file == "r.toml"
    if piece:
        assert found.where.row == line_of(text, piece)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    error = fault(tmp_path, GOOD.replace("from = 80", "from = 85").replace("weight = 40", "weight = 30"))
    assert [problem.what[:6] for problem in error.problems] == ["权重之和为 ", "等级之间有空"]
    assert "另有 1 处问题" in str(error)


def test_a_rubric_without_items_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("[[groups]]")]
    assert "没有评分项" in str(fault(tmp_path, head + "items = []\n"))
    assert "缺少“items”" in str(fault(tmp_path, head))
    assert "应为若干个表" in str(fault(tmp_path, head + "items = 3\n"))
    with pytest.raises(RubricError, match="没有这个文件"):
        read_rubric(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RubricError, match="UTF-8"):
        read_rubric(tmp_path / "bad.toml")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"steps": [{"at": 3, "mark": 0}, {"at": 1, "mark": 60}]}, "不是从小到大"),
        ({"steps": [{"at": 3, "mark": 120}]}, "得分率超出范围"),
        ({"steps": [{"at": 3}]}, "缺少“mark”"),
        ({"steps": []}, "缺少 steps"),
        ({"scoring": "band", "steps": [], "below": None, "band": [1, 2], "limits": [1.5, 3]}, "band 或 limits 不对"),
        ({"scoring": "rank", "steps": [], "below": None, "better": "more"}, "better 是“more”"),
    ],
)
def test_scales_that_make_no_sense_are_refused(plain: dict[str, Any], step: dict[str, Any], words: str) -> None:
    item = {key: value for key, value in (plain["items"][2] | step).items() if value is not None}
    plain["items"][2] = item
    with pytest.raises(RubricError) as caught:
        Rubric.from_dict(plain)
    assert any(words in problem.what for problem in caught.value.problems)


def test_json_and_back_is_the_same_rubric_with_the_same_digest(plain: dict[str, Any]) -> None:
    import json

    one = Rubric.from_dict(plain)
    again = Rubric.from_dict(json.loads(json.dumps(one.as_dict())))
    assert again == one
    assert again.digest == one.digest
    plain["items"][0]["lead"] = 20.5
    assert Rubric.from_dict(plain).digest != one.digest


def test_the_digest_is_the_sha_256_of_canonical_json(plain: dict[str, Any]) -> None:
    import hashlib
    import json

    one = Rubric.from_dict(plain)
    text = json.dumps(one.as_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert one.digest == hashlib.sha256(text.encode()).hexdigest()
    assert '"weight":50' in text  # a whole number has no point, whoever writes it


def test_a_rubric_from_a_form_names_the_field(plain: dict[str, Any]) -> None:
    plain["items"][1]["weight"] = -1
    with pytest.raises(RubricError) as caught:
        Rubric.from_dict(plain)
    assert caught.value.where.column == "items[1].weight"


PLAIN: dict[str, Any] = {
    "id": "t", "title": "t", "version": "1", "valid_from": "2026-01-01", "standing": "t", "missing": "worst", "bonus_cap": 3,
    "groups": [{"code": "g", "title": "g", "weight": 60}],
    "items": [
        {"code": "A", "title": "a", "weight": 60, "group": "g", "scoring": "linear", "base": 0, "lead": "x + 1"},
        {"code": "B", "title": "b", "weight": 40, "scoring": "step", "below": 0, "steps": [{"at": 1, "mark": 100}]},
    ],
    "inputs": [{"code": "x", "title": "x", "value": "y * 2"}, {"code": "y", "title": "y", "when_absent": 0}],
    "bonuses": [{"code": "P", "title": "p", "points": "x", "cap": 2}],
    "vetoes": [{"code": "V", "title": "v", "when": "x > 1", "effect": "cap_grade", "grade": "low"}],
    "insufficient": {"code": "p", "title": "p", "below_coverage": 0.5},
    "levels": [{"code": "high", "title": "h", "from": 50, "when": "mark(A) > 1"}, {"code": "low", "title": "l", "to": 50}],
}  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["A", "A + B", "mark(A)", "1900-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "title", "at", "mark", "from"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_rubric_it_is_read_or_refused(data: st.DataObject) -> None:
    table: dict[str, Any] = deepcopy(PLAIN)
    for _ in range(data.draw(st.integers(1, 3))):
        target: Any = table
        while True:
            if not target:
                break
            keys = list(target) if isinstance(target, dict) else list(range(len(target)))
            key = data.draw(st.sampled_from(keys))
            if isinstance(target[key], dict | list) and data.draw(st.booleans()):
                target = target[key]
                continue
            target[key] = data.draw(_JSON)
            break
    try:
        found = Rubric.from_dict(table)
    except RubricError:
        return
    assert Rubric.from_dict(found.as_dict()).digest == found.digest
    render(found)


def test_the_version_in_force_is_the_latest_that_has_begun(plain: dict[str, Any]) -> None:
    old = Rubric.from_dict({**plain, "version": "1", "valid_from": "2024-01-01", "valid_until": "2025-12-31"})
    new = Rubric.from_dict({**plain, "version": "2", "valid_from": "2026-01-01"})
    assert in_force([new, old], on=date(2025, 6, 1)) is old
    assert in_force([old, new], on=date(2026, 6, 1)) is new
    with pytest.raises(RubricError, match="没有有效的评分规则"):
        in_force([old, new], on=date(2023, 1, 1))
    twin = Rubric.from_dict({**plain, "version": "3", "valid_from": "2026-01-01"})
    with pytest.raises(RubricError, match="同一天"):
        in_force([new, twin], on=date(2026, 6, 1))


LIGHTS = """
id = "l"
title = "灯"
version = "1"
valid_from = 2026-01-01
standing = "试验"
[[inputs]]
code = "gap"
title = "差距"
[[lights]]
light = "red"
title = "红"
when = "gap > 5"
[[lights]]
light = "green"
title = "绿"
"""


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('light = "red"', 'light = "pink"', "不认识的灯“pink”"),
        ('when = "gap > 5"', "", "只有最后一盏灯可以没有 when"),
        ('when = "gap > 5"', 'when = "gab > 5"', "用了没有的名称“gab”"),
        ('title = "绿"', 'title = "绿"\nwhen = "gap < 1"', "最后一盏灯不应有 when"),
        (
            'title = "绿"',
            'title = "绿"\n[[escalations]]\nlight = "blue"\nperiods = 2\ntitle = "约谈"',
            "没有的灯“blue”",
        ),
    ],
)
def test_light_rules_are_checked_as_well(tmp_path: Path, before: str, after: str, words: str) -> None:
    path = tmp_path / "l.toml"
    path.write_text(LIGHTS, encoding="utf-8")
    assert read_light_rules(path).in_words() == ["红灯：“差距” > 5", "绿灯：其余情形"]
    path.write_text(LIGHTS.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(RubricError, match=words):
        read_light_rules(path)
