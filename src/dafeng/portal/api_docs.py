"""The API's own page, written from its description: accessible, in the reader's language, complete without JavaScript."""

from __future__ import annotations

import json
import shlex
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.domains.inventory import library
from dafeng.domains.inventory.runs import visible_run
from dafeng.domains.inventory.services import first_city
from dafeng.kernel.actions import asks
from dafeng.portal import permissions
from dafeng.portal.api import api
from dafeng.portal.api.callers import RATES, Allowance
from dafeng.portal.api.problems import TITLES

DEEPEST = 3


@require_safe
@asks(permissions.READ)
def api_docs(request: HttpRequest) -> HttpResponse:
    """All operations by group; `q` leaves those that speak of it. The list is made once a question and kept (see the template)."""
    wanted = " ".join(request.GET.get("q", "").replace("\0", "").split())[:80].lower()
    samples = _samples(request)
    return render(
        request,
        "portal/api_docs.html",
        {
            "schema": api.get_openapi_schema(),
            "samples": samples,
            "chapters": lru_cache(maxsize=1)(partial(_chapters, samples, wanted)),
            "wanted": wanted,
            "problems": [(status, title, mend) for status, (title, mend) in TITLES.items()],
            "rates": {name: Allowance(rate, "") for name, rate in getattr(settings, "API_RATES", RATES).items()},
        },
    )


def _chapters(samples: dict[str, str], wanted: str) -> list[dict[str, Any]]:
    """The groups in order, each with its operations ready to be shown."""
    schema = api.get_openapi_schema()
    found = []
    for tag in schema["tags"]:
        operations = [
            _shown(schema, path, method, operation, samples)
            for path, item in schema["paths"].items()
            for method, operation in item.items()
            if tag["name"] in operation["tags"] and _speaks_of(path, method, operation, wanted)
        ]
        if operations:
            found.append({"name": tag["name"], "title": tag["description"], "operations": operations})
    return found


def _speaks_of(path: str, method: str, operation: dict[str, Any], wanted: str) -> bool:
    """Whether every word occurs somewhere in what is told of the operation."""
    action = operation["x-action"]
    said = (
        f"{method} {path} {operation['operationId']} {operation['summary']} {action['scope']} {action['title']}".lower()
    )
    return all(word in said for word in wanted.split())


def _samples(request: HttpRequest) -> dict[str, str]:
    """Values of this installation for the examples, so that they can be tried: its city, and the run this reader sees."""
    code = first_city()
    run = visible_run(request.user, code) if code else None
    return {"code": code or "411500", "id": str(run.pk) if run else ""}


def _shown(
    schema: dict[str, Any], path: str, method: str, operation: dict[str, Any], samples: dict[str, str]
) -> dict[str, Any]:
    answers = operation["responses"]
    good = next((name for name in answers if name.startswith("2")), "200")
    content = answers.get(good, {}).get("content", {})
    body = operation.get("requestBody", {}).get("content", {})
    media, sent = next(iter(body.items()), ("", {}))
    address = _address(path, operation, samples)
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "text": operation.get("description", ""),
        "action": operation["x-action"],
        "public": {} in operation["security"],
        "parameters": [each | {"kind": _kind(schema, each["schema"])} for each in operation.get("parameters", [])],
        "media": media,
        "body": _fields(schema, sent.get("schema", {})) if sent else [],
        "status": good,
        "answer": _fields(schema, next(iter(content.values()), {}).get("schema", {})),
        "statuses": [
            (status, schema["components"]["responses"][f"Problem{status}"]["description"])
            for status, answer in answers.items()
            if "$ref" in answer
        ],
        "curl": _curl(schema, path, method, operation, media, sent.get("schema", {}), samples),
        "tryable": address if method == "get" and "{" not in address else "",
    }


