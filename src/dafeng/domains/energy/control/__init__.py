"""E2: quotas and budgets of energy and CO2, consumption and forecast against them, coal, warnings and what followed."""
