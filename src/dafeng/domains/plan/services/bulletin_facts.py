"""What a bulletin tells: targets' lights, late and silent tasks and whose, projects, warnings, gaps. Read, never written.

Facts are plain JSON, so that two of them can be compared: `counts` (one number a name) and `tables` (rows with a key). They tell
of the period up to its cut-off, its last day or the day of making; lights are those of the latest judging.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.plan.models import PlanCity, Progress, Project, Question, Target
from dafeng.domains.plan.reading.register import departments
from dafeng.domains.plan.services import projects, supervision, targets, warnings
from dafeng.kernel.errors import PlanError
from dafeng.kernel.scoring.rubric import digest_of

MONTH, HALF, YEAR = "month", "half-year", "year"
LIGHTS = ("red", "yellow", "green", "unknown", "unbound")
Facts = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A month (2026-10), a half-year (2026H1) or a year (2026), as days."""

    kind: str
    period: str
    first: date
    last: date

    @property
    def months(self) -> list[str]:
        """The months of the span as progress and projects name them."""
        return [f"{self.first.year}-{month:02d}" for month in range(self.first.month, self.last.month + 1)]


def span_of(kind: str, period: str) -> Span:
    """Raises `PlanError` for a period that is not one of the kind."""
    text = period.strip().upper()
    year = int(text[:4]) if text[:4].isascii() and text[:4].isdigit() and 2000 <= int(text[:4]) <= 2100 else 0
    rest = text[4:]
    if year and kind == YEAR and not rest:
        return Span(kind, text, date(year, 1, 1), date(year, 12, 31))
    if year and kind == HALF and rest in ("H1", "H2"):
        return (
            Span(kind, text, date(year, 1, 1), date(year, 6, 30))
            if rest == "H1"
            else Span(kind, text, date(year, 7, 1), date(year, 12, 31))
        )
    if year and kind == MONTH and len(rest) == 3 and rest[0] == "-" and rest[1:].isdigit() and 1 <= int(rest[1:]) <= 12:
        month = supervision.month(date(year, int(rest[1:]), 1))
        return Span(kind, text, month.start, month.end)
    expected = {MONTH: "2026-10", HALF: "2026H1", YEAR: "2026"}
    if kind not in expected:
        raise PlanError(_("没有这种报告"), expected=_("月度、半年、年度"))
    raise PlanError(_("时期“%(period)s”写法不对") % {"period": period[:12]}, expected=expected[kind])


def gather(city: str, span: Span, cutoff: date) -> Facts:
    """All facts of a span, up to the cut-off."""
    counties, questions, in_span = _city(city, span)
    names = {each.id: each.name for each in departments()} | counties
    counts: dict[str, Any] = {}
    tables: dict[str, list[dict[str, Any]]] = {}
    _targets(city, names, counts, tables)
    _tasks(city, span, cutoff, names, counts, tables)
    _projects(city, span, names, counts, tables)
    _warnings(city, list(counties), span, cutoff, names, counts, tables)
    counts |= {"questions": questions, "reports": in_span}
    return {
        "span": {"kind": span.kind, "period": span.period, "first": str(span.first), "last": str(span.last), "cutoff": str(cutoff)},
        "counts": counts,
        "tables": tables,
    }  # fmt: skip


def _city(city: str, span: Span) -> tuple[dict[str, str], int, int]:
    """Names of the counties, how many questions are open, how many reports were handed in for the span; asked at once."""
    questions = Question.objects.filter(plan__city=city, record__state="open").order_by().values("plan__city")
    reports = Progress.objects.filter(
        task__plan__city=city, task__dropped_in=None, record__state__in=supervision.HANDED_IN, period__in=span.months
    ).order_by().values("task__plan__city")  # fmt: skip
    row = (
        PlanCity.objects.filter(pk=city)
        .annotate(
            questions=Subquery(questions.annotate(n=Count("pk")).values("n")),
            reports=Subquery(reports.annotate(n=Count("pk")).values("n")),
        )
        .values_list("counties", "questions", "reports")
        .first()
    )
    counties, asked, told = row or ({}, 0, 0)
    return {code: names[0] for code, names in counties.items()}, asked or 0, told or 0


def digest(facts: Mapping[str, Any]) -> str:
    return digest_of(facts)


