"""A project as all rules see it: one object that pages, documents and services read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from dafeng.domains.enterprise.models import Project
from dafeng.domains.enterprise.review import annexes, figures
from dafeng.domains.enterprise.review.methods import (
    Amount,
    Consumption,
    Decision,
    Finding,
    Impact,
    Level,
    Near,
    PerProduct,
    Proposal,
    Purchase,
    Standing,
    Unit,
    consumption,
    effect,
    findings,
    near,
    outside_park,
    quantile_of,
    rules,
    stand,
    threshold,
    to_buy,
)
from dafeng.domains.enterprise.review.methods.zones import BARS
from dafeng.domains.enterprise.review.swaps import POLLUTANTS
from dafeng.kernel.records.payloads import digest

# What has to be told before a project can be handed in: step → fields.
NEEDED = {
    "basics": ("name", "place", "kind", "industry", "operation_year"),
    "energy": ("energies",),
    "output": ("added_value",),
    "measures": ("basis", "design", "measures", "impact", "committed"),
}
# What is asked as well where carbon is evaluated (art. 10).
CARBON_NEEDED = ("carbon_measures", "carbon_impact")
STEPS = ("basics", "energy", "output", "comparison", "measures")
# Which projects are of one owner and may be one that was split (art. 25).
SPLIT_YEARS = 2


@dataclass(frozen=True)
class Carbon:
    """The carbon evaluation (arts. 10, 12, 16): against a level where one is known, against peers, and on the county's carbon target."""

    standing: Standing
    claimed: Standing
    quantile: float | None
    peers: int
    impact: Impact


@dataclass(frozen=True)
class Assessment:
    proposal: Proposal
    used: Consumption
    decision: Decision
    impact: Impact
    standing: Standing
    claimed: Standing
    quantile: float | None
    peers: int
    carbon: Carbon
    two_high_hint: bool
    nation_guided: bool
    rights: Purchase
    near: list[Near]
    too_near: list[Near]
    outside_park: bool
    zone: Unit | None
    zone_grade: str
    zone_findings: tuple[Finding, ...]
    swap_needed: Decimal | None
    swapped: Decimal
    replaced: list[tuple[str, Decimal, Decimal]]
    split_with: list[Project]
    missing: list[tuple[str, str]]
    figures: figures.Figures

    @property
    def open(self) -> list[str]:
        """What is to be confirmed before an opinion can be given: codes, each once."""
        found = [*self.decision.open, *(self.used.open if self.proposal.key_field else ()), *self.rights.open]
        return list(dict.fromkeys(found))

    @property
    def barred(self) -> list[str]:
        """What stands against the project whatever anyone thinks of it: codes."""
        found = []
        if "over_limit" in (self.standing.verdict, self.claimed.verdict):
            found.append("over_limit")
        if self.standing.verdict == "over_access":
            found.append("over_access")
        if self.too_near:
            found.append("heat_unit_near")
        if self.outside_park:
            found.append("outside_park")
        found += [str(each) for each in self.zone_findings if each in BARS]
        if self.swap_needed is not None and self.swapped < self.swap_needed:
            found.append("swap_short")
        if any(held < needed for _code, needed, held in self.replaced):
            found.append("replace_short")
        return found


def proposal_of(project: Project, content: dict[str, Any] | None = None, equal: float | None = None) -> Proposal:
    """The content of the form as plain data; what is empty is absent, never 0."""
    given = project.content if content is None else content
    basics, energy, output = (given.get(step, {}) for step in ("basics", "energy", "output"))
    energies = {
        code: Amount(
            after=row.get("after") or 0.0,
            before=row.get("before") or 0.0,
            feedstock=row.get("feedstock") or 0.0,
            ncv=row.get("ncv"),
        )
        for code, row in energy.get("energies", {}).items()
    }
    return Proposal(
        energies=energies,
        renewable=energy.get("renewable") or 0.0,
        renewable_before=energy.get("renewable_before") or 0.0,
        equal_electricity=equal,
        rebuilt=bool(basics.get("rebuilt")),
        key_field=bool(basics.get("key_field")),
        secret=bool(basics.get("secret")),
        simple=bool(basics.get("simple")),
        national=bool(basics.get("national")),
        reviewed_zone=bool(basics.get("reviewed_zone")),
        two_high=project.two_high,
        large_carbon=project.large_carbon,
        output=output.get("output"),
        value=output.get("value"),
        added_value=output.get("added_value"),
        process_co2=output.get("process_co2") or 0.0,
        process_co2_before=output.get("process_co2_before") or 0.0,
    )


