"""A whole year of five firms: reported, verified, locked, allocated, traded, surrendered, carried over.

Two Datang plants, a cement, a steel and a tea firm of the demonstration (all numbers made up) for 2024, by the use-cases that people use.
Steps are taken by the rooms' own functions; what is expected is arithmetic over what the step before left behind.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from dafeng import cities
from dafeng.domains.enterprise.compliance import holdings, library, screening, services, verified
from dafeng.domains.enterprise.compliance.methods.duty import whole
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Report
from dafeng.domains.enterprise.reporting import demo as reporting_demo
from dafeng.domains.enterprise.reporting import reports
from dafeng.domains.enterprise.verification import assigning, bodies, concluding, working
from dafeng.domains.enterprise.verification.known import unit_of
from dafeng.domains.enterprise.verification.methods import days
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.ledger import services as ledger

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 11, 21, 2, 0, tzinfo=UTC)
NEXT = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
YEAR = 2024
SECTORS = {"datang-xinyang": "power", "datang-huayu": "power", "cement-demo": "industry", "steel-demo": "industry"}


def moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(10, 0)))


@pytest.fixture
def people(db) -> dict[str, Any]:
    """Two of the bureau, a verifier, and somebody for each firm."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(username: str, role: str, organisation: str) -> Any:
        user = User.objects.create_user(username, password="a-long-test-password")
        office, _made = Organisation.objects.get_or_create(code=organisation, defaults={"name": organisation})
        Membership.objects.create(user=user, organisation=office, role=role, place="411500")
        return user

    found = {name: make(name, "ecology", "ecology") for name in ("assigner", "reviewer")}
    found["verifier"] = make("verifier", "verifier", "verifier-demo")
    for organisation in ("datang-demo", "enterprise-demo", "steel-demo", "tea-demo"):
        found[organisation] = make(organisation, "enterprise", organisation)
    return found


@pytest.fixture
def firms(people) -> dict[str, Any]:
    rows = [row for row in cities.load_pack("xinyang").demo_enterprises if row["code"] in {*SECTORS, "tea-demo"}]
    return {each.code: each for each in enterprises.ensure("411500", rows, demo=True)}


def verify(report: Report, body: Any, people: dict[str, Any], start: date) -> None:
    """Assigned, reviewed, visited, recomputed, concluded, and confirmed by a second person of the bureau: then it is locked."""
    by, at = people["verifier"], moment(start)
    case = assigning.assign(report, by=people["assigner"], now=at, body=body)
    staff = list(body.people.all())
    for each in staff:
        working.declare(case, each, text="本人与该单位无利害关系", by=by, now=at)
    ids = [each.pk for each in staff]
    working.begin(case, technical=ids[:2], site=ids[1:], leader=ids[0], by=by, now=at)
    check(case, "review", by, at)
    first = days.after(start, 3).day
    working.plan_site(case, first=first, last=first, places="煤场", topics="计量", by=by, now=at)
    at = moment(first)
    working.visit(case, by=by, now=at)
    check(case, "site", by, at)
    working.draw_sample(case, "*", by=by, now=at)
    working.compare(case, by=by, now=at)
    assert not (case.content["comparison"] or {}).get("differences")
    text = "按核查指南完成文件评审和现场核查，复算未覆盖的行已逐行查验原始台账，报告符合要求。"
    concluding.conclude(case, conclusion="passed", text=text, by=by, now=at)
    concluding.confirm(case, by=people["reviewer"], now=moment(days.after(timezone.localdate(at), 1).day))


def check(case: Any, stage: str, by: Any, at: datetime) -> None:
    for line in working.items_of(case):
        if line["stage"] == stage:
            working.check(case, str(line["code"]), verdict="conforms", ways=line["ways"], note="一致。", by=by, now=at)


