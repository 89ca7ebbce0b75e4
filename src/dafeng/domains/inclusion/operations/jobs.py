"""What the operator's desk does by the clock: cases of held events, agreements that ran out, and the figures of the day."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.models import Programme
from dafeng.domains.inclusion.operations import cases, partners, publication
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, Minutes, schedule

declared = True


@job("inclusion.cases", "整理可疑行为", action=permissions.DAILY_OPERATIONS)
def gather(running: Running) -> Result:
    """Held events into cases. Bears to be begun again: an event is in one case."""
    count = 0
    while found := cases.gather(now=running.clock()):
        count += found
        running.stop_if_asked()
    return Result(_("整理了 %(count)s 次行为") % {"count": count})


@job("inclusion.daily", "到期协议与公开统计", action=permissions.DAILY_OPERATIONS)
def daily(running: Running) -> Result:
    """Once a day: what was published today stays as it is."""
    now = running.clock()
    ended = partners.end_expired(now=now)
    cells = 0
    for programme in Programme.objects.all():
        running.step(_("公开统计 %(city)s") % {"city": programme.city})
        cells += publication.publish(programme, today=timezone.localdate(now), now=now)
    return Result(_("终止 %(ended)s 份到期协议，发布 %(cells)s 个指标") % {"ended": ended, "cells": cells})


schedule("inclusion.cases", "整理可疑行为", kind="inclusion.cases", every=Minutes(10))
schedule("inclusion.daily", "到期协议与公开统计", kind="inclusion.daily", every=Daily(5))
