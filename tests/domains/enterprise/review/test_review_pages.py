"""The pages: each party's way through a project, papers, queries, the demonstration."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.enterprise.models import Project, ProjectFigure
from dafeng.domains.enterprise.review import projects
from tests.domains.enterprise.review.conftest import NOW, PLACE

pytestmark = pytest.mark.django_db
TABS = ("", "content", "review", "after", "log")


def at(name: str, **names: Any) -> str:
    return reverse(f"enterprise:review-{name}", kwargs=names)


@pytest.fixture
def as_(client: Client, people):
    def sign_in(who: str) -> Client:
        client.force_login(people[who])
        return client

    return sign_in


def test_an_owner_fills_the_form_step_by_step_and_hands_in(as_, enterprise, people) -> None:
    client = as_("owner")
    basics = {"enterprise": "tea", "name": "页面项目", "place": PLACE, "kind": "new", "stage": "proposed", "industry": "1530", "operation_year": "2028"}  # fmt: skip
    answer = client.post(at("new"), basics)
    project = Project.objects.get()
    assert answer["Location"] == at("form", id=project.pk, step="energy")

    def seen() -> str:
        project.refresh_from_db()
        return projects.fingerprint(project)

    wrong = client.post(at("form", id=project.pk, step="energy"), {"seen": seen(), "after_coke": "5", "feedstock_coke": "6"})  # fmt: skip
    assert wrong.status_code == 422
    assert "原料用能不能超过消费量" in wrong.content.decode()
    for step, given in (
        ("energy", {"after_electricity": "20000", "after_natural_gas": "100"}),
        ("output", {"product_name": "茶", "output": "10000", "value": "50000", "added_value": "20000"}),
        ("comparison", {}),
        ("measures", {"basis": "a", "design": "b", "measures": "c", "impact": "d", "committed": "on", "meter_points": "p1，p2"}),
    ):  # fmt: skip
        assert client.post(at("form", id=project.pk, step=step), given | {"seen": seen()}).status_code == 302, step
    check = client.get(at("form", id=project.pk, step="check")).content.decode()
    assert "没有缺项" in check
    assert "3,788" in check  # 20,000 MWh × 0.1229 + 100 × 13.3 tce
    client.post(at("step", id=project.pk, action="submit"), {"state": "draft"})
    project.refresh_from_db()
    assert project.record.state == "submitted"
    assert project.content["measures"]["meter_points"] == ["p1", "p2"]


def test_another_enterprises_project_is_not_there(as_, draft, person, client) -> None:
    project = draft()
    client.force_login(person("enterprise", "stranger", "other"))
    for address in (
        at("project", id=project.pk),
        at("form", id=project.pk, step="energy"),
        at("change", id=project.pk),
    ):
        assert client.get(address).status_code == 404, address


def test_the_bureau_goes_from_acceptance_to_the_opinion(as_, reviewed, people) -> None:
    project = reviewed()
    assert as_("ndrc").get(at("decide", id=project.pk)).status_code == 200
    given = {
        "outcome": "approve",
        "reference": "信发改审〔2026〕2号",
        "opinion": "原则同意",
        "conditions": "一\n\n二\n",
    }
    refused = as_("ndrc").post(at("decide", id=project.pk), given)
    assert refused.status_code == 422
    assert "须由另一人办理" in refused.content.decode()
    assert as_("leader").post(at("decide", id=project.pk), given).status_code == 302
    page = as_("owner").get(at("project", id=project.pk) + "?tab=review").content.decode()
    assert "信发改审〔2026〕2号" in page
    assert page.count("<li>一</li>") == 1


def test_a_page_opened_before_somebody_else_acted_is_refused(as_, draft, people) -> None:
    project = draft()
    projects.submit(project, by=people["owner"], now=NOW)
    assert as_("ndrc").post(at("handle", id=project.pk), {"state": "draft", "action": "accept"}).status_code == 409


def test_every_tab_explains_itself_within_twelve_queries(as_, approved, people) -> None:
    from dafeng.kernel.indicators.services import ensure_indicator

    project = approved(
        basics={"longitude": 114.0, "latitude": 32.0}, output={"product": "clinker", "output": 100_000.0}
    )
    for code in ("energy.quota", "energy.consumption"):
        ensure_indicator(code, name=code, unit="tce")
    faults = []
    for who in ("owner", "ndrc", "leader", "county", "ecology"):
        client = as_(who)
        for tab in TABS:
            address = f"{at('project', id=project.pk)}?tab={tab}"
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
            page = answer.content.decode()
            if answer.status_code != 200 or page.count("<h1") != 1 or 'class="help"' not in page or len(asked) > 12:
                faults.append((who, tab, answer.status_code, len(asked)))
            assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", page)
    assert faults == []


def test_the_decision_names_its_articles(as_, approved) -> None:
    page = as_("owner").get(at("project", id=approved().pk)).content.decode()
    assert "第 8 条" in page
    assert "第 10 条" in page
    assert "固定资产投资项目节能审查和碳排放评价办法（国家发展改革委令第31号）" in page
    assert "15 公里核对" in page


def test_an_expert_sees_no_other_experts_view(client, reviewed, experts) -> None:
    project = reviewed()
    client.force_login(experts[0].person)
    page = client.get(at("project", id=project.pk) + "?tab=review").content.decode()
    assert "专家1" in page
    assert "专家2" not in page


def test_boards_register_statistics_and_registers_open_for_their_roles(as_, approved, people) -> None:
    approved()
    for who, names in {
        "owner": ("board",), "ndrc": ("board", "register", "statistics", "keep"), "leader": ("board", "register", "statistics"),
        "county": ("board", "register", "statistics"), "ecology": ("board", "register"),
    }.items():  # fmt: skip
        for name in names:
            page = as_(who).get(at(name))
            assert page.status_code == 200, (who, name)
            assert "光山县" in page.content.decode() or name == "keep", (who, name)
    assert "3,788" in as_("ndrc").get(at("statistics")).content.decode()
    for tab in ("figures", "levels", "experts", "capacity", "heat"):
        assert as_("ndrc").get(at("keep") + f"?tab={tab}").status_code == 200, tab


def test_the_sweep_finds_what_does_not_meet_the_access_value(as_, draft, people) -> None:
    """142.86 kgce/t of clinker against a base level of 117; 71.43 is below it."""
    for name, coal in (("高耗能线", 60_000.0), ("低耗能线", 30_000.0)):
        project = draft(basics={"name": name, "stage": "building", "industry": "3011"}, energy={"energies": {"bituminous": {"after": coal}}}, output={"product": "clinker", "output": 300_000.0})  # fmt: skip
        projects.submit(project, by=people["owner"], now=NOW)
    page = as_("ndrc").get(at("register") + "?sweep=over").content.decode()
    assert "高耗能线" in page
    assert "低耗能线" not in page


def test_a_figure_is_registered_with_its_source(as_, people) -> None:
    given = {"code": "rights_b", "place": "411500", "value": "0.2", "since": "2026-01-01", "source": "文件"}
    client = as_("ndrc")
    refused = client.post(at("keep") + "?tab=figures", given)
    assert refused.status_code == 422
    assert "系数 B 超出办法的范围" in refused.content.decode()
    assert client.post(at("keep") + "?tab=figures", given | {"value": "0.5"}).status_code == 302
    assert ProjectFigure.objects.get().value == 0.5


@pytest.mark.parametrize("kind", ["opinion", "report"])
def test_the_papers_say_what_was_decided(as_, approved, kind: str) -> None:
    from docx import Document
    from pypdf import PdfReader

    project = approved()
    client = as_("owner")
    word = client.get(at("paper", id=project.pk, kind=kind, format="docx")).content
    made = Document(io.BytesIO(word))
    text = "\n".join([each.text for each in made.paragraphs] + [cell.text for table in made.tables for row in table.rows for cell in row.cells])  # fmt: skip
    assert "3,788.0" in text
    if kind == "opinion":
        assert "1. 安装计量器具" in text
        assert "第十九条" in text
    else:
        for part in (
            "一、项目概况",
            "二、分析评价依据",
            "五、项目碳排放情况",
            "七、对所在地完成节能降碳目标任务的影响分析",
        ):
            assert part in text
    pdf = client.get(at("paper", id=project.pk, kind=kind, format="pdf")).content
    assert "3,788.0" in "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert client.get(at("paper", id=project.pk, kind=kind, format="docx")).content == word


def test_a_word_that_is_no_paper_is_not_there(as_, draft) -> None:
    project = draft()
    assert as_("owner").get(at("paper", id=project.pk, kind="opinion", format="pdf")).status_code == 404
    assert as_("owner").get(f"/enterprise/review/projects/{project.pk}/opinion.exe").status_code == 404


def test_the_api_tells_the_same_decision(as_, approved, people) -> None:
    project = approved()
    told = as_("owner").get(f"/api/review/projects/{project.pk}").json()
    assert told["decision"]["level"] == "local"
    assert told["decision"]["equivalent"] == pytest.approx(3788)
    assert told["rights_tce"] == 0
    assert as_("ndrc").get("/api/review/statistics").json()[0]["place_name"] == "光山县"
    body = {"energies": [{"energy": "electricity", "after": 81_367}], "two_high": True, "large_carbon": False}
    tried = as_("owner").post("/api/review/threshold", body, content_type="application/json").json()
    assert (tried["level"], tried["report"], tried["carbon"]) == ("province", True, False)
    assert tried["reasons"][0]["article"] == 8
    step = as_("ndrc").post(f"/api/review/projects/{project.pk}/steps", {"action": "accept"}, content_type="application/json")  # fmt: skip
    assert step.status_code == 422


def test_the_demonstration_is_made_once_in_few_queries(city, person, django_assert_max_num_queries: Any) -> None:
    from dafeng.domains.enterprise.review.demo import ensure_demo
    from dafeng.kernel.enterprises.services import ensure

    for role in ("ndrc", "leader", "ecology", "verifier"):
        person(role, f"demo-{role}")
    person("department", "demo-industry", "industry")
    person("enterprise", "demo-owner", "enterprise-demo")
    ensure("411500", [{"code": "cement-demo", "name": "示例水泥（演示）", "place": PLACE, "organisation": "enterprise-demo"}], demo=True)  # fmt: skip
    with django_assert_max_num_queries(1_000):
        ensure_demo("411500", now=NOW)
    states = set(Project.objects.values_list("record__state", flat=True))
    assert states == {"draft", "filed", "submitted", "in_review", "trial", "building"}
    assert all("演示" in name for name in Project.objects.values_list("name", flat=True))
    ensure_demo("411500", now=NOW + timedelta(days=1))
    assert Project.objects.count() == 6