def assess(project: Project, *, on: date, content: dict[str, Any] | None = None) -> Assessment:
    """Everything that the rules make of a project on a day."""
    given = project.content if content is None else content
    basics, output, comparison = (given.get(step, {}) for step in ("basics", "output", "comparison"))
    told = figures.Figures(project.place, on)
    proposal = proposal_of(project, given, told.value("equal_electricity"))
    known = rules()
    used = consumption(proposal, known)
    decision = threshold(proposal, known, used)
    product = output.get("product", "")
    per, levels = per_product(used, output.get("unit", "")), figures.levels_of(product, on)
    peers, carbon_peers, parts = _others(project, product, used.equivalent)
    found = (
        near(basics["longitude"], basics["latitude"], figures.heat_units(project.city, on), known)
        if basics.get("longitude") is not None and basics.get("latitude") is not None
        else []
    )
    swap_needed = Decimal(str(basics["swap_capacity"])) if basics.get("swap_capacity") else None
    zone = figures.control_unit(basics.get("control_unit", ""))
    wanted = {code: Decimal(str(basics[f"replace_{code}"])) for code in POLLUTANTS if basics.get(f"replace_{code}")}
    held = _swapped(project) if swap_needed is not None or wanted else {}
    division = str(basics.get("industry", project.industry))[:2]
    return Assessment(
        proposal=proposal,
        used=used,
        decision=decision,
        impact=effect(used.counted, proposal.added_value, told.base(on.year), known),
        standing=stand(per, levels.get("energy")),
        claimed=stand(per, _claimed(comparison, "", comparison.get("unit") or "kgce")),
        quantile=quantile_of(used.per_product, peers) if used.per_product is not None else None,
        peers=len(peers),
        carbon=Carbon(
            standing=stand(per, levels.get("carbon")),
            claimed=stand(per, _claimed(comparison, "carbon_", "tCO2")),
            quantile=quantile_of(used.co2_per_product, carbon_peers) if used.co2_per_product is not None else None,
            peers=len(carbon_peers),
            impact=effect(used.co2, proposal.added_value, told.carbon_base(on.year), known, graded=False),
        ),
        two_high_hint=division in known.tables["two_high"]["divisions"],
        nation_guided=bool(project.two_high) and used.equivalent >= known.number("two_high", "nation_guided_tce"),
        rights=to_buy(
            two_high=project.two_high,
            without_coal=used.without_coal,
            per_added_value=used.per_added_value,
            b=told.value("rights_b"),
            mean=told.value("rights_mean"),
            known=known,
        ),
        near=found,
        too_near=[each for each in found if each.inside] if basics.get("chp") else [],
        outside_park=outside_park(str(basics.get("industry", "")), basics.get("park", "")),
        zone=zone,
        zone_grade=zone.grade if zone else basics.get("control_grade", ""),
        zone_findings=findings(
            grade=basics.get("control_grade", ""),
            unit=zone,
            industry=str(basics.get("industry", "")),
            place=project.place,
            two_high=project.two_high,
            papers=annexes.of_matter(project, "zone") if zone or basics.get("control_grade") else (),
            document=basics.get("control_document", ""),
            known=known,
        ),
        swap_needed=swap_needed,
        swapped=sum((amount for code, amount in held.items() if code not in POLLUTANTS), Decimal(0)),
        replaced=[(code, needed, held.get(code, Decimal(0))) for code, needed in wanted.items()],
        split_with=parts,
        missing=_missing(given, carbon=bool(decision.carbon)),
        figures=told,
    )


def per_product(used: Consumption, unit: str) -> PerProduct:
    return PerProduct(used.per_product, used.kwh_per_product, used.co2_per_product, unit)


