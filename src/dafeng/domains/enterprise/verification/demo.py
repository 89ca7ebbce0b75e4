"""The demonstration: two made-up bodies, one verification amid its findings, one concluded and, with a second login of the bureau, locked.

Nothing here is a fact; everything is marked 演示. Calling it again changes nothing. Steps are those that people take: where the logins
of the bureau, of a body or of a firm are not there, that part is left out.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from dafeng.domains.enterprise.models import Body, Facility, Report, Verification
from dafeng.domains.enterprise.verification import assigning, bodies, concluding, findings, rating, spots, working
from dafeng.domains.enterprise.verification.methods import days
from dafeng.kernel.records import services as records

VERIFIER, CONSULTANT = "verify-demo", "consult-demo"
CONCLUSION = "演示：按核查指南完成文件评审和现场核查，复算未覆盖的行已逐行查验原始台账，报告符合要求。"


@transaction.atomic
def ensure_demo(city: str, *, now: datetime) -> None:
    bureau = sorted(records.people_of(roles=["ecology"], places=[city]), key=lambda each: each.get_username())
    if not bureau or Body.objects.filter(demo=True).exists():
        return
    waiting = Report.objects.filter(demo=True, enterprise__city=city, record__state="submitted")
    reports = list(waiting.select_related("enterprise", "record").order_by("enterprise__code", "-year"))
    verifier = ensure_bodies(city, bureau, now=now)
    people = records.people_of([verifier.organisation], roles=["verifier"])
    people = [each for each in people if "verifier" in records.roles_of(each)]
    firms = [each for each in reports if _person(each) is not None]
    if verifier.record.state != "registered" or not people or not firms:
        return
    _locked(firms[0], bureau, people[0], now=now)
    if len(firms) > 1:
        _amid_findings(firms[1], bureau, people[0], now=now)
    if len(bureau) > 1:
        _spot(firms[0], bureau, now=now)
        year = timezone.localdate(now).year
        if (
            not Verification.objects.filter(body=verifier, opened_at__year=year)
            .exclude(record__state="confirmed")
            .exists()
        ):
            rating.publish(rating.rate(verifier, year, by=bureau[0], now=now), by=bureau[0], now=now)


def _person(report: Report) -> Any:
    organisation = report.enterprise.organisation
    return next(iter(records.people_of([organisation])), None) if organisation else None


def ensure_bodies(city: str, bureau: list[Any], *, now: datetime) -> Body:
    """One that verifies, and one that also consults the firms and is therefore kept out of every draw; registered a year before `now`."""
    made = []
    now = moment(date(timezone.localdate(now).year - 1, 1, 15))
    units = Facility.objects.filter(enterprise__city=city, enterprise__demo=True).select_related("enterprise")
    sectors = sorted({each.sector for each in units})
    firms = {each.enterprise_id: each.enterprise for each in units}
    for code, name, name_en, organisation, kinds in (
        (
            VERIFIER,
            "示例核查技术有限公司（演示）",
            "Example Verification Ltd (demo)",
            "verifier-demo",
            ["verification"],
        ),
        (
            CONSULTANT,
            "示例低碳咨询有限公司（演示）",
            "Example Low-carbon Consulting Ltd (demo)",
            "",
            ["verification", "consulting"],
        ),
    ):
        body = bodies.apply(
            code=code, name=name, name_en=name_en, kinds=kinds, sectors=sectors, organisation=organisation, by=bureau[0],
            now=now, place=city, demo=True, qualifications=[{"name": "演示资质", "number": "YS-001", "issuer": "演示", "until": ""}],
        )  # fmt: skip
        if len(bureau) > 1:
            bodies.step(body, "register", by=bureau[1], now=now, reason="演示")
        for number, person in enumerate(("甲", "乙", "丙"), 1):
            bodies.add_person(
                body, name=f"核查员{person}（演示）", certificate=f"YS-{code}-{number}", sectors=sectors, since=date(2020, 1, 1),
                by=bureau[0], now=now,
            )  # fmt: skip
        made.append(body)
    for firm in firms.values():
        bodies.add_service(made[1], firm, kind="consulting", since=now.date(), until=None, source="演示：咨询合同", by=bureau[0], now=now)  # fmt: skip
    return made[0]


def moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(10, 0)))


def visited(report: Report, start: date, assigner: Any, verifier: Any) -> tuple[Verification, datetime]:
    """Assigned on `start`, visited on the third working day after."""
    at = moment(start)
    case = assigning.assign(report, by=assigner, now=at)
    staff = list(case.body.people.all())
    for each in staff:
        working.declare(case, each, text="演示：本人与该单位无利害关系", by=verifier, now=at)
    ids = [each.pk for each in staff]
    working.begin(case, technical=ids[:2], site=ids[1:], leader=ids[0], by=verifier, now=at)
    _check(case, "review", verifier, at)
    first = days.after(start, 3).day
    working.plan_site(
        case,
        first=first,
        last=first,
        places="演示：煤场、化验室、中控室",
        topics="演示：采样制样、计量器具",
        by=verifier,
        now=at,
    )
    at = moment(first)
    working.visit(case, by=verifier, now=at)
    _check(case, "site", verifier, at)
    working.draw_sample(case, "*", by=verifier, now=at)
    working.compare(case, by=verifier, now=at)
    return case, at


def _check(case: Verification, stage: str, verifier: Any, at: datetime) -> None:
    for line in working.items_of(case):
        if line["stage"] == stage:
            working.check(
                case,
                str(line["code"]),
                verdict="conforms",
                ways=line["ways"],
                note="演示：查阅原始记录，一致。",
                by=verifier,
                now=at,
            )


def _start(report: Report, wanted: date) -> date:
    """Not before the report was handed in."""
    handed = timezone.localdate(report.submitted_at) if report.submitted_at else wanted
    return max(wanted, handed)


def _locked(report: Report, bureau: list[Any], verifier: Any, *, now: datetime) -> None:
    today = timezone.localdate(now)
    start = _start(report, today - timedelta(days=60))
    if days.after(start, 5).day > today:
        return
    case, at = visited(report, start, bureau[0], verifier)
    if (case.content["comparison"] or {}).get("differences"):
        return  # the page shows where; the demo does not conclude what it cannot
    concluding.conclude(case, conclusion="passed", text=CONCLUSION, by=verifier, now=at)
    if len(bureau) > 1:
        concluding.confirm(case, by=bureau[1], now=moment(days.after(timezone.localdate(at), 1).day))


def _spot(report: Report, bureau: list[Any], *, now: datetime) -> None:
    """The city's check of the locked report, under way."""
    if not spots.pool(report.year).exists():
        return
    drawn = spots.draw(report.year, by=bureau[0], now=now, demo=True)
    check = drawn.checks.select_related("record", "report__enterprise").first()
    if check is not None:
        spots.begin(
            check, inspectors="检查员甲（演示）、检查员乙（演示）", day=timezone.localdate(now), by=bureau[0], now=now
        )


def _amid_findings(report: Report, bureau: list[Any], verifier: Any, *, now: datetime) -> None:
    today = timezone.localdate(now)
    start = today
    while (
        days.between(start, today) < 5
    ):  # visited on the third working day, the list two days ago: the term still runs
        start -= timedelta(days=1)
    start = _start(report, start)
    if days.after(start, 3).day > today:
        return
    case, at = visited(report, start, bureau[0], verifier)
    row = next(iter((report.content or {}).get("rows", ())), {})
    where = {name: str(row.get(name) or "") for name in ("facility", "month", "stream")}
    findings.record_finding(
        case, item="activity.meters", facts="演示：该月计量器具检定证书已过有效期。", asks="演示：提供补检证书，或说明按精度等级处理的方法。",
        by=verifier, now=at, **where,
    )  # fmt: skip
    findings.record_finding(
        case,
        item="quality.assurance",
        facts="演示：内部审核没有记录。",
        asks="演示：提供内部审核记录。",
        by=verifier,
        now=at,
    )
    findings.send_list(case, by=verifier, now=at)
