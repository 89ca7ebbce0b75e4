"""The front door, the API's own page, and the pages for when something is wrong."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import requires_csrf_token

from dafeng.domains.inventory.models import City
from dafeng.portal.api import api


def home(request: HttpRequest) -> HttpResponse:
    """The first city's account; an installation without one says how to begin."""
    city = City.objects.order_by("-runs__created_at", "code").first()
    if city is None:
        return render(request, "portal/empty.html", status=200)
    return redirect("inventory:account", code=city.code)


def api_docs(request: HttpRequest) -> HttpResponse:
    """Our own accessible page over the OpenAPI description."""
    schema = api.get_openapi_schema()
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "text": operation.get("description", ""),
        }
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    ]
    return render(request, "portal/api_docs.html", {"operations": operations, "schema": schema})


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "portal/error.html", {"kind": "not_found"}, status=404)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "portal/error.html", {"kind": "forbidden"}, status=403)


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/error.html", {"kind": "failed"}, status=500)
