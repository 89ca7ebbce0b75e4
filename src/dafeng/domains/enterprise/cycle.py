"""A whole year of the demonstration's five firms, by the use-cases that people use: reported month by month with papers, verified with a
non-conformity and its correction, locked, allocated, traded, surrendered, carried over.

`cycle.toml` says who does what on which day; the figures come from reporting's `demo.toml`. The year is a list of steps. Each step is one
transaction and tells from what is stored whether it is done, so a run that was cut off goes on where it ended. A firm outside the
market (tea) ends with its locked report: nothing is allocated to it and it owes nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import (
    allocations,
    carrying,
    holdings,
    library,
    listing,
    owing,
    signing,
    surrendering,
    trading,
)
from dafeng.domains.enterprise.compliance.demo import SOURCE
from dafeng.domains.enterprise.models import (
    Allocation,
    CarbonTrade,
    CcerBatch,
    Covered,
    Facility,
    MonthFiling,
    Report,
    Surrender,
    Verification,
)
from dafeng.domains.enterprise.reporting import clock, entry, plans, reports
from dafeng.domains.enterprise.reporting import demo as reporting
from dafeng.domains.enterprise.verification import assigning, concluding, findings, working
from dafeng.domains.enterprise.verification import demo as verifying
from dafeng.domains.enterprise.verification.methods import days
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records

SIGNED = "演示签认：只为演示流程，没有核对原文"
moment = verifying.moment


@lru_cache(maxsize=1)
def told() -> dict[str, Any]:
    """The year as `cycle.toml` tells it."""
    with Path(__file__).with_suffix(".toml").open("rb") as stream:
        return tomllib.load(stream)


@dataclass(frozen=True)
class People:
    """Who acts: two of the bureau, the verifier, and by firm somebody of its own."""

    assigner: Any
    reviewer: Any
    verifier: Any
    firms: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One transaction. `day`: when it happens in the story; `done` asks the database."""

    title: str
    day: date
    done: Callable[[], bool]
    do: Callable[[], None]


def people_of(city: str, firms: dict[str, Enterprise]) -> People | None:
    """The demo logins that the year needs; None where one is missing."""
    bureau = sorted(records.people_of(roles=["ecology"], places=[city]), key=lambda each: each.get_username())
    found = records.people_of(["verifier-demo"], roles=["verifier"])
    verifiers = [each for each in found if "verifier" in records.roles_of(each)]
    acting = {code: reporting.person_of(firm) for code, firm in firms.items()}
    if len(bureau) < 2 or not verifiers or None in acting.values():
        return None
    return People(bureau[0], bureau[1], verifiers[0], acting)


def steps(city: str, *, today: date) -> list[Step]:
    """What happens up to a day, in order; empty where firms, facilities or logins of the demonstration are not there, or where the
    demonstration's other rooms still tell this year themselves.
    """
    if today.year - 1 <= told()["year"]:
        return []
    codes = [row["code"] for row in told()["firm"]]
    firms = {each.code: each for each in Enterprise.objects.filter(city=city, demo=True, code__in=codes)}
    people = people_of(city, firms) if set(firms) == set(codes) else None
    if people is None or not Facility.objects.filter(enterprise__in=firms.values()).exists():
        return []
    years = [FirmYear(firms[row["code"]], row, people) for row in told()["firm"]]
    market = [each for each in years if each.row["market"]]
    found = [step for each in years for step in each.reported()]
    found += [step for each in years for step in each.verified()]
    found += [step for each in market for step in each.allocated()]
    found += [step for each in market for step in each.offset()]
    found += [step for number, row in enumerate(told()["trade"], 1) for step in _trade(number, row, firms, people)]
    found += [step for each in market for step in each.surrendered()]
    return [step for step in found if step.day <= today]


def waiting(city: str, *, today: date) -> bool:
    """Whether anything of the year is still to be done."""
    return any(not step.done() for step in steps(city, today=today))


def run(city: str, *, today: date, progress: Callable[[str, int, int], None] = lambda *_: None) -> int:
    """Do what is not done yet; answers how many steps that were. A cut at any point loses no more than the step in hand."""
    wanted, count = steps(city, today=today), 0
    for number, step in enumerate(wanted):
        progress(step.title, number, len(wanted))
        if not step.done():
            with ledger.durable():
                step.do()
            count += 1
    return count


