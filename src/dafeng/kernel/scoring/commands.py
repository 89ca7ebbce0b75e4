"""`dafeng score …`: check a rubric, read it, score a CSV by it, recompute a published result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dafeng.kernel.shell import Json, console, print_json, told

score_app = typer.Typer(no_args_is_help=True, help="评分：检查评分规则、按规则评分、复核已公布的结果。")
Rubric = Annotated[Path, typer.Argument(help="评分规则文件（TOML）。", exists=False)]


@score_app.command("check")
def check(rubric: Rubric, as_json: Json = "") -> None:
    """检查评分规则：权重、分数线、表达式、否决；逐条打印 文件、行、应为、怎样改。"""
    from dafeng.kernel.errors import RubricError
    from dafeng.kernel.scoring import read_rubric

    try:
        found = read_rubric(rubric)
    except RubricError as error:
        if as_json:
            print_json({"ok": False, "problems": [problem.as_dict() for problem in error.problems]})
        else:
            for problem in error.problems:
                print(problem)
            console().print(f"[red]发现 {len(error.problems)} 个问题[/red]")
        raise typer.Exit(1) from error
    counts = {
        name: len(getattr(found, name)) for name in ("items", "inputs", "bonuses", "deductions", "vetoes", "levels")
    }
    if as_json:
        print_json({"ok": True, "rubric": found.reference, "digest": found.digest, "counts": counts})
        return
    print(f"{found.title} {found.reference}：{counts['items']} 项，总分 {found.total:g}，没有问题")
    print(f"  摘要 {found.digest}")


@score_app.command("show")
def show(
    rubric: Rubric,
    language: Annotated[str, typer.Option(help="zh 或 en。")] = "zh",
    as_json: Json = "",
) -> None:
    """把评分规则写成可读的文字：每项权重、得分办法、否决和等级。"""
    from dafeng.kernel.scoring import read_rubric, render

    with told():
        found = read_rubric(rubric)
        if as_json:
            print_json({**found.as_dict(), "digest": found.digest})
        else:
            print(render(found, language=language), end="")


@score_app.command("run")
def run(
    rubric: Rubric,
    values: Annotated[Path, typer.Argument(help="数值表（CSV）：对象、指标、数值；或每个对象一行。", exists=False)],
    explain: Annotated[str, typer.Option(help="逐项说明这个对象的得分，并列出怎样提高最多。", metavar="对象")] = "",
    as_json: Json = "",
) -> None:
    """按规则给数值表中的每个对象评分：得分、等级、排名、覆盖率、否决。"""
    from dafeng.kernel.accounting.status import Status
    from dafeng.kernel.scoring import advice, publish, read_rubric, score
    from dafeng.kernel.scoring.value_file import read_values

    with told():
        found = read_rubric(rubric)
        frame, subjects = read_values(values, found)
        unused = set(frame["indicator"]) - {each.binding for each in found.entries}
        if unused:
            console().print(f"规则用不到的指标：{'、'.join(sorted(unused))}")
        scores = score(found, frame, subjects=subjects)
        lines = scores.explain([explain] if explain else None) if explain or as_json else None
        todo = advice(scores, [explain] if explain else None) if explain or as_json else None
    if as_json and lines is not None and todo is not None:
        print_json({**publish(scores), "lines": lines.to_dicts(), "advice": todo.to_dicts()})
        return
    if lines is not None and todo is not None:
        for row in lines.iter_rows(named=True):
            print(f"{row['code'] or '':<18} {row['title'] or '未评等级'}：{row['reason']}")
        print("怎样提高最多：")
        for row in todo.head(10).iter_rows(named=True):
            print(f"  {row['reason']}")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "排名", "对象", "得分", "等级", "覆盖率", "可信度", "状态", "否决", title=f"{found.title} {found.reference}"
    )
    for row in scores.frame.sort("rank", nulls_last=True).iter_rows(named=True):
        table.add_row(
            "—" if row["rank"] is None else str(row["rank"]), row["name"], "NE" if row["score"] is None else f"{row['score']:g}",
            row["grade_title"] or "—", f"{row['coverage']:.0%}", f"{row['confidence']:.0%}", Status(row["status"]).label,
            "、".join(row["vetoes"]),
        )  # fmt: skip
    Console().print(table)


@score_app.command("verify")
def verify_(
    published: Annotated[
        Path, typer.Argument(help="公布的评分结果（JSON，由 score run --json - 得出）。", exists=False)
    ],
    as_json: Json = "",
) -> None:
    """用公布的规则和数值重新计算，与公布的得分逐一核对。"""
    from dafeng.kernel.errors import Place, ScoringError
    from dafeng.kernel.scoring import verify

    with told():
        try:
            data = json.loads(published.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ScoringError(f"读不了评分结果：{error}", expected="JSON", where=Place(file=published.name)) from error
        if not isinstance(data, dict):
            raise ScoringError("不是评分结果", expected="JSON 对象", where=Place(file=published.name))
        differences = verify(data)
    if as_json:
        print_json({"ok": not differences, "differences": differences})
    for difference in differences if not as_json else ():
        print(difference)
    if differences:
        raise typer.Exit(1)
    if not as_json:
        print("重算结果与公布一致")
