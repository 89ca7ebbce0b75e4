"""Two at once: the last money is given once, and a form sent twice in the same moment applies once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections

from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Award
from dafeng.domains.inclusion.rewards import awards, budgets
from dafeng.kernel.ledger import services as ledger
from tests.domains.inclusion.rewards.conftest import GOOD, NOW, PAYEE, Office

pytestmark = pytest.mark.django_db(transaction=True)


def both(*calls: Callable[[], Any]) -> list[Any]:
    """Do the calls at the same moment; what each gave, or the code that refused it."""
    start, found = Barrier(len(calls)), [None] * len(calls)

    def run(at: int, call: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            found[at] = call()
        except Refused as refused:
            found[at] = refused.code  # type: ignore[call-overload]
        except Exception as error:
            found[at] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(at, call)) for at, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


@pytest.fixture(autouse=True)
def world(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database in which two can be at work: on SQLite a file (that in memory has one lock for all and waits for nobody); on
    PostgreSQL with a new ledger, which Django's flush leaves alone.
    """
    if connection.vendor == "sqlite":
        memory, name, path = connection.connection, connection.settings_dict["NAME"], tmp_path / "two.sqlite3"
        with closing(sqlite3.connect(path)) as file:
            memory.backup(file)
        connection.connection, connection.settings_dict["NAME"] = None, str(path)
        yield
        connection.close()
        connection.connection, connection.settings_dict["NAME"] = memory, name
    else:
        _new_ledger()
        yield
        _new_ledger()


def _new_ledger() -> None:
    migration = import_module("dafeng.kernel.ledger.migrations.0001_initial")
    with connection.schema_editor() as editor:
        migration.drop(apps, editor)
        migration.build(apps, editor)


@pytest.fixture
def office(world: None) -> Office:
    return Office()


def test_two_approvals_of_the_last_money_leave_one_short(office: Office) -> None:
    office.money(150_000)
    rule = office.rule()
    first, second = (office.step(office.apply(rule, office.firm(n)), "check") for n in (1, 2))
    by = office.person("ecology"), office.person("ndrc")
    found = both(*(lambda award=award, who=who: awards.move(award, "approve", by=who, now=NOW) for award, who in zip((first, second), by, strict=True)))  # fmt: skip
    assert sorted(str(each) for each in found if isinstance(each, str)) == ["budget_short"], found
    state = budgets.state_of(office.budget)
    assert (state.held, state.free) == (100_500, 49_500)
    assert sorted(Award.objects.values_list("record__state", flat=True)) == ["approved", "checked"]
    assert ledger.audit().ok


def test_a_form_sent_twice_at_once_applies_once(office: Office) -> None:
    rule, firm = office.rule(), office.firm()
    owner = office.owner(firm)

    def send() -> Any:
        return awards.apply(
            rule, firm, GOOD, subject="某项目", payee=PAYEE, public_name="张**", request="form-1", by=owner, now=NOW
        ).pk

    found = both(send, send)
    assert found[0] == found[1] == Award.objects.get().pk, found
