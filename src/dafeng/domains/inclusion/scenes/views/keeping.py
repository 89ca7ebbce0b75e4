"""The operator's forms: open a scene, change it, close it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.models import Partner, Scene
from dafeng.domains.inclusion.scenes import keeping, words
from dafeng.domains.inclusion.scenes.forms import SceneForm
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import NotFound


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_SCENES)
def new(request: HttpRequest) -> HttpResponse:
    form = SceneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        partner, code, methodology = (given.pop(name) for name in ("partner", "code", "methodology"))
        try:
            keeping.open_scene(
                Partner.objects.get(code=partner), code, methodology, by=request.user, now=timezone.now(), **given
            )
        except Refused as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, _("场景已开设"))
            return redirect("inclusion:scenes")
    return _form(request, form, {"title": _("开设场景")})


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_SCENES)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    scene = Scene.objects.select_related("methodology", "partner").filter(code=code).first()
    if scene is None:
        raise NotFound(_("没有这个场景"))
    form = SceneForm(request.POST or None, scene=scene, initial=SceneForm.shown(scene))
    if request.method == "POST" and form.is_valid():
        keeping.change_scene(
            scene, form.cleaned_data, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now()
        )
        messages.success(request, _("场景已更新") if scene.active else _("场景已停用"))
        return redirect("inclusion:scene-edit", code=code)
    context = {"title": words.title_of(scene), "scene": scene, "seen": keeping.version_of(scene)}
    return _form(request, form, context)


def _form(request: HttpRequest, form: SceneForm, context: dict[str, Any]) -> HttpResponse:
    return render(request, "inclusion/scenes/edit.html", {"form": form, **context}, status=422 if form.errors else 200)


urlpatterns = [
    path("scenes/new/", new, name="scene-new"),
    path("scenes/<slug:code>/edit/", edit, name="scene-edit"),
]
