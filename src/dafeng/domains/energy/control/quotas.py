"""Quotas and budgets as signed decisions, and what adds up from a decision and its adjustments.

Only what is signed counts. Of several decisions of one period the one decided last is in force; its adjustments go with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.control.city import name_of, place_subject
from dafeng.domains.energy.control.readings import Key
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import Quota
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.quantities.periods import Period
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KIND = "energy.quota"
SIGNED = "signed"


@dataclass(frozen=True)
class Budget:
    """A decision in force with its signed adjustments. `amount` is their sum, in the quantity's unit."""

    decision: Quota
    adjustments: tuple[Quota, ...]

    @property
    def amount(self) -> float:
        return float(self.decision.amount + sum(each.amount for each in self.adjustments))

    @property
    def unit(self) -> str:
        return rules.quantities()[self.decision.quantity].unit


def in_force(
    city: str, quantity: str, years: Iterable[int], *, subjects: Iterable[str] | None = None, on: date | None = None
) -> dict[Key, dict[str, Budget]]:
    """(subject, sector) → period → budget, in one question. `on`: as it was decided by that day."""
    periods = [name for year in years for name in (str(year), *(f"{year}-{month:02d}" for month in range(1, 13)))]
    chosen = Quota.objects.filter(city=city, quantity=quantity, period__in=periods, record__state=SIGNED)
    if subjects is not None:
        chosen = chosen.filter(subject__in=list(subjects))
    if on is not None:
        chosen = chosen.filter(decided_on__lte=on)
    decisions: dict[tuple[Key, str], Quota] = {}
    changes: dict[int, list[Quota]] = {}
    for row in chosen.select_related("record").order_by("decided_on", "pk"):
        if row.adjusts_id:
            changes.setdefault(row.adjusts_id, []).append(row)
        else:
            decisions[(row.subject, row.sector), row.period] = row
    found: dict[Key, dict[str, Budget]] = {}
    for (key, period), row in decisions.items():
        found.setdefault(key, {})[period] = Budget(row, tuple(changes.get(row.pk, ())))
    return found


def budget_of(
    subject: str, period: str | int, quantity: str, *, sector: str = "", on: date | None = None
) -> Budget | None:
    """The decision in force on a subject's period and its adjustments; None where nothing was signed.

    `subject`: `place:411526`, `enterprise:…`, `building:…`, `park:…`; `quantity`: energy, co2, coal, water (units in `rules.toml`).
    """
    wanted = str(Period.parse(period))
    chosen = Quota.objects.filter(
        subject=subject, sector=sector, quantity=quantity, period=wanted, record__state=SIGNED
    )
    if on is not None:
        chosen = chosen.filter(decided_on__lte=on)
    rows = list(chosen.select_related("record").order_by("decided_on", "pk"))
    decision = next((row for row in reversed(rows) if not row.adjusts_id), None)
    if decision is None:
        return None
    return Budget(decision, tuple(row for row in rows if row.adjusts_id == decision.pk))


def draft(
    city: str, *, place: str, quantity: str, period: str, amount: float, document: str, decided_on: date, by: Any,
    now: datetime, firm: Enterprise | None = None, building: str = "", park: str = "", sector: str = "", kind: str = Quota.Kind.QUOTA,
    reason: str = "", adjusts: Quota | None = None, evidence: Iterable[Evidence] = (), demo: bool = False,
) -> Quota:  # fmt: skip
    """Draft a decision, or with `adjusts` an adjustment of one (same subject and period; `amount` is the difference).

    It counts once another person has signed it. Raises `Refused`: `unknown_quantity`, `unknown_sector`, `amount`,
    `no_document`, `not_signed`, `no_reason`, `below_zero`.
    """
    if adjusts is not None:
        place, quantity, period, sector, kind = (
            adjusts.place,
            adjusts.quantity,
            adjusts.period,
            adjusts.sector,
            adjusts.kind,
        )
        subject, firm = adjusts.subject, adjusts.enterprise
    else:
        subject = firm.subject if firm else place_subject(place)
        subject = f"building:{building}" if building else f"park:{park}" if park else subject
    wanted = str(Period.parse(period))
    _check(quantity, sector, amount, document, adjusts, reason)
    title = _("%(name)s %(period)s %(quantity)s") % {
        "name": name_of(subject, sector), "period": wanted, "quantity": Quota(quantity=quantity).get_quantity_display(),
    }  # fmt: skip
    if adjusts is not None:
        title = _("%(title)s 调整") % {"title": title}
    payload = {"subject": subject, "sector": sector, "quantity": quantity, "period": wanted, "amount": amount, "document": document, "decided_on": decided_on, "reason": reason}  # fmt: skip
    with records.serial():
        record = records.open_record(
            KIND, title=title[:200], payload=payload, by=by, now=now, place=firm.place if firm else place,
            key=f"{subject}|{sector}|{quantity}|{wanted}", evidence=evidence,
        )  # fmt: skip
        return Quota.objects.create(
            record=record, city=city, subject=subject, sector=sector, place=firm.place if firm else place, enterprise=firm,
            quantity=quantity, kind=kind, period=wanted, amount=amount, adjusts=adjusts, document=document.strip(),
            decided_on=decided_on, reason=reason.strip(), demo=demo,
        )  # fmt: skip


def _check(quantity: str, sector: str, amount: float, document: str, adjusts: Quota | None, reason: str) -> None:
    if quantity not in rules.quantities():
        raise Refused("unknown_quantity", _("没有“%(quantity)s”这种指标") % {"quantity": quantity})
    if sector and sector not in rules.sectors():
        raise Refused("unknown_sector", _("没有“%(sector)s”这个行业") % {"sector": sector})
    if abs(amount) >= 1e12 or (adjusts is None and amount < 0):
        raise Refused(
            "amount",
            _("数量 %(amount)s 不对") % {"amount": f"{amount:g}"},
            expected=_("0 到一万亿之间的数，请看单位对不对"),
        )
    if not document.strip():
        raise Refused("no_document", _("没有写依据文件"), mend=_("请写明文件名称和文号"))
    if adjusts is None:
        return
    if adjusts.adjusts_id or adjusts.record.state != SIGNED:
        raise Refused("not_signed", _("只能调整已签发的指标"), mend=_("请先签发原指标"))
    if not reason.strip():
        raise Refused("no_reason", _("调整要写明理由"))
    budget = Budget(adjusts, tuple(adjusts.adjustments.filter(record__state=SIGNED)))
    if budget.amount + amount < 0:
        raise Refused("below_zero", _("调整后为负"), expected=_("不小于 %(least)s") % {"least": -budget.amount})


def quota_for(user: Any, id: int) -> Quota:
    """A decision that this person may see. Raises `NotFound`."""
    found = Quota.objects.for_user(user).select_related("record", "enterprise", "adjusts").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这项指标"))
    return found  # type: ignore[no-any-return]
