"""A programme, partners and scenes by hand; members join by the service, points come by the ledger as `scenes.processing` pays them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.models import Event, Member, Methodology, Partner, Programme, Scene
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

CITY, SHIHE, PINGQIAO = "411500", "411502", "411503"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # Saturday, ten in the morning in Xinyang


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The views read the clock by `timezone.now`; it stands at NOW."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(autouse=True)
def no_lots_remembered():
    """A test that is rolled back takes its lots with it; the process must not remember them."""
    bookkeeping._made_lots.cache_clear()
    yield
    bookkeeping._made_lots.cache_clear()


@pytest.fixture
def programme(db) -> Programme:
    counties = {SHIHE: ["浉河区", "Shihe"], PINGQIAO: ["平桥区", "Pingqiao"]}
    made = Programme.objects.create(code=CITY, city="信阳市", city_en="Xinyang", counties=counties)
    bookkeeping.ensure_assets(now=NOW - timedelta(days=120))
    return made


@pytest.fixture
def person(db):
    """Makes somebody who can log in, with a role in an organisation."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    numbers = count()

    def make(role: str = "citizen", organisation: str = "") -> Any:
        user = User.objects.create_user(f"{role}-{next(numbers)}", password="a-long-test-password")
        code = organisation or role
        office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": code})
        Membership.objects.create(user=user, organisation=office, role=role, place=CITY)
        return user

    return make


@pytest.fixture
def operator(person):
    return person("operator")


@pytest.fixture
def ndrc(person):
    return person("ndrc")


@pytest.fixture
def member(programme, person):
    """Makes a person's account."""

    def make(user: Any = None, **given: Any) -> Member:
        fields = {"kind": "person", "county": SHIHE, "joined_at": NOW - timedelta(days=60)} | given
        return Member.objects.create(programme=programme, user=user or person(), **fields)

    return make


@pytest.fixture
def partner(programme):
    def make(code: str, **given: Any) -> Partner:
        fields = {"kind": "scene", "name": f"示例{code}", "state": Partner.State.ACTIVE} | given
        return Partner.objects.create(programme=programme, code=code, **fields)

    return make


@pytest.fixture
def scene(partner):
    def make(code: str = "bus", group: str = "travel", owner: Partner | None = None) -> Scene:
        method, _made = Methodology.objects.get_or_create(code=code, defaults={"title": code, "group": group})
        made = Scene.objects.filter(code=code).first()
        return made or Scene.objects.create(
            partner=owner or partner(f"p-{code}"), code=code, title=f"{code}出行", methodology=method, channels=["api"]
        )

    return make


@pytest.fixture
def act(scene):
    """An event that was paid, as `scenes.processing` does it: the row and the issue in the ledger."""
    numbers = count(1)

    def make(
        member: Member, where: Scene | None = None, *, grams: int = 3000, points: int = 30,
        at: datetime = NOW - timedelta(hours=2), state: Event.State = Event.State.POSTED, findings: Any = (),
    ) -> Event:  # fmt: skip
        event = Event.objects.create(
            scene=where or scene(), member=member, source_id=f"trip-{next(numbers)}", digest="0" * 32, happened_at=at,
            received_at=at, state=state, grams=grams, points=points, data={"distance": 3.5}, findings=list(findings),
            score=sum(each[1] for each in findings),
        )  # fmt: skip
        if state in (Event.State.POSTED, Event.State.HELD) and points:
            lot = bookkeeping.open_points_lot(bookkeeping.month_of(at), now=at)
            command = bookkeeping.pay_event(event.pk, member.account, points, lot, quarantine=state == Event.State.HELD)
            bookkeeping.post_all([command], now=NOW - timedelta(hours=1))
            Event.objects.filter(pk=event.pk).update(ledger_key=command.key)
        event.refresh_from_db()
        return event

    return make


@pytest.fixture
def spend():
    """Points that a member gives to a merchant."""
    numbers = count(1)

    def make(member: Member, points: int) -> None:
        bookkeeping.post_all(
            [
                verbs.transfer(
                    key=f"spend-{next(numbers)}", actor=member.holder, asset="points", source=member.account,
                    to="merchant:tea/main", amount=points, code="redeem",
                )
            ],
            now=NOW,
        )  # fmt: skip

    return make


@pytest.fixture
def paper(db):
    def make(by: Any = None) -> Any:
        return records.store_evidence(b"%PDF-1.4 x", name="协议.pdf", media_type="application/pdf", by=by, now=NOW)

    return make


def balance(member: Member) -> tuple[int, int]:
    """Available and held points."""
    found = bookkeeping.points_of(member.account)
    return found.available, found.pending


def audited() -> None:
    """The ledger is whole: chain, balances, holds, conservation (I1 to I15)."""
    found = ledger.audit()
    assert found.ok, found
