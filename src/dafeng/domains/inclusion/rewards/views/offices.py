"""Pages for those who check, decide and pay: the desk, rules, budgets, payment lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import Appropriation, Award, Budget, PaymentFile
from dafeng.domains.inclusion.rewards import budgets, payments, reading, rules
from dafeng.domains.inclusion.rewards.amounts import yuan
from dafeng.domains.inclusion.rewards.forms import AppropriationForm, BudgetForm, RuleForm, fen_of
from dafeng.domains.inclusion.rewards.views.applicants import amount_in_words, programme_here, timeline
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound, StaleError
from dafeng.kernel.pages.tables import Choice, Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.services import audit


def _states(kind: str) -> dict[str, str]:
    return {name: state.title for name, state in records.workflows.get(kind).states.items()}


def _told(request: HttpRequest, do: Callable[[], Any], done: str) -> None:
    """Do it and say so; what was refused is said in its own words."""
    try:
        do()
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.mend))))
    else:
        messages.success(request, done)


def _unchanged(request: HttpRequest, record: Any) -> None:
    if request.POST.get("state") != record.state:
        raise StaleError(_("已被他人办理，现为“%(state)s”") % {"state": record.state_title}, mend=_("请返回看最新情况"))


@require_safe
@asks(permissions.SEE_BUDGET)
def desk(request: HttpRequest) -> HttpResponse:
    """All applications."""
    table = Table(
        request,
        reading.awards_for(request.user).filter(rule__programme=programme_here()),
        [
            Column("public_name", _("对象"), link=lambda award: reverse("inclusion:award", kwargs={"id": award.pk})),
            Column("subject", _("事由"), wide=True),
            Column("rule.title", _("办法"), wide=True),
            Column("fen", _("金额（元）"), numeric=True, show=lambda award: yuan(award.fen)),
            Column("record.state", _("状态"), show=lambda award: award.record.state_title),
            Column("record.changed_at", _("变动"), show=lambda award: f"{timezone.localtime(award.record.changed_at):%Y-%m-%d}"),
        ],
        _("奖励申请"),
        search=("public_name", "subject", "rule__title"),
        choices=(Choice("state", _("状态"), _states("reward.award"), column="record__state"),),
        order="-record__changed_at",
        empty=_("还没有奖励申请。"),
        file="awards",
    )  # fmt: skip
    return table.download() or render(request, "inclusion/rewards/desk.html", {"table": table})


@require_safe
@asks(permissions.SEE_BUDGET)
def all_rules(request: HttpRequest) -> HttpResponse:
    """Every number of every rule."""
    table = Table(
        request,
        reading.rules_for(request.user, programme_here().pk),
        [
            Column("title", _("名称"), link=lambda rule: reverse("inclusion:reward-rule", kwargs={"code": rule.code, "number": rule.number}), wide=True),
            Column("number", _("版本"), numeric=True),
            Column("content", _("标准"), sort=None, show=lambda rule: amount_in_words(rule.content), wide=True),
            Column("valid_from", _("生效日期"), show=lambda rule: str(rule.valid_from)),
            Column("valid_to", _("失效日期"), show=lambda rule: str(rule.valid_to or "")),
            Column("record.state", _("状态"), show=lambda rule: rule.record.state_title),
        ],
        _("奖励办法"),
        search=("title", "code"),
        order="code",
        empty=_("还没有奖励办法。"),
        file="reward-rules",
    )  # fmt: skip
    keeps = may(request.user, permissions.KEEP_REWARDS) or may(request.user, permissions.DECIDE_REWARDS)
    return table.download() or render(request, "inclusion/rewards/rules.html", {"table": table, "keeps": keeps})


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.KEEP_REWARDS)
def new_rule(request: HttpRequest) -> HttpResponse:
    form = RuleForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "budgets": Budget.objects.exists()}
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = rules.draft(
                programme_here(), code=given["code"], title=given["title"], content=form.content(),
                valid_from=given["valid_from"], valid_to=given["valid_to"], by=request.user, now=timezone.now(),
            )  # fmt: skip
        except DafengError as error:
            return render(request, "inclusion/rewards/rule_form.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("草稿已保存，送审后由市发改或生态环境部门审定施行"))
        return redirect("inclusion:reward-rule", code=made.code, number=made.number)
    return render(request, "inclusion/rewards/rule_form.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@asks(permissions.SEE_BUDGET)
def rule_step(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The workflow decides who may take which step."""
    found = reading.rule_for(request.user, programme_here().pk, code, number)
    _unchanged(request, found.record)
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]
    _told(request, lambda: rules.move(found, action, by=request.user, now=timezone.now(), reason=reason), _("已办理"))
    return redirect("inclusion:reward-rule", code=code, number=number)


