"""What it costs to begin: the import of the accounting package, and what a web process loads."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks.figures import Figure

# The empty shell of SciPy is loaded by pint where SciPy is installed; its libraries are what costs.
HEAVY = (
    *("sympy", "pandas", "scipy.linalg", "scipy.optimize", "scipy.sparse", "scipy.stats"),
    *("highspy", "linopy", "pypsa", "sklearn", "lightgbm"),
)


def measure(*, quick: bool = False) -> Iterator[Figure]:
    code = (
        "import time; begun = time.perf_counter(); import dafeng.kernel.accounting; print(time.perf_counter() - begun)"
    )
    taken = sorted(float(_run(code).stdout) for _ in range(3 if quick else 7))
    yield Figure("import dafeng.kernel.accounting", taken[len(taken) // 2], "s", 0.5)
    yield _web_process()


def _run(code: str) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "dafeng.portal.settings", "DAFENG_DATA": data}
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
        )


def _web_process() -> Figure:
    name = "heavy packages in a web process (setup and all URLs)"
    if find_spec("dafeng.portal.settings") is None:
        return Figure(name, None, "packages", 0, skipped="dafeng.portal.settings is not there")
    done = _run(
        "import sys, django; django.setup()\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        f"print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Figure(name, None, "packages", 0, skipped=f"the portal does not start: {reason}")
    loaded = done.stdout.split("loaded:")[-1].split()
    return Figure(name, len(loaded), "packages", 0, note=", ".join(loaded) or "none of " + ", ".join(HEAVY))
