"""For everybody: the scenes, and the open specification with its client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import Partner, Scene
from dafeng.domains.inclusion.scenes import api, scenery, words
from dafeng.kernel.actions import asks, may
from dafeng.kernel.api import signatures

GROUPS = {
    "travel": _("绿色出行"), "energy": _("节能与可再生能源"), "consumption": _("绿色消费"), "recycling": _("回收利用"),
    "tourism": _("低碳旅游"), "sink": _("碳汇与志愿服务"),
}  # fmt: skip
HERE = Path(__file__).resolve().parent.parent
# The example of the page, which a test signs with the page's own client.
EXAMPLE: dict[str, str] = {
    "method": "POST",
    "path": "/api/inclusion/events",
    "time": "1795219200",
    "nonce": "0123456789abcdef0123456789abcdef",
    "secret": "an-example-secret-that-signs-nothing",
    "body": '{"scene": "bus-ride", "id": "T-1", "member": "7Q2MK4XW9B0HD3T5VJ6C", "at": "2026-11-20T08:12:00+08:00", '
    '"until": "2026-11-20T08:31:00+08:00", "data": {"distance": 5.2}}',
}
REASONS = (
    "scene_unknown", "scene_inactive", "member_unknown", "consent_missing", "account_suspended", "field_missing", "field_unknown",
    "field_malformed", "field_out_of_range", "quantity_negative", "clock_ahead", "too_old", "number_reused", "event_malformed",
    "batch_changed", "batch_too_big", "batch_key_malformed", "signature_missing", "signature_malformed", "signature_wrong",
    "signature_late", "key_unknown", "key_revoked", "partner_suspended", "replayed",
)  # fmt: skip


@require_safe
@asks(permissions.SEE_SCENES)
def scenes(request: HttpRequest) -> HttpResponse:
    """Every scene that is open: what it gives, up to how much, and how one takes part."""
    rows = Scene.objects.filter(active=True, partner__state=Partner.State.ACTIVE).select_related(
        "partner", "methodology"
    )
    groups: dict[str, list[Scene]] = {}
    for scene in rows.order_by("methodology__group", "methodology_id", "code"):
        groups.setdefault(scene.methodology.group, []).append(scene)
    context = {
        "groups": [(GROUPS.get(group, group), found) for group, found in groups.items()],
        "count": sum(map(len, groups.values())),
        "keeps": may(request.user, permissions.KEEP_SCENES),
        "owns": may(request.user, permissions.OWN_SCENES),
        "checks_in": may(request.user, permissions.CHECK_IN),
    }
    return render(request, "inclusion/scenes/list.html", context)


@require_safe
@asks(permissions.SEE_SCENES)
def specification(request: HttpRequest) -> HttpResponse:
    """How a scene connects: signing with an example, events, batches, answers."""
    values = (EXAMPLE["method"], EXAMPLE["path"], EXAMPLE["time"], EXAMPLE["nonce"], EXAMPLE["body"].encode())
    fields: dict[str, Any] = {}
    for scene in Scene.objects.filter(active=True).select_related("methodology").order_by("methodology_id"):
        fields.setdefault(scene.methodology_id, (scene.methodology, scenery.fields_of(scene.methodology_id)))
    context = {
        "example": EXAMPLE,
        "signed_text": signatures.text(*values),
        "signature": signatures.sign(EXAMPLE["secret"], *values),
        "reasons": [(code, words.sentence(code), words.mend(code)) for code in REASONS],
        "methodologies": list(fields.values()),
        "rules": words.settings()["intake"],
        "event_rate": api.EVENT_RATE.removesuffix("/s"),
        "batch_rate": api.BATCH_RATE.removesuffix("/s"),
        "client": (HERE / "client.py").read_text("utf-8"),
    }
    return render(request, "inclusion/scenes/specification.html", context)


@require_safe
@asks(permissions.SEE_SCENES)
def client(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse((HERE / "client.py").read_bytes(), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="scene_client.py"'
    return answer


urlpatterns = [
    path("scenes/", scenes, name="scenes"),
    path("scenes/spec/", specification, name="scene-spec"),
    path("scenes/spec/scene_client.py", client, name="scene-client"),
]
