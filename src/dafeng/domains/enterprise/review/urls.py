"""The room's addresses."""

from dafeng.domains.enterprise.review.views import boards, bureau, owner, parties, project

urlpatterns = [
    *boards.urlpatterns,
    *owner.urlpatterns,
    *bureau.urlpatterns,
    *parties.urlpatterns,
    *project.urlpatterns,
]
