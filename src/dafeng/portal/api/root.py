"""The API root: one `NinjaAPI` through whose hands every request and every answer goes.

Order of things for a request: size, caller, rate, permission, idempotency, then the operation (which reads parameters and asks
again for its action); for an answer: entity tag, freshness, rate headers. Anything raised becomes problem details.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import partial, wraps
from math import isinf
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path, reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from dafeng.kernel.actions import Action
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.limits import Limits, limits_of
from dafeng.portal import permissions
from dafeng.portal.api import problems
from dafeng.portal.api.callers import SAFE, Caller, address_of, admit, caller_of, check_size, take_turn
from dafeng.portal.api.once import once

Run = Callable[..., HttpResponseBase]


class StrictParser(Parser):
    """JSON as RFC 8259 has it: no NaN, no half characters, nothing that a database or an answer could not hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        found = json.loads(request.body, parse_constant=_refuse, parse_float=_finite)
        if not all(_storable(text) for text in _texts(found)):
            raise ValueError("a text cannot be stored")
        return found


class PlainRenderer(JSONRenderer):
    """Chinese stays Chinese on the wire; a number that JSON does not know is a fault of ours, not an answer."""

    json_dumps_params = {"ensure_ascii": False, "allow_nan": False}  # noqa: RUF012


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    """1e400 is JSON, and infinite as a float."""
    if isinf(value := float(text)):
        raise ValueError(f"{text} is too large")
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _storable(text: str) -> bool:
    return "\0" not in text and not re.search(r"[\ud800-\udfff]", text)


def action_of(operation: Operation) -> Action:
    """The action that guards an operation; an operation without one cannot be mounted."""
    found = getattr(operation.view_func, "action", None)
    if not isinstance(found, Action):
        raise TypeError(f"{operation.view_func.__name__} carries no action (kernel.actions.asks)")
    return found


