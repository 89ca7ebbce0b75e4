"""A whole year of five firms: reported, verified, locked, allocated, traded, surrendered, carried over.

The year is the demonstration's own (`enterprise.cycle`, all numbers made up): here it is laid by its job, cut off twice on the way, and
what it left behind is compared with arithmetic over what the firms had told.
"""

from __future__ import annotations

import html
import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from dafeng import cities
from dafeng.domains.enterprise import cycle
from dafeng.domains.enterprise import demo as enterprise_demo
from dafeng.domains.enterprise.compliance import allocations, holdings, owing, screening, surrendering
from dafeng.domains.enterprise.compliance.demo import CYCLE
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Allocation, CarbonTrade, MonthFiling, MonthlyValue, Surrender, Verification
from dafeng.domains.enterprise.reporting import demo as reporting_demo
from dafeng.domains.enterprise.reporting import reports
from dafeng.domains.enterprise.verification import assigning
from dafeng.domains.enterprise.verification import demo as verification_demo
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records
from dafeng.portal.accounts.services import ensure_demo as ensure_people

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
TODAY = NOW.date()
CITY, YEAR = "411500", 2024
MARKET = ("datang-xinyang", "datang-huayu", "cement-demo", "steel-demo")


class CutError(BaseException):
    """The process dies: nothing of the product catches it."""


@pytest.fixture
def firms(db, settings, tmp_path) -> dict[str, Any]:
    """The demo's logins, firms, facilities and bodies, and nothing of any year."""
    settings.DATA = tmp_path
    pack = cities.load_pack("xinyang")
    ensure_people(pack.organisations, pack.demo_users)
    rows = [row for row in pack.demo_enterprises if row["code"] in {*MARKET, "tea-demo"}]
    found = {each.code: each for each in enterprises.ensure(CITY, rows, demo=True)}
    reporting_demo.ensure_facilities(CITY, now=NOW)
    bureau = sorted(records.people_of(roles=["ecology"], places=[CITY]), key=lambda each: each.get_username())
    verification_demo.ensure_bodies(CITY, bureau, now=NOW)
    return found


def test_a_year_from_the_report_to_the_carry_over(firms, client, monkeypatch):
    lay_in_three(monkeypatch)
    locked = {code: reports.locked(firm, YEAR) for code, firm in firms.items()}
    assert all(locked.values())
    assert MonthFiling.objects.filter(month__startswith="2024").count() == 6 * 12  # six facilities, each month once
    the_emissions_are_those_of_what_was_told(firms, locked)
    every_finding_was_closed(locked)
    tea_stays_outside(firms["tea-demo"], locked["tea-demo"])
    quota = the_quotas_follow_the_benchmarks(firms)
    the_books_add_up(firms, locked, quota)
    a_visitor_clicks_through(client, firms, locked)


def lay_in_three(monkeypatch) -> None:
    """Cut amid a month and amid a conclusion; then the job does the rest, each step once."""
    wanted = len(cycle.steps(CITY, today=TODAY))
    # 5 × (plan, report, four of the verification) + 72 months + 4 × (list, quota, duty, surrender, carry-over) + 2 pre-allocations
    # + 5 trades + 1 of CCER
    assert wanted == 5 * 6 + 72 + 4 * 5 + 2 + 5 + 1
    cut_at(cycle.entry, "file_month", monkeypatch)  # the values of January are saved by then
    assert MonthlyValue.objects.count() == 0
    cut_at(cycle.concluding, "conclude", monkeypatch)  # the findings of the first firm are settled by then
    assert set(Verification.objects.values_list("record__state", flat=True)) == {"answered"}
    assert set(Verification.objects.values_list("findings__state", flat=True)) == {"answered"}
    done = sum(each.done() for each in cycle.steps(CITY, today=TODAY))
    assert done == 5 * 2 + 72 + 2  # every plan, month and report, and the first firm up to its answer

    monkeypatch.setattr(
        enterprise_demo, "brought", lambda *_: []
    )  # the rooms' own demonstrations are not asked for here
    job = enterprise_demo.ensure_demo(CITY, now=NOW)
    assert job is not None
    assert (job.kind, job.by.get_username()) == (CYCLE, "ecology")
    assert enterprise_demo.ensure_demo(CITY, now=NOW) == job  # started twice it is one
    assert jobs.run(job.pk, clock=lambda: NOW).state == Job.State.DONE
    job.refresh_from_db()
    assert (job.done, job.total, job.result["text"]) == (wanted, wanted, f"办理 {wanted - done} 步")
    head, book = records.head().digest, [ledger.city_total(each) for each in holdings.ASSETS]
    assert enterprise_demo.ensure_demo(CITY, now=NOW) is None  # the next start finds nothing to do
    assert cycle.run(CITY, today=TODAY) == 0
    assert records.head().digest == head
    assert [ledger.city_total(each) for each in holdings.ASSETS] == book


