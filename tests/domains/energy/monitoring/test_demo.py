"""The demo loads once, shows each planted fault on the desk, and says of everything that it is made up."""

import time

import pytest

from dafeng.domains.energy.models import Anomaly, DayForecast, MonitoredFirm
from dafeng.domains.energy.monitoring import demo as demo_module
from dafeng.domains.energy.monitoring import detecting
from tests.domains.energy.monitoring.conftest import NOW

pytestmark = pytest.mark.django_db


def test_it_loads_once_and_finds_what_was_planted(demo):
    begun = time.perf_counter()
    assert not demo_module.ensure_demo("411500", now=NOW), "the second time changes nothing"
    assert time.perf_counter() - begun < 1
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


def test_detecting_again_finds_nothing_new(demo):
    before = Anomaly.objects.count()
    assert detecting.detect(demo["textile-demo"], now=NOW) == 0
    assert Anomaly.objects.count() == before
