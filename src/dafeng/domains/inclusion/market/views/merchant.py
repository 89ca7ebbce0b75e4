"""The merchant's counter for a phone: type a code, see green or red; goods, orders, statements."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import bookkeeping, permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.market import findings, orders, products, refusals, rules, settlement
from dafeng.domains.inclusion.market.forms import OfferForm, ProductForm
from dafeng.domains.inclusion.market.views.market_page import attachment, key_of, new_key, shop_of
from dafeng.domains.inclusion.models import MarketOffer, MerchantStatement, Order, Partner, Product
from dafeng.kernel.actions import asks, demand
from dafeng.kernel.errors import LedgerError, NotFound, StaleError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records import workflows
from dafeng.kernel.records.models import Evidence


def _taken(partner: Partner) -> int:
    try:
        return int(bookkeeping.points_of(orders.merchant_account(partner)).total)
    except LedgerError:  # opens with the first coupon
        return 0


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("code")
@asks(permissions.SELL)
def counter(request: HttpRequest) -> HttpResponse:
    """One field and one large answer."""
    shop, shops = shop_of(request)
    context: dict[str, Any] = {"shop": shop, "shops": shops, "key": new_key()}
    status = 200
    if request.method == "POST" and shop is not None:
        demand(request.user, permissions.SELL, shop)
        now = timezone.now()
        try:
            context["used"] = orders.use(shop, request.POST.get("code", ""), counter_key=key_of(request), by=request.user, now=now)  # fmt: skip
            findings.watch(shop, now=now)
        except InclusionError as error:
            context["error"], status = error.as_dict(), 422
    if shop is not None:
        since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        recent = Order.objects.filter(partner=shop, used_at__gte=since).select_related("product").order_by("-used_at")
        context |= {"recent": list(recent[:10]), "taken": _taken(shop)}
        context["failed"] = list(refusals.of(f"merchant:{shop.code}", limit=5))
    return render(request, "inclusion/market/counter.html", context, status=status)


# ---------------------------------------------------------------- goods


@require_safe
@asks(permissions.SELL)
def goods(request: HttpRequest) -> HttpResponse:
    shop, shops = shop_of(request)
    states = {name: state.title for name, state in workflows.get(products.KIND).states.items()}
    table = Table(
        request,
        Product.objects.filter(partner=shop).select_related("record"),
        [
            Column(
                "title", _("名称"), link=lambda p: reverse("inclusion:product-edit", kwargs={"id": p.pk}), wide=True
            ),
            Column("price", _("积分价"), numeric=True),
            Column("stock", _("库存"), numeric=True),
            Column("record.state", _("状态"), show=lambda p: p.record.state_title),
            Column("ends_on", _("截止日期"), show=lambda p: str(p.ends_on)),
        ],
        _("我的商品"),
        search=("title",),
        choices=(Choice("state", _("状态"), states, column="record__state"),),
        order="-pk",
        empty=_("还没有商品。"),
        file="products",
    )
    return table.download() or render(
        request, "inclusion/market/goods.html", {"shop": shop, "shops": shops, "table": table}
    )


def _pictures(request: HttpRequest, form: ProductForm) -> list[Evidence] | None:
    """Newly uploaded pictures; None leaves those there are."""
    given = form.cleaned_data["pictures"]
    if not given:
        return None
    if len(given) > rules.rule("pictures", "count"):
        raise InclusionError(_("图片最多 3 张"), mend=_("请减少图片"))
    most, now = rules.rule("pictures", "bytes"), timezone.now()
    return [
        products.store_picture(each.read() if each.size <= most else b"", name=each.name, by=request.user, now=now)
        for each in given
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SELL)
def product_new(request: HttpRequest) -> HttpResponse:
    shop, shops = shop_of(request)
    if shop is None:
        raise NotFound(_("您名下没有商户"))
    today = timezone.localdate()
    initial = {"starts_on": today, "per_person": 0, "coupon_days": rules.rule("order", "coupon_days")}
    form = ProductForm(request.POST or None, request.FILES or None, initial=initial)
    context: dict[str, Any] = {"shop": shop, "shops": shops, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            pictures = _pictures(request, form)
            made = products.draft(shop, form.cleaned_data, by=request.user, now=timezone.now(), pictures=pictures or ())
        except InclusionError as error:
            context["error"] = error.as_dict()
        else:
            messages.success(request, _("草稿已保存，提交后由运营方审核上架"))
            return redirect("inclusion:product-edit", id=made.pk)
    return render(
        request, "inclusion/market/product_form.html", context, status=422 if request.method == "POST" else 200
    )


def _own_product(request: HttpRequest, id: int) -> Product:
    found = (
        Product.objects.filter(pk=id, partner__in=permissions.partners_of(request.user))
        .select_related("partner__programme", "record")
        .first()
    )
    if found is None:
        raise NotFound(_("没有这件商品"))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SELL)
def product_edit(request: HttpRequest, id: int) -> HttpResponse:
    """A product as its merchant keeps it: the draft's form, steps, stock, campaign prices, what happened."""
    found = _own_product(request, id)
    editable = found.record.state == "draft"
    form = ProductForm(request.POST or None, request.FILES or None, instance=Product.objects.get(pk=found.pk)) if editable else None  # fmt: skip
    error = None
    if request.method == "POST" and form is not None and form.is_valid():
        try:
            products.amend(
                found, form.cleaned_data, by=request.user, now=timezone.now(), pictures=_pictures(request, form)
            )
        except InclusionError as fault:
            error = fault.as_dict()
        else:
            messages.success(request, _("已保存"))
            return redirect("inclusion:product-edit", id=id)
    workflow = found.record.workflow
    context = {
        "product": found, "shop": found.partner, "form": form, "error": error, "offer_form": OfferForm(),
        "steps": records.actions(found.record, request.user), "offers": found.offers.order_by("-starts_on", "-pk")[:10],
        "pictures": found.record.evidence.all(), "today": timezone.localdate(),
        "events": [
            {"title": _("新建") if move.action == "open" else _("修改") if move.action == "amend" else workflow.title_of(move.action),
             "at": move.at, "by": move.by or _("系统"), "text": move.reason, "bad": move.action == "return"}
            for move in found.record.moves.select_related("by")
        ],
    }  # fmt: skip
    return render(
        request, "inclusion/market/product_edit.html", context, status=422 if request.method == "POST" else 200
    )


