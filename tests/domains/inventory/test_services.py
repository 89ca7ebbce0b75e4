"""Activity comes in as batches, a compile reads what is active, and nothing is ever overwritten."""

from __future__ import annotations

import polars as pl
import pytest

from dafeng.domains.inventory import lineage, services, storage, uploads
from dafeng.domains.inventory.models import ActivityRow, CityFactor, InventoryRun
from dafeng.kernel.errors import DafengError, FactorError, PermissionDenied, TransitionError, UploadError
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry

# t CO2 per 1e4 m3 of natural gas, GB/T 32151.22-2024 table C.1; the fact file's ef_mass prints it as 21.621888
GAS_EF = 389.31 * 15.3e-3 * 0.99 * 44 / 12


def rows(value: float = 100.0, year: int = 2021, **more: object) -> pl.DataFrame:
    row = {
        "category": "1A4b1",
        "item": "natural_gas",
        "place": "411502",
        "year": year,
        "value": value,
        "unit": "万立方米",
        "basis": "statistic",
        "source": "燃气公司年报",
    }
    return pl.DataFrame([row | more])


def co2(run: InventoryRun, year: int = 2021) -> float:
    cells = storage.read(run, "cells")
    return cells.filter((cells["gas"] == "CO2") & (cells["year"] == year))["emission"].sum()


@pytest.fixture
def loaded(city, now):
    services.load_batch(city, rows(), title="数据包", source="pack", by=None, now=now)
    return city


def test_a_compile_stores_a_run_with_its_tables_and_hashes(loaded, now) -> None:
    run = services.compile_city(loaded, edition="gl2025", gwp="AR5", by=None, now=now)
    assert co2(run) == pytest.approx(100 * GAS_EF, rel=1e-9)
    assert set(run.artefacts) == set(storage.TABLES)
    assert run.number == 1


def test_a_second_compile_without_change_returns_the_same_run(loaded, now) -> None:
    first = services.compile_city(loaded, gwp="AR5", by=None, now=now)
    assert services.compile_city(loaded, gwp="AR5", by=None, now=now).pk == first.pk


def test_switching_the_gwp_set_makes_a_new_version_and_keeps_the_old(loaded, now) -> None:
    first = services.compile_city(loaded, gwp="AR5", by=None, now=now)
    second = services.compile_city(loaded, gwp="AR2", by=None, now=now)
    first.refresh_from_db()
    assert (second.number, first.current, second.current) == (2, False, True)
    assert co2(first) == co2(second)
    # CH4 100 × 389.31 GJ × 5 kg/TJ: AR5 weighs it 28, AR2 weighs it 21.
    methane = [storage.read(run, "cells").filter(pl.col("gas") == "CH4")["co2e"].sum() for run in (first, second)]
    assert methane[0] / methane[1] == pytest.approx(28 / 21)


def test_a_changed_result_file_is_noticed(loaded, now) -> None:
    run = services.compile_city(loaded, by=None, now=now)
    path = storage.folder(run.id) / "cells.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    storage._read.cache_clear()
    with pytest.raises(DafengError, match="校验值不符"):
        storage.read(run, "cells")


def test_an_undone_batch_is_kept_but_no_longer_counts(loaded, now) -> None:
    batch = services.load_batch(
        loaded, rows(7.0, item="lpg", unit="万吨"), title="另一批", source="upload", by=None, now=now
    )
    assert services.city_activity(loaded).height == 2
    services.undo_batch(batch, by=None, now=now, reason="填错了")
    assert services.city_activity(loaded).height == 1
    assert ActivityRow.objects.filter(batch=batch).count() == 1
    with pytest.raises(TransitionError, match="已经撤销"):
        services.undo_batch(batch, by=None, now=now, reason="再来")


def test_an_upload_counts_before_the_pack_and_a_later_upload_before_an_earlier(loaded, now) -> None:
    for value in (120.0, 130.0):
        services.load_batch(loaded, rows(value), title="上传", source="upload", by=None, now=now)
    assert services.city_activity(loaded)["value"].to_list() == [130.0]


def test_loading_the_same_pack_again_does_nothing(city, now) -> None:
    assert services.load_pack_rows(city, rows(), digest="a", title="包", by=None, now=now)
    assert not services.load_pack_rows(city, rows(), digest="a", title="包", by=None, now=now)
    assert services.load_pack_rows(city, rows(90.0), digest="b", title="包", by=None, now=now)
    assert services.city_activity(city)["value"].to_list() == [90.0]


def test_a_bad_row_leaves_nothing_behind(city, now) -> None:
    with pytest.raises(DafengError):
        services.load_batch(city, rows(place="nowhere"), title="坏", source="upload", by=None, now=now)
    assert not ActivityRow.objects.exists()
    assert not AuditEntry.objects.filter(subject_kind="record").exists()


def test_the_citys_own_factor_is_preferred_and_versioned(loaded, now) -> None:
    for value in (50.0, 52.0):
        for parameter, number, unit in (
            ("ncv_gas_20c", 380.0, "GJ/1e4m3"),
            ("carbon_content", value, "t C/TJ"),
            ("oxidation", 100.0, "%"),
        ):
            services.set_city_factor(
                loaded, f"xy.gas.{parameter}", parameter=parameter, value=number, unit=unit, item="natural_gas",
                source="实测报告", by=None, now=now,
            )  # fmt: skip
    run = services.compile_city(loaded, by=None, now=now)
    # 100 × 380 GJ × 52 kg C/GJ × 1 × 44/12 = 7 245.33 t
    assert co2(run) == pytest.approx(100 * 380 * 52e-3 * 44 / 12, rel=1e-9)
    assert CityFactor.objects.filter(factor_id="xy.gas.oxidation").count() == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parameter": "nonsense"}, "没有方法用到参数"),
        ({"unit": "km"}, "单位“km”不对"),
        ({"source": " "}, "要有数值和出处"),
        ({"value": float("nan")}, "要有数值和出处"),
    ],
)
def test_a_city_factor_that_cannot_be_right_is_refused(loaded, now, change: dict, words: str) -> None:
    good = {"parameter": "oxidation", "value": 98.0, "unit": "%", "source": "报告"}
    with pytest.raises(FactorError, match=words):
        services.set_city_factor(loaded, "x", **(good | change), by=None, now=now)


