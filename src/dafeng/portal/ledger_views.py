"""The public ledger: the signed heads, the whole log as a file, and the program with which anybody checks it."""

from __future__ import annotations

from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound
from dafeng.kernel.ledger import services
from dafeng.portal import permissions

VERIFIER = Path(__file__).parent / "static" / "portal" / "verify_ledger.py"
SHOWN = 30  # days


@require_safe
@asks(permissions.READ)
def ledger(request: HttpRequest) -> HttpResponse:
    heads = services.signed_heads(newest=SHOWN)
    keys = list(dict.fromkeys(head.public_key for head in heads))  # more than one only after a change of key
    context = {"heads": heads, "keys": keys, "file": services.published(), "shown": SHOWN}
    return render(request, "portal/ledger.html", context)


@require_safe
@asks(permissions.READ)
def ledger_file(request: HttpRequest) -> FileResponse:
    """The file that the daily job wrote, as a stream."""
    found = services.published()
    try:
        if found is None:
            raise FileNotFoundError
        stream = (services.public_folder() / found.name).open("rb")
    except FileNotFoundError:
        raise NotFound(_("还没有公开文件，每天零点二十分生成")) from None
    return FileResponse(stream, as_attachment=True, filename=found.name, content_type="application/x-ndjson")


@require_safe
@asks(permissions.READ)
def ledger_verifier(request: HttpRequest) -> FileResponse:
    return FileResponse(VERIFIER.open("rb"), as_attachment=True, filename=VERIFIER.name, content_type="text/x-python")
