"""Retirement of reductions and the certificate that tells of it: number, serials, beneficiary, period, hash.

The ledger lets units be retired once and claims be made once; the certificate repeats what the ledger says, and its page
lets anybody compare the paper with the record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.bookkeeping import OFFSET
from dafeng.domains.inclusion.market.refusals import done, refusal, told
from dafeng.domains.inclusion.models import Certificate, Member, NeutralEvent
from dafeng.kernel.actions import demand
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.verbs import Claim
from dafeng.kernel.records import services as records

VOLUNTARY, EVENT = "voluntary", "neutral_event"


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical text: keys sorted, no blanks, UTF-8."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def address_of(certificate: Certificate) -> str:
    """Where anybody can check it."""
    return settings.SITE_ADDRESS + reverse("inclusion:certificate", kwargs={"number": certificate.number})


def retire(
    firm: Member, grams: int, *, beneficiary: str, period: str, key: str, by: Any, now: datetime,
    event: NeutralEvent | None = None, demo: bool = False,
) -> Certificate:  # fmt: skip
    """Take a firm's units out of use for good. `key` is the form's: sent again it is the same certificate. Raises `Refused`."""
    if by is not None:
        demand(by, permissions.KEEP_FIRM, firm)
    with told(firm.holder, "retire", now=now):
        if again := Certificate.objects.filter(firm=firm, key=key).first():
            if again.grams != grams:
                raise refusal("key_reused")
            return again
        if grams <= 0 or not beneficiary.strip() or not period.strip():
            raise refusal("grams_bad")
        try:
            with ledger.durable(), records.serial():
                return _retire(firm, grams, beneficiary.strip(), period.strip(), key, by=by, now=now, event=event, demo=demo)  # fmt: skip
        except IntegrityError:
            if again := Certificate.objects.filter(firm=firm, key=key).first():
                return again
            raise


def _retire(
    firm: Member, grams: int, beneficiary: str, period: str, key: str, *, by: Any, now: datetime, event: NeutralEvent | None, demo: bool
) -> Certificate:  # fmt: skip
    purpose = EVENT if event else VOLUNTARY
    number = _number(firm, now)
    ledger_key = f"inclusion:certificate:{number}"
    claims: list[Claim] = [("neutral_event", str(event.record_id), f"{event.ends_on:%Y-%m}", 0, 1)] if event else []
    command = verbs.retire(
        key=ledger_key, actor=firm.holder, asset=OFFSET, source=firm.account, amount=grams, purpose=purpose,
        beneficiary=beneficiary, period=period, certificate=number, claims=claims or None,
    )  # fmt: skip
    done([command], now=now, short="offset_less" if event else "reductions_short")
    content = {
        "format": "dafeng.inclusion.certificate/1",
        "number": number,
        "issuer": f"{firm.programme.city}{firm.programme.name}",
        "purpose": purpose,
        "beneficiary": beneficiary,
        "period": period,
        "grams": grams,
        "event": event.title if event else "",
        "serials": {lot: [list(block) for block in blocks] for lot, blocks in sorted(ledger.serials_moved(ledger_key).items())},
        "ledger_command": ledger_key,
        "retired_at": now.isoformat(timespec="seconds"),
    }  # fmt: skip
    made = Certificate.objects.create(
        number=number, programme=firm.programme, firm=firm, event=event, key=key, purpose=purpose, beneficiary=beneficiary,
        period=period, grams=grams, content=content, digest=digest_of(content), ledger_key=ledger_key, issued_at=now, demo=demo,
    )  # fmt: skip
    detail = {"grams": grams, "purpose": purpose, "digest": made.digest}
    records.audit(by, "inclusion.certificate", "inclusion-certificate", number, detail, now=now)
    return made


def _number(firm: Member, now: datetime) -> str:
    """The next of the year, under the chain's lock."""
    stem = f"XTT-{firm.programme_id}-{timezone.localdate(now).year}-"
    last = Certificate.objects.filter(number__startswith=stem).order_by("-number").first()
    return f"{stem}{(int(last.number[-6:]) if last else 0) + 1:06d}"


def checks(certificate: Certificate) -> dict[str, bool]:
    """What the verification page tells: the content is as sealed, the ledger has the retirement, the serials are retired."""
    reply = ledger.find_command(certificate.ledger_key)
    return {
        "content": digest_of(certificate.content) == certificate.digest,
        "ledger": bool(reply and reply.ok),
        "serials": bool(reply and reply.ok) and _serials(certificate) == certificate.content["serials"],
    }


def _serials(certificate: Certificate) -> dict[str, list[list[int]]]:
    found = ledger.serials_moved(certificate.ledger_key)
    return {lot: [list(block) for block in blocks] for lot, blocks in sorted(found.items())}
