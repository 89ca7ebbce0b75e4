"""Everything about a member as a file: JSON for programs, CSV for people, in one zip; sealed, for a few days, for themselves alone."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dafeng.domains.inclusion.members import words
from dafeng.domains.inclusion.members.accounts import audit
from dafeng.domains.inclusion.models import Export, Member
from dafeng.domains.inclusion.rooms import brought
from dafeng.kernel import sealing

SEAL = "dafeng.inclusion.export"


def everything(member: Member) -> dict[str, list[dict[str, Any]]]:
    """The tables of all rooms, by name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for room_tells in brought("privacy", "about"):
        found |= room_tells(member)
    return found


def zipped(tables: dict[str, list[dict[str, Any]]]) -> bytes:
    """`data.json` with all tables, and one CSV a table (UTF-8 with a mark, so that spreadsheets read it)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(tables, ensure_ascii=False, indent=1, cls=DjangoJSONEncoder)
        archive.writestr("data.json", text)
        for name, rows in tables.items():
            archive.writestr(f"{name}.csv", _csv(rows))
    return target.getvalue()


def _csv(rows: list[dict[str, Any]]) -> str:
    target = io.StringIO()
    target.write("\ufeff")
    heads = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.writer(target)
    writer.writerow(heads)
    writer.writerows([[_cell(row.get(head)) for head in heads] for row in rows])
    return target.getvalue()


def _cell(value: Any) -> str:
    """A spreadsheet takes a text that begins with = + - @ for a formula; the apostrophe keeps it a text."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in "=+-@\t\r" and text else text


def make(member: Member, *, now: datetime) -> Export:
    """A new file in place of older ones."""
    content = base64.b64encode(zipped(everything(member))).decode()
    sealed = sealing.seal(SEAL, {"zip": content})
    Export.objects.filter(member=member).delete()
    kept = timedelta(days=words.rule("export", "kept_days"))
    made = Export.objects.create(member=member, sealed=sealed, made_at=now, until=now + kept)
    audit(member, "export", {}, now=now)
    return made


def content_of(export: Export, *, now: datetime) -> bytes:
    """The zip in the clear. Raises `Refused` `export_gone` after its last day."""
    if now >= export.until:
        raise words.refused("export_gone")
    return base64.b64decode(sealing.unseal(SEAL, bytes(export.sealed))["zip"])


def clear(*, now: datetime) -> int:
    """Delete what is past its last day."""
    return Export.objects.filter(until__lte=now).delete()[0]
