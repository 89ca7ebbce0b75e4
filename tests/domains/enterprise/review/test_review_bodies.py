"""N10: auditors and report writers come from one register with verifiers; who is named freely says why; works are graded, and bind."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Body
from dafeng.domains.enterprise.review import projects, works
from dafeng.domains.enterprise.verification import bodies, known, rating
from dafeng.domains.enterprise.verification.methods import conflicts
from dafeng.kernel import bodies as named_bodies
from tests.domains.enterprise.review.conftest import NOW, TODAY


@pytest.fixture
def writer(people: Any, person: Any) -> Body:
    made = bodies.apply(
        code="writer",
        name="编制院",
        kinds=["consulting"],
        sectors=(),
        organisation="writer",
        by=people["ecology"],
        now=NOW,
    )
    bodies.step(made, "register", by=person("ecology", "ecology-2"), now=NOW)
    return made


CHOSEN = {"compiler_body": "writer", "compiler": "编制院", "compiler_organisation": "writer", "compiler_note": ""}


def test_a_body_is_chosen_by_its_service_or_named_with_a_reason(writer: Body) -> None:
    assert named_bodies.choices("consulting") == [("", "不在名录"), ("writer", "编制院")]
    assert named_bodies.choices("audit") == [("", "不在名录")]
    assert named_bodies.named("writer", "别的名称", "", "consulting") == named_bodies.Named(
        "编制院", "writer", "writer"
    )
    for given, code, field in (
        (("writer", "", ""), "no_such_body", "body"),  # it does not audit
        (("", " ", "理由"), "no_body", "name"),
        (("", "某院", " "), "no_note", "note"),
    ):
        fault = named_bodies.named(*given, "audit")
        assert isinstance(fault, named_bodies.Fault)
        assert (fault.code, fault.field) == (code, field)
    assert named_bodies.named("", "某院", "本地没有", "audit") == named_bodies.Named("某院", "", "", "本地没有")


def test_a_project_with_a_free_writer_and_no_reason_is_not_handed_in(draft: Any, people: Any) -> None:
    project = draft(basics={"compiler_note": ""})
    with pytest.raises(Refused) as error:
        projects.submit(project, by=people["owner"], now=NOW)
    assert error.value.code == "incomplete"


def test_the_page_says_that_a_writer_is_not_registered(draft: Any, people: Any, writer: Body, client: Any) -> None:
    free, chosen = draft(), draft(basics=CHOSEN | {"name": "第二个项目"})
    client.force_login(people["owner"])
    shown = client.get(f"/enterprise/review/projects/{free.pk}/?tab=content").content.decode()
    assert "试验咨询公司（不在第三方机构名录）" in shown
    assert "名录建立以前委托" in shown
    assert (
        "不在第三方机构名录）"
        not in client.get(f"/enterprise/review/projects/{chosen.pk}/?tab=content").content.decode()
    )


def test_a_writer_is_graded_by_what_was_judged(
    reviewed: Any,
    approved: Any,
    draft: Any,
    people: Any,
    writer: Body,
) -> None:
    approved(basics=CHOSEN)
    assert [(each.returned, each.faults) for each in works.of_body("writer", TODAY.year)] == [(False, 0)]
    assert list(works.of_body("writer", TODAY.year - 1)) == []
    found = rating.rate(writer, TODAY.year, by=people["ecology"], now=NOW)
    assert (found.score, found.grade) == (100.0, "A")
    assert found.rubric.startswith("enterprise.bodies.works")
    # A second report: one point to be mended by an expert, and refused.
    second = reviewed(basics=CHOSEN | {"name": "第二个项目"})
    invited = second.invitations.first()
    invited.points |= {"data": "mend"}
    invited.save(update_fields=["points"])
    projects.refuse(second, reason="能耗数据不实", by=people["leader"], now=NOW)
    # Accepted 1 of 2 = 50 %: 0 of 60. Faults 1 ÷ 2 = 0.5 of 5: (5 − 0.5) ÷ 5 × 40 = 36.
    again = rating.rate(writer, TODAY.year, by=people["ecology"], now=NOW)
    assert (again.score, again.grade) == (36.0, "D")


def test_a_body_none_of_whose_works_was_judged_has_no_grade(draft: Any, people: Any, writer: Body) -> None:
    draft(basics=CHOSEN)
    assert rating.rate(writer, TODAY.year, by=people["ecology"], now=NOW).grade in ("", "pending")


def test_works_of_a_verifier_that_were_sent_back_are_points_off() -> None:
    """All full, one work sent back: 100 − 5."""
    full = {"in_time": 100.0, "accepted": 100.0, "overturned": 0.0, "noted": 100.0, "recomputed": 100.0}
    told = {f"verification.{name}": value for name, value in full.items()}
    marks = [
        rating.scores_of({"b": told | {"works.returned": back}}, on=date(2026, 12, 31)).frame["score"][0]
        for back in (0.0, 1.0)
    ]
    assert marks == [100.0, 95.0]


def test_who_wrote_a_unit_s_energy_report_does_not_verify_it(draft: Any, writer: Body) -> None:
    rules = {"house": {"consulting_years": 3, "rotation_years": 3}, "team": {"technical": 2}}

    def reasons(unit: str, today: date) -> set[str]:
        body = known.body_of(known.bodies(Body.objects.filter(code="writer"))[0])
        asked = conflicts.Unit(unit, 2025, f"{unit}-2025", frozenset({"food"}))
        return {each.code for each in conflicts.of_body(body, asked, rules, today)}

    project = draft(basics=CHOSEN)
    firm = project.enterprise.code
    assert "consulted" in reasons(firm, TODAY)  # while it lasts
    assert "consulted" not in reasons("another", TODAY)


def test_the_tie_ends_some_years_after_the_opinion() -> None:
    """House rule: three years. Opinion of 1 April 2023: still barred on 1 April 2026, free on 2 April."""
    body = conflicts.Body(
        "b",
        "registered",
        frozenset({"verification"}),
        frozenset(),
        (),
        services=(("u", conflicts.COMPILES, date(2023, 4, 1)),),
    )
    rules = {"house": {"consulting_years": 3, "rotation_years": 3}, "team": {"technical": 0}}
    unit = conflicts.Unit("u", 2025, "u-2025", frozenset())
    assert [each.code for each in conflicts.of_body(body, unit, rules, date(2026, 4, 1))] == ["consulted"]
    assert conflicts.of_body(body, unit, rules, date(2026, 4, 2)) == ()
