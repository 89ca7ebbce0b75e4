"""Who may hand out what, and who is not even told that it exists."""

from __future__ import annotations

import pytest

from dafeng.kernel.errors import PermissionDenied

from .conftest import NOW

COUNTY = "411502"


@pytest.fixture
def granted(member):
    """Tries to grant; tells whether it was allowed."""
    from dafeng.portal.accounts import members

    def tried(by, organisation, role: str, place: str = "411500") -> bool:
        person = member(f"new-{role}-{place}", "citizen")
        try:
            members.grant(person, organisation, role, place=place, by=by, now=NOW)
        except PermissionDenied:
            return False
        return True

    return tried


def test_an_administrator_grants_every_role_anywhere(member, office, granted) -> None:
    from dafeng.portal.accounts.models import Role

    admin = member("root", "admin")
    assert all(granted(admin, office("any"), role.value, COUNTY) for role in Role)


def test_a_manager_grants_what_they_hold_here_at_their_place_or_below(member, office, granted) -> None:
    boss = member("boss", "department", "industry", manager=True)
    assert granted(boss, office("industry"), "department")
    assert granted(boss, office("industry"), "department", COUNTY)
    assert not granted(boss, office("industry"), "department", "410000")  # the province lies above the city
    assert not granted(boss, office("industry"), "department", "")  # no limit at all
    assert not granted(boss, office("industry"), "enterprise")
    assert not granted(boss, office("housing"), "department")


def test_a_role_held_elsewhere_is_not_handed_on_here(member, office, granted) -> None:
    boss = member("boss", "department", "industry", manager=True)
    member("boss", "enterprise", "works")  # not a manager there
    assert not granted(boss, office("industry"), "enterprise")
    assert not granted(boss, office("works"), "enterprise")


@pytest.mark.parametrize("role", ["leader", "ndrc", "ecology", "statistics", "admin"])
def test_a_manager_never_grants_the_roles_that_answer_for_the_numbers(member, office, granted, role: str) -> None:
    from dafeng.portal.accounts.models import Membership

    boss = member("boss", role, "bureau", manager=True)
    if role == "admin":  # an administrator may, but only as one
        Membership.objects.filter(user=boss).update(role="citizen")
    assert not granted(boss, office("bureau"), role)


def test_a_member_who_is_no_manager_grants_nothing(member, office, granted) -> None:
    clerk = member("clerk", "department", "industry")
    assert not granted(clerk, office("industry"), "department")


def test_whoever_is_shut_out_grants_nothing(member, office, granted) -> None:
    boss = member("boss", "department", "industry", manager=True)
    boss.is_active = False
    assert not granted(boss, office("industry"), "department")


def test_a_manager_is_told_apart_by_a_word_among_their_roles(member) -> None:
    from dafeng.kernel.records.services import places_of, roles_of

    boss = member("boss", "county", "shihe", place=COUNTY, manager=True)
    assert roles_of(boss) == {"county", "manager"}
    assert places_of(boss) == {COUNTY}
    assert roles_of(member("clerk", "county", "shihe", place=COUNTY)) == {"county"}


@pytest.mark.parametrize("tail", ["", "edit/", "invite/", "members/{id}/", "invitations/{invitation}/revoke/"])
def test_another_organisations_addresses_look_as_if_they_were_not_there(client, member, office, tail: str) -> None:
    from dafeng.portal.accounts import invitations

    client.force_login(member("boss", "enterprise", "works", manager=True))
    other = member("rival", "enterprise", "rivals", manager=True)
    invitation, _token = invitations.invite(office("rivals"), "enterprise", place="411500", by=other, now=NOW)
    tail = tail.format(id=other.memberships.get().pk, invitation=invitation.pk)
    for code in ("rivals", "no-such"):
        for ask in (client.get, client.post):
            if (tail.endswith("revoke/") and ask == client.get) or (not tail and ask == client.post):
                continue  # no such method on that address
            answer = ask(f"/organisations/{code}/{tail}")
            # Changing organisations is an administrator's alone, whichever it is.
            assert answer.status_code == (403 if tail == "edit/" else 404)
            assert "rivals单位" not in answer.content.decode()
    invitation.refresh_from_db()
    assert invitation.revoked_at is None


def test_another_organisations_member_is_not_reached_through_ones_own(client, member) -> None:
    client.force_login(member("boss", "enterprise", "works", manager=True))
    rival = member("rival", "enterprise", "rivals").memberships.get()
    answer = client.post(f"/organisations/works/members/{rival.pk}/", {"do": "end"})
    assert answer.status_code == 404
    rival.refresh_from_db()


def test_the_list_shows_a_manager_their_own_organisations_only(client, member, office) -> None:
    office("rivals")
    client.force_login(member("boss", "enterprise", "works", manager=True))
    page = client.get("/organisations/").content.decode()
    assert "works单位" in page
    assert "rivals单位" not in page


def test_search_finds_people_and_organisations_for_those_who_look_after_them(client, member, office) -> None:
    office("rivals")
    client.force_login(member("boss", "enterprise", "works", manager=True))
    assert "works单位" in client.get("/search/?q=单位").content.decode()
    assert "rivals单位" not in client.get("/search/?q=单位").content.decode()
    client.force_login(member("clerk", "ecology"))
    assert "works单位" not in client.get("/search/?q=单位").content.decode()


def test_only_an_administrator_sees_everybody(client, member) -> None:
    boss = member("boss", "enterprise", "works", manager=True)
    client.force_login(boss)
    assert client.get("/people/").status_code == 403
    assert client.get(f"/people/{boss.pk}/").status_code == 403
    client.force_login(member("root", "admin"))
    assert "boss@example.org" in client.get("/people/").content.decode()
