"""A paper by API: uploaded once, refused as the page refuses it, attached to a month, taken away again."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dafeng.domains.enterprise.models import MonthlyValue
from dafeng.domains.enterprise.reporting import entry
from dafeng.kernel.records import evidence
from dafeng.kernel.records.models import AuditEntry, Evidence

PAPER = b"%PDF-1.7 weighbridge"


def upload(client: Client, content: bytes = PAPER, name: str = "过磅单.pdf") -> Any:
    return client.post("/api/evidence", {"file": SimpleUploadedFile(name, content), "source": "地磅"})


def test_a_paper_is_kept_once_a_person_with_both_hashes(client: Client, people: dict[str, Any]) -> None:
    client.force_login(people["clerk"])
    made = upload(client)
    told = made.json()
    assert made.status_code == 201
    assert (told["sha256"], told["sm3"]) == (hashlib.sha256(PAPER).hexdigest(), hashlib.new("sm3", PAPER).hexdigest())
    assert (told["media_type"], told["source"], told["uploaded_by"]) == ("application/pdf", "地磅", "clerk")
    again = upload(client, name="另一个名字.pdf")
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    client.force_login(people["rival"])
    assert upload(client).status_code == 201
    assert Evidence.objects.count() == 2
    assert AuditEntry.objects.filter(action="evidence.store").count() == 2


def test_what_the_page_refuses_the_api_refuses(client: Client, people: dict[str, Any], monkeypatch: Any) -> None:
    client.force_login(people["clerk"])
    for content, name in ((b"MZ\x90\x00", "a.pdf"), (b"<html>", "a.html"), (b"", "a.csv")):
        answer = upload(client, content, name)
        assert answer.status_code == 422, name
    monkeypatch.setattr(evidence, "UPLOAD_BYTES", len(PAPER) - 1)
    assert upload(client).status_code == 422
    assert not Evidence.objects.exists()


def test_an_uploaded_paper_is_attached_to_a_month_by_its_id_and_by_its_owner_only(
    client: Client, kiln: Any, people: dict[str, Any]
) -> None:
    client.force_login(people["rival"])
    foreign = upload(client, b"%PDF-1.7 another").json()["id"]
    client.force_login(people["clerk"])
    mine = upload(client).json()["id"]
    cell = {"item": "fuel_use", "stream": "bituminous/cement_kiln", "value": 10_000}

    def put(id: str) -> Any:
        body = {"seen": entry.seen(kiln, "2025-03"), "cells": [{**cell, "evidence": [id]}]}
        address = f"/api/enterprise/reporting/facilities/{kiln.pk}/months/2025-03"
        return client.put(address, json.dumps(body), content_type="application/json")

    assert put(foreign).status_code == 404
    assert put(mine).status_code == 200
    value = MonthlyValue.objects.get(facility=kiln, current=True)
    assert [str(each.pk) for each in value.evidence.all()] == [mine]
    page = client.post(f"/enterprise/reporting/values/{value.pk}/detach/", {"evidence": mine, "reason": "拿错"})
    assert page.status_code == 302
    assert not MonthlyValue.objects.get(facility=kiln, current=True).evidence.exists()
