"""A small plan of our own making, and the people who work on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

# A Saturday afternoon in Xinyang.
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TEXT = """江城市碳达峰实施方案
（2024—2030年）

一、主要目标
到2025年，非化石能源消费比重达到20%以上，单位地区生产总值能源消耗比2020年下降14%。

二、重点任务
以下各项任务均需各县区负责落实，不再列出。
（一）发展风电
到2025年，风电装机达到120万千瓦。推进北湖风电场项目建设。（责任单位：市发展改革委、市自然资源局）
（二）改造建筑
到2030年，新建绿色建筑占比达到90%。（责任单位：市住房城乡建设局）
（三）宣传教育
开展全民宣传。
"""


@pytest.fixture
def town(db):
    from dafeng.domains.plan.services.city import ensure_city

    return ensure_city(
        "411500", "信阳市", "Xinyang", counties={"411502": ["浉河区", "Shihe"], "411526": ["潢川县", "Huangchuan"]}
    )


@pytest.fixture
def person(db):
    """Makes a person with a role in an organisation (by default one named after the role)."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", organisation: str = "", place: str = "411500"):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        code = organisation or role
        office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": f"{code}办公室"})
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def office(person):
    return person("ndrc")


@pytest.fixture
def hand_in(town, office):
    """Hands a text in as a document; returns the version that was read."""
    from dafeng.domains.plan.services import plans

    def make(text: str = TEXT, plan=None, name: str = "方案.txt", by=office):
        return plans.upload(town, text.encode(), name=name, plan=plan, by=by, now=NOW)

    return make


@pytest.fixture
def accepted(hand_in, office):
    """The small plan, accepted as it was read."""
    from dafeng.domains.plan.services.acceptance import accept
    from dafeng.domains.plan.services.content import corrections_of, seen_digest

    def make(version=None, alongside: bool = False):
        version = version or hand_in()
        seen = seen_digest(version, corrections_of(version.plan))
        return accept(version, seen=seen, alongside=alongside, by=office, now=NOW)

    return make
