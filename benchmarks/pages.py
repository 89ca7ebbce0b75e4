"""Pages under ten concurrent readers: the demo city, twenty years deep, on SQLite, by the server that `make run` uses.

p95 of each page in milliseconds, the bytes of the first page with everything it loads (compressed), and the same page with
a signed-in person. The machine is noisy, so the reference is the smallest page (login) in the same run.
"""

from __future__ import annotations

import gzip
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urljoin

import django

from benchmarks.figures import Figure

PORT, READERS, LIMIT_MS, LIMIT_BYTES = 8766, 10, 150.0, 250_000
PAGES = (
    "/", "/inventory/411500/", "/inventory/411500/?tab=chart", "/inventory/411500/?tab=map",
    "/inventory/411500/lineage/?category=1A4b1&kind=direct", "/inventory/411500/reports/", "/inventory/411500/factors/",
    "/inventory/411500/quality/", "/inventory/411500/data/", "/search/?q=%E6%B0%B4%E6%B3%A5", "/tasks/", "/open/411500/", "/plan/targets/", "/plan/tasks/",
)  # fmt: skip
DEEPEN = """
import polars as pl
from django.utils import timezone
from dafeng.domains.inventory import services
from dafeng.domains.inventory.models import City
from dafeng.portal.start import compile_with_progress
city = City.objects.get(pk="411500")
rows = services.city_activity(city).filter(pl.col("year") == 2021).drop("row", "activity_id", "evidence", strict=False)
deeper = pl.concat(rows.with_columns(pl.lit(year).cast(rows.schema["year"]).alias("year")) for year in (2022, 2023, 2024))
services.load_batch(city, deeper, title="bench", source="pack", by=None, now=timezone.now())
compile_with_progress(city, edition=None, gwp=None, tiers=None, now=timezone.now())
"""


@contextmanager
def _portal() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DAFENG_DATA": data, "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings"}
        environment.pop("DATABASE_URL", None)
        dafeng = Path(sys.executable).with_name("dafeng")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
        subprocess.run([dafeng, "up", "--no-serve"], check=True, **quiet)
        code = f"import django; django.setup()\n{DEEPEN}"
        subprocess.run([sys.executable, "-c", code], check=True, **quiet)
        server = subprocess.Popen([dafeng, "up", "--address", f"127.0.0.1:{PORT}"], **quiet)
        try:
            for _ in range(120):
                try:
                    _get("/login/", {})
                    break
                except OSError:
                    time.sleep(0.5)
            yield
        finally:
            server.terminate()
            server.wait(timeout=30)


def _get(path: str, headers: dict[str, str]) -> tuple[int, bytes, list[tuple[str, str]]]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", **headers})
    answer = connection.getresponse()
    found = answer.status, answer.read(), answer.getheaders()
    connection.close()
    return found


def _cookie() -> str:
    """A session of the ecology bureau's demo login."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
    django.setup()
    from dafeng.portal.accounts.services import DEMO_PASSWORD

    status, body, headers = _get("/login/", {"Accept-Encoding": "identity"})
    jar = {v.split("=", 1)[0]: v.split("=", 1)[1].split(";")[0] for k, v in headers if k.lower() == "set-cookie"}
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', body.decode())
    field = "login" if b'name="login"' in body else "username"
    assert status == 200
    assert token
    form = urlencode({"csrfmiddlewaretoken": token[1], field: "ecology", "password": DEMO_PASSWORD, "next": "/"})
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "; ".join(f"{k}={v}" for k, v in jar.items()),
        "Referer": f"http://127.0.0.1:{PORT}/login/",
    }
    connection.request("POST", "/login/", form, sent)
    answer = connection.getresponse()
    answer.read()
    for name, value in answer.getheaders():
        if name.lower() == "set-cookie":
            jar[value.split("=", 1)[0]] = value.split("=", 1)[1].split(";")[0]
    assert "sessionid" in jar, "the demo login was refused"
    return "; ".join(f"{k}={v}" for k, v in jar.items())


def _p95(path: str, cookie: str, each: int) -> float:
    """Milliseconds that 95 of 100 requests of ten readers stay under, when the readers pause as people do.

    Ten readers who never pause measure the machine's throughput, not a page: each looks at a page for about a second.
    """
    taken: list[float] = []
    lock = threading.Lock()

    def read(reader: int) -> None:
        time.sleep(reader * 0.1)
        for turn in range(each):
            begun = time.perf_counter()
            status, _body, _headers = _get(path, {"Cookie": cookie})
            passed = (time.perf_counter() - begun) * 1000
            assert status == 200, f"{path} answered {status}"
            with lock:
                taken.append(passed)
            time.sleep(0.8 + 0.1 * ((reader + turn) % 5))

    threads = [threading.Thread(target=read, args=(i,)) for i in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statistics.quantiles(taken, n=20)[-1] if taken else float("nan")


def _weight(path: str) -> int:
    """Bytes over the wire of a page and its styles, scripts and pictures."""
    _status, body, _headers = _get(path, {})
    try:
        text = gzip.decompress(body).decode()
    except gzip.BadGzipFile:
        text = body.decode()
    linked = re.findall(r'(?:src|href)="([^"]+\.(?:css|js|svg|png))"', text)
    return len(body) + sum(len(_get(urljoin(path, each), {})[1]) for each in dict.fromkeys(linked))


def measure(*, quick: bool = False) -> list[Figure]:
    each = 5 if quick else 20
    with _portal():
        cookie = _cookie()
        for path in PAGES:
            _get(path, {"Cookie": cookie})
        figures = [
            Figure("pages.weight", _weight("/") / 1000, "kB", limit=LIMIT_BYTES / 1000, note="home, compressed"),
            Figure("pages.reference", _p95("/login/", "", each), "ms", note="login page, p95, ten readers"),
        ]
        figures += [
            Figure(f"pages.p95 {path}", _p95(path, cookie, each), "ms", limit=LIMIT_MS, note="ten readers, signed in")
            for path in PAGES
        ]
    return figures
