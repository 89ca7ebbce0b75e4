"""What the domain stores: cities with a public page, the register, citizens' voices, published cases, and reminders.

A voice is kept apart from who wrote it: contact details lie encrypted in a row of their own, photographs in files, and
both can be erased while the record of what the office did stays.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.pages.cities import DescribedCity
from dafeng.kernel.records.models import Record


class OpenCity(DescribedCity):
    """A city with a public page. The portal tells this domain of it."""

    class Meta:
        verbose_name = _("公开页面的城市")


class Entity(models.Model):
    """An enterprise on the register. `organisation`: the code of the organisation whose members act for it."""

    city = models.ForeignKey(OpenCity, models.PROTECT, related_name="entities")
    name = models.CharField(_("企业名称"), max_length=120)
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    place = models.CharField(_("县区"), max_length=80, blank=True)
    organisation = models.CharField(_("组织代码"), max_length=60, blank=True)
    demo = models.BooleanField(_("示例"), default=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("披露主体")
        constraints = (
            models.UniqueConstraint(fields=("city", "name"), name="entity_name_once"),
            models.UniqueConstraint(
                fields=("city", "credit_code"), condition=~Q(credit_code=""), name="entity_credit_code_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Duty(models.Model):
    """An entity must (or, unbound, is invited to) disclose for a report year by a day. Withdrawn rows stay."""

    entity = models.ForeignKey(Entity, models.PROTECT, related_name="duties")
    kind = models.CharField(_("披露义务"), max_length=40)
    year = models.SmallIntegerField(_("报告年度"))
    due = models.DateField(_("截止日期"))
    binding = models.BooleanField(_("强制"))
    source = models.CharField(_("名单来源"), max_length=300)
    imported = models.ForeignKey(Record, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(_("移出理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("披露义务")
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "kind", "year"), condition=Q(withdrawn_at=None), name="duty_once"
            ),
        )
        indexes = (models.Index(fields=("year", "due"), name="duty_due"),)

    def __str__(self) -> str:
        return f"{self.entity_id} {self.kind} {self.year}"


class Filing(models.Model):
    """What an entity disclosed. The record holds state, persons and the evidence file."""

    duty = models.ForeignKey(Duty, models.PROTECT, related_name="filings")
    record = models.OneToOneField(Record, models.PROTECT, related_name="disclosure_filing")
    disclosed_on = models.DateField(_("披露日期"))
    link = models.URLField(_("披露地址"), max_length=400, blank=True)
    greenhouse = models.BooleanField(_("含温室气体排放数据"))
    verified = models.BooleanField(_("经第三方核查"))

    class Meta:
        verbose_name = _("披露材料")


class Reminder(models.Model):
    """A notice that went out about a duty, so that it goes out once."""

    duty = models.ForeignKey(Duty, models.CASCADE, related_name="reminders")
    stage = models.CharField(max_length=10)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("duty", "stage"), name="reminder_once"),)


class Voice(models.Model):
    """A citizen's report, question or comment. `receipt` is the keyed hash of the code that its writer holds.

    `text` is theirs and never public; `public_question` and `public_answer` are what an office made of it for all.
    """

    class Kind(models.TextChoices):
        REPORT = "report", _("举报")
        QUESTION = "question", _("提问")
        COMMENT = "comment", _("意见建议")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    city = models.ForeignKey(OpenCity, models.PROTECT, related_name="voices")
    record = models.OneToOneField(Record, models.PROTECT, related_name="voice")
    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices)
    category = models.CharField(_("事项"), max_length=20)
    place = models.CharField(_("地点"), max_length=80)
    about = models.CharField(_("所问的数字"), max_length=500, blank=True)
    text = models.TextField(_("内容"), blank=True)
    receipt = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(_("收到时间"))
    due = models.DateField(_("答复期限"))
    office = models.CharField(_("承办单位代码"), max_length=60, blank=True)
    office_name = models.CharField(_("承办单位"), max_length=120, blank=True)
    answer = models.TextField(_("答复"), blank=True)
    answered_at = models.DateTimeField(null=True)
    public_question = models.TextField(_("公开的问题"), blank=True)
    public_answer = models.TextField(_("公开的答复"), blank=True)
    published_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("市民来件")
        indexes = (models.Index(fields=("city", "received_at"), name="voice_received"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk.hex[:6]}"


class VoiceContact(models.Model):
    """Who wrote, encrypted. Erasing deletes the row."""

    voice = models.OneToOneField(Voice, models.CASCADE, related_name="contact")
    sealed = models.BinaryField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")


class VoicePhoto(models.Model):
    """A photograph without its metadata. Not evidence of the records: evidence can never be erased, this can."""

    voice = models.ForeignKey(Voice, models.CASCADE, related_name="photos")
    file = models.FileField(upload_to="voices", max_length=120)
    media_type = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)


class Attempt(models.Model):
    """One attempt from an address, for rate limits. The address is hashed with a key and the day; rows live a day."""

    key = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField()


class ExposureQuerySet(models.QuerySet["Exposure"]):
    def public(self, today: Any) -> ExposureQuerySet:
        """What everybody may see on a day: published, not removed, not expired."""
        return self.filter(record__state="published", until__gte=today)


class Exposure(models.Model):
    """A negative case made public for a limited time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    city = models.ForeignKey(OpenCity, models.PROTECT, related_name="exposures")
    record = models.OneToOneField(Record, models.PROTECT, related_name="exposure")
    subject = models.CharField(_("当事单位"), max_length=120)
    category = models.CharField(_("事项"), max_length=20)
    place = models.CharField(_("地点"), max_length=80)
    facts = models.TextField(_("基本事实"))
    measures = models.TextField(_("处理与整改"), blank=True)
    basis = models.CharField(_("文书与文号"), max_length=300)
    authority = models.CharField(_("作出机关"), max_length=120)
    decided_on = models.DateField(_("作出日期"))
    until = models.DateField(_("公开至"))
    demo = models.BooleanField(_("示例"), default=False)
    published_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    objects = ExposureQuerySet.as_manager()

    class Meta:
        verbose_name = _("负面典型")

    def __str__(self) -> str:
        return self.subject
