"""The demonstration: made-up projects in each state, marked 演示. Calling it again changes nothing.

Steps are taken by the demo logins of their roles; where an installation has none of them, only the city's figures are made.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from dafeng.domains.enterprise.models import (
    CapacitySource,
    HeatUnit,
    Project,
    ProjectExpert,
    ProjectFigure,
    ProjectLevel,
)
from dafeng.domains.enterprise.review import acceptances, experts, figures, imports, joint, projects, swaps
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records

SOURCE = "示例数据（演示），非官方数值"
OWNER = "enterprise-demo"


def ensure_demo(city: str, *, now: datetime) -> None:
    if Project.objects.filter(city=city, demo=True).exists():
        return
    owner = Enterprise.objects.filter(city=city, demo=True, organisation=OWNER).order_by("code").first()
    people = {role: next(iter(records.people_of(roles=[role], places=[city])), None) for role in ("ndrc", "leader", "ecology", "department", "verifier")}  # fmt: skip
    clerks = records.people_of([OWNER])
    if owner is None or not clerks or people["ndrc"] is None or people["leader"] is None:
        return
    with transaction.atomic():
        _figures(city, owner.place, people["ndrc"], now=now)
        _projects(owner, clerks[0], people, now=now)


def _figures(city: str, place: str, ndrc: Any, *, now: datetime) -> None:
    since = date(2026, 1, 1)
    told = {"by": ndrc, "now": now, "demo": True}
    if not ProjectFigure.objects.filter(demo=True).exists():
        for code, value, where in (
            ("base_energy", 900_000.0, place), ("base_gdp", 2_000_000.0, place), ("base_intensity", 0.45, place),
            ("increment", 60_000.0, place), ("equal_electricity", 0.3, city), ("rights_b", 0.3, city), ("rights_mean", 0.8, city),
        ):  # fmt: skip
            figures.state_figure(code, where, value, since=since, source=SOURCE, **told)
    if not ProjectLevel.objects.filter(demo=True).exists():
        figures.state_level(product="tea-demo", name="茶叶精制（演示）", unit="kgce/t", limit=400, access=320, lead=250, since=since, source=SOURCE, **told)  # fmt: skip
    if not HeatUnit.objects.filter(demo=True).exists():
        figures.state_heat_unit(code="heat-demo", name="示例热电机组（演示）", city=city, longitude=114.10, latitude=32.10, source=SOURCE, **told)  # fmt: skip
    if not CapacitySource.objects.filter(demo=True).exists():
        swaps.retire(enterprise="示例退出水泥厂（演示）", city=city, place=place, product="clinker", capacity=Decimal(1_500_000), unit="t/a", retired_on=date(2025, 6, 30), document="示例认定文件（演示）", **told)  # fmt: skip


def _content(name: str, place: str, energies: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The five steps of a made-up project."""
    basics = {"name": name, "place": place, "kind": "new", "stage": "proposed", "industry": "1530", "operation_year": 2027, "investment": 8000, "compiler": "示例咨询公司（演示）", "compiler_note": "演示：本市名录建立以前委托"}  # fmt: skip
    text = "示例文字（演示）。"
    return {
        "basics": basics | more.get("basics", {}),
        "energy": {"energies": energies} | more.get("energy", {}),
        "output": {"product": "tea-demo", "product_name": "精制茶", "unit": "t", "output": 9000, "value": 60_000, "added_value": 18_000} | more.get("output", {}),
        "comparison": {},
        "measures": {"basis": text, "design": text, "measures": text, "management": text, "impact": text, "committed": True},
    }  # fmt: skip


def _open(owner: Enterprise, content: dict[str, Any], clerk: Any, *, now: datetime) -> Project:
    made = projects.create(owner, content["basics"], by=clerk, now=now, demo=True)
    for step in ("energy", "output", "comparison", "measures"):
        made = projects.save_step(made, step, content[step], seen=projects.fingerprint(made), by=clerk, now=now)
    return made


