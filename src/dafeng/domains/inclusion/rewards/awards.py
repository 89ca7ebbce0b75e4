"""Applications for a reward: received once, checked by the machine and by a person, approved by another, published, then payable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import bookkeeping
from dafeng.domains.inclusion.errors import Refused
from dafeng.domains.inclusion.members import accounts
from dafeng.domains.inclusion.models import Award, AwardPayee, Budget, Event, Member, RewardRule, RewardUse
from dafeng.domains.inclusion.rewards import amounts, choices, moneys
from dafeng.domains.inclusion.scenes.words import settings as screening_settings
from dafeng.kernel import sealing
from dafeng.kernel.ledger import services as ledger
from dafeng.kernel.ledger import verbs
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

PAYEE = "dafeng.inclusion.payee"
DEAD = ("rejected", "withdrawn", "recovered")
ENDED = ("rejected", "withdrawn")  # what was recovered is not applied for a second time


@transaction.atomic
def apply(
    rule: RewardRule,
    member: Member,
    given: Mapping[str, str],
    *,
    subject: str,
    payee: Mapping[str, str],
    public_name: str,
    request: str,
    by: Any,
    now: datetime,
    evidence: Iterable[Evidence] = (),
) -> Award:
    """Apply once; the same `request` again gives the first award.

    What fails the rule's conditions is kept as rejected, with each line. Raises `Refused` for what is no application at all:
    `rule_not_in_force`, `not_eligible`, `already_applied`, `rewarded_elsewhere`, `nothing_to_reward`, `number_reused`, and what
    `members.accounts.demand_active` refuses.
    """
    Member.objects.select_for_update().get(pk=member.pk)
    earlier = Award.objects.filter(request=request).first()
    if earlier is not None:
        if earlier.member_id != member.pk or earlier.rule_id != rule.pk:
            raise Refused("number_reused", _("这个申请编号已经用过"), mend=_("请重新打开申请页面"))
        return earlier
    today = timezone.localdate(now)
    _demand_eligible(rule, member, today)
    period = _period(rule, today)
    _demand_first(rule, member, period, subject)
    content = rule.content
    events = _trips(rule, member, now) if content["kind"] == "trips" else []
    data = _measured(events) if content["kind"] == "trips" else amounts.read_data(content, given)
    if content["kind"] == "trips" and not events:
        raise Refused("nothing_to_reward", _("还没有可以奖励的出行记录"), mend=_("选择“奖励资金”之后的出行才计入"))
    found = amounts.check(content, data, paid_before=paid_before(rule, member, today.year))
    record = records.open_record(
        "reward.award", title=f"{rule.title} {subject}"[:200], payload={}, by=by, now=now,
        place=member.county or rule.programme_id, evidence=evidence,
    )  # fmt: skip
    award = Award.objects.create(
        rule=rule, member=member, record=record, request=request, period=period, subject=subject[:120], data=data,
        checked=found.as_dict(), fen=found.fen, public_name=public_name[:120],
    )  # fmt: skip
    AwardPayee.objects.create(award=award, sealed=sealing.seal(PAYEE, dict(payee)))
    RewardUse.objects.bulk_create([RewardUse(award=award, event_id=pk) for pk, _grams in events])
    if not found.ok or not found.fen:
        why = "；".join(line.text for line in found.lines if not line.ok) or _("按办法计算的金额为 0")
        _reject(award, by=None, now=now, reason=why, system=True)
    return award


def resubmit(
    award: Award, given: Mapping[str, str], *, by: Any, now: datetime, evidence: Iterable[Evidence] = ()
) -> Award:
    """Send a returned application again with its fields mended and papers added; the amount is worked out anew."""
    with ledger.durable():
        content = award.rule.content
        data = award.data if content["kind"] == "trips" else amounts.read_data(content, given)
        year = timezone.localtime(award.record.created_at).year
        found = amounts.check(content, data, paid_before=paid_before(award.rule, award.member, year, but=award))
        if added := list(evidence):
            records.amend(award.record, by=by, now=now, evidence=[*award.record.evidence.all(), *added])
        records.move(award.record, "resubmit", by=by, now=now)
        Award.objects.filter(pk=award.pk).update(data=data, checked=found.as_dict(), fen=found.fen)
    award.refresh_from_db()
    return award


def masked(name: str) -> str:
    """A person's name as it may be published: the first sign and two stars."""
    return f"{name[:1]}**" if name else "**"


