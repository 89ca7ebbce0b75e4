"""Organisations, their members, and all people: for administrators and the managers of an organisation's members."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import DafengError, NotFound, StaleError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records.services import history
from dafeng.portal.accounts import members, permissions
from dafeng.portal.accounts.forms import GrantForm, OrganisationForm
from dafeng.portal.accounts.models import Membership, Organisation, Role, User
from dafeng.portal.accounts.place_names import memberships_of, place_names

SHOWN_EVENTS = 30


def the_organisation(request: HttpRequest, code: str) -> Organisation:
    """The organisation, if this person looks after it; another's looks as if it were not there."""
    return get_object_or_404(Organisation.objects.for_user(request.user), code=code)


def at(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


@require_safe
@asks(permissions.SEE_MEMBERS)
def organisations(request: HttpRequest) -> HttpResponse:
    names = place_names()
    rows = Organisation.objects.for_user(request.user).annotate(
        people=Count("memberships__user", distinct=True, filter=Q(memberships__user__is_active=True)),
        managers=Count("memberships__user", distinct=True, filter=Q(memberships__manager=True)),
    )
    table = Table(
        request,
        rows,
        [
            Column("name", _("名称"), link=lambda o: reverse("organisation", kwargs={"code": o.code}), wide=True),
            Column("code", _("代码")),
            Column("place", _("地区"), show=lambda o: names.get(o.place, o.place)),
            Column("people", _("成员"), numeric=True),
            Column("managers", _("成员管理人"), numeric=True),
        ],
        _("组织"),
        search=("name", "name_en", "code"),
        order="name",
        empty=_("还没有组织。"),
        file="organisations",
    )
    adds = permissions.sees_everybody(request.user)
    return table.download() or render(request, "members/organisations.html", {"table": table, "adds": adds})


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_ORGANISATIONS)
def organisation_new(request: HttpRequest) -> HttpResponse:
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = members.add_organisation(
                given["code"], given["name"], name_en=given["name_en"], place=given["place"],
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except members.MemberError as error:
            form.add_error("code", str(error))
        else:
            messages.success(request, _("已新建“%(name)s”。接下来可以邀请成员。") % {"name": made.name})
            return redirect("organisation", code=made.code)
    return render(request, "members/organisation_form.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_ORGANISATIONS)
def organisation_edit(request: HttpRequest, code: str) -> HttpResponse:
    found = the_organisation(request, code)
    present = {name: getattr(found, name) for name in (*members.FIELDS, "version")}
    form = OrganisationForm(request.POST or None, organisation=found, initial=present)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            members.save_organisation(found, given, version=given["version"] or 0, by=request.user, now=timezone.now())
        except StaleError as error:
            return _stale(request, found, form, error)
        messages.success(request, _("已保存。"))
        return redirect("organisation", code=code)
    return render(request, "members/organisation_form.html", {"form": form, "organisation": found})


def _stale(request: HttpRequest, found: Organisation, form: OrganisationForm, error: StaleError) -> HttpResponse:
    """Both versions side by side, who made the other one, and the choice between them."""
    found.refresh_from_db()
    changes = [each for each in history("organisation", found.code) if each.action == "organisation.change"]
    names = {"": "–", **place_names()}

    def words(name: str, value: str) -> str:
        return names.get(value, value) if name == "place" else value or "–"

    rows = [
        {
            "title": form.fields[name].label,
            "theirs": words(name, getattr(found, name)),
            "yours": words(name, form.cleaned_data[name]),
            "differs": getattr(found, name) != form.cleaned_data[name],
        }
        for name in members.FIELDS
    ]
    again = {**{name: form.cleaned_data[name] for name in members.FIELDS}, "version": found.version}
    return render(
        request, "members/stale.html",
        {"organisation": found, "rows": rows, "again": again, "last": changes[-1] if changes else None, "error": error},
        status=409,
    )  # fmt: skip


@require_safe
@asks(permissions.SEE_MEMBERS)
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    found = the_organisation(request, code)
    names, now = place_names(), timezone.now()
    table = Table(
        request,
        found.memberships.select_related("user"),
        [
            Column("user.display_name", _("姓名"), show=lambda m: str(m.user), wide=True,
                   link=lambda m: reverse("membership", kwargs={"code": code, "id": m.pk})),
            Column("user.username", _("用户名")),
            Column("role", _("角色"), show=lambda m: m.get_role_display()),
            Column("place", _("地区"), show=lambda m: names.get(m.place, m.place) or _("不限定")),
            Column("manager", _("成员管理人"), show=lambda m: _("是") if m.manager else ""),
            Column("user.is_active", _("账户"), show=lambda m: _("正常") if m.user.is_active else _("已停用")),
            Column("user.last_login", _("上次登录"), show=lambda m: at(m.user.last_login) or _("从未")),
        ],
        _("成员"),
        search=("user__display_name", "user__username"),
        choices=(Choice("role", _("角色"), dict(Role.choices)),),
        order="user__display_name",
        empty=_("还没有成员。"),
        file=f"members-{code}",
    )  # fmt: skip
    waiting = found.invitations.filter(used_at=None, revoked_at=None, expires_at__gt=now).select_related("created_by")
    return table.download() or render(
        request,
        "members/organisation.html",
        {
            "organisation": found,
            "place": names.get(found.place, found.place),
            "table": table,
            "invitations": waiting.order_by("-created_at"),
            "events": _events(found),
            "edits": permissions.sees_everybody(request.user),
            "grants": bool(permissions.grantable(request.user, found)),
        },
    )


_WORDS = {
    "organisation.add": gettext_lazy("新建组织"),
    "organisation.change": gettext_lazy("修改组织"),
    "membership.grant": gettext_lazy("分派角色"),
    "membership.manager": gettext_lazy("改动成员管理人"),
    "membership.end": gettext_lazy("收回角色"),
    "invitation.add": gettext_lazy("发出邀请"),
    "invitation.accept": gettext_lazy("接受邀请"),
    "invitation.revoke": gettext_lazy("撤回邀请"),
    "login": gettext_lazy("登录"),
    "person.add": gettext_lazy("从命令行开通"),
    "person.join": gettext_lazy("接受邀请开通"),
    "person.change": gettext_lazy("修改资料"),
    "person.shut_out": gettext_lazy("停用账户"),
    "person.let_in": gettext_lazy("恢复账户"),
    "person.reset_mfa": gettext_lazy("移除两步验证"),
    "account.sign_up": gettext_lazy("单位认证开通"),
    "account.password": gettext_lazy("修改密码"),
    "account.password_reset": gettext_lazy("重设密码"),
    "account.email": gettext_lazy("更换邮箱"),
    "account.mfa_add": gettext_lazy("打开两步验证"),
    "account.mfa_remove": gettext_lazy("关闭两步验证"),
    "account.mfa_reset": gettext_lazy("更换恢复码"),
    "account.connect": gettext_lazy("绑定单位账户"),
    "account.disconnect": gettext_lazy("解除绑定"),
}


def _events(found: Organisation) -> list[dict[str, Any]]:
    """What the audit chain says of an organisation, newest first."""
    newest = history("organisation", found.code)[: -SHOWN_EVENTS - 1 : -1]
    roles = dict(Role.choices)
    return [
        {
            "title": _WORDS.get(each.action, each.action),
            "by": each.actor,
            "at": each.at,
            "text": " ".join(
                str(word)
                for word in (
                    each.detail.get("person"),
                    roles.get(each.detail.get("role", "")),
                    each.detail.get("email"),
                )
                if word
            ),
            "bad": each.action in ("membership.end", "invitation.revoke"),
        }
        for each in newest
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.MANAGE)
def membership(request: HttpRequest, code: str, id: int) -> HttpResponse:
    """One membership: end it, make its holder a manager, or give the same person another role here."""
    found = the_organisation(request, code)
    row = get_object_or_404(found.memberships.select_related("user", "organisation"), pk=id)
    form = GrantForm(
        request.POST if request.POST.get("do") == "grant" else None, by=request.user, organisation=found,
        initial={"place": row.place},
    )  # fmt: skip
    problem = None
    if request.method == "POST":
        try:
            if _change_membership(request, row, form):
                return redirect("organisation", code=code)
        except DafengError as error:
            problem = error
    return render(
        request, "members/membership.html",
        {
            "organisation": found, "membership": row, "form": form, "error": problem.as_dict() if problem else None,
            "place": place_names().get(row.place, row.place),
            "changes": permissions.may_grant(request.user, found, row.role, row.place),
            "others": row.user.memberships.filter(organisation=found).exclude(pk=row.pk),
        },
        status=422 if problem else 200,
    )  # fmt: skip


def _change_membership(request: HttpRequest, row: Membership, form: GrantForm) -> bool:
    """Do what the form asks; False when its fields need mending."""
    by, now, person = request.user, timezone.now(), str(row.user)
    match request.POST.get("do"):
        case "end":
            members.end(row, by=by, now=now)
            messages.success(request, _("已收回%(person)s的角色，从其下一次操作起生效。") % {"person": person})
        case "manager" | "no-manager" as word:
            members.set_manager(row, word == "manager", by=by, now=now)
            messages.success(request, _("已保存。"))
        case "grant" if form.is_valid():
            given = form.cleaned_data
            members.grant(row.user, row.organisation, given["role"], place=given["place"], manager=given["manager"],
                          by=by, now=now)  # fmt: skip
            messages.success(request, _("已分派。"))
        case "grant":
            return False
        case _:
            raise NotFound(_("没有这个操作"), mend=_("请刷新页面后重试"))
    return True


@require_safe
@asks(permissions.KEEP_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, also those without a role: a login of the organisation's provider begins without one."""
    rows = User.objects.prefetch_related("memberships__organisation")
    if request.GET.get("held") == "none":
        rows = rows.filter(memberships=None)
    table = Table(
        request,
        rows,
        [
            Column("display_name", _("姓名"), show=str, wide=True, link=lambda u: reverse("person", kwargs={"id": u.pk})),
            Column("username", _("用户名")),
            Column("email", _("邮箱")),
            Column("memberships", _("角色"), show=_held_words, sort=None, wide=True),
            Column("is_active", _("账户"), show=lambda u: _("正常") if u.is_active else _("已停用")),
            Column("last_login", _("上次登录"), show=lambda u: at(u.last_login) or _("从未")),
        ],
        _("人员"),
        search=("display_name", "username", "email"),
        choices=(Choice("is_active", _("账户"), {"True": _("正常"), "False": _("已停用")}),),
        order="username",
        file="people",
        kept=("held",),
    )  # fmt: skip
    return table.download() or render(request, "members/people.html", {"table": table})


def _held_words(user: User) -> str:
    held = [f"{m.organisation.name}·{m.get_role_display()}" for m in user.memberships.all()]
    return "；".join(held) or _("没有角色")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_PEOPLE)
def person(request: HttpRequest, id: int) -> HttpResponse:
    """One person: roles everywhere, shut out or let in, remove a lost second factor, give a role."""
    found = get_object_or_404(User, pk=id)
    code = request.POST.get("organisation") or request.GET.get("organisation", "")
    chosen = Organisation.objects.filter(code=code).first()
    form = None
    if chosen:
        form = GrantForm(
            request.POST if request.POST.get("do") == "grant" else None, by=request.user, organisation=chosen
        )
    problem = None
    if request.method == "POST":
        try:
            if _change_person(request, found, form, chosen):
                return redirect("person", id=id)
        except DafengError as error:
            problem = error
    return render(
        request, "members/person.html",
        {
            "person": found, "form": form, "chosen": chosen, "error": problem.as_dict() if problem else None,
            "memberships": memberships_of(found),
            "organisations": Organisation.objects.order_by("name"),
            "factors": found.authenticator_set.exclude(type="recovery_codes").count(),
            "events": [{"title": _WORDS.get(e.action, e.action), "by": e.actor, "at": e.at} for e in history("person", found.username)[:-21:-1]],
        },
        status=422 if problem else 200,
    )  # fmt: skip


def _change_person(request: HttpRequest, found: User, form: GrantForm | None, chosen: Organisation | None) -> bool:
    by, now = request.user, timezone.now()
    match request.POST.get("do"):
        case "shut-out":
            members.shut_out(found, by=by, now=now)
            messages.success(request, _("已停用。从此人的下一次操作起生效。"))
        case "let-in":
            members.let_in(found, by=by, now=now)
            messages.success(request, _("已恢复。"))
        case "reset-mfa":
            members.reset_mfa(found, by=by, now=now)
            messages.success(request, _("已移除两步验证，请提醒本人重新设置。"))
        case "grant" if form is not None and chosen is not None:
            if not form.is_valid():
                return False
            demand(by, permissions.MANAGE, chosen)
            given = form.cleaned_data
            members.grant(found, chosen, given["role"], place=given["place"], manager=given["manager"], by=by, now=now)
            messages.success(request, _("已分派。"))
        case _:
            raise NotFound(_("没有这个操作"), mend=_("请刷新页面后重试"))
    return True
