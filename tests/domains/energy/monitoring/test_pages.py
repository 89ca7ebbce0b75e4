"""The firm's pages on the demo: they answer, in few questions to the database, and say what they must."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dafeng.domains.energy.models import Anomaly, AnomalyMove, DayForecast, Measure, Meter, Output, Replacement
from dafeng.domains.energy.monitoring import balance, desk, detecting, forecasting, register
from dafeng.kernel.indicators.models import Value
from dafeng.kernel.series import ingest, queries
from tests.domains.energy.monitoring.conftest import NOW

pytestmark = pytest.mark.django_db
HERE = "/energy/monitoring"
TODAY = timezone.localdate(NOW)
PAGES = ["", "flows/", "points/", "forecast/", "baseline/", "advice/", "output/", "equipment/"]


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    """The pages look at the clock; here it is the demo's noon."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def ndrc(client, person):
    client.force_login(person("ndrc"))
    return client


def _asked(client, address: str) -> tuple[str, int]:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode(), len(asked)


def test_every_page_of_a_firm_answers_in_few_queries(ndrc, demo):
    addresses = [f"{HERE}/textile-demo/{page}" for page in PAGES] + [
        f"{HERE}/",
        f"{HERE}/rating/",
        f"{HERE}/anomalies/",
    ]
    addresses.append(f"{HERE}/anomalies/{Anomaly.objects.first().pk}/")
    many = {}
    for address in addresses:
        page, count = _asked(ndrc, address)
        if count > 12:
            many[address] = count
        assert page.count("<h1") == 1, address
        assert 'class="help"' in page, address
        assert not re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", page), address
        assert "演示" in page, address
    assert many == {}


def test_the_board_tells_standard_coal_by_both_values(ndrc, demo):
    page, _count = _asked(ndrc, f"{HERE}/textile-demo/")
    assert "综合能耗（当量值）" in page
    assert "综合能耗（等价值）" in page
    assert "2020 年供电煤耗" in page
    assert "示例纺织" in page


def test_what_happens_now_is_on_the_board_and_alone(ndrc, person, demo):
    """The board holds the part that asks for itself again; another firm's is not there."""
    board, _count = _asked(ndrc, f"{HERE}/textile-demo/")
    part, _count = _asked(ndrc, f"{HERE}/textile-demo/now/")
    assert 'hx-trigger="every 60s"' in part
    assert part.lstrip().startswith('<div id="now" data-live')
    assert "<h1" not in part
    for said in ("最新读数", "今天累计用电", "最近一小时用电"):
        assert said in board
        assert said in part
    client = Client()
    client.force_login(person("enterprise", "food-demo", "411526"))
    assert client.get(f"{HERE}/textile-demo/now/").status_code == 404


def test_today_so_far_is_the_sum_of_its_measured_hours(demo, monkeypatch):
    """At 03:30 of a day with hours of 10, 20 and 30, of yesterday's 1 each: 60 today, 30 last, 3 yesterday to three o'clock."""
    from dafeng.domains.energy.monitoring.views import live

    mains = [meter for meter in detecting.meters_of(demo["textile-demo"], NOW.date()) if meter.parent_id is None and meter.item == "electricity" and meter.role == "load"]  # fmt: skip
    begin = datetime(2026, 11, 20, 16, tzinfo=UTC)  # midnight of the 21st on the city's clock
    hours = [begin - timedelta(days=1) + timedelta(hours=each) for each in range(24)] + [begin + timedelta(hours=each) for each in range(3)]  # fmt: skip
    values = [1.0] * 24 + [10.0, 20.0, 30.0]
    frame = pl.DataFrame(
        {"point": [mains[0].point_id] * 27, "at": hours, "value": values, "coverage": [1.0] * 27},
        schema={"point": pl.Int64, "at": pl.Datetime("us", "UTC"), "value": pl.Float64, "coverage": pl.Float64},
    )
    monkeypatch.setattr(live.queries, "used", lambda *_a, **_k: frame)
    told = live._today(mains[:1], now=begin + timedelta(hours=3, minutes=30))
    assert [each["value"] for each in told] == ["30", "60", "3"]