def test_a_year_from_the_report_to_the_carry_over(firms, people, settings, tmp_path):
    settings.DATA = tmp_path
    reporting_demo.ensure_demo("411500", now=NOW)
    submitted = {each.enterprise.code: each for each in Report.objects.filter(year=YEAR).select_related("enterprise", "record")}  # fmt: skip
    assert set(submitted) == set(firms)
    sectors = sorted({sector for each in submitted.values() for sector in unit_of(each).sectors})
    body = bodies.apply(code="body-a", name="核查甲公司", name_en="", kinds=["verification"], sectors=sectors, organisation="verifier-demo", by=people["assigner"], now=NOW, place="411500", demo=True, qualifications=[{"name": "资质", "number": "1", "issuer": "试验", "until": ""}])  # fmt: skip
    bodies.step(body, "register", by=people["reviewer"], now=NOW, reason="试验")
    for number in range(3):
        bodies.add_person(body, name=f"核查员{number}", certificate=f"c-{number}", sectors=sectors, since=date(2020, 1, 1), by=people["assigner"], now=NOW)  # fmt: skip
    start = timezone.localdate(NOW) - timedelta(days=40)
    for report in submitted.values():
        verify(report, body, people, start)
    locked = {code: reports.locked(firm, YEAR) for code, firm in firms.items()}
    assert all(locked.values())

    # Tea stays outside: below 26,000 t, and off the list nothing is owed.
    tea = firms["tea-demo"]
    [screened] = screening.screen(YEAR + 1, [tea])
    assert (locked["tea-demo"].emissions or 0.0) < 26_000
    assert (screened.verdict.code, screened.past[YEAR].basis) == ("below", "verified")
    with pytest.raises(Refused) as caught:
        services.register_duty(tea, YEAR, by=people["reviewer"], now=NOW)
    assert caught.value.code == "not_covered"

    for item in library.rule_set(f"power-{YEAR}").items():
        services.sign(f"power-{YEAR}", item, source="试验签认", by=people["reviewer"], now=NOW)
    owed, quota = {}, {}
    for code, sector in SECTORS.items():
        firm = firms[code]
        services.cover(firm, YEAR, sector, source="试验名录", by=people["assigner"], now=NOW)
        units = verified.allocation_units(locked[code])
        final = services.allocate_firm(firm, YEAR, "final", units, by=people["assigner"], now=NOW)
        duty = services.register_duty(firm, YEAR, by=people["assigner"], now=NOW)
        owed[code], quota[code] = duty.tonnes, final.tonnes
        assert duty.tonnes == whole(locked[code].emissions_compliance)  # no rule lowers a duty of 2024
    for code in ("cement-demo", "steel-demo"):
        assert owed[code] - quota[code] in (0, 1)  # the quota is what was verified, rounded down; the duty up

    for code in SECTORS:
        settle(firms[code], owed[code], people)
    for code in SECTORS:
        assert services.surrendered(firms[code], YEAR) == (owed[code], 0)
        told = indicators.values("enterprise.surrendered", subject=firms[code].subject, key="asset=cea")
        assert told["value"].to_list() == [owed[code]]
    for code in SECTORS:
        left = max(0, quota[code] - owed[code])
        assert sum(each.total for each in holdings.of(firms[code])) == left
        if not left:
            continue
        by = people[firms[code].organisation]
        numbers = services.carry_over(firms[code], min(left, 10_000), key="c", by=by, now=NEXT)
        assert numbers["net"] == 0
        assert {each.vintage: each.total for each in holdings.of(firms[code])}[2025] == min(left, 10_000)
    total = ledger.city_total("CEA")
    assert total.issued == total.in_accounts + total.retired + total.cancelled + total.expired
    assert ledger.audit().findings == []


def settle(firm: Any, owed: int, people: dict[str, Any]) -> None:
    """Buy what lacks from outside the city, apply for the firm, confirm for the bureau."""
    by = people[firm.organisation]
    lack = owed - sum(each.available for each in holdings.of(firm))
    if lack > 0:
        services.register_trade(seller=None, buyer=firm, vintage=YEAR, tonnes=lack, price=Decimal("74.63"), way="listing", day=date(2025, 11, 20), key=f"year-{firm.code}", by=people["assigner"], now=NOW)  # fmt: skip
        services.move(firm, "CEA", "registry", lack, key="m", by=by, now=NOW)
    applied = services.apply_surrender(firm, YEAR, owed, 0, key="s", by=by, now=NOW)
    services.decide_surrender(applied, grant=True, by=people["reviewer"], now=NOW)
