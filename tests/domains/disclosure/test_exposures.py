"""Negative cases: two persons, a term, repair."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.disclosure import exposures
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.models import Exposure
from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.records.models import Record
from tests.domains.disclosure.conftest import NOW, TODAY

CASE = {
    "subject": "示例铸造有限公司", "category": "pollution", "place": "411522", "facts": "未运行治污设施。", "measures": "",
    "basis": "示例决定书 1 号", "authority": "示例生态环境局", "decided_on": date(2026, 10, 1), "until": date(2026, 12, 31),
}  # fmt: skip


def step(case, action, by, *, reason="", today=TODAY):
    return exposures.step(case, action, by=by, now=NOW, today=today, reason=reason)


@pytest.fixture
def ecology(person):
    return person("ecology")


@pytest.fixture
def published(open_city, ecology, person):
    case = exposures.draft(open_city, CASE, by=ecology, now=NOW)
    step(case, "submit", ecology)
    step(case, "approve", person("ndrc"), reason="依据充分")
    return step(case, "publish", ecology)


def public(city, today=TODAY) -> list[Exposure]:
    return list(Exposure.objects.filter(city=city).public(today))


def test_the_legal_check_is_made_by_another_person_with_an_opinion(open_city, ecology, person) -> None:
    case = exposures.draft(open_city, CASE, by=ecology, now=NOW)
    with pytest.raises(TransitionError):
        step(case, "publish", ecology)
    step(case, "submit", ecology)
    with pytest.raises(PermissionDenied, match="另一人"):
        step(case, "approve", ecology, reason="我看可以")
    with pytest.raises(TransitionError):
        step(case, "approve", person("ndrc"), reason=" ")
    assert public(open_city) == []


@pytest.mark.parametrize("role", ["leader", "department", "county", "admin", "citizen", "enterprise"])
def test_others_take_no_step(open_city, ecology, person, role) -> None:
    case = exposures.draft(open_city, CASE, by=ecology, now=NOW)
    with pytest.raises(PermissionDenied):
        step(case, "submit", person(role))


def test_a_case_is_public_to_its_last_day_and_then_taken_down_by_the_clock(open_city, published) -> None:
    assert public(open_city, date(2026, 12, 31)) == [published]
    assert public(open_city, date(2027, 1, 1)) == []
    assert exposures.expire(now=NOW, today=date(2026, 12, 31)) == 0
    assert exposures.expire(now=NOW, today=date(2027, 1, 1)) == 1
    assert Record.objects.get(pk=published.record_id).state == "removed"


def test_a_repaired_case_is_taken_down_with_a_reason(open_city, published, ecology) -> None:
    with pytest.raises(TransitionError):
        step(published, "repair", ecology)
    step(published, "repair", ecology, reason="整改完成")
    assert public(open_city) == []


def test_a_case_whose_term_is_over_is_not_published(open_city, ecology, person) -> None:
    case = exposures.draft(open_city, CASE, by=ecology, now=NOW)
    step(case, "submit", ecology)
    step(case, "approve", person("ndrc"), reason="可以")
    with pytest.raises(DisclosureError):
        step(case, "publish", ecology, today=date(2027, 1, 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"facts": " "}, {"basis": ""}, {"category": "gossip"}, {"place": "310115"},
        {"until": date(2026, 10, 1)}, {"until": date(2026, 10, 1) + timedelta(days=1099)},
    ],
)  # fmt: skip
def test_a_case_that_is_not_whole_is_refused(open_city, ecology, wrong) -> None:
    with pytest.raises(DisclosureError):
        exposures.draft(open_city, CASE | wrong, by=ecology, now=NOW)
    assert not Exposure.objects.exists()
