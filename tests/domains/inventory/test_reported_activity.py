"""Output, materials and bought energy of reports beside the inventory's own activity: taken once, counted as worked out by hand.

Two firms of two counties, 浉河区 and 光山县; reports of 2024. Factors: 2011 guideline (AR5), else the sets that stand behind it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import feed, reports
from dafeng.domains.inventory import holdings, reported, services, storage, taken
from dafeng.domains.inventory.models import Batch
from dafeng.kernel.desk import registry as desk
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.errors import ActivityError, TransitionError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records.models import Record

PLACES = ("411502", "411522")
SUBMITTED = datetime(2026, 3, 20, tzinfo=UTC)
CLINKER = ("cement", "clinker", "portland", {"clinker_output": [40_000.0, "t"]})


def told(sector: str, source: str, stream: str = "", **inputs: tuple[float, str]) -> tuple[Any, ...]:
    return (sector, source, stream, {name: list(each) for name, each in inputs.items()})


def publish(
    now: datetime, *firms: list[tuple[Any, ...]], heat: dict[int, list[Any]] | None = None, lacking: int = 0
) -> None:
    """One locked report of 2024 a firm, with what it told in June, and the feed of them; former reports are gone."""
    Report.objects.all().delete()
    rows = [
        {"code": f"firm{n}", "name": f"企业{n}", "place": PLACES[n % 2], "industry": "3011", "organisation": ""}
        for n in range(len(firms))
    ]
    for number, (firm, entries) in enumerate(zip(enterprises.ensure("411500", rows), firms, strict=True)):
        seq = 1_000_000 + Record.objects.count()
        record = Record.objects.create(
            seq=seq, kind=reports.KIND, title=firm.name, state="locked", place=firm.place, key=f"{firm.code}-{seq}",
            created_at=now, changed_at=now,
        )  # fmt: skip
        activity = [[sector, "line", source, stream, "2024-06", inputs] for sector, source, stream, inputs in entries]
        sums = {
            "emissions": [], "heat": (heat or {}).get(number, []), "bought": [], "activity": activity, "lacking": lacking,
        }  # fmt: skip
        Report.objects.create(
            enterprise=firm, record=record, year=2024, version=1, sums=sums, digest=f"{number}" * 64,
            emissions=0, emissions_compliance=0, submitted_at=SUBMITTED,
        )  # fmt: skip
    feed.publish("411500", 2024, by=None, now=now)


def held(city: Any, now: datetime, category: str, item: str, value: float, unit: str, **more: Any) -> Batch:
    row = {"category": category, "item": item, "place": "411502", "year": 2024, "value": value, "unit": unit}
    frame = pl.DataFrame([row | {"basis": "statistic", "source": "统计局"} | more])
    return services.load_batch(city, frame, title="底数", source="upload", by=None, now=now)


def found(city: Any) -> reported.Reconciliation:
    made = reported.reconcile(city, 2024)
    assert made is not None
    return made


def line(city: Any, key: str, variable: str = "") -> reported.Compared:
    return next(row for row in found(city).rows if row.fed.key == key and variable in ("", row.fed.variable))


def take(city: Any, now: datetime, *keys: str) -> Batch:
    return reported.take(city, 2024, set(keys), seen=found(city).seen, by=None, now=now)[0]


def counted(city: Any) -> list[tuple[str, str, str, float]]:
    """What a compile reads and what the pages say counts: the two must be one."""
    rows = services.city_activity(city).filter(pl.col("value").is_not_null())
    shown = holdings.city_rows(city).filter(pl.col("counts") & pl.col("value").is_not_null())
    assert sorted(shown["value"].to_list()) == sorted(rows["value"].to_list())
    return sorted(rows.select("category", "item", "unit", "value").rows())


def test_a_compile_counts_what_was_taken_as_worked_out_by_hand(city: Any, now: datetime) -> None:
    publish(
        now,
        [
            told("cement", "clinker", "portland", clinker_output=(40_000.0, "t")),
            told("lime", "=product_output", product_output=(2_000.0, "t")),
            told("iron_steel", "flux", "limestone", flux_use=(1_000.0, "t"), purity=(0.9, "1")),
            told("coal_mine", "ventilation", ch4_volume=(50.0, "1e4Nm3")),
            told("coal_mine", "drained", ch4_volume=(20.0, "1e4Nm3")),
            told("coal_mine", "flared", ch4_volume=(5.0, "1e4Nm3")),
            told("food", "electricity", electricity_bought=(1_000.0, "MWh")),
        ],
        [
            told("cement", "clinker", "portland", clinker_output=(60_000.0, "t")),
            told("fluorine_chemicals", "hfc23", hcfc22_output=(1_000.0, "t")),
            told("fluorine_chemicals", "hfc23_destroyed", hfc23_destroyed=(10.0, "t")),
            told("fluorine_chemicals", "fugitive", "hfc32", fluorinated_output=(400.0, "t")),
            told("coal_mine", "used", ch4_volume=(15.0, "1e4Nm3")),
            told("food", "wastewater", "beverage_tea", cod_removed=(100.0, "t COD"), cod_sludge=(20.0, "t COD"), ch4_recovered=(1.0, "t CH4")),
            told("food", "electricity", electricity_bought=(500.0, "MWh")),
            told("food", "heat", "steam", heat_bought=(3_000.0, "GJ")),
            told("electronics", "process_gas", "cf4", process_gas_use=(200.0, "kg")),
        ],
    )  # fmt: skip
    take(city, now, *found(city).chosen)
    run = services.compile_city(city, edition="gl2011", gwp="AR5", by=None, now=now)
    cells = storage.read(run, "cells").filter(pl.col("emission").is_not_null())
    made = {(row["category"], row["gas"], row["kind"]): row["emission"] for row in cells.to_dicts()}
    by_hand = {
        ("2A1", "CO2", "direct"): 100_000 * 0.538,
        ("2A2", "CO2", "direct"): 2_000 * 0.683,
        ("2C1", "CO2", "direct"): 900 * 0.43,
        ("1B1a", "CH4", "direct"): (50 + 20 - 5 - 15) * 7.17,
        ("2B9", "HFC-23", "direct"): 1_000 * 0.0292 - 10,
        ("2B9", "HFC-32", "direct"): 400 * 0.005,
        ("5D2", "CH4", "direct"): (100 - 20) * 0.25 * 0.5 - 1,
        ("2E", "CF4", "direct"): 0.2 * 0.4356,
        ("ID4", "CO2", "indirect"): 3_000 * 0.11,
        ("ID3", "CO2", "indirect"): 1_500 * 0.5897,  # Henan 2023, t CO2/MWh: the newest province factor at 2024
    }
    assert {key: made.get(key) for key in by_hand} == pytest.approx(by_hand)
    assert {key for key in made if key[2] == "direct"} == {key for key in by_hand if key[2] == "direct"}


def test_a_statistic_stands_and_only_the_difference_and_the_share_are_shown(city: Any, now: datetime) -> None:
    """12 万吨 of the office against 40,000 t and 60,000 t of two firms: 20,000 t more, 83.3 % covered."""
    held(city, now, "2A1", "clinker", 12.0, "万吨")
    publish(now, [CLINKER], [told("cement", "clinker", "white", clinker_output=(60_000.0, "t"))])
    row = line(city, "2A1.clinker")
    assert (row.state, row.fed.value, row.own) == ("held", 100_000, pytest.approx(120_000))
    assert row.difference == pytest.approx(20_000)
    assert row.share == pytest.approx(100 / 120)
    assert dict(row.fed.technologies) == {"": 40_000, "white": 60_000}
    assert [each["name"] for each in row.fed.reports] == ["企业1", "企业0"]
    with pytest.raises(ActivityError, match="已有统计"):
        take(city, now, "2A1.clinker")
    assert counted(city) == [("2A1", "clinker", "万吨", 12.0)]


def test_a_statistic_that_comes_later_puts_what_was_taken_out_of_force(city: Any, now: datetime) -> None:
    publish(now, [CLINKER], [told("lime", "=product_output", product_output=(2_000.0, "t"))])
    take(city, now, "2A1.clinker", "2A2.lime")
    assert counted(city) == [("2A1", "clinker", "t", 40_000.0), ("2A2", "lime", "t", 2_000.0)]
    batch = held(city, now, "2A1", "clinker", 12.0, "万吨")
    assert counted(city) == [("2A1", "clinker", "万吨", 12.0), ("2A2", "lime", "t", 2_000.0)]
    services.undo_batch(batch, by=None, now=now, reason="填错")
    assert counted(city) == [("2A1", "clinker", "t", 40_000.0), ("2A2", "lime", "t", 2_000.0)]


def test_a_firm_whose_fuel_is_in_the_statistic_gives_its_process_alone(city: Any, now: datetime) -> None:
    held(city, now, "1A2f", "raw_coal", 1.0, "万吨")
    publish(now, [CLINKER], heat={0: [["cement", "bituminous", 1000.0]]})
    assert {row.fed.key: row.state for row in found(city).rows} == {"1A2f.bituminous": "held", "2A1.clinker": "nothing"}
    assert found(city).chosen == {"2A1.clinker"}
    take(city, now, "2A1.clinker")
    assert counted(city) == [("1A2f", "raw_coal", "万吨", 1.0), ("2A1", "clinker", "t", 40_000.0)]


@pytest.mark.parametrize(
    ("category", "item", "unit", "entry", "key"),
    [
        ("2A1", "cement", "万吨", CLINKER, "2A1.clinker"),
        ("2A3", "glass", "万吨", told("flat_glass", "carbonate", "na2co3", carbonate_use=(9.0, "t"), purity=(1.0, "1"), decomposition=(1.0, "1")), "2A3.soda_ash"),
        ("2A4", "mixed_carbonate", "吨", told("ceramics", "carbonate", "caco3", carbonate_use=(9.0, "t"), purity=(1.0, "1")), "2A4.limestone"),
        ("2C4", "primary_magnesium", "吨", told("magnesium", "carbonate", "camgco3", carbonate_use=(9.0, "t"), purity=(1.0, "1")), "2C4.dolomite"),
        ("1B1a", "coal", "万吨", told("coal_mine", "ventilation", ch4_volume=(9.0, "1e4Nm3")), "1B1a.coal_mine_enterprise"),
        ("2C1", "steelmaking", "万吨", told("iron_steel", "material", "scrap", material_use=(9.0, "t")), "2C1.scrap"),
    ],
)  # fmt: skip
def test_another_measure_of_the_same_emission_stands_too(
    city: Any, now: datetime, category: str, item: str, unit: str, entry: tuple[Any, ...], key: str
) -> None:
    held(city, now, category, item, 3.0, unit)
    publish(now, [entry])
    row = line(city, key)
    assert (row.state, row.own, row.difference) == ("held", None, None)
    with pytest.raises(ActivityError, match="已有统计"):
        take(city, now, key)


@pytest.mark.parametrize(
    ("category", "item"),
    [("2A2", "lime"), ("2A4", "soda_ash"), ("2C3", "aluminium")],
    ids=["lime", "soda", "aluminium"],
)
def test_a_number_for_something_else_stands_in_nobodys_way(city: Any, now: datetime, category: str, item: str) -> None:
    held(city, now, category, item, 3.0, "吨")
    publish(now, [CLINKER, told("ceramics", "carbonate", "caco3", carbonate_use=(9.0, "t"), purity=(1.0, "1"))])
    assert {row.state for row in found(city).rows} == {"nothing"}


def test_two_measures_of_one_emission_are_not_taken_together(city: Any, now: datetime) -> None:
    batch = told(
        "flat_glass", "carbonate", "na2co3", carbonate_use=(9.0, "t"), purity=(1.0, "1"), decomposition=(1.0, "1")
    )
    publish(now, [told("flat_glass", "=product_output", product_output=(50.0, "t")), batch])
    glass, soda = line(city, "2A3.glass"), line(city, "2A3.soda_ash")
    assert (glass.counted, soda.counted, soda.tiers) == (True, False, ("3", "enterprise"))
    assert found(city).chosen == {"2A3.glass"}  # what no compile would count by itself is not ticked beforehand
    with pytest.raises(ActivityError, match="只能取一个"):
        take(city, now, "2A3.glass", "2A3.soda_ash")
    take(city, now, "2A3.soda_ash")
    run = services.compile_city(city, edition="gl2011", gwp="AR5", tiers={"2A3": "enterprise"}, by=None, now=now)
    cells = storage.read(run, "cells").filter(pl.col("emission").is_not_null())
    assert cells["emission"].to_list() == pytest.approx([9 * 0.4149])  # soda ash, DCP#493 table 2-4


def test_the_variables_of_an_item_are_taken_together(city: Any, now: datetime) -> None:
    publish(
        now,
        [told("fluorine_chemicals", "hfc23", hcfc22_output=(1_000.0, "t"))],
        [told("fluorine_chemicals", "hfc23_destroyed", hfc23_destroyed=(10.0, "t"))],
    )
    take(city, now, "2B9.hcfc22")
    assert counted(city) == [("2B9", "hcfc22", "t", 1_000.0), ("2B9", "hcfc22", "t HFC", 10.0)]
    held(city, now, "2B9", "hcfc22", 1_100.0, "吨", variable="hcfc22")
    assert counted(city) == [("2B9", "hcfc22", "吨", 1_100.0)]
    assert {row.state for row in found(city).rows} == {"held"}
    assert line(city, "2B9.hcfc22", "hcfc22").difference == pytest.approx(100)
    assert line(city, "2B9.hcfc22", "hfc23_destroyed").difference is None


def test_what_was_taken_and_the_newest_feed_holds_no_more_is_named(officer: Any, city: Any, now: datetime) -> None:
    publish(now, [CLINKER, told("lime", "=product_output", product_output=(2_000.0, "t"))])
    take(city, now, "2A1.clinker", "2A2.lime")
    assert "统计供数又发布过" not in officer.get(url("data")).content.decode()
    publish(now, [CLINKER])
    assert "统计供数又发布过" in officer.get(url("data")).content.decode()
    assert found(city).withdrawn == ("2A2.lime",)
    assert "已取而最新供数里没有了" in officer.get(url("reported")).content.decode()
    take(city, now, "2A1.clinker")
    assert found(city).withdrawn == ()
    assert counted(city) == [("2A1", "clinker", "t", 40_000.0)]


def test_a_report_that_lapsed_is_on_the_desk_and_keeps_its_run_from_the_public(
    officer: Any, reviewer: Any, city: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two firms burn clinker into one cell; the second's report is sent back: the cell stays in the feed, smaller, and its figure lapses."""
    monkeypatch.setattr(services, "blocking", lambda run: [])  # what else keeps a run from the public is another test's
    publish(now, [CLINKER], [CLINKER])
    assert line(city, "2A1.clinker").fed.value == 80_000
    batch = take(city, now, "2A1.clinker")
    run = services.compile_city(city, by=reviewer, now=now + timedelta(minutes=1))
    assert (taken.lapsed(city), taken.lapsed_in(run), tasks(reviewer, now)) == ([], [], [])

    publish(now, [CLINKER])  # every report anew, as after a correction: both that were taken are gone
    gone = taken.lapsed(city)
    assert [(each.firm, each.year, each.batch) for each in gone] == [
        ("企业0", 2024, batch.pk),
        ("企业1", 2024, batch.pk),
    ]
    assert taken.lapsed_in(run) == gone
    [task] = tasks(reviewer, now)
    assert ("2024" in task.title, "企业0、企业1 等 2 份" in task.why) == (True, True)
    assert "取来的数不再有依据" in officer.get(task.href).content.decode()
    with pytest.raises(TransitionError, match="企业0 2024、企业1 2024"):
        services.publish_run(run, by=reviewer, now=now)
    page = officer.get(url("reports")).content.decode()
    assert ("取用的企业报告有的已退回" in page, "企业1 2024" in page, f"发布第 {run.number} 版" in page) == (
        True,
        True,
        False,
    )

    take(city, now + timedelta(minutes=2), "2A1.clinker")
    assert (taken.lapsed(city), tasks(reviewer, now)) == ([], [])
    assert taken.lapsed_in(run) == gone  # the run has counted it, though its batch is undone
    newer = services.compile_city(city, by=reviewer, now=now + timedelta(minutes=3))
    assert taken.lapsed_in(newer) == []
    assert services.publish_run(newer, by=reviewer, now=now).published_at == now


