"""`dafeng score …` as a clerk or another program calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dafeng.cli import app

run = CliRunner().invoke
RUBRIC = """
id = "t"
title = "试验"
version = "1"
valid_from = 2026-01-01
standing = "试验"

[[items]]
code = "A"
title = "下降率"
weight = 60
unit = "%"
scoring = "linear"
base = 0
lead = 20

[[items]]
code = "B"
title = "次数"
weight = 40
indicator = "events.count"
scoring = "inverse"
base = 4
lead = 0
"""


@pytest.fixture
def rubric(tmp_path: Path) -> str:
    path = tmp_path / "r.toml"
    path.write_text(RUBRIC, encoding="utf-8")
    return str(path)


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> str:
    path = tmp_path / "v.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


def test_check_says_that_all_is_well_or_names_each_fault(rubric: str) -> None:
    found = run(app, ["score", "check", rubric])
    assert found.exit_code == 0
    assert "试验 t@1：2 项，总分 100，没有问题" in found.stdout
    Path(rubric).write_text(
        RUBRIC.replace("weight = 40", "weight = 30").replace("lead = 20", "lead = -1"), encoding="utf-8"
    )
    found = run(app, ["score", "check", rubric])
    assert found.exit_code == 1
    assert "文件“r.toml” 第 15 行：“A”的基准 0 不小于引领 -1" in found.stdout
    problems = json.loads(run(app, ["score", "check", rubric, "--json", "-"]).stdout)["problems"]
    assert [problem["row"] for problem in problems] == [15, None]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("subject,indicator,value\n息县,A,10\n息县,events.count,1\n罗山,A,20\n罗山,events.count,\n", "utf-8"),
        ("对象,A,events.count\n息县,10,1\n罗山,20,NE\n", "gb18030"),
        ("对象,下降率,次数\n息县,10,1\n\n罗山,20,\n", "utf-8-sig"),
    ],
)
def test_run_scores_long_and_wide_tables(tmp_path: Path, rubric: str, text: str, encoding: str) -> None:
    found = run(app, ["score", "run", rubric, table(tmp_path, text, encoding), "--json", "-"])
    assert found.exit_code == 0, found.output
    scores = {row["subject"]: row for row in json.loads(found.stdout)["scores"]}
    # 息县: 50 % of 60 + 75 % of 40 = 60; 罗山: 100 with 60 % of the data
    assert (scores["息县"]["score"], scores["罗山"]["score"]) == (60, 100)
    assert scores["罗山"]["coverage"] == pytest.approx(0.6)


def test_run_prints_a_table_or_the_reasons_of_one_subject(tmp_path: Path, rubric: str) -> None:
    values = table(tmp_path, "对象,A,B\n息县,10,1\n")
    assert "息县" in run(app, ["score", "run", rubric, values]).stdout
    told = run(app, ["score", "run", rubric, values, "--explain", "息县"]).stdout
    assert "数值 10 %，基准 0、引领 20：得分率 50%，60 分中得 30 分" in told
    assert "提高到引领水平“下降率”（10 → 20 %）：可提高 30 分" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("对象,A\n息县,ten\n", "第 2 行 “A”列：“ten”不是数"),
        ('对象,A\n息县,"1,2"\n', "第 2 行 “A”列：“1,2”不是数"),
        ("对象,X\n息县,1\n", "没有指标列"),
        ("A,B\n1,2\n", "没有 subject（对象）列"),
        ("对象,A\n息县\n", "有 1 格；应为2 格"),
        ("对象,A,A\n息县,1,2\n", "“A”列有两个"),
        ("对象,A\n,1\n", "对象是空的"),
        ("subject,indicator,value,status\n息县,A,1,好\n", "不认识的状态“好”"),
        ("subject,group,indicator,value\n息县,p,A,1\n息县,q,B,1\n", "前后不一"),
        ("subject,indicator,value\n息县,A,1\n息县,A,2\n", "给了 2 次"),
        ("", "没有 subject（对象）列"),
    ],
)
def test_a_table_that_cannot_be_read_is_told_with_its_row(tmp_path: Path, rubric: str, text: str, words: str) -> None:
    found = run(app, ["score", "run", rubric, table(tmp_path, text)])
    assert found.exit_code == 1
    assert words in found.stderr.replace("\n", "")


def test_verify_computes_a_published_result_again(tmp_path: Path, rubric: str) -> None:
    published = run(app, ["score", "run", rubric, table(tmp_path, "对象,A,B\n息县,10,1\n"), "--json", "-"]).stdout
    path = tmp_path / "p.json"
    path.write_text(published, encoding="utf-8")
    assert "一致" in run(app, ["score", "verify", str(path)]).stdout
    path.write_text(published.replace('"score": 60.0', '"score": 61.0'), encoding="utf-8")
    found = run(app, ["score", "verify", str(path)])
    assert (found.exit_code, found.stdout.strip()) == (1, "“息县”的 score 公布为 61.0，重算为 60.0")
    path.write_text("[]", encoding="utf-8")
    assert run(app, ["score", "verify", str(path)]).exit_code == 1


def test_show_is_for_reading(rubric: str) -> None:
    assert "| A | 下降率（%） | 60 |" in run(app, ["score", "show", rubric]).stdout
    assert "straight between" in run(app, ["score", "show", rubric, "--language", "en"]).stdout
