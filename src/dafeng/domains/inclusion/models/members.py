"""Members: pseudonymous accounts; who they are lies apart, encrypted, and can be erased while the ledger stays whole."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.domains.inclusion.models.programme import Partner, Programme

__all__ = [
    "Binding",
    "Challenge",
    "ChallengeEntry",
    "Circle",
    "CircleMember",
    "Consent",
    "Export",
    "Gift",
    "Identity",
    "Member",
]


def new_pseudonym() -> str:
    return uuid.uuid4().hex


class Member(models.Model):
    """A carbon account of a person or a firm. `pseudonym` is its name in the ledger (`person:…` or `firm:…`) and nowhere else public.

    `user` goes when the member is erased; a firm's people are those of `organisation`.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("个人")
        FIRM = "firm", _("企业")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="members")
    kind = models.CharField(_("类别"), max_length=6, choices=Kind.choices)
    pseudonym = models.CharField(max_length=32, unique=True, default=new_pseudonym, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="inclusion_members"
    )
    organisation = models.CharField(_("组织代码"), max_length=60, blank=True)
    county = models.CharField(_("县区"), max_length=6, blank=True)
    joined_at = models.DateTimeField(_("加入时间"))
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_for = models.CharField(max_length=200, blank=True, help_text="why, as the member reads it")
    closed_at = models.DateTimeField(null=True, blank=True)
    demo = models.BooleanField(_("示例"), default=False)

    class Meta:
        verbose_name = _("碳账户")
        constraints = (
            models.UniqueConstraint(
                fields=("programme", "user"),
                condition=Q(kind="person", closed_at=None, user__isnull=False),
                name="person_once",
            ),
            models.UniqueConstraint(
                fields=("programme", "organisation"), condition=Q(kind="firm", closed_at=None), name="firm_once"
            ),
        )

    @property
    def holder(self) -> str:
        return f"{self.kind}:{self.pseudonym}"

    @property
    def account(self) -> str:
        """The account in the ledger, of any asset that members hold."""
        return f"{self.holder}/main"


class Identity(models.Model):
    """Who a person is, sealed (name, telephone, birth year). The keyed hashes keep one telephone to one account."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="identity")
    sealed = models.BinaryField()
    phone_key = models.CharField(max_length=64, unique=True, null=True)
    at = models.DateTimeField()


class Consent(models.Model):
    """What a member agreed to: one row a purpose (`join`, or `scene:<partner code>`), with the version of the text."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=60)
    text_version = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("member", "purpose"), condition=Q(withdrawn_at=None), name="consent_once"),
        )


class Binding(models.Model):
    """The name under which a partner knows a member: a random token that means nothing to any other partner."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="bindings")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="bindings")
    token = models.CharField(max_length=40, unique=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("member", "partner"), condition=Q(until=None), name="binding_once"),
        )


class Circle(models.Model):
    """A family (points may be given inside it) or a team (it only counts together). `firm`: a team of that firm's employees."""

    class Kind(models.TextChoices):
        FAMILY = "family", _("家庭")
        TEAM = "team", _("团队")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="circles")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(_("名称"), max_length=40)
    invitation = models.CharField(max_length=64, unique=True, help_text="keyed hash of the code that lets others in")
    firm = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="teams")
    made_at = models.DateTimeField()
    demo = models.BooleanField(_("示例"), default=False)


class CircleMember(models.Model):
    circle = models.ForeignKey(Circle, models.CASCADE, related_name="places")
    member = models.ForeignKey(Member, models.CASCADE, related_name="places")
    owner = models.BooleanField(default=False)
    nickname = models.CharField(_("昵称"), max_length=20)
    joined_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("circle", "member"), name="circle_member_once"),)


class Challenge(models.Model):
    """A contest of circles over some days: who spared most grams in the groups of behaviour that count."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="challenges")
    title = models.CharField(_("名称"), max_length=80)
    title_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    groups = models.JSONField(default=list, help_text="groups of methodologies; empty: all")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="the last day")
    target_grams = models.BigIntegerField(default=0, help_text="0: a contest without a common goal")
    demo = models.BooleanField(_("示例"), default=False)


class ChallengeEntry(models.Model):
    """A team takes part in a challenge."""

    challenge = models.ForeignKey(Challenge, models.CASCADE, related_name="entries")
    circle = models.ForeignKey(Circle, models.CASCADE, related_name="entries")
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("challenge", "circle"), name="challenge_entry_once"),)


class Gift(models.Model):
    """Points given in a family, or the refusal of it (`reason`). `key` comes from the form, so that a double click gives once."""

    key = models.CharField(max_length=64)
    giver = models.ForeignKey(Member, models.PROTECT, related_name="gifts_given")
    receiver = models.ForeignKey(Member, models.PROTECT, related_name="gifts_received")
    points = models.BigIntegerField()
    at = models.DateTimeField()
    reason = models.CharField(max_length=40, blank=True, help_text="code of the refusal; empty: given")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("giver", "key"), name="gift_once"),)
        indexes = (models.Index(fields=("giver", "at"), name="gift_of_giver"),)


class Export(models.Model):
    """Everything about a member as a file, sealed, for a few days; goes with the member."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="exports")
    sealed = models.BinaryField()
    made_at = models.DateTimeField()
    until = models.DateTimeField()
