"""The statistics feed of a whole city: a thousand firms in a few questions, each tonne once, and the activity behind it."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import UTC, datetime
from time import process_time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import assembling, feed, reports
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records.models import Record
from tests.domains.enterprise.reporting.conftest import LATE, NOW

CITY, FIRMS = "411500", 1000
SECTORS = ("cement", "power", "food", "textile", "paper", "iron_steel", "lime", "machinery")


def city() -> list[Report]:
    """A thousand firms with a submitted report, every tenth also with a locked first version and a newer one under way."""
    rows = [
        {"code": f"f{number}", "name": f"企业{number}", "place": "411522", "industry": "1511", "organisation": ""}
        for number in range(FIRMS)
    ]
    made = []
    for number, firm in enumerate(enterprises.ensure(CITY, rows)):
        sector = SECTORS[number % len(SECTORS)]
        for version in (1, 2) if number % 10 == 0 else (1,):
            state = "locked" if number % 10 == 0 and version == 1 else "submitted"
            record = Record(
                seq=len(made) + 1, kind=reports.KIND, title=firm.name, state=state, place="411522",
                key=f"{firm.code}-{version}", created_at=NOW, changed_at=NOW,
            )  # fmt: skip
            tonnes = (number + 1) * 1.1 + version - 1
            sums = {
                "emissions": [[sector, "combustion", "CO2", "direct", tonnes], [sector, "electricity", "CO2", "indirect", 0.5 * tonnes]],
                "heat": [[sector, "bituminous", 10 * tonnes]],
                "bought": [[sector, "electricity", 2 * tonnes]],
                "activity": [],
                "lacking": 0,
            }  # fmt: skip
            made.append(
                Report(
                    enterprise=firm, record=record, year=2025, version=version, sums=sums, digest="d" * 64,
                    emissions=1.5 * tonnes, emissions_compliance=tonnes, submitted_at=datetime(2026, 3, 20, tzinfo=UTC),
                )
            )  # fmt: skip
    Record.objects.bulk_create([each.record for each in made])
    Report.objects.bulk_create(made)
    return made


@pytest.mark.django_db
def test_a_thousand_firms_are_summed_in_columns_and_each_once() -> None:
    """By hand: firm n emits 1.1·(n+1) t directly, half of it indirectly, and burns 10 GJ a tonne; the newer, unlocked versions of
    every tenth firm (one tonne more) do not count."""
    city()
    with CaptureQueriesContext(connection) as asked:
        begun = process_time()
        shares = feed.shares(CITY, 2025)
        spent = process_time() - begun
    assert len(asked) == 1
    assert spent < 2
    direct: dict[str, float] = defaultdict(float)
    for number in range(FIRMS):
        direct[feed.category_of(SECTORS[number % len(SECTORS)], "combustion", "CO2")] += 1.1 * (number + 1)
    found = {each.category: each for each in shares if each.scope == "direct"}
    assert {code: each.value for code, each in found.items()} == pytest.approx(dict(direct))
    assert sum(len(each.reports) for each in found.values()) == FIRMS
    assert sum(each.value for each in found.values()) == pytest.approx(1.1 * FIRMS * (FIRMS + 1) / 2)
    [bought] = [each for each in shares if each.scope == "indirect"]
    assert (bought.category, bought.value) == (feed.UNASSIGNED, pytest.approx(0.55 * FIRMS * (FIRMS + 1) / 2))
    for each in shares:
        assert math.fsum(part["t"] for part in each.reports) == pytest.approx(each.value)
        assert [part["t"] for part in each.reports] == sorted((part["t"] for part in each.reports), reverse=True)
    heat = feed.heat(feed.counting(CITY, 2025))
    assert heat["value"].sum() == pytest.approx(10 * 1.1 * FIRMS * (FIRMS + 1) / 2)


@pytest.mark.django_db
def test_activity_and_emissions_are_published_beside_the_inventory_and_the_difference_shown() -> None:
    city()
    feed.publish(CITY, 2025, by=None, now=LATE)
    feed.publish(CITY, 2025, by=None, now=LATE)  # once more: the former run is superseded, nothing is added
    heat = indicators.values(feed.HEAT, subject=CITY, period=2025)
    assert heat["value"].sum() == pytest.approx(10 * 1.1 * FIRMS * (FIRMS + 1) / 2)
    assert "category=1A2f;fuel=bituminous" in heat["key"].to_list()
    board = indicators.start_run(domain="inventory", kind="compile", subject=CITY, now=LATE)
    indicators.ensure_indicator("inventory.co2e.sector", name="领域", unit="t CO2e")
    row = {"indicator": "inventory.co2e.sector", "subject": CITY, "period": "2025", "unit": "t CO2e", "status": 0}
    indicators.publish(board, [row | {"key": "sector=1", "value": 600_000.0}])
    indicators.finish_run(board, LATE)
    [energy] = feed.reconcile(CITY, 2025)
    assert (energy["sector"], energy["firms"], energy["over"]) == ("1", FIRMS, False)
    assert energy["difference"] == pytest.approx(600_000 - 1.1 * FIRMS * (FIRMS + 1) / 2)


@pytest.mark.django_db
def test_the_sums_of_a_report_are_those_of_its_rows(draft: Report, people: dict[str, Any]) -> None:
    """Heat by hand: Σ 10,000 t × 23 GJ/t, each month both 0.37 % × number higher (as told: one and three decimals)."""
    report = reports.submit(draft, by=people["clerk"], now=NOW)
    sums = report.sums
    assert math.fsum(row[-1] for row in sums["emissions"]) == pytest.approx(report.emissions)
    by_hand = sum(round(10_000 * (1 + n * 0.0037), 1) * round(23 * (1 + n * 0.0037), 3) for n in range(1, 13))
    assert sums["heat"] == [["cement", "bituminous", pytest.approx(by_hand)]]
    assert sums["bought"] == [["cement", "electricity", pytest.approx(12 * 8_000)]]
    assert sums["lacking"] == 0
    assert assembling.sums_of(report.content) == sums


@pytest.mark.django_db
def test_a_report_of_before_the_sums_were_kept_is_summed_from_its_content(
    draft: Report, people: dict[str, Any]
) -> None:
    report = reports.submit(draft, by=people["clerk"], now=NOW)
    kept = [(each.category, each.value) for each in feed.shares(CITY, 2025)]
    Report.objects.filter(pk=report.pk).update(sums={})
    assert [(each.category, each.value) for each in feed.shares(CITY, 2025)] == kept
