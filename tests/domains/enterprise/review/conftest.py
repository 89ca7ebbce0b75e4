"""A city with an owner, a bureau, a leader, offices, experts."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any

import pytest

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)  # a Saturday morning in Xinyang
TODAY = date(2026, 11, 21)
PLACE = "411522"

# 20,000 MWh and 100×10⁴ m³ gas: 2458 + 1330 = 3788 tce; 20,000 MWh × 0.5897 + 100 × 389.31 × 15.3/1000 × 99 % × 44/12 t CO2.
CONTENT: dict[str, Any] = {
    "basics": {
        "name": "试验项目", "place": PLACE, "kind": "new", "stage": "proposed", "industry": "1530", "operation_year": 2028,
        "compiler": "试验咨询公司", "compiler_organisation": "compiler", "compiler_note": "名录建立以前委托",
    },
    "energy": {"energies": {"electricity": {"after": 20_000.0}, "natural_gas": {"after": 100.0}}},
    "output": {"product_name": "茶", "output": 10_000.0, "value": 50_000.0, "added_value": 20_000.0},
    "comparison": {},
    "measures": {"basis": "依据", "design": "比选", "measures": "措施", "impact": "影响", "committed": True},
}  # fmt: skip


def content(**steps: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(CONTENT)
    for step, given in steps.items():
        made[step] = made[step] | given
    return made


@pytest.fixture
def city(db):
    from dafeng.domains.enterprise.review.cities import ensure_city

    return ensure_city(
        "411500", "信阳市", "Xinyang", counties={PLACE: ["光山县", "Guangshan"], "411502": ["浉河区", "Shihe"]}
    )


@pytest.fixture
def person(city):
    """Makes a person with a role in an organisation (by default one named after the role) at a place."""
    from dafeng.portal.accounts.models import Membership, Organisation, User

    def make(role: str, username: str = "", organisation: str = "", place: str = "411500"):
        user = User.objects.create_user(username or role, password="a-long-test-password")
        code = organisation or role
        office, _made = Organisation.objects.get_or_create(code=code, defaults={"name": f"{code}办公室"})
        Membership.objects.create(user=user, organisation=office, role=role, place=place)
        return user

    return make


@pytest.fixture
def people(person):
    return {
        "owner": person("enterprise", organisation="tea"),
        "ndrc": person("ndrc"),
        "leader": person("leader"),
        "ecology": person("ecology"),
        "industry": person("department", "industry", "industry"),
        "county": person("county", place=PLACE),
        "admin": person("admin"),
    }


@pytest.fixture
def enterprise(city):
    from dafeng.kernel.enterprises.models import Enterprise

    return Enterprise.objects.create(
        code="tea", name="试验茶业有限公司", place=PLACE, city="411500", industry="1530", organisation="tea"
    )


@pytest.fixture
def experts(person, people):
    from dafeng.domains.enterprise.review import experts as register

    return [
        register.enrol(
            person("verifier", f"expert-{index}", f"body-{index}"), name=f"专家{index}", organisation=f"body-{index}",
            employer=f"研究院{index}", fields="能源", advised=[], by=people["ndrc"], now=NOW,
        )
        for index in (1, 2)
    ]  # fmt: skip


@pytest.fixture
def draft(enterprise, people):
    """Makes a project with all steps told."""
    from dafeng.domains.enterprise.review import projects

    def make(enterprise=enterprise, **steps: dict[str, Any]):
        given = content(**steps)
        found = projects.create(enterprise, given["basics"], by=people["owner"], now=NOW)
        for step in ("energy", "output", "comparison", "measures"):
            found = projects.save_step(
                found, step, given[step], seen=projects.fingerprint(found), by=people["owner"], now=NOW
            )
        return found

    return make


@pytest.fixture
def figures(people, city):
    """The figures without which opinions wait."""
    from dafeng.domains.enterprise.review import figures as kept

    for code, value, place in (
        ("base_energy", 900_000, PLACE), ("base_gdp", 2_000_000, PLACE), ("base_intensity", 0.45, PLACE), ("increment", 60_000, PLACE),
        ("rights_b", 0.3, "411500"), ("rights_mean", 0.8, "411500"),
    ):  # fmt: skip
        kept.state_figure(code, place, value, since=date(2026, 1, 1), source="试验文件", by=people["ndrc"], now=NOW)
    return kept


@pytest.fixture
def reviewed(draft, people, experts, figures):
    """Makes a project that only lacks the opinion."""
    from dafeng.domains.enterprise.review import experts as judging
    from dafeng.domains.enterprise.review import joint, projects

    def make(two_high: bool = False, **steps: dict[str, Any]):
        ndrc = people["ndrc"]
        found = draft(**steps)
        projects.submit(found, by=people["owner"], now=NOW)
        projects.judge(found, two_high=two_high, large_carbon=False, reason="不在目录", by=ndrc, now=NOW)
        for action in ("accept", "review"):
            projects.handle(found, action, by=ndrc, now=NOW)
        for asked in joint.ask(found, ["ecology", "industry"], matter="准入", due=TODAY, by=ndrc, now=NOW):
            joint.answer(asked, verdict="agree", text="", by=people[asked.office], now=NOW)
        for expert in experts:
            invited = judging.invite(found, expert, by=ndrc, now=NOW)
            invited = judging.declare(invited, clear=True, text="", by=expert.person, now=NOW)
            judging.give(
                invited, points=dict.fromkeys(judging.POINTS, "yes"), view="pass", text="可行", by=expert.person, now=NOW
            )  # fmt: skip
        return projects.conclude(found, text="建议通过", by=ndrc, now=NOW)

    return make


@pytest.fixture
def approved(reviewed, people):
    from dafeng.domains.enterprise.review import projects

    def make(**steps: dict[str, Any]):
        return projects.approve(
            reviewed(**steps), opinion="原则同意。", reference="信发改审〔2026〕1号", conditions=["安装计量器具"], by=people["leader"], now=NOW
        )  # fmt: skip

    return make
