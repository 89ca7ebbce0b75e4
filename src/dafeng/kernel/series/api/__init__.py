"""Points and readings for programs: devices send signed batches, people and programs read what they may see."""

from ninja import Router

from dafeng.kernel.series.api import keeping, quarantine, reading, sending

router = Router(tags=["series"])
for part in (sending, reading, keeping, quarantine):
    router.add_router("", part.router)
