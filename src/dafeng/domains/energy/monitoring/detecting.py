"""Find anomalies of a firm, put a price on them, and keep what people made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import Anomaly, AnomalyMove, Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import permissions, reading
from dafeng.domains.energy.monitoring.methods import anomalies, conversion, findings, power_factor, today
from dafeng.domains.energy.monitoring.methods.findings import Finding
from dafeng.domains.energy.monitoring.methods.profiles import Profiles
from dafeng.domains.energy.monitoring.methods.tariffs import Tariff, tariff_of
from dafeng.kernel.actions import demand
from dafeng.kernel.records import services as records
from dafeng.kernel.series.models import Point

HISTORY = 70
"""Days that are read to judge the last ones."""
LATELY = 28
FEN = Decimal("0.01")


def province(place: str) -> str:
    return f"{place[:2]}0000"


def meters_of(firm: MonitoredFirm, first: date, last: date | None = None) -> list[Meter]:
    """The firm's meters that stood in its flow model on some of these days."""
    found = Meter.objects.filter(enterprise=firm.enterprise).holding(first, last)
    return list(found.select_related("point", "node", "parent"))


def detect(firm: MonitoredFirm, *, now: datetime, days: int = LATELY) -> int:
    """Judge the last `days` finished days of a firm; returns how many findings are new. Doing it again finds nothing new."""
    last = timezone.localdate(now) - timedelta(days=1)
    meters = meters_of(firm, last)
    loads = [meter for meter in meters if meter.role != Meter.Role.REACTIVE and meter.point.kind != Point.Kind.INSTANT]
    first = last - timedelta(days=HISTORY + days - 1)
    if not loads:
        return 0
    block = reading.profiles_of(meters, first, last)
    spoken = np.isfinite(block.values).any(axis=(0, 2))
    if not spoken.any():
        return 0
    begun = int(np.argmax(spoken))
    block = Profiles(block.meters, block.days[begun:], block.values[:, begun:])
    start = max(len(block.days) - days, 0)
    found = _found(firm, meters, loads, block, start)
    tariff = tariff_of(province(firm.enterprise.place), last)
    by_pk = {meter.pk: meter for meter in meters}
    with transaction.atomic():
        # What was called during a day that is over is the night's to say, by its own rules.
        close(
            open_today(firm).filter(last__lte=reading.midnight(timezone.localdate(now))),
            _("当日已过，由夜间识别接管"),
            now=now,
        )
        return sum(keep(firm, by_pk[each.meter], each, tariff, now=now) for each in found)


def open_today(firm: MonitoredFirm) -> Any:
    """Calls of the day that nobody has settled."""
    return Anomaly.objects.filter(enterprise=firm.enterprise, kind__in=today.KINDS, state=Anomaly.State.NEW)


def close(found: Any, note: str, *, now: datetime) -> None:
    """Close calls that are over: by nobody, so that they count neither for a rule nor against it."""
    for each in found.select_for_update():
        _move(each, Anomaly.State.SOLVED, note, now=now)


def _move(anomaly: Anomaly, after: str, note: str, *, now: datetime) -> None:
    AnomalyMove.objects.create(anomaly=anomaly, before=anomaly.state, after=after, at=now, by=None, note=note)
    anomaly.state = after
    anomaly.save(update_fields=["state"])


def _row(block: Profiles, meter: Meter) -> Profiles:
    at = block.meters.index(meter.pk)
    return Profiles((meter.pk,), block.days, block.values[at : at + 1])


def _rows(block: Profiles, meters: Sequence[Meter]) -> Profiles:
    at = [block.meters.index(meter.pk) for meter in meters]
    return Profiles(tuple(meter.pk for meter in meters), block.days, block.values[at])


def _found(firm: MonitoredFirm, meters: list[Meter], loads: list[Meter], block: Profiles, start: int) -> list[Finding]:
    """All rules that the firm's meters allow."""
    found = findings.points(anomalies.judge(_rows(block, loads), first=start), first=start)
    for parent in loads:
        below = [meter for meter in loads if meter.parent_id == parent.pk and meter.item == parent.item]
        if below:
            found += findings.sums(_row(block, parent), [_row(block, meter) for meter in below], first=start)
    electric = [meter for meter in loads if meter.item == "electricity"]
    if electric:
        power = _rows(block, electric)
        found += findings.night_load(power)
        if firm.rests:
            found += findings.idle_running(power)
        tariff = tariff_of(province(firm.enterprise.place), block.days[-1])
        mains = [meter for meter in electric if meter.parent_id is None and meter.role == Meter.Role.LOAD]
        if tariff is not None and mains:
            found += findings.peak_valley(_rows(block, mains), tariff)
    return found + _pairs(firm, meters, block)


def _pairs(firm: MonitoredFirm, meters: list[Meter], block: Profiles) -> list[Finding]:
    """Rules on two meters of one node: heating against cooling, active against reactive."""
    found = []
    standard = power_factor.standard_of(firm.capacity, firm.enterprise.industry)
    for meter in meters:
        beside = [each for each in meters if each.node_id == meter.node_id and each.pk != meter.pk]
        if meter.role == Meter.Role.HEATING:
            for cold in (each for each in beside if each.role == Meter.Role.COOLING):
                found += findings.heating_and_cooling(_row(block, meter), _row(block, cold))
        if meter.role == Meter.Role.REACTIVE:
            for active in (each for each in beside if each.role == Meter.Role.LOAD and each.item == "electricity"):
                found += findings.power_factor(_row(block, active), _row(block, meter), standard=standard)
    return found


