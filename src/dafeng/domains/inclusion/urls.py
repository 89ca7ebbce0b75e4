"""The domain's addresses, room by room (`urlpatterns` in each room's `urls.py`)."""

from dafeng.domains.inclusion.rooms import brought

app_name = "inclusion"
urlpatterns = [pattern for patterns in brought("urls", "urlpatterns") for pattern in patterns]
