"""What the market does by the clock: each morning what ran out is swept and what runs out soon is told; each month the
reductions are brought together and the merchants' statements prepared."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.inclusion import permissions
from dafeng.domains.inclusion.market import expiry, purchases, settlement
from dafeng.domains.inclusion.services import only_programme
from dafeng.kernel.jobs.registry import Result, job
from dafeng.kernel.jobs.running import Running
from dafeng.kernel.jobs.schedules import Daily, Monthly, schedule


@job("inclusion.sweep", "积分与券到期", action=permissions.KEEP_MARKET)
def sweep(running: Running) -> Result:
    now = running.clock()
    if only_programme() is None:
        return Result(_("还没有开通碳普惠"))
    running.step(_("清理到期"))
    coupons, lots = expiry.sweep(now=now)
    running.step(_("到期提醒"))
    told = expiry.warn(now=now)
    words = {"coupons": coupons, "lots": lots, "told": told}
    return Result(
        _("%(coupons)s 张券到期退回，%(lots)s 批积分到期，提醒 %(told)s 人") % words, reverse("inclusion:market-desk")
    )


@job("inclusion.month", "归集减排量、编制商户结算单", action=permissions.KEEP_MARKET)
def month(running: Running) -> Result:
    """The month before, three days into the next: late deliveries are in, and a second run adds only what is new."""
    now = running.clock()
    programme = only_programme()
    if programme is None:
        return Result(_("还没有开通碳普惠"))
    today = timezone.localdate(now)
    year, number = divmod(today.year * 12 + today.month - 2, 12)
    wanted = f"{year}-{number + 1:02d}"
    running.step(_("归集减排量"), 0, 2)
    made = purchases.aggregate(programme, wanted, now=now)
    running.step(_("编制结算单"), 1, 2)
    prepared = settlement.prepare(programme, wanted, by=None, now=now)
    words = {"month": wanted, "runs": len(made), "statements": len(prepared)}
    return Result(_("%(month)s：归集 %(runs)s 项，结算单 %(statements)s 张") % words, reverse("inclusion:market-desk"))


schedule("inclusion.sweep", "积分与券到期", kind="inclusion.sweep", every=Daily(1))
schedule("inclusion.month", "归集减排量、编制商户结算单", kind="inclusion.month", every=Monthly(4, 2))
