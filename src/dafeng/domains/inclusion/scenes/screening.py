"""Screening: what cannot have happened as it was sent, and what only looks so. Rules, figures and sentences: `screening.toml`.

Each rule gives findings: which event, how much of the score, the facts of its sentence. The score is their sum, at most 100;
from `hold_from` on the points are issued held until a person has looked. Two rules are certain rather than suspicious and
leave an event without points at once: the same content again, and a trip that overlaps with one that is paid. Pure: frames in,
frames out; `judge` alone reads a stored event.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from dafeng.domains.inclusion.models import Event
from dafeng.domains.inclusion.scenes.words import english, settings

DISTANCE = "distance"
CELL_X, CELL_Y = 0.94, 1.11  # km of a hundredth of a degree at 32° N: 111.3 km × cos 32°, and 111 km
NOTHING = {"rule": pl.String, "id": pl.Int64, "share": pl.Int64, "facts": pl.String}
SAME, OVERLAP = "content_repeated", "trip_overlaps"


@dataclass(frozen=True)
class Finding:
    """Why an event is held: the rule, its sentence, and its share of the score."""

    rule: str
    sentence: str
    share: int


@dataclass(frozen=True)
class Screened:
    """`findings`: rule, id, share, facts (JSON); `unpaid`: id, reason, other (the event that it repeats or overlaps)."""

    findings: pl.DataFrame
    unpaid: pl.DataFrame

    def scores(self) -> pl.DataFrame:
        """id, score (0 to 100), findings (JSON list of [rule, share, facts])."""
        told = pl.concat_str(
            pl.lit('["'), "rule", pl.lit('", '), pl.col("share").cast(pl.String), pl.lit(", "), "facts", pl.lit("]")
        )
        return (
            self.findings.sort("id", "share", "rule", descending=[False, True, False])
            .group_by("id", maintain_order=True)
            .agg(score=pl.col("share").sum().clip(0, 100), told=told.str.join(", "))
            .select("id", "score", findings=pl.concat_str(pl.lit("["), "told", pl.lit("]")))
        )


def screen(events: pl.DataFrame, around: pl.DataFrame, devices: pl.DataFrame) -> Screened:
    """Screen waiting events beside what is known around them.

    `events`: id, scene, member, start, end (seconds, end null where there is none), from_x … to_y, device, suspended,
    methodology, trip, day, grams, distance (null where not monitored). `around`: the same members' paid and held
    events (id, scene, member, start, end, places, state, day, trip, grams). `devices`: device, members.
    """
    rules = settings()
    events = events.with_columns(last=pl.max_horizontal("start", "end"))
    around = around.with_columns(last=pl.max_horizontal("start", "end"))
    found = [
        _area(events, rules["area"]), _speed(events, rules["speed"]), _detour(events, rules["detour"]),
        _device(events, devices, rules["device"]), _burst(events, around, rules["burst"]), _suspended(events, rules["suspended"]),
    ]  # fmt: skip
    flood, pairs = _pairs(events, around, rules)
    found += [flood, _jump(pairs, rules["jump"])]
    findings = pl.concat(found)
    held_from = rules["score"]["hold_from"]
    held = set(findings.group_by("id").agg(pl.col("share").sum()).filter(pl.col("share") >= held_from)["id"])
    unpaid, shadowed = _once(pairs, held, rules["overlap"])
    return Screened(pl.concat([findings, shadowed]), unpaid)


# ---------------------------------------------------------------- one event by itself


def _finding(rows: pl.DataFrame, rule: str, share: int, **facts: pl.Expr | str) -> pl.DataFrame:
    words = {name: pl.col(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    told = pl.struct(**words).struct.json_encode() if facts else pl.lit("{}")
    return rows.select(rule=pl.lit(rule), id="id", share=pl.lit(share, dtype=pl.Int64), facts=told).cast(NOTHING)  # type: ignore[arg-type]


def _area(events: pl.DataFrame, rule: dict[str, Any]) -> pl.DataFrame:
    def outside(x: str, y: str) -> pl.Expr:
        east = (pl.col(x) < int(rule["west"] * 100)) | (pl.col(x) > int(rule["east"] * 100))
        north = (pl.col(y) < int(rule["south"] * 100)) | (pl.col(y) > int(rule["north"] * 100))
        return (east | north).fill_null(False)

    start = outside("from_x", "from_y")
    rows = events.filter(start | outside("to_x", "to_y")).with_columns(first=start)
    x, y = (pl.when("first").then(f"from_{axis}").otherwise(f"to_{axis}") / 100 for axis in "xy")
    return _finding(rows, "area", rule["weight"], x=x, y=y)


def _speed(events: pl.DataFrame, rule: dict[str, Any]) -> pl.DataFrame:
    fastest = rule["kmh"]
    most = pl.col("methodology").replace_strict(
        list(fastest), list(fastest.values()), default=None, return_dtype=pl.Int64
    )
    hours = pl.max_horizontal(pl.col("end") - pl.col("start"), rule["least_minutes"] * 60) / 3600
    rows = events.filter("trip", pl.col("end").is_not_null(), pl.col(DISTANCE) > 0)
    rows = rows.with_columns(kmh=(pl.col(DISTANCE) / hours).round(0), most=most).filter(pl.col("kmh") > pl.col("most"))
    return _finding(rows, "speed", rule["weight"], kmh=pl.col("kmh").cast(pl.Int64), most="most")


def _km(ax: str, ay: str, bx: str, by: str) -> pl.Expr:
    x, y = (pl.col(ax) - pl.col(bx)) * CELL_X, (pl.col(ay) - pl.col(by)) * CELL_Y
    return (x * x + y * y).sqrt()


def _detour(events: pl.DataFrame, rule: dict[str, Any]) -> pl.DataFrame:
    line = _km("from_x", "from_y", "to_x", "to_y") - rule["spare_km"]
    rows = events.with_columns(line=line.round(1)).filter("trip", pl.col("line") > pl.col(DISTANCE))
    return _finding(rows, "detour", rule["weight"], line="line", given=DISTANCE)


def _device(events: pl.DataFrame, devices: pl.DataFrame, rule: dict[str, Any]) -> pl.DataFrame:
    crowded = devices.filter(pl.col("members") > rule["members"])
    rows = events.join(crowded, on="device", how="inner")
    return _finding(rows, "device", rule["weight"], members="members")


def _burst(events: pl.DataFrame, around: pl.DataFrame, rule: dict[str, Any]) -> pl.DataFrame:
    keys = ["member", "scene", "day"]
    before = around.group_by(keys).agg(before=pl.len())
    rows = (
        events.with_columns(nth=pl.col("id").rank("ordinal").over(keys))
        .join(before, on=keys, how="left")
        .with_columns(count=pl.col("nth").cast(pl.Int64) + pl.col("before").fill_null(0).cast(pl.Int64))
        .filter(pl.col("count") > rule["events"])
    )
    return _finding(rows, "burst", rule["weight"], count="count")


def _suspended(events: pl.DataFrame, rule: dict[str, Any]) -> pl.DataFrame:
    return _finding(events.filter(pl.col("suspended") > 0), "suspended", rule["weight"])


# ---------------------------------------------------------------- two events beside each other

_OF_PAIR = ("id", "scene", "start", "end", "last", "trip", "grams", "from_x", "from_y", "to_x", "to_y")


def _pairs(events: pl.DataFrame, around: pl.DataFrame, rules: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Findings of members with too many events to compare, and the pairs of the others: `id` with each earlier-numbered
    event of its member that lies within some hours (columns of that one end in `_0`; `held_0`: it is under review)."""
    fresh = events.select("member", *_OF_PAIR, held=pl.lit(False))
    known = around.select("member", *_OF_PAIR, held=pl.col("state") == Event.State.HELD)
    every = pl.concat([known.cast(fresh.schema), fresh])  # type: ignore[arg-type]
    counts = every.group_by("member").agg(count=pl.len().cast(pl.Int64))
    crowd = counts.filter(pl.col("count") > rules["flood"]["events"])
    flood = _finding(events.join(crowd, on="member", how="inner"), "flood", rules["flood"]["weight"], count="count")
    several = counts.filter(pl.col("count") > 1).join(crowd, on="member", how="anti").select("member")
    mine = fresh.join(several, on="member", how="semi")
    near = rules["jump"]["within_hours"] * 3600
    pairs = mine.join(every, on="member", how="inner", suffix="_0").filter(
        pl.col("id_0") < pl.col("id"),
        pl.col("start_0") <= pl.col("last") + near,
        pl.col("last_0") >= pl.col("start") - near,
    )
    return flood, pairs


