"""Readings that could not be taken: kept in columns as they were told, one file and one row a batch, reason
and point, until somebody decides.

Kept before anything is acknowledged; the name is made of the batch's content, so that the same batch sent again is kept once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from django.db import transaction
from django.db.models import Count, F, Max, Min, Sum, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from dafeng.kernel.actions import demand
from dafeng.kernel.records import services as records
from dafeng.kernel.series import permissions, points
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device, Point, Quarantine, QuarantineQuerySet
from dafeng.kernel.series.sources import Source
from dafeng.kernel.series.store import parquet

if TYPE_CHECKING:
    from dafeng.kernel.series.ingest import Receipt

APART = 20  # points of a batch that are kept apart; more lie together
AT_ONCE = 200  # batches that are decided in one go
SAMPLE = 20
KEPT = ("row", "point", "code", "at", "value", "revision", "arrived", "unit")


def keep(judged: pl.DataFrame, *, digest: str, source: Source, device: Device | None, now: datetime) -> None:
    """Write down what was refused, by reason and point; of very many points together, so that a storm makes few rows."""
    bad = judged.filter(pl.col("reason").is_not_null())
    if not bad.height:
        return
    codes = points.table().frame.select("point", known="code")
    bad = bad.join(codes, on="point", how="left", maintain_order="left")
    bad = bad.with_columns(of=pl.coalesce("code", "known", pl.col("point").cast(pl.String)).fill_null(""))
    for (reason,), rows in sorted(bad.partition_by("reason", as_dict=True).items()):
        if rows["of"].n_unique() > APART:
            _keep(rows, str(reason), "", digest=digest, source=source, device=device, now=now)
            continue
        for (code,), of_point in sorted(rows.partition_by("of", as_dict=True).items()):
            _keep(of_point, str(reason), str(code), digest=digest, source=source, device=device, now=now)


def _keep(
    rows: pl.DataFrame, reason: str, code: str, *, digest: str, source: Source, device: Device | None, now: datetime
) -> None:
    store, name = points.the_store(), f"{digest[:32]}-{reason}"
    path = f"quarantine/{name}{'-' + _short(code) if code else ''}.parquet"
    rows = rows.sort("row")
    first = rows.row(0, named=True)
    earliest, latest = rows.select(pl.col("at").min(), pl.col("at").max().alias("latest")).row(0)
    whose = points.table().frame.filter(pl.col("point").is_in(rows["point"].drop_nulls().unique().implode()))
    store.disk.put(store.home / path, parquet(rows.select(KEPT)))
    Quarantine.objects.get_or_create(
        digest=digest,
        reason=reason,
        code=label(code),
        defaults={
            "source": int(source), "device": device, "received_at": now, "count": rows.height, "path": path,
            "points": rows["of"].n_unique(), "first_at": earliest, "last_at": latest,
            "organisation": _one(whose, "organisation") or (device.organisation if device else ""),
            "place": _one(whose, "place") or (device.place if device else ""),
            "example": {
                "code": label(first["of"]), "at": first["at"].isoformat() if first["at"] else "", "value": _number(first["value"]),
            },
        },
    )  # fmt: skip


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def label(code: str) -> str:
    """A code as somebody told it, as long as a column allows; two that differ stay two."""
    clean = code.replace("\0", "")
    return clean if clean == code and len(code) <= 80 else f"{clean[:67]}…{_short(code)}"


def keep_unread(body: bytes, reason: str, *, source: Source, device: Device | None, sender: str, now: datetime) -> None:
    """A message that could not be read at all, as it came."""
    digest = hashlib.sha256(sender.encode() + b"\n" + body).hexdigest()
    store, path = points.the_store(), f"quarantine/{digest[:32]}-{reason}.bin"
    store.disk.put(store.home / path, body)
    Quarantine.objects.get_or_create(
        digest=digest,
        reason=reason,
        defaults={
            "source": int(source), "device": device, "received_at": now, "count": 1, "path": path,
            "organisation": device.organisation if device else "", "place": device.place if device else "",
            "example": {"code": sender, "at": "", "value": body[:200].decode("utf-8", "replace").replace("\0", "")},
        },
    )  # fmt: skip


def _one(points_frame: pl.DataFrame, name: str) -> str:
    found = points_frame[name].unique().to_list()
    return str(found[0]) if len(found) == 1 else ""


def _number(value: float | None) -> float | str | None:
    """JSON knows no NaN."""
    return value if value is None or abs(value) < float("inf") else str(value)


def clocks_in_doubt(device: Device, table: points.Table) -> set[int]:
    """The points of which readings of this device wait because its clock was set back, and of which no fact says by how much."""
    codes = Quarantine.objects.filter(state=Quarantine.State.HELD, reason="clock_back", device=device)
    found = {table.numbers[code] for code in set(codes.values_list("code", flat=True)) if code in table.numbers}
    return found - set(table.dated("clock")["point"])


def rows_of(held: Quarantine) -> pl.DataFrame:
    """What waits, as it was told."""
    return points.the_store().read(held.path)


def sample(held: Quarantine) -> pl.DataFrame:
    """The first of them: `code at value unit`. Raises `DamagedError`."""
    codes = points.table().frame.select("point", known="code")
    rows = rows_of(held).head(SAMPLE).join(codes, on="point", how="left", maintain_order="left")
    code = pl.coalesce("code", "known", pl.col("point").cast(pl.String)).fill_null("")
    return rows.select(code.alias("code"), "at", "value", "unit")


def readable(held: Quarantine) -> bool:
    """Whether they are readings at all, and not a message that nobody could read."""
    return held.path.endswith(".parquet")


# ---------- what is alike ----------


def alike(rows: QuarantineQuerySet) -> Any:
    """The newest row of each reason, point, device and state, with `batches`, `readings`, `earliest` and `latest` of all that are alike."""
    same = [F("reason"), F("code"), F("device"), F("state")]
    found = rows.annotate(
        batches=Window(Count("pk"), partition_by=same),
        readings=Window(Sum("count"), partition_by=same),
        earliest=Window(Min("first_at"), partition_by=same),
        latest=Window(Max("last_at"), partition_by=same),
        place_of=Window(RowNumber(), partition_by=same, order_by=F("pk").desc()),
    )
    return found.filter(place_of=1)


def fellows(held: Quarantine, user: Any) -> QuarantineQuerySet:
    """All that are like this one and that a person may see, the oldest first."""
    return alike_seen(held, user).filter(state=held.state)


def alike_seen(held: Quarantine, user: Any) -> QuarantineQuerySet:
    """The same, whether they wait or were settled."""
    rows = Quarantine.objects.for_user(user)
    return rows.filter(reason=held.reason, code=held.code, device=held.device_id).order_by("pk")


def decide(held: Quarantine, *, how: str, by: Any, now: datetime, note: str = "") -> Decided:
    """Release (`release`) or drop (`drop`) this and what is like it, `AT_ONCE` batches at most. Raises `SeriesError`."""
    if how not in ("release", "drop"):
        raise SeriesError(_("没有这种处理"), expected="release、drop")
    demand(by, permissions.DECIDE, held)
    _open(held)
    waiting = fellows(held, by)
    some = list(waiting[:AT_ONCE])
    taken = again = refused = 0
    for each in some:
        demand(by, permissions.DECIDE, each)
        if how == "drop":
            drop(each, by=by, now=now, note=note)
            continue
        receipt = release(each, by=by, now=now, note=note)
        taken, again, refused = (
            taken + receipt.accepted + receipt.revised,
            again + receipt.again,
            refused + receipt.refused,
        )
    return Decided(len(some), taken, again, refused, left=waiting.count())


@dataclass(frozen=True)
class Decided:
    """What became of `batches`; `left` of the same kind still wait."""

    batches: int
    taken: int
    again: int
    refused: int
    left: int


# ---------- one ----------


def release(held: Quarantine, *, by: Any, now: datetime, note: str = "") -> Receipt:
    """Judge them once more, by what is known by now. What is refused again comes back as a row of its own.

    The readings keep the time of their arrival. Raises `SeriesError` when they were settled before.
    """
    from dafeng.kernel.series import ingest

    _open(held)
    _demand_readable(held)
    rows = rows_of(held)
    _demand_points(rows, by)
    unknown = rows["point"].null_count() == rows.height
    told = rows.select((pl.col("code") if unknown else pl.col("point")).alias("point"), *KEPT[3:])
    # What is refused a third time is told in the same words as the second time, and yet waits anew: its own name is in its digest.
    owner = owner_of(held.pk)
    receipt = ingest.receive(told, source=Source(held.source), key="", now=now, owner=owner, sender=owner)
    _settle(held, Quarantine.State.RELEASED, by=by, now=now, note=note)
    return receipt


def owner_of(number: int) -> str:
    """Whose delivery the released readings are."""
    return f"release:{number}"


def demand_releasable(held: Quarantine, by: Any) -> None:
    """Raises `PermissionDenied` or `SeriesError` for what cannot be released by this person or at all."""
    demand(by, permissions.DECIDE, held)
    _open(held)
    _demand_readable(held)
    _demand_points(rows_of(held), by)


def _demand_readable(held: Quarantine) -> None:
    if not readable(held):
        raise SeriesError(_("这份报文读不懂，不能放行"), mend=_("请发送方改正后重发，再废弃这份报文"))


def _demand_points(rows: pl.DataFrame, by: Any) -> None:
    """Whoever releases vouches for the readings, and so may do it for points that are theirs to see only.

    What is told of anothers' points waits with the device that told it, whose people must not bring it in.
    """
    if by is None:
        return
    seen = set(Point.objects.for_user(by).values_list("pk", flat=True))
    known = points.table().frame.select("code", now="point")
    found = rows.select("point", "code").unique().join(known, on="code", how="left")
    told = found.select(pl.coalesce("point", "now")).to_series().drop_nulls()
    if set(told.to_list()) - seen:
        raise SeriesError(_("其中有不归您管的计量点的读数，不能放行"), mend=_("请核对设备，或请发展改革部门处理"))


def drop(held: Quarantine, *, by: Any, now: datetime, note: str) -> None:
    """They are not readings, and a person says why. The file stays."""
    _open(held)
    if not note.strip():
        raise SeriesError(_("请写明为什么废弃这些读数"))
    _settle(held, Quarantine.State.DROPPED, by=by, now=now, note=note)


def _open(held: Quarantine) -> None:
    if held.state != Quarantine.State.HELD:
        raise _settled_before()


def _settled_before() -> SeriesError:
    return SeriesError(_("这些读数已经处理过了"))


def _settle(held: Quarantine, state: str, *, by: Any, now: datetime, note: str) -> None:
    """Of two at once the first one's word stands. Raises `SeriesError` for the other."""
    told = {"state": state, "settled_at": now, "settled_by": by, "note": note.strip()[:200]}
    with transaction.atomic():
        if not Quarantine.objects.filter(pk=held.pk, state=Quarantine.State.HELD).update(**told):
            raise _settled_before()
        records.audit(
            by, f"series.quarantine.{state}", "series.quarantine", str(held.pk), {"note": told["note"]}, now=now
        )
    for name, value in told.items():
        setattr(held, name, value)
