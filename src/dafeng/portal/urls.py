"""The address space. A domain brings its own pages and its own API router."""

from django.urls import include, path

from dafeng.portal import api_docs, cockpit, components, desk_views, ledger_views, record_views
from dafeng.portal.api import api

urlpatterns = [
    path("", cockpit.home, name="home"),
    path("", include("dafeng.portal.accounts.urls")),
    path("tasks/", desk_views.tasks, name="tasks"),
    path("notices/", desk_views.notices, name="notices"),
    path("notices/read/", desk_views.notices_read, name="notices-read"),
    path("search/", desk_views.search, name="search"),
    path("jobs/", desk_views.job_list, name="jobs"),
    path("jobs/<uuid:id>/", desk_views.job, name="job"),
    path("jobs/<uuid:id>/progress/", desk_views.job_progress, name="job-progress"),
    path("jobs/<uuid:id>/cancel/", desk_views.job_cancel, name="job-cancel"),
    path("jobs/<uuid:id>/retry/", desk_views.job_retry, name="job-retry"),
    path("records/<uuid:id>/", record_views.record, name="record"),
    path("records/<uuid:id>/move/", record_views.move, name="record-move"),
    path("evidence/<uuid:id>/", record_views.evidence, name="evidence"),
    path("evidence/<uuid:id>/file/", record_views.evidence_file, name="evidence-file"),
    path("audit/", record_views.audit, name="audit"),
    path("access/", record_views.access, name="access"),
    path("components/", components.components, name="components"),
    path("inventory/", include("dafeng.domains.inventory.urls")),
    path("open/ledger/", ledger_views.ledger, name="ledger"),
    path("open/ledger/file/", ledger_views.ledger_file, name="ledger-file"),
    path("open/ledger/verify_ledger.py", ledger_views.ledger_verifier, name="ledger-verifier"),
    path("open/", include("dafeng.domains.disclosure.urls")),
    path("plan/", include("dafeng.domains.plan.urls")),
    path("inclusion/", include("dafeng.domains.inclusion.urls")),
    path("energy/", include("dafeng.domains.energy.urls")),
    path("enterprise/", include("dafeng.domains.enterprise.urls")),
    path("tokens/", include("dafeng.portal.tokens.urls")),
    path("api/docs/", api_docs.api_docs, name="api-docs"),
    path("api/", api.urls),
]
handler400 = "dafeng.portal.errors.bad_request"
handler404 = "dafeng.portal.errors.not_found"
handler403 = "dafeng.portal.errors.forbidden"
handler500 = "dafeng.portal.errors.failed"
