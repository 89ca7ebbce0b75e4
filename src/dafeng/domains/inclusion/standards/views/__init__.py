"""Pages of the standards: what everybody reads, and what the operator and the offices do."""
