"""Official formulas, one module a sector; importing a module registers its methods."""

MODULES = tuple(
    f"{__name__}.{sector}"
    for sector in ("energy", "fugitive", "industry", "livestock", "cropland", "forest", "waste", "wastewater")
)
