"""The demonstration of the operator's desk: agreements of the demo partners, two cases, a complaint, a recognised platform, a campaign.

All of it is made up and marked 演示. Calling it again changes nothing. Steps that need persons are taken by the demo logins of those
roles; where an installation has none of them, that part is left out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dafeng.domains.inclusion.models import (
    Agreement,
    Campaign,
    Case,
    Complaint,
    Event,
    Methodology,
    Partner,
    Programme,
    Recognition,
    Scene,
)
from dafeng.domains.inclusion.operations import campaigns, cases, complaints, partners, recognition
from dafeng.kernel.records import services as records

PLATFORM = "demo-platform"
PAPER = "演示协议：仅供展示，不具有效力。\n".encode()


def ensure_demo(programme: Programme, *, now: datetime) -> None:
    operators = records.people_of(roles=["operator"], places=[programme.code])
    deciders = records.people_of(roles=["ndrc"], places=[programme.code])
    if not operators:
        return
    operator, ndrc = operators[0], (deciders or [None])[0]
    _platform(programme)
    _agreements(programme, operator, now=now)
    if ndrc is not None:
        _recognition(programme, operator, ndrc, now=now)
        _campaign(programme, operator, ndrc, now=now)
    _cases(programme, now=now)
    _complaint(programme, now=now)


def _platform(programme: Programme) -> None:
    words = {
        "programme": programme, "kind": Partner.Kind.PLATFORM, "name": "示例邻市碳普惠平台（演示）",
        "name_en": "A neighbouring city's platform (demonstration)", "demo": True,
    }  # fmt: skip
    Partner.objects.get_or_create(code=PLATFORM, defaults=words)


def _agreements(programme: Programme, operator: Any, *, now: datetime) -> None:
    """One for each demo partner, for a year; the state of a partner that works already stays."""
    bare = programme.partners.filter(demo=True, agreements=None).order_by("code")[:30]
    today = timezone.localdate(now)
    for number, partner in enumerate(list(bare), 1 + Agreement.objects.count()):
        made = partners.draft(partner, by=operator, now=now, asks="演示")
        paper = records.store_evidence(
            PAPER, name="演示协议.txt", media_type="text/plain", by=operator, now=now, source="演示"
        )
        partners.fill(
            made, number=f"YS-{now:%Y}-{number:03d}", valid_from=today, valid_until=today + timedelta(days=364),
            contact="", asks="演示", documents=[paper], by=operator, now=now,
        )  # fmt: skip
        partners.step(made, "sign", by=operator, now=now)


def _recognition(programme: Programme, operator: Any, ndrc: Any, *, now: datetime) -> None:
    partner = Partner.objects.get(code=PLATFORM)
    method = Methodology.objects.filter(group="travel").order_by("code").first()
    if method is None or Recognition.objects.filter(partner=partner).exists():
        return
    today = timezone.localdate(now)
    row = {
        "theirs": "公交出行（演示）",
        "ours": method.code,
        "factor": "0.05",
        "our_factor": "0.06",
        "unit": "kgCO2e/km",
    }
    made = recognition.draft(
        partner, mapping=[row], rate_note="按本市折算率，由本市方法学计算", monthly_cap=300, basis="演示：示例互认备忘录，因子为虚构",
        valid_from=today, valid_until=today + timedelta(days=364), by=operator, now=now,
    )  # fmt: skip
    recognition.move(made, "adopt", by=ndrc, now=now, reason="演示")


def _campaign(programme: Programme, operator: Any, ndrc: Any, *, now: datetime) -> None:
    scenes = list(Scene.objects.filter(partner__programme=programme, active=True).order_by("code")[:3])
    if not scenes or Campaign.objects.filter(code="demo-green-week").exists():
        return
    today = timezone.localdate(now)
    made = campaigns.draft(
        programme, scenes=scenes, by=operator, now=now, demo=True, code="demo-green-week", title="绿色出行月（演示）",
        title_en="A month of green travel (demonstration)", text="一个月里，多走一站路，多坐一次公交。", starts_on=today,
        ends_on=today + timedelta(days=30), events_needed=5,
    )  # fmt: skip
    campaigns.publish(made, by=ndrc, now=now)


def _cases(programme: Programme, *, now: datetime) -> None:
    """Of the demo's own held events: those of two members at least, where the scenes' demonstration has any."""
    if not Case.objects.filter(member__programme=programme).exists():
        held = Event.objects.filter(state=Event.State.HELD, scene__partner__programme=programme)
        if held.exists():
            cases.gather(now=now, limit=200)


def _complaint(programme: Programme, *, now: datetime) -> None:
    people = records.people_of(roles=["citizen"], places=[programme.code])
    if people and not Complaint.objects.filter(programme=programme, demo=True).exists():
        scene = Scene.objects.filter(partner__programme=programme, demo=True).order_by("code").first()
        complaints.receive(
            programme, about="scene" if scene else "other", scene=scene, text="（演示）昨天坐公交刷了码，到今天还没有看到积分。",
            key="demo-complaint", by=people[0], now=now - timedelta(days=3), demo=True,
        )  # fmt: skip
