"""One of several processes that commit or undo at once; run by test_data_concurrency.py. Waits for a line on stdin, so all start together.

prepare | commit ID PERSON | undo ID PERSON | report
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HEADING = "类别,项目,地区,年份,数值,单位\r\n"


def prepare() -> dict[str, str]:
    """A city, two clerks, a file of each for the same source, one of a third source, and a batch to be undone."""
    from dafeng.domains.inventory import services, staging
    from dafeng.portal.accounts.models import Membership, Organisation, User

    city = services.ensure_city("411500", "信阳市", "Xinyang", "xinyang", counties={"411502": ["浉河区", "Shihe"]})
    people = []
    for name in ("甲", "乙"):
        office = Organisation.objects.create(code=name, name=name)
        people.append(User.objects.create_user(name))
        Membership.objects.create(user=people[-1], organisation=office, role="statistics", place="411500")

    def stage(by: User, item: str, value: int) -> staging.StagedUpload:
        content = f"{HEADING}1A4b1,{item},浉河区,2021,{value},{'万立方米' if item == '天然气' else '万吨'}\r\n".encode()
        return staging.stage(city, content, name=f"{by.username}{item}.csv", by=by, now=NOW)

    undone = stage(people[0], "煤油", 3)
    batch = staging.commit(undone.pk, seen=undone.seen["digest"], by=people[0], now=NOW)
    return {
        "first": str(stage(people[0], "天然气", 1).pk),
        "second": str(stage(people[1], "天然气", 2).pk),
        "double": str(stage(people[0], "液化石油气", 5).pk),
        "batch": str(batch.pk),
    }


def act(kind: str, id: str, name: str) -> str:
    from uuid import UUID

    from dafeng.domains.inventory import services, staging
    from dafeng.domains.inventory.models import Batch, StagedUpload
    from dafeng.kernel.errors import DafengError
    from dafeng.portal.accounts.models import User

    by = User.objects.get(username=name)
    seen = StagedUpload.objects.get(pk=id).seen["digest"] if kind == "commit" else ""
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        if kind == "commit":
            return f"batch {staging.commit(UUID(id), seen=seen, by=by, now=NOW).pk}"
        services.undo_batch(Batch.objects.get(pk=id), by=by, now=NOW, reason="填错了")
    except DafengError as error:
        return error.code
    return "undone"


def report() -> dict[str, object]:
    from django.db import connection

    from dafeng.domains.inventory.models import ActivityRow, Batch
    from dafeng.kernel.records.services import verify_chain

    return {
        "engine": connection.vendor,
        "rows": sorted(ActivityRow.objects.values_list("item", "value")),
        "active": Batch.objects.filter(active=True).count(),
        "chain": verify_chain().ok,
    }


def main(word: str, *of: str) -> None:
    if word == "prepare":
        print(json.dumps(prepare()))
    elif word == "report":
        print(json.dumps(report()))
    else:
        print(act(word, *of))