def _projects(owner: Enterprise, clerk: Any, people: dict[str, Any], *, now: datetime) -> None:
    ndrc, leader = people["ndrc"], people["leader"]
    place = owner.place
    power = {"electricity": {"after": 12_000.0}, "natural_gas": {"after": 80.0}}
    draft = projects.create(owner, _content("示例屋顶光伏配套改造（演示）", place, {})["basics"], by=clerk, now=now, demo=True)  # fmt: skip
    assert draft.pk
    small = _open(owner, _content("示例小型包装线（演示）", place, {"electricity": {"after": 3000.0}}), clerk, now=now)
    projects.submit(small, by=clerk, now=now)
    projects.handle(small, "file", by=ndrc, now=now)
    clinker = _content(
        "示例熟料线置换（演示）", place, {"bituminous": {"after": 150_000.0}, "electricity": {"after": 65_000.0}},
        basics={"industry": "3011", "swap_capacity": 1_200_000.0, "investment": 60_000},
        output={"product": "clinker", "product_name": "水泥熟料", "output": 1_100_000, "value": 300_000, "added_value": 70_000, "process_co2": 588_500, "process_basis": "1,100,000 t × 0.535（2024 年水泥核算指南）"},
    )  # fmt: skip
    waiting = _open(owner, clinker, clerk, now=now)
    projects.submit(waiting, by=clerk, now=now)
    running = _open(owner, _content("示例茶叶精制车间（演示）", place, power, energy={"renewable": 1500.0}, basics={"longitude": 114.20, "latitude": 32.16}), clerk, now=now)  # fmt: skip
    projects.submit(running, by=clerk, now=now)
    projects.judge(running, two_high=False, large_carbon=False, reason="示例认定（演示）", by=ndrc, now=now)
    projects.handle(running, "accept", by=ndrc, now=now)
    projects.handle(running, "review", by=ndrc, now=now)
    asked = [code for code in ("ecology", "industry") if code in joint.offices(running)]
    if people["verifier"] is not None:
        _expert(people["verifier"], ndrc, now=now)
    if asked:
        joint.ask(running, asked, matter="产业政策、生态环境准入（演示）", due=timezone.localdate(now) + timedelta(days=10), by=ndrc, now=now)  # fmt: skip
    if people["verifier"] is not None:
        experts.invite(running, ProjectExpert.objects.get(person=people["verifier"]), by=ndrc, now=now)
    _built(owner, place, clerk, ndrc, leader, now=now)
    _coming(owner, place, ndrc, leader, now=now)


def _expert(person: Any, by: Any, *, now: datetime) -> None:
    if not ProjectExpert.objects.filter(person=person).exists():
        mine = sorted(records.organisations_of(person) - {""})
        experts.enrol(person, name="示例专家（演示）", organisation=mine[0] if mine else "", employer="示例研究院（演示）", fields="能源系统、碳排放核算", advised=[], by=by, now=now, demo=True)  # fmt: skip


def _built(owner: Enterprise, place: str, clerk: Any, ndrc: Any, leader: Any, *, now: datetime) -> None:
    """A project two years on: approved, built, in trial run, its own check handed in. Its review lies before this platform."""
    then = now - timedelta(days=700)
    begun = timezone.localdate(now) - timedelta(days=120)
    content = _content("示例锅炉煤改气（演示）", place, {"natural_gas": {"after": 300.0}, "electricity": {"after": 900.0}}, basics={"kind": "retrofit", "operation_year": begun.year})  # fmt: skip
    opinion = {
        "opinion": "示例审查意见（演示）：原则同意。",
        "two_high": False,
        "large_carbon": False,
        "demo": True,
        "by": ndrc,
    }
    approved = timezone.localdate(then)
    made = imports.enter(owner, content, **opinion, reference="示例发改审〔2024〕1号（演示）", approved_on=approved, conditions=["锅炉热效率不低于 94%", "按 GB 17167 配备计量器具"], started_on=approved + timedelta(days=60), trial_on=begun, now=now)  # fmt: skip
    imports.confirm(made, by=leader, now=now)
    acceptances.tell(
        made, since=begun, until=timezone.localdate(now) - timedelta(days=30),
        told={"energies": {"natural_gas": 70.0, "electricity": 240.0}, "output": 2200.0}, explanation="", by=clerk, now=now,
    )  # fmt: skip


def _coming(owner: Enterprise, place: str, ndrc: Any, leader: Any, *, now: datetime) -> None:
    """A project under construction that begins next month: the county's forecast expects it from then on."""
    today = timezone.localdate(now)
    begins = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    content = _content("示例烘干线（演示）", place, {"electricity": {"after": 8000.0}, "natural_gas": {"after": 60.0}}, basics={"operation_year": begins.year, "operation_month": begins.month})  # fmt: skip
    made = imports.enter(owner, content, opinion="示例审查意见（演示）：原则同意。", reference="示例发改审〔2025〕2号（演示）", approved_on=today - timedelta(days=300), conditions=[], started_on=today - timedelta(days=200), two_high=False, large_carbon=False, by=ndrc, now=now, demo=True)  # fmt: skip
    imports.confirm(made, by=leader, now=now)
