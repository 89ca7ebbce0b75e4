"""Judged on daily discharge that nobody here made (`make profiles`: spotpy's examples, MIT): run with `pytest -m profiles`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from dafeng.domains.energy.hydro.methods import inflow

ROOT = Path(os.environ.get("DAFENG_PROFILES", Path(__file__).parents[4] / ".profiles")) / "spotpy/examples"
FULDA, HYMOD = ROOT / "cmf_data/fulda_climate.csv", ROOT / "hymod_python/hymod_input.csv"
pytestmark = [pytest.mark.profiles, pytest.mark.skipif(not FULDA.exists(), reason="make profiles")]


def _read(file: Path, separator: str, skip: int, rain: int, flow: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pl.read_csv(file, separator=separator, has_header=False, skip_rows=skip, infer_schema=False).drop_nulls("column_1")  # fmt: skip
    names = table.columns
    numbers = table.select(
        pl.col(names[each]).cast(pl.Float64, strict=False).fill_null(np.nan) for each in (flow, rain)
    )
    of_year = [datetime.strptime(day, "%d.%m.%Y").timetuple().tm_yday for day in table[names[0]]]
    return numbers[names[flow]].to_numpy(), numbers[names[rain]].to_numpy(), np.array(of_year, dtype=float)


@pytest.mark.parametrize(("file", "separator", "skip", "rain", "flow", "back"), [(FULDA, ",", 2, 4, 5, 1000), (HYMOD, ";", 1, 1, 3, 600)])  # fmt: skip
def test_the_forecast_beats_the_plain_ones_on_real_rivers(
    file: Path, separator: str, skip: int, rain: int, flow: int, back: int
) -> None:
    """Figures measured: Fulda 0.79 of persistence a day ahead and 0.87 a week ahead; the other 0.82 and 0.68."""
    came, fallen, of_year = _read(file, separator, skip, rain, flow)
    found = inflow.forecast(np.where(came < 0, np.nan, came), fallen, of_year, back=back, every=3)
    assert found.rung == "rain"
    assert found.score is not None
    for lead in range(inflow.LEADS):
        assert found.score.error[lead] < 0.93 * found.score.persistence[lead]
        assert found.score.error[lead] < found.score.climatology[lead]
        assert 0.75 <= found.score.inside[lead] <= 0.95
