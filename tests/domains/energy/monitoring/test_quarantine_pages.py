"""The pages of readings that were not taken: who sees what, one row for all that is alike, released or dropped with a reason."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.series import releasing, services
from dafeng.kernel.series.models import Point, Quarantine
from tests.domains.energy.monitoring.conftest import NOW

pytestmark = pytest.mark.django_db
HERE = "/energy/monitoring/quarantine/"


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def _page(client, address: str) -> str:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert answer.status_code == 200, address
    assert len(asked) <= 12, [each["sql"][:90] for each in asked]
    text = answer.content.decode()
    assert text.count("<h1") == 1
    assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text)
    return text


def test_an_office_sees_all_and_a_firm_its_own(client, person, demo):
    client.force_login(person("ndrc"))
    page = _page(client, HERE)
    assert {code for code in ("textile-demo-workshop-9", "food-demo-workshop-9") if code in page} == {
        "textile-demo-workshop-9",
        "food-demo-workshop-9",
    }
    client.force_login(person("enterprise", "textile-demo"))
    page = _page(client, HERE)
    assert "textile-demo-workshop-9" in page
    assert "food-demo" not in page
    other = Quarantine.objects.filter(organisation="food-demo").first()
    assert client.get(f"{HERE}{other.pk}/").status_code == 404
    assert client.post(f"{HERE}{other.pk}/decide/", {"how": "drop", "note": "x"}).status_code == 404


def test_a_firms_manager_states_the_unit_and_releases(client, person, demo):
    manager = person("enterprise", "textile-demo")
    client.force_login(manager)
    held = Quarantine.objects.get(organisation="textile-demo", reason="unit_changed")
    page = _page(client, f"{HERE}{held.pk}/")
    assert "单位与登记的不同" in page
    assert "MWh" in page
    point = Point.objects.get(code=held.code)
    services.state_fact(point, "unit", "MWh", held.first_at - timezone.timedelta(hours=2), by=manager, now=NOW)
    answer = client.post(f"{HERE}{held.pk}/decide/", {"how": "release", "note": "换了表"}, follow=True)
    assert "已放行 1 批：收下 0 条，以前已收下 0 条，又被隔离 0 条" not in answer.content.decode()
    held.refresh_from_db()
    assert (held.state, held.settled_by, held.note) == ("released", manager, "换了表")
    assert "已放行" in _page(client, f"{HERE}?state=released")


def test_many_readings_are_released_by_a_job_that_the_page_shows(client, person, demo, monkeypatch):
    monkeypatch.setattr(releasing, "READINGS_AT_ONCE", 0)
    keeper = person("ndrc")
    client.force_login(keeper)
    held = Quarantine.objects.filter(reason="unknown_point", state="held").first()
    answer = client.post(f"{HERE}{held.pk}/decide/", {"how": "release"}, follow=True)
    job = Job.objects.get(kind=releasing.KIND)
    assert answer.redirect_chain[-1][0] == f"{HERE}{held.pk}/"
    page = _page(client, f"{HERE}{held.pk}/")
    assert f'id="job-{job.pk}"' in page
    assert "hx-trigger" in page
    assert 'value="release"' not in page  # it is being done
    jobs.run(job.pk, clock=lambda: NOW)
    page = _page(client, f"{HERE}{held.pk}/")
    assert "又被隔离" in page  # still registered nowhere
    held.refresh_from_db()
    assert held.state == "released"
    client.force_login(person("leader"))
    assert f"job-{job.pk}" not in _page(client, f"{HERE}{held.pk}/")  # another person's job


def test_dropping_needs_a_reason_and_an_office_that_only_looks_cannot(client, person, demo):
    held = Quarantine.objects.get(organisation="textile-demo", reason="unknown_point")
    address = f"{HERE}{held.pk}/decide/"
    client.force_login(person("leader"))
    assert 'name="how"' not in _page(client, f"{HERE}{held.pk}/")
    assert client.post(address, {"how": "drop", "note": "x"}).status_code == 403
    client.force_login(person("ndrc"))
    assert "请写明为什么废弃" in client.post(address, {"how": "drop", "note": " "}, follow=True).content.decode()
    assert "没有这种处理" in client.post(address, {"how": "burn"}, follow=True).content.decode()
    assert "已废弃 1 批" in client.post(address, {"how": "drop", "note": "不是表"}, follow=True).content.decode()
    assert "不是表" in _page(client, f"{HERE}{held.pk}/")


def test_a_storm_is_a_short_page(client, person, demo):
    """Three hundred batches of sixty points: sixty rows, twenty-five a page, and few questions."""
    made = [
        Quarantine(
            digest=f"{number:064d}", reason="unknown_point", code=f"x{number % 60}", points=1, source=1, count=1000, received_at=NOW,
            first_at=NOW, last_at=NOW, path=f"quarantine/{number}.parquet",
        )
        for number in range(300)
    ]  # fmt: skip
    Quarantine.objects.bulk_create(made)
    client.force_login(person("ndrc"))
    page = _page(client, HERE)
    assert "5,000" in page
    assert page.count('<th scope="row"') == 25
    assert len(page) < 120_000
    one = _page(client, f"{HERE}{Quarantine.objects.filter(code='x1').first().pk}/")  # its file is not there
    assert "series check" in one


def test_a_message_that_nobody_could_read_is_shown_as_text(client, person, demo):
    held = Quarantine.objects.create(
        digest="9" * 64, reason="batch_malformed", source=2, count=1, received_at=NOW, path="quarantine/x.bin",
        example={"code": "", "at": "", "value": "<script>alert(1)</script>"},
    )  # fmt: skip
    client.force_login(person("ndrc"))
    page = _page(client, f"{HERE}{held.pk}/")
    assert "&lt;script&gt;" in page
    assert 'value="release"' not in page
