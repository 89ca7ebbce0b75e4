"""The pages: who sees what, and what their forms do."""

from __future__ import annotations

import re
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dafeng.domains.inclusion.models import Event, Photo, Scene, SceneKey
from dafeng.domains.inclusion.scenes import privacy, sheet
from dafeng.kernel.api import signatures
from dafeng.kernel.records.models import AuditEntry
from tests.domains.inclusion.scenes.world import NOW, scene

DESK = "/inclusion/scenes/desk/bus/"


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def login(client):
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def as_(role: str, organisation: str) -> Any:
        user = User.objects.create_user(f"{role}-{organisation}", password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(code=organisation, defaults={"name": organisation})
        Membership.objects.create(user=user, organisation=office, role=role, place="411500")
        client.force_login(user)
        return user

    return as_


def test_an_owner_sees_their_own_desk_and_no_other(client, city, login) -> None:
    login("scene", "bus")
    assert client.get("/inclusion/scenes/desk/").headers["Location"] == DESK
    for page in ("", "refused/", "keys/", "signature/", "upload/", "upload/template/"):
        assert client.get(DESK + page).status_code == 200
        assert client.get(f"/inclusion/scenes/desk/bike/{page}").status_code == 404


def test_a_key_is_shown_once_and_can_be_revoked(client, city, login) -> None:
    login("scene", "bus")
    page = client.post(DESK + "keys/", {"note": "cards"}).content.decode()
    secret = re.search(r'id="new-secret">([^<]+)<', page)[1]
    key = SceneKey.objects.get()
    assert key.key_id in page
    again = client.get(DESK + "keys/")
    assert secret not in again.content.decode()
    assert again.headers["Cache-Control"] == "no-store"
    assert client.post(f"/inclusion/scenes/desk/bus/keys/{key.key_id}/revoke/").status_code == 302
    key.refresh_from_db()
    assert key.revoked_at == NOW
    assert {each.action for each in AuditEntry.objects.filter(subject_id=key.key_id)} == {
        "inclusion.key.make",
        "inclusion.key.revoke",
    }


def test_the_signature_helper_compares_and_gives_no_signature_away(client, city, login) -> None:
    from dafeng.domains.inclusion.scenes import signing

    login("scene", "bus")
    key, secret = signing.make_key(city.bus, by=None, now=NOW)
    values = ("POST", "/api/inclusion/events", "1795219200", "0123456789abcdef", b"{}")
    right = signatures.sign(secret, *values)
    form = {"key": key.key_id, "method": "POST", "path": values[1], "time": values[2], "nonce": values[3], "body": "{}"}
    assert "签名正确" in client.post(DESK + "signature/", {**form, "given": right}).content.decode()
    page = client.post(DESK + "signature/", {**form, "given": "0" * 64}).content.decode()
    assert "签名不对" in page
    assert signatures.text(*values) in page
    assert right not in page


def test_a_table_is_previewed_then_committed_once(client, city, login) -> None:
    login("scene", "bus")
    token = city.member()[1]["bus"]
    head = ",".join([*sheet.COLUMNS.values(), "distance"])
    content = f"{head}\nbus-ride,1,{token},2026-11-20 08:00,2026-11-20 08:20,,,,5\nbus-ride,2,{token},2026-11-20 09:00,,,,,-5\n"

    def sent(step: str) -> Any:
        file = SimpleUploadedFile("events.csv", content.encode(), "text/csv")
        return client.post(DESK + "upload/", {"file": file, "step": step})

    page = sent("preview").content.decode()
    assert "数量是负数" in page
    assert not Event.objects.exists()
    for _ in range(2):
        assert sent("commit").status_code == 302
    assert Event.objects.filter(state=Event.State.RECEIVED).count() == 1
    receipt = client.get(sent("commit").headers["Location"]).content.decode()
    assert "数量是负数" in receipt
    assert "数量是负数" in client.get(DESK + "refused/").content.decode()


def test_the_operator_opens_changes_and_closes_a_scene(client, city, login) -> None:
    login("operator", "inclusion-operator")
    form = {
        "partner": "bus", "code": "night-bus", "methodology": "bus", "title": "夜班公交", "channels": ["api"], "event_cap": 0,
        "daily_cap": 50, "monthly_cap": 0, "limits": "distance 1 40", "active": "on",
    }  # fmt: skip
    assert client.post("/inclusion/scenes/new/", form).status_code == 302
    made = Scene.objects.get(code="night-bus")
    assert (made.limits, made.daily_cap) == ({"distance": [1.0, 40.0]}, 50)
    assert client.post("/inclusion/scenes/new/", form).status_code == 422
    page = client.get("/inclusion/scenes/night-bus/edit/").content.decode()
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]
    closed = {**form, "seen": seen}
    del closed["active"]
    assert client.post("/inclusion/scenes/night-bus/edit/", closed).status_code == 302
    made.refresh_from_db()
    assert not made.active
    assert client.post("/inclusion/scenes/night-bus/edit/", closed).status_code == 409  # opened on what is no longer so
    assert client.post("/inclusion/scenes/new/", {**form, "code": "x", "limits": "speed 1 2"}).status_code == 422


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    size = b"\0\0\0\1\0\0\0\1\x08\0\0\0\0"
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"tEXt", b"Place\0secret")
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
        + chunk(b"IEND", b"")
    )


