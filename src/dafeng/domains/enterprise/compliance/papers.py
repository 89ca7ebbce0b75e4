"""The official papers on which entries rest: a published list, a verified number of an earlier year, a decision to cut allowances."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.enterprise.compliance import permissions
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import AllocationCut, CarbonDuty, CcerBatch, CompliancePaper, Covered
from dafeng.kernel.actions import demand, may
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import NotFound
from dafeng.kernel.records import services as records

KINDS = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
MOST_BYTES = 20 * 1024 * 1024


def keep(file: Any, *, document: str, dated: date, by: Any, now: datetime) -> CompliancePaper:
    """File a paper with its number, date and content.

    Raises `Refused`: paper_kind, paper_size, source_missing (no name or number), paper_in_future.
    """
    demand(by, permissions.DECIDE)
    kind = (file.name or "").rpartition(".")[2].lower()
    if kind not in KINDS:
        raise Refused(
            "paper_kind", _("依据文件不是 PDF、JPG 或 PNG"), expected="PDF, JPG, PNG", mend=_("请转换格式后上传")
        )
    if (file.size or 0) > MOST_BYTES:
        raise Refused("paper_size", _("依据文件超过 20 MB"), mend=_("请压缩后上传"))
    if not document.strip():
        raise Refused("source_missing", _("请写文件名称或文号"))
    if dated > timezone.localdate(now):
        raise Refused("paper_in_future", _("文件日期在今天之后"))
    with records.serial():
        kept = records.store_evidence(file, name=file.name or "", media_type=KINDS[kind], by=by, now=now)
        made = CompliancePaper.objects.create(document=document.strip()[:200], dated=dated, evidence=kept, by=by, at=now)  # fmt: skip
        detail = {"document": made.document, "dated": made.dated.isoformat(), "sha256": kept.sha256}
        records.audit(by, "enterprise.compliance.paper", "compliance-paper", str(made.pk), detail, now=now)
    return made


def demanded(paper: CompliancePaper | None) -> CompliancePaper:
    """The paper, where an entry may not stand without one. Raises `Refused` `source_missing`."""
    if paper is None:
        raise Refused("source_missing", _("这一登记要有依据文件"), mend=_("请写文号和日期，并上传文件"))
    return paper


def found(number: UUID | None) -> CompliancePaper | None:
    """A paper by its number, for the offices that may file one; None for None. Raises `NotFound`."""
    if number is None:
        return None
    held = CompliancePaper.objects.select_related("evidence").filter(pk=number).first()
    if held is None:
        raise NotFound(_("没有这份依据文件"), mend=_("请先登记依据文件"))
    return held


def seen(user: Any, number: UUID) -> CompliancePaper:
    """A paper that this person may read: the bureau all, others those on which an entry of a firm of theirs rests.

    A batch of CCER belongs to nobody: its paper is for the offices of the city. Raises `NotFound`.
    """
    held = CompliancePaper.objects.select_related("evidence").filter(pk=number).first()
    mine = Enterprise.objects.for_user(user)
    rests = held is not None and any(
        rows.filter(paper=held, enterprise__in=mine).exists()
        for rows in (Covered.every, CarbonDuty.objects, AllocationCut.every)
    )
    rests = rests or (may(user, permissions.SEE_CITY) and CcerBatch.objects.filter(paper=held).exists())
    if held is None or not (rests or may(user, permissions.DECIDE)):
        raise NotFound(_("没有这份依据文件"))
    return held
