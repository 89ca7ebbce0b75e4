"""Bring an installation up: migrate, load the demo city, compile, serve. Running it again loses nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dafeng import cities
from dafeng.domains.disclosure import services as disclosure
from dafeng.domains.energy import demo as energy_demo
from dafeng.domains.energy.control import city as energy_city
from dafeng.domains.enterprise import demo as enterprise_demo
from dafeng.domains.enterprise.review.cities import ensure_city as ensure_review_city
from dafeng.domains.inclusion import demo as inclusion_demo
from dafeng.domains.inclusion import services as inclusion
from dafeng.domains.inventory import services
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.domains.plan.services import city as plan_city
from dafeng.domains.plan.services import demo as plan_demo
from dafeng.kernel.enterprises import services as enterprises
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
    disclosure.ensure_city(
        city.code,
        city.name,
        city.name_en,
        counties=city.counties,
        boundary=city.boundary,
        boundary_note=city.boundary_note,
    )
    plan_city.ensure_city(
        city.code,
        city.name,
        city.name_en,
        counties=city.counties,
        boundary=city.boundary,
        boundary_note=city.boundary_note,
        boundary_note_en=pack.boundary_note_en,
    )
    energy_city.ensure_city(
        city.code,
        city.name,
        city.name_en,
        counties=city.counties,
        boundary=city.boundary,
        boundary_note=city.boundary_note,
    )
    inclusion.ensure_programme(city.code, city.name, city.name_en, counties=city.counties, now=now)
    if city.digest == pack.digest:
        return city, False
    changed = services.load_pack_rows(
        city, pack.activity(), digest=pack.digest, title=f"{pack.name}数据包", by=None, now=now
    )
    return city, changed


def defaults_of(city: City) -> services.Defaults:
    """How the city's pack wants its inventory compiled."""
    pack = cities.load_pack(city.pack)
    return services.Defaults(pack.edition, pack.gwp, dict(pack.tiers), pack.statistics)


def compile_with_progress(
    city: City, *, edition: str | None, gwp: str | None, tiers: Mapping[str, str] | None, now: datetime
) -> InventoryRun:
    """Compile with a progress bar on the terminal; the pack gives what is not asked for."""
    defaults = services.defaults_of(city)
    with Progress(
        TextColumn("编制 {task.fields[city]}清单  {task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bar:
        task = bar.add_task("", city=city.name, total=5)
        return services.compile_city(
            city,
            edition=edition or defaults.edition,
            gwp=gwp or defaults.gwp,
            tiers={**defaults.tiers, **(tiers or {})},
            by=None,
            now=now,
            statistics=defaults.statistics,
            progress=lambda step, done, total: bar.update(task, description=step, completed=done, total=total),
        )


def prepare(*, now: datetime, address: str) -> None:
    """Everything before the first request."""
    console.print("准备数据库 …")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)  # does something only where the cache lies in the database
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
        disclosure.ensure_demo(disclosure.city(city.code), now=now)
        plan_demo.ensure_demo(city, folder=pack.path / "plan", now=now)
        inclusion_demo.ensure_demo(inclusion.programme_of(city.code), now=now)
        enterprises.ensure(city.code, pack.demo_enterprises, demo=True)
        energy_demo.ensure_demo(city.code, now=now)
        ensure_review_city(city.code, city.name, city.name_en, counties=city.counties)
        laying = enterprise_demo.ensure_demo(city.code, now=now)
        _print_logins(pack.demo_users)
        if laying is not None:
            console.print(f"启动后在后台继续：{laying.title}（进度见“后台任务”）")
    console.print(f"\n[bold]http://{address}/[/bold]   按 Ctrl+C 停止")


def _print_logins(users: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("用户名", "身份", "密码", title="演示登录（演示数据，请勿用于正式环境）", header_style="bold")
    for user in users:
        table.add_row(user["username"], user["display_name"], DEMO_PASSWORD)
    console.print(table)


def run_server(address: str) -> int:
    """Run the server and a worker side by side until one of them ends or we are told to stop; returns the exit code."""
    host, _, port = address.rpartition(":")
    sys.stdout.flush()
    commands = [
        [
            Path(sys.executable).with_name("granian"), "--interface", "wsgi", "--host", host or "127.0.0.1", "--port", port,
            "--workers", "1", "--no-ws", "--blocking-threads", "8", "--backpressure", "32", "--log-level", "warning",
            # CPython 3.11 was seen to crash when an idle thread is taken down (tstate_delete_common): keep threads, and come back.
            "--blocking-threads-idle-timeout", "600", "--respawn-failed-workers",
            "dafeng.portal.wsgi:application",
        ],
        [Path(sys.executable).with_name("dafeng"), "worker"],
    ]  # fmt: skip
    return side_by_side(commands)


def side_by_side(commands: Sequence[Sequence[str | Path]]) -> int:
    """Run commands until one of them ends or we are told to stop; then all are ended. Returns the exit code."""
    running = [subprocess.Popen(command) for command in commands]
    # What ends us must end them: a worker that outlives its server would go on unseen.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        while all(each.poll() is None for each in running):
            time.sleep(0.5)
        return next(code for each in running if (code := each.poll()) is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        # We are ending: a second Ctrl+C, or one that the shell passes on, has nothing to add.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for each in running:
            if each.poll() is None:
                each.terminate()
        for each in running:
            try:
                each.wait(timeout=20)
            except subprocess.TimeoutExpired:
                each.kill()
