"""A park's greenhouse gases: what its meters measured, by the methods and factors of the city's inventory.

Fuel burnt in a firm is its industry's combustion (1A), electricity and heat from outside are indirect (ID3, ID4); a park shows their
sum, as a pilot park reports it. What a firm got from its neighbour is in the firm's own figure and not in the park's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.monitoring.methods import conversion
from dafeng.domains.energy.parks import rules
from dafeng.domains.energy.parks.methods.balance import Used
from dafeng.kernel.accounting import find_method, offered
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.quantities import gases

WHOLE, OUTSIDE = "whole", "outside"
ROWS = {
    "scope": pl.String, "firm": pl.String, "item": pl.String, "unit": pl.String, "amount": pl.Float64, "category": pl.String, "gas": pl.String,
    "kind": pl.String, "emission": pl.Float64, "co2e": pl.Float64, "status": pl.UInt8, "reason": pl.String, "resolution": pl.UInt32, "method": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Emitted:
    """`rows`: a row an amount and gas, t; of `scope` whole (as a firm bought it) and outside (less what came from inside the park)."""

    rows: pl.DataFrame = field(repr=False)
    edition: tuple[str, str] = ("", "")
    gwp: str = ""
    terms: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)
    sources: dict[str, str] = field(default_factory=dict, repr=False)
    categories: dict[str, tuple[str, str]] = field(default_factory=dict)
    parameters: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    pages: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def guideline(self) -> str:
        return self.edition[english()]

    def sums(self, scope: str, firm: str = "") -> pl.DataFrame:
        """`item unit co2 co2e`, t; null where a part is not estimated."""
        rows = self.rows.filter(pl.col("scope") == scope)
        if firm:
            rows = rows.filter(pl.col("firm") == firm)
        carbon = pl.col("gas") == "CO2"
        return rows.group_by("item", "unit").agg(
            co2=pl.when(carbon.any() & (pl.col("emission").filter(carbon).null_count() == 0)).then(
                pl.col("emission").filter(carbon).sum()
            ),
            co2e=pl.when(pl.col("co2e").null_count() == 0).then(pl.col("co2e").sum()),
        )  # fmt: skip

    def total(self, *, kind: str = "") -> float | None:
        """t CO2e of the park; `kind`: direct or indirect only. None where nothing is known."""
        rows = self.rows.filter(pl.col("scope") == OUTSIDE, pl.lit(kind == "") | (pl.col("kind") == kind))
        known = rows["co2e"].drop_nulls()
        return float(known.sum()) if known.len() else None

    @property
    def status(self) -> Status:
        """The worst of all parts."""
        return Status(self.rows["status"].max() or 0)  # type: ignore[arg-type]

    def counted(self, energy: pl.DataFrame, scope: str, firm: str = "") -> pl.DataFrame:
        """The rows of `conversion.to_tce` with CO2 as the inventory computes it."""
        found = energy.drop("co2", "carbon_factor").join(
            self.sums(scope, firm), on=["item", "unit"], how="left", maintain_order="left"
        )
        gaps = pl.col("gap").str.split(" ").list.eval(pl.element().filter(~pl.element().is_in(["", "co2"])))
        lacking = pl.when(pl.col("co2").is_null()).then(pl.lit(["co2"])).otherwise(pl.lit([], dtype=pl.List(pl.String)))
        return found.with_columns(
            carbon_factor=pl.when(pl.col("amount") != 0).then(pl.col("co2") / pl.col("amount")),
            gap=gaps.list.concat(lacking).list.join(" "),
        )

    def carbon(self, firm: str) -> float | None:
        """t CO2 of what a firm used in all; None where a part is not estimated."""
        found = self.sums(WHOLE, firm)["co2"]
        return None if found.null_count() or not found.len() else float(found.sum())

    def told(self, firm: str = "") -> list[dict[str, Any]]:
        """The sources of CO2 in a form to keep: of the park, or of all that a firm used."""
        rows = self.lineage(WHOLE, firm) if firm else self.lineage()
        names = ("category", "item", "unit", "gas", "amount", "emission", "formula", "source", "reason")
        term = ("factor_id", "value", "unit", "standing")
        return [
            {name: each[name] for name in names} | {"factors": [{name: factor[name] for name in term} for factor in each["factors"]]}
            for each in rows if each["gas"] == "CO2"
        ]  # fmt: skip

    def lineage(self, scope: str = OUTSIDE, firm: str = "") -> list[dict[str, Any]]:
        """Each source from the amount to the tonnes: formula, factors with their standing. Largest first."""
        rows = self.rows.filter(pl.col("scope") == scope, pl.lit(firm == "") | (pl.col("firm") == firm))
        summed = (
            rows.group_by("category", "item", "unit", "gas", "kind", "method", "resolution", maintain_order=True)
            .agg(
                pl.col("amount").sum(), pl.col("emission").sum(), pl.col("co2e").sum(), pl.col("status").max(),
                known=pl.col("emission").is_not_null().all(), reason=pl.col("reason").drop_nulls().first(), firms=pl.col("firm").n_unique(),
            )
            .sort(pl.col("co2e").abs(), "category", "item", "gas", descending=[True, False, False, False])
        )  # fmt: skip
        return [row | self._grounds(row) for row in summed.iter_rows(named=True)]

    def _grounds(self, row: dict[str, Any]) -> dict[str, Any]:
        method = find_method(row["method"]) if row["method"] else None
        terms = self.terms.filter(pl.col("resolution") == row["resolution"]) if self.terms.width else self.terms
        category = self.categories.get(row["category"])
        return {
            "place": category[english()] if category else "",
            "title": method.title if method else "", "formula": method.formula if method else "", "source": method.source if method else "",
            "factors": [
                term | {"name": self.parameters.get(term["parameter"], ("", ""))[english()], "source": self.sources.get(term["factor_id"], ""), "page": self.pages.get(term["factor_id"], "")}
                for term in terms.iter_rows(named=True)
            ],
        }  # fmt: skip


def compute(city: str, place: str, year: int, used: Sequence[Used], industries: dict[str, str]) -> Emitted:
    """Emissions of what firms used in a year; `industries`: firm → code of GB/T 4754. Nothing used: no rows."""
    told = [
        {"scope": scope, "firm": each.firm, "item": each.item, "unit": each.unit, "amount": amount, "basis": "metered" if each.metered else "reported"}
        for each in used if each.item not in rules.bare() for scope, amount in ((WHOLE, each.whole), (OUTSIDE, each.outside))
    ]  # fmt: skip
    free = [row | {"category": "", "gas": "CO2", "kind": "direct", "emission": 0.0, "co2e": 0.0, "status": 0} for row in told if row["item"] in rules.carbon_free()]  # fmt: skip
    burnt = [row for row in told if row["item"] not in rules.carbon_free()]
    if not burnt:
        return Emitted(pl.DataFrame(free, schema=ROWS))
    activities = pl.DataFrame(
        [
            {
                "activity_id": str(number), "category": rules.category_of(row["item"], industries.get(row["firm"], "")), "item": rules.inventory_item(row["item"]),
                "place": place, "year": year, "value": row["amount"], "unit": conversion.UNITS.get(row["unit"], (row["unit"],))[0], "basis": row["basis"],
            }
            for number, row in enumerate(burnt)
        ]
    )  # fmt: skip
    scales = [conversion.UNITS.get(row["unit"], ("", 1.0))[1] for row in burnt]
    activities = activities.with_columns(pl.col("value") * pl.Series(scales))
    found = offered.compute(city, activities)
    emissions = found.emissions
    rows = emissions.rows().filter(pl.col("kind").ne_missing("biogenic"))
    weights = [
        {"gas": gas, "origin": origin, "weight": gases.gwp(gas, found.gwp, origin)}
        for gas, origin in rows.select("gas", "origin").unique().drop_nulls("gas").rows()
    ]
    weighted = rows.join(
        pl.DataFrame(weights, schema={"gas": pl.String, "origin": pl.String, "weight": pl.Float64}),
        on=["gas", "origin"], how="left",
    )  # fmt: skip
    own = pl.DataFrame(burnt).with_row_index("number").with_columns(pl.col("number").cast(pl.String))
    joined = own.join(
        weighted.select("activity_id", "category", "gas", "kind", "emission", "weight", "status", "reason", "resolution", "method"),
        left_on="number", right_on="activity_id", how="left", maintain_order="left",
    ).with_columns(co2e=pl.col("emission") * pl.col("weight"), status=pl.col("status").fill_null(int(Status.INCOMPLETE)))  # fmt: skip
    rows = pl.concat(
        [joined.select(pl.col(name).cast(kind) for name, kind in ROWS.items()), pl.DataFrame(free, schema=ROWS)]
    )
    sources = dict(
        emissions.factors.filter(pl.col("factor_id").is_in(emissions.terms["factor_id"].drop_nulls().to_list()))
        .select("factor_id", "source").rows()
    )  # fmt: skip
    return Emitted(
        rows, found.edition, found.gwp, emissions.terms, sources, dict(found.categories), dict(found.parameters), dict(found.pages)
    )  # fmt: skip
