"""What measures a two-high project's own energy: meters and nodes of its firm's flow model, bound by the month.

A year in which something is bound is told by that alone: a month without is missing, never filled with the whole firm's. Where nothing is
bound the firm's energy stands for the project's, and the page says so. The months are published as `energy.consumption` of
`project:<id>`, computed as a firm's are (`monitoring.balance`, GB/T 2589).
"""

from __future__ import annotations

import hashlib
import json
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import FlowLink, FlowNode, HighProject, Meter, ProjectPart
from dafeng.domains.energy.monitoring import balance, publishing
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.models import Run
from dafeng.kernel.records import services as records
from dafeng.kernel.series.models import Point

DOMAIN, KIND = "energy", "control.projects"
METHOD = "GB/T 2589-2020"


def choices(project: HighProject) -> tuple[list[FlowNode], list[Meter]]:
    """Nodes and meters of the project's firm that may be bound."""
    if project.enterprise is None:
        return [], []
    meters = Meter.objects.filter(enterprise=project.enterprise, role=Meter.Role.LOAD).exclude(
        point__kind=Point.Kind.INSTANT
    )
    nodes = FlowNode.objects.filter(enterprise=project.enterprise)
    return list(nodes), list(meters.select_related("point", "node").order_by("point__code"))


def bind(
    project: HighProject, *, node: FlowNode | None, meter: Meter | None, since: date, by: Any, now: datetime
) -> ProjectPart:
    """From a month on, count a node or a meter as the project's own. Raises `Refused`: `elsewhere`, `month`, `unmetered`, `counted`."""
    bound = node or meter
    if bound is None or project.enterprise is None or bound.enterprise_id != project.enterprise_id:
        raise Refused(
            "elsewhere", _("这个环节或表计不是项目所属企业的"), mend=_("请先登记项目的企业，再选它的环节或表计")
        )
    if since.day != 1 or since > now.date():
        raise Refused("month", _("起算月份不对"), expected=_("已经开始的月份，如 2026-01"))
    made = ProjectPart(project=project, node=node, meter=meter, since=since, by=by, at=now)
    with records.serial():
        _demand_once(made)
        made.save()
        detail = {"node": node.code if node else "", "meter": meter.point.code if meter else "", "since": since}
        records.audit(by, "energy.project.bind", "high-project", str(project.pk), detail, now=now)
    return made


def release(part: ProjectPart, *, until: date, by: Any, now: datetime) -> ProjectPart:
    """Count it no more from a month on; what was counted before stays. Raises `Refused`: `month`, `released`."""
    if part.until is not None:
        raise Refused("released", _("已经停算"), mend=_("请刷新看最新情况"))
    if until.day != 1 or until < part.since or until > now.date():
        raise Refused("month", _("停算月份不对"), expected=_("不早于起算月份、已经开始的月份"))
    with records.serial():
        part.until = until
        part.save(update_fields=["until"])
        records.audit(
            by,
            "energy.project.release",
            "high-project",
            str(part.project_id),
            {"part": part.pk, "until": until},
            now=now,
        )
    return part


def _demand_once(part: ProjectPart) -> None:
    """A meter, or what a bound one is a part of, counts once: for one project, in one part of it."""
    mine = meters_of(part, part.since, None)
    same = ProjectPart.objects.filter(project__enterprise_id=part.project.enterprise_id).filter(
        Q(until=None) | Q(until__gt=part.since)
    )
    for other in same.select_related("project", "node", "meter"):
        theirs = {meter.pk for meter in meters_of(other, part.since, None)}
        own = {meter.pk for meter in mine}
        if own & theirs or _above(mine) & theirs or _above(meters_of(other, part.since, None)) & own:
            raise Refused(
                "counted", _("已计入“%(project)s”") % {"project": other.project.name}, mend=_("同一处用能只能计一次；请先停算原来的绑定")
            )  # fmt: skip


def _above(meters: Iterable[Meter]) -> set[int]:
    """Keys of the meters of which these are parts, at any depth."""
    found: set[int] = set()
    for meter in meters:
        above = meter.parent
        while above is not None and above.pk not in found:
            found.add(above.pk)
            above = above.parent
    return found


