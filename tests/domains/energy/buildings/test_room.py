"""The register, quotas, retrofits against the target, audits, the rating, import, pages, who sees what."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.energy.buildings import demo, metering, publication, reading, sheet, store
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Building, BuildingUse, Retrofit
from dafeng.kernel import bodies
from dafeng.kernel.errors import DafengError, PermissionDenied
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from dafeng.kernel.series import services as series
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, SHIHE

HEAD = "编号,名称,县区,类型,建筑面积,公共机构,用能年份,用电（kWh）,用水（m3）,来源\n"


def proof(by: Any) -> list[Any]:
    return [records.store_evidence(b"proof", name="验收.pdf", media_type="application/pdf", by=by, now=NOW)]


def test_a_public_building_over_its_quota_is_told(build: Any, use: Any, decide: Any) -> None:
    hall = build("hall", area=1000.0)
    use(hall, "electricity", 100_000.0)  # 12.29 tce at 0.1229 kgce/kWh
    use(hall, "water", 900.0)
    decide(SHIHE, 10.0, period="2025", building="hall")
    decide(SHIHE, 1000.0, period="2025", building="hall", quantity="water")
    card = reading.cards(CITY, 2025)[hall.pk]
    assert card.tce == pytest.approx(12.29)
    assert card.energy_share == pytest.approx(122.9)
    assert card.water_share == pytest.approx(90.0)
    assert card.over
    assert card.intensity.whole == pytest.approx(100.0)


def test_a_correction_counts_and_the_earlier_value_stays(build: Any, use: Any) -> None:
    hall = build("hall")
    use(hall, "electricity", 100_000.0)
    use(hall, "electricity", 50_000.0)
    assert reading.cards(CITY, 2025)[hall.pk].intensity.whole == pytest.approx(50.0)
    assert list(BuildingUse.objects.order_by("revision").values_list("value", flat=True)) == [100_000.0, 50_000.0]


def test_peers_are_of_the_same_type_and_zone(build: Any, use: Any) -> None:
    for number in range(6):
        use(build(f"o-{number}"), "electricity", 1000.0 * (50 + 10 * number))  # 50 … 100 kWh/m²
    cold = build("cold", zone="cold")
    use(cold, "electricity", 70_000.0)
    cards = {card.building.code: card for card in reading.cards(CITY, 2025).values()}
    assert cards["o-0"].standing.better_than == 1.0
    assert cards["o-5"].standing.better_than == 0.0
    assert cards["o-2"].standing.peers == 5
    assert cards["cold"].standing is None


def test_the_list_is_ranked_by_intensity_and_by_standing(client: Client, build: Any, use: Any, person: Any) -> None:
    """Offices of 50 … 100 kWh/m², a shop of 200 without peers, a hall that told nothing. Worst of peers is o-5, best o-0."""
    for number in range(6):
        use(build(f"o-{number}"), "electricity", 1000.0 * (50 + 10 * number))
    use(build("shop", type="mall", zone="cold", public=False), "electricity", 200_000.0)
    build("mute", type="school")
    client.force_login(person("leader"))

    def shown(query: str) -> list[str]:
        text = client.get(reverse("energy:buildings") + query).content.decode()
        return re.findall(r'<a href="[^"]*buildings/cards/([\w-]+)/\?year=2025"', text)

    offices = ["o-5", "o-4", "o-3", "o-2", "o-1", "o-0"]
    assert shown("?sort=-intensity") == ["shop", *offices, "mute"]
    assert shown("?sort=better")[:6] == offices
    assert set(shown("?sort=better")[6:]) == {"mute", "shop"}, "without a rank they come last"
    assert shown("?sort=-better&type=office&zone=hscw&public=True")[:2] == ["o-0", "o-1"]
    assert shown("?public=False") == ["shop"]
    assert shown("?zone=cold") == ["shop"]
    csv = client.get(reverse("energy:buildings") + "?sort=-intensity&type=office&export=csv").content.decode(
        "utf-8-sig"
    )
    heads, first = (line.split(",") for line in csv.splitlines()[:2])
    assert first[heads.index("单位面积能耗（kWh/m²）")] == "100.0"
    assert first[heads.index("优于同类")] == "0.0"


def test_the_ranking_shows_a_county_only_its_own(client: Client, build: Any, use: Any, person: Any) -> None:
    use(build("hall"), "electricity", 1000.0)
    use(build("far", place=GUSHI), "electricity", 1000.0)
    client.force_login(person("county", GUSHI))
    text = client.get(reverse("energy:buildings") + "?sort=-intensity").content.decode()
    assert "楼 far" in text
    assert "楼 hall" not in text


def test_the_rating_is_the_rubric_by_hand(build: Any, use: Any) -> None:
    """o-0: 50 over a median of 75 is 66.7 %: (120 − 66.67) ÷ 70 of 40 points = 30.5; all electric 10; a fifth of own sun is
    20 ÷ 30 of 20 = 13.3; nothing by end use 0; no audit 0: 53.8."""
    for number in range(6):
        use(build(f"o-{number}"), "electricity", 1000.0 * (50 + 10 * number))
    own = Building.objects.get(code="o-0")
    use(own, "electricity", 40_000.0)
    use(own, "photovoltaic", 10_000.0)
    card = reading.cards(CITY, 2025)[own.pk]
    electric = (80 - 50) / 50 * 10  # electricity from the grid is 80 % of the 50 kWh
    ratio = (120 - 50 / 75 * 100) / 70 * 40
    assert card.rating["score"] == pytest.approx(ratio + electric + 20 / 30 * 20, abs=0.1)
    assert card.rating["grade"] == "ordinary"


def test_retrofits_count_once_after_another_person_accepted(build: Any, person: Any, ndrc: Any) -> None:
    hall, clerk = build("hall", area=5000.0), person("department")

    def filed(area: float, part: str = "") -> Retrofit:
        return store.file_retrofit(hall, title="外窗", part=part, area=area, finished_on=date(2026, 5, 1), saving=None, by=clerk, now=NOW, today=date(2026, 11, 21), evidence=proof(clerk))  # fmt: skip

    first = filed(3000.0)
    assert (reading.progress(CITY).counted, reading.progress(CITY).waiting) == (0.0, 3000.0)
    with pytest.raises(PermissionDenied):
        records.move(first.record, "accept", by=clerk, now=NOW)
    records.move(first.record, "accept", by=ndrc, now=NOW)
    records.move(filed(2000.0).record, "accept", by=ndrc, now=NOW)
    found = reading.progress(CITY)
    assert (found.counted, found.waiting, found.buildings) == (3000.0, 0.0, 1)
    assert found.share == pytest.approx(0.3)  # of the plan's 1 000 000 m²
    publication.publish(CITY, by=None, now=NOW)
    area = indicators.values("energy.retrofit.area", subject=f"place:{SHIHE}", period=2026)
    assert area["value"].to_list() == [3000.0]


def test_each_year_tells_what_it_added(build: Any, person: Any, ndrc: Any) -> None:
    """1000 m² of windows in 2025, the whole 3000 m² in 2026: 1000 and 2000, together the 3000 that count."""
    hall, clerk = build("hall", area=5000.0), person("department")
    for area, part, day in ((1000.0, "外窗", date(2025, 6, 1)), (3000.0, "", date(2026, 5, 1))):
        filed = store.file_retrofit(hall, title="改造", part=part, area=area, finished_on=day, saving=None, by=clerk, now=NOW, today=date(2026, 11, 21), evidence=proof(clerk))  # fmt: skip
        records.move(filed.record, "accept", by=ndrc, now=NOW)
    publication.publish(CITY, by=None, now=NOW)
    area = indicators.values("energy.retrofit.area", subject=f"place:{CITY}", period=["2025", "2026"])
    assert dict(area.select("period", "value").rows()) == {"2025": 1000.0, "2026": 2000.0}


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"area": 0.0}, "area"), ({"area": 1001.0}, "too_large"), ({"finished_on": date(2026, 12, 1)}, "future_day"), ({"evidence": []}, "no_proof")],
)  # fmt: skip
def test_a_retrofit_that_cannot_be_is_refused(build: Any, person: Any, given: dict[str, Any], reason: str) -> None:
    clerk = person("department")
    told = {
        "title": "外窗",
        "part": "",
        "area": 10.0,
        "finished_on": date(2026, 5, 1),
        "saving": None,
        "evidence": proof(clerk),
    } | given
    with pytest.raises(Refused) as refused:
        store.file_retrofit(build("hall"), **told, by=clerk, now=NOW, today=date(2026, 11, 21))
    assert refused.value.code == reason


def test_only_public_institutions_are_audited(build: Any, person: Any, ndrc: Any) -> None:
    clerk = person("department")
    given = {
        "year": 2025,
        "auditor": "机构",
        "note": "名录里没有能审计冷库的机构",
        "tonnes": 10.0,
        "findings": "",
        "by": clerk,
        "now": NOW,
        "evidence": proof(clerk),
    }
    with pytest.raises(Refused) as refused:
        store.file_audit(build("shop", public=False), **given)
    assert refused.value.code == "not_public"
    hall = build("hall")
    made = store.file_audit(hall, **given)
    assert not reading.cards(CITY, 2025)[hall.pk].audited
    records.move(made.record, "accept", by=ndrc, now=NOW)
    assert reading.cards(CITY, 2025)[hall.pk].audited


def test_an_auditor_is_of_the_register_or_named_with_a_reason_and_its_audits_are_told(
    build: Any, person: Any, ndrc: Any, monkeypatch: Any
) -> None:
    """Two audits of a registered body, one refused: of two works one came back. One named freely is nobody's work."""
    monkeypatch.setattr(
        bodies, "listed", lambda *kinds: [bodies.Listed("office", "审计所")] if "audit" in kinds else []
    )
    clerk, hall = person("department"), build("hall")
    given = {"year": 2025, "tonnes": 10.0, "findings": "", "by": clerk, "now": NOW, "evidence": proof(clerk)}
    for named, code in (
        ({"auditor": "某院"}, "no_note"), ({"auditor": " "}, "no_body"), ({"body": "elsewhere"}, "no_such_body"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            store.file_audit(hall, **given, **named)
        assert refused.value.code == code
    free = store.file_audit(hall, **given, auditor="某院", note="审计所没有空")
    good, bad = (store.file_audit(hall, **given, body="office", auditor="别的名称") for _each in range(2))
    assert (good.auditor, free.record.payload["note"]) == ("审计所", "审计所没有空")
    records.move(free.record, "accept", by=ndrc, now=NOW)
    records.move(good.record, "accept", by=ndrc, now=NOW)
    records.move(bad.record, "refuse", by=ndrc, now=NOW, reason="排放量不实")
    told = [(each.returned, each.faults) for each in store.audits_of("office", NOW.year)]
    assert sorted(told) == [(False, 0), (True, 1)]
    assert list(store.audits_of("office", NOW.year - 1)) == []


def test_a_sheet_is_taken_whole_or_not_at_all(city: Any, ndrc: Any) -> None:
    wrong = (
        HEAD
        + "a-1,楼甲,浉河区,办公,1000,是,2025,80000,900,账单\na-2,楼乙,火星,办公,-5,是,,100,,\na-1,楼甲,浉河区,办公,1000,是,,,,\n"
    )
    record, preview = sheet.open_import(city, io.BytesIO(wrong.encode()), name="楼.csv", by=ndrc, now=NOW)
    assert record is None
    told = [(each.where.row, each.where.column) for each in preview.problems]
    assert told == [(3, "县区"), (3, "建筑面积"), (3, "用能年份"), (3, "来源"), (4, "编号")]
    good = HEAD + "a-1,楼甲,浉河区,办公,1000,是,2025,80000,900,账单\na-2,楼乙,固始县,学校,2000,否,,,,\n"
    record, preview = sheet.open_import(city, io.BytesIO(good.encode()), name="楼.csv", by=ndrc, now=NOW)
    assert record is not None
    assert not Building.objects.exists()
    assert sheet.commit(record, by=ndrc, now=NOW) == 2
    card = reading.cards(CITY, 2025)[Building.objects.get(code="a-1").pk]
    assert (card.intensity.whole, card.water) == (pytest.approx(80.0), 900.0)


def _book(rows: list[list[Any]], parts: list[list[Any]]) -> io.BytesIO:
    """A workbook of the two tables, by hand."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    for title, lines in (("建筑名录", rows), ("分项用能", parts)):
        page = book.add_worksheet(title)
        for number, line in enumerate(lines):
            page.write_row(number, 0, line)
    book.close()
    target.seek(0)
    return target


WIDE = ["编号", "名称", "县区", "类型", "建筑面积", "气候区", "空调冷源", "采暖热源", "屋顶光伏（kW）", "计量点代码", "承诺碳达峰年份", "用能年份", "用电（kWh）", "来源"]  # fmt: skip
PART = ["编号", "用能年份", "用途", "品种", "数量", "来源"]


def test_a_workbook_tells_systems_and_end_uses(city: Any, ndrc: Any) -> None:
    """80 000 kWh on 1000 m², of which 30 000 for cooling and heating: 80 kWh/m², 30 by that end use, 50 not parted."""
    rows = [
        WIDE,
        [
            "a-1",
            "楼甲",
            "浉河区",
            "办公",
            1000,
            "寒冷",
            "水冷机组",
            "市政热力",
            120,
            "m-1、m-2",
            2028,
            2025,
            80000,
            "账单",
        ],
    ]
    parts = [PART, ["a-1", 2025, "空调采暖", "电（kWh）", 30000, "分项计量"]]
    record, preview = sheet.open_import(city, _book(rows, parts), name="楼.xlsx", by=ndrc, now=NOW)
    assert record is not None, [each.as_dict() for each in preview.problems]
    assert sheet.commit(record, by=ndrc, now=NOW) == 1
    made = Building.objects.get(code="a-1")
    assert (made.zone, made.cooling, made.heating, made.photovoltaic, made.pledge_year) == ("cold", "水冷机组", "市政热力", 120.0, 2028)  # fmt: skip
    assert made.meters == ["m-1", "m-2"]
    own = reading.cards(CITY, 2025)[made.pk].intensity
    assert own.by_end_use == {"hvac": pytest.approx(30.0)}
    assert (own.whole, own.unattributed) == (pytest.approx(80.0), pytest.approx(50.0))
    later = NOW + timedelta(hours=1)
    empty = [WIDE, ["a-1", "楼甲", "浉河区", "办公", 1000]]
    again, _preview = sheet.open_import(city, _book(empty, [PART]), name="楼.xlsx", by=ndrc, now=later)
    sheet.commit(again, by=ndrc, now=later)
    assert Building.objects.get(code="a-1").cooling == "水冷机组", "an empty cell leaves the register as it is"


def test_wrong_cells_of_both_tables_are_told_by_row_and_column(city: Any, build: Any, person: Any) -> None:
    """A county of Gushi may not tell the use of a building in Shihe either: to it, there is none."""
    build("far", place=SHIHE)
    rows = [
        WIDE,
        ["a-1", "楼", "固始县", "办公", 1000, "热带", "", "", -5, "m-1,m-1", 2019],
        ["a-2", "楼", "固始县", "办公", 1000],
    ]
    parts = [PART, ["a-2", 2025, "空调采暖", "电（kWh）", 1, "账"], ["far", 2025, "空调采暖", "电（kWh）", 1, "账"], ["a-2", 2025, "跳舞", "核能", -1, ""],
             ["a-2", 2025, "空调采暖", "电（kWh）", 2, "账"]]  # fmt: skip
    mine = person("county", GUSHI)
    record, preview = sheet.open_import(city, _book(rows, parts), name="楼.xlsx", by=mine, now=NOW)
    assert record is None
    assert [(each.where.sheet, each.where.row, each.where.column) for each in preview.problems] == [
        ("建筑名录", 2, "气候区"), ("建筑名录", 2, "屋顶光伏（kW）"), ("建筑名录", 2, "计量点代码"), ("建筑名录", 2, "承诺碳达峰年份"),
        ("分项用能", 3, "编号"), ("分项用能", 4, "用途"), ("分项用能", 4, "品种"), ("分项用能", 4, "数量"), ("分项用能", 4, "来源"), ("分项用能", 5, "编号"),
    ]  # fmt: skip


def test_an_import_of_end_uses_is_taken_back_and_leaves_the_building(
    city: Any, build: Any, use: Any, ndrc: Any
) -> None:
    hall = build("hall")
    use(hall, "electricity", 80_000.0)
    text = ",".join(PART) + "\nhall,2025,动力,电（kWh）,8000,台账\n"
    record, _preview = sheet.open_import(city, io.BytesIO(text.encode()), name="分项.csv", by=ndrc, now=NOW)
    later = NOW + timedelta(hours=1)
    sheet.commit(record, by=ndrc, now=later)
    assert reading.cards(CITY, 2025)[hall.pk].intensity.by_end_use == {"power": pytest.approx(8.0)}
    sheet.undo(record, by=ndrc, now=later + timedelta(hours=1), reason="传错了")
    own = reading.cards(CITY, 2025)[hall.pk].intensity
    assert (own.by_end_use, own.whole) == ({}, pytest.approx(80.0))


def test_a_county_cannot_import_into_another(city: Any, person: Any) -> None:
    mine = person("county", GUSHI)
    text = HEAD + "a-1,楼甲,浉河区,办公,1000,是,,,,\n"
    _record, preview = sheet.open_import(city, io.BytesIO(text.encode()), name="楼.csv", by=mine, now=NOW)
    assert [each.where.column for each in preview.problems] == ["县区"]


def test_each_sees_its_own(client: Client, build: Any, use: Any, person: Any) -> None:
    build("hall", organisation="hall-office")
    build("far", place=GUSHI, organisation="far-office")
    for who, seen in (
        (person("county", GUSHI), {"far": 200, "hall": 404}), (person("enterprise", SHIHE, "hall-office"), {"far": 404, "hall": 200}),
        (person("leader"), {"far": 200, "hall": 200}),
    ):  # fmt: skip
        client.force_login(who)
        for code, status in seen.items():
            assert client.get(reverse("energy:buildings-card", kwargs={"building": code})).status_code == status
    client.force_login(person("enterprise", SHIHE, "hall-office", username="again"))
    told = {
        "year": 2025,
        "carrier": "electricity",
        "end_use": "total",
        "value": "1000",
        "basis": "reported",
        "source": "账单",
    }
    assert client.post(reverse("energy:buildings-use", kwargs={"building": "far"}), told).status_code == 404
    assert client.post(reverse("energy:buildings-use", kwargs={"building": "hall"}), told).status_code == 302
    answer = client.post("/api/energy/buildings/cards/far/use", told, content_type="application/json")
    assert answer.status_code == 404


def test_every_page_keeps_the_house_rules_with_the_demonstration(client: Client, city: Any, person: Any) -> None:
    people = {
        name: person(role, username=name)
        for name, role in (("ndrc", "ndrc"), ("ecology", "ecology"), ("housing", "department"))
    }
    type(people["ndrc"]).objects.filter(username__in=people).update(demo=True)
    demo.ensure_demo(CITY, now=NOW)
    demo.ensure_demo(CITY, now=NOW)
    client.force_login(people["housing"])
    over = client.get(reverse("energy:buildings")).content.decode()
    # office-3: 28 000 × 118 kWh and 52 000 m³ of gas × 1.33 ÷ 0.1229 are 475 tce against 380; the two others are within.
    assert "2025 年：1 座公共机构建筑超定额" in over
    addresses = [
        reverse(f"energy:{name}") for name in ("buildings", "buildings-new", "buildings-upload", "buildings-retrofits")
    ]
    addresses += [reverse(f"energy:{name}", kwargs={"building": "demo-office-1"}) for name in ("buildings-card", "buildings-meters", "buildings-edit", "buildings-use", "buildings-retrofit", "buildings-audit")]  # fmt: skip
    addresses.append(reverse("energy:buildings-record", kwargs={"id": Retrofit.objects.first().record_id}))
    faults = []
    for address in addresses:
        assert client.get(address).status_code == 200, address
        with CaptureQueriesContext(connection) as asked:
            text = client.get(address).content.decode()
        if (
            len(asked) > 12
            or text.count("<h1") != 1
            or 'class="help"' not in text
            or re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text)
        ):
            faults.append(f"{address}: {len(asked)}")
    assert faults == []


SHEET = "编号,名称,县区,类型,建筑面积,公共机构,用能年份,用电（kWh）,来源\nu-1,旧楼,浉河区,办公,1000,是,2025,{power},台账\nu-2,新楼,浉河区,办公,800,是,2025,7000,台账\n"


def _import(city: Any, by: Any, power: int, now: datetime) -> Any:
    text = SHEET.format(power=power).encode()
    record, preview = sheet.open_import(city, io.BytesIO(text), name="楼.csv", by=by, now=now)
    assert record is not None, [problem.as_dict() for problem in preview.problems]
    sheet.commit(record, by=by, now=now)
    return record


def test_an_import_is_taken_back_to_what_stood_before(city: Any, build: Any, use: Any, ndrc: Any) -> None:
    """u-1 was there with 5000 kWh; the import says 9000 and adds u-2. After the undo: 5000 again, and no u-2."""
    old = build("u-1", area=500.0)
    use(old, "electricity", 5000.0)
    record = _import(city, ndrc, 9000, NOW)
    assert reading.cards(CITY, 2025)[old.pk].intensity.whole == 9.0
    sheet.undo(record, by=ndrc, now=NOW + timedelta(hours=1), reason="传错了")
    cards = {card.building.code: card for card in reading.cards(CITY, 2025).values()}
    assert set(cards) == {"u-1"}
    assert (cards["u-1"].building.area, cards["u-1"].intensity.whole) == (500.0, 10.0)
    assert [each.value for each in old.uses.order_by("revision")] == [5000.0, 9000.0, 5000.0], "nothing is deleted"
    again = _import(city, ndrc, 9100, NOW + timedelta(hours=2))
    assert len(reading.cards(CITY, 2025)) == 2, "what was withdrawn can be imported again"
    use(old, "electricity", 1.0, year=2024)
    with pytest.raises(DafengError, match="不能整批撤销"):
        sheet.undo(again, by=ndrc, now=NOW + timedelta(hours=3), reason="又错了")


def test_the_meters_of_a_building_tell_its_months_and_fill_a_year_nobody_reported(
    build: Any, use: Any, ndrc: Any, monkeypatch: Any
) -> None:
    """Two points, 31 kWh and 0.001 MWh in each month: 32 kWh a month, 384 kWh a year. A foreign point counts nothing."""
    building = build("m-1", meters=["m-a", "m-b", "foreign"])
    for code, unit, subject in (
        ("m-a", "kWh", building.subject),
        ("m-b", "MWh", building.subject),
        ("foreign", "kWh", "building:other"),
    ):
        series.ensure_point(code, subject=subject, name=code, quantity="electricity", unit=unit, kind="interval")
    found = metering.points_of(building)
    assert ([point.code for point in found], metering.unknown(building, found)) == (["m-a", "m-b"], ["foreign"])
    months = [
        datetime(2024, 12, 31, 16, tzinfo=UTC) + timedelta(days=day)
        for day in (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
    ]
    rows = [(point.pk, month, 31.0 if point.unit == "kWh" else 0.001, 1.0) for point in found for month in months]
    frame = pl.DataFrame(
        rows,
        schema={"point": pl.Int64, "at": pl.Datetime("us", "UTC"), "value": pl.Float64, "coverage": pl.Float64},
        orient="row",
    )
    monkeypatch.setattr(metering.queries, "used", lambda *asked: frame)
    told = metering.months(found, 2025)
    assert [(each.month, each.value) for each in told] == [(f"2025-{month:02d}", 32.0) for month in range(1, 13)]
    (made,) = metering.file_year(building, 2025, by=ndrc, now=NOW)
    assert (made.value, made.basis, "m-a、m-b" in made.source) == (384.0, "metered", True)
    assert metering.file_year(building, 2025, by=ndrc, now=NOW) == [], "the same once more changes nothing"
    use(building, "electricity", 400.0)
    frame = frame.with_columns(pl.col("value") * 2)
    assert metering.file_year(building, 2025, by=ndrc, now=NOW) == [], "what was reported stands"
    assert metering.file_year(building, NOW.year, by=ndrc, now=NOW) == [], "the year is not over"


def test_a_card_tells_how_its_intensity_came_about(client: Client, build: Any, use: Any, ndrc: Any) -> None:
    """100,000 kWh × 0.1229 = 12.29 t and 1,000 m³ × 1.33 = 1.33 t; 13.62 t ÷ 0.1229 ÷ 1000 m² = 110.8 kWh/m². The corrected value does not count."""
    hall = build("hall", area=1000.0)
    use(hall, "electricity", 90_000.0)
    use(hall, "electricity", 100_000.0)
    use(hall, "natural_gas", 1000.0)
    client.force_login(ndrc)
    text = client.get(reverse("energy:buildings-card", kwargs={"building": "hall"}) + "?year=2025").content.decode()
    for said in (
        "100,000 kWh × 0.1229 kgce/kWh = 12.3 tce", "1,000 m³ × 1.33 kgce/m³ = 1.3 tce", "13.6 tce ÷ 0.1229 kgce/kWh ÷ 1,000 m² = 110.8 kWh/m²",
    ):  # fmt: skip
        assert said in text