def payee_of(award: Award) -> dict[str, Any]:
    """Where the money goes; empty when that has been deleted."""
    try:
        return sealing.unseal(PAYEE, award.payee.sealed)
    except AwardPayee.DoesNotExist:
        return {}


def paid_before(rule: RewardRule, member: Member, year: int, *, but: Award | None = None) -> int:
    """Fen that a member has got, or is about to get, by any number of this rule in a calendar year."""
    others = Award.objects.filter(
        ~Q(record__state__in=DEAD), rule__programme=rule.programme_id, rule__code=rule.code, member=member,
        record__created_at__year=year,
    )  # fmt: skip
    return (others.exclude(pk=but.pk) if but else others).aggregate(total=Sum("fen"))["total"] or 0


def move(award: Award, action: str, *, by: Any, now: datetime, reason: str = "", system: bool = False) -> Award:
    """One step of the workflow, with what it means for the money, in one durable transaction."""
    steps = {"approve": _approve, "reject": _reject, "publish": _publish, "release": _release, "recovered": _recover}
    with ledger.durable():
        if action in steps:
            steps[action](award, by=by, now=now, reason=reason, system=system)
        else:
            if action == "recover":
                _demand_settled(award)
            records.move(award.record, action, by=by, now=now, reason=reason, system=system)
            if action == "withdraw":
                _end(award)
    award.refresh_from_db()
    return award


def _approve(award: Award, *, by: Any, now: datetime, reason: str, system: bool) -> None:
    """The amount is worked out anew, and set aside in the budget. Raises `Refused` (`budget_short`)."""
    records.move(award.record, "approve", by=by, now=now, reason=reason, system=system)
    year = timezone.localtime(award.record.created_at).year
    before = paid_before(award.rule, award.member, year, but=award)
    found = amounts.check(award.rule.content, award.data, paid_before=before)
    if not found.fen:
        raise Refused("nothing_to_reward", _("按办法计算的金额已为 0"), mend=_("请改为“不予奖励”并写明理由"))
    Award.objects.filter(pk=award.pk).update(fen=found.fen, checked=found.as_dict())
    budget = Budget.objects.get(code=award.rule.content["budget"])
    replies = ledger.post(
        [
            verbs.hold(
                key=award.hold, actor=_actor(by), asset=bookkeeping.MONEY, account=budget.account, amount=found.fen,
                kind="order", hold=award.hold,
            )
        ],
        now=now,
    )  # fmt: skip
    if not replies[0].ok:
        raise Refused(
            "budget_short",
            _("“%(budget)s”余额不足，不能审定 %(yuan)s 元") % {"budget": budget.title, "yuan": amounts.yuan(found.fen)},
            mend=_("请先下达资金，或暂缓审定"),
        )


def _reject(award: Award, *, by: Any, now: datetime, reason: str, system: bool = False) -> None:
    """What was set aside is free again, and the trips may be applied for again."""
    was = award.record.state
    records.move(award.record, "reject", by=by, now=now, reason=reason, system=system)
    if was == "objected":
        _release_money(award, by=by, now=now)
    _end(award)


def _end(award: Award) -> None:
    """An application that came to nothing leaves its trips and its period to another one, and needs no account to pay to."""
    award.uses.all().delete()
    AwardPayee.objects.filter(award=award).delete()
    Award.objects.filter(pk=award.pk).update(period="")


def _publish(award: Award, *, by: Any, now: datetime, reason: str, system: bool) -> None:
    records.move(award.record, "publish", by=by, now=now, reason=reason, system=system)
    until = timezone.localdate(now) + timedelta(days=int(award.rule.content["objection_days"]))
    Award.objects.filter(pk=award.pk).update(published_at=now, objection_until=until)


