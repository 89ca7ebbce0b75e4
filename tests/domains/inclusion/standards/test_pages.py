"""The pages and the API: what everybody reads, what the calculator says, and the way of a draft through the forms."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dafeng.domains.inclusion.models import MethodologyVersion, Rate, StandardComment
from dafeng.domains.inclusion.standards import library, versions
from tests.domains.inclusion.standards.conftest import NOW, TODAY

HOME = "/inclusion/standards/"


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def draft(programme, operator, version_of):
    return versions.begin(version_of("bus").methodology, by=operator, now=NOW)


@pytest.fixture
def open_draft(draft, operator):
    return versions.step(draft, "consult", by=operator, now=NOW, today=TODAY, until=TODAY + timedelta(days=30))


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def pages(programme) -> list[str]:
    rate = Rate.objects.get().record_id
    every = [f"{HOME}m/{code}/" for code in library.shipped()]
    return [HOME, f"{HOME}rates/", f"{HOME}rates/{rate}/", f"{HOME}sinks/forest/", f"{HOME}sinks/tea/", f"{HOME}m/bus/compare/", *every]  # fmt: skip


def test_everybody_reads_every_page_with_few_questions(client, programme) -> None:
    for address in pages(programme):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert len(asked) <= 12, (address, len(asked))
        assert page.count("<h1") == 1
        assert 'class="help"' in page
        assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", page)


def test_the_list_says_what_an_act_is_worth_and_what_stands_behind_it(client, programme) -> None:
    said = text_of(client.get(HOME))
    # 1 km by bus: 0.104 − 0.052 kg = 52 g; 1 kWh saved: 589.7 g, printed whole
    assert "公交出行 52 g CO₂e 每公里 引用 施行" in said
    assert "家庭节电 590 g CO₂e 每节约 1 千瓦时 草案 试行" in said
    assert "10 克二氧化碳当量 = 1 积分 试行" in said


def test_a_draft_says_that_it_is_one(client, programme) -> None:
    said = text_of(client.get(f"{HOME}m/waste-recycling/"))
    assert "这是本市草案，不是任何机关备案的方法学" in said
    assert "有 7 个因子没有可引用的来源" in said
    assert "按次计 5 个活动积分" in said


def test_the_calculator_shows_its_steps(client, programme) -> None:
    said = text_of(client.get(f"{HOME}m/bus/?in-distance=5"))
    assert "5 × (0.104 − 0.052) × 1 × 1000" in said
    assert "260 克二氧化碳当量" in said
    assert "26 分" in said
    assert "DB11/T 3043—2024" in said


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("bus/?in-distance=", "缺少必填的监测数据"),
        ("bus/?in-distance=-5", "监测数据超出方法学的范围"),
        ("bus/?in-distance=nan", "监测数据超出方法学的范围"),
        ("bus/?in-distance=%3Cscript%3E", "监测数据超出方法学的范围"),
        ("red-tourism/?in-means=rail&in-distance=5", "减排因子还没有可引用的来源"),
    ],
)
def test_the_calculator_says_why_there_is_nothing(client, programme, query: str, reason: str) -> None:
    answer = client.get(f"{HOME}m/{query}")
    assert answer.status_code == 200
    assert reason in text_of(answer)
    assert b"<script>" not in answer.content


@pytest.mark.parametrize(
    "address",
    ["m/nothing/", "m/bus/?version=99", "m/bus/?version=x", "sinks/lake/", "m/nothing/label.svg", "m/nothing/compare/"],
)
def test_what_is_not_there_is_not_found(client, programme, address: str) -> None:
    assert client.get(f"{HOME}{address}").status_code == 404


def test_a_draft_is_not_there_for_the_public(client, draft, operator) -> None:
    assert client.get(f"{HOME}m/bus/?version=2").status_code == 404
    assert client.get(f"{HOME}m/bus/label.svg?version=2").status_code == 404
    client.force_login(operator)
    assert client.get(f"{HOME}m/bus/?version=2").status_code == 200


@pytest.mark.parametrize("code", library.shipped())
def test_every_label_is_a_sound_picture(client, programme, code: str) -> None:
    answer = client.get(f"{HOME}m/{code}/label.svg")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    tree = ElementTree.fromstring(answer.content)
    assert tree.get("width") == "240"
    assert "style" not in answer.content.decode()
    said = "".join(tree.itertext())
    assert library.shipped()[code].title in said
    assert ("城市草案" in said) == (library.shipped()[code].standing == "draft")


def test_a_name_cannot_break_out_of_the_label(client, programme, version_of) -> None:
    methodology = version_of("bus").methodology
    methodology.title = "<script>alert(1)</script>&"
    methodology.save()
    ElementTree.fromstring(client.get(f"{HOME}m/bus/label.svg").content)


# ---------- the sink ----------

STAND = "species-1=马尾松&area-1=10&before-1=80&now-1=100&burnt-1="


def test_the_sink_calculator_counts(client, programme) -> None:
    # as in test_sinks: 1.827539 × 1.187 × 10 × 0.46 × 44/12 × (100^0.792975 − 80^0.792975) × 0.94
    expected = 1.827539 * 1.187 * 10 * 0.46 * 44 / 12 * (100**0.792975 - 80**0.792975) * 0.94
    said = text_of(client.get(f"{HOME}sinks/forest/?{STAND}&uncertainty=15"))
    assert f"{expected:,.2f} 吨二氧化碳当量" in said


@pytest.mark.parametrize(
    ("kind", "query", "reason"),
    [
        ("forest", f"{STAND}&uncertainty=31", "超过 30%"),
        ("forest", f"{STAND}&uncertainty=viel", "不是数"),
        ("forest", f"{STAND}&uncertainty=1,2", "不是数"),
        ("forest", "uncertainty=10", "没有地块"),
        ("forest", "species-1=湿地松&area-1=1&before-1=1&now-1=2&uncertainty=10", "为空"),
        ("forest", "species-1=马尾松&area-1=-1&before-1=1&now-1=2&uncertainty=10", "第 1 个地块"),
        ("tea", "area-1=1&before-1=1&now-1=2&uncertainty=10", "含碳率"),
    ],
)
def test_the_sink_calculator_says_what_is_wrong(client, programme, kind: str, query: str, reason: str) -> None:
    answer = client.get(f"{HOME}sinks/{kind}/?{query}")
    assert answer.status_code == 422
    assert reason in text_of(answer)


# ---------- the way of a draft ----------


def test_a_version_goes_its_way_through_the_pages(client, programme, operator, office, person, monkeypatch) -> None:
    client.force_login(operator)
    answer = client.post(f"{HOME}m/bus/begin/")
    edit = answer.headers["Location"]
    assert edit == f"{HOME}m/bus/2/edit/"
    form = client.get(edit).context["form"]
    data = {name: field.initial if (field := form.fields[name]).initial is not None else "" for name in form.fields}
    data |= {name: value for name, value in form.initial.items() if value is not None} | {"discount": "10"}
    answer = client.post(edit, data)
    assert answer.status_code == 302, answer.context["form"].errors
    assert MethodologyVersion.objects.get(methodology_id="bus", number=2).content["discount"] == pytest.approx(0.1)
    step = f"{HOME}m/bus/2/step/"
    until = TODAY + timedelta(days=10)
    client.post(step, {"state": "draft", "action": "consult", "until": str(until)})
    citizen = person("citizen")
    client.force_login(citizen)
    client.post(f"{HOME}m/bus/2/comment/", {"text": "扣减一成太多了", "name": ""})
    said = StandardComment.objects.get()
    client.force_login(operator)
    client.post(f"{HOME}comments/{said.pk}/answer/", {"reply": "保留意见。"})
    assert "保留意见" in text_of(client.get(f"{HOME}m/bus/?version=2"))
    after = NOW + timedelta(days=11)
    monkeypatch.setattr("django.utils.timezone.now", lambda: after)
    client.force_login(operator)
    client.post(step, {"state": "comment", "action": "submit"})
    client.force_login(office)
    client.post(step, {"state": "review", "action": "file", "reason": "评审通过"})
    # 5 × 52 g × 0.9 = 234 g
    assert "234 克二氧化碳当量" in text_of(client.get(f"{HOME}m/bus/?in-distance=5"))
    assert "10.0%" in text_of(client.get(f"{HOME}m/bus/compare/?a=1&b=2"))


def test_a_changed_factor_asks_for_its_source(client, draft, operator) -> None:
    client.force_login(operator)
    edit = f"{HOME}m/bus/2/edit/"
    form = client.get(edit).context["form"]
    data = {name: "" if field.initial is None else field.initial for name, field in form.fields.items()}
    data |= {name: value for name, value in form.initial.items() if value is not None} | {"value-1": "0.06"}
    answer = client.post(edit, data)
    assert answer.status_code == 422
    assert "请写明新数值的来源" in text_of(answer)
    assert client.post(edit, data | {"source-1": "本市公交测算报告 2026"}).status_code == 302
    factor = MethodologyVersion.objects.get(pk=draft.pk).content["factors"][1]
    assert (factor["value"], factor["standing"], factor["set"]) == (0.06, "municipal", "城市填写")
    assert client.post(edit, data).status_code in (409, 422)  # opened on what is no longer there


def test_a_step_from_an_old_page_is_refused(client, open_draft, operator) -> None:
    client.force_login(operator)
    answer = client.post(f"{HOME}m/bus/2/step/", {"state": "draft", "action": "consult", "until": "2026-12-31"})
    assert answer.status_code == 409


@pytest.mark.parametrize("until", ["", "2026-13-45", "next week", "2020-01-01"])
def test_a_date_that_is_none_is_told(client, draft, operator, until: str) -> None:
    client.force_login(operator)
    answer = client.post(f"{HOME}m/bus/2/step/", {"state": "draft", "action": "consult", "until": until})
    assert answer.status_code == 422


def test_who_may_not_gets_403_and_a_stranger_is_sent_to_log_in(client, open_draft, person) -> None:
    assert client.post(f"{HOME}m/bus/2/comment/", {"text": "意见意见意见"}).status_code == 302
    assert not StandardComment.objects.exists()
    client.force_login(person("citizen"))
    for address in ("m/bus/begin/", "m/bus/2/step/", "comments/1/answer/"):
        assert client.post(f"{HOME}{address}").status_code == 403, address
    assert client.get(f"{HOME}new/").status_code == 403


def test_a_methodology_of_ones_own_begins_in_the_form(client, programme, operator) -> None:
    client.force_login(operator)
    given = {"title": "轮渡出行", "title_en": "", "code": "ferry", "group": "travel", "method": "inclusion.travel.bus"}
    assert client.post(f"{HOME}new/", given).headers["Location"] == f"{HOME}m/ferry/1/edit/"
    assert client.post(f"{HOME}new/", given).status_code == 422
    assert client.get(f"{HOME}m/ferry/1/edit/").status_code == 200
    assert client.get(HOME).status_code == 200
    assert client.get(f"{HOME}m/ferry/label.svg").status_code == 200


def test_a_rate_is_proposed_and_commented_on(client, programme, operator, person) -> None:
    client.force_login(operator)
    given = {"grams_per_point": "20", "valid_from": "2027-06-01", "basis": "两年后复核"}
    address = client.post(f"{HOME}rates/new/", given).headers["Location"]
    assert client.post(f"{HOME}rates/new/", given).status_code == 422
    client.post(f"{address}step/", {"state": "draft", "action": "consult", "until": "2026-12-31"})
    client.force_login(person("citizen"))
    client.post(f"{address}comment/", {"text": "太少了，请不要改"})
    assert "太少了" in text_of(client.get(address))


def test_the_inbox_and_the_search_lead_to_the_pages(client, open_draft, operator, office) -> None:
    versions.step(open_draft, "submit", by=operator, now=NOW, today=TODAY + timedelta(days=31))
    client.force_login(office)
    assert f"{HOME}m/bus/?version=2" in client.get("/tasks/").content.decode()
    assert f"{HOME}m/bus/" in client.get("/search/?q=公交").content.decode()


def test_the_english_reader_gets_english_names(client, programme) -> None:
    page = text_of(client.get(HOME, headers={"accept-language": "en"}))
    assert "Bus trips" in page


# ---------- the API ----------


def test_the_api_lists_shows_and_computes(client, programme) -> None:
    listed = client.get("/api/inclusion/methodologies?group=travel").json()
    assert {each["code"] for each in listed["items"]} == {
        "bus",
        "walking",
        "cycling",
        "shared-bike",
        "ev-driving",
        "ev-charging",
    }
    shown = client.get("/api/inclusion/methodologies/bus").json()
    assert shown["digest"] == MethodologyVersion.objects.get(methodology_id="bus").digest
    assert {each["parameter"]: each["value"] for each in shown["factors"]} == {
        "trip_baseline_ef": 0.104,
        "bus_ef": 0.052,
    }
    assert shown["fields"][0]["name"] == "distance"
    answer = client.post(
        "/api/inclusion/methodologies/bus/compute",
        json.dumps({"data": {"distance": 5}}),
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    assert {name: answer.json()[name] for name in ("grams", "points", "reason", "version")} == {"grams": 260, "points": 26, "reason": "", "version": 1}  # fmt: skip
    assert client.get("/api/inclusion/rates").json()["items"][0]["grams_per_point"] == 10


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"data": {"distance": None}}, 422),
        ({"data": {"distance": "x"}}, 200),
        ({"data": {}, "day": "2020-01-01"}, 200),
    ],
)
def test_the_api_answers_bad_input_with_a_reason(client, programme, body: dict, status: int) -> None:
    answer = client.post("/api/inclusion/methodologies/bus/compute", json.dumps(body), content_type="application/json")
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["reason"] in ("field_out_of_range", "methodology_not_in_force")
    assert client.get("/api/inclusion/methodologies/nothing").status_code == 404
    assert client.get("/api/inclusion/methodologies/bus?version=99").status_code == 404
