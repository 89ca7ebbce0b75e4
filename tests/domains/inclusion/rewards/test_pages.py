"""Every page of the room as those who use it see it; what is not theirs they do not find."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.inclusion.models import Appropriation, Award, Budget, PaymentFile, RewardChoice, RewardRule
from dafeng.domains.inclusion.rewards import choices, payments
from tests.domains.inclusion.rewards.conftest import GOOD, NOW, RESULT, TITLE, TRIPS, Office

pytestmark = pytest.mark.usefixtures("clock")
FORM = {
    "data_mass": "110.5", "data_site": "信阳市", "data_livelihood": "否", "subject": "示范项目", "name": "信阳某公司",
    "bank": "中国农业银行", "number": "6228480000000000018",
}  # fmt: skip


@pytest.fixture
def enter(office: Office) -> Any:
    """A browser of somebody's own."""

    def make(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


def address(name: str, *args: Any, **named: Any) -> str:
    return reverse(f"inclusion:{name}", args=args, kwargs=named)


def page_of(client: Client, where: str) -> str:
    """A page that keeps the house rules: one heading, help, nothing inline, at most twelve questions."""
    client.get(where)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(where)
    assert answer.status_code == 200, (where, answer.status_code)
    text = answer.content.decode()
    assert len(asked) <= 12, "\n".join([where, *(each["sql"] for each in asked)])
    assert text.count("<h1") == 1, where
    assert 'class="help"' in text, where
    assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text), where
    return text


def test_every_page_opens_for_those_it_is_made_for(office: Office, enter: Any) -> None:
    office.money(10**6)
    rule = office.rule()
    office.rule(RESULT | {"exclusive_with": ["recycling"]}, code="other")
    trips = office.rule(TRIPS, code="trips")
    member, firm = office.member(), office.firm()
    office.trip(member)
    sent = office.apply(trips, member, {})
    returned = office.step(office.apply(rule, firm, subject="乙"), "return", reason="请补材料")
    paid = office.payable(office.apply(rule, firm))
    published = office.step(office.apply(rule, office.firm(2)), "check", "approve", "publish")
    made = office.pay(paid)
    own = {"code": rule.code, "number": rule.number}
    citizen = [
        address("rewards"), address("reward-rule", **own), address("reward-rule", code="other", number=1),
        address("my-rewards"), address("award", sent.pk), address("reward-apply", code="trips", number=1),
    ]  # fmt: skip
    company = [
        address("award", paid.pk),
        address("award-mend", returned.pk),
        address("reward-apply", **own),
        address("my-rewards"),
    ]
    desk = [
        *citizen[:4], *(address("award", each.pk) for each in (sent, returned, paid, published)), address("reward-desk"),
        address("reward-rules"), address("reward-budgets"), address("reward-payments"), address("reward-payment", made.pk),
    ]  # fmt: skip
    for user, pages in ((member.user, citizen), (office.owner(firm), company), (office.person("ndrc"), desk), (office.person("operator"), [*desk, address("reward-rule-new")])):  # fmt: skip
        client = enter(user)
        for each in pages:
            page_of(client, each)
    for each in citizen[:3]:
        page_of(Client(), each)


def test_a_citizen_finds_only_what_is_theirs(office: Office, enter: Any) -> None:
    office.money(10**6)
    rule = office.rule()
    award = office.payable(office.apply(rule, office.firm()))
    made = payments.draw(office.programme, [award], by=office.person("ndrc"), now=NOW + timedelta(days=7))
    draft = RewardRule.objects.create(
        programme=office.programme, code="draft", number=1, title="草拟办法", content=rule.content, valid_from=rule.valid_from,
        record=_record(office),
    )  # fmt: skip
    stranger = enter(office.member(2).user)
    missing = [
        address("award", award.pk),
        address("award-mend", award.pk),
        address("reward-rule", code="draft", number=draft.number),
    ]
    assert [stranger.get(each).status_code for each in missing] == [404, 404, 404]
    assert stranger.post(address("award-step", award.pk), {"action": "withdraw", "state": "payable"}).status_code == 404
    closed = ["reward-desk", "reward-rules", "reward-budgets", "reward-payments", "reward-rule-new"]
    assert {stranger.get(address(each)).status_code for each in closed} == {403}
    assert stranger.get(address("reward-payment", made.pk)).status_code == 403
    for name in ("reward-payment-file", "reward-payment-step"):
        assert stranger.post(address(name, made.pk)).status_code == 403
        assert enter(office.person("operator")).post(address(name, made.pk)).status_code == 403
    # The pages of records and papers know nothing of it either.
    assert stranger.get(f"/records/{award.record_id}/").status_code == 404


def _record(office: Office) -> Any:
    from dafeng.kernel.records import services as records

    return records.open_record("reward.rule", title="草拟办法", payload={}, by=office.person("operator"), now=NOW)


