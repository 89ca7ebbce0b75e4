"""Pure: numbers, draws, dates, conflicts. No Django, no clock, no database."""

from dafeng.domains.enterprise.verification.methods.recompute import Comparison, Difference, recompute

__all__ = ["Comparison", "Difference", "recompute"]
