"""Indicators: the city's blackboard. What one domain computes it publishes here, what another needs it reads here.

Words: *indicator* (a coded quantity with a unit), *run* (one computation, with its inputs' digest), *value* (one figure
of a run: indicator, subject, period, key), *key* (the canonical text of further dimensions, `gas=CH4;sector=1`),
*current run* (of a domain, kind, subject and variant: the one that was finished last), *variant* (runs that live side
by side, such as two GWP sets: `parameters["variant"]`).
One idea to know: a value is never overwritten. A run supersedes a run, and two runs can be compared.
A figure has a unit, a status and a lineage, or it is not stored; a missing one has a notation key, never a zero.
Sources: IPCC 2006 Guidelines, volume 1, chapter 8 (notation keys); DESIGN §2 and §4.
"""
