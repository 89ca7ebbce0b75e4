"""A two-high project's own meters and nodes: what they add up to, what counts once, and how its warning follows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import polars as pl
import pytest
from django.test import Client
from django.urls import reverse

from dafeng.domains.energy.control import binding, overruns, projects, warnings
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.models import ControlLight, FlowNode, HighProject, Meter, ProjectPart
from dafeng.domains.energy.monitoring import modelling, sheet
from dafeng.kernel.records.models import AuditEntry
from dafeng.kernel.series import ingest
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW

JANUARY, NOVEMBER = date(2026, 1, 1), date(2026, 11, 1)
TCE_PER_MWH = 0.1229
"""GB/T 2589-2020, table A.1: 0.1229 kgce/(kW·h), equivalent value."""


@pytest.fixture
def line(firm: Any) -> Any:
    """A meter of the firm that tells so many kWh each day, from a day to another; daily readings."""

    def make(code: str, daily: float, *, node: str = "grid", first: date = JANUARY, last: date = date(2026, 11, 20), parent: Any = None) -> Meter:  # fmt: skip
        point = series.ensure_point(
            code, subject=firm.subject, organisation=firm.organisation, place=firm.place, name=f"表 {code}", quantity="electricity", unit="kWh",
            kind=Point.Kind.INTERVAL, period=86400,
        )  # fmt: skip
        at = modelling.save_node(
            firm, code=node, name=f"环节 {node}", stage="purchase" if node == "grid" else "process", by=None, now=NOW
        )
        meter = modelling.bind(at, point, item="electricity", parent=parent, by=None, now=NOW)
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        rows = [(point.pk, datetime(day.year, day.month, day.day, 16, tzinfo=UTC), daily) for day in days]
        frame = pl.DataFrame(rows, schema={"point": pl.Int64, "at": pl.Datetime("us", "UTC"), "value": pl.Float64}, orient="row")  # fmt: skip
        ingest.receive(frame, source="simulated", key=point.code, now=NOW, owner="test")
        return meter

    return make


@pytest.fixture
def kiln(firm: Any, tell: Any) -> HighProject:
    """A project of 1200 tce a year in a firm that told 200 tce each month: 2000 tce to October, over 1200 × 1.1 = 1320, red."""
    tell(GUSHI, 2026, [200.0] * 10, firm=firm)
    return projects.register_project(
        CITY, name="回转窑", owner="某公司", place=GUSHI, sector="30", stage="running", energy=1200.0, coal_tonnes=None, ratio=1.0, document="",
        reviewed_on=None, by=None, now=NOW, firm=firm,
    )  # fmt: skip


def used(project: HighProject) -> overruns.Used:
    return overruns.used_by(CITY, [project], year=2026, month=10)[project.pk]


def test_a_projects_own_meter_takes_the_place_of_its_firm_and_the_warning_follows(
    kiln: HighProject, line: Any, ndrc: Any
) -> None:
    """24 MWh a day: January 31 × 24 × 0.1229 = 91.4376 tce; to October 304 × 24 × 0.1229 = 896.6784 tce, under 1200 × 10/12 × 1.1."""
    warnings.assess(CITY, by=ndrc, now=NOW)
    assert ControlLight.objects.get(subject=f"project:{kiln.pk}", current=True).light == "red"
    assert not used(kiln).own
    binding.bind(kiln, node=None, meter=line("kiln-main", 24_000.0), since=JANUARY, by=ndrc, now=NOW)
    binding.publish(CITY, year=2026, month=10, now=NOW, back=10)
    found = used(kiln)
    assert found.own == {2026}
    assert found.months["2026-01"].value == pytest.approx(31 * 24 * TCE_PER_MWH)
    assert sum(each.value for each in found.months.values()) == pytest.approx(896.6784)
    warnings.assess(CITY, by=ndrc, now=NOW)
    light = ControlLight.objects.get(subject=f"project:{kiln.pk}", current=True)
    assert (light.light, light.facts["own"]) == ("green", True)
    assert light.facts["used"] == pytest.approx(896.6784)
    assert ControlLight.objects.filter(subject=f"project:{kiln.pk}", light="red", current=False).exists(), (
        "the earlier warning stays on record"
    )
    assert AuditEntry.objects.filter(action="energy.project.bind", subject_id=str(kiln.pk)).exists()


def test_a_month_without_a_reading_is_missing_and_not_the_firms(kiln: HighProject, line: Any) -> None:
    """The meter speaks to the end of August: September and October of the firm (200 tce each) are not taken for the project."""
    binding.bind(
        kiln, node=None, meter=line("kiln-main", 24_000.0, last=date(2026, 8, 31)), since=JANUARY, by=None, now=NOW
    )
    binding.publish(CITY, year=2026, month=10, now=NOW, back=10)
    assert sorted(used(kiln).months) == [f"2026-{month:02d}" for month in range(1, 9)]


def test_from_the_month_it_is_released_a_part_counts_no_more(kiln: HighProject, line: Any) -> None:
    part = binding.bind(kiln, node=None, meter=line("kiln-main", 24_000.0), since=JANUARY, by=None, now=NOW)
    second = line("kiln-new", 10_000.0)
    binding.release(part, until=date(2026, 7, 1), by=None, now=NOW)
    binding.bind(kiln, node=None, meter=second, since=date(2026, 7, 1), by=None, now=NOW)
    binding.publish(CITY, year=2026, month=10, now=NOW, back=10)
    months = used(kiln).months
    assert months["2026-06"].value == pytest.approx(30 * 24 * TCE_PER_MWH)
    assert months["2026-07"].value == pytest.approx(31 * 10 * TCE_PER_MWH)
    with pytest.raises(Refused) as caught:
        binding.release(part, until=date(2026, 8, 1), by=None, now=NOW)
    assert caught.value.code == "released"


def test_what_flows_into_a_node_is_the_sum_of_its_meters(kiln: HighProject, firm: Any, line: Any) -> None:
    """Two feeders of 5 and 7 MWh a day flow into the node: 31 × 12 × 0.1229 = 45.7188 tce in January."""
    main = line("main", 40_000.0)
    feeders = [
        line(f"feeder-{number}", amount, node="mill", parent=main) for number, amount in ((1, 5_000.0), (2, 7_000.0))
    ]
    mill = feeders[0].node
    other = modelling.save_node(firm, code="hall", name="配电", stage="distribution", by=None, now=NOW)
    modelling.save_link(main.node, mill, item="electricity", meter=feeders[0], by=None, now=NOW)
    blind = modelling.save_link(other, mill, item="electricity", by=None, now=NOW)
    with pytest.raises(Refused) as caught:
        binding.bind(kiln, node=mill, meter=None, since=JANUARY, by=None, now=NOW)
    assert caught.value.code == "unmetered", "nobody measures what comes from the hall"
    modelling.save_link(other, mill, item="electricity", meter=feeders[1], by=None, now=NOW)
    blind.refresh_from_db()
    binding.bind(kiln, node=mill, meter=None, since=JANUARY, by=None, now=NOW)
    binding.publish(CITY, year=2026, month=1, now=NOW, back=1)
    assert used(kiln).months["2026-01"].value == pytest.approx(31 * 12 * TCE_PER_MWH)


def test_the_same_energy_counts_once(kiln: HighProject, firm: Any, line: Any) -> None:
    """A meter already counted, one that is a part of it, and the whole of which it is a part are refused."""
    main = line("main", 40_000.0)
    part = line("part", 5_000.0, node="mill", parent=main)
    second = projects.register_project(
        CITY, name="二线", owner="某公司", place=GUSHI, sector="30", stage="running", energy=500.0, coal_tonnes=None, ratio=1.0, document="",
        reviewed_on=None, by=None, now=NOW, firm=firm,
    )  # fmt: skip
    binding.bind(kiln, node=None, meter=part, since=JANUARY, by=None, now=NOW)
    for meter in (part, main):
        with pytest.raises(Refused) as caught:
            binding.bind(second, node=None, meter=meter, since=NOVEMBER, by=None, now=NOW)
        assert caught.value.code == "counted"
    binding.release(ProjectPart.objects.get(), until=NOVEMBER, by=None, now=NOW)
    binding.bind(second, node=None, meter=main, since=NOVEMBER, by=None, now=NOW)
    with pytest.raises(Refused) as caught:
        binding.bind(kiln, node=None, meter=part, since=NOVEMBER, by=None, now=NOW)
    assert caught.value.code == "counted"


@pytest.mark.parametrize("since", [date(2026, 1, 2), date(2026, 12, 1)])
def test_a_month_is_a_first_that_has_begun(kiln: HighProject, line: Any, since: date) -> None:
    with pytest.raises(Refused) as caught:
        binding.bind(kiln, node=None, meter=line("main", 1.0, last=JANUARY), since=since, by=None, now=NOW)
    assert caught.value.code == "month"


def test_a_flow_model_taken_back_keeps_what_a_project_counts(kiln: HighProject, firm: Any, ndrc: Any) -> None:
    """The meter and the node that only the import had brought are retired, not removed, for a project is told by them."""
    for code in ("main", "side"):
        series.ensure_point(
            code, subject=firm.subject, organisation=firm.organisation, place=firm.place, name=code, quantity="electricity", unit="kWh",
            kind=Point.Kind.INTERVAL, period=86400,
        )  # fmt: skip
    power = next(name for name, item in sheet._items().items() if item == "electricity")
    rows = (
        "环节代码,环节名称,环节类型,来自环节,能源品种,计量点代码",
        f"grid,购入,购入贮存,,{power},main",
        f"other,购入二,购入贮存,,{power},side",
    )
    record, told = sheet.open_import(firm, BytesIO("\n".join(rows).encode()), name="模型.csv", by=ndrc, now=NOW)
    assert told.problems == []
    sheet.commit(record, by=ndrc, now=NOW)
    main, side = Meter.objects.order_by("point__code")
    binding.bind(kiln, node=None, meter=main, since=JANUARY, by=ndrc, now=NOW)
    binding.bind(kiln, node=side.node, meter=None, since=JANUARY, by=ndrc, now=NOW)
    sheet.undo(record, by=ndrc, now=NOW, reason="传错了")
    assert sorted(Meter.objects.values_list("point__code", "until")) == [("main", date.min)]
    assert sorted(FlowNode.objects.values_list("code", "until")) == [("grid", date.min), ("other", date.min)]


def test_the_page_says_whose_energy_it_is_and_binds_and_releases(
    kiln: HighProject, line: Any, ndrc: Any, person: Any
) -> None:
    meter = line("kiln-main", 24_000.0)
    client = Client()
    client.force_login(ndrc)
    address = reverse("energy:control-project", kwargs={"id": kiln.pk})
    page = client.get(address).content.decode()
    assert "2025、2026 年没有绑定项目自己的计量，取企业的全部用能" in page
    assert "200" in page
    assert "企业全部" in client.get(reverse("energy:control-projects")).content.decode()
    form = client.get(f"{address}bind/").content.decode()
    assert "表 kiln-main（kiln-main）" in form
    assert client.post(f"{address}bind/", {"part": f"meter:{meter.pk}", "since": "2026"}).status_code == 422
    assert client.post(f"{address}bind/", {"part": f"meter:{meter.pk}", "since": "2026-01"}).status_code == 302
    page = client.get(address).content.decode()
    assert "2026 年按项目自己的计量算" in page
    assert "2025 年没有绑定项目自己的计量" in page
    assert "<td>91</td>" in page, "January by its own meter, 91.4376 tce"
    part = ProjectPart.objects.get()
    assert not ControlLight.objects.filter(subject=f"project:{kiln.pk}", current=True, light="red").exists()
    elsewhere = Client()
    elsewhere.force_login(person("county", place="411502"))
    assert elsewhere.post(f"{address}release/", {"part": part.pk, "until": "2026-05"}).status_code in (403, 404)
    client.post(f"{address}release/", {"part": part.pk, "until": "bad"})
    part.refresh_from_db()
    assert part.until is None
    client.post(f"{address}release/", {"part": part.pk, "until": "2026-05"})
    part.refresh_from_db()
    assert part.until == date(2026, 5, 1)
