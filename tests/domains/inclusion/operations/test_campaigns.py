from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import CampaignGift
from dafeng.domains.inclusion.operations import campaigns, recognition
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.ledger import verbs
from tests.domains.inclusion.operations.conftest import NOW, audited, balance


def drafted(programme, scene, operator, **given):
    words = {
        "code": "green-week", "title": "绿色出行周", "text": "多坐一次公交", "starts_on": date(2026, 11, 14),
        "ends_on": date(2026, 11, 20), "events_needed": 2, "each": 50, "budget": 120,
    } | given  # fmt: skip
    return campaigns.draft(programme, scenes=[scene()], by=operator, now=NOW, **words)


def fund(programme, points):
    """Points that came back to the pool."""
    lot = bookkeeping.open_points_lot("2026-11", now=NOW)
    account = bookkeeping.pool(programme.code)
    bookkeeping.post_all(
        [verbs.issue(key="fund", actor="test", asset="points", lot=lot, to=account, amount=points, code="reward")],
        now=NOW,
    )
    return account


def test_gifts_are_given_once_in_the_order_of_qualifying_within_the_budget(
    programme, scene, member, act, operator, ndrc
) -> None:
    pool = fund(programme, 200)
    members = [member() for _ in range(4)]
    for at, one in enumerate(members[:3]):
        for hour in range(2):
            act(one, at=NOW - timedelta(days=2, hours=hour, minutes=-at))
    act(members[3], at=NOW - timedelta(days=2))  # once is not enough
    made = drafted(programme, scene, operator)
    with pytest.raises(PermissionDenied):
        campaigns.publish(made, by=operator, now=NOW)
    campaigns.publish(made, by=ndrc, now=NOW)
    assert bookkeeping.points_of(pool).available == 80  # 120 of 200 are set aside
    told = campaigns.settle(made, by=ndrc, now=NOW)
    # 120 points are two gifts of 50; 20 are free again.
    assert (told.members, told.points, told.left_out) == (2, 100, 1)
    assert [balance(one)[0] for one in members] == [110, 110, 60, 30]
    assert bookkeeping.points_of(pool).available == 100
    assert CampaignGift.objects.count() == 2
    audited()


def test_a_budget_that_is_not_there_is_refused_and_nothing_is_published(programme, scene, operator, ndrc) -> None:
    fund(programme, 100)
    made = drafted(programme, scene, operator)
    with pytest.raises(Refused) as refusal:
        campaigns.publish(made, by=ndrc, now=NOW)
    assert refusal.value.code == "campaign_unfunded"
    made.record.refresh_from_db()
    assert made.record.state == "draft"


def test_nothing_is_given_before_the_end_and_stopping_frees_the_budget(programme, scene, operator, ndrc) -> None:
    pool = fund(programme, 120)
    made = drafted(programme, scene, operator, ends_on=date(2026, 11, 30))
    campaigns.publish(made, by=ndrc, now=NOW)
    with pytest.raises(Refused) as refusal:
        campaigns.settle(made, by=ndrc, now=NOW)
    assert refusal.value.code == "campaign_running"
    campaigns.stop(made, reason="暂缓", by=operator, now=NOW)
    assert bookkeeping.points_of(pool).available == 120


def test_a_budget_without_points_each_is_refused(programme, scene, operator) -> None:
    with pytest.raises(Refused) as refusal:
        drafted(programme, scene, operator, each=0)
    assert refusal.value.code == "campaign_budget"


def recognised(platform, operator, factor="0.05"):
    row = {"theirs": "公交出行", "ours": "bus", "factor": factor, "our_factor": "0.06", "unit": "kgCO2e/km"}
    return recognition.draft(
        platform, mapping=[row], rate_note="按本市折算率", monthly_cap=300, basis="互认备忘录", valid_from=date(2026, 11, 1),
        valid_until=date(2027, 10, 31), by=operator, now=NOW,
    )  # fmt: skip


def test_only_equal_or_stricter_factors_are_recognised_by_two_persons(partner, scene, operator, ndrc) -> None:
    platform = partner("neighbour", kind="platform")
    bus = scene("bus", owner=platform)
    with pytest.raises(Refused) as refusal:
        recognised(platform, operator, factor="0.061")
    assert refusal.value.code == "mapping_generous"
    made = recognised(platform, operator, factor="0.06")
    with pytest.raises(PermissionDenied):
        recognition.move(made, "adopt", by=operator, now=NOW, reason="同意")
    recognition.move(made, "adopt", by=ndrc, now=NOW, reason="同意")
    bus.refresh_from_db()
    assert bus.monthly_cap == 300
    with pytest.raises(Refused) as refusal:
        recognised(platform, operator)
    assert refusal.value.code == "recognition_open"


def test_the_statement_says_what_came_from_where(programme, partner, scene, member, act) -> None:
    platform = partner("neighbour", kind="platform")
    bus = scene("bus", owner=platform)
    one = member()
    act(one, bus)
    act(one, scene("walk"))  # our own
    (row,) = recognition.statement(programme)
    assert (row["code"], row["scenes__code"], row["stood"], row["grams"], row["points"], row["persons"]) == (
        "neighbour", "bus", 1, 3000, 30, 1,
    )  # fmt: skip


def test_a_scene_partner_is_no_platform(partner, scene, operator) -> None:
    with pytest.raises(Refused) as refusal:
        recognised(scene().partner, operator)
    assert refusal.value.code == "not_a_platform"