def cut_at(module: Any, name: str, monkeypatch) -> None:
    def cut(*args: Any, **words: Any) -> None:
        raise CutError

    with monkeypatch.context() as patched:
        patched.setattr(module, name, cut)
        with pytest.raises(CutError):
            cycle.run(CITY, today=TODAY)


def told(facility: str, item: str, stream: str = "") -> dict[str, float]:
    """Month → what counts of an item, as it was told."""
    rows = MonthlyValue.objects.filter(facility__code=facility, item=item, stream=stream, current=True)
    return dict(rows.filter(month__startswith="2024").values_list("month", "value"))


def burnt(facility: str) -> float:
    """Guideline of power: mass × carbon × 0.99 × 44/12, month by month."""
    mass, carbon = told(facility, "fuel_use", "bituminous"), told(facility, "elemental_carbon", "bituminous")
    assert len(mass) == 12
    return sum(mass[month] * carbon[month] * 0.99 * 44 / 12 for month in mass)


def the_emissions_are_those_of_what_was_told(firms: Any, locked: Any) -> None:
    xinyang, huayu = locked["datang-xinyang"], locked["datang-huayu"]
    assert xinyang.emissions_compliance == pytest.approx(burnt("unit-1") + burnt("unit-2"), rel=1e-9)
    assert huayu.emissions_compliance == pytest.approx(burnt("unit-3"), rel=1e-9)
    # Steel handed in June with 1,900 t of limestone; corrected, CO2 rises by (right − 1900) × purity × 0.44.
    first, last = locked["steel-demo"].submissions.order_by("number")
    right = told("works-1", "flux_use", "limestone")["2024-06"]
    purity = told("works-1", "purity", "limestone")["2024-06"]
    assert right > 2000
    more = (right - 1900) * purity / 100 * 0.44
    sums = [each.content["totals"]["compliance"] for each in (first, last)]
    assert sums[1] - sums[0] == pytest.approx(more, rel=1e-6)
    # Cement's corrected report says the same numbers, on other papers.
    first, last = locked["cement-demo"].submissions.order_by("number")
    assert first.content["totals"]["compliance"] == last.content["totals"]["compliance"]
    assert first.digest != last.digest


def every_finding_was_closed(locked: Any) -> None:
    for report in locked.values():
        [case] = report.verifications.select_related("record")
        assert (case.record.state, case.conclusion) == ("confirmed", "passed")
        assert assigning.redraw(case) == case.content["draw"]["order"]
        assert (case.content["draw"]["way"], case.content["draw"]["kept_out"]) == ("drawn", {"consult-demo": ["consulted"]})  # fmt: skip
        [finding] = case.findings.all()
        assert (finding.state, finding.evidence.count()) == ("closed", 1)
        moved = [each.by.get_username() for each in case.record.moves.filter(action__in=("conclude", "confirm")).order_by("pk")]  # fmt: skip
        assert moved == ["verifier", "ecology2"]


def tea_stays_outside(tea: Any, report: Any) -> None:
    """Below 26,000 t, and off the list nothing is owed."""
    [screened] = screening.screen(YEAR + 1, [tea])
    assert report.emissions < 26_000
    assert (screened.verdict.code, screened.past[YEAR].basis) == ("below", "verified")
    with pytest.raises(Refused) as caught:
        owing.register_duty(tea, YEAR, by=None, now=NOW)
    assert caught.value.code == "not_covered"
    assert not Allocation.objects.filter(enterprise=tea).exists()
    assert holdings.of(tea) == []


def the_quotas_follow_the_benchmarks(firms: Any) -> dict[str, int]:
    """2024 (facts/mrv/ets_power_benchmarks.csv): 0.7822 t/MWh above 300 MW, 0.7944 up to 300 MW, heat 0.1033 t/GJ; below 75 % load of
    a unit that gives no heat × 1.015^(16 − 20 F). Steel and cement: what was verified.
    """
    quota = {}
    large = 0
    for unit in ("unit-1", "unit-2"):
        made, used = told(unit, "generation"), told(unit, "auxiliary_power")
        hours = told(unit, "running_hours")
        load = round(sum(made.values()) / (660 * sum(hours.values())), 4)
        assert load < 0.75
        factor = round(1.015 ** (16 - 20 * load), 8)
        large += math.floor((sum(made.values()) - sum(used.values())) * 0.7822 * factor)
    quota["datang-xinyang"] = large
    final = allocations.final_of(firms["datang-xinyang"], YEAR)
    assert final.tonnes == large
    # Pre-allocated: 70 % of 2023 output × 0.7861 × 1.015^(16 − 20 × 0.66) = 3,400,000 … and 3,200,000 MWh.
    pre = Allocation.objects.get(enterprise=firms["datang-xinyang"], stage="pre")
    assert pre.tonnes == sum(math.floor(mwh * 0.7822 * round(1.015**2.8, 8) * 0.7) for mwh in (3_400_000, 3_200_000))
    assert (pre.issued, final.issued) == (pre.tonnes, large - pre.tonnes)  # the top-up is the difference
    [row] = allocations.final_of(firms["datang-huayu"], YEAR).units
    power, heat = row["output"], row["heat"]
    assert heat == pytest.approx(sum(told("unit-3", "indirect_heat").values()))
    quota["datang-huayu"] = allocations.final_of(firms["datang-huayu"], YEAR).tonnes
    assert quota["datang-huayu"] == math.floor(power * 0.7944 + heat * 0.1033)
    for code in ("cement-demo", "steel-demo"):
        quota[code] = allocations.final_of(firms[code], YEAR).tonnes
        assert quota[code] == math.floor(reports.locked(firms[code], YEAR).emissions_compliance)
    return quota


