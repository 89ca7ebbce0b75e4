"""The register: duties by the clock, filings through their workflow, shares on the blackboard, reminders."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.disclosure import register
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.methods.duties import DutyState
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record
from tests.domains.disclosure.conftest import NOW, TODAY


def filed(duty, *, on=date(2026, 3, 10), by=None, **more):
    given = {"disclosed_on": on, "link": "https://example.com/report", "greenhouse": True, "verified": False} | more
    return register.submit_filing(duty, **given, by=by, now=NOW, today=TODAY)


def state(duty, today=TODAY) -> DutyState:
    return register.lines(duty.entity.city, today=today)[0].state


def test_a_duty_gets_its_date_from_the_rules_and_its_state_from_the_day_asked_for(duty) -> None:
    assert duty.due == date(2026, 3, 15)
    assert duty.binding
    assert state(duty, date(2026, 3, 15)) is DutyState.DUE
    assert state(duty, date(2026, 3, 16)) is DutyState.MISSING


def test_a_filing_counts_when_it_is_published_and_by_the_day_of_disclosure(duty, person) -> None:
    ecology = person("ecology")
    filing = filed(duty)
    assert state(duty) is DutyState.CHECKING
    register.move_filing(filing, "check", by=ecology, now=NOW, today=TODAY)
    assert state(duty) is DutyState.CHECKING
    register.move_filing(filing, "publish", by=ecology, now=NOW, today=TODAY)
    assert state(duty) is DutyState.FILED


def test_a_disclosure_after_the_date_stays_late(duty, person) -> None:
    filing = filed(duty, on=date(2026, 3, 16))
    for action in ("check", "publish"):
        register.move_filing(filing, action, by=person("ecology", action), now=NOW, today=TODAY)
    assert state(duty) is DutyState.LATE


@pytest.mark.parametrize(
    "role", ["enterprise", "ndrc", "statistics", "department", "county", "leader", "citizen", "bank", "admin"]
)
def test_only_the_ecology_bureau_checks_and_publishes(duty, person, role) -> None:
    filing, other = filed(duty), person(role, organisation="cement")
    for action in ("check", "return"):
        with pytest.raises(PermissionDenied):
            register.move_filing(filing, action, by=other, now=NOW, today=TODAY, reason="x")
    assert Record.objects.get(pk=filing.record_id).state == "submitted"


def test_a_returned_filing_is_mended_by_its_writer_and_handed_in_again(duty, person) -> None:
    ours, ecology = person("enterprise", organisation="cement"), person("ecology")
    filing = filed(duty, by=ours)
    register.move_filing(filing, "return", by=ecology, now=NOW, today=TODAY, reason="地址打不开")
    assert Notice.objects.filter(user=ours, text="地址打不开").exists()
    assert state(duty) is DutyState.MISSING
    register.amend_filing(
        filing, disclosed_on=date(2026, 3, 12), link="https://example.com/new", greenhouse=False, verified=False,
        by=ours, now=NOW, today=TODAY,
    )  # fmt: skip
    assert state(duty) is DutyState.CHECKING
    assert filing.record.payload["link"] == "https://example.com/new"
    assert records.verify_record(filing.record)


def test_a_second_filing_waits_until_the_first_is_returned(duty) -> None:
    filed(duty)
    with pytest.raises(TransitionError):
        filed(duty)


@pytest.mark.parametrize(
    "wrong",
    [
        {"on": date(2026, 11, 22)},  # tomorrow
        {"on": date(2024, 12, 31)},  # before the report year
        {"link": ""},  # neither link nor file
        {"link": "javascript:alert(1)"},
    ],
)
def test_a_filing_that_cannot_be_is_refused(duty, wrong) -> None:
    with pytest.raises(DisclosureError):
        filed(duty, **wrong)
    assert not Record.objects.of_kind(register.KIND).exists()


def test_the_public_sees_published_filings_and_an_enterprise_its_own(duty, person) -> None:
    filing = filed(duty)
    ours, theirs = person("enterprise", "a", "cement"), person("enterprise", "b", "other")
    mine = Record.objects.of_kind(register.KIND)
    assert mine.for_user(ours).count() == 1
    assert mine.for_user(theirs).count() == 0
    assert mine.for_user(None).count() == 0
    for action in ("check", "publish"):
        register.move_filing(filing, action, by=person("ecology", action), now=NOW, today=TODAY)
    assert mine.for_user(None).count() == 1
    assert mine.for_user(theirs).count() == 1


def test_an_organisation_without_a_code_does_not_own_the_entities_without_one(open_city, person) -> None:
    orphan = register.ensure_entity(open_city, name="无主企业", by=None, now=NOW)
    filed(register.add_duty(orphan, kind="bond", year=2025, source="x", by=None, now=NOW))
    assert Record.objects.of_kind(register.KIND).for_user(person("enterprise")).count() == 0


def test_shares_go_on_the_blackboard_once_per_change(open_city, duty, person) -> None:
    # Three companies with an ESG row, one discloses: 1/3. Binding duties of 2025: one, disclosed: 100 %.
    for number in range(3):
        entity = register.ensure_entity(open_city, name=f"上市{number}", by=None, now=NOW)
        esg = register.add_duty(entity, kind="esg", year=2025, source="x", by=None, now=NOW)
    ecology = person("ecology")
    for each in (esg, duty):
        filing = filed(each)
        for action in ("check", "publish"):
            register.move_filing(filing, action, by=ecology, now=NOW, today=TODAY)
    found = indicators.values([register.ESG_SHARE, register.FILED_SHARE], subject="411500", period=2025)
    assert dict(found.select("indicator", "value").iter_rows()) == {
        register.ESG_SHARE: pytest.approx(100 / 3),
        register.FILED_SHARE: 100.0,
    }
    assert not register.publish_shares(open_city, by=None, now=NOW, today=TODAY)
    register.move_filing(filing, "retract", by=ecology, now=NOW, today=TODAY, reason="内容有误")
    assert indicators.values(register.FILED_SHARE, period=2025)["value"].to_list() == [0.0]


def test_a_year_without_due_duties_has_a_notation_and_no_zero(open_city, entity) -> None:
    register.add_duty(entity, kind="bond", year=2026, source="x", by=None, now=NOW)
    register.publish_shares(open_city, by=None, now=NOW, today=TODAY)
    found = indicators.values(register.FILED_SHARE, period=2026)
    assert found["value"].to_list() == [None]
    assert found["notation"].to_list() == ["NA"]


def test_reminders_go_out_once_thirty_days_before_and_once_overdue(open_city, duty, person) -> None:
    ours, ecology = person("enterprise", organisation="cement"), person("ecology")

    def told(day: date) -> int:
        return register.remind(open_city, now=NOW, today=day)

    assert told(duty.due - timedelta(days=31)) == 0
    assert told(duty.due - timedelta(days=30)) == 1
    assert told(duty.due) == 0
    assert told(duty.due + timedelta(days=1)) == 1
    assert told(duty.due + timedelta(days=40)) == 0
    assert Notice.objects.filter(user=ours).count() == 2
    assert Notice.objects.filter(user=ecology).count() == 1


def test_the_inbox_of_the_enterprise_names_what_is_overdue(duty, person) -> None:
    from dafeng.kernel.desk.registry import tasks_of

    ours = person("enterprise", organisation="cement")
    found = [task for task in tasks_of(ours, now=NOW) if task.kind == "disclosure.duty"]
    assert [task.overdue(NOW) for task in found] == [True]
    assert not [task for task in tasks_of(person("citizen"), now=NOW) if task.kind == "disclosure.duty"]


def test_the_daily_job_reminds_and_says_so(open_city, duty) -> None:
    from dafeng.kernel.jobs import services as jobs

    job = jobs.run(jobs.start("disclosure.daily", by=None, now=NOW).pk, clock=lambda: NOW)
    assert job.state == "done", job.error
    assert "提醒 1 项" in job.result["text"]


def test_a_duty_with_a_filing_is_not_withdrawn(duty, entity) -> None:
    other = register.add_duty(entity, kind="bond", year=2025, source="x", by=None, now=NOW)
    filed(duty)
    with pytest.raises(TransitionError):
        register.withdraw_duty(duty, by=None, now=NOW, reason="误列")
    with pytest.raises(DisclosureError):
        register.withdraw_duty(other, by=None, now=NOW, reason=" ")
    register.withdraw_duty(other, by=None, now=NOW, reason="误列")
    assert [line.duty for line in register.lines(entity.city, today=TODAY)] == [duty]
    register.add_duty(entity, kind="bond", year=2025, source="x", by=None, now=NOW)  # and may be listed again


def test_every_write_is_in_the_audit_chain(duty) -> None:
    filed(duty)
    assert [entry.action for entry in records.history("duty", duty.pk)] == ["disclosure.duty"]
    assert records.verify_chain().ok
