"""Indicators: the city's blackboard. (indicator, subject, period, key) in a run → value, unit, status, lineage.

What one domain computes it publishes here; targets, rubrics, dashboards and public data read here and nowhere else.
Words: *run* (one publication; never overwritten, superseded by the next), *subject* (place, enterprise, product …),
*key* (further dimensions in one canonical text, such as `sector=1`).
"""
