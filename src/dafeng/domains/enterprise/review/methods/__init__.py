"""What the rules make of a proposal. No Django, no I/O but the two files of rules that are shipped beside."""

from dafeng.domains.enterprise.review.methods.acceptance import Check, against
from dafeng.domains.enterprise.review.methods.comparison import (
    NUMERATORS,
    Level,
    PerProduct,
    Standing,
    compare,
    quantile_of,
    stand,
)
from dafeng.domains.enterprise.review.methods.conflicts import Expertise, Interest, conflicts
from dafeng.domains.enterprise.review.methods.energy import Consumption, Row, consumption
from dafeng.domains.enterprise.review.methods.impact import Base, Impact, effect
from dafeng.domains.enterprise.review.methods.proposals import Amount, Proposal
from dafeng.domains.enterprise.review.methods.rights import Purchase, to_buy
from dafeng.domains.enterprise.review.methods.rules import Rules, rules
from dafeng.domains.enterprise.review.methods.siting import HeatUnitPlace, Near, kilometres, near, outside_park
from dafeng.domains.enterprise.review.methods.thresholds import Decision, Reason, threshold
from dafeng.domains.enterprise.review.methods.zones import Finding, Unit, findings

__all__ = [
    "NUMERATORS",
    "Amount",
    "Base",
    "Check",
    "Consumption",
    "Decision",
    "Expertise",
    "Finding",
    "HeatUnitPlace",
    "Impact",
    "Interest",
    "Level",
    "Near",
    "PerProduct",
    "Proposal",
    "Purchase",
    "Reason",
    "Row",
    "Rules",
    "Standing",
    "Unit",
    "against",
    "compare",
    "conflicts",
    "consumption",
    "effect",
    "findings",
    "kilometres",
    "near",
    "outside_park",
    "quantile_of",
    "rules",
    "stand",
    "threshold",
    "to_buy",
]
