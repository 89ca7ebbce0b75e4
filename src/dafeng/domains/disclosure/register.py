"""The register: who must disclose what by when, what was filed, and the shares that the city's plan asks for.

Every write is audited and has its transaction. The state of a duty is never stored: it follows from dates, the published
filing and the day that is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.disclosure import people, rules
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.methods.credit_code import is_credit_code
from dafeng.domains.disclosure.methods.duties import DISCLOSED, DutyState, share_disclosed, state_of
from dafeng.domains.disclosure.models import Duty, Entity, Filing, OpenCity, Reminder
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import NotFound, TransitionError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence, Record
from dafeng.kernel.records.payloads import digest

KIND = "disclosure.filing"
IN_CHECK = ("submitted", "checked")
FIRST_YEAR, LAST_YEAR = 2000, 2100
ESG_SHARE, FILED_SHARE = "disclosure.esg.share", "disclosure.filed.share"


@dataclass(frozen=True)
class Line:
    """A duty as it stands on a day. `filing`: the published one; `pending`: what the office has not answered yet."""

    duty: Duty
    state: DutyState
    filing: Filing | None
    pending: Filing | None

    @property
    def entity(self) -> Entity:
        return self.duty.entity

    @property
    def kind(self) -> rules.DutyKind:
        return rules.duty_kinds()[self.duty.kind]


# ---------------------------------------------------------------- entities and duties


@transaction.atomic
def ensure_entity(
    city: OpenCity,
    *,
    name: str,
    by: Any,
    now: datetime,
    credit_code: str = "",
    place: str = "",
    organisation: str = "",
    demo: bool = False,
) -> Entity:
    """The entity of that credit code or name, made when it is new; what is given fills what was empty.

    Raises `DisclosureError` for a wrong code, a place outside the city, or a name and code that belong to two entities.
    """
    name, credit_code = " ".join(name.split()), credit_code.strip().upper()
    if not name:
        raise DisclosureError(_("企业没有名称"))
    if credit_code and not is_credit_code(credit_code):
        raise DisclosureError(
            _("统一社会信用代码“%(code)s”不对") % {"code": credit_code[:20]},
            expected=_("18 位，最后一位是校验码（GB 32100-2015）"),
            mend=_("请对照营业执照"),
        )
    if place and place != city.code and place not in city.counties:
        raise DisclosureError(_("“%(place)s”不是本市的县区") % {"place": place})
    by_code = Entity.objects.filter(city=city, credit_code=credit_code).first() if credit_code else None
    by_name = Entity.objects.filter(city=city, name=name).first()
    found = by_code or by_name
    if by_code and by_code.name != name:
        raise DisclosureError(
            _("代码 %(code)s 已登记为“%(name)s”") % {"code": credit_code, "name": by_code.name},
            mend=_("请核对名称；确已更名的，请在名录中改名后再导入"),
        )
    if found and credit_code and found.credit_code not in ("", credit_code):
        raise DisclosureError(_("“%(name)s”已登记的代码是 %(code)s") % {"name": name, "code": found.credit_code})
    given = {"credit_code": credit_code, "place": place, "organisation": organisation}
    if found is None:
        found = Entity.objects.create(city=city, name=name, demo=demo, created_at=now, **given)
        records.audit(by, "disclosure.entity", "entity", str(found.pk), {"name": name, **given}, now=now)
        return found
    filled = {field: value for field, value in given.items() if value and not getattr(found, field)}
    if filled:
        for field, value in filled.items():
            setattr(found, field, value)
        found.save(update_fields=list(filled))
        records.audit(by, "disclosure.entity", "entity", str(found.pk), filled, now=now)
    return found


@transaction.atomic
def add_duty(
    entity: Entity,
    *,
    kind: str,
    year: int,
    source: str,
    by: Any,
    now: datetime,
    due: date | None = None,
    binding: bool | None = None,
    imported: Record | None = None,
) -> Duty:
    """Put a duty on the register; date and bindingness come from the rules where they are not given."""
    declared = rules.duty_kinds().get(kind)
    if declared is None:
        raise DisclosureError(_("没有“%(kind)s”这种披露义务") % {"kind": kind[:40]})
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DisclosureError(_("报告年度 %(year)s 不对") % {"year": year}, expected=f"{FIRST_YEAR}–{LAST_YEAR}")
    if not source.strip():
        raise DisclosureError(_("没有写名单来源"), expected=_("公布名单的文件或网页"))
    due = due or declared.due_on(year)
    if due.year < year:
        raise DisclosureError(_("截止日期早于报告年度"), expected=str(declared.due_on(year)))
    if Duty.objects.filter(entity=entity, kind=kind, year=year, withdrawn_at=None).exists():
        raise DisclosureError(_("“%(name)s” %(year)s 年度的这项义务已在名录中") % {"name": entity.name, "year": year})
    duty = Duty.objects.create(
        entity=entity,
        kind=kind,
        year=year,
        due=due,
        binding=declared.binding if binding is None else binding,
        source=source.strip()[:300],
        imported=imported,
    )
    said = {"entity": entity.pk, "kind": kind, "year": year, "due": due, "binding": duty.binding, "source": duty.source}
    records.audit(by, "disclosure.duty", "duty", str(duty.pk), said, now=now)
    return duty


@transaction.atomic
def withdraw_duty(duty: Duty, *, by: Any, now: datetime, reason: str) -> Duty:
    """Take a duty off the register. Refused where something was filed for it."""
    if not reason.strip():
        raise DisclosureError(_("移出名录要写明理由"))
    locked = Duty.objects.select_for_update().get(pk=duty.pk)
    if locked.withdrawn_at:
        raise TransitionError(_("这项义务已经移出名录"))
    if locked.filings.exists():
        raise TransitionError(_("这项义务已有报送的材料，不能移出"), mend=_("如系误报，请先退回材料并写明理由"))
    locked.withdrawn_at, locked.withdrawn_reason = now, reason.strip()[:300]
    locked.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    records.audit(by, "disclosure.duty.withdraw", "duty", str(locked.pk), {"reason": reason.strip()}, now=now)
    return locked


# ---------------------------------------------------------------- reading


def duties(city: OpenCity) -> QuerySet[Duty]:
    """The register's duties with entity and filings, in three queries however many there are."""
    filings = Filing.objects.select_related("record").prefetch_related("record__evidence").order_by("record__seq")
    return (
        Duty.objects.filter(entity__city=city, withdrawn_at=None)
        .select_related("entity")
        .prefetch_related(Prefetch("filings", filings))
        .order_by("-year", "due", "entity__name")
    )


