"""Screenshots of every page at 1280 and 390 px, as the roles that use them: `make screens`, then look at them.

Loads the demo city into a folder of its own, starts the portal, and writes PNG files to `var/screens`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PORT = 8765
BASE = f"http://127.0.0.1:{PORT}"
TARGET = Path("var/screens")
SIZES = {"1280": (1280, 900), "390": (390, 844)}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Login ("" is the public) → pages. What the navigation leads to is visited anyway.
PAGES = {
    "": ("/", "/login/", "/components/", "/nowhere/", "/inventory/411500/?year=1066"),
    "ecology": (
        "/inventory/411500/?tab=chart", "/inventory/411500/?tab=map", "/inventory/411500/compare/", "/access/",
        "/inventory/411500/lineage/?category=1A4b1&kind=direct", "/search/?q=水泥",
    ),
    "ndrc": ("/plan/tasks/gantt/", "/plan/tasks/calendar/", "/plan/tasks/roadmap/", "/plan/projects/map/"),
    "statistics": ("/inventory/411500/data/?tab=batches",),
    "huangchuan": (),
    "enterprise": (),
    "citizen": (),
    "admin": ("/audit/", "/jobs/"),
}  # fmt: skip


def main() -> None:
    import django
    from playwright.sync_api import sync_playwright

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
    django.setup()
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DAFENG_DATA": data}
        dafeng = Path(sys.executable).with_name("dafeng")
        server = subprocess.Popen([dafeng, "up", "--address", f"127.0.0.1:{PORT}"], env=environment)
        try:
            _wait()
            with sync_playwright() as tool:
                browser = tool.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
                for login, pages in PAGES.items():
                    for size, (width, height) in SIZES.items():
                        _visit(browser, login, pages, size, width, height)
        finally:
            server.terminate()
            server.wait(timeout=30)
    print(f"{len(list(TARGET.glob('*.png')))} screenshots in {TARGET}")


def _wait() -> None:
    for _ in range(600):  # the first start loads and compiles the demo city
        try:
            with urllib.request.urlopen(f"{BASE}/login/", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the portal did not start")


def _visit(browser, login: str, pages: tuple[str, ...], size: str, width: int, height: int) -> None:
    from dafeng.portal.accounts.services import DEMO_PASSWORD

    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=BASE)
    page = context.new_page()
    if login:
        page.goto("/login/")
        page.fill("main input[name=login], main input[name=username]", login)
        page.fill("main input[name=password]", DEMO_PASSWORD)
        page.locator("main form").filter(has=page.locator("input[name=password]")).locator("button").first.click()
        page.wait_for_load_state()
    page.goto("/")
    reached = page.eval_on_selector_all(".side nav a", "links => links.map(a => a.getAttribute('href'))")
    for address in dict.fromkeys((*reached, *pages)):
        page.goto(address)
        name = address.strip("/").replace("/", "_").replace("?", "_").replace("&", "_").replace("=", "-") or "home"
        page.screenshot(path=TARGET / f"{login or 'public'}-{name[:60]}-{size}.png", full_page=True)
    context.close()


if __name__ == "__main__":
    main()