def test_the_owner_cannot_take_the_steps_of_an_office(office: Office, enter: Any) -> None:
    office.money(10**6)
    award = office.apply(office.rule(), office.firm())
    client = enter(office.owner(award.member))
    assert "初审通过" not in page_of(client, address("award", award.pk))
    for action in ("check", "approve", "publish", "pay", "nonsense"):
        client.post(address("award-step", award.pk), {"action": action, "state": "submitted"})
        award.record.refresh_from_db()
        assert award.record.state == "submitted"
    client.post(address("award-step", award.pk), {"action": "withdraw", "state": "submitted"})
    award.record.refresh_from_db()
    assert award.record.state == "withdrawn"


def test_a_firm_applies_sees_every_line_and_sends_it_once(office: Office, enter: Any) -> None:
    rule, firm = office.rule(), office.firm()
    client = enter(office.owner(firm))
    where = address("reward-apply", code=rule.code, number=1)
    key = re.search(r'name="request" value="(\w{32})"', page_of(client, where))
    assert key
    paper = SimpleUploadedFile("结算单.pdf", b"%PDF-1.4 test", "application/pdf")
    data = FORM | {"request": key[1], "account": str(firm.pk)}
    first = client.post(where, data | {"proof": paper})
    assert first.status_code == 302
    assert client.post(where, data)["Location"] == first["Location"]
    assert Award.objects.count() == 1
    text = page_of(client, first["Location"])
    assert "符合" in text
    assert "1,005.00" in text
    assert "尾号 0018" in text
    assert "结算单.pdf" in text
    assert "6228480000000000018" not in text


def test_what_is_wrong_in_a_form_is_said_there(office: Office, enter: Any) -> None:
    rule, firm = office.rule(), office.firm()
    client, where = enter(office.owner(firm)), address("reward-apply", code="recycling", number=1)
    data = FORM | {"request": "k1", "account": str(firm.pk)}
    for wrong in ({"data_mass": "-5"}, {"number": "12"}, {"data_site": "火星"}, {"account": "999999"}):
        assert client.post(where, data | wrong).status_code == 422
    shell = SimpleUploadedFile("run.exe", b"MZ", "application/pdf")
    answer = client.post(where, data | {"proof": shell})
    assert answer.status_code == 422
    assert "PDF" in answer.content.decode()
    assert not Award.objects.exists()
    client.post(where, data)
    again = client.post(where, data | {"request": "k2"})
    assert again.status_code == 422
    assert "已经申请过" in again.content.decode()
    assert rule.awards.count() == 1


def test_what_fails_the_rule_is_shown_with_its_reason(office: Office, enter: Any) -> None:
    office.rule()
    firm = office.firm()
    client = enter(office.owner(firm))
    data = FORM | {"request": "k1", "account": str(firm.pk), "data_site": "外地"}
    text = client.post(address("reward-apply", code="recycling", number=1), data, follow=True).content.decode()
    assert "不符合" in text
    assert "✗" in text
    assert "自动核对没有通过" in text


def test_who_has_no_account_is_told_so(office: Office, enter: Any) -> None:
    office.rule(TITLE, code="title")
    client = enter(office.person("citizen", 9))
    answer = client.get(address("reward-apply", code="title", number=1), follow=True)
    assert "请先开通" in answer.content.decode()
    assert "开通碳账户" in page_of(client, address("my-rewards"))


def test_a_person_chooses_money_for_trips_and_points_again(office: Office, enter: Any) -> None:
    office.rule(TRIPS, code="trips")
    member = office.member()
    client = enter(member.user)
    assert "改为得奖励资金" in page_of(client, address("my-rewards"))
    client.post(address("reward-choose"), {"money": "1"})
    client.post(address("reward-choose"), {"money": "1"})
    assert RewardChoice.objects.filter(member=member, until=None).count() == 1
    assert "改为得积分" in page_of(client, address("my-rewards"))
    client.post(address("reward-choose"), {"money": "0"})
    assert not RewardChoice.objects.filter(until=None).exists()
    assert enter(office.person("citizen", 9)).post(address("reward-choose"), {"money": "1"}).status_code == 404


def test_the_whole_way_through_the_pages(office: Office, enter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ndrc, second, ecology, operator = (
        enter(office.person(*who)) for who in (("ndrc",), ("ndrc", 2), ("ecology",), ("operator",))
    )
    ndrc.post(address("reward-budget-new"), {"code": "special", "title": "专项资金"})
    assert Budget.objects.filter(code="special").exists()
    ndrc.post(
        address("reward-appropriate"), {"budget": "special", "year": "2026", "yuan": "3000.00", "document": "试验文号"}
    )
    row = Appropriation.objects.get()
    step = address("reward-appropriation-step", row.pk)
    ndrc.post(step, {"action": "book", "state": "proposed"})
    row.record.refresh_from_db()
    assert row.record.state == "proposed"  # not by who proposed it
    second.post(step, {"action": "book", "state": "proposed"})
    assert "3,000.00" in page_of(ndrc, address("reward-budgets"))
    drafted = {
        "code": "recycle", "title": "循环利用奖励", "kind": "result", "beneficiaries": ["firm"], "document": "试验文件", "clause": "一",
        "budget": "special", "rate": "10", "measure_title": "循环利用量", "unit": "吨", "floor": "10", "days": "5", "tilt": "10",
        "conditions": "所在地 | = | 信阳市 | 项目在本市", "valid_from": "2026-01-01",
    }  # fmt: skip
    answer = operator.post(address("reward-rule-new"), drafted)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    rule = RewardRule.objects.get()
    moves = address("reward-rule-step", code="recycle", number=1)
    operator.post(moves, {"action": "submit", "state": "draft"})
    operator.post(moves, {"action": "adopt", "state": "review"})
    rule.record.refresh_from_db()
    assert rule.record.state == "review"
    ecology.post(moves, {"action": "adopt", "state": "review"})

    firm = office.firm()
    owner = enter(office.owner(firm))
    data = {"request": "k1", "account": str(firm.pk), "subject": "示范", "data_measure": "110.5", "data_f2": "信阳市", "data_livelihood": "否", "name": "公司", "bank": "行", "number": "62284800"}  # fmt: skip
    answer = owner.post(address("reward-apply", code="recycle", number=1), data)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    award = Award.objects.get()
    assert award.fen == 100_500
    steps = address("award-step", award.pk)
    for client, action, state in (
        (operator, "check", "submitted"),
        (ecology, "approve", "checked"),
        (ndrc, "publish", "approved"),
    ):
        assert f'value="{action}"' in page_of(client, address("award", award.pk))
        client.post(steps, {"action": action, "state": state})
    assert "公示至 2026-11-26" in page_of(owner, address("award", award.pk))
    assert "示范" in page_of(Client(), address("rewards"))
    assert ndrc.post(steps, {"action": "release", "state": "approved"}).status_code == 409  # it has moved on meanwhile
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + timedelta(days=6))
    ndrc, second, owner = enter(office.person("ndrc")), enter(office.person("ndrc", 2)), enter(office.owner(firm))
    ndrc.post(steps, {"action": "release", "state": "published"})
    assert "示范" in page_of(ndrc, address("reward-payments"))
    where = ndrc.post(address("reward-draw"), {"award": [str(award.pk)]})["Location"]
    assert "须由另一位同事复核" in page_of(ndrc, where)
    made = PaymentFile.objects.get()
    second.post(address("reward-payment-step", made.pk), {"action": "approve", "state": "drawn"})
    second.post(address("reward-payment-step", made.pk), {"action": "settle", "state": "approved"})
    award.record.refresh_from_db()
    assert award.record.state == "paid"
    assert "国库已支付" in page_of(owner, address("award", award.pk))
    file = second.post(address("reward-payment-file", made.pk))
    assert file["Cache-Control"] == "no-store"
    assert "1005.00" in file.content.decode()
    from dafeng.kernel.records import services as records

    assert [each.action for each in records.history("payment", made.number)] == ["reward.payment.file"]
    assert ndrc.post(address("reward-draw"), {"award": ["x"]}).status_code == 404


def test_a_returned_application_is_mended_on_its_page(office: Office, enter: Any) -> None:
    award = office.step(office.apply(office.rule(), office.firm()), "return", reason="请核对吨数")
    client, where = enter(office.owner(award.member)), address("award-mend", award.pk)
    assert "请核对吨数" in page_of(client, where)
    answer = client.post(where, {"data_mass": "60", "data_site": "信阳市", "data_livelihood": "否"})
    assert answer.status_code == 302
    award.refresh_from_db()
    assert award.fen == 50_000
    assert client.get(where).status_code == 404


def test_the_public_reads_rules_and_notices_over_http(office: Office) -> None:
    office.money(10**6)
    award = office.step(office.apply(office.rule(), office.member()), "check", "approve", "publish")
    office.apply(office.rule(code="other"), office.member())
    rules = Client().get("/api/inclusion/rewards/rules").json()
    assert [each["code"] for each in rules] == ["other", "recycling"]
    assert rules[1]["amount"] == "每吨 10.00 元，超过 10吨的部分"
    found = Client().get("/api/inclusion/rewards/notices").json()
    assert found["total"] == 1
    assert found["items"][0]["public_name"] == "张**"
    assert found["items"][0]["fen"] == award.fen
    assert GOOD["mass"] not in str(found)


def test_the_desk_has_its_places_and_the_records_their_pages(office: Office, enter: Any) -> None:
    award = office.apply(office.rule(), office.firm())
    operator = enter(office.person("operator"))
    assert address("award", award.pk) in operator.get("/tasks/").content.decode()
    answer = operator.get(f"/records/{award.record_id}/")
    assert answer.status_code in (200, 302)
    assert choices.groups_with_rules(NOW.date()) == set()
