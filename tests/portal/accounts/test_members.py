"""Organisations and members: a stale page saves nothing, a lost role is lost at once, one administrator always stays."""

from __future__ import annotations

import pytest

from dafeng.kernel.errors import StaleError

from .conftest import NOW, PASSWORD


def test_a_role_that_is_taken_away_is_gone_with_the_next_request(client, member) -> None:
    from dafeng.portal.accounts import members

    boss = member("boss", "enterprise", "works", manager=True)
    client.force_login(boss)
    assert client.get("/organisations/works/").status_code == 200
    members.end(boss.memberships.get(), by=None, now=NOW)
    assert client.get("/organisations/works/").status_code == 403


def test_a_person_who_is_shut_out_is_signed_out_with_the_next_request(client, member, log_in) -> None:
    from dafeng.portal.accounts import members

    clerk = member("clerk", "ecology")
    client.force_login(clerk)
    assert client.get("/profile/").status_code == 200
    members.shut_out(clerk, by=member("root", "admin"), now=NOW)
    assert client.get("/profile/").status_code == 302
    log_in("clerk")
    assert client.get("/profile/").status_code == 302
    members.let_in(clerk, by=None, now=NOW)
    log_in("clerk")
    assert client.get("/profile/").status_code == 200


def test_the_last_administrator_stays(member) -> None:
    from dafeng.portal.accounts import members

    root = member("root", "admin")
    only = root.memberships.get()
    with pytest.raises(members.MemberError, match="最后一位系统管理员"):
        members.end(only, by=root, now=NOW)
    with pytest.raises(members.MemberError, match="最后一位系统管理员"):
        members.shut_out(root, by=root, now=NOW)
    second = member("second", "admin")
    members.shut_out(second, by=root, now=NOW)
    with pytest.raises(members.MemberError):  # the other one is shut out, and counts for nothing
        members.end(only, by=None, now=NOW)
    members.let_in(second, by=root, now=NOW)
    members.end(only, by=root, now=NOW)
    assert not root.memberships.exists()


def test_the_page_tells_why_the_last_administrator_stays(client, member) -> None:
    root = member("root", "admin", "ops")
    client.force_login(root)
    answer = client.post(f"/organisations/ops/members/{root.memberships.get().pk}/", {"do": "end"})
    assert answer.status_code == 422
    assert "最后一位系统管理员" in answer.content.decode()
    answer = client.post(f"/people/{root.pk}/", {"do": "shut-out"})
    assert answer.status_code == 422
    assert root.memberships.count() == 1


def test_a_stale_page_saves_nothing_and_shows_both_versions(client, member, office) -> None:
    from dafeng.portal.accounts import members

    found = office("works")
    client.force_login(member("root", "admin"))
    members.save_organisation(found, {"name": "别人的名字"}, version=1, by=None, now=NOW)
    mine = {"name": "我的名字", "name_en": "", "place": "411500", "version": "1"}
    answer = client.post("/organisations/works/edit/", mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "别人的名字" in page
    assert "我的名字" in page
    found.refresh_from_db()
    assert found.name == "别人的名字"
    again = client.post("/organisations/works/edit/", {**mine, "version": "2"})
    assert again.status_code == 302
    found.refresh_from_db()
    assert (found.name, found.version) == ("我的名字", 3)


def test_the_service_refuses_an_old_version(member, office) -> None:
    from dafeng.portal.accounts import members

    found = office("works")
    members.save_organisation(found, {"name": "甲"}, version=1, by=None, now=NOW)
    with pytest.raises(StaleError):
        members.save_organisation(found, {"name": "乙"}, version=1, by=None, now=NOW)


def test_an_organisation_is_added_changed_and_searched_for_in_the_audit(client, member) -> None:
    from dafeng.kernel.records.services import history

    client.force_login(member("root", "admin"))
    new = {"code": "shihe-ecology", "name": "浉河分局", "name_en": "", "place": "411502"}
    assert client.post("/organisations/new/", new).status_code == 302
    assert client.post("/organisations/new/", new).status_code == 200  # the code is taken: the form says so
    client.post("/organisations/shihe-ecology/edit/", {**new, "name": "浉河区分局", "version": "1"})
    told = [(entry.actor, entry.action) for entry in history("organisation", "shihe-ecology")]
    assert told == [("root", "organisation.add"), ("root", "organisation.change")]
    assert history("organisation", "shihe-ecology")[1].detail == {"name": {"before": "浉河分局", "after": "浉河区分局"}}


@pytest.mark.parametrize("code", ["new", "system"])
def test_a_code_that_is_an_address_of_ours_is_refused(client, member, code: str) -> None:
    from dafeng.portal.accounts.models import Organisation

    client.force_login(member("root", "admin"))
    client.post("/organisations/new/", {"code": code, "name": "x"})
    assert not Organisation.objects.filter(code=code).exists()


def test_a_manager_gives_and_takes_a_role_on_the_page(client, member, office) -> None:
    from dafeng.kernel.records.services import history

    client.force_login(member("boss", "department", "industry", manager=True))
    clerk = member("clerk", "department", "industry")
    held = clerk.memberships.get()
    address = f"/organisations/industry/members/{held.pk}/"
    client.post(address, {"do": "grant", "role": "department", "place": "411502"})
    assert set(clerk.memberships.values_list("place", flat=True)) == {"411500", "411502"}
    client.post(address, {"do": "manager"})
    held.refresh_from_db()
    assert held.manager
    client.post(address, {"do": "end"})
    assert list(clerk.memberships.values_list("place", flat=True)) == ["411502"]
    assert [e.action for e in history("organisation", "industry")] == [
        "membership.grant", "membership.manager", "membership.end",
    ]  # fmt: skip


def test_a_place_that_is_not_a_place_is_refused(client, member) -> None:
    client.force_login(member("root", "admin"))
    clerk = member("clerk", "department", "industry")
    address = f"/organisations/industry/members/{clerk.memberships.get().pk}/"
    client.post(address, {"do": "grant", "role": "county", "place": "999999"})
    assert clerk.memberships.count() == 1


def test_an_administrator_gives_a_role_to_somebody_without_one(client, member, office) -> None:
    from dafeng.portal.accounts.models import User

    office("works")
    newcomer = User.objects.create_user("newcomer", password=PASSWORD)
    client.force_login(member("root", "admin"))
    assert "newcomer" in client.get("/people/?held=none").content.decode()
    client.post(
        f"/people/{newcomer.pk}/", {"do": "grant", "organisation": "works", "role": "enterprise", "place": "411500"}
    )
    assert newcomer.memberships.get().role == "enterprise"
    assert "newcomer" not in client.get("/people/?held=none").content.decode()


@pytest.mark.parametrize("address", ["/organisations/", "/organisations/works/", "/people/", "/profile/"])
def test_a_page_asks_the_database_at_most_twelve_times(
    client, member, django_assert_max_num_queries, address: str
) -> None:
    from dafeng.domains.disclosure.services import ensure_city

    ensure_city("411500", "信阳市", "Xinyang")  # as in a running installation: the navigation asks for it
    for number in range(12):
        member(f"clerk{number}", "enterprise", "works")
        member(f"clerk{number}", "enterprise", f"office{number}")
    client.force_login(member("root", "admin"))
    client.get(address)
    with django_assert_max_num_queries(12):
        assert client.get(address).status_code == 200