def line_of(duty: Duty, *, today: date) -> Line:
    known = list(duty.filings.all())
    filing = next((each for each in reversed(known) if each.record.state == "published"), None)
    pending = next((each for each in reversed(known) if each.record.state in IN_CHECK), None)
    state = state_of(
        due=duty.due,
        binding=duty.binding,
        disclosed_on=filing.disclosed_on if filing else None,
        in_check=pending is not None,
        today=today,
    )
    return Line(duty, state, filing, pending)


def lines(city: OpenCity, *, today: date, chosen: QuerySet[Duty] | None = None) -> list[Line]:
    """Every duty of the register as it stands on a day."""
    return [line_of(duty, today=today) for duty in (duties(city) if chosen is None else chosen)]


def own_lines(user: Any, *, today: date) -> list[Line]:
    """The duties of the organisations for which a person acts."""
    mine = records.organisations_of(user) - {""}
    found = [
        line
        for city in OpenCity.objects.filter(entities__organisation__in=mine).distinct()
        for line in lines(city, today=today, chosen=duties(city).filter(entity__organisation__in=mine))
    ]
    return sorted(found, key=lambda line: (line.state in DISCLOSED, line.duty.due))


def summary(found: Iterable[Line]) -> dict[str, int]:
    """How many duties are in each state, all states named."""
    counts = dict.fromkeys((str(each) for each in DutyState), 0)
    for line in found:
        counts[str(line.state)] += 1
    return counts


# ---------------------------------------------------------------- filings


