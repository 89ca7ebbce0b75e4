"""The order of data sources may not be lowered (power guideline of 2021, 6.2): plan against the plans before it, month against plan.

The orders are data of the sector schemas (`[[orders]]`). A plan that names a lower source than an earlier one in force is refused; a
month that comes from a lower source than its plan names is a finding, for a month may lack a conforming test and must then say why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import ControlPlan, Facility, MonthlyValue
from dafeng.domains.enterprise.reporting import sectoral
from dafeng.domains.enterprise.reporting.methods.sectors import Order

BELOW_PLAN = "below_plan"


def key_of(facility: str, item: str, stream: str) -> str:
    """A line of a plan."""
    return f"{facility}/{item}/{stream}"


def before(plan: ControlPlan) -> dict[str, list[str]]:
    """Line → the sources that plans before this one named while they were in force, the latest last."""
    earlier = Q(year__lt=plan.year) | Q(year=plan.year, number__lt=plan.number)
    found: dict[str, list[str]] = {}
    for each in ControlPlan.objects.filter(
        earlier, enterprise=plan.enterprise, record__state__in=("filed", "replaced")
    ).order_by("year", "number"):
        for key, said in each.content.get("items", {}).items():
            if said.get("source"):
                found.setdefault(key, []).append(said["source"])
    return found


def best(order: Order, named: Iterable[str]) -> str:
    """The highest of these sources, empty where none is of the order."""
    known = [code for code in named if order.find(code)]
    return min(known, key=order.rank, default="")


def lowered(line: Mapping[str, Any], former: Mapping[str, list[str]]) -> str:
    """The better source that plans before named for a line, empty where the line is not below it."""
    order, code = line["order"], line["said"].get("source", "")
    highest = best(order, former.get(line["key"], ())) if order and code else ""
    return highest if highest and order.rank(code) > order.rank(highest) else ""


def demand_known(lines: Iterable[Mapping[str, Any]]) -> None:
    """Raises `Refused` (`unknown_source`) for a source that is not of the parameter's order."""
    for line in lines:
        order, code = line["order"], line["said"].get("source", "")
        if code and (order is None or order.find(code) is None):
            titles = sectoral.source_titles(order).values() if order else ()
            raise Refused(
                "unknown_source",
                _("“%(title)s”没有数据来源“%(code)s”") % {"title": line["wanted"].title, "code": code[:40]},
                expected="、".join(titles),
                mend=_("请从列表中选"),
            )


def demand_kept(lines: Iterable[Mapping[str, Any]], former: Mapping[str, list[str]]) -> None:
    """Raises `Refused`: `no_source` where an order is there and nothing chosen, `source_lowered` below an earlier plan's source."""
    ordered = [line for line in lines if line["order"]]
    asked = [each for each in ordered if each["wanted"].required or each["said"].get("how") or each["key"] in former]
    if bare := [each for each in asked if not each["said"].get("source")]:
        names = "、".join(each["wanted"].title for each in bare[:5])
        raise Refused(
            "no_source",
            _("还有 %(count)s 个参数没有选定数据来源：%(names)s") % {"count": len(bare), "names": names},
            mend=_("请按指南的次序逐项选定"),
        )
    for line in ordered:
        if highest := lowered(line, former):
            titles = sectoral.source_titles(line["order"])
            raise Refused(
                "source_lowered",
                _("“%(title)s”以前的方案用“%(former)s”，这一版改为“%(now)s”，次序降低了")
                % {
                    "title": line["wanted"].title,
                    "former": titles[highest],
                    "now": titles[line["said"]["source"]],
                },
                expected=titles[highest],
                mend=_(
                    "指南规定数据来源的次序以后年度不得降低，请仍用不低于以前的来源；个别月份取不到时，在检查发现里说明"
                ),
            )


def planned(content: Mapping[str, Any], facility: Facility) -> dict[tuple[str, str], tuple[Order, str]]:
    """(item, stream) → its order and the source that a plan names for it."""
    found = {}
    for key, said in content.get("items", {}).items():
        code, item, stream = key.split("/", 2)
        if code != facility.code or not said.get("source") or item not in sectoral.sector_of(facility.sector).items:
            continue
        order = sectoral.order_of(facility.sector, item, stream)
        if order and order.find(said["source"]):
            found[item, stream] = order, said["source"]
    return found


def below_plan(
    facilities: Iterable[Facility], values: Iterable[MonthlyValue], content: Mapping[str, Any], year: int
) -> Iterator[dict[str, Any]]:
    """A finding a month and item whose value comes from a lower source than the plan names; `facts` name both."""
    named = {each: found for each in facilities if (found := planned(content, each))}
    if not named:
        return
    mine = {each.pk for each in named}
    told = [each for each in values if each.facility_id in mine]
    ways = _ways(list(named), told, year)
    for facility, cells in named.items():
        for (code, month, item, stream), way in ways.items():
            if code != facility.code or (item, stream) not in cells:
                continue
            order, source = cells[item, stream]
            if order.rank_of_way(way) > order.rank(source):
                yield {
                    "facility": facility,
                    "rule": BELOW_PLAN,
                    "month": month,
                    "item": item,
                    "stream": stream,
                    "severity": "warn",
                    "facts": {"planned": source, "way": way},
                }


def _ways(facilities: list[Facility], values: list[MonthlyValue], year: int) -> dict[tuple[str, str, str, str], str]:
    """(facility, month, item, stream) → the way of the value that counts: as told, else derived or prescribed by the method."""
    computed = sectoral.compute(facilities, values, year)
    found = {
        (row["facility"], row["month"], each["name"], row["stream"] or ""): each["way"]
        for row in computed.rows
        for each in row["inputs"]
        if each["way"] == "computed"
    }
    # A prescribed value that nobody has confirmed yet is a default all the same.
    prescribed = (*computed.applied, *(row for row in computed.open if row["kind"] == "to_confirm"))
    found |= {
        (row["facility"], row["month"], row["item"], row["stream"] or ""): MonthlyValue.Way.DEFAULT.value
        for row in prescribed
    }
    found |= {
        (each.facility.code, each.month, each.item, each.stream): each.way for each in values if each.value is not None
    }
    return found
