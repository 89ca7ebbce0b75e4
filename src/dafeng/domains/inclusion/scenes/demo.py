"""The demonstration's scenes, and a fortnight of made-up events through the real intake and processing. Marked 演示.

The bus company is an organisation with a login; the other scene owners have none. Days are filled once each: calling it again
on a later day adds that day.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from dafeng.domains.inclusion.models import Batch, Binding, Member, Methodology, Partner, Programme, Scene
from dafeng.domains.inclusion.scenes import intake, processing

DAYS = 14
PARTNERS = {
    "bus-demo": ("示例公交公司（演示）", "Example Bus Company (demo)", "bus-demo"),
    "bike-demo": ("示例共享单车（演示）", "Example Shared Bikes (demo)", ""),
    "charging-demo": ("示例充电网络（演示）", "Example Charging Network (demo)", ""),
    "recycling-demo": ("示例回收服务（演示）", "Example Recycling Service (demo)", ""),
    "tourism-demo": ("示例景区与红色场馆（演示）", "Example Scenic and Red Sites (demo)", ""),
    "league-demo": ("示例低碳联盟义工队（演示）", "Example Low-carbon League (demo)", ""),
}
# code: partner, methodology, title, title_en, what it is, in English, channels, photo, caps of event, day, month
SCENES: dict[str, tuple[str, str, str, str, str, str, list[str], bool, int, int, int]] = {
    "bus-ride": ("bus-demo", "bus", "公交出行", "Bus rides", "刷卡或扫码乘公交，按里程计。", "By card or code; counted by distance.", ["api", "csv"], False, 0, 120, 2000),
    "bike-ride": ("bike-demo", "shared-bike", "共享单车骑行", "Shared bike rides", "从开锁到还车，按里程计。", "From unlocking to return; counted by distance.", ["api", "csv"], False, 0, 80, 1500),
    "ev-charge": ("charging-demo", "ev-charging", "电动汽车充电", "Charging an electric car", "在公共桩充电，每次计固定积分（草案）。", "At a public charger; fixed points each time (draft).", ["api", "csv"], False, 0, 10, 150),
    "mall-recycler": ("recycling-demo", "waste-recycling", "商场智能回收机", "Reverse vending in malls", "把瓶罐纸品投入智能回收机，按重量登记。", "Bottles, cans and paper into the machine; by weight.", ["api", "csv"], False, 0, 20, 300),
    "parcel-box": ("recycling-demo", "packaging-reuse", "快递包装回收", "Returning parcel packaging", "把纸箱、循环箱交回网点。", "Boxes back to the station.", ["api", "csv"], False, 0, 15, 150),
    "red-trip": ("tourism-demo", "red-tourism", "红色旅游低碳出行", "Low-carbon trips to red sites", "乘公共交通到红色景点参观。", "By public transport to red sites.", ["api", "csv"], False, 0, 400, 1000),
    "scenic-visit": ("tourism-demo", "scenic-visit", "景区打卡", "Visiting a scenic place", "到绿色、红色线路景点，拍照打卡。", "Take a picture at a place of the green or red route.", ["self"], True, 0, 6, 60),
    "tree-planting": ("league-demo", "tree-planting", "义务植树", "Planting trees", "参加义务植树，附现场照片。", "Plant trees; with a picture of the place.", ["self", "csv"], True, 200, 200, 400),
    "volunteer": ("league-demo", "volunteering", "低碳义工", "Low-carbon volunteers", "参加低碳联盟的义工活动，附现场照片。", "Work with the league; with a picture.", ["self", "csv"], True, 20, 20, 120),
    "walk": ("league-demo", "walking", "步行出行", "Walking", "用步行代替乘车，自己登记里程。", "Walk instead of riding; note the distance.", ["self"], False, 0, 30, 400),
}  # fmt: skip


def ensure_demo(programme: Programme, *, now: datetime) -> None:
    """Idempotent. Members come from their own room's demonstration, which binds them to the partners made here."""
    from dafeng.domains.inclusion.members import demo as members

    partners = _partners(programme)
    _scenes(partners)
    members.ensure_demo(programme, now=now)
    today = timezone.localdate(now)
    batches = Batch.objects.filter(partner__in=partners.values(), key__startswith="demo-")
    sent = {key.split("-", 2)[2] for key in batches.values_list("key", flat=True)}
    everybody = list(
        Member.objects.filter(programme=programme, kind="person", demo=True, closed_at=None).order_by("-user", "pk")
    )
    if not everybody:
        return
    tokens: dict[tuple[int, str], str] = {
        (member, partner): token
        for member, partner, token in Binding.objects.filter(member__in=everybody, until=None).values_list(
            "member", "partner__code", "token"
        )
    }
    for back in range(DAYS, 0, -1):
        day = today - timedelta(days=back)
        if day.isoformat() not in sent:
            _send(partners, _events(programme, everybody, tokens, day), day, now=now)
    processing.process_all(now=now)


