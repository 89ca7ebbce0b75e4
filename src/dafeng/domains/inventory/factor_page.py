"""What the page of one factor says: of a row of the package's tables, or of a version of one of the city's own factors."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from dafeng.domains.inventory import factor_words as words
from dafeng.domains.inventory import factors_shown as shown
from dafeng.domains.inventory import library, permissions, services
from dafeng.domains.inventory.models import City, CityFactor, FactorSignature, InventoryRun
from dafeng.domains.inventory.runs import english
from dafeng.domains.inventory.sheets.inputs import input_name
from dafeng.kernel.accounting import factor_frame
from dafeng.kernel.accounting.status import UNSIGNED
from dafeng.kernel.actions import may
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records

_OWN = ("parameter", "category", "item", "technology", "place", "year", "value", "unit", "lower", "upper", "source")
_SIGNED_FIELDS = ("factor_id", "set", "parameter", "value", "unit", "lower", "upper", "source")


def context(user: Any, city: City, run: InventoryRun | None, factor_id: str) -> dict[str, Any]:
    """Raises `NotFound` for an id that is in no table, or that this person may not see."""
    inside = may(user, permissions.SEE_DATA)
    row = shown.by_id(factor_id)
    versions: list[CityFactor] = []
    if row is None:
        row, versions = _own_row(city, factor_id)
        if row is None or (row["level"] == "facility" and not inside):
            raise NotFound(
                _("因子库里没有“%(id)s”") % {"id": factor_id[:80]} if factor_id else _("没有说明要看哪个因子"),
                mend=_("编号可能写错了。请到因子库中按名称、编号或出处查找"),
            )
    signatures = [] if versions else list(FactorSignature.objects.filter(factor_id=row["factor_id"]).order_by("pk"))
    fingerprint = services.fingerprint(row)
    valid = next((s for s in signatures if s.withdrawn_at is None and s.fingerprint == fingerprint), None)
    standing = "signed" if valid else row["standing"]
    others = [] if versions and row["value"] is None else _others(row, versions)
    use = shown.use(run).filter(pl.col("factor_id") == row["factor_id"])
    version = next((each for each in versions if f"{each.factor_id}#{each.version}" == row["factor_id"]), None)
    return {
        "city": city,
        "run": run,
        "row": row,
        "name": words.name(row),
        "category": words.category(row),
        "place": words.place(city, row["place"]),
        "parameter": input_name(row["parameter"], "en" if english() else "zh"),
        "value": words.number(row["value"]),
        "bounds": words.bounds(row),
        "set": library.factor_sets().get(row["set"], {}),
        "owner": words.OWNERS[row["owner"]],
        "standing": words.standing(standing),
        "meaning": words.STANDINGS[standing][3],
        "signature": valid,
        "lapsed": [s for s in signatures if s.withdrawn_at is None and s.fingerprint != fingerprint],
        "fingerprint": fingerprint,
        "signed_fields": [(name, row[name]) for name in _SIGNED_FIELDS],
        "signable": valid is None and row["value"] is not None and row["standing"] in UNSIGNED and not versions,
        "others": [each | {"mine": each["factor_id"] == row["factor_id"]} for each in others],
        "chart": words.comparison(others, row["factor_id"]),
        "spread": words.spread(others),
        "used": _used(city, run, use),
        # Parameters of one fuel come from one set or not at all: one of them alone is never taken.
        "alone": bool(versions) and not use.height and row["parameter"] in library.COHERENT,
        "used_rows": int(use["rows"].sum()),
        "last_year": shown.last_year(run),
        "methods": _asking(city, row["parameter"]),
        "versions": versions,
        "version": version,
        "newest": versions[0] if versions else None,
        "events": _events(row["factor_id"], versions) if inside else [],
        "inside": inside,
        "signs": may(user, permissions.SIGN_FACTOR),
        "sets_factor": may(user, permissions.SET_FACTOR),
        "own_address": _own_address(city, row, versions),
    }


def _own_row(city: City, factor_id: str) -> tuple[dict[str, Any] | None, list[CityFactor]]:
    """A version of an own factor (`name#2`, or `name` for the newest) as a row in words, and all versions, newest first."""
    base, _sign, number = factor_id.partition("#")
    found = CityFactor.objects.filter(city=city, factor_id=base).select_related("evidence").order_by("-version")
    versions = list(found) if base else []
    chosen = next((each for each in versions if not number or str(each.version) == number), None)
    if chosen is None:
        return None, []
    owned = {"set": "municipal", "owner": "municipal", "standing": "municipal"}
    fields = {name: getattr(chosen, name) for name in _OWN}
    frame = factor_frame([fields | owned | {"factor_id": f"{base}#{chosen.version}"}])
    return shown.in_words(frame).row(0, named=True), versions


def _others(row: dict[str, Any], versions: list[CityFactor]) -> list[dict[str, Any]]:
    """The same key in all sets, in one unit; an own factor stands first among them."""
    found = shown.siblings(row).to_dicts()
    if versions:
        found = [*shown.in_unit_of(row, found), *found]
    return [
        each | {"printed": words.number(each["value"]), "badge": words.standing(each["standing"])} for each in found
    ]


def _used(city: City, run: InventoryRun | None, use: pl.DataFrame) -> list[dict[str, Any]]:
    """Where the run uses it: by category, item, gas and kind, with the latest year's emission and its lineage."""
    if run is None or not use.height:
        return []
    lineage = reverse("inventory:lineage", args=[city.pk])
    names, items = library.categories(), library.item_names_en() if english() else library.item_names()
    keys = ["category", "item", "gas", "kind"]
    rows = use.group_by(keys).agg(
        pl.col("rows").sum(),
        pl.col("year").min().alias("first_year"),
        pl.col("year").max().alias("last_year"),
        pl.col("co2e").filter(pl.col("year") == pl.col("year").max()).sum(),
        pl.col("counted").any(),
    )
    found = []
    for row in rows.sort(pl.col("co2e").abs(), descending=True, nulls_last=True).iter_rows(named=True):
        category = names.get(row["category"])
        heading = (category.name_en if english() else category.name) if category else ""
        cell = {name: row[name] for name in keys if row[name]} | {"year": row["last_year"]}
        found.append(
            row
            | {
                "heading": heading,
                "item_name": items.get(row["item"], row["item"]),
                "years": words.years(row),
                "address": f"{lineage}?{urlencode(cell)}",
            }
        )
    return found


