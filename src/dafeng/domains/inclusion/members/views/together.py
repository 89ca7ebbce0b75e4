"""Families, teams, gifts, challenges; and the one field into which any code may be typed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.members import accounts, challenges, circles, gifts, summaries, words
from dafeng.domains.inclusion.members.forms import ChallengeForm, CircleForm, CodeForm, GiftForm, NicknameForm
from dafeng.domains.inclusion.members.pages import clock, new_key, own, told
from dafeng.domains.inclusion.members.views.home import programme
from dafeng.domains.inclusion.models import Challenge, Circle, CircleMember, Gift, Member, Methodology, Scene
from dafeng.domains.inclusion.templatetags.inclusion_members import place as address_of
from dafeng.kernel import sealing
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError

SHOWN_ONCE, SEAL = "inclusion_invitation", "dafeng.inclusion.invitation.once"


def keep_once(request: HttpRequest, circle: Circle, code: str) -> None:
    """A code that the next page shows, and only that: in the session, sealed."""
    sealed = sealing.seal(SEAL, {"circle": circle.pk, "code": code})
    request.session[SHOWN_ONCE] = sealed.decode()


def shown_once(request: HttpRequest, circle: Circle) -> str:
    sealed = request.session.pop(SHOWN_ONCE, "")
    held = sealing.unseal(SEAL, sealed.encode()) if sealed else {}
    return accounts.in_fours(held["code"]) if held.get("circle") == circle.pk else ""


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_OWN)
@own
def together(request: HttpRequest, member: Member) -> HttpResponse:
    """My family and team; make one, or go and type a code."""
    form, error, status = CircleForm(request.POST or None), None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                made, code = circles.make(
                    member, given["kind"], name=given["name"], nickname=given["nickname"], now=clock()[0]
                )
            except DafengError as refusal:
                error = refusal.as_dict()
            else:
                keep_once(request, made, code)
                messages.success(request, _("已建好。把邀请码发给家人或队友吧。"))
                return redirect("inclusion:circle", id=made.pk)
    places = list(circles.places_of(member))
    free = {kind for kind in Circle.Kind.values if words.rule(kind, "most_circles") > sum(p.circle.kind == kind for p in places)}  # fmt: skip
    form.fields["kind"].choices = [each for each in Circle.Kind.choices if each[0] in free]  # type: ignore[attr-defined]
    context = {"places": places, "form": form if free else None, "error": error}
    return render(request, "inclusion/members/together.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.KEEP_OWN)
@own
def circle(request: HttpRequest, member: Member, id: int) -> HttpResponse:
    """One circle from inside: who is in it by nickname, what they spared, points to give in a family."""
    mine = get_object_or_404(CircleMember.objects.select_related("circle__firm"), circle=id, member=member)
    others = {str(p.pk): p.nickname for p in mine.circle.places.exclude(pk=mine.pk).order_by("joined_at", "pk")}
    family = mine.circle.kind == Circle.Kind.FAMILY
    form = GiftForm(request.POST or None, others=others, initial={"key": new_key()})
    error, status = None, 200
    if request.method == "POST" and family:
        status = 422
        if form.is_valid():
            try:
                made = _give(mine, form.cleaned_data)
            except DafengError as refusal:
                error = refusal.as_dict()
                form = GiftForm(others=others, initial={"key": new_key(), "place": form.cleaned_data["place"]})
            else:
                name = others[form.cleaned_data["place"]]
                messages.success(request, _("已送给 %(name)s %(points)s 积分") % {"name": name, "points": made.points})
                return redirect("inclusion:circle", id=id)
    return render(request, "inclusion/members/circle.html", _inside(request, mine, form, others, error), status=status)


def _give(mine: CircleMember, given: dict[str, Any]) -> Gift:
    receiver = get_object_or_404(CircleMember.objects.select_related("member"), pk=given["place"], circle=mine.circle)
    return gifts.give(mine.member, receiver.member, given["points"], key=given["key"], now=clock()[0])


def _inside(
    request: HttpRequest, mine: CircleMember, form: GiftForm, others: dict[str, str], error: dict[str, Any] | None
) -> dict[str, Any]:
    now, today = clock()
    family = mine.circle.kind == Circle.Kind.FAMILY
    rows = circles.standing(mine.circle)
    context = {
        "mine": mine,
        "circle": mine.circle,
        "rows": rows,
        "together": sum(row["grams"] for row in rows),
        "code": shown_once(request, mine.circle),
        "error": error,
        "family": family,
    }
    if family:
        either = Q(giver=mine.member) | Q(receiver=mine.member, reason="")
        recent = Gift.objects.filter(either).order_by("-at", "-pk")[:10]
        names = {row["place"].member_id: row["place"].nickname for row in rows}
        context |= {
            "form": form if others else None,
            "available": summaries.purse(mine.member, now=now).available if others else 0,
            "cap": words.rule("family", "gift_yearly"),
            "given": gifts.given_in(mine.member, today.year),
            "gifts": [
                {
                    "gift": gift,
                    "out": gift.giver_id == mine.member_id,
                    "name": names.get(
                        gift.receiver_id if gift.giver_id == mine.member_id else gift.giver_id, _("家人")
                    ),
                    "reason": words.sentence(gift.reason) if gift.reason else "",
                }
                for gift in recent
            ],
        }
    else:
        entries = Challenge.objects.filter(entries__circle=mine.circle).order_by("-ends_on")
        context["entered"] = list(entries)
    return context


@require_POST
@asks(permissions.KEEP_OWN)
@own
def act_in_circle(request: HttpRequest, member: Member, id: int) -> HttpResponse:
    """A new invitation code; leave; send somebody out (the owner)."""
    mine = get_object_or_404(CircleMember.objects.select_related("circle"), circle=id, member=member)
    what, now = request.POST.get("do"), clock()[0]
    if what == "leave":
        return told(request, lambda: circles.leave(mine, now=now), _("已退出"), back="inclusion:together")
    if what == "invite":
        return told(
            request, lambda: keep_once(request, mine.circle, circles.invite_anew(mine.circle, member, now=now)),
            _("新的邀请码见下，旧的已失效"), back="inclusion:circle", id=id,
        )  # fmt: skip
    given = request.POST.get("place", "")
    place = get_object_or_404(CircleMember, pk=int(given) if given.isdigit() else 0, circle=mine.circle)
    return told(
        request, lambda: circles.remove(place, member, now=now), _("已请出"), back="inclusion:circle", id=id
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@asks(permissions.KEEP_OWN)
@own
def code(request: HttpRequest, member: Member) -> HttpResponse:
    """One field for every code: an invitation leads into its circle, a scene's code to its check-in."""
    form, nickname, found, error, status = CodeForm(request.POST or None), None, None, None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data["code"]
            if address := _scene_address(typed):
                return redirect(address)
            try:
                found = circles.by_invitation(member, typed)
                nickname = NicknameForm(request.POST if "nickname" in request.POST else None)
                if nickname.is_valid():
                    joined = circles.join(member, typed, nickname=nickname.cleaned_data["nickname"], now=clock()[0])
                    messages.success(request, _("已加入 %(name)s") % {"name": found.name})
                    return redirect("inclusion:circle", id=joined.circle_id)
                status = 422 if nickname.is_bound else 200
            except Refused as refusal:
                error = refusal.as_dict()
    context = {"form": form, "nickname": nickname, "circle": found, "error": error}
    return render(request, "inclusion/members/code.html", context, status=status)


