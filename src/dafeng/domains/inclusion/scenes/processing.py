"""Waiting events become points: computed, capped, screened, paid or held; a chunk at a time, in the order of their numbers.

Reading and computing happen outside any transaction, so that intake is not kept waiting. Writing is one durable transaction:
the ledger's commands, the events, and the counts of caps move together or not at all. It begins by moving on the *turn* (a
number that the chunk has read first): whoever finds it moved by another process begins again, so two processors can never
both count on the same cap. Each event is paid under a key made of its own number, so that nothing is paid twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.models import Event, MonthUse, Programme, SceneDay
from dafeng.domains.inclusion.scenes import caps, scenery, screening, store
from dafeng.domains.inclusion.scenes.words import Locked, refused
from dafeng.domains.inclusion.scenes.words import settings as rules
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.ledger.engine import Reply
from dafeng.kernel.records import services as records

log = logging.getLogger("dafeng.inclusion")
TURN = "process"
CHUNK = 5_000
State = Event.State
POSTED, HELD, REFUSED, NOTHING = (int(each) for each in (State.POSTED, State.HELD, State.REFUSED, State.NOTHING))


@dataclass(frozen=True)
class Done:
    """What one chunk did. `again`: another process was at work; nothing was done, call again."""

    events: int = 0
    posted: int = 0
    held: int = 0
    nothing: int = 0
    refused: int = 0
    points: int = 0
    again: bool = False


def process(*, now: datetime, limit: int = CHUNK) -> Done:
    """Process up to `limit` waiting events. Killed anywhere, it has done all of them or none."""
    seen = store.turn(TURN)
    waiting = store.waiting(min(limit, 10_000))
    if not waiting.height:
        return Done()
    decided = _decide(waiting)
    _open_lots(decided, now=now)
    with ledger.durable():
        if not store.take_turn(TURN, seen):
            return Done(again=True)
        decided = _pay(decided, now=now)
        settled = store.settle_events(decided)
        if settled != decided.height:
            raise AssertionError(f"{decided.height - settled} events were settled by somebody who did not take a turn")
        _count(decided, now=now)
    return _done(decided)


def process_all(*, now: datetime, limit: int = CHUNK) -> Done:
    """Process until nothing waits."""
    found: list[Done] = []
    while True:
        done = process(now=now, limit=limit)
        if not done.events and not done.again:
            return Done(*(sum(getattr(each, name) for each in found) for name in list(Done.__dataclass_fields__)[:-1]))
        found.append(done)


def _done(decided: pl.DataFrame) -> Done:
    counts = dict(decided.group_by("state").agg(pl.len()).iter_rows())
    paid = decided.filter(pl.col("state").is_in([POSTED, HELD]))["points"].sum()
    return Done(decided.height, *(counts.get(state, 0) for state in (POSTED, HELD, NOTHING, REFUSED)), paid)


# ---------------------------------------------------------------- deciding


def _decide(waiting: pl.DataFrame) -> pl.DataFrame:
    """What becomes of each event, with all that the writing needs. Reads; writes nothing."""
    events = _with_benefit(_valued_each(_with_scenes(waiting)))
    first, last = events["day"].min(), events["day"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    members = events["member"].unique()
    around = _dated(store.around(members, _midnight(first), _midnight(last + timedelta(days=1))))
    around = around.join(_scene_frame().select("scene", "trip"), on="scene", how="left")
    screened = screening.screen(events, around, _crowds(events))
    return _concluded(events, screened, around)


def _concluded(events: pl.DataFrame, screened: screening.Screened, around: pl.DataFrame) -> pl.DataFrame:
    """Points after screening and caps; state, reason and score."""
    events = events.join(screened.unpaid, on="id", how="left", maintain_order="left")
    events = events.join(screened.scores(), on="id", how="left", maintain_order="left").with_columns(
        pl.col("score").fill_null(0), pl.col("findings").fill_null("[]")
    )
    elsewhere = pl.col("benefit") != Event.Benefit.POINTS
    left_out = (
        pl.when("refused").then("reason")
        .when(pl.col("closed") > 0).then(pl.lit("account_closed"))
        .when(pl.col("unpaid").is_not_null()).then("unpaid")
        .when(elsewhere).then(pl.lit("paid_as_reward"))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    events = events.with_columns(left_out=left_out)
    events = events.with_columns(
        points=pl.when(pl.col("left_out") == "").then(pl.col("points").cast(pl.Int64)).otherwise(0)
    )
    months = events["month"].unique().sort().to_list()
    capped = pl.col("monthly_cap") > 0
    members = events.filter(capped)["member"].unique()
    use = store.month_use(members, months)
    day_use = around.group_by(*caps.DAY).agg(used=pl.col("points").sum())
    events = caps.capped(events, day_use, use)
    state = (
        pl.when("refused").then(REFUSED)
        .when(pl.col("points") == 0).then(NOTHING)
        .when(pl.col("score") >= rules()["score"]["hold_from"]).then(HELD)
        .otherwise(POSTED)
    )  # fmt: skip
    why = (
        pl.when(pl.col("left_out") != "").then("left_out")
        .when(pl.col("cap") != "").then("cap")
        .when(pl.col("points") > 0).then(pl.lit(""))
        .when(pl.col("reason") != "").then("reason")
        .otherwise(pl.lit("points_none"))
    )  # fmt: skip
    return events.with_columns(state=state, reason=why, version_id=pl.col("version"))


def _with_scenes(waiting: pl.DataFrame) -> pl.DataFrame:
    return _dated(waiting).join(_scene_frame(), on="scene", how="left", maintain_order="left")


def _scene_frame() -> pl.DataFrame:
    trips = rules()["overlap"]["trips"]
    rows = [
        (
            each.id,
            each.methodology,
            each.methodology in trips,
            each.event_cap,
            each.daily_cap,
            each.monthly_cap,
            each.programme,
        )
        for each in scenery.worths().values()
    ]
    schema = {
        "scene": pl.Int64, "methodology": pl.String, "trip": pl.Boolean, "event_cap": pl.Int64, "daily_cap": pl.Int64,
        "monthly_cap": pl.Int64, "programme": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the local day and month on which it happened."""
    local = pl.from_epoch("start").dt.replace_time_zone("UTC").dt.convert_time_zone(settings.TIME_ZONE)
    return frame.with_columns(day=local.dt.date(), month=local.dt.strftime("%Y-%m"))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _with_benefit(events: pl.DataFrame) -> pl.DataFrame:
    """Whether points or money pay: what the member chose beforehand, where a reward rule of the day pays for it."""
    from dafeng.domains.inclusion.rewards import choices

    money = choices.paid_in_money(events.select("id", "member", "start", "day", "methodology"))
    if not money:
        return events
    chosen = pl.when(pl.col("id").is_in(money)).then(pl.lit(str(Event.Benefit.REWARD))).otherwise("benefit")
    return events.with_columns(benefit=chosen)


