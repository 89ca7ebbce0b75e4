"""The room's addresses."""

from dafeng.domains.enterprise.review.views import boards, bureau, orders, owner, parties, project

urlpatterns = [
    *boards.urlpatterns,
    *owner.urlpatterns,
    *bureau.urlpatterns,
    *orders.urlpatterns,
    *parties.urlpatterns,
    *project.urlpatterns,
]
