"""What the floor stores: evidence, records and their moves, and the audit chain with its one-row head."""

from __future__ import annotations

import json
import uuid
from datetime import UTC
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from dafeng.kernel.records import access, workflows
from dafeng.kernel.records.append_only import AppendOnly, AppendOnlyQuerySet, check_texts
from dafeng.kernel.records.chain import GENESIS
from dafeng.kernel.records.errors import RecordError


class EvidenceQuerySet(AppendOnlyQuerySet["Evidence"]):
    def for_user(self, user: Any) -> EvidenceQuerySet:
        """What a person uploaded, and what hangs on a record that they may see."""
        if access.is_superuser(user):
            return self
        shown = Q(
            pk__in=Record.evidence.through.objects.filter(record__in=Record.objects.for_user(user)).values("evidence")
        )
        return self.filter(shown | Q(uploaded_by=user) if access.is_person(user) else shown)


class Evidence(AppendOnly):
    """A file as it was handed in. Its content lies once under its SHA-256, however often it is handed in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("文件名"), max_length=255)
    media_type = models.CharField(_("文件类型"), max_length=120)
    size = models.BigIntegerField(_("字节数"))
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    sm3 = models.CharField("SM3", max_length=64)
    file = models.FileField(_("文件"), upload_to="evidence", max_length=120)
    source = models.TextField(_("来源"), blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(_("上传时间"))

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("证据")

    def __str__(self) -> str:
        return self.name


class RecordQuerySet(models.QuerySet["Record"]):
    def for_user(self, user: Any) -> RecordQuerySet:
        """What a person, or the public (None or anonymous), may see."""
        return self.filter(access.visible(user))

    def of_kind(self, *kinds: str) -> RecordQuerySet:
        return self.filter(kind__in=kinds)

    def in_state(self, *states: str) -> RecordQuerySet:
        return self.filter(state__in=states)

    def newest_first(self) -> RecordQuerySet:
        return self.order_by("-seq")

    def waiting_for(self, user: Any) -> RecordQuerySet:
        """The inbox: records whose awaited step this person could take, by role, state, sight and the rule of two persons."""
        if not access.is_person(user):
            return self.none()
        roles, mine = access.roles_of(user), Q(pk__in=[])
        for workflow in workflows.registered():
            steps = Q()
            for each in workflow.transitions:
                if each.awaited:
                    steps |= self._open_to(user, roles, each)
            if steps:
                # Only what this kind says of who sees it: the sight of every kind beside every step is a page of SQL.
                sight = access.visible_of(workflow, user, roles) if access.scoped(workflow) else Q()
                mine |= Q(kind=workflow.kind) & sight & steps
        return self.filter(mine)

    @staticmethod
    def _open_to(user: Any, roles: frozenset[str], step: workflows.Transition) -> Q:
        """Records of the step's kind at which this person could take it; an empty condition where nobody like them could."""
        mover = Q(state__in=step.sources)
        if not access.holds(user, roles, step.roles, created=False):
            if not access.holds(user, roles, step.roles, created=True):
                return Q()
            mover &= Q(created_by=user)
        if step.not_same_person_as:
            done = Move.objects.filter(record=OuterRef("pk"), by=user, action__in=step.not_same_person_as)
            mover &= Q(~Exists(done))
        return mover


class Record(models.Model):
    """A submission in a state. Written by `services` alone: saving or deleting one by hand is refused."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seq = models.BigIntegerField(unique=True, help_text="the audit entry that opened it: a total order")
    kind = models.CharField(_("类别"), max_length=100)
    key = models.CharField(_("编号"), max_length=200, blank=True, help_text="what it is about, unique to its kind")
    title = models.CharField(_("标题"), max_length=200)
    state = models.CharField(_("状态"), max_length=40)
    payload = models.JSONField(_("内容"), default=dict)
    schema_version = models.PositiveIntegerField(default=0)
    place = models.CharField(_("地区代码"), max_length=80, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("新建时间"))
    changed_at = models.DateTimeField(_("变动时间"))
    evidence = models.ManyToManyField(Evidence, related_name="records")

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("记录")
        indexes = (
            models.Index(fields=("kind", "state"), name="record_kind_state"),
            models.Index(fields=("kind", "key"), name="record_kind_key"),
            models.Index(fields=("kind", "place"), name="record_kind_place"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def workflow(self) -> workflows.Workflow:
        return workflows.get(self.kind)

    @property
    def state_title(self) -> str:
        """The state in words; its code when the workflow no longer knows it."""
        return workflows.state_title(self.kind, self.state)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise RecordError("记录只能按流程办理，不能直接保存", mend="请用 records.services 的 move 或 amend")
        check_texts(self)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RecordError("记录不能删除", mend="请按流程撤销或作废")


class MoveQuerySet(AppendOnlyQuerySet["Move"]):
    """Reads and inserts."""


class Move(AppendOnly):
    """One step of a record. Opening is a move from no state; amending is a move that stays."""

    record = models.ForeignKey(Record, models.PROTECT, related_name="moves")
    seq = models.BigIntegerField(unique=True, help_text="its audit entry")
    action = models.CharField(_("动作"), max_length=60)
    from_state = models.CharField(_("原状态"), max_length=40, blank=True)
    to_state = models.CharField(_("新状态"), max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("时间"))
    reason = models.TextField(_("理由"), blank=True)

    objects = MoveQuerySet.as_manager()

    class Meta:
        verbose_name = _("办理记录")
        ordering = ("seq",)

    def __str__(self) -> str:
        return f"{self.action} → {self.to_state}"


class AuditHead(models.Model):
    """The newest entry of the chain: the one row that every writer locks first."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=GENESIS)

    def __str__(self) -> str:
        return f"{self.seq} {self.digest[:12]}"


class AuditEntryQuerySet(AppendOnlyQuerySet["AuditEntry"]):
    """Reads and inserts."""


class AuditEntry(AppendOnly):
    """One sealed line of the audit trail; see `chain.py` for its digest."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(_("时间"))
    actor = models.CharField(_("人员"), max_length=150)
    action = models.CharField(_("动作"), max_length=170)
    subject_kind = models.CharField(_("对象类别"), max_length=100)
    subject_id = models.CharField(_("对象"), max_length=200)
    # Text, not JSON: a database may rewrite the numbers of a JSON column, and the digest must hold in every engine.
    detail_text = models.TextField(_("详情"), default="{}")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("审计记录")
        ordering = ("seq",)
        indexes = (models.Index(fields=("subject_kind", "subject_id"), name="audit_subject"),)

    def __str__(self) -> str:
        return f"{self.seq} {self.actor} {self.action} {self.subject_kind} {self.subject_id}"

    @property
    def detail(self) -> Any:
        return json.loads(self.detail_text)

    def as_dict(self) -> dict[str, Any]:
        """The entry as it is hashed and exported."""
        return {
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": self.actor,
            "action": self.action,
            "subject_kind": self.subject_kind,
            "subject_id": self.subject_id,
            "detail": self.detail,
            "previous": self.previous,
            "digest": self.digest,
        }
