"""Compiling, files and publishing from the portal."""

from __future__ import annotations

import pytest
from django.test import Client

from dafeng.domains.inventory import documents
from dafeng.domains.inventory.models import InventoryRun
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job

from .conftest import NOW

REPORTS = "/inventory/411500/reports/"


def work(job: Job) -> Job:
    return jobs.run(job.pk, clock=lambda: NOW)


def test_the_page_lists_files_and_runs_within_its_budget(
    client: Client, run, person, django_assert_max_num_queries
) -> None:
    client.force_login(person("ecology"))
    client.get(REPORTS)
    with django_assert_max_num_queries(12):
        page = client.get(REPORTS).content.decode()
    for word in ("第 1 版", "编制新的一版", "生成", "还不能发布"):
        assert word in page


def test_the_public_sees_no_button(client: Client, run) -> None:
    page = client.get(REPORTS).content.decode()
    assert "编制新的一版" not in page
    assert "<button>" not in page[page.index("<main") :]


def test_a_compile_is_a_job_that_leads_to_the_new_run(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    answer = client.post("/inventory/411500/compile/", {"edition": "gl2025", "gwp": "AR6"})
    job = Job.objects.get()
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    assert client.post("/inventory/411500/compile/").headers["Location"] == answer.headers["Location"]
    done = work(job)
    assert done.state == "done", done.error
    newest = InventoryRun.objects.get(current=True)
    assert (newest.number, newest.gwp, newest.created_by) == (2, "AR6", "statistics")
    assert client.get(done.result["href"]).status_code == 200


@pytest.mark.parametrize("role", ["citizen", "enterprise", "county", "leader", "bank"])
def test_only_those_who_answer_for_it_compile(client: Client, run, person, role: str) -> None:
    client.force_login(person(role))
    assert client.post("/inventory/411500/compile/").status_code == 403
    assert not Job.objects.exists()


def test_an_unknown_edition_is_refused_before_a_job_begins(client: Client, run, person) -> None:
    client.force_login(person("ecology"))
    assert client.post("/inventory/411500/compile/", {"edition": "gl1066"}).status_code == 404
    assert not Job.objects.exists()


def test_a_file_is_offered_for_making_then_made_once_then_served(client: Client, run, person) -> None:
    missing = client.get("/inventory/411500/download/csv/?year=2021")
    assert missing.status_code == 404
    assert "登录后可以生成" in missing.content.decode()
    client.force_login(person("enterprise"))
    assert "现在生成" in client.get("/inventory/411500/download/csv/?year=2021").content.decode()
    client.post("/inventory/411500/make/csv/?year=2021")
    client.post("/inventory/411500/make/csv/?year=2021")
    done = work(Job.objects.get())
    assert done.state == "done", done.error
    client.logout()
    answer = client.get(done.result["href"])
    assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("format", "begins"),
    [
        ("xlsx", b"PK"),
        pytest.param("docx", b"PK", marks=pytest.mark.fonts),
        pytest.param("pdf", b"%PDF", marks=pytest.mark.fonts),
        ("iamc", b""),
        ("primap2", b"PK"),
    ],
)
def test_every_format_is_made(client: Client, run, format: str, begins: bytes) -> None:
    documents.cached_export(run, format=format, year=2021, language="zh")
    first = b"".join(client.get(f"/inventory/411500/download/{format}/?year=2021").streaming_content)
    assert first.startswith(begins)
    assert len(first) > 200


def test_an_unknown_format_is_a_plain_404(client: Client, run) -> None:
    answer = client.get("/inventory/411500/download/odt/")
    assert answer.status_code == 404
    assert "xlsx" in answer.content.decode()


def test_publishing_needs_the_run_that_was_looked_at_and_a_complete_one(client: Client, run, person) -> None:
    client.force_login(person("ecology"))
    stale = client.post("/inventory/411500/publish/", {"number": "7"})
    assert stale.status_code == 409
    refused = client.post("/inventory/411500/publish/", {"number": str(run.number)})
    assert refused.status_code == 422
    assert "还不能发布" in refused.content.decode()
    run.refresh_from_db()
    assert run.published_at is None
    client.force_login(person("ndrc"))
    assert client.post("/inventory/411500/publish/", {"number": str(run.number)}).status_code == 403
