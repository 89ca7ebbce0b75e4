"""Building a firm's flow model: by form, by table, by address; what cannot be is refused, and an import can be taken back."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.models import FlowLink, FlowNode, Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import balance, detecting, modelling, sheet
from dafeng.domains.energy.monitoring.methods.findings import Finding
from dafeng.domains.energy.monitoring.methods.flows import Link, Node, faults
from dafeng.kernel.enterprises import services as enterprises
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import PermissionDenied
from dafeng.kernel.records.models import AuditEntry, Record
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point
from tests.domains.energy.monitoring.conftest import NOW

TEXT = """环节代码,环节名称,环节类型,来自环节,能源品种,计量点代码,总表代码,回收能,起用日期
grid,外购电力,购入贮存,,电力,mill-main,,,
gas,外购天然气,购入贮存,,天然气,mill-gas,,,
boiler,锅炉,加工转换,gas,天然气,mill-gas,,,
board,总配电室,输送分配,grid,电力,mill-main,,,
hall,车间,终端使用,board,电力,mill-hall,mill-main,,2026-03-01
hall,车间,终端使用,boiler,热力,mill-steam,,,
rest,其他用电,终端使用,board,电力,,,,
boiler,锅炉,加工转换,hall,热力,mill-back,,是,
"""
POINTS = (("mill-main", "electricity", "kWh"), ("mill-hall", "electricity", "kWh"), ("mill-gas", "gas", "m3"), ("mill-steam", "heat", "GJ"), ("mill-back", "heat", "GJ"))  # fmt: skip


@pytest.fixture
def mill(db) -> Enterprise:
    enterprises.ensure("411500", [{"code": "mill", "name": "示例造纸", "name_en": "Example Mill", "place": "411525", "industry": "2221", "organisation": "mill"}], demo=True)  # fmt: skip
    firm = Enterprise.objects.get(code="mill")
    for code, quantity, unit in POINTS:
        series.ensure_point(code, subject=firm.subject, organisation="mill", place=firm.place, name=code, quantity=quantity, unit=unit, kind=Point.Kind.INTERVAL)  # fmt: skip
    modelling.enrol(firm, {"flat_price": 0.6, "rests": True}, by=None, now=NOW)
    return firm


@pytest.fixture
def manager(person):
    return person("enterprise", "mill", place="411525")


def _node(mill, code, stage, **more):
    return modelling.save_node(mill, code=code, name=code, stage=stage, by=None, now=NOW, **more)


def _send(mill, by, text, now=NOW):
    return sheet.open_import(mill, io.BytesIO(text.encode()), name="模型.csv", by=by, now=now)


# ---------------------------------------------------------------- what may run where


NODES = [Node("in", "购入", "purchase"), Node("board", "配电", "distribution"), Node("kiln", "窑", "process"), Node("mill", "磨", "process"), Node("goods", "产品", "product")]  # fmt: skip


def kinds(links, nodes=NODES):
    return {fault.kind for fault in faults(nodes, links, {"in"}) if fault.wrong}


def test_only_recovered_energy_may_run_back():
    back = Link("kiln", "board", "heat", None)
    assert kinds([back]) == {"backwards"}
    assert kinds([Link("kiln", "board", "heat", None, recovered=True)]) == set()
    assert kinds([Link("kiln", "in", "heat", None, recovered=True)]) == {"into_purchase"}
    assert kinds([Link("goods", "goods", "heat", None)]) == {"itself"}
    assert kinds([Link("kiln", "mill", "heat", None), Link("mill", "kiln", "heat", None)]) == {"cycle"}
    assert kinds([Link("kiln", "mill", "heat", None), Link("mill", "kiln", "heat", None, recovered=True)]) == set()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_a_circle_is_found_exactly_when_there_is_one(pairs):
    """Against an independent search: nodes of one stage, so that order forbids nothing."""
    nodes = [Node(str(number), str(number), "process") for number in range(6)]
    links = [Link(str(a), str(b), "heat", None) for a, b in pairs if a != b]

    def reaches(start, goal, seen):
        nexts = {b for a, b in pairs if a == start and a != b} - seen
        return goal in nexts or any(reaches(each, goal, seen | {each}) for each in nexts)

    circle = any(reaches(number, number, set()) for number in range(6))
    assert ("cycle" in kinds(links, nodes)) == circle


def test_what_is_missing_is_told_not_refused():
    links = [Link("in", "board", "electricity", None), Link("board", "kiln", "electricity", None, measured=False), Link("board", "mill", "heat", None, measured=False)]  # fmt: skip
    told = {(fault.kind, fault.node) for fault in faults(NODES, links)}
    assert told == {("unmetered", "in"), ("two_rests", "board"), ("carrier", "board"), ("no_inflow", "goods")}


# ---------------------------------------------------------------- step by step


def test_each_step_is_checked_and_written_to_the_trail(mill, manager):
    grid, board = _node(mill, "grid", "purchase"), _node(mill, "board", "distribution")
    main = Point.objects.get(code="mill-main")
    meter = modelling.bind(grid, main, item="electricity", by=manager, now=NOW)
    modelling.save_link(grid, board, item="electricity", meter=meter, by=manager, now=NOW)
    with pytest.raises(EnergyError, match="能源流进了购入环节"):
        modelling.save_link(board, grid, item="electricity", by=manager, now=NOW)
    assert FlowLink.objects.filter(enterprise=mill).count() == 1, "the refused link was not kept"
    with pytest.raises(EnergyError, match="单位是 kWh，不能计量天然气"):
        modelling.bind(grid, main, item="natural_gas", by=manager, now=NOW)
    with pytest.raises(EnergyError, match="分表"):
        modelling.bind(grid, main, item="electricity", parent=meter, by=manager, now=NOW)
    trail = AuditEntry.objects.filter(subject_kind="energy.flow", subject_id="mill").values_list("action", flat=True)
    assert list(trail) == ["energy.flow.enrol", "energy.flow.node", "energy.flow.node", "energy.flow.meter", "energy.flow.link"]  # fmt: skip


def test_nobody_builds_for_another_firm(mill, person):
    with pytest.raises(PermissionDenied):
        _ = modelling.save_node(mill, code="x", name="x", stage="purchase", by=person("enterprise", "other"), now=NOW)
    with pytest.raises(PermissionDenied):
        modelling.enrol(mill, {}, by=person("enterprise", "mill"), now=NOW)


def test_a_retired_meter_counts_until_its_day(mill, monkeypatch):
    """10 kWh on each of four days; in the model from the 2nd, out of it from the 4th: 20 of 40 kWh count, wholly covered."""
    import polars as pl

    grid = _node(mill, "grid", "purchase")
    meter = modelling.bind(grid, Point.objects.get(code="mill-main"), item="electricity", since=date(2026, 10, 2), until=date(2026, 10, 4), by=None, now=NOW)  # fmt: skip
    days = [
        datetime(2026, 9, 30, 16, tzinfo=UTC) + timedelta(days=number) for number in range(4)
    ]  # midnights of the city
    frame = pl.DataFrame({"point": [meter.point_id] * 4, "at": days, "value": [10.0] * 4, "coverage": [1.0] * 4}, schema_overrides={"at": pl.Datetime("us", "UTC")})  # fmt: skip
    monkeypatch.setattr(balance.queries, "used", lambda *_asked, **_more: frame)
    assert balance.amounts([meter], date(2026, 10, 1), date(2026, 10, 4)) == {meter.pk: (20.0, 1.0)}
    held = Meter.objects.filter(enterprise=mill)
    assert [held.holding(date(2026, 10, day)).count() for day in (1, 2, 3, 4)] == [0, 1, 1, 0]


# ---------------------------------------------------------------- by table


def test_a_table_builds_the_model_and_reads_back_the_same(mill, manager):
    record, preview = _send(mill, manager, TEXT)
    assert record is not None, [problem.as_dict() for problem in preview.problems]
    assert not FlowNode.objects.filter(enterprise=mill).exists(), "a preview writes nothing"
    assert sheet.commit(record, by=manager, now=NOW) == 8
    model = modelling.model_of(mill, NOW.date())
    assert [len(each) for each in (model.nodes, model.links, model.meters, model.faults)] == [6, 6, 5, 0]
    hall = Meter.objects.get(point__code="mill-hall")
    assert (hall.parent.point.code, hall.since) == ("mill-main", date(2026, 3, 1))
    assert FlowLink.objects.get(recovered=True).target.code == "boiler"
    assert Meter.objects.get(point__code="mill-main").node.code == "grid", "bound where no source is told"
    # What it writes out, it takes in again, and nothing changes.
    before = sheet.told_rows(mill)
    again, preview = sheet.open_import(mill, io.BytesIO(sheet.template(mill)), name="模型.xlsx", by=manager, now=NOW)
    assert again is not None, [problem.as_dict() for problem in preview.problems]
    sheet.commit(again, by=manager, now=NOW)
    assert sheet.told_rows(mill) == before


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("rest,其他用电,终端使用,board,电力,nowhere,,,\n", "本企业没有计量点“nowhere”"),
        ("rest,其他用电,终端使用,board,煤气灶,,,,\n", "不认识“煤气灶”"),
        ("rest,其他用电,终端使用,none,电力,,,,\n", "没有代码为“none”的环节"),
        ("grid,外购电力,购入贮存,board,电力,,,,\n", "能源流进了购入环节"),
        ("rest,其他用电,终端使用,board,热力,,,,\n", "流出的能源没有流入过"),
        ("rest,其他用电,终端使用,board,电力,,,,二月三十\n", "日期“二月三十”不对"),
    ],
)
def test_a_table_that_cannot_be_is_refused_whole(mill, manager, line, what):
    record, preview = _send(mill, manager, TEXT.replace("rest,其他用电,终端使用,board,电力,,,,\n", line))
    assert record is None
    assert any(what in problem.what for problem in preview.problems)
    assert not FlowNode.objects.filter(enterprise=mill).exists()


def test_an_import_can_be_taken_back_unless_changed_since(mill, manager):
    _node(mill, "old", "purchase")
    before = sheet.told_rows(mill)
    record, _preview = _send(mill, manager, TEXT)
    sheet.commit(record, by=manager, now=NOW)
    sheet.undo(record, by=manager, now=NOW + timedelta(hours=1), reason="传错了")
    assert (record.state, sheet.told_rows(mill)) == ("undone", before)
    second, _preview = _send(mill, manager, TEXT, now=NOW + timedelta(hours=2))
    sheet.commit(second, by=manager, now=NOW + timedelta(hours=2))
    modelling.save_product(mill, code="paper", name="纸", unit="t", by=manager, now=NOW + timedelta(hours=3))
    with pytest.raises(EnergyError, match="不能整批撤销"):
        sheet.undo(second, by=manager, now=NOW + timedelta(hours=4), reason="又错了")
    stale, _preview = _send(mill, manager, TEXT.replace("车间", "一车间"), now=NOW + timedelta(hours=5))
    _node(mill, "late", "purchase")
    with pytest.raises(EnergyError, match="预览之后模型已有改动"):
        sheet.commit(stale, by=manager, now=NOW + timedelta(hours=6))


# ---------------------------------------------------------------- on the pages


def test_the_manager_builds_it_on_the_pages(client, mill, manager, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client.force_login(manager)
    here = "/energy/monitoring/mill/model/"
    assert "还没有建立流程模型" in client.get(here).content.decode()
    for code, stage in (("grid", "purchase"), ("board", "distribution")):
        answer = client.post(f"{here}edit/node/", {"code": code, "name": code, "stage": stage, "tolerance": "0.05"})
        assert answer.status_code == 302, answer.content.decode()
    grid, board = (FlowNode.objects.get(enterprise=mill, code=code).pk for code in ("grid", "board"))
    refused = client.post(f"{here}edit/link/", {"source": board, "target": grid, "item": "electricity"})
    assert (refused.status_code, "能源流进了购入环节" in refused.content.decode()) == (422, True)
    point = Point.objects.get(code="mill-main").pk
    client.post(f"{here}edit/meter/", {"point": point, "node": grid, "item": "electricity", "role": "load"})
    client.post(f"{here}edit/link/", {"source": grid, "target": board, "item": "electricity"})
    page = client.get(here).content.decode()
    assert "没有流向下游" in page, "the board leads nowhere yet"
    assert "购入环节没有计量点" not in page
    retired = client.post(f"{here}edit/node/?key=board", {"code": "another", "name": "board", "stage": "distribution", "tolerance": "0.05", "until": "2026-11-01"})  # fmt: skip
    assert retired.status_code == 302
    assert not FlowNode.objects.filter(code="another").exists(), "a row keeps its name: another name is another row"
    assert "起已停用" in client.get(here).content.decode()
    for page in ("edit/node/", "edit/meter/", "edit/link/", "edit/product/", "edit/contract/", "upload/", "template/"):
        assert client.get(here + page).status_code == 200, page
    assert client.get(here + "edit/nothing/").status_code == 404
    assert client.get(here + "edit/link/?key=12x").status_code == 404


def test_a_file_goes_through_preview_commit_and_undo_on_the_pages(client, mill, manager, person):
    client.force_login(manager)
    here = "/energy/monitoring/mill/model/"
    bad = client.post(f"{here}upload/", {"file": io.BytesIO("环节,乱\n1,2\n".encode())})
    assert bad.status_code == 422
    upload = io.BytesIO(TEXT.encode())
    upload.name = "模型.csv"
    preview = client.post(f"{here}upload/", {"file": upload})
    assert preview.status_code == 302
    record = Record.objects.get(kind="energy.flow.import")
    client.post(f"{preview.url}step/", {"action": "commit", "state": "preview"})
    assert FlowNode.objects.filter(enterprise=mill).count() == 6
    assert "撤销这次导入" in client.get(preview.url).content.decode()
    client.post(f"{preview.url}step/", {"action": "undo", "state": "committed", "reason": "传错了"})
    assert FlowNode.objects.filter(enterprise=mill).count() == 0
    record.refresh_from_db()
    assert record.state == "undone"
    client.force_login(person("enterprise", "other"))
    assert client.get(preview.url).status_code == 404


def test_the_office_lists_a_firm(client, person, mill):
    enterprises.ensure("411500", [{"code": "new", "name": "新企业", "name_en": "New", "place": "411525", "industry": "3011", "organisation": "new"}], demo=True)  # fmt: skip
    client.force_login(person("ndrc"))
    pk = Enterprise.objects.get(code="new").pk
    answer = client.post("/energy/monitoring/enrol/", {"enterprise": pk, "flat_price": "0.62"})
    assert answer.url == "/energy/monitoring/new/model/"
    assert float(MonitoredFirm.objects.get(enterprise=pk).flat_price) == 0.62


def test_a_program_builds_it_over_the_api(client, mill, manager):
    client.force_login(manager)
    here = "/api/energy/users/mill/model"

    def post(what, **body):
        return client.post(f"{here}/{what}", body, content_type="application/json")

    assert post("nodes", code="grid", name="外购电", stage="purchase").status_code == 201
    assert post("nodes", code="board", name="总配", stage="distribution").status_code == 201
    assert post("meters", point="mill-main", node="grid", item="electricity").status_code == 201
    assert post("links", source="grid", target="board", item="electricity", meter="mill-main").status_code == 201
    refused = post("links", source="board", target="grid", item="electricity")
    assert refused.status_code in (400, 422)
    assert "能源流进了购入环节" in refused.content.decode()
    assert post("links", source="board", target="nowhere", item="electricity").status_code == 404
    told = client.get(here).json()
    assert [each["code"] for each in told["nodes"]] == ["grid", "board"]
    assert told["links"][0]["meter"] == "mill-main"
    assert [each["kind"] for each in told["faults"]] == ["no_outflow"]


@pytest.mark.parametrize(
    ("code", "item", "price", "yuan"),
    [
        ("mill-gas", "natural_gas", "gas_price", "3200.00"),  # 1000 m³ × 3.2
        ("mill-steam", "heat", "heat_price", "62000.00"),  # 1000 GJ × 62
        ("mill-gas", "natural_gas", "", None),  # it told no price
    ],
)
def test_a_finding_costs_what_the_firm_pays(mill, code, item, price, yuan) -> None:
    firm = MonitoredFirm.objects.get(enterprise=mill)
    if price:
        modelling.save_contract(
            firm, {price: Decimal("3.2") if item == "natural_gas" else Decimal("62")}, by=None, now=NOW
        )
    meter = modelling.bind(
        _node(mill, "in", "purchase"), Point.objects.get(code=code), item=item, since=date(2026, 1, 1), by=None, now=NOW
    )
    found = Finding("unusual", "point", meter, NOW, NOW, 1000.0, 1.0)
    stake = detecting._stake(firm, meter, found, None)
    assert stake["yuan"] == (Decimal(yuan) if yuan else None)


def test_a_product_takes_what_flows_into_the_node_where_it_is_made(mill, manager) -> None:
    """1000 kWh (0.1229 tce) and 10 GJ of heat (0.3412 tce) into the hall: 0.4641 tce; the whole works bought 2 tce."""
    hall, grid = _node(mill, "hall", "process"), _node(mill, "grid", "purchase")
    given = {"code": "paper", "name": "纸", "unit": "t", "by": manager, "now": NOW}
    links = [Link("board", "hall", "electricity", 0.1229), Link("boiler", "hall", "heat", 0.3412), Link("grid", "board", "electricity", 1.0)]  # fmt: skip
    total = balance.Total(pl.DataFrame({"equivalent": [2.0]}))
    whole = modelling.save_product(mill, **given)
    assert balance.made_with(balance.Flows([], links), total, whole) == 2.0
    made = modelling.save_product(mill, **given, node=hall)
    assert balance.made_with(balance.Flows([], links), total, made) == pytest.approx(0.4641)
    unknown = [*links[:2], Link("gas", "hall", "natural_gas", None)]
    assert balance.made_with(balance.Flows([], unknown), total, made) is None
    assert balance.made_with(balance.Flows([], links[2:]), total, made) is None, "nothing is measured into it"
    with pytest.raises(EnergyError, match="终端使用或产品环节"):
        modelling.save_product(mill, **given, node=grid)
