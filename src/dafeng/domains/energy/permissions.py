"""Who may see and do what: the one place that decides. Objects that a person may not see are 404.

Each room has its actions, and the visibility of its records (`register`), in its own `permissions.py`.
"""

from __future__ import annotations

from dafeng.domains.energy.rooms import brought


def register() -> None:
    """Tell the ground floor who sees the records of this domain."""
    for room in brought("permissions", "register"):
        room()
