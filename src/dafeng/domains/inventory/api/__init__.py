"""The inventory over HTTP, a module a room as with its pages; every operation calls the services that the pages call."""

from ninja import Router

from dafeng.domains.inventory.api import activity, factors, inventories, methods, quality

router = Router()
for each in (methods, inventories, activity, factors, quality):
    router.add_router("", each.router)
