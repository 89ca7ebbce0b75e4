"""Pages of compliance: the firm, its plan, the rules, the city."""
