"""What the desk keeps about a member: forgotten with the account, given with their export. See docs/dev/inclusion.md."""

from __future__ import annotations

from datetime import datetime

from dafeng.domains.inclusion.models import Case, Complaint, Correction, Member
from dafeng.domains.inclusion.operations import complaints, corrections
from dafeng.domains.inclusion.operations.words import refused


def forget(member: Member, *, now: datetime) -> None:
    """Blank what the person wrote. Raises `Refused` (account_frozen) while an appeal or a correction of theirs is open."""
    if Case.objects.filter(member=member, record__state="appealed").exists():
        raise refused("account_frozen")
    if Correction.objects.filter(event__member=member, record__state__in=corrections.OPEN).exists():
        raise refused("account_frozen")
    Case.objects.filter(member=member).update(appeal="")
    if member.kind == Member.Kind.PERSON and member.user_id:
        Complaint.objects.filter(user=member.user_id).update(text="", again="", user=None)
    Complaint.objects.filter(event__member=member).update(event=None)
    Complaint.objects.filter(order__member=member).update(order=None)


def about(member: Member) -> dict[str, list[dict[str, object]]]:
    """Complaints, cases and corrections of a member, for their own export."""
    own = complaints.of(member.user).select_related("record") if member.user_id else Complaint.objects.none()
    return {
        "complaints": [
            {"title": each.record.title, "state": each.record.state_title, "text": each.text, "answer": each.answer, "again": each.again, "at": each.received_at.isoformat()}
            for each in own
        ],
        "cases": [
            {"title": each.record.title, "state": each.record.state_title, "reason": each.reason, "appeal": each.appeal, "answer": each.answer}
            for each in member.cases.select_related("record")
        ],
        "corrections": [
            {"event": each.event_id, "state": each.record.state_title, "reason": each.reason, "recovered": each.recovered}
            for each in Correction.objects.filter(event__member=member).select_related("record")
        ],
        "campaign_gifts": [
            {"campaign": each.campaign.title, "points": each.points, "at": each.at.isoformat()}
            for each in member.campaign_gifts.select_related("campaign")
        ],
    }  # fmt: skip