def _valued_each(events: pl.DataFrame) -> pl.DataFrame:
    """As `_valued`. Should computing fail for one event, that one is refused: one bad event must not stop the city."""
    try:
        return _valued(events)
    except DatabaseError:
        raise
    except Exception:
        if events.height == 1:
            log.exception("event %s cannot be computed", events["id"][0])
            return _valued_nothing(events, "compute_failed")
        half = events.height // 2
        first, second = _valued_each(events[:half]), _valued_each(events[half:])
        return pl.concat([first, second.select(first.columns)])


def _valued(events: pl.DataFrame) -> pl.DataFrame:
    """Adds grams, version, reason and points by room `standards`, and the distance that screening looks at."""
    from dafeng.domains.inclusion.standards import compute, rates

    fields = {
        field.name: pl.String if field.options else pl.Float64
        for methodology in events["methodology"].unique().sort()
        for field in scenery.fields_of(methodology)
    }
    read = events["data"].str.json_decode(pl.Struct(fields)).struct.unnest() if fields else pl.DataFrame()
    asked = pl.concat([events.select("methodology", "day"), read], how="horizontal")
    found = compute.compute(asked)
    valued = events.with_columns(found["grams"], found["version"], found["reason"])
    distance = pl.lit(None, dtype=pl.Float64) if screening.DISTANCE not in fields else read[screening.DISTANCE]
    valued = valued.with_columns(distance.alias(screening.DISTANCE))
    parts = []
    for (code,), part in valued.with_row_index("row").group_by("programme", maintain_order=True):
        parts.append(rates.points(Programme.objects.get(pk=code), part))
    refuses = pl.col("reason").is_in(sorted(compute.REFUSES))
    return pl.concat(parts).sort("row").drop("row").with_columns(refused=refuses)


