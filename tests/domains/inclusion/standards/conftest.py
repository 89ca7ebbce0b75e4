"""The programme of the city with what is shipped, and people with roles."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

CITY = "411500"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def today() -> date:
    return TODAY


@pytest.fixture
def programme(db):
    """The programme and its standards; of the other rooms nothing."""
    from dafeng.domains.inclusion.models import Programme
    from dafeng.domains.inclusion.standards.pack import ensure_pack

    counties = {"411502": ["浉河区", "Shihe"]}
    made = Programme.objects.create(code=CITY, city="信阳市", city_en="Xinyang", counties=counties)
    ensure_pack(made, now=NOW)
    return made


@pytest.fixture
def person(db):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", *more: str):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        for each in (role, *more):
            office, _made = Organisation.objects.get_or_create(code=each, defaults={"name": each})
            Membership.objects.create(user=user, organisation=office, role=each, place=CITY)
        return user

    return make


@pytest.fixture
def operator(person):
    return person("operator")


@pytest.fixture
def office(person):
    return person("ndrc")


@pytest.fixture
def version_of(programme):
    """The version in force of a methodology."""
    from dafeng.domains.inclusion.standards import inforce

    return lambda code: inforce.version_on(code, TODAY)
