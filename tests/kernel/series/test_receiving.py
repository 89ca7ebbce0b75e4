"""What is received is stored once, whatever comes twice, late, corrected or out of order. Counts and sums by hand."""

from __future__ import annotations

import shutil
from datetime import timedelta

import polars as pl
import pytest

from dafeng.kernel.series import flags, ingest, points, quarantine, queries, services, store, upkeep
from dafeng.kernel.series.errors import Clash, SeriesError
from dafeng.kernel.series.models import Batch, Quarantine
from tests.kernel.series.conftest import DAY, LATER, MINUTES, rows

HOUR = timedelta(hours=1)


def told(receipt: ingest.Receipt) -> tuple[int, int, int, int]:
    return receipt.accepted, receipt.again, receipt.revised, receipt.refused


@pytest.mark.parametrize("settle", [False, True])
def test_a_register_of_a_morning_gives_its_hours(point, send, settle: bool) -> None:
    m = point()
    # 00:00 … 02:00, by 10 kWh a quarter of an hour in the first hour, by 5 in the second: 40 and 20 kWh.
    assert told(send(rows(m, [100, 110, 120, 130, 140, 145, 150, 155, 160]))) == (9, 0, 0, 0)
    if settle:
        assert upkeep.settle(now=LATER).rows == 9
    hours = queries.used([m], DAY, DAY + 2 * HOUR, "1h")
    assert hours["value"].to_list() == [40.0, 20.0]
    assert hours["coverage"].to_list() == [1.0, 1.0]
    assert hours["at"].to_list() == [DAY, DAY + HOUR]
    quarters = queries.used([m], DAY, DAY + 2 * HOUR, "15m")["value"].to_list()
    assert quarters == [10.0] * 4 + [5.0] * 4
    day = queries.used([m], DAY, DAY + 24 * HOUR, "1d")
    assert day.select("value", "coverage").row(0) == (60.0, pytest.approx(2 / 24))
    month = queries.used([m], DAY, DAY + 24 * HOUR, "1mo")
    assert month["value"].to_list() == [60.0]
    assert month["at"].to_list() == [DAY.replace(day=1)]
    assert month["coverage"].item() == pytest.approx(2 / (31 * 24))


@pytest.mark.parametrize("settle", [False, True])
def test_twice_is_once_late_is_in_its_place_and_another_value_is_a_revision(point, send, settle: bool) -> None:
    m = point(kind="interval")
    assert told(send(rows(m, [1, 2, None, 4]))) == (3, 0, 0, 0)
    if settle:
        upkeep.settle(now=LATER)
    assert told(send(rows(m, [1, 2, None, 4]))) == (0, 3, 0, 0)
    assert told(send(rows(m, [None, None, 3]))) == (1, 0, 0, 0)
    assert told(send(rows(m, [None, 20]), now=LATER + HOUR)) == (0, 0, 1, 0)
    assert told(send(rows(m, [None, 2]), now=LATER + 2 * HOUR)) == (0, 1, 0, 0)  # the first told once more, late
    if settle:
        upkeep.settle(now=LATER + 3 * HOUR)
    found = queries.readings([m], DAY, DAY + HOUR)
    assert found["value"].to_list() == [1.0, 20.0, 3.0, 4.0]
    assert found["revision"].to_list() == [0, 1, 0, 0]
    assert found["flag"].to_list() == [0, flags.CORRECTED, 0, 0]
    before = queries.as_known([m], DAY, DAY + HOUR, LATER)
    assert before["value"].to_list() == [1.0, 2.0, 3.0, 4.0]
    assert queries.revisions([m], DAY, DAY + HOUR).height == 5
    # The interval that ends at 00:00 is the day before's: 20 + 3 + 4.
    assert queries.used([m], DAY, DAY + HOUR, "1h")["value"].to_list() == [27.0]