def the_books_add_up(firms: Any, locked: Any, quota: dict[str, int]) -> None:
    """Duty: what was verified, rounded up. Bought: what lacked and something to carry; carried over: 10,000 t at most for a net buyer."""
    spare = {"datang-xinyang": 10_000, "datang-huayu": 5_000, "cement-demo": 3_000, "steel-demo": 2_000}
    for code in MARKET:
        owed = math.ceil(locked[code].emissions_compliance)
        ccer = 60_000 if code == "datang-xinyang" else 0
        assert ccer <= owed * 0.05
        assert owing.duty_of(firms[code], YEAR).tonnes == owed
        assert surrendering.surrendered(firms[code], YEAR) == (owed - ccer, ccer)
        [done] = Surrender.objects.filter(enterprise=firms[code])
        assert done.vintages == {"2024": owed - ccer}
        assert done.applied_by != done.decided_by
        bought = sum(CarbonTrade.objects.filter(buyer=firms[code], asset="CEA").values_list("tonnes", flat=True))
        sold = sum(CarbonTrade.objects.filter(seller=firms[code]).values_list("tonnes", flat=True))
        assert quota[code] + bought - sold == owed - ccer + spare[code]
        left = {(each.asset, each.vintage): each.total for each in holdings.of(firms[code])}
        assert left == {("CEA", 2025): spare[code]}
        for asset, tonnes in (("cea", owed - ccer), ("ccer", ccer)):
            seen = indicators.values("enterprise.surrendered", subject=firms[code].subject, key=f"asset={asset}")
            assert seen["value"].to_list() == [tonnes]
    assert CarbonTrade.objects.get(seller=firms["datang-xinyang"]).price == Decimal("53.99")
    total = ledger.city_total("CEA")
    assert total.issued == total.in_accounts + total.retired + total.cancelled + total.expired
    assert ledger.audit().findings == []


def a_visitor_clicks_through(client: Any, firms: Any, locked: Any) -> None:
    """From the city's board to each firm's year, and from there to every page that it names; a firm sees its own year only."""
    boards = [f"/enterprise/compliance/firms/{code}/?year={YEAR}" for code in (*MARKET, "tea-demo")]
    page = opened(client, "ecology", f"/enterprise/compliance/city/?year={YEAR}")
    assert [each for each in boards if each not in page] == []
    for code, login in zip(firms, ("datang", "datang", "enterprise", "steel", "tea"), strict=True):
        for username in ("ecology", login):
            board = opened(client, username, f"/enterprise/compliance/firms/{code}/?year={YEAR}")
            assert f"/enterprise/compliance/firms/{code}/year/?year={YEAR}" in board
            page = opened(client, username, f"/enterprise/compliance/firms/{code}/year/?year={YEAR}")
            links = re.findall(r'<dd><a href="(/[^"]+)"', page)
            assert len(links) == (
                6 if code in MARKET else 2
            )  # report, verification; then allocation, trades, surrender, carry-over
            assert "不符合项 1 项，已关闭 1 项" in page
            assert ("不在这一年度的碳市场名录" in page) == (code not in MARKET)
            assert ("转为 2025 年配额" in page) == (code in MARKET)
            assert all(opened(client, username, html.unescape(link).partition("#")[0]) for link in links)
        [case] = locked[code].verifications.all()
        assert opened(client, "verifier", f"/enterprise/verification/{case.pk}/?tab=findings")
    client.force_login(get_user_model().objects.get(username="tea"))
    assert client.get(f"/enterprise/compliance/firms/steel-demo/year/?year={YEAR}").status_code == 404


def opened(client: Any, username: str, address: str) -> str:
    client.force_login(get_user_model().objects.get(username=username))
    answer = client.get(address)
    assert answer.status_code == 200, address
    return str(answer.content.decode())
