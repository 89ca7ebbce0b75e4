"""The addresses of reporting."""

from dafeng.domains.enterprise.reporting.views import (
    desk,
    findings,
    firm,
    imports,
    metering,
    month,
    public,
    report,
    statistics,
)

urlpatterns = [
    *firm.urlpatterns,
    *month.urlpatterns,
    *metering.urlpatterns,
    *imports.urlpatterns,
    *findings.urlpatterns,
    *report.urlpatterns,
    *desk.urlpatterns,
    *statistics.urlpatterns,
    *public.urlpatterns,
]
