"""What was refused and is no event: written down where its sender sees it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from dafeng.domains.inclusion.models import Partner, Refusal
from dafeng.domains.inclusion.scenes import store

TABLE = Refusal._meta.db_table


def note(
    partner: Partner,
    reason: str,
    *,
    now: datetime,
    key_id: str = "",
    source_id: str = "",
    field: str = "",
    count: int = 1,
) -> None:
    """Write a refusal down; the same once more within the minute is counted."""
    minute = now.replace(second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} AS r (partner_id, reason, key_id, source_id, field, minute, count) "
            f"VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (partner_id, minute, reason, key_id, source_id) "
            f"DO UPDATE SET count = r.count + excluded.count",
            [partner.pk, reason, key_id, source_id[:80], field[:60], store.moment(minute), count],
        )