def _jump(pairs: pl.DataFrame, rule: dict[str, Any]) -> pl.DataFrame:
    """From where the earlier of two ended to where the later began, faster than anybody moves."""
    after = pl.col("start_0") <= pl.col("start")  # the other one came first

    def place(end: str, axis: str) -> pl.Expr:
        other, own = ("", "_0") if end == "from" else ("_0", "")
        column = pl.when(after).then(pl.col(f"{end}_{axis}{other}")).otherwise(pl.col(f"{end}_{axis}{own}"))
        if end == "to":  # where only a beginning was told, it ended there
            begun = pl.when(after).then(pl.col(f"from_{axis}{other}")).otherwise(pl.col(f"from_{axis}{own}"))
            column = pl.coalesce(column, begun)
        return column

    gap = pl.when(after).then(pl.col("start") - pl.col("last_0")).otherwise(pl.col("start_0") - pl.col("last"))
    rows = pairs.with_columns(
        ax=place("to", "x"), ay=place("to", "y"), bx=place("from", "x"), by=place("from", "y"), gap=gap
    )
    rows = rows.with_columns(km=(_km("ax", "ay", "bx", "by") - rule["spare_km"]).round(1))
    # Those that overlap are one trip or none: another rule's affair.
    rows = rows.filter(pl.col("gap") >= 0, pl.col("km") > pl.col("gap") / 3600 * rule["kmh"], pl.col("km") > 0)
    rows = rows.sort("km", "id_0").unique("id", keep="last", maintain_order=True)
    return _finding(rows, "jump", rule["weight"], km="km", minutes=pl.col("gap") // 60, other="id_0")


def _once(pairs: pl.DataFrame, held: set[int], rule: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What repeats or overlaps an earlier one: unpaid where that one is paid; a finding where that one is under review.

    An event that is itself unpaid covers nothing, so the pairs are settled in the order of their numbers.
    """
    same = (
        (pl.col("scene") == pl.col("scene_0")) & (pl.col("start") == pl.col("start_0"))
        & (pl.col("grams") == pl.col("grams_0")) & pl.col("end").eq_missing(pl.col("end_0"))
    )  # fmt: skip
    trips = pl.col("trip") & pl.col("trip_0")
    shared = pl.min_horizontal("last", "last_0") - pl.max_horizontal("start", "start_0")
    rows = pairs.with_columns(same=same).filter(pl.col("same") | (trips & (shared > rule["spare_seconds"])))
    unpaid: dict[int, tuple[int, str, int]] = {}
    shadowed: list[tuple[int, int]] = []
    for id, other, alike, other_held in rows.sort("id", "id_0").select("id", "id_0", "same", "held_0").iter_rows():
        if id in unpaid or other in unpaid:
            continue
        if other_held or other in held:
            shadowed.append((id, other))
            held = held | {id}
        elif id in held:
            continue  # a person will look at it anyway
        else:
            unpaid[id] = (id, SAME if alike else OVERLAP, other)
    shadows = pl.DataFrame(shadowed, schema={"id": pl.Int64, "other": pl.Int64}, orient="row")
    shadows = shadows.filter(~pl.col("id").is_in(list(unpaid))).unique("id", keep="first", maintain_order=True)
    schema = {"id": pl.Int64, "unpaid": pl.String, "other": pl.Int64}
    return (
        pl.DataFrame(list(unpaid.values()), schema=schema, orient="row"),
        _finding(shadows, "overlap", rule["weight"], other="other"),
    )


# ---------------------------------------------------------------- told


def judge(event: Event) -> list[Finding]:
    """Why an event is held, the heaviest reason first."""
    return [
        Finding(rule, sentence(rule, facts), share)
        for rule, share, facts in event.findings
        if rule in settings()
    ]  # fmt: skip


def sentence(rule: str, facts: dict[str, Any]) -> str:
    text: str = settings()[rule]["en" if english() else "zh"]
    return text.format_map({name: f"{value:g}" if isinstance(value, float) else value for name, value in facts.items()})


def told(findings: str) -> list[Finding]:
    """The findings of a row as it is stored."""
    return [Finding(rule, sentence(rule, facts), share) for rule, share, facts in json.loads(findings)]
