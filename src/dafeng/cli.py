"""`dafeng …`: the same services from the shell.

Every command says in Chinese what went wrong and how to mend it, and exits with 1; a wrong call exits with 2. `--json -`
prints machine-readable output on standard output and nothing else.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="达峰 dafeng：一个城市的碳账户。", pretty_exceptions_enable=False
)
method_app = typer.Typer(no_args_is_help=True, help="官方核算方法：列出、查看公式、代入数值计算。")
factor_app = typer.Typer(no_args_is_help=True, help="因子：查看、签认、录入本市因子。")
app.add_typer(method_app, name="method")
app.add_typer(factor_app, name="factor")

Json = Annotated[str, typer.Option("--json", help="“-”表示把结果以 JSON 打印到标准输出。", metavar="-")]


def _console() -> Any:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@contextmanager
def _told() -> Iterator[None]:
    """Errors that a user can cause become one clear message; anything else stays loud."""
    from dafeng.kernel.errors import DafengError

    try:
        yield
    except DafengError as error:
        from rich.markup import escape

        _console().print(f"[red]错误[/red] {escape(str(error))}")
        raise typer.Exit(1) from error
    except Exception as error:
        # Django is imported only by commands that need it, so its classes are known here by name.
        if type(error).__module__ != "django.db.utils":
            raise
        _console().print(f"[red]错误[/red] 数据库还没有准备好或连不上（{error}）。请先运行 dafeng up --no-serve")
        raise typer.Exit(1) from error


def _print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def _now() -> datetime:
    return datetime.now(UTC)


def _django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
    import django

    django.setup()


# ---------------------------------------------------------------- method


@method_app.command("list")
def method_list(
    category: Annotated[str, typer.Option(help="只列出该类别代码开头的方法，如 3A。")] = "",
    as_json: Json = "",
) -> None:
    """列出全部方法：编号、类别、气体、名称、来源。"""
    from dafeng.domains.inventory import library

    found = [m for m in library.methods().values() if m.category.startswith(category)]
    series = [s for s in library.series().values() if s.category.startswith(category)]
    rows = [
        {"id": m.id, "category": m.category, "gas": m.gas, "title": m.title, "unit": m.unit, "source": m.source}
        for m in [*found, *series]
    ]
    if as_json:
        _print_json(rows)
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
    with _told():
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
        _print_json(data)
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
    with _told():
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
        _print_json(result)
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


# ---------------------------------------------------------------- factor


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
        _print_json(found.to_dicts())
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
    table = Table(*names, title=f"因子 {found.height} 个", header_style="bold")
    for row in found.select(names).iter_rows():
        table.add_row(*("" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row))
    Console().print(table)


@factor_app.command("sign")
def factor_sign(
    factor_id: Annotated[str, typer.Argument(help="因子编号。")],
    reviewer: Annotated[str, typer.Option(help="审核人的用户名（生态环境局角色）。")],
    reason: Annotated[str, typer.Option(help="核对了什么、依据何处。")],
) -> None:
    """由审核人签认一个凭记忆或有矛盾的因子，使结果可以发布。"""
    _django()
    from django.contrib.auth import get_user_model

    from dafeng.domains.inventory import services
    from dafeng.kernel.errors import FactorError

    with _told():
        person = get_user_model().objects.filter(username=reviewer).first()
        if person is None:
            raise FactorError(f"没有用户“{reviewer}”")
        services.sign_factor(factor_id, by=person, reason=reason, now=_now())
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
    _django()
    from dafeng.domains.inventory import services

    with _told():
        factor = services.set_city_factor(
            _city(city), factor_id, parameter=parameter, value=value, unit=unit, source=source, item=item,
            category=category, technology=technology, year=year, by=None, now=_now(),
        )  # fmt: skip
    print(f"{factor.factor_id} 第 {factor.version} 版已录入；重新编制后生效")


# ---------------------------------------------------------------- city packs


@app.command("init")
def init(
    name: Annotated[str, typer.Argument(help="城市数据包名称（拼音），如 handan。")],
    code: Annotated[str, typer.Option(help="GB/T 2260 六位城市代码，如 130400。")],
    target: Annotated[Path, typer.Option(help="在哪个文件夹下建立。")] = Path("."),
) -> None:
    """为另一个城市建立一个空的数据包。"""
    from dafeng.cities import init_pack

    with _told():
        made = init_pack(name, code, target)
    print(f"已建立 {made}；填好后运行 dafeng check {made}")


@app.command("check")
def check(pack: Annotated[str, typer.Argument(help="数据包文件夹，或内置数据包名称。")]) -> None:
    """检查城市数据包，逐条打印 文件:行 的问题。"""
    from dafeng.cities import check_pack

    with _told():
        problems = check_pack(pack)
    for problem in problems:
        print(problem)
    if problems:
        _console().print(f"[red]发现 {len(problems)} 个问题[/red]")
        raise typer.Exit(1)
    print("数据包没有问题")


# ---------------------------------------------------------------- the city's account


def _city(code_or_pack: str) -> Any:
    from dafeng.domains.inventory.models import City
    from dafeng.kernel.errors import PackError

    city = City.objects.filter(pk=code_or_pack).first() or City.objects.filter(pack=code_or_pack).first()
    if city is None:
        raise PackError(f"还没有城市“{code_or_pack}”", mend="请先运行 dafeng load xinyang")
    return city


@app.command("load")
def load(pack: Annotated[str, typer.Argument(help="内置数据包名称或文件夹。")] = "xinyang") -> None:
    """把城市数据包载入数据库；没有变化时什么也不做。"""
    _django()
    from dafeng.portal.start import load_pack

    with _told():
        city, changed = load_pack(pack, now=_now())
    print(f"{city.name}：{'已载入' if changed else '没有变化'}")


@app.command("compile")
def compile_(
    city: Annotated[str, typer.Argument(help="城市代码或数据包名称。")] = "xinyang",
    edition: Annotated[str, typer.Option(help="编制依据：gl2011、gl2025、ceads。")] = "",
    gwp: Annotated[str, typer.Option(help="GWP 版本：AR2、AR4、AR5、AR6、AR6-split。")] = "",
    tier: Annotated[list[str] | None, typer.Option(help="类别=层级，如 3A1=2、5A=fod。")] = None,
    as_json: Json = "",
) -> None:
    """编制城市温室气体清单，并保存为新的版本。"""
    _django()
    from dafeng.kernel.errors import MethodError
    from dafeng.portal.start import compile_with_progress

    with _told():
        pairs = [text.partition("=") for text in tier or []]
        if any(not sign or not level for _, sign, level in pairs):
            raise MethodError("读不懂 --tier", expected="类别=层级，如 --tier 3A1=2")
        run = compile_with_progress(
            _city(city), edition=edition or None, gwp=gwp or None, tiers={c: t for c, _, t in pairs} or None, now=_now()
        )
    if as_json:
        _print_json({"run": str(run.id), "number": run.number, "city": run.city_id, "gwp": run.gwp, **run.summary})
        return
    _print_years(run)


def _print_years(run: Any) -> None:
    from rich.console import Console
    from rich.table import Table

    from dafeng.kernel.accounting.status import Status

    table = Table(
        "年份", "总量（含土地利用）", "总量（不含）", "间接", "其中估算", "未估算类别", "状态",
        title=f"{run.city.name} 第 {run.number} 版 · {run.summary['edition']} · {run.gwp}（万吨 CO2e）",
    )  # fmt: skip
    for year, row in run.summary["years"].items():
        numbers = [row[name] for name in ("net", "gross", "indirect", "estimated")]
        cells = ["NE" if number is None else f"{number / 1e4:,.1f}" for number in numbers]
        table.add_row(year, *cells, f"{row['missing']}/{row['cells']}", Status(row["status"]).label)
    Console().print(table)


@app.command("assess")
def assess(
    city: Annotated[str, typer.Argument(help="城市代码或数据包名称。")] = "xinyang",
    year: Annotated[int | None, typer.Option(help="评估年份，默认最近一年。")] = None,
    base_year: Annotated[int | None, typer.Option(help="与哪一年比较趋势，默认最早一年。")] = None,
    draws: Annotated[int, typer.Option(help="蒙特卡罗抽样次数。", min=100, max=1_000_000)] = 10_000,
    seed: Annotated[int, typer.Option(help="随机种子；相同种子得到相同结果。")] = 2026,
    as_json: Json = "",
) -> None:
    """评估最新一版清单：不确定性（误差传递与蒙特卡罗）、关键类别、质量检查。"""
    _django()
    from dafeng.domains.inventory import documents, storage
    from dafeng.domains.inventory.methods import assessment

    with _told():
        run = documents.current_run(_city(city))
        years = sorted(int(y) for y, row in run.summary["years"].items() if row["net"] is not None)
        this = year or years[-1]
        found = assessment.assess(
            storage.restore(run), year=this, base_year=base_year or years[0], draws=draws, seed=seed
        )
        checks = storage.read(run, "checks")
    failed = checks.filter(~storage.passed())
    if as_json:
        tables = {"key_categories": found.key_categories, "contributions": found.propagated.contributions.head(20)}
        _print_json(
            {
                "year": this,
                "approach_1": found.propagated.total.to_dicts(),
                "approach_2": found.simulated.total.to_dicts(),
                "checks": failed.to_dicts(),
                **{name: table.to_dicts() for name, table in tables.items()},
            }
        )
        return
    for title, result in (("方法一（误差传递）", found.propagated), ("方法二（蒙特卡罗）", found.simulated)):
        row = result.total.row(0, named=True)
        print(f"{this} 年总量 {row['emission'] / 1e4:,.1f} 万吨 CO2e，{title} ±{row['relative']:.1%}", end="")
        print(f"（{row['lower'] / 1e4:,.1f} 至 {row['upper'] / 1e4:,.1f}）", end="")
        if "trend" in row:
            print(
                f"；较 {base_year or years[0]} 年 {row['trend']:+.1%}（{row['trend_lower']:+.1%} 至 {row['trend_upper']:+.1%}）",
                end="",
            )
        print()
    print(f"没有给出不确定性的输入 {found.propagated.unstated.height} 个，按确定值计")
    # Analysed with and without land use; a category that is key in either is listed once.
    keys = found.key_categories.filter("key").unique(["category", "gas"], keep="first", maintain_order=True)
    print(f"关键类别 {keys.height} 个（水平或趋势累计 95%）：")
    for row in keys.iter_rows(named=True):
        print(f"  {row['category']:<6}{row['gas']:<10}{(row['current'] or 0) / 1e4:>12,.1f} 万吨  {row['criteria']}")
    print(f"质量检查：{checks.height - failed.height} 条通过，{failed.height} 条未通过或无法检查")
    for row in failed.head(30).iter_rows(named=True):
        print(f"  {row['message_zh']}")


@app.command("compare")
def compare(
    before: Annotated[int, typer.Argument(help="较早一版的版次。")],
    after: Annotated[int, typer.Argument(help="较晚一版的版次。")],
    city: Annotated[str, typer.Option(help="城市代码或数据包名称。")] = "xinyang",
    as_json: Json = "",
) -> None:
    """比较两版清单：差异有多少来自边界、活动水平、因子、方法和 GWP。"""
    _django()
    import polars as pl

    from dafeng.domains.inventory import storage
    from dafeng.domains.inventory.methods.recalculation import explain
    from dafeng.kernel.errors import MethodError

    with _told():
        runs = {run.number: run for run in _city(city).runs.filter(number__in=[before, after])}
        lacking = [str(number) for number in (before, after) if number not in runs]
        if lacking:
            raise MethodError(f"没有第 {'、'.join(lacking)} 版清单")
        found = explain(storage.restore(runs[before]), storage.restore(runs[after]), by=("year",))
    if as_json:
        _print_json(found.to_dicts())
        return
    names = {"boundary": "边界", "activity": "活动水平", "factor": "因子", "method": "方法", "gwp": "GWP"}
    for row in found.sort("year").filter(pl.col("difference").is_not_null()).iter_rows(named=True):
        parts = "，".join(f"{word} {row[name] / 1e4:+,.2f}" for name, word in names.items())
        print(f"{row['year']} 年 {row['difference'] / 1e4:+,.2f} 万吨 CO2e：{parts}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="填好的 Excel 模板或 CSV。", exists=False)],
    city: Annotated[str, typer.Option(help="城市代码或数据包名称。")] = "xinyang",
    commit: Annotated[bool, typer.Option("--commit", help="没有错误时提交；否则只预览。")] = False,
    year: Annotated[int | None, typer.Option(help="能源平衡表没有写明年份时，在此指定。")] = None,
    as_json: Json = "",
) -> None:
    """读取活动水平数据：逐行预览，确认无误后整体提交。"""
    _django()
    from dafeng.domains.inventory import uploads

    with _told():
        preview, batch = uploads.import_file(_city(city), file, commit=commit, by=None, now=_now(), year=year)
    if as_json:
        problems = [problem.as_dict() for problem in preview.problems]
        _print_json({"counts": preview.counts, "problems": problems, "committed": batch.pk if batch else None})
    else:
        for problem in preview.problems:
            print(problem)
        counts = preview.counts
        print(
            f"可用 {counts['rows']} 行，错误 {counts['errors']} 处，警告 {counts['warnings']} 处，提示 {counts['notices']} 处"
        )
        if batch:
            print(f"已提交，批次 {batch.pk}；撤销：dafeng undo {batch.pk} --reason 原因")
        elif preview.ok:
            print("以上为预览；确认后加 --commit 提交")
    if not preview.ok:
        raise typer.Exit(1)


@app.command("balance")
def balance_(
    source: Annotated[str, typer.Argument(help="数据包名称（如 henan），或已填报平衡表的城市。")] = "xinyang",
    year: Annotated[int | None, typer.Option(help="只看这一年。")] = None,
    coal_rate: Annotated[float | None, typer.Option(help="当年发电煤耗（kgce/kWh），按等价值计算时需要。")] = None,
    as_json: Json = "",
) -> None:
    """能源平衡表：逐品种是否平衡、终端构成和五项能源指标，附公式。"""
    _django()
    import polars as pl

    from dafeng.cities import builtin_packs, load_pack
    from dafeng.domains.inventory import library, services
    from dafeng.domains.inventory.methods import balance, balance_energy
    from dafeng.domains.inventory.models import City
    from dafeng.kernel.errors import PackError

    with _told():
        city = City.objects.filter(pk=source).first() or City.objects.filter(pack=source).first()
        frame = services.city_balance(city) if city else pl.DataFrame()
        if not frame.height and (source in builtin_packs() or Path(source).is_dir()):
            frame = load_pack(source).balances
        if year is not None and frame.height:
            frame = frame.filter(pl.col("year") == year)
        if not frame.height:
            raise PackError(
                f"“{source}”还没有能源平衡表", mend="请用 dafeng template 生成模板，填“能源平衡表”后 dafeng import"
            )
        coefficients = balance_energy.coefficients_of(library.factors())
        checks = balance.check_balance(frame)
        found = balance_energy.energy_indicators(frame, coefficients, coal_per_kwh=coal_rate)
    failed = checks.filter(pl.col("verdict") == "fails")
    if as_json:
        _print_json({"checks": checks.to_dicts(), "indicators": found.to_dicts()})
        return
    for (verdict,), part in checks.group_by("verdict", maintain_order=True):
        print(f"{ {'ok': '成立', 'fails': '不符', 'open': '无法判断'}[str(verdict)] } {part.height} 处")
    for message in failed["message"].head(20):
        print(f"  {message}")
    for row in found.iter_rows(named=True):
        value = "NE" if row["value"] is None else f"{row['value']:,.2f} {row['unit']}"
        print(f"{row['year']} {row['name']}：{value}　{row['formula'] or row['note']}")


@app.command("undo")
def undo(
    batch: Annotated[int, typer.Argument(help="批次号。")],
    reason: Annotated[str, typer.Option(help="撤销的原因。")],
) -> None:
    """撤销一批已提交的数据。"""
    _django()
    from dafeng.domains.inventory import services
    from dafeng.domains.inventory.models import Batch
    from dafeng.kernel.errors import ActivityError

    with _told():
        found = Batch.objects.filter(pk=batch).first()
        if found is None:
            raise ActivityError(f"没有批次 {batch}")
        services.undo_batch(found, by=None, now=_now(), reason=reason)
    print(f"批次 {batch} 已撤销")


@app.command("template")
def template(
    target: Annotated[Path, typer.Argument(help="写到哪个文件，如 填报模板.xlsx。")],
    city: Annotated[str, typer.Option(help="内置数据包名称或文件夹。")] = "xinyang",
    year: Annotated[list[int] | None, typer.Option(help="填报年份，可多次。")] = None,
) -> None:
    """生成填报模板（每个领域一张表，含下拉框与能源平衡表）。"""
    from dafeng.cities import load_pack
    from dafeng.domains.inventory.sheets import write_template

    with _told():
        pack = load_pack(city)
        write_template(target, place=pack.code, years=year or [_now().year - 1], places=pack.place_names())
    print(f"已写入 {target}")


@app.command("export")
def export(
    target: Annotated[
        Path, typer.Argument(help="按扩展名决定格式：.xlsx .docx .pdf .csv；IAMC 与 primap2 用 --format。")
    ],
    city: Annotated[str, typer.Option(help="城市代码或数据包名称。")] = "xinyang",
    format: Annotated[str, typer.Option(help="xlsx、docx、pdf、csv、iamc、primap2；默认按扩展名。")] = "",
    year: Annotated[int | None, typer.Option(help="报告年份，默认最近一年。")] = None,
    language: Annotated[str, typer.Option(help="zh 或 en。")] = "zh",
) -> None:
    """导出最新一版清单：官方表式工作簿、Word/PDF 报告、CSV、IAMC、primap2。"""
    _django()
    from dafeng.domains.inventory import documents

    with _told():
        documents.export_run(documents.current_run(_city(city)), target, format=format, year=year, language=language)
    print(f"已写入 {target}")


@app.command("up")
def up(
    address: Annotated[str, typer.Option(help="监听地址。")] = "127.0.0.1:8000",
    serve: Annotated[bool, typer.Option(help="准备好后启动门户。")] = True,
) -> None:
    """准备数据库、载入示范城市、编制清单并启动门户。"""
    _django()
    from dafeng.portal.start import prepare, run_server

    with _told():
        prepare(now=_now(), address=address)
    if serve:
        run_server(address)


if __name__ == "__main__":
    app()
