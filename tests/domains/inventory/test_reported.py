"""The feed of the enterprises' reports beside the inventory, taken into it as activity, and never counted twice.

Two cement works burn bituminous coal, 1,000 GJ and 2,500 GJ; one of them 400 GJ of diesel. Expected numbers are worked out by hand.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import feed, reports
from dafeng.domains.inventory import holdings, lineage, reported, services, storage
from dafeng.domains.inventory.models import ActivityRow, Batch
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.errors import ActivityError, StaleError
from dafeng.kernel.records.models import AuditEntry, Record
from dafeng.kernel.records.services import verify_chain

COAL, DIESEL = "1A2f.bituminous", "1A2f.diesel"
SUBMITTED = datetime(2026, 3, 20, tzinfo=UTC)
# GB/T 32151.22-2024 table C.1: bituminous 26.1 t C/TJ, 93 % oxidised
CO2_PER_GJ = 26.1e-3 * 0.93 * 44 / 12


def publish(now: datetime, *, fuel: str = "diesel", second: float = 2500.0, lacking: int = 0) -> None:
    """Two locked reports of 2024 and their feed; published again, the second firm's number may be another."""
    firms = [
        {"code": f"cement{n}", "name": f"水泥{n}", "place": "411502", "industry": "3011", "organisation": ""}
        for n in (1, 2)
    ]
    heats = [[["cement", "bituminous", 1000.0], ["cement", fuel, 400.0]], [["cement", "bituminous", second]]]
    Report.objects.all().delete()
    for number, (firm, heat) in enumerate(zip(enterprises.ensure("411500", firms), heats, strict=True)):
        seq = 1_000_000 + Record.objects.count()
        record = Record.objects.create(
            seq=seq, kind=reports.KIND, title=firm.name, state="locked", place="411502", key=f"{firm.code}-{seq}",
            created_at=now, changed_at=now,
        )  # fmt: skip
        sums = {"emissions": [], "heat": heat, "bought": [], "activity": [], "lacking": lacking}
        Report.objects.create(
            enterprise=firm, record=record, year=2024, version=1, sums=sums, digest=f"{number}" * 64,
            emissions=0, emissions_compliance=0, submitted_at=SUBMITTED,
        )  # fmt: skip
    feed.publish("411500", 2024, by=None, now=now)


def held(city, now, *, basis: str, source: str = "pack", **more: Any) -> Batch:
    row = {"category": "1A2f", "item": "raw_coal", "place": "411502", "year": 2024, "value": 0.01, "unit": "万吨"}
    frame = pl.DataFrame([row | {"basis": basis, "source": "统计局"} | more])
    return services.load_batch(city, frame, title="底数", source=source, by=None, now=now)


def take(city, now, *keys: str) -> tuple[Batch, bool]:
    found = reported.reconcile(city, 2024)
    assert found is not None
    return reported.take(city, 2024, set(keys), seen=found.seen, by=None, now=now)


def counted(city) -> list[tuple[str, str, float, str]]:
    """What a compile reads and what the pages say counts: the two must be one."""
    rows = services.city_activity(city).filter(pl.col("value").is_not_null())
    shown = holdings.city_rows(city).filter(pl.col("counts") & pl.col("value").is_not_null())
    assert sorted(shown["value"].to_list()) == sorted(rows["value"].to_list())
    return sorted(rows.select("category", "item", "value", "unit").rows())


def line(city, key: str) -> reported.Compared:
    found = reported.reconcile(city, 2024)
    assert found is not None
    return next(row for row in found.rows if row.fed.key == key)


def test_reports_of_two_firms_become_activity_and_appear_in_a_compile_with_their_lineage(city, now) -> None:
    publish(now)
    assert line(city, COAL).fed.value == 1000 + 2500
    batch, changed = take(city, now, COAL)
    assert changed
    assert counted(city) == [("1A2f", "bituminous", 3500.0, "GJ")]
    run = services.compile_city(city, edition="gl2025", gwp="AR5", by=None, now=now)
    cells = storage.read(run, "cells").filter((pl.col("gas") == "CO2") & (pl.col("category") == "1A2f"))
    assert cells["emission"].sum() == pytest.approx(3500 * CO2_PER_GJ, rel=1e-9)
    [part] = lineage.trace(run, category="1A2f", gas="CO2")["parts"]
    feed_run = batch.record.payload["feed"]
    report = Report.objects.order_by("pk").first()
    assert feed_run in str(part)
    for each in Report.objects.all():
        assert f"{each.pk}（{each.digest[:16]}）" in str(part)
    assert report is not None
    kept = batch.record.evidence.get()
    told = json.loads(kept.file.read())
    assert told["run"] == feed_run
    [coal] = [cell for cell in told["cells"] if cell.get("fuel") == "bituminous"]
    assert (coal["value"], coal["unit"]) == (3500.0, "GJ")
    assert sorted(each["digest"] for each in coal["reports"]) == ["0" * 64, "1" * 64]
    assert ActivityRow.objects.get(batch=batch).basis == "reported"
    assert AuditEntry.objects.filter(action="inventory.take-reported").count() == 1


