"""Months: saved whole, by one person at a time, with their papers; what is refused leaves a trace and changes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import MonthFiling, MonthlyValue
from dafeng.domains.enterprise.reporting import boundaries, entry
from dafeng.domains.enterprise.reporting.refusing import Faulty, SeenOld
from dafeng.kernel.records.models import AuditEntry
from tests.domains.enterprise.reporting.conftest import NOW, cells, paper


def refused() -> list[tuple[str, str]]:
    """(what was asked, reason code) of every refusal in the chain."""
    return [
        (each.detail["asked"], each.detail["reason"]) for each in AuditEntry.objects.filter(action="enterprise.refused").order_by("seq")
    ]  # fmt: skip


def test_a_correction_is_a_new_revision_that_takes_over_the_papers(kiln: Any, people: dict[str, Any]) -> None:
    file = paper(people["clerk"])
    entry.save_month(
        kiln, "2025-03", cells(evidence=file), seen=entry.seen(kiln, "2025-03"), by=people["clerk"], now=NOW
    )
    made = entry.save_month(
        kiln, "2025-03", cells(fuel_use=9000.0), seen=entry.seen(kiln, "2025-03"), by=people["colleague"], now=NOW
    )
    assert [(each.item, each.revision, each.value) for each in made] == [("fuel_use", 2, 9000.0)]
    assert [each.value for each in entry.history(made[0])] == [9000.0, 10_000.0]
    assert list(made[0].evidence.all()) == [file]
    assert MonthlyValue.objects.filter(current=True, item="fuel_use").count() == 1


def test_of_two_people_in_one_month_the_second_is_refused_and_nothing_is_lost(
    kiln: Any, people: dict[str, Any]
) -> None:
    token = entry.seen(kiln, "2025-03")
    entry.save_month(kiln, "2025-03", cells(), seen=token, by=people["clerk"], now=NOW)
    with pytest.raises(SeenOld) as error:
        entry.save_month(kiln, "2025-03", cells(fuel_use=1.0), seen=token, by=people["colleague"], now=NOW)
    assert error.value.code == "stale_month"
    assert refused() == [("values", "stale_month")]
    assert MonthlyValue.objects.get(item="fuel_use", current=True).value == 10_000.0


def test_one_wrong_value_keeps_the_whole_month_out(kiln: Any, people: dict[str, Any]) -> None:
    wrong = [
        entry.Cell("fuel_use", "bituminous/cement_kiln", -5.0),
        entry.Cell("no_such", "", 1.0),
        entry.Cell("fuel_use", "anthracite", 1.0),
        entry.Cell("electricity_bought", "", 1.0, unit="kWh"),
        entry.Cell("electricity_bought", "", None, "XX"),
        entry.Cell("clinker_output", "portland", None, way="default"),
        entry.Cell("clinker_output", "portland", 7.0),
    ]
    with pytest.raises(Faulty) as error:
        entry.save_month(kiln, "2025-03", wrong, seen=None, by=people["clerk"], now=NOW)
    assert len(error.value.problems) == 6
    assert not MonthlyValue.objects.exists()
    assert refused() == [("values", "values_wrong")]


@pytest.mark.parametrize("value", [1e30, -1e30, float("inf"), float("nan")])
def test_a_slip_of_the_keyboard_is_no_value(kiln: Any, people: dict[str, Any], value: float) -> None:
    with pytest.raises(Faulty) as error:
        entry.save_month(
            kiln, "2025-03", [entry.Cell("electricity_bought", "", value)], seen=None, by=people["clerk"], now=NOW
        )
    assert len(error.value.problems) == 1
    assert not MonthlyValue.objects.exists()


def test_a_month_filed_at_one_in_the_morning_after_its_last_day_is_late(kiln: Any) -> None:
    """1:00 of 11 May in Xinyang is 17:00 of 10 May by UTC."""
    due = date(2025, 5, 10)
    late = MonthFiling(facility=kiln, month="2025-03", at=datetime(2025, 5, 10, 17, tzinfo=UTC), due=due)
    in_time = MonthFiling(facility=kiln, month="2025-03", at=datetime(2025, 5, 10, 15, 59, tzinfo=UTC), due=due)
    assert (late.late, in_time.late) == (True, False)


@pytest.mark.parametrize(
    ("month", "reason"), [("2025-14", "unknown_month"), ("2026-09", "future_month"), ("2011-03", "outside_life")]
)
def test_a_month_that_cannot_be_is_refused(kiln: Any, people: dict[str, Any], month: str, reason: str) -> None:
    with pytest.raises(Refused) as error:
        entry.save_month(kiln, month, cells(), seen=None, by=people["clerk"], now=NOW)
    assert error.value.code == reason


def test_filing_wants_every_value_and_a_paper_for_each(kiln: Any, people: dict[str, Any]) -> None:
    by = people["clerk"]
    with pytest.raises(Refused) as error:
        entry.file_month(kiln, "2025-03", seen=entry.seen(kiln, "2025-03"), by=by, now=NOW)
    assert error.value.code == "month_incomplete"
    entry.save_month(kiln, "2025-03", cells(), seen=None, by=by, now=NOW)
    with pytest.raises(Refused) as error:
        entry.file_month(kiln, "2025-03", seen=entry.seen(kiln, "2025-03"), by=by, now=NOW)
    assert error.value.code == "no_evidence"
    entry.save_month(kiln, "2025-03", cells(evidence=paper(by)), seen=None, by=by, now=NOW)
    filing = entry.file_month(kiln, "2025-03", seen=entry.seen(kiln, "2025-03"), by=by, now=NOW)
    assert filing.due == date(2025, 5, 10)
    with pytest.raises(Refused) as error:
        entry.save_month(kiln, "2025-03", cells(fuel_use=1.0), seen=None, by=by, now=NOW)
    assert error.value.code == "no_reason"
    assert entry.save_month(kiln, "2025-03", cells(fuel_use=1.0), seen=None, by=by, now=NOW, reason="抄错")


def test_a_default_or_a_stock_balance_satisfies_what_is_wanted(kiln: Any, people: dict[str, Any]) -> None:
    by, coal = people["clerk"], "bituminous/cement_kiln"
    told = [
        entry.Cell("fuel_bought", coal, 900.0),
        entry.Cell("opening_stock", coal, 200.0),
        entry.Cell("closing_stock", coal, 100.0),
        entry.Cell("clinker_output", "portland", None, "NO"),
        entry.Cell("electricity_bought", "", 1.0, way="invoice"),
        entry.Cell("ncv", coal, None, way="default"),
    ]
    told = [entry.Cell(*[getattr(c, n) for n in ("item", "stream", "value", "notation", "unit", "way", "source")], (paper(by),)) for c in told]  # fmt: skip
    entry.save_month(kiln, "2025-03", told, seen=None, by=by, now=NOW)
    assert entry.file_month(kiln, "2025-03", seen=entry.seen(kiln, "2025-03"), by=by, now=NOW)


def test_a_meter_fills_a_value_and_never_writes_over_a_person(kiln: Any, people: dict[str, Any]) -> None:
    made = entry.take_metered(
        kiln, "2025-03", "electricity_bought", 812.5, "MWh", points=["P-1", "P-2"], by=None, now=NOW
    )
    assert made
    assert (made.value, made.way, made.source) == (812.5, "meter", "计量点：P-1、P-2")
    again = entry.take_metered(kiln, "2025-03", "electricity_bought", 813.0, "MWh", points=["P-1"], by=None, now=NOW)
    assert again
    assert again.revision == 2
    entry.save_month(kiln, "2025-04", cells(), seen=None, by=people["clerk"], now=NOW)
    with pytest.raises(Refused) as error:
        entry.take_metered(kiln, "2025-04", "electricity_bought", 1.0, "MWh", points=["P-1"], by=None, now=NOW)
    assert error.value.code == "told_otherwise"
    assert ("metered", "told_otherwise") in refused()


def test_the_two_boundaries_change_apart_and_by_date(kiln: Any, people: dict[str, Any]) -> None:
    boundaries.change(
        kiln, day=date(2025, 5, 16), boundary="compliance", inside=False, reason="停窑", by=people["clerk"], now=NOW
    )
    changes = boundaries.changes_of([kiln])[kiln.pk]
    seen = {
        (month, name): boundaries.inside(kiln, changes, month, name)
        for month in ("2025-04", "2025-05", "2025-06")
        for name in boundaries.BOUNDARIES
    }
    assert {key for key, inside in seen.items() if not inside} == {("2025-06", "compliance")}
    with pytest.raises(Refused) as error:
        boundaries.change(
            kiln, day=date(2025, 6, 1), boundary="compliance", inside=True, reason=" ", by=people["clerk"], now=NOW
        )
    assert error.value.code == "no_reason"
