"""Pages for everybody and for those who apply: rules in force, public notice, application, one's own awards."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.errors import InclusionError
from dafeng.domains.inclusion.models import Award, Member, Programme, RewardChoice, RewardRule
from dafeng.domains.inclusion.permissions import members_of
from dafeng.domains.inclusion.rewards import awards, choices, reading, retention, rules
from dafeng.domains.inclusion.rewards.amounts import yuan
from dafeng.domains.inclusion.rewards.forms import ApplyForm, MendForm
from dafeng.domains.inclusion.services import only_programme
from dafeng.kernel.actions import asks, may
from dafeng.kernel.errors import DafengError, NotFound, StaleError, UploadError
from dafeng.kernel.pages.tables import Column, Table
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

KINDS = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
MOST_BYTES = 20 * 1024 * 1024


def programme_here() -> Programme:
    found = only_programme()
    if found is None:
        raise NotFound(_("本系统还没有开通碳普惠"), mend=_("请系统管理员载入城市数据包"))
    return found


@require_safe
@asks(permissions.SEE_REWARDS)
def rewards(request: HttpRequest) -> HttpResponse:
    """The rules in force, and what is on public notice."""
    programme, today = programme_here(), timezone.localdate()
    table = Table(
        request,
        reading.published(programme.pk),
        [
            Column("public_name", _("对象"), sort=None),
            Column("fen", _("金额（元）"), numeric=True, show=lambda award: yuan(award.fen)),
            Column("record.state", _("状态"), show=lambda award: award.record.state_title),
            Column("subject", _("事由"), wide=True),
            Column("rule.title", _("办法"), wide=True),
            Column("objection_until", _("公示截止"), show=lambda award: str(award.objection_until or "")),
        ],
        _("公示与结果"),
        search=("subject", "rule__title"),
        order="-published_at",
        empty=_("现在没有公示的奖励。"),
        file="rewards",
    )
    context = {
        "programme": programme,
        "rules": [_card(rule) for rule in rules.in_force(programme, today)],
        "table": table,
    }
    return table.download() or render(request, "inclusion/rewards/rewards.html", context)


def _card(rule: Any) -> dict[str, Any]:
    return {"rule": rule, "amount": amount_in_words(rule.content), "who": beneficiaries_in_words(rule.content)}


def beneficiaries_in_words(content: dict[str, Any]) -> str:
    named = dict(Member.Kind.choices)
    return "、".join(str(named[each]) for each in content["beneficiaries"])


def amount_in_words(content: dict[str, Any]) -> str:
    amount = content["amount"]
    if "fixed_fen" in amount:
        said = _("定额 %(yuan)s 元") % {"yuan": yuan(amount["fixed_fen"])}
    else:
        said = _("每%(unit)s %(yuan)s 元") % {"unit": amount["unit"], "yuan": yuan(amount["fen_per_unit"])}
        if amount.get("floor"):
            said += _("，超过 %(floor)s%(unit)s的部分") % {"floor": amount["floor"], "unit": amount["unit"]}
    if "cap_fen" in amount:
        said += _("，每次不超过 %(yuan)s 元") % {"yuan": yuan(amount["cap_fen"])}
    if "per_member_fen" in content:
        said += _("，每年不超过 %(yuan)s 元") % {"yuan": yuan(content["per_member_fen"])}
    return said


@require_safe
@asks(permissions.SEE_REWARDS)
def rule(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One rule: basis, who, how much, conditions; the offices see its steps."""
    found = reading.rule_for(request.user, programme_here().pk, code, number)
    today = timezone.localdate()
    open_now = (
        found.record.state == "in_force"
        and found.valid_from <= today
        and not (found.valid_to and found.valid_to <= today)
    )
    named = {each["name"]: each["title"] for each in found.content["fields"]}
    office = may(request.user, permissions.SEE_BUDGET)
    others = found.content["exclusive_with"]
    titles = RewardRule.objects.filter(programme=found.programme_id, code__in=others, record__state="in_force")
    context = _card(found) | {
        "open": open_now,
        "office": office,
        "exclusive": sorted(set(titles.values_list("title", flat=True))) if others else [],
        "conditions": [{"why": each["why"], "said": f"{named[each['field']]} {each['op']} {each['value']}"} for each in found.content["conditions"]],
        "steps": records.actions(found.record, request.user) if office else [],
        "events": timeline(found.record) if office else [],
    }  # fmt: skip
    return render(request, "inclusion/rewards/rule.html", context)


