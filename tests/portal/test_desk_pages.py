"""Inbox, notices, search, jobs, records, evidence, audit: what is mine I see, what is not mine is not there."""

from __future__ import annotations

import uuid

import pytest
from django.http import HttpResponse, UnreadablePostError
from django.test import Client
from django.urls import reverse

from dafeng.kernel.desk import services as desk
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.records import services as records
from dafeng.kernel.records import workflows

from .conftest import NOW

PERMIT = """
["portaltest.permit"]
title = "试验许可"
initial = "submitted"
states = { submitted = "已提交", granted = "已许可", refused = "不予许可" }

[["portaltest.permit".transitions]]
action = "grant"
title = "许可"
from = ["submitted"]
to = "granted"
roles = ["ecology"]

[["portaltest.permit".transitions]]
action = "refuse"
title = "不予许可"
from = ["submitted"]
to = "refused"
roles = ["ecology"]
reason_required = true
"""


@pytest.fixture
def permits(tmp_path):
    """A kind of record that no domain owns."""
    file = tmp_path / "workflows.toml"
    file.write_text(PERMIT.replace("initial =", 'readers = ["ecology"]\ninitial ='), encoding="utf-8")
    kept = dict(workflows._registered)
    workflows.register(file)
    yield
    workflows._registered.clear()
    workflows._registered.update(kept)


@pytest.fixture
def permit(permits, person):
    clerk = person("enterprise", "clerk")
    proof = records.store_evidence(
        b"<script>alert(1)</script>", name="证明.html", media_type="text/html", by=clerk, now=NOW
    )
    return records.open_record(
        "portaltest.permit", title="取水口一", payload={"volume": 3}, by=clerk, now=NOW, evidence=[proof]
    )


def test_what_i_could_move_is_in_my_inbox_and_leads_to_the_record(client: Client, permit, person) -> None:
    client.force_login(person("ecology"))
    page = client.get("/tasks/").content.decode()
    assert "取水口一" in page
    record = client.get(f"/records/{permit.pk}/").content.decode()
    for word in ("取水口一", "volume", "证明.html", "许可", "不予许可"):
        assert word in record
    client.force_login(person("statistics"))
    assert "取水口一" not in client.get("/tasks/").content.decode()


def test_a_record_is_moved_once_and_a_stale_tab_is_told(client: Client, permit, person) -> None:
    client.force_login(person("ecology"))
    address = f"/records/{permit.pk}/move/"
    refused = client.post(address, {"action": "refuse", "state": "submitted", "reason": " "})
    assert refused.status_code == 422
    assert "理由" in refused.content.decode()
    assert client.post(address, {"action": "grant", "state": "submitted"}).status_code == 302
    late = client.post(address, {"action": "refuse", "state": "submitted", "reason": "迟了"})
    assert late.status_code == 409
    assert "已许可" in late.content.decode()
    permit.refresh_from_db()
    assert permit.state == "granted"


def test_a_stranger_and_another_role_do_not_learn_that_it_exists(client: Client, permit, person) -> None:
    proof = permit.evidence.get()
    addresses = [f"/records/{permit.pk}/", f"/evidence/{proof.pk}/", f"/evidence/{proof.pk}/file/"]
    for login in (None, person("bank")):
        if login:
            client.force_login(login)
        for address in addresses:
            assert client.get(address).status_code == 404
        assert client.get(f"/records/{uuid.uuid4()}/").status_code == 404
    assert client.post(f"/records/{permit.pk}/move/", {"action": "grant", "state": "submitted"}).status_code == 404


def test_evidence_is_checked_on_sight_and_never_run_by_a_browser(client: Client, permit) -> None:
    client.force_login(permit.created_by)
    proof = permit.evidence.get()
    page = client.get(f"/evidence/{proof.pk}/").content.decode()
    assert "与提交时一致" in page
    assert proof.sm3 in page
    answer = client.get(f"/evidence/{proof.pk}/file/")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    b"".join(answer.streaming_content)
    proof.file.storage.delete(proof.file.name)
    assert "不一致或已丢失" in client.get(f"/evidence/{proof.pk}/").content.decode()


def test_another_persons_job_is_not_there(client: Client, run, person) -> None:
    owner = person("statistics")
    job = jobs.start("inventory.compile", by=owner, now=NOW, parameters={"city": "411500"}, key="411500")
    for login, status in ((person("ecology"), 404), (person("admin"), 200), (owner, 200)):
        client.force_login(login)
        assert client.get(f"/jobs/{job.pk}/").status_code == status
        assert client.get(f"/jobs/{job.pk}/progress/").status_code == status
    client.force_login(person("ndrc"))
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 404
    assert Job.objects.get().state == "queued"


def test_progress_asks_again_while_it_runs_and_reloads_when_it_is_over(client: Client, run, person) -> None:
    owner = person("statistics")
    client.force_login(owner)
    job = jobs.start("inventory.compile", by=owner, now=NOW, parameters={"city": "411500"}, key="411500")
    waiting = client.get(f"/jobs/{job.pk}/progress/")
    assert 'hx-trigger="every 1s"' in waiting.content.decode()
    assert "HX-Refresh" not in waiting.headers
    assert "取消任务" in client.get(f"/jobs/{job.pk}/").content.decode()
    client.post(f"/jobs/{job.pk}/cancel/")
    over = client.get(f"/jobs/{job.pk}/progress/")
    assert "hx-trigger" not in over.content.decode()
    assert over.headers["HX-Refresh"] == "true"
    again = client.post(f"/jobs/{job.pk}/retry/")
    assert again.headers["Location"] != f"/jobs/{job.pk}/"


