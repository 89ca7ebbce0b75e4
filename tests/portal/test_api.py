"""The API: its description, its answers, and that nothing a stranger sends brings it down."""

from __future__ import annotations

import json

import pytest
from django.test import Client


def test_a_method_runs_over_http_as_from_the_shell(client: Client) -> None:
    # GB/T 32151.22-2024 table C.1, anthracite: 26.7 GJ/t × 27.4 kgC/GJ × 94 % × 44/12 = 2.521512 t CO2/t (fuels.csv, ef_mass)
    method = next(
        m
        for m in client.get("/api/methods?category=1A").json()
        if set(m["inputs"]) == {"fuel", "ncv", "carbon_content", "oxidation"} and m["gas"] == "CO2"
    )
    answer = client.post(
        f"/api/methods/{method['id']}/run",
        json.dumps(
            {
                "inputs": {"fuel": 1, "ncv": 26.7, "carbon_content": 27.4, "oxidation": 94},
                "units": {"carbon_content": "kg C/GJ", "oxidation": "%"},
            }
        ),
        content_type="application/json",
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
        m["id"] for m in client.get("/api/methods?category=1A").json() if "fuel" in m["inputs"] and "ncv" in m["inputs"]
    )
    answer = client.post(f"/api/methods/{method}/run", json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["code"] in {"method", "unit"}


def test_cells_are_paged(client: Client, run) -> None:
    first = client.get(f"/api/inventories/{run.id}/cells?limit=2").json()
    rest = client.get(f"/api/inventories/{run.id}/cells?limit=1000&offset=2").json()
    assert len(first["cells"]) == 2
    assert first["total"] == 2 + len(rest["cells"])


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
    assert client.get("/api/cities/411500/inventories").json() == []


def test_an_upload_needs_a_login_and_a_role(client: Client, city, person) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    def send() -> int:
        file = SimpleUploadedFile("空.csv", b"")
        return client.post(f"/api/cities/{city.code}/imports/preview", {"file": file}).status_code

    assert send() == 401
    client.force_login(person("bank"))
    assert send() == 403
    client.force_login(person("statistics"))
    assert send() == 422  # an empty file, said in words


def test_the_docs_page_lists_every_operation(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    schema = client.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for path in schema["paths"]:
        assert path in page
