"""Pure calculation of the compliance room: allocation, duty, plan and what-if. No Django, no database, no clock."""

from dafeng.domains.enterprise.compliance.methods.allocation import allocate
from dafeng.domains.enterprise.compliance.methods.rulesets import RuleSet, parse

__all__ = ["RuleSet", "allocate", "parse"]
