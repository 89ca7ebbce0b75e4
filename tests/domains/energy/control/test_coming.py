"""Approved projects in a county's forecast: each tonne once, by hand arithmetic."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dafeng.domains.energy.control import balance, readings, warnings
from dafeng.domains.energy.control.methods.coming import Part, Why, added
from dafeng.domains.energy.control.refusals import Refused
from dafeng.kernel.indicators import services as indicators
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, XIN

SUBJECT = f"place:{GUSHI}"
PAGE = f"/energy/control/subjects/{SUBJECT}/"
PART = {"number": "JN-1", "name": "新厂", "approved": "2026-02", "planned": "2026-11", "since": "", "building": True}


def review(
    parts: list[dict[str, Any]],
    *,
    place: str = GUSHI,
    code: str = "review.energy.new",
    unit: str = "tce",
    year: str = "2026",
) -> None:
    """What the energy review publishes of a county."""
    indicators.ensure_indicator(code, name=code, unit=unit)
    run = indicators.start_run(domain="enterprise", kind="review", subject=CITY, now=NOW)
    lineage = {"projects": [each["number"] for each in parts], "parts": parts}
    value = sum(each["amount"] for each in parts)
    indicators.publish(run, [{"indicator": code, "subject": place, "period": year, "value": value, "unit": unit, "status": 0, "lineage": lineage}])  # fmt: skip
    indicators.finish_run(run, NOW)


@pytest.mark.parametrize(
    ("more", "month", "amount", "first", "why"),
    [
        ({"planned": "2026-11"}, 10, 200.0, 11, Why.COMING),  # November and December: 2 of 12 months of 1200
        ({"planned": "2026-11"}, 3, 200.0, 11, Why.COMING),  # as seen from March as well
        (
            {"planned": "2026-11"},
            11,
            100.0,
            12,
            Why.LATE,
        ),  # November is over and it does not run: December at the earliest
        ({"planned": "2026-12"}, 12, 0.0, 0, Why.AFTER),  # the year is over
        ({"planned": "2026-09", "building": False}, 10, 0.0, 0, Why.IDLE),
        ({"planned": ""}, 10, 0.0, 0, Why.UNPLACED),
        ({"planned": "", "year": 2027}, 10, 0.0, 0, Why.AFTER),
        ({"planned": "2027-01"}, 10, 0.0, 0, Why.AFTER),
        ({"since": "2026-10"}, 10, 0.0, 0, Why.RUNS),  # in October's month already
        ({"since": "2026-10"}, 9, 300.0, 10, Why.COMING),  # September's forecast had it coming: October to December
        ({"since": "2025-03"}, 10, 0.0, 0, Why.RUNS),
    ],
)
def test_a_project_is_added_from_its_month_and_never_once_it_runs(more, month, amount, first, why) -> None:
    given = {"year": 2026, "planned": "2026-11", "building": True} | more
    found = added(Part("JN-1", "新厂", 1200.0, approved="2026-02", **given), 2026, month)
    assert found is not None
    assert (found.amount, found.first, found.why) == (pytest.approx(amount), first, why)


def test_a_project_is_not_in_the_forecast_of_months_before_its_opinion() -> None:
    part = Part("JN-1", "新厂", 1200.0, 2026, approved="2026-05", planned="2026-11")
    assert added(part, 2026, 4) is None
    assert added(part, 2026, 5) is not None


def test_the_county_and_the_city_expect_the_project_and_publish_what_they_added(tell: Any, decide: Any) -> None:
    """10 months of 110 against 100: the season says 2 × 110, the project of 1200 a year 2 × 100. 1100 + 220 + 200 = 1520 of 1200."""
    for place in (GUSHI, CITY):
        tell(place, 2025, [100.0] * 12)
        decide(place, 1200)
        tell(place, 2026, [110.0] * 10)
    review([PART | {"amount": 1200.0}])
    for subject in (SUBJECT, f"place:{CITY}"):
        state = balance.state(subject, 2026, 10)
        assert state is not None
        assert (state.coming, state.year_forecast) == (pytest.approx(200.0), pytest.approx(1520.0))
        assert state.year_ratio == pytest.approx(1520 / 12)
    warnings.publish(CITY, by=None, now=NOW)
    told = {
        code: indicators.values(code, subject=SUBJECT, period="2026-10", key="quantity=energy")["value"].item()
        for code in ("energy.quota.forecast", "energy.quota.coming")
    }
    assert told == {"energy.quota.forecast": pytest.approx(1520 / 12), "energy.quota.coming": pytest.approx(200 / 12)}


def test_a_project_that_runs_other_counties_and_quantities_add_nothing(tell: Any, decide: Any) -> None:
    tell(GUSHI, 2025, [100.0] * 12)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [110.0] * 10)
    review([PART | {"amount": 600.0, "since": "2026-06"}, PART | {"number": "JN-2", "amount": 600.0, "planned": ""}])
    state = balance.state(SUBJECT, 2026, 10)
    assert state is not None
    assert (state.coming, state.year_forecast) == (0.0, pytest.approx(1320.0))
    review([PART | {"amount": 1200.0}], place=XIN)
    assert balance.state(SUBJECT, 2026, 10).coming == 0.0  # type: ignore[union-attr]


def test_carbon_moves_the_carbon_forecast_and_a_missing_month_leaves_none(tell: Any, decide: Any) -> None:
    tell(GUSHI, 2025, [10.0] * 12, quantity="co2")
    decide(GUSHI, 120, quantity="co2")
    tell(GUSHI, 2026, [10.0] * 10, quantity="co2")
    review([PART | {"amount": 24.0}], code="review.carbon.new", unit="t CO2")
    state = balance.state(SUBJECT, 2026, 10, quantity="co2")
    assert state is not None
    assert state.year_forecast == pytest.approx(100 + 20 + 2 * 2)
    gap = balance.state(SUBJECT, 2026, 11, quantity="co2")
    assert gap is not None
    assert (gap.year_forecast, gap.coming) == (None, 0.0)


def test_the_page_says_what_was_added_from_which_project(tell: Any, decide: Any, ndrc: Any) -> None:
    tell(GUSHI, 2025, [100.0] * 12)
    decide(GUSHI, 1200)
    tell(GUSHI, 2026, [110.0] * 10)
    review([PART | {"amount": 1200.0}, PART | {"number": "JN-2", "name": "旧线", "amount": 60.0, "since": "2026-06"}])
    client = Client()
    client.force_login(ndrc)
    page = client.get(f"{PAGE}?quantity=energy").content.decode()
    for words in ("已批项目对预测的影响", "新厂", "自 11 月起计入", "已投产或已有计量读数", "共加 200"):
        assert words in page, words
    assert "已批项目对预测的影响" not in client.get(f"{PAGE}?quantity=water").content.decode()
    english = client.get(f"{PAGE}?quantity=energy", headers={"accept-language": "en"}).content.decode()
    assert '<th scope="col">Line</th>' not in english  # 项目 is a project here, not a line of a table


def test_the_quota_is_compared_without_feedstock_and_new_renewable_power(tell: Any, decide: Any, ndrc: Any) -> None:
    """Last year 12 × 100, of it 20 feedstock: 80 count. This year 10 × 110, of it 20 + 6: 84 count, 840 of a gross 1100.

    Growth so far is 84 / 80 = 1.05, so each of the two months to come is 80 × 1.05 = 84. The project uses 1200 a year, of which 900
    count, and runs from November: 2 × 75. 840 + 168 + 150 = 1158 of a quota of 1000.
    """
    tell(GUSHI, 2025, [100.0] * 12)
    tell(GUSHI, 2025, [20.0] * 12, quantity="feedstock")
    decide(GUSHI, 1000)
    tell(GUSHI, 2026, [110.0] * 10)
    review([PART | {"amount": 1200.0, "counted": 900.0}])
    whole = balance.state(SUBJECT, 2026, 10)
    assert whole is not None
    assert (whole.used, whole.gross, whole.deducted, len(whole.whole)) == (1100.0, 1100.0, 0.0, 10), (
        "nobody told: all of it, and said"
    )
    client = Client()
    client.force_login(ndrc)
    assert "按总量比的：固始县" in client.get("/energy/control/?quantity=energy").content.decode()
    tell(GUSHI, 2026, [20.0] * 10, quantity="feedstock")
    tell(GUSHI, 2026, [6.0] * 10, quantity="renewable")
    state = balance.state(SUBJECT, 2026, 10)
    assert state is not None
    assert (state.used, state.gross, state.deducted, state.whole) == (
        pytest.approx(840),
        1100.0,
        pytest.approx(260),
        (),
    )
    assert (state.coming, state.year_forecast) == (pytest.approx(150), pytest.approx(1158))
    assert state.year_ratio == pytest.approx(115.8)
    page = client.get(f"{PAGE}?quantity=energy").content.decode()
    for words in ("（总量 1,100，扣减 260）", "累计计入考核", "总量 1,200"):
        assert words in page, words
    assert "（总量" not in client.get(f"{PAGE}?quantity=coal").content.decode()
    board = client.get("/energy/control/?quantity=energy").content.decode()
    assert "<td>840<br><small>总量 1,100</small></td>" in board
    assert "按总量比的" not in board


def test_deductions_are_of_places_and_never_more_than_there_is(tell: Any, city: Any, firm: Any, ndrc: Any) -> None:
    tell(GUSHI, 2026, [50.0])
    tell(GUSHI, 2026, [80.0], quantity="feedstock")
    state = balance.state(SUBJECT, 2026, 1)
    assert state is not None
    assert (state.used, state.gross, state.deducted) == (0.0, 50.0, 50.0)
    with pytest.raises(Refused) as caught:
        readings.file(CITY, place=GUSHI, firm=firm, quantity="feedstock", month="2026-01", value=1.0, basis="reported", source="台账", by=ndrc, now=NOW)  # fmt: skip
    assert caught.value.code == "deduction_of_firm"
    client = Client()
    client.force_login(ndrc)
    sent = client.post("/energy/control/file/", {"place": GUSHI, "quantity": "renewable", "month": "2026-02", "value": "3", "basis": "reported", "source": "台账"})  # fmt: skip
    assert sent.status_code == 302
    assert sent["Location"].startswith(f"{PAGE}?quantity=energy")
    assert "新增可再生能源电力" in client.get(f"/energy/control/subjects/{SUBJECT}/renewable/2026-02/").content.decode()


# ---------- a firm's own project, and coal ----------

FIRM = "enterprise:kiln"


def test_a_firm_expects_its_own_project_and_the_county_holds_it_once(tell: Any, decide: Any, firm: Any) -> None:
    """The firm: 10 × 11 + 2 × 11 + 2/12 of 120 = 152 of 120. The county, which holds the firm: 1100 + 220 + 20, not 40."""
    for place, month, more in ((GUSHI, 10.0, {"firm": firm}), (GUSHI, 100.0, {}), (CITY, 100.0, {})):
        tell(place, 2025, [month] * 12, **more)
        decide(place, month * 12, **more)
        tell(place, 2026, [month * 1.1] * 10, **more)
    review(
        [PART | {"amount": 120.0, "firm": FIRM}, PART | {"number": "JN-2", "amount": 60.0, "firm": "enterprise:other"}]
    )
    found = {subject: states for (subject, _sector), states in balance.states(CITY, "energy", 2026).items()}
    assert (found[FIRM]["2026-10"].coming, found[FIRM]["2026-10"].year_forecast) == (
        pytest.approx(20),
        pytest.approx(152),
    )
    for subject in (SUBJECT, f"place:{CITY}"):
        state = found[subject]["2026-10"]
        assert (state.coming, state.year_forecast) == (pytest.approx(20 + 10), pytest.approx(1320 + 30))
    alone = balance.state(FIRM, 2026, 10)
    assert alone is not None
    assert alone.coming == pytest.approx(20)  # asked for by itself as well


def test_the_firm_sees_its_project_on_its_page_and_a_secret_one_nowhere(
    tell: Any, decide: Any, firm: Any, person: Any
) -> None:
    tell(GUSHI, 2025, [10.0] * 12, firm=firm)
    decide(GUSHI, 120, firm=firm)
    tell(GUSHI, 2026, [11.0] * 10, firm=firm)
    review([PART | {"amount": 120.0, "firm": FIRM}, PART | {"number": "JN-2", "name": "", "amount": 60.0, "firm": ""}])
    client = Client()
    client.force_login(person("enterprise", GUSHI, "kiln-office"))
    page = client.get(f"/energy/control/subjects/{FIRM}/?quantity=energy&year=2026&month=10").content.decode()
    for words in ("已批项目对预测的影响", "新厂", "共加 20"):
        assert words in page, words
    assert "JN-2" not in page


def test_coal_of_projects_moves_the_coal_forecast_and_stands_in_the_account(
    tell: Any, decide: Any, ndrc: Any, firm: Any, person: Any
) -> None:
    """240 t a year from November: 2 × 20 = 40 t this year. What runs is not listed: 240 + 600 of 1,440 t are to come."""
    tell(GUSHI, 2025, [10.0] * 12, quantity="coal")
    decide(GUSHI, 120, quantity="coal")
    tell(GUSHI, 2026, [10.0] * 10, quantity="coal")
    review(
        [PART | {"amount": 240.0}, PART | {"number": "JN-2", "name": "老线", "amount": 600.0, "since": "2026-06"}, PART | {"number": "JN-3", "name": "待定线", "amount": 600.0, "planned": ""}],
        code="review.coal.new", unit="t",
    )  # fmt: skip
    state = balance.state(SUBJECT, 2026, 10, quantity="coal")
    assert state is not None
    assert (state.coming, state.year_forecast) == (pytest.approx(40), pytest.approx(100 + 20 + 40))
    client = Client()
    client.force_login(ndrc)
    page = client.get("/energy/control/coal/").content.decode()
    for words in ("已批项目将新增的煤炭", "共用煤 840 t", "新厂", "待定线", "没有投产月"):
        assert words in page, words
    assert "老线" not in page
    rows = client.get("/api/energy/control/coal/projects").json()["items"]
    assert [(row["number"], row["year_amount"], row["this_year"], row["why"]) for row in rows] == [("JN-1", 240.0, 40.0, "coming"), ("JN-3", 600.0, 0.0, "unplaced")][::-1]  # fmt: skip
    other = Client()
    other.force_login(person("enterprise", GUSHI, "kiln-office"))
    assert other.get("/api/energy/control/coal/projects").status_code == 403
