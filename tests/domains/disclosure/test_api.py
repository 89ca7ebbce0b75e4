"""The router by itself, mounted on an API of the test: what is public comes out, paged; nothing else does."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory
from ninja import NinjaAPI

from dafeng.domains.disclosure import api, voices
from dafeng.domains.disclosure.methods.duties import DutyState
from tests.domains.disclosure.conftest import NOW


@pytest.fixture
def ask(open_city, settings):
    from django.contrib.auth.models import AnonymousUser

    settings.DEMO = False

    def get(function, **given):
        request = RequestFactory().get("/", given.pop("query", {}))
        request.user = AnonymousUser()
        return function(request, **given)

    return get


def test_the_router_describes_itself() -> None:
    # A router is mounted once; its operations are read here without mounting it a second time.
    assert isinstance(api.router, type(NinjaAPI().default_router))
    paths = {path for path, view in api.router.path_operations.items() if view.operations}
    assert {"/open/cities", "/open/{code}/values", "/open/{code}/register", "/open/{code}/answers"} <= paths
    for view in api.router.path_operations.values():
        assert all(hasattr(each.view_func, "action") for each in view.operations)


def test_the_register_tells_the_state_and_no_unpublished_filing(ask, duty) -> None:
    from dafeng.domains.disclosure import register
    from tests.domains.disclosure.conftest import TODAY

    register.submit_filing(
        duty, disclosed_on=TODAY, link="https://example.com/secret", greenhouse=True, verified=True, by=None, now=NOW, today=TODAY
    )  # fmt: skip
    found = ask(api.list_register, code="411500", asked=api.RegisterAsked())
    assert found["total"] == 1
    assert found["items"][0]["state"] == DutyState.CHECKING
    assert "secret" not in json.dumps(found["items"], default=str)
    assert ask(api.list_register, code="411500", asked=api.RegisterAsked(year=2024))["total"] == 0


def test_answers_hold_public_fields_only(ask, open_city) -> None:
    voices.submit(
        open_city, kind="question", category="other", place="411500", text="未公开的原文", address="a", now=NOW
    )
    assert ask(api.list_answers, code="411500", asked=api.Paging())["total"] == 0
    assert ask(api.answer_statistics, code="411500")["received"] == 1
    assert set(voices.PUBLIC_FIELDS).isdisjoint({"text", "answer", "receipt", "about", "record", "due"})


def test_without_a_publication_there_are_no_editions(ask) -> None:
    assert ask(api.list_editions, code="411500", asked=api.Paging())["total"] == 0
