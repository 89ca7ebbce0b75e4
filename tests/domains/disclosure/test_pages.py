"""The offices' pages: import with faults and preview, erasure by the administrator, a case through two hands."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dafeng.domains.disclosure import voices
from dafeng.domains.disclosure.models import Duty, Exposure, Voice, VoiceContact
from dafeng.kernel.records.models import Record
from tests.domains.disclosure.conftest import NOW
from tests.domains.disclosure.test_sheet import GOOD, book

UPLOAD = "/open/411500/desk/register/import/"


def sheet_file(*rows) -> SimpleUploadedFile:
    return SimpleUploadedFile("名录.xlsx", book(*rows).read())


def test_a_sheet_with_faults_is_answered_by_row_and_column_and_a_good_one_is_committed_and_undone(
    client, open_city, person
) -> None:
    client.force_login(person("ndrc"))
    answer = client.post(UPLOAD, {"file": sheet_file(GOOD, ["示例乙公司", "", "浦东新区", *GOOD[3:]])})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<th scope="row">3</th><td class="nowrap">县区</td>' in page
    assert "没有导入任何行" in page
    assert not Record.objects.exists()
    answer = client.post(UPLOAD, {"file": sheet_file(GOOD)})
    assert answer.status_code == 302
    assert "示例甲公司" in client.get(answer.url).content.decode()
    assert not Duty.objects.exists()
    assert client.post(f"{answer.url}step/", {"state": "previewed", "action": "commit"}).status_code == 302
    assert Duty.objects.count() == 1
    # A second tab that still shows the preview.
    assert client.post(f"{answer.url}step/", {"state": "previewed", "action": "commit"}).status_code == 409
    client.post(f"{answer.url}step/", {"state": "committed", "action": "undo", "reason": "传错了"})
    assert not Duty.objects.filter(withdrawn_at=None).exists()


def test_what_is_no_sheet_is_answered_in_words(client, open_city, person) -> None:
    client.force_login(person("ecology"))
    answer = client.post(UPLOAD, {"file": SimpleUploadedFile("a.xlsx", b"%PDF-1.7")})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("role", ["leader", "statistics", "department", "county", "admin", "enterprise", "citizen"])
def test_others_do_not_keep_the_register(client, open_city, person, role) -> None:
    client.force_login(person(role))
    for address in (UPLOAD, "/open/411500/desk/register/new/", "/open/411500/desk/register/template/"):
        assert client.get(address).status_code == 403, address


def test_a_duty_is_listed_by_hand_with_its_faults_shown(client, open_city, person) -> None:
    client.force_login(person("ecology"))
    given = {"name": "示例丙公司", "place": "411522", "kind": "esg", "year": "2025", "binding": "yes", "source": "名单"}
    wrong = client.post("/open/411500/desk/register/new/", given | {"credit_code": "914403001922038215"})
    assert wrong.status_code == 422
    assert "GB 32100" in wrong.content.decode()
    assert client.post("/open/411500/desk/register/new/", given).status_code == 302
    assert Duty.objects.get().binding
    assert Duty.objects.get().due == date(2026, 4, 30)


def test_the_administrator_erases_and_sees_no_contact(client, open_city, person) -> None:
    voice, _code = voices.submit(
        open_city, kind="report", category="other", place="411500", text="要删除的原文", contact="13912345678",
        address="a", now=NOW,
    )  # fmt: skip
    address = f"/open/voices/{voice.record_id}/"
    client.force_login(person("leader"))
    assert client.post(f"{address}erase/").status_code == 403
    client.force_login(person("admin"))
    assert client.post(f"{address}contact/").status_code == 403
    assert client.post(f"{address}erase/").status_code == 302
    assert not VoiceContact.objects.exists()
    assert Voice.objects.get().text == ""
    assert "应要求删除" in client.get(address).content.decode()


def test_a_case_goes_through_two_hands_to_the_public_list(client, open_city, person) -> None:
    first, second = person("ecology"), person("ndrc")
    given = {
        "subject": "示例铸造有限公司", "category": "pollution", "place": "411522", "facts": "未运行治污设施。",
        "basis": "示例决定书", "authority": "示例局", "decided_on": "2099-01-01", "until": "2099-12-31",
    }  # fmt: skip
    client.force_login(first)
    made = client.post("/open/411500/desk/cases/new/", given)
    assert made.status_code == 302
    step = f"{made.url}step/"
    client.post(step, {"state": "draft", "action": "submit"})
    assert client.post(step, {"state": "legal", "action": "approve", "reason": "可以"}).status_code == 403
    client.force_login(second)
    client.post(step, {"state": "legal", "action": "approve", "reason": "依据充分"})
    assert "示例铸造" not in client.get("/open/411500/cases/").content.decode()
    client.post(step, {"state": "approved", "action": "publish"})
    client.logout()
    assert "示例铸造" in client.get("/open/411500/cases/").content.decode()
    assert Exposure.objects.get().published_at
