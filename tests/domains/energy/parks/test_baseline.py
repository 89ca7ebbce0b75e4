"""A park's electricity beside its baseline, by hand arithmetic on made hours: two firms, workdays and days of rest, a small saving."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dafeng.domains.energy.monitoring import baselining, forecasting, modelling
from dafeng.domains.energy.monitoring.methods.calendar import facts, span
from dafeng.domains.energy.parks import reading
from dafeng.kernel.errors import PeriodError
from dafeng.kernel.series import ingest
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point
from tests.domains.energy.parks.conftest import NOW, SINCE

LAST = date(2026, 11, 20)
SPLIT = LAST - timedelta(days=27)
FIRST = SPLIT - timedelta(days=56)
"""Eight weeks from 29 August with workdays, Saturdays, Sundays, holidays and make-up days; then four ordinary weeks to compare."""


@pytest.fixture
def grid(firms: Any) -> Any:
    """The main meter of a firm: so many of its unit an hour on workdays and on other days, another amount in the last four weeks."""

    def make(
        firm: str, works: float, rests: float, *, unit: str = "kWh", lately: float = 1.0, first: date = FIRST
    ) -> Any:
        of = firms[firm]
        point = series.ensure_point(
            f"{firm}-grid", subject=of.subject, organisation=of.organisation, place=of.place, name=f"{firm} 总表", quantity="electricity", unit=unit,
            kind=Point.Kind.INTERVAL, period=3600,
        )  # fmt: skip
        node = of.energy_nodes.create(code="grid", name="购入", stage="purchase")
        modelling.bind(node, point, item="electricity", since=SINCE, by=None, now=NOW)
        days = span(first, LAST)
        rows = []
        for day, work in zip(days, facts(days).works, strict=True):
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)
            amount = (works if work else rests) * (lately if day >= SPLIT else 1.0)
            rows += [(point.pk, begin + timedelta(hours=hour + 1), amount) for hour in range(24)]
        frame = pl.DataFrame(
            rows, schema={"point": pl.Int64, "at": pl.Datetime("us", "UTC"), "value": pl.Float64}, orient="row"
        )
        ingest.receive(frame, source="simulated", key=point.code, now=NOW, owner="test")
        return point

    return make


def compared(park: Any) -> Any:
    meters = forecasting.forecast_meters(list(reading.members(park, LAST)), LAST)
    return baselining.compare(meters, park.place, LAST)


def test_a_saving_by_hand_of_two_firms_whose_meters_tell_other_units(park: Any, grid: Any) -> None:
    """a takes 100 kWh an hour on workdays and 40 on others, b 0.2 MWh always: 24 × 300 = 7200 kWh and 24 × 240 = 5760 kWh a day.

    In the last four weeks (20 workdays, 8 others, no holiday) a takes a tenth less: 20 × 240 + 8 × 96 = 5568 kWh saved of
    20 × 7200 + 8 × 5760 = 190 080 kWh, 2.93 %. The days before are told exactly by their kind: CV(RMSE) and NMBE 0, R² 1.
    """
    grid("a", 100.0, 40.0, lately=0.9)
    grid("b", 0.2, 0.2, unit="MWh")
    assert int(facts(span(SPLIT, LAST)).works.sum()) == 20
    found = compared(park)
    assert isinstance(found, baselining.Comparison)
    assert (found.first, found.last, found.fit.days, found.compared) == (FIRST, SPLIT - timedelta(days=1), 56, 28)
    assert sorted({round(each) for each in found.expected}) == [5760, 7200]
    assert found.saved == pytest.approx(5568.0)
    assert found.share == pytest.approx(100 * 5568 / 190080)
    assert found.fit.cv_rmse == pytest.approx(0.0, abs=1e-9)
    assert found.fit.nmbe == pytest.approx(0.0, abs=1e-9)
    assert found.fit.r2 == pytest.approx(1.0)
    assert found.station is None


def test_why_there_is_no_baseline(park: Any, grid: Any) -> None:
    """No meter; then b has spoken for 20 days before the four weeks only, and a sum without b is no sum."""
    assert compared(park) == baselining.Lack()
    grid("a", 100.0, 40.0)
    grid("b", 200.0, 200.0, first=SPLIT - timedelta(days=20))
    found = compared(park)
    assert isinstance(found, baselining.Lack)
    assert (found.days, found.meter.point.code, found.own) == (20, "b-grid", 20)


def test_the_parks_page_tells_saving_fit_and_who_is_counted(
    client: Client, park: Any, grid: Any, ndrc: Any, firms: Any, person: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    address = reverse("energy:parks-baseline", kwargs={"park": park.code})
    client.force_login(ndrc)
    assert "还没有登记外购电力的总表" in client.get(address).content.decode()
    grid("a", 100.0, 40.0, lately=0.9)
    grid("b", 0.2, 0.2, unit="MWh")
    caches["near"].clear()  # what was drawn a minute ago
    page = client.get(address).content.decode()
    assert "近四周比基线少用 <b>5,568</b> kWh（2.9%）" in page
    assert "可比 28 天，共 28 天。" in page
    assert "计入：企业a、企业b。" in page
    assert "未计入：企业c。" in page
    assert f"{FIRST} 至 {SPLIT - timedelta(days=1)}" in page
    assert "<dt>CV(RMSE)</dt><dd>0.0%</dd><dt>NMBE</dt><dd>0.0%</dd><dt>R²</dt><dd>1.00</dd>" in re.sub(
        r" <small>.*?</small>", "", page
    )
    assert "不含天气" in page
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    assert len(asked) <= 12
    rows = client.get(address + "?chart=baseline&export=csv").content.decode("utf-8-sig").strip().splitlines()
    assert len(rows) == 29, "a head and 28 days"
    # A firm of the park sees no sums: neither the page nor its tab. The operating company does.
    client.force_login(person("enterprise", park.place, "a-office", username="a-person"))
    assert client.get(address).status_code == 404
    assert address not in client.get(reverse("energy:parks-board", kwargs={"park": park.code})).content.decode()
    client.force_login(person("enterprise", park.place, "runner-office", username="runner"))
    assert "近四周比基线少用" in client.get(address).content.decode()


# ---------------------------------------------------------------- the fits that are kept


def refitted(park: Any, now: datetime) -> Any:
    day = timezone.localdate(now) - timedelta(days=1)
    meters = forecasting.forecast_meters(list(reading.members(park, day)), day)
    return baselining.refit(park.subject, meters, park.place, now=now)


def test_each_fit_is_kept_with_its_period_and_goodness_and_told_against(park: Any, grid: Any) -> None:
    """As above 5568 kWh saved in the four weeks after the fit's days. In their first week (24 to 30 October: 5 workdays, 2 others) it is
    5 × 240 + 2 × 96 = 1392 kWh of 5 × 7200 + 2 × 5760 = 47 520 kWh. A month later the fit sees the four weeks too, and is another."""
    grid("a", 100.0, 40.0, lately=0.9)
    grid("b", 0.2, 0.2, unit="MWh")
    made = refitted(park, NOW)
    assert (made.first, made.last, made.days, made.acceptable, made.standing) == (
        FIRST,
        SPLIT - timedelta(days=1),
        56,
        True,
        "memory",
    )
    assert (made.r2, made.cv_rmse) == (pytest.approx(1.0), pytest.approx(0.0, abs=1e-9))
    assert made.meters == ["a-grid", "b-grid"]
    assert refitted(park, NOW).pk == made.pk, "the same once more is kept once"
    today = LAST + timedelta(days=1)
    found = baselining.against(made, today=today)
    assert (found.saved, found.compared) == (pytest.approx(5568.0), 28)
    week = baselining.against(made, SPLIT, SPLIT + timedelta(days=6), today=today)
    assert (week.saved, week.share) == (pytest.approx(1392.0), pytest.approx(100 * 1392 / 47520))
    later = refitted(park, NOW + timedelta(days=30))
    assert (later.pk != made.pk, later.days) == (True, 84)
    assert later.r2 < 1.0, "two habits in one fit"
    assert [each.pk for each in baselining.kept(park.subject)] == [later.pk, made.pk]
    assert baselining.against(made, today=today).saved == pytest.approx(5568.0), "an earlier fit does not change"
    assert baselining.against(later, today=today) is None, "no day after it is over"


def test_a_fit_is_not_told_against_its_own_days_or_by_meters_that_are_gone(park: Any, grid: Any) -> None:
    grid("a", 100.0, 40.0)
    made = refitted(park, NOW)
    today = LAST + timedelta(days=1)
    for first, last in ((made.last, LAST), (SPLIT + timedelta(days=3), SPLIT)):
        with pytest.raises(PeriodError):
            baselining.against(made, first, last, today=today)
    made.meters = ["a-grid", "gone"]
    found = baselining.against(made, today=today)
    assert (found.saved, found.compared) == (None, 0)


def test_the_job_fits_each_park_and_firm_that_has_meters(park: Any, make: Any, firms: Any, grid: Any) -> None:
    from dafeng.domains.energy.models import BaselineFit, MonitoredFirm
    from dafeng.domains.energy.monitoring import jobs as monitoring_jobs
    from dafeng.domains.energy.parks import jobs

    class Running:
        by = None

        def clock(self) -> datetime:
            return NOW

        def step(self, *said: Any) -> None: ...

    make("bare")
    for code in "ab":
        MonitoredFirm.objects.create(enterprise=firms[code])
    grid("a", 100.0, 40.0)
    assert jobs.refit(Running()).text == "拟合了 1 个园区的用电基线"
    assert monitoring_jobs.refit(Running()).text == "拟合了 1 家的用电基线"
    assert sorted(BaselineFit.objects.values_list("subject", flat=True)) == ["enterprise:a", park.subject]


def test_kept_fits_on_the_page_and_over_the_api(
    client: Client, park: Any, firms: Any, grid: Any, ndrc: Any, person: Any, monkeypatch: Any
) -> None:
    from dafeng.domains.energy.models import MonitoredFirm

    monkeypatch.setattr(timezone, "now", lambda: NOW)
    grid("a", 100.0, 40.0, lately=0.9)
    made = refitted(park, NOW)
    MonitoredFirm.objects.create(enterprise=firms["a"])
    own = baselining.refit(
        firms["a"].subject, forecasting.forecast_meters([MonitoredFirm.objects.get()], LAST), park.place, now=NOW
    )
    client.force_login(ndrc)
    page = client.get(reverse("energy:parks-baseline", kwargs={"park": park.code})).content.decode()
    assert "历次基线" in page
    assert "2026-11-21" in page
    address = f"/api/energy/parks/cards/{park.code}/baselines"
    assert [each["id"] for each in client.get(address).json()["items"]] == [made.pk]
    told = client.get(f"{address}/{made.pk}").json()
    assert (told["saved"], told["compared_days"], told["r2"]) == (pytest.approx(5568.0), 28, pytest.approx(1.0))
    assert client.get(f"{address}/{own.pk}").status_code == 404, "another subject's"
    assert client.get(f"{address}/{made.pk}?compared_from={made.last}").status_code == 422
    client.force_login(person("enterprise", park.place, "a-office", username="a-person"))
    assert client.get(address).status_code == 404
    mine = client.get(f"/api/energy/users/a/baselines/{own.pk}?compared_from={SPLIT}&compared_until={SPLIT}").json()
    assert (mine["saved"], mine["compared_days"]) == (pytest.approx(96.0), 1), "a Saturday: a tenth of 24 × 40"
    assert client.get("/api/energy/users/b/baselines").status_code == 404