@require_safe
@asks(permissions.SEE_BUDGET)
def budgets_page(request: HttpRequest) -> HttpResponse:
    """Where the money is: appropriated, set aside, free, paid; and what waits to be booked."""
    programme = programme_here()
    found = []
    for budget in Budget.objects.filter(programme=programme).order_by("code"):
        state = budgets.state_of(budget)
        words = {name: yuan(getattr(state, name)) for name in ("appropriated", "held", "free", "paid")}
        found.append(words | {"budget": budget})
    waiting = (
        Appropriation.objects.filter(budget__programme=programme).select_related("budget", "record").order_by("-pk")
    )
    rows = [
        {"row": each, "yuan": yuan(each.fen), "steps": records.actions(each.record, request.user)}
        for each in waiting[:100]
    ]
    context = {
        "budgets": found, "rows": rows, "decides": may(request.user, permissions.DECIDE_REWARDS),
        "form": AppropriationForm(initial={"year": timezone.localdate().year}), "new": BudgetForm(),
    }  # fmt: skip
    return render(request, "inclusion/rewards/budgets.html", context)


@require_POST
@asks(permissions.DECIDE_REWARDS)
def new_budget(request: HttpRequest) -> HttpResponse:
    form = BudgetForm(request.POST)
    if not form.is_valid():
        messages.error(request, "；".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("inclusion:reward-budgets")
    organisation = min(permissions.organisations_of(request.user) - {""}, default="")
    made = Budget.objects.create(
        programme=programme_here(), code=form.cleaned_data["code"], title=form.cleaned_data["title"], organisation=organisation
    )  # fmt: skip
    audit(request.user, "reward.budget.open", "budget", made.code, {"title": made.title}, now=timezone.now())
    messages.success(request, _("已设立“%(title)s”") % {"title": made.title})
    return redirect("inclusion:reward-budgets")


@require_POST
@asks(permissions.DECIDE_REWARDS)
def appropriate(request: HttpRequest) -> HttpResponse:
    form = AppropriationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "；".join(f"{form[name].label}：{errors[0]}" for name, errors in form.errors.items()))
        return redirect("inclusion:reward-budgets")
    given = form.cleaned_data
    _told(
        request,
        lambda: budgets.appropriate(
            given["budget"], year=given["year"], fen=fen_of(given["yuan"]), document=given["document"],
            by=request.user, now=timezone.now(),
        ),
        _("已登记，须由另一位同事复核入账"),
    )  # fmt: skip
    return redirect("inclusion:reward-budgets")


@require_POST
@asks(permissions.DECIDE_REWARDS)
def appropriation_step(request: HttpRequest, id: int) -> HttpResponse:
    found = Appropriation.objects.select_related("record", "budget").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这笔下达"))
    _unchanged(request, found.record)
    now, reason = timezone.now(), request.POST.get("reason", "")[:300]
    if request.POST.get("action") == "book":
        _told(request, lambda: budgets.book(found, by=request.user, now=now), _("已入账"))
    else:
        _told(
            request,
            lambda: records.move(found.record, "decline", by=request.user, now=now, reason=reason),
            _("已登记为不予入账"),
        )
    return redirect("inclusion:reward-budgets")


