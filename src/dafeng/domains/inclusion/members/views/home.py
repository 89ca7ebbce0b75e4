"""The landing page, joining, and the account: what there is, what happened, how it was worked out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.members import accounts, consents, receipts, summaries, words
from dafeng.domains.inclusion.members.forms import JoinForm
from dafeng.domains.inclusion.members.pages import clock, member_for, own
from dafeng.domains.inclusion.models import Event, Member, Programme
from dafeng.domains.inclusion.rooms import brought
from dafeng.domains.inclusion.services import only_programme
from dafeng.domains.inclusion.templatetags.inclusion_members import place
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import DafengError, NotFound

RECENT = 5
TONES: dict[int, str] = {Event.State.POSTED: "ok", Event.State.HELD: "warn", Event.State.REFUSED: "bad"}
ALL = "all"  # of operations.statistics: the cell of all months and groups


def programme() -> Programme:
    """Raises `NotFound` where no city has been loaded."""
    found = only_programme()
    if found is None:
        raise NotFound(_("还没有开通信碳通"), mend=_("请先由系统管理员载入城市数据包"))
    return found


def places(of: Programme) -> dict[str, str]:
    return {code: of.place_name(code, english=words.english()) for code in of.counties}


@require_safe
@asks(permissions.SEE)
def home(request: HttpRequest) -> HttpResponse:
    """To a member their account today; to everybody else what this is, and what it has come to."""
    member = member_for(request)
    if member is not None:
        return render(request, "inclusion/members/today.html", _today(member))
    _now, today = clock()
    of = programme()
    public = next((tell(of, today=today) for tell in brought("statistics", "public")), None)
    context = {
        "programme": of,
        "city": of.place_name(of.code, english=words.english()),
        "statistics": public,
        "whole": _whole(public),
        "standards": place("inclusion:standards"),
        "scenes": place("inclusion:scenes"),
        "mall": place("inclusion:mall"),
        "dashboard": place("inclusion:dashboard"),
    }
    return render(request, "inclusion/members/landing.html", context)


def _whole(statistics: Any) -> Any:
    """The cell of all that has happened; None while there is none."""
    cells = statistics.by_group if statistics else []
    return next((each for each in cells if (each.month, each.part) == (ALL, ALL)), None)


def _today(member: Member) -> dict[str, Any]:
    now, today = clock()
    start, _end = summaries.bounds(today, today)
    recent = list(
        Event.objects.filter(member=member).select_related("scene").order_by("-happened_at", "-pk")[: RECENT * 4]
    )
    todays = [event for event in recent if event.happened_at >= start]
    sums = summaries.counted(member).aggregate(grams=Sum("grams"))
    purse = summaries.purse(member, now=now)
    quick = (
        (_("打卡"), place("inclusion:check-in"), "M5 12.5 10 17.5 19 7.5M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z"),
        (_("输码"), reverse("inclusion:code"), "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M7 12h10"),
        (_("商城"), place("inclusion:mall"), "M4 8h16l-1.2 12H5.2zM8.5 8a3.5 3.5 0 0 1 7 0"),
        (_("明细"), reverse("inclusion:statement"), "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6"),
    )
    return {
        "member": member,
        "purse": purse,
        "soon": purse.soon(today),
        "level": summaries.level_of(sums["grams"] or 0),
        "grams": sums["grams"] or 0,
        "today_grams": sum(event.grams for event in todays if event.state == Event.State.POSTED),
        "today_points": sum(event.points for event in todays if event.state == Event.State.POSTED),
        "events": [_shown(event) for event in (todays or recent)[:RECENT]],
        "any_today": bool(todays),
        "quick": [{"title": title, "href": href, "sign": sign} for title, href, sign in quick if href],
    }


def _shown(event: Event) -> dict[str, Any]:
    """An event as a row of a list: what it was, what became of it."""
    title = words.in_language({"title": event.scene.title, "title_en": event.scene.title_en}, "title")
    return {
        "event": event,
        "title": title,
        "state": event.get_state_display(),
        "tone": TONES.get(event.state, ""),
        "points": event.points if event.state == Event.State.POSTED else None,
        "reason": reason_words(event.reason),
    }


def reason_words(code: str) -> str:
    """The sentence of an event's reason; the code itself where its room has not written it down."""
    return words.sentence(code) if code in words.reasons() else code


