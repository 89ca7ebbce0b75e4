"""The signed API, end to end with the page's own client, and the example of the specification."""

from __future__ import annotations

import io
import json
import urllib.error
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.inclusion.models import Event, Refusal, SceneKey
from dafeng.domains.inclusion.scenes import client as scene_client
from dafeng.domains.inclusion.scenes import signing
from dafeng.domains.inclusion.scenes.views.public import EXAMPLE
from dafeng.kernel.api import signatures

HERE = "http://testserver"


class Line:
    """Carries the client's requests to Django's test client; loses answers when told to."""

    def __init__(self) -> None:
        self.lose, self.seen, self.client = [], [], Client()

    def __call__(self, request: Any, timeout: float) -> Any:
        body = request.data or b""
        headers = {name.title(): value for name, value in request.header_items()}
        self.seen.append(headers)
        path = request.full_url.removeprefix(HERE)
        answer = self.client.generic(request.get_method(), path, body, content_type="application/json", headers=headers)
        if self.lose and self.lose.pop(0):
            raise urllib.error.URLError("the line was cut")
        if answer.status_code >= 400:
            raise urllib.error.HTTPError(path, answer.status_code, "", {}, io.BytesIO(answer.content))
        return io.BytesIO(answer.content)


@pytest.fixture
def line(monkeypatch) -> Line:
    monkeypatch.setattr(scene_client.time, "sleep", lambda seconds: None)
    return Line()


@pytest.fixture
def sender(city, line) -> scene_client.SceneClient:
    key, secret = signing.make_key(city.bus, by=None, now=datetime.now(UTC))
    return scene_client.SceneClient(HERE, key.key_id, secret, opener=line)


def event(city, **more: Any) -> dict[str, Any]:
    token = city.member()[1]["bus"]
    city.count += 1
    return {
        "scene": "bus-ride",
        "id": f"n{city.count}",
        "member": token,
        "at": datetime.now(UTC).isoformat(),
        "data": {"distance": 5},
        **more,
    }


def test_the_example_of_the_specification_is_true(client, city) -> None:
    page = client.get("/inclusion/scenes/spec/").content.decode()
    values = (EXAMPLE["method"], EXAMPLE["path"], EXAMPLE["time"], EXAMPLE["nonce"], EXAMPLE["body"].encode())
    assert scene_client.signature(EXAMPLE["secret"], *values) in page
    assert signatures.text(*values).replace("\n", "\n") in page
    assert set(json.loads(EXAMPLE["body"])) >= {"scene", "id", "member", "at", "data"}


def test_the_client_of_the_page_is_the_tested_one_and_needs_only_the_standard_library(client, city) -> None:
    import ast
    import sys

    text = client.get("/inclusion/scenes/spec/scene_client.py").content.decode()
    names = {
        each.name.split(".")[0] if isinstance(node, ast.Import) else (node.module or "").split(".")[0]
        for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom) for each in node.names
    }  # fmt: skip
    assert names <= set(sys.stdlib_module_names)
    assert "class SceneClient" in text


def test_one_event_is_accepted_once(city, sender) -> None:
    sent = event(city)
    assert sender.send(sent) == "accepted"
    assert sender.send(sent) == "again"
    assert Event.objects.count() == 1
    assert SceneKey.objects.get().last_used_at is not None


def test_a_lost_answer_is_asked_for_again_with_a_new_signature(city, sender, line) -> None:
    line.lose = [True, True]
    assert sender.send(event(city)) == "again"
    assert len({headers["X-Dafeng-Nonce"] for headers in line.seen}) == 3
    line.lose = [True]
    receipt = sender.send_batch("k", [event(city)])
    assert (receipt["repeated"], receipt["answers"]) == (True, ["accepted"])
    line.lose = [True] * 9
    with pytest.raises(scene_client.Unreachable):
        sender.send(event(city))


def test_a_refused_event_tells_why_and_is_kept(city, sender) -> None:
    with pytest.raises(scene_client.Refused) as caught:
        sender.send(event(city, data={"distance": -1}))
    assert (caught.value.status, caught.value.reason) == (422, "quantity_negative")
    assert sender.refused()["items"][0]["reason"] == "quantity_negative"
    sent = event(city)
    sender.send(sent)
    with pytest.raises(scene_client.Refused) as caught:
        sender.send({**sent, "data": {"distance": 6}})
    assert (caught.value.status, caught.value.reason) == (409, "number_reused")
    assert Refusal.objects.filter(reason="number_reused", source_id=sent["id"]).exists()


