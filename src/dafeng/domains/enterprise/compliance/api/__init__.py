"""Compliance over HTTP: rule sets and trial allocation for everybody; positions, plans and surrender for those who may."""

from ninja import Router

from dafeng.domains.enterprise.compliance.api import allocations, firms, lists, market, rules, surrenders

router = Router()
for each in (rules, firms, allocations, surrenders, lists, market):
    router.add_router("", each.router)
