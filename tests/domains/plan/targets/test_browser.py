"""The pages of targets, warnings and dual control in a real browser, on a desk and on a phone, as each who reads them."""

from __future__ import annotations

import pytest

from dafeng.domains.plan.models import Warning
from dafeng.domains.plan.services import five_years, judging
from dafeng.kernel.records.models import Record
from tests.domains.plan.browsing import SIZES, chromium, wrong_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
browser = pytest.fixture(chromium, scope="module", name="browser")
RECYCLING, COUNTY = "plan.reported.waste_recycling", "411502"
FALL, REQUIRED = "plan.dual_control.fall", "plan.dual_control.required"
PUBLIC = ("targets/", "targets/{target}/", "targets/{unbound}/", "targets/{stations}/", "dual-control/")
WORK = (*PUBLIC, "targets/{energy}/", "values/", "values/{value}/", "warnings/", "warnings/{warning}/", "warnings/counties/", "warnings/counties/?year=2024")  # fmt: skip
REPORT = (*WORK, "values/new/", "values/import/")
PAGES = {"ndrc": REPORT, "department": WORK, "county": REPORT, "leader": WORK, "": PUBLIC}


@pytest.fixture
def pages(target, report, now, energy, projects) -> dict[str, object]:
    """A page of every kind: judged, unbound, all-of, an intensity that lacks its numbers, a county in the red, projects to come."""
    found, unbound = target(), target("t2", indicator="幸福指数", binding="", bound_by="", unit="分")
    stations = target(
        "t3", binding="plan.reported.water_class2", low=100.0, high=100.0, operator="=", members=["甲断面", "乙断面"]
    )
    target(
        "e1", indicator="单位地区生产总值能耗", kind="relative_change", direction="decrease", operator="=", low=15.0, high=15.0,
        baseline_year=2020, binding=five_years.INTENSITY, settled={"split": "linear"},
    )  # fmt: skip
    seen = zip(range(2019, 2025), (-1, 0, 2, 3, 5, 6), strict=True)
    report(RECYCLING, {str(year): 20.0 + value for year, value in seen})
    report("plan.reported.water_class2", {"2024": 92.0}, member="甲断面")
    report(FALL, {"2024-11": -1.0, "2024-12": -0.5, "2025-01": 1.0}, subject=COUNTY)
    report(REQUIRED, {"2024-11": 2.5, "2024-12": 2.8, "2025-01": 0.3}, subject=COUNTY)
    judging.judge("411500", now=now)
    return {
        "target": found.pk, "energy": energy.pk, "unbound": unbound.pk, "stations": stations.pk,
        "value": Record.objects.of_kind("plan.value").first().pk, "warning": Warning.objects.first().pk,
    }  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("role", PAGES)
def test_the_pages_are_accessible_and_fit_the_screen(browser, live_server, client, pages, person, size, role) -> None:
    if role:
        client.force_login(person(role, organisation="urban" if role == "department" else "", place=COUNTY if role == "county" else "411500"))  # fmt: skip
    addresses = [f"/plan/{each.format(**pages)}" for each in PAGES[role]]
    assert wrong_of(browser, live_server, client if role else None, addresses, size) == {}
