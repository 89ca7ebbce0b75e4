"""C3, N10: bodies and teams, assignment, review, non-conformities and their clocks, conclusion, rating."""
