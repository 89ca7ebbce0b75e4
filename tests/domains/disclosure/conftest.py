"""A city with two counties and people of every role that the domain knows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

# A Saturday morning in Xinyang.
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 21)


@pytest.fixture
def open_city(db):
    from dafeng.domains.disclosure import services

    return services.ensure_city(
        "411500", "信阳市", "Xinyang", counties={"411502": ["浉河区", "Shihe"], "411522": ["光山县", "Guangshan"]}
    )


@pytest.fixture
def person(db):
    """Makes a person with a role in an organisation (by default one named after the role)."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", organisation: str = ""):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        code = organisation or role
        office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": f"{code}办公室"})
        Membership.objects.create(user=user, organisation=office, role=role, place="411500")
        return user

    return make


@pytest.fixture
def entity(open_city):
    from dafeng.domains.disclosure import register

    return register.ensure_entity(
        open_city, name="示例水泥有限公司", place="411522", organisation="cement", by=None, now=NOW
    )


@pytest.fixture
def duty(entity):
    """Report year 2025, due on 15 March 2026."""
    from dafeng.domains.disclosure import register

    return register.add_duty(entity, kind="key_emitter", year=2025, source="试验名单", by=None, now=NOW)
