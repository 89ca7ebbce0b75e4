"""Readings that could not be taken: kept in columns as they were told, one file and one row a batch and reason, until somebody decides.

Kept before anything is acknowledged; the name is made of the batch's content, so that the same batch sent again is kept once.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from django.utils.translation import gettext as _

from dafeng.kernel.records import services as records
from dafeng.kernel.series import points
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.models import Device, Quarantine
from dafeng.kernel.series.sources import Source
from dafeng.kernel.series.store import parquet

if TYPE_CHECKING:
    from dafeng.kernel.series.ingest import Receipt

KEPT = ("row", "point", "code", "at", "value", "revision", "arrived", "unit")


def keep(judged: pl.DataFrame, *, digest: str, source: Source, device: Device | None, now: datetime) -> None:
    """Write down what was refused, by reason."""
    bad = judged.filter(pl.col("reason").is_not_null())
    if not bad.height:
        return
    store = points.the_store()
    for (reason,), rows in sorted(bad.partition_by("reason", as_dict=True).items()):
        path = f"quarantine/{digest[:32]}-{reason}.parquet"
        rows = rows.sort("row")
        first = rows.row(0, named=True)
        whose = points.table().frame.filter(pl.col("point").is_in(rows["point"].drop_nulls().unique().implode()))
        store.disk.put(store.home / path, parquet(rows.select(KEPT)))
        at = first["at"].isoformat() if first["at"] else ""
        Quarantine.objects.get_or_create(
            digest=digest,
            reason=reason,
            defaults={
                "source": int(source), "device": device, "received_at": now, "count": rows.height, "path": path,
                "organisation": _one(whose, "organisation") or (device.organisation if device else ""),
                "place": _one(whose, "place") or (device.place if device else ""),
                "example": {"code": first["code"] or str(first["point"] or ""), "at": at, "value": _number(first["value"])},
            },
        )  # fmt: skip


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


def rows_of(held: Quarantine) -> pl.DataFrame:
    """What waits, as it was told."""
    return points.the_store().read(held.path)


def release(held: Quarantine, *, by: Any, now: datetime, note: str = "") -> Receipt:
    """Judge them once more, by what is known by now. What is refused again comes back as a row of its own.

    The readings keep the time of their arrival. Raises `SeriesError` when they were settled before.
    """
    from dafeng.kernel.series import ingest

    _open(held)
    if not held.path.endswith(".parquet"):
        raise SeriesError(_("这份报文读不懂，不能放行"), mend=_("请发送方改正后重发，再废弃这份报文"))
    rows = rows_of(held)
    unknown = rows["point"].null_count() == rows.height
    told = rows.select((pl.col("code") if unknown else pl.col("point")).alias("point"), *KEPT[3:])
    receipt = ingest.receive(told, source=Source(held.source), key="", now=now, owner=f"release:{held.pk}")
    _settle(held, Quarantine.State.RELEASED, by=by, now=now, note=note)
    return receipt


def drop(held: Quarantine, *, by: Any, now: datetime, note: str) -> None:
    """They are not readings, and a person says why. The file stays."""
    _open(held)
    if not note.strip():
        raise SeriesError(_("请写明为什么废弃这些读数"))
    _settle(held, Quarantine.State.DROPPED, by=by, now=now, note=note)


def _open(held: Quarantine) -> None:
    if held.state != Quarantine.State.HELD:
        raise SeriesError(_("这些读数已经处理过了"))


def _settle(held: Quarantine, state: str, *, by: Any, now: datetime, note: str) -> None:
    held.state, held.settled_at, held.settled_by, held.note = state, now, by, note.strip()[:200]
    held.save(update_fields=["state", "settled_at", "settled_by", "note"])
    records.audit(by, f"series.quarantine.{state}", "series.quarantine", str(held.pk), {"note": held.note}, now=now)
