"""The pages of tasks: who sees what, what a stale form answers, and how many questions a page asks of the database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dafeng.domains.plan.models import Milestone, Progress, Task
from dafeng.domains.plan.services import escalations, progress, tasks

pytestmark = pytest.mark.django_db
REPORT = {
    "period": "2026-11",
    "reporter": "industry",
    "text": "新增装机",
    "percent": "40",
    "value": "3",
    "unit": "万千瓦",
    "next_step": "并网",
}


@pytest.fixture
def owner(person):
    return person("department", organisation="industry")


@pytest.fixture
def office(person):
    return person("ndrc")


def test_the_public_sees_titles_owners_and_whether_done_but_no_progress(client, task, office, now) -> None:
    found = task(due_on=date(2026, 1, 1))
    progress.write(
        found, {"period": "2026-11", "text": "内部的话"}, reporter="industry", seen="", by=office, now=now, submit=True
    )
    shown = client.get("/plan/tasks/").content.decode()
    assert "试验任务a" in shown
    assert "市工业和信息化局" in shown
    assert "推进中" in shown
    assert "逾期" not in shown
    card = client.get(f"/plan/tasks/{found.pk}/").content.decode()
    assert "试验任务a" in card
    assert "内部的话" not in card
    assert "2026-01-01" not in card


def test_the_public_does_not_see_tasks_of_a_plan_that_is_not_accepted(client, task, plan) -> None:
    found = task()
    plan.versions.update(current=False)
    assert "试验任务a" not in client.get("/plan/tasks/").content.decode()
    assert client.get(f"/plan/tasks/{found.pk}/").status_code == 404


@pytest.mark.parametrize("page", ["cuts", "gantt", "calendar", "sheet"])
def test_the_public_is_asked_to_sign_in_for_the_work(client, task, page) -> None:
    task()
    assert client.get(f"/plan/tasks/{page}/").status_code in (302, 401)


def test_the_list_filters_by_department_state_and_text(client, task, office) -> None:
    task("late", due_on=date(2026, 11, 1))
    task("other", owners=[("transport", "市交通运输局", "lead")])
    client.force_login(office)
    assert "试验任务other" not in client.get("/plan/tasks/?department=industry").content.decode()
    late = client.get("/plan/tasks/?state=overdue").content.decode()
    assert "试验任务late" in late
    assert "试验任务other" not in late
    assert "试验任务late" not in client.get("/plan/tasks/?q=other").content.decode()
    table = client.get("/plan/tasks/?export=csv&state=overdue").content.decode("utf-8-sig")
    assert table.splitlines()[1].startswith("试验任务late,")


def test_a_department_reports_and_the_office_accepts(client, task, owner, office) -> None:
    found = task()
    client.force_login(owner)
    page = client.get(f"/plan/tasks/{found.pk}/report/")
    assert page.status_code == 200
    assert "2026-12-10" in page.content.decode()
    file = SimpleUploadedFile("现场.pdf", b"%PDF-1.4 test")
    answer = client.post(f"/plan/tasks/{found.pk}/report/", REPORT | {"seen": "", "do": "submit", "evidence": file})
    assert answer.status_code == 302
    made = Progress.objects.get()
    assert (made.record.state, made.record.evidence.get().name) == ("submitted", "现场.pdf")
    client.force_login(office)
    client.post(f"/plan/tasks/progress/{made.record_id}/move/", {"action": "accept", "state": "submitted"})
    card = client.get(f"/plan/tasks/{found.pk}/").content.decode()
    assert "已审核" in card
    assert "现场.pdf" in card
    assert "40%" in card


def test_an_attachment_of_another_kind_is_refused_and_the_text_stays(client, task, owner) -> None:
    client.force_login(owner)
    file = SimpleUploadedFile("a.exe", b"MZ")
    answer = client.post(f"/plan/tasks/{task().pk}/report/", REPORT | {"seen": "", "evidence": file})
    assert answer.status_code == 422
    assert "新增装机" in answer.content.decode()
    assert not Progress.objects.exists()


def test_two_texts_of_one_month_stand_side_by_side(client, task, owner, person, now) -> None:
    found, other = task(), person("department", "two", "industry")
    progress.write(found, {"period": "2026-11", "text": "先写的"}, reporter="industry", seen="", by=other, now=now)
    client.force_login(owner)
    answer = client.post(f"/plan/tasks/{found.pk}/report/", REPORT | {"seen": "", "text": "后写的"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "先写的" in page
    assert "后写的" in page
    seen = answer.context["seen"]
    assert client.post(f"/plan/tasks/{found.pk}/report/", REPORT | {"seen": seen, "text": "合起来"}).status_code == 302
    assert Progress.objects.get().text == "合起来"


def test_another_department_may_not_open_the_form(client, task, person) -> None:
    client.force_login(person("department", organisation="transport"))
    assert client.get(f"/plan/tasks/{task().pk}/report/").status_code == 403


def test_the_office_assigns_and_a_circle_is_shown(client, task, office, now) -> None:
    a, b = task("a"), task("b")
    tasks.assign(b, due_on=None, done_on=None, milestones=(), after=[a.pk], seen=tasks.digest(b), by=office, now=now)
    client.force_login(office)
    page = client.get(f"/plan/tasks/{a.pk}/assign/")
    good = {"seen": page.context["seen"], "due_on": "2027-06-30", "title-0": "开工", "due-0": "2027-01-01"}
    wrong = client.post(f"/plan/tasks/{a.pk}/assign/", good | {"after": [b.pk]})
    assert wrong.status_code == 422
    assert "试验任务a → 试验任务b → 试验任务a" in wrong.content.decode()
    assert client.post(f"/plan/tasks/{a.pk}/assign/", good).status_code == 302
    assert Milestone.objects.get().title == "开工"
    stale = client.post(f"/plan/tasks/{a.pk}/assign/", good)
    assert stale.status_code == 409


def test_the_office_breaks_down_hands_over_and_talks(client, task, office) -> None:
    found = task()
    client.force_login(office)
    client.post(f"/plan/tasks/{found.pk}/parts/", {"place": ["411502", "411503"]})
    assert Task.objects.filter(parent=found).count() == 2
    duty = found.owners.get(department="industry")
    client.post(
        f"/plan/tasks/{found.pk}/owners/{duty.pk}/", {"department": "science", "on": "2026-12-01", "reason": "机构改革"}
    )
    assert (
        client.post(
            f"/plan/tasks/{found.pk}/owners/{duty.pk}/", {"department": "science", "on": "x", "reason": "a"}
        ).status_code
        == 422
    )
    client.post(f"/plan/tasks/{found.pk}/comment/", {"text": "请抓紧"})
    page = client.get(f"/plan/tasks/{found.pk}/").content.decode()
    assert "请抓紧" in page
    assert "市科技局" in page
    assert "– 2026-12-01" in page
    assert "浉河区" in page


def test_a_leader_decides_a_matter_on_the_card(client, task, owner, person, now) -> None:
    record = escalations.escalate(task(), matter="缺用地", asks="请协调", by=owner, now=now)
    client.force_login(person("leader"))
    assert "缺用地" in client.get(f"/plan/tasks/matters/{record.pk}/", follow=True).content.decode()
    client.post(f"/plan/tasks/matters/{record.pk}/answer/", {"action": "decide", "state": "raised", "reason": "同意"})
    record.refresh_from_db()
    assert record.state == "decided"


def test_the_inbox_lists_what_is_late_and_what_is_not_reported(client, task, owner) -> None:
    task("late", due_on=date(2026, 11, 1))
    task("quiet")
    client.force_login(owner)
    page = client.get("/tasks/").content.decode()
    assert "试验任务late" in page
    assert "2026-11 的任务进展还有 2 项未报" in page


def test_the_gantt_draws_what_has_a_date_and_counts_the_rest(client, task, office) -> None:
    task("dated", due_on=date(2027, 6, 30))
    task("undated")
    client.force_login(office)
    page = client.get("/plan/tasks/gantt/").content.decode()
    assert page.count('class="bar ') == 1
    assert "另有 1 项任务还没有期限" in page


def test_the_cuts_count_each_task_once(client, task, office) -> None:
    task("a", title="推进光伏发电", path="第二章/一/1")
    task("b", title="发展碳排放权交易", path="第二章/二/1")
    client.force_login(office)
    for by, names in {
        "place": ("信阳市",),
        "field": ("第二章/一", "第二章/二"),
        "industry": ("电力", "未写明行业"),
    }.items():
        page = client.get(f"/plan/tasks/cuts/?by={by}")
        assert sum(line["total"] for line in page.context["lines"]) == 2
        assert set(names) <= {line["name"] for line in page.context["lines"] if line["total"]}


def test_the_calendar_and_the_roadmap_show_what_falls_due(client, task, office) -> None:
    task(due_on=date(2027, 3, 31))
    client.force_login(office)
    calendar = client.get("/plan/tasks/calendar/").content.decode()
    assert "试验任务a" in calendar
    assert "2026-11 的进展" in calendar
    assert "试验任务a" in client.get("/plan/tasks/roadmap/").content.decode()


def test_the_month_goes_out_as_a_workbook_and_comes_back_as_drafts(client, task, owner) -> None:
    import openpyxl

    found, other = task("a"), task("b")
    client.force_login(owner)
    book = openpyxl.load_workbook(BytesIO(client.get("/plan/tasks/sheet/template/").content))
    sheet = book.worksheets[0]
    heads = [cell.value.rstrip("*") for cell in sheet[1]]
    assert sheet.max_row == 3
    sheet.cell(2, heads.index("进展") + 1, "并网三兆瓦")
    sheet.cell(2, heads.index("完成百分比") + 1, 130)
    answer = client.post("/plan/tasks/sheet/", {"file": _saved(book)}, follow=True)
    page = answer.content.decode()
    assert "完成百分比" in page
    assert "0–100" in page
    assert not Progress.objects.exists()
    sheet.cell(2, heads.index("完成百分比") + 1, 30)
    answer = client.post("/plan/tasks/sheet/", {"file": _saved(book)}, follow=True)
    address = answer.request["PATH_INFO"]
    done = client.post(f"{address}act/", {"action": "import", "seen": answer.context["preview"].seen}, follow=True)
    assert done.status_code == 200
    made = Progress.objects.get()
    assert (made.task, made.text, made.percent, made.record.state) == (found, "并网三兆瓦", 30, "draft")
    assert other.progress.count() == 0


def _saved(book) -> SimpleUploadedFile:
    target = BytesIO()
    book.save(target)
    return SimpleUploadedFile("progress.xlsx", target.getvalue())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "?mine=1",
        "cuts/",
        "cuts/?by=field",
        "gantt/",
        "calendar/",
        "roadmap/",
        "sheet/",
        "sheet/template/",
        "{pk}/",
        "{pk}/report/",
        "{pk}/assign/",
    ],
)
def test_a_page_asks_at_most_twelve_questions_of_150_tasks(
    client, task, office, now, address, django_assert_max_num_queries
) -> None:
    every = [task(f"t{number}", due_on=date(2027, 1 + number % 12, 1)) for number in range(150)]
    first = every[0]
    tasks.break_down(first, ["411502", "411503"], by=office, now=now)
    tasks.assign(first, due_on=date(2027, 1, 1), done_on=None, milestones=[tasks.Step("节点", date(2026, 12, 1))], after=[every[1].pk], seen=tasks.digest(first), by=office, now=now)  # fmt: skip
    tasks.remark(first, "留言", by=office, now=now)
    escalations.escalate(first, matter="情况", asks="请示", by=office, now=now)
    for month in (9, 10):
        progress.write(first, {"period": f"2026-{month:02d}", "text": "进展"}, reporter="industry", seen="", by=office, now=datetime(2026, month, 25, tzinfo=UTC), submit=True)  # fmt: skip
    client.force_login(office)
    client.get("/notices/")  # renews the session; what the navigation asks is kept for a minute
    with django_assert_max_num_queries(12):
        assert client.get(f"/plan/tasks/{address.format(pk=first.pk)}").status_code == 200


def test_a_month_that_is_handed_in_is_closed_to_its_reporter_and_the_office_may_take_another(
    client, task, office, now
) -> None:
    found = task()
    values = {"period": "2026-11", "text": "报过了"}
    progress.write(found, values, reporter="industry", seen="", by=office, now=now, submit=True)
    client.force_login(office)
    page = client.get(f"/plan/tasks/{found.pk}/report/").content.decode()
    assert "不能再改" in page
    assert "?reporter=housing" in page
    assert "不能再改" not in client.get(f"/plan/tasks/{found.pk}/report/?reporter=housing").content.decode()
