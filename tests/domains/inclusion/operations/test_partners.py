from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Partner
from dafeng.domains.inclusion.operations import partners
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records import services as records


def filled(agreement, operator, paper, now, until=date(2027, 12, 31)):
    return partners.fill(
        agreement, number="XTP-2026-01", valid_from=date(2026, 11, 1), valid_until=until, contact="", asks="",
        documents=[paper(operator)], by=operator, now=now,
    )  # fmt: skip


def applied(programme, user, now):
    return partners.apply(
        programme, kind="merchant", name="示例茶行", organisation="tea", credit_code="", contact="", asks="毛尖兑换",
        by=user, now=now,
    )  # fmt: skip


def test_an_application_becomes_an_active_partner_when_it_is_signed(programme, person, operator, paper, now) -> None:
    owner = person("enterprise", "tea")
    agreement = applied(programme, owner, now)
    assert agreement.partner.state == Partner.State.APPLIED
    with pytest.raises(Refused) as refusal:
        partners.step(agreement, "sign", by=operator, now=now)
    assert refusal.value.code == "agreement_incomplete"
    filled(agreement, operator, paper, now)
    with pytest.raises(PermissionDenied):
        partners.step(agreement, "sign", by=owner, now=now)
    assert partners.step(agreement, "sign", by=operator, now=now).state == Partner.State.ACTIVE
    assert Notice.objects.for_user(owner).count() == 1
    assert records.verify_record(agreement.record)


def test_suspension_and_end_switch_the_partner_with_the_record(programme, person, operator, paper, now) -> None:
    agreement = applied(programme, person("enterprise", "tea"), now)
    filled(agreement, operator, paper, now)
    partners.step(agreement, "sign", by=operator, now=now)
    assert partners.step(agreement, "suspend", by=operator, now=now, reason="核查").state == Partner.State.SUSPENDED
    assert partners.step(agreement, "resume", by=operator, now=now, reason="查清").state == Partner.State.ACTIVE
    assert partners.end_expired(now=now) == 0
    assert partners.end_expired(now=now + timedelta(days=500)) == 1
    assert Partner.objects.get(organisation="tea").state == Partner.State.ENDED


def test_a_suspended_agreement_stops_a_partner_that_signed_another(partner, operator, paper, now) -> None:
    bus = partner("bus", state=Partner.State.APPLIED)
    for _number in range(2):
        one = filled(partners.draft(bus, by=operator, now=now), operator, paper, now)
        partners.step(one, "sign", by=operator, now=now)
    assert partners.step(one, "suspend", by=operator, now=now, reason="核查").state == Partner.State.SUSPENDED
    assert partners.step(one, "end", by=operator, now=now, reason="查实").state == Partner.State.ACTIVE


def test_one_applies_for_ones_own_organisation_once(programme, person, now) -> None:
    owner = person("enterprise", "tea")
    with pytest.raises(Refused) as refusal:
        partners.apply(
            programme,
            kind="merchant",
            name="别人",
            organisation="other",
            credit_code="",
            contact="",
            asks="",
            by=owner,
            now=now,
        )
    assert refusal.value.code == "not_your_organisation"
    applied(programme, owner, now)
    with pytest.raises(Refused) as refusal:
        applied(programme, owner, now)
    assert refusal.value.code == "partner_there"


def test_a_suspended_partners_events_are_not_taken(programme, scene, operator, paper, now) -> None:
    from dafeng.domains.inclusion.scenes import intake

    bus = scene().partner
    agreement = filled(partners.draft(bus, by=operator, now=now), operator, paper, now)
    partners.step(agreement, "sign", by=operator, now=now)
    bus = partners.step(agreement, "suspend", by=operator, now=now, reason="核查")
    with pytest.raises(Refused) as refusal:
        intake.receive(bus, [{"number": "1"}], key="b1", channel="api", now=now)
    assert refusal.value.code == "partner_suspended"
