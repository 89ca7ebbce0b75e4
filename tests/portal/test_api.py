"""What the API says: methods, runs, data, factors, files, jobs, indicators; the same numbers as the pages and the shell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job

# t CO2 per 1e4 m3 of natural gas, GB/T 32151.22-2024 table C.1; the fact file's ef_mass prints it as 21.621888
GAS_EF = 389.31 * 15.3e-3 * 0.99 * 44 / 12
HEADING = "类别,品种,地区,年份,数值,单位,依据,来源\n"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def send(client: Client, address: str, body: Any, **headers: str) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json", headers=headers)


def test_a_method_runs_over_http_as_from_the_shell(client: Client) -> None:
    # GB/T 32151.22-2024 table C.1, anthracite: 26.7 GJ/t × 27.4 kgC/GJ × 94 % × 44/12 = 2.521512 t CO2/t (fuels.csv, ef_mass)
    method = next(
        m
        for m in client.get("/api/methods?category=1A&gas=CO2").json()["items"]
        if set(m["inputs"]) == {"fuel", "ncv", "carbon_content", "oxidation"}
    )
    answer = send(
        client,
        f"/api/methods/{method['id']}/run",
        {
            "inputs": {"fuel": 1, "ncv": 26.7, "carbon_content": 27.4, "oxidation": 94},
            "units": {"carbon_content": "kg C/GJ", "oxidation": "%"},
        },
    )
    assert answer.status_code == 200
    assert answer.json()["result"] == pytest.approx(2.521512, rel=1e-6)


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": {}},
        {"inputs": {"fuel": 1, "nonsense": 2}},
        {"inputs": {"fuel": 1, "ncv": 1, "carbon_content": 1, "oxidation": 1}, "units": {"fuel": "furlong"}},
    ],
)
def test_wrong_inputs_are_told_as_problem_details(client: Client, body: dict) -> None:
    method = next(
        m["id"]
        for m in client.get("/api/methods?category=1A").json()["items"]
        if "fuel" in m["inputs"] and "ncv" in m["inputs"]
    )
    answer = send(client, f"/api/methods/{method}/run", body)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["code"] in {"method", "unit"}


def test_the_cells_sum_to_the_formula(client: Client, run) -> None:
    cells = client.get(f"/api/inventories/{run.id}/cells?category=1A4b1&gas=CO2&year=2021").json()["items"]
    assert sum(cell["emission"] for cell in cells) == pytest.approx(120 * GAS_EF, rel=1e-9)
    assert {cell["place"] for cell in cells} == {"411502"}


def test_the_figures_are_those_of_the_summary(client: Client, run) -> None:
    figures = client.get(f"/api/inventories/{run.id}/figures?year=2021").json()["items"]
    net = next(each for each in figures if (each["measure"], each["scope"]) == ("co2e", "net"))
    assert net["value"] == run.summary["years"]["2021"]["net"]
    assert net["unit"] == "t CO2e"
    indirect = next(each for each in figures if each["scope"] == "indirect")
    assert (indirect["value"], indirect["notation"]) == (None, "NE")  # no electricity was reported: missing, not zero


def test_lineage_over_http_reaches_the_activity(client: Client, run) -> None:
    found = client.get(f"/api/inventories/{run.id}/lineage?category=3C7&gas=CH4&year=2021").json()
    part = found["parts"][0]
    assert part["activity"][0]["value"] == 2.0
    assert part["activity"][0]["unit"] == "万公顷"
    assert part["factors"][0]["standing"] == "memory"
    assert part["status"] == 2


def test_drafts_are_hidden_outside_a_demo(client: Client, run, settings) -> None:
    settings.DEMO = False
    assert client.get(f"/api/inventories/{run.id}").status_code == 404
    assert client.get("/api/cities/411500/inventories").json()["items"] == []
    assert client.get("/api/cities/411500").json()["current"] is None
    assert client.get("/api/indicators/inventory.co2e.total/values").json()["total"] == 0


def test_a_published_run_is_open_to_all_and_may_be_kept_by_caches(client: Client, run, settings) -> None:
    settings.DEMO = False
    run.published_at = timezone.now()
    run.save(update_fields=["published_at"])
    answer = client.get(f"/api/inventories/{run.id}/cells")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    values = client.get("/api/indicators/inventory.co2e.total/values?subject=411500&period=2021&key=").json()["items"]
    assert [each["value"] for each in values] == [run.summary["years"]["2021"]["net"]]


def test_two_runs_differ_by_what_changed_and_nothing_is_left_over(client: Client, run, city) -> None:
    from dafeng.domains.inventory import services

    other = services.compile_city(city, edition="gl2025", gwp="AR6", by=None, now=timezone.now())
    rows = client.get(f"/api/inventories/{run.id}/differences/{other.id}?category=1A4b1").json()["items"]
    methane = next(row for row in rows if (row["gas"], row["year"]) == ("CH4", 2021))
    # CH4 of burnt gas is fossil: AR5 weighs it 28 (30 with its own CO2), AR6 29.8; only the weight has changed.
    assert methane["difference"] == pytest.approx(methane["after"] - methane["before"])
    assert methane["difference"] == pytest.approx(methane["gwp"])
    assert methane["activity"] == methane["factor"] == methane["method"] == methane["boundary"] == 0
    assert all(row["gas"] != "CO2" for row in rows)


def test_quality_and_completeness_are_for_the_offices(client: Client, run, person) -> None:
    assert client.get(f"/api/inventories/{run.id}/completeness").status_code == 401
    client.force_login(person("ecology"))
    missing = client.get(f"/api/inventories/{run.id}/completeness?state=missing&year=2021&limit=1").json()
    assert missing["total"] == run.summary["years"]["2021"]["missing"]
    checks = client.get(f"/api/inventories/{run.id}/checks?limit=1000").json()["items"]
    assert checks[0]["state"] == "failed"


def upload(client: Client, text: str, name: str = "燃气.csv", address: str = "/api/cities/411500/uploads") -> Any:
    return client.post(address, {"file": SimpleUploadedFile(name, text.encode())})


def test_a_file_is_previewed_committed_and_undone(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    preview = upload(client, HEADING + "1A4b1,天然气,浉河区,2021,150,万立方米,统计,燃气公司\n")
    assert preview.status_code == 201, preview.content.decode()
    staged = preview.json()
    assert (staged["counts"]["errors"], staged["counts"]["replaces"]) == (0, 1)
    assert client.get(preview.headers["Location"]).json()["digest"] == staged["digest"]

    wrong = send(client, "/api/cities/411500/batches", {"upload": staged["id"], "digest": "0" * 64})
    assert wrong.status_code == 409
    commit = {"upload": staged["id"], "digest": staged["digest"]}
    committed = send(client, "/api/cities/411500/batches", commit)
    assert committed.status_code == 201
    assert committed.headers["Location"] == f"/api/batches/{committed.json()['id']}"
    # Asked again, it is the same batch.
    assert send(client, "/api/cities/411500/batches", commit).json()["id"] == committed.json()["id"]
    rows = client.get("/api/cities/411500/activity?category=1A4b1&year=2021").json()["items"]
    assert [(row["value"], row["unit"], row["place"]) for row in rows] == [(150.0, "万立方米", "411502")]
    evidence = client.get(f"/api/evidence/{committed.json()['evidence'][0]}").json()
    assert (evidence["name"], evidence["sha256"], evidence["intact"]) == ("燃气.csv", staged["sha256"], True)

    address = committed.headers["Location"]
    assert send(client, f"{address}/undo", {"reason": ""}).status_code == 422
    assert send(client, f"{address}/undo", {"reason": "单位填错"}).json()["active"] is False
    rows = client.get("/api/cities/411500/activity?category=1A4b1&year=2021").json()["items"]
    assert [row["value"] for row in rows] == [120.0]  # the row of before counts again
    assert send(client, f"{address}/undo", {"reason": "再来"}).status_code == 422


def test_a_file_with_errors_tells_them_and_is_not_committed(client: Client, run, person) -> None:
    client.force_login(person("statistics"))
    staged = upload(client, HEADING + "1A4b1,天然气,浉河区,2021,12O,万立方米,统计,\n").json()
    problem = next(each for each in staged["problems"] if each["severity"] == "error")
    assert (problem["row"], problem["column"]) == (2, "数值")
    answer = send(client, "/api/cities/411500/batches", {"upload": staged["id"], "digest": staged["digest"]})
    assert answer.status_code == 422
    assert client.get("/api/cities/411500/batches").json()["total"] == 1  # the pack's


def test_an_upload_needs_a_login_a_role_and_content(client: Client, city, person) -> None:
    assert upload(client, "").status_code == 401
    client.force_login(person("bank"))
    assert upload(client, "").status_code == 403
    client.force_login(person("statistics"))
    assert upload(client, "").status_code == 422  # an empty file, said in words


def test_factors_are_found_and_signed_for_what_was_seen(client: Client, city, person) -> None:
    found = client.get("/api/factors?q=水稻&standing=memory").json()
    assert found["total"] > 0
    factor = client.get(f"/api/factors/{found['items'][0]['factor_id']}").json()
    assert factor["signature"] is None
    client.force_login(person("ecology"))
    address = f"/api/factors/{factor['factor_id']}/signatures"
    assert send(client, address, {"reason": "核对原文", "fingerprint": "0" * 64}).status_code == 409
    assert send(client, address, {"reason": "核对原文", "fingerprint": factor["fingerprint"]}).status_code == 201
    assert client.get(f"/api/factors/{factor['factor_id']}").json()["standing"] == "signed"
    assert send(client, address, {"reason": "核对原文", "fingerprint": factor["fingerprint"]}).status_code == 422
    assert send(client, "/api/factors/nothing/signatures", {"reason": "x", "fingerprint": "x"}).status_code == 404


def test_an_own_factor_gets_versions_and_a_stale_writer_is_told(client: Client, city, person) -> None:
    client.force_login(person("statistics"))
    body = {
        "factor_id": "xy.oxidation",
        "version": 0,
        "parameter": "oxidation",
        "value": 98,
        "unit": "%",
        "source": "报告",
    }
    assert send(client, "/api/cities/411500/factors", body).status_code == 201
    assert send(client, "/api/cities/411500/factors", body).status_code == 409
    assert send(client, "/api/cities/411500/factors", body | {"version": 1, "value": 97}).json()["version"] == 2
    versions = client.get("/api/cities/411500/factors").json()["items"]
    assert [(each["version"], each["value"]) for each in versions] == [(2, 97.0), (1, 98.0)]


def test_a_compile_is_a_job_that_is_watched_to_its_end(client: Client, run, person) -> None:
    client.force_login(person("ecology"))
    started = send(client, "/api/cities/411500/inventories", {"gwp": "AR6"})
    assert started.status_code == 202
    assert (
        send(client, "/api/cities/411500/inventories", {}).json()["job"] == started.json()["job"]
    )  # joined, not doubled
    jobs.run(Job.objects.get(pk=started.json()["job"]).pk, clock=timezone.now)
    job = client.get(started.headers["Location"]).json()
    assert (job["state"], job["percent"]) == ("done", 100)
    newest = client.get("/api/cities/411500/inventories").json()["items"][0]
    assert (newest["number"], newest["gwp"], newest["current"]) == (run.number + 1, "AR6", True)


def test_a_compile_by_an_unknown_rule_is_refused_before_it_starts(client: Client, run, person) -> None:
    client.force_login(person("ecology"))
    assert send(client, "/api/cities/411500/inventories", {"edition": "gl1066"}).status_code == 422
    assert send(client, "/api/cities/411500/inventories", {"gwp": "AR99"}).status_code == 404
    assert not Job.objects.exists()


def test_a_file_is_made_by_a_job_and_then_served(client: Client, run, person) -> None:
    address = f"/api/inventories/{run.id}/files"
    assert client.get(f"{address}/csv?year=2021").status_code == 404
    assert send(client, address, {"format": "csv", "year": 2021}).status_code == 401
    client.force_login(person("citizen"))
    started = send(client, address, {"format": "csv", "year": 2021})
    assert started.status_code == 202
    jobs.run(Job.objects.get(pk=started.json()["job"]).pk, clock=timezone.now)
    made = send(client, address, {"format": "csv", "year": 2021})
    assert made.status_code == 200
    file = client.get(made.json()["href"])
    content = b"".join(file.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    assert len(content) == made.json()["bytes"]
    assert client.get(made.json()["href"], headers={"If-None-Match": file.headers["ETag"]}).status_code == 304
    assert send(client, address, {"format": "csv", "year": 1949}).status_code == 404


def test_another_persons_job_is_not_there(client: Client, city, person) -> None:
    mine = Job.objects.create(kind="inventory.compile", title="编制", by=person("ndrc"), created_at=timezone.now())
    client.force_login(person("ecology"))
    for address in (f"/api/jobs/{mine.pk}", f"/api/jobs/{mine.pk}/cancel", f"/api/jobs/{mine.pk}/retry"):
        answer = client.get(address) if address.endswith(str(mine.pk)) else send(client, address, {})
        assert answer.status_code == 404
    assert client.get("/api/jobs").json()["total"] == 0
    client.force_login(person("admin"))
    assert client.get(f"/api/jobs/{mine.pk}").json()["by"] == "ndrc"


def test_a_waiting_job_is_cancelled_at_once_and_may_be_retried(client: Client, run, person) -> None:
    client.force_login(person("ecology"))
    started = send(client, "/api/cities/411500/inventories", {}).headers["Location"]
    assert send(client, f"{started}/retry", {}).status_code == 422
    assert send(client, f"{started}/cancel", {}).json()["state"] == "cancelled"
    again = send(client, f"{started}/retry", {})
    assert again.status_code == 202
    assert again.headers["Location"] != started


def test_the_audit_is_searched_by_person_action_and_time(client: Client, run, person) -> None:
    client.force_login(person("admin"))
    found = client.get("/api/audit?action=inventory.compile").json()
    assert found["total"] == 1
    assert found["items"][0]["subject_id"] == str(run.id)
    assert client.get("/api/audit?until=2020-01-01T00:00:00Z").json()["total"] == 0
    assert client.get("/api/audit?since=yesterday").status_code == 422
    assert client.get("/api/audit?since=2020-01-01T00:00:00").status_code == 422  # which time zone?


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("0044-04-05T16:17:53-22:41", 200),  # an offset that PostgreSQL would not take
        ("2026-11-21T08:00:00+23:59", 200),
        ("0001-01-01T00:00:00+00:01", 422),  # before the year 1 in UTC
        ("9999-12-31T23:59:59-23:59", 422),  # after the year 9999
    ],
)
def test_the_audit_takes_every_moment_that_there_is(
    client: Client, person, name: str, moment: str, status: int
) -> None:
    client.force_login(person("admin"))
    assert client.get("/api/audit", {name: moment}).status_code == status


def test_indicator_values_carry_unit_status_and_key(client: Client, run) -> None:
    codes = [each["code"] for each in client.get("/api/indicators").json()["items"]]
    assert "inventory.co2e.sector" in codes
    rows = client.get("/api/indicators/inventory.co2e.sector/values?period=2021").json()["items"]
    assert {row["key"] for row in rows} >= {"sector=1", "sector=3"}
    assert all(row["unit"] == "t CO2e" for row in rows)
    one = client.get("/api/indicators/inventory.co2e.sector/values?period=2021&key=sector%3D1").json()["items"]
    assert [row["key"] for row in one] == ["sector=1"]
    assert client.get("/api/indicators/nothing/values").status_code == 404
    assert client.get("/api/indicators/inventory.co2e.sector/values?period=soon").status_code == 422
