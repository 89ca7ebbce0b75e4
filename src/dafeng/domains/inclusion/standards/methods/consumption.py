"""Green consumption: paper not printed, goods with a green label instead of without.

The form is number × what one unit spares; the factors are gaps (facts: 2026).
"""

from dafeng.domains.inclusion.standards.methods.constants import G_PER_KG
from dafeng.kernel.accounting import method

DRAFT = "城市草案：数量 × 单位减排量"


@method(
    "inclusion.consumption.e_invoice", category="inclusion", gas="CO2e", title="电子发票与无纸化减排量", source=DRAFT
)
def e_invoice(pieces: "1", paperless_ef: "kg CO2e") -> "g CO2e":
    """Invoices, tickets and forms that were not printed."""
    return pieces * paperless_ef * G_PER_KG


@method(
    "inclusion.consumption.green_purchase", category="inclusion", gas="CO2e", title="绿色产品购买减排量", source=DRAFT
)
def green_purchase(pieces: "1", green_purchase_ef: "kg CO2e") -> "g CO2e":
    """Products with a green or energy label instead of the ordinary ones; the factor is that of the kind of product."""
    return pieces * green_purchase_ef * G_PER_KG