def _asking(city: City, parameter: str) -> list[dict[str, str]]:
    """The methods that ask for the parameter."""
    known = [*library.methods().values(), *library.series().values()]
    return [
        {"title": each.title, "id": each.id, "address": reverse("inventory:method", args=[city.pk, each.id])}
        for each in known
        if parameter in each.parameters
    ]


def _events(factor_id: str, versions: list[CityFactor]) -> list[dict[str, Any]]:
    """What happened to it, oldest first: versions of an own factor, or what the audit chain says of signatures."""
    if versions:
        return [
            {
                "title": _("录入第 %(version)s 版") % {"version": each.version},
                "at": each.entered_at,
                "by": each.entered_by,
                "text": f"{words.number(each.value)} {each.unit} · {each.source}",
            }
            for each in reversed(versions)
        ]
    titles = {"factor.sign": _("签认"), "factor.unsign": _("撤回签认")}
    return [
        {
            "title": titles.get(entry.action, entry.action),
            "at": entry.at,
            "by": entry.actor,
            "text": entry.detail.get("reason", ""),
            "bad": entry.action == "factor.unsign",
        }
        for entry in records.history("factor", factor_id)
    ]


def _own_address(city: City, row: dict[str, Any], versions: list[CityFactor]) -> str:
    """The form for a new version, or for a value of the city's own in place of this one."""
    given = {"id": versions[0].factor_id} if versions else {"like": row["factor_id"]}
    return f"{reverse('inventory:factor-own', args=[city.pk])}?{urlencode(given)}"