def _partners(programme: Programme) -> dict[str, Partner]:
    found = {}
    for code, (name, name_en, organisation) in PARTNERS.items():
        words = {
            "programme": programme, "kind": Partner.Kind.SCENE, "name": name, "name_en": name_en, "organisation": organisation,
            "state": Partner.State.ACTIVE, "demo": True,
        }  # fmt: skip
        found[code], _made = Partner.objects.get_or_create(code=code, defaults=words)
    return found


def _scenes(partners: dict[str, Partner]) -> None:
    known = set(Methodology.objects.values_list("code", flat=True))
    there = set(Scene.objects.filter(code__in=SCENES).values_list("code", flat=True))
    for code, (
        partner,
        methodology,
        title,
        title_en,
        about,
        about_en,
        channels,
        photo,
        each,
        day,
        month,
    ) in SCENES.items():
        if code not in there and methodology in known:
            Scene.objects.create(
                partner=partners[partner], code=code, methodology_id=methodology, title=title, title_en=title_en, about=about,
                about_en=about_en, channels=channels, photo=photo, event_cap=each, daily_cap=day, monthly_cap=month, demo=True,
            )  # fmt: skip


def _events(
    programme: Programme, members: list[Member], tokens: dict[tuple[int, str], str], day: date
) -> dict[str, list[dict[str, Any]]]:
    """Some twenty events a day: the demo citizen's two or three, the others' now and then. The same on every installation."""
    rng = random.Random(f"{programme.code}-{day}")
    found: dict[str, list[dict[str, Any]]] = {}
    chosen = [members[0], members[0], *rng.sample(members[1:], min(len(members) - 1, 18))]
    hours = {members[0].pk: 7}
    for number, member in enumerate(chosen):
        scene = rng.choices(
            ("bus-ride", "bike-ride", "ev-charge", "mall-recycler", "parcel-box", "red-trip"), (48, 26, 8, 12, 4, 2)
        )[0]
        partner = SCENES[scene][0]
        if (member.pk, partner) not in tokens:
            continue
        hour = hours.get(member.pk, rng.randint(7, 19))
        hours[member.pk] = hour + 10
        at = timezone.make_aware(datetime.combine(day, time(min(hour, 21), rng.randint(0, 50))))
        minutes, data = _doing(scene, rng)
        event = {
            "scene": scene,
            "id": f"demo-{day:%Y%m%d}-{number:03d}",
            "member": tokens[member.pk, partner],
            "at": at.isoformat(),
            "data": data,
        }
        if minutes:
            event["until"] = (at + timedelta(minutes=minutes)).isoformat()
        found.setdefault(partner, []).append(event)
    if day.day % 7 == 0 and "bus-demo" in found:
        _add_suspicious(found["bus-demo"], day)
    return found


def _doing(scene: str, rng: random.Random) -> tuple[float, dict[str, Any]]:
    """Minutes (0: a moment) and monitoring data."""
    if scene == "bus-ride":
        km = round(rng.uniform(2, 14), 1)
        return km / 20 * 60, {"distance": km}
    if scene == "bike-ride":
        km = round(rng.uniform(0.8, 5), 1)
        return km / 12 * 60, {"distance": km}
    if scene == "red-trip":
        km = round(rng.uniform(30, 70), 1)
        return km / 45 * 60, {"distance": km, "means": "bus"}
    if scene == "ev-charge":
        return 45, {"charged": round(rng.uniform(10, 45), 1)}
    if scene == "parcel-box":
        return 0, {"packaging": rng.choice(("box", "bag")), "pieces": rng.randint(1, 4)}
    return 0, {"material": rng.choice(("paper", "plastic", "metal")), "mass": round(rng.uniform(0.3, 4), 1)}


def _add_suspicious(events: list[dict[str, Any]], day: date) -> None:
    """One ride a week that is too fast, for the risk desk; one with a wrong quantity, for the owner's desk."""
    last = events[-1]
    if "distance" in last["data"]:
        begun = datetime.fromisoformat(last["at"])
        last["data"]["distance"], last["until"] = 38.0, (begun + timedelta(minutes=6)).isoformat()
    events.append({**events[0], "id": f"demo-{day:%Y%m%d}-neg", "data": {"distance": -3.0}})


def _send(partners: dict[str, Partner], events: dict[str, list[dict[str, Any]]], day: date, *, now: datetime) -> None:
    for code, partner in partners.items():
        channel = Scene.Channel.CSV if code == "recycling-demo" else Scene.Channel.API
        intake.receive(partner, events.get(code, []), key=f"demo-{code.split('-')[0]}-{day}", channel=channel, now=now)
