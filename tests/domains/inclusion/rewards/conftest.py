"""A programme with a budget, an adopted rule or two, people for each desk, and members who may apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.members import accounts, consents
from dafeng.domains.inclusion.models import (
    Award,
    Budget,
    Event,
    Member,
    Methodology,
    Partner,
    Programme,
    RewardRule,
    Scene,
)
from dafeng.domains.inclusion.rewards import awards, budgets, payments, rules

CITY, SHIHE = "411500", "411502"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # ten in the morning in Xinyang
BASIS = [{"document": "试验文件", "clause": "第一条"}]
RESULT: dict[str, Any] = {
    "kind": "result", "beneficiaries": ["firm", "person"], "basis": BASIS, "budget": "green", "objection_days": 5,
    "fields": [
        {"name": "mass", "title": "循环利用量", "kind": "number", "unit": "吨"},
        {"name": "site", "title": "所在地", "kind": "choice", "choices": ["信阳市", "外地"]},
        {"name": "livelihood", "title": "是否纳入民生实事", "kind": "choice", "choices": ["是", "否"]},
    ],
    "conditions": [{"field": "site", "op": "=", "value": "信阳市", "why": "项目在本市"}],
    "amount": {"fen_per_unit": 1000, "measure": "mass", "unit": "吨", "floor": "10"},
    "tilt": {"field": "livelihood", "value": "是", "percent": 10, "why": "纳入民生实事建设的项目"},
}  # fmt: skip
TRIPS: dict[str, Any] = {
    "kind": "trips", "beneficiaries": ["person"], "basis": BASIS, "budget": "green", "groups": ["travel"],
    "fields": [{"name": "trips", "title": "出行次数", "kind": "number", "required": False}],
    "amount": {"fen_per_unit": 50, "measure": "trips", "unit": "次"},
}  # fmt: skip
TITLE: dict[str, Any] = {
    "kind": "title", "beneficiaries": ["firm"], "basis": BASIS, "budget": "green",
    "fields": [{"name": "got", "title": "获评日期", "kind": "date"}], "amount": {"fixed_fen": 10_000_000},
}  # fmt: skip
GOOD = {
    "mass": "110.5",
    "site": "信阳市",
    "livelihood": "否",
}  # 110.5 t, 10 t of them unpaid, 10.00 yuan each: 1 005.00 yuan
PAYEE = {"name": "张三", "bank": "中国农业银行信阳分行", "account": "6228480000000000018"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in Path(item.fspath).parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The views read the clock by `timezone.now`; it stands at NOW."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture(autouse=True)
def no_lots_remembered() -> Any:
    bookkeeping._made_lots.cache_clear()
    yield
    bookkeeping._made_lots.cache_clear()


class Office:
    """The people, and the short ways through the workflow that the tests share."""

    def __init__(self) -> None:
        self.programme = Programme.objects.create(
            code=CITY, city="信阳市", city_en="Xinyang", counties={SHIHE: ["浉河区", "Shihe"]}
        )
        bookkeeping.ensure_assets(now=NOW - timedelta(days=120))
        self.budget = Budget.objects.create(
            programme=self.programme, code="green", title="绿色奖励资金", organisation="ndrc"
        )
        self.people: dict[str, Any] = {}
        self._phones, self._requests, self._scenes = count(13900000000), count(1), dict[str, Scene]()
        self._events = count(1)

    def person(self, role: str, number: int = 1, organisation: str = "") -> Any:
        """Somebody with a role; the same for the same words."""
        from dafeng.portal.accounts.models import Membership, Organisation, User

        name = f"{role}-{number}"
        if name not in self.people:
            user = User.objects.create_user(name, password="a-long-test-password")
            code = organisation or role
            office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": code})
            Membership.objects.create(user=user, organisation=office, role=role, place=CITY)
            self.people[name] = user
        return self.people[name]

    def member(self, number: int = 1) -> Member:
        user = self.person("citizen", number)
        return accounts.member_of(user) or accounts.join(
            user, self.programme, name="试验员甲", phone=str(next(self._phones)), birth_year=1990, of_age=True, county=SHIHE,
            agreed=consents.text_of("join").version, now=NOW - timedelta(days=60),
        )  # fmt: skip

    def firm(self, number: int = 1) -> Member:
        user = self.person("enterprise", number, f"firm-{number}")
        made, _new = Member.objects.get_or_create(
            programme=self.programme, kind="firm", organisation=f"firm-{number}", defaults={"joined_at": NOW}
        )
        from dafeng.domains.inclusion.models import Consent

        Consent.objects.get_or_create(
            member=made, purpose=consents.base_of(made), defaults={"text_version": "1", "given_at": NOW}
        )
        self.people[f"owner-{made.pk}"] = user
        return made

    def owner(self, member: Member) -> Any:
        return member.user or self.people[f"owner-{member.pk}"]

    def money(self, fen: int, *, year: int = 2026, now: datetime = NOW) -> Any:
        made = budgets.appropriate(
            self.budget, year=year, fen=fen, document="试验下达", by=self.person("ndrc"), now=now
        )
        budgets.book(made, by=self.person("ndrc", 2), now=now)
        return made

    def rule(self, content: Mapping[str, Any] = RESULT, code: str = "recycling", **given: Any) -> RewardRule:
        words: dict[str, Any] = {"title": f"试验办法 {code}", "valid_from": date(2026, 1, 1), "valid_to": None} | given
        made = rules.draft(self.programme, code=code, content=content, by=self.person("operator"), now=NOW, **words)
        rules.move(made, "submit", by=self.person("operator"), now=NOW)
        rules.move(made, "adopt", by=self.person("ecology"), now=NOW)
        return made

    def apply(
        self, rule: RewardRule, member: Member, given: Mapping[str, str] = GOOD, *, subject: str = "某项目",
        payee: Mapping[str, str] = PAYEE, request: str = "", now: datetime = NOW,
    ) -> Award:  # fmt: skip
        return awards.apply(
            rule, member, given, subject=subject, payee=payee, public_name=awards.masked(payee["name"]),
            request=request or f"r{next(self._requests)}", by=self.owner(member), now=now,
        )  # fmt: skip

    def step(self, award: Award, *actions: str, now: datetime = NOW, reason: str = "") -> Award:
        """Steps by whom they are for: check operator, approve ecology, the rest ndrc."""
        by = {"check": ("operator", 1), "approve": ("ecology", 1), "recovered": ("ndrc", 2)}
        for action in actions:
            awards.move(award, action, by=self.person(*by.get(action, ("ndrc", 1))), now=now, reason=reason)
        return award

    def payable(self, award: Award) -> Award:
        self.step(award, "check", "approve", "publish")
        return self.step(award, "release", now=NOW + timedelta(days=6))

    def pay(self, *chosen: Award, settle: bool = True, now: datetime = NOW + timedelta(days=7)) -> Any:
        made = payments.draw(self.programme, chosen, by=self.person("ndrc"), now=now)
        payments.move(made, "approve", by=self.person("ndrc", 2), now=now)
        if settle:
            payments.move(made, "settle", by=self.person("ndrc", 2), now=now)
        for each in chosen:
            each.refresh_from_db()
            each.record.refresh_from_db()
        return made

    def scene(self, code: str = "bus", group: str = "travel") -> Scene:
        if code not in self._scenes:
            method, _made = Methodology.objects.get_or_create(code=code, defaults={"title": code, "group": group})
            partner = Partner.objects.create(
                programme=self.programme, code=f"p-{code}", kind="scene", name=code, state="active"
            )
            self._scenes[code] = Scene.objects.create(
                partner=partner, code=f"{code}-ride", title=code, methodology=method, channels=["api"]
            )
        return self._scenes[code]

    def trip(self, member: Member, *, grams: int = 250, at: datetime = NOW - timedelta(days=2), **given: Any) -> Event:
        """A trip as processing leaves it when its member has chosen money."""
        words: dict[str, Any] = {"benefit": "reward", "state": Event.State.NOTHING, "reason": "paid_as_reward"} | given
        number = next(self._events)
        return Event.objects.create(
            scene=self.scene(), member=member, source_id=f"t{number}", digest="0", happened_at=at, received_at=at, grams=grams, **words
        )  # fmt: skip


@pytest.fixture
def office(db: None) -> Office:
    return Office()


Moves = Callable[..., Award]
