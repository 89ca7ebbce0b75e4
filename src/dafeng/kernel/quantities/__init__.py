"""Units, gases, places and periods: what every figure is measured in and about.

Words: *substance unit* (`CO2`, `C`, `N` … are dimensions of their own, so 44/12 is written, never implied);
*GWP set* (the assessment report whose 100-year potentials turn a gas into CO2e); *place* (a GB/T 2260 code).
Sources: GB/T 2260, IPCC AR2 to AR6, GB/T 2589-2020 for standard coal.
"""