def test_a_citizen_checks_in_once_with_a_picture_that_tells_nothing(client, city, login) -> None:
    user = login("citizen", "citizens")
    who, _tokens = city.member(user=user)
    scene(city.bus, "trees", "tree-planting", channels=["self"], photo=True)
    page = client.get("/inclusion/check-in/trees/").content.decode()
    key = re.search(r'name="key" value="([0-9a-f-]+)"', page)[1]
    without = client.post("/inclusion/check-in/trees/", {"key": key, "data_trees": "3"})
    assert without.status_code == 422

    def sent() -> Any:
        photo = SimpleUploadedFile("tree.png", png(), "image/png")
        return client.post("/inclusion/check-in/trees/", {"key": key, "data_trees": "3", "photos": photo})

    first, second = sent(), sent()
    assert first.headers["Location"] == second.headers["Location"]
    event = Event.objects.get()
    assert (event.member, event.data) == (who, {"trees": 3.0})
    kept = Photo.objects.get()
    assert b"secret" not in bytes(kept.content)
    assert client.get(f"/inclusion/check-in/photos/{kept.pk}/").status_code == 200
    assert "几秒内入账" in client.get(first.headers["Location"]).content.decode()
    city.process()
    assert "20" in client.get(first.headers["Location"]).content.decode()  # fixed points of the city's draft
    assert privacy.about(who)["打卡照片"][0]["行为"] == event.pk
    privacy.forget(who, now=NOW)
    event.refresh_from_db()
    assert (event.data, Photo.objects.count(), event.points) == ({}, 0, 20)


def test_a_picture_of_another_kind_is_refused_in_words(client, city, login) -> None:
    city.member(user=login("citizen", "citizens"))
    scene(city.bus, "trees", "tree-planting", channels=["self"], photo=True)
    photo = SimpleUploadedFile("tree.gif", b"GIF89a", "image/gif")
    form = {"key": "00000000-0000-0000-0000-000000000001", "data_trees": "3", "photos": photo}
    answer = client.post("/inclusion/check-in/trees/", form)
    assert answer.status_code == 422
    assert "JPG" in answer.content.decode()
    assert not Event.objects.exists()


def test_anothers_receipt_is_not_there(client, city, login) -> None:
    _who, tokens = city.member()
    city.send(city.event(tokens["bus"]))
    city.member(user=login("citizen", "citizens"))
    assert client.get(f"/inclusion/check-in/done/{Event.objects.get().pk}/").status_code == 404


def test_the_public_list_tells_caps_and_hides_closed_scenes(client, city) -> None:
    Scene.objects.filter(code="bus-ride").update(daily_cap=120)
    Scene.objects.filter(code="bike-ride").update(active=False)
    page = client.get("/inclusion/scenes/").content.decode()
    assert "每天最多 120 分" in page
    assert "bike-ride" not in page
