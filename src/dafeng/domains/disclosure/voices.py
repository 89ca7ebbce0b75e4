"""Citizens' voices: take them in, give them to an office, answer, have a second person publish, erase who wrote.

The audit chain can never forget, so nothing personal goes into it: a voice is opened by the system, its record says only
kind, matter and place, and the text, the photographs and the contact details lie where they can be erased.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dafeng.domains.disclosure import people, receipts, rules
from dafeng.domains.disclosure.errors import DisclosureError
from dafeng.domains.disclosure.limits import count_attempt
from dafeng.domains.disclosure.methods.days import working_days_after
from dafeng.domains.disclosure.models import OpenCity, Voice, VoiceContact, VoicePhoto
from dafeng.kernel.actions import demand
from dafeng.kernel.desk import services as desk
from dafeng.kernel.errors import NotFound, TransitionError, UploadError
from dafeng.kernel.images import cleaned
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

KIND = "disclosure.voice"
OPEN_STATES = ("received", "assigned", "answered")
# What a published text must not hold: identity numbers, mobile and fixed telephones, mail addresses.
_PERSONAL = re.compile(
    r"(?<!\d)\d{17}[\dXx](?!\d)|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)|[\w.+-]+@[\w-]+\.\w+"
)
_ABOUT = re.compile(r"/(inventory|open)/[\w./?=&%:+\-]*")


@dataclass(frozen=True)
class Photo:
    """A file as it was sent."""

    name: str
    size: int
    content: bytes


# ---------------------------------------------------------------- taking in


def safe_about(text: str) -> str:
    """The address of a number in this portal, or nothing: a link to anywhere else is dropped."""
    text = text.strip()[:500]
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc and _ABOUT.fullmatch(text) and "//" not in text else ""


def clean_photos(sent: Iterable[Photo]) -> list[tuple[str, bytes]]:
    """Media types and bytes without metadata. Raises `UploadError` for too many, too big, or no pictures."""
    found = list(sent)
    if len(found) > rules.voices("photos"):
        raise UploadError(_("照片太多"), expected=_("最多 %(count)s 张") % {"count": rules.voices("photos")})
    for each in found:
        if each.size > rules.voices("photo_bytes"):
            raise UploadError(
                _("照片“%(name)s”太大") % {"name": each.name[:60]},
                expected=_("每张不超过 %(size)g MB") % {"size": rules.voices("photo_bytes") / 2**20},
            )
    return [cleaned(each.content, name=each.name[:60]) for each in found]


def submit(
    city: OpenCity,
    *,
    kind: str,
    category: str,
    place: str,
    text: str,
    address: str,
    now: datetime,
    about: str = "",
    name: str = "",
    contact: str = "",
    photos: Iterable[Photo] = (),
    by: Any = None,
) -> tuple[Voice, str]:
    """Take a voice in; returns it with the receipt code, which is shown once and kept nowhere.

    Raises `RateLimited`, `UploadError`, `DisclosureError`.
    """
    text = text.strip()
    if kind not in Voice.Kind.values or category not in rules.categories():
        raise DisclosureError(_("请选择类型和事项"))
    if place != city.code and place not in city.counties:
        raise DisclosureError(_("请从列表中选择地点"))
    if not 5 <= len(text) <= rules.voices("text_characters"):
        raise DisclosureError(
            _("内容太短或太长"), expected=_("5 到 %(most)s 个字") % {"most": rules.voices("text_characters")}
        )
    pictures = clean_photos(photos)
    limits = {timedelta(hours=1): rules.voices("submit_per_hour"), timedelta(days=1): rules.voices("submit_per_day")}
    count_attempt("submit", address, limits=limits, now=now)
    code = receipts.new_receipt()
    with records.serial():
        voice = Voice(
            city=city, kind=kind, category=category, place=place, about=safe_about(about), text=text, received_at=now,
            receipt=receipts.receipt_hashes(code)[0],
            due=working_days_after(timezone.localdate(now), rules.voices("answer_working_days")),
        )  # fmt: skip
        voice.record = records.open_record(
            KIND,
            title=f"{Voice.Kind(kind).label} {timezone.localdate(now):%Y%m%d}-{voice.pk.hex[:6]}",
            payload={"city": city.code, "kind": kind, "category": category},
            by=None,
            now=now,
            place=place,
        )
        voice.save(force_insert=True)
        details = {"name": name.strip()[:60], "contact": contact.strip()[:120]}
        if any(details.values()) or by is not None:
            VoiceContact.objects.create(voice=voice, sealed=receipts.seal(details), by=by)
        for number, (media_type, content) in enumerate(pictures, 1):
            ending = "jpg" if media_type == "image/jpeg" else "png"
            VoicePhoto.objects.create(
                voice=voice,
                file=ContentFile(content, name=f"{voice.pk.hex}-{number}.{ending}"),
                media_type=media_type,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
    return voice, code


# ---------------------------------------------------------------- the writer's side


def by_receipt(code: str, *, address: str, now: datetime) -> Voice:
    """The voice of a receipt. Raises `NotFound` (whatever is wrong with the code) and `RateLimited`."""
    count_attempt("lookup", address, limits={timedelta(hours=1): rules.voices("lookup_per_hour")}, now=now)
    voice = (
        Voice.objects.select_related("record", "city").filter(receipt__in=receipts.receipt_hashes(code[:60])).first()
    )
    if voice is None:
        raise NotFound(_("没有这个回执编号"), expected=_("提交后显示的 16 位编号"), mend=_("请检查有没有抄错"))
    return voice


def answer_for_writer(voice: Voice) -> tuple[str, str]:
    """(answer, reason) as its writer may see them: an answer once a second person has let it go."""
    state = voice.record.state
    answer = (voice.public_answer or voice.answer) if state in ("published", "closed") else ""
    reason = ""
    if state in ("closed", "rejected"):
        last = voice.record.moves.filter(to_state=state).order_by("-seq").first()
        reason = last.reason if last else ""
    return answer, reason


@transaction.atomic
def erase(voice: Voice, *, by: Any, now: datetime, asked_by: str) -> Voice:
    """Delete who wrote, what they wrote and their photographs; the record and the answer stay, and so does a published text.

    `asked_by`: `writer` (with the receipt) or `admin`; the audit says which.
    """
    with records.serial():
        locked = Voice.objects.select_for_update().get(pk=voice.pk)
        if locked.erased_at:
            raise TransitionError(_("个人信息已经删除"))
        VoiceContact.objects.filter(voice=locked).delete()
        files = []
        for photo in locked.photos.all():
            files.append((photo.file.storage, photo.file.name))
            photo.delete()
        locked.text, locked.erased_at = "", now
        locked.save(update_fields=["text", "erased_at"])
        records.audit(
            by, "disclosure.voice.erase", "record", str(locked.record_id), {"asked_by": asked_by, "photos": len(files)}, now=now
        )  # fmt: skip
        # Files go when the rows are surely gone.
        transaction.on_commit(lambda: [storage.delete(name) for storage, name in files])
    return locked


# ---------------------------------------------------------------- the office's side


def voices_for(user: Any) -> QuerySet[Voice]:
    """The voices whose records a person may see."""
    return Voice.objects.filter(record__in=Record.objects.for_user(user).of_kind(KIND)).select_related("record", "city")


def contact_of(voice: Voice, *, by: Any, now: datetime) -> dict[str, str]:
    """Who wrote, in the clear; each look is audited. Empty texts where nothing was given."""
    from dafeng.domains.disclosure import permissions

    demand(by, permissions.SEE_CONTACT)
    held = VoiceContact.objects.filter(voice=voice).select_related("by").first()
    records.audit(by, "disclosure.voice.contact", "record", str(voice.record_id), {}, now=now)
    if held is None:
        return {"name": "", "contact": "", "user": ""}
    return receipts.unseal(held.sealed) | {"user": str(held.by) if held.by else ""}


def assign(voice: Voice, *, office: str, by: Any, now: datetime, note: str = "") -> Voice:
    """Give a voice to an office and tell its people."""
    known = people.offices()
    if office not in known:
        raise DisclosureError(_("请选择承办单位"), expected="、".join(known.values()))
    with records.serial():
        records.move(voice.record, "assign", by=by, now=now, reason=f"{known[office]} {note.strip()}".strip())
        voice.office, voice.office_name = office, known[office]
        voice.save(update_fields=["office", "office_name"])
        desk.notify(
            people.members_of([office]).exclude(pk=by.pk if by else None),
            kind=KIND,
            title=_("交办：%(title)s") % {"title": voice.record.title},
            text=_("答复期限 %(due)s") % {"due": voice.due},
            href=page_of(voice.record),
            now=now,
        )
    return voice


def answer(voice: Voice, *, text: str, by: Any, now: datetime) -> Voice:
    """Draft the answer; it goes out when a second person lets it go."""
    if len(text.strip()) < 5:
        raise DisclosureError(_("请写明答复"), expected=_("至少 5 个字"))
    with records.serial():
        records.move(voice.record, "answer", by=by, now=now)
        voice.answer, voice.answered_at = text.strip()[:5000], now
        voice.save(update_fields=["answer", "answered_at"])
    return voice


def personal_traces(voice: Voice, *texts: str) -> list[str]:
    """What in the texts looks personal: numbers and addresses, and the very name or contact that was given."""
    found = [match.group() for text in texts for match in _PERSONAL.finditer(text)]
    held = VoiceContact.objects.filter(voice=voice).first()
    if held:
        for given in receipts.unseal(held.sealed).values():
            if len(given) >= 2 and any(given in text for text in texts):
                found.append(given)
    return found


def publish(voice: Voice, *, question: str, text: str, by: Any, now: datetime) -> Voice:
    """Make question and answer public, without personal data. The question is the office's wording, not the writer's."""
    question, text = question.strip(), text.strip()
    if len(question) < 5 or len(text) < 5:
        raise DisclosureError(_("请写明公开的问题和答复"))
    if traces := personal_traces(voice, question, text):
        raise DisclosureError(
            _("公开的文字里有个人信息（%(count)s 处）") % {"count": len(traces)},
            expected=_("不含姓名、电话、身份证号、邮箱"),
            mend=_("请改写“%(trace)s”等处后再公开") % {"trace": traces[0][:3] + "…"},
        )
    with records.serial():
        records.move(voice.record, "publish", by=by, now=now)
        voice.public_question, voice.public_answer, voice.published_at = question[:2000], text[:5000], now
        voice.save(update_fields=["public_question", "public_answer", "published_at"])
    return voice


def step(voice: Voice, action: str, *, by: Any, now: datetime, reason: str) -> Voice:
    """A step that changes nothing but the state: send back, close, reject, take down."""
    if action not in ("send_back", "close", "reject", "unpublish"):
        raise DisclosureError(_("没有这一步"))
    with records.serial():
        records.move(voice.record, action, by=by, now=now, reason=reason)
        if action == "send_back":
            voice.answered_at = None
            voice.save(update_fields=["answered_at"])
        if action == "unpublish":
            voice.published_at = None
            voice.save(update_fields=["published_at"])
    return voice


def page_of(record: Record) -> str:
    return reverse("disclosure:voice-desk", kwargs={"id": record.pk})


# ---------------------------------------------------------------- for everybody


def published(city: OpenCity) -> QuerySet[Voice]:
    """Questions and answers that are public. Readers take `PUBLIC_FIELDS` of them and nothing else."""
    return Voice.objects.filter(city=city, record__state="published").order_by("-published_at")


PUBLIC_FIELDS = ("kind", "category", "place", "public_question", "public_answer", "office_name", "published_at")


def statistics(city: OpenCity, *, today: date) -> Mapping[str, Any]:
    """Received, answered, answered in time (percent), overdue, and the median days to an answer."""
    rows = Voice.objects.filter(city=city).values_list("received_at", "answered_at", "due", "record__state")
    received = [row for row in rows if row[3] != "rejected"]
    answered = [row for row in received if row[3] in ("published", "closed") and row[1]]
    in_time = [row for row in answered if timezone.localdate(row[1]) <= row[2]]
    days = [(timezone.localdate(row[1]) - timezone.localdate(row[0])).days for row in answered]
    return {
        "received": len(received),
        "answered": len(answered),
        "in_time": round(100 * len(in_time) / len(answered)) if answered else None,
        "overdue": sum(row[3] in OPEN_STATES and row[2] < today for row in received),
        "median_days": median(days) if days else None,
    }
