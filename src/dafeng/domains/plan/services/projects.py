"""Major projects: the register, its cards, the months, and what the plan prints against what is registered.

Every change of a project raises its `version`; a form that was opened on an older one is refused. Money is exact, in 万元.
Differences to the plan's printed counts are listed and never repaired.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.plan import permissions
from dafeng.domains.plan.methods import reductions
from dafeng.domains.plan.models import Plan, Project, ProjectMonth, Task, Version
from dafeng.domains.plan.services import plans, supervision
from dafeng.kernel.actions import demand
from dafeng.kernel.errors import PlanError, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record

MONTH = "plan.project-month"
STAGES = {
    "planned": gettext_lazy("谋划"),
    "approved": gettext_lazy("已批复"),
    "building": gettext_lazy("在建"),
    "done": gettext_lazy("已投产"),
    "stopped": gettext_lazy("停建"),
}
BEGUN = ("building", "done")
FIELDS = (
    "key", "name", "category", "place", "owner", "enterprise", "investment", "stage", "begins_on", "ends_on", "capacity",
    "capacity_unit", "longitude", "latitude", "method", "source", "planned", "priority", "bank", "task_id", "named",
)  # fmt: skip
OTHER = "other"
WAN_PER_YI = 10_000
ALIKE = 0.45


# ---------------------------------------------------------------- what the plan prints


@dataclass(frozen=True)
class Category:
    """A category: what the plan prints of it and what is registered. `printed` None: the plan prints nothing."""

    code: str
    name: str
    printed: int | None
    registered: int
    printed_money: Decimal | None
    money: Decimal | None
    without_money: int

    @property
    def difference(self) -> int | None:
        return None if self.printed is None else self.registered - self.printed

    @property
    def money_difference(self) -> Decimal | None:
        return None if self.printed_money is None or self.money is None else self.money - self.printed_money


def printed_of(plan: Plan) -> list[Mapping[str, Any]]:
    """The counts by category and the total as the accepted version of the plan prints them; the total has the code `total`."""
    return list(plans.printed_categories(plan))


def category_names(plan: Plan) -> dict[str, str]:
    """Code → name of the plan's categories, and one for what belongs to none."""
    printed = {each["code"]: each["name"] for each in printed_of(plan) if each["code"] != "total"}
    return printed | {OTHER: _("方案分类之外")}


def category_names_of(plans: Iterable[int]) -> dict[int, dict[str, str]]:
    """`category_names` of several plans, by the plan's id."""
    rows = Version.objects.filter(plan__in=list(plans), current=True).values_list("plan_id", "accepted__categories")
    printed = {
        plan: {each["code"]: each["name"] for each in found or [] if each["code"] != "total"} for plan, found in rows
    }
    return {plan: printed.get(plan, {}) | {OTHER: _("方案分类之外")} for plan in plans}


def check(plan: Plan) -> list[Category]:
    """The register against the printed numbers, a line a category and the total last. Nothing is repaired."""
    printed = printed_of(plan)
    rows = Project.objects.filter(plan=plan).order_by().values("category").annotate(
        number=Count("pk"), money=Sum("investment"), empty=Count("pk", filter=Q(investment=None))
    )  # fmt: skip
    found = {row["category"]: row for row in rows}
    lines = []
    for each in printed:
        if each["code"] == "total":
            continue
        own = found.pop(each["code"], {"number": 0, "money": None, "empty": 0})
        lines.append(
            Category(each["code"], each["name"], each["count"], own["number"], _money(each), own["money"], own["empty"])
        )
    for code, own in sorted(found.items()):
        name = _("方案分类之外") if code == OTHER else code
        lines.append(Category(code, name, None, own["number"], None, own["money"], own["empty"]))
    total = next((each for each in printed if each["code"] == "total"), None)
    known = [line.money for line in lines if line.money is not None]
    lines.append(
        Category(
            "total", total["name"] if total else _("合计"), total["count"] if total else None,
            sum(line.registered for line in lines), _money(total) if total else None,
            sum(known, Decimal(0)) if known else None, sum(line.without_money for line in lines),
        )
    )  # fmt: skip
    return lines


