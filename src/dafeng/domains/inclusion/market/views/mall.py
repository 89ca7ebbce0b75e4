"""The citizen's pages: goods, orders with their coupons, gifts to causes, the rules of passing points on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, F, OuterRef
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dafeng.domains.inclusion import bookkeeping, permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import coupons, giving, orders, paperwork, products, refusals
from dafeng.domains.inclusion.market.views.market_page import (
    attachment,
    key_of,
    new_key,
    number_of,
    page_of,
    programme_here,
    squares,
)
from dafeng.domains.inclusion.members.accounts import member_of
from dafeng.domains.inclusion.models import Cause, Donation, Member, Order, Product
from dafeng.kernel.actions import asks
from dafeng.kernel.errors import LedgerError, NotFound
from dafeng.kernel.records.models import Evidence, Record


def available(member: Member | None) -> int | None:
    """Points that a member can spend now; None for who has no account."""
    if member is None:
        return None
    try:
        return int(bookkeeping.points_of(member.account).available)
    except LedgerError:  # opens with the first points
        return 0


def own_member(request: HttpRequest) -> Member:
    """Raises `InclusionError` for who has not joined."""
    member = member_of(request.user)
    if member is None:
        raise InclusionError(_("您还没有开通碳账户"), mend=_("请先在信碳通首页开通，再来兑换"))
    return member


@require_safe
@asks(permissions.SEE_MALL)
def mall(request: HttpRequest) -> HttpResponse:
    """What can be had for points today."""
    programme, today = programme_here(), timezone.localdate()
    wanted = request.GET.get("q", "").replace("\0", "").strip()[:40]
    rows = products.on_sale(programme, today).prefetch_related("record__evidence").order_by("price", "pk")
    if wanted:
        rows = rows.filter(title__icontains=wanted) | rows.filter(partner__name__icontains=wanted)
    page = page_of(request, rows)
    for each in page:
        each.costs = products.Price(each, today)
    context = {"page": page, "wanted": wanted, "points": available(member_of(request.user))}
    return render(request, "inclusion/market/mall.html", context)


def _product(id: int) -> Product:
    today = timezone.localdate()
    found = (
        Product.objects.filter(pk=id, record__state="listed")
        .select_related("partner__programme", "record")
        .prefetch_related(products.live_offers(today), products.live_sponsorships(today), "record__evidence")
        .first()
    )
    if found is None:
        raise NotFound(_("没有这件商品，或者已经下架"), mend=_("请从商城重新进入"))
    return found


def _product_page(request: HttpRequest, found: Product, error: InclusionError | None = None) -> HttpResponse:
    price = products.Price(found, timezone.localdate())
    points = available(member_of(request.user))
    context = {
        "product": found, "price": price, "points": points, "key": new_key(), "error": error.as_dict() if error else None,
        "short": points is not None and points < price.own, "quantity": number_of(request, "quantity") or 1,
    }  # fmt: skip
    return render(request, "inclusion/market/product.html", context, status=422 if error else 200)


@require_safe
@never_cache
@asks(permissions.SEE_MALL)
def product(request: HttpRequest, id: int) -> HttpResponse:
    return _product_page(request, _product(id))


@require_POST
@asks(permissions.SPEND)
def redeem(request: HttpRequest, id: int) -> HttpResponse:
    """Order, and go straight to the coupon."""
    found = _product(id)
    try:
        order = orders.redeem(
            own_member(request), found, number_of(request, "quantity"), key=key_of(request), now=timezone.now(),
            expected=number_of(request, "expected") * number_of(request, "quantity") if "expected" in request.POST else None,
        )  # fmt: skip
    except InclusionError as error:
        return _product_page(request, _product(id), error)
    messages.success(request, _("兑换成功，请到店出示券码"))
    return redirect("inclusion:coupon", id=order.pk)


@require_safe
@asks(permissions.SEE_MALL)
def picture(request: HttpRequest, id: UUID) -> FileResponse:
    """A picture of a product that this reader may see: JPG or PNG, as it was checked when it came in."""
    seen = Record.objects.for_user(request.user).filter(kind=products.KIND, evidence=OuterRef("pk"))
    found = Evidence.objects.filter(Exists(seen), pk=id, media_type__in=("image/jpeg", "image/png")).first()
    if found is None:
        raise NotFound(_("没有这张图片"))
    answer = FileResponse(found.file.open("rb"), content_type=found.media_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


# ---------------------------------------------------------------- coupons


@require_safe
@never_cache
@asks(permissions.OWN)
def my_coupons(request: HttpRequest) -> HttpResponse:
    """The order history of the reader, open coupons first; and what was refused."""
    member = member_of(request.user)
    rows = Order.objects.none() if member is None else Order.objects.filter(member=member)
    open_rows = list(rows.filter(state=Order.State.HELD).select_related("product", "partner").order_by("expires_at"))
    page = page_of(request, rows.exclude(state=Order.State.HELD).select_related("product", "partner").order_by("-ordered_at"), 20)  # fmt: skip
    failed = list(refusals.of(member.holder, limit=5)) if member else []
    gifts = list(Donation.objects.filter(member=member).select_related("cause").order_by("-at")[:10]) if member else []
    context = {"member": member, "open": open_rows, "page": page, "failed": failed, "gifts": gifts}
    return render(request, "inclusion/market/coupons.html", context)


def _order(request: HttpRequest, id: UUID) -> Order:
    member = member_of(request.user)
    found = Order.objects.filter(pk=id, member=member).select_related("member", "product", "partner", "sponsorship").first()  # fmt: skip
    if member is None or found is None:
        raise NotFound(_("没有这张券"))
    return found


@require_safe
@never_cache
@asks(permissions.OWN)
def coupon(request: HttpRequest, id: UUID) -> HttpResponse:
    """The coupon: the code for its owner's eyes."""
    found = _order(request, id)
    code = coupons.shown(found)
    if found.expires_at <= timezone.now():
        code = ""
    drawn = squares(code.replace("-", "")) if code else None
    context = {"order": found, "code": code, "drawn": drawn, "over": found.state == "held" and not code}
    return render(request, "inclusion/market/coupon.html", context)


