"""An invitation opens one door once; expired, used, revoked or tampered with it opens none and says why."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from .conftest import NOW, PASSWORD

JOIN = {"display_name": "李新", "username": "lixin", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def boss(member):
    return member("boss", "enterprise", "works", manager=True)


@pytest.fixture
def invited(boss, office):
    """Makes an invitation; returns it and its address."""
    from dafeng.portal.accounts import invitations

    def make(*, now=None, **more):
        from django.utils import timezone

        made, token = invitations.invite(
            office("works"), "enterprise", place="411500", by=boss, now=now or timezone.now(), **more
        )
        return made, f"/invitation/{token}/"

    return make


def test_a_new_person_joins_by_link(client, invited) -> None:
    from dafeng.kernel.records.services import history
    from dafeng.portal.accounts.models import User

    invitation, address = invited()
    assert "works单位" in client.get(address).content.decode()
    answer = client.post(address, JOIN)
    assert answer.status_code == 302
    person = User.objects.get(username="lixin")
    assert (person.display_name, person.memberships.get().role) == ("李新", "enterprise")
    assert client.get("/profile/").context["user"] == person  # and is signed in
    invitation.refresh_from_db()
    assert invitation.used_by == person
    assert [e.action for e in history("organisation", "works")] == [
        "invitation.add", "invitation.accept", "membership.grant",
    ]  # fmt: skip


def test_a_person_who_is_signed_in_joins_as_themselves(client, invited, member) -> None:
    clerk = member("clerk", "citizen")
    _made, address = invited()
    client.force_login(clerk)
    assert "clerk" in client.get(address).content.decode()
    client.post(address)
    assert set(clerk.memberships.values_list("role", flat=True)) == {"citizen", "enterprise"}


def test_a_used_invitation_is_of_no_use(client, invited) -> None:
    from dafeng.portal.accounts.models import User

    _made, address = invited()
    client.post(address, JOIN)
    client.logout()
    answer = client.post(address, {**JOIN, "username": "second"})
    assert answer.status_code == 404
    assert "已经使用过" in answer.content.decode()
    assert not User.objects.filter(username="second").exists()


def test_an_invitation_expires_after_seven_days(client, invited) -> None:
    from django.utils import timezone

    _made, address = invited(now=timezone.now() - timedelta(days=7, seconds=1))
    answer = client.post(address, JOIN)
    assert answer.status_code == 404
    assert "已经过期" in answer.content.decode()
    _made, address = invited(now=timezone.now() - timedelta(days=6, hours=23))
    assert client.get(address).status_code == 200


def test_a_revoked_invitation_is_of_no_use(client, invited, boss) -> None:
    made, address = invited()
    client.force_login(boss)
    client.post(f"/organisations/works/invitations/{made.pk}/revoke/")
    client.logout()
    answer = client.get(address)
    assert answer.status_code == 404
    assert "已被撤回" in answer.content.decode()


def test_a_link_that_was_tampered_with_is_of_no_use(client, invited) -> None:
    _made, address = invited()
    for wrong in (
        f"{address[:-2]}{'A' if address[-2] != 'A' else 'B'}/",
        "/invitation/x/",
        f"/invitation/{'x' * 500}/",
    ):
        answer = client.get(wrong)
        assert answer.status_code == 404
        assert "works" not in answer.content.decode()


def test_the_database_does_not_hold_the_secret(invited) -> None:
    made, address = invited()
    token = address.split("/")[2]
    made.refresh_from_db()
    assert token not in str(made.__dict__)
    assert re.fullmatch(r"[0-9a-f]{64}", made.token_hash)


def test_an_invitation_is_worth_what_its_inviter_may_still_grant(client, invited, boss) -> None:
    from dafeng.portal.accounts import members
    from dafeng.portal.accounts.models import User

    made, address = invited()
    members.set_manager(boss.memberships.get(), False, by=None, now=NOW)
    answer = client.post(address, JOIN)
    assert answer.status_code == 403
    assert not User.objects.filter(username="lixin").exists()
    made.refresh_from_db()
    assert made.used_at is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password1": "short", "password2": "short"}, "至少"),
        ({"password1": "123456789012", "password2": "123456789012"}, "数字"),
        ({"password2": "something else"}, "两次输入的密码不一样"),
        ({"username": "BOSS"}, "已经有人使用"),
        ({"username": "System"}, "已经有人使用"),
        ({"username": "a b"}, "用户名只能用"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_told_beside_the_field(client, invited, changed, said: str) -> None:
    from dafeng.portal.accounts.models import User

    _made, address = invited()
    answer = client.post(address, JOIN | changed)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert User.objects.count() == 1


def test_an_address_that_has_an_account_is_asked_to_log_in_with_it(client, invited, boss) -> None:
    from dafeng.portal.accounts.models import User

    made, address = invited(email=boss.email)
    answer = client.post(address, JOIN)
    assert "请先登录那个账户" in answer.content.decode()
    assert not User.objects.filter(username="lixin").exists()
    made.refresh_from_db()
    assert made.used_at is None


def test_the_page_shows_the_link_once_where_no_mail_goes_out(client, boss, settings, mailoutbox) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    client.force_login(boss)
    page = client.post("/organisations/works/invite/", {"name": "李新", "role": "enterprise", "place": "411500"})
    link = re.search(r"http://testserver(/invitation/[\w-]+/)", page.content.decode())
    assert link
    client.logout()
    assert client.get(link[1]).status_code == 200
    assert mailoutbox == []


def test_a_mailed_link_is_not_shown_and_proves_the_address(client, boss, mailoutbox) -> None:
    from allauth.account.models import EmailAddress

    client.force_login(boss)
    given = {"email": "lixin@example.org", "role": "enterprise", "place": "411500"}
    page = client.post("/organisations/works/invite/", given).content.decode()
    assert "/invitation/" not in page
    [letter] = mailoutbox
    assert letter.to == ["lixin@example.org"]
    client.logout()
    client.post(re.search(r"http://testserver(/invitation/[\w-]+/)", letter.body)[1], JOIN)
    found = EmailAddress.objects.get(email="lixin@example.org")
    assert (found.user.username, found.verified, found.primary) == ("lixin", True, True)


def test_a_manager_cannot_invite_into_a_role_that_the_form_did_not_offer(client, boss) -> None:
    from dafeng.portal.accounts.models import Invitation

    client.force_login(boss)
    answer = client.post("/organisations/works/invite/", {"role": "admin", "place": "411500"})
    assert answer.status_code == 200
    assert not Invitation.objects.exists()


def test_guessing_links_is_slowed_down(client, settings) -> None:
    statuses = {client.get(f"/invitation/{number}/").status_code for number in range(25)}
    assert statuses == {404, 429}