def _scene_address(typed: str) -> str:
    """The check-in of a scene whose code was typed; empty where there is none."""
    scene = Scene.objects.filter(code__iexact=typed.strip(), active=True, channels__isnull=False).first()
    if scene is None or Scene.Channel.SELF not in scene.channels:
        return ""
    return address_of("inclusion:check-in-scene", scene.code)


# ---------------------------------------------------------------- challenges


@require_safe
@asks(permissions.OWN)
@own
def challenge_list(request: HttpRequest, member: Member) -> HttpResponse:
    """What is on, and what is over."""
    today = clock()[1]
    context = {
        "running": [_told(each, today) for each in challenges.running(member.programme, today)],
        "over": [_told(each, today) for each in challenges.over(member.programme, today)[:10]],
    }
    return render(request, "inclusion/members/challenges.html", context)


def _told(challenge: Challenge, today: Any) -> dict[str, Any]:
    title = words.in_language({"title": challenge.title, "title_en": challenge.title_en}, "title")
    days = (challenge.ends_on - today).days
    return {"challenge": challenge, "title": title, "days": days, "begun": challenge.starts_on <= today}


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_OWN)
@own
def challenge(request: HttpRequest, member: Member, id: int) -> HttpResponse:
    """The ranking of one challenge; a team's owner may enter it."""
    now, today = clock()
    found = get_object_or_404(Challenge, pk=id, programme=member.programme_id)
    places = [each for each in circles.places_of(member) if each.circle.kind == Circle.Kind.TEAM]
    if request.method == "POST":
        given = request.POST.get("circle", "")
        team = get_object_or_404(Circle, pk=int(given) if given.isdigit() else 0, places__member=member)
        return told(
            request, lambda: challenges.enter(found, team, member, today=today, now=now), _("已报名"),
            back="inclusion:challenge", id=id,
        )  # fmt: skip
    ranks = challenges.ranking(found)
    mine, entered = {each.circle_id for each in places}, {row.circle.pk for row in ranks}
    total = sum(row.grams for row in ranks)
    context = _told(found, today) | {
        "groups": [words.group_title(each) for each in found.groups],
        "rows": [{"row": row, "mine": row.circle.pk in mine} for row in challenges.seen_by(ranks, mine)],
        "unseen": sum(not row.shown and row.circle.pk not in mine for row in ranks),
        "shown_from": words.rule("team", "shown_from"),
        "total": total,
        "share": min(100, max(0, total * 100 // found.target_grams)) if found.target_grams else None,
        "enter": [p.circle for p in places if p.owner and p.circle_id not in entered] if found.ends_on >= today else [],
        "no_team": not places,
    }
    return render(request, "inclusion/members/challenge.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_CHALLENGES)
def challenge_new(request: HttpRequest) -> HttpResponse:
    """The operator begins a challenge."""
    of = programme()
    codes = Methodology.objects.order_by("group").values_list("group", flat=True).distinct()
    form = ChallengeForm(request.POST or None, groups={code: words.group_title(code) for code in codes})
    error, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = dict(form.cleaned_data)
            given["target_grams"] = given.pop("target_kg") * 1000
            try:
                made = challenges.begin(of, **given, by=request.user, now=clock()[0])
            except Refused as refusal:
                error = refusal.as_dict()
            else:
                messages.success(request, _("已发起“%(title)s”") % {"title": made.title})
                return redirect("inclusion:challenge-new")
    today = clock()[1]
    running = [_told(each, today) for each in challenges.running(of, today)]
    context = {"form": form, "error": error, "running": running}
    return render(request, "inclusion/members/challenge_new.html", context, status=status)


urlpatterns = [
    path("me/together/", together, name="together"),
    path("me/together/<int:id>/", circle, name="circle"),
    path("me/together/<int:id>/act/", act_in_circle, name="circle-act"),
    path("me/code/", code, name="code"),
    path("me/challenges/", challenge_list, name="challenges"),
    path("me/challenges/<int:id>/", challenge, name="challenge"),
    path("challenges/new/", challenge_new, name="challenge-new"),
]
