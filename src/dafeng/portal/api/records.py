"""Evidence files (what is known of them) and the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from dafeng.kernel.actions import asks
from dafeng.kernel.api import words
from dafeng.kernel.api.freshness import answer_headers
from dafeng.kernel.api.moments import Moment
from dafeng.kernel.api.paging import Page, Paging, page
from dafeng.kernel.records import services
from dafeng.kernel.records.models import AuditEntry, Evidence
from dafeng.portal import permissions

router = Router(tags=["records"])
words.describe(
    sha256=_("内容的 SHA-256"),
    sm3=_("内容的 SM3"),
    media_type=_("文件类型"),
    size=_("字节数"),
    intact=_("存放的内容与登记时是否一致，此刻重新计算"),
    seq=_("在审计链上的序号"),
    actor=_("人员的用户名；system 为系统"),
    action=_("动作"),
    subject_kind=_("对象类别"),
    subject_id=_("对象编号"),
    previous=_("前一条的摘要"),
    detail=_("详情"),
    uploaded_by=_("上传人的用户名"),
    uploaded_at=_("上传时间"),
    since=_("不早于，带时区"),
    until=_("早于，带时区"),
)


class EvidenceOut(Schema):
    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    sm3: str
    source: str
    uploaded_by: str
    uploaded_at: datetime


class EvidenceDetail(EvidenceOut):
    intact: bool


class EvidenceIn(Schema):
    source: str = Field("", max_length=160)


class EvidenceQuery(Paging):
    q: str = Field("", max_length=80)
    sha256: str = Field("", max_length=64)


class AuditOut(Schema):
    seq: int
    at: datetime
    actor: str
    action: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any]
    previous: str
    digest: str


class AuditQuery(Paging):
    q: str = Field("", max_length=80)
    actor: str = ""
    action: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    since: Moment | None = None
    until: Moment | None = None


def _evidence(found: Evidence) -> dict[str, Any]:
    names = ("id", "name", "media_type", "size", "sha256", "sm3", "source", "uploaded_at")
    by = found.uploaded_by
    return {name: getattr(found, name) for name in names} | {"uploaded_by": by.get_username() if by else "system"}


@router.get("/evidence", response=Page[EvidenceOut], summary=_("可以看到的凭证文件"))
@asks(permissions.RECORDS)
def list_evidence(request: HttpRequest, query: Query[EvidenceQuery]) -> Any:
    found = Evidence.objects.for_user(request.user).select_related("uploaded_by").order_by("-uploaded_at", "pk")
    if query.q:
        found = found.filter(Q(name__icontains=query.q) | Q(source__icontains=query.q))
    if query.sha256:
        found = found.filter(sha256=query.sha256.lower())
    return page(request, found, query, _evidence)


@router.post(
    "/evidence",
    response={201: EvidenceOut, 200: EvidenceOut},
    summary=_("上传一份凭证文件；同一个人再交同样的内容，得到原来的登记"),
)
@asks(permissions.UPLOAD)
def upload_evidence(request: HttpRequest, file: File[UploadedFile], given: Form[EvidenceIn]) -> Any:
    with services.serial():
        held = services.uploaded(file, by=request.user)
        found = held or services.store_upload(file, by=request.user, now=timezone.now(), source=given.source)
    answer_headers(request)["Location"] = f"/api/evidence/{found.pk}"
    return Status(200 if held else 201, _evidence(found))


@router.get("/evidence/{uuid:id}", response=EvidenceDetail, summary=_("一份凭证文件的登记，并当场核对内容"))
@asks(permissions.RECORDS)
def show_evidence(request: HttpRequest, id: UUID) -> Any:
    found = get_object_or_404(Evidence.objects.for_user(request.user).select_related("uploaded_by"), pk=id)
    return _evidence(found) | {"intact": services.verify_evidence(found)}


@router.get("/audit", response=Page[AuditOut], summary=_("检索审计记录，新的在前"))
@asks(permissions.AUDIT)
def list_audit(request: HttpRequest, query: Query[AuditQuery]) -> Any:
    found = AuditEntry.objects.order_by("-seq")
    for name in ("actor", "action", "subject_kind", "subject_id"):
        if wanted := getattr(query, name):
            found = found.filter(**{name: wanted})
    if query.since:
        found = found.filter(at__gte=query.since)
    if query.until:
        found = found.filter(at__lt=query.until)
    if query.q:
        found = found.filter(Q(detail_text__icontains=query.q) | Q(subject_id__icontains=query.q))
    return page(request, found, query, lambda entry: entry.as_dict())
