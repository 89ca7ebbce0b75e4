"""Points and readings for programs: devices send signed batches, people and programs read what they may see."""

from dafeng.kernel.series.api import keeping, quarantine, reading, sending  # noqa: F401  (declare their operations)
from dafeng.kernel.series.api.routing import router

__all__ = ("router",)
