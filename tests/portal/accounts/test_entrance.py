"""Logging in and staying logged in: names, limits, second factor, sessions, demo logins, languages."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import pytest

from .conftest import PASSWORD


def signed_in(client) -> bool:
    return client.get("/profile/").status_code == 200


def code_of(secret: str) -> str:
    """The six digits that an authenticator shows now (RFC 6238, written here with the standard library)."""
    import hashlib
    import hmac
    import struct
    import time

    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(time.time() // 30)), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@pytest.mark.parametrize("name", ["clerk", "clerk@example.org", "CLERK@example.org"])
def test_a_person_logs_in_by_name_or_address(client, member, log_in, name: str) -> None:
    member("clerk", "ecology")
    assert log_in(name).status_code == 302
    assert signed_in(client)


def test_a_wrong_password_says_so_without_saying_which_was_wrong(client, member, log_in) -> None:
    member("clerk", "ecology")
    wrong = log_in("clerk", "not the password").content.decode()
    assert "您提供的用户名或密码不正确" in wrong
    assert "您提供的用户名或密码不正确" in log_in("nobody").content.decode()
    assert not signed_in(client)


def test_the_next_page_is_one_of_ours(member, log_in) -> None:
    member("clerk", "ecology")
    assert log_in("clerk", next="/tasks/").url == "/tasks/"


def test_another_site_is_no_next_page(member, log_in) -> None:
    member("clerk", "ecology")
    assert log_in("clerk", next="https://elsewhere.example/").url == "/"


def test_guessing_a_password_is_stopped_after_five_tries(client, member, log_in) -> None:
    member("clerk", "ecology")
    for _ in range(5):
        log_in("clerk", "wrong wrong wrong")
    assert "登录失败次数过多" in log_in("clerk").content.decode()
    assert not signed_in(client)


def test_trying_many_names_from_one_address_is_stopped(log_in) -> None:
    answers = [log_in(f"name{number}", "wrong wrong wrong") for number in range(62)]
    assert answers[-1].status_code == 429
    assert "请稍等一下" in answers[-1].content.decode()


def test_new_passwords_are_hashed_with_argon2(settings) -> None:
    from django.contrib.auth.hashers import make_password

    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]  # without the quick one of these tests
    assert make_password(PASSWORD).startswith("argon2$argon2id$")


def test_a_session_ends_with_the_browser_and_twelve_hours_after_its_last_use(client, member, log_in) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    member("clerk", "ecology")
    answer = log_in("clerk")
    cookie = answer.cookies["sessionid"]
    assert cookie["max-age"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    left = Session.objects.get().expire_date - timezone.now()
    assert timedelta(hours=11, minutes=58) < left <= timedelta(hours=12)


def test_using_a_session_moves_its_end(client, member, log_in) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    member("clerk", "ecology")
    log_in("clerk")
    client.get("/profile/")
    session = client.session
    session["seen"] -= 16 * 60  # last noted a quarter of an hour ago
    session.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    client.get("/profile/")
    assert Session.objects.get().expire_date > timezone.now() + timedelta(hours=11)


def test_a_session_that_was_not_used_is_over(client, member, log_in) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    member("clerk", "ecology")
    log_in("clerk")
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not signed_in(client)


def test_staying_logged_in_lasts_fourteen_days_and_not_longer(client, member, log_in) -> None:
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    member("clerk", "ecology")
    answer = log_in("clerk", remember="on")
    assert 13.9 * 86400 < int(answer.cookies["sessionid"]["max-age"]) <= 14 * 86400
    before = Session.objects.get().expire_date
    client.get("/profile/")
    session = client.session
    session["seen"] -= 16 * 60
    session.save()
    client.get("/profile/")
    assert abs(Session.objects.get().expire_date - before) < timedelta(seconds=2)
    assert before - timezone.now() < timedelta(days=14)


def test_a_login_is_audited(member, log_in) -> None:
    from dafeng.kernel.records.services import history

    member("clerk", "ecology")
    log_in("clerk")
    assert [(e.actor, e.action) for e in history("person", "clerk")] == [("clerk", "login")]


def test_nobody_signs_up_by_themselves(client) -> None:
    for address in ("/signup/", "/accounts/signup/", "/account/signup/"):
        assert client.get(address).status_code == 404


def test_a_demo_login_is_offered_in_a_demo_and_opens_it_in_one_click(client, settings, city) -> None:
    from dafeng import cities
    from dafeng.portal.accounts.services import ensure_demo

    settings.DEMO = True
    pack = cities.load_pack("xinyang")
    ensure_demo(pack.organisations, pack.demo_users)
    page = client.get("/login/").content.decode()
    assert all(f'value="{user["username"]}"' in page for user in pack.demo_users)
    assert page.count("dafeng-demo-2026") == len(pack.demo_users) + 1  # in words once, and behind each button
    client.post("/login/", {"login": "huangchuan", "password": "dafeng-demo-2026"})
    assert signed_in(client)


def test_a_demo_login_opens_nothing_elsewhere(client, settings, city, log_in) -> None:
    from dafeng import cities
    from dafeng.portal.accounts.services import ensure_demo

    pack = cities.load_pack("xinyang")
    ensure_demo(pack.organisations, pack.demo_users)
    settings.DEMO = True
    log_in("admin", "dafeng-demo-2026")
    assert signed_in(client)
    settings.DEMO = False
    assert not signed_in(client)  # also a session that is open already
    log_in("admin", "dafeng-demo-2026")
    assert not signed_in(client)
    assert "dafeng-demo-2026" not in client.get("/login/").content.decode()


def test_a_shared_demo_login_cannot_be_taken_over(client, settings, city) -> None:
    from dafeng.portal.accounts.models import User

    settings.DEMO = True
    client.force_login(User.objects.create_user("ecology", password=PASSWORD, demo=True))
    for address in (
        "/account/password/",
        "/account/email/",
        "/account/2fa/",
        "/account/2fa/totp/",
        "/account/sessions/",
    ):
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403


def test_a_second_factor_is_set_up_and_asked_for(client, member, log_in) -> None:
    from allauth.mfa.models import Authenticator

    member("clerk", "ecology")
    log_in("clerk")
    first = client.get("/account/2fa/totp/")
    assert first.status_code == 302  # confirm once more that it is you
    assert first.url.startswith("/account/confirm/")
    client.post(first.url, {"password": PASSWORD})
    secret = client.get("/account/2fa/totp/").context["form"].secret
    assert (
        client.post("/account/2fa/totp/", {"code": "000000" if code_of(secret) != "000000" else "1"}).status_code == 200
    )
    assert client.post("/account/2fa/totp/", {"code": code_of(secret)}).url == "/account/2fa/codes/"
    codes = client.get("/account/2fa/codes/").context["unused_codes"]
    assert len(codes) == 10
    stored = Authenticator.objects.get(type="totp")
    assert secret not in str(stored.data)  # encrypted

    client.post("/logout/")
    assert log_in("clerk", next="/tasks/").url.startswith("/account/2fa/login/")
    assert not signed_in(client)
    assert "动态码不对" in client.post("/account/2fa/login/", {"code": "123"}).content.decode()
    assert client.post("/account/2fa/login/", {"code": codes[0]}).url == "/tasks/"
    assert signed_in(client)

    client.post("/logout/")
    log_in("clerk")
    assert client.post("/account/2fa/login/", {"code": codes[0]}).status_code == 200  # used up
    assert not signed_in(client)


def test_an_address_that_is_not_confirmed_does_not_bar_the_second_factor(client, member, log_in) -> None:
    from allauth.account.models import EmailAddress

    clerk = member("clerk", "ecology")
    EmailAddress.objects.create(user=clerk, email=clerk.email, verified=False, primary=True)
    log_in("clerk")
    client.post("/account/confirm/", {"password": PASSWORD})
    assert client.get("/account/2fa/totp/").status_code == 200


def test_an_administrator_removes_the_second_factor_of_a_lost_phone(client, member) -> None:
    from allauth.mfa.models import Authenticator

    clerk = member("clerk", "ecology")
    Authenticator.objects.create(user=clerk, type="totp", data={"secret": "x"})
    client.force_login(member("root", "admin"))
    assert "移除两步验证" in client.get(f"/people/{clerk.pk}/").content.decode()
    client.post(f"/people/{clerk.pk}/", {"do": "reset-mfa"})
    assert not Authenticator.objects.filter(user=clerk).exists()


def test_a_password_is_changed_and_the_change_is_mailed_and_audited(client, member, log_in, mailoutbox) -> None:
    from dafeng.kernel.records.services import history

    clerk = member("clerk", "ecology")
    log_in("clerk")
    new = "another long password"
    weak = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    assert "至少要 12 个字符" in client.post("/account/password/", weak).content.decode()
    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    clerk.refresh_from_db()
    assert clerk.check_password(new)
    assert signed_in(client)
    assert "如果不是您本人操作" in mailoutbox[-1].body
    assert "account.password" in [e.action for e in history("person", "clerk")]


def test_a_forgotten_password_is_reset_by_mail(client, member, mailoutbox) -> None:
    clerk = member("clerk", "ecology")
    client.post("/account/password/reset/", {"email": "clerk@example.org"})
    link = re.search(r"http://testserver(\S+)", mailoutbox[0].body)[1]
    form = client.get(link, follow=True)
    new = "another long password"
    client.post(form.context["action_url"], {"password1": new, "password2": new})
    clerk.refresh_from_db()
    assert clerk.check_password(new)
    client.logout()
    assert "链接已经失效" in client.get(link, follow=True).content.decode()


def test_asking_for_a_reset_does_not_tell_who_has_an_account(client, member, mailoutbox) -> None:
    member("clerk", "ecology")
    known = client.post("/account/password/reset/", {"email": "clerk@example.org"})
    unknown = client.post("/account/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert len(mailoutbox) == 1


def test_a_new_address_counts_once_it_is_confirmed(client, member, log_in, mailoutbox) -> None:
    from allauth.account.models import EmailAddress

    clerk = member("clerk", "ecology")
    EmailAddress.objects.create(user=clerk, email=clerk.email, verified=True, primary=True)
    log_in("clerk")
    client.post("/account/confirm/", {"password": PASSWORD})
    client.post("/account/email/", {"action_add": "", "email": "new@example.org"})
    clerk.refresh_from_db()
    assert clerk.email == "clerk@example.org"
    link = re.search(r"http://testserver(/account/email/confirm/\S+)", mailoutbox[-1].body)[1]
    assert "new@example.org" in client.get(link).content.decode()
    client.post(link)
    clerk.refresh_from_db()
    assert clerk.email == "new@example.org"


def test_sessions_are_listed_and_the_others_ended(client, member, log_in) -> None:
    from django.test import Client

    member("clerk", "ecology")
    other = Client(HTTP_USER_AGENT="another browser")
    other.post("/login/", {"login": "clerk", "password": PASSWORD})
    log_in("clerk")
    assert "another browser" in client.get("/account/sessions/").content.decode()
    client.post("/account/sessions/")
    assert not signed_in(other)
    assert signed_in(client)


def test_the_language_of_the_profile_is_spoken_after_the_next_login(client, member, log_in) -> None:
    clerk = member("clerk", "ecology")
    log_in("clerk")
    client.post("/profile/", {"display_name": "Clerk", "language": "en", "wants_mail": "on"})
    clerk.refresh_from_db()
    assert clerk.language == "en"
    client.post("/logout/")
    client.cookies.clear()
    assert 'lang="zh-hans"' in client.get("/login/", headers={"accept-language": "zh-CN"}).content.decode()
    log_in("clerk")
    assert 'lang="en"' in client.get("/profile/", headers={"accept-language": "zh-CN"}).content.decode()


def test_the_switch_in_the_header_is_kept_for_the_next_login(client, member) -> None:
    clerk = member("clerk", "ecology")
    client.force_login(clerk)
    answer = client.post("/language/", {"language": "en", "next": "/tasks/"})
    assert answer.url == "/tasks/"
    clerk.refresh_from_db()
    assert clerk.language == "en"
    assert client.post("/language/", {"language": "xx", "next": "https://elsewhere.example/"}).url == "/"
    clerk.refresh_from_db()
    assert clerk.language == "en"


def test_the_profile_tells_what_ones_roles_allow(client, member) -> None:
    from dafeng.domains.inventory.permissions import COMPILE, SIGN_FACTOR

    client.force_login(member("clerk", "statistics"))
    page = client.get("/profile/").content.decode()
    assert COMPILE.title in page
    assert SIGN_FACTOR.title not in page  # that is the ecology bureau's


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(
    "address",
    [
        "/login/", "/account/inactive/", "/account/password/reset/", "/account/password/reset/done/",
        "/account/password/reset/key/done/", "/account/password/reset/key/1-nonsense/",
        "/account/email/confirm/nonsense/", "/account/email/sent/", "/account/links/cancelled/", "/account/links/error/",
    ],
)  # fmt: skip
def test_every_page_of_the_entrance_is_our_own(client, address: str, language: str) -> None:
    client.cookies["django_language"] = language
    page = client.get(address).content.decode()
    assert page.count("<h1>") == 1
    assert "dafeng.css" in page


def test_every_address_about_people_carries_an_action() -> None:
    from dafeng.kernel.actions import Action
    from dafeng.portal.accounts.urls import urlpatterns

    assert [
        str(each.pattern) for each in urlpatterns if not isinstance(getattr(each.callback, "action", None), Action)
    ] == []