def differences(lines: Iterable[Category]) -> list[str]:
    """In words, what does not agree: the printed counts among themselves, and the register with them."""
    every = list(lines)
    total, parts = every[-1], [line for line in every[:-1] if line.printed is not None]
    found = []
    if total.printed is not None and parts and sum(line.printed or 0 for line in parts) != total.printed:
        found.append(
            _("方案印出的各类之和是 %(sum)s，印出的合计是 %(total)s。")
            % {"sum": sum(line.printed or 0 for line in parts), "total": total.printed}
        )
    for line in every:
        if line.difference:
            found.append(
                _("%(name)s：方案印 %(printed)s 项，登记 %(registered)s 项，相差 %(difference)+d 项。")
                % {
                    "name": line.name,
                    "printed": line.printed,
                    "registered": line.registered,
                    "difference": line.difference,
                }
            )
    if total.printed_money is not None:
        money = total.money or Decimal(0)
        if money != total.printed_money:
            found.append(
                _("总投资：方案印 %(printed)s 亿元，登记合计 %(money)s 亿元（%(empty)s 个项目没有填投资）。")
                % {"printed": f"{total.printed_money / WAN_PER_YI:.2f}", "money": f"{money / WAN_PER_YI:.2f}", "empty": total.without_money}
            )  # fmt: skip
    return found


def _money(row: Mapping[str, Any]) -> Decimal | None:
    """A printed amount in 万元; None where none is printed. Raises `PlanError` for a unit that is neither 亿元 nor 万元."""
    text, unit = str(row.get("investment") or ""), str(row.get("unit") or "")
    if not text:
        return None
    if unit not in ("亿元", "万元"):
        raise PlanError(_("总投资的单位“%(unit)s”不认识") % {"unit": unit}, expected="亿元、万元")
    return Decimal(text) * (WAN_PER_YI if unit == "亿元" else 1)


# ---------------------------------------------------------------- the register


def image(project: Project) -> dict[str, Any]:
    """What a project says, plain: for the audit, and for undoing an import."""
    found = {name: getattr(project, name) for name in FIELDS}
    plain = {name: str(value) if isinstance(value, date | Decimal) else value for name, value in found.items()}
    return plain | {"inputs": project.inputs}


@transaction.atomic
def keep(plan: Plan, values: Mapping[str, Any], *, version: int | None, by: Any, now: datetime) -> Project:
    """Register a project (`version` None) or change one that is still at `version`; the reduction is computed anew.

    `values` of `FIELDS` and `inputs` (hours, source of them …). Raises `StaleError`, `PlanError`.
    """
    demand(by, permissions.PROJECTS)
    check_values(plan, values)
    if version is None:
        if Project.objects.filter(plan=plan, key=values["key"]).exists():
            raise PlanError(_("编号“%(key)s”已登记") % {"key": values["key"]}, mend=_("请换一个编号，或修改已有的项目"))
        project, before = Project(plan=plan, key=values["key"]), {}
    else:
        project = Project.objects.select_for_update().get(plan=plan, key=values["key"])
        if project.version != version:
            raise StaleError(
                _("“%(name)s”已被他人修改（现为第 %(version)s 版）")
                % {"name": project.name, "version": project.version},
                mend=_("没有保存；请看最新内容后再改"),
            )
        before = image(project)
        project.version += 1
    for name in (*FIELDS, "inputs"):
        if name in values:
            setattr(project, name, values[name])
    _estimate(project)
    project.save()
    detail = {name: value for name, value in image(project).items() if before.get(name) != value}
    records.audit(
        by, "plan.project.keep", "plan.project", str(project.pk), detail | {"version": project.version}, now=now
    )
    return project


