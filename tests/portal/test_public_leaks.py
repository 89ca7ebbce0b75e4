"""Nothing unpublished reaches the public, field by field."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.portal.conftest import NOW
from tests.portal.public_addresses import PUBLIC, TODAY


@pytest.fixture
def unpublished(open_city, person):
    """Something in every state before publication, each with words that occur nowhere else."""
    from dafeng.domains.disclosure import exposures, register, voices

    entity = register.ensure_entity(open_city, name="披露企业甲", organisation="秘密组织", by=None, now=NOW)
    duty = register.add_duty(entity, kind="key_emitter", year=2025, source="名单", by=None, now=NOW)
    register.submit_filing(
        duty, disclosed_on=date(2026, 3, 11), link="https://example.com/unpublished-link", greenhouse=True, verified=True,
        by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    ndrc, ecology = person("ndrc"), person("ecology")
    words = ["unpublished-link", "2026-03-11", "秘密组织"]
    for number, (state, steps) in enumerate(
        {"received": 0, "assigned": 1, "answered": 2, "closed": 3, "published": 3}.items()
    ):
        text, name, contact = f"原文{state}乙", f"姓名{state}", f"139{number}5556666"
        voice, code = voices.submit(
            open_city, kind="question", category="other", place="411500", text=text, name=name, contact=contact,
            about="/inventory/411500/?secret=丙", address=str(number), now=NOW,
        )  # fmt: skip
        words += [text, name, contact, code, "secret=丙", voice.receipt]
        if steps > 0:
            voices.assign(voice, office="ecology", by=ndrc, now=NOW, note=f"交办意见{state}丁")
            words.append(f"交办意见{state}丁")
        if steps > 1:
            voices.answer(voice, text=f"拟答{state}戊", by=ecology, now=NOW)
            words.append(f"拟答{state}戊")
        if state == "closed":
            voices.step(voice, "close", by=ndrc, now=NOW, reason="不公开理由己")
            words.append("不公开理由己")
        if state == "published":
            voices.publish(voice, question="公开的问题庚", text="公开的答复辛", by=ndrc, now=NOW)
    case = {
        "subject": "草稿案例壬", "category": "pollution", "place": "411500", "facts": "草稿事实癸", "basis": "草稿文号子",
        "authority": "机关", "decided_on": TODAY - timedelta(days=9), "until": TODAY + timedelta(days=90),
    }  # fmt: skip
    for state in ("draft", "legal"):
        made = exposures.draft(open_city, case, by=ecology, now=NOW)
        if state == "legal":
            exposures.step(made, "submit", by=ecology, now=NOW, today=TODAY)
    return [*words, "草稿案例壬", "草稿事实癸", "草稿文号子"]


def test_nothing_unpublished_reaches_the_public_field_by_field(client, open_city, run, unpublished) -> None:
    from dafeng.domains.disclosure.models import Filing, Voice, VoicePhoto
    from dafeng.kernel.records.models import Record

    searches = [
        f"/search/?q={word}" for word in ("原文", "姓名", "拟答", "草稿", "unpublished", "披露企业甲", "公开的问题庚")
    ]
    seen = ""
    for address in (*PUBLIC, "/open/411500/register/?export=csv", "/open/411500/answers/?q=原文", *searches):
        answer = client.get(address, follow=True)
        shown = answer.getvalue().decode()
        # What was asked for is repeated by the search page itself.
        seen += shown.replace(address.rpartition("=")[2], "") if "q=" in address else shown
    for word in unpublished:
        assert word not in seen, word
    assert "公开的问题庚" in client.get("/open/411500/answers/").content.decode()
    assert "已报送，待核对" in client.get("/open/411500/register/").content.decode()
    assert not Record.objects.for_user(None).exists()
    assert not VoicePhoto.objects.exists()
    for address in (
        *(f"/open/filings/{filing.record_id}/report/" for filing in Filing.objects.all()),
        *(f"/open/voices/{voice.record_id}/" for voice in Voice.objects.all()),
        *(f"/records/{record.pk}/" for record in Record.objects.all()),
    ):
        assert client.get(address).status_code in (302, 404), address


def test_other_roles_see_no_voice_that_is_not_theirs(client, open_city, run, unpublished, person) -> None:
    from dafeng.domains.disclosure.models import Voice

    county = person("county")
    client.force_login(county)
    assert "原文" not in client.get("/open/411500/desk/voices/").content.decode()
    for voice in Voice.objects.all():
        assert client.get(f"/open/voices/{voice.record_id}/").status_code == 404
        assert client.post(f"/open/voices/{voice.record_id}/contact/").status_code == 404
    for role in ("citizen", "enterprise", "bank", "verifier", "grid"):
        client.force_login(person(role))
        assert client.get("/open/411500/desk/voices/").status_code == 403, role
