"""Bring an installation up: migrate, load the demo city, compile, serve. Running it again loses nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dafeng import cities
from dafeng.domains.inventory import services
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.portal.accounts.services import DEMO_PASSWORD, ensure_demo

DEMO_CITY = "xinyang"
console = Console(highlight=False)


def load_pack(name: str, *, now: datetime) -> tuple[City, bool]:
    """Load a city pack's activity rows; returns the city and whether anything changed."""
    pack = cities.load_pack(name)
    city = services.ensure_city(
        pack.code,
        pack.name,
        pack.name_en,
        name,
        counties={code: list(names) for code, names in pack.counties.items()},
        boundary=pack.boundary,
        boundary_note=pack.boundary_note,
    )
    if city.digest == pack.digest:
        return city, False
    changed = services.load_pack_rows(
        city, pack.activity(), digest=pack.digest, title=f"{pack.name}数据包", by=None, now=now
    )
    return city, changed


def compile_with_progress(
    city: City, *, edition: str | None, gwp: str | None, tiers: Mapping[str, str] | None, now: datetime
) -> InventoryRun:
    """Compile with a progress bar on the terminal; the pack gives what is not asked for."""
    pack = cities.load_pack(city.pack)
    with Progress(
        TextColumn("编制 {task.fields[city]}清单  {task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bar:
        task = bar.add_task("", city=city.name, total=5)
        return services.compile_city(
            city,
            edition=edition or pack.edition,
            gwp=gwp or pack.gwp,
            tiers={**pack.tiers, **(tiers or {})},
            by=None,
            now=now,
            statistics=pack.statistics,
            progress=lambda step, done, total: bar.update(task, description=step, completed=done, total=total),
        )


def prepare(*, now: datetime, address: str) -> None:
    """Everything before the first request."""
    console.print("准备数据库 …")
    call_command("migrate", interactive=False, verbosity=0)
    city, changed = load_pack(DEMO_CITY, now=now)
    if changed:
        console.print(f"已载入{city.name}数据包")
    run = InventoryRun.objects.filter(city=city, current=True).first()
    if changed or run is None:
        run = compile_with_progress(city, edition=None, gwp=None, tiers=None, now=now)
        console.print(f"{city.name}清单第 {run.number} 版，用时 {run.seconds:.1f} 秒")
    if settings.DEMO:
        pack = cities.load_pack(DEMO_CITY)
        ensure_demo(pack.organisations, pack.demo_users)
        _print_logins(pack.demo_users)
    console.print(f"\n[bold]http://{address}/[/bold]   按 Ctrl+C 停止")


def _print_logins(users: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("用户名", "身份", "密码", title="演示登录（演示数据，请勿用于正式环境）", header_style="bold")
    for user in users:
        table.add_row(user["username"], user["display_name"], DEMO_PASSWORD)
    console.print(table)


def run_server(address: str) -> None:
    """Replace this process by the server."""
    host, _, port = address.rpartition(":")
    sys.stdout.flush()
    granian = Path(sys.executable).with_name("granian")
    os.execv(
        granian,
        [
            str(granian), "--interface", "wsgi", "--host", host or "127.0.0.1", "--port", port, "--workers", "1",
            "--no-ws",
            "--blocking-threads",
            "8",
            "--backpressure",
            "32", "--log-level", "warning", "dafeng.portal.wsgi:application",
        ],
    )  # fmt: skip
