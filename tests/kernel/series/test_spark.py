"""The same questions on a Spark standalone cluster, a master and two workers on loopback, give the same answers."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dafeng.kernel.series import queries, upkeep
from tests.kernel.series.conftest import DAY, LATER, rows

MISSING = (
    ""
    if shutil.which("java") and importlib.util.find_spec("pyspark")
    else "Java or pyspark is not installed (make test-spark)"
)
pytestmark = [pytest.mark.spark, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


def _port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int, *, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.2)
    return False


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable,
    }  # fmt: skip
    os.environ |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    master, started = _port(), []

    def start(*words: str) -> None:
        command = [str(home / "bin" / "spark-class"), *words]
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet))

    deploy = "org.apache.spark.deploy"
    start(f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(master), "--webui-port", str(_port()))
    assert _answers(master), "the master does not start"
    for _worker in range(2):
        start(
            f"{deploy}.worker.Worker", f"spark://127.0.0.1:{master}", "--host", "127.0.0.1", "--cores", "1",
            "--memory", "1g", "--webui-port", str(_port()),
        )  # fmt: skip
    yield f"spark://127.0.0.1:{master}"
    for process in started:
        process.terminate()
        process.wait(20)


def test_spark_answers_what_duckdb_answers(
    cluster: str, point: Callable[..., Any], send: Callable[..., Any], settings
) -> None:
    meters = [point(f"m{number}", kind="interval") for number in range(3)]
    level = point("level", kind="instant", unit="m")
    for number, meter in enumerate(meters):
        send(rows(meter, [float(slot * 7 % 11 + number) for slot in range(200)]))
    send(rows(level, [2 + slot % 5 for slot in range(200)]))
    send(rows(meters[0], [None, 99.0]), source="manual", now=LATER + timedelta(hours=1))
    upkeep.settle(now=LATER + timedelta(hours=2))
    send(rows(meters[1], [None, None, 77.0]), now=LATER + timedelta(hours=3))  # competes, and lies in the log
    end = DAY + timedelta(days=3)
    asked: list[Callable[[], pl.DataFrame]] = [
        lambda: queries.readings(meters, DAY, end),
        lambda: queries.as_known(meters, DAY, end, LATER),
        lambda: queries.revisions(meters, DAY, end),
        lambda: queries.totals(meters, DAY, end, 900),
        lambda: queries.used(meters, DAY, end, "1h"),
        lambda: queries.used(meters, DAY, end, "1mo"),
        lambda: queries.mean([level], DAY, end, "1d"),
        lambda: queries.shown([level], DAY, end, most=10),
    ]
    settings.SERIES_ENGINE = "duckdb"
    wanted = [ask() for ask in asked]
    settings.SERIES_ENGINE = cluster
    for ask, expected in zip(asked, wanted, strict=True):
        assert_frame_equal(ask(), expected)