def test_a_statistic_is_not_doubled_only_the_difference_is_shown(city, now) -> None:
    """A tce is 29.3076 GJ: 200 tce are 5,861.52 GJ, 2,361.52 GJ more than the firms reported."""
    held(city, now, basis="statistic", value=200.0, unit="tce")
    publish(now)
    row = line(city, COAL)
    assert row.state == "held"
    assert row.own == pytest.approx(5861.52, rel=1e-4)
    assert row.difference == pytest.approx(2361.52, rel=1e-3)
    with pytest.raises(ActivityError, match="已有统计"):
        take(city, now, COAL)
    assert Batch.objects.count() == 1


def test_physical_units_are_read_by_the_calorific_value_of_the_item(city, now) -> None:
    """100 t of bituminous coal at 19.57 GJ/t (GB/T 32151.22-2024) are 1,957 GJ."""
    held(city, now, basis="statistic", item="bituminous", value=100.0, unit="t")
    publish(now)
    row = line(city, COAL)
    assert row.own == pytest.approx(1957.0)
    assert row.rows[0]["ncv"]


@pytest.mark.parametrize("source", ["pack", "upload"])
def test_a_statistic_that_comes_later_puts_what_was_taken_out_of_force(city, now, source: str) -> None:
    publish(now)
    take(city, now, COAL, DIESEL)
    held(city, now, basis="statistic", source=source)
    assert counted(city) == [("1A2f", "diesel", 400.0, "GJ"), ("1A2f", "raw_coal", 0.01, "万吨")]
    assert line(city, COAL).state == "held"


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"category": "1A2x"}, "held"),
        ({"category": "1A2a"}, "nothing"),
        ({"item": "natural_gas", "unit": "万立方米"}, "nothing"),
        ({"value": None, "notation": "IE"}, "held"),
        ({"value": None, "notation": "NE"}, "nothing"),
        ({"year": 2023}, "nothing"),
        ({"source": "upload", "basis": "estimated"}, "held"),
        ({"basis": "estimated"}, "estimated"),
        ({"basis": "estimated", "item": "natural_gas", "unit": "万立方米"}, "estimated"),
    ],
)
def test_what_stands_already_decides_whether_a_figure_may_be_taken(city, now, more: dict, state: str) -> None:
    held(city, now, **({"basis": "statistic"} | more))
    publish(now)
    assert line(city, COAL).state == state
    if state != "held":
        take(city, now, COAL)
        assert ("1A2f", "bituminous", 3500.0, "GJ") in counted(city)


def test_an_estimate_gives_way_as_a_whole_and_only_when_it_was_ticked(city, now) -> None:
    held(city, now, basis="estimated")
    held(city, now, basis="estimated", item="natural_gas", unit="万立方米", value=3.0)
    publish(now)
    found = reported.reconcile(city, 2024)
    assert found is not None
    assert found.chosen == frozenset()  # nothing is ticked beforehand: everything here would replace an estimate
    assert [each["item"] for each in reported.giving_way(found, reported.chosen_rows(found, {COAL}))] == [
        "raw_coal", "natural_gas",
    ]  # fmt: skip
    batch, _changed = take(city, now, COAL)
    assert counted(city) == [("1A2f", "bituminous", 3500.0, "GJ")]
    services.undo_batch(batch, by=None, now=now, reason="再看看")
    assert counted(city) == [("1A2f", "natural_gas", 3.0, "万立方米"), ("1A2f", "raw_coal", 0.01, "万吨")]


def test_the_same_feed_taken_again_changes_nothing_and_a_newer_one_takes_its_place(city, now) -> None:
    publish(now)
    first, _changed = take(city, now, COAL, DIESEL)
    again, changed = take(city, now, COAL, DIESEL)
    assert (again.pk, changed) == (first.pk, False)
    later = now + timedelta(days=1)
    publish(later, second=2600.0)
    newer, changed = take(city, later, COAL, DIESEL)
    first.refresh_from_db()
    assert (changed, first.active, newer.active) == (True, False, True)
    assert counted(city) == [("1A2f", "bituminous", 3600.0, "GJ"), ("1A2f", "diesel", 400.0, "GJ")]


def test_what_was_undone_may_be_taken_again(city, now) -> None:
    publish(now)
    batch, _changed = take(city, now, COAL)
    services.undo_batch(batch, by=None, now=now, reason="填错")
    assert line(city, COAL).state == "nothing"
    other, changed = take(city, now, COAL)
    assert changed
    assert other.pk != batch.pk