class FirmYear:
    """One firm's year. `row` is its part of `cycle.toml`."""

    def __init__(self, firm: Enterprise, row: dict[str, Any], people: People) -> None:
        self.firm, self.row, self.people = firm, row, people
        self.by = people.firms[firm.code]
        self.year: int = told()["year"]
        self.days: dict[str, date] = told()["days"]

    def _step(self, title: str, day: date, done: Callable[[], bool], do: Callable[[datetime], None]) -> Step:
        return Step(f"{self.firm.name}：{title}", day, done, partial(do, moment(day)))

    # ------------------------------------------------------------ reporting

    @cached_property
    def _facilities(self) -> list[tuple[Facility, dict[str, Any]]]:
        rows = {row["code"]: row for row in reporting.facilities() if row["firm"] == self.firm.code}
        mine = Facility.objects.filter(enterprise=self.firm, code__in=rows).select_related("enterprise").order_by("code")  # fmt: skip
        return [(each, rows[each.code]) for each in mine]

    def reported(self) -> Iterator[Step]:
        """The control plan, twelve months of every facility, the report."""
        plan = _("数据质量控制方案")
        yield self._step(plan, self.days["plan"], lambda: plans.filed(self.firm, self.year) is not None, self._plan)
        for facility, row in self._facilities:
            for month in clock.months_of(self.year):
                title = _("%(unit)s %(month)s 的数据与凭证") % {"unit": facility.name, "month": month}
                filed = MonthFiling.objects.filter(facility=facility, month=month).exists
                yield self._step(title, reporting.told_on(month), filed, partial(self._month, facility, row, month))
        handed_in = lambda: self._report is not None  # noqa: E731
        yield self._step(_("编制并报送年度报告"), self.days["submitted"], handed_in, self._hand_in)

    @property
    def _report(self) -> Report | None:
        return reports.newest(self.firm, self.year)

    def _plan(self, now: datetime) -> None:
        reporting.file_plan(self.firm, self.year, self.by, now=now)

    def _month(self, facility: Facility, row: dict[str, Any], month: str, now: datetime) -> None:
        wrong = self.row.get("wrong", {})
        slips = wrong["cells"] if wrong.get("month") == month else {}
        reporting.tell(facility, row, month, self.by, now=now, wrong=slips)
        entry.file_month(facility, month, seen=entry.seen(facility, month), by=self.by, now=now)

    def _hand_in(self, now: datetime) -> None:
        report = reports.open_draft(self.firm, self.year, by=self.by, now=moment(self.days["draft"]))
        reporting.hand_in(report, self.by, now=now)

    # ------------------------------------------------------------ verification

    @property
    def _case(self) -> Verification | None:
        mine = Verification.objects.filter(report__enterprise=self.firm, report__year=self.year)
        return mine.exclude(record__state="revoked").select_related("record", "report__enterprise", "report__record").first()  # fmt: skip

    def _reached(self, *states: str) -> Callable[[], bool]:
        def reached() -> bool:
            case = self._case
            return case is not None and case.record.state in states

        return reached

    def verified(self) -> Iterator[Step]:
        """Drawn and visited, the list sent; answered; concluded; confirmed by a second person, which locks the report."""
        start: date = self.row["verified"]
        listed = days.after(start, 3).day
        answered, concluded = days.after(listed, 3).day, days.after(listed, 5).day
        states = ("findings", "answered", "concluded", "confirmed")
        yield self._step(_("随机委派、文件评审、现场核查、不符合项清单"), start, self._reached(*states), self._find)
        yield self._step(_("整改并答复"), answered, self._reached(*states[1:]), self._correct)
        yield self._step(_("复算并作出结论"), concluded, self._reached(*states[2:]), self._conclude)
        yield self._step(_("复核、锁定报告"), days.after(concluded, 2).day, self._reached(*states[3:]), self._confirm)

    def _find(self, now: datetime) -> None:
        report, start, found = self._report, timezone.localdate(now), self.row["finding"]
        assert report is not None
        case, at = verifying.visited(report, start, self.people.assigner, self.people.verifier)
        where = {name: found[name] for name in ("item", "facility", "month", "stream", "facts", "asks")}
        findings.record_finding(case, **where, by=self.people.verifier, now=at)
        findings.send_list(case, by=self.people.verifier, now=at)

    def _correct(self, now: datetime) -> None:
        case, found = self._case, self.row["finding"]
        assert case is not None
        if found.get("right"):
            assigning.send_report_back(case, reason=found["asks"], by=self.people.assigner, now=now)
            self._tell_right(found, now)
        text = (
            f"演示文件，内容为编造\n{self.firm.name} {found['item']} {found['month'] or self.year}\n{found['answer']}\n"
        )
        paper = records.store_evidence(
            text.encode(), name="整改证据（演示）.txt", media_type="text/plain", by=self.by, now=now, source="演示"
        )
        for each in case.findings.order_by("number"):
            findings.answer(each, text=found["answer"], evidence=[paper], by=self.by, now=now)
        findings.send_answer(case, by=self.by, now=now)

    def _tell_right(self, found: dict[str, Any], now: datetime) -> None:
        facility, row = next(pair for pair in self._facilities if pair[0].code == found["facility"])
        reporting.tell(facility, row, found["month"], self.by, now=now, right=True, reason=found["answer"])
        report = self._report
        assert report is not None
        reporting.hand_in(report, self.by, now=now)

    def _conclude(self, now: datetime) -> None:
        case, found, by = self._case, self.row["finding"], self.people.verifier
        assert case is not None
        if found.get("right"):
            assigning.relink(case, case.report, by=self.people.assigner, now=now)
            working.compare(case, by=by, now=now)
        for each in case.findings.order_by("number"):
            findings.settle(each, closed=True, verdict=found["verdict"], by=by, now=now)
        concluding.conclude(case, conclusion="passed", text=verifying.CONCLUSION, by=by, now=now)

    def _confirm(self, now: datetime) -> None:
        case = self._case
        assert case is not None
        concluding.confirm(case, by=self.people.reviewer, now=now)

    # ------------------------------------------------------------ compliance

    def allocated(self) -> Iterator[Step]:
        """On the list, pre-allocated where the rules know that, allocated, the duty recorded."""
        issued = Allocation.objects.filter(enterprise=self.firm, year=self.year)
        listed = Covered.objects.filter(enterprise=self.firm, year=self.year).exists
        yield self._step(_("列入年度名录"), self.days["listed"], listed, self._cover)
        if "base" in self.row:
            yield self._step(_("预分配配额"), self.days["pre"], issued.filter(stage="pre").exists, self._allocate_pre)
        yield self._step(_("核定配额"), self.days["final"], issued.filter(stage="final").exists, self._allocate)
        owed = lambda: owing.duty_of(self.firm, self.year) is not None  # noqa: E731
        yield self._step(_("登记应清缴量"), self.days["final"], owed, self._owe)

    def _cover(self, now: datetime) -> None:
        market, by = self.row["market"], self.people.assigner
        listing.cover(self.firm, self.year, market, source=SOURCE, by=by, now=now, demo=True)

    def _allocate_pre(self, now: datetime) -> None:
        code = f"{self.row['market']}-{self.year}"
        for item in sorted(set(library.rule_set(code).items()) - signing.signed_items(code)):
            signing.sign(code, item, source=SIGNED, by=self.people.reviewer, now=now, demo=True)
        base, by = self.row["base"], self.people.assigner
        allocations.allocate_firm(self.firm, self.year, Allocation.Stage.PRE, base, by=by, now=now, demo=True)

    def _allocate(self, now: datetime) -> None:
        stage, by = Allocation.Stage.FINAL, self.people.assigner
        report, units = allocations.units_of_report(self.firm, self.year, stage)
        allocations.allocate_firm(self.firm, self.year, stage, units, report=report, by=by, now=now, demo=True)

    def _owe(self, now: datetime) -> None:
        owing.register_duty(self.firm, self.year, by=self.people.assigner, now=now, demo=True)

    def offset(self) -> Iterator[Step]:
        """A batch of reductions bought on the market and brought to the registry account."""
        if self.row["ccer"]:
            bought = CarbonTrade.objects.filter(buyer=self.firm, asset=holdings.CCER, demo=True).exists
            yield self._step(_("买入核证自愿减排量"), self.days["offset"], bought, self._offset)

    def _offset(self, now: datetime) -> None:
        by, tonnes = self.people.assigner, self.row["ccer"]
        batch = CcerBatch(
            code=f"ccer-demo-{self.year}", project="示例陆上风电减排（演示）", started=date(2021, 3, 1),
            reduced_from=date(2022, 1, 1), reduced_to=date(2023, 12, 31), source="演示", demo=True,
        )  # fmt: skip
        trading.add_ccer(batch, tonnes, to=None, by=by, now=now)
        trading.register_trade(
            seller=None, buyer=self.firm, vintage=None, batch=batch, tonnes=tonnes, price=Decimal(80), way="listing",
            day=timezone.localdate(now), key=f"demo-{batch.code}", by=by, now=now, demo=True,
        )  # fmt: skip
        trading.move(self.firm, holdings.CCER, holdings.REGISTRY, tonnes, key=batch.code, by=self.by, now=now)

    def surrendered(self) -> Iterator[Step]:
        """Applied for by the firm, confirmed by another person of the bureau; then what is left carried over."""
        done = Surrender.objects.filter(enterprise=self.firm, year=self.year, state=Surrender.State.DONE).exists
        yield self._step(_("清缴"), self.days["surrendered"], done, self._surrender)
        key = f"enterprise:carry:{self.firm.code}:demo-{self.year}"
        carried = lambda: done() and (ledger.find_command(key) is not None or not self._to_carry())  # noqa: E731
        yield self._step(_("结转"), self.days["carried"], carried, self._carry_over)

    def _surrender(self, now: datetime) -> None:
        owed = owing.duty_of(self.firm, self.year)
        assert owed is not None
        ccer = self.row["ccer"]
        applied = surrendering.apply_surrender(
            self.firm, self.year, owed.tonnes - ccer, ccer, key=f"demo-{self.year}", by=self.by, now=now, demo=True
        )
        surrendering.decide_surrender(applied, grant=True, by=self.people.reviewer, now=now)

    def _to_carry(self) -> int:
        """Old allowances in the registry account, as far as the cap lets them over."""
        old = library.cycle_rules()["carry_over"]["vintages"]
        here = [each for each in holdings.of(self.firm) if each.asset == holdings.CEA and each.vintage in old]
        free = sum(each.available for each in here if each.bucket == holdings.REGISTRY)
        return min(carrying.carry_cap(self.firm)["cap"], free)

    def _carry_over(self, now: datetime) -> None:
        carrying.carry_over(self.firm, self._to_carry(), key=f"demo-{self.year}", by=self.by, now=now)


