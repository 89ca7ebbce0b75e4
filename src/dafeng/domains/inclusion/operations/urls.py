"""The addresses of the operator's desk."""

from dafeng.domains.inclusion.operations.views import campaigns, complaints, corrections, partners, public, risk

urlpatterns = [
    *public.urlpatterns,
    *partners.urlpatterns,
    *risk.urlpatterns,
    *corrections.urlpatterns,
    *complaints.urlpatterns,
    *campaigns.urlpatterns,
]
