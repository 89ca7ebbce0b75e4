"""A power plant's report by hand, bodies, people of the bureau, of bodies and of the plant; a case at any stage of its way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from dafeng.domains.enterprise.models import Body, Facility, Report, Submission, Verification
from dafeng.domains.enterprise.verification import assigning, bodies, concluding, findings, working
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records import services as records
from dafeng.kernel.records.payloads import digest

NOW = datetime(
    2026, 4, 7, 2, 0, tzinfo=UTC
)  # Tuesday, ten in the morning in Xinyang; the day after the Qingming holiday
CITY, PINGQIAO = "411500", "411503"
# facts/mrv/power_guideline.md: 0.03356 x 26.7 x 0.99 x 44/12 = 3.2527 t CO2 a ton of coal (2021 text); here per 1000 t and month.
MONTHS = ("2025-01", "2025-02", "2025-03")
COAL = 1000.0
PER_MONTH = COAL * 26.7 * 0.03356 * 0.99 * 44 / 12


def content_of(coal: float = COAL, *, counted: float | None = None, ncv: float = 26.7) -> dict[str, Any]:
    """A content in the form of reporting: three months of coal. `counted`: what the platform's row says where it is not the product."""
    value = coal * ncv * 0.03356 * 0.99 * 44 / 12 if counted is None else counted
    rows = [
        {
            "facility": "unit-1", "month": month, "stream": "bituminous", "formula": "burning", "scope": "direct", "t_co2e": value,
            "reporting": True, "compliance": True, "standing": "A",
            "inputs": [
                {"name": "fuel_use", "value": coal, "unit": "t", "way": "measured", "source": ""},
                {"name": "ncv", "value": ncv, "unit": "GJ/t", "way": "measured", "source": ""},
                {"name": "carbon_content", "value": 0.03356, "unit": "t C/GJ", "way": "default", "source": "coal.carbon"},
                {"name": "oxidation", "value": 0.99, "unit": "1", "way": "default", "source": "coal.oxidation"},
            ],
        }
        for month in MONTHS
    ]  # fmt: skip
    values = [
        {
            "facility": "unit-1",
            "month": month,
            "item": item,
            "stream": "bituminous",
            "value": told,
            "unit": unit,
            "way": "measured",
        }
        for month in MONTHS
        for item, told, unit in (("fuel_use", coal, "t"), ("ncv", ncv, "GJ/t"))
    ]
    sums = {"reporting": value * 3, "compliance": value * 3, "incomplete": 0}
    return {
        "schema": 1, "year": 2025, "boundary": {"facilities": [{"code": "unit-1", "sector": "power"}], "changes": []},
        "values": values, "rows": rows, "findings": [], "open": [],
        "parameters": [
            {"id": "coal.carbon", "value": 0.03356, "unit": "t C/GJ", "standing": "A", "source": "发电指南 2021"},
            {"id": "coal.oxidation", "value": 0.99, "unit": "1", "standing": "A", "source": "发电指南 2021"},
            {"id": "coal.later", "value": 0.03085, "unit": "t C/GJ", "standing": "D", "source": "from memory"},
        ],
        "totals": sums | {"facilities": {"unit-1": dict(sums)}},
    }  # fmt: skip


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clock(monkeypatch) -> Callable[[datetime], None]:
    """Views read the clock by `timezone.now`: it stands at NOW until a test moves it."""
    at = [NOW]
    monkeypatch.setattr("django.utils.timezone.now", lambda: at[0])

    def move(moment: datetime) -> None:
        at[0] = moment

    return move


@pytest.fixture
def person(db):
    """Makes somebody who can log in, with a role in an organisation."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    numbers = count()

    def make(role: str, organisation: str = "") -> Any:
        user = User.objects.create_user(f"{role}-{next(numbers)}", password="a-long-test-password")
        code = organisation or role
        office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": code})
        Membership.objects.create(user=user, organisation=office, role=role, place=CITY)
        return user

    return make


@pytest.fixture
def people(person) -> dict[str, Any]:
    return {
        "assigner": person("ecology"),
        "reviewer": person("ecology"),
        "verifier": person("verifier", "body-a-org"),
        "other": person("verifier", "body-b-org"),
        "plant": person("enterprise", "plant-org"),
        "stranger": person("enterprise", "other-org"),
        "admin": person("admin"),
        "leader": person("leader"),
    }


@pytest.fixture
def plant(db) -> Enterprise:
    made = Enterprise.objects.create(
        code="plant", name="试验电厂", name_en="Test plant", place=PINGQIAO, city=CITY, organisation="plant-org"
    )
    Facility.objects.create(enterprise=made, code="unit-1", name="一号机组", sector="power", since=date(2010, 1, 1))
    return made


@pytest.fixture
def report(plant, people) -> Callable[..., Report]:
    """Makes a submitted report of a year with a content."""

    def make(
        content: dict[str, Any] | None = None, *, year: int = 2025, state: str = "submitted", at: datetime = NOW
    ) -> Report:
        content = content_of() if content is None else content
        record = records.open_record(
            "enterprise.report", title=f"{plant.name} {year} 年度温室气体排放报告", payload={}, by=people["plant"], now=at,
            place=plant.place, key=f"{plant.code}-{year}",
        )  # fmt: skip
        made = Report.objects.create(
            enterprise=plant, record=record, year=year, version=Report.objects.filter(enterprise=plant, year=year).count() + 1,
            content=content, digest=digest(content), emissions=content["totals"]["reporting"],
            emissions_compliance=content["totals"]["compliance"], submitted_at=at,
        )  # fmt: skip
        if state == "submitted":
            hand_in(made, content, people["plant"], at=at)
        return made

    return make


def hand_in(report: Report, content: dict[str, Any], by: Any, *, at: datetime = NOW) -> None:
    """As `reports.step(report, "submit")` does it, without the sector's calculation."""
    records.move(report.record, "submit", by=by, now=at)
    Report.objects.filter(pk=report.pk).update(
        content=content, digest=digest(content), emissions=content["totals"]["reporting"],
        emissions_compliance=content["totals"]["compliance"], submitted_at=at,
    )  # fmt: skip
    report.refresh_from_db()
    number = report.submissions.count() + 1
    Submission.objects.create(report=report, number=number, at=at, by=by, content=content, digest=report.digest)
    records.audit(by, "enterprise.report.frozen", "report", str(report.pk), {"digest": report.digest}, now=at)


