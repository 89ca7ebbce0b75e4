"""The desk: what a domain lays before a person — tasks, notices, search results, its entry in the navigation.

Domains register providers here (in their `apps.py`, `ready`); the portal asks them all and shows one inbox, one search,
one navigation. Nothing here knows a domain.
"""