# ---------------------------------------------------------------- joining


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("secret_name", "secret_phone", "birth_year")
@asks(permissions.JOIN)
def join(request: HttpRequest) -> HttpResponse:
    """The consent in full, and five questions."""
    if member_for(request) is not None:
        return redirect("inclusion:home")
    of, text = programme(), consents.text_of(consents.JOIN)
    form = JoinForm(request.POST or None, places=places(of), initial={"agreed": text.version})
    error, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                accounts.join(
                    request.user, of, name=given["secret_name"], phone=given["secret_phone"],
                    birth_year=given["birth_year"], of_age=given["of_age"], county=given["county"], agreed=given["agreed"],
                    now=clock()[0],
                )  # fmt: skip
            except DafengError as refusal:
                error = refusal.as_dict()
            else:
                messages.success(request, _("碳账户已开通。绑定一家合作方，或先打一次卡吧。"))
                return redirect("inclusion:home")
    context = {"form": form, "text": text, "error": error}
    return render(request, "inclusion/members/join.html", context, status=status)


# ---------------------------------------------------------------- what happened


@require_safe
@asks(permissions.OWN)
@own
def me(request: HttpRequest, member: Member) -> HttpResponse:
    """Everything of one's own in one list."""
    grams, actions = summaries.grams_of(member)
    firms = accounts.firms_of(request.user) if "enterprise" in _roles(request) else []
    context = {
        "member": member,
        "grams": grams,
        "actions": actions,
        "level": summaries.level_of(grams),
        "coupons": place("inclusion:coupons"),
        "rewards": place("inclusion:my-rewards"),
        "complaints": place("inclusion:complaints"),
        "firms": firms,
        "county": member.programme.place_name(member.county, english=words.english()),
    }
    return render(request, "inclusion/members/me.html", context)


def _roles(request: HttpRequest) -> frozenset[str]:
    from dafeng.kernel.records.services import roles_of

    return roles_of(request.user)


@require_safe
@asks(permissions.OWN)
@own
def events(request: HttpRequest, member: Member) -> HttpResponse:
    """All that was recorded of a member, with its state."""
    wanted = request.GET.get("state", "")
    found = Event.objects.filter(member=member).select_related("scene").order_by("-happened_at", "-pk")
    states = {str(value): title for value, title in Event.State.choices}
    if wanted in states:
        found = found.filter(state=int(wanted))
    page = Paginator(found, 20).get_page(request.GET.get("page"))
    context = {"page": page, "events": [_shown(event) for event in page], "states": states, "wanted": wanted}
    return render(request, "inclusion/members/events.html", context)


@require_safe
@asks(permissions.OWN)
@own
def event(request: HttpRequest, member: Member, id: int) -> HttpResponse:
    """One event: what was sent, how it was worked out, what became of it."""
    found = get_object_or_404(
        Event.objects.select_related("scene__methodology", "scene__partner__programme", "version__record", "version__methodology"),
        pk=id, member=member,
    )  # fmt: skip
    explain = next(iter(brought("compute", "explain")), None)
    judge = next(iter(brought("screening", "judge")), None) if found.state == Event.State.HELD else None
    context = _shown(found) | {
        "explanation": explain(found) if explain and found.data else None,
        "findings": judge(found) if judge else [],
        "group": words.group_title(found.scene.methodology.group),
        "appeal": place("inclusion:appeal", found.pk),
        "methodology": place("inclusion:methodology", found.scene.methodology_id),
    }
    return render(request, "inclusion/members/event.html", context)


