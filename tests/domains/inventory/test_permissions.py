"""Who sees which batch of activity data, role by role."""

from __future__ import annotations

import pytest

from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record


@pytest.mark.parametrize(
    ("role", "sees_others"),
    [
        ("leader", True),
        ("ndrc", True),
        ("ecology", True),
        ("statistics", True),
        ("department", True),
        ("admin", True),
        ("county", False),
        ("enterprise", False),
        ("verifier", False),
        ("bank", False),
        ("grid", False),
        ("citizen", False),
    ],
)
def test_offices_see_every_batch_and_others_their_own(city, now, role: str, sees_others: bool) -> None:
    from dafeng.portal.accounts.models import Membership, Organisation, Role, User

    assert role in Role.values
    office = Organisation.objects.create(code="o", name="单位")
    people = [User.objects.create_user(name) for name in ("someone", "other")]
    for user in people:
        Membership.objects.create(user=user, organisation=office, role=role, place=city.code)
    for user in people:
        records.open_record("inventory.activity", title=user.username, payload={}, by=user, now=now, place=city.code)
    seen = set(Record.objects.for_user(people[0]).values_list("title", flat=True))
    assert seen == ({"someone", "other"} if sees_others else {"someone"})
