"""The domain's operations, room by room (`router` in each room's `api.py`)."""

from ninja import Router

from dafeng.domains.enterprise.rooms import brought

router = Router(tags=["enterprise"])
for each in brought("api", "router"):
    router.add_router("", each)
