"""A bulletin tells what was so at its cut-off, stays as it was made, and says when it is stale and why."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client
from docx import Document
from pypdf import PdfReader

from dafeng.domains.plan import bulletin_words
from dafeng.domains.plan.models import Bulletin, Progress
from dafeng.domains.plan.services import bulletin_facts, bulletins
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import PermissionDenied, PlanError
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job

NOW = datetime(2026, 11, 5, 1, 0, tzinfo=UTC)


def facts(kind: str = "month", period: str = "2026-10", cutoff: date = date(2026, 10, 31)):
    return bulletin_facts.gather("411500", bulletin_facts.span_of(kind, period), cutoff)


def make(by, now: datetime = NOW):
    return bulletins.make("411500", "month", "2026-10", issuer="双碳办", reference="双碳办〔2026〕1号", by=by, now=now)


def test_tasks_are_counted_as_they_stood_at_the_cut_off(everything) -> None:
    told = facts()
    # a and e are open and due before 31 October; c was done on 3 November, after it; b was done.
    assert [(row["title"], row["days"]) for row in told["tables"]["late"]] == [
        ("任务a", 30),
        ("任务c", 10),
        ("任务e", 1),
    ]
    assert (told["counts"]["tasks"], told["counts"]["done"], told["counts"]["reports"]) == (5, 1, 3)
    # On 31 October the last closed month is September; the rule's two silent months reach back to before July.
    assert [row["title"] for row in told["tables"]["silent"]] == ["任务a"]
    owing = {row["key"]: (row["late"], row["silent"]) for row in told["tables"]["owing"]}
    assert owing == {"住房城乡建设局": (1, 1), "交通运输局": (1, 0), "甲县": (1, 0)}


def test_lights_and_gaps_are_told_apart(everything) -> None:
    told = facts()
    lights = {name: told["counts"][f"lights_{name}"] for name in bulletin_facts.LIGHTS}
    assert lights == {"red": 1, "yellow": 0, "green": 1, "unknown": 0, "unbound": 1}
    assert [(row["indicator"], row["value"], row["goal"]) for row in told["tables"]["lights"]] == [
        ("非化石占比", 12.5, 30)
    ]
    assert [row["indicator"] for row in told["tables"]["gaps"]] == ["未绑定者"]


def test_investment_is_what_was_accepted_in_the_span_and_in_the_year(everything) -> None:
    counts = facts()["counts"]
    # 3,000 万元 of October and 1,000 of March are accepted; the 500 of September are not.
    assert (counts["investment"], counts["invested"], counts["invested_year"]) == ("3.0000", "0.3000", "0.4000")
    assert [row["title"] for row in facts()["tables"]["unreported"]] == ["二号"]
    half = facts("half-year", "2026H1", date(2026, 6, 30))
    assert (half["counts"]["invested"], half["counts"]["invested_year"]) == ("0.1000", "0.1000")


def test_warnings_are_those_of_the_span_and_those_still_open(everything) -> None:
    counts = facts()["counts"]
    assert (counts["warnings_raised"], counts["warnings_open"], counts["warnings_overdue"]) == (1, 1, 1)
    before = facts(period="2026-09", cutoff=date(2026, 9, 30))["counts"]
    assert (before["warnings_raised"], before["warnings_open"]) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "period", "first", "last"),
    [
        ("month", "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("month", "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("half-year", "2026h2", date(2026, 7, 1), date(2026, 12, 31)),
        ("year", "2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_read(kind, period, first, last) -> None:
    span = bulletin_facts.span_of(kind, period)
    assert (span.first, span.last) == (first, last)


@pytest.mark.parametrize(
    ("kind", "period"),
    [("month", "2026-13"), ("month", "2026"), ("month", "2026-1"), ("half-year", "2026H3"), ("year", "26"), ("week", "2026-01"),
     ("month", "２０２６-10"), ("year", "")],
)  # fmt: skip
def test_a_period_that_makes_no_sense_is_refused_with_an_example(kind, period) -> None:
    with pytest.raises(PlanError) as caught:
        bulletin_facts.span_of(kind, period)
    assert caught.value.expected


def test_a_period_that_has_not_begun_has_no_bulletin() -> None:
    with pytest.raises(PlanError, match="还没有开始"):
        bulletins.check("month", "2026-12", now=NOW)


@pytest.mark.fonts
def test_what_was_made_stays_and_the_next_one_is_another_number(everything, office) -> None:
    first = make(office)
    everything["a"].done_on = date(2026, 10, 15)
    everything["a"].save()
    second = make(office)
    assert (first.number, second.number) == (1, 2)
    kept = Bulletin.objects.get(pk=first.pk)
    assert kept.content["facts"]["counts"]["late"] == 3
    assert second.content["facts"]["counts"]["late"] == 2


@pytest.mark.fonts
def test_a_bulletin_is_stale_when_a_number_behind_it_changed_and_says_which(everything, office) -> None:
    made = make(office)
    assert bulletins.changed(made) == []
    everything["a"].done_on = date(2026, 10, 15)
    everything["a"].save()
    told = {
        (each["table"], each["row"], each["field"]): (each["before"], each["after"]) for each in bulletins.changed(made)
    }
    assert told["counts", "", "late"] == ("3", "2")
    assert told["late", "任务a", ""] == ("有", "无")


@pytest.mark.fonts
def test_what_happens_after_the_cut_off_does_not_make_it_stale(everything, office) -> None:
    made = make(office)
    Progress.objects.filter(task=everything["d"]).update(period="2026-10")
    everything["d"].done_on = date(2026, 11, 20)
    everything["d"].save()
    assert bulletins.changed(made) == []


@pytest.mark.fonts
def test_word_and_pdf_say_the_same_and_are_the_same_bytes_each_time(everything, office) -> None:
    made = make(office)
    word = made.word.file.read()
    text = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(word)).paragraphs)
    for wanted in (
        "双碳办",
        "双碳办〔2026〕1号",
        "信阳市碳达峰方案实施情况月度调度通报（2026年10月）",
        "逾期3项",
        "2026年11月5日",
    ):
        assert wanted in text
    cells = [cell.text for table in Document(io.BytesIO(word)).tables for row in table.rows for cell in row.cells]
    assert "任务a" in cells
    assert "非化石占比" in cells
    head = Document(io.BytesIO(word)).tables[0].rows[0]._tr.trPr
    assert head is not None
    assert "tblHeader" in head.xml
    assert "仿宋" in zipfile.ZipFile(io.BytesIO(word)).read("word/styles.xml").decode()
    pdf = made.pdf.file.read()
    reader = PdfReader(io.BytesIO(pdf))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"].value is True
    assert b"pdfuaid" in reader.trailer["/Root"]["/Metadata"].get_data()
    again = {form: write() for form, write in bulletins.documents(made.content).items()}
    assert (again["docx"], again["pdf"]) == (word, pdf)


def test_blocks_name_every_part_even_when_there_is_nothing_to_tell(plan) -> None:
    content = {
        "city_name": "信阳市",
        "kind": "year",
        "period": "2026",
        "facts": facts("year", "2026", date(2026, 11, 5)),
    }
    made = bulletin_words.blocks(content)
    assert [block.text[:2] for block in made if type(block).__name__ == "Heading"] == [
        "一、",
        "二、",
        "三、",
        "四、",
        "五、",
    ]
    assert bulletin_words.title_of(content) == "信阳市碳达峰方案实施情况年度评估报告（2026年）"


def test_only_the_office_makes_one_and_an_issuer_is_needed(everything, office, person) -> None:
    with pytest.raises(PermissionDenied):
        make(person("department", "x"))
    with pytest.raises(PlanError, match="发文机关"):
        bulletins.make("411500", "month", "2026-10", issuer=" ", by=office, now=NOW)
    assert not Bulletin.objects.exists()


@pytest.mark.fonts
def test_the_office_is_reminded_until_the_month_has_its_bulletin(everything, office) -> None:
    assert bulletins.due("411500", now=NOW) == ("2026-10", date(2026, 11, 8))
    assert bulletins.remind("411500", now=NOW) == 1
    assert "2026-10" in Notice.objects.get(user=office).title
    make(office)
    assert bulletins.due("411500", now=NOW) is None
    assert bulletins.remind("411500", now=NOW) == 0


@pytest.mark.fonts
def test_it_is_made_as_a_job_and_shown_and_downloaded(
    everything, office, person, django_assert_max_num_queries
) -> None:
    client = Client()
    client.force_login(office)
    answer = client.post(
        "/plan/bulletins/make/", {"kind": "month", "period": "2026-10", "issuer": "双碳办", "reference": ""}
    )
    assert answer.status_code == 302
    job = jobs.run(Job.objects.get().pk, clock=lambda: NOW)
    assert job.state == "done", job.error
    made = Bulletin.objects.get()
    with django_assert_max_num_queries(12):
        page = client.get(f"/plan/bulletins/{made.pk}/").content.decode()
    assert "任务a" in page
    with django_assert_max_num_queries(12):
        assert client.get("/plan/bulletins/").status_code == 200
    codes = [
        client.get(f"/plan/bulletins/{made.pk}/file.{form}").status_code for form in ("docx", "pdf", "json", "exe")
    ]
    assert codes == [200, 200, 200, 404]
    everything["a"].done_on = date(2026, 10, 15)
    everything["a"].save()
    assert "已过时" in client.get(f"/plan/bulletins/{made.pk}/changes/").content.decode()
    assert (
        "<h1>" not in client.get(f"/plan/bulletins/{made.pk}/changes/", headers={"HX-Request": "true"}).content.decode()
    )
    assert Client().get(f"/plan/bulletins/{made.pk}/").status_code == 302
    citizen = Client()
    citizen.force_login(person("citizen"))
    assert citizen.get(f"/plan/bulletins/{made.pk}/").status_code == 403


def test_a_bad_period_is_refused_before_a_job_is_started(everything, office) -> None:
    client = Client()
    client.force_login(office)
    answer = client.post("/plan/bulletins/make/", {"kind": "month", "period": "2026-99", "issuer": "x"})
    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_money_stays_exact() -> None:
    assert bulletin_facts._money(Decimal("8643200.1234")) == "864.3200"
    assert bulletin_facts._money(Decimal("1")) == "0.0001"
