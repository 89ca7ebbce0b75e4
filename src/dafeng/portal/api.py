"""The API root: OpenAPI 3.1, problem details for errors, one router a domain."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from dafeng import __version__
from dafeng.domains.inventory.api import router as inventory
from dafeng.kernel.errors import DafengError, PermissionDenied

api = NinjaAPI(
    title="dafeng 达峰",
    version=__version__,
    description="城市碳账户的开放接口。单位写在每个数值旁；status 0 完整，1 不完整，2 待确认。",
    docs_url=None,
    urls_namespace="api",
)
api.add_router("", inventory)


def _problem(request: HttpRequest, status: int, detail: str, **more: Any) -> HttpResponse:
    """RFC 9457."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False, default=str), status=status, content_type="application/problem+json"
    )


@api.exception_handler(DafengError)
def _on_user_error(request: HttpRequest, error: DafengError) -> HttpResponse:
    status = 403 if isinstance(error, PermissionDenied) else 422
    return _problem(request, status, str(error), errors=[error.as_dict()])


@api.exception_handler(ValidationError)
def _on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _problem(request, 422, "请求参数不符合接口说明", errors=error.errors)


@api.exception_handler(Http404)
def _on_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return _problem(request, 404, "没有找到所请求的内容")


@api.exception_handler(AuthenticationError)
def _on_stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _problem(request, 401, "请先登录")


@api.exception_handler(HttpError)
def _on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _problem(request, error.status_code, str(error))