def _check_filing(duty: Duty, *, disclosed_on: date, link: str, evidence: list[Evidence], today: date) -> None:
    if disclosed_on > today:
        raise DisclosureError(_("披露日期在将来"), expected=_("不晚于今天"))
    if disclosed_on.year < duty.year:
        raise DisclosureError(_("披露日期早于报告年度"), expected=_("%(year)s 年以后") % {"year": duty.year})
    if link and not link.startswith(("https://", "http://")):
        raise DisclosureError(_("披露地址不是网址"), expected="https://…")
    if not link and not evidence:
        raise DisclosureError(_("没有披露地址，也没有报告文件"), expected=_("至少有一样"))


def submit_filing(
    duty: Duty,
    *,
    disclosed_on: date,
    greenhouse: bool,
    verified: bool,
    by: Any,
    now: datetime,
    today: date,
    link: str = "",
    evidence: Iterable[Evidence] = (),
) -> Filing:
    """Hand in what was disclosed. Refused while another filing of the duty waits or is public."""
    attached, link = list(evidence), link.strip()
    _check_filing(duty, disclosed_on=disclosed_on, link=link, evidence=attached, today=today)
    with records.serial():
        if duty.filings.filter(record__state__in=(*IN_CHECK, "published")).exists():
            raise TransitionError(_("这项义务已有报送的材料"), mend=_("如需更正，请生态环境局先退回原材料"))
        if Duty.objects.filter(pk=duty.pk).exclude(withdrawn_at=None).exists():
            raise TransitionError(_("这项义务已经移出名录"))
        content = {"disclosed_on": disclosed_on, "link": link, "greenhouse": greenhouse, "verified": verified}
        record = records.open_record(
            KIND,
            title=f"{duty.entity.name} {duty.year} {rules.duty_kinds()[duty.kind].short}",
            payload=content,
            by=by,
            now=now,
            place=duty.entity.place,
            key=str(duty.pk),
            evidence=attached,
        )
        return Filing.objects.create(duty=duty, record=record, **content)


def amend_filing(
    filing: Filing,
    *,
    disclosed_on: date,
    greenhouse: bool,
    verified: bool,
    by: Any,
    now: datetime,
    today: date,
    link: str = "",
    evidence: Iterable[Evidence] = (),
) -> Filing:
    """Mend a returned filing and hand it in again; without a new file the old one stays."""
    attached = list(evidence) or list(filing.record.evidence.all())
    link = link.strip()
    _check_filing(filing.duty, disclosed_on=disclosed_on, link=link, evidence=attached, today=today)
    content = {"disclosed_on": disclosed_on, "link": link, "greenhouse": greenhouse, "verified": verified}
    with records.serial():
        others = filing.duty.filings.exclude(pk=filing.pk)
        if others.filter(record__state__in=(*IN_CHECK, "published")).exists():
            raise TransitionError(_("这项义务已有报送的材料"), mend=_("请刷新页面查看"))
        records.amend(filing.record, payload=content, evidence=attached, by=by, now=now)
        records.move(filing.record, "resubmit", by=by, now=now)
        for field, value in content.items():
            setattr(filing, field, value)
        filing.save(update_fields=list(content))
    return filing


def move_filing(
    filing: Filing, action: str, *, by: Any, now: datetime, today: date, reason: str = "", system: bool = False
) -> Filing:
    """Take a step; tells the enterprise of a return, and brings the published shares up to date."""
    with records.serial():
        if action == "publish" and filing.duty.filings.exclude(pk=filing.pk).filter(record__state="published").exists():
            raise TransitionError(_("这项义务已有公开的材料"))
        records.move(filing.record, action, by=by, now=now, reason=reason, system=system)
        if action in ("publish", "retract"):
            publish_shares(filing.duty.entity.city, by=by, now=now, today=today)
        if action in ("publish", "return", "retract") and filing.duty.entity.organisation:
            desk.notify(
                people.members_of([filing.duty.entity.organisation]),
                kind=KIND,
                title=f"{filing.record.title}：{filing.record.state_title}",
                text=reason,
                href=reverse("disclosure:filing", kwargs={"id": filing.record_id}),
                now=now,
            )
    return filing


def filing_of(record: Record) -> Filing:
    """Raises `NotFound` for a record that is no filing."""
    found = Filing.objects.select_related("duty__entity__city", "record").filter(record=record).first()
    if found is None:
        raise NotFound(_("没有这份披露材料"))
    return found


