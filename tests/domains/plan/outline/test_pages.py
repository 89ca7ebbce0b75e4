"""The pages of the plan: what each role sees, the reviewer's path from upload to the plan in force, and its limits."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import dafeng.cities
from dafeng.domains.plan.models import Correction, Plan, Question, Target, Version
from dafeng.domains.plan.services import corrections, plans
from dafeng.domains.plan.services.content import found_in
from tests.domains.plan.outline.conftest import NOW, TEXT

FACTS = Path(dafeng.cities.__file__).parent / "xinyang" / "plan"


@pytest.fixture
def demo(town):
    return plans.load_facts(town, FACTS, by=None, now=NOW)


@pytest.fixture
def desk(client, office):
    client.force_login(office)
    return client


def document(text: str = TEXT, name: str = "方案.txt"):
    return SimpleUploadedFile(name, text.encode(), "text/plain")


def test_the_clerk_hands_in_corrects_accepts_and_sees_the_plan(desk, town) -> None:
    answer = desk.post("/plan/plans/upload/", {"file": document(), "plan": "", "title": "", "whole": "1"})
    version = Version.objects.get()
    address = f"/plan/plans/{version.plan.key}/versions/1/"
    assert (answer.status_code, answer["Location"]) == (302, address)
    page = desk.get(address).content.decode()
    for sign in ('class="m m-target read"', "<b>目</b>", "<b>任</b>", "采纳这一版"):
        assert sign in page
    wind = next(each for each in found_in(version).of("target") if each.name == "风电装机")
    form = {"do": "change", "indicator": "风电装机", "kind": "level", "direction": "", "operator": ">=", "low": "120", "high": "", "unit": "万千瓦", "year": "2026", "baseline_year": "", "strength": "must", "scope": "", "reason": ""}  # fmt: skip
    answer = desk.post(f"{address}items/{wind.ref}/", form)
    assert answer["Location"] == f"{address}#i-{wind.ref}"
    assert Correction.objects.get().value == {"operator": ">=", "year": 2026}
    seen = desk.get(address).context["seen"]
    assert desk.post(f"{address}accept/", {"seen": seen})["Location"] == f"/plan/plans/{version.plan.key}/"
    assert Target.objects.get(indicator="风电装机").year == 2026
    page = desk.get(f"/plan/plans/{version.plan.key}/").content.decode()
    assert page.index("非化石能源消费比重") < page.index("发展风电") < page.index("风电装机") < page.index("改造建筑")


def test_a_stale_tab_is_told_and_changes_nothing(desk, hand_in, person) -> None:
    version = hand_in()
    address = f"/plan/plans/{version.plan.key}/versions/1/"
    seen = desk.get(address).context["seen"]
    target = found_in(version).of("target")[0]
    corrections.drop(version, target.ref, reason="x", by=person("ndrc", "other"), now=NOW)
    answer = desk.post(f"{address}accept/", {"seen": seen})
    assert answer.status_code == 409
    assert "有人又作了更正" in answer.content.decode()
    assert not Target.objects.exists()


def test_two_plans_for_one_period_are_a_choice_on_the_page(desk, accepted, hand_in) -> None:
    accepted()
    other = hand_in(TEXT.replace("120", "200"))
    address = f"/plan/plans/{other.plan.key}/versions/1/"
    page = desk.get(address)
    assert "同一时期已有在执行的方案" in page.content.decode()
    refused = desk.post(f"{address}accept/", {"seen": page.context["seen"]})
    assert (refused.status_code, Plan.objects.filter(versions__current=True).count()) == (422, 1)
    desk.post(f"{address}accept/", {"seen": page.context["seen"], "alongside": "1"})
    assert Plan.objects.filter(versions__current=True).count() == 2


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"file": document("   "), "whole": "1"}, "空的"),
        ({"whole": "1"}, "没有选择文件"),
        ({"file": document()}, "上传中断"),
        ({"file": document(), "plan": "nowhere", "whole": "1"}, "没有这个方案"),
        ({"file": SimpleUploadedFile("坏.pdf", b"%PDF-1.7 nothing"), "whole": "1"}, "PDF"),
        ({"file": SimpleUploadedFile("旧.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9), "whole": "1"}, "旧版 Word"),
    ],
)
def test_a_bad_upload_is_answered_with_what_and_how_to_mend(desk, town, form, said: str) -> None:
    for each in form.values():
        if hasattr(each, "seek"):
            each.seek(0)
    answer = desk.post("/plan/plans/upload/", form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Version.objects.exists()


def test_a_form_with_faults_says_which_field(desk, hand_in) -> None:
    version = hand_in()
    target = found_in(version).of("target")[0]
    address = f"/plan/plans/{version.plan.key}/versions/1/items/{target.ref}/"
    answer = desk.post(address, {"do": "change", "indicator": "", "kind": "level", "operator": "range", "low": "5", "high": "3", "year": "12", "strength": "must"})  # fmt: skip
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"indicator", "high", "year"}
    assert desk.post(address, {"do": "drop", "reason": ""}).status_code == 422


def test_what_was_missed_is_added_from_its_quote(desk, hand_in) -> None:
    version = hand_in()
    address = f"/plan/plans/{version.plan.key}/versions/1/add/"
    assert "开展全民宣传" in desk.get(f"{address}?quote=开展全民宣传").content.decode()
    form = {"quote": "开展全民宣传", "question": "一年几场？", "ask": "市教育局", "reason": ""}
    assert desk.post(f"{address}?kind=defect", form).status_code == 302
    assert desk.post(f"{address}?kind=defect", form | {"quote": "没有的话"}).status_code == 422
    made = next(each for each in found_in(version).of("defect") if each.state == "added")
    assert made.values["owners"] == ["市教育局"]


def test_an_item_opens_beside_the_text_and_as_a_page(desk, hand_in) -> None:
    version = hand_in()
    address = f"/plan/plans/{version.plan.key}/versions/1/items/{found_in(version).of('task')[1].ref}/"
    assert "<html" in desk.get(address).content.decode()
    beside = desk.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in beside
    assert "data-close" in beside


def test_the_public_sees_plans_in_force_and_nothing_of_the_work(client, demo, hand_in) -> None:
    waiting = hand_in()
    page = client.get("/plan/plans/").content.decode()
    assert "国家碳达峰试点（信阳）实施方案" in page
    assert waiting.plan.title not in page
    assert client.get(f"/plan/plans/{waiting.plan.key}/").status_code == 404
    shown = client.get("/plan/plans/xinyang-2024/").content.decode()
    assert "风电新增并网容量" in shown
    assert "待回答" not in shown
    assert json.loads(client.get("/plan/plans/xinyang-2024/export.json").content)["questions"] == []
    for address in ("/plan/questions/", "/plan/plans/xinyang-2024/versions/", "/plan/plans/xinyang-2024/versions/1/"):
        assert client.get(address).status_code in (302, 401)


@pytest.mark.parametrize("role", ["leader", "ecology", "department", "county"])
def test_the_offices_see_the_review_and_may_not_touch_it(client, hand_in, person, role: str) -> None:
    version = hand_in()
    client.force_login(person(role))
    address = f"/plan/plans/{version.plan.key}/versions/1/"
    assert "采纳这一版" not in client.get(address).content.decode()
    item = found_in(version).of("target")[0].ref
    assert client.post(f"{address}accept/", {"seen": "x"}).status_code == 403
    assert client.post(f"{address}items/{item}/", {"do": "drop", "reason": "x"}).status_code == 403
    assert client.get("/plan/plans/upload/").status_code == 403
    assert not Correction.objects.exists()
    assert not Target.objects.exists()


@pytest.mark.parametrize("role", ["enterprise", "citizen", "bank", "verifier"])
def test_other_people_are_turned_away_from_the_work(client, hand_in, person, role: str) -> None:
    version = hand_in()
    client.force_login(person(role))
    assert client.get(f"/plan/plans/{version.plan.key}/versions/1/").status_code == 403
    assert client.get("/plan/questions/").status_code == 403


def test_the_outline_is_filtered_by_department_and_searched(desk, demo) -> None:
    page = desk.get("/plan/plans/xinyang-2024/?department=transport").context["lines"]
    owners = [{each["id"] for each in line["block"].task["owners"]} for line in page if line["block"].task]
    assert owners
    assert all("transport" in each for each in owners)
    found = desk.get("/plan/plans/xinyang-2024/?q=风电").context["lines"]
    assert "风电" in [line["block"].title for line in found]
    assert desk.get("/plan/plans/xinyang-2024/?department=nobody").status_code == 404
    assert "没有符合条件" in desk.get("/plan/plans/xinyang-2024/?q=没有这个词").content.decode()


def test_every_target_and_every_question_of_the_demo_stands_in_the_outline(desk, demo) -> None:
    lines = desk.get("/plan/plans/xinyang-2024/").context
    shown = [row["row"]["key"] for line in lines["lines"] for row in line["targets"]]
    plan = Plan.objects.get(key="xinyang-2024")
    assert sorted(shown) == sorted(plan.targets.values_list("key", flat=True))
    asked = {each.pk for line in lines["lines"] for each in line["block"].questions} | {each.pk for each in lines["general"]}  # fmt: skip
    assert asked == set(plan.questions.values_list("pk", flat=True))


def test_the_workbook_and_the_json_hold_the_same_plan(desk, demo) -> None:
    from python_calamine import CalamineWorkbook

    content = desk.get("/plan/plans/xinyang-2024/export.json").json()
    book = CalamineWorkbook.from_filelike(io.BytesIO(desk.get("/plan/plans/xinyang-2024/export.xlsx").content))
    assert book.sheet_names == ["任务", "目标", "点名的项目企业平台", "疑问"]
    targets = book.get_sheet_by_name("目标").to_python()[1:]
    assert [row[1] for row in targets] == [row["indicator"] for row in content["targets"]]
    assert [row[4] for row in targets] == [
        row["value"][0] if isinstance(row["value"], list) else row["value"] for row in content["targets"]
    ]
    assert len(book.get_sheet_by_name("任务").to_python()) - 1 == len(content["tasks"]) == 110


def test_a_question_is_answered_by_whom_it_is_asked_and_closed_by_the_office(client, demo, person, office) -> None:
    asked = Question.objects.get(code="trucks")  # asked of transport and environment
    address = f"/plan/questions/{asked.pk}/"
    client.force_login(person("department", "housing", organisation="housing"))
    refused = client.post(address, {"do": "answer", "text": "不是我们", "state": "open"})
    assert refused.status_code == 403
    client.force_login(person("department", "transport", organisation="transport"))
    assert client.post(address, {"do": "answer", "text": " ", "state": "open"}).status_code == 422
    assert client.post(address, {"do": "answer", "text": "针对不同车辆", "state": "open"}).status_code == 302
    stale = client.post(address, {"do": "answer", "text": "再答一次", "state": "open"})
    assert (stale.status_code, "再答一次" in stale.content.decode()) == (409, False)
    assert client.post(address, {"do": "close", "text": "了结", "state": "answered"}).status_code == 403
    client.force_login(office)
    assert client.post(address, {"do": "close", "text": "两项都考核", "state": "answered"}).status_code == 302
    asked.refresh_from_db()
    assert (asked.answer, asked.record.state) == ("针对不同车辆", "closed")
    # An answer changes no target.
    assert Target.objects.get(key="xinyang-2024:t031").low == 30


def test_a_department_finds_its_questions_on_its_desk(client, demo, person) -> None:
    client.force_login(person("department", "transport", organisation="transport"))
    wanted = Question.objects.filter(record__payload__icontains='"transport"').count()
    assert f"{wanted} 个问题等您单位回答" in client.get("/tasks/").content.decode()
    listed = client.get("/plan/questions/?mine=1&state=open").context["table"]
    assert listed.total == wanted > 3


def test_two_versions_are_compared_with_old_and_new(desk, accepted, hand_in) -> None:
    first = accepted()
    text = (
        TEXT.replace("120万千瓦", "150万千瓦")
        .replace("开展全民宣传", "开展全民行动")
        .replace("市自然资源局", "市水利局")
    )
    text = text.replace("（三）宣传教育\n", "（三）志愿服务\n")
    second = hand_in(text, plan=first.plan)
    page = desk.get(f"/plan/plans/{first.plan.key}/compare/?old=1&new=2")
    tasks, targets = (group["changes"] for group in page.context["groups"])
    assert [(each["change"].state, each["change"].name) for each in targets] == [("changed", "风电装机")]
    assert targets[0]["fields"] == [("数值", "120", "150")]
    assert {(each["change"].state, each["change"].name) for each in tasks} == {
        ("changed", "发展风电"),
        ("added", "志愿服务"),
        ("dropped", "宣传教育"),
    }
    assert ("责任单位", "市发展改革委、市自然资源局、各县区", "市发展改革委、市水利局、各县区") in tasks[0]["fields"]
    accepted(second)
    again = desk.get(f"/plan/plans/{first.plan.key}/compare/?old=1&new=2")
    assert len(again.context["groups"][0]["changes"]) == len(tasks)
    assert desk.get(f"/plan/plans/{first.plan.key}/compare/?old=1&new=9").status_code == 404


def test_what_a_plan_says_of_itself_can_be_set(desk, hand_in) -> None:
    plan = hand_in().plan
    address = f"/plan/plans/{plan.key}/describe/"
    form = {"title": "新名称", "issuer": "某市人民政府", "issued_on": "2024-07-10", "first_year": "2024", "last_year": "2030"}  # fmt: skip
    assert desk.post(address, form | {"last_year": "2020"}).status_code == 422
    assert desk.post(address, form).status_code == 302
    plan.refresh_from_db()
    assert (plan.title, str(plan.issued_on)) == ("新名称", "2024-07-10")


@pytest.mark.parametrize(
    "address",
    ["", "xinyang-2024/", "xinyang-2024/versions/", "xinyang-2024/versions/1/", "xinyang-2024/versions/1/items/target-3/", "upload/", "xinyang-2024/compare/?old=1&new=1", "../questions/", "../questions/1/"],
)  # fmt: skip
def test_a_page_asks_the_database_little(desk, demo, django_assert_max_num_queries, address: str) -> None:
    if address == "../questions/1/":
        address = f"../questions/{Question.objects.first().pk}/"
    path = f"/plan/plans/{address}" if not address.startswith("..") else f"/plan/{address[3:]}"
    desk.get(path)
    with django_assert_max_num_queries(12):
        assert desk.get(path).status_code == 200


def test_a_long_text_is_shown_in_parts_and_no_part_is_lost() -> None:
    from dafeng.domains.plan.marked_text import parts_of

    text = "".join(f"第{number}行说明\n" for number in range(20_000))
    parts = parts_of(text, [])
    assert (parts[0].start, parts[-1].end) == (0, len(text))
    assert all(one.end == other.start for one, other in itertools.pairwise(parts))
    assert max(part.end - part.start for part in parts) <= 40_000


def test_every_page_of_the_plan_carries_an_action() -> None:
    from dafeng.domains.plan.views.outline import urlpatterns

    assert len(urlpatterns) == 17
    assert all(hasattr(each.callback, "action") for each in urlpatterns)


def test_the_review_waits_on_the_offices_desk_and_leads_to_its_page(desk, hand_in) -> None:
    version = hand_in()
    assert version.record.title in desk.get("/tasks/").content.decode()
    answer = desk.get(f"/records/{version.record_id}/")
    assert answer["Location"] == f"/plan/plans/{version.plan.key}/versions/1/"


def test_the_search_finds_plans_for_all_and_questions_for_the_offices(client, demo, office) -> None:
    assert "2024—2030年" in client.get("/search/?q=碳达峰试点").content.decode()
    assert "对方案的疑问" not in client.get("/search/?q=加班 风电场").content.decode()
    client.force_login(office)
    assert "点名的在建风电场" in client.get("/search/?q=点名的在建").content.decode()
