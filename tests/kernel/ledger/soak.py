"""Thousands of seeds through the simulator: `python -m tests.kernel.ledger.soak --seeds 10000`. Prints the seed that fails."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path


def one(seed: int, steps: int) -> str:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dafeng.portal.settings")
    from tests.kernel.ledger.simulator import simulate

    with tempfile.TemporaryDirectory(prefix="dafeng-soak-") as folder:
        try:
            simulate(seed, steps, Path(folder))
        except AssertionError as error:
            return f"{error}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kernel.ledger.soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed; give the one that failed to see it again")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    begun, failed = time.monotonic(), 0
    seeds = range(options.first, options.first + options.seeds)
    with ProcessPoolExecutor(options.jobs) as pool:
        for done, problem in enumerate(pool.map(one, seeds, [options.steps] * len(seeds), chunksize=4), start=1):
            if problem:
                failed += 1
                print(problem, flush=True)
            if done % 100 == 0:
                print(f"{done} seeds, {failed} failed, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{options.seeds} seeds of {options.steps} steps: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