def _targets(city: str, names: Mapping[str, str], counts: Facts, tables: Facts) -> None:
    found = list(targets.holding(city).select_related("plan", "standing"))
    lights = dict.fromkeys(LIGHTS, 0)
    rows, gaps = [], []
    for target in found:
        standing = getattr(target, "standing", None)
        light = standing.light if standing else "unknown" if target.binding else "unbound"
        lights[light] += 1
        named = {
            "key": f"{target.plan_id}-{target.key}-{target.place}",
            "indicator": target.indicator,
            "year": target.year,
            "owner": names.get(target.owner, target.owner),
        }
        if light in ("red", "yellow"):
            rows.append(
                named
                | {
                    "light": light,
                    "title": standing.title,
                    "value": standing.value,
                    "goal": standing.goal,
                    "unit": standing.unit,
                    "probability": standing.probability,
                    "why": standing.why,
                }
            )
        elif light in ("unknown", "unbound"):
            gaps.append(named | {"light": light, "why": _why(target, standing)})
    rows.sort(key=lambda row: (row["light"] != "red", row["year"] or 9999))
    counts["targets"] = len(found)
    counts |= {f"lights_{light}": number for light, number in lights.items()}
    tables["lights"], tables["gaps"] = rows, gaps


def _why(target: Target, standing: Any) -> str:
    if standing is not None:
        return standing.why or standing.title
    return _("还没有判定") if target.binding else _("未绑定")


def _tasks(city: str, span: Span, cutoff: date, names: Mapping[str, str], counts: Facts, tables: Facts) -> None:
    """As at the cut-off: what was done or reported later does not count yet."""
    found = _with_owners(city, span, cutoff)
    limit = supervision.silent_before(cutoff)
    late, silent, done = [], [], 0
    for task in found:
        if task.done_on is not None and task.done_on <= cutoff:
            done += 1
            continue
        row = {
            "key": f"{task.plan_id}-{task.key}-{task.place}",
            "path": task.path,
            "title": task.title,
            "owners": _owners(task, names),
            "due_on": str(task.due_on) if task.due_on else "",
            "last": task.handed or "",
        }
        if task.due_on is not None and task.due_on < cutoff:
            late.append(row | {"days": (cutoff - task.due_on).days})
        begun = task.begun_on
        if row["last"] <= str(limit) if row["last"] else begun is not None and begun <= limit.end:
            silent.append(row)
    late.sort(key=lambda row: -row["days"])
    counts |= {"tasks": len(found), "done": done, "late": len(late), "silent": len(silent)}
    tables["late"], tables["silent"] = late, silent
    owing: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for at, rows in enumerate((late, silent)):
        for row in rows:
            for owner in row["owners"].split("、"):
                owing[owner][at] += 1
    tables["owing"] = [
        {"key": owner, "late": pair[0], "silent": pair[1]}
        for owner, pair in sorted(owing.items(), key=lambda each: (-each[1][0], -each[1][1], each[0]))
        if owner
    ]


def _with_owners(city: str, span: Span, cutoff: date) -> list[Any]:
    """Tasks with the newest month that was handed in by the end of the span, and the owners of today; asked at once."""
    handed = Progress.objects.filter(task=OuterRef("pk"), record__state__in=supervision.HANDED_IN, period__lte=span.months[-1])  # fmt: skip
    rows = supervision.with_state(supervision.in_force(city), day=cutoff).annotate(
        handed=Subquery(handed.order_by("-period").values("period")[:1])
    )
    own = ("pk", "plan_id", "key", "place", "parent_id", "path", "title", "due_on", "done_on", "begun_on", "handed")
    owner = ("owners__pk", "owners__department", "owners__name", "owners__role", "owners__until")
    found: dict[int, Any] = {}
    for row in rows.order_by("order", "pk", "owners__pk").values_list(*own, *owner):
        task = found.setdefault(row[0], SimpleNamespace(**dict(zip(own, row, strict=False)), owning=[]))
        pk, department, name, role, until = row[len(own) :]
        if pk is not None and until is None:
            task.owning.append(SimpleNamespace(department=department, name=name, role=role))
    return list(found.values())


def _owners(task: Any, names: Mapping[str, str]) -> str:
    """A county's part is the county's; else the leading owners of today, or those that support."""
    if task.parent_id:
        return names.get(task.place, task.place)
    current = task.owning
    leading = [owner for owner in current if owner.role == "lead"] or [o for o in current if o.role != "all-counties"]
    chosen = leading or current
    return "、".join(dict.fromkeys(names.get(owner.department, owner.name) for owner in chosen))


