"""C3, N10: bodies and teams, assignment by a draw, review, non-conformities and their clocks, conclusion, rating.

One idea to know: whatever decides (a draw, a sample, a deadline, a conflict, the verifier's number, a grade) is a pure function in
`methods/` of what is written down, so that anybody can repeat it. `docs/dev/enterprise-verification.md` tells the whole.
"""
