"""Batches of activity data: a commit is whole or not at all, an undo gives back what was there, and nobody overwrites unseen.

Expected counts follow from the rows that each test writes.
"""

from __future__ import annotations

import io
from datetime import timedelta

import polars as pl
import pytest
from django.utils import timezone
from openpyxl import load_workbook

from dafeng.domains.inventory import holdings, services, staging
from dafeng.domains.inventory.models import Batch, StagedUpload
from dafeng.kernel.desk.models import Notice
from dafeng.kernel.errors import StaleError, TransitionError
from dafeng.kernel.jobs import registry
from dafeng.kernel.records.models import Evidence
from dafeng.kernel.records.services import verify_chain
from tests.portal.data_files import GAS, LPG, book, commit, committed, staged_by, text, url

# ---------------------------------------------------------------- commit


def test_a_commit_stores_the_previewed_rows_with_the_file_as_evidence(clerk) -> None:
    content = book(GAS, LPG)
    batch = committed(clerk, content)
    assert sorted(batch.rows.values_list("item", "value")) == [("lpg", 5.0), ("natural_gas", 130.0)]
    assert batch.record.evidence.get().file.read() == content
    assert batch.record.created_by.username == "statistics"
    assert verify_chain().ok
    page = text(clerk.get(url("batch", id=batch.pk)))
    assert batch.record.evidence.get().sha256 in page
    assert b"".join(clerk.get(url("batch-file", id=batch.pk)).streaming_content) == content


def test_a_batch_that_is_newer_than_the_account_leads_to_the_compile(clerk, run) -> None:
    batch = committed(clerk, book(GAS))
    type(run).objects.update(created_at=batch.record.changed_at + timedelta(minutes=1))
    assert url("compile") not in text(clerk.get(url("batch", id=batch.pk)))
    type(run).objects.update(created_at=batch.record.changed_at - timedelta(minutes=1))
    assert url("compile") in text(clerk.get(url("batch", id=batch.pk)))


def test_a_commit_sent_twice_is_stored_once_and_answered_alike(clerk) -> None:
    staged = staged_by(clerk, book(GAS))
    first, second = commit(clerk, staged), commit(clerk, staged)
    assert (first.status_code, first.url) == (second.status_code, second.url)
    assert Batch.objects.filter(source="upload").count() == 1
    assert clerk.get(url("data-preview", id=staged.pk)).url == first.url


def test_a_file_that_would_change_nothing_is_not_stored_again(clerk) -> None:
    content = book(GAS)
    committed(clerk, content)
    staged = staged_by(clerk, content, "同一份.xlsx")
    assert (staged.counts["same"], staged.counts["new"], staged.counts["replaces"]) == (1, 0, 0)
    answer = commit(clerk, staged)
    assert answer.status_code == 422
    assert "完全相同" in text(answer)
    assert Batch.objects.filter(source="upload").count() == 1


def test_who_committed_the_same_source_meanwhile_is_named_and_one_click_previews_again(clerk, other) -> None:
    mine = staged_by(clerk, book(GAS))
    theirs = committed(other, book([*GAS[:4], 140, *GAS[5:]]), "别人.xlsx")
    page = text(clerk.get(url("data-preview", id=mine.pk)))
    assert "ecology 于" in page
    assert "提交了“别人.xlsx”" in page
    assert url("data-commit", id=mine.pk) not in page
    answer = commit(clerk, mine)
    assert answer.status_code == 409
    assert "重新预览" in text(answer)
    assert Batch.objects.filter(source="upload").count() == 1
    assert clerk.post(url("data-again", id=mine.pk)).status_code == 302
    mine.refresh_from_db()
    assert staging.rows_of(mine)["old_value"].to_list() == [140.0]
    assert commit(clerk, mine).status_code == 302
    assert Notice.objects.get(user=theirs.record.created_by, kind="data").text.startswith("statistics 导入了")


def test_a_batch_undone_meanwhile_makes_a_preview_stale_too(clerk, other) -> None:
    theirs = committed(other, book([*GAS[:4], 140, *GAS[5:]]))
    mine = staged_by(clerk, book(GAS), "我的.xlsx")
    services.undo_batch(theirs, by=theirs.record.created_by, now=timezone.now(), reason="填错了")
    with pytest.raises(StaleError, match=r"ecology 于 .* 撤销了"):
        staging.commit(mine.pk, seen=mine.seen["digest"], by=mine.by, now=timezone.now())


