"""What reports say of processes, output and bought energy, on its way to the inventory: by one table, and back to the firm's month."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import activity, assembling, entry, feed, reports
from dafeng.domains.enterprise.reporting.methods import SECTORS
from dafeng.domains.enterprise.reporting.methods.calculation import method_of
from dafeng.domains.inventory import lineage, reported, services, storage
from dafeng.kernel.indicators import services as indicators
from tests.domains.enterprise.reporting.conftest import LATE, NOW
from tests.domains.enterprise.reporting.test_reports import locked

# Two firms of two counties tell an amount and, where there is one, its purity and the part that decomposes. By hand:
# 1,000 t × 95 % + 500 t × 90 % = 1,400 t; with 99 % and 100 % decomposed 940.5 + 450 = 1,390.5 t.
_CARBONATES = {
    "caco3": "limestone", "mgco3": "magnesite", "camgco3": "dolomite", "na2co3": "soda_ash", "nahco3": "baking_soda",
    "k2co3": "potassium_carbonate", "li2co3": "lithium_carbonate", "baco3": "barium_carbonate", "srco3": "strontium_carbonate",
    "feco3": "siderite", "mnco3": "rhodochrosite",
}  # fmt: skip
_CLINKER = {"portland": "", "white": "white", "sulphoaluminate": "csa", "aluminate": "cac"}
_ACID = ("high_pressure", "medium_pressure", "atmospheric", "dual_pressure", "combined", "low_pressure")
_ADIPIC = {
    "": "none", "/catalytic": "catalytic", "/thermal": "thermal", "/to_nitric_acid": "recycle_nitric_acid",
    "/to_adipic_feed": "recycle_feedstock",
}  # fmt: skip
_PRODUCTS = {
    "calcium_carbide": ("2B5", "calcium_carbide", "carbide"),
    **{
        kind: ("2B8", {"dichloroethane": "ethylene_dichloride"}.get(kind, kind), "petrochemical")
        for kind in ("methanol", "ethylene", "ethylene_oxide", "dichloroethane", "vinyl_chloride", "acrylonitrile", "carbon_black")
    },
}  # fmt: skip
_GASES = {
    **{f"hfc{n}": (f"hfc{n}", "", "hfc_output") for n in ("32", "125", "134a", "143a", "152a", "227ea", "236fa", "245fa")},
    "cf4": ("cf4", "", "pfc_output"), "c2f6": ("c2f6", "", "pfc_output"), "sf6": ("sf6", "", "sf6_output"),
    "sf6/pure": ("sf6", "high_purity", "sf6_output"),
}  # fmt: skip
_ETCHING = {
    "nf3": "nf3", "sf6": "sf6", "cf4": "cf4", "c2f6": "c2f6", "c3f8": "c3f8", "cc4f8": "c_c4f8", "chf3": "chf3", "ch2f2": "ch2f2",
}  # fmt: skip
_WATER = {
    ("paper", "paper"): ("paper_industry", ""), ("food", "food"): ("food_industry", ""), ("food", "tobacco"): ("tobacco", ""),
    ("food", "beverage_tea"): ("beverage", ""), ("textile", "open_water"): ("textile_industry", "discharge"),
    ("textile", "aerobic"): ("textile_industry", "aerobic_good"),
    ("textile", "aerobic_overloaded"): ("textile_industry", "aerobic_overloaded"),
    ("textile", "sludge_digester"): ("textile_industry", "sludge_digester"),
    ("textile", "anaerobic_reactor"): ("textile_industry", "anaerobic_reactor"),
    ("textile", "shallow_lagoon"): ("textile_industry", "lagoon_shallow"),
    ("textile", "deep_lagoon"): ("textile_industry", "lagoon_deep"),
}  # fmt: skip


def t(
    name: str, first: float = 1000.0, second: float = 500.0, unit: str = "t"
) -> tuple[dict[str, Any], dict[str, Any]]:
    return {name: [first, unit]}, {name: [second, unit]}


def pure(name: str, share: str = "purity", *, burnt: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    one, two = {name: [1000.0, "t"], share: [0.95, "1"]}, {name: [500.0, "t"], share: [0.9, "1"]}
    return (one | {"decomposition": [0.99, "1"]}, two | {"decomposition": [1.0, "1"]}) if burnt else (one, two)


# sector, source, stream, what the two firms told → category, item, technology, variable, unit, the sum by hand
CASES: list[tuple[Any, ...]] = [
    ("food", "electricity", "", t("electricity_bought", 1200.0, 300.0, "MWh"), "ID3", "electricity", "", "electricity", "MWh", 1500.0),
    ("paper", "heat", "steam", t("heat_bought", 7000.0, 500.0, "GJ"), "ID4", "heat", "", "heat", "GJ", 7500.0),
    *[("ceramics", "carbonate", kind, pure("carbonate_use"), "2A4", item, "", "carbonate", "t", 1400.0) for kind, item in _CARBONATES.items()],
    *[("cement", source, kind, t("clinker_output"), "2A1", "clinker", technology, "clinker", "t", 1500.0) for source in ("clinker", "clinker_oxides") for kind, technology in _CLINKER.items()],
    ("lime", "=product_output", "", t("product_output"), "2A2", "lime", "", "lime", "t", 1500.0),
    ("flat_glass", "=product_output", "", t("product_output"), "2A3", "glass", "float", "glass", "t", 1500.0),
    *[("flat_glass", "carbonate", kind, pure("carbonate_use", burnt=True), "2A3", item, "", "carbonate", "t", 1390.5) for kind, item in _CARBONATES.items()],
    ("flat_glass", "carbon_powder", "", pure("powder_use", "powder_carbon"), "2A3", "carbon_powder", "", "carbon_powder", "t", 1400.0),
    ("iron_steel", "flux", "limestone", pure("flux_use"), "2C1", "limestone", "", "flux", "t", 1400.0),
    ("iron_steel", "flux", "dolomite", pure("flux_use"), "2C1", "dolomite", "", "flux", "t", 1400.0),
    ("iron_steel", "electrode", "", t("electrode_use", 12.5, 7.5), "2C1", "electrode", "", "electrode", "t", 20.0),
    *[("iron_steel", "material", kind, t("material_use"), "2C1", kind, "", "purchased_material", "t", 1500.0) for kind in ("pig_iron", "dri", "scrap")],
    *[("iron_steel", "fixed", kind, t("product_output"), "2C1", kind, "", "fixing_product", "t", 1500.0) for kind in ("crude_steel", "coal_tar", "crude_benzol")],
    ("aluminium", "anode_effect_cf4", "", t("aluminium_output"), "2C3", "aluminium", "", "aluminium", "t", 1500.0),
    ("magnesium", "carbonate", "camgco3", pure("carbonate_use"), "2C4", "dolomite", "", "dolomite", "t", 1400.0),
    ("magnesium", "ferrosilicon", "", t("ferrosilicon_output"), "2C2", "ferrosilicon", "", "ferroalloy", "t", 1500.0),
    *[("nonferrous", "reductant", kind, t("reductant_use"), "2C7", kind, "", "reductant", "t", 1500.0) for kind in ("semi_coke", "coke", "anthracite")],
    ("nonferrous", "oxalic", "", pure("oxalic_use", "oxalic_concentration"), "2A4", "oxalic_acid", "", "carbonate", "t", 1400.0),
    *[("chemicals", "carbon_product", kind, t("carbon_mass"), category, item, "", variable, "t", 1500.0) for kind, (category, item, variable) in _PRODUCTS.items()],
    *[("chemicals", "nitric", kind, t("acid_output"), "2B2", "nitric_acid", kind, "nitric_acid", "t", 1500.0) for kind in _ACID],
    ("chemicals", "nitric", "high_pressure/nscr", t("acid_output"), "2B2", "nitric_acid", "high_pressure_nscr", "nitric_acid", "t", 1500.0),
    *[("chemicals", "nitric", f"{kind}/nscr", t("acid_output"), "2B2", "nitric_acid", "nscr", "nitric_acid", "t", 1500.0) for kind in _ACID[1:]],
    *[("chemicals", "adipic", f"nitric_oxidation{label}", t("acid_output"), "2B3", "adipic_acid", technology, "adipic_acid", "t", 1500.0) for label, technology in _ADIPIC.items()],
    ("fluorine_chemicals", "hfc23", "", t("hcfc22_output"), "2B9", "hcfc22", "", "hcfc22", "t", 1500.0),
    ("fluorine_chemicals", "hfc23_destroyed", "", t("hfc23_destroyed", 20.0, 10.0), "2B9", "hcfc22", "", "hfc23_destroyed", "t", 30.0),
    *[("fluorine_chemicals", "fugitive", kind, t("fluorinated_output"), "2B9", item, technology, variable, "t", 1500.0) for kind, (item, technology, variable) in _GASES.items()],
    # 1,000 kg and 500 kg are 1.5 t
    *[("electronics", "process_gas", kind, t("process_gas_use", unit="kg"), "2E", item, "", "gas_used", "t", 1.5) for kind, item in _ETCHING.items()],
    *[(sector, "wastewater", kind, t("cod_removed", unit="t COD"), "5D2", item, technology, "cod", "t", 1500.0) for (sector, kind), (item, technology) in _WATER.items()],
    ("coal_mine", "ventilation", "", t("ch4_volume", 40.0, 10.0, "1e4Nm3"), "1B1a", "coal_mine_enterprise", "", "ventilation", "1e4Nm3", 50.0),
    ("coal_mine", "drained", "", t("ch4_volume", 40.0, 10.0, "1e4Nm3"), "1B1a", "coal_mine_enterprise", "", "drainage", "1e4Nm3", 50.0),
    ("coal_mine", "flared", "", t("ch4_volume", 40.0, 10.0, "1e4Nm3"), "1B1a", "coal_mine_enterprise", "", "flared", "1e4Nm3", 50.0),
    ("coal_mine", "used", "", t("ch4_volume", 40.0, 10.0, "1e4Nm3"), "1B1a", "coal_mine_enterprise", "", "utilised", "1e4Nm3", 50.0),
    ("coal_mine", "open_pit", "open_pit", t("raw_coal"), "1B1b", "coal", "", "coal", "t", 1500.0),
    *[("coal_mine", "post_mining", kind, t("raw_coal"), "1B1c", "coal", kind, "coal", "t", 1500.0) for kind in ("high_gas", "low_gas", "open_pit")],
    ("grid", "sf6", "retired", t("sf6_capacity", unit="kg"), "2G1", "sf6_equipment", "", "sf6_capacity", "t", 1.5),
    ("grid", "sf6", "repaired", t("sf6_recovered", unit="kg"), "2G1", "sf6_equipment", "", "sf6_recovered", "t", 1.5),
    ("road_transport", "urea", "", t("urea_use", unit="kg"), "1A3b", "urea_solution", "", "urea_solution", "t", 1.5),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}-{case[7]}")
def test_what_two_firms_told_is_the_inventorys_activity(case: tuple[Any, ...]) -> None:
    sector, source, stream, (first, second), *cell, value = case
    entries = [
        (0, [sector, "a", source, f"{stream}", "2025-01", first]),
        (1, [sector, "b", source, stream, "2025-02", second]),
    ]
    [row] = feed.activities(activity.carried(entries)[0]).to_dicts()
    assert [row[name] for name in feed.CELL] == cell
    assert row["value"] == pytest.approx(value, rel=1e-12)
    assert sorted(row["report"]) == [0, 1]


def test_every_line_of_the_table_is_worked_out_by_hand() -> None:
    tried = {(sector, source, stream) for sector, source, stream, *_rest in CASES}
    known = {rule for sector, source, stream in tried for rule in activity.rules_of(sector, source, stream)}
    mapped = {rule for found in activity.rules().values() for rule in found if not rule.reason}
    assert {(each.sector, each.source, each.kind) for each in mapped - known} == set()


def test_every_source_of_every_sector_is_carried_over_or_says_why_not() -> None:
    """A new formula or a new kind of stream must say what becomes of it; a fuel, which item it is or why there is none."""
    silent = [
        (code, formula.code, stream)
        for code, sector in SECTORS.items()
        for formula, stream in activity.sources(sector)
        if not activity.rules_of(code, formula.code, stream)
    ]
    assert silent == []
    fuels = {kind for sector in SECTORS.values() if "fuel" in sector.streams for kind in sector.streams["fuel"].kinds}
    assert fuels <= reported.fuels().keys()
    burnt = {code for code, sector in SECTORS.items() if activity.burning(code)}
    assert {code for code in burnt if feed.category_of(code, "combustion", "CO2") == feed.UNASSIGNED} <= {"grid"}


def test_every_line_reads_inputs_of_its_formula_and_ends_at_an_item_of_the_inventory() -> None:
    asked = reported.units_of()
    used = set()
    for code, sector in SECTORS.items():
        for formula, stream in activity.sources(sector):
            method = method_of(formula.method)
            for rule in activity.rules_of(code, formula.code, stream):
                used.add(rule)
                assert set(rule.input) <= set(method.inputs), rule
                if rule.input:
                    assert activity.quantity(method.inputs[rule.input[0]])
                    assert {method.inputs[name] for name in rule.input[1:]} <= {"1"}
    told = {rule for found in activity.rules().values() for rule in found if rule.source.startswith(activity.TOLD)}
    for rule in told:
        item = SECTORS[rule.sector].items[rule.input[0]]
        assert (f"={item.code}", item.stream, item.annual) == (rule.source, "", "sum")
    lines = {rule for found in activity.rules().values() for rule in found}
    assert lines == used | told  # no line speaks of a source that does not exist
    for rule in lines:
        if not rule.reason:
            assert (rule.category, rule.item, rule.variable) in asked, rule
            assert reported.tiers()[rule.category, rule.item, rule.variable], rule
    words = {rule.reason for rule in lines if rule.reason} | {activity.UNKNOWN}
    assert words == set(activity.reasons())


def test_what_is_not_carried_over_says_why_and_how_many_firms_told_it() -> None:
    entries = [
        (0, ["machinery", "a", "shielding", "", "2025-01", {"shielding_use": [3.0, "t"]}]),
        (1, ["machinery", "b", "shielding", "", "2025-01", {"shielding_use": [4.0, "t"]}]),
        (1, ["grid", "c", "line_loss", "", "2025-01", {"electricity_bought": [9.0, "MWh"]}]),
        (1, ["iron_steel", "d", "material", "ferrosilicon", "2025-01", {"material_use": [1.0, "t"]}]),
    ]
    carried, left = activity.carried(entries)
    assert carried.is_empty()
    told = [(each["sector"][0], each["reason"][0], each["firms"]) for each in feed.left_over(left)]
    assert told == [
        ("电网企业", "线损不是终端用电，清单的用电量不含它", 1),
        ("钢铁生产", "清单没有这个品种", 1),
        ("机械设备制造", "清单没有对应的类别", 2),
    ]
    assert "硅铁合金" in feed.left_over(left)[1]["source"][0]


@pytest.fixture
def city(people: Any) -> Any:
    return services.ensure_city(
        "411500", "信阳市", "Xinyang", "xinyang", counties={"411503": ["平桥区", "Pingqiao"], "411522": ["光山县", "Guangshan"]}
    )  # fmt: skip


def figure(year: int, code: str, key: str) -> float | None:
    found = indicators.values(code, subject="411500", period=year)
    return dict(zip(found["key"], found["value"], strict=True)).get(key)


CLINKER = "category=2A1;item=clinker;variable=clinker"
POWER = "category=ID3;item=electricity;variable=electricity"


@pytest.mark.django_db
def test_from_the_inventorys_figure_down_to_the_firms_month(draft: Report, people: dict[str, Any], city: Any) -> None:
    """By hand: 12 × 100,000 t of clinker at 0.538 t CO2/t (2011 guideline) are 645,600 t; 12 × 8,000 MWh bought."""
    report = locked(reports.submit(draft, by=people["clerk"], now=NOW), people)
    feed.publish(city.pk, 2025, by=people["bureau"], now=LATE)
    assert figure(2025, "enterprise.activity.mass", CLINKER) == pytest.approx(1_200_000)
    assert figure(2025, "enterprise.activity.electricity", POWER) == pytest.approx(96_000)
    found = reported.reconcile(city, 2025)
    assert found is not None
    assert {"2A1.clinker", "ID3.electricity", "1A2f.bituminous"} == {row.fed.key for row in found.rows}
    batch, _changed = reported.take(city, 2025, {"2A1.clinker", "ID3.electricity"}, seen=found.seen, by=None, now=LATE)
    run = services.compile_city(city, edition="gl2011", gwp="AR5", by=None, now=LATE)
    cells = storage.read(run, "cells")
    made = {(row["category"], row["gas"], row["kind"]): row["emission"] for row in cells.to_dicts()}
    assert made["2A1", "CO2", "direct"] == pytest.approx(645_600)
    assert ("ID3", "CO2", "indirect") in made  # beside the total, never in it
    assert not any(category.startswith("ID") and kind == "direct" for category, _gas, kind in made)
    [part] = lineage.trace(run, category="2A1", gas="CO2")["parts"]
    assert f"{report.pk}（{report.digest[:16]}）" in str(part)
    kept = json.loads(batch.record.evidence.get().file.read())
    [clinker] = [each for each in kept["cells"] if each["item"] == "clinker"]
    [source] = clinker["reports"]
    assert (source["report"], source["version"], source["name"], source["value"]) == (
        str(report.pk),
        1,
        "试验水泥",
        1_200_000,
    )
    months = kept["streams"]["2A1.clinker"]
    assert len(months) == 12
    [march] = [each for each in months if each["month"] == "2025-03"]
    assert (march["sector"], march["source"], march["stream"], march["value"]) == (
        "cement",
        "clinker",
        "portland",
        100_000,
    )
    [firm] = march["reports"]
    content = Report.objects.get(pk=firm["report"]).content
    [told] = [
        each for each in content["values"] if (each["month"], each["item"]) == ("2025-03", "clinker_output")
    ]  # fmt: skip
    assert told["value"] == firm["value"] == 100_000


@pytest.mark.django_db
def test_a_report_that_is_sent_back_takes_its_figure_along_and_a_corrected_one_brings_it_anew(
    draft: Report, year: Any, people: dict[str, Any], city: Any
) -> None:
    """March is corrected from 100,000 t to 90,000 t: 1,190,000 t of the year."""
    reports.submit(draft, by=people["clerk"], now=NOW)
    feed.publish(city.pk, 2025, by=people["bureau"], now=NOW)
    found = reported.reconcile(city, 2025)
    batch, _changed = reported.take(city, 2025, {"2A1.clinker"}, seen=found.seen, by=None, now=NOW)
    reports.step(draft, "return", by=people["bureau"], now=NOW, reason="三月熟料与台账不符")
    assert figure(2025, "enterprise.activity.mass", CLINKER) is None
    gone = reported.reconcile(city, 2025)
    assert (gone.rows, gone.withdrawn, gone.taken.pk) == ((), ("2A1.clinker",), batch.pk)  # said, and to be undone
    by = people["clerk"]
    [old] = [each for each in year.values.filter(month="2025-03", current=True) if each.item == "clinker_output"]
    cell = entry.Cell("clinker_output", "portland", 90_000.0, "", "", "measured", "台账", tuple(old.evidence.all()))
    entry.save_month(year, "2025-03", [cell], seen=entry.seen(year, "2025-03"), reason="按台账更正", by=by, now=NOW)
    reports.submit(draft, by=by, now=NOW)
    feed.publish(city.pk, 2025, by=people["bureau"], now=NOW)
    assert figure(2025, "enterprise.activity.mass", CLINKER) == pytest.approx(1_190_000)
    found = reported.reconcile(city, 2025)
    newer, changed = reported.take(city, 2025, {"2A1.clinker"}, seen=found.seen, by=None, now=LATE)
    batch.refresh_from_db()
    assert (changed, batch.active, newer.active) == (True, False, True)
    rows = services.city_activity(city)
    assert rows["value"].to_list() == pytest.approx([1_190_000])


@pytest.mark.django_db
def test_a_newer_locked_version_replaces_the_figure_by_itself(
    draft: Report, year: Any, people: dict[str, Any], city: Any
) -> None:
    locked(reports.submit(draft, by=people["clerk"], now=NOW), people)
    feed.publish(city.pk, 2025, by=people["bureau"], now=LATE)
    second = reports.open_draft(year.enterprise, 2025, by=people["clerk"], now=LATE, reason="核查后更正")
    [old] = [each for each in year.values.filter(month="2025-03", current=True) if each.item == "clinker_output"]
    cell = entry.Cell("clinker_output", "portland", 90_000.0, "", "", "measured", "台账", tuple(old.evidence.all()))
    entry.save_month(
        year, "2025-03", [cell], seen=entry.seen(year, "2025-03"), reason="核查更正", by=people["clerk"], now=LATE
    )
    reports.submit(second, by=people["clerk"], now=LATE)
    assert figure(2025, "enterprise.activity.mass", CLINKER) == pytest.approx(
        1_200_000
    )  # the locked version still counts
    locked(second, people)
    assert figure(2025, "enterprise.activity.mass", CLINKER) == pytest.approx(1_190_000)
    found = indicators.values("enterprise.activity.mass", subject=city.pk, period=2025)
    assert '"version":2' in found["lineage"][0].replace(" ", "")
    assert set(found["status"]) == {0}


@pytest.mark.django_db
def test_months_outside_the_reporting_boundary_and_reports_of_before_are_drawn_from_the_content(
    draft: Report, people: dict[str, Any]
) -> None:
    report = reports.submit(draft, by=people["clerk"], now=NOW)
    kept = report.sums["activity"]
    assert len([each for each in kept if each[2] == "clinker"]) == 12
    content = json.loads(json.dumps(report.content))
    for row in content["rows"]:
        row["reporting"] = row["month"] != "2025-03"
    assert len([each for each in activity.entries(content) if each[2] == "clinker"]) == 11
    before = {name: value for name, value in report.sums.items() if name != "activity"}
    Report.objects.filter(pk=report.pk).update(sums=before)
    again = activity.carried((0, each) for each in kept)[0]["value"].sum()
    assert feed.told(feed.counting("411500", 2025))[0]["value"].sum() == pytest.approx(again)
    assert assembling.sums_of(report.content)["activity"] == kept


def test_what_enters_no_formula_is_drawn_from_the_values_inside_the_boundary() -> None:
    """A lime works told 300 t a month; it left the reporting boundary on 1 February, so January counts."""
    facility = {
        "code": "kiln",
        "name": "窑",
        "sector": "lime",
        "since": "2012-01-01",
        "until": "",
        "compliance": True,
        "facts": {},
    }
    change = {
        "facility": "kiln",
        "day": "2025-02-01",
        "boundary": "reporting",
        "inside": False,
        "reason": "外包",
        "evidence": "",
    }
    told = {"facility": "kiln", "item": "product_output", "stream": "", "value": 300.0, "unit": ""}
    content = {
        "rows": [],
        "boundary": {"facilities": [facility], "changes": [change]},
        "values": [
            told | {"month": "2025-01"},
            told | {"month": "2025-03"},
            told | {"month": "2025-01", "item": "purity"},
        ],
    }
    assert activity.entries(content) == [
        ["lime", "kiln", "=product_output", "", "2025-01", {"product_output": [300.0, "t"]}]
    ]