def test_notices_are_read_together(client: Client, person) -> None:
    clerk = person("statistics")
    desk.notify([clerk], kind="k", title="退回了一批数据", now=NOW)
    client.force_login(clerk)
    page = client.get("/notices/").content.decode()
    assert "退回了一批数据" in page
    assert '<span class="count">1</span>' in page
    client.post("/notices/read/")
    assert '<span class="count">' not in client.get("/notices/").content.decode()


def test_the_audit_trail_is_for_those_who_answer_for_it(client: Client, run, person) -> None:
    client.force_login(person("leader"))
    page = client.get("/audit/?q=inventory.compile").content.decode()
    assert "inventory.compile" in page
    assert records.head().digest in page
    client.force_login(person("department"))
    assert client.get("/audit/").status_code == 403


def test_the_inbox_is_kept_until_something_is_written(
    client: Client, permit, person, django_assert_max_num_queries
) -> None:
    office = person("ecology")
    client.force_login(office)
    assert "试验许可" in client.get("/tasks/").content.decode()
    # Session, person, roles, the head of the chain, unread notices: no provider is asked again.
    with django_assert_max_num_queries(5):
        assert "试验许可" in client.get("/tasks/").content.decode()
    records.move(permit, "grant", by=office, now=NOW)
    assert "试验许可" not in client.get("/tasks/").content.decode()


def test_a_role_that_is_taken_away_leaves_neither_inbox_nor_navigation(client: Client, permit, person) -> None:
    auditor = person("leader", "several")
    office = person("ecology", "other")
    auditor.memberships.create(organisation=office.memberships.get().organisation, role="ecology", place="411500")
    client.force_login(auditor)
    page = client.get("/tasks/").content.decode()
    assert "试验许可" in page
    assert 'href="/audit/"' in page
    auditor.memberships.all().delete()
    page = client.get("/tasks/").content.decode()
    assert "试验许可" not in page
    assert 'href="/audit/"' not in page


def test_the_navigation_is_kept_for_each_language_and_page(client: Client, run, person) -> None:
    client.force_login(person("ecology"))
    for _ in range(2):
        for path, title in (("/tasks/", "我的待办"), ("/notices/", "通知")):
            page = client.get(path).content.decode()
            assert page.count(f'<a href="{path}" aria-current="page">{title}</a>') == 2  # drawer and side
            assert page.count('aria-current="page"') == 2
            english = client.get(path, headers={"Accept-Language": "en"}).content.decode()
            assert f">{title}</a>" not in english
            assert english.count('aria-current="page"') == 2


def test_the_reports_of_firms_are_read_under_activity_data(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    page = client.get(reverse("inventory:reported", kwargs={"code": "411500"})).content.decode()
    assert page.count('href="/inventory/411500/data/" aria-current="page">活动水平数据</a>') == 2  # drawer and side
    assert page.count('aria-current="page"') == 2


@pytest.mark.parametrize("query", ["?q=%00", "?q=" + "水" * 200, "?q='\";--<script>", "?q="])
def test_search_bears_anything(client: Client, run, query: str) -> None:
    page = client.get(f"/search/{query}")
    assert page.status_code == 200
    assert "<script>" not in page.content.decode().split("<main")[1]


@pytest.mark.parametrize("role", ["", "ecology", "ndrc", "enterprise", "admin"])
def test_a_search_asks_all_domains_in_few_queries(
    client: Client, run, person, role: str, django_assert_max_num_queries
) -> None:
    if role:
        client.force_login(person(role))
    client.get("/search/?q=市")  # what is kept for a minute is kept
    with django_assert_max_num_queries(8):
        assert client.get("/search/?q=市").status_code == 200


def test_a_stranger_is_sent_to_log_in_and_back(client: Client) -> None:
    answer = client.get("/tasks/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login/?next=%2Ftasks%2F"
    assert client.get("/tasks/", headers={"HX-Request": "true"}).status_code == 401


def test_errors_are_pages_with_what_to_do(client: Client, person, settings) -> None:
    assert "没有找到这个页面" in client.get("/nowhere/").content.decode()
    client.force_login(person("citizen"))
    refused = client.get("/audit/")
    assert refused.status_code == 403
    assert "系统管理员" in refused.content.decode()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person("ecology"))
    old = strict.post("/notices/read/")
    assert old.status_code == 403
    assert "没有保存" in old.content.decode()


def test_an_upload_that_is_cut_off_says_that_nothing_was_saved(rf, person) -> None:
    from dafeng.portal.errors import ErrorPages

    request = rf.post("/inventory/411500/data/import/")
    request.user, request.session = person("statistics"), {}
    answer = ErrorPages(lambda asked: HttpResponse()).process_exception(request, UnreadablePostError("gone"))
    assert answer.status_code == 400
    assert "没有收全" in answer.content.decode()
    assert "没有保存任何内容" in answer.content.decode()


def test_the_page_of_parts_shows_every_part(client: Client) -> None:
    from pathlib import Path

    import dafeng.portal

    folder = Path(dafeng.portal.__file__).parent / "templates/parts"
    shown = (folder.parent / "portal/components.html").read_text("utf-8")
    # The navigation is part of every page; figures are shown by their own markup.
    parts = {file.name for file in folder.glob("*.html")} - {"navigation.html", "figures.html"}
    assert [name for name in sorted(parts) if f"parts/{name}" not in shown] == []
    assert client.get("/components/").status_code == 200
    assert client.get("/components/?chart=stack&export=csv").headers["Content-Type"].startswith("text/csv")