def _claimed(comparison: dict[str, Any], prefix: str, unit: str) -> Level | None:
    """The limits that the owner names, by unit of product as the owner counts it."""
    limit, access, lead = (comparison.get(f"{prefix}{name}") for name in ("limit", "access", "lead"))
    if limit is None and access is None and lead is None:
        return None
    return Level(unit, limit, access, lead, comparison.get(f"{prefix}standard", ""))


def _swapped(project: Project) -> dict[str, Decimal]:
    """What this project holds of sources, by product or pollutant."""
    rows = (
        project.swaps.filter(released_at=None).order_by().values_list("source__product").annotate(sum=Sum("capacity"))
    )
    return dict(rows)


def _missing(content: dict[str, Any], *, carbon: bool) -> list[tuple[str, str]]:
    found = []
    for step, names in NEEDED.items():
        given = content.get(step, {})
        found += [(step, name) for name in names if not given.get(name)]
    basics = content.get("basics", {})
    if basics.get("chp") and (basics.get("longitude") is None or basics.get("latitude") is None):
        found.append(("basics", "longitude"))
    if basics.get("compiler") and not (basics.get("compiler_body") or basics.get("compiler_note")):
        found.append(("basics", "compiler_note"))
    if carbon:
        found += [("measures", name) for name in CARBON_NEEDED if not content.get("measures", {}).get(name)]
    return found


def _others(project: Project, product: str, tce: float) -> tuple[list[float], list[float], list[Project]]:
    """Peers and parts, asked together: the same product's energy, and carbon, per unit in the other projects handed in; and what
    belongs to the same owner in the same county and with this one reaches a threshold that neither reaches alone.
    """
    near = Q(
        enterprise=project.enterprise_id,
        place=project.place,
        tce__isnull=False,
        operation_year__gte=project.operation_year - SPLIT_YEARS,
        operation_year__lte=project.operation_year + SPLIT_YEARS,
    )
    same = Q(product=product, per_product__isnull=False) if product else Q(pk__in=[])
    others = list(
        Project.objects.filter(near | same)
        .exclude(pk=project.pk)
        .exclude(record__state__in=("draft", "withdrawn"))
        .select_related("record")
    )
    alike = [each for each in others if product and each.product == product]
    peers = [each.per_product for each in alike if each.per_product is not None]
    carbon = [each.decided["co2_per_product"] for each in alike if each.decided.get("co2_per_product") is not None]
    limits = [rules().number("thresholds", name) for name in ("report_tce", "province_tce")]
    parts = [
        other
        for other in others
        if (other.enterprise_id, other.place) == (project.enterprise_id, project.place)
        and abs(other.operation_year - project.operation_year) <= SPLIT_YEARS
        and other.record.state not in ("refused", "lapsed", "revoked")
        and other.tce is not None
        and any(max(tce, other.tce) < limit <= tce + other.tce for limit in limits)
    ]
    return peers, carbon, parts


def summary(found: Assessment, *, on: date) -> dict[str, Any]:
    """What is frozen with a submission: figures, decision, rule set."""
    return {
        "rules": rules().tables["measures"]["code"],
        "on": on.isoformat(),
        "figures": {code: [row.value, row.source] for code, row in sorted(found.figures.rows.items())},
        "equivalent": found.used.equivalent,
        "equal": found.used.equal,
        "coal": found.used.coal,
        "counted": found.used.counted,
        "co2": found.used.co2,
        "per_product": found.used.per_product,
        "co2_per_product": found.used.co2_per_product,
        "level": str(found.decision.level),
        "report": found.decision.report,
        "carbon": found.decision.carbon,
        "articles": [[reason.code, reason.article, reason.paragraph] for reason in found.decision.reasons],
        "m": found.impact.m,
        "n": found.impact.n,
        "carbon_m": found.carbon.impact.m,
        "carbon_n": found.carbon.impact.n,
        "zone": [found.zone_grade, *found.zone_findings],
        "open": found.open,
    }


def digest_of(content: dict[str, Any], decided: dict[str, Any]) -> str:
    sealed: str = digest({"content": content, "decided": decided})
    return sealed
