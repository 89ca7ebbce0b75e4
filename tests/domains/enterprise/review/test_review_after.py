"""After the opinion: changes, capacity swap, trial run, the meter, the 10 % rule."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import CapacitySource, ProjectAcceptance
from dafeng.domains.enterprise.review import acceptances, assessments, changes, projects, swaps
from dafeng.domains.enterprise.review.meters import Metered
from dafeng.kernel.errors import TransitionError
from tests.domains.enterprise.review.conftest import NOW, PLACE, TODAY

pytestmark = pytest.mark.django_db
START, TRIAL = TODAY + timedelta(days=30), TODAY + timedelta(days=100)
LATER = NOW + timedelta(days=500)
YEAR = (TRIAL, TRIAL + timedelta(days=365))
AS_APPROVED = {"energies": {"electricity": 20_000.0, "natural_gas": 100.0}, "output": 10_000.0}


@pytest.fixture
def running(approved, people):
    project = approved()
    projects.start(project, day=START, by=people["owner"], now=LATER)
    return projects.trial(project, day=TRIAL, by=people["owner"], now=LATER)


def tell(project, people, told=AS_APPROVED, since=YEAR[0], until=YEAR[1], explanation="") -> ProjectAcceptance:
    return acceptances.tell(
        project, since=since, until=until, told=told, explanation=explanation, by=people["owner"], now=LATER
    )


def verdicts(found: ProjectAcceptance) -> dict[str, str]:
    return {each["measure"]: each["verdict"] for each in found.checks}


def test_the_acceptance_is_due_six_months_after_the_trial_run_began(running) -> None:
    assert date(2027, 3, 1) == TRIAL
    assert projects.acceptance_due(running) == date(2027, 9, 1)


def test_a_project_that_keeps_to_its_opinion_passes_with_its_conditions_met(running, people) -> None:
    found = tell(running, people)
    assert set(verdicts(found).values()) == {"kept"}
    with pytest.raises(Refused) as refused:
        acceptances.decide(found, passed=True, met={}, text="合格", mend_by=None, by=people["ndrc"], now=LATER)
    assert refused.value.code == "condition"
    acceptances.decide(found, passed=True, met={1: True}, text="合格", mend_by=None, by=people["county"], now=LATER)
    running.record.refresh_from_db()
    assert running.record.state == "completed"


def test_twelve_per_cent_more_is_to_be_rectified_and_cannot_pass(running, people) -> None:
    """112 % of every energy at the same output: all four measures are 12 % above."""
    found = tell(running, people, {"energies": {"electricity": 22_400.0, "natural_gas": 112.0}, "output": 10_000.0})
    assert set(verdicts(found).values()) == {"over"}
    assert found.checks[0]["over"] == pytest.approx(12)
    with pytest.raises(Refused) as refused:
        acceptances.decide(found, passed=True, met={1: True}, text="合格", mend_by=None, by=people["ndrc"], now=LATER)
    assert refused.value.code == "over"
    with pytest.raises(Refused) as refused:
        acceptances.decide(found, passed=False, met={1: True}, text="超标", mend_by=None, by=people["ndrc"], now=LATER)
    assert refused.value.code == "mend_by"
    acceptances.decide(
        found, passed=False, met={1: True}, text="超标", mend_by=date(2028, 12, 1), by=people["ndrc"], now=LATER
    )
    running.record.refresh_from_db()
    assert running.record.state == "rectifying"
    again = tell(running, people)
    acceptances.decide(again, passed=True, met={1: True}, text="合格", mend_by=None, by=people["ndrc"], now=LATER)
    running.record.refresh_from_db()
    assert running.record.state == "completed"


def test_half_a_year_settles_what_a_product_takes_but_no_yearly_sum(running, people) -> None:
    half = {"energies": {"electricity": 10_000.0, "natural_gas": 50.0}, "output": 5_000.0}
    found = tell(running, people, half, until=TRIAL + timedelta(days=180))
    assert verdicts(found) == {"per_product": "kept", "co2_per_product": "kept", "equivalent": "open", "co2": "open"}


def test_the_meter_counts_and_a_difference_must_be_explained(running, people, monkeypatch) -> None:
    """Told 20,000 MWh, metered 24,000: 17 % apart; 24,000 × 0.1229 + 1330 = 4279.6 tce, 12.98 % above 3788."""
    monkeypatch.setattr(
        acceptances, "metered", lambda codes, organisation, since, until: Metered({"electricity": 24_000.0}, 1.0, ())
    )
    with pytest.raises(Refused) as refused:
        tell(running, people)
    assert refused.value.code == "explain"
    found = tell(running, people, explanation="计量点含宿舍用电")
    equivalent = next(each for each in found.checks if each["measure"] == "equivalent")
    assert equivalent["actual"] == pytest.approx(4279.6)
    assert equivalent["over"] == pytest.approx(12.978, abs=1e-3)
    assert equivalent["verdict"] == "over"


def test_a_period_that_is_not_over_or_began_too_early_is_refused(running, people) -> None:
    for since, until, code in (
        (TRIAL, LATER.date() + timedelta(days=5), "in_future"),
        (TRIAL - timedelta(days=1), TRIAL + timedelta(days=50), "before_trial"),
        (TRIAL, TRIAL, "period"),
    ):
        with pytest.raises(Refused) as refused:
            tell(running, people, since=since, until=until)
        assert refused.value.code == code


def test_an_opinion_without_a_trial_run_is_not_accepted(approved, people) -> None:
    with pytest.raises(TransitionError):
        tell(approved(), people)


def test_a_plant_that_was_rebuilt_is_measured_by_its_increment(reviewed, people) -> None:
    """Before 10,000 MWh, after 30,000: approved increment 2458 tce. Metered 30,000 a year: 3687 − 1229 = 2458, kept."""
    project = reviewed(
        basics={"kind": "retrofit", "rebuilt": True},
        energy={"energies": {"electricity": {"before": 10_000.0, "after": 30_000.0}}},
    )
    projects.approve(project, opinion="同意", reference="1号", conditions=[], by=people["leader"], now=NOW)
    assert project.tce == pytest.approx(2458)
    projects.start(project, day=START, by=people["owner"], now=LATER)
    projects.trial(project, day=TRIAL, by=people["owner"], now=LATER)
    found = tell(project, people, {"energies": {"electricity": 30_000.0}, "output": 10_000.0})
    assert verdicts(found)["equivalent"] == "kept"
    assert verdicts(found)["per_product"] == "kept"


# ---------- changes ----------


def change(project, people, mwh: float = 24_000.0):
    energy = {"energies": {"electricity": {"after": mwh}, "natural_gas": {"after": 100.0}}}
    return changes.ask(
        project, cases=["plant"], reason="增加一条线", steps={"energy": energy}, by=people["owner"], now=NOW
    )


def test_an_agreed_change_takes_the_place_of_what_was_approved(approved, people) -> None:
    """24,000 MWh × 0.1229 + 1330 = 4279.6 tce."""
    project = approved()
    asked = change(project, people)
    assert asked.effect["equivalent"] == [pytest.approx(3788), pytest.approx(4279.6)]
    with pytest.raises(Refused) as refused:
        change(project, people, 25_000.0)
    assert refused.value.code == "change_waiting"
    changes.decide(asked, "agree", by=people["ndrc"], now=NOW)
    project.refresh_from_db()
    assert project.tce == pytest.approx(4279.6)
    assert project.record.state == "approved"


def test_a_change_that_moves_the_authority_means_a_new_review(approved, people) -> None:
    """100,000 MWh are 12,290 tce: the province's. The former views do not count again."""
    project = approved()
    asked = change(project, people, 100_000.0)
    with pytest.raises(Refused) as refused:
        changes.decide(asked, "agree", by=people["ndrc"], now=NOW)
    assert refused.value.code == "level_changed"
    changes.decide(asked, "anew", by=people["ndrc"], now=NOW, reason="权限变化")
    project.refresh_from_db()
    assert (project.record.state, project.level, project.round) == ("submitted", "province", 2)
    for action in ("accept", "review"):
        projects.handle(project, action, by=people["ndrc"], now=NOW)
    with pytest.raises(Refused) as refused:
        projects.conclude(project, text="可", by=people["ndrc"], now=NOW)
    assert refused.value.code == "experts_short"


