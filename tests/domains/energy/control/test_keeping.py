"""Coal used once, places among limits, patrols, the monthly sheet."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest

from dafeng.domains.energy.control import limits, patrols, projects, readings, sheet
from dafeng.domains.energy.control.methods.limits import Limits, place_of, to_save
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import CoalCut, HighProject, MonthValue
from dafeng.kernel.errors import PermissionDenied, UploadError
from dafeng.kernel.records import services as records
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, SHIHE

TODAY = date(2026, 11, 21)


@pytest.fixture
def cut(city: Any, person: Any, ndrc: Any) -> CoalCut:
    county = person("county", GUSHI)
    proof = records.store_evidence(b"proof", name="关停.pdf", media_type="application/pdf", by=county, now=NOW)
    made = projects.claim(
        CITY,
        title="关停锅炉",
        place=GUSHI,
        year=2025,
        tonnes=1000.0,
        how="三年平均",
        by=county,
        now=NOW,
        evidence=[proof],
    )
    records.move(made.record, "confirm", by=ndrc, now=NOW)
    return made


def project(name: str = "热电", **more: Any) -> HighProject:
    given = {"owner": "某公司", "place": GUSHI, "sector": "44", "stage": "building", "energy": 60_000.0, "coal_tonnes": 500.0, "ratio": 1.2, "document": "", "reviewed_on": None} | more  # fmt: skip
    return projects.register_project(CITY, name=name, **given, by=None, now=NOW)


def test_a_tonne_of_coal_is_used_once_and_a_project_takes_no_more_than_it_owes(cut: CoalCut, ndrc: Any) -> None:
    first, second = project(), project("水泥", coal_tonnes=700.0, ratio=1.0)
    assert projects.owed(first) == pytest.approx(600.0)  # 500 t × 1.2
    projects.use(cut, first, 600.0, by=ndrc, now=NOW)
    for tonnes, where, reason in (
        (401.0, second, "too_much"),
        (1.0, first, "more_than_owed"),
        (0.0, second, "amount"),
        (-1.0, second, "not_given"),
    ):
        with pytest.raises(Refused) as refused:
            projects.use(cut, where, tonnes, by=ndrc, now=NOW)
        assert refused.value.code == reason
    projects.use(cut, first, -100.0, by=ndrc, now=NOW)
    projects.use(cut, second, 500.0, by=ndrc, now=NOW)
    assert projects.free_of(cut) == pytest.approx(0.0)
    assert projects.totals(ndrc, CITY) == {"cut": 1000.0, "used": 1000.0, "free": 0.0}


def test_a_cut_waits_for_another_person_and_needs_proof(city: Any, ndrc: Any, ecology: Any) -> None:
    given = {"title": "煤改电", "place": GUSHI, "year": 2026, "how": "入户", "by": ndrc, "now": NOW}
    with pytest.raises(Refused) as refused:
        projects.claim(CITY, tonnes=10.0, evidence=[], **given)
    assert refused.value.code == "no_evidence"
    proof = records.store_evidence(b"proof", name="表.pdf", media_type="application/pdf", by=ndrc, now=NOW)
    made = projects.claim(CITY, tonnes=10.0, evidence=[proof], **given)
    with pytest.raises(Refused) as refused:
        projects.use(made, project(), 5.0, by=ndrc, now=NOW)
    assert refused.value.code == "not_confirmed"
    with pytest.raises(PermissionDenied):
        records.move(made.record, "confirm", by=ndrc, now=NOW)
    records.move(made.record, "confirm", by=ecology, now=NOW)
    projects.use(made, project(), 5.0, by=ndrc, now=NOW)


def test_a_project_of_another_county_is_not_overwritten(city: Any) -> None:
    project()
    with pytest.raises(Refused) as refused:
        project(place=SHIHE)
    assert refused.value.code == "other_place"
    assert projects.deviation(project(), 66_600.0) == pytest.approx(11.0)  # above the 10 % of order 31


@pytest.mark.parametrize(
    ("value", "known", "place"),
    [
        (90.0, (120.0, 105.0, 95.0), "advanced"), (100.0, (120.0, 105.0, 95.0), "access"), (110.0, (120.0, 105.0, 95.0), "within"),
        (121.0, (120.0, 105.0, 95.0), "over"), (110.0, (None, 105.0, None), "unknown"), (110.0, (None, None, None), "unknown"),
        (104.0, (None, 105.0, None), "access"),
    ],
)  # fmt: skip
def test_a_firm_has_the_best_place_that_is_proved(value: float, known: Any, place: str) -> None:
    assert place_of(value, Limits(*known)) == place
    assert to_save(value, Limits(*known)) == (None if known[0] is None else max(value - known[0], 0))


def test_a_limit_counts_once_two_persons_have_read_the_standard(firm: Any, ndrc: Any, person: Any) -> None:
    limits.tell(firm, product="clinker", year=2025, value=119.0, source="台账", by=ndrc, now=NOW)
    line = limits.lines_for(ndrc, CITY, on=TODAY)[0]
    assert (line.place, line.level) == (
        "unknown",
        "below",
    )  # 119 is above the national baseline of 117 kgce/t (DCP#169)
    made = limits.enter(product="clinker", limit=118.0, access=108.0, advanced=100.0, document="试验标准 4.1", valid_from=date(2025, 1, 1), by=ndrc, now=NOW)  # fmt: skip
    assert limits.limits_in_force(TODAY) == {}
    records.move(made.record, "compare", by=person("department"), now=NOW)
    line = limits.lines_for(ndrc, CITY, on=TODAY)[0]
    assert (line.place, line.save) == ("over", pytest.approx(1.0))
    with pytest.raises(Refused) as refused:
        limits.enter(
            product="clinker",
            limit=100.0,
            access=108.0,
            advanced=None,
            document="x",
            valid_from=TODAY,
            by=ndrc,
            now=NOW,
        )
    assert refused.value.code == "order"


def test_what_a_patrol_found_is_open_until_a_clean_one(city: Any, ndrc: Any) -> None:
    def log(on: date, found: str, **more: Any) -> None:
        given = {"kilograms": None, "handled": "取缔", "again_by": date(2026, 11, 10)} | more
        patrols.log(CITY, place=GUSHI, spot="集市", on=on, found=found, **given, by=ndrc, now=NOW, today=TODAY)

    log(date(2026, 10, 1), "stall")
    assert [each.spot for each in patrols.open_spots(ndrc, CITY)] == ["集市"]
    log(date(2026, 11, 1), "clean", handled="", again_by=None)
    assert patrols.open_spots(ndrc, CITY) == []
    for more, reason in (
        ({"handled": ""}, "not_handled"),
        ({"again_by": None}, "no_date"),
        ({"kilograms": -1.0}, "amount"),
    ):
        with pytest.raises(Refused) as refused:
            log(date(2026, 11, 2), "stall", **more)
        assert refused.value.code == reason
    with pytest.raises(Refused) as refused:
        log(date(2026, 12, 1), "clean")
    assert refused.value.code == "future_day"


HEAD = "县区或企业,行业,种类,月份,数量,单位,依据,来源\n"


def test_a_sheet_of_months_is_taken_whole_or_not_at_all(city: Any, firm: Any, ndrc: Any) -> None:
    wrong = (
        HEAD
        + "固始县,,能源消费,2026-01,100,tce,统计,月报\n固始县,,能源消费,2026-1,100,tce,统计,月报\n月球,,能源消费,2027-01,-1,kWh,统计,\n"
    )
    record, preview = sheet.open_import(city, io.BytesIO(wrong.encode()), name="月.csv", by=ndrc, now=NOW)
    assert record is None
    assert [(each.where.row, each.where.column) for each in preview.problems] == [
        (3, "县区或企业"), (4, "县区或企业"), (4, "月份"), (4, "数量"), (4, "来源"), (4, "单位"),
    ]  # fmt: skip
    good = (
        HEAD
        + "固始县,水泥等非金属矿物制品,能源消费,2026-01,1000.5,tce,统计,月报\n试验窑厂,,煤炭消费,2026/02,20,t,,账单\n"
    )
    record, _preview = sheet.open_import(city, io.BytesIO(good.encode("gb18030")), name="月.csv", by=ndrc, now=NOW)
    assert record is not None
    assert not MonthValue.objects.exists()
    assert sheet.commit(record, by=ndrc, now=NOW) == 2
    found = readings.months(CITY, "energy", (2026,))[f"place:{GUSHI}", "30"]["2026-01"]
    assert (found.value, found.basis, found.evidence is not None) == (1000.5, "statistic", True)
    assert MonthValue.objects.get(quantity="coal").subject == firm.subject


def test_a_county_reports_for_itself_alone(city: Any, person: Any) -> None:
    mine = person("county", SHIHE)
    text = HEAD + "固始县,,能源消费,2026-01,100,tce,统计,月报\n浉河区,,能源消费,2026-01,100,tce,统计,月报\n"
    _record, preview = sheet.open_import(city, io.BytesIO(text.encode()), name="月.csv", by=mine, now=NOW)
    assert [(each.where.row, each.where.column) for each in preview.problems] == [(2, "县区或企业")]
    with pytest.raises(UploadError):
        sheet.open_import(city, io.BytesIO("甲,乙\n1,2\n".encode()), name="月.csv", by=mine, now=NOW)


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"month": "2026"}, "not_a_month"), ({"month": "2026-12"}, "future_month"), ({"value": -1.0}, "negative"), ({"source": " "}, "no_source"), ({"quantity": "x"}, "unknown_quantity")],
)  # fmt: skip
def test_a_month_that_cannot_be_is_refused(city: Any, given: dict[str, Any], reason: str) -> None:
    told = {"quantity": "energy", "month": "2026-01", "value": 1.0, "basis": "reported", "source": "台账"} | given
    with pytest.raises(Refused) as refused:
        readings.file(CITY, place=GUSHI, **told, by=None, now=NOW)
    assert refused.value.code == reason


def test_a_correction_keeps_the_earlier_value(tell: Any) -> None:
    tell(GUSHI, 2026, [10.0])
    tell(GUSHI, 2026, [11.0])
    assert [each.value for each in readings.history(f"place:{GUSHI}", "", "energy", "2026-01")] == [11.0, 10.0]
    assert readings.months(CITY, "energy", (2026,))[f"place:{GUSHI}", ""]["2026-01"].value == 11.0
