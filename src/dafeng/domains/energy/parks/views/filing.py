"""What is filed for a park, each by a form of its own at one address; the register, its import, records and their steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.energy.city_page import city_here, evidence_of, own_places
from dafeng.domains.energy.control import permissions as control_permissions
from dafeng.domains.energy.control import quotas
from dafeng.domains.energy.control.rules import english
from dafeng.domains.energy.models import HeatNeed, HeatOffer, Material, Park, ParkLink
from dafeng.domains.energy.parks import exchange, heat, links, permissions, publication, sheet, steps, store
from dafeng.domains.energy.parks.forms import FORMS, ParkForm
from dafeng.domains.energy.parks.views.park_page import fileable
from dafeng.kernel.actions import asks, demand, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, NotFound, UploadError
from dafeng.kernel.pages import import_pages
from dafeng.kernel.pages.steps import record_of, timeline, told, unchanged
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

Words = dict[str, Any]
# What: (title, lead, tab that it goes back to, whose right).
FILINGS: Mapping[str, tuple[Any, Any, str, str]] = {
    "firm": (gettext_lazy("企业入园"), gettext_lazy("登记一家企业入园，或更新它的位置和共享意愿。"), "board", "park"),
    "leave": (gettext_lazy("企业离园"), gettext_lazy("离园后它的用能不再计入园区。"), "board", "park"),
    "contract": (gettext_lazy("登记第三方服务合同"), gettext_lazy("能源集中处理或环境管理的服务单位和合同起止。"), "board", "park"),
    "qualification": (gettext_lazy("评定是否具备条件"), gettext_lazy("逐条评定，附证明，由另一人审核后计入。"), "board", "park"),
    "stage": (gettext_lazy("报循环化改造进展"), gettext_lazy("附批复或验收意见，由另一人验收后计入。"), "board", "park"),
    "link": (gettext_lazy("登记供能"), gettext_lazy("企业间供能、外购集中供应或园内自产；有表的写计量点，没有的按月填报。"), "flows", "park"),
    "flow": (gettext_lazy("填报供能月度量"), gettext_lazy("同一月份再填一次即为更正，原数保留。"), "flows", "park"),
    "year": (gettext_lazy("填报园区年度数"), gettext_lazy("用来计算资源产出率和循环利用率；再填一次即为更正。"), "materials", "park"),
    "offer": (gettext_lazy("登记余热供给"), gettext_lazy("温度、功率和什么时候有；登记后自动参加匹配。"), "heat", "firm"),
    "need": (gettext_lazy("登记用热需求"), gettext_lazy("需要的温度、功率、时段，以及现在用什么烧。"), "heat", "firm"),
    "material": (gettext_lazy("登记副产物供需"), gettext_lazy("代码相同的供需自动匹配；危险废物的接收方要有许可证编号。"), "materials", "firm"),
    "exchange": (gettext_lazy("报物料交换"), gettext_lazy("附过磅单或转移联单，由另一方或部门核实后计入。"), "materials", "firm"),
    "boiler": (gettext_lazy("登记锅炉"), gettext_lazy("使用登记证编号全市唯一。"), "heat", "park"),
    "replaced": (gettext_lazy("报锅炉替代"), gettext_lazy("一台锅炉只能报一次替代，附停用证明，由另一人核实。"), "heat", "park"),
    "budget": (gettext_lazy("起草园区预算"), gettext_lazy("保存为草稿，由另一人签发后生效。"), "board", "decide"),
}  # fmt: skip


def _other_firms(park: Park) -> list[Enterprise]:
    return list(Enterprise.objects.filter(city=park.city, until=None).order_by("place", "code"))


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.OFFER)
def file(request: HttpRequest, park: str, what: str) -> HttpResponse:
    """One thing told of a park."""
    found = store.park_for(request.user, park)
    if what not in FILINGS:
        raise NotFound(_("没有这种填报"), mend=_("请从园区的页面进入"))
    title, lead, tab, whose = FILINGS[what]
    if whose == "decide":
        demand(request.user, control_permissions.DECIDE)
    if whose != "firm":
        demand(request.user, permissions.FILE, found)
    firms = fileable(request, found)
    if whose == "firm" and not firms:
        raise NotFound(_("您没有在这个园区的企业"), mend=_("请先由园区登记企业入园"))
    others = _other_firms(found) if what == "firm" else []
    initial = {
        "since": timezone.localdate(),
        "year": timezone.localdate().year - 1,
        "month": f"{timezone.localdate():%Y-%m}",
    }
    form = FORMS[what](
        request.POST or None, request.FILES or None, park=found, firms=firms, others=others, english=english(), initial=initial
    )  # fmt: skip
    back = reverse(f"energy:parks-{tab}", kwargs={"park": found.code})
    context: Words = {"form": form, "title": title, "lead": lead, "button": _("报送"), "back": back, "back_title": found.called(english=english())}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        if "source_text" in given:
            given["source"] = given.pop("source_text")
        try:
            with records.serial():
                if "file" in given:
                    given["evidence"] = evidence_of(request, given.pop("file"), str(title))
                DO[what](found, given, {"by": request.user, "now": timezone.now()})
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已报送"))
        return redirect(back)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


def _one(given: Words) -> Words:
    """One file as evidence, or none."""
    return given | {"evidence": given["evidence"][0] if given["evidence"] else None}


def _flow(_park: Park, given: Words, who: Words) -> None:
    link: ParkLink = given.pop("link")
    links.tell(link, **_one(given), **who)


def _heat(kind: Callable[..., Any]) -> Callable[[Park, Words, Words], None]:
    def do(park: Park, given: Words, who: Words) -> None:
        kind(park, given.pop("firm"), given=given, **who)

    return do


def _exchange(_park: Park, given: Words, who: Words) -> None:
    offer, need = given.pop("offer"), given.pop("need")
    demand_any(who["by"], (offer, need))
    exchange.realise(offer, need, month=given["month"], tonnes=given["tonnes"], evidence=given["evidence"], **who)


def demand_any(user: Any, sides: tuple[Material, Material]) -> None:
    """Whoever reports an exchange keeps the park or is of one of the two firms."""
    if not any(may(user, permissions.OFFER, (each.park, each.enterprise)) for each in sides):
        demand(user, permissions.OFFER, (sides[0].park, sides[0].enterprise))


def _boiler(park: Park, given: Words, who: Words) -> None:
    number, firm = given.pop("plate"), given.pop("firm")
    store.keep_boiler(
        park.city, number=number, given=given | {"park": park, "enterprise": firm, "place": park.place}, **who
    )


def _budget(park: Park, given: Words, who: Words) -> None:
    quotas.draft(park.city, place=park.place, park=park.code, **given, **who)


DO: Mapping[str, Callable[[Park, Words, Words], Any]] = {
    "firm": lambda park, given, who: store.join(park, given.pop("firm"), **given, **who),
    "leave": lambda park, given, who: store.leave(park, given.pop("firm"), **given, **who),
    "contract": lambda park, given, who: store.contract(park, **given, **who),
    "qualification": lambda park, given, who: store.file_qualification(park, **given, **who),
    "stage": lambda park, given, who: store.file_stage(park, **given, **who),
    "link": lambda park, given, who: links.add(park, **given, **who),
    "flow": _flow,
    "year": lambda park, given, who: store.state_year(park, **_one(given), **who),
    "offer": _heat(heat.offer),
    "need": _heat(heat.need),
    "material": _heat(exchange.enter),
    "exchange": _exchange,
    "boiler": _boiler,
    "replaced": lambda park, given, who: store.replace_boiler(given.pop("boiler"), **given, **who),
    "budget": _budget,
}

LISTED: Mapping[str, type[Any]] = {"offer": HeatOffer, "need": HeatNeed, "material": Material}


@require_POST
@asks(permissions.OFFER)
def withdraw(request: HttpRequest, park: str) -> HttpResponse:
    """Take one's offer or need off the desk."""
    found = store.park_for(request.user, park)
    what, number = request.POST.get("what", ""), request.POST.get("id", "")
    rows = LISTED[what].objects.filter(park=found, withdrawn_on=None) if what in LISTED else None
    row = (
        rows.filter(pk=int(number)).select_related("enterprise", "park").first()
        if rows is not None and number.isdecimal() and len(number) < 18
        else None
    )
    if row is None:
        raise NotFound(_("没有这一项"), mend=_("请刷新看最新情况"))
    demand(request.user, permissions.OFFER, (found, row.enterprise))
    told(request, lambda: heat.withdraw(row, on=timezone.localdate(), by=request.user, now=timezone.now()), _("已撤回"))
    return redirect("energy:parks-materials" if what == "material" else "energy:parks-heat", park=found.code)


