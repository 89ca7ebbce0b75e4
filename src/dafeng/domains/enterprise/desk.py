"""What the rooms lay on people's desks: `register()` in each room's `desk.py`; jobs declare themselves in `jobs.py`."""

from importlib import import_module

from dafeng.domains.enterprise.rooms import brought


def register() -> None:
    for room_registers in brought("desk", "register"):
        room_registers()
    brought("jobs", "declared")  # importing declares the kinds of jobs and schedules
    import_module("dafeng.domains.enterprise.jobs")