def _estimate(project: Project) -> None:
    told = reductions.estimate(
        project.method, capacity=project.capacity, capacity_unit=project.capacity_unit, place=project.place,
        given=project.inputs.get("given", {}), source=project.inputs.get("source", ""),
    )  # fmt: skip
    kept = {name: project.inputs[name] for name in ("given", "source") if name in project.inputs}
    project.reduction = told.value
    project.inputs = kept | {
        "lineage": dict(told.inputs or {}),
        "missing": list(told.missing) if project.method else [],
    }


def check_values(plan: Plan, values: Mapping[str, Any]) -> None:
    """Raises `PlanError` for the first thing that a project cannot be registered with."""
    for name, title in (("key", _("编号")), ("name", _("名称")), ("place", _("地区"))):
        if not str(values.get(name) or "").strip():
            raise PlanError(_("没有填写%(name)s") % {"name": title})
    if values.get("stage", "planned") not in STAGES:
        raise PlanError(
            _("不认识的阶段“%(stage)s”") % {"stage": values["stage"]}, expected="、".join(map(str, STAGES.values()))
        )
    if values.get("category", OTHER) not in category_names(plan):
        raise PlanError(
            _("不认识的类别“%(code)s”") % {"code": values["category"]},
            expected="、".join(category_names(plan).values()),
        )
    money = values.get("investment")
    if money is not None and money < 0:
        raise PlanError(_("总投资是负数"), expected="≥ 0")
    begins, ends = values.get("begins_on"), values.get("ends_on")
    if begins and ends and ends < begins:
        raise PlanError(_("竣工 %(ends)s 早于开工 %(begins)s") % {"ends": ends, "begins": begins})
    if values.get("method") and values["method"] not in reductions.WAYS:
        raise PlanError(_("不认识的减排算法“%(code)s”") % {"code": values["method"]})
    if values.get("capacity") is not None and not str(values.get("capacity_unit") or "").strip():
        raise PlanError(_("填了规模，没有填单位"), mend=_("请填写单位，如 MW、万千瓦"))


# ---------------------------------------------------------------- months


@transaction.atomic
def report_month(
    project: Project, *, period: str, invested: Decimal | None, stage: str, text: str, seen: str, by: Any, now: datetime,
    evidence: Iterable[Evidence] = (),
) -> ProjectMonth:  # fmt: skip
    """A month of a project by its owner or county; a returned one is written again. Raises as `progress.write` does."""
    demand(by, permissions.REPORT_PROJECT, project)
    month = str(supervision.check_period(period, supervision.day_of(now)))
    if stage not in STAGES:
        raise PlanError(_("不认识的阶段“%(stage)s”") % {"stage": stage}, expected="、".join(map(str, STAGES.values())))
    if invested is not None and invested < 0:
        raise PlanError(_("本月完成投资是负数"), expected="≥ 0", mend=_("要更正以前的月份，请联系双碳办退回该月"))
    found = ProjectMonth.objects.select_related("record").filter(project=project, period=month).first()
    if (found.record.changed_at.isoformat() if found else "") != seen:
        raise StaleError(_("这个月的进展刚刚有人报过"), mend=_("请看最新内容后再改"))
    payload = {"project": project.pk, "period": month, "invested": None if invested is None else str(invested), "stage": stage, "text": text.strip()}  # fmt: skip
    title, attached = f"{project.name[:120]} {month}", list(evidence)
    if found is None:
        record = records.open_record(MONTH, title=title, payload=payload, by=by, now=now, place=project.place, key=str(project.pk), evidence=attached)  # fmt: skip
        return ProjectMonth.objects.create(
            project=project, record=record, period=month, invested=invested, stage=stage, text=text.strip()
        )
    kept = list({each.pk: each for each in (*found.record.evidence.all(), *attached)}.values())
    records.amend(found.record, by=by, now=now, payload=payload, title=title, evidence=kept)
    records.move(found.record, "submit", by=by, now=now)
    found.invested, found.stage, found.text = invested, stage, text.strip()
    found.save(update_fields=["invested", "stage", "text"])
    return found