def _projects(city: str, span: Span, names: Mapping[str, str], counts: Facts, tables: Facts) -> None:
    found, in_span, in_year, told = _with_months(city, span)
    titles: dict[str, str] = {}
    for title in projects.category_names_of({project.plan_id for project in found}).values():
        titles |= title
    rows: dict[str, dict[str, Any]] = {}
    for project in found:
        row = rows.setdefault(
            project.category,
            {
                "key": project.category,
                "title": titles.get(project.category, project.category),
                "count": 0,
                "begun": 0,
                "investment": Decimal(0),
                "span": Decimal(0),
                "year": Decimal(0),
            },
        )
        row["count"] += 1
        row["begun"] += project.stage in projects.BEGUN
        row["investment"] += project.investment or 0
        row["span"] += in_span[project.pk]
        row["year"] += in_year[project.pk]
    # Money stays exact: 亿元 as text with four decimals.
    tables["projects"] = [
        {**row, **{name: _money(row[name]) for name in ("investment", "span", "year")}} for row in rows.values()
    ]
    active = [project for project in found if project.stage == "building"]
    tables["unreported"] = [
        {"key": f"{p.plan_id}-{p.key}", "title": p.name, "owner": names.get(p.owner, p.owner), "place": names.get(p.place, p.place)}
        for p in active
        if p.pk not in told
    ]  # fmt: skip
    counts |= {
        "projects": len(found),
        "begun": sum(row["begun"] for row in rows.values()),
        "investment": _money(sum((project.investment or Decimal(0) for project in found), Decimal(0))),
        "invested": _money(sum(in_span.values(), Decimal(0))),
        "invested_year": _money(sum(in_year.values(), Decimal(0))),
        "unreported": len(tables["unreported"]),
    }


def _with_months(city: str, span: Span) -> tuple[list[Any], dict[int, Decimal], dict[int, Decimal], set[int]]:
    """Projects, what was spent in the span and in the year up to its end, and which projects told of the span; asked at once."""
    own = ("pk", "plan_id", "key", "name", "category", "place", "owner", "stage", "investment")
    month = ("months__record__state", "months__period", "months__invested")
    rows = Project.objects.filter(plan__city=city).order_by("category", "key", "pk").values_list(*own, *month)
    found: dict[int, Any] = {}
    in_span: dict[int, Decimal] = defaultdict(Decimal)
    in_year: dict[int, Decimal] = defaultdict(Decimal)
    told = set()
    for row in rows:
        project = found.setdefault(row[0], SimpleNamespace(**dict(zip(own, row, strict=False))))
        state, period, money = row[len(own) :]
        if state != "accepted" or not f"{span.first.year}-01" <= period <= span.months[-1]:
            continue
        in_year[project.pk] += money or 0
        if period in span.months:
            told.add(project.pk)
            in_span[project.pk] += money or 0
    return list(found.values()), in_span, in_year, told


def _money(amount: Decimal) -> str:
    """万元 as 亿元, exact."""
    return f"{amount / 10000:.4f}"


def _warnings(
    city: str, counties: list[str], span: Span, cutoff: date, names: Mapping[str, str], counts: Facts, tables: Facts
) -> None:
    found = [each for each in warnings.of_city(city, counties) if timezone.localdate(each.record.created_at) <= cutoff]
    raised = [each for each in found if timezone.localdate(each.record.created_at) >= span.first]
    still = [each for each in found if each.record.state in warnings.OPEN]
    overdue = [each for each in still if each.due_on < cutoff]
    counts |= {"warnings_raised": len(raised), "warnings_open": len(still), "warnings_overdue": len(overdue)}
    tables["warnings"] = [
        {
            "key": str(each.record_id),
            "title": each.record.title,
            "light": each.light,
            "owner": names.get(each.owner, each.owner),
            "due_on": str(each.due_on),
            "state": each.record.state_title,
            "overdue": each.due_on < cutoff,
        }
        for each in still
    ]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a bulletin would tell otherwise now: table or count, which row, what, before and after."""
    found = [
        {
            "table": "counts",
            "row": "",
            "field": name,
            "before": _text(before["counts"].get(name)),
            "after": _text(value),
        }
        for name, value in after["counts"].items()
        if before["counts"].get(name) != value
    ]
    for name in dict.fromkeys([*before["tables"], *after["tables"]]):
        old = {row["key"]: row for row in before["tables"].get(name, [])}
        new = {row["key"]: row for row in after["tables"].get(name, [])}
        for key in dict.fromkeys([*old, *new]):
            found += _row_differences(name, key, old.get(key), new.get(key))
    return found


def _row_differences(
    table: str, key: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterable[dict[str, str]]:
    either = new or old or {}
    title = str(either.get("title") or either.get("indicator") or key)
    if old is None or new is None:
        yield {"table": table, "row": title, "field": "", "before": _("无") if old is None else _("有"), "after": _("无") if new is None else _("有")}  # fmt: skip
        return
    for name in new:
        if old.get(name) != new[name]:
            yield {
                "table": table,
                "row": title,
                "field": name,
                "before": _text(old.get(name)),
                "after": _text(new[name]),
            }


def _text(value: Any) -> str:
    return "–" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)
