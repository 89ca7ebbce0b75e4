"""Addresses of the room."""

from dafeng.domains.inclusion.scenes.views import checking_in, keeping, owner, public

urlpatterns = [*public.urlpatterns, *owner.urlpatterns, *keeping.urlpatterns, *checking_in.urlpatterns]
