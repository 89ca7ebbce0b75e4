"""`dafeng plan parse` and `dafeng plan score`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from dafeng.cli import app

TEXT = "一、目标\n到2025年，森林覆盖率达到38%。\n二、任务\n（一）光伏。建成光伏电站5座。（责任单位：市发展改革委）"
run = CliRunner().invoke


def write(folder: Path) -> Path:
    path = folder / "方案.txt"
    path.write_text(TEXT, "utf-8")
    return path


def test_parse_prints_the_json_of_the_issue(tmp_path: Path) -> None:
    result = run(app, ["plan", "parse", str(write(tmp_path)), "--json", "-"])
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert {"sections", "tasks", "targets", "projects", "enterprises", "platforms", "defects"} <= set(data)
    assert {"path", "title", "units", "span"} <= set(data["tasks"][0])
    keys = {"id", "indicator", "kind", "direction", "operator", "value", "unit", "year", "period", "baseline_year", "baseline_inferred", "strength", "task_path", "quote", "start", "end"}  # fmt: skip
    assert keys <= set(data["targets"][0])
    assert data["targets"][0]["quote"] == TEXT[data["targets"][0]["start"] : data["targets"][0]["end"]]


def test_parse_writes_its_json_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    result = run(app, ["plan", "parse", str(write(tmp_path)), "--json", str(target)])
    assert result.exit_code == 0
    assert len(json.loads(target.read_text("utf-8"))["targets"]) == 2


def test_parse_tells_the_counts_in_words(tmp_path: Path) -> None:
    result = run(app, ["plan", "parse", str(write(tmp_path))])
    assert "目标 2 个" in result.stdout
    assert "森林覆盖率" in result.stdout


def test_score_prints_the_shares(tmp_path: Path) -> None:
    rows = [{"indicator": "森林覆盖率", "value": 38, "unit": "%", "year": 2025, "quote": "森林覆盖率达到38%"}]
    annotation = tmp_path / "a.json"
    annotation.write_text(json.dumps({"targets": rows}), "utf-8")
    result = run(app, ["plan", "score", str(write(tmp_path)), str(annotation)])
    assert "目标召回率：100.0%" in result.stdout
    assert "目标准确率：50.0%" in result.stdout


def test_a_file_that_cannot_be_read_ends_with_one_sentence(tmp_path: Path) -> None:
    result = run(app, ["plan", "parse", str(tmp_path / "none.docx")])
    assert result.exit_code == 1
    assert "找不到文件" in result.output
