"""Coal used once, places among limits, patrols, the monthly sheet."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dafeng.domains.energy.control import limits, overruns, patrols, projects, readings, sheet, warnings
from dafeng.domains.energy.control.methods.limits import Limits, place_of, to_save
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import CoalCut, ControlLight, HighProject, MonthValue
from dafeng.kernel.desk.registry import tasks_of
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


def _running(firm: Any, energy: float = 1200.0) -> HighProject:
    return project(name="窑炉", stage="running", energy=energy, firm=firm, place=GUSHI)


def test_a_project_over_its_review_is_warned_of_before_the_year_is_over(firm: Any, city: Any, tell: Any) -> None:
    """1200 tce a year. 2025: 12 × 111 = 1332 is 11 % above: red. 2026 to October: 1000 is due; 1101 is 10.1 % above: yellow."""
    own = _running(firm)
    tell(GUSHI, 2025, [111.0] * 12, firm=firm)
    tell(GUSHI, 2026, [*[110.1] * 10, 20.0], firm=firm)  # November has only begun
    warnings.assess(CITY, by=None, now=NOW)
    found = overruns.lights_of(own)
    assert [(each.month, each.light) for each in found] == [("2026-10", "yellow"), ("2025-12", "red")]
    assert found[1].facts["over"] == pytest.approx(11.0)
    assert (found[0].facts["due"], found[0].facts["over"]) == (pytest.approx(1000.0), pytest.approx(10.1))
    before = ControlLight.objects.count()
    warnings.assess(CITY, by=None, now=NOW)
    assert ControlLight.objects.count() == before, "judging it again changes nothing"


@pytest.mark.parametrize(
    ("values", "light"),
    [([110.0] * 12, None), ([110.01] * 12, "red"), ([700.0, 700.0], "red"), ([None, 700.0], None), ([111.0], "yellow"), ([110.0], None)],
)  # fmt: skip
def test_the_limit_is_ten_percent_and_a_missing_month_is_not_guessed(
    firm: Any, city: Any, tell: Any, values: list[float | None], light: str | None
) -> None:
    """1200 tce: 1320 is allowed, and 110 in January of 100 due. Two months of 700 are over the year's 1320 already."""
    own = _running(firm)
    tell(GUSHI, 2026 if len(values) < 12 else 2025, values, firm=firm)
    warnings.assess(CITY, by=None, now=NOW)
    assert [each.light for each in overruns.lights_of(own)] == ([light] if light else [])


def test_what_is_done_after_an_overrun_is_logged_with_its_proof_and_ends_the_task(
    client: Client, firm: Any, city: Any, tell: Any, person: Any, ndrc: Any
) -> None:
    own = _running(firm)
    tell(GUSHI, 2025, [111.0] * 12, firm=firm)
    warnings.assess(CITY, by=None, now=NOW)
    mine, other = person("county", GUSHI), person("county", SHIHE)

    def waits(user: Any) -> int:
        return [each.kind for each in tasks_of(user, now=NOW)].count("energy.project")

    assert (waits(mine), waits(ndrc), waits(other)) == (1, 1, 0)
    light = overruns.lights_of(own)[0]
    told = {"kind": "correct", "text": "限三个月整改"}
    address = reverse("energy:control-follow", kwargs={"id": light.pk})
    client.force_login(other)
    assert client.post(address, told).status_code == 404
    client.force_login(mine)
    page = reverse("energy:control-project", kwargs={"id": own.pk})
    proof = SimpleUploadedFile("整改通知.pdf", b"notice")
    assert client.post(address, told | {"file": proof}).headers["Location"] == page
    (made,) = overruns.log_of(own)
    assert (made.by, made.at, made.kind, made.text) == (mine, NOW, "correct", "限三个月整改")
    assert made.evidence.name == "整改通知.pdf"
    text = client.get(page).content.decode()
    for said in ("限期整改", "限三个月整改", "整改通知.pdf", "+11.0%", "2025-12", "111.0%"):
        assert said in text, said
    assert (waits(mine), waits(ndrc)) == (0, 0)


def test_a_correction_takes_the_warning_back_and_keeps_its_history(firm: Any, city: Any, tell: Any) -> None:
    own = _running(firm)
    tell(GUSHI, 2025, [111.0] * 12, firm=firm)
    warnings.assess(CITY, by=None, now=NOW)
    tell(GUSHI, 2025, [100.0] * 12, firm=firm)
    warnings.assess(CITY, by=None, now=NOW)
    assert [each.light for each in overruns.lights_of(own)] == ["green"]
    assert [each.light for each in ControlLight.objects.filter(subject=overruns.subject_of(own)).order_by("pk")] == ["red", "green"]  # fmt: skip
    assert not overruns.open_for(CITY, None).exists()


def test_a_project_that_was_closed_is_warned_of_no_more(firm: Any, city: Any, tell: Any) -> None:
    _running(firm)
    tell(GUSHI, 2025, [111.0] * 12, firm=firm)
    warnings.assess(CITY, by=None, now=NOW)
    assert overruns.open_for(CITY, None).count() == 1
    project(name="窑炉", stage="stopped", energy=1200.0, firm=firm, place=GUSHI)
    warnings.assess(CITY, by=None, now=NOW)
    assert not overruns.open_for(CITY, None).exists()