def _valued_nothing(events: pl.DataFrame, reason: str) -> pl.DataFrame:
    return events.with_columns(
        pl.lit(0, dtype=pl.Int64).alias("grams"), pl.lit(None, dtype=pl.Int64).alias("version"),
        pl.lit(reason).alias("reason"), pl.lit(0, dtype=pl.UInt32).alias("points"), pl.lit(True).alias("refused"),
        pl.lit(None, dtype=pl.Float64).alias(screening.DISTANCE),
    )  # fmt: skip


def _crowds(events: pl.DataFrame) -> pl.DataFrame:
    """device, members: how many members were ever seen on each device of the chunk, the chunk included."""
    here = events.filter(pl.col("device") != "").select("device", "member").unique()
    if not here.height:
        return pl.DataFrame(schema={"device": pl.String, "members": pl.Int64})
    known = store.device_pairs(here["device"].unique().to_list())
    return pl.concat([known, here]).unique().group_by("device").agg(members=pl.len().cast(pl.Int64))


# ---------------------------------------------------------------- writing


def _open_lots(decided: pl.DataFrame, *, now: datetime) -> None:
    for month in decided.filter(pl.col("points") > 0)["month"].unique().sort():
        bookkeeping.open_points_lot(month, now=now)


def _pay(decided: pl.DataFrame, *, now: datetime) -> pl.DataFrame:
    """Post the commands; adds `ledger_key`. An event whose command the ledger refuses is refused with it."""
    paid = decided.filter(pl.col("points") > 0)
    lots = {month: bookkeeping.points_lot(month) for month in paid["month"].unique()}
    columns = ("id", "kind", "pseudonym", "points", "month", "state")
    commands = [
        bookkeeping.pay_event(id, f"{kind}:{name}/main", points, lots[month], quarantine=state == HELD)
        for id, kind, name, points, month, state in paid.select(*columns).iter_rows()
    ]
    replies = bookkeeping.post(commands, now=now) if commands else []
    keys = pl.DataFrame(
        [(id, reply.key, reply.ok) for id, reply in zip(paid["id"], replies, strict=True)],
        schema={"id": pl.Int64, "ledger_key": pl.String, "ok": pl.Boolean}, orient="row",
    )  # fmt: skip
    _tell_refused(replies)
    decided = decided.join(keys, on="id", how="left", maintain_order="left").with_columns(
        pl.col("ledger_key").fill_null("")
    )
    bad = ~pl.col("ok").fill_null(True)
    return decided.with_columns(
        state=pl.when(bad).then(REFUSED).otherwise("state"),
        reason=pl.when(bad).then(pl.lit("ledger_refused")).otherwise("reason"),
        points=pl.when(bad).then(0).otherwise("points"),
    )


def _tell_refused(replies: Sequence[Reply]) -> None:
    for reply in replies:
        if not reply.ok:
            log.error("the ledger refused %s: %s", reply.key, reply.text("zh"))