@require_POST
@asks(permissions.SPEND)
def cancel(request: HttpRequest, id: UUID) -> HttpResponse:
    orders.cancel(_order(request, id), now=timezone.now())
    messages.success(request, _("已取消，积分已退回账户"))
    return redirect("inclusion:coupon", id=id)


# ---------------------------------------------------------------- gifts


@require_safe
@asks(permissions.SEE_MALL)
def causes(request: HttpRequest) -> HttpResponse:
    rows = Cause.objects.filter(programme=programme_here()).order_by(
        F("closed_at").asc(nulls_first=True), "-opens_on", "pk"
    )
    page = page_of(request, rows, 20)
    progress = giving.progress_of(page)
    told = [{"cause": each, "progress": progress[each.pk]} for each in page]
    return render(request, "inclusion/market/causes.html", {"causes": told, "page": page})


def _cause(code: str) -> Cause:
    found = Cause.objects.filter(code=code).select_related("programme").first()
    if found is None:
        raise NotFound(_("没有这个公益项目"))
    return found


def _cause_page(request: HttpRequest, found: Cause, error: InclusionError | None = None) -> HttpResponse:
    named = found.donations.exclude(name="").order_by("-at").values("name", "points", "at")[:20]
    context = {
        "cause": found, "progress": giving.progress(found), "points": available(member_of(request.user)), "key": new_key(),
        "news": found.news.select_related("evidence").order_by("-at", "-pk")[:20], "named": list(named),
        "error": error.as_dict() if error else None, "asked": request.POST.get("points", "")[:9], "name": request.POST.get("name", "")[:20],
    }  # fmt: skip
    return render(request, "inclusion/market/cause.html", context, status=422 if error else 200)


@require_safe
@never_cache
@asks(permissions.SEE_MALL)
def cause(request: HttpRequest, code: str) -> HttpResponse:
    return _cause_page(request, _cause(code))


@require_POST
@asks(permissions.SPEND)
def give(request: HttpRequest, code: str) -> HttpResponse:
    found = _cause(code)
    try:
        made = giving.give(
            own_member(request), found, number_of(request, "points"), key=key_of(request), now=timezone.now(),
            name=" ".join(request.POST.get("name", "").split())[:20],
        )  # fmt: skip
    except InclusionError as error:
        return _cause_page(request, found, error)
    return redirect("inclusion:gift-thanks", id=made.pk)


def _gift(request: HttpRequest, id: UUID) -> Donation:
    member = member_of(request.user)
    found = Donation.objects.filter(pk=id, member=member).select_related("cause__programme").first()
    if member is None or found is None:
        raise NotFound(_("没有这笔捐赠"))
    return found


@require_safe
@asks(permissions.OWN)
def gift_thanks(request: HttpRequest, id: UUID) -> HttpResponse:
    """Thanks, and the certificate."""
    made = _gift(request, id)
    return render(request, "inclusion/market/thanks.html", {"gift": made, "progress": giving.progress(made.cause)})


@require_safe
@asks(permissions.OWN)
def gift_paper(request: HttpRequest, id: UUID) -> HttpResponse:
    made = _gift(request, id)
    address = request.build_absolute_uri(reverse("inclusion:cause", kwargs={"code": made.cause.code}))
    return attachment(paperwork.gift_pdf(made, address), f"{made.number}.pdf", paperwork.PDF)


@require_safe
@asks(permissions.SEE)
def transfers(request: HttpRequest) -> HttpResponse:
    """What may be done with points and what not, read from the ledger's policy and the room's rules."""
    rules: dict[str, Any] = {"policy": bookkeeping.ASSETS[bookkeeping.POINTS]["policy"], "months": bookkeeping.POINTS_MONTHS}  # fmt: skip
    return render(request, "inclusion/market/transfers.html", rules)


urlpatterns = [
    path("mall/", mall, name="mall"),
    path("mall/<int:id>/", product, name="product"),
    path("mall/<int:id>/redeem/", redeem, name="redeem"),
    path("mall/pictures/<uuid:id>/", picture, name="product-picture"),
    path("mall/coupons/", my_coupons, name="coupons"),
    path("mall/coupons/<uuid:id>/", coupon, name="coupon"),
    path("mall/coupons/<uuid:id>/cancel/", cancel, name="coupon-cancel"),
    path("mall/rules/", transfers, name="transfers"),
    path("causes/", causes, name="causes"),
    path("causes/gifts/<uuid:id>/", gift_thanks, name="gift-thanks"),
    path("causes/gifts/<uuid:id>/paper/", gift_paper, name="gift-paper"),
    path("causes/<slug:code>/", cause, name="cause"),
    path("causes/<slug:code>/give/", give, name="cause-give"),
]
