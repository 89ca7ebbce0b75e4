"""Citizens' voices: receipts, roles, two persons, nothing personal in public or in the chain, erasure, limits, statistics."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from dafeng.domains.disclosure import receipts, voices
from dafeng.domains.disclosure.errors import DisclosureError, RateLimited
from dafeng.domains.disclosure.models import Attempt, Voice, VoiceContact
from dafeng.kernel.errors import NotFound, PermissionDenied, TransitionError, UploadError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry, Record
from tests.domains.disclosure.conftest import NOW
from tests.domains.disclosure.test_methods import jpeg

SECRET = {"name": "张三丰", "contact": "13912345678"}


def sent(city, **more):
    given = {
        "kind": "report", "category": "pollution", "place": "411502", "text": "河边有黑水，气味很大。", "address": "192.0.2.1",
    } | more  # fmt: skip
    return voices.submit(city, **{"now": NOW} | given)


@pytest.fixture
def people(person):
    return {
        "ndrc": person("ndrc"), "ecology": person("ecology"), "county": person("county", "county", "county-411502"),
        "other": person("county", "other", "county-411522"),
    }  # fmt: skip


def answered(city, people):
    voice, code = sent(city, **SECRET)
    voices.assign(voice, office="county-411502", by=people["ndrc"], now=NOW)
    voices.answer(voice, text="已派人查看并处理。", by=people["county"], now=NOW)
    return voice, code


# ---------------------------------------------------------------- receipts


def test_a_receipt_has_eighty_random_bits_and_is_kept_only_as_a_keyed_hash(open_city) -> None:
    codes = [receipts.new_receipt() for _ in range(2000)]
    assert len(set(codes)) == 2000
    assert all(len(code.replace("-", "")) == 16 and set(code) <= set(receipts.ALPHABET + "-") for code in codes)
    assert len(receipts.ALPHABET) ** 16 == 2**80
    # Every sign occurs at every place about as often as any other: 2000/32 = 62.5, sd 7.8; six sd are allowed.
    for place in (0, 7, 18):
        counts = [sum(code[place] == sign for code in codes) for sign in receipts.ALPHABET]
        assert max(counts) < 62.5 + 6 * 7.8
        assert min(counts) > 62.5 - 6 * 7.8
    voice, code = sent(open_city)
    stored = str(Voice.objects.filter(pk=voice.pk).values().get())
    assert code not in stored
    assert code.replace("-", "") not in stored


def test_a_receipt_is_found_however_it_is_typed_and_another_is_not(open_city) -> None:
    voice, code = sent(open_city)
    typed = [
        code,
        code.lower(),
        code.replace("-", ""),
        code.replace("-", " "),
        code.replace("0", "O").replace("1", "l"),
    ]
    for each in typed:
        assert voices.by_receipt(each, address="a", now=NOW).pk == voice.pk
    for wrong in ("", "0000-0000-0000-0000", code[:-1], voice.receipt, str(voice.pk)):
        with pytest.raises(NotFound):
            voices.by_receipt(wrong, address="b", now=NOW)


def test_guessing_receipts_is_stopped(open_city) -> None:
    for _ in range(20):
        with pytest.raises(NotFound):
            voices.by_receipt("AAAA", address="203.0.113.9", now=NOW)
    with pytest.raises(RateLimited):
        voices.by_receipt("AAAA", address="203.0.113.9", now=NOW)
    with pytest.raises(NotFound):
        voices.by_receipt("AAAA", address="203.0.113.9", now=NOW + timedelta(hours=1, seconds=1))


def test_five_voices_an_hour_from_one_address_and_the_address_itself_is_not_kept(open_city) -> None:
    for _ in range(5):
        sent(open_city)
    with pytest.raises(RateLimited):
        sent(open_city)
    sent(open_city, address="192.0.2.2")
    assert Voice.objects.count() == 6
    assert not any("192.0.2" in row.key for row in Attempt.objects.all())
    sent(open_city, now=NOW + timedelta(days=1, seconds=1))
    assert Attempt.objects.filter(at__lte=NOW).count() == 0


# ---------------------------------------------------------------- workflow


def test_the_answer_is_due_after_ten_working_days(open_city) -> None:
    # Saturday 21 November 2026 → Friday 4 December.
    assert sent(open_city)[0].due == date(2026, 12, 4)


def test_a_voice_is_seen_by_who_directs_and_by_the_office_that_has_it(open_city, people, person) -> None:
    voice, _code = sent(open_city)

    def sees(user) -> bool:
        return voices.voices_for(user).filter(pk=voice.pk).exists()

    assert sees(people["ndrc"])
    assert sees(people["ecology"])
    assert not sees(people["county"])
    voices.assign(voice, office="county-411502", by=people["ndrc"], now=NOW)
    assert sees(people["county"])
    assert not sees(people["other"])
    for role in ("citizen", "enterprise", "bank", "verifier", "grid"):
        assert not sees(person(role))
    assert not sees(None)


def test_only_the_office_that_has_it_or_who_directs_answers(open_city, people) -> None:
    voice, _code = sent(open_city)
    voices.assign(voice, office="county-411502", by=people["ndrc"], now=NOW)
    with pytest.raises(PermissionDenied):
        voices.answer(voice, text="不是我办的", by=people["other"], now=NOW)
    with pytest.raises(PermissionDenied):
        voices.assign(voice, office="county-411522", by=people["county"], now=NOW)
    voices.answer(voice, text="已派人查看。", by=people["county"], now=NOW)
    assert voice.record.state == "answered"


def test_whoever_answered_does_not_publish(open_city, people) -> None:
    voice, code = sent(open_city)
    voices.assign(voice, office="ecology", by=people["ndrc"], now=NOW)
    voices.answer(voice, text="已派人查看并处理。", by=people["ecology"], now=NOW)
    for way in (
        lambda: voices.publish(voice, question="河水为什么黑？", text="已处理。好的", by=people["ecology"], now=NOW),
        lambda: voices.step(voice, "close", by=people["ecology"], now=NOW, reason="涉及隐私"),
    ):
        with pytest.raises(PermissionDenied, match="另一人"):
            way()
    assert voices.answer_for_writer(voice) == ("", "")
    voices.publish(voice, question="河水为什么黑？", text="已派人查看并处理。", by=people["ndrc"], now=NOW)
    found = voices.by_receipt(code, address="a", now=NOW)
    assert voices.answer_for_writer(found) == ("已派人查看并处理。", "")


def test_closing_and_rejecting_need_a_reason_that_the_writer_sees(open_city, people) -> None:
    voice, code = answered(open_city, people)
    with pytest.raises(TransitionError):
        voices.step(voice, "close", by=people["ecology"], now=NOW, reason=" ")
    voices.step(voice, "close", by=people["ecology"], now=NOW, reason="涉及个人")
    assert voices.answer_for_writer(voices.by_receipt(code, address="a", now=NOW)) == ("已派人查看并处理。", "涉及个人")
    other, code = sent(open_city)
    voices.step(other, "reject", by=people["ecology"], now=NOW, reason="辱骂")
    assert voices.answer_for_writer(voices.by_receipt(code, address="a", now=NOW)) == ("", "辱骂")


@pytest.mark.parametrize(
    "trace",
    [
        "电话13912345678",
        "身份证 41150219900101123X",
        "座机0376-6221234",
        "邮箱 a.b@example.com",
        "由张三丰反映",
        "41150219900101123x",
    ],
)
def test_a_published_text_with_personal_data_is_refused(open_city, people, trace) -> None:
    voice, _code = answered(open_city, people)
    for question, text in ((f"问题 {trace}", "已派人查看"), ("河水为什么黑？", f"答复 {trace}")):
        with pytest.raises(DisclosureError, match="个人信息"):
            voices.publish(voice, question=question, text=text, by=people["ecology"], now=NOW)
    assert not voices.published(open_city).exists()


def test_ordinary_numbers_are_not_taken_for_personal_data(open_city, people) -> None:
    voice, _code = answered(open_city, people)
    voices.publish(
        voice,
        question="2021 年的 1514.1 万吨是怎么来的？",
        text="见 GB/T 2589-2020，共 20211231 条。",
        by=people["ecology"],
        now=NOW,
    )
    assert voices.published(open_city).count() == 1


# ---------------------------------------------------------------- privacy


def test_contact_details_are_encrypted_and_each_look_is_audited(open_city, people, person) -> None:
    voice, _code = answered(open_city, people)
    raw = bytes(VoiceContact.objects.get().sealed)
    assert b"139" not in raw
    assert SECRET["name"].encode() not in raw
    assert voices.contact_of(voice, by=people["county"], now=NOW) == SECRET | {"user": ""}
    assert AuditEntry.objects.latest("seq").action == "disclosure.voice.contact"
    for role in ("leader", "admin", "citizen"):
        with pytest.raises(PermissionDenied):
            voices.contact_of(voice, by=person(role), now=NOW)


def test_nothing_personal_goes_into_records_or_the_audit_chain(open_city, people, person) -> None:
    citizen = person("citizen", "wang-xiaoming")
    voice, code = sent(open_city, **SECRET, by=citizen)
    voices.assign(voice, office="county-411502", by=people["ndrc"], now=NOW)
    said = "".join(f"{e.actor} {e.action} {e.subject_id} {e.detail_text}" for e in AuditEntry.objects.all())
    said += str(list(Record.objects.of_kind(voices.KIND).values()))
    for personal in (*SECRET.values(), "wang-xiaoming", "黑水", code):
        assert personal not in said


def test_erasing_takes_everything_personal_and_leaves_the_record(
    open_city, people, django_capture_on_commit_callbacks
) -> None:
    voice, code = sent(open_city, **SECRET, photos=[voices.Photo("a.jpg", 100, jpeg())])
    photo = voice.photos.get()
    storage, name = photo.file.storage, photo.file.name
    assert storage.exists(name)
    assert b"GPS" not in photo.file.read()
    with django_capture_on_commit_callbacks(execute=True):
        voices.erase(voices.by_receipt(code, address="a", now=NOW), by=None, now=NOW, asked_by="writer")
    voice.refresh_from_db()
    assert voice.text == ""
    assert not VoiceContact.objects.exists()
    assert not voice.photos.exists()
    assert not storage.exists(name)
    assert Record.objects.filter(pk=voice.record_id).exists()
    last = AuditEntry.objects.latest("seq")
    assert (last.action, last.detail) == ("disclosure.voice.erase", {"asked_by": "writer", "photos": 1})
    assert records.verify_chain().ok
    assert voices.by_receipt(code, address="a", now=NOW).erased_at == NOW
    with pytest.raises(TransitionError):
        voices.erase(voice, by=None, now=NOW, asked_by="writer")


@pytest.mark.parametrize(
    ("photos", "says"),
    [
        ([voices.Photo("a.jpg", 5 * 2**20 + 1, b"")], "太大"),
        ([voices.Photo("a.jpg", 10, jpeg())] * 4, "照片太多"),
        ([voices.Photo("a.html", 10, b"<script>alert(1)</script>")], "不是可以接受的图片"),
    ],
)
def test_what_is_no_photo_is_refused_and_nothing_is_kept(open_city, photos, says) -> None:
    with pytest.raises(UploadError, match=says):
        sent(open_city, photos=photos)
    assert not Voice.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (
            "/inventory/411500/lineage/?category=1&gas=CO2&year=2021",
            "/inventory/411500/lineage/?category=1&gas=CO2&year=2021",
        ),
        ("https://evil.example/inventory/", ""),
        ("//evil.example/inventory/", ""),
        ("/inventory//evil.example", ""),
        ("javascript:alert(1)", ""),
        ("/logout/", ""),
        ('/inventory/"><script>', ""),
    ],
)
def test_the_number_asked_about_is_an_address_of_this_portal(typed, kept) -> None:
    assert voices.safe_about(typed) == kept


# ---------------------------------------------------------------- statistics


def test_statistics_count_answers_in_time_and_the_median_days(open_city, people) -> None:
    def at(day: int) -> datetime:
        return datetime(2026, 11, day, 2, 0, tzinfo=UTC)

    # Sent on Monday 2 November, due on Monday 16: answered after 3 and after 18 days; a third is open, a fourth rejected.
    for number, day in enumerate((5, 20)):
        voice, _code = sent(open_city, now=at(2), address=str(number))
        voices.assign(voice, office="ecology", by=people["ndrc"], now=at(2))
        voices.answer(voice, text="已经处理好了", by=people["ecology"], now=at(day))
        voices.publish(voice, question="怎么回事？？", text="已经处理好了", by=people["ndrc"], now=at(21))
    sent(open_city, now=at(2), address="c")
    rejected, _code = sent(open_city, now=at(2), address="d")
    voices.step(rejected, "reject", by=people["ecology"], now=at(3), reason="辱骂")
    assert voices.statistics(open_city, today=date(2026, 11, 21)) == {
        "received": 3, "answered": 2, "in_time": 50, "overdue": 1, "median_days": 10.5,
    }  # fmt: skip
    assert voices.statistics(open_city, today=date(2026, 11, 16))["overdue"] == 0
