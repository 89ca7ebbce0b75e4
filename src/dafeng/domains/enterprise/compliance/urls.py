"""The room's addresses. Words before slugs."""

from dafeng.domains.enterprise.compliance.views import (
    allocating,
    city,
    entering,
    exposure,
    firm,
    planning,
    rules,
    screening,
    trial,
    withdrawing,
)

urlpatterns = [
    *city.urlpatterns,
    *screening.urlpatterns,
    *rules.urlpatterns,
    *planning.urlpatterns,
    *trial.urlpatterns,
    *exposure.urlpatterns,
    *allocating.urlpatterns,
    *entering.urlpatterns,
    *withdrawing.urlpatterns,
    *firm.urlpatterns,
]
