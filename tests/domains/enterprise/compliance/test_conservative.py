"""The verified number counts, not the reported: an uncorrected non-conformity raises the duty, and the quota of who gets what it emits."""

from __future__ import annotations

import pytest

from dafeng.domains.enterprise.compliance import listing, owing, positions, verified
from dafeng.domains.enterprise.compliance.methods.duty import whole
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import CarbonDuty
from dafeng.domains.enterprise.verification import findings, objecting
from tests.domains.enterprise.verification.conftest import (  # noqa: F401
    NOW,
    PER_MONTH,
    body,
    case,
    clock,
    content_of,
    now,
    people,
    person,
    plant,
    report,
)

pytestmark = pytest.mark.django_db
# One month's ncv of 26.7 GJ/t becomes 28 (evidence of the verifier): 1000 t × 28 × 0.03356 × 0.99 × 44/12.
REPLACED = 1000 * 28 * 0.03356 * 0.99 * 44 / 12


@pytest.fixture
def listed(plant, people):  # noqa: F811
    listing.cover(plant, 2025, "power", source="试验名录", by=people["assigner"], now=NOW)
    return plant


@pytest.fixture
def conservative(case, listed):  # noqa: F811
    """February's ncv was not corrected; the verifier counts 28 GJ/t, and the bureau confirms."""
    content = content_of()
    content["boundary"]["facilities"][0] |= {"compliance": True, "facts": {}}
    found = case(content).listed().answered()
    line = found.it.findings.get()
    findings.settle(line, closed=False, verdict="检测报告不合格", **found.by("verifier"))
    findings.estimate(line, basis="evidence", value=28.0, source="复检报告", **found.by("verifier"))
    return found.concluded("conservative").confirmed()


def test_an_uncorrected_non_conformity_raises_the_duty(conservative, listed, people):  # noqa: F811
    report_ = conservative.it.report
    reported, counted = 3 * PER_MONTH, 2 * PER_MONTH + REPLACED
    assert report_.emissions_compliance == pytest.approx(reported)
    made = owing.register_duty(listed, 2025, by=people["assigner"], now=conservative.now)
    assert made.tonnes == whole(counted) > whole(reported)
    assert made.steps[0]["code"] == "conservative"
    assert made.steps[0]["numbers"] == {"reported": str(whole(reported)), "verified": str(whole(counted))}
    [position] = positions.history(listed, today=conservative.now.date(), held=[])
    assert (position.emissions, position.basis, position.stale) == (whole(counted), "conservative", False)


def test_the_units_of_an_allocation_carry_the_verified_emissions(conservative):
    [unit] = verified.allocation_units(conservative.it.report)
    assert unit["emissions"] == pytest.approx(round(2 * PER_MONTH + REPLACED, 3), abs=1e-3)


def test_a_passed_report_counts_as_it_stands(case, listed, people):  # noqa: F811
    found = case().visited().concluded().confirmed()
    made = owing.register_duty(listed, 2025, by=people["assigner"], now=found.now)
    assert made.tonnes == whole(3 * PER_MONTH)
    assert made.steps[0]["code"] == "emissions"


def test_after_an_upheld_objection_no_number_counts_until_there_is_a_new_one(conservative, listed, people):  # noqa: F811
    owing.register_duty(listed, 2025, by=people["assigner"], now=conservative.now)
    made = objecting.object_to(conservative.it, text="复检样品不是本厂的煤", **conservative.by("plant"))
    objecting.decide(made, uphold=True, text="样品编号有误，成立", **conservative.by("reviewer"))
    with pytest.raises(Refused) as caught:
        owing.register_duty(listed, 2025, by=people["assigner"], now=conservative.now)
    assert caught.value.code == "verification_open"
    assert CarbonDuty.objects.count() == 1
    [position] = positions.history(listed, today=conservative.now.date(), held=[])
    assert position.emissions is None
    assert position.stale


def test_a_locked_report_that_nobody_verified_here_says_so(report, listed, people):  # noqa: F811
    made = report(content_of(), state="draft")
    type(made.record).objects.filter(pk=made.record_id).update(state="locked")
    owed = owing.register_duty(listed, 2025, by=people["assigner"], now=NOW)
    assert owed.tonnes == whole(3 * PER_MONTH)
    assert (owed.steps[0]["code"], owed.steps[0]["standing"]) == ("unverified", "D")
