"""The clerk's path in a real browser: template → fill → upload → read the errors → mend → commit → compile → Word report.

Every click is counted, the person's own work in the spreadsheet is not; at the end a phone reads the result.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from dafeng.domains.inventory import documents
from dafeng.domains.inventory.models import Batch, InventoryRun
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from tests.portal.conftest import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLICKS, SECONDS = 12, 60


class Clicks:
    """A person at a page: clicks are counted, and so is choosing a file."""

    def __init__(self, page) -> None:
        self.page, self.count = page, 0

    def click(self, role: str, name: str) -> None:
        self.count += 1
        self.page.get_by_role("main").get_by_role(role, name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def choose(self, file: Path) -> None:
        self.count += 1
        self.page.get_by_label("选择文件").set_input_files(file)


def fill(template: Path, target: Path, *, wrong: bool) -> Path:
    """What a clerk does in the spreadsheet: gas burnt by households, and once the two mistakes that clerks make."""
    book = load_workbook(template)
    sheet = book["能源活动"]
    heads = {cell.value.rstrip("*").split("（")[0]: cell.column for cell in sheet[3] if cell.value}
    rows = [r for r in range(4, sheet.max_row + 1) if str(sheet.cell(r, heads["类别"]).value or "").startswith("1A4b1")]
    named = {sheet.cell(row, heads["项目"]).value: row for row in rows}
    for item, value in (("天然气", 135), ("液化石油气", 2.5)):
        sheet.cell(named[item], heads["数值"]).value = value
        sheet.cell(named[item], heads["数据来源"]).value = "燃气公司年报"
    if wrong:
        sheet.cell(named["天然气"], heads["数值"]).value = "约135"
        sheet.cell(named["液化石油气"], heads["单位"]).value = "斤"
    book.save(target)
    return target


def work(page) -> None:
    """What the worker does, in the test's own thread."""
    for job in Job.objects.active():
        jobs.run(job.pk, clock=timezone.now)
    page.reload()


@pytest.fixture
def at_desk(open_page):
    return open_page()


def log_in(page, person) -> None:
    person("statistics")
    page.goto("/login/")
    page.get_by_label("用户名").fill("statistics")
    page.get_by_label("密码").fill("a-long-test-password")
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_load_state()


def test_a_clerk_gets_from_template_to_word_report_in_twelve_clicks(
    at_desk, open_page, run, person, tmp_path: Path
) -> None:
    log_in(at_desk, person)
    InventoryRun.objects.update(created_at=timezone.now())  # compiled before the clerk begins
    me, began = Clicks(at_desk), time.perf_counter()
    at_desk.goto("/inventory/411500/data/")

    me.click("link", "填报数据")
    with at_desk.expect_download() as waiting:
        me.click("button", "下载模板")
    template = tmp_path / "模板.xlsx"
    waiting.value.save_as(template)

    me.choose(fill(template, tmp_path / "初稿.xlsx", wrong=True))
    me.click("button", "上传并检查")
    errors = at_desk.get_by_role("region", name="逐行的问题")
    assert "“约135”不是数" in errors.inner_text()
    assert "单位“斤”不认识" in errors.inner_text()
    assert faults(at_desk) == []

    me.choose(fill(template, tmp_path / "改正.xlsx", wrong=False))
    me.click("button", "上传并检查")
    assert at_desk.get_by_text("没有发现错误").is_visible()
    assert faults(at_desk) == []
    me.click("button", "确认导入 2 行")
    assert Batch.objects.get(source="upload").rows.count() == 2
    assert faults(at_desk) == []

    me.click("button", "编制清单")
    work(at_desk)
    assert InventoryRun.objects.get(current=True).number == run.number + 1

    year = timezone.localtime(timezone.now()).year - 1
    at_desk.goto(f"{reverse('inventory:reports', kwargs={'code': '411500'})}?year={year}")
    me.count += 1  # 编制与报告 in the navigation
    me.click("button", f"生成 {documents.FORMATS['docx'][1]}")
    work(at_desk)
    with at_desk.expect_download() as waiting:
        me.click("link", "查看结果")
    report = tmp_path / "报告.docx"
    waiting.value.save_as(report)
    assert report.read_bytes()[:4] == b"PK\x03\x04"
    assert me.count <= CLICKS, me.count
    assert time.perf_counter() - began < SECONDS

    small = open_page("phone")
    small.context.add_cookies(at_desk.context.cookies())
    for address in (
        f"/inventory/411500/?year={year}",
        "/inventory/411500/data/",
        f"/inventory/411500/data/batch/{Batch.objects.get(source='upload').pk}/",
    ):
        assert small.goto(address).status == 200
        assert faults(small) == [], address
    assert "135 万立方米" in small.get_by_role("main").inner_text()


def test_the_rooms_pages_are_accessible_and_fit_the_screen(page, run, person) -> None:
    log_in(page, person)
    for tab in ("rows", "batches", "balance", "missing"):
        page.goto(f"/inventory/411500/data/?tab={tab}")
        assert faults(page) == [], tab
    page.goto("/inventory/411500/data/import/")
    assert faults(page) == []


def test_a_commit_that_came_too_late_is_previewed_again_with_one_click(open_page, run, person, tmp_path) -> None:
    from dafeng.domains.inventory import staging

    page = open_page()
    log_in(page, person)
    lines = "类别,项目,地区,年份,数值,单位\r\n1A4b1,天然气,浉河区,2021,{},万立方米\r\n"
    file = tmp_path / "浉河.csv"
    file.write_text(lines.format(130), encoding="gb18030", newline="")
    page.goto("/inventory/411500/data/import/")
    page.get_by_label("选择文件").set_input_files(file)
    page.get_by_role("button", name="上传并检查").click()
    page.wait_for_load_state()
    other = person("ecology")
    theirs = staging.stage(run.city, lines.format(140).encode(), name="别人.csv", by=other, now=timezone.now())
    staging.commit(theirs.pk, seen=theirs.seen["digest"], by=other, now=timezone.now())
    page.get_by_role("button", name="确认导入 1 行").click()
    page.wait_for_load_state()
    page.complaints.clear()  # the browser itself notes the 409
    assert "ecology 于" in page.get_by_role("alert").inner_text()
    assert faults(page) == []
    page.get_by_role("button", name="重新预览").click()
    page.wait_for_load_state()
    assert "140 万立方米" in page.get_by_role("region", name="将要导入的行").inner_text()
    page.get_by_role("button", name="确认导入 1 行").click()
    page.wait_for_load_state()
    assert page.get_by_text("已导入 1 行").is_visible()