def keep(firm: MonitoredFirm, meter: Meter, found: Finding, tariff: Tariff | None, *, now: datetime) -> bool:
    """Whether the finding is new. One that goes on grows while it waits; what people have settled is left alone."""
    first, last = timezone.make_aware(found.first), timezone.make_aware(found.last)
    said = {"last": last, "score": found.score, "facts": found.facts} | _stake(firm, meter, found, tariff)
    before = (
        Anomaly.objects.select_for_update()
        .filter(meter=meter, kind=found.kind, first__lt=last, last__gt=first)
        .order_by("-first")
        .first()
    )
    if before is None:
        Anomaly.objects.create(
            enterprise=firm.enterprise,
            meter=meter,
            kind=found.kind,
            family=found.family,
            first=first,
            found_at=now,
            **said,
        )
        return True
    if (
        found.kind in today.KINDS
        and before.state == Anomaly.State.SOLVED
        and not before.moves.exclude(by=None).exists()
    ):
        _move(before, Anomaly.State.NEW, _("再次出现"), now=now)  # closed by itself, and here again
    if before.state == Anomaly.State.NEW and last >= before.last:
        for name, value in said.items():
            setattr(before, name, value)
        before.save(update_fields=list(said))
    return False


PRICES = {"raw_coal": "coal_price", "natural_gas": "gas_price", "heat": "heat_price"}
"""Item → the firm's price of one t, m³ or GJ of it."""


def _stake(firm: MonitoredFirm, meter: Meter, found: Finding, tariff: Tariff | None) -> dict[str, Any]:
    """Amount, yuan (at the firm's own price, where it told one) and CO2 in question."""
    yuan, standing = None, ""
    if meter.item == "electricity" and firm.flat_price is not None and found.slots is not None:
        flat = float(firm.flat_price)
        days = [found.first.date() + timedelta(days=number) for number in range(found.slots.shape[0])]
        prices = np.full(found.slots.shape, flat) if tariff is None else tariff.prices(days, found.slots.shape[1], flat)
        yuan = Decimal(str(findings.cost(found, prices))).quantize(FEN)
        standing = "reported" if tariff is None else tariff.weakest
        if found.kind == "power_factor":
            standing = conversion.weakest([power_factor.standing(), *([] if tariff is None else [standing])])
    if found.kwh is None:
        return {"amount": None, "yuan": yuan, "co2": None, "money_standing": standing}
    row = conversion.to_tce(
        pl.DataFrame({"item": [meter.item], "year": [found.first.year], "amount": [found.kwh], "unit": [meter.point.unit]}), region=province(firm.enterprise.place)
    ).row(0, named=True)  # fmt: skip
    price = getattr(firm, PRICES[meter.item]) if meter.item in PRICES else None
    if price is not None and row["coefficient"] is not None:
        yuan = (Decimal(str(found.kwh * conversion.UNITS[meter.point.unit][1])) * price).quantize(FEN)
        standing = "reported"
    return {"amount": found.kwh, "yuan": yuan, "co2": row["co2"], "money_standing": standing}


# Which step leads from which state to which.
STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "confirm": (("new", "false"), "confirmed"),
    "dismiss": (("new", "confirmed"), "false"),
    "solve": (("new", "confirmed"), "solved"),
    "reopen": (("false", "solved"), "new"),
}


def settle(anomaly: Anomaly, step: str, *, by: Any, now: datetime, note: str = "") -> Anomaly:
    """Take a step. A false alarm and a solved one say why. Raises `EnergyError`, `PermissionDenied`."""
    demand(by, permissions.KEEP, anomaly.enterprise)
    if step not in STEPS:
        raise EnergyError(_("没有这一步"), expected="、".join(STEPS))
    before, after = STEPS[step]
    if step in ("dismiss", "solve") and not note.strip():
        raise EnergyError(_("请写明理由或做了什么"))
    with transaction.atomic():
        locked = Anomaly.objects.select_for_update().select_related("enterprise").get(pk=anomaly.pk)
        if locked.state not in before:
            raise EnergyError(
                _("这条异常现为“%(state)s”，不能这样办") % {"state": locked.get_state_display()},
                mend=_("请刷新看最新情况"),
            )
        AnomalyMove.objects.create(
            anomaly=locked, before=locked.state, after=after, at=now, by=by, note=note.strip()[:300]
        )
        was, locked.state = locked.state, after
        locked.save(update_fields=["state"])
        records.audit(
            by, f"energy.anomaly.{step}", "energy.anomaly", str(locked.pk), {"from": was, "to": after}, now=now
        )
    return locked


@dataclass(frozen=True)
class Precision:
    """How often a rule was right, of what people have judged. `share` None: nothing judged yet."""

    kind: str
    right: int
    wrong: int
    waiting: int

    @property
    def share(self) -> float | None:
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def precision(found: Any) -> list[Precision]:
    """By rule: confirmed and solved against false, of a query set of anomalies. A call that closed by itself was judged by nobody."""
    counts: dict[str, dict[str, int]] = {}
    itself = AnomalyMove.objects.filter(anomaly=OuterRef("pk"), by=None)
    found = found.exclude(Q(Exists(itself), kind__in=today.KINDS, state=Anomaly.State.SOLVED))
    for row in found.order_by().values("kind", "state").annotate(count=Count("pk")):
        counts.setdefault(row["kind"], {})[row["state"]] = row["count"]
    return [
        Precision(kind, each.get("confirmed", 0) + each.get("solved", 0), each.get("false", 0), each.get("new", 0))
        for kind, each in sorted(counts.items())
    ]


def days_in(first: date, last: date) -> int:
    return (last - first).days + 1
