"""Energy: fuels, combustion, the reference approach, and electricity and heat from elsewhere.

The elementary equations come first (heat, carbon and emission factor of a fuel), then what is composed of them.
Fugitive emissions are in `fugitive`. Sources: 省级温室气体清单编制指南(试行) 2011, GB/T 32151.22-2024, IPCC 2006
volume 2. The one idea: a fuel is reported by mass, by volume at 0 ℃ (`Nm3`), by volume at 20 ℃ (`m3`, as statistics
print it) or by heat, and each has its own method, so that no density or calorific value is ever assumed.
"""

from dafeng.domains.inventory.methods import (  # noqa: F401  (importing registers)
    energy_combustion,
    energy_fuels,
    energy_indirect,
    energy_reference,
    energy_transport,
)