def _address(path: str, operation: dict[str, Any], samples: dict[str, str]) -> str:
    """The path with values of this installation where it has them; what is unknown stays as a template."""
    known = dict(samples)
    if not path.startswith("/api/inventories/"):
        known.pop("id")
    if path.startswith("/api/indicators/"):
        known["code"] = "inventory.co2e.total"
    if not path.startswith(("/api/cities/", "/api/indicators/")):
        known.pop("code")
    if path.startswith("/api/methods/"):
        known["id"] = next(iter(library.methods()))
    for name, value in known.items():
        path = path.replace(f"{{{name}}}", quote(value)) if value else path
    return path


def _curl(
    schema: dict[str, Any], path: str, method: str, operation: dict[str, Any], media: str, sent: dict[str, Any], samples: dict[str, str]
) -> str:  # fmt: skip
    """A command to copy; what has to be filled in stays in braces."""
    address = _address(path, operation, samples)
    required = {
        each["name"]: each.get("example", "…")
        for each in operation.get("parameters", [])
        if each["in"] == "query" and each["required"]
    }
    if required:
        address += f"?{urlencode(required)}"
    lines = [f"curl {shlex.quote(settings.SITE_ADDRESS + address)}"]
    if method != "get":
        lines[0] = f"curl -X {method.upper()} {shlex.quote(settings.SITE_ADDRESS + address)}"
    if {} not in operation["security"] or method != "get":
        lines.append('-H "Authorization: Bearer $DAFENG_TOKEN"')
    if method != "get" and operation["x-action"]["writes"]:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if media == "application/json":
        sample = json.dumps(_sample(schema, sent), ensure_ascii=False)
        lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(sample)}"]
    elif media:
        lines.append("-F file=@填报模板.xlsx")
    return " \\\n  ".join(lines)


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A schema behind its reference."""
    if "$ref" in part:
        found: dict[str, Any] = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[-1]]
        return found
    return part


def _kind(schema: dict[str, Any], part: dict[str, Any]) -> str:
    """The type in a few characters: what a reader of a table wants to know."""
    if "anyOf" in part:
        kinds = [_kind(schema, each) for each in part["anyOf"]]
        return " | ".join(dict.fromkeys(kinds))
    part = _resolved(schema, part)
    if "enum" in part:
        return " | ".join(json.dumps(each, ensure_ascii=False) for each in part["enum"])
    if "const" in part:
        return json.dumps(part["const"], ensure_ascii=False)
    if part.get("type") == "array":
        return f"[{_kind(schema, part.get('items', {}))}]"
    return str(part.get("format") or part.get("type") or _("任意"))


def _fields(schema: dict[str, Any], part: dict[str, Any], depth: int = 0) -> list[dict[str, Any]]:
    """The fields of an object, each followed by those inside it."""
    part = _resolved(schema, part)
    if part.get("type") == "array":
        part = _resolved(schema, part.get("items", {}))
    found = []
    for name, field in part.get("properties", {}).items():
        inner = next((each for each in field.get("anyOf", []) if each.get("type") != "null"), field)
        found.append(
            {
                "name": name,
                "depth": depth,
                "kind": _kind(schema, field),
                "required": name in part.get("required", []),
                "default": field.get("default"),
                "text": field.get("description", ""),
            }
        )
        if depth < DEEPEST:
            found += _fields(schema, inner, depth + 1)
    return found


def _sample(schema: dict[str, Any], part: dict[str, Any]) -> Any:
    """A body that could be sent, from the description's examples."""
    part = _resolved(schema, part)
    if part.get("examples"):
        return part["examples"][0]
    if "anyOf" in part:
        return _sample(schema, part["anyOf"][0])
    if "enum" in part:
        return part["enum"][0]
    if part.get("type") == "object":
        needed = part.get("required", [])
        return {name: _sample(schema, field) for name, field in part.get("properties", {}).items() if name in needed}
    return {"integer": 0, "number": 1.0, "boolean": False, "array": []}.get(str(part.get("type")), "…")
