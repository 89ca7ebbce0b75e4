"""The annual report: one draft a version, frozen at submission, moved by its workflow, locked once, never changed after.

What a version said is in `content` with its SHA-256; a report that was returned and comes again keeps each submission. After
`locked` a change is a new version with a reason; when that one is locked, the former is superseded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import LateLeave, Report, Submission
from dafeng.domains.enterprise.reporting import assembling, clock, feed, publishing
from dafeng.domains.enterprise.reporting.refusing import SeenOld, refusing
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest

KIND = "enterprise.report"
OPEN = ("draft", "returned")  # states in which the year's data may change


def locked(enterprise: Enterprise, year: int) -> Report | None:
    """The version that counts."""
    return (
        Report.objects.filter(enterprise=enterprise, year=year, record__state="locked").select_related("record").first()
    )


def newest(enterprise: Enterprise, year: int) -> Report | None:
    """The version that is worked on, or the last one."""
    found = Report.objects.filter(enterprise=enterprise, year=year).select_related("record", "enterprise")
    return found.order_by("-version").first()


def demand_open(enterprise: Enterprise, year: int) -> None:
    """Raises `Refused` (`report_submitted`, `report_locked`) where a report holds the year's data."""
    report = newest(enterprise, year)
    if report is None or report.record.state in OPEN:
        return
    title = report.record.state_title
    if report.record.state in ("locked", "superseded"):
        raise Refused(
            "report_locked",
            f"{year} 年报告已锁定（第 {report.version} 版），数据不能改动",
            mend="确有错误的，请由生态环境局同意后另立新版并写明理由",
        )
    raise Refused("report_submitted", f"{year} 年报告{title}，数据不能改动", mend="请先由生态环境局退回报告，再改数据")


def open_draft(enterprise: Enterprise, year: int, *, by: Any, now: datetime, reason: str = "") -> Report:
    """Begin the year's report, or a new version of a locked one (then with a reason).

    Raises `Refused`: `year_not_over`, `already_open`, `no_reason`.
    """
    with refusing("report-open", "enterprise", enterprise.code, by=by, now=now), records.serial():
        if year >= timezone.localdate(now).year:
            raise Refused("year_not_over", f"{year} 年还没有结束", mend="年度报告在次年编制")
        last = newest(enterprise, year)
        if last and last.record.state != "locked":
            raise Refused(
                "already_open",
                f"{year} 年报告第 {last.version} 版正在办理（{last.record.state_title}）",
                mend="请打开这一版继续",
            )
        if last and not reason.strip():
            raise Refused("no_reason", "已锁定的报告要另立新版，须写明理由", mend="请填写改版理由")
        version = last.version + 1 if last else 1
        title = f"{enterprise.name} {year} 年度温室气体排放报告" + (f"（第 {version} 版）" if version > 1 else "")
        record = records.open_record(
            KIND,
            title=title,
            payload={"enterprise": enterprise.code, "year": year, "version": version},
            by=by,
            now=now,
            place=enterprise.place,
            key=f"{enterprise.code}-{year}",
        )
        return Report.objects.create(
            enterprise=enterprise,
            record=record,
            year=year,
            version=version,
            reason=reason.strip(),
            demo=enterprise.demo,
        )


def until(enterprise: Enterprise, year: int) -> date:
    """The last day on which this enterprise may hand in the year's report: the rule's, or a later one that it was given."""
    return untils([enterprise.pk], year)[enterprise.pk]


def untils(enterprises: Iterable[int], year: int) -> dict[int, date]:
    """The same of many: key → day; one query."""
    rule = clock.report_due(year)
    found = dict.fromkeys(enterprises, rule)
    given = LateLeave.objects.filter(enterprise__in=found, year=year).values_list("enterprise").annotate(Max("until"))
    return found | {pk: max(rule, day) for pk, day in given.order_by()}


def grant(enterprise: Enterprise, year: int, *, until: Any, reason: str, by: Any, now: datetime) -> LateLeave:
    """The bureau lets a report come late. Raises `Refused` (`no_reason`, `day_passed`)."""
    with refusing("late-leave", "enterprise", enterprise.code, by=by, now=now), records.serial():
        if not reason.strip():
            raise Refused("no_reason", "没有写明准予补报的理由")
        if until < timezone.localdate(now):
            raise Refused("day_passed", "补报期限早于今天", mend="请改为今天或以后的日期")
        made = LateLeave.objects.create(
            enterprise=enterprise, year=year, until=until, reason=reason.strip(), by=by, at=now
        )
        detail = {"year": year, "until": until.isoformat(), "reason": made.reason}
        records.audit(by, "enterprise.late-leave", "enterprise", enterprise.code, detail, now=now)
    return made


