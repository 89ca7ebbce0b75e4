"""The pages: one's own account and nobody else's; what is said once; what a double click does; twelve questions at most."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dafeng.domains.inclusion.members import accounts, challenges, circles, consents, credit, exports, summaries
from dafeng.domains.inclusion.members.pages import new_key
from dafeng.domains.inclusion.models import (
    Challenge,
    Circle,
    CircleMember,
    Event,
    Export,
    Gift,
    Identity,
    Member,
    Partner,
)
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.portal.tokens import services as tokens
from tests.domains.inclusion.members.conftest import NOW, SHIHE

pytestmark = pytest.mark.django_db
LONG_AGO = NOW - timedelta(days=30)


def words_of(answer) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def mine(client, join, person, scene, act):
    """A member who is logged in, with a family of two, events of today and before."""
    user = person()
    member, mate = join(user, name="欧阳试验", phone="13987654321"), join(name="诸葛试验")
    bus = scene("bus")
    accounts.bind(member, bus.partner, now=NOW)
    circle, code = circles.make(member, "family", name="茶乡一家", nickname="小欧", now=LONG_AGO)
    circles.join(mate, code, nickname="阿甲", now=LONG_AGO)
    act(member, bus, grams=15_000, points=90, at=NOW - timedelta(days=3))
    act(member, bus, grams=420, points=4, at=NOW - timedelta(hours=1))
    act(member, bus, grams=80, points=8, at=NOW - timedelta(minutes=30), state=Event.State.HELD)
    client.force_login(user)
    return member, mate, circle


# ---------------------------------------------------------------- joining


def test_strangers_read_what_it_is_and_are_led_to_login(client, programme) -> None:
    page = client.get("/inclusion/")
    assert page.status_code == 200
    assert "登录并开通碳账户" in words_of(page)
    assert client.get("/inclusion/me/statement/").headers["Location"].startswith("/login/")


def test_joining_by_the_form_and_what_is_wrong_with_it_is_said(client, programme, person) -> None:
    user = person()
    client.force_login(user)
    form = {
        "secret_name": "欧阳试验", "secret_phone": "13987654321", "birth_year": "2013", "county": SHIHE, "of_age": "on",
        "agree": "on", "agreed": consents.text_of("join").version,
    }  # fmt: skip
    young = client.post("/inclusion/me/join/", form)
    assert young.status_code == 422
    assert "未满 14 周岁" in words_of(young)
    missing = client.post("/inclusion/me/join/", {k: v for k, v in form.items() if k != "agree"})
    assert missing.status_code == 422
    assert not Member.objects.exists()
    done = client.post("/inclusion/me/join/", form | {"birth_year": "1990"})
    assert done.headers["Location"] == "/inclusion/"
    assert accounts.member_of(user).county == SHIHE
    assert client.get("/inclusion/me/join/").headers["Location"] == "/inclusion/"


def test_a_form_held_over_a_login_keeps_neither_name_nor_number(client, programme, person) -> None:
    """Sent after the session ended, the form is held for the person; its personal fields are left out."""
    client.post("/inclusion/me/join/", {"secret_name": "欧阳试验", "secret_phone": "13987654321", "birth_year": "1990"})
    held = str(dict(client.session))
    assert "1990" in held
    assert "欧阳试验" not in held
    assert "13987654321" not in held


# ---------------------------------------------------------------- one's own and nobody else's


ADDRESSES = (
    "", "me/", "me/events/", "me/statement/", "me/level/", "me/year/", "me/bindings/", "me/bindings/p-bus/", "me/consents/",
    "me/data/", "me/together/", "me/code/", "me/challenges/",
)  # fmt: skip


def test_no_page_says_a_name_or_a_number_and_none_asks_more_than_twelve_questions(client, mine) -> None:
    member, _mate, circle = mine
    event = member.events.first()
    found = {}
    for address in (*ADDRESSES, f"me/events/{event.pk}/", f"me/together/{circle.pk}/"):
        client.get(f"/inclusion/{address}")
        with CaptureQueriesContext(connection) as asked:
            page = client.get(f"/inclusion/{address}")
        assert page.status_code == 200, address
        text = page.content.decode()
        assert not any(word in text for word in ("欧阳试验", "13987654321", "诸葛试验")), address
        assert (text.count("<h1"), text.count('class="help"')) == (1, 1), address
        if len(asked) > 12:
            found[address] = len(asked)
    assert found == {}


def test_another_member_s_things_are_not_there(client, mine, join, person) -> None:
    member, _mate, circle = mine
    event, export = member.events.first(), exports.make(member, now=NOW)
    other = person()
    join(other)
    client.force_login(other)
    for address in (f"me/events/{event.pk}/", f"me/together/{circle.pk}/", f"me/data/export/{export.pk}/"):
        assert client.get(f"/inclusion/{address}").status_code == 404, address
    assert client.post(f"/inclusion/me/together/{circle.pk}/act/", {"do": "leave"}).status_code == 404
    assert circle.places.count() == 2


def test_the_first_page_tells_points_grams_and_today(client, mine) -> None:
    said = words_of(client.get("/inclusion/"))
    # 90 + 4 points can be used, 8 are under review; 15,000 + 420 g count
    for words in ("可用积分 94 分", "今天减碳 420 克", "累计减碳 15.4 千克", "待确认 8", "等级 新芽", "审核中"):
        assert words in said, words


def test_the_share_picture_is_well_formed_and_says_nothing_of_the_person(client, mine) -> None:
    from xml.etree import ElementTree

    member, _mate, _circle = mine
    answer = client.get("/inclusion/me/year/picture.svg?year=2026")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    ElementTree.fromstring(answer.content)
    text = answer.content.decode()
    assert "15.4 千克" in text
    assert "style=" not in text
    assert not any(word in text for word in ("欧阳", member.pseudonym, member.user.username, "小欧"))
    assert client.get("/inclusion/me/year/picture.svg?year=1999").status_code == 404


def test_the_token_is_shown_as_text_and_code_and_void_after_unbinding(client, mine) -> None:
    member, _mate, _circle = mine
    token = member.bindings.get().token
    page = client.get("/inclusion/me/bindings/p-bus/").content.decode()
    assert accounts.in_fours(token) in page
    assert 'class="qr"' in page
    client.post("/inclusion/me/bindings/p-bus/", {"do": "unbind"})
    assert accounts.resolve(Partner.objects.get(code="p-bus"), [token]) == {}
    client.post("/inclusion/me/bindings/p-bus/", {"do": "bind", "agreed": consents.text_of("scene:x").version})
    assert member.bindings.filter(until=None).get().token != token


def test_withdrawing_and_giving_the_consent_again(client, mine) -> None:
    member, _mate, _circle = mine
    client.post("/inclusion/me/consents/", {"do": "withdraw", "purpose": "join"})
    assert "服务同意书已撤回" in words_of(client.get("/inclusion/me/consents/"))
    refused = client.post("/inclusion/me/consents/", {"do": "give", "purpose": "join", "agreed": "old"}, follow=True)
    assert "文本已经更新" in words_of(refused)
    version = consents.text_of("join").version
    client.post("/inclusion/me/consents/", {"do": "give", "purpose": "join", "agreed": version})
    assert consents.given(member, "join")


def test_a_suspended_account_says_why_on_every_page(client, mine, person) -> None:
    member, _mate, _circle = mine
    accounts.suspend(member, by=person("operator"), reason="行程速度异常", now=NOW)
    for address in ("", "me/statement/", "me/together/"):
        said = words_of(client.get(f"/inclusion/{address}"))
        assert "您的碳账户已暂停" in said
        assert "行程速度异常" in said


# ---------------------------------------------------------------- together


def test_a_gift_by_the_form_sent_twice_is_given_once(client, mine) -> None:
    _member, mate, circle = mine
    place = CircleMember.objects.get(member=mate)
    address, form = f"/inclusion/me/together/{circle.pk}/", {"key": new_key(), "place": str(place.pk), "points": "30"}
    assert client.post(address, form).status_code == 302
    assert client.post(address, form).status_code == 302
    assert summaries.purse(mate, now=NOW).available == 30
    short = client.post(address, form | {"key": new_key(), "points": "500"})
    assert short.status_code == 422
    assert "可用积分不够" in words_of(short)
    page = words_of(client.get(address))
    assert "未送出" in page
    assert "送给 阿甲" in page
    assert Gift.objects.count() == 2


def test_an_invitation_is_shown_once_and_leads_in_by_its_code(client, mine, join, person) -> None:
    _member, _mate, circle = mine
    address = f"/inclusion/me/together/{circle.pk}/"
    client.post(f"{address}act/", {"do": "invite"})
    code = re.search(r'class="code">([0-9A-Z-]+)<', client.get(address).content.decode())[1]
    assert 'class="code"' not in client.get(address).content.decode()
    guest = person()
    join(guest)
    client.force_login(guest)
    asked = client.post("/inclusion/me/code/", {"code": code.lower()})
    assert "茶乡一家" in words_of(asked)
    done = client.post("/inclusion/me/code/", {"code": code, "nickname": "客"})
    assert done.headers["Location"] == address
    assert circle.places.count() == 3


def test_a_challenge_is_entered_and_ranked_on_its_page(client, mine, programme) -> None:
    member, _mate, _circle = mine
    team, _code = circles.make(member, "team", name="骑行队", nickname="小欧", now=LONG_AGO)
    day = NOW.date()
    challenge = Challenge.objects.create(
        programme=programme, title="出行周", groups=["travel"], starts_on=day - timedelta(days=9), ends_on=day,
        target_grams=30_840,
    )  # fmt: skip
    address = f"/inclusion/me/challenges/{challenge.pk}/"
    assert "让“骑行队”报名" in words_of(client.get(address))
    client.post(address, {"circle": str(team.pk)})
    said = words_of(client.get(address))
    # 15,420 of 30,840 g are a half; one person is no team for others to see
    assert "完成 50%" in said
    assert "– 骑行队 我的团队 1 15.4 千克" in said
    assert [row.shown for row in challenges.ranking(challenge)] == [False]


def test_the_operator_begins_a_challenge_and_nobody_else(client, programme, person, scene) -> None:
    scene("bus")
    form = {
        "title": "出行月",
        "groups": ["travel"],
        "starts_on": "2026-12-01",
        "ends_on": "2026-11-01",
        "target_kg": "20",
    }
    client.force_login(person("citizen"))
    assert client.post("/inclusion/challenges/new/", form).status_code == 403
    client.force_login(person("operator"))
    wrong = client.post("/inclusion/challenges/new/", form)
    assert wrong.status_code == 422
    assert "日期不对" in words_of(wrong)
    assert client.post("/inclusion/challenges/new/", form | {"ends_on": "2026-12-31"}).status_code == 302
    made = Challenge.objects.get()
    assert (made.groups, made.target_grams) == (["travel"], 20_000)


# ---------------------------------------------------------------- one's own data


def test_the_export_is_made_by_a_job_and_given_to_its_owner(client, mine) -> None:
    member, _mate, _circle = mine
    begun = client.post("/inclusion/me/data/export/")
    job = Job.objects.get(kind="inclusion.me.export")
    assert begun.headers["Location"] == f"/jobs/{job.pk}/"
    assert member.pseudonym not in f"{job.key}{job.parameters}"
    jobs.run(job.pk, clock=lambda: NOW)
    job.refresh_from_db()
    assert job.state == "done", job.error
    file = client.get(job.result["href"])
    assert file.content[:2] == b"PK"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "下载" in words_of(client.get("/inclusion/me/data/"))
    Export.objects.update(until=NOW)
    assert client.get(job.result["href"]).status_code == 422


def test_erasing_asks_once_more_and_ends_on_the_public_page(client, mine) -> None:
    member, _mate, _circle = mine
    assert client.post("/inclusion/me/data/erase/", {}).status_code == 422
    member.refresh_from_db()
    assert member.closed_at is None
    done = client.post("/inclusion/me/data/erase/", {"sure": "on"}, follow=True)
    assert "已注销" in words_of(done)
    assert "开通碳账户" in words_of(done)
    assert not Identity.objects.filter(member=member).exists()


# ---------------------------------------------------------------- firms


@pytest.fixture
def firm(client, programme, person):
    boss = person("enterprise", organisation="cement")
    client.force_login(boss)
    given = {"organisation": "cement", "county": SHIHE, "agreed": consents.text_of("firm").version}
    assert client.post("/inclusion/firm/join/", given | {"agree": "on"}).headers["Location"] == "/inclusion/firm/"
    return accounts.firms_of(boss)[0]


def test_a_firm_sees_totals_of_ten_persons_and_of_finished_months(client, firm, join, scene, act) -> None:
    client.post("/inclusion/firm/team/", {"name": "员工队"})
    code = re.search(r'class="code">([0-9A-Z-]+)<', client.get("/inclusion/firm/").content.decode())[1]
    bus, members = scene("bus"), [join() for _ in range(10)]
    for number, member in enumerate(members):
        circles.join(member, code, nickname=str(number), now=NOW - timedelta(days=90))
    october, september = NOW - timedelta(days=40), NOW - timedelta(days=70)  # 12 October, 12 September
    for member in members:
        act(member, bus, grams=1000, at=october)
        act(member, bus, grams=5, at=NOW - timedelta(days=1))  # this month is not over
    for member in members[:9]:
        act(member, bus, grams=777, at=september)
    months = credit.employees(firm, today=NOW.date())
    assert [(f"{row.month:%Y-%m}", row.persons, row.grams) for row in months] == [
        ("2026-10", 10, 10_000), ("2026-09", None, None),
    ]  # fmt: skip
    said = words_of(client.get("/inclusion/firm/"))
    assert "2026-10 10 10 千克" in said
    assert "不足 10 人，不显示" in said
    assert not any(word in said for word in ("777", "6,993", "7 千克"))


def test_the_credit_record_lists_facts_with_sources_and_no_score(client, firm, scene, act) -> None:
    act(firm, scene("pv", "energy"), grams=9_000_000, points=700, at=NOW - timedelta(days=40))
    Partner.objects.create(
        programme=firm.programme, code="cem", kind="scene", name="x", organisation="cement", state="active"
    )
    page = client.get("/inclusion/firm/credit/")
    said = words_of(page)
    for fact in (
        "开通企业碳账户",
        "2026-10 减碳行为获得积分 700",
        "作为场景方参加信碳通：合作中",
        "账本",
        "合作方名录",
    ):
        assert fact in said, fact
    assert client.get("/inclusion/firm/credit/?export=csv").status_code == 200
    for address in ("firm/", "firm/statement/", "firm/credit/"):
        client.get(f"/inclusion/{address}")
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/inclusion/{address}").status_code == 200
        assert len(asked) <= 12, (address, len(asked))


def test_another_firm_s_team_cannot_be_invited_to(client, firm, join) -> None:
    other = Member.objects.create(programme=firm.programme, kind="firm", organisation="x", joined_at=NOW)
    team = Circle.objects.create(
        programme=firm.programme, kind="team", name="别家", invitation="h", firm=other, made_at=NOW
    )
    assert client.post("/inclusion/firm/team/", {"team": str(team.pk)}).status_code == 404


# ---------------------------------------------------------------- API


def test_the_api_gives_a_member_their_own_account_and_nobody_s_name(client, mine, settings) -> None:
    member, _mate, _circle = mine
    settings.API_RATES = {"anonymous": "9999/min", "person": "9999/min"}
    _token, text = tokens.make(member.user, name="t", scopes=["inclusion:read"], lasts=timedelta(days=1), now=NOW)
    client.logout()
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/inclusion/me").status_code == 401
    account = client.get("/api/inclusion/me", headers=headers).json()
    assert (account["available"], account["pending"], account["grams"], account["level"]) == (94, 8, 15_420, "新芽")
    first = client.get("/api/inclusion/me/statement?limit=2", headers=headers).json()
    rest = client.get("/api/inclusion/me/statement", {"after": first["next"]}, headers=headers).json()
    assert [line["change"] for line in first["lines"] + rest["lines"]] == [0, 8, 4, 90]
    events = client.get("/api/inclusion/me/events", headers=headers).json()
    assert [row["state"] for row in events["items"]] == ["held", "posted", "posted"]
    said = f"{account}{first}{events}"
    assert not any(word in said for word in ("欧阳试验", "13987654321", member.user.username))
    assert client.get("/api/inclusion/me/statement?after=forged", headers=headers).status_code == 404


def test_the_demo_is_made_once(programme, person, partner) -> None:
    from dafeng.domains.inclusion.members.demo import ensure_demo

    user = person(username="citizen")
    user.demo = True
    user.save()
    bus = partner("bus-demo", demo=True)
    for _ in range(2):
        ensure_demo(programme, now=NOW)
    member = accounts.member_of(user)
    assert Member.objects.filter(kind="person").count() == 61
    assert Member.objects.filter(kind="firm").count() == 1
    assert {each.circle.kind for each in circles.places_of(member)} == {"family", "team"}
    tokens_of = list(bus.bindings.values_list("token", flat=True))
    assert len(accounts.resolve(bus, tokens_of)) == 61
    assert {row.rank for row in challenges.ranking(Challenge.objects.get())} == {1}  # nobody has acted yet: all tie
    assert uuid.UUID(member.pseudonym)
