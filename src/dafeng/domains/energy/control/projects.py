"""The list of two-high projects, the coal that each must replace, and the cuts that replace it: a tonne is used once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.control.methods import coal
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import CoalCut, CoalUse, HighProject
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "energy.coal"


def register_project(
    city: str, *, name: str, owner: str, place: str, sector: str, stage: str, energy: float | None, coal_tonnes: float | None,
    ratio: float, document: str, reviewed_on: date | None, by: Any, now: datetime, firm: Enterprise | None = None, demo: bool = False,
) -> HighProject:  # fmt: skip
    """Put a project on the list, or bring it up to date by its name. Raises `Refused`: `unknown_sector`, `ratio`, `amount`."""
    if sector not in rules.sectors():
        raise Refused("unknown_sector", _("没有“%(sector)s”这个行业") % {"sector": sector})
    if not 1 <= ratio <= 5:
        raise Refused("ratio", _("煤炭替代倍数 %(ratio)s 不对") % {"ratio": ratio}, expected=_("1（等量）到 5"))
    if any(each is not None and each < 0 for each in (energy, coal_tonnes)):
        raise Refused("amount", _("核定量不能为负"))
    words = {
        "owner": owner, "place": place, "sector": sector, "stage": stage, "energy": energy, "coal": coal_tonnes,
        "ratio": ratio, "document": document, "reviewed_on": reviewed_on, "enterprise": firm, "demo": demo, "at": now,
    }  # fmt: skip
    with records.serial():
        former = HighProject.objects.filter(city=city, name=name).first()
        if former and former.place != place:
            raise Refused(
                "other_place", _("“%(name)s”已登记在另一个县区") % {"name": name}, mend=_("请换一个名称或联系市发改委")
            )
        found, _made = HighProject.objects.update_or_create(city=city, name=name, defaults=words)
        told = {key: value for key, value in words.items() if key not in ("enterprise", "at")}
        records.audit(by, "energy.project.keep", "high-project", str(found.pk), told | {"name": name}, now=now)
    return found


def project_for(user: Any, id: int) -> HighProject:
    """Raises `NotFound`."""
    found = HighProject.objects.for_user(user).select_related("enterprise").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这个项目"))
    return found  # type: ignore[no-any-return]


def with_replaced(projects: QuerySet[Any]) -> QuerySet[Any]:
    return projects.annotate(replaced=Sum("coal_uses__tonnes"))  # type: ignore[no-any-return]


def owed(project: HighProject) -> float | None:
    """Tonnes that the project must replace; None where its coal was not approved yet."""
    return coal.owed(project.coal, project.ratio)


def deviation(project: HighProject, real: float | None) -> float | None:
    """Real energy of a year over what was approved, in percent above; None where either is missing."""
    if real is None or not project.energy:
        return None
    return (real / project.energy - 1) * 100


def claim(
    city: str, *, title: str, place: str, year: int, tonnes: float, how: str, by: Any, now: datetime,
    evidence: list[Evidence], firm: Enterprise | None = None, demo: bool = False,
) -> CoalCut:  # fmt: skip
    """Claim coal that is no longer burnt; usable once another person has confirmed it. Raises `Refused`: `amount`, `no_evidence`."""
    if not 0 < tonnes < 1e9:
        raise Refused("amount", _("削减量 %(tonnes)s 不对") % {"tonnes": tonnes}, expected=_("大于 0 的吨数"))
    if not evidence:
        raise Refused("no_evidence", _("没有附凭证"), mend=_("请附关停、改造或产能退出的证明"))
    payload = {"title": title, "year": year, "tonnes": tonnes, "how": how}
    with records.serial():
        record = records.open_record(
            KIND, title=title, payload=payload, by=by, now=now, place=firm.place if firm else place, evidence=evidence
        )
        return CoalCut.objects.create(
            record=record, city=city, title=title, place=firm.place if firm else place, enterprise=firm, year=year,
            tonnes=tonnes, how=how, demo=demo,
        )  # fmt: skip


def free_of(cut: CoalCut) -> float:
    """What of a cut nobody has used yet."""
    used = CoalUse.objects.filter(cut=cut).aggregate(used=Sum("tonnes"))["used"] or 0.0
    return coal.free(cut.tonnes, used)


def use(cut: CoalCut, project: HighProject, tonnes: float, *, by: Any, now: datetime, reason: str = "") -> CoalUse:
    """Give tonnes of a confirmed cut to a project; negative tonnes give back what it had of this cut.

    Raises `Refused`: `not_confirmed`, `too_much` (of the cut), `more_than_owed` (by the project), `not_given`, `amount`.
    """
    if not tonnes or abs(tonnes) > 1e9:
        raise Refused("amount", _("替代量 %(tonnes)s 不对") % {"tonnes": tonnes})
    with records.serial():  # one at a time: two who use the same cut must see each other
        locked = CoalCut.objects.select_for_update().select_related("record").get(pk=cut.pk)
        if locked.record.state != "confirmed":
            raise Refused(
                "not_confirmed", _("“%(title)s”还没有核定") % {"title": locked.title}, mend=_("请先由市级核定")
            )
        _check_use(locked, project, tonnes)
        made = CoalUse(cut=locked, project=project, tonnes=tonnes, reason=reason.strip(), by=by, at=now)
        made.save()
        detail = {"cut": locked.pk, "project": project.pk, "tonnes": tonnes, "reason": reason.strip()}
        records.audit(by, "energy.coal.use", "coal-cut", str(locked.pk), detail, now=now)
    return made


def _check_use(cut: CoalCut, project: HighProject, tonnes: float) -> None:
    had = CoalUse.objects.filter(project=project).aggregate(had=Sum("tonnes"))["had"] or 0.0
    if tonnes < 0:
        here = CoalUse.objects.filter(cut=cut, project=project).aggregate(had=Sum("tonnes"))["had"] or 0.0
        if coal.exceeds(-tonnes, here):
            raise Refused("not_given", _("该项目从这笔削减量只用了 %(here)s 吨") % {"here": f"{here:,.1f}"})
        return
    left = free_of(cut)
    if coal.exceeds(tonnes, left):
        raise Refused(
            "too_much", _("这笔削减量只剩 %(left)s 吨") % {"left": f"{left:,.1f}"}, mend=_("一笔削减量只能用一次")
        )
    due = owed(project)
    if due is None:
        raise Refused("nothing_owed", _("该项目没有核定用煤"), mend=_("请先登记核定年用煤"))
    if coal.exceeds(tonnes, due - had):
        raise Refused("more_than_owed", _("该项目还需替代 %(rest)s 吨") % {"rest": f"{due - had:,.1f}"})


def cuts_for(user: Any, city: str) -> QuerySet[CoalCut]:
    found = CoalCut.objects.for_user(user).filter(city=city).select_related("record", "enterprise")
    return found.annotate(used=Sum("uses__tonnes"))  # type: ignore[no-any-return]


def totals(user: Any, city: str) -> Mapping[str, float]:
    """Tonnes cut and confirmed, used, and free, of what this person may see."""
    cuts = CoalCut.objects.for_user(user).filter(city=city, record__state="confirmed")
    cut = cuts.aggregate(sum=Sum("tonnes"))["sum"] or 0.0
    used = CoalUse.objects.filter(cut__in=cuts).aggregate(sum=Sum("tonnes"))["sum"] or 0.0
    return {"cut": cut, "used": used, "free": cut - used}