def test_flows_close_and_are_drawn(ndrc, demo):
    page, _count = _asked(ndrc, f"{HERE}/textile-demo/flows/?month=2026-10")
    assert '<path class="band' in page
    assert "差额" in page
    assert "kgce/m" in page, "consumption of the product"


@pytest.mark.parametrize("span", ["2h", "1d", "7d", "31d", "366d", "5y"])
def test_a_point_is_shown_from_years_to_hours(ndrc, demo, span):
    page, _count = _asked(
        ndrc, f"{HERE}/textile-demo/points/?point=textile-demo-line1&span={span}&end=2026-11-20T20:00"
    )
    assert "<polyline" in page or span == "5y"
    assert page.count("<circle") <= 400
    assert "往前" in page


def test_a_point_downloads_what_it_shows_and_refuses_a_wrong_moment(ndrc, demo):
    answer = ndrc.get(f"{HERE}/textile-demo/points/?span=1d&chart=point&export=csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert ndrc.get(f"{HERE}/textile-demo/points/?end=gestern").status_code == 404
    assert ndrc.get(f"{HERE}/textile-demo/points/?point=food-demo-main").status_code == 404


def test_the_forecast_page_shows_its_scores_beside_yesterday(ndrc, demo):
    page, _count = _asked(ndrc, f"{HERE}/textile-demo/forecast/")
    assert "照搬最近一天的误差" in page
    assert 'class="band s1"' in page


def test_advice_is_marked_while_its_tariff_is_to_be_confirmed(ndrc, demo):
    page, _count = _asked(ndrc, f"{HERE}/textile-demo/advice/")
    assert "把部分高峰用电移到低谷" in page
    assert "待确认" in page
    assert "豫发改价管〔2024〕283号" in page


def test_a_firm_sees_itself_and_nobody_else(client, demo, person):
    client.force_login(person("enterprise", "textile-demo"))
    assert client.get(f"{HERE}/textile-demo/").status_code == 200
    for page in PAGES:
        assert client.get(f"{HERE}/food-demo/{page}").status_code == 404
    other = Anomaly.objects.filter(enterprise__code="food-demo").first()
    assert client.get(f"{HERE}/anomalies/{other.pk}/").status_code == 404
    listed = client.get(f"{HERE}/").content.decode()
    assert "示例纺织" in listed
    assert "示例食品" not in listed


def test_a_county_sees_its_own(client, demo, person):
    client.force_login(person("county", "gushi", place="411525"))
    assert client.get(f"{HERE}/textile-demo/").status_code == 200


def test_an_anomaly_is_settled_with_a_reason_and_precision_follows(client, demo, person):
    client.force_login(person("enterprise", "textile-demo"))
    row = Anomaly.objects.filter(enterprise__code="textile-demo", state="new").first()
    address = f"{HERE}/anomalies/{row.pk}/"
    client.post(f"{address}step/", {"state": "new", "action": "dismiss", "note": ""})
    assert not AnomalyMove.objects.exists(), "a false alarm says why"
    client.post(f"{address}step/", {"state": "new", "action": "dismiss", "note": "当日停产检修"})
    row.refresh_from_db()
    assert row.state == "false"
    assert client.post(f"{address}step/", {"state": "new", "action": "confirm"}).status_code == 409
    assert "当日停产检修" in client.get(address).content.decode()
    assert "0%" in client.get(f"{HERE}/anomalies/").content.decode()


def test_an_office_that_only_looks_does_not_settle(client, demo, person):
    client.force_login(person("leader"))
    row = Anomaly.objects.first()
    assert client.post(f"{HERE}/anomalies/{row.pk}/step/", {"state": "new", "action": "confirm"}).status_code == 403
    assert client.post(
        f"{HERE}/textile-demo/output/", {"month": "2026-10", "amount": "1", "source": "x"}
    ).status_code in (403, 422)
    assert not Output.objects.filter(source="x").exists()


def test_an_alarm_joins_the_plan_and_is_carried_out(client, demo, person):
    client.force_login(person("enterprise", "textile-demo"))
    row = Anomaly.objects.filter(enterprise__code="textile-demo").first()
    client.post(
        f"{HERE}/textile-demo/measures/",
        {"title": "夜间关停空压机", "due": "2026-12-31", "kwh": "12000", "anomaly": row.pk},
    )
    made = Measure.objects.get()
    assert (made.anomaly_id, made.state) == (row.pk, "planned")
    client.post(f"{HERE}/measures/{made.pk}/step/", {"state": "done"})
    client.post(f"{HERE}/measures/{made.pk}/step/", {"state": "planned"})
    made.refresh_from_db()
    assert made.state == "done"


def test_equipment_is_retired_once(client, demo, person):
    client.force_login(person("ndrc"))
    given = {
        "retired": "Y132 电机",
        "nameplate": "No 2201",
        "rated": "7.5",
        "installed": "YE4-132",
        "kwh": "2100",
        "on": "2026-06-01",
        "proof": "验收单 12",
    }
    assert client.post(f"{HERE}/textile-demo/equipment/", given).status_code == 302
    again = client.post(f"{HERE}/food-demo/equipment/", given | {"nameplate": "no2201 "})
    assert again.status_code == 422
    assert "不能再算一次节能量" in again.content.decode()
    assert Replacement.objects.count() == 1


def test_output_of_a_month_to_come_is_refused(client, demo, person):
    client.force_login(person("enterprise", "textile-demo"))
    product = demo["textile-demo"].enterprise.energy_products.get()
    given = {"product": product.pk, "month": "2027-01", "amount": "5", "source": "月报"}
    assert client.post(f"{HERE}/textile-demo/output/", given).status_code == 422
    assert client.post(f"{HERE}/textile-demo/output/", given | {"month": "2026-10"}).status_code == 302
    assert product.outputs.filter(month="2026-10").count() == 2, "the earlier statement stays"


def test_figures_are_on_the_blackboard_with_their_lineage(demo):
    rows = {
        row.key: row
        for row in Value.objects.filter(
            indicator__code="energy.consumption", subject="enterprise:textile-demo", period="2026-10"
        )
    }
    assert set(rows) == {"basis=equivalent", "basis=equal"}
    assert rows["basis=equal"].value > rows["basis=equivalent"].value
    lineage = rows["basis=equivalent"].lineage
    assert lineage["points"]
    told = sum(row["amount"] * row["coefficient"] for row in lineage["rows"])
    assert rows["basis=equivalent"].value == pytest.approx(told)
    whole = Value.objects.get(indicator__code="energy.co2", subject="place:411500", period="2026-10").value
    parts = Value.objects.filter(indicator__code="energy.co2", subject__startswith="enterprise:", period="2026-10")
    assert whole == pytest.approx(sum(part.value for part in parts))


def test_the_office_sees_who_has_no_plan_and_what_is_late_and_the_firm_is_told(ndrc, client, person, demo):
    """「督促企业制定实施节能计划」: one measure due yesterday, one next month; the other firm has none."""
    firm = demo["textile-demo"].enterprise
    for title, days in (("换空压机", -1), ("夜间关停", 30)):
        register.plan_measure(
            firm, title=title, due=NOW.date() + timedelta(days=days), by=person("ndrc", username=title), now=NOW
        )
    listed = ndrc.get(f"{HERE}/?export=csv").content.decode("utf-8-sig")
    lines = {line.split(",")[0]: line for line in listed.splitlines()}
    assert ",2,1," in lines["示例纺织"]
    assert ",0,0," in lines["示例食品"]
    assert "没有计划" in ndrc.get(f"{HERE}/").content.decode()
    manager = person("enterprise", "textile-demo", place="411525")
    assert [(task.title, task.overdue(NOW)) for task in desk._due(manager, NOW)] == [("换空压机", True)]


def test_a_nights_run_tells_today_tomorrow_and_the_week_each_once(demo) -> None:
    """Known is yesterday, so today is one day on, tomorrow two (the day ahead), and the six days behind it eight."""
    firms = [demo["textile-demo"]]
    DayForecast.objects.filter(meter__enterprise=firms[0].enterprise, day__gte=TODAY).delete()
    made = forecasting.retrain(firms, now=NOW, rounds=5)
    kept = DayForecast.objects.filter(meter__enterprise=firms[0].enterprise, day__gte=TODAY)
    told = {(each.day - TODAY).days: each.lead for each in kept}
    assert told == {0: 1, 1: 2} | dict.fromkeys(range(2, 8), 8)
    assert made == kept.count() == 8
    before = {each.pk: each.value for each in kept}
    forecasting.retrain(firms, now=NOW, rounds=9)
    assert {each.pk: each.value for each in kept.all()} == before, "what was said first is what is scored"


def test_a_month_can_be_told_again_as_it_was_known(client, ndrc, demo) -> None:
    """A correction of 90 000 kWh that came today is in the month as it is, and not as it was known yesterday; a day to come is refused."""
    firm = demo["textile-demo"]
    main = Meter.objects.get(enterprise=firm.enterprise, item="electricity", parent=None, role=Meter.Role.LOAD)
    hour = queries.readings([main.point_id], NOW - timedelta(days=3), NOW - timedelta(days=2)).row(0, named=True)
    frame = pl.DataFrame({"point": [main.point_id], "at": [hour["at"]], "value": [hour["value"] + 90_000.0]})
    ingest.receive(frame, source="backfill", key="correction", now=NOW, owner="test")
    day = (hour["at"] + timedelta(hours=8)).date()  # a day that was over and told before yesterday's noon
    now_, then = (
        balance.amounts([main], day, day, known_at=moment)[main.pk][0] for moment in (None, NOW - timedelta(days=1))
    )
    assert now_ - then == pytest.approx(90_000.0)
    address = f"{HERE}/textile-demo/flows/?month={TODAY:%Y-%m}"
    told = client.get(f"{address}&known={TODAY - timedelta(days=1)}").content.decode()
    assert "以后的更正没有计入" in told
    assert "以后的更正没有计入" not in client.get(address).content.decode()
    assert client.get(f"{address}&known={TODAY + timedelta(days=9)}").status_code == 404
    assert client.get(f"{address}&known=yesterday").status_code == 404


def test_the_board_tells_each_sum_as_its_product(ndrc, demo):
    """Amount × coefficient = result, by the page's own printed numbers; 0.1229 kgce a kWh is GB/T 2589-2020."""
    page, _count = _asked(ndrc, f"{HERE}/textile-demo/")
    told = re.search(r"当量值：([\d,]+) kWh × (0.0001229) tce/kWh = ([\d,.]+) tce", page)
    assert told is not None
    amount, factor, result = (float(each.replace(",", "")) for each in told.groups())
    assert amount * factor == pytest.approx(result, abs=0.06)
    assert page.count("t CO2") == 0


def test_what_a_rule_saw_has_units(ndrc, demo):
    """A load is told in kWh, a share in percent, a limit in times of what is usual; how loud broken data speak is left out."""
    pages = {each.kind: _asked(ndrc, f"{HERE}/anomalies/{each.pk}/")[0] for each in Anomaly.objects.order_by("pk")}
    assert re.search(r"<dt>预期用量</dt><dd>[\d,]+ kWh</dd>", pages["night"])
    assert "<dt>报警界限</dt><dd>平常波动的 6.0 倍</dd>" in pages["night"]
    assert "<dt>报警界限</dt><dd>40.0%</dd>" in pages["idle_running"]
    broken = Anomaly.objects.filter(kind="night").first()
    Anomaly.objects.filter(pk=broken.pk).update(kind="gap")
    page, _count = _asked(ndrc, f"{HERE}/anomalies/{broken.pk}/")
    assert "预期用量" in page
    assert "报警界限" not in page


def test_the_rating_says_what_each_item_brought_and_where_most_was_lost(ndrc, demo):
    """Nobody dealt with an anomaly: that item brings 0 of its 25, the largest loss there can be beside one other."""
    page, _count = _asked(ndrc, f"{HERE}/rating/")
    assert "得 0.0 分" in page
    assert "得 25.0 分" in page
    assert '<td class="text">异常处理率</td>' in page


def test_the_parts_of_a_drawing_begin_with_the_hour(ndrc, demo, monkeypatch):
    """Looked at twenty past, an hour's use still stands at its own hour."""
    monkeypatch.setattr(timezone, "now", lambda: NOW.replace(minute=20))
    told = ndrc.get(f"{HERE}/textile-demo/points/?span=1d&chart=point&export=csv").content.decode("utf-8-sig")
    stamps = [line.split(",")[0] for line in told.splitlines()[1:]]
    assert {each[-2:] for each in stamps} == {"00"}
    assert len(stamps) == len(set(stamps))
