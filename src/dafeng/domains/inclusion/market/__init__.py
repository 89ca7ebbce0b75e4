"""The mall, donations, neutral events, the sale of reductions, and the yearly report on what was used."""
