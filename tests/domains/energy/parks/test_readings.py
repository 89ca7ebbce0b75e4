"""A park that is measured: links and the day's chart from readings, and its greenhouse gases by the methods of the inventory."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from dafeng.domains.energy.monitoring import modelling
from dafeng.domains.energy.parks import emissions, links, publication, reading
from dafeng.domains.energy.parks.methods.balance import BOUGHT, EXCHANGE, Link, Purchase, balance
from dafeng.domains.inventory.methods.inventory import compile_inventory
from dafeng.kernel.indicators.models import Value
from dafeng.kernel.series import ingest
from dafeng.kernel.series import services as series
from dafeng.kernel.series.models import Point
from tests.domains.energy.parks.conftest import CITY, NOW, SINCE

# NOW is 10:00 of 21 November 2026 in Xinyang; a month that is over, so that every day of it can be measured.
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


@pytest.fixture
def meter(firms: Any) -> Any:
    """A point of a firm with one amount an hour from a day on; `item`: bound to the firm's purchase too."""

    def make(
        firm: str, code: str, amount: float, *, quantity: str, unit: str, item: str = "", start: date = FIRST, hours: int = 31 * 24
    ) -> Any:  # fmt: skip
        of = firms[firm]
        point = series.ensure_point(
            code, subject=of.subject, organisation=of.organisation, place=of.place, name=code, quantity=quantity, unit=unit,
            kind=Point.Kind.INTERVAL, period=3600,
        )  # fmt: skip
        if item:
            stage, key = "purchase", f"in-{code}"
            node = of.energy_nodes.filter(code=key).first() or of.energy_nodes.create(code=key, name=key, stage=stage)
            modelling.bind(node, point, item=item, since=SINCE, by=None, now=NOW)
        begin = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(hours=8)
        moments = [begin + timedelta(hours=number + 1) for number in range(hours)]
        frame = pl.DataFrame({"point": [point.pk] * hours, "at": moments, "value": [amount] * hours}).with_columns(
            pl.col("at").cast(pl.Datetime("us", "UTC"))
        )
        ingest.receive(frame, source="simulated", key=code, now=NOW, owner="test")
        return point

    return make


def test_a_links_own_points_tell_what_it_carried(park: Any, firms: Any, meter: Any) -> None:
    """744 hours of October: 2.0 GJ leave and 1.9 GJ arrive an hour, so 1488 GJ sent, 1413.6 GJ received and 74.4 GJ lost."""
    meter("a", "a-out", 2.0, quantity="heat", unit="GJ")
    meter("b", "b-in", 1900.0, quantity="heat", unit="MJ")
    link = links.add(
        park, kind="exchange", source=firms["a"], target=firms["b"], carrier="steam", since=SINCE, sent_point="a-out", received_point="b-in",
        by=None, now=NOW,
    )  # fmt: skip
    month = reading.month_of(park, FIRST, LAST)
    (row, found, way), *_ = month.links
    assert (row.pk, way, found.booked) == (link.pk, "point", False)
    assert (found.sent, found.received) == (pytest.approx(1488.0), pytest.approx(1413.6))
    assert month.balance.lost["heat", "GJ"] == pytest.approx(74.4)
    # A meter counts before what a person told for the month.
    links.tell(link, month="2026-10", sent=9.0, received=8.0, source="月报", by=None, now=NOW)
    told = reading.month_of(park, FIRST, LAST).links[0]
    assert (told[2], told[1].received) == ("point", pytest.approx(1413.6))


def test_what_arrives_over_a_purchase_meter_is_the_firms_and_not_the_parks(park: Any, firms: Any, meter: Any) -> None:
    """b's purchase meter shows 744 GJ; they came from a. The park bought no heat; b emits 744 × 0.11 = 81.84 t CO2 (indirect)."""
    meter("b", "b-heat", 1.0, quantity="heat", unit="GJ", item="heat")
    links.add(
        park, kind="exchange", source=firms["a"], target=firms["b"], carrier="steam", since=SINCE, received_point="b-heat", by=None, now=NOW
    )  # fmt: skip
    month = reading.month_of(park, FIRST, LAST)
    assert month.links[0][1].booked
    assert month.balance.bought["heat", "GJ"] == pytest.approx(0.0)
    of_b = next(firm for firm in month.firms if firm.enterprise.code == "b")
    assert of_b.sum("co2") == pytest.approx(744 * 0.11)
    assert month.emitted.total() == pytest.approx(0.0)


