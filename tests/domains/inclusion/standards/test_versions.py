"""A version's way: copy, change, consultation, review, two persons, retirement; rates and comments with it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dafeng.domains.inclusion.errors import InclusionError, Refused
from dafeng.domains.inclusion.models import Methodology, MethodologyVersion, Rate, StandardComment
from dafeng.domains.inclusion.standards import comments, inforce, library, pack, privacy, rate_steps, versions
from dafeng.kernel.errors import PermissionDenied, StaleError, TransitionError
from dafeng.kernel.records import services as records
from tests.domains.inclusion.standards.conftest import NOW, TODAY

LATER = TODAY + timedelta(days=30)


@pytest.fixture
def draft(programme, operator, version_of):
    return versions.begin(version_of("bus").methodology, by=operator, now=NOW)


def content_with(version, **changed):
    return {**version.content, **changed}


def take(version, action, by, *, today=TODAY, **named):
    return versions.step(version, action, by=by, now=NOW, today=today, **named)


def to_review(version, operator):
    take(version, "consult", operator, until=LATER)
    return take(version, "submit", operator, today=LATER + timedelta(days=1))


# ---------- what is shipped ----------


def test_cited_texts_are_filed_and_drafts_are_on_trial(programme) -> None:
    states = dict(MethodologyVersion.objects.values_list("methodology_id", "record__state"))
    assert set(states) == set(library.shipped())
    for code, each in library.shipped().items():
        assert states[code] == ("filed" if each.standing == "cited" else "trial")


def test_loading_again_changes_nothing(programme) -> None:
    before = list(MethodologyVersion.objects.values_list("pk", "digest"))
    pack.ensure_pack(programme, now=NOW)
    assert list(MethodologyVersion.objects.values_list("pk", "digest")) == before
    assert Rate.objects.count() == 1


def test_a_changed_shipped_text_is_a_new_version_unless_the_city_has_its_own(
    programme, operator, version_of, monkeypatch
) -> None:
    from dataclasses import replace

    newer = {code: replace(each, content={**each.content, "discount": 0.1}) for code, each in library.shipped().items() if code in ("bus", "walking")}  # fmt: skip
    versions.begin(version_of("walking").methodology, by=operator, now=NOW)
    monkeypatch.setattr(library, "shipped", lambda: newer)
    pack.ensure_pack(programme, now=NOW)
    assert version_of("bus").number == 2
    assert version_of("walking").number == 1


def test_what_is_stored_is_what_the_chain_sealed(programme, version_of) -> None:
    version = version_of("bus")
    assert versions.sound(version)
    assert records.verify_record(version.record)
    MethodologyVersion.objects.filter(pk=version.pk).update(content={**version.content, "discount": 0.9})
    version.refresh_from_db()
    assert not versions.sound(version)


# ---------- the workflow ----------


def test_the_whole_way_takes_two_persons_and_ends_the_former_version(draft, operator, office, version_of) -> None:
    former = version_of("bus")
    versions.amend(draft, content_with(draft, discount=0.1), seen=draft.digest, by=operator, now=NOW)
    to_review(draft, operator)
    first = LATER + timedelta(days=10)
    take(draft, "file", office, today=LATER + timedelta(days=1), reason="专家评审通过", valid_from=first)
    draft.refresh_from_db()
    former.refresh_from_db()
    assert (draft.record.state, draft.standing, draft.valid_from) == ("filed", "city", first)
    assert former.valid_to == first
    assert inforce.version_on("bus", first - timedelta(days=1)).pk == former.pk
    assert inforce.version_on("bus", first).pk == draft.pk
    assert versions.lapse(now=NOW, today=first) == 1
    assert inforce.version_on("bus", TODAY).pk == former.pk  # retired, and still what counted on its days


def test_who_wrote_it_does_not_decide_about_it(programme, person, version_of) -> None:
    both = person("operator", "both", "ndrc")
    begun = versions.begin(version_of("bus").methodology, by=both, now=NOW)
    to_review(begun, both)
    for action in ("file", "try"):
        with pytest.raises(PermissionDenied):
            take(begun, action, both, reason="可以", today=LATER + timedelta(days=1))
    assert begun.record.state == "review"


def test_the_operator_alone_cannot_decide(draft, operator) -> None:
    to_review(draft, operator)
    with pytest.raises(PermissionDenied):
        take(draft, "file", operator, reason="可以")


def test_a_consultation_runs_its_term(draft, operator) -> None:
    with pytest.raises(Refused, match="日期"):
        take(draft, "consult", operator, until=TODAY)
    with pytest.raises(Refused):
        take(draft, "consult", operator)
    take(draft, "consult", operator, until=LATER)
    with pytest.raises(Refused) as refused:
        take(draft, "submit", operator, today=LATER)
    assert refused.value.code == "too_early"
    assert draft.record.state == "comment"


def test_a_decision_does_not_reach_back(draft, operator, office) -> None:
    to_review(draft, operator)
    with pytest.raises(Refused):
        take(draft, "try", office, reason="试行", valid_from=TODAY - timedelta(days=1))
    draft.refresh_from_db()
    assert (draft.record.state, draft.valid_from) == ("review", None)


def test_a_version_with_gaps_can_be_tried_but_not_filed(programme, operator, office, version_of) -> None:
    begun = versions.begin(version_of("e-invoice").methodology, by=operator, now=NOW)
    to_review(begun, operator)
    with pytest.raises(Refused) as refused:
        take(begun, "file", office, reason="备案")
    assert refused.value.code == "filing_gap"
    take(begun, "try", office, reason="试行一年", today=TODAY)
    assert (begun.record.state, begun.standing) == ("trial", "draft")


def test_what_has_left_the_draft_cannot_be_changed(draft, operator) -> None:
    take(draft, "consult", operator, until=LATER)
    with pytest.raises(TransitionError):
        versions.amend(draft, content_with(draft, discount=0.2), seen=draft.digest, by=operator, now=NOW)
    draft.refresh_from_db()
    assert draft.content["discount"] == 0


def test_two_who_edit_at_once_do_not_overwrite_each_other(draft, operator) -> None:
    seen = draft.digest
    versions.amend(draft, content_with(draft, discount=0.2), seen=seen, by=operator, now=NOW)
    with pytest.raises(StaleError):
        versions.amend(draft, content_with(draft, discount=0.3), seen=seen, by=operator, now=NOW)
    assert versions.sound(MethodologyVersion.objects.get(pk=draft.pk))


def test_only_one_new_version_at_a_time(draft, operator, version_of) -> None:
    with pytest.raises(Refused) as refused:
        versions.begin(version_of("bus").methodology, by=operator, now=NOW)
    assert refused.value.code == "open_elsewhere"
    take(draft, "drop", operator, reason="不做了")
    assert versions.begin(version_of("bus").methodology, by=operator, now=NOW).number == 3


def test_the_offices_retire_a_version_and_nothing_counts_any_more(programme, office, version_of) -> None:
    take(version_of("bus"), "retire", office, reason="因子过时")
    assert inforce.version_on("bus", TODAY) is None
    assert inforce.version_on("bus", TODAY - timedelta(days=1)) is not None


def test_the_public_sees_no_draft(draft, operator, person) -> None:
    citizen = person("citizen")
    assert versions.visible(citizen).filter(pk=draft.pk).count() == 0
    assert versions.visible(None).filter(pk=draft.pk).count() == 0
    assert versions.visible(operator).filter(pk=draft.pk).count() == 1
    take(draft, "consult", operator, until=LATER)
    assert versions.visible(None).filter(pk=draft.pk).count() == 1


def test_the_difference_names_what_changed(draft, operator, version_of) -> None:
    content = content_with(draft, discount=0.1, boundary="只算市区")
    content["factors"] = [
        content["factors"][0],
        {**content["factors"][1], "value": 0.06, "source": "本市测算报告", "standing": "municipal"},
    ]
    versions.amend(draft, content, seen=draft.digest, by=operator, now=NOW)
    changed = {name: (before, after) for name, before, after in versions.differences(version_of("bus"), draft)}
    assert set(changed) == {"核算边界", "不确定性扣减", "因子：公交因子"}
    assert changed["不确定性扣减"] == ("0.0%", "10.0%")
    assert changed["因子：公交因子"][1].startswith("0.06 ")


def test_a_methodology_of_ones_own_begins_with_gaps(programme, operator) -> None:
    made = versions.propose("ferry", "轮渡出行", "Ferry", "travel", "inclusion.travel.bus", by=operator, now=NOW)
    assert made.number == 1
    assert [each["value"] for each in made.content["factors"]] == [None, None]
    with pytest.raises(InclusionError, match="已被使用"):
        versions.propose("ferry", "轮渡", "", "travel", "inclusion.travel.bus", by=operator, now=NOW)
    for bad in (
        {"group": "magic"},
        {"method": "inclusion.sink.net"},
        {"method": "energy.stationary.co2"},
        {"title": " "},
    ):
        given = {"title": "甲", "title_en": "", "group": "travel", "method": "inclusion.travel.bus"} | bad
        with pytest.raises(InclusionError):
            versions.propose("other", **given, by=operator, now=NOW)
    assert not Methodology.objects.filter(code="other").exists()


# ---------- comments ----------


def say(version, text="里程怎样核对？", *, by, today=TODAY, **named):
    return comments.say(version.record, version.comment_until, text, by=by, now=NOW, today=today, **named)


def test_everybody_signed_in_comments_while_it_is_open(draft, operator, person) -> None:
    citizen = person("citizen")
    with pytest.raises(Refused) as refused:
        say(draft, by=citizen)
    assert refused.value.code == "comment_closed"
    take(draft, "consult", operator, until=LATER)
    made = say(draft, by=citizen, name="某社区")
    with pytest.raises(Refused):
        say(draft, by=citizen, today=LATER + timedelta(days=1))
    with pytest.raises(InclusionError):
        say(draft, "短", by=citizen)
    comments.answer(made, "按站间里程表核对。", by=operator, now=NOW)
    made.refresh_from_db()
    assert (made.name, made.reply, made.replied_by) == ("某社区", "按站间里程表核对。", operator)


def test_nobody_floods_a_consultation(draft, operator, person) -> None:
    citizen = person("citizen")
    take(draft, "consult", operator, until=LATER)
    for number in range(comments.A_DAY):
        say(draft, f"第 {number} 条意见内容", by=citizen)
    with pytest.raises(Refused) as refused:
        say(draft, "再来一条意见", by=citizen)
    assert refused.value.code == "comment_limit"


def test_a_member_who_is_forgotten_leaves_a_nameless_comment(draft, operator, person, programme) -> None:
    from dafeng.domains.inclusion.models import Member
    from dafeng.kernel.records.models import AuditEntry

    citizen = person("citizen")
    member = Member.objects.create(programme=programme, kind="person", user=citizen, joined_at=NOW)
    take(draft, "consult", operator, until=LATER)
    say(draft, by=citizen, name="王某")
    assert privacy.about(member)["对标准的意见"][0]["署名"] == "王某"
    privacy.forget(member, now=NOW)
    left = StandardComment.objects.get()
    assert (left.author, left.name, left.text) == (None, "", "里程怎样核对？")
    assert not AuditEntry.objects.filter(actor=citizen.username).exists()


# ---------- rates ----------


def propose_rate(programme, operator, grams=20, first=LATER):
    return rate_steps.draft(programme, grams, first, "两年后复核", by=operator, now=NOW, today=TODAY)


def test_a_rate_goes_the_same_way_and_counts_from_its_day(programme, operator, office) -> None:
    rate = propose_rate(programme, operator)
    soon, then = TODAY + timedelta(days=5), TODAY + timedelta(days=6)
    rate_steps.step(rate, "consult", by=operator, now=NOW, today=TODAY, until=soon)
    rate_steps.step(rate, "submit", by=operator, now=NOW, today=then)
    with pytest.raises(PermissionDenied):
        rate_steps.step(rate, "file", by=operator, now=NOW, today=then, reason="同意")
    rate_steps.step(rate, "file", by=office, now=NOW, today=then, reason="同意")
    rates = inforce.rates_of(programme)
    assert inforce.rate_on(rates, LATER).grams_per_point == 20
    assert inforce.rate_on(rates, LATER - timedelta(days=1)).grams_per_point == 10


def test_a_rate_never_changes_points_of_days_that_have_passed(programme, operator, office) -> None:
    for first in (TODAY, date(2026, 1, 2)):
        with pytest.raises(Refused):
            propose_rate(programme, operator, first=first)
    rate = propose_rate(programme, operator, first=TODAY + timedelta(days=3))
    rate_steps.step(rate, "consult", by=operator, now=NOW, today=TODAY, until=TODAY + timedelta(days=1))
    rate_steps.step(rate, "submit", by=operator, now=NOW, today=TODAY + timedelta(days=2))
    with pytest.raises(Refused):
        rate_steps.step(rate, "file", by=office, now=NOW, today=TODAY + timedelta(days=3), reason="同意")


@pytest.mark.parametrize("grams", [0, -1, 100_001])
def test_an_absurd_rate_is_refused(programme, operator, grams: int) -> None:
    with pytest.raises(InclusionError):
        propose_rate(programme, operator, grams=grams)


def test_two_rates_of_one_day_are_refused(programme, operator) -> None:
    propose_rate(programme, operator)
    with pytest.raises(InclusionError, match="已经有"):
        propose_rate(programme, operator, grams=30)


def test_the_demonstration_is_made_once(programme) -> None:
    from dafeng.domains.inclusion.standards.demo import CODE, ensure_demo

    for _ in range(2):
        ensure_demo(programme, now=NOW)
    assert MethodologyVersion.objects.filter(methodology_id=CODE).count() == 2
    assert StandardComment.objects.count() == 2
    pack.ensure_pack(programme, now=NOW)
    assert MethodologyVersion.objects.filter(methodology_id=CODE).count() == 2
