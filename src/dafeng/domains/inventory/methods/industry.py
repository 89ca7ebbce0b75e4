"""Industrial processes and product use: the whole of sector 2, one module a group of categories.

Source: 省级温室气体清单编制指南, the enterprise guidelines, IPCC 2006/2019 volume 3. Importing this module registers
all of them: minerals (2A), chemicals (2B1 to 2B8), metals (2C), fluorinated gases (2B9, 2E, 2G1), product use (2D,
2F).
"""

from dafeng.domains.inventory.methods import (
    industry_chemicals,
    industry_fluorinated,
    industry_light_metals,
    industry_metals,
    industry_minerals,
    industry_product_use,
)

__all__ = [
    "industry_chemicals",
    "industry_fluorinated",
    "industry_light_metals",
    "industry_metals",
    "industry_minerals",
    "industry_product_use",
]
