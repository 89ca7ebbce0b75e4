"""Errors as problem details (RFC 9457), every one of them: `detail` for people, `code` and `errors` for programs.

`type` leads to the page where the status is explained. A fault of ours says so, is logged, and tells nothing of the program.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja.errors import HttpError, Throttled, ValidationError

from dafeng.kernel.api.freshness import NotModified, answer_headers
from dafeng.kernel.errors import DafengError, SignInRequired, StaleError
from dafeng.portal.errors import status_of

log = logging.getLogger("django.request")
MEDIA_TYPE = "application/problem+json"
MOST = 1000  # faults that one answer lists

# status → its title, and what a program should do about it (told on the page of the API)
TITLES = {
    400: (gettext_lazy("请求无法识别"), gettext_lazy("按说明改正请求的格式；原样重发不会成功。")),
    401: (gettext_lazy("需要登录"), gettext_lazy("附上未到期、未停用的令牌：Authorization: Bearer dft_…")),
    403: (gettext_lazy("没有权限"), gettext_lazy("换用勾选了所需范围的令牌，或请系统管理员分派角色。")),
    404: (gettext_lazy("没有找到"), gettext_lazy("核对地址和编号；无权查看的内容也按没有找到回答。")),
    405: (gettext_lazy("不支持这种方法"), gettext_lazy("用 Allow 中列出的方法。")),
    409: (gettext_lazy("与现状冲突"), gettext_lazy("重新读取现状再决定；同一个 Idempotency-Key 不能用于两个不同的请求。")),
    412: (gettext_lazy("前提不成立"), gettext_lazy("去掉或更新 If-Match、If-None-Match。")),
    413: (gettext_lazy("内容太大"), gettext_lazy("缩小或拆分后再发。")),
    422: (gettext_lazy("内容不符合要求"), gettext_lazy("errors 逐条列出位置、问题和改法；没有保存任何内容。")),
    429: (gettext_lazy("请求太频繁"), gettext_lazy("等 Retry-After 所示的秒数再试；批量读取请用 limit 分页。")),
    500: (gettext_lazy("系统出错"), gettext_lazy("不是请求的问题，数据没有改动；稍后再试，仍不成功请告诉系统管理员。")),
}  # fmt: skip


class ScopeMissing(DafengError):
    """The token was not given this scope."""

    code = "scope"

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(
            _("这个令牌没有“%(scope)s”范围") % {"scope": scope}, mend=_("请在“接口令牌”页新建勾选了该范围的令牌")
        )


class BadToken(SignInRequired):
    """The token is unknown, has run out, or was withdrawn: all three look the same from outside."""

    code = "token"


class KeyReused(StaleError):
    """An Idempotency-Key was sent before with another request, or its first request is still being done."""

    code = "idempotency"


class TooLarge(DafengError):
    code = "too_large"


class Malformed(DafengError):
    code = "malformed"


class CsrfRefused(DafengError):
    code = "csrf"


_STATUS: tuple[tuple[type[DafengError], int], ...] = (
    (ScopeMissing, 403), (CsrfRefused, 403), (TooLarge, 413), (Malformed, 400),
)  # fmt: skip


def problem(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    code: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """One problem. Nothing that was prepared for a success goes with it."""
    answer_headers(request).clear()
    title = TITLES.get(status, TITLES[500 if status >= 500 else 400])[0]
    body = {
        "type": f"/api/docs/#problem-{status if status in TITLES else 400}",
        "title": str(title),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": request.path,
        "errors": errors or [],
    }
    # Whatever a caller sent may come back in a sentence; what no text can hold is replaced.
    content = json.dumps(body, ensure_ascii=False, default=str).encode(errors="replace")
    return HttpResponse(content, status=status, content_type=MEDIA_TYPE, headers=headers or {})


def of_error(request: HttpRequest, error: DafengError) -> HttpResponse:
    """A user's error: its sentences, and every fault of a list where the error carries one."""
    status = next((number for kind, number in _STATUS if isinstance(error, kind)), status_of(error))
    headers = {}
    if isinstance(error, BadToken):
        headers["WWW-Authenticate"] = 'Bearer realm="dafeng", error="invalid_token"'
    elif status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="dafeng"'
    elif isinstance(error, ScopeMissing):
        headers["WWW-Authenticate"] = f'Bearer realm="dafeng", error="insufficient_scope", scope="{error.scope}"'
    faults = [each for each in getattr(error, "problems", ()) if isinstance(each, DafengError)] or [error]
    errors = [_told(each) for each in faults[:MOST]]
    return problem(request, status, str(error), code=error.code, errors=errors, headers=headers)


def _told(error: DafengError) -> dict[str, Any]:
    """What a fault says of itself, without what it leaves open; its whole sentence is the problem's detail."""
    said = error.as_dict()
    del said["message"]
    return {name: value for name, value in said.items() if value not in ("", None)}


