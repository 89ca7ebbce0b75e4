"""The addresses of reporting."""

from dafeng.domains.enterprise.reporting.views import (
    boundary,
    desk,
    findings,
    firm,
    imports,
    metering,
    month,
    public,
    report,
    statistics,
    structure,
    unit,
)

urlpatterns = [
    *firm.urlpatterns,
    *boundary.urlpatterns,
    *unit.urlpatterns,
    *structure.urlpatterns,
    *month.urlpatterns,
    *metering.urlpatterns,
    *imports.urlpatterns,
    *findings.urlpatterns,
    *report.urlpatterns,
    *desk.urlpatterns,
    *statistics.urlpatterns,
    *public.urlpatterns,
]
