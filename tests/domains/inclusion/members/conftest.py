"""A programme with two partners and their scenes, made by hand; members join by the service, points come by the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.members import accounts, consents
from dafeng.domains.inclusion.models import Event, Member, Methodology, Partner, Programme, Scene
from dafeng.kernel.ledger import verbs

CITY, SHIHE, PINGQIAO = "411500", "411502", "411503"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # ten in the morning in Xinyang


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

    def make(role: str = "citizen", username: str = "", organisation: str = "") -> Any:
        user = User.objects.create_user(username or f"{role}-{next(numbers)}", password="a-long-test-password")
        code = organisation or role
        office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": code})
        Membership.objects.create(user=user, organisation=office, role=role, place=CITY)
        return user

    return make


@pytest.fixture
def join(programme, person):
    """Joins a new person; each has a telephone of their own."""
    numbers = count(13900000000)

    def make(user: Any = None, **given: Any) -> Member:
        fields = {
            "name": "试验员甲", "phone": str(next(numbers)), "birth_year": 1990, "of_age": True, "county": SHIHE,
            "agreed": consents.text_of("join").version, "now": NOW - timedelta(days=60),
        } | given  # fmt: skip
        return accounts.join(user or person(), programme, **fields)

    return make


@pytest.fixture
def partner(programme):
    def make(code: str, **given: Any) -> Partner:
        fields = {"kind": "scene", "name": f"示例{code}", "state": Partner.State.ACTIVE} | given
        return Partner.objects.create(programme=programme, code=code, **fields)

    return make


@pytest.fixture
def scene(partner):
    def make(code: str, group: str = "travel", owner: Partner | None = None, title: str = "") -> Scene:
        method, _made = Methodology.objects.get_or_create(code=code, defaults={"title": code, "group": group})
        return Scene.objects.create(
            partner=owner or partner(f"p-{code}"),
            code=code,
            title=title or f"{code}出行",
            methodology=method,
            channels=["api"],
        )

    return make


@pytest.fixture
def act():
    """An event that was paid, as `scenes.processing` does it: the row and the issue in the ledger."""
    numbers = count(1)

    def make(
        member: Member, scene: Scene, *, grams: int, points: int = 0, at: datetime = NOW - timedelta(hours=2),
        state: Event.State = Event.State.POSTED, now: datetime | None = None,
    ) -> Event:  # fmt: skip
        paid = state in (Event.State.POSTED, Event.State.HELD) and points > 0
        event = Event.objects.create(
            scene=scene, member=member, source_id=f"trip-{next(numbers)}", digest="0" * 32, happened_at=at,
            received_at=at, state=state, grams=grams, points=points, data={"km": 3.5, "from": "东方红大道"},
        )  # fmt: skip
        if paid:
            moment = now or at
            lot = bookkeeping.open_points_lot(bookkeeping.month_of(at), now=moment)
            held = state == Event.State.HELD
            command = bookkeeping.pay_event(event.pk, member.account, points, lot, quarantine=held)
            bookkeeping.post_all([command], now=moment)
            Event.objects.filter(pk=event.pk).update(ledger_key=command.key)
        return event

    return make


@pytest.fixture
def to_merchant():
    """Points that a member spends at a merchant."""

    def make(member: Member, points: int, *, key: str, now: datetime = NOW) -> None:
        bookkeeping.post_all(
            [
                verbs.transfer(
                    key=key, actor=member.holder, asset="points", source=member.account, to="merchant:tea/main",
                    amount=points, code="redeem",
                )
            ],
            now=now,
        )  # fmt: skip

    return make