@pytest.fixture
def body(people) -> Callable[..., Body]:
    """Makes a registered body with persons."""

    def make(
        letter: str = "a",
        *,
        kinds: tuple[str, ...] = ("verification",),
        persons: int = 2,
        sectors: tuple[str, ...] = ("power",),
    ) -> Body:
        made = bodies.apply(
            code=f"body-{letter}", name=f"试验核查机构{letter}", kinds=kinds, sectors=sectors, organisation=f"body-{letter}-org",
            by=people["assigner"], now=NOW, place=CITY,
        )  # fmt: skip
        bodies.step(made, "register", by=people["reviewer"], now=NOW)
        for number in range(persons):
            bodies.add_person(
                made, name=f"{letter}{number}", certificate=f"{letter}-{number}", sectors=sectors, since=date(2020, 1, 1),
                by=people["reviewer"], now=NOW,
            )  # fmt: skip
        return made

    return make


class Case:
    """A verification that can be led on step by step, by working days."""

    def __init__(self, verification: Verification, people: dict[str, Any]) -> None:
        self.it, self.people, self.now = verification, people, NOW

    def later(self, days: int) -> Case:
        self.now += timedelta(days=days)
        return self

    def by(self, name: str) -> dict[str, Any]:
        return {"by": self.people[name], "now": self.now}

    def begun(self) -> Case:
        staff = list(self.it.body.people.all())
        for each in staff:
            working.declare(self.it, each, text="与该单位无利害关系", **self.by("verifier"))
        ids = [each.pk for each in staff]
        working.begin(self.it, technical=ids, site=ids, leader=ids[0], **self.by("verifier"))
        return self

    def checked(self, stage: str) -> Case:
        for line in working.items_of(self.it):
            if line["stage"] == stage:
                working.check(
                    self.it,
                    line["code"],
                    verdict="conforms",
                    ways=["read"],
                    note="查阅台账，一致",
                    **self.by("verifier"),
                )
        return self

    def planned(self) -> Case:
        """The visit is on the third working day from now: two days' notice."""
        first = (self.now + timedelta(days=2)).date()
        working.plan_site(
            self.it, first=first, last=first, places="煤场、化验室", topics="采样制样", **self.by("verifier")
        )
        return self

    def visited(self) -> Case:
        self.begun().checked("review").planned().later(2)
        working.visit(self.it, **self.by("verifier"))
        return self.checked("site")

    def listed(self, **named: Any) -> Case:
        where = {"facility": "unit-1", "month": "2025-02", "stream": "bituminous", "parameter": "ncv"} | named
        self.visited()
        findings.record_finding(
            self.it,
            item="factor.tested",
            facts="二月热值没有检测报告",
            asks="提供检测报告或按缺省值计",
            **where,
            **self.by("verifier"),
        )
        findings.send_list(self.it, **self.by("verifier"))
        return self

    def answered(self) -> Case:
        paper = records.store_evidence(b"lab report", name="lab.txt", media_type="text/plain", **self.by("plant"))
        findings.answer(self.it.findings.get(), text="补交二月检测报告", evidence=[paper], **self.by("plant"))
        findings.send_answer(self.it, **self.by("plant"))
        return self

    def concluded(self, conclusion: str = "passed") -> Case:
        working.compare(self.it, **self.by("verifier"))
        concluding.conclude(self.it, conclusion=conclusion, text="按指南核查，报告符合要求。", **self.by("verifier"))
        return self

    def confirmed(self) -> Case:
        concluding.confirm(self.it, **self.by("reviewer"))
        return self


@pytest.fixture
def case(report, body, people) -> Callable[..., Case]:
    """Assigns a report to the one body and gives the case."""

    def make(content: dict[str, Any] | None = None) -> Case:
        if not Body.objects.exists():
            body("a")
        made = assigning.assign(report(content), by=people["assigner"], now=NOW)
        return Case(made, people)

    return make
