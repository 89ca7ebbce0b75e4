"""Carbon-neutral events: footprint, plan, registration, retirement within the months that the rule gives, public register.

The rule is Fujian's for large events (`rules.toml` cites it): from 1000 people on an independent assessment, from 50 a
declaration of one's own, offset within three months, published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import certificates, rules
from dafeng.domains.inclusion.market.refusals import refusal, told
from dafeng.domains.inclusion.models import Certificate, EventRow, Member, NeutralEvent
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "inclusion.neutral-event"
FIELDS = ("title", "organiser", "venue", "starts_on", "ends_on", "people", "plan", "assessor")
GROUPS = {
    "travel": gettext_lazy("交通"),
    "stay": gettext_lazy("住宿"),
    "electricity": gettext_lazy("用电用热"),
    "catering": gettext_lazy("餐饮"),
    "other": gettext_lazy("其他"),
}


@dataclass(frozen=True)
class Line:
    """A row of the footprint as it is shown. `grams` None: no factor was found and none was given."""

    row: EventRow
    group: Any
    title: str
    unit: str
    factor: Decimal | None
    source: str
    standing: str
    grams: int | None


def lines(event: NeutralEvent) -> list[Line]:
    """The rows with their factors and grams, rounded half up to grams."""
    table, english = rules.event_factors(), (get_language() or "").startswith("en")
    found = []
    for row in event.rows.order_by("pk"):
        kind = table[row.factor]
        if row.own_factor is not None:
            factor: Decimal | None = row.own_factor * 1000
            source, standing = row.own_source, "municipal"
        else:
            factor = Decimal(kind["grams"]) if "grams" in kind else None
            source, standing = kind["source"], kind["standing"]
        grams = int((row.amount * factor).quantize(Decimal(1), ROUND_HALF_UP)) if factor is not None else None
        title = kind["title_en"] if english else kind["title"]
        found.append(Line(row, GROUPS[kind["group"]], title, kind["unit"], factor, source, standing, grams))
    return found


def footprint(event: NeutralEvent) -> tuple[int, int]:
    """Grams of the rows that have a factor, and how many rows have none."""
    found = lines(event)
    return sum(line.grams or 0 for line in found), sum(line.grams is None for line in found)


def deadline(event: NeutralEvent) -> date:
    """The last day for the offset: so many months after the event's end; the month's last day where it has no such day."""
    months = event.ends_on.year * 12 + event.ends_on.month - 1 + rules.rule("neutral_event", "months")
    year, month = divmod(months, 12)
    for day in range(event.ends_on.day, 0, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    raise AssertionError("a month has a first day")


def needs_assessment(event: NeutralEvent) -> bool:
    return event.people >= int(rules.rule("neutral_event", "assessed"))


def _payload(values: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    told_values = {name: str(values[name]) if isinstance(values[name], date) else values[name] for name in FIELDS}
    return told_values | {
        "rows": [{name: str(value) for name, value in row.items() if value is not None} for row in rows]
    }


def _sound(values: Mapping[str, Any]) -> None:
    if values["ends_on"] < values["starts_on"]:
        raise InclusionError(_("结束日期早于开始日期"), mend=_("请改正日期"))
    if values["people"] < rules.rule("neutral_event", "least"):
        raise refusal("event_too_small", str(rules.rule("neutral_event", "least")))


def draft(
    firm: Member, values: Mapping[str, Any], rows: list[dict[str, Any]], *, by: Any, now: datetime,
    evidence: Iterable[Evidence] = (), demo: bool = False,
) -> NeutralEvent:  # fmt: skip
    """A new event. `rows`: factor, amount, note, own_factor (kg a unit or None), own_source."""
    if by is not None:
        demand(by, permissions.KEEP_FIRM, firm)
    _sound(values)
    with ledger.durable():
        record = records.open_record(KIND, title=values["title"], payload=_payload(values, rows), by=by, now=now, key=firm.pseudonym, evidence=evidence)  # fmt: skip
        made = NeutralEvent.objects.create(programme=firm.programme, firm=firm, record=record, demo=demo, **{name: values[name] for name in FIELDS})  # fmt: skip
        EventRow.objects.bulk_create(EventRow(event=made, **row) for row in rows)
    return made


def amend(
    event: NeutralEvent, values: Mapping[str, Any], rows: list[dict[str, Any]], *, by: Any, now: datetime, evidence: Iterable[Evidence] | None = None
) -> NeutralEvent:  # fmt: skip
    """Change a draft; the rows are replaced."""
    demand(by, permissions.KEEP_FIRM, event.firm)
    _sound(values)
    with ledger.durable():
        records.amend(event.record, by=by, now=now, title=values["title"], payload=_payload(values, rows), evidence=evidence)  # fmt: skip
        NeutralEvent.objects.filter(pk=event.pk).update(**{name: values[name] for name in FIELDS})
        event.rows.all().delete()
        EventRow.objects.bulk_create(EventRow(event=event, **row) for row in rows)
    event.refresh_from_db()
    return event


def submit(event: NeutralEvent, *, by: Any, now: datetime) -> NeutralEvent:
    """Send it in: rows without a factor, or a missing assessment, are refused."""
    if by is not None:
        demand(by, permissions.KEEP_FIRM, event.firm)
    with told(event.firm.holder, "event", now=now), ledger.durable():
        grams, gaps = footprint(event)
        if gaps:
            raise refusal("footprint_gap", str(gaps))
        if not grams:
            raise refusal("footprint_empty")
        if needs_assessment(event) and not (event.assessor.strip() and event.record.evidence.exists()):
            raise refusal("assessor_missing")
        records.move(event.record, "submit", by=by, now=now, system=by is None)
        event.grams = grams
        event.save(update_fields=["grams"])
    return event


def decide(event: NeutralEvent, action: str, *, by: Any, now: datetime, reason: str = "") -> NeutralEvent:
    """`register` or `return`."""
    demand(by, permissions.DECIDE_MARKET)
    records.move(event.record, action, by=by, now=now, reason=reason)
    return event


def offset(event: NeutralEvent, *, key: str, by: Any, now: datetime) -> Certificate:
    """Retire as many grams of the firm's as the event emitted; the event is then neutral. Late is done, and told as late."""
    if by is not None:
        demand(by, permissions.KEEP_FIRM, event.firm)
    with told(event.firm.holder, "offset", now=now), ledger.durable(), records.serial():
        if again := Certificate.objects.filter(event=event).first():
            return again
        made = certificates.retire(
            event.firm, event.grams, beneficiary=event.organiser, period=f"{event.starts_on}/{event.ends_on}", key=key, by=by,
            now=now, event=event, demo=event.demo,
        )  # fmt: skip
        records.move(event.record, "offset", by=by, now=now, system=by is None)
        NeutralEvent.objects.filter(pk=event.pk).update(offset_at=now)
    event.refresh_from_db()
    return made