def meters_of(part: ProjectPart, first: date, last: date | None) -> list[Meter]:
    """The meters whose sum is the part's energy: its own, or those of all that flows into its node (at a purchase, those that stand there).

    Raises `Refused` (`unmetered`) where something flows into the node that no meter measures.
    """
    if part.meter is not None:
        return [part.meter]
    held = Meter.objects.filter(node=part.node, role=Meter.Role.LOAD).holding(first, last)
    links = list(FlowLink.objects.filter(target=part.node).holding(first, last).select_related("meter__parent"))
    if not links:
        found = [meter for meter in held.select_related("parent") if meter.parent_id is None]
    else:
        found = list({link.meter.pk: link.meter for link in links if link.meter is not None}.values())
    if not found or any(link.meter is None for link in links):
        name = part.node.name if part.node else ""
        raise Refused(
            "unmetered", _("“%(node)s”有没装表的来能，算不出用了多少") % {"node": name}, mend=_("请先在流程模型里补上计量，或直接绑定表计")
        )  # fmt: skip
    return found


def parts_of(projects: Iterable[HighProject]) -> dict[int, list[ProjectPart]]:
    """Project → what is or was bound to it."""
    found: dict[int, list[ProjectPart]] = {}
    rows = ProjectPart.objects.filter(project__in=[each.pk for each in projects])
    for part in rows.select_related("node", "meter__point", "meter__node", "by"):
        found.setdefault(part.project_id, []).append(part)
    return found


def holds(part: ProjectPart, first: date, last: date) -> bool:
    """On some day from the first to the last."""
    return part.since <= last and (part.until is None or part.until > first)


def own_years(parts: Sequence[ProjectPart], years: Iterable[int]) -> set[int]:
    """The years that a project's own meters tell: those in which something is bound, in any month."""
    return {year for year in years if any(holds(part, date(year, 1, 1), date(year, 12, 31)) for part in parts)}


def with_measured(projects: QuerySet[Any], *, on: date) -> QuerySet[Any]:
    """`measured`: whether this year is told by the project's own meters."""
    this = ProjectPart.objects.filter(project=OuterRef("pk"), since__lte=date(on.year, 12, 31))
    held = this.filter(Q(until=None) | Q(until__gt=date(on.year, 1, 1)))
    return projects.annotate(measured=Exists(held))


def publish_month(city: str, month: date, *, now: datetime, by: Any = None) -> Run | None:
    """A month of all projects with something bound. None when no project has; the same numbers once more publish nothing new."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    projects = list(HighProject.objects.filter(city=city).order_by("pk"))
    chosen: dict[int, list[Meter]] = {}
    for pk, parts in parts_of(projects).items():
        for part in parts:
            if holds(part, month, last):
                chosen.setdefault(pk, [])
                chosen[pk] += _known(part, month, last)
    kind = f"{KIND}.{month:%Y-%m}"
    current = indicators.current_run(DOMAIN, kind, city)
    if not chosen and current is None:
        return None
    found = balance.amounts(list({meter.pk: meter for each in chosen.values() for meter in each}.values()), month, last)
    rows: list[Mapping[str, Any]] = []
    for pk, meters in sorted(chosen.items()):
        total = balance.total_of(meters, found, month.year)
        if total.rows.height:
            told = publishing.rows_of(
                f"project:{pk}", f"{month:%Y-%m}", [total], [meter.point.code for meter in meters]
            )
            rows += [row for row in told if row["indicator"] == publishing.CONSUMPTION]
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()
    if current is not None and current.digest == digest:
        return current
    publishing.ensure_indicators()
    run = indicators.start_run(
        domain=DOMAIN, kind=kind, subject=city, now=now, by=by, digest=digest, parameters={"set": METHOD}
    )
    indicators.publish(run, rows)
    return indicators.finish_run(run, now)


def _known(part: ProjectPart, first: date, last: date) -> list[Meter]:
    """As `meters_of`; nothing where the firm's model has since lost a meter there: that month is missing then."""
    try:
        return meters_of(part, first, last)
    except Refused:
        return []


def publish(city: str, *, year: int, month: int, now: datetime, by: Any = None, back: int = 2) -> None:
    """The last `back` finished months up to `month`: late readings change them."""
    for _number in range(back):
        publish_month(city, date(year, month, 1), now=now, by=by)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
