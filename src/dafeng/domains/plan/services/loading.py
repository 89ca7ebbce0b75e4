"""What `dafeng plan load` does: a city pack's plans, or a document, by its name on the command line."""

from __future__ import annotations

import tomllib
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from dafeng.domains.plan.models import Plan
from dafeng.domains.plan.services import plans
from dafeng.domains.plan.services.city import city_of, first_city
from dafeng.kernel.errors import NotFound, PlanError
from dafeng.kernel.errors import Place as Where
from dafeng.kernel.jobs.models import Job


def load(source: str, *, city: str, plan: str, title: str, now: datetime) -> str:
    """Load and say what came of it, in a sentence."""
    path = Path(source)
    if path.is_file():
        return _document(path, city=city, plan=plan, title=title, now=now)
    # Packs are data beside the code; a domain reads its own folder of one and imports none.
    pack = path if path.is_dir() else Path(str(files("dafeng"))) / "cities" / source
    described = pack / "pack.toml"
    if ("/" in source and not path.is_dir()) or not described.is_file():
        raise PlanError(f"找不到“{source}”", expected="方案文件、数据包文件夹或内置数据包的名称", mend="请核对路径")
    try:
        code = str(tomllib.loads(described.read_text("utf-8"))["code"])
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise PlanError(
            f"读不了数据包：{error}", where=Where(file="pack.toml"), mend="请先运行 dafeng check"
        ) from error
    made = plans.load_facts(city_of(code), pack / "plan", by=None, now=now)
    if not made:
        return "没有变化"
    return "\n".join(f"已采纳《{each.plan.title}》第 {each.number} 版" for each in made)


def _document(path: Path, *, city: str, plan: str, title: str, now: datetime) -> str:
    chosen = Plan.objects.filter(key=plan).first() if plan else None
    if plan and chosen is None:
        keys = "、".join(Plan.objects.values_list("key", flat=True))
        raise NotFound(f"没有方案“{plan}”", expected=keys)
    place = city_of(city or (chosen.city if chosen else first_city()))
    made = plans.upload(place, path.read_bytes(), name=path.name, plan=chosen, title=title, by=None, now=now)
    if isinstance(made, Job):
        return "文件较长，已交给后台读取；读完后在“方案”页面校核"
    told = made.record.payload
    return (
        f"已读取《{made.plan.title}》第 {made.number} 版：任务 {told['tasks']} 项，目标 {told['targets']} 个，"
        "待校核后采纳"
    )
