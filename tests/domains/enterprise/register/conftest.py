"""A city of two counties, people of the bureaus, a county and a firm. All of it is made up."""

from __future__ import annotations

from typing import Any

import pytest

from dafeng.domains.enterprise.review import cities


@pytest.fixture
def people(db: Any, settings: Any, tmp_path: Any) -> dict[str, Any]:
    from dafeng.portal.accounts.models import Membership, Organisation, User

    settings.MEDIA_ROOT = tmp_path
    cities.ensure_city("411500", "信阳市", "Xinyang", counties={"411503": ["平桥区", "Pingqiao"], "411522": ["光山县", "Guangshan"]})  # fmt: skip
    made = {}
    for name, organisation, role, place in (
        ("bureau", "ecology", "ecology", "411500"),
        ("county", "county-office", "county", "411522"),
        ("clerk", "kiln-works", "enterprise", "411500"),
    ):
        user = User.objects.create_user(name, password="a-long-test-password")
        office, _ = Organisation.objects.get_or_create(code=organisation, defaults={"name": organisation})
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        made[name] = user
    return made
