"""What every page knows about the installation."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, Any]:
    return {"DEMO": settings.DEMO, "MAP_APPROVAL": settings.MAP_APPROVAL}
