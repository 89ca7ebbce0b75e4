"""The demo's made-up enterprises, voices and case (`demo.toml`), loaded once through the same use-cases that people use."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from dafeng.domains.disclosure import exposures, people, register, voices
from dafeng.domains.disclosure.models import Entity, OpenCity

PATH = Path(__file__).with_name("demo.toml")
SOURCE = "示例名单（演示数据，非真实名单）"


@transaction.atomic
def ensure_demo(city: OpenCity, *, now: datetime) -> bool:
    """Load the demo once; False when it is there. Needs the demo logins `ecology` and `ndrc` for the two-person steps."""
    if Entity.objects.filter(city=city, demo=True).exists():
        return False
    with PATH.open("rb") as stream:
        table = tomllib.load(stream)
    today = timezone.localdate(now)
    for row in table["entity"]:
        _entity(city, row, today=today, now=now)
    register.publish_shares(city, by=None, now=now, today=today)
    users = {user.get_username(): user for user in get_user_model().objects.filter(username__in=("ecology", "ndrc"))}
    if len(users) == 2:
        for row in table["voice"]:
            _voice(city, row, users, now=now)
        for row in table["case"]:
            _case(city, row, users, today=today, now=now)
    return True


def _entity(city: OpenCity, row: dict[str, Any], *, today: date, now: datetime) -> None:
    entity = register.ensure_entity(
        city,
        name=row["name"],
        place=row["place"],
        organisation=row.get("organisation", ""),
        demo=True,
        by=None,
        now=now,
    )
    for year in (today.year - 1, today.year):
        for kind in row["duties"]:
            binding = row.get("binding_esg", False) if kind == "esg" else None
            duty = register.add_duty(
                entity, kind=kind, year=year, binding=binding, source=SOURCE, by=None, now=now
            )  # fmt: skip
            how = row["filed"].get(kind)
            if not how or duty.due > today:
                continue
            disclosed_on = duty.due + timedelta(days=20) if how == "late" else duty.due - timedelta(days=5)
            filing = register.submit_filing(
                duty,
                disclosed_on=min(disclosed_on, today),
                link=f"https://example.com/disclosure/{year}",
                greenhouse=kind != "bond",
                verified=kind == "esg",
                by=None,
                now=now,
                today=today,
            )
            for action in ("check", "publish"):
                register.move_filing(filing, action, by=None, now=now, today=today, system=True)


def _voice(city: OpenCity, row: dict[str, Any], users: dict[str, Any], *, now: datetime) -> None:
    sent = now - timedelta(days=6)
    voice, _code = voices.submit(
        city, kind=row["kind"], category=row["category"], place=row["place"], text=row["text"], address="demo", now=sent
    )
    if row.get("office") not in people.offices():
        return
    voices.assign(voice, office=row["office"], by=users["ndrc"], now=sent)
    if "answer" in row:
        voices.answer(voice, text=row["answer"], by=users["ecology"], now=now)
        voices.publish(voice, question=row["question"], text=row["answer"], by=users["ndrc"], now=now)


def _case(city: OpenCity, row: dict[str, Any], users: dict[str, Any], *, today: date, now: datetime) -> None:
    given = row | {"decided_on": today - timedelta(days=40), "until": today + timedelta(days=320)}
    case = exposures.draft(city, given, by=users["ecology"], now=now, demo=True)
    for action, by in (("submit", "ecology"), ("approve", "ndrc"), ("publish", "ecology")):
        exposures.step(case, action, by=users[by], now=now, today=today, reason="示例")
