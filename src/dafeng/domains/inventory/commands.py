"""The inventory's part of the command: methods as a calculator, and factors to look at, sign and set."""

from __future__ import annotations

import inspect
import sys
from typing import Annotated, Any

import typer

from dafeng.kernel.shell import Json, now, print_json, start_django, told

method_app = typer.Typer(no_args_is_help=True, help="官方核算方法：列出、查看公式、代入数值计算。")
factor_app = typer.Typer(no_args_is_help=True, help="因子：查看、签认、录入本市因子。")


@method_app.command("list")
def method_list(
    category: Annotated[str, typer.Option(help="只列出该类别代码开头的方法，如 3A。")] = "",
    as_json: Json = "",
) -> None:
    """列出全部方法：编号、类别、气体、名称、来源。"""
    from dafeng.domains.inventory import library
    from dafeng.kernel.accounting import all_methods

    library.methods()  # registers this domain's; the command line has registered the other domains'
    found = [m for m in all_methods().values() if m.category.startswith(category)]
    series = [s for s in library.series().values() if s.category.startswith(category)]
    rows = [
        {"id": m.id, "category": m.category, "gas": m.gas, "title": m.title, "unit": m.unit, "source": m.source}
        for m in [*found, *series]
    ]
    if as_json:
        print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table

    # A pipe has no width of its own: keep every row on one line there.
    console = Console(width=None if sys.stdout.isatty() else 400)
    table = Table(title=f"方法 {len(rows)} 个", header_style="bold", box=None, pad_edge=False)
    for heading in ("编号", "类别", "气体"):
        table.add_column(heading, no_wrap=True)
    for heading in ("名称", "结果单位", "来源"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("id", "category", "gas", "title", "unit", "source")))
    console.print(table)


@method_app.command("show")
def method_show(id: Annotated[str, typer.Argument(help="方法编号。")], as_json: Json = "") -> None:
    """显示一个方法的公式、输入与单位、常数和来源。"""
    from dafeng.domains.inventory import library
    from dafeng.kernel.accounting import find_method

    library.methods()
    with told():
        if id in library.series():
            series = library.series()[id]
            data = {
                "id": series.id, "title": series.title, "category": series.category, "gas": series.gas,
                "formula": series.title, "unit": series.unit, "source": series.source,
                "inputs": {series.activity: series.activity_unit, **series.parameters}, "activity": [series.activity],
                "constants": {}, "description": inspect.getdoc(series.function) or "",
            }  # fmt: skip
        else:
            method = find_method(id)
            data = {
                "id": method.id, "title": method.title, "category": method.category, "gas": method.gas,
                "formula": method.formula, "unit": method.unit, "source": method.source, "inputs": dict(method.inputs),
                "activity": list(method.activity), "optional": dict(method.optional), "constants": method.constants,
                "description": method.description, "version": method.version,
            }  # fmt: skip
    if as_json:
        print_json(data)
        return
    print(f"{data['id']}  {data['title']}")
    print(f"  {data['description']}")
    print(f"  公式    {data['formula']}  →  {data['unit']}")
    for name, unit in data["inputs"].items():
        print(f"  输入    {name:<28}{unit:<20}{'活动水平' if name in data['activity'] else '参数'}")
    for name, value in data["constants"].items():
        print(f"  常数    {name} = {value:.10g}")
    print(f"  来源    {data['source']}")


@method_app.command("run")
def method_run(
    id: Annotated[str, typer.Argument(help="方法编号。")],
    input: Annotated[
        list[str] | None, typer.Option(help="名称=数值，可带单位，如 fuel=100 万吨；逐年数列用逗号分隔。")
    ] = None,
    as_json: Json = "",
) -> None:
    """代入数值计算一次，打印结果、单位和计算过程。"""
    from dafeng.domains.inventory import library
    from dafeng.kernel.accounting import find_method
    from dafeng.kernel.errors import MethodError

    library.methods()
    with told():
        values: dict[str, list[float]] = {}
        given: dict[str, str] = {}
        for text in input or []:
            name, equals, rest = text.partition("=")
            numbers, _, unit = rest.strip().partition(" ")
            try:
                values[name.strip()] = [float(number) for number in numbers.split(",")]
            except ValueError as error:
                raise MethodError(
                    f"读不懂输入“{text}”", expected="名称=数值，例如 --input fuel=100 或 --input 'fuel=100 万吨'"
                ) from error
            if not equals or not name.strip():
                raise MethodError(f"读不懂输入“{text}”", expected="名称=数值")
            if unit.strip():
                given[name.strip()] = unit.strip()
        if id in library.series():
            result = _run_series(library.series()[id], values, given)
        else:
            several = [name for name, numbers in values.items() if len(numbers) > 1]
            if several:
                raise MethodError(f"方法 {id} 的输入 {'、'.join(several)} 应是一个数", expected="单个数值")
            result = find_method(id).run({name: numbers[0] for name, numbers in values.items()}, given)
    if as_json:
        print_json(result)
        return
    shown = result["result"]
    text = ", ".join(f"{value:.10g}" for value in shown) if isinstance(shown, list) else f"{shown:.10g}"
    print(f"{result['title']} = {text} {result['unit']}")
    print(f"  公式    {result['formula']}")
    for entry in result["inputs"]:
        value = entry["value"]
        number = ", ".join(f"{v:.10g}" for v in value) if isinstance(value, list) else f"{value:.10g}"
        print(f"  {entry['input']:<28}{number} {entry['unit']}")
    print(f"  来源    {result['source']}")


