"""Offices of the joint review answer, experts declare and give their view."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dafeng.domains.enterprise.models import JointOpinion, ProjectInvitation
from dafeng.domains.enterprise.review import experts, joint, permissions
from dafeng.domains.enterprise.review.forms.judging import DeclareForm, JoinForm, ViewForm
from dafeng.domains.enterprise.review.views import clock, form_page, project_of
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.records.access import organisations_of


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.JOIN)
def join(request: HttpRequest, opinion: int) -> HttpResponse:
    """An office's answer."""
    found = JointOpinion.objects.filter(pk=opinion, office__in=organisations_of(request.user) - {""}).first()
    if found is None:
        raise NotFound(_("没有这件会审"))
    project = project_of(request, found.project_id)
    form = JoinForm(request.POST or None)
    back = (reverse("enterprise:review-project", kwargs={"id": project.pk}), project.name)
    lead = _("会审事项：%(matter)s。请在 %(due)s 前答复。") % {"matter": found.matter, "due": found.due}
    if request.method == "POST" and form.is_valid():
        now, _today = clock()
        try:
            joint.answer(found, **form.cleaned_data, by=request.user, now=now)
        except DafengError as error:
            return form_page(request, form, _("会商联审答复"), lead, back=back, error=error)
        messages.success(request, _("已答复"))
        return redirect(f"{back[0]}?tab=review")
    return form_page(request, form, _("会商联审答复"), lead, back=back)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.EXPERT)
def expert(request: HttpRequest, id: UUID) -> HttpResponse:
    """An expert's part: the declaration first, then the view."""
    project = project_of(request, id)
    found = ProjectInvitation.objects.filter(project=project, round=project.round, expert__person=request.user.pk).first()  # fmt: skip
    if found is None:
        raise NotFound(_("没有邀请您评审这个项目"))
    back = (reverse("enterprise:review-project", kwargs={"id": id}), project.name)
    now, _today = clock()
    declares = found.state == ProjectInvitation.State.INVITED
    form = DeclareForm(request.POST or None) if declares else ViewForm(request.POST or None)
    title = _("利益声明") if declares else _("专家评审意见")
    lead = _("与建设单位、编制单位任职、咨询或其他利害关系的，应当回避。") if declares else _("逐项评价第十六条的五个方面，提交后不能修改。")  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if isinstance(form, DeclareForm):
                found = experts.declare(found, clear=given["clear"], text=given["text"], by=request.user, now=now)
            else:
                found = experts.give(found, points=form.points, view=given["view"], text=given["text"], by=request.user, now=now)  # fmt: skip
        except DafengError as error:
            return form_page(request, form, title, lead, back=back, error=error)
        messages.success(request, _("已提交"))
        if found.state == ProjectInvitation.State.RECUSED:
            return redirect("enterprise:review-board")
        if found.state == ProjectInvitation.State.DECLARED:
            return redirect("enterprise:review-expert", id=id)
        return redirect(back[0])
    return form_page(request, form, title, lead, back=back)


urlpatterns = [
    path("review/joint/<int:opinion>/", join, name="review-join"),
    path("review/projects/<uuid:id>/expert/", expert, name="review-expert"),
]