@require_POST
@asks(permissions.SELL)
def product_step(request: HttpRequest, id: int) -> HttpResponse:
    found = _own_product(request, id)
    _fresh(request, found.record)
    products.step(found, request.POST.get("action", ""), by=request.user, now=timezone.now(), reason=request.POST.get("reason", ""))  # fmt: skip
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("inclusion:product-edit", id=id)


def _fresh(request: HttpRequest, record: Any) -> None:
    if request.POST.get("state") != record.state:
        raise StaleError(_("“%(title)s”已被他人办理，现为“%(state)s”") % {"title": record.title, "state": record.state_title}, mend=_("请返回看最新情况"))  # fmt: skip


@require_POST
@asks(permissions.SELL)
def product_stock(request: HttpRequest, id: int) -> HttpResponse:
    found = _own_product(request, id)
    text = request.POST.get("change", "").strip()
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 7 and int(digits)):
        raise InclusionError(_("库存变动应为整数，如 20 或 -5"))
    products.restock(found, int(text), by=request.user, now=timezone.now())
    messages.success(request, _("库存现为 %(stock)s") % {"stock": found.stock})
    return redirect("inclusion:product-edit", id=id)


@require_POST
@asks(permissions.SELL)
def product_offer(request: HttpRequest, id: int) -> HttpResponse:
    """A new campaign price, or the end of one."""
    found, now = _own_product(request, id), timezone.now()
    if ending := request.POST.get("end", ""):
        made = MarketOffer.objects.filter(product=found, pk=int(ending) if ending.isdigit() else 0).select_related("product__partner").first()  # fmt: skip
        if made is None:
            raise NotFound(_("没有这个活动价"))
        products.withdraw_offer(made, by=request.user, now=now)
        messages.success(request, _("活动价已结束"))
        return redirect("inclusion:product-edit", id=id)
    form = OfferForm(request.POST)
    if not form.is_valid():
        raise InclusionError(_("活动价没有填完整"), expected=_("名称、积分价、起止日期"), mend=_("请返回补全"))
    products.offer(found, **form.cleaned_data, by=request.user, now=now)
    messages.success(request, _("活动价已生效"))
    return redirect("inclusion:product-edit", id=id)


# ---------------------------------------------------------------- orders and statements


