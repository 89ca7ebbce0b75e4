"""Logging in by the organisation's own identity provider, end to end with a provider that runs in a thread."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from .conftest import PASSWORD

SUBJECT = "zhang.san"
CLAIMS = {"name": "张三", "preferred_username": "zhangsan", "email": "zhang@example.org", "email_verified": True}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def provider():
    mock = pytest.importorskip("oidc_provider_mock")
    with mock.run_server_in_thread(user_claims=[mock.User(sub=SUBJECT, claims=CLAIMS)]) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def configured(settings, provider):
    """The settings as `DAFENG_OIDC_*` makes them."""
    settings.OIDC_NAME = "信阳政务认证"
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "office",
                    "name": "信阳政务认证",
                    "client_id": "dafeng",
                    "secret": "not-a-secret",
                    "settings": {"server_url": provider},
                }
            ],
        }
    }


@pytest.fixture
def come(client, configured):
    """Goes to the provider and comes back as a person; returns the last answer of ours."""

    def through(address: str = "/account/oidc/office/login/", sub: str = SUBJECT):
        away = client.post(address)
        assert away.status_code == 302
        back = requests.post(away.url, data={"sub": sub}, allow_redirects=False, timeout=10)
        came = urlsplit(back.headers["Location"])
        assert came.netloc == "testserver"
        return client.get(f"{came.path}?{came.query}")

    return through


def test_there_is_no_button_without_a_provider(client, settings) -> None:
    settings.OIDC_NAME = ""
    assert "/account/oidc/" not in client.get("/login/").content.decode()


def test_the_button_names_the_provider(client, configured) -> None:
    assert "用“信阳政务认证”进入" in client.get("/login/").content.decode()


def test_a_stranger_is_not_let_in_unless_the_installation_allows_it(client, come, settings) -> None:
    from dafeng.portal.accounts.models import User

    settings.OIDC_SIGNUP = False
    assert "需要邀请" in come().content.decode()
    assert not User.objects.exists()


def test_a_stranger_who_is_let_in_has_no_role(client, come, settings) -> None:
    from dafeng.portal.accounts.models import User

    settings.OIDC_SIGNUP = True
    assert come("/account/oidc/office/login/?next=/profile/").url == "/profile/"
    page = client.get("/profile/").content.decode()
    assert "您的账户还没有角色" in page
    person = User.objects.get()
    assert (person.username, person.display_name, person.email) == ("zhangsan", "张三", "zhang@example.org")
    assert not person.has_usable_password()
    assert client.get("/organisations/").status_code == 403
    client.post("/logout/")
    come()
    assert client.get("/profile/").context["user"] == person  # the same person, not another one


def test_an_invitation_opens_the_provider_to_a_stranger(client, come, settings, member, office) -> None:
    from django.utils import timezone

    from dafeng.portal.accounts import invitations
    from dafeng.portal.accounts.models import User

    settings.OIDC_SIGNUP = False
    boss = member("boss", "enterprise", "works", manager=True)
    _made, token = invitations.invite(office("works"), "enterprise", place="411500", by=boss, now=timezone.now())
    address = f"/invitation/{token}/"
    client.get(address)
    assert come(f"/account/oidc/office/login/?next={address}").url == address
    client.post(address)
    assert User.objects.get(username="zhangsan").memberships.get().role == "enterprise"


def test_a_person_connects_the_provider_and_then_logs_in_with_it(client, come, member) -> None:
    clerk = member("clerk", "ecology")
    client.post("/login/", {"login": "clerk", "password": PASSWORD})
    asked = come("/account/oidc/office/login/?process=connect")
    assert asked.url == "/account/confirm/"  # whose account it is, once more
    client.post(asked.url, {"password": PASSWORD})
    assert clerk.socialaccount_set.get().uid == SUBJECT
    assert 'name="account"' in client.get("/account/links/").content.decode()
    client.post("/logout/")
    come()
    assert client.get("/profile/").context["user"] == clerk


def test_an_address_that_somebody_has_here_does_not_open_their_account(client, come, settings, member) -> None:
    from dafeng.portal.accounts.models import User

    settings.OIDC_SIGNUP = True
    owner = member("owner", "ecology")
    User.objects.filter(pk=owner.pk).update(email="zhang@example.org")
    come()
    assert client.get("/profile/").status_code == 302  # nobody is signed in
    assert User.objects.count() == 1


def test_a_provider_that_refuses_is_told_in_words(client, configured) -> None:
    away = client.post("/account/oidc/office/login/")
    back = requests.post(away.url, data={"action": "deny"}, allow_redirects=False, timeout=10)
    came = urlsplit(back.headers["Location"])
    answer = client.get(f"{came.path}?{came.query}", follow=True)
    assert "没有登录" in answer.content.decode()


def test_a_made_up_answer_of_the_provider_is_refused(client, configured) -> None:
    answer = client.get("/account/oidc/office/callback/?code=made-up&state=made-up", follow=True)
    assert "单位认证没有成功" in answer.content.decode()
    assert client.get("/profile/").status_code == 302


def test_an_unknown_provider_is_not_there(client, configured) -> None:
    assert client.post("/account/oidc/nobody/login/").status_code == 404
