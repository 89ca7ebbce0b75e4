"""The citizen's own action: choose what you did, fill in how much, add a picture, see at once that it is noted."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.members import accounts
from dafeng.domains.inclusion.models import Event, Partner, Photo, Scene
from dafeng.domains.inclusion.scenes import intake, photographs, words
from dafeng.domains.inclusion.scenes.forms import CheckInForm
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound, UploadError


def _scenes() -> list[Scene]:
    rows = Scene.objects.filter(active=True, partner__state=Partner.State.ACTIVE).select_related(
        "partner", "methodology"
    )
    return [each for each in rows.order_by("methodology__group", "code") if Scene.Channel.SELF in each.channels]


@require_safe
@asks(permissions.CHECK_IN)
def choose(request: HttpRequest) -> HttpResponse:
    found = _scenes()
    if asked := request.GET.get("scene", ""):
        if any(each.code == asked for each in found):
            return redirect("inclusion:check-in-scene", code=asked)
        raise NotFound(_("没有这个打卡场景"))
    rows = [(each, words.title_of(each), words.title_of(each, "about")) for each in found]
    return render(
        request, "inclusion/scenes/check_in.html", {"scenes": rows, "member": accounts.member_of(request.user)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.CHECK_IN)
def fill(request: HttpRequest, code: str) -> HttpResponse:
    scene = next((each for each in _scenes() if each.code == code), None)
    if scene is None:
        raise NotFound(_("没有这个打卡场景"))
    member = accounts.member_of(request.user)
    form = CheckInForm(request.POST or None, request.FILES or None, scene=scene, initial={"key": uuid.uuid4()})
    context: dict[str, Any] = {
        "scene": scene,
        "title": words.title_of(scene),
        "about": words.title_of(scene, "about"),
        "form": form,
        "member": member,
    }
    if request.method == "POST" and member is not None and form.is_valid():
        try:
            photos = photographs.clean((each.name, each.size, each.read()) for each in form.cleaned_data["photos"])
            event = intake.check_in(
                member, scene, form.monitored, now=timezone.now(), evidence=photos, key=form.cleaned_data["key"].hex
            )
        except (Refused, UploadError) as error:
            context["error"] = error.as_dict()
        else:
            return redirect("inclusion:checked-in", id=event.pk)
    return render(
        request, "inclusion/scenes/check_in_form.html", context, status=422 if request.method == "POST" else 200
    )


@require_safe
@asks(permissions.CHECK_IN)
def done(request: HttpRequest, id: int) -> HttpResponse:
    """The receipt: noted at once; points follow within seconds."""
    member = accounts.member_of(request.user)
    event = Event.objects.filter(pk=id, member=member).select_related("scene").first() if member else None
    if event is None:
        raise NotFound(_("没有这条记录"))
    try:
        own = reverse("inclusion:event", args=(event.pk,))
    except NoReverseMatch:
        own = ""
    context = {
        "event": event, "title": words.title_of(event.scene), "waiting": event.state == Event.State.RECEIVED, "own": own,
        "why": words.sentence(event.reason) if event.reason else "",
    }  # fmt: skip
    return render(request, "inclusion/scenes/checked_in.html", context)


@require_safe
@asks(permissions.CHECK_IN)
def photo(request: HttpRequest, id: int) -> HttpResponse:
    """A member's own picture."""
    member = accounts.member_of(request.user)
    found = Photo.objects.filter(pk=id, event__member=member).first() if member else None
    if found is None:
        raise NotFound(_("没有这张照片"))
    return HttpResponse(
        bytes(found.content), content_type=found.media_type, headers={"Cache-Control": "private, no-store"}
    )


urlpatterns = [
    path("check-in/", choose, name="check-in"),
    path("check-in/<slug:code>/", fill, name="check-in-scene"),
    path("check-in/done/<int:id>/", done, name="checked-in"),
    path("check-in/photos/<int:id>/", photo, name="check-in-photo"),
]
