"""The addresses of reporting."""

from dafeng.domains.enterprise.reporting.views import desk, findings, firm, imports, month, public, report

urlpatterns = [
    *firm.urlpatterns,
    *month.urlpatterns,
    *imports.urlpatterns,
    *findings.urlpatterns,
    *report.urlpatterns,
    *desk.urlpatterns,
    *public.urlpatterns,
]
