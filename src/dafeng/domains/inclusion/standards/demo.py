"""The demonstration: a new version of one methodology that is open for comment, with two comments. Made up, marked 演示."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from dafeng.domains.inclusion.models import Methodology, MethodologyVersion, Programme, StandardComment
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards.pack import open_record
from dafeng.kernel.records import services as records

CODE = "waste-recycling"
SAID = (
    ("商场里的智能回收设备称重不太准，建议写明多久校准一次。", "收到，拟在监测方法中写明设备按计量规定检定。（演示）"),
    ("旧衣物没有因子，是不是可以先只计活动积分？", ""),
)


def ensure_demo(programme: Programme, *, now: datetime) -> None:
    """Idempotent: nothing where the methodology has a version beyond the shipped one."""
    methodology = Methodology.objects.filter(pk=CODE).first()
    if methodology is None or MethodologyVersion.objects.filter(methodology=methodology).count() != 1:
        return
    former = methodology.versions.get()
    content = {**former.content}
    content["monitoring"] = f"{content['monitoring']}回收设备按计量规定检定，检定证书编号随批次报送。（演示用草稿）"
    digest = contents.digest(content)
    with records.serial():
        record = open_record(methodology, 2, digest, by=None, now=now)
        records.move(record, "consult", by=None, now=now, system=True)
        MethodologyVersion.objects.create(
            methodology=methodology, number=2, record=record, content=content, digest=digest, standing=contents.DRAFT,
            comment_until=timezone.localdate(now) + timedelta(days=30),
        )  # fmt: skip
        for text, reply in SAID:
            StandardComment.objects.create(
                record=record, name="演示市民", text=text, at=now, reply=reply, replied_at=now if reply else None
            )
