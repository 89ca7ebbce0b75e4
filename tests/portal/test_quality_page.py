"""质量与完整性: five tabs over one stored run, and the analyses that a job makes."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from django.test import Client

from dafeng.domains.inventory import analyses, quality_shown, services, storage
from dafeng.domains.inventory.methods.quality_rules import rules
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from tests.portal.conftest import SIZES, faults

HOME = "/inventory/411500/quality/"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
TABS = ("completeness", "checks", "key", "score", "recalculation")


@pytest.fixture(autouse=True)
def few_draws(monkeypatch) -> None:
    """The method is tested elsewhere; here a hundred draws show the same."""
    monkeypatch.setattr(analyses, "DRAWS", 100)


@pytest.fixture
def signed_in(client: Client, person) -> Client:
    client.force_login(person("ecology"))
    return client


@pytest.fixture
def later(run, city):
    """A second run, with 30 万立方米 of gas more in 2021."""
    more = pl.DataFrame(
        {"category": ["1A4b1"], "item": ["natural_gas"], "place": ["411521"], "year": [2021], "value": [30.0], "unit": ["万立方米"], "basis": ["statistic"], "source": ["试验数据"]}
    )  # fmt: skip
    services.load_batch(city, more, title="又一批", source="upload", by=None, now=NOW)
    return services.compile_city(city, edition="gl2025", gwp="AR5", by=None, now=NOW)


def analyse(client: Client, year: int = 2021) -> Job:
    answer = client.post(f"{HOME}analyse/?year={year}")
    assert answer.status_code == 302
    return jobs.run(Job.objects.order_by("-created_at").first().pk, clock=lambda: NOW)


@pytest.mark.parametrize("role", ["ecology", "county", "leader"])
@pytest.mark.parametrize("tab", TABS)
def test_a_tab_is_shown_with_few_questions_to_the_database(
    client: Client, run, person, role: str, tab: str, django_assert_max_num_queries
) -> None:
    client.force_login(person(role))
    client.get(f"{HOME}?tab={tab}")
    with django_assert_max_num_queries(12):
        answer = client.get(f"{HOME}?tab={tab}")
    assert answer.status_code == 200


@pytest.mark.parametrize("role", ["citizen", "bank", "enterprise", "verifier"])
def test_the_room_is_for_offices_that_see_drafts(client: Client, run, person, role: str) -> None:
    client.force_login(person(role))
    assert client.get(HOME).status_code == 403


def test_a_stranger_is_sent_to_log_in(client: Client, run) -> None:
    assert client.get(HOME)["Location"].startswith("/login/")


def test_a_city_without_a_run_says_what_to_do_first(signed_in: Client, city) -> None:
    answer = signed_in.get(HOME)
    assert answer.status_code == 200
    assert "还没有编制过清单" in answer.text


@pytest.mark.parametrize(
    "query", ["tab=x", "year=1066", "year=abc", "run=99", "run=-1", "tab=checks&state=x", "sector=9"]
)
def test_an_address_without_meaning_is_answered_plainly(signed_in: Client, run, query: str) -> None:
    answer = signed_in.get(f"{HOME}?{query}")
    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_the_bars_of_a_sector_add_up_and_agree_with_the_summary(run) -> None:
    for row in quality_shown.sector_bars(run)["rows"]:
        for cell in row["cells"]:
            assert sum(part["width"] for part in cell["parts"]) == pytest.approx(100, abs=0.3)
    told = run.summary["years"]["2021"]
    lacking = storage.read(run, "completeness").filter((pl.col("year") == 2021) & pl.col("expected") & (pl.col("state") == "missing"))  # fmt: skip
    assert quality_shown.figures(run, 2021)["missing"] == lacking.height == told["missing"]


def test_a_cell_shows_its_state_and_leads_to_its_lineage(signed_in: Client, run) -> None:
    matrix = quality_shown.matrix(run, "1")
    gas = next(row for row in matrix["rows"] if row["category"] == "1A4b1" and row["gas"] == "CO2")
    assert [cell["state"] for cell in gas["cells"]] == ["reported", "reported"]
    assert "category=1A4b1" in gas["cells"][1]["address"]
    assert signed_in.get(gas["cells"][1]["address"]).status_code == 200
    rice = next(row for row in quality_shown.matrix(run, "3")["rows"] if row["category"] == "3C7")
    assert [cell["state"] for cell in rice["cells"]] == ["missing", "reported"]


def test_what_is_missing_is_listed_once_for_all_its_gases_and_years(signed_in: Client, run) -> None:
    frame = quality_shown.gaps(run)
    cement = frame.filter(pl.col("category") == "2A1")
    assert cement.select("gases", "years", "count").rows() == [("CO2", "2020–2021", 2)]
    told = signed_in.get(f"{HOME}?gaps-q=2A1").text
    assert "没有填报" in told
    answer = signed_in.get(f"{HOME}?gaps-export=csv")
    assert len(answer.text.splitlines()) - 1 == frame.height


def test_every_rule_is_told_with_its_state_and_how_to_mend_a_failure(signed_in: Client, run) -> None:
    found = quality_shown.checks(run, "")
    assert len(found["rows"]) == len(rules()) == sum(found["counts"].values())
    states = [row["state"] for row in found["rows"]]
    assert states == sorted(states, key=list(quality_shown.CHECK_STATES).index)
    assert {rule.kind for rule in rules()} == set(quality_shown.MEND)
    told = signed_in.get(f"{HOME}?tab=checks").text
    for rule in rules():
        assert rule.id in told
    narrowed = signed_in.get(f"{HOME}?tab=checks&state=not_run").text
    assert "reference.approach" in narrowed
    assert "sum.parts" not in narrowed


def test_key_categories_are_there_before_the_analysis(signed_in: Client, run) -> None:
    told = signed_in.get(f"{HOME}?tab=key&year=2021").text
    assert "还没有计算" in told
    assert "开始计算" in told
    assert "3C7" in told


def test_the_job_keeps_its_analysis_beside_the_run(signed_in: Client, run) -> None:
    job = analyse(signed_in)
    assert job.state == Job.State.DONE, job.error
    kept = analyses.read(run, analyses.assessed(2021))
    assert kept is not None
    # Rice alone: 2 万公顷 × 236.7 kg/ha × 28, bounds 170.2–320.1 (factors/cropland.csv), half width 74.95 / 236.7.
    rice = next(each for each in kept["sectors"] if each["sector"] == "3")
    assert rice["emission"] == pytest.approx(2e4 * 236.7e-3 * 28, rel=1e-9)
    assert rice["half_width"] / rice["emission"] >= (320.1 - 170.2) / 2 / 236.7 - 1e-9
    told = signed_in.get(job.result["href"]).text
    assert "还没有计算" not in told
    assert "稻田" in told
    assert "L2" in told


def test_a_second_request_joins_the_first(signed_in: Client, run) -> None:
    signed_in.post(f"{HOME}analyse/?year=2021")
    signed_in.post(f"{HOME}analyse/?year=2021")
    assert Job.objects.filter(kind="inventory.analyse").count() == 1
    assert "进行中" in signed_in.get(f"{HOME}?tab=key").text or "排队" in signed_in.get(f"{HOME}?tab=key").text


@pytest.mark.parametrize("role", ["county", "leader", "department"])
def test_only_those_who_compile_have_it_analysed(client: Client, run, person, role: str) -> None:
    client.force_login(person(role))
    assert client.post(f"{HOME}analyse/?year=2021").status_code == 403
    assert "开始计算" not in client.get(f"{HOME}?tab=key").text


@pytest.mark.parametrize("query", ["year=1066", "run=99&year=2021"])
def test_an_analysis_of_nothing_is_refused(signed_in: Client, run, query: str) -> None:
    assert signed_in.post(f"{HOME}analyse/?{query}").status_code == 404
    assert not Job.objects.exists()


def test_the_difference_to_the_run_before_is_split_into_its_causes(signed_in: Client, later) -> None:
    assert "还没有计算" in signed_in.get(f"{HOME}?tab=recalculation").text
    assert analyse(signed_in).state == Job.State.DONE
    kept = analyses.read(later, analyses.recalculated(analyses.former_of(later)))
    by_year = {row["year"]: row for row in kept["years"]}
    assert by_year[2020]["difference"] == 0
    row = by_year[2021]
    # 30 万立方米 in a county that reported none before: a new source, nothing else.
    assert row["difference"] > 0
    assert row["boundary"] == pytest.approx(row["difference"])
    told = signed_in.get(f"{HOME}?tab=recalculation").text
    assert "1A4b1" in told
    csv = signed_in.get(f"{HOME}?tab=recalculation&chart=recalculation&export=csv")
    assert csv["Content-Type"].startswith("text/csv")


def test_the_first_run_has_nothing_to_be_compared_with(signed_in: Client, run) -> None:
    assert "这是第一版清单" in signed_in.get(f"{HOME}?tab=recalculation").text


def test_the_score_says_what_would_raise_it_most(signed_in: Client, run) -> None:
    told = signed_in.get(f"{HOME}?tab=score&year=2021").text
    assert "因子本地化" in told
    points = [row["points"] for row in quality_shown.gains(run, 2021)]
    assert points
    assert points == sorted(points, reverse=True)
    # What is missing to 100 is what all improvements together would bring.
    score = storage.read(run, "scores").filter(pl.col("year") == 2021)["score"][0]
    assert sum(points) == pytest.approx(100 - score, rel=1e-6)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", SIZES)
def test_the_tabs_are_accessible_and_fit_the_screen(open_page, later, client: Client, person, size) -> None:
    client.force_login(person("ecology"))
    analyse(client)
    page = open_page(size, client=client)
    for tab in TABS:
        page.goto(f"{HOME}?tab={tab}")
        assert faults(page) == [], tab
