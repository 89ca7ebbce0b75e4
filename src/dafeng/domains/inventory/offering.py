"""The inventory's methods for the activity of others: a park's meters, say. See `kernel.accounting.offered`."""

from __future__ import annotations

import polars as pl

from dafeng.domains.inventory import factor_words, library, services
from dafeng.domains.inventory.methods.inventory import compile_inventory
from dafeng.domains.inventory.models import City
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.kernel.accounting.offered import Computed


def compute(code: str, activities: pl.DataFrame) -> Computed:
    """By the city's edition, tiers, own factors and signatures; by the defaults where the city is not loaded."""
    city = City.objects.filter(pk=code).first()
    chosen = services.defaults_of(city) if city else services.Defaults()
    found = compile_inventory(
        activities,
        services.city_factors(city) if city else None,
        edition=chosen.edition,
        gwp=chosen.gwp,
        tiers=chosen.tiers,
        signed=services.signed_factors(),
    )
    guideline, known = library.edition(chosen.edition), library.categories()
    used = {code: (known[code].name, known[code].name_en) for code in activities["category"].unique() if code in known}
    terms = found.emissions.terms
    parameters = {code: (input_name(code), input_name(code, "en")) for code in terms["parameter"].unique()}
    factors = terms["factor_id"].drop_nulls().unique()
    pages = {factor: factor_words.address(city, factor) for factor in factors} if city else {}
    return Computed(found.emissions, (guideline.title, guideline.title_en), found.gwp_set, used, parameters, pages)
