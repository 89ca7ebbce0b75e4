"""The room's addresses: the landing page of 信碳通, `me/…` for a person, `firm/…` for a firm."""

from dafeng.domains.inclusion.members.views import firm, home, rights, together

urlpatterns = [*home.urlpatterns, *rights.urlpatterns, *together.urlpatterns, *firm.urlpatterns]
