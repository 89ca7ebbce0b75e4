"""Addresses of the room; what has a fixed word comes before what has an id."""

from dafeng.domains.enterprise.verification.views import case, desks, register, spots

urlpatterns = [*desks.urlpatterns, *spots.urlpatterns, *register.urlpatterns, *case.urlpatterns]
