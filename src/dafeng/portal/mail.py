"""Mail the notices that nobody has read yet, to those who want mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail

from dafeng.kernel.desk.models import Notice

MAIL_BEFORE = timedelta(days=2)


def mail_waiting(*, now: datetime, limit: int = 200) -> int:
    """Mail the notices of the last two days that were neither read nor mailed, to those who want mail.

    A notice is marked before it is sent: a crash may lose one mail (the portal still shows it) but never sends two.
    """
    waiting = (
        Notice.objects.filter(
            mailed_at=None, read_at=None, created_at__gt=now - MAIL_BEFORE, user__wants_mail=True, user__is_active=True
        )
        .exclude(user__email="")
        .select_related("user")[:limit]
    )
    sent = 0
    for notice in waiting:
        if Notice.objects.filter(pk=notice.pk, mailed_at=None).update(mailed_at=now):
            address = f"{settings.SITE_ADDRESS}{notice.href}" if notice.href else ""
            send_mail(notice.title, f"{notice.text}\n\n{address}".strip(), None, [notice.user.email])
            sent += 1
    return sent
