"""The year's report: its numbers by hand, what it refuses, and how versions follow one another."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import MonthlyValue, Report
from dafeng.domains.enterprise.reporting import assembling, boundaries, entry, feed, plans, reminding, reports
from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records.payloads import digest
from tests.domains.enterprise.reporting.conftest import LATE, NOW, cells, paper
from tests.domains.enterprise.reporting.test_entry import refused


def locked(report: Report, people: dict[str, Any]) -> Report:
    """Through the hands of verification: what its room does is a move of the workflow."""
    from dafeng.kernel.records.models import Record

    reports.step(report, "assign", by=people["bureau"], now=NOW)
    held = Record.objects.filter(pk=report.record_id)
    held.update(state="verified")  # the verifier's own rules are tested in its room
    report.refresh_from_db()
    report.record.refresh_from_db()
    return reports.step(report, "lock", by=people["chief"], now=NOW)


def test_the_sums_are_those_of_the_guideline(draft: Report) -> None:
    """Burning: 10,000 t × 0.6 tC/t × oxidation of cement kilns × 44/12 a month, each month's fuel and carbon 0.37 % × number higher;
    clinker: 100,000 t × 0.535 (2024 guideline) × 12 = 642,000 t. Electricity counts in the reporting boundary only."""
    content = assembling.content_of(draft)
    oxidation = (
        next(each["value"] for each in content["parameters"] if each["id"] == "ets2024.solid.oxidation.cement_kiln")
        / 100
    )
    burnt = sum(
        round(10_000 * (1 + n * 0.0037), 1) * round(0.6 * (1 + n * 0.0037), 4) * oxidation * 44 / 12
        for n in range(1, 13)
    )
    power = 12 * 8_000 * 0.5306
    totals = content["totals"]
    assert totals["compliance"] == pytest.approx(burnt + 642_000, rel=1e-9)
    assert totals["reporting"] == pytest.approx(burnt + 642_000 + power, rel=1e-9)
    assert totals["categories"]["process"]["reporting"] == pytest.approx(642_000, rel=1e-12)
    assert totals["facilities"]["kiln"]["reporting"] == pytest.approx(totals["reporting"], rel=1e-12)
    assert not content["open"]
    assert not totals["incomplete"]


def test_a_month_outside_a_boundary_is_not_in_its_sum(draft: Report, year: Any, people: dict[str, Any]) -> None:
    before = assembling.content_of(draft)["totals"]
    boundaries.change(
        year, day=date(2025, 12, 1), boundary="compliance", inside=False, reason="停窑", by=people["clerk"], now=NOW
    )
    after = assembling.content_of(draft)["totals"]
    december = before["months"]["2025-12"]["compliance"]
    assert after["compliance"] == pytest.approx(before["compliance"] - december, rel=1e-12)
    assert after["reporting"] == before["reporting"]


def test_submission_freezes_the_content_and_publishes_it(draft: Report, year: Any, people: dict[str, Any]) -> None:
    report = reports.submit(draft, by=people["clerk"], now=NOW)
    assert report.record.state == "submitted"
    assert report.digest == digest(report.content)
    assert len(report.content["values"]) == 60
    found = indicators.values("enterprise.emissions", subject="enterprise:cement", period=2025)
    assert dict(zip(found["key"], found["value"], strict=True)) == {
        "boundary=reporting": pytest.approx(report.emissions),
        "boundary=compliance": pytest.approx(report.emissions_compliance),
    }
    assert set(found["status"]) == {2}  # not locked: may be looked at, not published
    # Whatever happens to the facility afterwards, the report says what it said.
    boundaries.set_streams(year, {**year.facts["streams"], "substitute": ["carbide_slag"]}, by=people["clerk"], now=NOW)
    report.refresh_from_db()
    assert digest(report.content) == report.digest


@pytest.mark.parametrize("state", ["submitted", "locked"])
def test_what_a_report_holds_cannot_be_changed_by_any_way(
    draft: Report, year: Any, people: dict[str, Any], state: str
) -> None:
    reports.submit(draft, by=people["clerk"], now=NOW)
    if state == "locked":
        locked(draft, people)
    code = f"report_{state}"
    value = MonthlyValue.objects.get(item="fuel_use", month="2025-03", current=True)
    ways = [
        lambda: entry.save_month(year, "2025-03", cells(fuel_use=1.0), seen=None, by=people["clerk"], now=NOW),
        lambda: boundaries.change(
            year, day=date(2025, 6, 1), boundary="reporting", inside=False, reason="x", by=people["clerk"], now=NOW
        ),
    ]
    for way in ways:
        with pytest.raises(Refused) as error:
            way()
        assert error.value.code == code
    with pytest.raises(Refused) as error:
        entry.detach(value, value.evidence.get(), by=people["clerk"], now=NOW, reason="拿错")
    assert error.value.code == "evidence_frozen"
    assert refused() == [("values", code), ("boundary", code), ("evidence-remove", "evidence_frozen")]
    value.refresh_from_db()
    assert value.current
    assert value.evidence.count() == 1


def test_before_submission_a_paper_can_be_taken_away_with_a_reason(year: Any, people: dict[str, Any]) -> None:
    value = MonthlyValue.objects.get(item="fuel_use", month="2025-03", current=True)
    file = value.evidence.get()
    with pytest.raises(Refused) as error:
        entry.detach(value, file, by=people["clerk"], now=NOW, reason="")
    assert error.value.code == "no_reason"
    made = entry.detach(value, file, by=people["clerk"], now=NOW, reason="拿错")
    assert made.revision == 2
    assert not made.evidence.exists()
    assert value.evidence.get() == file


def test_a_report_after_the_day_is_refused_until_the_bureau_gives_leave(draft: Report, people: dict[str, Any]) -> None:
    with pytest.raises(Refused) as error:
        reports.submit(draft, by=people["clerk"], now=LATE)
    assert error.value.code == "after_deadline"
    assert refused() == [("report-submit", "after_deadline")]
    assert draft.record.state == "draft"
    reports.grant(draft.enterprise, 2025, until=date(2026, 5, 10), reason="停产检修", by=people["bureau"], now=LATE)
    assert reports.submit(draft, by=people["clerk"], now=LATE).record.state == "submitted"


def test_leave_moves_the_day_of_the_reminders_too(draft: Report, people: dict[str, Any]) -> None:
    """The rule's day is 31 March 2026; with leave until 10 May nobody is told of lateness before 11 May."""

    def told(day: date) -> list[tuple[date, str]]:
        return [(each.due, each.stage) for each in reminding.owed(day, years=[2025]) if "年度排放报告" in each.title]

    assert told(date(2026, 4, 10)) == [(date(2026, 3, 31), "late")]
    reports.grant(draft.enterprise, 2025, until=date(2026, 5, 10), reason="停产检修", by=people["bureau"], now=LATE)
    assert told(date(2026, 4, 10)) == []
    assert [(due, stage != "late") for due, stage in told(date(2026, 5, 8))] == [(date(2026, 5, 10), True)]
    assert told(date(2026, 5, 11)) == [(date(2026, 5, 10), "late")]


