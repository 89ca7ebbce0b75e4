"""Things used again: sorted waste by material, packaging, goods of second hand.

The form is mass or number × what one unit spares. No citable factor per act was found (facts: 2026), so the factors are
gaps; a city may file its own with a source.
"""

from dafeng.domains.inclusion.standards.methods.constants import G_PER_KG
from dafeng.kernel.accounting import method

DRAFT = "城市草案：数量 × 单位减排量"


@method("inclusion.recycling.material", category="inclusion", gas="CO2e", title="可回收物分类回收减排量", source=DRAFT)
def material(mass: "kg", recycled_ef: "kg CO2e/kg") -> "g CO2e":
    """Sorted material that is recycled instead of burnt or buried; the factor is the material's."""
    return mass * recycled_ef * G_PER_KG


@method("inclusion.recycling.packaging", category="inclusion", gas="CO2e", title="快递包装回收复用减排量", source=DRAFT)
def packaging(pieces: "1", packaging_ef: "kg CO2e") -> "g CO2e":
    """Boxes and bags used once more instead of new ones."""
    return pieces * packaging_ef * G_PER_KG


@method("inclusion.recycling.second_hand", category="inclusion", gas="CO2e", title="二手商品交易减排量", source=DRAFT)
def second_hand(pieces: "1", second_hand_ef: "kg CO2e") -> "g CO2e":
    """Goods bought of second hand instead of new; the factor is that of the kind of goods."""
    return pieces * second_hand_ef * G_PER_KG
