"""The register of points: a firm keeps its own, states what changed, uploads a table, and has its device's key told once."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.jobs.services import run
from dafeng.kernel.series import queries, services
from dafeng.kernel.series.models import Device, Point, Quarantine
from tests.domains.energy.monitoring.conftest import NOW

pytestmark = pytest.mark.django_db
HERE = "/energy/points/"


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def _page(client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    text = answer.content.decode()
    assert text.count("<h1") == 1
    assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text)
    return text


def test_the_register_shows_each_its_own_and_a_card_explores(client, person, demo):
    other = Point.objects.filter(organisation="food-demo").first().code
    code = Point.objects.filter(organisation="textile-demo", kind="interval").first().code
    client.force_login(person("enterprise", "textile-demo"))
    page = _page(client, HERE)
    assert code in page
    assert "food-demo" not in page
    for span in ("2h", "1d", "7d", "31d", "366d", "5y"):
        text = _page(client, f"{HERE}cards/{code}/?span={span}")
        assert "这段时间的质量" in text
    for tail in ("", "edit/", "fact/"):
        assert client.get(f"{HERE}cards/{other}/{tail}").status_code == 404
    client.force_login(person("leader"))
    assert "修改</a>" not in _page(client, f"{HERE}cards/{other}/")
    assert client.get(f"{HERE}cards/{other}/edit/").status_code == 403


def test_the_register_names_subjects_and_quantities(client, person, demo, django_assert_max_num_queries):
    """A name with its page, the code small beneath; the export has both in columns of their own. Nobody keeps `hall:9`: its code stays."""
    firm = Enterprise.objects.get(code="textile-demo")
    services.ensure_point(
        "hall-9",
        subject="hall:9",
        name="大厅表",
        quantity="eco",
        unit="m3/s",
        kind="instant",
        organisation="textile-demo",
    )
    client.force_login(person("enterprise", "textile-demo"))
    _page(client, HERE)
    with django_assert_max_num_queries(12):
        page = _page(client, HERE)
    board = f'<a href="{reverse("energy:monitoring-board", kwargs={"code": firm.code})}">{firm.name}</a><br><small><code>enterprise:textile-demo</code></small>'
    assert board in page
    assert "hall:9<br><small><code>hall:9</code></small>" not in page, "a code is not told twice"
    assert ">hall:9<" in page
    assert "<td>生态流量</td>" in page
    rows = list(csv.DictReader(io.StringIO(client.get(f"{HERE}?export=csv").content.decode("utf-8-sig"))))
    told = next(row for row in rows if row["计量点（代码）"] != "hall-9")
    assert (told["对象"], told["对象（代码）"]) == (firm.name, "enterprise:textile-demo")
    assert {row["计量内容"] for row in rows} >= {"电", "生态流量"}
    only = _page(client, f"{HERE}?subject=enterprise:textile-demo")
    assert f"只看这个对象：{firm.name} <small><code>enterprise:textile-demo</code></small>" in only
    code = Point.objects.filter(organisation="textile-demo", kind="interval").first().code
    assert f">{firm.name}</a> · " in _page(client, f"{HERE}cards/{code}/")


def test_a_firm_registers_a_point_changes_it_and_states_a_fact(client, person, demo):
    client.force_login(person("enterprise", "textile-demo"))
    told = {
        "code": "textile-new", "name": "新表", "subject": "enterprise:textile-demo", "quantity": "electricity", "unit": "kWh",
        "kind": "register", "period": "900", "multiplier": "1", "channel": "", "formula": "",
    }  # fmt: skip
    foreign = client.post(f"{HERE}new/", told | {"subject": "enterprise:food-demo"})
    assert foreign.status_code == 422
    assert client.post(f"{HERE}new/", told).status_code == 302
    point = Point.objects.get(code="textile-new")
    assert (point.organisation, point.place) == ("textile-demo", "411525")
    assert "已有计量点" in client.post(f"{HERE}new/", told).content.decode()
    changed = {"name": "新表", "quantity": "electricity", "period": "900", "until": "2026-12-01T00:00", "channel": '{"register": 7, "type": "INT32"}'}  # fmt: skip
    assert client.post(f"{HERE}cards/textile-new/edit/", changed | {"channel": "[1]"}).status_code == 422
    assert client.post(f"{HERE}cards/textile-new/edit/", changed).status_code == 302
    point.refresh_from_db()
    assert (point.until, point.channel["register"]) == (timezone.make_aware(timezone.datetime(2026, 12, 1)), 7)
    stated = {"name": "multiplier", "value": "20", "since": "2026-11-01T00:00", "note": "换互感器"}
    assert client.post(f"{HERE}cards/textile-new/fact/", stated | {"value": "二十"}).status_code == 422
    assert client.post(f"{HERE}cards/textile-new/fact/", stated).status_code == 302
    assert "换互感器" in _page(client, f"{HERE}cards/textile-new/")


def test_the_quarantine_leads_to_the_form_that_mends_it(client, person, demo):
    client.force_login(person("enterprise", "textile-demo"))
    held = Quarantine.objects.get(organisation="textile-demo", reason="unit_changed")
    page = _page(client, f"/energy/monitoring/quarantine/{held.pk}/")
    address = re.search(r'href="(/energy/points/cards/[^"]+/fact/[^"]+)"', page)[1].replace("&amp;", "&")
    form = _page(client, address)
    assert 'value="MWh"' in form
    since = timezone.localtime(held.first_at - timedelta(seconds=Point.objects.get(code=held.code).period))
    stated = {"name": "unit", "value": "MWh", "since": f"{since:%Y-%m-%dT%H:%M:%S}"}
    assert client.post(address.split("?")[0], stated).status_code == 302
    done = client.post(
        f"/energy/monitoring/quarantine/{held.pk}/decide/", {"how": "release", "note": "换了表"}, follow=True
    )
    held.refresh_from_db()
    assert held.state == "released", done.content.decode()[:200]
    assert not Quarantine.objects.filter(code=held.code, reason="unit_changed", state="held").exists()
    unknown = Quarantine.objects.get(organisation="textile-demo", reason="unknown_point")
    assert f"/energy/points/new/?code={unknown.code}" in _page(client, f"/energy/monitoring/quarantine/{unknown.pk}/")


def test_a_table_is_looked_at_then_taken_by_a_job(client, person, demo):
    """Three readings of a new meter: 100, 103, 107 kWh; the day's use is 3 + 4."""
    by = person("enterprise", "textile-demo")
    client.force_login(by)
    services.add_point("textile-up", by=by, now=NOW, subject="enterprise:textile-demo", name="表", quantity="electricity", unit="kWh", kind="register", period=3600)  # fmt: skip

    def upload(text: str):
        return client.post(f"{HERE}upload/", {"file": SimpleUploadedFile("a.csv", text.encode())})

    assert "不是数" in upload("时间,textile-up\n2026-11-20 08:00,多\n").content.decode()
    foreign = upload("时间,food-demo-x\n2026-11-20 08:00,1\n")
    page = _page(client, foreign["Location"])
    assert "没有这个计量点" in page
    assert "/take/" not in page
    sent = upload("时间,textile-up\n2026-11-20 00:00,100\n2026-11-20 01:00,103\n2026-11-20 02:00,107\n")
    assert "3 条读数" in _page(client, sent["Location"])
    assert queries.latest(["textile-up"], now=NOW).height == 0, "a preview takes nothing"
    client.force_login(person("enterprise", "food-demo"))
    assert client.get(sent["Location"]).status_code == 404, "another's table does not exist"
    client.force_login(by)
    assert client.post(f"{sent['Location']}take/").status_code == 302
    job = Job.objects.get(kind="series.upload")
    assert run(job.pk, clock=lambda: NOW).state == Job.State.DONE
    day = timezone.make_aware(timezone.datetime(2026, 11, 20))
    assert queries.used(["textile-up"], day, day + timedelta(days=1), "1d")["value"].to_list() == [7.0]