def test_a_commit_of_other_sources_meanwhile_does_not_disturb(clerk, other) -> None:
    mine = staged_by(clerk, book(GAS))
    committed(other, book(LPG))
    assert commit(clerk, mine).status_code == 302


def test_a_tab_that_shows_an_older_preview_may_not_commit(clerk, other) -> None:
    mine = staged_by(clerk, book(GAS))
    old = mine.seen["digest"]
    committed(other, book([*GAS[:4], 140, *GAS[5:]]))
    clerk.post(url("data-again", id=mine.pk))
    answer = commit(clerk, mine, seen=old)
    assert answer.status_code == 409
    assert "另一个页面" in text(answer)
    assert Batch.objects.filter(source="upload").count() == 1


def test_a_file_that_was_altered_on_the_server_is_not_stored(clerk) -> None:
    staged = staged_by(clerk, book(GAS))
    with staged.file.storage.open(staged.file.name, "wb") as stream:
        stream.write(b"torn")
    answer = commit(clerk, staged)
    assert answer.status_code == 422
    assert (Batch.objects.filter(source="upload").count(), Evidence.objects.count()) == (0, 0)


# ---------------------------------------------------------------- undo


def test_an_undo_shows_what_comes_back_and_what_is_lost(clerk) -> None:
    batch = committed(clerk, book(GAS, LPG))
    answer = clerk.get(url("batch-undo", id=batch.pk))
    assert (answer.context["back"], answer.context["gone"]) == (1, 1)
    page = text(answer)
    assert "130 万立方米" in page
    assert "120 万立方米" in page


def undo(client, batch: Batch, reason: str = "填错了"):
    keys = holdings.active(batch.city)
    return client.post(
        url("batch-undo", id=batch.pk), {"reason": reason, "seen": "-".join(str(key[0]) for key in keys)}
    )


def test_an_undo_asks_for_a_reason_then_takes_the_rows_out_and_keeps_them(clerk) -> None:
    batch = committed(clerk, book(GAS))
    assert undo(clerk, batch, reason=" ").status_code == 422
    assert undo(clerk, batch).status_code == 302
    held = holdings.city_rows(batch.city)
    assert held.filter(pl.col("counts") & (pl.col("year") == 2021))["value"].to_list() == [120.0, 2.0]
    assert batch.rows.count() == 1
    assert "填错了" in text(clerk.get(url("batch", id=batch.pk)))


def test_a_second_undo_says_who_was_first(clerk, other) -> None:
    batch = committed(clerk, book(GAS))
    assert undo(other, batch).status_code == 302
    answer = undo(clerk, batch)
    assert answer.status_code == 422
    assert "ecology" in text(answer)
    assert Notice.objects.filter(user=batch.record.created_by, title__contains="撤销").count() == 1
    with pytest.raises(TransitionError):
        services.undo_batch(batch, by=batch.record.created_by, now=timezone.now(), reason="再来")


def test_an_undo_from_a_page_that_is_out_of_date_is_refused(clerk, other) -> None:
    batch = committed(clerk, book(GAS))
    old = "-".join(str(key[0]) for key in holdings.active(batch.city))
    committed(other, book(LPG))
    answer = clerk.post(url("batch-undo", id=batch.pk), {"reason": "填错了", "seen": old})
    assert answer.status_code == 409
    batch.refresh_from_db()
    assert batch.active


def test_the_same_file_can_come_in_again_after_an_undo(clerk) -> None:
    content = book(GAS)
    undo(clerk, committed(clerk, content))
    again = committed(clerk, content, "再交.xlsx")
    held = holdings.city_rows(again.city).filter(pl.col("counts") & (pl.col("item").cast(pl.String) == "natural_gas"))
    assert sorted(held["value"]) == [100.0, 130.0]


def test_the_rows_of_the_pack_are_not_undone_here(clerk) -> None:
    answer = clerk.post(url("batch-undo", id=Batch.objects.get(source="pack").pk), {"reason": "x"})
    assert answer.status_code == 422
    assert Batch.objects.get(source="pack").active


