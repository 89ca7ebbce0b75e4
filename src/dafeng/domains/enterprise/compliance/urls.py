"""The room's addresses. Words before slugs."""

from dafeng.domains.enterprise.compliance.views import city, firm, planning, rules

urlpatterns = [*city.urlpatterns, *rules.urlpatterns, *planning.urlpatterns, *firm.urlpatterns]
