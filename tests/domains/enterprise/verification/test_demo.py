"""The demonstration stands on the city's demo firms, is quick, and changes nothing the second time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dafeng.domains.enterprise.models import Body, Report, Verification
from dafeng.domains.enterprise.reporting.demo import ensure_demo as reports_demo
from dafeng.domains.enterprise.verification import assigning, working
from dafeng.domains.enterprise.verification.demo import ensure_demo
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.records import services as records

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.fixture
def city(person, settings, tmp_path):
    from dafeng import cities

    settings.DATA = tmp_path
    pack = cities.load_pack("xinyang")
    enterprises.ensure("411500", pack.demo_enterprises, demo=True)
    for organisation in sorted({row["organisation"] for row in pack.demo_enterprises if row.get("organisation")}):
        person("enterprise", organisation)
    person("verifier", "verifier-demo")
    person("ecology", "ecology")
    person("ecology", "ecology")
    reports_demo("411500", now=NOW)
    return "411500"


def test_two_bodies_one_case_amid_findings_and_one_locked_once(city, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(1_700):
        ensure_demo(city, now=NOW)
    assert set(Body.objects.values_list("record__state", flat=True)) == {"registered"}
    states = sorted(Verification.objects.values_list("record__state", flat=True))
    assert states == ["confirmed", "findings"]
    assert Report.objects.filter(record__state="locked").count() == 1
    for case in Verification.objects.select_related("report__enterprise"):
        assert assigning.redraw(case) == case.content["draw"]["order"]
        assert case.content["draw"]["kept_out"] == {"consult-demo": ["consulted"]}
        assert all(tuple(plan.drawn) == working.sample_again(plan) for plan in case.samples.all())
        # What the platform computed for the firm is what the verifier's own formulas give, row by row.
        assert case.content["comparison"]["differences"] == []
        assert case.content["comparison"]["unchecked"] == []
        assert case.content["comparison"]["rows"] > 20
    assert records.verify_chain().ok
    head = records.head()
    ensure_demo(city, now=NOW)
    assert records.head() == head  # a second time changes nothing


def test_without_a_second_login_of_the_bureau_nothing_is_registered(person) -> None:
    person("ecology")
    ensure_demo("411500", now=NOW)
    assert set(Body.objects.values_list("record__state", flat=True)) == {"applied"}