def test_a_batch_and_its_receipt(city, sender) -> None:
    events = [event(city), event(city, member="nobody"), event(city)]
    receipt = sender.send_batch("2026-11-20/1", events)
    assert receipt["answers"] == ["accepted", "member_unknown", "accepted"]
    assert receipt["faults"][0] | {"what": "", "mend": ""} == {
        "index": 1, "id": events[1]["id"], "reason": "member_unknown", "field": "member", "what": "", "mend": "",
    }  # fmt: skip
    city.process(now=datetime.now(UTC))
    again = sender.send_batch("2026-11-20/1", events)
    assert (again["repeated"], again["batch"]) == (True, receipt["batch"])
    assert again["states"] == {"posted": 2, "refused": 1}
    with pytest.raises(scene_client.Refused) as caught:
        sender.send_batch("2026-11-20/1", events[:1])
    assert (caught.value.status, caught.value.reason) == (409, "batch_changed")
    assert Refusal.objects.get(reason="batch_changed").source_id == "2026-11-20/1"


def test_a_receipt_can_be_fetched_by_its_key(city, sender) -> None:
    sender.send_batch("day-1", [event(city)])
    assert sender.receipt("day-1")["accepted"] == 1
    with pytest.raises(scene_client.Refused) as caught:
        sender.receipt("day-2")
    assert caught.value.status == 404


def test_a_request_that_is_shown_twice_is_refused_and_written_down(city, line) -> None:
    key, secret = signing.make_key(city.bus, by=None, now=datetime.now(UTC))
    body = json.dumps(event(city)).encode()
    time, nonce = str(int(datetime.now(UTC).timestamp())), "n" * 20
    headers = {
        "X-Dafeng-Key": key.key_id, "X-Dafeng-Time": time, "X-Dafeng-Nonce": nonce,
        "X-Dafeng-Signature": signatures.sign(secret, "POST", "/api/inclusion/events", time, nonce, body),
    }  # fmt: skip
    answers = [
        Client().post("/api/inclusion/events", body, content_type="application/json", headers=headers) for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [200, 409]
    assert answers[1].json()["code"] == "replayed"
    assert Event.objects.count() == 1
    assert Refusal.objects.get().reason == "replayed"


def test_without_a_signature_nothing_is_done_and_a_wrong_one_is_shown_to_its_owner(city, line) -> None:
    assert Client().post("/api/inclusion/events", b"{}", content_type="application/json").status_code == 401
    key, _secret = signing.make_key(city.bus, by=None, now=datetime.now(UTC))
    wrong = scene_client.SceneClient(HERE, key.key_id, "guess", opener=line)
    for _ in range(2):
        with pytest.raises(scene_client.Refused) as caught:
            wrong.send(event(city))
        assert (caught.value.status, caught.value.reason) == (401, "signature_wrong")
    assert sum(Refusal.objects.filter(reason="signature_wrong", key_id=key.key_id).values_list("count", flat=True)) == 2
    signing.revoke(key, by=None, now=datetime.now(UTC))
    revoked = scene_client.SceneClient(HERE, key.key_id, _secret, opener=line)
    with pytest.raises(scene_client.Refused) as caught:
        revoked.send(event(city))
    assert (caught.value.status, caught.value.reason) == (403, "key_revoked")


def test_bodies_that_are_no_event_are_refused(city, sender, line) -> None:
    key = SceneKey.objects.get()
    for path, body, reason in (
        ("events", b"not json", "event_malformed"), ("events", b"[" * 5000, "event_malformed"), ("events", b"NaN", "event_malformed"),
        ("batches", b"[]", "batch_key_malformed"), ("batches", b'{"key": "k", "events": 7}', "event_malformed"),
        ("batches", b'{"key": "", "events": []}', "batch_key_malformed"), ("batches", b'{"key": "k", "events": [], "x": 1}', "event_malformed"),
    ):  # fmt: skip
        time, nonce = str(int(datetime.now(UTC).timestamp())), f"nonce-{path}-{len(body):06d}-{reason}"[:64]
        address = f"/api/inclusion/{path}"
        headers = {
            "X-Dafeng-Key": key.key_id, "X-Dafeng-Time": time, "X-Dafeng-Nonce": nonce,
            "X-Dafeng-Signature": signatures.sign(sender.secret, "POST", address, time, nonce, body),
        }  # fmt: skip
        answer = Client().post(address, body, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, reason), body[:40]


def test_an_event_that_is_too_long_is_refused_before_it_is_read(city, sender) -> None:
    with pytest.raises(scene_client.Refused) as caught:
        sender.send(event(city, device="x" * 9000))
    assert caught.value.status == 413


def test_the_scenes_are_told_to_everybody(client, city) -> None:
    found = client.get("/api/inclusion/scenes").json()
    assert [each["code"] for each in found["items"]] == ["bike-ride", "bus-ride"]
    assert found["items"][1]["fields"][0]["name"] == "distance"
