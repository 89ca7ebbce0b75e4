"""A programme, a merchant with goods, citizens with points: rows by hand, points by the ledger, the clock turned by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.bookkeeping import POINTS, SYSTEM
from dafeng.domains.inclusion.market import products
from dafeng.domains.inclusion.members import consents
from dafeng.domains.inclusion.models import (
    Consent,
    Event,
    Member,
    Methodology,
    MethodologyVersion,
    Partner,
    Product,
    Programme,
    Scene,
)
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records

CITY, SHIHE = "411500", "411502"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # ten in the morning in Xinyang
START = NOW - timedelta(days=120)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(autouse=True)
def no_lots_remembered():
    """A test that is rolled back takes its lots with it; the process must not remember them."""
    bookkeeping._made_lots.cache_clear()
    yield
    bookkeeping._made_lots.cache_clear()


def build_programme() -> Programme:
    made = Programme.objects.create(code=CITY, city="信阳市", city_en="Xinyang", counties={SHIHE: ["浉河区", "Shihe"]})
    bookkeeping.ensure_assets(now=START)
    return made


@pytest.fixture
def programme(db) -> Programme:
    return build_programme()


@pytest.fixture
def person(db):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    numbers = count()

    def make(role: str = "citizen", organisation: str = "", username: str = "") -> Any:
        user = User.objects.create_user(username or f"{role}-{next(numbers)}", password="a-long-test-password")
        code = organisation or role
        office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": code})
        Membership.objects.create(user=user, organisation=office, role=role, place=CITY)
        return user

    return make


def build_member(programme: Programme, user: Any = None, *, kind: str = "person", organisation: str = "") -> Member:
    made = Member.objects.create(
        programme=programme, kind=kind, user=user, organisation=organisation, county=SHIHE, joined_at=START
    )
    purpose = consents.base_of(made)
    Consent.objects.create(member=made, purpose=purpose, text_version=consents.text_of(purpose).version, given_at=START)
    return made


@pytest.fixture
def member(programme):
    def make(user: Any = None, points: int = 0, **given: Any) -> Member:
        made = build_member(programme, user, **given)
        if points:
            grant(made, points)
        return made

    return make


_keys = count()


def grant(member: Member, points: int, *, month: str = "2026-11", at: datetime = NOW) -> None:
    """Points earned in a month, as an event would bring them."""
    lot = bookkeeping.open_points_lot(month, now=at)
    key = f"test:grant:{next(_keys)}"
    command = verbs.issue(key=key, actor=SYSTEM, asset=POINTS, lot=lot, to=member.account, amount=points, code="reward")
    bookkeeping.post_all([command], now=at)


def points(account: str) -> tuple[int, int]:
    """(available, held) of an account; nothing where it was never opened."""
    from dafeng.kernel.errors import LedgerError

    try:
        view = ledger.balance(account, POINTS)
    except LedgerError:
        return 0, 0
    return view.available, view.pending


@pytest.fixture
def merchant(programme):
    def make(code: str = "tea", organisation: str = "teahouse") -> Partner:
        return Partner.objects.create(
            programme=programme,
            code=code,
            kind="merchant",
            name=f"示例商户{code}",
            state="active",
            organisation=organisation,
        )

    return make


VALUES = {
    "title": "毛尖一杯", "title_en": "A cup of Maojian", "summary": "现泡信阳毛尖", "terms": "堂食", "price": 100, "stock": 10,
    "per_person": 0, "starts_on": date(2026, 11, 1), "ends_on": date(2026, 12, 31), "coupon_days": 30,
}  # fmt: skip


def listed(partner: Partner, **given: Any) -> Product:
    """A product as it is after merchant and operator have done their steps (the steps themselves are tested elsewhere)."""
    made = products.draft(partner, VALUES | given, by=None, now=NOW)
    type(made.record).objects.filter(pk=made.record_id).update(state="listed")
    made.refresh_from_db()
    return made


@pytest.fixture
def product(merchant):
    partner: list[Partner] = []

    def make(owner: Partner | None = None, **given: Any) -> Product:
        if owner is None and not partner:
            partner.append(merchant())
        return listed(owner or partner[0], **given)

    return make


@pytest.fixture
def spared(programme):
    """Posted events of a methodology: grams each, in a month."""
    numbers = count()

    def make(code: str, grams: int, at: datetime, member: Member, data: dict[str, Any] | None = None) -> Event:
        owner, _made = Partner.objects.get_or_create(
            code="grid", defaults={"programme": programme, "kind": "scene", "name": "示例电网", "state": "active"}
        )
        method, made = Methodology.objects.get_or_create(code=code, defaults={"title": code, "group": "energy"})
        if made:
            record = records.open_record("inclusion.methodology", title=code, payload={}, by=None, now=START)
            type(record).objects.filter(pk=record.pk).update(state="filed")
            MethodologyVersion.objects.create(
                methodology=method, number=1, record=record, digest="0" * 64, standing="draft"
            )
        version = MethodologyVersion.objects.get(methodology=method)
        scene, _made = Scene.objects.get_or_create(
            code=code, defaults={"partner": owner, "title": code, "methodology": method}
        )
        return Event.objects.create(
            scene=scene, member=member, source_id=f"e{next(numbers)}", digest="0" * 32, happened_at=at, received_at=at,
            state=Event.State.POSTED, grams=grams, points=0, version=version, data=data or {},
        )  # fmt: skip

    return make
