"""Approved projects as the energy review publishes them on the blackboard: what the forecast of a county and of the firm has to expect.

The review tells a county's new energy by the year of operation; `lineage["parts"]` says of which projects it is made and in which
month each begins. Of energy a part says how much of it counts in dual control (without feedstock and renewable power): that is what the
forecast takes, for it is held against the quota. A value without parts is one project that has no month: it is listed and not added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from dafeng.domains.energy.control import rules
from dafeng.domains.energy.control.city import place_subject, subject_parts
from dafeng.domains.energy.control.methods.coming import Added, Part, Why, added
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.indicators.errors import IndicatorError
from dafeng.kernel.indicators.models import Indicator

DOMAIN, KIND = "enterprise", "review"


def parts_of(city: str, quantity: str, *, subjects: Iterable[str] | None = None) -> Mapping[str, tuple[Part, ...]]:
    """Subject (a county, the city as the sum of its counties, the firm that builds) → its projects. Two questions to the database.

    Nobody adds firms up to a county: each forecast rests on the subject's own months, so that a project is in each of them once.
    """
    code = rules.quantities()[quantity].coming
    asked = None if subjects is None else set(subjects)
    if not code or (asked is not None and not any(each.startswith(("place:", "enterprise:")) for each in asked)):
        return {}
    if not Indicator.objects.filter(code=code).exists():
        return {}
    try:
        frame = indicators.values(code, domain=DOMAIN, kind=KIND, run_subject=city)
    except IndicatorError:
        return {}  # two current runs answer differently: which one holds is not for this room to choose
    whole = place_subject(city)
    found: dict[str, list[Part]] = {}
    for row in frame.filter(frame["value"].is_not_null()).iter_rows(named=True):
        parts = _parts(row)
        for part in parts:
            # A firm's quota is compared with all that it uses: deductions are of places.
            of_firm = replace(part, year_amount=part.year_amount if part.gross is None else part.gross)
            for subject in {place_subject(row["subject"]), whole, part.firm} - {""}:
                if asked is None or subject in asked:
                    found.setdefault(subject, []).append(of_firm if subject == part.firm else part)
    return {subject: tuple(parts) for subject, parts in found.items()}


def _parts(row: Mapping[str, Any]) -> list[Part]:
    told = json.loads(row["lineage"]).get("parts") or [{"number": "", "name": "", "amount": row["value"]}]
    given = [
        Part(
            each["number"], each["name"], each["amount"] if each.get("counted") is None else each["counted"], int(row["period"]), each.get("approved", ""),
            each.get("planned", ""), each.get("since", ""), bool(each.get("building")), each.get("firm", ""), each["amount"],
        )
        for each in told
    ]  # fmt: skip
    assert abs(sum(each.gross or 0.0 for each in given) - row["value"]) < 1e-6 * max(1.0, abs(row["value"])), (
        "parts make the whole"
    )
    return given


def coal_ahead(city: str, year: int, month: int) -> list[tuple[str, Added]]:
    """(code of the county, project) of approved projects that do not run by the end of a month and will burn coal: the largest first."""
    found = []
    for subject, parts in parts_of(city, "coal").items():
        kind, code = subject_parts(subject)
        if kind != "place" or code == city:
            continue
        known = (added(part, year, month) for part in parts)
        found += [(code, each) for each in known if each is not None and each.why is not Why.RUNS]
    return sorted(found, key=lambda each: (-each[1].part.year_amount, each[1].part.number))
