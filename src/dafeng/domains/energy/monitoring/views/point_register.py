"""The register of points and devices: what there is, a point's card, its changes, and the keys of what sends.

Who may see and keep what is the series' own rule (`dafeng.kernel.series.permissions`): a firm its own, the keepers all.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.monitoring import words
from dafeng.domains.energy.monitoring.point_forms import QUANTITIES, DeviceForm, FactForm, PointChangeForm, PointForm
from dafeng.domains.energy.monitoring.views.firm_page import clock
from dafeng.domains.energy.monitoring.views.points import exploration, quality
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.desk.subjects import Subject, called
from dafeng.kernel.errors import DafengError, NotFound
from dafeng.kernel.pages.steps import told
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.quantities.units import printed
from dafeng.kernel.series import permissions, queries, services
from dafeng.kernel.series.models import Device, Point, PointFact, Quarantine
from dafeng.kernel.series.points import one_look

FACTS = dict(PointFact.Name.choices)


def point_of(request: HttpRequest, code: str) -> Point:
    """The point, if this person may see it. Raises `NotFound` as for one that does not exist."""
    found = Point.objects.for_user(request.user).select_related("device").filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这个计量点"), mend=_("请从计量点清单进入"))
    return found


def _called(point: Point) -> str:
    return point.called(english=words.english())


def _quantity(point: Point) -> Any:
    return QUANTITIES.get(point.quantity, point.quantity)


def _card(point: Point) -> str:
    return reverse("energy:series-point", kwargs={"code": point.code})


def _written(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else "–"


@require_safe
@asks(permissions.SEE)
@one_look()
def register(request: HttpRequest) -> HttpResponse:
    """Every point that this person may see, or those of one subject, with the last reading."""
    rows = Point.objects.for_user(request.user).select_related("device")
    subject = request.GET.get("subject", "").replace("\0", "")[:160]
    if subject:
        rows = rows.filter(subject=subject)

    @cache
    def latest() -> dict[int, tuple[Any, float]]:
        shown = table.chosen if table.asked("export") else table.page
        found = queries.latest([each.pk for each in shown], now=clock()[0])
        return {point: (at, value) for point, at, value in found.select("point", "at", "value").iter_rows()}

    def last(point: Point, place: int) -> Any:
        return latest()[point.pk][place] if point.pk in latest() else None

    @cache
    def subjects() -> dict[str, Subject]:
        if table.asked("export"):
            return called(request.user, table.chosen.order_by().values_list("subject", flat=True).distinct())
        return called(request.user, {each.subject for each in table.page})

    table = Table(
        request,
        rows,
        [
            Column("name", _("计量点"), show=_called, link=_card, wide=True, code="code"),
            Column("of", _("对象"), sort="subject", show=lambda row: subjects()[row.subject].name, link=lambda row: subjects()[row.subject].href, wide=True, code="subject"),
            Column("measures", _("计量内容"), sort="quantity", show=lambda row: _quantity(row)),
            Column("at", _("最近读数"), sort=None, show=lambda row: _written(last(row, 0))),
            Column("value", _("读数"), sort=None, numeric=True, show=lambda row: "–" if last(row, 1) is None else f"{last(row, 1):,.2f}"),
            Column("unit", _("单位"), show=lambda row: printed(row.unit)),
            Column("kind", _("类型"), show=lambda row: row.get_kind_display()),
            Column("device.name", _("采集设备"), show=lambda row: row.device.name if row.device else "–"),
            Column("demo", _("说明"), sort=None, show=lambda row: _("演示") if row.demo else _("已停用") if row.until and row.until <= clock()[0] else ""),
        ],
        _("计量点"),
        search=("code", "name", "name_en", "subject", "device__code", "device__name"),
        choices=(Choice("kind", _("类型"), dict(Point.Kind.choices)), Choice("quantity", _("计量内容"), QUANTITIES)),
        order="code",
        empty=_("没有计量点。"),
        file="series-points",
        kept=("subject",),
    )  # fmt: skip
    if answer := table.download():
        return answer
    context = {
        "table": table, "subject": subject, "named": called(request.user, [subject])[subject] if subject else None, "keeps": may(request.user, permissions.KEEP), "uploads": may(request.user, permissions.UPLOAD),
    }  # fmt: skip
    return render(request, "energy/monitoring/point_register.html", context)


@require_safe
@asks(permissions.SEE)
@one_look()
def card(request: HttpRequest, code: str) -> HttpResponse:
    """What is registered of a point, what changed when, its curve and its quality over the same span."""
    point = point_of(request, code)
    explored = exploration(request, point, now=clock()[0])
    if (chart := explored["chart"]) and (answer := chart.download(request)):
        return answer
    held = Quarantine.objects.for_user(request.user).filter(code=code, state=Quarantine.State.HELD).count()
    context = explored | {
        "name": _called(point), "quantity": _quantity(point), "of": called(request.user, [point.subject])[point.subject], "keeps": may(request.user, permissions.KEEP, point),
        "facts": [{"row": fact, "title": FACTS[fact.name]} for fact in point.facts.select_related("by").order_by("-since", "-id")],
        "quality": quality(point, explored), "held": held,
    }  # fmt: skip
    return render(request, "energy/monitoring/point_card.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def add(request: HttpRequest) -> HttpResponse:
    """Register a point; the address may name its code, subject and device."""
    initial = {name: request.GET.get(name, "").replace("\0", "")[:160] for name in ("code", "subject", "device")}
    initial["period"], initial["multiplier"] = "900", "1"
    form = PointForm(request.POST or None, initial=initial, by=request.user)
    context: dict[str, Any] = {"form": form, "title": _("登记计量点"), "back": reverse("energy:series-points")}
    return _edited(
        request,
        context,
        lambda given: services.add_point(given.pop("code"), by=request.user, now=timezone.now(), **given),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change what has no date; the address may name the device it is to belong to."""
    point = point_of(request, code)
    demand(request.user, permissions.KEEP, point)
    names = (*services.CHANGEABLE, *services.MOVABLE)
    initial = {name: getattr(point, name) for name in names} | {"device": point.device.code if point.device else ""}
    if wanted := request.GET.get("device", "").replace("\0", "")[:60]:
        initial["device"] = wanted
    form = PointChangeForm(request.POST or None, initial=initial, point=point, by=request.user)
    context = {"form": form, "title": _("修改计量点"), "point": point, "name": _called(point), "back": _card(point)}
    return _edited(
        request,
        context,
        lambda given: services.change_point(point, by=request.user, now=timezone.now(), **given),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def fact(request: HttpRequest, code: str) -> HttpResponse:
    """State what holds from a moment on; the address may name fact, value and moment."""
    point = point_of(request, code)
    demand(request.user, permissions.KEEP, point)
    initial = {name: request.GET.get(name, "").replace("\0", "")[:80] for name in ("name", "value", "since")}
    form = FactForm(request.POST or None, initial=initial)
    context = {"form": form, "title": _("登记变更"), "point": point, "name": _called(point), "back": _card(point)}

    def state(given: dict[str, Any]) -> Point:
        services.state_fact(point, by=request.user, now=timezone.now(), **given)
        return point

    return _edited(request, context, state)


def _edited(request: HttpRequest, context: dict[str, Any], save: Any) -> HttpResponse:
    """The form, or the point's card once it is saved; a refusal is told above what was entered."""
    form, status = context["form"], 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                point = save(dict(form.cleaned_data))
            except DafengError as error:
                context["error"] = error.as_dict()
            else:
                messages.success(request, _("已保存"))
                return redirect(_card(point))
    return render(request, "energy/monitoring/point_form.html", context, status=status)


# ---------------------------------------------------------------- devices


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def devices(request: HttpRequest) -> HttpResponse:
    """The devices, and a form for one more. The secret of a new one is on this answer and nowhere else."""
    form = DeviceForm(request.POST or None, by=request.user)
    if request.method != "POST" or not form.is_valid():
        return _devices(request, form, status=422 if request.method == "POST" else 200)
    try:
        made, secret = services.make_device(by=request.user, now=timezone.now(), **form.cleaned_data)
    except DafengError as error:
        return _devices(request, form, error=error.as_dict(), status=422)
    return _devices(request, DeviceForm(by=request.user), made=made, secret=secret)


def _devices(request: HttpRequest, form: DeviceForm, *, status: int = 200, **more: Any) -> HttpResponse:
    table = Table(
        request,
        Device.objects.for_user(request.user),
        [
            Column("name", _("采集设备"), wide=True),
            Column("code", _("代码"), link=lambda row: f"{reverse('energy:series-points')}?{urlencode({'q': row.code})}"),
            Column("organisation", _("组织"), show=lambda row: row.organisation or "–"),
            Column("key_id", _("密钥编号")),
            Column("last_seen_at", _("最近报送"), show=lambda row: _written(row.last_seen_at)),
            Column("revoked_at", _("状态"), show=lambda row: _("已停用") if row.revoked_at else _("使用中")),
            Column("pk", _("密钥"), sort=None, show=lambda row: _("已停用") if row.revoked_at else _("更换或停用"), link=lambda row: reverse("energy:series-device", kwargs={"code": row.code})),
        ],
        _("采集设备"),
        search=("code", "name", "organisation"),
        order="code",
        empty=_("还没有登记采集设备。"),
        file="series-devices",
    )  # fmt: skip
    if request.method != "POST" and (answer := table.download()):
        return answer
    return _unkept(
        render(request, "energy/monitoring/devices.html", {"table": table, "form": form, **more}, status=status)
    )


def _unkept(answer: HttpResponse) -> HttpResponse:
    """No cache may hold a page that can tell a secret."""
    answer["Cache-Control"] = "no-store"
    return answer


def _device_of(request: HttpRequest, code: str) -> Device:
    found = Device.objects.for_user(request.user).filter(code=code).first()
    if found is None:
        raise NotFound(_("没有这个设备"), mend=_("请从采集设备清单进入"))
    demand(request.user, permissions.KEEP, found)
    return found


@require_safe
@asks(permissions.KEEP)
def device(request: HttpRequest, code: str) -> HttpResponse:
    """One device: its points, and the steps with its key."""
    return _device(request, _device_of(request, code))


def _device(request: HttpRequest, found: Device, **more: Any) -> HttpResponse:
    rows = [
        {"name": _called(each), "address": _card(each), "code": each.code}
        for each in found.points.order_by("code")[:500]
    ]
    return _unkept(render(request, "energy/monitoring/device.html", {"device": found, "points": rows, **more}))


@require_POST
@asks(permissions.KEEP)
def device_step(request: HttpRequest, code: str) -> HttpResponse:
    """A new key (its secret is on this answer and nowhere else), or none any more."""
    found, how = _device_of(request, code), request.POST.get("how", "")
    if how == "renew":
        try:
            secret = services.renew_device(found, by=request.user, now=timezone.now())
        except DafengError as error:
            return _device(request, found, error=error.as_dict())
        return _device(request, found, secret=secret)
    if how != "revoke":
        raise NotFound(_("没有这一步"), expected="renew、revoke")
    told(
        request,
        lambda: services.revoke_device(found, by=request.user, now=timezone.now()),
        _("已停用，从现在起不再接收它的读数"),
    )
    return redirect("energy:series-device", code=code)


# ---------------------------------------------------------------- from what waits in quarantine to what mends it

# reason → the fact that it lacks, and whether it must hold from before the interval that ended with the first reading.
FACT_OF = {
    "unit_changed": ("unit", True), "unit_jump": ("unit", True), "backwards": ("reset", False), "future": ("clock", False),
    "clock_back": ("clock", False),
}  # fmt: skip


def mending(held: Quarantine, user: Any, *, unit: str = "") -> dict[str, str] | None:
    """The form in which what a reading waits for is stated, filled as far as is known; None where there is none, or not for this person."""
    if not held.code or not may(user, permissions.KEEP):
        return None
    point = Point.objects.for_user(user).filter(code=held.code).first()
    sender = held.device.code if held.device else ""
    if held.reason == "unknown_point":
        address = reverse("energy:series-point-add") + "?" + urlencode({"code": held.code, "device": sender})
        return None if point else {"title": _("登记计量点"), "address": address}
    if point is None or not may(user, permissions.KEEP, point):
        return None
    if held.reason in ("foreign_point", "not_in_service"):
        address = reverse("energy:series-point-edit", kwargs={"code": point.code})
        more = f"?{urlencode({'device': sender})}" if held.reason == "foreign_point" else ""
        return {"title": _("修改计量点"), "address": address + more}
    if held.reason not in FACT_OF:
        return None
    name, before = FACT_OF[held.reason]
    since = held.first_at - timedelta(seconds=point.period if before else 0) if held.first_at else None
    told_ = {
        "name": name,
        "value": unit if name == "unit" else "",
        "since": f"{timezone.localtime(since):%Y-%m-%dT%H:%M:%S}" if since else "",
    }
    address = reverse("energy:series-point-fact", kwargs={"code": point.code}) + "?" + urlencode(told_)
    return {"title": _("登记变更"), "address": address}
