"""Making a bulletin takes seconds, so it is a job; and the office is reminded of a month that lacks one."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.plan import bulletin_words, permissions
from dafeng.domains.plan.services import bulletins
from dafeng.domains.plan.services.city import first_city
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Monthly, schedule


@job("plan.bulletin", "编制调度通报", action=permissions.BULLETIN)
def make(running: Running, *, city: str, kind: str, period: str, issuer: str, reference: str = "") -> Result:
    """Gather, freeze, write Word and PDF. Cut off and begun again it makes one more number at worst, never half of one."""
    made = bulletins.make(
        city, kind, period, issuer=issuer, reference=reference, by=running.by, now=running.clock(), step=running.step
    )
    return Result(bulletin_words.title_of(made.content), reverse("plan:bulletin", kwargs={"id": made.pk}))


@job("plan.bulletin-remind", "提醒编发调度通报", action=permissions.BULLETIN)
def remind(running: Running) -> Result:
    city = first_city()
    told = bulletins.remind(city, now=running.clock()) if city else 0
    return Result(_("提醒了 %(count)s 人") % {"count": told})


schedule("plan.bulletin-remind", "提醒编发调度通报", kind="plan.bulletin-remind", every=Monthly(3, 9))
