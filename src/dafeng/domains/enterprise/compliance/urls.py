"""The room's addresses. Words before slugs."""

from dafeng.domains.enterprise.compliance.views import city, exposure, firm, planning, rules, screening

urlpatterns = [
    *city.urlpatterns,
    *screening.urlpatterns,
    *rules.urlpatterns,
    *planning.urlpatterns,
    *exposure.urlpatterns,
    *firm.urlpatterns,
]
