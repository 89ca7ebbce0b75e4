"""企业碳管理: an enterprise's carbon from the weigh-bridge to the surrendered allowance.

Rooms: `reporting` (C2: boundary, monthly data with evidence, checks, annual report), `verification` (C3, N10: bodies, teams,
findings, conclusion, rating), `compliance` (C4: allocation, holdings on the ledger, surrender, carry-over, plan), `review` (C5: energy review
and carbon evaluation of projects).
One idea to know: a report's *reporting boundary* and its *compliance boundary* are two sums over the same installations and
are never mixed; a locked version is immutable, what changes later is a new version with a reason.
`docs/dev/enterprise.md` tells how the rooms speak to each other.
"""
