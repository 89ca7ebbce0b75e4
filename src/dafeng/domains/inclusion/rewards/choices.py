"""Points or money for the same trip: a member chooses beforehand, and an event is paid with one of them (DEMANDS, contradiction 9)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl
from django.db import transaction
from django.db.models import Q

from dafeng.domains.inclusion.models import Member, Methodology, RewardChoice, RewardRule

PAID_IN_MONEY = "paid_as_reward"  # the reason code of an event without points because money pays it


@transaction.atomic
def choose(member: Member, group: str, *, money: bool, now: datetime) -> None:
    """From now on trips of the group are paid in money (or again in points). What has happened stays as it was paid."""
    Member.objects.select_for_update().get(pk=member.pk)
    standing = RewardChoice.objects.filter(member=member, group=group, until=None)
    if money and not standing.exists():
        RewardChoice.objects.create(member=member, group=group, since=now)
    elif not money:
        standing.update(until=now)


def groups_with_rules(day: date) -> set[str]:
    """Groups of behaviour for which some rule pays money on that day."""
    rules = RewardRule.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=day), record__state="in_force", valid_from__lte=day
    )
    return {group for rule in rules if rule.content["kind"] == "trips" for group in rule.content["groups"]}


def choosers(members: Iterable[int]) -> list[tuple[int, str, datetime, datetime | None]]:
    """(member, group, since, until) of those who chose money; for processing, which asks for a whole chunk at once."""
    wanted = RewardChoice.objects.filter(member__in=list(members))
    return list(wanted.values_list("member", "group", "since", "until"))


def paid_in_money(events: pl.DataFrame) -> list[int]:
    """Numbers of the events that money pays, not points: their member had chosen so before they happened, and on their day a
    rule pays for their group. For processing.

    `events`: id, member, start (seconds since 1970), day (local), methodology (code).
    """
    chosen = choosers(events["member"].unique().to_list())
    if not chosen:
        return []
    groups = dict(Methodology.objects.values_list("code", "group"))
    choices = pl.DataFrame(
        [(member, group, since.timestamp(), until.timestamp() if until else None) for member, group, since, until in chosen],
        schema={"member": pl.Int64, "group": pl.String, "since": pl.Float64, "until": pl.Float64}, orient="row",
    )  # fmt: skip
    grouped = events.select(
        "id",
        "member",
        "start",
        "day",
        group=pl.col("methodology").replace_strict(groups, default="", return_dtype=pl.String),
    )
    found = grouped.join(choices, on=["member", "group"], how="inner").filter(
        pl.col("start") >= pl.col("since"), pl.col("until").is_null() | (pl.col("start") < pl.col("until"))
    )
    if not found.height:
        return []
    paying = [(day, group) for day in found["day"].unique() for group in groups_with_rules(day)]
    rules = pl.DataFrame(paying, schema={"day": pl.Date, "group": pl.String}, orient="row")
    return found.join(rules, on=["day", "group"], how="semi")["id"].unique().sort().to_list()
