"""What tests need beyond the package, and what happens where it is absent.

A test that needs PostgreSQL, Chromium or a CJK font is skipped with the reason in words. `DAFENG_FORCE=postgres,browser`
(set by `.ci/run`) turns those skips into failures, so that a green run cannot hide one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in the test's own thread

FORCED = set(filter(None, os.environ.get("DAFENG_FORCE", "").split(",")))
SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_configure(config: pytest.Config) -> None:
    """Files that tests write never land in the developer's own data folder."""
    from django.conf import settings

    settings.DATA = Path(tempfile.mkdtemp(prefix="dafeng-tests-"))
    settings.MEDIA_ROOT = settings.DATA / "files"


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