def test_signing_needs_the_office_and_a_reason_and_lifts_the_status(loaded, reviewer, now) -> None:
    # The rice factors of the 2011 guideline are from memory (METHODS.md: rice.* [mem]).
    rice = rows(2.0, category="3C7", item="rice", technology="single", unit="万公顷")
    services.load_batch(loaded, rice, title="稻田", source="upload", by=None, now=now)
    run = services.compile_city(loaded, edition="gl2011", by=None, now=now)
    assert storage.read(run, "cells").filter(pl.col("category") == "3C7")["status"].max() == 2
    waiting = storage.read(run, "unsigned")["factor_id"].to_list()
    assert waiting
    with pytest.raises(PermissionDenied):
        services.sign_factor(waiting[0], by=None, reason="核对原文", now=now)
    with pytest.raises(FactorError, match="理由"):
        services.sign_factor(waiting[0], by=reviewer, reason=" ", now=now)
    for factor in waiting:
        services.sign_factor(factor, by=reviewer, reason="核对 2011 年指南原文", now=now)
    after = services.compile_city(loaded, edition="gl2011", by=None, now=now)
    assert storage.read(after, "unsigned").height == 0
    assert storage.read(after, "cells").filter(pl.col("category") == "3C7")["status"].max() == 0


def test_a_sound_factor_needs_no_signature(reviewer, now) -> None:
    with pytest.raises(FactorError, match="无需签认"):
        services.sign_factor("heat.default", by=reviewer, reason="核对", now=now)


def test_an_incomplete_year_cannot_be_published(loaded, reviewer, now) -> None:
    run = services.compile_city(loaded, by=None, now=now)
    with pytest.raises(TransitionError, match="还不能发布"):
        services.publish_run(run, by=reviewer, now=now)


def test_totals_go_on_the_blackboard_with_their_run(loaded, now) -> None:
    run = services.compile_city(loaded, gwp="AR5", by=None, now=now)
    board = indicators.values("inventory.co2e.total", subject="411500", period="2021")
    assert board["value"].to_list() == pytest.approx([run.summary["years"]["2021"]["net"]])
    county = indicators.values("inventory.co2e.total", subject="411502", period="2021")
    assert county["value"].to_list() == pytest.approx(board["value"].to_list())


def test_every_write_is_in_the_audit_chain(loaded, now) -> None:
    services.compile_city(loaded, by=None, now=now)
    assert records.verify_chain().ok
    assert AuditEntry.objects.filter(action="inventory.compile").exists()


HEADING = "类别,品种,地区,年份,数值,单位,依据,来源\n"


def test_a_file_is_previewed_then_committed_whole_with_the_file_as_evidence(city, now, tmp_path) -> None:
    file = tmp_path / "燃气.csv"
    file.write_text(HEADING + "1A4b1,天然气,浉河区,2021,120,万立方米,统计,燃气公司\n", encoding="gb18030")
    preview, batch = uploads.import_file(city, file, commit=False, by=None, now=now)
    assert preview.ok, [str(problem) for problem in preview.problems]
    assert batch is None
    assert not ActivityRow.objects.exists()
    _, batch = uploads.import_file(city, file, commit=True, by=None, now=now)
    run = services.compile_city(city, by=None, now=now)
    part = lineage.trace(run, people=True, category="1A4b1", gas="CO2")["parts"][0]
    assert part["activity"][0]["evidence"]["name"] == "燃气.csv"
    assert part["activity"][0]["batch"] == "燃气.csv"
    assert records.verify_evidence(batch.record.evidence.get())


def test_a_file_with_one_error_brings_nothing_in(city, now, tmp_path) -> None:
    file = tmp_path / "燃气.csv"
    file.write_text(
        HEADING + "1A4b1,天然气,浉河区,2021,120,万立方米,统计,燃气公司\n1A4b1,天燃气,浉河区,2020,-5,斤,统计,\n",
        encoding="utf-8",
    )
    preview, batch = uploads.import_file(city, file, commit=True, by=None, now=now)
    assert not preview.ok
    assert batch is None
    assert not ActivityRow.objects.exists()
    with pytest.raises(UploadError, match="未导入"):
        uploads.commit_preview(city, preview, file.read_bytes(), by=None, now=now)


def test_a_file_changed_after_its_preview_is_refused(city, now, tmp_path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(HEADING + "1A4b1,天然气,浉河区,2021,120,万立方米,统计,燃气公司\n", encoding="utf-8")
    preview, _ = uploads.import_file(city, file, commit=False, by=None, now=now)
    with pytest.raises(UploadError, match="改动"):
        uploads.commit_preview(city, preview, file.read_bytes() + b"\n", by=None, now=now)


def test_a_huge_upload_is_refused_without_being_read_to_its_end(city) -> None:
    class Endless:
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "the whole stream was asked for"
            self.taken += size
            return b"x" * size

    stream = Endless()
    with pytest.raises(UploadError):
        uploads.preview(city, stream, name="大.csv")
    assert stream.taken <= 32 * 1024 * 1024
