"""The public ledger: what the nightly job signed and wrote is there for everybody to read, take away and check."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.ledger import services, verbs
from dafeng.portal.ledger_views import VERIFIER

from .conftest import NOW

pytestmark = pytest.mark.django_db
POLICY = {"transfer": ["main"], "auto_open": True}


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    settings.DATA = tmp_path
    return tmp_path


def post_some() -> None:
    lot = {"asset": "pt", "lot": "a", "vintage": 2026, "source": "s", "serial_from": 0, "amount": 10**6}
    made = [
        verbs.define_asset(key="f1", actor="x", asset="pt", unit="分", scale=0, title="碳积分", policy=POLICY),
        verbs.create_lot(key="f2", actor="x", **lot),
        verbs.issue(key="f3", actor="x", asset="pt", lot="a", to="person:7f3a/main", amount=1000),
    ]
    assert all(reply.ok for reply in services.post(made, now=NOW))


def nightly(callback: Callable) -> Job:
    with callback():
        job = jobs.start("ledger.daily", by=None, now=NOW)
    return jobs.run(job.pk, clock=lambda: NOW)


def test_an_empty_ledger_says_that_the_first_file_comes_tonight(folder: Path, client: Client) -> None:
    page = client.get(reverse("ledger"))
    assert page.status_code == 200
    assert "还没有公开文件" in page.text
    assert "还没有签名的链头" in page.text
    assert client.get(reverse("ledger-file")).status_code == 404


def test_the_nightly_job_signs_and_publishes_what_the_page_then_shows(
    folder: Path, client: Client, django_capture_on_commit_callbacks: Callable
) -> None:
    post_some()
    job = nightly(django_capture_on_commit_callbacks)
    assert job.state == Job.State.DONE, job.error
    (head,) = services.signed_heads()
    page = client.get(reverse("ledger")).text
    for told in (head.day, head.hash, head.signature, head.public_key, services.published().sha256):
        assert told in page
    assert page.count("<h1") == 1
    assert f"python3 verify_ledger.py ledger-{head.day}.jsonl {head.public_key}" in page


def test_what_a_citizen_downloads_passes_the_check_with_the_published_key(
    folder: Path, client: Client, django_capture_on_commit_callbacks: Callable
) -> None:
    post_some()
    nightly(django_capture_on_commit_callbacks)
    answer = client.get(reverse("ledger-file"))
    assert answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    taken, program = folder / "taken.jsonl", folder / "program.py"
    taken.write_bytes(answer.getvalue())
    program.write_bytes(client.get(reverse("ledger-verifier")).getvalue())
    key = services.signed_heads()[0].public_key
    checked = subprocess.run([sys.executable, program, taken, key], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "intact" in checked.stdout
    taken.write_bytes(taken.read_bytes().replace(b'1000"', b'1001"').replace(b",1000,", b",1001,"))
    assert subprocess.run([sys.executable, program, taken, key], capture_output=True, check=False).returncode != 0


def test_the_page_needs_no_right_and_few_questions(folder: Path, client: Client, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(12):
        assert client.get(reverse("ledger")).status_code == 200


def test_the_program_that_is_offered_is_the_one_of_the_tools() -> None:
    tools = Path(__file__).parents[2] / "tools" / "verify_ledger.py"
    assert tools.read_bytes() == VERIFIER.read_bytes()
