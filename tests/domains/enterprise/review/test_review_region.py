"""What the county's dual control does to a project, papers of an application, and pollutant cuts that are used once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project, ProjectAnnex
from dafeng.domains.enterprise.review import annexes, assessments, joint, projects, region, statistics, swaps
from dafeng.domains.enterprise.review.figures import Figures
from dafeng.kernel.errors import NotFound, TransitionError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from tests.domains.enterprise.review.conftest import NOW, PLACE, TODAY

pytestmark = pytest.mark.django_db
OPINION = {"opinion": "原则同意。", "reference": "信发改审〔2026〕1号", "conditions": []}


def publish(rows: list[tuple[str, str, str, float, str]]) -> None:
    """(indicator, period, key, value, unit) of the county, as dual control publishes them."""
    for code, unit in (("energy.warning.red_months", "1"), ("energy.quota.forecast", "%"), ("energy.quota", "tce")):
        indicators.ensure_indicator(code, name=code, unit=unit)
    run = indicators.start_run(domain="energy", kind="control", subject="control:411500", now=NOW)
    indicators.publish(run, [{"indicator": code, "subject": f"place:{PLACE}", "period": period, "key": key, "value": value, "unit": unit, "status": 0} for code, period, key, value, unit in rows])  # fmt: skip
    indicators.finish_run(run, NOW)


def red(period: str, months: float) -> tuple[str, str, str, float, str]:
    return ("energy.warning.red_months", period, "quantity=energy", months, "1")


def told_of(project: Any, tce: float = 0.0, *, on: date = TODAY) -> region.Region:
    return region.of(project, tce, Figures(PLACE, on))


YEAR, LAST = TODAY.year, f"{TODAY.year}-01"


@pytest.mark.parametrize(
    ("rows", "measure"),
    [
        ([], ""),
        ([red(LAST, 1)], ""),
        ([red(LAST, 2)], "remind"),
        ([red(LAST, 3)], "limit"),
        ([red(f"{YEAR - 1}-12", 0), red(LAST, 0)], ""),
        ([red(f"{YEAR - 1}-12", 1), red(LAST, 0)], "suspend"),  # a missed year, whatever January says
        ([red(f"{YEAR - 2}-12", 9)], ""),  # too long ago
    ],
)
def test_red_months_remind_limit_and_suspend(draft, rows, measure) -> None:
    if rows:
        publish(rows)
    assert told_of(draft()).measure == measure


def test_a_limited_county_stops_the_opinion_but_not_for_livelihood(reviewed, people) -> None:
    found = reviewed()
    publish([red(LAST, 3)])
    with pytest.raises(Refused) as caught:
        projects.approve(found, **OPINION, by=people["leader"], now=NOW)
    assert caught.value.code == "region_suspended"
    projects.judge(found, two_high=False, large_carbon=False, exempt=True, reason="集中供热，民生工程", by=people["ndrc"], now=NOW)  # fmt: skip
    assert projects.approve(found, **OPINION, by=people["leader"], now=NOW).record.state == "approved"


def test_a_project_moves_the_forecast_of_the_county(approved, draft, people) -> None:
    """Forecast 90 % of 100,000 tce; an approved project of a tce and this one of b tce make 90 + (a + b) ÷ 1000."""
    other = approved()
    publish([("energy.quota", str(YEAR), "", 100_000, "tce"), ("energy.quota.forecast", LAST, "quantity=energy", 90, "%")])  # fmt: skip
    found = told_of(draft(), 2_000.0)
    assert found.approved == pytest.approx(other.counted)
    assert found.with_approved == pytest.approx(90 + other.counted / 1000)
    assert found.with_project == pytest.approx(90 + (other.counted + 2000) / 1000)
    assert told_of(draft(), 1.0, on=date(YEAR + 1, 1, 5)).forecast is None  # last year's forecast is not this year's


def paper(name: str = "环评批复.pdf", content: bytes = b"%PDF-1.4 paper") -> Any:
    return SimpleUploadedFile(name, content)


def test_papers_are_evidence_and_are_sealed_with_the_submission(draft, people, figures) -> None:
    found, owner = draft(), people["owner"]
    kept = annexes.add(found, paper(), title="环评批复", by=owner, now=NOW)
    gone = annexes.add(found, paper("b.png", b"other"), title="错传", by=owner, now=NOW)
    annexes.remove(found, gone.pk, by=owner, now=NOW)
    assert [each.pk for each in annexes.live(found)] == [kept.pk]
    assert ProjectAnnex.objects.count() == 2  # nothing is deleted
    projects.submit(found, by=owner, now=NOW)
    assert found.decided["annexes"] == [kept.evidence.sha256]
    assert records.verify_record(found.record)
    for act in (lambda: annexes.add(found, paper(), title="迟到", by=owner, now=NOW), lambda: annexes.remove(found, kept.pk, by=owner, now=NOW)):  # fmt: skip
        with pytest.raises(TransitionError):
            act()


@pytest.mark.parametrize(("file", "title", "code"), [(paper("a.exe"), "程序", "annex_kind"), (paper(), " ", "text_missing")])  # fmt: skip
def test_other_files_and_nameless_ones_are_refused(draft, people, file, title, code) -> None:
    with pytest.raises(Refused) as caught:
        annexes.add(draft(), file, title=title, by=people["owner"], now=NOW)
    assert caught.value.code == code


def test_papers_by_form_for_the_owner_alone(draft, people, person) -> None:
    found = draft()
    address = f"/enterprise/review/projects/{found.pk}/annexes/"
    owner, bureau, stranger = Client(), Client(), Client()
    owner.force_login(people["owner"])
    bureau.force_login(people["ndrc"])
    stranger.force_login(person("enterprise", "stranger", "others"))
    assert owner.post(address, {"title": "环评批复", "file": paper()}).status_code == 302
    assert bureau.post(address, {"title": "x", "file": paper()}).status_code == 403
    assert stranger.post(address, {"title": "x", "file": paper()}).status_code == 404
    kept = ProjectAnnex.objects.get()
    page = owner.get(f"/enterprise/review/projects/{found.pk}/?tab=content").content.decode()
    assert "环评批复" in page
    assert owner.post(address, {"remove": "999999"}).status_code in (302, 404)
    assert owner.post(address, {"remove": str(kept.pk)}).status_code == 302
    assert annexes.live(found) == []
    with pytest.raises(NotFound):
        annexes.remove(found, kept.pk, by=people["owner"], now=NOW)


def test_a_pollutant_cut_is_used_once_and_a_shortfall_bars(draft, people) -> None:
    ndrc = people["ndrc"]
    source = swaps.retire(enterprise="某热力公司", city="411500", place=PLACE, product="nox", capacity=Decimal(10), unit="t", retired_on=TODAY, document="环保验收〔2025〕1号", by=ndrc, now=NOW)  # fmt: skip
    found, second, other = (draft(basics={"replace_nox": 8.0}), draft(basics={"replace_nox": 8.0}), draft())
    assert "replace_short" in assessments.assess(found, on=TODAY).barred
    swaps.use(source, found, Decimal(8), by=ndrc, now=NOW)
    made = assessments.assess(found, on=TODAY)
    assert made.replaced == [("nox", Decimal("8.0"), Decimal(8))]
    assert "replace_short" not in made.barred
    for project, tonnes, code in ((second, 3, "used_up"), (other, 1, "other_product")):
        with pytest.raises(Refused) as caught:
            swaps.use(source, project, Decimal(tonnes), by=ndrc, now=NOW)
        assert caught.value.code == code


def test_a_two_high_project_needs_industry_and_ecology(draft, people, experts, figures) -> None:
    from dafeng.domains.enterprise.review import experts as judging

    ndrc, found = people["ndrc"], draft()
    projects.submit(found, by=people["owner"], now=NOW)
    projects.judge(found, two_high=True, large_carbon=False, reason="省目录", by=ndrc, now=NOW)
    for action in ("accept", "review"):
        projects.handle(found, action, by=ndrc, now=NOW)
    [asked] = joint.ask(found, ["ecology"], matter="准入", due=TODAY, by=ndrc, now=NOW)
    joint.answer(asked, verdict="agree", text="", by=people["ecology"], now=NOW)
    for expert in experts:
        invited = judging.declare(judging.invite(found, expert, by=ndrc, now=NOW), clear=True, text="", by=expert.person, now=NOW)  # fmt: skip
        judging.give(invited, points=dict.fromkeys(judging.POINTS, "yes"), view="pass", text="可行", by=expert.person, now=NOW)  # fmt: skip
    with pytest.raises(Refused) as caught:
        projects.conclude(found, text="建议通过", by=ndrc, now=NOW)
    assert (caught.value.code, caught.value.expected) == ("joint_incomplete", "industry")


def test_a_forecast_that_holds_projects_already_does_not_hold_them_twice(approved, draft) -> None:
    """Forecast 93 % of 100,000 tce, of it 3 % coming projects: 90 without them, then each with its whole year."""
    other = approved()
    indicators.ensure_indicator("energy.quota.coming", name="coming", unit="%")
    publish([("energy.quota", str(YEAR), "", 100_000, "tce"), ("energy.quota.forecast", LAST, "quantity=energy", 93, "%"), ("energy.quota.coming", LAST, "quantity=energy", 3, "%")])  # fmt: skip
    found = told_of(draft(), 2_000.0)
    assert (found.forecast, found.with_approved) == (pytest.approx(90), pytest.approx(90 + other.counted / 1000))


def test_an_approved_project_is_published_with_its_months(approved, people) -> None:
    """The owner says December; forecasts read the month, the yearly amount and the project. What runs says since when."""
    import json

    found = approved(basics={"operation_year": 2027, "operation_month": 3})
    part = json.loads(indicators.values("review.energy.new", subject=PLACE, period=2027)["lineage"].item())["parts"][0]
    assert (part["planned"], part["since"], part["building"], part["amount"]) == ("2027-03", "", False, found.tce)
    projects.expect(found, month=date(2026, 12, 1), by=people["owner"], now=NOW)
    told = indicators.values("review.energy.new", subject=PLACE)
    assert told["period"].to_list() == ["2026"]  # earlier than was applied for, and not in both years
    assert json.loads(told["lineage"].item())["parts"][0]["planned"] == "2026-12"
    with pytest.raises(Refused) as caught:
        projects.expect(found, month=date(2026, 10, 1), by=people["owner"], now=NOW)
    assert caught.value.code == "in_past"
    projects.start(found, day=TODAY, by=people["owner"], now=NOW)
    projects.trial(found, day=TODAY, by=people["owner"], now=NOW)
    part = json.loads(indicators.values("review.energy.new", subject=PLACE)["lineage"].item())["parts"][0]
    assert (part["since"], part["building"]) == ("2026-11", True)
    with pytest.raises(TransitionError):
        projects.expect(found, month=date(2026, 12, 1), by=people["owner"], now=NOW)


def test_coal_is_published_by_project_with_its_firm_and_a_secret_one_without(approved) -> None:
    """1,000 t of coal a year; a project that burns none tells no coal; a secret one has neither name nor firm."""
    import json

    approved()
    assert indicators.values("review.energy.new", subject=PLACE).height == 1
    burning = approved(energy={"energies": {"bituminous": {"after": 1000.0}}})
    told = indicators.values("review.coal.new", subject=PLACE)
    assert (told["value"].to_list(), told["unit"].to_list()) == ([1000.0], ["t"])
    [part] = json.loads(told["lineage"].item())["parts"]
    assert (part["number"], part["amount"], part["firm"]) == (burning.number, 1000.0, burning.enterprise.subject)
    Project.objects.filter(pk=burning.pk).update(content=burning.content | {"basics": burning.content["basics"] | {"secret": True}})  # fmt: skip
    statistics.publish(burning.city, by=None, now=NOW)
    [part] = json.loads(indicators.values("review.coal.new", subject=PLACE)["lineage"].item())["parts"]
    assert (part["name"], part["firm"], part["amount"]) == ("", "", 1000.0)


def test_the_expected_month_by_form_for_the_owner_alone(approved, people) -> None:
    found = approved()
    owner, bureau = Client(), Client()
    owner.force_login(people["owner"])
    bureau.force_login(people["ndrc"])
    address = f"/enterprise/review/projects/{found.pk}/own/expect/"
    assert bureau.post(address, {"month": "2099-03", "state": "approved"}).status_code == 403
    assert owner.post(address, {"month": "2099-03", "state": "approved"}).status_code == 302
    found.refresh_from_db()
    assert found.expected_on == date(2099, 3, 1)
    assert 'value="2099-03"' in owner.get(f"/enterprise/review/projects/{found.pk}/").content.decode()


def test_both_rooms_count_a_county_alike_feedstock_and_renewable_power_deducted(approved, draft, people) -> None:
    """The project: 20,000 MWh × 0.1229 + 100×10⁴ m³ × 13.3 = 2458 + 1330 = 3788 tce. Of it 40×10⁴ m³ are feedstock (532 tce) and 5,000
    MWh renewable (614.5 tce): 2641.5 count.

    The county used 11 × 9,000 this year, of it 11 × 1,000 feedstock, and last year 12 × 8,000 without: 8,000 a month count, growth
    is 1. So the year without projects is 12 × 8,000 = 96,000 of a quota of 100,000: 96 %. From December on the project is 1/12 of its
    year in dual control's forecast of November; the review, which reads October's, counts its whole year.
    """
    from dafeng.domains.energy.control import balance, quotas, readings, warnings
    from dafeng.domains.energy.control import coming as expected
    from dafeng.domains.energy.control.city import ensure_city

    ensure_city("411500", "信阳市", "Xinyang", counties={PLACE: ["光山县", "Guangshan"]})
    energies = {"electricity": {"after": 20_000.0}, "natural_gas": {"after": 100.0, "feedstock": 40.0}}
    other = approved(
        basics={"operation_year": TODAY.year, "operation_month": 12},
        energy={"energies": energies, "renewable": 5_000.0},
    )
    assert (other.tce, other.counted) == (pytest.approx(3788), pytest.approx(2641.5))
    quota = quotas.draft("411500", place=PLACE, quantity="energy", period=str(YEAR), amount=100_000, document="试验文件", decided_on=TODAY, by=people["ndrc"], now=NOW)  # fmt: skip
    records.move(quota.record, "sign", by=people["ecology"], now=NOW)
    told = [(YEAR - 1, month, "energy", 8_000) for month in range(1, 13)]
    told += [
        (YEAR, month, kind, value)
        for month in range(1, 12)
        for kind, value in (("energy", 9_000), ("feedstock", 1_000))
    ]
    for year, month, kind, value in told:
        readings.file("411500", place=PLACE, quantity=kind, month=f"{year}-{month:02d}", value=value, basis="statistic", source="统计", by=None, now=NOW)  # fmt: skip
    board = balance.state(f"place:{PLACE}", YEAR, 11)  # the opinion is of November
    assert board is not None
    assert (board.used, board.gross) == (pytest.approx(88_000), pytest.approx(99_000))
    assert board.year_forecast == pytest.approx(96_000 + 2641.5 / 12)
    [part] = expected.parts_of("411500", "energy", subjects=[f"place:{PLACE}"])[f"place:{PLACE}"]
    warnings.publish("411500", by=None, now=NOW)
    found = told_of(draft())
    assert found.forecast == pytest.approx(96)
    assert found.approved == pytest.approx(part.year_amount) == pytest.approx(2641.5)
    assert found.with_approved == pytest.approx(96 + 2.6415)
