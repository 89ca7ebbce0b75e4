"""What tests need beyond the package, and what happens where it is absent.

`--only-database` is for the second pass, on PostgreSQL: it leaves out the tests that cannot tell one database from another.
A test that needs PostgreSQL, Chromium or a CJK font is skipped with the reason in words. `DAFENG_FORCE=postgres,browser`
(set by `.ci/run`) turns those skips into failures, so that a green run cannot hide one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import processes

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in the test's own thread

FORCED = set(filter(None, os.environ.get("DAFENG_FORCE", "").split(",")))
SHARED = Path(__file__).resolve().parents[2] / "shared"


# Measured as the longest. They begin first, so that at the end the run does not wait for one of them (`--no-loadscope-reorder`).
LONGEST = tuple(
    f"tests/{name}.py"
    for name in (
        "portal/test_api_fuzz", "domains/inclusion/scenes/test_concurrency", "domains/inclusion/market/test_browser", "portal/test_factor_pages", "portal/test_browser", "portal/test_pages_matrix",
        "kernel/ledger/test_simulation", "portal/test_public_site", "domains/plan/assessments/test_browser",
        "kernel/ledger/test_concurrency", "portal/test_quality_page", "portal/accounts/test_browser", "portal/test_data_concurrency",
        "domains/plan/outline/test_browser", "portal/test_api_matrix", "portal/test_clerk_path", "portal/test_api_browser",
    )
)  # fmt: skip
DATABASE = frozenset({"db", "transactional_db", "live_server", "django_db_setup"})
left_out = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only tests that ask Django for its database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(ranks)))
    if config.getoption("only_database"):
        kept = [item for item in items if _asks_the_database(item)]
        config.stash[left_out] = len(items) - len(kept)
        config.hook.pytest_deselected(items=[item for item in items if not _asks_the_database(item)])
        items[:] = kept


def _asks_the_database(item: pytest.Item) -> bool:
    """Whether Django's own database is under the test. Tests marked `postgres` make a database of theirs in every pass, and a
    browser sees nothing of the database that the page's other tests do not."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or fixtures & DATABASE) and not any(
        map(item.get_closest_marker, ("postgres", "browser"))
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells what it left out; its terminal is not seen."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = session.config.stash.get(left_out, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Every worker collects the same tests.
    node.config.stash[left_out] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("only_database"):
        count = config.stash.get(left_out, 0)
        terminalreporter.write_line(
            f"--only-database: {count} tests left out: they ask Django for no database, or drive a browser"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Files that tests write never land in the developer's own data folder."""
    from django.conf import settings

    # The machines are shared: a slow moment is no fault of the code. What must be fast is measured by `make bench`.
    hypothesis.settings.register_profile("shared", deadline=None)
    hypothesis.settings.load_profile("shared")
    _flush_what_was_written()
    settings.DATA = Path(tempfile.mkdtemp(prefix="dafeng-tests-"))
    settings.MEDIA_ROOT = settings.DATA / "files"
    # Argon2 is slow on purpose; tests make hundreds of people. One test checks that Argon2 is the real default.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def _flush_what_was_written() -> None:
    """After a test with transactions PostgreSQL empties only the tables that hold rows: to truncate all 270 took it seconds each time."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    truncate = DatabaseOperations.sql_flush

    def sql_flush(
        self: Any, style: Any, tables: list[str], *, reset_sequences: bool = False, allow_cascade: bool = False
    ) -> list[str]:
        if reset_sequences or not tables:
            return list(truncate(self, style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade))
        with self.connection.cursor() as cursor:
            cursor.execute(
                " UNION ALL ".join(f"(SELECT '{each}' FROM {self.quote_name(each)} LIMIT 1)" for each in tables)
            )
            used = [self.quote_name(name) for (name,) in cursor.fetchall()]
        # Keys and triggers rest meanwhile, as they do when a table is truncated.
        role = "SET LOCAL session_replication_role = {}"
        return [role.format("replica"), *(f"DELETE FROM {each}" for each in used), role.format("origin")]

    DatabaseOperations.sql_flush = sql_flush


def _fonts_missing() -> str:
    if not any(Path("/usr/share/fonts").rglob("*CJK*")):
        return "no CJK font is installed (apt-get install fonts-noto-cjk)"
    return ""


def _chromium_missing() -> str:
    return _fonts_missing() if shutil.which("chromium") else "Chromium is not installed (apt-get install chromium)"


def _postgres_missing() -> str:
    return "" if os.environ.get("DAFENG_TEST_POSTGRES") else "DAFENG_TEST_POSTGRES names no PostgreSQL server"


def _plans_missing() -> str:
    return "" if SHARED.is_dir() else "the shared test material is not beside this checkout"


def pytest_runtest_setup(item: pytest.Item) -> None:
    needs = {
        "browser": _chromium_missing,
        "fonts": _fonts_missing,
        "postgres": _postgres_missing,
        "plans": _plans_missing,
    }
    for marker, missing in needs.items():
        if item.get_closest_marker(marker) and (reason := missing()):
            if marker in FORCED:
                pytest.fail(f"{marker} tests are forced here, but {reason}")
            pytest.skip(reason)


@pytest.fixture
def shared() -> Path:
    """The folder of test material beside the checkout; use with the marker `plans`."""
    return SHARED


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Gives the address of a migrated database of an engine, to be copied (`processes.copy_of`) and never used."""
    with ExitStack() as kept:

        @cache
        def of(engine: str) -> str:
            folder = tmp_path_factory.mktemp("migrated")
            url = kept.enter_context(processes.empty(engine, folder))
            processes.migrate(url, folder)
            return url

        yield of


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What one test cached (rate limits, the first city), or the language that its last request spoke, ends with it."""
    from django.conf import settings
    from django.core.cache import caches
    from django.utils import translation

    for each in caches.all(initialized_only=True):
        each.clear()
    translation.activate(settings.LANGUAGE_CODE)