def step(
    report: Report,
    action: str,
    *,
    by: Any,
    now: datetime,
    reason: str = "",
    seen: str | None = None,
    system: bool = False,
) -> Report:
    """The workflow's move, with its rules; `report` is brought up to date and returned.

    `submit` freezes the content, `lock` makes the version the one that counts and supersedes the former. `seen`: the state that the
    person saw; another one is refused (`SeenOld`). Raises `Refused` (see `_may_submit`), `TransitionError`, `PermissionDenied`.
    """
    with refusing(f"report-{action}", "report", report.pk, by=by, now=now), records.serial():
        fresh = Report.objects.select_for_update().get(pk=report.pk)
        if seen is not None and seen != fresh.record.state:
            raise SeenOld(
                "stale_report", f"报告已被他人办理，现为“{fresh.record.state_title}”", mend="请看最新情况再决定"
            )
        if action == "submit":
            _submit(fresh, by=by, now=now, reason=reason, system=system)
        elif action == "lock":
            _lock(fresh, by=by, now=now, reason=reason, system=system)
        else:
            records.move(fresh.record, action, by=by, now=now, reason=reason, system=system)
            if action == "return":  # what was handed in stands no more
                publishing.publish_report(fresh, now=now, by=by)
                feed.refresh(fresh.enterprise.city, by=by, now=now)
    report.refresh_from_db()
    report.record.refresh_from_db()
    return report


def submit(report: Report, *, by: Any, now: datetime, system: bool = False) -> Report:
    """Hand the report in: `step(report, "submit")`."""
    return step(report, "submit", by=by, now=now, system=system)


def draft_content(report: Report) -> dict[str, Any]:
    """What the report would say if it were handed in now; the frozen content once it is handed in."""
    if report.content and report.record.state not in OPEN:
        return dict(report.content)
    return assembling.content_of(report)


def _may_submit(report: Report, content: dict[str, Any], now: datetime) -> None:
    """Raises `Refused`: `after_deadline`, `no_facility`, `no_control_plan`, `incomplete`, `findings_open`."""
    today = timezone.localdate(now)
    first_time = not report.submissions.exists() and report.version == 1
    last = until(report.enterprise, report.year)
    if first_time and today > last:
        raise Refused(
            "after_deadline",
            f"{report.year} 年报告的报送期限 {last} 已过",
            expected=f"{last} 及以前报送",
            mend="草稿已保留；请向生态环境局说明情况，经准予补报后再报送",
        )
    if not content["boundary"]["facilities"]:
        raise Refused("no_facility", "报告边界内没有核算单元", mend="请先登记核算单元")
    if not content["control_plan"]:
        raise Refused("no_control_plan", f"{report.year} 年没有备案的数据质量控制方案", mend="请先编制并备案控制方案")
    if missing := [each for each in content["open"] if each["kind"] == "missing"]:
        told = "、".join(f"{each['facility']} {each['month']} {each['title']}" for each in missing[:5])
        raise Refused(
            "incomplete", f"还有 {len(missing)} 项没有数据：{told}", mend="请补填，或按指南选用缺省值并写明理由"
        )
    waiting = [each for each in content["findings"] if each["severity"] == "error" and each["state"] == "open"]
    if waiting:
        raise Refused("findings_open", f"还有 {len(waiting)} 条严重的检查发现没有处理", mend="请逐条更正或说明")


def _submit(report: Report, *, by: Any, now: datetime, reason: str, system: bool) -> None:
    from dafeng.domains.enterprise.reporting import findings

    findings.refresh(report.enterprise, report.year, now=now)
    content = assembling.content_of(report)
    _may_submit(report, content, now)
    content = assembling.frozen(content)
    records.move(report.record, "submit", by=by, now=now, reason=reason, system=system)
    report.content, report.digest, report.submitted_at = content, digest(content), now
    report.emissions = content["totals"]["reporting"]
    report.emissions_compliance = content["totals"]["compliance"]
    report.sums = assembling.sums_of(content)
    report.save()
    number = report.submissions.count() + 1
    Submission.objects.create(report=report, number=number, at=now, by=by, content=content, digest=report.digest)
    detail = {"digest": report.digest, "number": number, "reporting": report.emissions, "compliance": report.emissions_compliance}  # fmt: skip
    records.audit(by, "enterprise.report.frozen", "report", str(report.pk), detail, now=now)
    publishing.publish_report(report, now=now, by=by)


def _lock(report: Report, *, by: Any, now: datetime, reason: str, system: bool) -> None:
    if digest(report.content) != report.digest:
        raise Refused("content_changed", "报告内容与报送时的校验值不一致，不能锁定", mend="请立即告诉系统管理员")
    former = locked(report.enterprise, report.year)
    records.move(report.record, "lock", by=by, now=now, reason=reason, system=system)
    Report.objects.filter(pk=report.pk).update(locked_at=now)
    if former:
        records.move(
            former.record, "supersede", by=by, now=now, reason=f"由第 {report.version} 版代替：{report.reason}"
        )
    report.refresh_from_db()
    publishing.publish_report(report, now=now, by=by)
    if former:  # the figure that was published is another one now
        feed.refresh(report.enterprise.city, by=by, now=now)


def versions(report: Report) -> list[Submission]:
    """Every submission of every version of the year, the newest first."""
    found = Submission.objects.filter(report__enterprise=report.enterprise_id, report__year=report.year)
    return list(found.select_related("report", "by").defer("report__content").order_by("-report__version", "-number"))