@require_POST
@asks(permissions.OFFER)
def propose(request: HttpRequest, park: str) -> HttpResponse:
    """Put a computed pair before its two firms."""
    found = store.park_for(request.user, park)
    wanted = (f"o{request.POST.get('offer', '')}", f"n{request.POST.get('need', '')}")
    told(
        request, lambda: steps.propose(found, *wanted, by=request.user, now=timezone.now()), _("已提出，等双方企业同意")
    )
    return redirect("energy:parks-heat", park=found.code)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def edit(request: HttpRequest, park: str = "") -> HttpResponse:
    """Put a park on the register, or bring it up to date."""
    city = city_here()
    found = store.park_for(request.user, park) if park else None
    if found:
        demand(request.user, permissions.KEEP, found.place)
    places = own_places(request.user, city, permissions.own_place)
    initial = {name: getattr(found, name) for name in ("code", *store.WORDS)} if found else {}
    form = ParkForm(request.POST or None, places=places, initial=initial)
    back = reverse("energy:parks-board", kwargs={"park": park}) if found else reverse("energy:parks")
    context: Words = {"form": form, "title": _("修改园区名录") if found else _("登记园区"), "lead": _("编号登记后不再变。"), "button": _("保存"), "back": back, "back_title": found.called(english=english()) if found else _("园区")}  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        code = given.pop("code")
        try:
            if found and code != found.code:
                raise NotFound(_("编号不能改"), mend=_("请用原编号，或另登记一个园区"))
            if not found and Park.objects.filter(code=code).exists():
                raise UploadError(_("编号“%(code)s”已有园区") % {"code": code}, mend=_("请换一个编号"))
            made = store.keep(
                city.code, code=code, given=given, by=request.user, now=timezone.now(), demo=bool(found and found.demo)
            )
        except DafengError as error:
            return render(request, "energy/control/form.html", context | {"error": error.as_dict()}, status=422)
        return redirect("energy:parks-board", park=made.code)
    return render(request, "energy/control/form.html", context, status=422 if request.method == "POST" else 200)


