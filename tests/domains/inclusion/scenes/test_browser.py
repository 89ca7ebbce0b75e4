"""The owner's desk and the citizen's check-in as people use them, on a desk and on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dafeng.domains.inclusion.models import Event, SceneKey
from dafeng.domains.inclusion.scenes import sheet
from tests.domains.inclusion.scenes.world import City, scene
from tests.portal.conftest import browser, faults, open_page  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = "/inclusion/scenes/desk/bus/"


@pytest.fixture
def town(fresh_ledger) -> City:
    return City()


def signed_in(role: str, organisation: str) -> tuple[Client, Any]:
    from dafeng.portal.accounts.models import Membership, Organisation, User

    user = User.objects.create_user(f"{role}-login", password="a-long-test-password")
    office, _made = Organisation.objects.get_or_create(code=organisation, defaults={"name": organisation})
    Membership.objects.create(user=user, organisation=office, role=role, place="411500")
    client = Client()
    client.force_login(user)
    return client, user


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_an_owner_makes_a_key_and_delivers_a_table(town, open_page, size, tmp_path) -> None:  # noqa: F811
    client, _user = signed_in("scene", "bus")
    token = town.member()[1]["bus"]
    page = open_page(size, client=client)
    page.goto(f"{DESK}keys/")
    page.get_by_label("用途").fill("刷卡系统")
    page.get_by_role("button", name="新建密钥").click()
    assert page.locator("#new-secret").inner_text()
    assert SceneKey.objects.get().note == "刷卡系统"
    assert faults(page) == []

    from django.utils import timezone

    now = timezone.localtime()
    at = f"{now:%Y-%m-%d} 00:01" if now.hour else f"{now:%Y-%m-%d} 00:00"
    file = tmp_path / "events.csv"
    head = ",".join([*sheet.COLUMNS.values(), "distance"])
    file.write_text(f"{head}\nbus-ride,1,{token},{at},,,,,5\nbus-ride,2,{token},{at},,,,,-5\n", "utf-8")
    page.goto(f"{DESK}upload/")
    page.get_by_label("表格").set_input_files(file)
    page.get_by_role("button", name="预览").click()
    assert page.get_by_text("数量是负数").is_visible()
    assert faults(page) == []
    page.get_by_label("表格").set_input_files(file)
    page.get_by_role("button", name="提交", exact=True).click()
    page.wait_for_url("**/batches/**")
    assert faults(page) == []
    town.process(now=timezone.now())
    assert Event.objects.filter(state=Event.State.POSTED).count() == 1
    for address in (DESK, f"{DESK}refused/", f"{DESK}signature/", "/inclusion/scenes/", "/inclusion/scenes/spec/"):
        page.goto(address)
        assert faults(page) == [], address


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_citizen_notes_a_walk(town, open_page, size) -> None:  # noqa: F811
    client, user = signed_in("citizen", "citizens")
    town.member(user=user)
    scene(town.bus, "walk", "walking", title="步行出行", channels=["self"], daily_cap=30)
    page = open_page(size, client=client)
    page.goto("/inclusion/check-in/")
    assert faults(page) == []
    page.get_by_role("link", name="步行出行").click()
    page.get_by_label("里程").or_(page.locator("[name=data_distance]")).first.fill("2")
    assert faults(page) == []
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/done/**")
    assert page.get_by_text("正在计算").is_visible()
    from django.utils import timezone

    town.process(now=timezone.now())
    page.reload()
    # 0.104 kg/pkm × 2 km = 208 g: 20 points
    assert "20" in page.locator(".figures").inner_text()
    assert faults(page) == []


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_operator_opens_a_scene(town, open_page, size) -> None:  # noqa: F811
    client, _user = signed_in("operator", "inclusion-operator")
    page = open_page(size, client=client)
    page.goto("/inclusion/scenes/new/")
    assert faults(page) == []
    page.get_by_label("代码").fill("night-bus")
    page.get_by_label("名称", exact=True).fill("夜班公交")
    page.get_by_label("接口").check()
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/scenes/")
    assert page.get_by_text("夜班公交").is_visible()
    assert faults(page) == []
