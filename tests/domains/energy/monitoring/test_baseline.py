"""The baseline finds the line it was drawn from; its statistics are those of the guideline, by hand."""

from datetime import date

import numpy as np
import pytest

from dafeng.domains.energy.monitoring.methods import baseline, town
from dafeng.domains.energy.monitoring.methods.calendar import facts, span

DAYS = span(date(2024, 3, 1), date(2024, 11, 30))


def _warm() -> np.ndarray:
    return town.temperature(DAYS, seed=3).mean(axis=1)


def test_statistics_by_hand():
    # errors +1, −1, +2, −2 around a mean of 10 with 2 parameters: SSE 10, n − p = 2, RMSE √5; sum of errors 0. Spread: 36 + 4 + 4 + 36 = 80
    actual = np.array([4.0, 8.0, 12.0, 16.0])
    told = actual - np.array([1.0, -1.0, 2.0, -2.0])
    cv_rmse, nmbe, r2 = baseline.statistics(actual, told, 2)
    assert cv_rmse == pytest.approx(5**0.5 / 10)
    assert nmbe == pytest.approx(0.0)
    assert r2 == pytest.approx(1 - 10 / 80)


def test_a_known_line_is_found():
    warm, works = _warm(), facts(DAYS).works
    use = np.where(works, 1000.0, 400.0) + 30.0 * np.maximum(warm - 24.0, 0.0) + 12.0 * np.maximum(10.0 - warm, 0.0)
    found = baseline.fit(DAYS, use, warm)
    assert (found.cooling_base, found.heating_base) == (24, 10)
    assert found.coefficients["cooling"] == pytest.approx(30.0)
    assert found.coefficients["heating"] == pytest.approx(12.0)
    assert found.coefficients["group_0"] == pytest.approx(1000.0)
    assert found.cv_rmse < 1e-9
    assert found.expected(DAYS, warm) == pytest.approx(use)


def test_a_saving_is_measured_against_it():
    warm = _warm()
    use = 800.0 + 20.0 * np.maximum(warm - 24.0, 0.0) + np.random.default_rng(4).normal(0, 10, len(DAYS))
    half = len(DAYS) // 2
    found = baseline.fit(DAYS[:half], use[:half], warm[:half])
    saved = (found.expected(DAYS[half:], warm[half:]) - 0.9 * use[half:]).sum() / use[half:].sum()
    assert saved == pytest.approx(0.1, abs=0.01)
    assert found.acceptable


def test_too_few_days_give_no_baseline():
    assert baseline.fit(DAYS[:20], np.ones(20)) is None
    assert baseline.fit(DAYS, np.full(len(DAYS), np.nan)) is None
