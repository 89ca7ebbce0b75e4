"""A small city of scenes for tests: partners, scenes with keys, members who consented, events in short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dafeng.domains.inclusion import services
from dafeng.domains.inclusion.members import accounts, consents
from dafeng.domains.inclusion.models import Consent, Member, Partner, Programme, Scene
from dafeng.domains.inclusion.scenes import intake, processing

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # eight in the evening in Xinyang
MORNING = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)


def programme() -> Programme:
    return services.ensure_programme(
        "411500", "信阳市", "Xinyang", counties={"411502": ["浉河区", "Shihe"]}, now=NOW - timedelta(days=60)
    )


def partner(of: Programme, code: str, **named: Any) -> Partner:
    words = {"kind": Partner.Kind.SCENE, "name": code, "state": Partner.State.ACTIVE, "organisation": code}
    return Partner.objects.create(programme=of, code=code, **{**words, **named})


def scene(of: Partner, code: str, methodology: str, **named: Any) -> Scene:
    words = {"title": code, "channels": ["api", "csv"], "methodology_id": methodology}
    return Scene.objects.create(partner=of, code=code, **{**words, **named})


def member(of: Programme, *partners: Partner, user: Any = None, **named: Any) -> tuple[Member, dict[str, str]]:
    """A member who consented to the platform and to these partners; tokens by partner code."""
    made = Member.objects.create(programme=of, kind="person", user=user, joined_at=NOW - timedelta(days=90), **named)
    Consent.objects.create(member=made, purpose=consents.JOIN, text_version="1", given_at=NOW - timedelta(days=90))
    tokens = {each.code: accounts.bind(made, each, now=NOW - timedelta(days=90)).token for each in partners}
    return made, tokens


class City:
    """A bus and a bike company, each with a scene, and as many members as are asked for."""

    def __init__(self) -> None:
        self.programme = programme()
        self.bus = partner(self.programme, "bus")
        self.bike = partner(self.programme, "bike")
        self.ride = scene(self.bus, "bus-ride", "bus")
        self.pedal = scene(self.bike, "bike-ride", "shared-bike")
        self.count = 0

    def member(self, **named: Any) -> tuple[Member, dict[str, str]]:
        return member(self.programme, self.bus, self.bike, **named)

    def event(
        self, token: str, *, scene: str = "bus-ride", minutes: float = 0, lasts: float = 20, km: float = 5, **more: Any
    ) -> dict[str, Any]:
        self.count += 1
        at = MORNING + timedelta(minutes=minutes)
        return {
            "scene": scene, "id": f"e{self.count}", "member": token, "at": at.isoformat(),
            "until": (at + timedelta(minutes=lasts)).isoformat(), "data": {"distance": km}, **more,
        }  # fmt: skip

    def send(
        self, *events: Any, of: Partner | None = None, key: str = "", channel: str = "api", now: datetime = NOW
    ) -> intake.Receipt:
        self.count += 1
        return intake.receive(of or self.bus, list(events), key=key or f"b{self.count}", channel=channel, now=now)

    def process(self, *, now: datetime = NOW, limit: int = 1000) -> processing.Done:
        return processing.process_all(now=now, limit=limit)
