"""The demo loads once, shows each planted fault on the desk, and says of everything that it is made up."""

import pytest
from django.utils import timezone

from dafeng.domains.energy.models import Anomaly, DayForecast, Meter, MonitoredFirm
from dafeng.domains.energy.monitoring import demo as demo_module
from dafeng.domains.energy.monitoring import detecting
from dafeng.kernel.series import queries
from tests.domains.energy.monitoring.conftest import NOW

pytestmark = pytest.mark.django_db


def test_it_loads_once_and_finds_what_was_planted(demo, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        assert not demo_module.ensure_demo("411500", now=NOW), "the second time changes nothing"
    assert all(firm.demo for firm in MonitoredFirm.objects.all())
    # Firms by code: food is the first (compressors run all night), textile the second (a spike in workshop 1 and on the main).
    food = Anomaly.objects.filter(
        enterprise__code="food-demo", kind__in=("night", "level", "shape", "night_load"), meter__node__code="air"
    )
    textile = Anomaly.objects.filter(enterprise__code="textile-demo", kind="point", meter__node__code="line1")
    assert food.exists()
    assert textile.exists()
    spike = textile.first()
    assert spike.yuan > 0
    assert spike.co2 == pytest.approx(spike.amount * 0.0005897)
    assert spike.money_standing == "memory", "the ratios of the tariff are from memory: the page must say so"
    assert DayForecast.objects.filter(hours__isnull=False).count() >= 14
    # cos φ 0.85 of a works of 3520 kVA, which should have 0.90: five steps of 0.5 %.
    poor = Anomaly.objects.get(enterprise__code="textile-demo", kind="power_factor")
    assert (poor.amount, poor.facts["limit"], poor.facts["surcharge"]) == (None, 0.9, 2.5)
    assert poor.yuan > 0


def test_detecting_again_finds_nothing_new(demo):
    before = Anomaly.objects.count()
    assert detecting.detect(demo["textile-demo"], now=NOW) == 0
    assert Anomaly.objects.count() == before


def test_its_meters_go_on_until_now(demo, client, person, monkeypatch):
    """The demo was laid at noon: every meter has spoken at noon, none later, and the live board calls none late."""
    points = list(Meter.objects.filter(enterprise__demo=True).values_list("point_id", flat=True))
    assert len(points) == 11
    assert set(queries.latest(points, now=NOW)["at"]) == {NOW}
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client.force_login(person("ndrc"))
    board = client.get("/energy/monitoring/food-demo/now/").content.decode()
    assert "久未上报" not in board
    assert board.count("正常") == 5
