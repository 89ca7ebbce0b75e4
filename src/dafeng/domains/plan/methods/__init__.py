"""Pure calculation of the plan: what a target implies, where it stands, where it is heading, what dual control says.

Importing a module of `MODULES` registers its formulas with `kernel.accounting`.
"""

MODULES = (f"{__name__}.intensities", f"{__name__}.reductions")
