"""The pages of projects: import with preview and undo, stale forms, what the public sees, and the number of questions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dafeng.domains.plan.models import Project
from dafeng.domains.plan.services import projects

pytestmark = pytest.mark.django_db
GOOD = {"编号": "B1", "名称": "东山风电场", "类别": "能源基础设施", "县区": "浉河区", "总投资（万元）": 3000, "规模": 100, "规模单位": "MW", "年等效利用小时": 2000, "利用小时来源": "可研报告"}  # fmt: skip


def hand_in(client, table, *rows):
    answer = client.post("/plan/projects/sheet/", {"file": table(*rows)}, follow=True)
    return answer, answer.request["PATH_INFO"]


def test_a_table_is_previewed_imported_and_undone(client, table, plan) -> None:
    answer, address = hand_in(client, table, GOOD, GOOD | {"编号": "B2", "名称": "西湖湿地", "类别": "生态保护修复"})
    assert not Project.objects.exists()
    assert dict(answer.context["counts"])["新增"] == 2
    client.post(f"{address}act/", {"action": "import", "seen": answer.context["preview"].seen})
    made = Project.objects.get(key="B1")
    assert (made.investment, made.place, made.category, round(made.reduction)) == (
        Decimal(3000),
        "411502",
        "energy",
        117_940,
    )
    done = client.post(f"{address}act/", {"action": "undo", "reason": "导错了"}, follow=True)
    assert "已撤销" in done.content.decode()
    assert not Project.objects.exists()


def test_an_import_that_corrects_is_undone_to_what_was_before(client, table, project) -> None:
    project("B1", name="旧名称", investment=Decimal("12.5"))
    answer, address = hand_in(client, table, GOOD)
    assert "旧名称 → 东山风电场" in answer.content.decode()
    assert "12.5 → 3000" in answer.content.decode()
    client.post(f"{address}act/", {"action": "import", "seen": answer.context["preview"].seen})
    assert Project.objects.get().name == "东山风电场"
    client.post(f"{address}act/", {"action": "undo", "reason": "导错了"})
    found = Project.objects.get()
    assert (found.name, found.investment, found.version, found.reduction) == ("旧名称", Decimal("12.5"), 3, None)


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"编号": ""}, "编号"), ({"类别": "别的"}, "类别"), ({"县区": "火星"}, "县区"), ({"总投资（万元）": "三千"}, "总投资（万元）"), ({"总投资（万元）": -1}, ""),
        ({"规模单位": ""}, "规模单位"), ({"经度": 114.1}, "经度"), ({"经度": 14.1, "纬度": 32.1}, "经度"), ({"开工": "去年"}, "开工"), ({"年等效利用小时": 9000}, "年等效利用小时"),
        ({"优先申报": "也许"}, "优先申报"), ({"阶段": "黄了"}, "阶段"),
    ],
)  # fmt: skip
def test_a_faulty_row_is_named_and_nothing_is_imported(client, table, plan, wrong, column) -> None:
    answer, address = hand_in(client, table, GOOD | {"编号": "B9"}, GOOD | wrong)
    (problem, *_more) = answer.context["problems"]
    assert (problem["row"], problem["column"]) == (3, column)
    refused = client.post(f"{address}act/", {"action": "import", "seen": answer.context["preview"].seen})
    assert refused.status_code == 422
    assert not Project.objects.exists()


def test_a_number_that_occurs_twice_is_a_fault_of_the_second_row(client, table, plan) -> None:
    answer, _address = hand_in(client, table, GOOD, GOOD)
    assert [(each["row"], each["what"]) for each in answer.context["problems"]] == [(3, "编号“B1”与第 2 行重复")]


def test_a_preview_that_is_no_longer_true_is_refused(client, table, project) -> None:
    project("B1", name="旧名称")
    answer, address = hand_in(client, table, GOOD)
    project("B1", version=1, name="又改了")
    stale = client.post(f"{address}act/", {"action": "import", "seen": answer.context["preview"].seen})
    assert stale.status_code == 409
    assert Project.objects.get().name == "又改了"


def test_an_undo_is_refused_when_a_project_has_been_changed_since(client, table, plan, project) -> None:
    answer, address = hand_in(client, table, GOOD)
    client.post(f"{address}act/", {"action": "import", "seen": answer.context["preview"].seen})
    project("B1", version=1, name="后来改的")
    refused = client.post(f"{address}act/", {"action": "undo", "reason": "导错了"})
    assert refused.status_code == 409
    assert Project.objects.get().name == "后来改的"


def test_what_is_no_table_is_refused_and_nothing_is_kept(client, plan, office) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from dafeng.kernel.records.models import Record

    client.force_login(office)
    for name, content in (("a.xlsx", b"PK\x03\x04 broken"), ("a.csv", "甲,乙\n1,2\n".encode()), ("a.pdf", b"%PDF-1.4")):
        answer = client.post("/plan/projects/sheet/", {"file": SimpleUploadedFile(name, content)})
        assert answer.status_code == 422
    assert not Record.objects.of_kind("plan.sheet").exists()


def test_the_register_goes_out_and_comes_back_unchanged(client, project, office) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    project(capacity=100.0, capacity_unit="MW", investment=Decimal("3000.5"), method="plan.reduction.power", inputs={"given": {"hours": 2000.0}, "source": "可研"}, longitude=114.1, latitude=32.1)  # fmt: skip
    client.force_login(office)
    file = SimpleUploadedFile("projects.xlsx", client.get("/plan/projects/export/").content)
    answer = client.post("/plan/projects/sheet/", {"file": file}, follow=True)
    assert dict(answer.context["counts"]) == {"新增": 0, "更正": 0, "不变": 1, "有误": 0}


def test_a_form_opened_on_an_older_version_is_refused(client, project, office) -> None:
    made = project()
    client.force_login(office)
    form = {"name": "改", "category": "energy", "place": "411502", "stage": "planned", "version": "1"}
    assert client.post(f"/plan/projects/{made.pk}/edit/", form).status_code == 302
    stale = client.post(f"/plan/projects/{made.pk}/edit/", form | {"name": "再改"})
    assert stale.status_code == 409
    assert "第 2 版" in stale.content.decode()


def test_a_department_reports_a_month_and_the_office_accepts(client, project, person, office) -> None:
    made = project(investment=Decimal(10_000))
    client.force_login(person("department", organisation="industry"))
    form = {"period": "2026-11", "invested": "2500", "stage": "building", "text": "主体施工", "seen": ""}
    assert client.post(f"/plan/projects/{made.pk}/month/", form).status_code == 302
    month = made.months.get()
    client.force_login(office)
    client.post(f"/plan/projects/months/{month.record_id}/move/", {"action": "accept", "state": "submitted"})
    card = client.get(f"/plan/projects/{made.pk}/").content.decode()
    assert "0.25" in card
    assert "25%" in card
    assert "主体施工" in card
    assert "在建" in card
    assert (
        client.get(f"/plan/projects/{made.pk}/?chart=invested&export=csv").content.decode("utf-8-sig").splitlines()[1]
        == "2026-11,2500.0"
    )


def test_the_public_sees_projects_of_accepted_plans_without_months_and_banks(
    client, project, plan, person, now
) -> None:
    made = project(bank="某银行")
    projects.report_month(made, period="2026-11", invested=Decimal(1), stage="building", text="内部", seen="", by=person("department", organisation="industry"), now=now)  # fmt: skip
    assert "试验项目A1" in client.get("/plan/projects/").content.decode()
    card = client.get(f"/plan/projects/{made.pk}/").content.decode()
    assert "内部" not in card
    assert "某银行" not in card
    assert client.get("/plan/projects/export/").status_code in (302, 401)
    plan.versions.update(current=False)
    assert client.get(f"/plan/projects/{made.pk}/").status_code == 404


def test_the_map_counts_counties_and_sets_a_point(client, project, office) -> None:
    project("A1", longitude=114.07, latitude=32.12)
    project("A2", place="411500")
    page = client.get("/plan/projects/map/")
    assert {line["code"]: line["count"] for line in page.context["lines"]}["411502"] == 1
    assert len(page.context["points"]) == 1
    assert "另有 1 个项目" in page.content.decode()


@pytest.mark.parametrize(
    "address", ["", "map/", "names/", "sheet/", "add/", "export/", "{pk}/", "{pk}/edit/", "{pk}/month/"]
)
def test_a_page_asks_at_most_twelve_questions(
    client, project, office, now, address, django_assert_max_num_queries
) -> None:
    every = [project(f"K{number}", investment=Decimal(number)) for number in range(60)]
    projects.report_month(
        every[0], period="2026-11", invested=Decimal(1), stage="building", text="", seen="", by=office, now=now
    )
    client.force_login(office)
    client.get("/notices/")
    with django_assert_max_num_queries(12):
        assert client.get(f"/plan/projects/{address.format(pk=every[0].pk)}").status_code == 200