def test_what_was_known_leaves_out_what_had_not_arrived(point, send) -> None:
    m = point(kind="interval")
    send(rows(m, [1, 2]), now=LATER)
    send(rows(m, [None, None, 3]), now=LATER + HOUR)
    assert queries.readings([m], DAY, DAY + HOUR, known_at=LATER)["value"].to_list() == [1.0, 2.0]
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("settle", [False, True])
def test_a_persons_correction_outranks_every_machine_and_what_is_made_up_nobody(point, send, settle: bool) -> None:
    m = point(kind="interval")
    send(rows(m, [1, 5]))
    send(rows(m, [2]), source="manual", now=LATER + HOUR)
    send(rows(m, [3]), source="mqtt", now=LATER + 2 * HOUR)
    send(rows(m, [None, 9]), source="simulated", now=LATER + 2 * HOUR)
    if settle:
        upkeep.settle(now=LATER + 3 * HOUR)
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [2.0, 5.0]


def test_a_person_may_go_back_to_what_a_machine_had_told(point, send) -> None:
    m = point(kind="interval")
    send(rows(m, [5]))
    send(rows(m, [6]), now=LATER + HOUR)
    assert told(send(rows(m, [5]), source="manual", now=LATER + 2 * HOUR)) == (0, 0, 1, 0)
    assert told(send(rows(m, [5]), source="manual", now=LATER + 3 * HOUR)) == (0, 1, 0, 0)
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [5.0]


def test_within_one_delivery_rows_follow_one_another(point, send) -> None:
    m = point(kind="interval")
    twice = pl.concat([rows(m, [1, 2]), rows(m, [1, 7])])
    assert told(send(twice)) == (2, 1, 1, 0)
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [1.0, 7.0]


def test_a_told_revision_is_kept_and_its_number_is_taken_once(point, send) -> None:
    m = point(kind="interval")
    assert told(send(rows(m, [1], revision=3))) == (0, 0, 1, 0)
    assert told(send(rows(m, [1], revision=3))) == (0, 1, 0, 0)
    refused = send(rows(m, [2], revision=3))
    assert refused.reasons == {"revision_taken": 1}
    assert told(send(rows(m, [2], revision=4))) == (0, 0, 1, 0)


def test_a_batch_is_known_again_by_its_key(point, send) -> None:
    m = point()
    first = send(rows(m, [1, 2]), key="b1")
    again = send(rows(m, [1, 2]), key="b1", now=LATER + HOUR)
    assert again.repeated
    assert told(again) == told(first) == (2, 0, 0, 0)
    with pytest.raises(Clash) as clash:
        send(rows(m, [1, 3]), key="b1")
    assert clash.value.code == "batch_reused"
    assert Batch.objects.count() == 1


def test_a_large_batch_goes_into_files_and_answers_the_same(point, send, monkeypatch) -> None:
    monkeypatch.setattr(ingest, "BULK", 4)
    m = point(kind="interval")
    assert told(send(rows(m, [1, 2, 3, 4]))) == (4, 0, 0, 0)
    assert told(send(rows(m, [1, 2, 3, 5, 6]))) == (1, 3, 1, 0)
    assert told(send(rows(m, [9, 9, 9, 9, 9, 9]), now=LATER + HOUR)) == (1, 0, 5, 0)
    assert queries.readings([m], DAY, DAY + 2 * HOUR)["value"].to_list() == [9.0] * 6
    assert queries.used([m], DAY, DAY + 2 * HOUR, "1h")["value"].to_list() == [36.0, 9.0]
    upkeep.settle(now=LATER + HOUR)
    assert queries.readings([m], DAY, DAY + 2 * HOUR)["value"].to_list() == [9.0] * 6
    assert queries.used([m], DAY, DAY + 2 * HOUR, "1h")["value"].to_list() == [36.0, 9.0]
    assert queries.as_known([m], DAY, DAY + 2 * HOUR, LATER)["value"].to_list() == [1.0, 2.0, 3.0, 5.0, 6.0]


