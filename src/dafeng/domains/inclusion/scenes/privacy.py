"""What the room keeps about members, told to them, and taken away when they ask to be forgotten: all but place in the books."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dafeng.domains.inclusion.models import DeviceUse, Event, Member, Photo


def forget(member: Member, *, now: datetime) -> None:
    """Photographs, devices, places, times of day and quantities go; that something happened in a scene, and its points, stay."""
    Photo.objects.filter(event__member=member).delete()
    DeviceUse.objects.filter(member=member).delete()
    Event.objects.filter(member=member).update(
        data={}, device="", from_x=None, from_y=None, to_x=None, to_y=None, ended_at=None, findings=[]
    )


def about(member: Member) -> dict[str, list[dict[str, Any]]]:
    photos = Photo.objects.filter(event__member=member).values_list("event_id", "sha256")
    devices = DeviceUse.objects.filter(member=member).values_list("device", "since")
    return {
        "打卡照片": [{"行为": event, "SHA-256": digest} for event, digest in photos],
        "用过的设备": [{"设备摘要": device, "首次": since.isoformat()} for device, since in devices],
    }
