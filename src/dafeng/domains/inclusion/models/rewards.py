"""Reward rules, budgets, applications and payments (M3). Money lives in the ledger, in fen; here is what it was for."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models.members import Member
from dafeng.domains.inclusion.models.programme import Programme
from dafeng.domains.inclusion.models.scenes import Event
from dafeng.kernel.records.models import Record

__all__ = ["Appropriation", "Award", "AwardPayee", "Budget", "PaymentFile", "RewardChoice", "RewardRule", "RewardUse"]


class RewardRule(models.Model):
    """A dated rule: who gets how much for what, on which basis, from which budget. `content` is read by `rewards.rules`.

    A rule in force never changes; a new one begins another number of the same code.
    """

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="reward_rules")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_reward_rule")
    code = models.SlugField(_("代码"), max_length=40)
    number = models.PositiveSmallIntegerField(_("版本"))
    title = models.CharField(_("名称"), max_length=120)
    title_en = models.CharField(_("英文名称"), max_length=160, blank=True)
    content = models.JSONField(_("内容"), default=dict)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("失效日期"), null=True, help_text="first day on which it no longer holds")
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("奖励办法")
        constraints = (models.UniqueConstraint(fields=("programme", "code", "number"), name="reward_rule_once"),)

    def __str__(self) -> str:
        return self.title


class Budget(models.Model):
    """A fund for rewards: an account of the ledger (`budget:<code>`)."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="budgets")
    code = models.SlugField(_("代码"), max_length=40, unique=True)
    title = models.CharField(_("名称"), max_length=120)
    organisation = models.CharField(_("主管单位代码"), max_length=60)

    class Meta:
        verbose_name = _("奖励资金")

    def __str__(self) -> str:
        return self.title

    @property
    def account(self) -> str:
        return f"budget:{self.code}/main"


class Appropriation(models.Model):
    """Money put into a budget: a lot of the ledger, so that every payment tells which appropriation it came from."""

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="appropriations")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_appropriation")
    year = models.PositiveSmallIntegerField(_("预算年度"))
    fen = models.BigIntegerField(_("金额（分）"))
    document = models.CharField(_("下达文件"), max_length=200)


class Award(models.Model):
    """An application for a reward. The record holds its state; `checked` what the machine found, line by line."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey(RewardRule, models.PROTECT, related_name="awards")
    member = models.ForeignKey(Member, models.PROTECT, related_name="awards")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_award")
    request = models.CharField(
        max_length=64, unique=True, help_text="key of the form, so that sending twice applies once"
    )
    period = models.CharField(_("期间"), max_length=20)
    subject = models.CharField(_("事由"), max_length=120, help_text="project, title or behaviour that is rewarded")
    data = models.JSONField(_("申报数据"), default=dict)
    checked = models.JSONField(_("自动核对"), default=dict)
    fen = models.BigIntegerField(_("金额（分）"), default=0)
    public_name = models.CharField(_("公示名称"), max_length=120)
    published_at = models.DateTimeField(null=True)
    objection_until = models.DateField(_("公示截止"), null=True)
    payment = models.ForeignKey("PaymentFile", models.PROTECT, null=True, related_name="awards")

    class Meta:
        verbose_name = _("奖励申请")
        constraints = (
            # What was applied for under one rule and period is not applied for again while it lives.
            models.UniqueConstraint(
                fields=("rule", "member", "period", "subject"), condition=~Q(period=""), name="award_once"
            ),
        )

    @property
    def hold(self) -> str:
        return f"inclusion:award:{self.pk.hex}"


class AwardPayee(models.Model):
    """Where the money goes, sealed. The row goes when the member is erased or the payment is settled for good."""

    award = models.OneToOneField(Award, models.CASCADE, related_name="payee")
    sealed = models.BinaryField()


class PaymentFile(models.Model):
    """Awards that are paid together; the file for the treasury is made when it is asked for, never stored open."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="payment_files")
    record = models.OneToOneField(Record, models.PROTECT, related_name="inclusion_payment")
    number = models.CharField(_("编号"), max_length=40, unique=True)
    fen = models.BigIntegerField(_("合计（分）"))
    count = models.PositiveIntegerField(_("笔数"))
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file's lines, so that the treasury can compare")


class RewardUse(models.Model):
    """An event that an award is for. One row an event: what paid it once cannot pay it again."""

    award = models.ForeignKey(Award, models.CASCADE, related_name="uses")
    event = models.OneToOneField(Event, models.PROTECT, related_name="reward_use")


class RewardChoice(models.Model):
    """A member wants the trips of a group paid in money (under a rule) instead of points, from a moment on."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="reward_choices")
    group = models.CharField(max_length=20)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("member", "group"), condition=Q(until=None), name="reward_choice_once"),
        )