def test_a_change_without_a_change_is_refused(approved, people) -> None:
    with pytest.raises(Refused) as refused:
        changes.ask(approved(), cases=["other"], reason="无", steps={}, by=people["owner"], now=NOW)
    assert refused.value.code == "nothing_changed"


# ---------- capacity ----------


@pytest.fixture
def source(people) -> CapacitySource:
    return swaps.retire(
        enterprise="退出厂", city="411500", place=PLACE, product="clinker", capacity=Decimal(1000), unit="t/d",
        retired_on=date(2026, 1, 1), document="认定1号", by=people["ndrc"], now=NOW,
    )  # fmt: skip


def test_retired_capacity_is_used_once(source, draft, people) -> None:
    clinker = {"output": {"product": "clinker"}, "basics": {"swap_capacity": 900.0, "industry": "3011"}}
    first, second = draft(**clinker), draft(**clinker)
    assert "swap_short" in assessments.assess(first, on=TODAY).barred
    swaps.use(source, first, Decimal(900), by=people["ndrc"], now=NOW)
    assert "swap_short" not in assessments.assess(first, on=TODAY).barred
    with pytest.raises(Refused) as refused:
        swaps.use(source, second, Decimal("100.01"), by=people["ndrc"], now=NOW)
    assert refused.value.code == "used_up"
    projects.withdraw(first, reason="不建了", by=people["owner"], now=NOW)
    swaps.use(source, second, Decimal(1000), by=people["ndrc"], now=NOW)


def test_capacity_of_another_product_or_not_yet_retired_is_refused(source, draft, people) -> None:
    with pytest.raises(Refused) as refused:
        swaps.use(source, draft(), Decimal(1), by=people["ndrc"], now=NOW)
    assert refused.value.code == "other_product"
    with pytest.raises(Refused) as refused:
        swaps.retire(
            enterprise="x", city="411500", place=PLACE, product="clinker", capacity=Decimal(1), unit="t/d",
            retired_on=TODAY + timedelta(days=1), document="y", by=people["ndrc"], now=NOW,
        )  # fmt: skip
    assert refused.value.code == "in_future"