@require_safe
@asks(permissions.SEE_BUDGET)
def payments_page(request: HttpRequest) -> HttpResponse:
    """What may be paid now, and the lists that were drawn up."""
    programme = programme_here()
    waiting = (
        Award.objects.filter(rule__programme=programme, record__state="payable", payment=None)
        .select_related("rule", "record")
        .order_by("pk")[: payments.MOST]
    )
    table = Table(
        request,
        PaymentFile.objects.filter(programme=programme).select_related("record"),
        [
            Column("number", _("编号"), link=lambda made: reverse("inclusion:reward-payment", kwargs={"id": made.pk})),
            Column("count", _("笔数"), numeric=True),
            Column("fen", _("合计（元）"), numeric=True, show=lambda made: yuan(made.fen)),
            Column("record.state", _("状态"), show=lambda made: made.record.state_title),
        ],
        _("拨付清单"),
        order="-number",
        empty=_("还没有拨付清单。"),
        file="payments",
    )
    rows = [{"award": each, "yuan": yuan(each.fen)} for each in waiting]
    context = {"table": table, "rows": rows, "draws": may(request.user, permissions.DECIDE_REWARDS)}
    return table.download() or render(request, "inclusion/rewards/payments.html", context)


@require_POST
@asks(permissions.DECIDE_REWARDS)
def draw(request: HttpRequest) -> HttpResponse:
    chosen = list(Award.objects.filter(pk__in=_uuids(request.POST.getlist("award"))))
    try:
        made = payments.draw(programme_here(), chosen, by=request.user, now=timezone.now())
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.mend))))
        return redirect("inclusion:reward-payments")
    messages.success(request, _("清单已制成，须由另一位同事复核"))
    return redirect("inclusion:reward-payment", id=made.pk)


def _uuids(given: list[str]) -> list[UUID]:
    found = []
    for text in given[: payments.MOST + 1]:
        try:
            found.append(UUID(text))
        except ValueError:
            raise NotFound(_("没有这份申请")) from None
    return found


@require_safe
@asks(permissions.SEE_BUDGET)
def payment(request: HttpRequest, id: UUID) -> HttpResponse:
    """One list: its lines without account numbers, its steps, its file for those who pay."""
    found = reading.payment_for(request.user, id)
    awards = found.awards.select_related("rule").order_by("pk")
    steps = records.actions(found.record, request.user)
    pays = may(request.user, permissions.DECIDE_REWARDS)
    context = {
        "payment": found,
        "yuan": yuan(found.fen),
        "rows": [{"award": each, "yuan": yuan(each.fen)} for each in awards],
        "steps": steps,
        "pays": pays,
        "waits": pays and found.record.state == "drawn" and not any(each.action == "approve" for each in steps),
        "events": timeline(found.record),
    }
    return render(request, "inclusion/rewards/payment.html", context)


@require_POST
@asks(permissions.DECIDE_REWARDS)
def payment_step(request: HttpRequest, id: UUID) -> HttpResponse:
    found = reading.payment_for(request.user, id)
    _unchanged(request, found.record)
    action, reason = request.POST.get("action", ""), request.POST.get("reason", "")[:300]
    _told(
        request, lambda: payments.move(found, action, by=request.user, now=timezone.now(), reason=reason), _("已办理")
    )
    return redirect("inclusion:reward-payment", id=id)


@require_POST
@asks(permissions.DECIDE_REWARDS)
def payment_file(request: HttpRequest, id: UUID) -> HttpResponse:
    """The file with names and accounts; that it was taken is written into the audit."""
    found = reading.payment_for(request.user, id)
    content = payments.content(found)
    audit(request.user, "reward.payment.file", "payment", found.number, {"sha256": found.digest}, now=timezone.now())
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{found.number}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer
