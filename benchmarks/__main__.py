"""Run every module, print a table, write results.json; exit code 1 when a limit is broken (not with `--no-fail`)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure

MODULES = ("imports", "tables", "uncertainty", "accounting", "ledger", "scoring", "pages", "inclusion", "enterprise")
RESULTS = Path(__file__).with_name("results.json")
_MARK = {True: "[green]pass[/]", False: "[bold red]FAIL[/]", None: "–"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(MODULES)}; all by default")
    parser.add_argument("--no-fail", action="store_true", help="exit with 0 even when a limit is broken")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, no ten million rows")
    options = parser.parse_args()
    if stray := set(options.modules) - set(MODULES):
        parser.error(f"no module {', '.join(sorted(stray))}; there are {', '.join(MODULES)}")
    console = Console()
    figures: list[Figure] = []
    for name in options.modules or MODULES:
        with console.status(f"benchmarks.{name}"):
            figures += import_module(f"benchmarks.{name}").measure(quick=options.quick)
    console.print(_table(figures))
    if not options.modules and not options.quick:
        RESULTS.write_text(json.dumps(_report(figures), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    broken = [figure.name for figure in figures if figure.passed is False]
    return 1 if broken and not options.no_fail else 0


def _table(figures: list[Figure]) -> Table:
    table = Table("name", "figure", "unit", "ratio", "limit", "", "note")
    for column in (1, 3, 4):
        table.columns[column].justify = "right"
    for figure in figures:
        table.add_row(
            figure.name,
            "–" if figure.value is None else f"{figure.value:.3g}",
            figure.unit,
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.limit is None else f"≤ {figure.limit:g}{' ×' if figure.ratio is not None else ''}",
            f"[yellow]skip[/] {figure.skipped}" if figure.skipped else _MARK[figure.passed],
            figure.note,
        )
    return table


def _report(figures: list[Figure]) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("polars", "numpy", "sympy", "dafeng")},
        "figures": [figure.as_dict() for figure in figures],
    }


if __name__ == "__main__":
    sys.exit(main())
