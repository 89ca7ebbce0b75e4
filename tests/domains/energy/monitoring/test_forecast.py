"""Forecasts: nothing of the future is used, the ladder goes down, the band is calibrated. Real load: test_profiles.py."""

import builtins
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from dafeng.domains.energy.monitoring.methods import forecast, town
from dafeng.domains.energy.monitoring.methods.calendar import span
from dafeng.domains.energy.monitoring.methods.profiles import Profiles, of_frame


def _town(first: date = date(2024, 3, 1), last: date = date(2024, 7, 31)) -> Profiles:
    days = span(first, last)
    warm = town.temperature(days)
    trades = ("textile", "food", "hospital", "school")
    return Profiles(
        trades,
        tuple(days),
        np.stack([town.load(each, days, warm, peak=500, seed=number) for number, each in enumerate(trades)]),
    )


@pytest.fixture(scope="module")
def made() -> Profiles:
    return _town()


@pytest.fixture(scope="module")
def model(made: Profiles) -> forecast.Model:
    return forecast.train(made.until(120), rounds=60)


def test_it_beats_yesterday_and_the_band_holds(made, model):
    told = forecast.predict(model, made, first=120)
    found = forecast.score(made, told)
    assert set(told["rung"]) == {"model"}
    assert found.ratio < 0.62
    assert 0.70 < found.coverage < 0.90
    assert (told["low"] <= told["value"]).all()
    assert (told["value"] <= told["high"]).all()


def test_what_comes_later_changes_nothing(made, model):
    """The values of the days that are forecast are not looked at, nor those after: scramble them."""
    day = 130
    cut = made.until(day).extended(1)
    scrambled = made.values.copy()
    scrambled[:, day:] = 1e6
    honest = forecast.predict(model, cut, first=day)
    looked = forecast.predict(model, replace(made.until(day + 1), values=scrambled[:, : day + 1]), first=day)
    assert honest.equals(looked)


def test_a_week_ahead_knows_only_what_was_known_a_week_before(made):
    model = forecast.train(made.until(110), lead=7, rounds=30)
    scrambled = made.values[:, :130].copy()
    scrambled[:, 124:130] = -5.0  # known only later than seven days before day 130
    one = forecast.predict(model, made.until(130).extended(1), first=130, lead=7)
    two = forecast.predict(model, replace(made.until(130), values=scrambled).extended(1), first=130, lead=7)
    assert one.equals(two)


def test_the_ladder_goes_down_to_the_recent_median(made):
    assert forecast.train(made.until(40)) is None
    short = forecast.predict(None, made.until(20).extended(1), first=20)
    assert set(short["rung"]) == {"seasonal"}
    shorter = made.until(3).extended(1)
    told = forecast.predict(None, shorter, first=3)
    assert set(told["rung"]) == {"median"}
    assert told.filter(pl.col("point") == "food")["value"][0] == pytest.approx(np.median(made.values[1, :3]))


def test_a_meter_that_never_spoke_gets_no_forecast(made):
    values = made.values[:, :60].copy()
    values[0] = np.nan
    told = forecast.predict(None, replace(made.until(60), values=values).extended(1), first=60)
    assert "textile" not in set(told["point"])


def test_widening_takes_the_rank_of_the_theorem():
    # 199 scores 1 … 199 on each side: rank ceil(200 × 0.9) = 180
    scores = np.arange(1.0, 200.0).reshape(1, 199, 1)
    told = np.stack([scores, np.zeros_like(scores), -scores])
    lower, upper = forecast.widening(told, np.zeros_like(scores), np.ones(scores.shape, dtype=bool))
    assert (lower[0], upper[0]) == (180.0, 180.0)


def test_a_frame_is_laid_out_by_day_and_slot():
    frame = pl.DataFrame(
        {
            "point": [7, 7, 7],
            "at": ["2024-05-01T00:00", "2024-05-01T23:00", "2024-05-03T01:00"],
            "value": [1.0, 2.0, 3.0],
        }
    ).with_columns(pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M"))
    block = of_frame(frame, slots=24)
    assert block.values.shape == (1, 3, 24)
    assert (block.values[0, 0, 0], block.values[0, 0, 23], block.values[0, 2, 1]) == (1.0, 2.0, 3.0)
    assert np.isnan(block.values[0, 1]).all()


def test_a_machine_without_the_trees_library_forecasts_by_days_alike(made, monkeypatch):
    def broken(name, *rest, **more):
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return usual(name, *rest, **more)

    usual = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", broken)
    assert forecast.train(made.until(120), rounds=10) is None
    assert set(forecast.predict(None, made.until(120).extended(1), first=120)["rung"]) == {"seasonal"}
