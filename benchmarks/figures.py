"""One measured figure, and how to measure: interleaved repetitions, medians, and a process apart for memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """What was measured. `ratio` is to the reference named in `note`; the limit is for `ratio` where one is given."""

    name: str
    value: float | None
    unit: str
    limit: float | None = None
    ratio: float | None = None
    note: str = ""
    skipped: str = ""

    @property
    def passed(self) -> bool | None:
        """None where nothing was promised or measured."""
        measured = self.value if self.ratio is None else self.ratio
        if self.skipped or self.limit is None or measured is None:
            return None
        return measured <= self.limit

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed}


def seconds(function: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def medians(*functions: Callable[[], Any], repetitions: int = 7) -> list[float]:
    """Median seconds of each, taken in turns, so that a busy moment of the machine meets all alike."""
    for function in functions:
        function()
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(repetitions):
        for times, function in zip(taken, functions, strict=True):
            times.append(seconds(function))
    return [statistics.median(times) for times in taken]


def quickest(function: Callable[[], Any], repetitions: int = 51) -> float:
    """The least seconds: for what takes milliseconds, where all else is the machine's other work."""
    return min(seconds(function) for _ in range(repetitions))


def apart(module: str, function: str, *arguments: Any) -> dict[str, Any]:
    """What `function` of `benchmarks.<module>` returns in a fresh process, with that process's `peak_gib`."""
    code = (
        "import importlib, json, resource, sys\n"
        "module, function, arguments = json.loads(sys.argv[1])\n"
        "found = getattr(importlib.import_module(f'benchmarks.{module}'), function)(*arguments)\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 30 if sys.platform == 'darwin' else 1 << 20)\n"
        "print(json.dumps({**found, 'peak_gib': peak}))\n"
    )
    told = json.dumps([module, function, arguments])
    done = subprocess.run([sys.executable, "-c", code, told], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"benchmarks.{module}.{function} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