# ---------------------------------------------------------------- the shares that the plan asks for


def publish_shares(city: OpenCity, *, by: Any, now: datetime, today: date) -> bool:
    """Put the shares on the blackboard, a value a report year; False when nothing has changed since the last time."""
    for code, name, name_en in (
        (ESG_SHARE, "上市公司 ESG 报告披露比例", "Listed companies that disclose an ESG report"),
        (FILED_SHARE, "到期披露义务的履行比例", "Due disclosure duties that are met"),
    ):
        indicators.ensure_indicator(code, name=name, name_en=name_en, unit="%", decimals=1)
    found = lines(city, today=today)
    rows = []
    for year in sorted({line.duty.year for line in found}):
        of_year = [line for line in found if line.duty.year == year]
        esg = [line.state for line in of_year if line.duty.kind == "esg"]
        # Counted are duties whose day has passed, and those met before it.
        bound = [
            line.state for line in of_year if line.duty.binding and (line.duty.due < today or line.state in DISCLOSED)
        ]
        for code, states in ((ESG_SHARE, esg), (FILED_SHARE, bound)):
            value = share_disclosed(states)
            rows.append(
                {
                    "indicator": code,
                    "subject": city.code,
                    "period": str(year),
                    "value": value,
                    "unit": "%",
                    "status": int(Status.OK),
                    "notation": "" if value is not None else "NA",
                    "lineage": {"disclosed": sum(each in DISCLOSED for each in states), "of": len(states)},
                }
            )
    mark = hashlib.sha256(digest(rows).encode()).hexdigest()
    current = indicators.current_run("disclosure", "register", city.code)
    if not rows or (current and current.digest == mark):
        return False
    with transaction.atomic():
        run = indicators.start_run(domain="disclosure", kind="register", subject=city.code, digest=mark, by=by, now=now)
        indicators.publish(run, rows)
        indicators.finish_run(run, now)
    return True


# ---------------------------------------------------------------- reminders


def stage_of(line: Line, *, today: date) -> str:
    """`soon`, `overdue`, or nothing to remind of."""
    if line.state is DutyState.MISSING:
        return "overdue"
    soon = today <= line.duty.due <= today + timedelta(days=rules.reminder_days())
    return "soon" if soon and line.duty.binding and line.state is DutyState.DUE else ""


def remind(city: OpenCity, *, now: datetime, today: date) -> int:
    """Tell enterprises of duties that are due soon or overdue, once per duty and stage, and the ecology bureau of the late.

    Returns the number of duties told of.
    """
    sent = set(Reminder.objects.filter(duty__entity__city=city).values_list("duty_id", "stage"))
    told, overdue = 0, []
    for line in lines(city, today=today):
        stage = stage_of(line, today=today)
        if not stage or (line.duty.pk, stage) in sent:
            continue
        with transaction.atomic():
            Reminder.objects.create(duty=line.duty, stage=stage, sent_at=now)
            if line.entity.organisation:
                _tell_enterprise(line, stage, now=now)
        told += 1
        if stage == "overdue":
            overdue.append(line)
    if overdue:
        desk.notify(
            people.with_role("ecology"),
            kind="disclosure.overdue",
            title=_("%(count)s 项披露义务已逾期") % {"count": len(overdue)},
            text="；".join(f"{line.entity.name} {line.duty.year}" for line in overdue[:10]),
            href=reverse("disclosure:desk-register", kwargs={"code": city.code}) + "?state=missing",
            now=now,
        )
    return told


def _tell_enterprise(line: Line, stage: str, *, now: datetime) -> None:
    words = _("披露义务已逾期：%(title)s") if stage == "overdue" else _("披露义务将到期：%(title)s")
    desk.notify(
        people.members_of([line.entity.organisation]),
        kind="disclosure.duty",
        title=words % {"title": f"{line.duty.year} {line.kind.short}"},
        text=_("截止日期 %(due)s。%(basis)s") % {"due": line.duty.due, "basis": line.kind.basis},
        href=reverse("disclosure:file", kwargs={"duty": line.duty.pk}),
        now=now,
    )
