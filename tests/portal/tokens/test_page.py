"""The page of tokens, as a person uses it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dafeng.portal.tokens import services
from dafeng.portal.tokens.models import Token

NEW = {"name": "月报脚本", "scopes": ["inventory:read"], "lasts": "90"}


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def made(client: Client, **changed: object) -> tuple[int, str, str]:
    """Status and page of the form sent, and the token on it."""
    answer = client.post(reverse("tokens:make"), NEW | changed)
    page = answer.content.decode()
    found = re.search(r"dft_[A-Za-z0-9_-]{43}", page)
    return answer.status_code, page, found.group() if found else ""


def test_a_token_is_shown_once_and_works(client: Client, city, person) -> None:
    client.force_login(person("statistics"))
    status, _page, text = made(client)
    assert status == 200
    listed = client.get(reverse("tokens:list"))
    assert text not in listed.content.decode()
    assert text[:8] in listed.content.decode()
    assert listed.headers["Cache-Control"] == "no-store"
    answer = Client().get("/api/cities/411500/batches", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 200


def test_the_form_offers_what_the_role_may_and_the_api_has(client: Client, city, person) -> None:
    client.force_login(person("citizen"))
    page = client.get(reverse("tokens:list")).content.decode()
    offered = set(re.findall(r'name="scopes" value="([^"]+)"', page))
    assert {"inventory:read", "portal:read", "indicators:read"} <= offered
    assert "inventory:write" not in offered
    assert not any(scope.startswith("token:") for scope in offered)  # no operation asks for it
    status, page, text = made(client, scopes=["inventory:write"])
    assert (status, text) == (422, "")
    assert not Token.objects.exists()


@pytest.mark.parametrize("changed", [{"name": ""}, {"scopes": []}, {"lasts": "4000"}, {"lasts": "x"}])
def test_a_wrong_form_says_what_and_keeps_the_rest(client: Client, city, person, changed: dict) -> None:
    client.force_login(person("statistics"))
    status, page, text = made(client, **changed)
    assert (status, text) == (422, "")
    assert "有几处需要修改" in page
    assert "name" in changed or 'value="月报脚本"' in page


def test_a_stranger_is_sent_to_log_in(client: Client) -> None:
    assert client.get(reverse("tokens:list")).status_code == 302
    assert made(client)[0] == 302
    assert not Token.objects.exists()


def test_one_withdraws_ones_own_and_cannot_see_anothers(client: Client, city, person) -> None:
    other, _text = services.make(
        person("ndrc"), name="别人的", scopes=["inventory:read"], lasts=timedelta(days=1), now=timezone.now()
    )
    client.force_login(person("statistics"))
    made(client)
    mine = Token.objects.get(name="月报脚本")
    assert "别人的" not in client.get(reverse("tokens:list")).content.decode()
    assert client.post(reverse("tokens:revoke", args=[other.pk])).status_code == 404
    assert client.post(reverse("tokens:revoke", args=[mine.pk])).status_code == 302
    assert set(Token.objects.filter(revoked_at=None)) == {other}


def test_the_administrator_sees_whose_it_is_and_withdraws_it(client: Client, city, person) -> None:
    other, _text = services.make(
        person("ndrc"), name="别人的", scopes=["inventory:read"], lasts=timedelta(days=1), now=timezone.now()
    )
    client.force_login(person("admin"))
    page = client.get(reverse("tokens:list")).content.decode()
    assert "别人的" in page
    assert "<td>ndrc</td>" in page
    client.post(reverse("tokens:revoke", args=[other.pk]))
    assert not Token.objects.filter(revoked_at=None).exists()


def test_a_token_never_opens_a_page(client: Client, city, person) -> None:
    _token, text = services.make(
        person("statistics"), name="x", scopes=["inventory:read"], lasts=timedelta(days=1), now=timezone.now()
    )
    answer = client.get(reverse("tokens:list"), headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 302  # to the login: a token makes no tokens


def test_the_page_asks_the_database_little(client: Client, city, person, django_assert_max_num_queries) -> None:
    client.force_login(person("statistics"))
    for _ in range(5):
        made(client)
    with django_assert_max_num_queries(12):
        client.get(reverse("tokens:list"))
