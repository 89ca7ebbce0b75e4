"""Reporting over HTTP: sectors, facilities, a month's values with the token of what was seen, the plan's sources, meters, findings, reports, what is disclosed."""

from ninja import Router

from dafeng.domains.enterprise.reporting.api import disclosed, facilities, metering, plans, reports, values

router = Router()
for each in (facilities, values, plans, metering, reports, disclosed):
    router.add_router("", each.router)
