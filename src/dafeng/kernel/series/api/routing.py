"""The one router of the series: an address may be read in one module and written in another."""

from ninja import Router

router = Router(tags=["series"])
