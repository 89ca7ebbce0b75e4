"""The API root: everything that a page can show or do, for programs. `api` is mounted at /api/ and described at /api/docs/.

Words: *caller* (a token's person, a signed-in person, an address), *gate* (what every request passes before its operation),
*problem* (an error as RFC 9457 has it). Domains bring routers; who calls, how often, idempotency and freshness are decided here.
"""

from dafeng import __version__
from dafeng.domains.disclosure.api import router as disclosure
from dafeng.domains.energy.api import router as energy
from dafeng.domains.enterprise.api import router as enterprise
from dafeng.domains.inclusion.api import router as inclusion
from dafeng.domains.inventory.api import router as inventory
from dafeng.domains.plan.api import router as plan
from dafeng.kernel.actions import Action
from dafeng.kernel.series.api import router as series
from dafeng.portal.api import indicators, jobs, records
from dafeng.portal.api.description import described
from dafeng.portal.api.root import Root, action_of

api = Root(title="dafeng 达峰", version=__version__, describe=described)
for each in (
    inventory,
    plan,
    disclosure,
    inclusion,
    energy,
    enterprise,
    series,
    indicators.router,
    jobs.router,
    records.router,
):
    api.add_router("", each)


def scopes_in_use() -> dict[str, list[Action]]:
    """The token scopes that some operation asks for, each with the actions behind it: what a token can be good for."""
    found: dict[str, list[Action]] = {}
    for _method, _path, operation in api.operations():
        action = action_of(operation)
        if action not in found.setdefault(action.scope, []):
            found[action.scope].append(action)
    return dict(sorted(found.items()))
