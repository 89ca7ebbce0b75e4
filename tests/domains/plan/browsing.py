"""What the browser tests of the plan's rooms share: a browser, a person's page, and what keeps people from using it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.axe import violations

SIZES = {"desk": (1280, 900), "phone": (390, 844)}
# A browser that speaks to nobody but the page's own server.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip


def chromium() -> Iterator[Any]:
    """A browser for a module of tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield found
        found.close()


def wrong_of(browser: Any, live_server: Any, client: Any, addresses: Iterable[str], size: str) -> dict[str, list[str]]:
    """Address → accessibility faults and sideways scrolling; `console` → complaints. `client` None is the public.

    An address that answers with anything but 200 is a fault as well: a refusal must not pass for a page.
    """

    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live_server.url)
    if client is not None:
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page, found = context.new_page(), dict[str, list[str]]()
    page.on("console", lambda said: found.setdefault("console", []).append(said.text))
    for address in addresses:
        answer = page.goto(address)
        wrong = [] if answer.status == 200 else [f"answers {answer.status}"]
        if client is not None and "/login/" in page.url:
            wrong.append("asks to sign in")
        seen = violations(page)
        wrong += [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in seen]
        if not page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"):
            wrong.append("scrolls sideways")
        if wrong:
            found[address] = wrong
    context.close()
    return found
