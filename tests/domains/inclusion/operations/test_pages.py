"""What each may see and do through the pages; what one may not see is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dafeng.domains.inclusion.models import Agreement, Campaign, Case, Complaint, Correction, Event, Partner
from dafeng.domains.inclusion.operations import cases, complaints
from tests.domains.inclusion.operations.conftest import NOW, balance

PDF = b"%PDF-1.4 x"
SPEED = ["speed", 60, {"kmh": 140, "most": 60}]


@pytest.fixture
def as_user():
    def make(user=None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture
def held(member, act):
    one = member()
    return one, [act(one, state=Event.State.HELD, findings=[SPEED]) for _ in range(2)]


def test_a_merchant_sees_no_risk_case_and_a_citizen_neither(as_user, person, held, now) -> None:
    cases.gather(now=now)
    pk = Case.objects.get().pk
    for role in ("merchant", "scene", "citizen", "enterprise"):
        client = as_user(person(role))
        for address in ("risk/", f"risk/{pk}/", "corrections/", "console/", "partners/", "complaints/desk/"):
            assert client.get(f"/inclusion/{address}").status_code == 403, (role, address)


def test_a_citizen_sees_only_their_own_complaint_and_appeal(as_user, programme, person, held, now) -> None:
    one, events = held
    made = complaints.receive(programme, about="points", text="昨天的积分没有到", key="k", by=one.user, now=now)
    for user, status in ((one.user, 200), (person(), 404), (person("merchant"), 404), (person("operator"), 200)):
        assert as_user(user).get(f"/inclusion/complaints/{made.pk}/").status_code == status
    assert as_user(one.user).get(f"/inclusion/acts/{events[0].pk}/appeal/").status_code == 200
    assert as_user(person()).get(f"/inclusion/acts/{events[0].pk}/appeal/").status_code == 404


def test_the_desk_reads_plain_sentences_with_their_share_and_decides(as_user, operator, ndrc, held, now) -> None:
    one, events = held
    desk = as_user(operator)
    desk.post("/inclusion/risk/gather/")
    pk = Case.objects.get().pk
    page = desk.get(f"/inclusion/risk/{pk}/").content.decode()
    assert "140" in page
    assert "可疑分 60" in page
    assert one.pseudonym not in page
    form = {"state": "open", "seen": [each.pk for each in events], "rejected": [events[0].pk], "reason": "车速不可能"}
    assert desk.post(f"/inclusion/risk/{pk}/decide/", form, follow=True).status_code == 200
    assert balance(one) == (30, 0)
    citizen = as_user(one.user)
    assert "我要申诉" in citizen.get(f"/inclusion/acts/{events[0].pk}/appeal/").content.decode()
    assert "我要申诉" not in citizen.get(f"/inclusion/acts/{events[1].pk}/appeal/").content.decode()
    citizen.post(f"/inclusion/acts/{events[0].pk}/appeal/", {"text": "那天坐的是高铁接驳车"})
    assert as_user(operator).post(f"/inclusion/risk/{pk}/answer/", {}).status_code == 403
    as_user(ndrc).post(f"/inclusion/risk/{pk}/answer/", {"state": "appealed", "action": "overturn", "reason": "属实"})
    assert balance(one) == (60, 0)
    assert "申诉答复" in citizen.get(f"/inclusion/acts/{events[0].pk}/appeal/").content.decode()


def test_a_page_opened_on_an_older_state_changes_nothing(as_user, operator, held, now) -> None:
    one, events = held
    cases.gather(now=now)
    pk = Case.objects.get().pk
    form = {"state": "rejected", "seen": [each.pk for each in events]}
    said = as_user(operator).post(f"/inclusion/risk/{pk}/decide/", form, follow=True).content.decode()
    assert "已被他人办理" in said
    assert balance(one) == (0, 60)


def test_a_correction_goes_through_two_persons_on_the_pages(as_user, operator, ndrc, member, act) -> None:
    one = member()
    event = act(one)
    desk = as_user(operator)
    sent = {"event": event.pk, "reason": "重复报送", "document": SimpleUploadedFile("证明.pdf", PDF)}
    desk.post("/inclusion/corrections/new/", sent)
    pk = Correction.objects.get().pk
    page = desk.get(f"/inclusion/corrections/{pk}/").content.decode()
    assert "批准冲正" not in page
    assert "证明.pdf" in page
    assert "批准冲正" in as_user(ndrc).get(f"/inclusion/corrections/{pk}/").content.decode()
    as_user(ndrc).post(f"/inclusion/corrections/{pk}/step/", {"state": "proposed", "action": "approve"})
    assert balance(one) == (0, 0)
    assert "已冲正" in desk.get(f"/inclusion/corrections/{pk}/").content.decode()


def test_an_organisation_applies_and_is_signed_with_a_document(as_user, person, programme, operator) -> None:
    owner = person("merchant", "tea")
    form = {
        "kind": "merchant",
        "name": "示例茶行",
        "organisation": "tea",
        "contact": "张 0376-0000000",
        "asks": "兑换毛尖",
    }
    assert as_user(owner).post("/inclusion/partners/apply/", form | {"organisation": "x"}).status_code == 422
    assert as_user(owner).post("/inclusion/partners/apply/", form).status_code == 302
    made = Agreement.objects.get()
    page = f"/inclusion/partners/{made.partner.code}/"
    assert as_user(owner).get(page).status_code == 200
    assert as_user(person("merchant", "other")).get(page).status_code == 404
    assert as_user(person("ndrc")).get(page).status_code == 200
    desk = as_user(operator)
    said = {"number": "XTP-1", "valid_from": "2026-11-01", "valid_until": "2027-10-31", "contact": "", "asks": ""}
    bad = desk.post(f"/inclusion/agreements/{made.pk}/fill/", said | {"document": SimpleUploadedFile("a.exe", b"MZ")})
    assert bad.status_code == 422
    desk.post(f"/inclusion/agreements/{made.pk}/fill/", said | {"document": SimpleUploadedFile("协议.pdf", PDF)})
    desk.post(f"/inclusion/agreements/{made.pk}/step/", {"state": "draft", "action": "sign"})
    assert Partner.objects.get().state == "active"
    assert as_user(owner).post(f"/inclusion/agreements/{made.pk}/step/", {}).status_code == 403


def test_a_complaint_about_somebody_elses_act_is_not_taken(as_user, person, member, act) -> None:
    event = act(member())
    sent = {"key": "k", "about": "points", "event": event.pk, "text": "这不是我的行为"}
    assert as_user(person()).post("/inclusion/complaints/new/", sent).status_code == 422
    owner = as_user(event.member.user)
    assert owner.post("/inclusion/complaints/new/", sent).status_code == 302
    assert owner.post("/inclusion/complaints/new/", sent).status_code == 302
    assert Complaint.objects.count() == 1


def test_a_draft_campaign_is_not_there_for_the_public(as_user, programme, scene, operator, ndrc) -> None:
    form = {
        "title": "绿色出行周", "code": "week", "text": "多坐公交", "scenes": [scene().pk], "starts_on": "2026-11-20",
        "ends_on": "2026-11-30", "events_needed": 1, "each": 0, "budget": 0,
    }  # fmt: skip
    assert as_user(operator).post("/inclusion/campaigns/new/", form).status_code == 302
    assert as_user().get("/inclusion/campaigns/week/").status_code == 404
    as_user(ndrc).post("/inclusion/campaigns/week/step/", {"state": "draft", "action": "publish"})
    assert Campaign.objects.get().record.state == "running"
    assert "绿色出行周" in as_user().get("/inclusion/campaigns/").content.decode()
    assert as_user().get("/inclusion/campaigns/week/").status_code == 200


def test_the_open_page_and_its_files_are_for_everybody(as_user, programme, member, act) -> None:
    for _number in range(12):
        act(member(), at=NOW - timedelta(days=10))
    public = as_user()
    page = public.get("/inclusion/open/").content.decode()
    assert "浉河区" in page
    assert "36" in page  # 12 acts of 3,000 g
    told = public.get("/inclusion/open/data.json").json()
    assert told["members"] == 12
    rows = public.get("/inclusion/open/data.csv").content.decode("utf-8-sig").splitlines()
    assert rows[0] == "month,by,part,persons,events,grams_co2e,points"
    assert "all,group,all,12,12,36000,360" in rows
    assert public.get("/inclusion/open/?chart=grams&export=csv").status_code == 200


def test_pages_ask_few_questions(as_user, programme, operator, held, now, django_assert_max_num_queries) -> None:
    cases.gather(now=now)
    desk, pk = as_user(operator), Case.objects.get().pk
    complaints.receive(programme, about="points", text="昨天的积分没有到", key="k", by=held[0].user, now=now)
    pages = ("open/", "systems/", "console/", "partners/", "risk/", f"risk/{pk}/", "corrections/", "complaints/desk/", "campaigns/", "recognition/")  # fmt: skip
    for address in pages:
        desk.get(f"/inclusion/{address}")  # what a process remembers, and the figures of the day
    for address in pages:
        with django_assert_max_num_queries(12):
            answer = desk.get(f"/inclusion/{address}")
        assert answer.status_code == 200, address
        assert answer.content.decode().count('class="help"') == 1, address
