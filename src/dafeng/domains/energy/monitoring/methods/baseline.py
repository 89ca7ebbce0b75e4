"""What a meter would have used: a regression on the kind of day and the weather, as measurement and verification does it.

Daily use = level of the kind of day + heating slope × degrees below one base + cooling slope × degrees above another (+ output slope ×
output where it is told). The bases are searched on whole degrees; a slope that comes out negative is left out, for nobody heats
when it is warm. Statistics as IPMVP and ASHRAE Guideline 14 define them: CV(RMSE) = √(SSE/(n − p)) / mean, NMBE = Σ(y − ŷ)/((n − p) × mean).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from dafeng.domains.energy.monitoring.methods.calendar import Calendar, chinese, facts
from dafeng.domains.energy.monitoring.methods.profiles import Floats

HEATING_BASES = tuple(range(6, 19, 2))
COOLING_BASES = tuple(range(18, 29, 2))
LEAST_DAYS = 30
LIMITS = {
    "cv_rmse": 0.30,
    "nmbe": 0.10,
    "standing": "memory",
    "source": "ASHRAE Guideline 14",
}


@dataclass(frozen=True)
class Baseline:
    """Coefficients by name (`group_0`… `heating` `cooling` `output`), the bases in °C, and how good it is."""

    coefficients: dict[str, float]
    heating_base: int | None
    cooling_base: int | None
    cv_rmse: float
    nmbe: float
    r2: float
    days: int
    sse: float = field(repr=False)

    @property
    def acceptable(self) -> bool:
        """Within the limits (whose standing is `LIMITS["standing"]`)."""
        return self.cv_rmse <= float(str(LIMITS["cv_rmse"])) and abs(self.nmbe) <= float(str(LIMITS["nmbe"]))

    def expected(
        self,
        days: Sequence[date],
        temperature: Floats | None,
        output: Floats | None = None,
        *,
        calendar: Calendar = chinese,
    ) -> Floats:
        """What each day would have used. A kind of day that was never seen takes that of days off."""
        groups = facts(days, calendar).group
        known = sorted(int(name.removeprefix("group_")) for name in self.coefficients if name.startswith("group_"))
        told = np.array(
            [self.coefficients[f"group_{min(known, key=lambda each: abs(each - group))}"] for group in groups]
        )
        if temperature is not None and self.heating_base is not None:
            told = told + self.coefficients["heating"] * np.maximum(self.heating_base - temperature, 0.0)
        if temperature is not None and self.cooling_base is not None:
            told = told + self.coefficients["cooling"] * np.maximum(temperature - self.cooling_base, 0.0)
        if output is not None and "output" in self.coefficients:
            told = told + self.coefficients["output"] * output
        return told


def statistics(actual: Floats, told: Floats, parameters: int) -> tuple[float, float, float]:
    """CV(RMSE), NMBE, R² of a fit with so many parameters."""
    free = max(actual.size - parameters, 1)
    mean = float(actual.mean())
    errors = actual - told
    spread = float(((actual - mean) ** 2).sum())
    return (
        float(np.sqrt((errors**2).sum() / free) / mean),
        float(errors.sum() / (free * mean)),
        1.0 - float((errors**2).sum()) / spread if spread else 1.0,
    )


def fit(
    days: Sequence[date],
    use: Floats,
    temperature: Floats | None = None,
    output: Floats | None = None,
    *,
    calendar: Calendar = chinese,
) -> Baseline | None:
    """The best baseline of consecutive days (NaN: not measured). None with fewer than `LEAST_DAYS` measured days."""
    groups = facts(days, calendar).group
    there = np.isfinite(use)
    for column in (temperature, output):
        if column is not None:
            there &= np.isfinite(column)
    if there.sum() < LEAST_DAYS or not float(np.abs(use[there]).sum()):
        return None
    best: Baseline | None = None
    heating: tuple[int | None, ...] = (None,) if temperature is None else (None, *HEATING_BASES)
    cooling: tuple[int | None, ...] = (None,) if temperature is None else (None, *COOLING_BASES)
    for low in heating:
        for high in cooling:
            if low is not None and high is not None and low > high:
                continue
            found = _fit(use[there], groups[there], _of(temperature, there), _of(output, there), low, high)
            if found is not None and (best is None or found.cv_rmse < best.cv_rmse * 0.999):
                best = found
    return best


def _of(column: Floats | None, there: npt.NDArray[np.bool_]) -> Floats | None:
    return None if column is None else column[there]


def _fit(
    use: Floats,
    groups: npt.NDArray[np.int64],
    temperature: Floats | None,
    output: Floats | None,
    low: int | None,
    high: int | None,
) -> Baseline | None:
    names = [f"group_{each}" for each in sorted(set(groups.tolist()))]
    columns = [(groups == int(name.removeprefix("group_"))).astype(np.float64) for name in names]
    if temperature is not None and low is not None:
        names.append("heating")
        columns.append(np.maximum(low - temperature, 0.0))
    if temperature is not None and high is not None:
        names.append("cooling")
        columns.append(np.maximum(temperature - high, 0.0))
    if output is not None:
        names.append("output")
        columns.append(output)
    matrix = np.column_stack(columns)
    if len(names) >= use.size:
        return None
    solved, _residuals, rank, _singular = np.linalg.lstsq(matrix, use, rcond=None)
    coefficients = dict(zip(names, solved.tolist(), strict=True))
    if rank < len(names) or any(coefficients.get(name, 1.0) <= 0 for name in ("heating", "cooling")):
        return None
    told = matrix @ solved
    cv_rmse, nmbe, r2 = statistics(use, told, len(names))
    return Baseline(coefficients, low, high, cv_rmse, nmbe, r2, int(use.size), float(((use - told) ** 2).sum()))
