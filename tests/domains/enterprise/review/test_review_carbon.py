"""The carbon evaluation, and limits in other units than kgce."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.review import assessments, projects
from tests.domains.enterprise.review.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db
CARBON = {"carbon_measures": "绿电替代", "carbon_impact": "影响较小"}
SINCE = date(2026, 1, 1)
# 1,340,000 MWh for 100,000 t: 13,400 kWh/t, above the shipped base level of 13,350 kWh/t (2021).
ALUMINIUM = {"energy": {"energies": {"electricity": {"after": 1_340_000.0}}}, "output": {"product": "aluminium", "output": 100_000.0, "unit": "t"}}  # fmt: skip


def page(user, project, query="") -> str:
    client = Client()
    client.force_login(user)
    return client.get(f"/enterprise/review/projects/{project.pk}/{query}").content.decode()


def test_aluminium_is_compared_in_kilowatt_hours_and_swept(draft, people) -> None:
    found = draft(**ALUMINIUM)
    made = assessments.assess(found, on=TODAY)
    assert (made.standing.verdict, made.standing.value) == ("over_limit", pytest.approx(13_400))
    assert "over_limit" in made.barred
    projects.submit(found, by=people["owner"], now=NOW)
    crates = draft(basics={"name": "箱装铝"}, **{**ALUMINIUM, "output": ALUMINIUM["output"] | {"unit": "箱"}})
    assert assessments.assess(crates, on=TODAY).standing.why == "denominator"
    projects.submit(crates, by=people["owner"], now=NOW)
    assert "产量单位与限额的产品单位不同" in page(people["ndrc"], crates)
    client = Client()
    client.force_login(people["ndrc"])
    swept = {
        sweep: client.get(f"/enterprise/review/register/?sweep={sweep}").content.decode()
        for sweep in ("over", "incomparable")
    }
    assert found.number in swept["over"]
    assert crates.number not in swept["over"]
    assert crates.number in swept["incomparable"]


def test_a_claimed_level_in_kilowatt_hours(draft) -> None:
    found = draft(comparison={"unit": "kWh", "limit": 14_000.0, "standard": "GB 21346"}, **ALUMINIUM)
    claimed = assessments.assess(found, on=TODAY).claimed
    assert (claimed.verdict, claimed.value) == ("between", pytest.approx(13_400))


def test_a_carbon_level_is_compared_and_without_one_it_is_to_be_confirmed(draft, people, figures) -> None:
    """20,000 MWh × 0.5897 + 100 × 389.31 × 15.3/1000 × 0.99 × 44/12 t CO2 over 10,000 t: above an access value of 1, below a limit of 2."""
    found = draft(output={"product": "tea-x", "unit": "t"})
    assert assessments.assess(found, on=TODAY).carbon.standing.verdict == ""
    figures.state_level(measure="carbon", product="tea-x", name="茶", unit="tCO2/t", limit=2, access=1, lead=0.5, since=SINCE, source="试验标准", by=people["ndrc"], now=NOW)  # fmt: skip
    standing = assessments.assess(found, on=TODAY).carbon.standing
    value = (20_000 * 0.5897 + 100 * 389.31 * 15.3 / 1000 * 0.99 * 44 / 12) / 10_000
    assert (standing.verdict, standing.value) == ("over_access", pytest.approx(value))
    assert assessments.assess(found, on=TODAY).standing.level is None  # an energy level it is not
    with pytest.raises(Refused) as caught:
        figures.state_level(measure="carbon", product="tea-x", name="茶", unit="kgce/t", limit=2, access=1, lead=0.5, since=SINCE, source="试验标准", by=people["ndrc"], now=NOW)  # fmt: skip
    assert caught.value.code == "level_unit"


def test_where_carbon_is_evaluated_its_part_is_asked_and_written(draft, people, figures) -> None:
    for code, value in (("base_co2", 1_000_000), ("co2_intensity", 0.5), ("co2_increment", 40_000)):
        figures.state_figure(code, "411522", value, since=SINCE, source="试验文件", by=people["ndrc"], now=NOW)
    owner, ndrc = people["owner"], people["ndrc"]
    found = draft()
    projects.submit(found, by=owner, now=NOW)
    projects.judge(found, two_high=False, large_carbon=True, reason="排放量较大", by=ndrc, now=NOW)
    with pytest.raises(Refused) as caught:
        projects.handle(found, "accept", by=ndrc, now=NOW)
    assert caught.value.code == "carbon_missing"
    projects.handle(found, "supplement", by=ndrc, now=NOW, reason="补碳排放评价")
    with pytest.raises(Refused) as caught:
        projects.submit(found, by=owner, now=NOW)
    assert caught.value.code == "incomplete"
    found = projects.save_step(found, "measures", found.content["measures"] | CARBON, seen=projects.fingerprint(found), by=owner, now=NOW)  # fmt: skip
    projects.submit(found, by=owner, now=NOW)
    projects.handle(found, "accept", by=ndrc, now=NOW)
    shown = page(ndrc, found)
    for words in ("碳排放评价", "没有登记这种产品的碳排放限额或标准", "占碳排放增量控制数的比例", "不分级"):
        assert words in shown, words
    made = assessments.assess(found, on=TODAY)
    assert made.carbon.impact.m == pytest.approx(made.used.co2 / 40_000 * 100)
    from dafeng.domains.enterprise.review.papers.blocks import Heading, Paragraph
    from dafeng.domains.enterprise.review.papers.making import report

    blocks = report(found, on=TODAY).blocks
    assert any(isinstance(each, Heading) and each.text == "碳排放评价" for each in blocks)
    assert any(isinstance(each, Paragraph) and "绿电替代" in each.text for each in blocks)


def test_peers_by_carbon_of_the_same_product(draft, people) -> None:
    """Three others of 10,000 t with 10,000, 30,000 and 40,000 MWh; ours 20,000: two of three emit more."""
    for power in (10_000.0, 30_000.0, 40_000.0):
        other = draft(energy={"energies": {"electricity": {"after": power}}}, output={"product": "tea-x"})
        projects.submit(other, by=people["owner"], now=NOW)
    own = draft(energy={"energies": {"electricity": {"after": 20_000.0}}}, output={"product": "tea-x"})
    carbon = assessments.assess(own, on=TODAY).carbon
    assert (carbon.peers, carbon.quantile) == (3, pytest.approx(2 / 3))