@pytest.fixture
def works(park: Any, firms: Any, meter: Any) -> Any:
    """A cement works (a) burns 1 t of coal an hour, a food works (b) 100 m³ of gas; both and c buy 1000 kWh an hour."""
    for code, industry in (("a", "3011"), ("b", "1353"), ("c", "")):
        firms[code].industry = industry
        firms[code].save()
    meter("a", "a-coal", 1.0, quantity="raw_coal", unit="t", item="raw_coal")
    meter("b", "b-gas", 100.0, quantity="natural_gas", unit="m3", item="natural_gas")
    for code in "abc":
        meter(code, f"{code}-grid", 1000.0, quantity="electricity", unit="kWh", item="electricity")
    return park


def test_a_parks_gases_by_hand(works: Any) -> None:
    """Guideline of 2011, potentials of the second report (CH4 21, N2O 310), all times 744 hours:

    - coal as bituminous, cement (1A2f): 19.57 GJ × 0.0261 tC/GJ × 0.93 × 44/12 = 1.741750 t CO2; with 10 kg CH4 and 1.5 kg N2O a TJ
      19.57e-3 × (10 × 21 + 1.5 × 310) / 1000 = 0.013210 t CO2e more;
    - gas, food (1A2e): 100 × 0.038931 × 0.01532 × 0.99 × 44/12 = 0.216502 t CO2; 3.8931e-3 × (1 × 21 + 0.1 × 310) / 1000 = 0.000202;
    - electricity of Henan, latest factor (2023): 3 × 1000 × 0.5897 / 1000 = 1.7691 t CO2.
    """
    month = reading.month_of(works, FIRST, LAST)
    coal = 19.57 * 0.0261 * 0.93 * 44 / 12
    gas = 100 * 0.038931 * 0.01532 * 0.99 * 44 / 12
    direct = coal + 19.57e-3 * (10 * 21 + 1.5 * 310) / 1000 + gas + 3.8931e-3 * (1 * 21 + 0.1 * 310) / 1000
    assert month.total.sum("co2") == pytest.approx(744 * (coal + gas + 3 * 0.5897))
    assert month.emitted.total(kind="direct") == pytest.approx(744 * direct)
    assert month.emitted.total(kind="indirect") == pytest.approx(744 * 3 * 0.5897)
    assert month.emitted.total() == pytest.approx(744 * (direct + 3 * 0.5897))
    told = {(row["category"], row["item"], row["gas"]): row for row in month.emitted.lineage()}
    assert set(told) == {
        *(("1A2f", "raw_coal", gas) for gas in ("CO2", "CH4", "N2O")), *(("1A2e", "natural_gas", gas) for gas in ("CO2", "CH4", "N2O")),
        ("ID3", "electricity", "CO2"),
    }  # fmt: skip
    burnt = told["1A2f", "raw_coal", "CO2"]
    assert burnt["formula"] == "fuel × ncv × carbon_content × oxidation × 44/12"
    assert {each["parameter"]: each["standing"] for each in burnt["factors"]} == {
        "ncv": "memory", "carbon_content": "one_copy", "oxidation": "one_copy",
    }  # fmt: skip
    assert int(month.status) == 2, "a calorific value from memory: to be confirmed"


def test_the_inventory_says_the_same_of_the_same_activity(works: Any) -> None:
    """The park's rows given to the inventory's own compile, one by one."""
    month = reading.month_of(works, FIRST, LAST)
    rows = [
        {"category": category, "item": item, "place": CITY, "year": 2026, "value": amount, "unit": unit}
        for category, item, amount, unit in (
            ("1A2f", "bituminous", 744.0, "t"), ("1A2e", "natural_gas", 74_400.0, "m3"), ("ID3", "electricity", 3 * 744_000.0, "kWh"),
        )
    ]  # fmt: skip
    compiled = compile_inventory(rows)
    by_gas = dict(compiled.emissions.totals("gas").select("gas", "emission").rows())
    own = month.emitted.rows.filter(pl.col("scope") == emissions.OUTSIDE).group_by("gas").agg(pl.col("emission").sum())
    assert dict(own.rows()) == {gas: pytest.approx(value) for gas, value in by_gas.items()}