@require_safe
@asks(permissions.OWN)
@own
def statement(request: HttpRequest, member: Member) -> HttpResponse:
    """Points in and out, from the ledger."""
    now, today = clock()
    purse = summaries.purse(member, now=now)
    found = receipts.statement(member, after=request.GET.get("after", ""))
    context = {
        "purse": purse,
        "soon": purse.soon(today, 90),
        "statement": found,
        "first": not request.GET.get("after"),
    }
    return render(request, "inclusion/members/statement.html", context)


@require_safe
@asks(permissions.OWN)
@own
def level(request: HttpRequest, member: Member) -> HttpResponse:
    """The level, and all of them."""
    grams, actions = summaries.grams_of(member)
    rows = [
        {"title": words.in_language(row, "title"), "from": row["from_kg"] * 1000}
        for row in words.data("levels")["level"]
    ]
    context = {"level": summaries.level_of(grams), "grams": grams, "actions": actions, "levels": rows}
    return render(request, "inclusion/members/level.html", context)


@require_safe
@asks(permissions.OWN)
@own
def year(request: HttpRequest, member: Member) -> HttpResponse:
    """年度账单: a year in figures, with a picture to share."""
    _now, today = clock()
    found, all_years = _year_asked(request, member, today)
    context = {
        "found": found,
        "years": all_years,
        "groups": [(words.group_title(group), grams, share) for group, grams, share in found.groups],
        "months": _bars(found),
        "likeness": words.in_language(words.data("levels")["likeness"], "source"),
    }
    return render(request, "inclusion/members/year.html", context)


def _year_asked(request: HttpRequest, member: Member, today: Any) -> tuple[summaries.Year, list[int]]:
    all_years = summaries.years(member, today=today)
    asked = request.GET.get("year", "")
    chosen = int(asked) if asked.isascii() and asked.isdigit() and len(asked) == 4 else today.year
    if chosen not in all_years:
        raise NotFound(_("没有这一年的账单"), expected=f"{all_years[-1]}–{all_years[0]}")
    return summaries.year_of(member, chosen), all_years


def _bars(found: summaries.Year) -> list[dict[str, Any]]:
    """Twelve columns for a drawing 360 wide and 100 high."""
    most = max((grams for _month, grams in found.months), default=0) or 1
    return [
        {"x": (month - 1) * 30 + 5, "y": 100 - height, "height": height, "month": month, "grams": grams}
        for month, grams in found.months
        for height in [round(max(grams, 0) * 96 / most)]
    ]


@require_safe
@asks(permissions.OWN)
@own
def picture(request: HttpRequest, member: Member) -> HttpResponse:
    """The year as a picture to share. It says what was spared and nothing of who spared it."""
    _now, today = clock()
    found, _years = _year_asked(request, member, today)
    context = {
        "found": found,
        "groups": [(words.group_title(group), grams, share, 640 + at * 62) for at, (group, grams, share) in enumerate(found.groups[:4])],
        "months": _bars(found),
        "city": member.programme.place_name(member.programme.code, english=words.english()),
        "name": member.programme.name,
        "level": summaries.level_of(summaries.grams_of(member)[0]),
    }  # fmt: skip
    answer = render(request, "inclusion/members/year.svg", context, content_type="image/svg+xml")
    if request.GET.get("download"):
        answer["Content-Disposition"] = f'attachment; filename="{found.year}.svg"'
    return answer


urlpatterns = [
    path("", home, name="home"),
    path("me/", me, name="me"),
    path("me/join/", join, name="join"),
    path("me/events/", events, name="events"),
    path("me/events/<int:id>/", event, name="event"),
    path("me/statement/", statement, name="statement"),
    path("me/level/", level, name="level"),
    path("me/year/", year, name="year"),
    path("me/year/picture.svg", picture, name="year-picture"),
]