def _record(request: HttpRequest, id: UUID, *kinds: str) -> Record:
    return record_of(request, id, *kinds, mend=_("请从园区名录重新进入"))


@require_safe
@asks(permissions.SEE)
def record(request: HttpRequest, id: UUID) -> HttpResponse:
    """What was judged, reported or agreed: what it says, its proof, its steps."""
    found = _record(request, id, *steps.KINDS)
    told_ = steps.described(found)
    open_ = steps.open_to(found, request.user)
    context = {
        "record": found, "facts": told_.facts, "park": told_.park, "steps": open_, "evidence": list(found.evidence.all()), "events": timeline(found),
        "demo": told_.demo, "waits": any(each.awaited for each in found.workflow.leaving(found.state)) and not open_,
    }  # fmt: skip
    return render(request, "energy/parks/record.html", context)


@require_POST
@asks(permissions.CHECK)
def record_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take a step; the workflow says which role may, `steps` whose side."""
    found = _record(request, id, *steps.KINDS)
    unchanged(request, found)
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]
    told(request, lambda: steps.take(found, action, by=request.user, now=timezone.now(), reason=reason), _("已办理"))
    return redirect("energy:parks-record", id=id)


@require_safe
@asks(permissions.KEEP)
def template(request: HttpRequest) -> FileResponse:
    return import_pages.template_file(sheet.template(city_here()), "园区名录")


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP)
def upload(request: HttpRequest) -> HttpResponse:
    """A spreadsheet: its faults by row, or a preview that waits to be committed."""
    return import_pages.upload_page(
        request, "energy/parks/upload.html",
        lambda file, name: sheet.open_import(city_here(), file, name=name, by=request.user, now=timezone.now()),
        lambda made: redirect("energy:parks-import", id=made.pk),
    )  # fmt: skip


@require_safe
@asks(permissions.KEEP)
def import_page(request: HttpRequest, id: UUID) -> HttpResponse:
    city, levels = city_here(), dict(Park.Level.choices)

    def show(row: Words) -> Words:
        return {"place": city.place_name(row["place"], english=english()), "level": levels[row["level"]]}

    address = reverse("energy:parks-import-step", kwargs={"id": id})
    context = import_pages.waiting(request, _record(request, id, sheet.KIND), show=show, address=address)
    return render(request, "energy/parks/import.html", context)


@require_POST
@asks(permissions.KEEP)
def import_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _record(request, id, sheet.KIND)
    done = _("已入库 %(count)s 个园区") % {"count": len(found.payload["rows"])}
    import_pages.take_step(
        request, found, commit=(lambda: sheet.commit(found, by=request.user, now=timezone.now()), done)
    )
    return redirect("energy:parks-import", id=id)


@require_POST
@asks(permissions.PUBLISH)
def publish(request: HttpRequest) -> HttpResponse:
    count = publication.publish(city_here().code, on=timezone.localdate(), by=request.user, now=timezone.now())
    messages.success(request, _("已发布 %(count)s 个数") % {"count": count})
    return redirect("energy:parks")
