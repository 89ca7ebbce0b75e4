"""Methodologies and rates: what an event is worth, by which version, from which source."""
