"""The city's spot check: a draw that anybody repeats, findings with evidence, and what they do to duty, report and grade."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dafeng.domains.enterprise.compliance import listing, owing, verified
from dafeng.domains.enterprise.compliance.methods.duty import whole
from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Allocation, Report, SpotCheck, SpotDraw
from dafeng.domains.enterprise.verification import assigning, rating, spots
from dafeng.domains.enterprise.verification.methods import draws
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records import services as records
from tests.domains.enterprise.verification.conftest import NOW, PER_MONTH, content_of
from tests.domains.enterprise.verification.test_pages import page, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawn(case, people) -> SpotCheck:
    case().visited().concluded().confirmed()
    spots.draw(2025, by=people["assigner"], now=NOW)
    return SpotCheck.objects.get()


@pytest.fixture
def found(drawn, people) -> SpotCheck:
    """Inspected by two, one fault that the body had missed, with its evidence."""
    who = {"by": people["assigner"], "now": NOW}
    spots.begin(drawn, inspectors="张三、李四", day=NOW.date(), **who)
    paper = records.store_evidence(b"weighbridge", name="weigh.pdf", media_type="application/pdf", **who)
    spots.find(drawn, facts="二月过磅单比台账多 100 吨", missed=True, evidence=[paper], **who)
    return drawn


def test_the_draw_can_be_repeated_by_anybody(drawn) -> None:
    made = SpotDraw.objects.get()
    assert (made.pool, made.size, made.order) == (["plant"], 1, ["plant"])
    assert spots.redraw(made) == made.order
    assert len(made.seed) == 64
    assert not spots.pool(2025).exists()  # once is enough


def test_a_tenth_is_drawn_and_at_least_one() -> None:
    assert [spots.size_of(count, 2025) for count in (0, 1, 10, 11, 100)] == [0, 1, 1, 2, 10]
    order = draws.order("abcdefghij", seed="s", matter="spot-2025-1")
    assert sorted(order) == list("abcdefghij")
    assert order != draws.order("abcdefghij", seed="t", matter="spot-2025-1")


def test_who_must_be_checked_is_named_with_a_reason(case, people) -> None:
    case().visited().concluded().confirmed()
    for kwargs, code in (({"certain": ["plant"]}, "spot_reason"), ({"certain": ["nobody"], "reason": "举报"}, "nobody_to_draw"), ({"size": 0}, "spot_size"), ({"size": 2}, "spot_size")):  # fmt: skip
        with pytest.raises(Refused) as caught:
            spots.draw(2025, **kwargs, by=people["assigner"], now=NOW)
        assert caught.value.code == code
    with pytest.raises(PermissionDenied):
        spots.draw(2025, by=people["plant"], now=NOW)
    assert not SpotDraw.objects.exists()


def test_an_adjusted_number_raises_the_duty_once_a_second_person_confirms(found, plant, people) -> None:
    listing.cover(plant, 2025, "power", source="试验名录", by=people["assigner"], now=NOW)
    who = {"by": people["assigner"], "now": NOW}
    more = 3 * PER_MONTH + 325.27  # 100 t of coal × 3.2527 t CO2 (conftest)
    with pytest.raises(Refused) as caught:
        spots.conclude(found, outcome="adjust", tonnes=1.0, text="少报用煤", **who)
    assert caught.value.code == "spot_lower"
    spots.conclude(found, outcome="adjust", tonnes=more, text="少报用煤 100 吨", **who)
    with pytest.raises(PermissionDenied):
        spots.confirm(found, **who)
    assert verified.figure_of(found.report).basis == "passed"
    spots.confirm(found, by=people["reviewer"], now=NOW)
    owed = owing.register_duty(plant, 2025, by=people["assigner"], now=NOW)
    assert owed.tonnes == whole(more) > whole(3 * PER_MONTH)
    assert (owed.steps[0]["code"], owed.steps[0]["numbers"]["verified"]) == ("spot", str(whole(more)))


@pytest.fixture
def two_units(case, people) -> SpotCheck:
    """A report of two units with three months of coal each, drawn, inspected, with one finding."""
    content = content_of()
    first, second = content["rows"], [row | {"facility": "unit-2"} for row in content["rows"]]
    both = {"reporting": 6 * PER_MONTH, "compliance": 6 * PER_MONTH, "incomplete": 0}
    each = {"reporting": 3 * PER_MONTH, "compliance": 3 * PER_MONTH, "incomplete": 0}
    content |= {
        "rows": first + second, "values": content["values"] + [row | {"facility": "unit-2"} for row in content["values"]],
        "totals": both | {"facilities": {"unit-1": dict(each), "unit-2": dict(each)}},
        "boundary": {"facilities": [{"code": code, "name": code, "sector": "power", "compliance": True, "facts": {"class": "gas"}} for code in ("unit-1", "unit-2")], "changes": []},
    }  # fmt: skip
    case(content).visited().concluded().confirmed()
    spots.draw(2025, by=people["assigner"], now=NOW)
    drawn, who = SpotCheck.objects.get(), {"by": people["assigner"], "now": NOW}
    spots.begin(drawn, inspectors="张三、李四", day=NOW.date(), **who)
    paper = records.store_evidence(b"weighbridge", name="weigh.pdf", media_type="application/pdf", **who)
    spots.find(drawn, facts="二号机组少报用煤 100 吨", missed=True, evidence=[paper], **who)
    return drawn


def test_an_adjustment_of_one_unit_moves_that_unit_and_the_whole_is_the_sum(two_units, plant, people, clock) -> None:
    """Each unit 3 × 3252.7 t; unit 2 gets 325.27 t more: the whole firm 6 × 3252.7 + 325.27, and unit 1 stays as it was."""
    unit, more = 3 * PER_MONTH, 325.27
    who = {"outcome": "adjust", "text": "二号机组少报用煤", "by": people["assigner"], "now": NOW}
    for wrong, code in (
        ({"facilities": {"unit-2": unit - 1}}, "spot_facility"), ({"facilities": {"unit-3": unit + 1}}, "spot_facility"),
        ({"facilities": {"unit-2": None}}, "spot_facility"), ({"facilities": {"unit-2": float("nan")}}, "spot_facility"),
        ({"facilities": {"unit-2": unit}}, "spot_lower"), ({"facilities": {"unit-2": unit + more}, "tonnes": 6 * PER_MONTH + 400}, "spot_sum"),
    ):  # fmt: skip
        with pytest.raises(Refused) as caught:
            spots.conclude(two_units, **wrong, **who)
        assert caught.value.code == code
    address = reverse("enterprise:verification-spot", kwargs={"id": two_units.pk})
    desk = signed_in(people["assigner"])
    assert 'name="unit:unit-2"' in page(desk, address)
    given = {
        "state": "inspecting",
        "do": "conclude",
        "outcome": "adjust",
        "text": "少报用煤",
        "tonnes": "",
        "unit:unit-1": "",
    }
    assert desk.post(f"{address}step/", given | {"unit:unit-2": "许多"}).status_code == 302
    assert SpotCheck.objects.get().record.state == "inspecting"  # refused, with a message
    assert desk.post(f"{address}step/", given | {"unit:unit-2": f"{unit + more:.2f}"}).status_code == 302
    two_units.refresh_from_db()
    assert two_units.tonnes == pytest.approx(6 * PER_MONTH + more, abs=0.01)
    before = verified.allocation_units(two_units.report)
    spots.confirm(two_units, by=people["reviewer"], now=NOW)
    assert [row["emissions"] for row in before] == [pytest.approx(unit, abs=0.001)] * 2
    assert [row["emissions"] for row in verified.allocation_units(two_units.report)] == [pytest.approx(unit, abs=0.001), pytest.approx(unit + more, abs=0.01)]  # fmt: skip
    figure = verified.figure_of(two_units.report)
    assert (figure.basis, figure.tonnes) == ("spot", pytest.approx(6 * PER_MONTH + more, abs=0.01))
    [row] = desk.get("/api/enterprise/spot-checks").json()["items"]
    assert row["facilities"] == {"unit-2": pytest.approx(unit + more, abs=0.01)}


def test_the_duty_of_gas_units_follows_the_adjusted_unit(two_units, plant, people) -> None:
    """The gas step tells what the units emitted: the adjusted number, not that of the allocation before."""
    spots.conclude(two_units, outcome="adjust", facilities={"unit-2": 3 * PER_MONTH + 325.27}, text="少报", by=people["assigner"], now=NOW)  # fmt: skip
    spots.confirm(two_units, by=people["reviewer"], now=NOW)
    listing.cover(plant, 2025, "power", source="试验名录", by=people["assigner"], now=NOW)
    units = [
        {"unit": f"unit-{n}", "class": "gas", "emissions": str(3 * PER_MONTH)} for n in (1, 2)
    ]  # as allocated before
    rows = [{"unit": f"unit-{n}", "class": "gas", "tonnes": 9_000} for n in (1, 2)]
    Allocation.objects.create(enterprise=plant, year=2025, stage="final", number=1, rule_set="power-2024", units=units, rows=rows, tonnes=18_000, issued=18_000, at=NOW)  # fmt: skip
    owed = owing.register_duty(plant, 2025, by=people["assigner"], now=NOW)
    [gas] = [step for step in owed.steps if step["code"] == "gas"]
    assert gas["numbers"]["emissions"] == str(whole(6 * PER_MONTH + 325.27))


def test_a_returned_report_becomes_a_new_version_with_its_reason(found, plant, people) -> None:
    listing.cover(plant, 2025, "power", source="试验名录", by=people["assigner"], now=NOW)
    spots.conclude(found, outcome="return", tonnes=None, text="台账与过磅单全年不符", by=people["assigner"], now=NOW)
    spots.confirm(found, by=people["reviewer"], now=NOW)
    new = Report.objects.get(version=2)
    assert (new.record.state, new.year) == ("draft", 2025)
    assert "台账与过磅单全年不符" in new.reason
    assert found.report.record.state == "locked"  # what was locked stays as it was
    with pytest.raises(Refused) as caught:
        owing.register_duty(plant, 2025, by=people["assigner"], now=NOW)
    assert caught.value.code == "verification_open"
    with pytest.raises(Refused) as caught:
        assigning.assign(found.report, by=people["assigner"], now=NOW)
    assert caught.value.code == "superseded_by_draft"
    assert reverse("enterprise:verification-assign", kwargs={"id": found.report_id}) not in page(signed_in(people["assigner"]), "/enterprise/verification/bureau/")  # fmt: skip


def test_what_the_body_missed_lowers_its_grade(found, people) -> None:
    body = found.verification.body
    before = rating.scores_of({body.code: rating.figures(body, NOW.year, now=NOW)}, on=NOW.date()).frame["score"][0]
    spots.conclude(found, outcome="sound", tonnes=None, text="不影响排放量", by=people["assigner"], now=NOW)
    spots.confirm(found, by=people["reviewer"], now=NOW)
    told = rating.figures(body, NOW.year, now=NOW)
    assert told["verification.spot_missed"] == 1
    after = rating.scores_of({body.code: told}, on=NOW.date()).frame["score"][0]
    assert before - after == pytest.approx(5)


def test_nothing_is_adjusted_without_a_finding_or_found_without_evidence(drawn, people) -> None:
    who = {"by": people["assigner"], "now": NOW}
    with pytest.raises(Refused) as caught:
        spots.begin(drawn, inspectors="张三", day=NOW.date(), **who)
    assert caught.value.code == "spot_inspectors"
    spots.begin(drawn, inspectors="张三，李四", day=NOW.date(), **who)
    with pytest.raises(Refused) as caught:
        spots.find(drawn, facts="没有证据的发现", missed=False, evidence=[], **who)
    assert caught.value.code == "evidence_missing"
    with pytest.raises(Refused) as caught:
        spots.conclude(drawn, outcome="return", tonnes=None, text="没有发现", **who)
    assert caught.value.code == "findings_needed"


def test_nobody_is_warned_and_each_sees_their_own(drawn, people, clock) -> None:
    address = reverse("enterprise:verification-spot", kwargs={"id": drawn.pk})
    plant, body, other, desk = (signed_in(people[name]) for name in ("plant", "verifier", "stranger", "assigner"))
    assert [each.get(address).status_code for each in (plant, body, other)] == [404, 404, 404]
    state = {"state": "drawn", "do": "begin", "inspectors": "张三、李四", "day": "2026-04-08"}
    assert plant.post(f"{address}step/", state).status_code == 403
    assert desk.post(f"{address}step/", state).status_code == 302
    assert [each.get(address).status_code for each in (plant, body, other)] == [200, 404, 404]
    given: dict[str, Any] = {"state": "inspecting", "do": "find", "facts": "煤样留存不足", "missed": "on", "files": SimpleUploadedFile("a.pdf", b"%PDF-1.4 x")}  # fmt: skip
    assert desk.post(f"{address}step/", given).status_code == 302
    assert desk.post(f"{address}step/", {"state": "inspecting", "do": "conclude", "outcome": "sound", "text": "属实"}).status_code == 302  # fmt: skip
    second = signed_in(people["reviewer"])
    assert second.post(f"{address}step/", {"state": "concluded", "do": "confirm"}).status_code == 302
    assert body.get(address).status_code == 200
    for client in (plant, body, desk):
        assert "煤样留存不足" in page(client, address)
        assert "核查数据抽查" in page(client, "/enterprise/verification/spots/")
    assert "复算一致" in page(desk, "/enterprise/verification/spots/")
    [row] = body.get("/api/enterprise/spot-checks").json()["items"]
    assert (row["outcome"], row["state"]) == ("sound", "confirmed")
