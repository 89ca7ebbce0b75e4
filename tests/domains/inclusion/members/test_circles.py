"""Families, teams, gifts and challenges: caps, the double click, ties, and what others may see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.inclusion.members import accounts, challenges, circles, gifts, summaries
from dafeng.domains.inclusion.models import Challenge, Circle, CircleMember, Event, Gift, Member
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.members.conftest import NOW
from tests.domains.inclusion.members.test_accounts import code_of

pytestmark = pytest.mark.django_db
LONG_AGO = NOW - timedelta(days=30)


@pytest.fixture
def family(join, scene, act):
    """Two people in a family for a month, the first with 8,000 points."""
    giver, receiver = join(), join()
    _circle, code = circles.make(giver, "family", name="一家", nickname="甲", now=LONG_AGO)
    circles.join(receiver, code, nickname="乙", now=LONG_AGO)
    act(giver, scene("bus"), grams=1, points=8000, at=NOW - timedelta(days=1))
    return giver, receiver


def points(member: Member) -> int:
    return summaries.purse(member, now=NOW).available


def test_a_double_click_gives_once(family) -> None:
    giver, receiver = family
    first = gifts.give(giver, receiver, 30, key="form-1", now=NOW)
    assert gifts.give(giver, receiver, 30, key="form-1", now=NOW).pk == first.pk
    assert (points(giver), points(receiver)) == (7970, 30)
    assert code_of(lambda: gifts.give(giver, receiver, 31, key="form-1", now=NOW)) == "key_reused"


def test_the_yearly_cap_holds_over_all_gifts_and_ends_with_the_year(family) -> None:
    giver, receiver = family
    gifts.give(giver, receiver, 4990, key="a", now=NOW)
    assert code_of(lambda: gifts.give(giver, receiver, 11, key="b", now=NOW)) == "gift_cap"
    gifts.give(giver, receiver, 10, key="c", now=NOW)  # 4,990 + 10 = 5,000: the cap itself is allowed
    assert code_of(lambda: gifts.give(giver, receiver, 1, key="d", now=NOW)) == "gift_cap"
    new_year = NOW.replace(year=2027, month=1, day=1)
    assert gifts.give(giver, receiver, 100, key="e", now=new_year).reason == ""
    assert points(receiver) == 5100


def test_refusals_are_written_down_and_stay_refusals(family) -> None:
    giver, receiver = family
    for key, amount, answer in (("n", -5, "gift_amount"), ("z", 0, "gift_amount"), ("x", 10**30, "gift_amount")):
        assert code_of(lambda key=key, amount=amount: gifts.give(giver, receiver, amount, key=key, now=NOW)) == answer
    assert code_of(lambda: gifts.give(giver, giver, 5, key="self", now=NOW)) == "gift_self"
    assert code_of(lambda: gifts.give(receiver, giver, 5, key="poor", now=NOW)) == "points_short"
    assert code_of(lambda: gifts.give(receiver, giver, 5, key="poor", now=NOW)) == "points_short"
    said = list(Gift.objects.order_by("pk").values_list("giver", "reason"))
    assert said == [(giver.pk, "gift_amount")] * 3 + [(giver.pk, "gift_self"), (receiver.pk, "points_short")]
    assert [reply.answer for reply in ledger.refused(receiver.holder)] == ["unknown_account"]


def test_only_family_and_only_after_some_days(family, join) -> None:
    giver, _receiver = family
    stranger = join()
    assert code_of(lambda: gifts.give(giver, stranger, 5, key="s", now=NOW)) == "not_in_family"
    code = circles.invite_anew(Circle.objects.get(), giver, now=NOW)
    circles.join(stranger, code, nickname="丙", now=NOW)
    assert code_of(lambda: gifts.give(giver, stranger, 5, key="t", now=NOW)) == "gift_early"
    assert gifts.give(giver, stranger, 5, key="u", now=NOW + timedelta(days=7)).reason == ""


def test_closed_and_suspended_accounts_take_nothing(family, person) -> None:
    giver, receiver = family
    operator = person("operator")
    accounts.suspend(receiver, by=operator, reason="复核", now=NOW)
    assert code_of(lambda: gifts.give(giver, receiver, 5, key="a", now=NOW)) == "account_suspended"
    accounts.resume(receiver, by=operator, now=NOW)
    Member.objects.filter(pk=receiver.pk).update(closed_at=NOW)
    assert code_of(lambda: gifts.give(giver, receiver, 5, key="b", now=NOW)) == "account_closed"
    assert points(giver) == 8000


def test_invitations_are_hashed_voided_by_new_ones_and_not_to_be_guessed(join) -> None:
    owner, guest, third = join(), join(), join()
    circle, code = circles.make(owner, "team", name="队", nickname="甲", now=NOW)
    assert code not in circle.invitation
    circles.join(guest, code.lower(), nickname="乙", now=NOW)
    newer = circles.invite_anew(circle, owner, now=NOW)
    assert code_of(lambda: circles.join(third, code, nickname="丙", now=NOW)) == "invitation_unknown"
    assert code_of(lambda: circles.invite_anew(circle, guest, now=NOW)) == "not_owner"
    for _ in range(9):
        assert code_of(lambda: circles.join(third, "WRONG", nickname="丙", now=NOW)) == "invitation_unknown"
    assert code_of(lambda: circles.join(third, newer, nickname="丙", now=NOW)) == "invitation_tries"


def test_one_team_a_person_owners_are_followed_and_empty_circles_end(join) -> None:
    owner, guest = join(), join()
    circle, code = circles.make(owner, "team", name="队", nickname="甲", now=NOW)
    assert code_of(lambda: circles.make(owner, "team", name="又一队", nickname="甲", now=NOW)) == "circle_taken"
    place = circles.join(guest, code, nickname="乙", now=NOW + timedelta(minutes=1))
    circles.leave(CircleMember.objects.get(member=owner), now=NOW)
    place.refresh_from_db()
    assert place.owner
    circles.leave(place, now=NOW)
    assert not Circle.objects.filter(pk=circle.pk).exists()


# ---------------------------------------------------------------- challenges


def team(join, name: str, persons: int) -> tuple[Circle, list[Member]]:
    members = [join() for _ in range(persons)]
    circle, code = circles.make(members[0], "team", name=name, nickname="1", now=LONG_AGO)
    for number, member in enumerate(members[1:], 2):
        circles.join(member, code, nickname=str(number), now=LONG_AGO)
    return circle, members


@pytest.fixture
def challenge(programme):
    return Challenge.objects.create(
        programme=programme, title="绿色出行周", groups=["travel"], starts_on=date(2026, 11, 10), ends_on=date(2026, 11, 30)
    )  # fmt: skip


def test_ranks_by_grams_with_ties_and_small_teams_unseen(join, scene, act, challenge) -> None:
    bus, reuse = scene("bus"), scene("reuse", "recycling")
    teams = {name: team(join, name, size) for name, size in (("甲", 3), ("乙", 3), ("丙", 4), ("丁", 2))}
    for name, grams in (("甲", 500), ("乙", 700), ("丙", 500), ("丁", 90_000)):
        act(teams[name][1][0], bus, grams=grams, at=NOW - timedelta(days=1))
    first = teams["甲"][1][0]
    act(first, reuse, grams=9999, at=NOW - timedelta(days=1))  # another group of behaviour
    act(first, bus, grams=9999, at=NOW - timedelta(days=20))  # before it began
    act(first, bus, grams=9999, at=NOW - timedelta(days=1), state=Event.State.HELD)  # does not count yet
    for circle, members in teams.values():
        challenges.enter(challenge, circle, members[0], today=date(2026, 11, 21), now=NOW)
        challenges.enter(challenge, circle, members[0], today=date(2026, 11, 21), now=NOW)
    ranks = challenges.ranking(challenge)
    told = [(row.rank, row.circle.name, row.grams, row.persons) for row in ranks]
    by_name = sorted(["丙", "甲"])
    assert told[:3] == [(1, "乙", 700, 3)] + [(2, name, 500, {"甲": 3, "丙": 4}[name]) for name in by_name]
    assert told[3] == (0, "丁", 90_000, 2)
    assert [row.circle.name for row in challenges.seen_by(ranks, set())] == ["乙", *by_name]
    assert challenges.seen_by(ranks, {teams["丁"][0].pk})[-1].circle.name == "丁"


def test_who_joins_later_counts_from_then_on(join, scene, act, challenge) -> None:
    bus, (circle, members), late = scene("bus"), team(join, "甲", 3), join()
    act(late, bus, grams=4000, at=NOW - timedelta(days=3))
    circles.join(late, circles.invite_anew(circle, members[0], now=NOW), nickname="晚", now=NOW - timedelta(days=2))
    act(late, bus, grams=100, at=NOW - timedelta(days=1))
    challenges.enter(challenge, circle, members[0], today=date(2026, 11, 21), now=NOW)
    assert challenges.ranking(challenge)[0].grams == 100
    inside = {each["place"].nickname: each["grams"] for each in circles.standing(circle)}
    assert inside == {"晚": 100, "1": 0, "2": 0, "3": 0}


def test_entering_is_the_owners_and_ends_with_the_challenge(join, challenge) -> None:
    circle, members = team(join, "甲", 2)
    today = date(2026, 11, 21)
    assert code_of(lambda: challenges.enter(challenge, circle, members[1], today=today, now=NOW)) == "not_owner"
    over = date(2026, 12, 1)
    assert code_of(lambda: challenges.enter(challenge, circle, members[0], today=over, now=NOW)) == "challenge_over"