def _said(error: dict[str, Any]) -> str:
    """What is wrong with one parameter, in the reader's language; pydantic's own English for the rare rest."""
    limits = error.get("ctx", {})
    words = {
        "missing": gettext_lazy("缺少"),
        "int_parsing": gettext_lazy("不是整数"),
        "int_type": gettext_lazy("不是整数"),
        "int_from_float": gettext_lazy("不是整数"),
        "float_parsing": gettext_lazy("不是数"),
        "float_type": gettext_lazy("不是数"),
        "finite_number": gettext_lazy("不是有限的数"),
        "int_parsing_size": gettext_lazy("数太大"),
        "decimal_parsing": gettext_lazy("不是数"),
        "decimal_type": gettext_lazy("不是数"),
        "decimal_max_places": gettext_lazy("小数多于 %(decimal_places)s 位"),
        "decimal_max_digits": gettext_lazy("多于 %(max_digits)s 位"),
        "bool_parsing": gettext_lazy("不是 true 或 false"),
        "bool_type": gettext_lazy("不是 true 或 false"),
        "string_type": gettext_lazy("不是文字"),
        "uuid_parsing": gettext_lazy("不是 UUID"),
        "uuid_type": gettext_lazy("不是 UUID"),
        "date_parsing": gettext_lazy("不是日期，应写成 2025-03-12"),
        "date_type": gettext_lazy("不是日期，应写成 2025-03-12"),
        "date_from_datetime_parsing": gettext_lazy("不是日期，应写成 2025-03-12"),
        "date_from_datetime_inexact": gettext_lazy("不是日期，应写成 2025-03-12"),
        "datetime_from_date_parsing": gettext_lazy("不是日期时间"),
        "datetime_parsing": gettext_lazy("不是日期时间"),
        "datetime_out_of_range": gettext_lazy("换算成世界时后超出公元 1 年至 9999 年"),
        "dict_type": gettext_lazy("不是一组键和值"),
        "model_attributes_type": gettext_lazy("不是一组键和值"),
        "model_type": gettext_lazy("不是一组键和值"),
        "list_type": gettext_lazy("不是列表"),
        "greater_than_equal": gettext_lazy("小于 %(ge)s"),
        "less_than_equal": gettext_lazy("大于 %(le)s"),
        "greater_than": gettext_lazy("应大于 %(gt)s"),
        "less_than": gettext_lazy("应小于 %(lt)s"),
        "too_short": gettext_lazy("少于 %(min_length)s 项"),
        "too_long": gettext_lazy("多于 %(max_length)s 项"),
        "string_too_short": gettext_lazy("少于 %(min_length)s 个字"),
        "string_too_long": gettext_lazy("多于 %(max_length)s 个字"),
        "string_pattern_mismatch": gettext_lazy("写法不对，应符合 %(pattern)s"),
        "literal_error": gettext_lazy("应为 %(expected)s 之一"),
        "extra_forbidden": gettext_lazy("没有这一项"),
    }
    text = words.get(error["type"])
    return str(text) % limits if text is not None and limits else str(text or error["msg"])


def of_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Parameters or a body that the description does not allow."""
    errors = []
    for each in error.errors:
        where, *path = [str(part) for part in each["loc"]]
        name = ".".join(path[1:] if where == "body" and len(path) > 1 else path)
        errors.append({"code": each["type"], "in": where, "name": name, "what": _said(each)})
    first = errors[0]
    return problem(
        request, 422, _("请求参数“%(name)s”%(what)s") % {"name": first["name"], "what": first["what"]}, code="invalid", errors=errors
    )  # fmt: skip


def of_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error, Throttled):
        seconds = str(max(1, round(error.wait or 1)))
        return problem(
            request, 429, _("请求太频繁，请 %(seconds)s 秒后再试") % {"seconds": seconds}, code="throttled", headers={"Retry-After": seconds}
        )  # fmt: skip
    if error.status_code == 400:
        return problem(request, 400, _("请求的正文不是合法的 JSON"), code="malformed")
    return problem(request, error.status_code, str(error), code="http")


def of_missing(request: HttpRequest, error: Exception | None = None) -> HttpResponse:
    return problem(request, 404, _("没有找到所请求的内容，或者您无权查看"), code="not_found")


def of_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    detail = _("这个地址不支持 %(method)s") % {"method": request.method}
    return problem(request, 405, detail, code="method_not_allowed", headers={"Allow": allowed})


def of_cut(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(request, 400, _("上传中断了，文件没有收全；没有保存任何内容"), code="malformed")


def of_suspicious(request: HttpRequest, error: Exception) -> HttpResponse:
    if isinstance(error, RequestDataTooBig):
        return problem(request, 413, _("请求的正文太大"), code="too_large")
    return problem(request, 400, _("这个请求不完整或无法识别"), code="malformed")


def of_refused(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(request, 403, _("您没有权限"), code="permission")


def of_unchanged(request: HttpRequest, error: NotModified) -> HttpResponse:
    return HttpResponseNotModified()


def of_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    """A fault of ours: into the log with its trace, to the caller with one sentence."""
    log.error("API fault at %s %s", request.method, request.path, exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return problem(request, 500, _("系统出错了，数据没有改动；请稍后再试"), code="fault")


_HANDLERS: dict[type[Exception], Any] = {
    Exception: of_fault,
    DafengError: of_error,
    ValidationError: of_invalid,
    HttpError: of_http,
    Http404: of_missing,
    SuspiciousOperation: of_suspicious,
    DjangoPermissionDenied: of_refused,
    UnreadablePostError: of_cut,
    MultiPartParserError: of_cut,
    NotModified: of_unchanged,
}


def answer_to(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer to whatever was raised: by the nearest kind of error that is known."""
    handler = next(_HANDLERS[kind] for kind in type(error).__mro__ if kind in _HANDLERS)
    answer: HttpResponse = handler(request, error)
    return answer
