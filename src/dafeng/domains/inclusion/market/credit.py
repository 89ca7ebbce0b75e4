"""What the market adds to a firm's carbon credit record: certificates, neutral events in time or late, sponsoring."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.market import neutrality, report_words
from dafeng.domains.inclusion.members.credit import Fact
from dafeng.domains.inclusion.models import Certificate, Member, NeutralEvent, Sponsorship


def facts(firm: Member) -> Iterable[Fact]:
    for made in Certificate.objects.filter(firm=firm).order_by("issued_at"):
        words = {"tonnes": report_words.tonnes(made.grams), "who": made.beneficiary}
        text = _("为“%(who)s”注销减排量 %(tonnes)s 吨") % words
        yield Fact(made.issued_at, "certificate", text, made.number, reverse("inclusion:certificate", kwargs={"number": made.number}))  # fmt: skip
    for event in NeutralEvent.objects.filter(firm=firm, offset_at__isnull=False):
        assert event.offset_at is not None
        late = timezone.localdate(event.offset_at) > neutrality.deadline(event)
        text = _("活动“%(title)s”碳中和（超过期限）") if late else _("活动“%(title)s”按期碳中和")
        address = reverse("inclusion:neutral-event", kwargs={"id": event.record_id})
        yield Fact(event.offset_at, "neutral_event", text % {"title": event.title}, _("碳中和活动登记"), address)
    for each in Sponsorship.objects.filter(firm=firm, promised__gt=0).select_related("record"):
        text = _("赞助市民兑换 %(points)s 积分：%(title)s") % {"points": each.promised, "title": each.title}
        yield Fact(each.record.created_at, "sponsorship", text, _("积分商城"))
