"""E9: parks on one board: firms and their energy, links, waste heat and by-products matched, the circular retrofit, boilers."""
