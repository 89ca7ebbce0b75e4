"""The matrix role × page: every address is listed, its guard says what the list says, and the running portal does it.

`pages_matrix.toml` is written by hand from what each role should be able to do; the operations of the API have their own
(`api_matrix.toml`).
"""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from dafeng.kernel.actions import ANYONE, PUBLIC, Action
from dafeng.portal.accounts.models import Membership, Organisation

OFFICES = {"leader", "ndrc", "ecology", "statistics", "department", "county", "admin"}
ROLES = sorted(OFFICES | {"enterprise", "verifier", "bank", "grid", "citizen", "operator", "scene", "merchant"})
HERE = Path(__file__).parent
MATRIX: dict[str, str] = {
    name: roles
    for path in (HERE / "pages_matrix.toml", *sorted((HERE / "matrix").glob("*.pages.toml")))
    for name, roles in tomllib.loads(path.read_text("utf-8")).items()
}
# What an address needs, made up so that the thing it names does not exist: the guard must answer before the search for it.
MADE_UP = {
    "code": "411500",
    "id": "0",
    "uuid": str(uuid.UUID(int=0)),
    "str": "nothing",
    "int": "0",
    "slug": "nothing",
    "path": "place:411500",
    "year": "2021",
}
# Leaving ends the session that the test holds; the second step of a login by OIDC leads back to the first.
LEAVES = {"logout", "account_logout", "socialaccount_signup"}


def addresses(patterns: Any, prefix: str = "", space: str = "") -> Iterator[tuple[str, str, Any]]:
    """(name, route, view) of every page."""
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from addresses(each.url_patterns, prefix + str(each.pattern), inner)
        elif isinstance(each, URLPattern) and not space.startswith("api:"):
            yield f"{space}{each.name}", prefix + str(each.pattern), each.callback


PAGES = list(addresses(get_resolver().url_patterns))


def allowed(name: str) -> set[str]:
    words = set(MATRIX[name].split())
    return words - {"offices"} | (OFFICES if "offices" in words else set())


def path_of(route: str) -> str:
    """An address of the route with made-up parts."""
    if route.startswith("^"):
        return "/" + re.sub(r"\(\?P<\w+>[^)]*\)", "x", route.strip("^$"))
    return "/" + re.sub(
        r"<(\w+):(\w+)>", lambda m: MADE_UP.get(m[2]) if m[1] == "str" and m[2] in MADE_UP else MADE_UP[m[1]], route
    )


def test_every_page_is_listed_and_every_line_is_a_page() -> None:
    names = {name for name, _route, _view in PAGES}
    assert sorted(names - set(MATRIX)) == [], "pages without a line in pages_matrix.toml"
    assert sorted(set(MATRIX) - names) == [], "lines without a page"


@pytest.mark.parametrize(("name", "route", "view"), PAGES, ids=[f"{page[0]}-{i}" for i, page in enumerate(PAGES)])
def test_every_page_carries_the_action_that_the_list_expects(name: str, route: str, view: Any) -> None:
    action = getattr(view, "action", None)
    assert isinstance(action, Action), f"{route} has no action: guard its view with @asks"
    assert set(action.roles) == allowed(name)


@pytest.mark.parametrize("role", ["", *ROLES])
def test_each_role_gets_in_where_it_may_and_nowhere_else(client: Client, run, person, settings, role: str) -> None:
    settings.DEMO = False
    user = person(role) if role else None
    wrong = []
    for name, route, _view in PAGES:
        if name in LEAVES:
            continue
        if user:
            client.force_login(user)
        wanted = allowed(name)
        may = PUBLIC in wanted or (bool(role) and (ANYONE in wanted or role in wanted))
        answer = client.get(path_of(route))
        if answer.status_code == 405:
            answer = client.post(path_of(route))
        to_login = answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
        if may:
            right = answer.status_code < 500 and answer.status_code != 403 and not (to_login and role)
        else:
            right = answer.status_code == 403 if role else to_login
        if not right:
            wrong.append(f"{name} {path_of(route)}: {answer.status_code}")
    assert wrong == []


# Pages that are one form or one sentence need no explanation of where their data come from.
PLAIN = ("account_", "mfa_", "usersessions", "socialaccount", "login", "held", "invitation", "disclosure:embed")


def test_every_page_keeps_the_house_rules(client: Client, run, person) -> None:
    """One heading, help beside it, nothing inline, at most twelve questions to the database: asked of all that answer."""
    user = person("ecology")
    office = Organisation.objects.get(code="ecology")
    for role in {*ROLES} - {"ecology"}:
        Membership.objects.create(user=user, organisation=office, role=role, place="411500")
    client.force_login(user)
    faults, looked_at = [], 0
    for name, route, _view in PAGES:
        if name in LEAVES:
            continue
        address = path_of(route)
        first = client.get(address)
        if first.status_code != 200 or not first.headers["Content-Type"].startswith("text/html"):
            continue
        page = first.content.decode()
        if "<html" not in page:
            continue
        looked_at += 1
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        if len(asked) > 12:
            faults.append(f"{name}: {len(asked)} queries")
        if page.count("<h1") != 1 and not name.startswith("disclosure:embed"):
            faults.append(f"{name}: {page.count('<h1')} headings of the first level")
        if 'class="help"' not in page and not name.startswith(PLAIN):
            faults.append(f"{name}: no help")
        if re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", page):
            faults.append(f"{name}: inline style or script")
    assert faults == []
    assert looked_at > 40