@transaction.atomic
def move_month(month: ProjectMonth, action: str, *, state: str, by: Any, now: datetime, reason: str = "") -> Record:
    """Accept or return a month; an accepted one brings the project's stage up to date. Raises `StaleError`."""
    demand(by, permissions.CHECK)
    fresh = Record.objects.get(pk=month.record_id)
    if fresh.state != state:
        raise StaleError(
            _("“%(title)s”现为“%(state)s”") % {"title": fresh.title, "state": fresh.state_title}, mend=_("请刷新页面")
        )
    moved = records.move(fresh, action, by=by, now=now, reason=reason)
    newest = ProjectMonth.objects.filter(project=month.project_id, record__state="accepted").order_by("-period").first()
    if action == "accept" and newest and newest.pk == month.pk:
        Project.objects.filter(pk=month.project_id).exclude(stage=month.stage).update(
            stage=month.stage, version=F("version") + 1
        )
    return moved


def invested(projects: Iterable[Project], *, year: int | None = None) -> dict[int, Decimal]:
    """Project id → investment made, 万元, of accepted months (of a year)."""
    rows = ProjectMonth.objects.filter(project__in=projects, record__state="accepted", invested__isnull=False)
    if year is not None:
        rows = rows.filter(period__startswith=str(year))
    return dict(rows.order_by().values_list("project").annotate(sum=Sum("invested")))


# ---------------------------------------------------------------- names in the text


@dataclass(frozen=True)
class Match:
    """A name in the plan's text and the registered projects that are called alike, the likest first."""

    name: str
    county: str
    capacity: str
    project: Project | None
    alike: tuple[tuple[Project, float], ...]


def named_in(plan: Plan) -> list[Mapping[str, Any]]:
    """The projects that the accepted version names, as corrected."""
    return [each for each in plans.named_projects(plan) if each.get("name")]


def matches(plan: Plan) -> list[Match]:
    """Every project that the text names, with suggestions by likeness of the name; the office decides."""
    projects = list(Project.objects.filter(plan=plan))
    settled = {each.named: each for each in projects if each.named}
    found = []
    for name, row in {str(row["name"]): row for row in named_in(plan)}.items():
        scored = [(each, likeness(name, each.name)) for each in projects if not each.named]
        near = sorted((pair for pair in scored if pair[1] >= ALIKE), key=lambda pair: (-pair[1], pair[0].key))[:3]
        size = " ".join(str(row[part]) for part in ("capacity", "capacity_unit") if row.get(part))
        found.append(Match(name, str(row.get("county") or ""), size, settled.get(name), tuple(near)))
    return found


def likeness(one: str, other: str) -> float:
    """0 to 1: how much of the two names is common, in order."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


@transaction.atomic
def match(plan: Plan, *, name: str, project: Project | None, by: Any, now: datetime) -> None:
    """The office says which registered project a name in the text means; None takes the match back."""
    demand(by, permissions.PROJECTS)
    if name not in {str(row["name"]) for row in named_in(plan)}:
        raise PlanError(_("方案正文里没有“%(name)s”") % {"name": name[:60]}, mend=_("请刷新页面"))
    Project.objects.filter(plan=plan, named=name).update(named="", version=F("version") + 1)
    if project is not None:
        Project.objects.filter(pk=project.pk, plan=plan).update(named=name, version=F("version") + 1)
    detail = {"name": name, "project": project.key if project else ""}
    records.audit(by, "plan.project.match", "plan", str(plan.pk), detail, now=now)


def tasks_of(plan: Plan) -> list[tuple[int, str]]:
    """Tasks that a project may hang under."""
    rows = Task.objects.filter(plan=plan, parent=None, dropped_in=None).values_list("pk", "path", "title")
    return [(pk, f"{path} {title}") for pk, path, title in rows]
