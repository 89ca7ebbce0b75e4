"""One schema a sector: form, workbook and API ask for the same cells, and what is told in them is computed and checked."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from dafeng.domains.enterprise.models import MonthlyValue
from dafeng.domains.enterprise.reporting import assembling, boundaries, entry, findings, sectoral, sheet
from dafeng.domains.enterprise.reporting.methods import SECTORS
from tests.domains.enterprise.reporting.conftest import NOW

MONTH = "2025-03"


def works(firms: Any, people: dict[str, Any], code: str) -> Any:
    """A facility of the cement firm with the first two kinds of every stream that the sector knows."""
    kinds = {name: sorted(stream.kinds)[:2] for name, stream in SECTORS[code].streams.items()}
    return boundaries.ensure_facility(
        firms["cement"], code.replace("_", "-"), name=code, sector=code, since=date(2012, 1, 1), by=people["clerk"], now=NOW,
        facts={"streams": kinds},
    )  # fmt: skip


def plausible(sector: str, item: str) -> float:
    low, high = sectoral.limits_of(sector, item)
    usual = SECTORS[sector].items[item].usual
    if None not in usual:
        return (usual[0] + usual[1]) / 2  # type: ignore[operator]
    return (low or 0.0) + (10.0 if high is None else (high - (low or 0.0)) / 2)


@pytest.fixture
def asked(people: dict[str, Any], settings: Any) -> Any:
    from dafeng.portal.tokens import services as tokens

    settings.API_RATES = {"anonymous": "9999/min", "person": "9999/min"}
    scopes = tokens.scopes_for(people["clerk"])
    _token, text = tokens.make(people["clerk"], name="试验", scopes=scopes, lasts=timedelta(days=1), now=timezone.now())
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.parametrize("code", sorted(SECTORS))
def test_form_workbook_and_api_are_one_schema(firms: Any, people: dict[str, Any], asked: Any, code: str) -> None:
    facility = works(firms, people, code)
    cells = {each.key for each in sectoral.fields(facility, MONTH)}
    assert cells
    base = f"/api/enterprise/reporting/facilities/{facility.pk}/months/{MONTH}"
    told = Client().get(base, headers=asked).json()
    assert {(each["item"], each["stream"]) for each in told["cells"]} == cells
    owner = Client()
    owner.force_login(people["clerk"])
    page = owner.get(f"/enterprise/reporting/facilities/{facility.pk}/months/{MONTH}/").content.decode()
    assert [cell for cell in cells if f'name="value:{cell[0]}:{cell[1]}"' not in page] == []

    body = {
        "seen": told["seen"],
        "cells": [{"item": item, "stream": stream, "value": plausible(code, item)} for item, stream in sorted(cells)],
    }
    answer = Client().put(base, json.dumps(body), content_type="application/json", headers=asked)
    assert (answer.status_code, answer.json().get("saved")) == (200, len(cells)), answer.content.decode()
    book = openpyxl.load_workbook(io.BytesIO(sheet.template(facility, 2025)))["月度数据"]
    column = [cell.value for cell in book[3]].index(MONTH)
    held = {
        (row[0].value, row[1].value or ""): row[column].value
        for row in book.iter_rows(min_row=4)
        if row[0].value and row[column].value is not None
    }
    assert held == {(each["item"], each["stream"]): pytest.approx(each["value"]) for each in body["cells"]}

    computed = sectoral.compute([facility], assembling.values_of([facility], 2025), 2025)
    assert computed.rows
    assert {each["kind"] for each in computed.open} <= {"missing", "to_confirm"}
    findings.refresh(facility.enterprise, 2025, now=NOW)
    entry.save_month(facility, MONTH, [], seen=entry.seen(facility, MONTH), by=people["clerk"], now=NOW)
    assert MonthlyValue.objects.filter(facility=facility).count() == len(cells)
