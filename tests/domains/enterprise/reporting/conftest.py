"""A cement line and a power unit of two firms, and the people who act for them. All of it is made up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from dafeng.domains.enterprise.reporting import boundaries, clock, entry, plans, reports
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.records import services as records

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
LATE = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
CELLS = (
    ("fuel_use", "bituminous/cement_kiln", 10_000.0, "measured"),
    ("ncv", "bituminous/cement_kiln", 23.0, "measured"),
    ("elemental_carbon", "bituminous/cement_kiln", 0.6, "measured"),
    ("clinker_output", "portland", 100_000.0, "measured"),
    ("electricity_bought", "", 8_000.0, "invoice"),
)


@pytest.fixture
def people(db: Any, settings: Any, tmp_path: Any) -> dict[str, Any]:
    """By name: two clerks of the cement firm, one of the power firm, two of the bureau, a verifier."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    settings.MEDIA_ROOT = tmp_path
    made = {}
    for name, organisation, role in (
        ("clerk", "cement", "enterprise"),
        ("colleague", "cement", "enterprise"),
        ("rival", "power", "enterprise"),
        ("bureau", "ecology", "ecology"),
        ("chief", "ecology", "ecology"),
        ("verifier", "body", "verifier"),
    ):
        user = User.objects.create_user(name, password="a-long-test-password")
        office, _ = Organisation.objects.get_or_create(code=organisation, defaults={"name": organisation})
        Membership.objects.create(user=user, organisation=office, role=role, place="411500")
        made[name] = user
    return made


@pytest.fixture
def firms(people: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"code": "cement", "name": "试验水泥", "place": "411522", "industry": "3011", "organisation": "cement"},
        {"code": "power", "name": "试验电厂", "place": "411503", "industry": "4411", "organisation": "power"},
    ]
    return {each.code: each for each in enterprises.ensure("411500", rows)}


@pytest.fixture
def kiln(firms: dict[str, Any], people: dict[str, Any]) -> Any:
    return boundaries.ensure_facility(
        firms["cement"], "kiln", name="一线", sector="cement", since=date(2012, 1, 1), by=people["clerk"], now=NOW,
        facts={"streams": {"fuel": ["bituminous/cement_kiln"], "clinker": ["portland"]}},
    )  # fmt: skip


@pytest.fixture
def unit(firms: dict[str, Any], people: dict[str, Any]) -> Any:
    return boundaries.ensure_facility(
        firms["power"], "unit", name="一号机", sector="power", since=date(2009, 1, 1), by=people["rival"], now=NOW,
        facts={"streams": {"fuel": ["bituminous"]}},
    )  # fmt: skip


def paper(by: Any, text: str = "台账") -> Any:
    return records.store_evidence(text.encode(), name=f"{text}.csv", media_type="text/csv", by=by, now=NOW)


def cells(*, evidence: Any = None, **changed: float) -> list[entry.Cell]:
    files = None if evidence is None else (evidence,)
    return [
        entry.Cell(item, stream, changed.get(item, value), "", "", way, "台账", files)
        for item, stream, value, way in CELLS
    ]


@pytest.fixture
def year(kiln: Any, people: dict[str, Any]) -> Any:
    """Twelve months of 2025 told, each with a paper of its own, and a filed control plan."""
    by = people["clerk"]
    for month in clock.months_of(2025):
        # Each month a little different, as months are: the checks look for values that repeat.
        step = 1 + int(month[5:]) * 0.0037
        told = cells(evidence=paper(by, month), fuel_use=round(10_000 * step, 1), ncv=round(23 * step, 3), elemental_carbon=round(0.6 * step, 4))  # fmt: skip
        entry.save_month(kiln, month, told, seen=entry.seen(kiln, month), by=by, now=NOW)
    plan = plans.open_plan(kiln.enterprise, 2025, by=by, now=NOW)
    said = {each["key"]: {"how": "台账"} for each in plans.lines(kiln.enterprise, {}, 2025)}
    plans.save(plan, {"items": said}, seen=plans.seen_of(plan), by=by, now=NOW)
    plans.file(plan, by=by, now=NOW)
    return kiln


@pytest.fixture
def draft(year: Any, people: dict[str, Any]) -> Any:
    return reports.open_draft(year.enterprise, 2025, by=people["clerk"], now=NOW)
