"""The domain's addresses, room by room (`urlpatterns` in each room's `urls.py`)."""

from dafeng.domains.enterprise.rooms import brought

app_name = "enterprise"
urlpatterns = [pattern for patterns in brought("urls", "urlpatterns") for pattern in patterns]