def _count(decided: pl.DataFrame, *, now: datetime) -> None:
    """Move on what caps, farms and desks count with."""
    paid = decided.filter(pl.col("points") > 0)
    use = paid.filter(pl.col("monthly_cap") > 0).group_by(*caps.MONTH, maintain_order=True).agg(pl.col("points").sum())
    store.add_month_use(use.select("member", "scene", "month", "points").rows())
    pairs = decided.filter(pl.col("device") != "").select("device", "member").unique(maintain_order=True)
    store.add_devices(pairs.rows(), now=now)
    posted = pl.col("state") == POSTED
    counts = [(pl.col("state") == state).sum() for state in (POSTED, HELD, NOTHING, REFUSED)]
    days = decided.group_by("scene", "day", maintain_order=True).agg(
        *(each.alias(f"n{at}") for at, each in enumerate(counts)),
        grams=pl.col("grams").filter(posted).sum(), points=pl.col("points").filter(posted).sum(),
    )  # fmt: skip
    store.add_days([(scene, day.isoformat() if store.is_sqlite() else day, *rest) for scene, day, *rest in days.rows()])


# ---------------------------------------------------------------- what the risk desk decides


def clear(event: Event, *, by: Any, now: datetime) -> Event:
    """A held event is sound: its points become the member's. Raises `Refused` (not_held, own_event)."""
    return _review(event, by=by, now=now, reason="")


def reject(event: Event, *, by: Any, now: datetime, reason: str) -> Event:
    """A held event is not believed: its points go out of use, the cap is free again. `reason`: a reason code.

    Raises `Refused` (not_held, own_event).
    """
    return _review(event, by=by, now=now, reason=reason or "review_rejected")


def _review(event: Event, *, by: Any, now: datetime, reason: str) -> Event:
    with ledger.durable():
        _bump()
        fresh = Event.objects.select_for_update(of=("self",)).select_related("member", "scene").get(pk=event.pk)
        member = fresh.member
        if fresh.state != State.HELD or member is None:
            raise refused("not_held")
        if by is not None and member.user_id == by.pk:
            raise refused("own_event", Locked)
        key, actor = bookkeeping.event_key(fresh.pk), bookkeeping.SYSTEM if by is None else f"user:{by.pk}"
        if reason:
            command = verbs.retire(
                key=f"{key}:reject", actor=actor, hold=key, purpose="clawback", beneficiary=member.holder,
                period=bookkeeping.month_of(fresh.happened_at),
            )  # fmt: skip
        else:
            command = verbs.release(key=f"{key}:clear", actor=actor, hold=key)
        bookkeeping.post_all([command], now=now)
        to = State.REFUSED if reason else State.POSTED
        Event.objects.filter(pk=fresh.pk).update(state=to, reason=reason or fresh.reason)
        what = "reject" if reason else "clear"
        records.audit(by, f"inclusion.event.{what}", "inclusion.event", str(fresh.pk), {"reason": reason}, now=now)
        _recount(fresh, to)
    event.refresh_from_db()
    return event


def taken_back(event: Event) -> None:
    """Call in the transaction that reverses an event's points: frees its caps and corrects the counts of its day."""
    _bump()
    _recount(event, State.REVERSED)


def _bump() -> None:
    store.turn(TURN)
    store.take_turn(TURN, store.turn(TURN))


def _recount(event: Event, to: int) -> None:
    """An event leaves the state it was in (`event.state`): the month's use and the day's counts follow."""
    local = timezone.localtime(event.happened_at)
    if to != State.POSTED:
        month = MonthUse.objects.filter(member=event.member, scene=event.scene, month=f"{local:%Y-%m}")
        month.filter(points__gte=event.points).update(points=F("points") - event.points)
    day = SceneDay.objects.filter(scene=event.scene, day=local.date())
    if event.state == State.HELD:
        day.update(held=F("held") - 1)
    else:
        day.update(posted=F("posted") - 1, grams=F("grams") - event.grams, points=F("points") - event.points)
    if to == State.POSTED:
        day.update(posted=F("posted") + 1, grams=F("grams") + event.grams, points=F("points") + event.points)
    elif to == State.REFUSED:
        day.update(refused=F("refused") + 1)
