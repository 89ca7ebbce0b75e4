"""`dafeng …`: the same services from the shell.

Every command says in Chinese what went wrong and how to mend it, and exits with 1; a wrong call exits with 2. `--json -`
prints machine-readable output on standard output and nothing else. A domain brings its own commands; here are those
that need several floors at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dafeng.domains.inclusion.commands import inclusion_app
from dafeng.domains.inventory.commands import factor_app, find_city, method_app
from dafeng.domains.plan.commands import plan_app
from dafeng.kernel.ledger.commands import ledger_app
from dafeng.kernel.scoring.commands import score_app
from dafeng.kernel.series.commands import series_app
from dafeng.kernel.shell import Json, console, now, print_json, start_django, told
from dafeng.portal.accounts.commands import user_app


def _all_methods() -> None:
    """Methods of every domain are calculators: importing their modules registers them."""
    from dafeng.domains.inclusion.standards.methods import MODULES
    from dafeng.kernel.accounting import all_methods

    all_methods(*MODULES)


app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="达峰 dafeng：一个城市的碳账户。", pretty_exceptions_enable=False
)
app.add_typer(method_app, name="method", callback=_all_methods)
app.add_typer(factor_app, name="factor")
app.add_typer(ledger_app, name="ledger")
app.add_typer(plan_app, name="plan")
app.add_typer(inclusion_app, name="inclusion")
app.add_typer(score_app, name="score")
app.add_typer(series_app, name="series")
app.add_typer(user_app, name="user")


# ---------------------------------------------------------------- city packs


@app.command("init")
def init(
    name: Annotated[str, typer.Argument(help="城市数据包名称（拼音），如 handan。")],
    code: Annotated[str, typer.Option(help="GB/T 2260 六位城市代码，如 130400。")],
    target: Annotated[Path, typer.Option(help="在哪个文件夹下建立。")] = Path("."),
) -> None:
    """为另一个城市建立一个空的数据包。"""
    from dafeng.cities import init_pack

    with told():
        made = init_pack(name, code, target)
    print(f"已建立 {made}；填好后运行 dafeng check {made}")


@app.command("check")
def check(pack: Annotated[str, typer.Argument(help="数据包文件夹，或内置数据包名称。")]) -> None:
    """检查城市数据包，逐条打印 文件:行 的问题。"""
    from dafeng.cities import check_pack

    with told():
        problems = check_pack(pack)
    for problem in problems:
        print(problem)
    if problems:
        console().print(f"[red]发现 {len(problems)} 个问题[/red]")
        raise typer.Exit(1)
    print("数据包没有问题")


# ---------------------------------------------------------------- the city's account


@app.command("load")
def load(pack: Annotated[str, typer.Argument(help="内置数据包名称或文件夹。")] = "xinyang") -> None:
    """把城市数据包载入数据库；没有变化时什么也不做。"""
    start_django()
    from dafeng.portal.start import load_pack

    with told():
        city, changed = load_pack(pack, now=now())
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
    start_django()
    from dafeng.kernel.errors import MethodError
    from dafeng.portal.start import compile_with_progress

    with told():
        pairs = [text.partition("=") for text in tier or []]
        if any(not sign or not level for _, sign, level in pairs):
            raise MethodError("读不懂 --tier", expected="类别=层级，如 --tier 3A1=2")
        run = compile_with_progress(
            find_city(city),
            edition=edition or None,
            gwp=gwp or None,
            tiers={c: t for c, _, t in pairs} or None,
            now=now(),
        )
    if as_json:
        print_json({"run": str(run.id), "number": run.number, "city": run.city_id, "gwp": run.gwp, **run.summary})
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
    start_django()
    from dafeng.domains.inventory import documents, storage
    from dafeng.domains.inventory.methods import assessment

    with told():
        run = documents.current_run(find_city(city))
        years = sorted(int(y) for y, row in run.summary["years"].items() if row["net"] is not None)
        this = year or years[-1]
        found = assessment.assess(
            storage.restore(run), year=this, base_year=base_year or years[0], draws=draws, seed=seed
        )
        checks = storage.read(run, "checks")
    failed = checks.filter(~storage.passed())
    if as_json:
        tables = {"key_categories": found.key_categories, "contributions": found.propagated.contributions.head(20)}
        print_json(
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
    start_django()
    import polars as pl

    from dafeng.domains.inventory import storage
    from dafeng.domains.inventory.methods.recalculation import explain
    from dafeng.kernel.errors import MethodError

    with told():
        runs = {run.number: run for run in find_city(city).runs.filter(number__in=[before, after])}
        lacking = [str(number) for number in (before, after) if number not in runs]
        if lacking:
            raise MethodError(f"没有第 {'、'.join(lacking)} 版清单")
        found = explain(storage.restore(runs[before]), storage.restore(runs[after]), by=("year",))
    if as_json:
        print_json(found.to_dicts())
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
    start_django()
    from dafeng.domains.inventory import uploads

    with told():
        preview, batch = uploads.import_file(find_city(city), file, commit=commit, by=None, now=now(), year=year)
    if as_json:
        problems = [problem.as_dict() for problem in preview.problems]
        print_json({"counts": preview.counts, "problems": problems, "committed": batch.pk if batch else None})
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
    start_django()
    import polars as pl

    from dafeng.cities import builtin_packs, load_pack
    from dafeng.domains.inventory import library, services
    from dafeng.domains.inventory.methods import balance, balance_energy
    from dafeng.domains.inventory.models import City
    from dafeng.kernel.errors import PackError

    with told():
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
        print_json({"checks": checks.to_dicts(), "indicators": found.to_dicts()})
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
    start_django()
    from dafeng.domains.inventory import services
    from dafeng.domains.inventory.models import Batch
    from dafeng.kernel.errors import ActivityError

    with told():
        found = Batch.objects.filter(pk=batch).first()
        if found is None:
            raise ActivityError(f"没有批次 {batch}")
        services.undo_batch(found, by=None, now=now(), reason=reason)
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

    with told():
        pack = load_pack(city)
        write_template(target, place=pack.code, years=year or [now().year - 1], places=pack.place_names())
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
    start_django()
    from dafeng.domains.inventory import documents

    with told():
        documents.export_run(
            documents.current_run(find_city(city)), target, format=format, year=year, language=language
        )
    print(f"已写入 {target}")


@app.command("up")
def up(
    address: Annotated[str, typer.Option(help="监听地址。")] = "127.0.0.1:8000",
    serve: Annotated[bool, typer.Option(help="准备好后启动门户。")] = True,
) -> None:
    """准备数据库、载入示范城市、编制清单并启动门户。"""
    start_django()
    from dafeng.portal.start import prepare, run_server

    with told():
        prepare(now=now(), address=address)
    if serve:
        raise typer.Exit(run_server(address))


@app.command("worker")
def worker() -> None:
    """运行后台进程：办理排队的任务，按时启动定时任务。dafeng up 会自动带上它。"""
    start_django()
    from dafeng.kernel.jobs.worker import work

    work()


if __name__ == "__main__":
    app()
