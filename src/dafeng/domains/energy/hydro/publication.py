"""What other rooms read of small hydro: generation by month, and the share of stations that kept their ecological flow."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from dafeng.domains.energy.hydro import compliance, generation, rules
from dafeng.domains.energy.models import HydroStation
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.indicators import services as indicators

DOMAIN, KIND = "energy", "hydro"
OUTPUT, KEPT = "energy.hydro.output", "energy.hydro.ecoflow"


def publish_month(city: str, month: date, *, now: datetime, by: Any = None) -> int:
    """`energy.hydro.output` (MWh of small hydro) and `energy.hydro.ecoflow` (% of the stations that could be judged). Returns how many values.

    A sum in which a station or a day is not known is INCOMPLETE; a share of no station is NE. While the rule is a draft of ours the share
    is DEGRADED: it can be looked at, not published.
    """
    indicators.ensure_indicator(OUTPUT, name="小水电发电量", name_en="Small hydro generation", unit="MWh", decimals=1)
    indicators.ensure_indicator(
        KEPT, name="生态流量达标电站占比", name_en="Stations that kept their ecological flow", unit="%", decimals=1
    )
    first, last = generation.month_span(month)
    last = min(last, (now - timedelta(days=1)).date())
    stations = list(HydroStation.objects.filter(city=city, kind="small", stage="running"))
    if not stations or last < first:
        return 0
    made = generation.generated(stations, first, last)
    judged = compliance.judge(stations, first, last, now=now)
    by_place: dict[str, list[HydroStation]] = defaultdict(list)
    for station in stations:
        for place in {station.place, city}:
            by_place[place].append(station)
    rows = []
    for place, own in sorted(by_place.items()):
        rows += _rows(place, month, own, made, judged, (last - first).days + 1)
    run = indicators.start_run(
        domain=DOMAIN, kind=f"{KIND}.{month:%Y-%m}", subject=f"{KIND}:{city}", now=now, by=by,
        parameters={"rule": rules.rule_of(first).id},
    )  # fmt: skip
    count = indicators.publish(run, rows)
    indicators.finish_run(run, now)
    return count


def _rows(
    place: str, month: date, own: list[HydroStation], made: dict[int, generation.Generated], judged: dict[int, compliance.Judged], days: int
) -> list[dict[str, Any]]:  # fmt: skip
    told = [made[each.pk] for each in own if made[each.pk].total is not None]
    whole = len(told) == len(own) and all(each.known_days == days for each in told)
    verdicts = [judged[each.pk].verdict for each in own if judged[each.pk].verdict != "unset"]
    known = [each for each in verdicts if each in ("met", "short")]
    total = sum(each.total or 0.0 for each in told)
    guessed = sum((each.total or 0.0) * each.estimated for each in told) / total if total else 0.0
    base = {"subject": f"place:{place}", "period": f"{month:%Y-%m}"}
    rule = rules.rule_of(month)
    sure = Status.OK if len(known) == len(verdicts) and known else Status.INCOMPLETE
    sure = Status.DEGRADED if rule.standing == "ours" else sure
    output = {
        "indicator": OUTPUT, "unit": "MWh", "status": int(Status.OK if whole else Status.INCOMPLETE), "estimated": min(max(guessed, 0.0), 1.0),
        "lineage": {"stations": len(own), "measured": len(told), "days": days, "from": "kernel.series: energy meters, else mean power"},
        **({"value": total / 1000.0} if told else {"value": None, "notation": "NE"}),
    }  # fmt: skip
    kept = {
        "indicator": KEPT, "unit": "%", "status": int(sure),
        "lineage": {"stations": len(own), "judged": len(known), "unknown": len(verdicts) - len(known), "rule": rule.id},
        **({"value": known.count("met") / len(known) * 100.0} if known else {"value": None, "notation": "NE"}),
    }  # fmt: skip
    return [base | output, base | kept]
