"""A demonstration of the projects: those that the plan names, as printed, and three invented ones that show money and months.

What the plan does not print (money, dates, hours) stays empty for the named ones. Their category is a guess by the kind of
project, and says so. The invented ones are called 演示项目. Calling it again changes nothing.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from dafeng.domains.plan.models import Plan, Project, Task
from dafeng.domains.plan.services import projects, supervision
from dafeng.domains.plan.services.city import counties_of
from dafeng.kernel.records import services as records

MARK = "（演示）"
# Words in the kind of a named project → category, the first that occurs; none: outside the plan's categories.
KINDS = (
    ("circular", ("循环", "固废", "垃圾", "餐厨")),
    ("environment", ("污水", "环境")),
    ("ecology", ("生态", "水利", "绿色矿山", "流域")),
    ("technology", ("研发", "示范", "碳中和", "零碳")),
    ("retrofit", ("改造", "绿色建材")),
    ("energy", ("光伏", "风电", "风光", "天然气", "LNG", "储能", "蓄能", "电网", "地热", "煤炭", "绿氢")),
)
STAGES = (("building", ("在建", "续建")), ("planned", ("规划", "谋划", "申报")))


def demo_projects(plan: Plan, now: datetime) -> None:
    """Register the named projects and the invented ones, unless the plan has any."""
    office = next(iter(records.people_of(roles=["ndrc"], places=[plan.city])), None)
    if office is None or Project.objects.filter(plan=plan).exists():
        return
    known = set(projects.category_names(plan))
    tasks = dict(Task.objects.filter(plan=plan, parent=None, dropped_in=None).values_list("path", "pk"))
    for number, row in enumerate(projects.named_in(plan), 1):
        category = _by_words(KINDS, str(row.get("kind") or ""), projects.OTHER)
        place = str(row.get("place") or "")
        values: dict[str, Any] = {
            "key": f"P{number:03d}", "name": row["name"], "named": row["name"], "place": place if place.isdigit() else plan.city,
            "category": category if category in known else projects.OTHER, "stage": _by_words(STAGES, str(row.get("kind") or ""), "planned"),
            "capacity": row.get("capacity"), "capacity_unit": row.get("capacity_unit") or "", "task_id": tasks.get(str(row.get("task_path"))),
            "source": f"方案正文点名（{row.get('task_path', '')}）；{MARK}类别按项目种类推定，方案没有写",
            "method": "plan.reduction.power" if any(word in str(row.get("kind")) for word in ("光伏", "风电")) else "",
        }  # fmt: skip
        projects.keep(plan, values, version=None, by=office, now=now)
    _invented(plan, office, now)


def _by_words(table: tuple[tuple[str, tuple[str, ...]], ...], text: str, default: str) -> str:
    return next((code for code, words in table if any(word in text for word in words)), default)


def _invented(plan: Plan, office: Any, now: datetime) -> None:
    """Three projects that do not exist, with money, hours and three months of work."""
    day, places = supervision.day_of(now), [*counties_of(plan.city), plan.city]
    for number in range(3):
        money = Decimal(20_000 * (number + 1))
        values: dict[str, Any] = {
            "key": f"DEMO{number + 1}", "name": f"演示项目{'甲乙丙'[number]}（虚构）", "category": projects.OTHER, "place": places[number % len(places)],
            "owner": ("ndrc", "industry", "housing")[number], "enterprise": "虚构企业", "investment": money, "stage": "building",
            "begins_on": date(day.year, 3, 1), "ends_on": date(day.year + number % 2, 12, 31), "capacity": 10.0 * (number + 1), "capacity_unit": "MW",
            "planned": {str(day.year): str(money / 2)}, "priority": number == 0, "bank": "虚构银行" if number == 0 else "",
            "source": f"{MARK}虚构，用来演示投资、月报和减排怎样显示",
        }  # fmt: skip
        if number < 2:
            values |= {
                "method": "plan.reduction.power",
                "inputs": {"given": {"hours": 1000.0}, "source": f"{MARK}虚构的设计文件"},
            }
        made = projects.keep(plan, values, version=None, by=office, now=now)
        for back in (2, 1, 0):
            at = now - timedelta(days=30 * back)
            month = projects.report_month(
                made, period=str(supervision.month(supervision.day_of(at))), invested=Decimal(800 + 150 * (2 - back)), stage="building",
                text=f"{MARK}按计划施工。", seen="", by=office, now=at,
            )  # fmt: skip
            if back:
                projects.move_month(month, "accept", state="submitted", by=office, now=at)
