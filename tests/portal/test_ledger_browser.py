"""The public ledger on a desk and on a phone, with as much on it as it ever shows."""

from __future__ import annotations

import pytest

from dafeng.kernel.ledger import services
from dafeng.kernel.ledger.heads import SignedHead
from dafeng.kernel.ledger.upkeep import Published
from tests.portal.conftest import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty days and two keys. Not posted: what a test commits to the ledger stays there."""
    heads = [
        SignedHead(f"2026-11-{day:02d}", 10**6, "ab" * 32, 10**9, 10**9, "cd" * 32, f"{day // 20:02d}" * 32, "ef" * 64)
        for day in range(30, 0, -1)
    ]
    monkeypatch.setattr(services, "signed_heads", lambda *, newest: heads[:newest])
    file = Published("2026-11-30", "ledger-2026-11-30.jsonl", 10**9, 10**12, "12" * 32, 10**6)
    monkeypatch.setattr(services, "published", lambda: file)


def test_the_public_ledger_is_accessible_and_fits_the_screen(page, a_month) -> None:
    page.goto("/open/ledger/")
    assert page.get_by_role("row").count() == 31
    page.get_by_role("row").nth(1).get_by_text("签名").click()
    assert faults(page) == []


def test_an_empty_public_ledger_is_accessible_too(page) -> None:
    page.goto("/open/ledger/")
    assert page.get_by_text("还没有签名的链头").is_visible()
    assert faults(page) == []