def test_a_fuel_without_an_item_is_shown_and_never_taken(city, now) -> None:
    publish(now, fuel="blended_coal")
    assert line(city, "1A2f.blended_coal").state == "unmapped"
    with pytest.raises(ActivityError, match="没有对应"):
        take(city, now, "1A2f.blended_coal")
    with pytest.raises(ActivityError, match="没有选择"):
        take(city, now)
    with pytest.raises(ActivityError, match="供数中没有"):
        take(city, now, "1A2f.moon")


def test_a_figure_of_reports_that_lack_something_is_not_ticked_beforehand(city, now) -> None:
    publish(now)
    assert reported.reconcile(city, 2024).chosen == {COAL, DIESEL}
    publish(now, lacking=1)
    assert reported.reconcile(city, 2024).chosen == frozenset()


def test_what_was_taken_is_not_offered_in_a_filled_template_as_an_offices_own(officer, city, now) -> None:
    publish(now)
    take(city, now, COAL)
    asked = {"year": 2024, "sheet": "1", "filled": "1"}
    book = load_workbook(io.BytesIO(b"".join(officer.get(url("data-template"), asked))))
    assert 3500 not in [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]


def test_data_that_moved_since_the_page_was_opened_refuse_the_taking(city, now) -> None:
    publish(now)
    found = reported.reconcile(city, 2024)
    assert found is not None
    held(city, now, basis="statistic")
    with pytest.raises(StaleError):
        reported.take(city, 2024, {COAL}, seen=found.seen, by=None, now=now)


def test_every_item_of_the_table_is_one_of_the_inventory() -> None:
    from dafeng.domains.inventory import library

    known = {item.item for item in library.items()}
    assert {item for item in reported.fuels().values() if item} <= known


@pytest.fixture
def officer(client, reviewer):
    client.force_login(reviewer)
    return client


def url(name: str) -> str:
    return reverse(f"inventory:{name}", kwargs={"code": "411500"})


def test_an_officer_looks_previews_and_takes(officer, city, now) -> None:
    held(city, now, basis="estimated", category="1A1a")
    publish(now)
    page = officer.get(url("reported")).content.decode()
    assert page.count('name="cell"') == 2
    assert page.count(" checked") == 2
    assert "3,500" in page
    preview = officer.get(url("reported-take"), {"year": 2024, "cell": [COAL]})
    found = reported.reconcile(city, 2024)
    assert found is not None
    assert found.seen in preview.content.decode()
    assert Batch.objects.count() == 1  # a preview stores nothing
    sent = {"year": 2024, "cell": [COAL], "seen": found.seen}
    answer = officer.post(url("reported-take"), sent)
    batch = Batch.objects.get(record__payload__year=2024)
    assert answer.url == reverse("inventory:batch", kwargs={"code": "411500", "id": batch.pk})
    assert "撤销这一批" in officer.get(answer.url).content.decode()
    assert officer.post(url("reported-take"), sent).status_code == 409
    sent["seen"] = reported.reconcile(city, 2024).seen
    again = officer.post(url("reported-take"), sent, follow=True).content.decode()
    assert "没有变化" in again
    assert Batch.objects.count() == 2
    with CaptureQueriesContext(connection) as asked:
        assert "已取" in officer.get(url("reported")).content.decode()
    assert len(asked) <= 12
    assert verify_chain().ok
    told = officer.get("/api/cities/411500/reported").json()
    assert {(row["category"], row["fuel"], row["heat"], row["taken"]) for row in told["rows"]} == {
        ("1A2f", "bituminous", 3500.0, True), ("1A2f", "diesel", 400.0, False),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "status"),
    [({"year": 2024}, 422), ({"year": 2024, "cell": "x"}, 422), ({"year": 1999, "cell": COAL}, 404)],
)
def test_an_odd_choice_is_answered_with_what_is_wrong(officer, city, now, query: dict, status: int) -> None:
    publish(now)
    assert officer.get(url("reported-take"), query).status_code == status
    seen = reported.reconcile(city, 2024).seen
    assert officer.post(url("reported-take"), query | {"seen": seen}).status_code == status
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("role", "sees", "takes"), [("statistics", 200, 200), ("leader", 200, 403), ("county", 403, 403)]
)
def test_who_may_look_and_who_may_take(client, city, now, role: str, sees: int, takes: int) -> None:
    from dafeng.portal.accounts.models import Membership, Organisation, User

    publish(now)
    user = User.objects.create_user(role, password="a-long-test-password")
    office = Organisation.objects.create(code=role, name=role)
    Membership.objects.create(user=user, organisation=office, role=role, place=city.code)
    client.force_login(user)
    assert client.get(url("reported")).status_code == sees
    assert client.get(url("reported-take"), {"year": 2024, "cell": COAL}).status_code == takes


def test_without_a_feed_the_page_says_so(officer) -> None:
    assert "还没有发布" in officer.get(url("reported")).content.decode()
    assert officer.get("/api/cities/411500/reported").status_code == 404
