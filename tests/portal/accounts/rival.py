"""A process of `test_at_once`: prepares an installation, or takes part in a race for the last place in it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ROUNDS = 6


def prepare() -> None:
    from dafeng.portal.accounts import invitations, members
    from dafeng.portal.accounts.models import User

    boss = User.objects.create(username="boss")
    office = members.add_organisation("works", "水泥厂", by=None, now=NOW)
    members.grant(boss, office, "enterprise", manager=True, by=None, now=NOW)
    for name in ("one", "two"):
        person = User.objects.create(username=name)
        members.grant(person, office, "admin", by=None, now=NOW)
    for _ in range(ROUNDS):
        invitations.invite(office, "enterprise", by=boss, now=NOW)


def race(name: str) -> None:
    """Accept every invitation, then take the administrator's role from the other one."""
    from dafeng.kernel.errors import DafengError
    from dafeng.portal.accounts import invitations, members
    from dafeng.portal.accounts.models import Invitation, Membership, User

    me = User.objects.get(username=name)
    print("ready", flush=True)
    sys.stdin.readline()
    won = 0
    for invitation in Invitation.objects.order_by("pk"):
        try:
            invitations.accept(invitation, me, now=NOW)
            won += 1
        except DafengError:
            pass
    other = Membership.objects.filter(role="admin").exclude(user=me).first()
    try:
        if other:
            members.end(other, by=None, now=NOW)
    except members.MemberError:
        pass
    print(won, flush=True)


def report() -> None:
    from dafeng.kernel.records.services import history, verify_chain
    from dafeng.portal.accounts.models import Invitation, Membership

    told = [entry.action for entry in history("organisation", "works")]
    print(
        Invitation.objects.exclude(used_by=None).count(),
        told.count("invitation.accept"),
        Membership.objects.filter(role="admin").count(),
        verify_chain().ok,
    )


def main(word: str) -> None:
    {"prepare": prepare, "report": report}.get(word, lambda: race(word))()
