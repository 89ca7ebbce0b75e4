"""Papers of an application (附件): uploaded by the owner as evidence, seen by whoever sees the project, sealed with the submission."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project, ProjectAnnex
from dafeng.kernel.errors import NotFound, TransitionError
from dafeng.kernel.records import services as records

KINDS = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
MOST_BYTES, MOST = 20 * 1024 * 1024, 40
OPEN = ("draft", "supplement")


def live(project: Project) -> list[ProjectAnnex]:
    return list(project.annexes.filter(removed_at=None).select_related("evidence", "by"))


def of_matter(project: Project, matter: str) -> list[str]:
    """The titles of the live papers that prove something."""
    return list(project.annexes.filter(removed_at=None, matter=matter).values_list("title", flat=True))


def checked(file: Any) -> str:
    """The media type of a paper. Raises `Refused` (annex_kind, annex_size)."""
    kind = (file.name or "").rpartition(".")[2].lower()
    if kind not in KINDS:
        raise Refused("annex_kind", _("附件不是 PDF、JPG 或 PNG"), expected="PDF, JPG, PNG", mend=_("请转换格式后上传"))
    if (file.size or 0) > MOST_BYTES:
        raise Refused("annex_size", _("附件超过 20 MB"), mend=_("请压缩或分成几份上传"))
    return KINDS[kind]


def add(project: Project, file: Any, *, title: str, matter: str = "", by: Any, now: datetime) -> ProjectAnnex:
    """`matter`: what it proves. Raises `Refused` (annex_count, text_missing, and of the file), `TransitionError` once handed in."""
    media = checked(file)
    if not title.strip():
        raise Refused("text_missing", _("请写附件名称"))
    with records.serial():
        _demand_open(project)
        if project.annexes.filter(removed_at=None).count() >= MOST:
            raise Refused("annex_count", _("附件已有 %(most)s 份") % {"most": MOST}, mend=_("请合并或撤下不用的"))
        kept = records.store_evidence(file, name=file.name or "", media_type=media, by=by, now=now)
        made = ProjectAnnex.objects.create(
            project=project, title=title.strip()[:120], matter=matter, evidence=kept, by=by, at=now
        )
        project.record.evidence.add(kept)
        _seal(project, "annex", made, by=by, now=now)
    return made


def remove(project: Project, number: int, *, by: Any, now: datetime) -> None:
    """Take a paper back; the row and the file stay. Raises `NotFound`, `TransitionError`."""
    with records.serial():
        _demand_open(project)
        found = project.annexes.filter(pk=number, removed_at=None).select_related("evidence").first()
        if found is None:
            raise NotFound(_("没有这份附件"))
        found.removed_at = now
        found.save(update_fields=["removed_at"])
        project.record.evidence.remove(found.evidence)
        _seal(project, "annex-removed", found, by=by, now=now)


def _seal(project: Project, what: str, annex: ProjectAnnex, *, by: Any, now: datetime) -> None:
    """What hangs on the record is told to the chain (`records.verify_record`)."""
    detail = {"annex": annex.title, "sha256": annex.evidence.sha256}
    records.audit(by, f"enterprise.project.{what}", "record", str(project.record_id), detail, now=now)
    sealed = {"evidence": sorted(each.sha256 for each in project.record.evidence.all())}
    records.audit(by, "enterprise.project.evidence", "record", str(project.record_id), sealed, now=now)


def _demand_open(project: Project) -> None:
    if project.record.state not in OPEN:
        raise TransitionError(_("项目现为“%(state)s”，附件不能再改") % {"state": project.record.state_title}, mend=_("需要补充的，请审查机关通知补正"))  # fmt: skip
