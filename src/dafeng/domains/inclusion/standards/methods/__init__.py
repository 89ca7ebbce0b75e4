"""Formulas of carbon inclusion, one module a kind of behaviour; importing a module registers its methods.

Pure arithmetic: no Django, no files. A result is in grams of CO2e spared by one act (travel, energy, recycling,
consumption) or in tonnes of CO2 between two surveys (sinks). What stands behind a factor is in `../factors.csv`.
"""

MODULES = tuple(f"{__name__}.{kind}" for kind in ("travel", "energy", "recycling", "consumption", "sinks"))