def test_a_department_undoes_its_own_batch_but_not_that_of_another(client, run, person, other) -> None:
    client.force_login(person("department"))
    theirs, mine = committed(other, book(GAS)), committed(client, book(LPG), "部门.xlsx")
    assert client.post(url("batch-undo", id=theirs.pk), {"reason": "x"}).status_code == 403
    assert undo(client, mine).status_code == 302


# ---------------------------------------------------------------- who sees what


@pytest.fixture
def county(run, person):
    """An officer of Shihe, whose county is all that they answer for."""
    from django.test import Client

    user = person("county")
    user.memberships.update(place="411502")
    found = Client()
    found.force_login(user)
    return found


def test_another_persons_staged_file_is_not_there(clerk, other) -> None:
    mine = staged_by(clerk, book(GAS))
    assert other.get(url("data-preview", id=mine.pk)).status_code == 404
    assert other.get(url("data-problems", id=mine.pk)).status_code == 404
    for name in ("data-again", "data-discard", "data-commit"):
        assert other.post(url(name, id=mine.pk), {"seen": mine.seen["digest"]}).status_code == 404
    assert StagedUpload.objects.get().pk == mine.pk


def test_a_county_sees_its_own_batches_and_rows_only(county, clerk) -> None:
    foreign, own = committed(clerk, book(GAS)), committed(county, book(LPG), "浉河.xlsx")
    assert county.get(url("data")).context["table"].total == 1
    assert [row["row"].pk for row in county.get(url("data"), {"tab": "batches"}).context["table"].cells] == [own.pk]
    for name in ("batch", "batch-file", "batch-undo"):
        assert county.get(url(name, id=foreign.pk)).status_code == 404
        assert county.get(url(name, id=own.pk)).status_code == 200
    assert clerk.get(url("data")).context["table"].total == 5


def test_a_county_reports_for_itself_alone(county) -> None:
    staged = staged_by(county, book(GAS, ["1A4b1", "天然气", "平桥区", 2021, 1, "万立方米", "x"]))
    assert staged.counts["errors"] == 1
    assert "“平桥区”不在您负责的地区内" in text(county.get(url("data-preview", id=staged.pk)))
    assert county.get(url("data-template"), {"place": "411503"}).status_code == 404
    answer = county.get(url("data-template"), {"year": "2021", "sheet": "1"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))["能源活动"]
    assert sheet.cell(4, 5).value == "浉河区"


def test_a_county_is_not_shown_the_numbers_of_others_that_it_replaces(county) -> None:
    staged = staged_by(county, book(GAS))
    page = text(county.get(url("data-preview", id=staged.pk)))
    assert "您无权查看" in page
    assert "120 万立方米" not in page
    assert "+8.3%" not in page


# ---------------------------------------------------------------- the day after


def test_a_staged_file_is_gone_after_a_day_and_cleared_with_its_content(clerk) -> None:
    staged = staged_by(clerk, book(GAS))
    storage, now = staged.file.storage, timezone.now()
    stray = storage.save("staged/stray", io.BytesIO(b"left by a crash"))
    assert staging.clear(now=now + timedelta(hours=23)) == 0
    StagedUpload.objects.update(created_at=now - timedelta(hours=25))
    assert clerk.get(url("data-preview", id=staged.pk)).status_code == 404
    with_callbacks(lambda: staging.clear(now=now + timedelta(hours=25)))
    assert not StagedUpload.objects.exists()
    assert not storage.exists(stray)
    assert not storage.exists(staged.file.name)


def with_callbacks(act) -> None:
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        act()


def test_an_eleventh_waiting_file_makes_the_oldest_give_way(clerk) -> None:
    first = staged_by(clerk, book([*GAS[:4], 1, *GAS[5:]]), "0.xlsx")
    for number in range(1, 11):
        staged_by(clerk, book([*GAS[:4], number + 1, *GAS[5:]]), f"{number}.xlsx")
    assert StagedUpload.objects.count() == 10
    assert not StagedUpload.objects.filter(pk=first.pk).exists()


def test_the_clearing_is_a_job_of_the_clock() -> None:
    from dafeng.kernel.jobs import schedules

    assert "inventory.clear-staged" in [each.code for each in registry.registered()]
    assert "inventory.clear-staged" in [each.kind for each in schedules.registered()]
