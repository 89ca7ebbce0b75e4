"""People of two offices, and rate limits that begin anew with each test."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def fresh_limits():
    from django.core.cache import cache

    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def office():
    """Makes an organisation."""
    from dafeng.portal.accounts.models import Organisation

    def make(code: str, place: str = "411500"):
        return Organisation.objects.get_or_create(code=code, defaults={"name": f"{code}单位", "place": place})[0]

    return make


@pytest.fixture
def member(city, office):
    """Makes a person with a role in an organisation."""
    from dafeng.portal.accounts.models import Membership, User

    def make(username: str, role: str, organisation: str = "", *, place: str = "411500", manager: bool = False):
        user = User.objects.filter(username=username).first() or User.objects.create_user(
            username, email=f"{username}@example.org", password=PASSWORD
        )
        Membership.objects.get_or_create(
            user=user, organisation=office(organisation or role), role=role, place=place, defaults={"manager": manager}
        )
        return user

    return make


@pytest.fixture
def log_in(client):
    """Logs in as a person does, through the page."""

    def enter(username: str, password: str = PASSWORD, **more: str):
        return client.post("/login/", {"login": username, "password": password, **more})

    return enter
