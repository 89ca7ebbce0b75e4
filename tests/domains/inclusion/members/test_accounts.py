"""Joining, age, consent, partners: a person is a pseudonym to everybody, and nobody records them without their consent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.members import accounts, consents
from dafeng.domains.inclusion.models import Binding, Consent, Identity, Member, Partner
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records.models import AuditEntry
from tests.domains.inclusion.members.conftest import NOW

pytestmark = pytest.mark.django_db


def code_of(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


# ---------------------------------------------------------------- joining


@pytest.mark.parametrize(
    ("birth_year", "declared", "answer"),
    [
        (2013, True, "under_age"),  # 2026 − 2013 = 13: cannot be 14 yet
        (2012, False, "under_age"),  # turns 14 this year and does not declare to have
        (2012, True, ""),  # turns 14 this year and declares to have
        (2011, True, ""),
        (1990, False, "under_age"),  # the declaration is asked of everybody
        (1890, True, "birth_year_wrong"),
        (2027, True, "birth_year_wrong"),
    ],
)
def test_who_is_or_may_be_younger_than_14_is_refused(join, birth_year, declared, answer) -> None:
    given = {"birth_year": birth_year, "of_age": declared, "now": NOW}
    if answer:
        assert code_of(lambda: join(**given)) == answer
        assert not Member.objects.exists()
        assert not Identity.objects.exists()
    else:
        assert join(**given).pk


def test_one_telephone_opens_one_account_however_it_is_written(join) -> None:
    join(phone="139 1234 5678")
    assert code_of(lambda: join(phone="+86-13912345678")) == "phone_taken"
    assert code_of(lambda: join(phone="1391234567")) == "phone_wrong"


def test_the_keyed_hash_still_finds_a_telephone_after_the_secret_was_changed(join, settings) -> None:
    join(phone="13912345678")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-of-the-installation"
    assert code_of(lambda: join(phone="13912345678")) == "phone_taken"


def test_a_person_has_one_account_and_the_text_agreed_to_is_the_present_one(join, person) -> None:
    user = person()
    member = join(user)
    assert code_of(lambda: join(user)) == "already_member"
    assert code_of(lambda: join(agreed="2020-01")) == "consent_old"
    assert code_of(lambda: join(county="110101")) == "place_unknown"
    assert Member.objects.count() == 1  # what was refused left nothing behind
    given = Consent.objects.get(member=member)
    assert (given.purpose, given.text_version) == ("join", consents.text_of("join").version)


def test_identity_is_sealed_and_the_audit_knows_the_pseudonym_alone(join, person) -> None:
    user = person(username="zhang-san")
    member = join(user, name="张试验", phone="13912345678")
    assert accounts.identity_of(member) == {"name": "张试验", "phone": "13912345678", "birth_year": 1990}
    row = Identity.objects.get()
    assert "张试验".encode() not in bytes(row.sealed)
    assert b"13912345678" not in bytes(row.sealed)
    assert "13912345678" not in row.phone_key
    said = " ".join(f"{e.actor} {e.subject_id} {e.detail_text}" for e in AuditEntry.objects.all())
    assert member.holder in said
    assert not any(word in said for word in ("张试验", "13912345678", "zhang-san"))


def test_firms_are_opened_by_their_people_alone(programme, person) -> None:
    boss, citizen = person("enterprise", organisation="cement"), person()
    given = {"organisation": "cement", "county": "411502", "agreed": consents.text_of("firm").version, "now": NOW}
    with pytest.raises(PermissionDenied):
        accounts.open_firm(citizen, programme, **given)
    assert code_of(lambda: accounts.open_firm(boss, programme, **given | {"organisation": "other"})) == "not_your_firm"
    firm = accounts.open_firm(boss, programme, **given)
    assert firm.holder.startswith("firm:")
    assert "cement" not in firm.holder
    assert accounts.firms_of(boss) == [firm]
    assert accounts.firms_of(citizen) == []
    assert code_of(lambda: accounts.open_firm(boss, programme, **given)) == "already_member"


# ---------------------------------------------------------------- partners


def test_tokens_of_one_partner_say_nothing_to_another(join, partner) -> None:
    bus, bike, members = partner("bus"), partner("bike"), [join() for _ in range(3)]
    of_bus = {accounts.bind(member, bus, now=NOW).token: member.pk for member in members}
    of_bike = {accounts.bind(member, bike, now=NOW).token for member in members}
    assert accounts.resolve(bus, of_bus) == of_bus
    assert accounts.resolve(bike, of_bus) == {}
    assert of_bike.isdisjoint(of_bus)
    pseudonyms = "".join(member.pseudonym for member in members).upper()
    assert not any(token in pseudonyms for token in of_bus)


def test_ten_thousand_tokens_are_one_query(join, partner, django_assert_num_queries) -> None:
    bus, member = partner("bus"), join()
    token = accounts.bind(member, bus, now=NOW).token
    sent = [accounts.new_code(20) for _ in range(9_999)] + [token]
    with django_assert_num_queries(1):
        assert accounts.resolve(bus, sent) == {token: member.pk}


def test_a_token_may_be_typed_with_spaces_and_small_letters(join, partner) -> None:
    bus, member = partner("bus"), join()
    typed = accounts.in_fours(accounts.bind(member, bus, now=NOW).token).lower()
    assert accounts.resolve(bus, [typed]) == {typed: member.pk}


@pytest.mark.parametrize("what", ["join", "scene:bus", "unbind", "suspended", "closed"])
def test_what_ends_a_consent_stops_new_events_at_once(join, partner, person, what) -> None:
    bus, member = partner("bus"), join()
    token = accounts.bind(member, bus, now=NOW).token
    assert accounts.resolve(bus, [token])
    if what == "unbind":
        accounts.unbind(member, bus, now=NOW)
    elif what == "suspended":
        accounts.suspend(member, by=person("operator"), reason="复核", now=NOW)
    elif what == "closed":
        Member.objects.filter(pk=member.pk).update(closed_at=NOW)
    else:
        consents.withdraw(member, what, now=NOW)
    assert accounts.resolve(bus, [token]) == {}


def test_binding_again_makes_a_new_token_and_twice_the_same(join, partner) -> None:
    bus, member = partner("bus"), join()
    first = accounts.bind(member, bus, now=NOW)
    assert accounts.bind(member, bus, now=NOW).pk == first.pk
    accounts.unbind(member, bus, now=NOW)
    second = accounts.bind(member, bus, now=NOW + timedelta(days=1))
    assert second.token != first.token
    assert accounts.resolve(bus, [first.token, second.token]) == {second.token: member.pk}
    assert Binding.objects.filter(member=member).count() == 2


def test_only_active_partners_can_be_bound_and_only_by_active_members(join, partner, person) -> None:
    ended, bus, member = partner("old", state=Partner.State.ENDED), partner("bus"), join()
    assert code_of(lambda: accounts.bind(member, ended, now=NOW)) == "partner_inactive"
    consents.withdraw(member, "join", now=NOW)
    assert code_of(lambda: accounts.bind(member, bus, now=NOW)) == "consent_missing"
    consents.give(member, "join", consents.text_of("join").version, now=NOW)
    operator = person("operator")
    accounts.suspend(member, by=operator, reason="复核", now=NOW)
    assert code_of(lambda: accounts.bind(member, bus, now=NOW)) == "account_suspended"
    accounts.resume(member, by=operator, now=NOW)
    assert accounts.bind(member, bus, now=NOW).token


def test_suspension_is_the_operators_has_a_reason_and_is_told(join, person) -> None:
    member = join()
    with pytest.raises(PermissionDenied):
        accounts.suspend(member, by=person("scene"), reason="x", now=NOW)
    operator = person("operator")
    assert code_of(lambda: accounts.suspend(member, by=operator, reason=" ", now=NOW)) == "reason_missing"
    accounts.suspend(member, by=operator, reason="行程速度异常", now=NOW)
    assert member.suspended_for == "行程速度异常"
    notice = member.user.notices.get()
    assert notice.text == "行程速度异常"
