"""Annual means as the guideline weights them: calorific value and elemental carbon by mass, carbon per GJ by heat.

Source: 企业温室气体排放核算与报告指南 发电设施 (环办气候〔2021〕9号) annex A; facts/mrv/power_guideline.md. A plain mean is a
non-conformity. With these weights the year's product (mass × NCV × CC) equals the sum of the months' products.
"""

from __future__ import annotations

import polars as pl


def weighted_mean(value: str, weight: pl.Expr) -> pl.Expr:
    """Σ value·weight ÷ Σ weight over the rows where both are known; null where the weights sum to nothing."""
    known = pl.col(value).is_not_null() & weight.is_not_null()
    total = pl.when(known).then(weight).sum()
    return pl.when(total > 0).then((pl.col(value) * weight).sum() / total)


def by_mass(value: str, mass: str) -> pl.Expr:
    """The annual mean of calorific value, elemental carbon, purity: each month by its mass."""
    return weighted_mean(value, pl.col(mass))


def by_heat(value: str, mass: str, net_calorific_value: str) -> pl.Expr:
    """The annual mean of carbon per GJ: each month by its heat."""
    return weighted_mean(value, pl.col(mass) * pl.col(net_calorific_value))


def as_received_from_dried(carbon_dried: float, moisture_received: float, moisture_dried: float) -> float:
    """C_ar = C_ad·(100 − M_ar) ÷ (100 − M_ad), moistures in percent: a carbon of the air-dried sample on the as-received basis.

    Standing D in the facts (later texts, from memory): an aid for the check of laboratory reports, not used by any formula.
    """
    return carbon_dried * (100 - moisture_received) / (100 - moisture_dried)
