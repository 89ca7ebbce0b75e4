"""The plan over HTTP, a module a room as with its pages; every operation calls the services that the pages call."""

from ninja import Router

from dafeng.domains.plan.api import assessments, bulletins, dual_control, outline, projects, targets, tasks, words  # noqa: F401

router = Router()
for each in (outline, targets, dual_control, tasks, projects, assessments, bulletins):
    router.add_router("", each.router)
