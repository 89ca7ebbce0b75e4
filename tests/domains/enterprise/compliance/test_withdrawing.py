"""What was entered wrongly is withdrawn with a reason: the row stays, marked; what came only from it goes; what used it refuses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from dafeng.domains.enterprise.compliance import (
    allocations,
    cutting,
    desk,
    holdings,
    listing,
    owing,
    papers,
    positions,
    surrendering,
    withdrawing,
)
from dafeng.domains.enterprise.models import AllocationCut, CarbonDuty, Covered
from dafeng.kernel.errors import NotFound, PermissionDenied, StaleError
from dafeng.kernel.records.models import AuditEntry
from tests.domains.enterprise.compliance.conftest import COAL, NOW
from tests.domains.enterprise.compliance.test_cycle import refused, total
from tests.domains.enterprise.compliance.test_entering import BOARD, LATE, call

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(bureau) -> Client:
    client = Client()
    client.force_login(bureau)
    return client


@pytest.fixture
def firm_desk(clerk) -> Client:
    client = Client()
    client.force_login(clerk)
    return client


# ---------------------------------------------------------------- a row of the list


def test_a_row_entered_by_mistake_goes_with_its_duty_and_stays_marked(firms, bureau, clerk, paper):
    """2025 by the wrong paper, and a duty of 5,000.2 t rounded up to 5,001: afterwards nothing is owed, on the ledger too."""
    kept, who = paper("豫环〔2025〕9 号"), {"by": bureau, "now": NOW}
    listing.enter(2025, [("plant", "power")], paper=kept, **who)
    owed = owing.register_duty(firms["plant"], 2025, told=Decimal("5000.2"), paper=kept, **who)
    assert owed.tonnes == 5_001
    assert [task.due.year for task in desk._owed(clerk, NOW)] == [2026]
    with pytest.raises(PermissionDenied):
        withdrawing.entry(firms["plant"], 2025, reason="企业名称相近，登记错了", by=clerk, now=NOW)
    refused("reason_missing", withdrawing.entry, firms["plant"], 2025, reason="  ", **who)
    made = withdrawing.entry(firms["plant"], 2025, reason="企业名称相近，登记错了", **who)
    assert (made.withdrawn_by, made.withdrawn_at, made.withdrawn_why) == (bureau, NOW, "企业名称相近，登记错了")
    assert not Covered.objects.exists()
    assert Covered.every.get().paper == kept
    assert owing.duty_of(firms["plant"], 2025) is None
    last = CarbonDuty.objects.get(number=2)
    assert (last.tonnes, last.steps[0]["code"], last.steps[0]["source"]) == (0, "released", "企业名称相近，登记错了")
    assert positions.history(firms["plant"], today=NOW.date(), held=[]) == []
    assert list(desk._owed(clerk, NOW)) == []
    refused("no_duty", surrendering.apply_surrender, firms["plant"], 2025, 1, 0, key="k", by=clerk, now=NOW)
    assert AuditEntry.objects.get(action="enterprise.compliance.uncover").detail["reason"] == "企业名称相近，登记错了"
    assert papers.seen(clerk, kept.pk) == kept  # the paper of what happened may still be read
    with pytest.raises(NotFound):
        withdrawing.entry(firms["plant"], 2025, reason="再来一次", **who)


def test_the_firm_may_be_listed_again_and_its_duty_waits_to_be_recorded(firms, bureau, paper):
    kept, who = paper(), {"by": bureau, "now": NOW}
    listing.enter(2025, [("plant", "industry")], paper=kept, **who)
    owing.register_duty(firms["plant"], 2025, told=Decimal(100), paper=kept, **who)
    withdrawing.entry(firms["plant"], 2025, reason="行业登记错了", **who)
    [again] = listing.enter(2025, [("plant", "power")], paper=kept, **who)
    assert (again.sector, Covered.every.count()) == ("power", 2)
    [position] = positions.history(firms["plant"], today=NOW.date(), held=[])
    assert (position.owed, position.state) == (None, "no_report")
    assert owing.register_duty(firms["plant"], 2025, told=Decimal(70), paper=kept, **who).number == 3


def test_a_row_on_which_allowances_were_issued_stays_until_they_are_taken_back(covered, bureau, paper):
    """979,000 t of 2019 are out: refused. Allocated anew with an output of 0 they come back, and the row may go."""
    who = {"by": bureau, "now": NOW}
    allocations.allocate_firm(covered, 2019, "final", [COAL], **who)
    refused("allocation_stands", withdrawing.entry, covered, 2019, reason="错了", **who)
    assert Covered.objects.filter(year=2019).exists()
    assert allocations.allocate_firm(covered, 2019, "final", [COAL | {"output": 0}], **who).issued == -979_000
    withdrawing.entry(covered, 2019, reason="错了", **who)
    assert total(covered) == 0
    assert not Covered.objects.filter(year=2019).exists()


def test_a_row_with_an_application_or_a_cut_says_what_to_do_first(stocked, bureau, clerk, paper):
    who = {"by": bureau, "now": NOW}
    applied = surrendering.apply_surrender(stocked, 2019, 10, 0, key="k", by=clerk, now=NOW)
    refused("surrendered", withdrawing.entry, stocked, 2019, reason="错了", **who)
    surrendering.decide_surrender(applied, grant=False, reason="先撤回名录", **who)
    cutting.for_arrears(stocked, 2019, paper=paper("决定", date(2021, 12, 30)), by=bureau, now=LATE)
    refused("cut_stands", withdrawing.entry, stocked, 2020, reason="错了", **who)  # the year from which it is taken


def test_the_list_is_withdrawn_by_page_and_by_api(covered, office, firm_desk):
    address = f"{BOARD}2025/listed/withdraw/"
    assert firm_desk.get(address).status_code == 403
    assert "试验名录" in office.get(address).content.decode()
    assert office.post(address, {"reason": ""}).status_code == 422
    assert office.post(address, {"reason": "登记错了年度"}).status_code == 302
    assert office.get(address).status_code == 404
    page = office.get("/enterprise/compliance/lists/?year=2025").content.decode()
    assert page.index("已撤回的") < page.index("登记错了年度")
    body, api = {"reason": "登记错了"}, "compliance/firms/plant/lists/2024/withdrawal"
    call(firm_desk, api, body, 403)
    assert call(office, api, body, 200)["withdrawn_why"] == "登记错了"
    call(office, api, body, 404)
    lists = "/api/enterprise/compliance/lists?compliance_year=2024"
    assert (office.get(lists).json()["total"], office.get(f"{lists}&withdrawn=true").json()["total"]) == (0, 1)


# ---------------------------------------------------------------- a cut


@pytest.fixture
def cut(stocked, bureau, paper) -> AllocationCut:
    """1,000,000 t of arrears on 2019, from the allocation of 2020."""
    return cutting.for_arrears(
        stocked, 2019, paper=paper("豫环罚〔2022〕1 号", date(2021, 12, 30)), by=bureau, now=LATE
    )


def test_a_withdrawn_cut_no_longer_counts_and_may_be_made_again(cut, stocked, bureau, clerk, paper):
    who: dict[str, Any] = {"by": bureau, "now": NOW}
    with pytest.raises(PermissionDenied):
        withdrawing.cut(cut, reason="期限算错", by=clerk, now=NOW)
    withdrawing.cut(cut, reason="期限算错", **who)
    with pytest.raises(StaleError):
        withdrawing.cut(cut, reason="期限算错", **who)
    made = allocations.allocate_firm(stocked, 2020, "final", [COAL], **who)
    assert (made.issued, made.cuts) == (979_000, {})
    assert AllocationCut.every.get().withdrawn_why == "期限算错"
    again = cutting.for_arrears(stocked, 2019, paper=paper("更正决定", date(2021, 12, 31)), by=bureau, now=LATE)
    assert again.from_year == 2021  # 2020 is final now


def test_a_cut_that_an_allocation_used_goes_only_with_a_new_allocation(cut, stocked, bureau):
    """2020: 2e6 MWh × 0.979 = 1,958,000 t less 1,000,000 t. Withdrawn, the 1,000,000 t are issued by version 2."""
    who: dict[str, Any] = {"by": bureau, "now": NOW}
    first = allocations.allocate_firm(stocked, 2020, "final", [COAL | {"output": 2_000_000}], **who)
    assert first.issued == 958_000
    refused("cut_used", withdrawing.cut, cut, reason="决定撤销", **who)
    assert AllocationCut.objects.exists()
    withdrawing.cut(cut, reason="决定撤销", reissue=True, **who)
    second = allocations.final_of(stocked, 2020)
    assert second is not None
    assert (second.number, second.tonnes, second.issued, second.cuts) == (2, 1_958_000, 1_000_000, {})
    assert total(stocked) == 979_000 + 1_958_000
    assert [each["cut"] for each in cutting.lines(first)] == [AllocationCut.every.get()]  # what version 1 rested on
    assert sum(each.total for each in holdings.of(stocked) if each.vintage == 2020) == 1_958_000


def test_a_cut_is_withdrawn_by_page_and_by_api(cut, stocked, bureau, office, firm_desk):
    allocations.allocate_firm(stocked, 2020, "final", [COAL], by=bureau, now=NOW)
    address, api = f"/enterprise/compliance/cuts/{cut.pk}/withdraw/", f"compliance/cuts/{cut.pk}/withdrawal"
    assert firm_desk.get(address).status_code == 403
    call(firm_desk, api, {"reason": "错了"}, 403)
    assert "979,000" in office.get(address).content.decode()  # what was taken: all that there was
    assert office.post(address, {"reason": "错了"}).status_code == 422
    assert call(office, api, {"reason": "错了"}, 422)["code"] == "cut_used"
    assert office.post(address, {"reason": "决定撤销", "reissue": "on"}).status_code == 302
    page = office.get(f"{BOARD}2019/cuts/").content.decode()
    assert "已撤回" in page
    assert "决定撤销" in page
    assert call(office, api, {"reason": "错了"}, 404)
    listed = "/api/enterprise/compliance/firms/plant/cuts"
    assert firm_desk.get(listed).json()["total"] == 0
    assert firm_desk.get(f"{listed}?withdrawn=true").json()["items"][0]["withdrawn_why"] == "决定撤销"