def _run_series(series: Any, values: dict[str, list[float]], given: dict[str, str]) -> dict[str, Any]:
    """Run a series method on a list of years: `deposited=100,120,90` and single parameters."""
    import numpy as np

    from dafeng.kernel.errors import MethodError
    from dafeng.kernel.quantities import units

    known = {
        series.activity: series.activity_unit,
        **dict.fromkeys(series.optional, series.activity_unit),
        **series.parameters,
    }
    wrong = [name for name in values if name not in known]
    lacking = [name for name in (series.activity, *series.parameters) if name not in values]
    if wrong or lacking:
        what = f"多出不认识的输入 {'、'.join(wrong)}" if wrong else f"缺少输入 {'、'.join(lacking)}"
        raise MethodError(f"方法 {series.id} {what}", expected="、".join(f"{n}（{u}）" for n, u in known.items()))
    arrays = {}
    for name, numbers in values.items():
        scale = units.conversion(given.get(name, known[name]), known[name])
        array = np.array(numbers) * scale
        arrays[name] = array if name not in series.parameters or array.size > 1 else float(array[0])
    amounts = np.atleast_1d(arrays.pop(series.activity))
    years = np.arange(amounts.size)
    result = np.asarray(series.function(years, amounts, **arrays), dtype=float)
    return {
        "method": series.reference, "title": series.title, "result": result.tolist(), "unit": series.unit,
        "formula": series.formula, "source": series.source, "constants": {},
        "inputs": [
            {"input": name, "given": numbers, "given_unit": given.get(name, known[name]), "value": numbers, "unit": known[name]}
            for name, numbers in values.items()
        ],
    }  # fmt: skip


@factor_app.command("list")
def factor_list(
    parameter: Annotated[str, typer.Option(help="只列出该参数，如 carbon_content。")] = "",
    standing: Annotated[str, typer.Option(help="只列出该状况，如 memory、conflict、gap。")] = "",
    set: Annotated[str, typer.Option(help="只列出该因子集，如 gl2011。")] = "",
    as_json: Json = "",
) -> None:
    """列出因子：数值、单位、地区、年份、状况、出处。"""
    import polars as pl

    from dafeng.domains.inventory import library

    found = library.factors()
    for column, wanted in (("parameter", parameter), ("standing", standing), ("set", set)):
        if wanted:
            found = found.filter(pl.col(column) == wanted)
    if as_json:
        print_json(found.to_dicts())
        return
    from rich.console import Console
    from rich.table import Table

    names = (
        "factor_id",
        "set",
        "parameter",
        "item",
        "technology",
        "place",
        "year",
        "value",
        "unit",
        "standing",
        "source",
    )
    table = Table(title=f"因子 {found.height} 个", header_style="bold", box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=name == "factor_id", overflow="fold")
    for row in found.select(names).iter_rows():
        table.add_row(*("" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else 400).print(table)


@factor_app.command("sign")
def factor_sign(
    factor_id: Annotated[str, typer.Argument(help="因子编号。")],
    reviewer: Annotated[str, typer.Option(help="审核人的用户名（生态环境局角色）。")],
    reason: Annotated[str, typer.Option(help="核对了什么、依据何处。")],
) -> None:
    """由审核人签认一个凭记忆或有矛盾的因子，使结果可以发布。"""
    start_django()
    from django.contrib.auth import get_user_model

    from dafeng.domains.inventory import services
    from dafeng.kernel.errors import FactorError

    with told():
        person = get_user_model().objects.filter(username=reviewer).first()
        if person is None:
            raise FactorError(f"没有用户“{reviewer}”")
        services.sign_factor(factor_id, by=person, reason=reason, now=now())
    print(f"{factor_id} 已由 {reviewer} 签认；重新编制后生效")


@factor_app.command("set")
def factor_set(
    factor_id: Annotated[str, typer.Argument(help="本市因子的编号，自定。")],
    parameter: Annotated[str, typer.Option(help="参数名，如 growth_rate。")],
    value: Annotated[float, typer.Option(help="数值。")],
    unit: Annotated[str, typer.Option(help="单位。")],
    source: Annotated[str, typer.Option(help="出处：文件、监测报告。")],
    city: Annotated[str, typer.Option(help="城市代码或数据包名称。")] = "xinyang",
    item: Annotated[str, typer.Option(help="适用的品种，空为全部。")] = "",
    category: Annotated[str, typer.Option(help="适用的类别，空为全部。")] = "",
    technology: Annotated[str, typer.Option(help="适用的技术，空为全部。")] = "",
    year: Annotated[int | None, typer.Option(help="数据年份。")] = None,
) -> None:
    """录入本市自己的因子；再次录入为新版本，旧版本保留。"""
    start_django()
    from dafeng.domains.inventory import services

    with told():
        factor = services.set_city_factor(
            find_city(city), factor_id, parameter=parameter, value=value, unit=unit, source=source, item=item,
            category=category, technology=technology, year=year, by=None, now=now(),
        )  # fmt: skip
    print(f"{factor.factor_id} 第 {factor.version} 版已录入；重新编制后生效")


def find_city(code_or_pack: str) -> Any:
    from dafeng.domains.inventory.models import City
    from dafeng.kernel.errors import PackError

    city = City.objects.filter(pk=code_or_pack).first() or City.objects.filter(pack=code_or_pack).first()
    if city is None:
        raise PackError(f"还没有城市“{code_or_pack}”", mend="请先运行 dafeng load xinyang")
    return city
