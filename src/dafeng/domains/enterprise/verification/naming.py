"""What the codes of a report's content are called (units, items with their fuel, formulas), and where a told value is read in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from dafeng.domains.enterprise.reporting import lineage, sectoral
from dafeng.domains.enterprise.verification import words
from dafeng.domains.enterprise.verification.methods import production
from dafeng.domains.enterprise.verification.methods.content import number


class Names:
    """Of one content. A code that the content does not know is shown as it is."""

    def __init__(self, content: Mapping[str, Any] | None) -> None:
        self.content = content or {}
        facilities = (self.content.get("boundary") or {}).get("facilities") or ()
        self.units = {str(each["code"]): str(each.get("name") or each["code"]) for each in facilities}
        self.sectors = {str(each["code"]): str(each.get("sector", "")) for each in facilities}
        self.told = {
            (str(each.get("facility", "")), str(each.get("month", "")), str(each.get("item", "")), str(each.get("stream") or "")): each
            for each in self.content.get("values", ())
        }  # fmt: skip

    def unit(self, code: str) -> str:
        return self.units.get(code, code)

    def stream(self, facility: str, stream: str) -> str:
        return lineage.stream_title(self.sectors.get(facility, ""), stream)

    def item(self, facility: str, item: str) -> str:
        """An item of the form, an input of a formula, a formula or a figure of production."""
        sector = self.sectors.get(facility, "")
        if item in words.FIGURES:
            return str(words.FIGURES[item])
        title = sectoral.title_of(sector, item)
        return sectoral.formula_title(sector, item) if title == item else title

    def cell(self, facility: str, month: str, item: str, stream: str) -> dict[str, Any]:
        """A told value in words, with its page where the content kept its id."""
        told = self.told.get((facility, month, item, stream)) or {}
        href = reverse("enterprise:reporting-value", kwargs={"pk": told["id"]}) if told.get("id") else ""
        return {
            "unit": self.unit(facility), "month": month, "stream": self.stream(facility, stream), "item": self.item(facility, item),
            "value": number(told), "measure": str(told.get("unit") or ""), "evidence": len(told.get("evidence") or ()), "href": href,
        }  # fmt: skip

    def items(self, codes: Iterable[str]) -> list[tuple[str, str]]:
        """Item codes with their names, in the order of the names."""
        of = {item: facility for facility, _month, item, _stream in self.told}
        return sorted(((code, self.item(of.get(code, ""), code)) for code in codes), key=lambda each: each[1])

    def places(self) -> dict[str, list[tuple[str, str]]]:
        """What a finding may name: units, months, streams and parameters of the report, each code with its name."""
        streams: dict[str, str] = {}
        parameters: dict[str, str] = {}
        months: set[str] = set()
        for row in self.content.get("rows", ()):
            facility, stream = str(row.get("facility", "")), str(row.get("stream") or "")
            months.add(str(row.get("month", "")))
            if stream:
                streams[stream] = self.stream(facility, stream)
            for given in row.get("inputs") or ():
                parameters.setdefault(str(given["name"]), self.item(facility, str(given["name"])))
        for facility, month, item, _stream in self.told:
            months.add(month)
            if item in production.ITEMS:
                parameters.setdefault(item, self.item(facility, item))
        return {
            "facility": sorted(self.units.items()), "month": [(each, each) for each in sorted(months - {""})],
            "stream": sorted(streams.items(), key=lambda each: each[1]), "parameter": sorted(parameters.items(), key=lambda each: each[1]),
        }  # fmt: skip
