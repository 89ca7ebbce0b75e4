"""What other rooms read of parks: the month's energy and CO2, and how many parks have done the circular retrofit."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from typing import Any

from dafeng.domains.energy.models import Park, ParkFirm
from dafeng.domains.energy.monitoring import publishing
from dafeng.domains.energy.parks import reading
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators

DOMAIN, KIND = "energy", "parks"
DONE = "energy.park.retrofit"


def publish_month(city: str, month: date, *, now: datetime, by: Any = None) -> int:
    """`energy.consumption`, `energy.coal` and `energy.co2` of every park with a firm that has meters. Returns how many values."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    rows: list[dict[str, Any]] = []
    for park in Park.objects.filter(city=city):
        found = reading.month_of(park, month, last)
        if found.total.rows.height:
            sources = [firm.enterprise.subject for firm in found.firms if firm.total]
            rows += [
                row | {"status": max(row["status"], int(found.status))} | _inventory(row, found)
                for row in publishing.rows_of(park.subject, f"{month:%Y-%m}", [found.total], sources)
            ]
    if not rows:
        return 0
    publishing.ensure_indicators()
    run = indicators.start_run(domain=DOMAIN, kind=f"{KIND}.{month:%Y-%m}", subject=city, now=now, by=by, parameters={"set": "GB/T 2589-2020"})  # fmt: skip
    count = indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return count


def _inventory(row: dict[str, Any], month: reading.Month) -> dict[str, Any]:
    """The lineage of CO2: the inventory's categories, formulas and factors."""
    if row["indicator"] != publishing.CO2:
        return {}
    told = {
        "enterprises": row["lineage"]["enterprises"],
        "method": "inventory",
        "guideline": month.emitted.edition[0],
        "rows": month.emitted.told(),
    }
    return {"lineage": told}


def publish_retrofit(city: str, *, on: date, now: datetime, by: Any = None) -> int:
    """`energy.park.retrofit` of the city: percent of parks done, by target (key `target`). Nobody must: NE, never 100."""
    indicators.ensure_indicator(
        DONE, name="园区循环化改造完成比例", name_en="Parks with the circular retrofit done", unit="%", decimals=1
    )
    parks = list(Park.objects.filter(city=city))
    rows = []
    for target, found in reading.progress(parks, on=on):
        value: dict[str, Any] = {"value": None, "notation": "NE"} if found.share is None else {"value": found.share}
        lineage = {"must": list(found.must), "done": [*found.done, *found.late], "missing": list(found.missing), "unjudged": list(found.unjudged), "source": target.source}  # fmt: skip
        status = Status.INCOMPLETE if found.unjudged or found.share is None else Status.OK
        rows.append({"indicator": DONE, "subject": f"place:{city}", "period": str(on.year), "key": f"target={target.code}", "unit": "%", "status": int(status), "lineage": lineage, **value})  # fmt: skip
    run = indicators.start_run(domain=DOMAIN, kind=f"{KIND}.retrofit", subject=city, now=now, by=by)
    count = indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return count


def publish(city: str, *, on: date, now: datetime, by: Any = None) -> int:
    """This month, the month before, and the retrofit."""
    this = on.replace(day=1)
    before = date(this.year - (this.month == 1), (this.month - 2) % 12 + 1, 1)
    count = publish_retrofit(city, on=on, now=now, by=by)
    if ParkFirm.objects.filter(park__city=city).exists():
        count += publish_month(city, before, now=now, by=by) + publish_month(city, this, now=now, by=by)
    return count
