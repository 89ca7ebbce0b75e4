"""Partners and their agreements. An agreement's step and the partner's state are one transaction.

A partner works while one of its agreements is in force and none is suspended: intake, bindings and the mall read `Partner.state`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import Agreement, Partner, Programme
from dafeng.domains.inclusion.operations.words import refused, tell
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "inclusion.agreement"
LIVE = ("signed", "resumed")


@transaction.atomic
def apply(
    programme: Programme,
    *,
    kind: str,
    name: str,
    organisation: str,
    credit_code: str,
    contact: str,
    asks: str,
    by: Any,
    now: datetime,
) -> Agreement:
    """An organisation asks to take part. Raises `Refused` (not_your_organisation, partner_there)."""
    if organisation not in records.organisations_of(by) - {""}:
        raise refused("not_your_organisation")
    with records.serial():
        there = Partner.objects.filter(programme=programme, organisation=organisation, kind=kind)
        if there.exclude(state=Partner.State.ENDED).exists():
            raise refused("partner_there")
        partner = Partner.objects.create(
            programme=programme, code=f"{kind}-{uuid.uuid4().hex[:8]}", kind=kind, name=name, organisation=organisation,
            credit_code=credit_code,
        )  # fmt: skip
        return draft(partner, contact=contact, asks=asks, by=by, now=now)


@transaction.atomic
def draft(partner: Partner, *, by: Any, now: datetime, contact: str = "", asks: str = "") -> Agreement:
    """A new agreement for a partner. Raises `Refused` (agreement_open) where one is being prepared."""
    with records.serial():
        if partner.agreements.filter(record__state="draft").exists():
            raise refused("agreement_open")
        record = records.open_record(
            KIND, title=_("与%(name)s的合作协议") % {"name": partner.name}, payload={}, by=by, now=now,
            place=partner.programme_id, key=partner.code,
        )  # fmt: skip
        return Agreement.objects.create(partner=partner, record=record, contact=contact, asks=asks)


@transaction.atomic
def fill(
    agreement: Agreement,
    *,
    number: str,
    valid_from: date,
    valid_until: date,
    contact: str,
    asks: str,
    documents: Iterable[Evidence] = (),
    by: Any,
    now: datetime,
) -> Agreement:
    """What the signed paper says, with the paper as evidence. Raises `Refused` (agreement_period)."""
    if valid_until < valid_from:
        raise refused("agreement_period")
    papers = list(documents)
    said = {"number": number, "valid_from": str(valid_from), "valid_until": str(valid_until)}
    evidence = papers or list(agreement.record.evidence.all())
    records.amend(agreement.record, by=by, now=now, payload=said, evidence=evidence)
    agreement.number, agreement.valid_from, agreement.valid_until = number, valid_from, valid_until
    agreement.contact, agreement.asks = contact, asks
    agreement.document = papers[0] if papers else agreement.document
    agreement.save()
    return agreement


def step(
    agreement: Agreement, action: str, *, by: Any, now: datetime, reason: str = "", system: bool = False
) -> Partner:
    """A step of the agreement; the partner's state follows at once, and its people are told.

    Raises `Refused` (agreement_incomplete, agreement_over).
    """
    with transaction.atomic(), records.serial():
        if action == "sign":
            _demand_complete(agreement, timezone.localdate(now))
        records.move(agreement.record, action, by=by, now=now, reason=reason, system=system)
        partner = Partner.objects.select_for_update().get(pk=agreement.partner_id)
        state = _state_of(partner)
        if state != partner.state:
            partner.state = state
            partner.save(update_fields=["state"])
            records.audit(by, "inclusion.partner.state", "inclusion.partner", partner.code, {"state": state}, now=now)
        if partner.organisation:
            title = _("合作协议：%(state)s") % {"state": agreement.record.state_title}
            href = reverse("inclusion:partner", kwargs={"code": partner.code})
            tell(records.people_of([partner.organisation]), title, href=href, now=now, text=reason)
    return partner


def _demand_complete(agreement: Agreement, today: date) -> None:
    if not (agreement.number and agreement.document_id and agreement.valid_from and agreement.valid_until):
        raise refused("agreement_incomplete")
    if agreement.valid_until < today:
        raise refused("agreement_over")


def _state_of(partner: Partner) -> str:
    """A suspension stops the partner, whatever else was signed."""
    states = set(Agreement.objects.filter(partner=partner).values_list("record__state", flat=True))
    if "suspended" in states:
        return Partner.State.SUSPENDED
    if states & set(LIVE):
        return Partner.State.ACTIVE
    return Partner.State.ENDED if states & {"ended", "dropped"} and "draft" not in states else partner.state


def end_expired(*, now: datetime) -> int:
    """End the agreements whose last day has passed. Returns their number."""
    over = Agreement.objects.filter(record__state__in=(*LIVE, "suspended"), valid_until__lt=timezone.localdate(now))
    found = list(over.select_related("record", "partner"))
    for agreement in found:
        step(agreement, "end", by=None, now=now, reason=_("协议到期"), system=True)
    return len(found)