def _trade(number: int, row: dict[str, Any], firms: dict[str, Enterprise], people: People) -> Iterator[Step]:
    """A trade of the file, told by the exchange and registered by the bureau; the buyer brings the units to its registry account."""
    year: int = told()["year"]
    buyer, seller, key = firms[row["buyer"]], firms.get(row.get("seller", "")), f"demo-{year}-{number}"
    now, by = moment(row["day"]), people.assigner

    def lack() -> int:
        owed = owing.duty_of(buyer, year)
        offset = next(each["ccer"] for each in told()["firm"] if each["code"] == buyer.code)
        held = sum(each.available for each in holdings.of(buyer) if each.asset == holdings.CEA and each.vintage <= year)
        return max(0, owed.tonnes - offset - held) if owed else 0

    def do() -> None:
        tonnes = row["tonnes"] if "tonnes" in row else lack() + row["spare"]
        if seller is not None:
            trading.move(seller, holdings.CEA, holdings.TRADING, tonnes, key=key, by=people.firms[seller.code], now=now)  # fmt: skip
        trading.register_trade(
            seller=seller, buyer=buyer, vintage=year, tonnes=tonnes, price=Decimal(row["price"]), way=row["way"], day=row["day"],
            key=key, by=by, now=now, demo=True,
        )  # fmt: skip
        trading.move(buyer, holdings.CEA, holdings.REGISTRY, tonnes, key=key, by=people.firms[buyer.code], now=now)

    done = CarbonTrade.objects.filter(ledger_key=f"enterprise:trade:{key}").exists
    yield Step(f"{buyer.name}：" + _("买入配额"), row["day"], done, do)
