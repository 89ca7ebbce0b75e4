"""One of several processes that post at once; run by test_concurrency.py. Waits for a line on stdin, so all start together.

found | post NUMBER BATCHES SIZE | endless | report
Prints each acknowledged key in `endless`, so that a test that kills it knows what must be there.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ACCOUNTS = 20


def found() -> None:
    from dafeng.kernel.ledger import services, verbs

    policy = {"transfer": ["main"], "auto_open": True, "holds": ["order"]}
    lot = {"asset": "pt", "vintage": 2026, "source": "s", "serial_from": 0, "amount": 10**9}
    services.post(
        [
            verbs.define_asset(key="asset", actor="x", asset="pt", unit="t", scale=0, title="pt", policy=policy),
            verbs.create_lot(key="lot", actor="x", lot="a", **lot),
            *(
                verbs.issue(key=f"issue-{n}", actor="x", asset="pt", lot="a", to=f"person:{n}/main", amount=1000)
                for n in range(ACCOUNTS)
            ),
        ],
        now=NOW,
    )


def post(number: int, batches: int, size: int) -> None:
    """Random transfers, many of which collide; some keys are shared by all processes."""
    from dafeng.kernel.ledger import services, verbs

    rng = random.Random(number)
    for batch in range(batches):
        commands = []
        for place in range(size):
            one, other = rng.sample(range(ACCOUNTS), 2)
            to = {"source": f"person:{one}/main", "to": f"person:{other}/main", "amount": rng.randint(1, 400)}
            commands.append(verbs.transfer(key=f"{number}-{batch}-{place}", actor="x", asset="pt", **to))
        shared = {"source": "person:0/main", "to": "person:1/main", "amount": 1}
        commands.append(verbs.transfer(key=f"shared-{batch}", actor="x", asset="pt", **shared))
        services.post(commands, now=NOW)


def endless() -> None:
    from dafeng.kernel.ledger import services, verbs

    number = 0
    while True:
        keys = [f"e-{number + place}" for place in range(5)]
        to = {"asset": "pt", "source": "person:0/main", "to": "person:1/main", "amount": 1}
        services.post([verbs.transfer(key=key, actor="x", **to) for key in keys], now=NOW)
        print(" ".join(keys), flush=True)
        number += 5


def report() -> None:
    from dafeng.kernel.ledger import queries, services

    with services.ledger().database.reading() as store:
        total = queries.city_total(store, "pt")
        answers = dict(store.rows("SELECT answer, count(*) FROM ledger_command GROUP BY answer"))
        blocks = store.rows("SELECT previous, hash FROM ledger_block")
        keys = [row[0] for row in store.rows("SELECT key FROM ledger_command WHERE key LIKE 'e-%'")]
        shared = store.rows("SELECT key FROM ledger_command WHERE key LIKE 'shared-%'")
        head = store.head()
    audit = services.audit()
    found = {
        "findings": [finding.message for finding in audit.findings], "in_accounts": total.in_accounts, "answers": answers,
        "forks": len(blocks) - len({row[0] for row in blocks}), "keys": keys, "shared": len(shared), "n": head.n,
        "replays": services.replays(),
    }  # fmt: skip
    print(json.dumps(found))


def main(word: str, *numbers: str) -> None:
    if word in ("found", "report"):
        {"found": found, "report": report}[word]()
        return
    print("ready", flush=True)
    sys.stdin.readline()
    if word == "endless":
        endless()
    else:
        post(*map(int, numbers))
