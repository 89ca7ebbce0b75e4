"""The pages: what each role gets to see and press, one heading, help and few queries each; the papers; the API."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.enterprise.models import Body, Objection, Report, Verification
from dafeng.domains.enterprise.verification import bodies, documents, known, objecting, rating
from dafeng.kernel.records.models import AuditEntry
from tests.domains.enterprise.verification.conftest import NOW, content_of

pytestmark = pytest.mark.django_db
TABS = ("overview", "checks", "samples", "numbers", "findings", "history")


def page(client: Client, address: str, *, english: bool = False) -> str:
    """The page, which keeps the rules of the house."""
    named: dict[str, Any] = {"headers": {"accept-language": "en"}} if english else {}
    client.get(address, **named)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address, **named)
    assert answer.status_code == 200, address
    text = answer.content.decode()
    assert len(asked) <= 12, f"{address}: {len(asked)} queries"
    assert text.count("<h1") == 1
    assert 'class="help"' in text
    assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style|\{[{%]", text)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), sorted(each for each in ids if ids.count(each) > 1)
    for name in re.findall(r'<label for="([^"]+)"', text):
        assert name in ids, name
    return text


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def at(case: Any) -> str:
    return reverse("enterprise:verification", kwargs={"id": case.it.pk})


def test_every_tab_of_a_case_for_every_party(case, people, clock) -> None:
    made = case().listed()
    clock(made.now)
    for name in ("verifier", "assigner", "plant", "leader"):
        client = signed_in(people[name])
        for tab in TABS:
            page(client, f"{at(made)}?tab={tab}")
    text = page(signed_in(people["plant"]), f"{at(made)}?tab=findings")
    assert "2026-04-16" in text  # five working days after Thursday 9 April
    assert 'value="answer"' in text
    assert 'value="settle"' not in text
    assert "抽取机构的记录" not in page(signed_in(people["plant"]), at(made))


def test_another_body_and_another_firm_get_404(case, people, clock) -> None:
    made = case()
    for name in ("other", "stranger"):
        assert signed_in(people[name]).get(at(made)).status_code == 404
    assert AuditEntry.objects.filter(action="enterprise.verification-see.refused").count() == 2
    answer = signed_in(people["other"]).post(
        reverse("enterprise:verification-work", kwargs={"id": made.it.pk}), {"do": "recompute"}
    )
    assert answer.status_code == 404


def test_desks_and_register_for_everybody(case, people, clock, client) -> None:
    made = case().visited().concluded().confirmed()
    clock(made.now)
    found = rating.rate(made.it.body, 2026, by=people["reviewer"], now=made.now)
    rating.publish(found, by=people["reviewer"], now=made.now)
    objecting.complain(made.it.body, text="核查人员迟到", by=people["plant"], now=made.now)
    register, one = (
        reverse("enterprise:verification-bodies"),
        reverse("enterprise:verification-body", kwargs={"code": "body-a"}),
    )
    assert "A（2026）" in page(client, register)
    assert "评分规则" in page(client, one)
    for name in ("assigner", "verifier", "plant", "leader"):
        someone = signed_in(people[name])
        page(someone, reverse("enterprise:verification-desk"))
        page(someone, one)
        page(someone, reverse("enterprise:verification-objections"))
    page(signed_in(people["assigner"]), reverse("enterprise:verification-bureau"))
    page(signed_in(people["verifier"]), reverse("enterprise:verification-body-new"))
    page(
        signed_in(people["plant"]),
        reverse("enterprise:verification-objection", kwargs={"id": Objection.objects.get().pk}),
    )
    assert signed_in(people["plant"]).get(reverse("enterprise:verification-bureau")).status_code == 403


def test_the_pages_speak_english(case, people, clock) -> None:
    made = case().listed()
    clock(made.now)
    page(signed_in(people["verifier"]), at(made), english=True)
    page(signed_in(people["verifier"]), f"{at(made)}?tab=checks", english=True)


def test_empty_desks_say_so(people, clock) -> None:
    assert "还没有核查" in page(signed_in(people["verifier"]), reverse("enterprise:verification-desk"))
    assert "没有等待委派的报告" in page(signed_in(people["assigner"]), reverse("enterprise:verification-bureau"))
    assert "还没有登记的第三方机构" in page(Client(), reverse("enterprise:verification-bodies"))


def test_a_body_is_drawn_from_the_page_and_the_consultant_is_named(report, body, plant, people, clock) -> None:
    body("a")
    bodies.add_service(
        body("b"), plant, kind="consulting", since=NOW.date(), until=None, source="合同", by=people["assigner"], now=NOW
    )
    made, client = report(), signed_in(people["assigner"])
    text = page(client, reverse("enterprise:verification-assign", kwargs={"id": made.pk}))
    assert "提供过配额、咨询或碳资产服务" in text
    client.post(reverse("enterprise:verification-draw", kwargs={"id": made.pk}), {"seen": "submitted"})
    assert Verification.objects.get().body.code == "body-a"


def test_a_body_works_by_form_alone(case, people, clock) -> None:
    made = case()
    client, work = signed_in(people["verifier"]), reverse("enterprise:verification-work", kwargs={"id": made.it.pk})
    ids = list(made.it.body.people.values_list("pk", flat=True))
    for each in ids:
        client.post(work, {"do": "declare", "person": each, "text": "与该单位无利害关系"})
    one = client.post(work, {"do": "begin", "technical": ids[:1], "site": ids[:1], "leader": ids[0]}, follow=True)
    assert "至少 2 人" in one.content.decode()
    client.post(work, {"do": "begin", "technical": ids, "site": ids, "leader": ids[0]})
    client.post(
        work,
        {
            "do": "checks",
            "verdict-unit-basics": "conforms",
            "ways-unit-basics": ["read", "ask"],
            "note-unit-basics": "一致",
        },
    )
    answer = made.it.checks.get()
    assert (answer.item, answer.verdict, answer.ways) == ("unit.basics", "conforms", ["read", "ask"])
    client.post(work, {"do": "sample", "item": "*"})
    client.post(work, {"do": "recompute"})
    made.it.refresh_from_db()
    assert made.it.record.state == "reviewing"
    assert made.it.samples.count() == 1
    assert made.it.content["comparison"]["agrees"]
    assert client.post(work, {"do": "nothing"}).status_code == 404
    bad = client.post(work, {"do": "plan", "first": "tomorrow", "last": ""}, follow=True)
    assert bad.status_code == 200


def test_a_unit_answers_with_a_paper_and_not_with_a_program(case, people, clock) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    made = case().listed()
    clock(made.now)
    client, unit = signed_in(people["plant"]), reverse("enterprise:verification-answer", kwargs={"id": made.it.pk})
    told = {"do": "answer", "finding": "1", "text": "补交检测报告"}
    client.post(unit, told | {"evidence": SimpleUploadedFile("x.exe", b"MZ")})
    assert made.it.findings.get().state == "sent"
    client.post(unit, told | {"evidence": SimpleUploadedFile("lab.pdf", b"%PDF-1.4 test")})
    client.post(unit, {"do": "send"})
    made.it.refresh_from_db()
    assert (made.it.record.state, made.it.findings.get().evidence.count()) == ("answered", 1)


def test_the_second_review_is_by_another_person_on_the_page_too(case, people, clock) -> None:
    made = case().visited().concluded()
    clock(made.now)
    step = reverse("enterprise:verification-bureau-step", kwargs={"id": made.it.pk})
    assert "另一位同事" in page(signed_in(people["assigner"]), at(made))
    signed_in(people["assigner"]).post(step, {"do": "confirm", "state": "concluded"})
    assert Report.objects.get().record.state == "verified"
    stale = signed_in(people["reviewer"]).post(step, {"do": "confirm", "state": "answered"})
    assert stale.status_code == 409
    signed_in(people["reviewer"]).post(step, {"do": "confirm", "state": "concluded"})
    assert Report.objects.get().record.state == "locked"


def test_a_locked_report_is_not_drawn_for_through_page_or_api(case, people, clock) -> None:
    made = case().visited().concluded().confirmed()
    clock(made.now)
    client = signed_in(people["assigner"])
    client.post(reverse("enterprise:verification-draw", kwargs={"id": made.it.report_id}), {"seen": "locked"})
    assert Verification.objects.count() == 1
    answer = client.post(
        "/api/enterprise/verifications", json.dumps({"report": str(made.it.report_id)}), content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "report_locked")
    assert AuditEntry.objects.filter(action="enterprise.verification-assign.refused").count() == 2


def test_the_register_is_kept_by_form(people, clock) -> None:
    address = reverse("enterprise:verification-body-new")
    told = {"code": "new-body", "name": "新机构", "kinds": ["verification"]}
    answer = signed_in(people["verifier"]).post(address, told)
    assert answer.status_code == 302
    made = Body.objects.get()
    assert (made.organisation, made.record.state) == ("body-a-org", "applied")
    assert signed_in(people["verifier"]).post(address, told).status_code == 422
    one = reverse("enterprise:verification-body", kwargs={"code": "new-body"})
    assert Client().get(one).status_code == 404
    keep = reverse("enterprise:verification-body-keep", kwargs={"code": "new-body"})
    signed_in(people["reviewer"]).post(keep, {"do": "step", "step": "register", "state": "applied"})
    assert Client().get(one).status_code == 200
    measure = {
        "do": "measure",
        "kind": "suspension",
        "day": "2026-04-07",
        "until": "2026-12-31",
        "facts": "记录不实",
        "basis": "核查指南",
    }
    signed_in(people["reviewer"]).post(keep, measure)
    made.refresh_from_db()
    assert made.record.state == "suspended"
    person = {"name": "张三", "certificate": "1", "since": "2024-01-01"}
    people_at = reverse("enterprise:verification-people", kwargs={"code": "new-body"})
    assert signed_in(people["other"]).post(people_at, person).status_code == 404
    signed_in(people["verifier"]).post(people_at, person)
    assert made.people.get().name == "张三"


def test_an_expired_qualification_keeps_a_body_out_until_the_bureau_enters_its_renewal(people, clock, report) -> None:
    told = {
        "code": "new-body", "name": "新机构", "kinds": ["verification"], "qualification": "检验检测机构资质认定",
        "qualification_number": "A-1", "qualification_until": "2026-04-06",
    }  # fmt: skip
    half = {name: value for name, value in told.items() if name != "qualification_number"}
    address = reverse("enterprise:verification-body-new")
    assert signed_in(people["verifier"]).post(address, half).status_code == 422
    assert signed_in(people["verifier"]).post(address, told).status_code == 302
    made = Body.objects.get()
    keep = reverse("enterprise:verification-body-keep", kwargs={"code": "new-body"})
    signed_in(people["reviewer"]).post(keep, {"do": "step", "step": "register", "state": "applied"})

    year = report()

    def codes() -> set[str]:
        [row] = known.bodies()
        return {each.code for each in known.reasons_of(row, year, date(2026, 4, 7))}

    assert "qualification_expired" in codes()
    renewal = {"do": "qualification", "name": "检验检测机构资质认定", "number": "A-1", "until": "2032-04-06"}
    assert signed_in(people["verifier"]).post(keep, renewal).status_code == 403
    signed_in(people["reviewer"]).post(keep, renewal)
    made.refresh_from_db()
    assert made.qualifications == [{"name": "检验检测机构资质认定", "number": "A-1", "until": "2032-04-06"}]
    assert "qualification_expired" not in codes()
    assert AuditEntry.objects.filter(action="enterprise.body.qualification").count() == 1


# ---------- papers ----------


def test_the_report_as_word_tells_numbers_findings_and_conclusion(case, people, clock) -> None:
    made = case().visited().concluded()
    clock(made.now)
    client = signed_in(people["verifier"])
    address = reverse("enterprise:verification-report", kwargs={"id": made.it.pk, "form": "docx"})
    first = client.get(address)
    text = zipfile.ZipFile(BytesIO(first.content)).read("word/document.xml").decode()
    # Hand: 3 x 3252.6688… = 9758.01 t
    for word in ("试验电厂", "9,758.01", made.it.report.digest, "符合要求", "没有发现不符合项"):
        assert word in text
    assert client.get(address).content == first.content
    assert signed_in(people["other"]).get(address).status_code == 404


def test_there_is_no_paper_before_the_conclusion(case, people, clock) -> None:
    made = case()
    address = reverse("enterprise:verification-report", kwargs={"id": made.it.pk, "form": "pdf"})
    assert signed_in(people["verifier"]).get(address).status_code == 404


@pytest.mark.fonts
def test_the_report_as_pdf_says_the_same(case) -> None:
    from pypdf import PdfReader

    made = case().visited().concluded()
    found = documents.pdf(documents.document_of(made.it))
    text = "".join(each.extract_text() for each in PdfReader(BytesIO(found)).pages)
    assert "9,758.01" in text
    assert found == documents.pdf(documents.document_of(made.it))


# ---------- API ----------


def test_the_api_tells_a_case_to_whom_it_concerns(case, people, clock, client) -> None:
    made = case(content_of(counted=3000.0)).listed()
    clock(made.now)
    someone = signed_in(people["verifier"])
    someone.post(f"/api/enterprise/verifications/{made.it.pk}/recompute")
    told = someone.get(f"/api/enterprise/verifications/{made.it.pk}").json()
    assert told["comparison"]["differences"][0]["level"] == "row"
    assert {each["code"]: each["due"] for each in told["terms"]}["answer"] == "2026-04-16"
    assert told["findings"][0]["where"] == "unit-1 · 2025-02 · bituminous · ncv"
    assert someone.get("/api/enterprise/verifications?state=findings").json()["total"] == 1
    assert signed_in(people["other"]).get("/api/enterprise/verifications").json()["total"] == 0
    assert signed_in(people["other"]).get(f"/api/enterprise/verifications/{made.it.pk}").status_code == 404
    assert client.get("/api/enterprise/bodies").json()["items"][0]["state"] == "registered"
    assert client.get("/api/enterprise/bodies/body-a").status_code == 200


def test_samples_and_places_are_told_in_words(case, people, clock) -> None:
    made = case()
    made.begun()
    clock(made.now)
    client, work = signed_in(people["verifier"]), reverse("enterprise:verification-work", kwargs={"id": made.it.pk})
    client.post(work, {"do": "sample", "item": "ncv"})
    text = page(client, f"{at(made)}?tab=samples")
    assert '<option value="ncv">低位发热量</option>' in text
    assert "烟煤 · 低位发热量" in text
    places = page(client, f"{at(made)}?tab=findings")
    assert '<option value="bituminous">烟煤</option>' in places


def test_what_is_no_number_is_refused_with_words(case, people, clock) -> None:
    made = case().listed()
    clock(made.now)
    work = reverse("enterprise:verification-work", kwargs={"id": made.it.pk})
    told = {"do": "estimate", "finding": "1", "basis": "evidence", "source": "检测报告"}
    for typed in ("abc", "nan", "inf", "1e400"):
        answer = signed_in(people["verifier"]).post(work, told | {"value": typed}, follow=True)
        assert "填的不是数" in answer.content.decode(), typed


def test_a_case_of_a_late_unit_shows_it(case, people, clock) -> None:
    made = case().listed()
    clock(made.now + timedelta(days=10))
    assert "逾期" in page(signed_in(people["plant"]), at(made))