def test_what_is_published_tells_formula_and_factor(works: Any) -> None:
    publication.publish_month(CITY, FIRST, now=NOW)
    found = Value.objects.get(indicator__code="energy.co2", subject=works.subject, period="2026-10")
    assert found.value == pytest.approx(reading.month_of(works, FIRST, LAST).total.sum("co2"))
    told = {row["item"]: row for row in found.lineage["rows"]}
    assert told["electricity"]["factors"][0]["value"] == pytest.approx(0.5897)
    assert told["raw_coal"]["category"] == "1A2f"
    assert found.status == 2


def test_a_fuel_that_the_inventory_does_not_know_is_said_and_never_zero(park: Any, firms: Any, meter: Any) -> None:
    used = [
        emissions.Used("a", "tea_stalks", "t", 5.0, 5.0),
        emissions.Used("a", "hydrogen", "m3", 5.0, 5.0),
        emissions.Used("a", "water", "m3", 5.0, 5.0),
    ]
    found = emissions.compute(CITY, park.place, 2026, used, {})
    assert found.carbon("a") is None
    assert {row["item"]: row["co2"] for row in found.sums(emissions.OUTSIDE).iter_rows(named=True)} == {
        "tea_stalks": None,
        "hydrogen": 0.0,
    }
    assert int(found.status) == 1


@given(
    bought=st.lists(st.floats(0, 1e6), min_size=3, max_size=3),
    sent=st.lists(st.tuples(st.integers(0, 2), st.floats(0, 1e6), st.booleans()), max_size=6),
)
def test_the_firms_from_outside_are_the_park(bought: list[float], sent: list[tuple[int, float, bool]]) -> None:
    """However firms exchange: what each bought outside sums to what the park bought, and a firm's own meters stay what they show."""
    purchases = [Purchase(f"f{number}", "heat", "GJ", amount) for number, amount in enumerate(bought)]
    carried = [
        Link(EXCHANGE if inner else BOUGHT, "f0" if inner else "", f"f{to}", "steam", "heat", "GJ", None, amount, booked=inner)
        for to, amount, inner in sent
    ]  # fmt: skip
    found = balance(purchases, carried)
    outside = sum(bought) + sum(-amount if inner else amount for _to, amount, inner in sent)
    assert found.bought["heat", "GJ"] == pytest.approx(outside, abs=1e-6)
    assert sum(each.outside for each in found.used) == pytest.approx(outside, abs=1e-6)
    whole = sum(bought) + sum(amount for _to, amount, inner in sent if not inner)
    assert sum(each.whole for each in found.used) == pytest.approx(whole, abs=1e-6)


def test_the_board_draws_the_last_day_and_tells_the_gases(
    client: Client, works: Any, firms: Any, meter: Any, ndrc: Any, person: Any
) -> None:
    """24 whole hours before 10:00: c took 7 kWh in each; its name is hidden from the operator, to whom it did not agree."""
    meter("c", "c-now", 7.0, quantity="electricity", unit="kWh", item="electricity", start=date(2026, 11, 19), hours=58)
    client.force_login(ndrc)
    address = reverse("energy:parks-board", kwargs={"park": works.code})
    text = client.get(address).content.decode()
    assert "按本市清单的方法和因子；连同甲烷、氧化亚氮" in text
    csv = client.get(address + "?chart=day&export=csv").content.decode("utf-8-sig")
    rows = [line.split(",") for line in csv.strip().splitlines()]
    assert len(rows) == 25, "a head and 24 hours"
    assert rows[0][-1].startswith("企业c")
    assert {float(row[-1]) for row in rows[1:]} == {7.0}
    client.force_login(person("enterprise", works.place, "runner-office", username="runner"))
    seen = client.get(address).content.decode()
    assert "未共享的企业" in seen
    assert "企业没有同意共享" in seen
    flows = client.get(reverse("energy:parks-flows", kwargs={"park": works.code}) + "?month=2026-10").content.decode()
    assert "fuel × ncv × carbon_content × oxidation × 44/12" in flows
    assert "1A2f" in flows