def timeline(record: Any) -> list[dict[str, Any]]:
    workflow = record.workflow
    named = {"open": _("新建"), "amend": _("修改")}
    return [
        {
            "title": named.get(move.action) or workflow.title_of(move.action), "at": move.at, "by": move.by or _("系统"),
            "text": move.reason, "bad": move.action in ("return", "reject", "decline", "object", "recover"),
        }
        for move in record.moves.select_related("by").order_by("seq")
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY)
def apply(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Apply by a rule. Who has no account is sent to open one."""
    found = reading.rule_for(request.user, programme_here().pk, code, number)
    own = [each for each in members_of(request.user) if each.kind in found.content["beneficiaries"]]
    if not own:
        messages.error(request, _("“%(title)s”面向%(who)s账户，请先开通") % {"title": found.title, "who": beneficiaries_in_words(found.content)})  # fmt: skip
        return redirect("inclusion:reward-rule", code=code, number=number)
    form = ApplyForm(
        request.POST or None, request.FILES or None, rule=found, members=own, initial={"request": uuid4().hex}
    )
    context: dict[str, Any] = _card(found) | {"form": form, "days": retention.kept_days()}
    if request.method == "POST" and form.is_valid():
        try:
            made = _applied(request, found, form, own)
        except DafengError as error:
            return render(request, "inclusion/rewards/apply.html", context | {"error": error.as_dict()}, status=422)
        if made.record.state == "rejected":
            messages.error(request, _("自动核对没有通过，原因见下"))
        else:
            messages.success(request, _("已收到申请，核对金额 %(yuan)s 元") % {"yuan": yuan(made.fen)})
        return redirect("inclusion:award", id=made.pk)
    return render(request, "inclusion/rewards/apply.html", context, status=422 if request.method == "POST" else 200)


def _applied(request: HttpRequest, rule: Any, form: ApplyForm, own: list[Member]) -> Award:
    member = next((each for each in own if str(each.pk) == form.cleaned_data["account"]), None)
    if member is None:
        raise InclusionError(_("没有这个账户"), mend=_("请重新打开申请页面"))
    now, payee = timezone.now(), form.payee()
    person = member.kind == Member.Kind.PERSON
    return awards.apply(
        rule, member, form.given(), subject=form.cleaned_data["subject"], payee=payee,
        public_name=awards.masked(payee["name"]) if person else payee["name"], request=form.cleaned_data["request"],
        by=request.user, now=now, evidence=_proof(request, form),
    )  # fmt: skip


def _proof(request: HttpRequest, form: Any) -> list[Evidence]:
    """The paper handed in, as evidence. Raises `UploadError` for a kind of file that nobody here can look at."""
    given = form.cleaned_data.get("proof")
    if not given:
        return []
    kind = KINDS.get(given.name.rpartition(".")[2].lower())
    if kind is None or given.size > MOST_BYTES:
        raise UploadError(_("证明材料应为不超过 20 MB 的 PDF、JPG 或 PNG 文件"), mend=_("请转换格式或压缩后再上传"))
    return [records.store_evidence(given, name=given.name, media_type=kind, by=request.user, now=timezone.now())]


@require_safe
@asks(permissions.APPLY)
def mine(request: HttpRequest) -> HttpResponse:
    """One's own awards, and whether green trips are paid in points or in money."""
    programme = programme_here()
    own = list(members_of(request.user))
    person = next((each for each in own if each.kind == Member.Kind.PERSON), None)
    table = Table(
        request,
        Award.objects.filter(member__in=own).select_related("rule", "record"),
        [
            Column(
                "subject", _("事由"), link=lambda award: reverse("inclusion:award", kwargs={"id": award.pk}), wide=True
            ),
            Column("rule.title", _("办法"), wide=True),
            Column("record.created_at", _("申请日期"), show=lambda award: f"{timezone.localtime(award.record.created_at):%Y-%m-%d}"),
            Column("fen", _("金额（元）"), numeric=True, show=lambda award: yuan(award.fen)),
            Column("record.state", _("状态"), show=lambda award: award.record.state_title),
        ],
        _("我的申请"),
        order="-record__created_at",
        empty=_("还没有申请过奖励。"),
        file="my-rewards",
    )  # fmt: skip
    groups = choices.groups_with_rules(timezone.localdate())
    chosen = set(RewardChoice.objects.filter(member=person, until=None).values_list("group", flat=True)) if person else set()  # fmt: skip
    context = {
        "programme": programme, "table": table, "person": person, "trips": "travel" in groups,
        "money": "travel" in chosen, "members": own,
    }  # fmt: skip
    return table.download() or render(request, "inclusion/rewards/mine.html", context)


@require_POST
@asks(permissions.APPLY)
def choose(request: HttpRequest) -> HttpResponse:
    """Points or money for green trips from now on."""
    person = next((each for each in members_of(request.user) if each.kind == Member.Kind.PERSON), None)
    if person is None:
        raise NotFound(_("您还没有个人碳账户"), mend=_("请先开通"))
    money = request.POST.get("money") == "1"
    choices.choose(person, "travel", money=money, now=timezone.now())
    messages.success(request, _("从现在起，绿色出行按奖励资金结算") if money else _("从现在起，绿色出行按积分结算"))
    return redirect("inclusion:my-rewards")


@require_safe
@asks(permissions.APPLY)
def award(request: HttpRequest, id: UUID) -> HttpResponse:
    """One application: what was asked, how the amount came about, where it stands, and the steps that one may take."""
    found = reading.award_for(request.user, id)
    named = {each["name"]: each for each in found.rule.content["fields"]}
    data = [
        (named[key]["title"], value, named[key].get("unit", "")) for key, value in found.data.items() if key in named
    ]
    mine, events = permissions.own_member(request.user, found.member), timeline(found.record)
    steps = records.actions(found.record, request.user)
    leaving = [
        each for each in found.record.workflow.leaving(found.record.state) if each.awaited and each.not_same_person_as
    ]
    context = {
        "award": found,
        "mine": mine,
        "data": data,
        "lines": found.checked.get("lines", []),
        "sums": [(text, yuan(fen)) for text, fen in found.checked.get("steps", [])],
        "yuan": yuan(found.fen),
        "trips": int(found.data.get("trips", 0)) if found.rule.content["kind"] == "trips" and found.period else 0,
        "steps": [each for each in steps if each.action not in ("pay", "resubmit")],
        "again": any(each.action == "resubmit" for each in steps),
        "waits": may(request.user, permissions.DECIDE_REWARDS) and bool(leaving) and not any(each.awaited for each in steps),
        "papers": [
            {"name": each.name, "address": reverse("evidence", kwargs={"id": each.pk})} for each in found.record.evidence.all()
        ],
        "payee": account_in_words(found),
        "settled": found.payment is not None and found.payment.record.state == "settled",
        "reason": events[-1]["text"] if events and events[-1]["bad"] else "",
        "events": events,
    }  # fmt: skip
    return render(request, "inclusion/rewards/award.html", context)


@require_POST
@asks(permissions.APPLY)
def award_step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take a step; the workflow says who may, `awards.move` what it means for the money."""
    found = reading.award_for(request.user, id)
    if request.POST.get("state") != found.record.state:
        raise StaleError(_("这份申请已被他人办理，现为“%(state)s”") % {"state": found.record.state_title}, mend=_("请看最新情况"))  # fmt: skip
    action = request.POST.get("action", "")
    if action == "pay":
        raise InclusionError(_("拨付在拨付清单里办理"))
    try:
        awards.move(found, action, by=request.user, now=timezone.now(), reason=request.POST.get("reason", "")[:300])
    except DafengError as error:
        messages.error(request, " ".join(filter(None, (error.what, error.mend))))
    else:
        messages.success(request, _("已办理：%(state)s") % {"state": found.record.state_title})
    return redirect("inclusion:award", id=id)


@require_http_methods(["GET", "HEAD", "POST"])
@asks(permissions.APPLY)
def mend(request: HttpRequest, id: UUID) -> HttpResponse:
    """Mend a returned application and send it again."""
    found = reading.award_for(request.user, id)
    if not any(each.action == "resubmit" for each in records.actions(found.record, request.user)):
        raise NotFound(_("这份申请现在不能补正"), mend=_("请从“我的奖励”看最新情况"))
    initial = {f"data_{key}": value for key, value in found.data.items()}
    form = MendForm(request.POST or None, request.FILES or None, rule=found.rule, initial=initial)
    context: dict[str, Any] = {"award": found, "form": form, "reason": _last_reason(found)}
    if request.method == "POST" and form.is_valid():
        try:
            awards.resubmit(found, form.given(), by=request.user, now=timezone.now(), evidence=_proof(request, form))
        except DafengError as error:
            return render(request, "inclusion/rewards/mend.html", context | {"error": error.as_dict()}, status=422)
        messages.success(request, _("已重新报送"))
        return redirect("inclusion:award", id=id)
    return render(request, "inclusion/rewards/mend.html", context, status=422 if request.method == "POST" else 200)


def account_in_words(award: Award) -> str:
    """Bank and the last four digits: enough for its owner to know it by; nobody needs more before the payment."""
    payee = awards.payee_of(award)
    return _("%(bank)s，尾号 %(tail)s") % {"bank": payee["bank"], "tail": payee["account"][-4:]} if payee else ""


def _last_reason(award: Award) -> str:
    back = award.record.moves.filter(action="return").order_by("-seq").first()
    return back.reason if back else ""
