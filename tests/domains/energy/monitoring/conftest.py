"""Two firms with meters in a store of the test's own, and people of every role."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

# A Saturday noon in Xinyang.
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
FIRMS = [
    {
        "code": "textile-demo",
        "name": "示例纺织",
        "name_en": "Example Textile",
        "place": "411525",
        "industry": "1713",
        "organisation": "textile-demo",
    },
    {
        "code": "food-demo",
        "name": "示例食品",
        "name_en": "Example Foods",
        "place": "411526",
        "industry": "1353",
        "organisation": "food-demo",
    },
]


@pytest.fixture
def person(db):
    """Makes a person with a role in an organisation (by default one named after the role) of a place."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, organisation: str = "", place: str = "411500", username: str = "") -> Any:
        user = User.objects.create_user(username or f"{role}-{organisation}-{place}", password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(
            code=organisation or role, defaults={"name": f"{organisation or role}办公室"}
        )
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    """The demo of two firms (meters, thirteen weeks of hours, findings, forecasts), made once a module and taken back after it."""
    from django.db import transaction

    from dafeng.domains.energy.models import DayForecast
    from dafeng.domains.energy.monitoring.demo import ensure_demo
    from dafeng.kernel.enterprises import services
    from dafeng.kernel.jobs.models import Job
    from dafeng.kernel.jobs.services import run

    with django_db_blocker.unblock(), transaction.atomic():
        services.ensure("411500", FIRMS, demo=True)
        assert ensure_demo("411500", now=NOW)
        # No tree is grown at the first start, that is what makes it quick: the worker trains after it.
        job = Job.objects.get(kind="energy.monitoring.forecast")
        assert (job.state, DayForecast.objects.count()) == (Job.State.QUEUED, 0)
        assert run(job.pk, clock=lambda: NOW).state == Job.State.DONE
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(made, db):
    """The firms of the demo by code."""
    from dafeng.domains.energy.models import MonitoredFirm

    return {firm.enterprise.code: firm for firm in MonitoredFirm.objects.select_related("enterprise")}
