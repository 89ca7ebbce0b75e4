"""One of several processes that write at once; run by test_concurrency.py. Waits for a line on stdin, so all start together.

write | report
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from datetime import UTC, datetime

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Rollback(Exception):
    pass


def audit(times: int) -> None:
    """Entries of every kind of transaction: alone, two in one, and one that is rolled back."""
    from django.db import transaction

    from dafeng.kernel.records import services

    def write(row: int) -> None:
        services.audit(str(os.getpid()), "write", "row", str(row), {"row": row}, now=NOW)

    for row in range(times):
        if row % 10 == 3:
            try:
                with transaction.atomic():
                    write(row)
                    raise Rollback
            except Rollback:
                pass
        write(row)


def evidence(times: int) -> None:
    from dafeng.kernel.records import services

    for row in range(times):
        content = f"the same content {row}".encode() * 50_000
        services.store_evidence(content, name="a.txt", media_type="text/plain", by=None, now=NOW)


def finish(times: int) -> None:
    from dafeng.kernel.indicators import services

    services.ensure_indicator("test.heat", name="热量", unit="GJ")
    for row in range(times):
        run = services.start_run(domain="test", kind="compile", subject="411500", now=NOW)
        cell = {"indicator": "test.heat", "subject": "411500", "period": "2020", "unit": "GJ", "status": 0}
        services.publish(run, [cell | {"value": float(row)}])
        services.finish_run(run, now=NOW)


def report() -> None:
    from django.conf import settings

    from dafeng.kernel.indicators import services as indicators
    from dafeng.kernel.indicators.models import Run
    from dafeng.kernel.records import services
    from dafeng.kernel.records.models import AuditEntry, Evidence

    states = list(Run.objects.values_list("state", flat=True))
    superseded = list(Run.objects.exclude(supersedes=None).values_list("supersedes", flat=True))
    found = {
        "engine": settings.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1],
        "chain": services.verify_chain(),
        "writers": Counter(AuditEntry.objects.filter(action="write").values_list("actor", flat=True)),
        "previous": len(set(AuditEntry.objects.values_list("previous", flat=True))),
        "evidence": Evidence.objects.count(),
        "sound": all(map(services.verify_evidence, Evidence.objects.all())),
        "done": states.count("done"),
        "superseded": states.count("superseded"),
        "linear": len(superseded) == len(set(superseded)),
        "values": indicators.values("test.heat").height if states else 0,
    }
    print(json.dumps(found))


def main(word: str) -> None:
    if word == "report":
        report()
        return
    print("ready", flush=True)
    sys.stdin.readline()
    audit(50)
    evidence(5)
    finish(10)
