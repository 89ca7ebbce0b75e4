"""A project's energy and carbon, row by row, each with the formula that made it.

Equivalent value (当量值): heat content, GB/T 2589; equal value (等价值): what was spent to make it, for electricity only and only with
a coefficient that somebody has told. Feedstock and renewable electricity are shown apart: neither counts in dual control
(发改环资〔2022〕803号; 14th five-year work plan). For a rebuilt project every
sum is the increment, and only what a unit of product takes is that of the whole plant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dafeng.domains.enterprise.review.methods.proposals import Amount, Proposal
from dafeng.domains.enterprise.review.methods.rules import Energy, Rules, rules

CO2_PER_C = 44 / 12


@dataclass(frozen=True)
class Row:
    """One energy: `amount` in its unit (the increment where the project is rebuilt), tce and t CO2, and how they came about."""

    code: str
    unit: str
    amount: float
    tce: float
    co2: float
    formula: str
    carbon_formula: str
    standing: str
    feedstock_tce: float = 0.0


@dataclass(frozen=True)
class Consumption:
    """Sums of a project a year: tce, t coal, t CO2. `equal` is None where the coefficient is not known (`open` says so)."""

    rows: tuple[Row, ...]
    equivalent: float
    equal: float | None
    fossil: float
    coal: float
    renewable: float
    feedstock: float
    counted: float
    without_coal: float
    energy_co2: float
    process_co2: float
    per_product: float | None
    per_value: float | None
    per_added_value: float | None
    co2_per_product: float | None
    co2_per_value: float | None
    co2_per_added_value: float | None
    kwh_per_product: float | None = None
    open: tuple[str, ...] = ()

    @property
    def co2(self) -> float:
        return self.energy_co2 + self.process_co2

    @property
    def higher(self) -> float | None:
        """The higher of equal and equivalent value (art. 9); None where the equal value is not known."""
        return None if self.equal is None else max(self.equal, self.equivalent)


def consumption(proposal: Proposal, known: Rules | None = None) -> Consumption:
    """What a proposal uses and emits a year. Raises `ValueError` for an energy that the form does not have."""
    known = known or rules()
    unknown = sorted(set(proposal.energies) - set(known.energies))
    if unknown:
        raise ValueError(f"unknown energy: {', '.join(unknown)}")
    rows = tuple(_row(known.energies[code], amount, proposal, known) for code, amount in proposal.energies.items())
    equivalent = sum(row.tce for row in rows)
    power = next((row for row in rows if row.code == "electricity"), None)
    renewable_mwh = proposal.renewable - (proposal.renewable_before if proposal.rebuilt else 0.0)
    renewable = renewable_mwh * known.energies["electricity"].tce
    equal: float | None = equivalent
    open_: list[str] = []
    if power is not None and power.amount:
        if proposal.equal_electricity is None:
            equal = None
            open_.append("equal_electricity")
        else:
            equal = equivalent - power.tce + power.amount * proposal.equal_electricity
    feedstock = sum(row.feedstock_tce for row in rows)
    fossil = sum(row.tce for row in rows if known.energies[row.code].fossil)
    coal = sum(row.amount for row in rows if known.energies[row.code].coal)
    coal_tce = sum(row.tce for row in rows if known.energies[row.code].coal)
    energy_co2 = sum(row.co2 for row in rows)
    process = proposal.process_co2 - (proposal.process_co2_before if proposal.rebuilt else 0.0)
    # A product's standard speaks of the whole plant, also where only the increment is reviewed.
    whole_tce, whole_co2 = equivalent, energy_co2 + process
    whole_power = power.amount if power is not None else 0.0
    if proposal.rebuilt:
        whole = consumption(replace(proposal, rebuilt=False), known)
        whole_tce, whole_co2 = whole.equivalent, whole.co2
        whole_power = sum(row.amount for row in whole.rows if row.code == "electricity")
    return Consumption(
        rows=rows,
        equivalent=equivalent,
        equal=equal,
        fossil=fossil,
        coal=coal,
        renewable=renewable,
        feedstock=feedstock,
        counted=equivalent - feedstock - renewable,
        without_coal=equivalent - coal_tce,
        energy_co2=energy_co2,
        process_co2=process,
        per_product=_per(whole_tce * 1000, proposal.output),
        per_value=_per(equivalent, proposal.value),
        per_added_value=_per(equivalent, proposal.added_value),
        co2_per_product=_per(whole_co2, proposal.output),
        co2_per_value=_per(energy_co2 + process, proposal.value),
        co2_per_added_value=_per(energy_co2 + process, proposal.added_value),
        kwh_per_product=_per(whole_power * 1000, proposal.output),
        open=tuple(open_),
    )


def _per(amount: float, by: float | None) -> float | None:
    return amount / by if by else None


def _row(energy: Energy, given: Amount, proposal: Proposal, known: Rules) -> Row:
    before = given.before if proposal.rebuilt else 0.0
    amount = given.after - before
    told = f"({given.after:g} − {before:g})" if proposal.rebuilt else f"{given.after:g}"
    if given.ncv is not None and energy.fuel:
        coefficient, formula = given.ncv / known.tce_gj, f"{told} × {given.ncv:g} ÷ {known.tce_gj:g}"
    else:
        coefficient, formula = energy.tce, f"{told} × {energy.tce:g}"
    feedstock = min(given.feedstock, max(amount, 0.0)) if energy.fuel else 0.0
    co2, carbon_formula = _carbon(energy, given, amount, feedstock, proposal)
    return Row(
        energy.code, energy.unit, amount, amount * coefficient, co2, formula, carbon_formula, energy.standing,
        feedstock * coefficient,
    )  # fmt: skip


def _carbon(energy: Energy, given: Amount, amount: float, feedstock: float, proposal: Proposal) -> tuple[float, str]:
    """Burning, or bought power and heat. What is raw material burns nowhere; what it emits the owner tells as process emission."""
    if energy.code == "electricity":
        renewable = proposal.renewable - (proposal.renewable_before if proposal.rebuilt else 0.0)
        bought = amount - renewable
        return bought * (energy.co2 or 0.0), f"({amount:g} − {renewable:g}) × {energy.co2:g}"
    if energy.ncv is None or energy.carbon is None or energy.oxidation is None:
        return amount * (energy.co2 or 0.0), f"{amount:g} × {energy.co2:g}"
    ncv = energy.ncv if given.ncv is None else given.ncv
    burnt = amount - feedstock
    co2 = burnt * ncv * energy.carbon / 1000 * energy.oxidation / 100 * CO2_PER_C
    return co2, f"{burnt:g} × {ncv:g} × {energy.carbon:g}/1000 × {energy.oxidation:g}% × 44/12"
