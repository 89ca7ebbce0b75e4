"""Measurements of what the product promises: `python -m benchmarks` prints them and writes benchmarks/results.json.

A figure that another computation of the same run can stand beside is given as a ratio to it, because machines differ and
are noisy; limits in seconds are for a small machine of 2 cores.
"""
