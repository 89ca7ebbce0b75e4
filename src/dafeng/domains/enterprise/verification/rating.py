"""The yearly grade of a body: figures from what is written down, marked by a rubric, every line kept.

A verifier is marked by `bodies.toml`, one that only writes reports or audits by `works.toml`: what others judged of its works
(`kernel.bodies.works_of`). Works of a verifier that were sent back are points off.

A rating is computed as often as one likes; published it stays. The rubric's weights are a draft until the bureau adopts them, and every
page that shows a grade says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from django.db.models import Max
from django.utils import timezone

from dafeng.domains.enterprise.models import Body, BodyRating, Verification
from dafeng.domains.enterprise.verification import findings, spots
from dafeng.domains.enterprise.verification.bodies import KIND
from dafeng.domains.enterprise.verification.known import RUNNING
from dafeng.domains.enterprise.verification.methods.conflicts import VERIFIES
from dafeng.domains.enterprise.verification.refusing import refused, refusing
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.bodies import works_of
from dafeng.kernel.records import services as records
from dafeng.kernel.scoring import Rubric, Scores, read_rubric, score

ENDED = ("confirmed", "overturned")


@lru_cache(maxsize=2)
def rubric(name: str = "bodies") -> Rubric:
    return read_rubric(Path(__file__).with_name(f"{name}.toml"))


def rubric_of(body: Body) -> Rubric:
    """That of verifiers, or of those whose works others judge."""
    return rubric("bodies" if VERIFIES in body.kinds else "works")


def figures(body: Body, year: int, *, now: datetime) -> dict[str, float]:
    """Indicator → value of the calendar year in which the verifications were opened; what has no base is left out."""
    cases = list(
        body.verifications.filter(opened_at__year=year)
        .select_related("record", "report")
        .prefetch_related("checks", "record__moves")
    )
    ended = [case for case in cases if case.record.state in ENDED]
    steps = [
        clock
        for case in cases
        for clock in findings.clocks_of(case, now=now)
        if clock.whose == "body" and (clock.stopped or clock.late)
    ]
    checks = [check for case in ended for check in case.checks.all()]
    rows = [case.content.get("comparison") or {} for case in ended]
    total, unchecked = (
        sum(int(each.get("rows", 0)) + len(each.get("figures", ())) for each in rows),
        sum(len(each.get("unchecked", ())) for each in rows),
    )
    found: dict[str, float] = {}
    if steps:
        found["verification.in_time"] = _share(sum(not clock.late for clock in steps), len(steps))
    if ended:
        back = sum(any(move.action == "send_back" for move in case.record.moves.all()) for case in ended)
        found["verification.accepted"] = _share(len(ended) - back, len(ended))
        overturned = sum(case.record.state == "overturned" for case in ended)
        found["verification.overturned"] = _share(overturned, len(ended))
    if checks:
        found["verification.noted"] = _share(sum(bool(check.note) for check in checks), len(checks))
    if total:
        found["verification.recomputed"] = _share(total - unchecked, total)
    found["verification.complaints"] = float(
        body.objections.filter(kind="complaint", decided_at__year=year, record__state="upheld").count()
    )
    measures = [each.kind for each in body.supervision.all() if each.day.year == year]
    found["verification.measures"] = float(sum(kind in ("mend", "suspension") for kind in measures))
    found["verification.spot_missed"] = float(spots.missed_by(body, year))
    found["verification.removals"] = float(measures.count("removal"))
    works = works_of(body.code, year)
    returned = sum(each.returned for each in works)
    found["works.returned"] = float(returned)
    if works:
        found["works.accepted"] = _share(len(works) - returned, len(works))
        found["works.faults"] = sum(each.faults for each in works) / len(works)
    return found


def _share(part: int, whole: int) -> float:
    return 100.0 * part / whole


def scores_of(values: Mapping[str, Mapping[str, float]], *, on: date, by: Rubric | None = None) -> Scores:
    """`values`: body code → figures."""
    rows = [
        {"subject": code, "indicator": name, "value": value, "status": int(Status.OK)}
        for code, told in values.items()
        for name, value in told.items()
    ]
    frame = pl.DataFrame(
        rows, schema={"subject": pl.String, "indicator": pl.String, "value": pl.Float64, "status": pl.Int64}
    )
    return score(by or rubric(), frame, subjects=sorted(values), on=on)


def rate(body: Body, year: int, *, by: Any, now: datetime) -> BodyRating:
    """Compute a body's grade of a year and keep it with every line; a draft until it is published."""
    with refusing("rate", body.code, by=by, now=now, kind=KIND), records.serial():
        used = rubric_of(body)
        found = scores_of({body.code: figures(body, year, now=now)}, on=date(year, 12, 31), by=used)
        row = found.frame.row(0, named=True)
        last = body.ratings.filter(year=year).aggregate(last=Max("number"))["last"] or 0
        made = BodyRating.objects.create(
            body=body, year=year, number=last + 1, rubric=f"{used.id} {used.version}", score=row["score"],
            grade=row["grade"] or "", lines=found.explain([body.code]).to_dicts(), by=by, at=now, demo=body.demo,
        )  # fmt: skip
        detail = {"year": year, "number": made.number, "score": made.score, "grade": made.grade, "rubric": made.rubric}
        records.audit(by, f"{KIND}.rating", KIND, body.code, detail, now=now)
    return made


def publish(rating: BodyRating, *, by: Any, now: datetime) -> None:
    """For everybody to see. Raises `Refused` (rating_open) while verifications of the year are not finished."""
    with refusing("publish-rating", rating.body.code, by=by, now=now, kind=KIND), records.serial():
        running = Verification.objects.filter(body=rating.body, opened_at__year=rating.year, record__state__in=RUNNING)
        if running.exists() or timezone.localdate(now).year < rating.year:
            raise refused("rating_open")
        BodyRating.objects.filter(pk=rating.pk, published_at=None).update(published_at=now)
        records.audit(
            by,
            f"{KIND}.rating-published",
            KIND,
            rating.body.code,
            {"year": rating.year, "number": rating.number},
            now=now,
        )
    rating.refresh_from_db()


def published(year: int | None = None) -> dict[int, BodyRating]:
    """Body → its newest published rating."""
    rows = BodyRating.objects.exclude(published_at=None)
    rows = rows.filter(year=year) if year else rows
    return {each.body_id: each for each in rows.order_by("year", "number")}
