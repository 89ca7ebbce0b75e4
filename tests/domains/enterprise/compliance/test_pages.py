"""The pages: what they show, to whom, in how many questions; and that a form does what it says."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dafeng.domains.enterprise.compliance import holdings, owing, surrendering
from dafeng.domains.enterprise.models import Allocation, CarbonTrade, RuleSignature, Surrender
from tests.domains.enterprise.compliance.conftest import COAL, NOW

pytestmark = pytest.mark.django_db
BOARD = "/enterprise/compliance/firms/plant/"


@pytest.fixture
def signed_in():
    def make(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def desk(bureau, signed_in):
    return signed_in(bureau)


@pytest.fixture
def office(clerk, signed_in):
    return signed_in(clerk)


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:2000]
    return re.sub(r"\s+", " ", answer.content.decode())


ADDRESSES = [
    "/enterprise/compliance/?year=2019", "/enterprise/compliance/city/?year=2019", "/enterprise/compliance/rules/", "/enterprise/compliance/rules/power-2024/",
    "/enterprise/compliance/rules/hubei-2021/", "/enterprise/compliance/prices/", "/enterprise/compliance/calendar/", "/enterprise/compliance/screening/?year=2025", f"{BOARD}?year=2019", f"{BOARD}plan/?year=2019",
    f"{BOARD}plan/?year=2019&ccer_price=30&next_value=60&group=on", f"{BOARD}what-if/", f"{BOARD}exposure/?year=2019", f"{BOARD}exposure/?year=2025", f"{BOARD}2019/allocate/", f"{BOARD}2025/allocate/", f"{BOARD}2019/trade/", f"{BOARD}2019/cuts/", f"{BOARD}2020/duty/paper/",
    "/enterprise/compliance/lists/?year=2019", "/enterprise/compliance/ccer/", "/enterprise/compliance/trial/", "/enterprise/compliance/trial/?set=guangdong-2021",
    "/enterprise/compliance/trial/?set=hubei-2021",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_opens_in_few_questions_with_one_heading_and_help(stocked, desk, address, language):
    desk.cookies["django_language"] = language
    first = desk.get(address)
    assert first.status_code == 200
    with CaptureQueriesContext(connection) as asked:
        page = desk.get(address).content.decode()
    assert len(asked) <= 12, [each["sql"][:120] for each in asked]
    assert page.count("<h1") == 1
    assert 'class="help"' in page
    assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", page)


def test_the_board_shows_what_is_owed_and_where_it_comes_from(stocked, office):
    page = text_of(office, f"{BOARD}?year=2019")
    assert "1,000,000" in page  # the duty
    assert "979,000" in page  # what is held
    assert "21,000" in page  # what lacks: 1,000,000 − 979,000
    assert "缺口上限" in page


def test_a_firm_does_not_see_another_and_a_county_only_its_own(stocked, firms, person, signed_in):
    other = signed_in(person("enterprise", "other", "stranger-people", "411522"))
    for address in (BOARD, f"{BOARD}plan/", f"{BOARD}what-if/"):
        assert other.get(address).status_code == 404
    assert "试验电厂" not in text_of(other, "/enterprise/compliance/?year=2019")
    here = signed_in(person("county", "pingqiao", "county-411503", "411503"))
    there = signed_in(person("county", "guangshan", "county-411522", "411522"))
    assert here.get(BOARD).status_code == 200
    assert there.get(BOARD).status_code == 404
    assert "试验电厂" not in text_of(there, "/enterprise/compliance/?year=2019")
    for client in (other, here, there):
        assert client.get("/enterprise/compliance/city/").status_code == 403


def test_a_firm_applies_and_the_bureau_confirms(stocked, office, desk):
    key = {"do": "surrender", "tonnes": 900_000, "ccer": 0, "key": "k"}
    assert office.post(f"{BOARD}2019/act/", key).status_code == 302
    applied = Surrender.objects.get()
    assert office.post(f"/enterprise/compliance/surrenders/{applied.pk}/", {"do": "grant"}).status_code == 403
    assert "确认清缴" in text_of(desk, f"{BOARD}?year=2019")
    assert desk.post(f"/enterprise/compliance/surrenders/{applied.pk}/", {"do": "grant"}).status_code == 302
    assert surrendering.surrendered(stocked, 2019) == (900_000, 0)
    assert "已清缴" in text_of(office, f"{BOARD}?year=2019")


def test_what_is_refused_comes_back_with_the_form_and_changes_nothing(stocked, office):
    answer = office.post(f"{BOARD}2019/act/", {"do": "surrender", "tonnes": 2_000_000, "ccer": 0, "key": "k"})
    assert answer.status_code == 422
    assert "只欠" in answer.content.decode()
    assert not Surrender.objects.exists()
    assert office.post(f"{BOARD}2019/act/", {"do": "move", "asset": "CEA", "to": "trading", "tonnes": "x", "key": "k"}).status_code == 422  # fmt: skip
    assert office.post(f"{BOARD}2019/act/", {"do": "steal"}).status_code == 404


def test_moving_and_cancelling_by_form(stocked, office):
    for _twice in range(2):
        office.post(f"{BOARD}2019/act/", {"do": "move", "asset": "CEA", "to": "trading", "tonnes": 5, "key": "same"})
    assert [each.total for each in holdings.of(stocked) if each.bucket == "trading"] == [5]
    office.post(f"{BOARD}2019/act/", {"do": "cancel", "vintage": 2019, "tonnes": 7, "key": "c"})
    assert sum(each.total for each in holdings.of(stocked)) == 978_993


def typed(*units) -> dict[str, str]:
    """Units as the form sends them."""
    rows = {f"form-{i}-{'class_' if name == 'class' else name}": str(value) for i, each in enumerate(units) for name, value in each.items()}  # fmt: skip
    return {"form-TOTAL_FORMS": str(len(units)), "form-INITIAL_FORMS": "0"} | rows


def test_the_bureau_signs_and_then_allocates_by_form(covered, desk):
    unit = {"stage": "final"} | typed(COAL)
    refused = desk.post(f"{BOARD}2024/allocate/", unit | {"do": "issue"})
    assert refused.status_code == 422
    assert "待确认" in refused.content.decode()
    shown = desk.post(f"{BOARD}2024/allocate/", unit | {"do": "show"}).content.decode()
    assert "794,400" in shown
    assert not Allocation.objects.exists()
    desk.post("/enterprise/compliance/rules/power-2024/sign/", {"item": "output-basis", "source": "原文", "stands": "yes"})  # fmt: skip
    assert RuleSignature.objects.count() == 1
    done = desk.post(f"{BOARD}2024/allocate/", unit | {"do": "issue"})
    assert done.status_code == 302
    steps = text_of(desk, done.headers["Location"])
    assert "0.7944" in steps
    assert "794,400" in steps
    panel = desk.get(done.headers["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in panel
    assert "0.7944" in panel


def test_a_trade_by_form_is_registered_once(stocked, desk):
    given = {"side": "buy", "other": "", "batch": "", "vintage": 2019, "tonnes": 100, "price": "50.10", "way": "listing", "day": "2021-12-01", "number": "n1", "key": "k"}  # fmt: skip
    assert desk.post(f"{BOARD}2019/trade/", given).status_code == 302
    assert desk.post(f"{BOARD}2019/trade/", given).status_code == 302
    assert CarbonTrade.objects.count() == 1
    assert desk.post(f"{BOARD}2019/trade/", given | {"price": "0"}).status_code == 422


def test_the_bureau_freezes_thaws_and_lets_lapse_by_form(stocked, desk, office):
    order = {"order": "c-1", "court": "xinyang"}
    freeze = order | {"do": "freeze", "bucket": "registry", "tonnes": 1_000}
    assert office.post(f"{BOARD}2019/office/", freeze).status_code == 403
    assert desk.post(f"{BOARD}2019/office/", freeze).status_code == 302
    assert holdings.totals(holdings.of(stocked))["frozen"] == 1_000
    assert desk.post(f"{BOARD}2019/office/", order | {"do": "thaw", "court": "other"}).status_code == 422
    assert desk.post(f"{BOARD}2019/office/", order | {"do": "thaw"}).status_code == 302
    assert holdings.totals(holdings.of(stocked))["frozen"] == 0
    answer = desk.post(f"{BOARD}2019/office/", {"do": "lapse"})
    assert answer.status_code == 422  # the duty of 2019 is open
    assert desk.post(f"{BOARD}2019/office/", {"do": "burn"}).status_code == 404


def test_the_duty_by_button(stocked, desk, firms):
    assert desk.post(f"{BOARD}2019/duty/").status_code == 302
    assert desk.post(f"{BOARD}2020/duty/").status_code == 422
    assert desk.post("/enterprise/compliance/firms/nobody/2020/duty/").status_code == 404


def test_open_values_are_marked_and_a_draft_says_so(client, db):
    page = text_of(client, "/enterprise/compliance/rules/power-2024/")
    assert "待确认" in page
    assert "签认记录" not in page
    draft = text_of(client, "/enterprise/compliance/rules/power-draft-2025/")
    assert "征求意见稿" in draft
    assert "NE" in draft
    assert client.get("/enterprise/compliance/rules/none/").status_code == 404


def test_the_planner_says_why(stocked, office):
    page = text_of(office, f"{BOARD}plan/?year=2019&ccer_price=30")
    assert "应清缴量的 5%" in page
    assert "50,000" in page  # 5 % of 1,000,000
    assert office.get(f"{BOARD}plan/?year=2019&ccer_price=-1").status_code == 422


def test_the_city_tells_what_tighter_benchmarks_would_do(stocked, desk):
    page = text_of(desk, "/enterprise/compliance/city/?year=2019&tighter=10")
    assert "881,100" in page  # 979,000 less 10 %
    assert "97,900" in page


def test_a_firm_with_no_year_is_told_so(firms, signed_in, person):
    mine = signed_in(person("enterprise", "none", "stranger-people", "411522"))
    page = text_of(mine, "/enterprise/compliance/firms/stranger/")
    assert "没有列入过碳市场名录" in page


def test_the_example_of_the_what_if_is_named_an_example(stocked, office):
    assert "举例的数" in text_of(office, f"{BOARD}what-if/")
    given = "rule_set=power-2019&class_=coal_small&cooling=water&output=1000000&heat=0&heat_ratio=0&load_factor=0.86&fuel=400000&ncv=21&carbon=0.026&untested=on&default_carbon=default"  # fmt: skip
    page = text_of(office, f"{BOARD}what-if/?{given}")
    # 400,000 × 21 × 0.026 × 0.99 × 44/12 = 792,792; × 0.03356/0.026 = 1,023,311.52
    assert "792,792" in page
    assert "1,023,312" in page
    assert office.get(f"{BOARD}what-if/?{given.replace('ncv=21', 'ncv=0')}").status_code == 422


def test_reminders_and_tasks_go_to_those_who_owe(stocked, clerk, bureau, lock):
    from datetime import UTC, datetime

    from dafeng.domains.enterprise.compliance import deadlines
    from dafeng.kernel.desk.models import Notice
    from dafeng.kernel.desk.registry import tasks_of

    lock(stocked, 2025, 500_000)
    owing.register_duty(stocked, 2025, by=bureau, now=NOW)
    now = datetime(2026, 12, 2, 1, tzinfo=UTC)
    assert any("2025" in each.title for each in tasks_of(clerk, now=now))
    assert deadlines.remind(today=now.date(), now=now) == 1
    assert deadlines.remind(today=now.date(), now=now) == 0  # once a step
    assert deadlines.remind(today=datetime(2026, 12, 25, tzinfo=UTC).date(), now=now) == 1
    assert {each.user for each in Notice.objects.all()} == {clerk}


def test_the_allocation_of_another_firm_is_not_there(stocked, person, signed_in):
    other = signed_in(person("enterprise", "other", "stranger-people", "411522"))
    made = Allocation.objects.get()
    assert other.get(f"{BOARD}allocations/{made.pk}/").status_code == 404
    assert COAL["unit"] == made.rows[0]["unit"]
