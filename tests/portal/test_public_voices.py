"""What a citizen and an enterprise do on the public site, each step by its form."""

from __future__ import annotations

from tests.portal.conftest import NOW

# ---------------------------------------------------------------- a citizen's way

WORDS = {"kind": "report", "category": "pollution", "place": "411502", "text": "河边有黑水，气味很大。"}


def test_a_citizen_reports_gets_a_receipt_once_follows_and_erases(client, open_city, run) -> None:
    from dafeng.domains.disclosure.models import Voice, VoiceContact

    answer = client.post("/open/411500/voice/", WORDS | {"name": "李四", "contact": "微信 lisi"})
    assert answer.status_code == 302
    held = client.session["voice_receipt"]
    page = client.get(answer.url).content.decode()
    code = page.split('class="receipt">')[1].split("<")[0]
    assert code not in held
    assert client.get("/open/411500/voice/sent/").status_code == 302  # shown once
    shown = client.post("/open/411500/voice/status/", {"code": code})
    assert "已收到" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert "黑水" not in shown.content.decode()  # whoever finds a receipt does not read what was written
    assert client.post("/open/411500/voice/status/", {"code": "7K3M-9QXT-2B4C-8D6E"}).status_code == 404
    assert client.post("/open/411500/voice/erase/", {"code": code}).status_code == 302
    assert Voice.objects.get().text == ""
    assert not VoiceContact.objects.exists()


def test_a_form_with_a_fault_keeps_what_was_typed(client, open_city) -> None:
    answer = client.post("/open/411500/voice/", WORDS | {"text": "短", "name": "李四"})
    assert answer.status_code == 422
    assert 'value="李四"' in answer.content.decode()


def test_a_program_that_fills_in_the_hidden_field_is_refused(client, open_city) -> None:
    from dafeng.domains.disclosure.models import Voice

    assert client.post("/open/411500/voice/", WORDS | {"website": "https://spam.example"}).status_code == 422
    assert not Voice.objects.exists()


def test_the_form_needs_its_token(open_city) -> None:
    from django.test import Client

    assert Client(enforce_csrf_checks=True).post("/open/411500/voice/", WORDS).status_code == 403


def test_too_many_voices_are_stopped_with_what_was_typed_kept(client, open_city) -> None:
    for _ in range(5):
        assert client.post("/open/411500/voice/", WORDS).status_code == 302
    answer = client.post("/open/411500/voice/", WORDS)
    assert answer.status_code == 429
    assert "河边有黑水" in answer.content.decode()


def test_the_number_asked_about_comes_prefilled(client, open_city) -> None:
    page = client.get("/open/411500/voice/?about=%2Finventory%2F411500%2Flineage%2F%3Fyear%3D2021").content.decode()
    assert 'value="/inventory/411500/lineage/?year=2021"' in page


def test_two_officers_take_a_voice_to_the_public_page(client, open_city, run, person) -> None:
    from dafeng.domains.disclosure.models import Voice

    client.post("/open/411500/voice/", WORDS)
    voice = Voice.objects.get()
    step = f"/open/voices/{voice.record_id}/step/"
    ndrc, ecology = person("ndrc"), person("ecology")
    client.force_login(ndrc)
    client.post(step, {"state": "received", "action": "assign", "office": "ecology"})
    assert client.post(step, {"state": "received", "action": "assign", "office": "ecology"}).status_code == 409
    client.force_login(ecology)
    client.post(step, {"state": "assigned", "action": "answer", "text": "已派人查看并处理。"})
    public = {
        "state": "answered",
        "action": "publish",
        "question": "河水为什么黑？",
        "text": "已派人查看。",
        "agreed": "on",
    }
    assert client.post(step, public).status_code == 403  # the same person
    client.force_login(ndrc)
    refused = client.post(step, public | {"text": "请打 13912345678"})
    assert refused.status_code == 422
    assert "个人信息" in refused.content.decode()
    assert client.post(step, {k: v for k, v in public.items() if k != "agreed"}).status_code == 422
    assert client.post(step, public).status_code == 302
    client.logout()
    assert "河水为什么黑？" in client.get("/open/411500/answers/").content.decode()


# ---------------------------------------------------------------- an enterprise's way


def test_an_enterprise_files_for_itself_and_for_nobody_else(client, open_city, run, person) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from dafeng.domains.disclosure import register
    from dafeng.domains.disclosure.models import Filing

    ours = register.ensure_entity(open_city, name="甲", organisation="enterprise", by=None, now=NOW)
    theirs = register.ensure_entity(open_city, name="乙", organisation="other", by=None, now=NOW)
    mine, other = (
        register.add_duty(each, kind="key_emitter", year=2025, source="x", by=None, now=NOW) for each in (ours, theirs)
    )
    client.force_login(person("enterprise"))
    assert client.get(f"/open/duties/{other.pk}/file/").status_code == 404
    given = {"disclosed_on": "2026-03-10", "greenhouse": "on"}
    bad = client.post(f"/open/duties/{mine.pk}/file/", given | {"file": SimpleUploadedFile("a.pdf", b"<html>")})
    assert bad.status_code == 422
    assert not Filing.objects.exists()
    made = client.post(
        f"/open/duties/{mine.pk}/file/", given | {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7 report")}
    )
    assert made.status_code == 302
    filing = Filing.objects.get()
    assert (
        client.post(f"/open/filings/{filing.record_id}/step/", {"state": "submitted", "action": "check"}).status_code
        == 403
    )
    client.force_login(person("ecology"))
    for state, action in (("submitted", "check"), ("checked", "publish")):
        client.post(f"/open/filings/{filing.record_id}/step/", {"state": state, "action": action})
    client.logout()
    page = client.get("/open/411500/register/").content.decode()
    assert "已披露" in page
    report = client.get(f"/open/filings/{filing.record_id}/report/")
    assert b"".join(report.streaming_content) == b"%PDF-1.7 report"
    assert report["Content-Type"] == "application/octet-stream"
