"""What was typed while a session had ended is offered again to the same person, and saved once."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from .conftest import PASSWORD

FORM = {"code": "works", "name": "水泥厂", "name_en": "", "place": "411500"}


@pytest.fixture
def browser(member):
    """A browser in which an administrator is logged in, with CSRF protection on as in the field."""
    member("root", "admin")
    opened = Client(enforce_csrf_checks=True)
    enter(opened, "root")
    return opened


def token(browser: Client, address: str) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(address).content.decode())[1]


def enter(browser: Client, name: str, next: str = ""):
    form = {"login": name, "password": PASSWORD, "next": next, "csrfmiddlewaretoken": token(browser, "/login/")}
    return browser.post("/login/", form)


def end_session() -> None:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()


def test_a_form_sent_after_the_session_ended_is_offered_again_and_saved_once(browser) -> None:
    from dafeng.portal.accounts.models import Organisation

    old = token(browser, "/organisations/new/")
    end_session()
    page = {"Referer": "http://testserver/organisations/new/?from=list"}
    sent = browser.post("/organisations/new/", {**FORM, "csrfmiddlewaretoken": old}, headers=page)
    assert sent.status_code == 302
    assert sent.url == "/login/?next=%2Forganisations%2Fnew%2F%3Ffrom%3Dlist"
    assert not Organisation.objects.filter(code="works").exists()

    back = enter(browser, "root", next="/organisations/new/?from=list")
    assert back.url.startswith("/held/")
    offered = browser.get(back.url)
    shown = offered.content.decode()
    assert "您刚才填写的内容已保留" in shown
    assert "水泥厂" in shown
    held = offered.context["held"]
    assert held["address"] == "/organisations/new/"
    again = {**dict(held["fields"]), "csrfmiddlewaretoken": token(browser, back.url)}
    assert browser.post(held["address"], again).status_code == 302
    assert Organisation.objects.filter(code="works", name="水泥厂").count() == 1
    assert browser.get("/held/").status_code == 302  # nothing is held any more


def test_what_was_held_is_let_go(browser) -> None:
    from dafeng.portal.accounts.models import Organisation

    old = token(browser, "/organisations/new/")
    end_session()
    browser.post("/organisations/new/", {**FORM, "csrfmiddlewaretoken": old})
    address = enter(browser, "root").url
    browser.post("/held/", {"next": "/tasks/", "csrfmiddlewaretoken": token(browser, address)})
    assert browser.get("/held/").status_code == 302
    assert not Organisation.objects.filter(code="works").exists()


def test_another_person_at_the_same_desk_is_not_shown_it(browser, member) -> None:
    member("second", "admin", "other")
    old = token(browser, "/organisations/new/")
    end_session()
    browser.post("/organisations/new/", {**FORM, "csrfmiddlewaretoken": old})
    answer = enter(browser, "second")
    assert not answer.url.startswith("/held/")
    assert "held_form" not in browser.session
    assert browser.get("/held/").status_code == 302


def test_a_form_opened_before_another_tab_logged_in_is_offered_again(browser) -> None:
    from dafeng.portal.accounts.models import Organisation

    old = token(browser, "/organisations/new/")
    end_session()
    enter(browser, "root")  # in the other tab: the old tab's form token is worth nothing now
    sent = browser.post(
        "/organisations/new/", {**FORM, "csrfmiddlewaretoken": old}, headers={"Origin": "http://testserver"}
    )
    assert sent.url == "/held/"
    held = browser.get("/held/").context["held"]
    browser.post(held["address"], {**dict(held["fields"]), "csrfmiddlewaretoken": token(browser, "/held/")})
    assert Organisation.objects.filter(code="works").count() == 1


def test_another_site_cannot_lay_a_form_before_a_person(browser) -> None:
    sent = browser.post("/organisations/new/", FORM, headers={"Origin": "https://elsewhere.example"})
    assert sent.status_code == 403
    assert "held_form" not in browser.session


def test_passwords_are_never_held_and_files_are_asked_for_again(client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    sent = {"name": "甲", "new_password": "secret words", "file": SimpleUploadedFile("a.csv", b"1,2")}
    client.post("/organisations/new/", sent)
    held = client.session["held_form"]
    assert held["fields"] == [["name", "甲"]]
    assert held["files"] == ["file"]
    client.post("/account/password/", {"name": "x", "oldpassword": "secret words"})
    assert client.session["held_form"]["address"] == "/organisations/new/"  # pages of security hold nothing


def test_the_page_asks_for_the_files_again(client, member) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    member("root", "admin")
    client.post("/organisations/new/", {"name": "甲", "workbook": SimpleUploadedFile("a.csv", b"1,2")})
    address = client.post("/login/", {"login": "root", "password": PASSWORD}).url
    page = client.get(address).content.decode()
    assert 'type="file" id="held-workbook" name="workbook"' in page
    assert "multipart/form-data" in page


def test_what_was_held_for_more_than_half_a_day_is_dropped(client, member) -> None:
    member("root", "admin")
    client.post("/organisations/new/", FORM)
    session = client.session
    session["held_form"] = {**session["held_form"], "at": "2026-01-01T00:00:00+00:00"}
    session.save()
    answer = client.post("/login/", {"login": "root", "password": PASSWORD})
    assert not answer.url.startswith("/held/")


def test_a_referer_of_elsewhere_is_not_the_way_back(client) -> None:
    for lie in ("https://elsewhere.example/organisations/new/", "http://testserver//elsewhere.example/"):
        sent = client.post("/organisations/new/", FORM, headers={"Referer": lie})
        assert sent.url == "/login/?next=%2Forganisations%2Fnew%2F"