def test_a_report_that_lacks_a_month_or_a_plan_is_refused(kiln: Any, people: dict[str, Any]) -> None:
    report = reports.open_draft(kiln.enterprise, 2025, by=people["clerk"], now=NOW)
    with pytest.raises(Refused) as error:
        reports.submit(report, by=people["clerk"], now=NOW)
    assert error.value.code == "no_control_plan"
    plan = plans.open_plan(kiln.enterprise, 2025, by=people["clerk"], now=NOW)
    said = {each["key"]: {"how": "台账"} for each in plans.lines(kiln.enterprise, {}, 2025)}
    plans.save(plan, {"items": said}, seen=plans.seen_of(plan), by=people["clerk"], now=NOW)
    plans.file(plan, by=people["clerk"], now=NOW)
    with pytest.raises(Refused) as error:
        reports.submit(report, by=people["clerk"], now=NOW)
    # 12 months × (fuel, clinker, electricity)
    assert error.value.code == "incomplete"
    assert "36" in error.value.what


def test_another_firm_and_another_office_cannot_move_it(draft: Report, people: dict[str, Any]) -> None:
    for name in ("rival", "verifier"):
        with pytest.raises(PermissionDenied):
            reports.submit(draft, by=people[name], now=NOW)
    assert not Report.objects.for_user(people["rival"]).exists()
    assert not Report.objects.for_user(people["verifier"]).exists()
    assert [reason for _asked, reason in refused()] == ["permission", "permission"]
    reports.submit(draft, by=people["clerk"], now=NOW)
    with pytest.raises(TransitionError):
        reports.step(draft, "return", by=people["bureau"], now=NOW)  # without a reason