def test_a_devices_secret_is_told_once(client, person, demo):
    client.force_login(person("enterprise", "textile-demo"))
    told = {"code": "textile-gw", "name": "车间网关", "organisation": "textile-demo"}
    answer = client.post(f"{HERE}devices/", told)
    secret = re.search(r'id="new-secret">([^<]+)<', answer.content.decode())[1]
    made = Device.objects.get(code="textile-gw")
    assert secret == services.secret_of(made)
    assert answer["Cache-Control"] == "no-store"
    assert secret not in _page(client, f"{HERE}devices/") + _page(client, f"{HERE}devices/textile-gw/")
    renewed = client.post(f"{HERE}devices/textile-gw/step/", {"how": "renew"}).content.decode()
    made.refresh_from_db()
    assert services.secret_of(made) in renewed
    assert services.secret_of(made) != secret
    assert client.post(f"{HERE}devices/", told | {"code": "x", "organisation": "food-demo"}).status_code == 422
    client.force_login(person("enterprise", "food-demo"))
    assert client.get(f"{HERE}devices/textile-gw/").status_code == 404
    assert client.post(f"{HERE}devices/textile-gw/step/", {"how": "revoke"}).status_code == 404
    client.force_login(person("ndrc"))
    assert client.post(f"{HERE}devices/textile-gw/step/", {"how": "revoke"}).status_code == 302
    made.refresh_from_db()
    assert made.revoked_at == NOW