def tasks(user: Any, now: datetime) -> list[Any]:
    return [each for each in desk.tasks_of(user, now=now) if each.kind == "inventory.lapsed"]


def test_the_choice_is_kept_with_both_paths(city: Any, now: datetime) -> None:
    held(city, now, "2A2", "lime", 0.5, "万吨")
    publish(now, [CLINKER, told("lime", "=product_output", product_output=(2_000.0, "t"))])
    batch = take(city, now, "2A1.clinker")
    kept = json.loads(batch.record.evidence.get().file.read())
    assert batch.record.payload["cells"] == ["2A1.clinker"]
    assert {each["key"]: (each["state"], each["inventory"], each["difference"]) for each in kept["compared"]} == {
        "2A1.clinker": ("nothing", None, None), "2A2.lime": ("held", 5_000.0, 3_000.0),
    }  # fmt: skip


@pytest.fixture
def officer(client: Any, reviewer: Any) -> Any:
    client.force_login(reviewer)
    return client


def url(name: str, **more: Any) -> str:
    return reverse(f"inventory:{name}", kwargs={"code": "411500", **more})


def test_an_officer_sees_both_paths_the_firms_and_what_is_not_carried_over(
    officer: Any, city: Any, now: datetime
) -> None:
    held(city, now, "2A2", "lime", 0.5, "万吨")
    publish(
        now,
        [CLINKER, told("grid", "line_loss", electricity_bought=(9.0, "MWh"))],
        [told("lime", "=product_output", product_output=(2_000.0, "t")), told("iron_steel", "material", "scrap", material_use=(9.0, "t"))],
    )  # fmt: skip
    officer.get(url("reported"))
    with CaptureQueriesContext(connection) as asked:
        page = officer.get(url("reported")).content.decode()
    assert len(asked) <= 12
    assert page.count('name="cell"') == 2
    assert page.count(" checked") == 1
    for text in ("2,000", "5,000", "3,000", "40.0%", "缺省方法不计", "线损不是终端用电"):
        assert text in page, text
    officer.get(url("reported-cell", year=2024, key="2A1.clinker"))
    with CaptureQueriesContext(connection) as asked:
        page = officer.get(url("reported-cell", year=2024, key="2A1.clinker")).content.decode()
    assert len(asked) <= 12
    for text in ("企业0", "40,000", "2024-06", "水泥：熟料生产过程（硅酸盐水泥熟料）"):
        assert text in page, text
    assert officer.get(url("reported-cell", year=2024, key="2A1.moon")).status_code == 404
    told_ = officer.get("/api/cities/411500/reported").json()
    assert {(row["category"], row["item"], row["value"], row["unit"], row["state"]) for row in told_["activities"]} == {
        ("2A1", "clinker", 40_000.0, "t", "nothing"), ("2A2", "lime", 2_000.0, "t", "held"),
        ("2C1", "scrap", 9.0, "t", "nothing"),
    }  # fmt: skip
    assert told_["rows"] == []
    assert [each["firms"] for each in told_["left"]] == [1]