@pytest.mark.parametrize("by", ["code", "number"])
def test_a_batch_judged_in_parts_is_the_batch_judged_whole(point, send, monkeypatch, by: str) -> None:
    """Eleven points and a stranger, in the order of time as a collector sends them, twice with another value now and then."""
    meters = [point(f"p{number}", kind="interval") for number in range(11)]
    frames = [rows(each, [float(slot * 7 % 5 + place) for slot in range(9)]) for place, each in enumerate(meters)]
    frame = pl.concat([*frames, rows("nobody", [1.0] * 9), rows(meters[3], [99.0, float("nan")])]).sort("at")
    if by == "number":
        numbers = {each.code: each.pk for each in meters} | {"nobody": 987_654}
        frame = frame.with_columns(pl.col("point").replace_strict(numbers, return_dtype=pl.Int64))
    changed = frame.with_columns(pl.col("value") + (pl.col("value") == 4.0).cast(pl.Float64))
    end = DAY + 4 * HOUR
    codes = [each.code for each in meters]

    def outcome() -> tuple[object, ...]:
        receipts = send(frame), send(changed, now=LATER + HOUR)
        held = sorted(Quarantine.objects.values_list("reason", "count", "digest"))
        kept = pl.concat([quarantine.rows_of(each) for each in Quarantine.objects.order_by("pk")])
        kept = kept.with_columns(pl.col("value").fill_nan(-1)).sort("row", "arrived")
        columns = ["point", "at", "value", "revision", "source"]
        found = queries.revisions(codes, DAY, end).select(columns).rows()
        return receipts, held, kept.rows(), queries.readings(codes, DAY, end)["value"].to_list(), found

    whole = outcome()
    home = points.the_store().home
    shutil.rmtree(home)
    store._stores.pop(home)
    Batch.objects.all().delete()
    Quarantine.objects.all().delete()
    monkeypatch.setattr(ingest, "PART", 10)
    in_parts = outcome()
    assert in_parts == whole
    assert points.the_store().snapshot().waiting == 0  # in files at once
    upkeep.settle(now=LATER + HOUR)
    assert queries.readings(codes, DAY, end)["value"].to_list() == whole[3]


def test_what_competes_is_picked_and_its_neighbours_stay(point, send, monkeypatch) -> None:
    """One moment of one point is corrected in the log, one in a file, beside settled months and other shards: no row is lost or doubled."""
    monkeypatch.setattr(ingest, "BULK", 3)
    a, b = point("a", kind="interval"), point("b", kind="interval")
    for each in (a, b):
        send(rows(each, [1.0] * 20, start=DAY - timedelta(days=40)), source="backfill")
        send(rows(each, [2.0] * 20), source="backfill")
    upkeep.settle(now=LATER)
    send(rows(a, [None, 5.0]), now=LATER + HOUR)  # waits in the log
    send(rows(b, [7.0, 7.0, 7.0]), now=LATER + HOUR)  # in a file at once
    send(rows(a, [None] * 20 + [3.0]), now=LATER + HOUR)  # new, in the log
    start, end = DAY - timedelta(days=41), DAY + timedelta(days=1)
    found = queries.readings([a, b], start, end)
    values = {each.pk: found.filter(pl.col("point") == each.pk)["value"].to_list() for each in (a, b)}
    assert values[a.pk] == [1.0] * 20 + [2.0, 5.0] + [2.0] * 18 + [3.0]
    assert values[b.pk] == [1.0] * 20 + [7.0] * 3 + [2.0] * 17
    counted = queries.totals(None, start, end, 86_400)
    assert (counted["count"].sum(), (counted["count"] * counted["mean"]).sum()) == (81, 20 + 43 + 3 + 20 + 55)
    assert queries.as_known([b], DAY, end, LATER)["value"].to_list() == [2.0] * 20


