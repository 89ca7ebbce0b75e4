"""The plan's part of the command: read a plan document, score a reading against an annotation, bring a plan in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dafeng.kernel.shell import now, print_json, start_django, told

plan_app = typer.Typer(no_args_is_help=True, help="方案：读取方案文本，与人工标注比对。")
Output = Annotated[str, typer.Option("--json", help="打印 JSON；也可写 .json 文件名。", metavar="[FILE]")]


@plan_app.command("parse")
def parse(
    file: Annotated[Path, typer.Argument(help="方案文件：txt、docx、pdf 或 html。")], json_to: Output = ""
) -> None:
    """读出方案的章节、任务与责任单位、目标、项目、企业、平台和待问清单。"""
    from dafeng.domains.plan.reading import read_plan

    with told():
        reading = read_plan(file)
        if json_to and json_to != "-":
            _write(Path(json_to), reading.as_dict())
            print(f"已写入 {json_to}")
            return
    if json_to:
        print_json(reading.as_dict())
        return
    tasks = [task for task in reading.tasks if task.is_task]
    print(
        f"章节 {len(reading.sections)} 个，任务 {len(tasks)} 项，其中写明责任单位 {sum(bool(task.units) for task in tasks)} 项"
    )
    print(f"目标 {len(reading.targets)} 个：")
    for target in reading.targets:
        year = f"{target.year}年" if target.year else "未写年份"
        value = "~".join(f"{v:g}" for v in target.value) if isinstance(target.value, list) else f"{target.value:g}"
        print(f"  {target.id}  {year}  {target.indicator}  {target.operator} {value}{target.unit or ''}")
    print(f"项目 {len(reading.projects)} 个，企业 {len(reading.enterprises)} 家，平台 {len(reading.platforms)} 个")
    print(f"待问 {len(reading.defects)} 条：")
    for defect in reading.defects:
        print(f"  [{defect.code}] {defect.task_path}  {defect.question}")


def _write(path: Path, data: object) -> None:
    from dafeng.kernel.errors import Place, PlanError

    try:
        path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise PlanError(
            f"写不了文件（{error.strerror}）", mend="请换一个文件名或文件夹", where=Place(file=path.name)
        ) from error


@plan_app.command("score")
def score_(
    file: Annotated[Path, typer.Argument(help="方案文件。")],
    annotation: Annotated[Path, typer.Argument(help="人工标注（JSON）。")],
    json_to: Output = "",
) -> None:
    """把读取结果与人工标注比对：召回率、准确率、基准年、责任单位。"""
    from dafeng.domains.plan.reading import read_plan, score
    from dafeng.domains.plan.reading.scorer import load_annotation

    with told():
        result = score(read_plan(file), load_annotation(annotation))
        if json_to and json_to != "-":
            _write(Path(json_to), result.as_dict())
            print(f"已写入 {json_to}")
            return
    if json_to:
        print_json(result.as_dict())
        return
    names = {
        "recall": "目标召回率", "precision": "目标准确率", "strict_precision": "目标准确率（文字数字也计错）",
        "baseline": "基准年正确率", "owners": "责任单位齐全的任务", "owners_exact": "责任单位完全一致的任务", "sections": "章节",
    }  # fmt: skip
    for key, title in names.items():
        share = getattr(result, key)
        print(f"{title}：{'标注中没有' if share is None else f'{share:.1%}'}")
    kinds = {"projects": "项目", "enterprises": "企业", "platforms": "平台"}
    for kind, one in result.names.items():
        print(f"{kinds[kind]}名称：召回 {one.recall:.1%}，准确 {one.precision:.1%}")
    lists = {
        "missed": "漏掉",
        "wrong": "多出",
        "in_words": "文字数字（标注中没有）",
        "baseline_wrong": "基准年不符",
        "owners_wrong": "责任单位不符",
    }
    for key, title in lists.items():
        for line in getattr(result, key):
            print(f"  {title}  {line}")


@plan_app.command("load")
def load(
    source: Annotated[str, typer.Argument(help="数据包名称或文件夹，或方案文件。", metavar="PACK|FILE")] = "xinyang",
    city: Annotated[str, typer.Option(help="城市代码；方案文件才用，缺省为第一个城市。")] = "",
    plan: Annotated[str, typer.Option(help="作为哪个方案（代码）的新版；缺省为新的方案。")] = "",
    title: Annotated[str, typer.Option(help="新方案的名称；缺省取自正文。")] = "",
) -> None:
    """载入数据包中的方案（直接采纳），或读取一份方案文件（等人校核后采纳）。"""
    start_django()
    from dafeng.domains.plan.services import loading

    with told():
        print(loading.load(source, city=city, plan=plan, title=title, now=now()))
