"""What the pages of a firm share: the firm, its places, today."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.energy.models import MonitoredFirm
from dafeng.domains.energy.monitoring import register
from dafeng.domains.energy.monitoring.words import english


def firm_of(request: HttpRequest, code: str) -> MonitoredFirm:
    return register.monitored_for(request.user, code)


def called(firm: MonitoredFirm) -> str:
    return firm.enterprise.called(english=english())


def clock() -> tuple[datetime, date]:
    """Now, and the last finished day on the city's clock."""
    now = timezone.now()
    return now, timezone.localdate(now) - timedelta(days=1)


def places(firm: MonitoredFirm, current: str) -> list[dict[str, Any]]:
    """The tabs of a firm."""
    titles = {
        "board": _("看板"), "flows": _("能流"), "points": _("计量点"), "forecast": _("预测"),
        "baseline": _("基线"), "advice": _("节能建议"), "model": _("流程模型"), "output": _("产量"), "equipment": _("设备更新"),
    }  # fmt: skip
    return [
        {
            "title": title,
            "address": reverse(f"energy:monitoring-{name}", kwargs={"code": firm.enterprise.code}),
            "current": name == current,
        }
        for name, title in titles.items()
    ]


def shell(firm: MonitoredFirm, current: str) -> dict[str, Any]:
    """What `energy/monitoring/firm.html` needs."""
    return {"firm": firm, "name": called(firm), "tabs": places(firm, current)}