REFUSED = {
    "no_revision": lambda m: rows(m, [1.0]).with_columns(revision=pl.lit(-1, pl.Int32)),
    "unknown_point": lambda m: rows("nobody", [1.0]),
    "not_a_number": lambda m: rows(m, [float("nan")]),
    "future": lambda m: rows(m, [1.0], start=LATER + HOUR),
    "no_time": lambda m: rows(m, [1.0], start=DAY.replace(year=1999)),
    "not_in_service": lambda m: rows(m, [1.0], start=DAY.replace(year=2020)),
    "unit_changed": lambda m: rows(m, [1.0], unit="MWh"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_taken_waits_in_quarantine_once(point, send, reason: str) -> None:
    m = point(since=DAY.replace(year=2025))
    for _time in range(2):
        receipt = send(REFUSED[reason](m))
        assert receipt.reasons == {reason: 1}
    assert Quarantine.objects.get().reason == reason
    assert queries.readings([m], DAY.replace(year=1990), LATER.replace(year=2030)).height == 0


def test_a_register_that_runs_backwards_is_held_until_somebody_says_it_was_replaced(point, send) -> None:
    from dafeng.kernel.series import quarantine

    m = point()
    receipt = send(rows(m, [5000, 5010, 4000, 4010, 5020]))
    assert receipt.reasons == {"backwards": 2}
    assert queries.readings([m], DAY, DAY + 2 * HOUR)["value"].to_list() == [5000.0, 5010.0, 5020.0]
    services.state_fact(m, "reset", 3990, DAY + 5 * MINUTES, now=LATER)
    assert told(send(rows(m, [4000, 4010], start=DAY + 5 * MINUTES))) == (2, 0, 0, 0)
    # 5010 - 5000, 5020 - 5010 over two quarters, then the new register from 3990: 10, then 10.
    quarters = queries.used([m], DAY, DAY + 2 * HOUR, "15m")
    assert quarters["value"].to_list() == pytest.approx([10, 10 / 3, 10 / 3, 10 / 3, 10, 10])
    held = Quarantine.objects.get()
    quarantine.drop(held, by=None, now=LATER, note="抄错")
    with pytest.raises(SeriesError, match="已经处理"):
        quarantine.drop(held, by=None, now=LATER, note="抄错")


def test_readings_of_a_point_that_comes_later_are_released(point, send) -> None:
    from dafeng.kernel.series import quarantine

    send(rows("late", [1, 2]))
    m = point("late")
    held = Quarantine.objects.get()
    assert quarantine.rows_of(held)["value"].to_list() == [1.0, 2.0]
    assert told(quarantine.release(held, by=None, now=LATER)) == (2, 0, 0, 0)
    assert queries.readings([m], DAY, DAY + HOUR)["value"].to_list() == [1.0, 2.0]


def test_a_register_rolls_over_and_a_reset_is_seen(point, send) -> None:
    m = point(digits=4, rated=400)
    # 9990 → 5 is 15 more; 25 → 0 is a reset, of which nothing is known but what stands there.
    assert told(send(rows(m, [9980, 9990, 5, 25, 0, 10]))) == (6, 0, 0, 0)
    found = queries.used([m], DAY, DAY + 2 * HOUR, "15m")
    assert found["value"].to_list() == [10.0, 15.0, 20.0, 0.0, 10.0]
    assert found["flag"].to_list() == [0, flags.ROLLED, 0, flags.RESET | flags.ESTIMATED, 0]


def test_a_unit_changed_in_mid_year_is_recognised_and_keeps_what_was_before(point, send) -> None:
    m = point()
    receipt = send(rows(m, [500_000, 500_100, 500.2, 500.3]))
    assert receipt.reasons == {"unit_jump": 2}
    services.state_fact(m, "unit", "MWh", DAY + MINUTES, now=LATER)
    assert told(send(rows(m, [None, None, 500.2, 500.3]))) == (2, 0, 0, 0)
    # 100 kWh, then 500.2 MWh - 500 100 kWh = 100 kWh, then 0.1 MWh.
    assert queries.used([m], DAY, DAY + HOUR, "15m")["value"].to_list() == pytest.approx([100, 100, 100])


def test_a_multiplier_from_a_date_on_counts_from_that_date_on(point, send) -> None:
    m = point(multiplier=10)
    services.state_fact(m, "multiplier", 20, DAY + 2 * MINUTES, now=LATER)
    send(rows(m, [100, 101, 102, 103]))
    assert queries.used([m], DAY, DAY + HOUR, "15m")["value"].to_list() == [10.0, 10.0, 20.0]


@pytest.mark.parametrize("settle", [False, True])
def test_a_fact_that_is_learnt_later_makes_the_steps_anew(point, send, settle: bool) -> None:
    m = point()
    send(rows(m, [100, 101, 102, 103]))
    upkeep.settle(now=LATER)
    services.state_fact(m, "multiplier", 7, DAY + MINUTES, now=LATER)
    if settle:
        upkeep.settle(now=LATER)
    assert queries.used([m], DAY, DAY + HOUR, "15m")["value"].to_list() == [1.0, 7.0, 7.0]
    assert queries.used([m], DAY, DAY + HOUR, "1mo")["value"].to_list() == [15.0]