def through_the_gate(run: Run) -> Run:
    """Wrap an operation's `run`: everything that is the same for all of them."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]

    @wraps(run)
    def answer(request: HttpRequest, **parameters: Any) -> HttpResponseBase:
        caller = None
        try:
            caller = _enter(request, limits_of(operation.view_func))
            action = action_of(operation)
            admit(request, caller, action)
            do = partial(run, request, **parameters)
            if request.method in SAFE or not caller.known:
                found = do()
            else:
                found = once(request, caller, do, now=timezone.now())
        except Exception as error:
            found = problems.answer_to(request, error)
        return leave(request, found, caller)

    return answer


def _enter(request: HttpRequest, limits: Limits | None = None) -> Caller:
    check_size(request, limits)
    try:
        caller = caller_of(request, now=timezone.now())
    except problems.BadToken:
        take_turn(request, address_of(request), known=False)  # guessing tokens is counted as well
        raise
    take_turn(request, caller.name, known=caller.known, limits=limits)
    return caller


def leave(request: HttpRequest, answer: HttpResponseBase, caller: Caller | None) -> HttpResponseBase:
    """Headers that say how long the answer holds, for whom, and how many more may be asked."""
    good = answer.status_code < 400
    for name, value in (answer_headers(request) if good else {}).items():
        answer[name] = value
    reading = request.method in SAFE and answer.status_code in (200, 304)
    if not reading:
        answer["Cache-Control"] = "no-store"
    elif not answer.has_header("Cache-Control"):
        answer["Cache-Control"] = "private, no-cache" if caller is not None and caller.known else "public, no-cache"
    elif caller is not None and caller.known:
        answer["Cache-Control"] = answer["Cache-Control"].replace("public", "private")
    patch_vary_headers(answer, ("Authorization", "Cookie", "Accept-Language"))
    for name, value in getattr(request, "rate_headers", {}).items():
        answer[name] = value
    if reading and isinstance(answer, HttpResponse) and answer.status_code == 200:
        tag = answer.get("ETag") or f'W/"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
        answer["ETag"] = tag
        answer = get_conditional_response(request, etag=tag, response=answer) or answer
        if answer.status_code == 412:
            answer = problems.problem(request, 412, str(problems.TITLES[412][0]), code="precondition")
    return answer


class Root(NinjaAPI):
    """NinjaAPI with our errors, our description, and no address left without an answer of ours."""

    def __init__(self, *, describe: Callable[[Root, dict[str, Any]], dict[str, Any]], **named: Any) -> None:
        super().__init__(
            parser=StrictParser(),
            renderer=PlainRenderer(),
            docs_url=None,
            openapi_url=None,
            urls_namespace="api",
            **named,
        )
        self._describe = describe
        self._described: dict[str, dict[str, Any]] = {}
        self.add_decorator(through_the_gate, mode="view")

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        return problems.answer_to(request, exc)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The function's name: stable, however modules move."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **named: Any) -> dict[str, Any]:  # type: ignore[override]
        """The whole description in the reader's language; made once a language, not to be changed by who reads it."""
        language = get_language() or ""
        if language not in self._described:
            plain = json.loads(json.dumps(super().get_openapi_schema(**named), default=str))
            self._described[language] = self._describe(self, plain)
        return self._described[language]

    def operations(self) -> Iterator[tuple[str, str, Operation]]:
        """(method, path template, operation) of everything that can be asked."""
        for bound in self._get_bound_routers():
            for path, view in bound.path_operations.items():
                for operation in view.operations:
                    for method in operation.methods:
                        yield method, f"/api{bound.prefix}{path}", operation

    def _get_urls(self) -> list[Any]:
        for _method, _path, operation in self.operations():
            action_of(operation)
        patterns = [pattern for pattern in super()._get_urls() if pattern.name != "api-root"]
        for pattern in patterns:
            assert isinstance(pattern, URLPattern)
            pattern.callback = _answered(pattern.callback)
            pattern.callback.action = permissions.READ  # each operation asks for its own
        return [
            re_path(r"^$", _public(self._entrance), name="api-root"),
            re_path(r"^openapi\.json$", _public(self._openapi), name="openapi-json"),
            *patterns,
            re_path(r"^(?!docs$)[\s\S]+$", _public(problems.of_missing, always=True), name="nothing"),
        ]

    def _entrance(self, request: HttpRequest) -> HttpResponse:
        """Where to begin (RFC 8631 names the relations)."""
        links = {"service-desc": reverse("api:openapi-json"), "service-doc": reverse("api-docs")}
        answer = HttpResponse(
            json.dumps({"title": self.title, "version": self.version, **links}, ensure_ascii=False),
            content_type="application/json",
        )
        answer["Link"] = ", ".join(f'<{address}>; rel="{name}"' for name, address in links.items())
        return answer

    def _openapi(self, request: HttpRequest) -> HttpResponse:
        text = json.dumps(self.get_openapi_schema(), ensure_ascii=False)
        return HttpResponse(text, content_type="application/json")


def _answered(view: Run) -> Any:
    """HEAD is GET without the content; a method that is not there is a problem like any other."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        asked, request.method = request.method, "GET" if request.method == "HEAD" else request.method
        try:
            answer = view(request, *args, **kwargs)
        finally:
            request.method = asked
        if answer.status_code == 405:
            return leave(request, problems.of_not_allowed(request, answer["Allow"]), None)
        if asked == "HEAD" and isinstance(answer, HttpResponse):
            answer["Content-Length"] = str(len(answer.content))
            answer.content = b""
        elif asked == "HEAD" and isinstance(answer, StreamingHttpResponse):
            answer.close()
            answer.streaming_content = []
        return answer

    return answered


def _public(view: Callable[[HttpRequest], HttpResponse], *, always: bool = False) -> Any:
    """A view of the root itself, for everybody; `always`: whatever the method."""

    @csrf_exempt
    def shown(request: HttpRequest, **_parameters: Any) -> HttpResponseBase:
        caller = None
        try:
            caller = _enter(request)
            fits = always or request.method in SAFE
            answer = view(request) if fits else problems.of_not_allowed(request, "GET, HEAD")
        except Exception as error:
            answer = problems.answer_to(request, error)
        return leave(request, answer, caller)

    shown.action = permissions.READ  # type: ignore[attr-defined]
    return shown
