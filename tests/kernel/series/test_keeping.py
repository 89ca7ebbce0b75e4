"""Who registers and changes points, facts and devices: the keepers any, a firm's people their own; every change is in the audit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records.models import AuditEntry
from dafeng.kernel.series import queries, services
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device, Point
from dafeng.portal.accounts.models import Membership, Organisation, User
from tests.kernel.series.conftest import DAY, LATER, MINUTES, rows

pytestmark = pytest.mark.django_db
WORDS = {"name": "三号表", "quantity": "electricity", "unit": "kWh", "kind": "register"}


@pytest.fixture
def firms(db):
    told = [
        {"code": code, "name": code, "place": place, "organisation": code}
        for code, place in (("mill", "411502"), ("forge", "411503"))
    ]
    enterprises.ensure("411500", told, demo=True)


@pytest.fixture
def person(db):
    def made(role: str, organisation: str = "office"):
        user = User.objects.create_user(f"{role}-{organisation}", password="a-long-test-password")
        office, _new = Organisation.objects.get_or_create(code=organisation, defaults={"name": organisation})
        Membership.objects.create(user=user, organisation=office, role=role, place="411500")
        return user

    return made


def test_a_firms_people_register_their_own_points_and_nobody_elses(firms, person) -> None:
    by = person("enterprise", "mill")
    made = services.add_point("mill-3", by=by, now=LATER, subject="enterprise:mill", organisation="mill", **WORDS)
    assert (made.place, made.organisation) == ("411502", "mill"), "the place is the firm's own"
    with pytest.raises(PermissionDenied):
        services.add_point("x", by=by, now=LATER, subject="enterprise:mill", organisation="forge", **WORDS)
    with pytest.raises(SeriesError, match="只能登记本单位的计量点"):
        services.add_point("x", by=by, now=LATER, subject="enterprise:forge", organisation="mill", **WORDS)
    assert not Point.objects.filter(code="x").exists()
    entry = AuditEntry.objects.get(action="series.point.add")
    assert (entry.actor, entry.subject_id) == (by.username, "mill-3")


def test_a_formula_cannot_look_into_anothers_meter(firms, person, point) -> None:
    """A share of 1 of a foreign meter would show its readings."""
    point("forge-1", subject="enterprise:forge", organisation="forge")
    by, share = person("enterprise", "mill"), {"kind": "share", "of": ["forge-1"], "share": 1}
    own = {"subject": "enterprise:mill", "organisation": "mill"}
    with pytest.raises(SeriesError, match="没有计量点“forge-1”"):
        services.add_point("spy", by=by, now=LATER, formula=share, **own, **WORDS)
    made = services.add_point("mill-3", by=by, now=LATER, **own, **WORDS)
    with pytest.raises(SeriesError, match="没有计量点“forge-1”"):
        services.state_fact(made, "formula", share, DAY, by=by, now=LATER)


def test_a_change_is_checked_audited_and_never_of_what_has_a_date(firms, person, point) -> None:
    m, by, office = point("mill-1", organisation="mill"), person("enterprise", "mill"), person("ndrc")
    foreign, _secret = services.make_device("gw-f", "采集器", by=None, now=LATER, organisation="forge")
    with pytest.raises(SeriesError, match="没有这个设备"):
        services.change_point(m, by=by, now=LATER, device=foreign)
    with pytest.raises(SeriesError, match="读不懂"):
        services.change_point(m, by=by, now=LATER, channel={"register": 1, "type": "FLOAT99"})
    with pytest.raises(SeriesError, match="晚于"):
        services.change_point(m, by=by, now=LATER, since=DAY, until=DAY)
    for words in ({"unit": "MWh"}, {"multiplier": 10.0}, {"organisation": "forge"}, {"kind": "instant"}):
        with pytest.raises(SeriesError, match="不能改写"):
            services.change_point(m, by=by, now=LATER, **words)
    with pytest.raises(PermissionDenied):
        services.change_point(m, by=person("enterprise", "forge"), now=LATER, name="x")
    own, _secret = services.make_device("gw-m", "采集器", by=by, now=LATER, organisation="mill")
    channel = {"register": 7, "type": "INT32"}
    services.change_point(m, by=by, now=LATER, device=own, channel=channel, until=DAY)
    m.refresh_from_db()
    assert (m.device, m.channel, m.until) == (own, channel, DAY)
    assert AuditEntry.objects.filter(action="series.point.change").count() == 1
    services.change_point(m, by=by, now=LATER, until=DAY)
    assert AuditEntry.objects.filter(action="series.point.change").count() == 1, "nothing changed"
    services.change_point(m, by=office, now=LATER, organisation="forge")
    assert Point.objects.get(pk=m.pk).organisation == "forge"


def test_another_period_is_seen_in_the_steps_at_once(person, point, send) -> None:
    """Every 30 minutes 4 kWh: read as a meter of 15 minutes the other half is a gap; of 30 minutes all is measured."""
    m = point(kind="interval")
    send(rows(m, [4, 4], start=DAY + 2 * MINUTES, step=2 * MINUTES))
    hour = (DAY, DAY + timedelta(hours=1), "1h")
    assert queries.used([m], *hour)["coverage"].item() == 0.5
    services.change_point(m, by=person("ndrc"), now=LATER, period=1800)
    found = queries.used([m], *hour)
    assert (found["coverage"].item(), found["value"].item()) == (1.0, 8.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("multiplier", 0), ("multiplier", float("nan")), ("digits", 2.5), ("clock", 1e9), ("rated", "x"), ("fill", True), ("formula", [])],
)  # fmt: skip
def test_a_fact_that_cannot_be_is_refused(point, name: str, value) -> None:
    m = point()
    with pytest.raises(SeriesError):
        services.state_fact(m, name, value, DAY, now=LATER)
    assert not m.facts.exists()


def test_devices_are_a_firms_own_and_their_secret_is_renewed(person) -> None:
    by, other = person("enterprise", "mill"), person("enterprise", "forge")
    with pytest.raises(PermissionDenied):
        services.make_device("gw", "采集器", by=by, now=LATER, organisation="forge")
    with pytest.raises(SeriesError, match="Modbus"):  # the platform would connect wherever a firm says
        services.make_device("gw", "采集器", by=by, now=LATER, organisation="mill", address="127.0.0.1:22/1")
    device, secret = services.make_device("gw", "采集器", by=by, now=LATER, organisation="mill")
    with pytest.raises(PermissionDenied):
        services.renew_device(device, by=other, now=LATER)
    with pytest.raises(PermissionDenied):
        services.revoke_device(device, by=other, now=LATER)
    was, fresh = device.key_id, services.renew_device(device, by=by, now=LATER)
    device = Device.objects.get(code="gw")
    assert fresh != secret
    assert services.secret_of(device) == fresh
    assert device.key_id != was
    services.revoke_device(device, by=by, now=LATER)
    with pytest.raises(SeriesError, match="已停用"):
        services.renew_device(device, by=by, now=LATER)
    assert list(Device.objects.for_user(other)) == []
