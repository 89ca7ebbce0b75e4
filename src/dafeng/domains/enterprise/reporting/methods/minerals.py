"""Minerals: cement clinker, lime, ceramics, flat glass, and the carbonates that many sectors use.

Sources: 2024 cement guideline and sector guides as transcribed in open code (standing B: felix ClinkerProductionEmission.jsx, ceramics, mine,
glass); older cement guide (oxides of clinker); DCP#493 表2-4 (carbonates, A). Each factor's own standing is in `../parameters/`.
"""

from dafeng.domains.enterprise.reporting.methods.constants import CO2_PER_C
from dafeng.kernel.accounting import constant, method

CEMENT = "水泥行业指南（2024）；felix ClinkerProductionEmission.jsx"
CEMENT_OLD = "水泥企业核算指南（2013—2015）"
CARBONATE = "DCP#493 表2-4 及其算式"
CO2_PER_CAO = constant("44/56", 44 / 56, "t CO2/t")
CO2_PER_MGO = constant("44/40", 44 / 40, "t CO2/t")
# Powdered carbon is given as a share of its mass.
CARBON_OF_MASS = constant("1 t C/t", 1.0, "t C/t")


@method("enterprise.cement.clinker", category="enterprise", gas="CO2", title="熟料生产过程", source=CEMENT)
def clinker(clinker_output: "t", clinker_factor: "t CO2/t") -> "t CO2":
    """Process CO2 of clinker by its kind."""
    return clinker_output * clinker_factor


@method("enterprise.cement.substitute", category="enterprise", gas="CO2", title="非碳酸盐替代原料扣减", source=CEMENT)
def substitute(substitute_use: "t", substitute_deduction: "t CO2/t") -> "t CO2":
    """CO2 that a raw material without carbonate spares."""
    return substitute_use * substitute_deduction


@method(
    "enterprise.cement.oxides", category="enterprise", gas="CO2", title="熟料生产过程（按熟料氧化物）", source=CEMENT_OLD,
    activity=("clinker_output", "cao", "cao_not_carbonate", "mgo", "mgo_not_carbonate"),
)  # fmt: skip
def clinker_oxides(clinker_output: "t", cao: "1", cao_not_carbonate: "1", mgo: "1", mgo_not_carbonate: "1") -> "t CO2":
    """Process CO2 of clinker or kiln dust from the CaO and MgO that came from carbonates."""
    from_lime = (cao - cao_not_carbonate) * CO2_PER_CAO
    from_magnesia = (mgo - mgo_not_carbonate) * CO2_PER_MGO
    return clinker_output * (from_lime + from_magnesia)


@method(
    "enterprise.carbonate", category="enterprise", gas="CO2", title="碳酸盐使用", source=CARBONATE,
    activity=("carbonate_use", "purity"),
)  # fmt: skip
def carbonate(carbonate_use: "t", purity: "1", carbonate_factor: "t CO2/t") -> "t CO2":
    """CO2 of a carbonate that is used whole: mass, share of the carbonate, factor."""
    return carbonate_use * purity * carbonate_factor


@method(
    "enterprise.carbonate.decomposed", category="enterprise", gas="CO2", title="碳酸盐分解", source="felix mine、glass",
    activity=("carbonate_use", "purity", "decomposition"),
)  # fmt: skip
def carbonate_decomposed(carbonate_use: "t", purity: "1", decomposition: "1", carbonate_factor: "t CO2/t") -> "t CO2":
    """CO2 of a carbonate of which a part decomposes: lime kilns, glass batches."""
    return carbonate_use * purity * decomposition * carbonate_factor


@method(
    "enterprise.glass.powder", category="enterprise", gas="CO2", title="碳粉氧化", source="GB/T 32151.7；felix glass",
    activity=("powder_use", "powder_carbon"),
)  # fmt: skip
def carbon_powder(powder_use: "t", powder_carbon: "1") -> "t CO2":
    """CO2 of powdered carbon in the glass batch."""
    return powder_use * powder_carbon * CARBON_OF_MASS * CO2_PER_C
