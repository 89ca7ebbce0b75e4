"""The city's greenhouse-gas inventory: five sectors, all gases, every cell traced to its evidence.

Words: *category* (a source or sink, IPCC code), *edition* (the guideline that a compile follows), *run* (one compile,
never overwritten), *completeness* (which cells have a number and which a notation key).
Sources: 省级温室气体清单编制指南 (2011 trial, 2025), IPCC 2006 and 2019, GB/T 32150 and 32151.
"""
