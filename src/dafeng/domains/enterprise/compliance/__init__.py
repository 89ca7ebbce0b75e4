"""C4: allocation by dated rule sets, holdings on the ledger, surrender and carry-over, the planner."""
