"""The pages about people in a real browser, on a desk and on a phone: no accessibility faults, no sideways scrolling."""

from __future__ import annotations

import pytest

from tests.portal.conftest import faults

from .conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def enter(page, name: str) -> None:
    page.goto("/login/")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_load_state()


def test_the_pages_of_members_are_accessible(page, member, office) -> None:
    clerk = member("clerk", "enterprise", "works")
    member("root", "admin", "ops", manager=True)
    assert faults_at(page, "/login/") == []
    enter(page, "root")
    held = clerk.memberships.get().pk
    for address in (
        "/profile/", "/organisations/", "/organisations/new/", "/organisations/works/", "/organisations/works/edit/",
        "/organisations/works/invite/", f"/organisations/works/members/{held}/", "/people/", f"/people/{clerk.pk}/",
    ):  # fmt: skip
        assert faults_at(page, address) == [], address


def faults_at(page, address: str) -> list[str]:
    page.goto(address)
    return faults(page)


def test_an_invitation_goes_from_the_form_to_a_new_member(page, open_page, member, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    member("boss", "enterprise", "works", manager=True)
    enter(page, "boss")
    page.goto("/organisations/works/invite/")
    page.get_by_label("姓名").fill("李新")
    page.get_by_role("button", name="生成邀请").click()
    link = page.get_by_label("邀请链接").input_value()
    assert faults(page) == []
    guest = open_page("phone" if page.viewport_size["width"] < 900 else "desk")
    guest.goto(link)
    assert faults(guest) == []
    guest.get_by_label("用户名").fill("lixin")
    guest.get_by_label("密码", exact=True).fill("short")
    guest.get_by_label("再输入一次密码").fill("short")
    guest.get_by_role("button", name="开通账户并加入").click()
    assert guest.get_by_role("alert").is_visible()
    assert faults(guest) == []
    guest.get_by_label("密码", exact=True).fill(PASSWORD)
    guest.get_by_label("再输入一次密码").fill(PASSWORD)
    guest.get_by_role("button", name="开通账户并加入").click()
    assert guest.get_by_text("欢迎加入“works单位”").is_visible()


def test_the_pages_of_security_are_accessible(page, member) -> None:
    member("clerk", "ecology")
    enter(page, "clerk")
    page.goto("/account/2fa/totp/")
    assert faults(page) == []  # asks for the password again
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="确认").click()
    assert page.get_by_role("img", name="两步验证二维码").is_visible()
    assert faults(page) == []
    for address in (
        "/account/2fa/",
        "/account/email/",
        "/account/password/",
        "/account/sessions/",
        "/account/password/reset/",
    ):
        assert faults_at(page, address) == [], address


def test_a_second_factor_is_typed_in(page, member, settings) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    clerk = member("clerk", "ecology")
    TOTP.activate(clerk, generate_totp_secret())
    codes = RecoveryCodes.activate(clerk).get_unused_codes()
    enter(page, "clerk")
    assert page.get_by_role("heading", level=1).inner_text() == "两步验证"
    assert faults(page) == []
    page.locator("main input[name=code]").fill(codes[0])
    page.get_by_role("main").get_by_role("button", name="登录").click()
    assert page.get_by_role("button", name="退出").first.is_visible()
    assert faults_at(page, "/account/2fa/") == []
