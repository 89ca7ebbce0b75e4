"""A city in the database, with no data yet."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def city(db):
    from dafeng.domains.inventory import services

    return services.ensure_city(
        "411500", "信阳市", "Xinyang", "xinyang", counties={"411502": ["浉河区", "Shihe District"]}
    )


@pytest.fixture
def reviewer(city):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    user = User.objects.create_user("reviewer", password="a-long-test-password")
    office = Organisation.objects.create(code="ecology", name="生态环境局")
    Membership.objects.create(user=user, organisation=office, role="ecology", place=city.code)
    return user