@pytest.mark.parametrize(("role", "status"), [("statistics", 200), ("leader", 200), ("county", 403)])
def test_who_may_see_where_a_figure_comes_from(client: Any, city: Any, now: datetime, role: str, status: int) -> None:
    from dafeng.portal.accounts.models import Membership, Organisation, User

    publish(now, [CLINKER])
    user = User.objects.create_user(role, password="a-long-test-password")
    office = Organisation.objects.create(code=role, name=role)
    Membership.objects.create(user=user, organisation=office, role=role, place=city.code)
    client.force_login(user)
    assert client.get(url("reported-cell", year=2024, key="2A1.clinker")).status_code == status


def test_a_month_of_a_source_stream_stands_on_the_blackboard_with_its_report(city: Any, now: datetime) -> None:
    publish(now, [CLINKER], [CLINKER])
    month = indicators.values("enterprise.activity.mass.source", subject=city.pk, period="2024-06")
    [row] = month.to_dicts()
    assert row["key"] == "category=2A1;item=clinker;sector=cement;source=clinker;stream=portland;variable=clinker"
    assert row["value"] == 80_000
    parts = json.loads(row["lineage"])["reports"]
    assert {each["report"]: each["value"] for each in parts} == {
        str(pk): 40_000 for pk in Report.objects.values_list("pk", flat=True)
    }
