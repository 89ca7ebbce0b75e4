"""The domain's part of the command: rehearse a city day in an installation of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Annotated

import typer

from dafeng.kernel.shell import Json, now, print_json, start_django

inclusion_app = typer.Typer(no_args_is_help=True, help="信碳通：模拟一个城市日，检验筛查与记账。")


@inclusion_app.callback()
def group() -> None:
    """Keeps `simulate` a word of its own while it is the only one."""


@inclusion_app.command("simulate")
def simulate(
    events: Annotated[int, typer.Option(help="大约多少条诚实的行为。", min=100, max=2_000_000)] = 10_000,
    cheats: Annotated[int, typer.Option(help="每种作弊安排几起。", min=0, max=10_000)] = 20,
    seed: Annotated[int, typer.Option(help="随机种子；相同种子得到相同的一天。")] = 2026,
    kills: Annotated[bool, typer.Option(help="中途打断线路和处理进程。")] = True,
    here: Annotated[bool, typer.Option("--here", hidden=True)] = False,
    as_json: Json = "",
) -> None:
    """在临时数据库里模拟一个城市日：断线、重发、中断处理，然后对账，并报告筛查的查全率与查准率。"""
    if not here:
        _in_its_own(events, cheats, seed, kills, as_json)
        return
    start_django()
    from dafeng.domains.inclusion.scenes import rehearsal

    found = rehearsal.whole(events=events, cheats=cheats, seed=seed, kills=kills, now=now())
    print_json(found) if as_json else print(_words(found))


def _in_its_own(events: int, cheats: int, seed: int, kills: bool, as_json: str) -> None:
    """A simulation writes points: it must never meet the city's own database."""
    with tempfile.TemporaryDirectory(prefix="dafeng-simulate-") as folder:
        place = {"DAFENG_DATA": folder, "DATABASE_URL": f"sqlite:///{folder}/dafeng.sqlite3"}
        call = [
            sys.executable, "-m", "dafeng.cli", "inclusion", "simulate", "--here", "--events", str(events), "--cheats",
            str(cheats), "--seed", str(seed), "--kills" if kills else "--no-kills", *(["--json", "-"] if as_json else []),
        ]  # fmt: skip
        raise typer.Exit(subprocess.run(call, env={**os.environ, **place}, check=False).returncode)


def _words(found: dict[str, object]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2)