def _release(award: Award, *, by: Any, now: datetime, reason: str, system: bool) -> None:
    """Payable from the day after the last day of publication. Raises `Refused` (`objection_open`)."""
    if award.objection_until is None or timezone.localdate(now) <= award.objection_until:
        raise Refused("objection_open", _("公示期未满，至 %(day)s") % {"day": award.objection_until or ""})
    records.move(award.record, "release", by=by, now=now, reason=reason, system=system)


def _recover(award: Award, *, by: Any, now: datetime, reason: str, system: bool) -> None:
    """Money that was paid goes back to its budget, as the appropriation that it came from."""
    records.move(award.record, "recovered", by=by, now=now, reason=reason, system=system)
    budget = Budget.objects.get(code=award.rule.content["budget"])
    bookkeeping.post_all(moneys.returned(award, to=budget.account, actor=_actor(by)), now=now)


def _demand_settled(award: Award) -> None:
    """What the treasury has not paid yet cannot come back. Raises `Refused` (`payment_open`)."""
    if award.payment is None or award.payment.record.state != "settled":
        raise Refused("payment_open", _("这笔奖励还没有登记为已支付"), mend=_("请先在拨付清单里登记国库支付结果"))


def _release_money(award: Award, *, by: Any, now: datetime) -> None:
    bookkeeping.post_all([verbs.release(key=f"{award.hold}:release", actor=_actor(by), hold=award.hold)], now=now)


def _demand_eligible(rule: RewardRule, member: Member, today: date) -> None:
    accounts.demand_active(member)
    if rule.record.state != "in_force" or rule.valid_from > today or (rule.valid_to and rule.valid_to <= today):
        raise Refused("rule_not_in_force", _("“%(title)s”现在不受理申请") % {"title": rule.title})
    if member.kind not in rule.content["beneficiaries"]:
        raise Refused("not_eligible", _("“%(title)s”不面向您这类账户") % {"title": rule.title})


def _demand_first(rule: RewardRule, member: Member, period: str, subject: str) -> None:
    """One thing is rewarded once: not twice by a rule, nor by two rules that exclude each other."""
    living = Award.objects.exclude(record__state__in=ENDED).filter(member=member, period=period, subject=subject[:120])
    for other in living.select_related("rule"):
        if other.rule.code == rule.code:
            raise Refused("already_applied", _("同一事由本期已经申请过"), mend=_("可在“我的奖励”里查看办理情况"))
        # Whichever of the two says so, they exclude each other.
        if other.rule.code in rule.content["exclusive_with"] or rule.code in other.rule.content["exclusive_with"]:
            raise Refused(
                "rewarded_elsewhere", _("同一事由已按“%(title)s”申请，不能重复享受") % {"title": other.rule.title}
            )


def _period(rule: RewardRule, today: date) -> str:
    return f"{today:%Y-%m}" if rule.content["kind"] == "trips" else str(today.year)


def _trips(rule: RewardRule, member: Member, now: datetime) -> list[tuple[int, int]]:
    """(event, grams) of trips that the member chose to have paid in money and that no award has used.

    Left out are trips without points for another reason (an overlap, a repetition), and those that look suspicious.
    """
    return list(
        Event.objects.filter(
            member=member, benefit=Event.Benefit.REWARD, state=Event.State.NOTHING, reward_use=None, happened_at__lte=now,
            scene__methodology__group__in=rule.content["groups"], happened_at__date__gte=rule.valid_from, grams__gt=0,
            reason=choices.PAID_IN_MONEY, score__lt=screening_settings()["score"]["hold_from"],
        )
        .order_by("pk")
        .values_list("pk", "grams")[:5000]
    )  # fmt: skip


def _measured(events: list[tuple[int, int]]) -> dict[str, Any]:
    """What the platform itself has measured: how many trips, and how many kg CO2e they spared."""
    grams = sum(grams for _pk, grams in events)
    return {"trips": str(len(events)), "kg": f"{grams // 1000}.{grams % 1000:03d}"}


def _actor(by: Any) -> str:
    return f"user:{by.pk}" if by is not None else bookkeeping.SYSTEM
