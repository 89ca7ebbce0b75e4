"""What a person sees when something cannot be done: a page that says what, what was expected, and how to mend it.

Any `DafengError` that leaves a view ends here. A stranger is sent to log in; if they were sending a form (their session had
ended), what they had typed is kept in the new session and offered to them again after the login.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from dafeng.kernel.errors import DafengError, NotFound, PermissionDenied, SignInRequired, StaleError, UploadError
from dafeng.portal.accounts import held


class ErrorPages:
    """Middleware: errors in the user's words as pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, SignInRequired):
            return _to_login(request)
        if isinstance(error, DafengError):
            return problem_page(request, error)
        if isinstance(error, UnreadablePostError | MultiPartParserError):
            cut = DafengError(_("上传中断了，文件没有收全"), mend=_("没有保存任何内容，请重新选择文件上传"))
            return problem_page(request, cut, status=400)
        return None


def status_of(error: DafengError) -> int:
    """The HTTP status of an error; pages and API agree on it."""
    for kind, status in ((SignInRequired, 401), (PermissionDenied, 403), (NotFound, 404), (StaleError, 409)):
        if isinstance(error, kind):
            return status
    return 422


def problem_page(request: HttpRequest, error: DafengError, *, status: int = 0) -> HttpResponse:
    status = status or status_of(error)
    return render(request, "portal/error.html", {"error": error.as_dict(), "status": status}, status=status)


def _to_login(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path()
    if request.method == "POST":
        held.hold(request, now=timezone.now())
        # The page of the form, not the address it posts to, is where the person wants to be.
        back = held.page_of(request)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401)
    return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}")


@requires_csrf_token
def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    missing = NotFound(_("没有找到这个页面"), mend=_("地址可能写错了，或者内容尚未发布"))
    return problem_page(request, missing)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: DjangoPermissionDenied) -> HttpResponse:
    return problem_page(
        request, PermissionDenied(_("您没有权限查看"), mend=_("请用有权限的账户登录，或联系系统管理员"))
    )


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        most = settings.UPLOAD_BYTES // 2**20
        big = UploadError(
            _("上传的内容超过 %(most)s MB，没有接收") % {"most": most}, mend=_("请拆成几个小一些的文件，再上传一次")
        )
        return problem_page(request, big, status=413)
    odd = DafengError(_("这个请求不完整或无法识别"), mend=_("没有保存任何内容，请返回上一页重试"))
    return problem_page(request, odd, status=400)


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    broken = DafengError(_("系统出错了"), mend=_("已经记录，数据没有改动。请稍后再试"))
    return problem_page(request, broken, status=500)


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was opened before the last login, or cookies are off. Nothing is saved; our own forms are held and offered."""
    from_us = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    if from_us and request.user.is_authenticated:
        if request.path == resolve_url(settings.LOGIN_URL):  # a second login page, left open
            return redirect("home")
        if held.hold(request, now=timezone.now()) and not request.headers.get("HX-Request"):
            return redirect("held")
    old = DafengError(
        _("这个页面打开得太久，或者您在另一个标签页里重新登录过"),
        mend=_("为了安全没有保存。请返回上一页刷新后再提交；如果一直这样，请检查浏览器是否允许 Cookie"),
    )
    return problem_page(request, old, status=403)
