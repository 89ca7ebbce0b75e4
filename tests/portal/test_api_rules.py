"""What holds for every operation: problems, paging, entity tags, rates, sizes, CSRF, idempotency, the description."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from ninja import Schema
from ninja.errors import ValidationError as Invalid
from pydantic import Field, TypeAdapter, ValidationError

from dafeng.portal.api import api, callers, problems
from dafeng.portal.api.root import action_of
from dafeng.portal.tokens import services as tokens
from dafeng.portal.tokens.models import KeptAnswer

OWN = {"factor_id": "xy.oxidation", "version": 0, "parameter": "oxidation", "value": 98, "unit": "%", "source": "报告"}
FACTORS = "/api/cities/411500/factors"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def bearer(person):
    """Headers of a token of a person with a role; all of their scopes unless told."""

    def make(role: str, *scopes: str, username: str = "", who: Any = None) -> dict[str, str]:
        who = who or person(role, username)
        chosen = scopes or tokens.scopes_for(who)
        _token, text = tokens.make(who, name="试验", scopes=chosen, lasts=timedelta(days=1), now=timezone.now())
        return {"Authorization": f"Bearer {text}"}

    return make


def send(client: Client, address: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json", headers=headers or {})


def is_problem(answer: Any, status: int, code: str = "") -> dict[str, Any]:
    assert answer.status_code == status, answer.content.decode()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "instance", "errors"}
    assert body["status"] == status
    assert not code or body["code"] == code
    return body


# ---------- problems ----------


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
def test_an_unknown_address_is_a_problem_by_any_method(client: Client, method: str) -> None:
    is_problem(getattr(client, method)("/api/nowhere/at/all"), 404, "not_found")


@pytest.mark.parametrize("tail", ["%0A", "a%0Ab", "%E6%B5%89", "%FF", "..%2F..%2Fetc", "docs/x", "cities/411500/"])
def test_no_odd_address_under_the_api_gets_a_page(client: Client, tail: str) -> None:
    is_problem(client.get(f"/api/{tail}"), 404, "not_found")


def test_a_number_beyond_every_database_is_simply_not_there(client: Client, city, person) -> None:
    client.force_login(person("ecology"))
    is_problem(client.get(f"/api/batches/{10**40}"), 404)
    is_problem(client.get(f"/api/cities/411500/activity?batch={10**40}"), 422)


def test_the_docs_are_found_without_their_slash(client: Client) -> None:
    assert client.get("/api/docs").headers["Location"] == "/api/docs/"


def test_a_method_that_is_not_there_says_which_are(client: Client, city) -> None:
    answer = client.delete(FACTORS)
    is_problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}
    is_problem(client.post("/api/openapi.json"), 405)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[1,2",
        b'{"value": NaN}',
        b'{"value": 1e400}',
        b"\xff\xfe",
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b"[" * 100_000,
    ],
)
def test_malformed_json_is_a_problem(client: Client, city, person, body: bytes) -> None:
    client.force_login(person("statistics"))
    answer = client.post(FACTORS, body, content_type="application/json")
    is_problem(answer, 422 if body == b"" else 400)


def test_a_fault_of_ours_tells_nothing_of_the_program(city, monkeypatch, caplog) -> None:
    def broken(*_args: Any, **_named: Any) -> None:
        raise RuntimeError("secret detail at /srv/dafeng/secret.py")

    monkeypatch.setattr("dafeng.domains.inventory.api.inventories.page", broken)
    answer = Client(raise_request_exception=False).get("/api/cities")
    body = is_problem(answer, 500, "fault")
    assert "secret" not in json.dumps(body)
    assert "RuntimeError" in caplog.text  # the operator sees it


def test_every_wrong_parameter_is_named_in_the_readers_words(client: Client, run) -> None:
    body = is_problem(client.get(f"/api/inventories/{run.id}/cells?limit=0&year=soon&offset=-1"), 422, "invalid")
    assert {error["name"]: error["what"] for error in body["errors"]} == {
        "limit": "小于 1",
        "year": "不是整数",
        "offset": "小于 0",
    }


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        (float, "１２３ 吨", "不是数"),
        (Decimal, "1,000", "不是数"),
        (Annotated[Decimal, Field(decimal_places=2)], "1.005", "小数多于 2 位"),
        (Annotated[Decimal, Field(gt=0)], 0, "应大于 0"),
        (Annotated[Decimal, Field(lt=100)], 100, "应小于 100"),
        (date, "2025年1月5日", "不是日期，应写成 2025-03-12"),
        (date, 45658.5, "不是日期，应写成 2025-03-12"),
        (date, [], "不是日期，应写成 2025-03-12"),
        (bool, "是", "不是 true 或 false"),
        (Annotated[list[int], Field(min_length=1)], [], "少于 1 项"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "多于 1 项"),
        (int, "9" * 5000, "数太大"),
    ],
)
def test_a_wrong_value_is_told_in_the_readers_words_not_the_librarys(kind: Any, value: Any, what: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    faults = [{**each, "loc": ("body", "given", "x")} for each in caught.value.errors()]
    answer = problems.of_invalid(RequestFactory().post("/api"), Invalid(faults))
    assert [each["what"] for each in json.loads(answer.content)["errors"]] == [what]


def test_the_language_of_an_error_follows_the_reader(client: Client) -> None:
    chinese = client.get("/api/nowhere")
    english = client.get("/api/nowhere", headers={"Accept-Language": "en"})
    assert chinese.headers["Content-Language"] == "zh-hans"
    assert english.headers["Content-Language"] == "en"
    assert "Accept-Language" in english.headers["Vary"]


@pytest.mark.parametrize("address", ["/api/cities/%00", "/api/cities?limit=%00", "/api/factors?q=%00"])
def test_a_null_character_is_refused_before_any_database_sees_it(client: Client, address: str) -> None:
    is_problem(client.get(address), 400, "malformed")


# ---------- paging and freshness ----------


def test_pages_lead_to_their_neighbours_and_add_up(client: Client, run) -> None:
    seen, address = [], f"/api/inventories/{run.id}/cells?limit=2&year=2021"
    while address:
        answer = client.get(address)
        seen += answer.json()["items"]
        links = dict(re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("Link", "")))
        address = next((at for at, name in links.items() if name == "next"), "")
    assert len(seen) == answer.json()["total"]
    assert 'rel="prev"' in answer.headers["Link"]
    whole = client.get(f"/api/inventories/{run.id}/cells?limit=1000&year=2021")
    assert whole.json()["items"] == seen
    assert "Link" not in whole.headers


def test_what_never_changes_has_a_strong_tag_and_is_not_sent_twice(client: Client, run, monkeypatch) -> None:
    address = f"/api/inventories/{run.id}/cells?year=2021"
    first = client.get(address)
    assert re.fullmatch(r'"[0-9a-f]{40}"', first.headers["ETag"])
    # The table is not even read when the caller has the answer.
    monkeypatch.setattr("dafeng.domains.inventory.storage.read", lambda *_: pytest.fail("read again"))
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_another_question_or_language_has_another_tag(client: Client, run) -> None:
    address = f"/api/inventories/{run.id}/cells"
    tags = {
        client.get(f"{address}?year=2021").headers["ETag"],
        client.get(f"{address}?year=2020").headers["ETag"],
        client.get(f"{address}?year=2021", headers={"Accept-Language": "en"}).headers["ETag"],
    }
    assert len(tags) == 3


def test_lists_have_a_weak_tag_that_changes_with_them(client: Client, city, person) -> None:
    first = client.get(FACTORS)
    assert first.headers["ETag"].startswith('W/"')
    assert client.get(FACTORS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    client.force_login(person("statistics"))
    send(client, FACTORS, OWN)
    client.logout()
    assert client.get(FACTORS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_persons_answers_are_private_and_a_strangers_are_not(client: Client, run, bearer) -> None:
    address = f"/api/inventories/{run.id}"
    assert client.get(address).headers["Cache-Control"] == "public, no-cache"
    mine = client.get(address, headers=bearer("ecology"))
    assert mine.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(mine.headers["Vary"].split(", "))
    cells = client.get(f"{address}/cells", headers=bearer("leader"))
    assert cells.headers["Cache-Control"].startswith("private")  # a draft is never kept by others


def test_a_tag_does_not_let_anybody_past_the_permission(client: Client, run, settings) -> None:
    tag = client.get(f"/api/inventories/{run.id}/cells").headers["ETag"]
    settings.DEMO = False
    assert client.get(f"/api/inventories/{run.id}/cells", headers={"If-None-Match": tag}).status_code == 404


def test_head_is_get_without_content(client: Client, run) -> None:
    whole = client.get("/api/cities")
    head = client.head("/api/cities")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(whole.content))


# ---------- callers ----------


@pytest.mark.parametrize("sent", ["Bearer", "Bearer dft_wrong", "Basic dXNlcjpwYXNz", "Bearer " + "x" * 4000, "dft_x"])
def test_a_wrong_authorization_is_401_even_where_none_is_needed(client: Client, city, sent: str) -> None:
    answer = client.get("/api/cities", headers={"Authorization": sent})
    is_problem(answer, 401, "token")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_acts_as_its_person_within_its_scopes(client: Client, city, bearer) -> None:
    headers = bearer("statistics", "inventory:read")
    assert client.get("/api/cities/411500/batches", headers=headers).status_code == 200
    answer = send(client, FACTORS, OWN, headers)
    is_problem(answer, 403, "scope")
    assert 'scope="inventory:write"' in answer.headers["WWW-Authenticate"]
    is_problem(client.get("/api/jobs", headers=headers), 403, "scope")


def test_a_write_scope_does_not_lift_the_role(client: Client, city, bearer) -> None:
    # A county officer may write activity data; factors are for others.
    is_problem(send(client, FACTORS, OWN, bearer("county")), 403, "permission")


def test_a_role_that_was_taken_away_takes_its_tokens_along(client: Client, city, person, bearer) -> None:
    who = person("statistics")
    headers = bearer("", who=who)
    assert client.get("/api/cities/411500/batches", headers=headers).status_code == 200
    who.memberships.all().delete()
    is_problem(client.get("/api/cities/411500/batches", headers=headers), 403)
    who.is_active = False
    who.save()
    is_problem(client.get("/api/cities", headers=headers), 401)


def test_the_token_counts_and_not_the_session_beside_it(client: Client, city, person, bearer) -> None:
    client.force_login(person("ecology"))
    is_problem(client.get("/api/cities/411500/batches", headers=bearer("citizen")), 403)


def test_a_browser_must_bring_the_csrf_token_to_write_and_a_program_need_not(city, person, bearer) -> None:
    strict = Client(enforce_csrf_checks=True)
    who = person("statistics")
    strict.force_login(who)
    is_problem(send(strict, FACTORS, OWN), 403, "csrf")
    assert strict.get("/api/cities/411500/batches").status_code == 200
    strict.get(reverse("tokens:list"))  # a page with a form sets the cookie
    secret = strict.cookies["csrftoken"].value
    assert send(strict, FACTORS, OWN, {"X-CSRFToken": secret}).status_code == 201
    stranger = Client(enforce_csrf_checks=True)
    assert send(stranger, FACTORS, OWN | {"version": 1}, bearer("", who=who)).status_code == 201


# ---------- rates and sizes ----------


def test_a_caller_beyond_the_rate_is_told_when_to_come_back(client: Client, city, settings, monkeypatch) -> None:
    settings.API_RATES = {"anonymous": "3/min", "person": "5/min"}
    clock = [1_000_000.0]
    monkeypatch.setattr(callers.Allowance, "timer", lambda self: clock[0])
    remaining = []
    for _ in range(3):
        remaining.append(client.get("/api/cities").headers["RateLimit-Remaining"])
        clock[0] += 10
    assert remaining == ["2", "1", "0"]
    refused = client.get("/api/cities")
    is_problem(refused, 429, "throttled")
    # The first request was 30 s ago; in 30 s more it no longer counts.
    assert refused.headers["Retry-After"] == "30"
    assert (refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]) == ("3", "0")
    assert client.get("/api/nowhere").status_code == 429  # what does not exist is counted as well
    clock[0] += 30
    assert client.get("/api/cities").status_code == 200


def test_each_token_person_and_address_has_its_own_rate(client: Client, city, settings, person, bearer) -> None:
    settings.API_RATES = {"anonymous": "1/min", "person": "2/min"}
    assert [client.get("/api/cities").status_code for _ in range(2)] == [200, 429]
    assert client.get("/api/cities", REMOTE_ADDR="192.0.2.7").status_code == 200
    headers = bearer("ecology")
    assert [client.get("/api/cities", headers=headers).status_code for _ in range(3)] == [200, 200, 429]
    client.force_login(person("leader"))
    assert client.get("/api/cities").status_code == 200


def test_a_forged_forwarded_address_does_not_make_a_new_caller(client: Client, city, settings) -> None:
    settings.API_RATES = {"anonymous": "1/min", "person": "1/min"}
    found = [client.get("/api/cities", headers={"X-Forwarded-For": f"192.0.2.{i}"}).status_code for i in range(2)]
    assert found == [200, 429]


def test_guessing_tokens_is_counted(client: Client, city, settings) -> None:
    settings.API_RATES = {"anonymous": "2/min", "person": "9/min"}
    wrong = {"Authorization": "Bearer dft_" + "a" * 43}
    assert [client.get("/api/cities", headers=wrong).status_code for _ in range(3)] == [401, 401, 429]


def test_a_body_that_is_too_large_is_refused_unread(client: Client, city, person) -> None:
    client.force_login(person("statistics"))
    huge = OWN | {"source": "长" * callers.BODY_BYTES}
    is_problem(send(client, FACTORS, huge), 413, "too_large")
    answer = client.generic("POST", FACTORS, b"{}", content_type="application/json", CONTENT_LENGTH="many")
    is_problem(answer, 413, "too_large")


# ---------- idempotency ----------


def test_a_write_that_is_sent_twice_is_done_once(client: Client, city, bearer) -> None:
    headers = bearer("statistics") | {"Idempotency-Key": "6f1a-1"}
    first, again = (send(client, FACTORS, OWN, headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert client.get(FACTORS).json()["total"] == 1


def test_the_same_key_with_another_body_is_a_conflict(client: Client, city, bearer) -> None:
    headers = bearer("statistics") | {"Idempotency-Key": "6f1a-2"}
    send(client, FACTORS, OWN, headers)
    is_problem(send(client, FACTORS, OWN | {"value": 97}, headers), 409, "idempotency")


def test_another_persons_key_is_another_key(client: Client, city, bearer) -> None:
    key = {"Idempotency-Key": "6f1a-3"}
    assert send(client, FACTORS, OWN, bearer("statistics") | key).status_code == 201
    assert send(client, FACTORS, OWN | {"version": 1, "value": 97}, bearer("ecology") | key).status_code == 201


def test_a_failed_write_may_be_mended_under_the_same_key(client: Client, city, bearer) -> None:
    headers = bearer("statistics") | {"Idempotency-Key": "6f1a-4"}
    assert send(client, FACTORS, OWN | {"unit": "km"}, headers).status_code == 422
    assert send(client, FACTORS, OWN, headers).status_code == 201


def test_a_key_is_forgotten_after_a_day_and_a_crash_after_ten_minutes(client: Client, city, bearer) -> None:
    headers = bearer("statistics") | {"Idempotency-Key": "6f1a-5"}
    send(client, FACTORS, OWN, headers)
    kept = KeptAnswer.objects.get()
    KeptAnswer.objects.update(status=0)
    is_problem(send(client, FACTORS, OWN, headers), 409, "idempotency")  # somebody is doing it now
    KeptAnswer.objects.update(created_at=kept.created_at - timedelta(minutes=11))
    is_problem(send(client, FACTORS, OWN, headers), 409, "stale")  # done anew: the factor has version 1 already
    KeptAnswer.objects.create(owner="x", key="old", digest="", created_at=timezone.now() - timedelta(hours=25))
    send(client, FACTORS, OWN | {"version": 1}, headers)
    assert not KeptAnswer.objects.filter(owner="x").exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "密钥", "k" * 201])
def test_a_key_that_cannot_be_one_is_refused(client: Client, city, bearer, key: str) -> None:
    answer = send(client, FACTORS, OWN, bearer("statistics") | {"Idempotency-Key": key})
    is_problem(answer, 400, "malformed")


def test_an_upload_with_a_key_is_known_again_by_its_file(client: Client, city, person) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(person("statistics"))
    heading = "类别,品种,地区,年份,数值,单位,依据,来源\n1A4b1,天然气,浉河区,2021,{},万立方米,统计,燃气公司\n"

    def sent(value: int) -> Any:
        file = SimpleUploadedFile("燃气.csv", heading.format(value).encode())
        return client.post("/api/cities/411500/uploads", {"file": file}, headers={"Idempotency-Key": "6f1a-6"})

    first = sent(120)
    assert first.status_code == 201
    assert sent(120).json() == first.json()  # the form's boundary differs, its content does not
    is_problem(sent(121), 409, "idempotency")


# ---------- the description ----------


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    return client.get("/api/openapi.json").json()


def test_the_description_is_openapi_31_with_licence_servers_and_tags(schema: dict) -> None:
    assert schema["openapi"].startswith("3.1")
    assert schema["info"]["license"]["identifier"] == "Apache-2.0"
    assert schema["servers"][0]["url"].startswith("http")
    used = {tag for item in schema["paths"].values() for each in item.values() for tag in each["tags"]}
    assert used == {tag["name"] for tag in schema["tags"]}
    assert all(tag["description"] for tag in schema["tags"])


def test_every_operation_names_its_action_scope_and_errors(schema: dict) -> None:
    actions = {operation.view_func.__name__: action_of(operation) for _m, _p, operation in api.operations()}
    found = {each["operationId"]: each for item in schema["paths"].values() for each in item.values()}
    assert set(found) == set(actions)
    for name, operation in found.items():
        action = actions[name]
        assert operation["x-action"]["code"] == action.code
        assert {"token": [action.scope]} in operation["security"]
        assert ({} in operation["security"]) == ("public" in action.roles)
        assert {"400", "401", "403", "404", "422", "429", "500"} <= set(operation["responses"])


def test_every_parameter_is_explained(schema: dict) -> None:
    lacking = {
        parameter["name"]
        for item in schema["paths"].values()
        for operation in item.values()
        for parameter in operation["parameters"]
        if not parameter.get("description")
    }
    assert lacking == set()


def test_every_field_is_explained(schema: dict) -> None:
    lacking = {
        f"{name}.{field}"
        for name, each in schema["components"]["schemas"].items()
        for field, what in each.get("properties", {}).items()
        if not what.get("description") and name not in ("Problem", "Fault")
    }
    assert lacking == set()


def test_no_two_schemas_share_a_name() -> None:
    """In the description one of them would silently stand for both."""

    def below(kind: type) -> set[type]:
        return {each for child in kind.__subclasses__() for each in (child, *below(child))}

    names = Counter(each.__name__ for each in below(Schema) if each.__module__.startswith("dafeng."))
    assert [name for name, count in names.items() if count > 1] == []


def test_a_field_means_in_a_schema_what_it_means_in_the_one_it_extends(schema: dict) -> None:
    fields = schema["components"]["schemas"]
    # “total” is the length of a list anywhere else.
    assert fields["JobWithLog"]["properties"]["total"] == fields["JobOut"]["properties"]["total"]
    assert fields["JobOut"]["properties"]["total"]["description"] == "共几步"


def test_the_root_leads_to_the_description(client: Client) -> None:
    answer = client.get("/api/")
    assert answer.json()["service-desc"] == "/api/openapi.json"
    assert 'rel="service-doc"' in answer.headers["Link"]


# ---------- the page ----------


def test_the_docs_page_lists_every_operation_with_an_anchor_and_a_command(client: Client, run, schema: dict) -> None:
    page = client.get("/api/docs/").content.decode()
    for path, item in schema["paths"].items():
        assert path in page
        for operation in item.values():
            assert f'id="{operation["operationId"]}"' in page
            assert f'href="#{operation["operationId"]}"' in page
    assert page.count("curl ") >= sum(len(item) for item in schema["paths"].values())


def test_what_the_docs_page_offers_to_try_works(client: Client, open_city, run, settings) -> None:
    settings.API_RATES = {"anonymous": "9999/min", "person": "9999/min"}
    page = client.get("/api/docs/").content.decode()
    links = re.findall(r'<a href="(/api/[^"]+)" aria-label="打开', page)
    assert f"/api/inventories/{run.id}/cells" in links
    for link in links:
        assert client.get(link).status_code in (200, 401), link


def test_the_docs_page_is_filtered_without_javascript(client: Client, run) -> None:
    page = client.get("/api/docs/?q=factors+post").content.decode()
    assert 'id="sign_factor"' in page
    assert 'id="list_cells"' not in page
    assert "没有相符的接口" in client.get("/api/docs/?q=xyzzy").content.decode()


def test_the_docs_page_asks_the_database_little(client: Client, run, person, django_assert_max_num_queries) -> None:
    client.force_login(person("ecology"))
    with django_assert_max_num_queries(12):
        client.get("/api/docs/")


@pytest.mark.parametrize(
    ("address", "most"),
    [("/api/jobs", 8), ("/api/cities/411500/batches", 10), ("/api/evidence", 8), ("/api/cities/411500/activity", 10)],
)
def test_a_list_asks_the_database_little(
    client: Client, run, bearer, django_assert_max_num_queries, address, most
) -> None:
    headers = bearer("ecology")
    with django_assert_max_num_queries(most):
        assert client.get(address, headers=headers).status_code == 200