@require_safe
@asks(permissions.SELL)
def merchant_orders(request: HttpRequest) -> HttpResponse:
    """Orders that were used here. Who ordered is not told: the merchant needs the goods and the points."""
    shop, shops = shop_of(request)
    rows = Order.objects.filter(partner=shop, used_at__isnull=False).select_related("product")
    table = Table(
        request,
        rows,
        [
            Column("product.title", _("商品"), link=lambda o: reverse("inclusion:merchant-order", kwargs={"id": o.pk}), wide=True),
            Column("quantity", _("数量"), numeric=True),
            Column("points", _("积分"), numeric=True, show=lambda o: o.total),
            Column("used_at", _("使用时间"), show=lambda o: timezone.localtime(o.used_at).strftime("%Y-%m-%d %H:%M")),
            Column("state", _("状态"), show=lambda o: o.get_state_display()),
        ],
        _("核销记录"),
        search=("product__title",),
        choices=(Choice("state", _("状态"), {"used": Order.State.USED.label, "refunded": Order.State.REFUNDED.label}),),
        order="-used_at",
        empty=_("还没有核销过券。"),
        file="orders",
    )  # fmt: skip
    return table.download() or render(
        request, "inclusion/market/merchant_orders.html", {"shop": shop, "shops": shops, "table": table}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.SELL)
def merchant_order(request: HttpRequest, id: UUID) -> HttpResponse:
    """One order, and its refund."""
    found = (
        Order.objects.filter(pk=id, used_at__isnull=False, partner__in=permissions.partners_of(request.user))
        .select_related("product", "partner", "statement")
        .first()
    )
    if found is None:
        raise NotFound(_("没有这笔订单"))
    context: dict[str, Any] = {"order": found, "shop": found.partner}
    status = 200
    if request.method == "POST":
        reason = request.POST.get("reason", "").strip()
        try:
            if not reason:
                raise InclusionError(_("请写明退款理由"))
            demand(request.user, permissions.SELL, found.partner)
            orders.refund(found, reason=reason, by=request.user, now=timezone.now())
        except InclusionError as error:
            context["error"], status = error.as_dict(), 422
        else:
            messages.success(request, _("已退款，积分按原批次退回"))
            return redirect("inclusion:merchant-order", id=id)
    return render(request, "inclusion/market/merchant_order.html", context, status=status)


@require_safe
@asks(permissions.SELL)
def statements(request: HttpRequest) -> HttpResponse:
    shop, shops = shop_of(request)
    rows = MerchantStatement.objects.filter(partner=shop).select_related("record").order_by("-month")
    context = {"shop": shop, "shops": shops, "rows": list(rows[:36]), "taken": _taken(shop) if shop else 0}
    return render(request, "inclusion/market/statements.html", context)


def _statement(request: HttpRequest, id: UUID) -> MerchantStatement:
    found = (
        MerchantStatement.objects.filter(record_id=id, partner__in=permissions.partners_of(request.user))
        .select_related("partner", "record")
        .first()
    )
    if found is None:
        raise NotFound(_("没有这张结算单"))
    return found


@require_safe
@asks(permissions.SELL)
def statement(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _statement(request, id)
    if request.GET.get("export") == "csv":
        return attachment(settlement.as_csv(found).encode(), f"{found.partner.code}-{found.month}.csv", "text/csv; charset=utf-8")  # fmt: skip
    workflow = found.record.workflow
    events = [
        {"title": _("编制") if move.action == "open" else _("重新编制") if move.action == "amend" else workflow.title_of(move.action),
         "at": move.at, "by": move.by or _("系统"), "text": move.reason, "bad": move.action == "object"}
        for move in found.record.moves.select_related("by")
    ]  # fmt: skip
    context = {
        "statement": found,
        "shop": found.partner,
        "steps": records.actions(found.record, request.user),
        "events": events,
    }
    return render(request, "inclusion/market/statement.html", context)


@require_POST
@asks(permissions.SELL)
def statement_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found = _statement(request, id)
    _fresh(request, found.record)
    settlement.step(
        found, request.POST.get("action", ""), by=request.user, now=timezone.now(), reason=request.POST.get("reason", ""),
        reference=request.POST.get("reason", ""),
    )  # fmt: skip
    found.record.refresh_from_db()
    messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("inclusion:merchant-statement", id=id)


urlpatterns = [
    path("counter/", counter, name="counter"),
    path("counter/goods/", goods, name="goods"),
    path("counter/goods/new/", product_new, name="product-new"),
    path("counter/goods/<int:id>/", product_edit, name="product-edit"),
    path("counter/goods/<int:id>/step/", product_step, name="product-step"),
    path("counter/goods/<int:id>/stock/", product_stock, name="product-stock"),
    path("counter/goods/<int:id>/offer/", product_offer, name="product-offer"),
    path("counter/orders/", merchant_orders, name="merchant-orders"),
    path("counter/orders/<uuid:id>/", merchant_order, name="merchant-order"),
    path("counter/statements/", statements, name="merchant-statements"),
    path("counter/statements/<uuid:id>/", statement, name="merchant-statement"),
    path("counter/statements/<uuid:id>/step/", statement_step, name="statement-step"),
]
