"""The inventory's methods for the activity of others: a park's meters, say. See `kernel.accounting.offered`."""

from __future__ import annotations

import polars as pl
from django.db.models import OuterRef, Subquery

from dafeng.domains.inventory import factor_words, library, services
from dafeng.domains.inventory.methods.inventory import compile_inventory
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.kernel.accounting.offered import Computed

_OPTIONS = ("edition", "gwp", "sets", "tiers")


def compute(code: str, activities: pl.DataFrame) -> Computed:
    """By the options of the city's present run, else its pack's, with its own factors and signatures as they are now."""
    present = InventoryRun.objects.filter(city=OuterRef("pk"), current=True)
    chosen = {f"run_{name}": Subquery(present.values(name)[:1]) for name in _OPTIONS}
    city = City.objects.filter(pk=code).annotate(**chosen).first()
    options = {name: getattr(city, f"run_{name}", None) for name in _OPTIONS}
    if options["edition"] is None:
        usual = services.defaults_of(city) if city else services.Defaults()
        options = {"edition": usual.edition, "gwp": usual.gwp, "sets": None, "tiers": usual.tiers}
    own = services.city_factors(city) if city else None
    found = compile_inventory(activities, own, signed=services.signed_factors(), **options)
    guideline, known = found.edition, library.categories()
    used = {code: (known[code].name, known[code].name_en) for code in activities["category"].unique() if code in known}
    terms = found.emissions.terms
    parameters = {code: (input_name(code), input_name(code, "en")) for code in terms["parameter"].unique()}
    factors = terms["factor_id"].drop_nulls().unique()
    pages = {factor: factor_words.address(city, factor) for factor in factors} if city else {}
    return Computed(found.emissions, (guideline.title, guideline.title_en), found.gwp_set, used, parameters, pages)
