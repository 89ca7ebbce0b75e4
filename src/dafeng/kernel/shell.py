"""What every command shares: errors told in one sentence, JSON on standard output, Django only where it is needed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

Json = Annotated[str, typer.Option("--json", help="把结果以 JSON 打印到标准输出。", metavar="[-]")]


class Commands(TyperGroup):
    """The root of the command. `--json` alone means `--json -`: only `-` and the name of a .json file are its value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        said = []
        for here, following in zip(args, [*args[1:], ""], strict=True):
            said.append(here)
            if here == "--json" and following != "-" and not following.lower().endswith(".json"):
                said.append("-")
        return super().parse_args(ctx, said)


def console() -> Any:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


@contextmanager
def told() -> Iterator[None]:
    """Errors that a user can cause become one clear message; anything else stays loud."""
    from dafeng.kernel.errors import DafengError

    try:
        yield
    except DafengError as error:
        from rich.markup import escape

        console().print(f"[red]错误[/red] {escape(str(error))}")
        raise typer.Exit(1) from error
    except Exception as error:
        # Django is imported only by commands that need it, so its classes are known here by name.
        if type(error).__module__ != "django.db.utils":
            raise
        console().print(f"[red]错误[/red] 数据库还没有准备好或连不上（{error}）。请先运行 dafeng up --no-serve")
        raise typer.Exit(1) from error


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def now() -> datetime:
    return datetime.now(UTC)


def start_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
    import django

    django.setup()