def test_a_returned_report_comes_again_and_both_submissions_stay(
    draft: Report, year: Any, people: dict[str, Any]
) -> None:
    reports.submit(draft, by=people["clerk"], now=NOW)
    reports.step(draft, "return", by=people["bureau"], now=NOW, reason="三月煤量与台账不符")
    assert indicators.values("enterprise.emissions", subject="enterprise:cement").is_empty()
    told = cells(fuel_use=10_500.0, ncv=23.255, elemental_carbon=0.6067, evidence=paper(people["clerk"], "更正"))
    entry.save_month(year, "2025-03", told[:1], seen=None, by=people["clerk"], now=LATE)
    reports.submit(draft, by=people["clerk"], now=LATE)  # it was handed in on time
    new, old = reports.versions(draft)
    rows = assembling.difference(old.content, new.content)
    assert [(row["kind"], row["where"]) for row in rows] == [
        ("total", "reporting"),
        ("total", "compliance"),
        ("value", ["kiln", "2025-03", "fuel_use", "bituminous/cement_kiln"]),
    ]
    assert (rows[2]["old"]["value"], rows[2]["new"]["value"]) == (10_111.0, 10_500.0)


def test_a_locked_report_gives_way_only_to_a_new_version_with_a_reason(
    draft: Report, year: Any, people: dict[str, Any]
) -> None:
    reports.submit(draft, by=people["clerk"], now=NOW)
    first = locked(draft, people)
    assert reports.locked(year.enterprise, 2025) == first
    found = indicators.values("enterprise.emissions", subject="enterprise:cement")
    assert set(found["status"]) == {0}
    with pytest.raises(Refused) as error:
        reports.open_draft(year.enterprise, 2025, by=people["clerk"], now=LATE)
    assert error.value.code == "no_reason"
    second = reports.open_draft(year.enterprise, 2025, by=people["clerk"], now=LATE, reason="核查后更正")
    with pytest.raises(Refused) as error:
        reports.open_draft(year.enterprise, 2025, by=people["clerk"], now=LATE, reason="再来")
    assert error.value.code == "already_open"
    reports.submit(second, by=people["clerk"], now=LATE)
    assert reports.locked(year.enterprise, 2025) == first  # until the new one is locked
    locked(second, people)
    first.record.refresh_from_db()
    assert first.record.state == "superseded"
    assert reports.locked(year.enterprise, 2025) == second


def test_the_feed_counts_each_tonne_once(draft: Report, year: Any, people: dict[str, Any]) -> None:
    reports.submit(draft, by=people["clerk"], now=NOW)
    locked(draft, people)
    second = reports.open_draft(year.enterprise, 2025, by=people["clerk"], now=LATE, reason="更正")
    reports.submit(second, by=people["clerk"], now=LATE)
    shares = {(each.category, each.scope): each.value for each in feed.shares("411500", 2025)}
    categories = draft.content["totals"]["categories"]
    assert shares == {
        ("1A2f", "direct"): pytest.approx(categories["combustion"]["reporting"]),
        ("2A1", "direct"): pytest.approx(642_000),
        ("none", "indirect"): pytest.approx(categories["electricity"]["reporting"]),
    }
    assert sum(shares.values()) == pytest.approx(draft.emissions)
    feed.publish("411500", 2025, by=people["bureau"], now=LATE)
    found = indicators.values("enterprise.emissions", subject="411500", period=2025)
    assert set(found["key"]) == {
        "category=1A2f;scope=direct",
        "category=2A1;scope=direct",
        "category=none;scope=indirect",
    }
    rows = {row["sector"]: row for row in feed.reconcile("411500", 2025)}
    assert rows["2"]["reported"] == pytest.approx(642_000)
    assert rows["2"]["inventory"] is None
    assert not rows["2"]["over"]
    board = indicators.start_run(domain="inventory", kind="compile", subject="411500", now=LATE)
    indicators.ensure_indicator("inventory.co2e.sector", name="领域", unit="t CO2e")
    row = {"indicator": "inventory.co2e.sector", "subject": "411500", "period": "2025", "unit": "t CO2e", "status": 0}
    indicators.publish(board, [row | {"key": "sector=2", "value": 600_000.0}, row | {"key": "sector=1", "value": 9e6}])
    indicators.finish_run(board, LATE)
    rows = {row["sector"]: row for row in feed.reconcile("411500", 2025)}
    assert rows["2"]["over"]
    assert rows["2"]["difference"] == pytest.approx(-42_000)
    assert not rows["1"]["over"]
