"""What the bureau enters by page and API: whole firms, the published list, duties without a report, CCER and trades, cuts, trials."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dafeng.domains.enterprise.compliance import (
    allocations,
    carrying,
    cutting,
    holdings,
    listing,
    owing,
    papers,
    positions,
    surrendering,
    trading,
)
from dafeng.domains.enterprise.models import Allocation, AllocationCut, CarbonDuty, CarbonTrade, CcerBatch, Covered
from dafeng.kernel.errors import NotFound, PermissionDenied
from dafeng.kernel.records.models import AuditEntry
from tests.domains.enterprise.compliance.conftest import COAL, NOW
from tests.domains.enterprise.compliance.test_cycle import refused, total
from tests.domains.enterprise.compliance.test_pages import typed

pytestmark = pytest.mark.django_db
BOARD = "/enterprise/compliance/firms/plant/"
# A second, air-cooled unit of the class above 300 MW: 0.877 × 1.05 of 2019 (DCP#36), F = 86 %.
SECOND = COAL | {"unit": "u2", "class": "coal_large", "cooling": "air", "output": 2_000_000}
BOTH = 979_000 + 1_841_700  # 1e6 × 0.979, 2e6 × 0.877 × 1.05


@pytest.fixture
def desk(bureau) -> Client:
    client = Client()
    client.force_login(bureau)
    return client


@pytest.fixture
def office(clerk) -> Client:
    client = Client()
    client.force_login(clerk)
    return client


def pdf(name: str = "文件.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.4 test")


def signed(**more: Any) -> dict[str, Any]:
    """The fields of a paper, as its form sends them."""
    return {"document": "环办〔2019〕1 号", "dated": "2020-01-10", "file": pdf()} | more


def call(client: Client, address: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = client.post(f"/api/enterprise/{address}", json.dumps(body), content_type="application/json")
    assert answer.status_code == status, answer.content.decode()[:1000]
    return answer.json()


def filed(client: Client, document: str = "文件 1 号") -> str:
    answer = client.post("/api/enterprise/compliance/papers", {"document": document, "dated": "2020-01-10", "file": pdf()})  # fmt: skip
    assert answer.status_code == 201, answer.content.decode()[:1000]
    return str(answer.json()["id"])


# ---------------------------------------------------------------- whole firms


@pytest.mark.parametrize("stage", ["pre", "final"])
def test_a_plant_of_two_units_is_allocated_by_form(covered, desk, stage):
    given = {"stage": stage, "do": "issue"} | typed(COAL, SECOND)
    assert desk.post(f"{BOARD}2019/allocate/", given).status_code == 302
    made = Allocation.objects.get()
    assert [row["unit"] for row in made.rows] == ["u1", "u2"]
    # Pre-allocation is 70 % of each unit, rounded down: 685,300 + 1,289,190.
    assert made.tonnes == made.issued == (685_300 + 1_289_190 if stage == "pre" else BOTH)


def test_a_row_more_keeps_what_was_typed_and_an_empty_row_does_not_count(covered, desk):
    page = desk.post(f"{BOARD}2019/allocate/", {"stage": "final", "do": "more"} | typed(COAL)).content.decode()
    assert 'name="form-1-unit"' in page
    assert 'value="1000000"' in page
    given = {"stage": "final", "do": "issue"} | typed(COAL) | {"form-TOTAL_FORMS": "2", "form-1-unit": ""}
    assert desk.post(f"{BOARD}2019/allocate/", given).status_code == 302
    assert Allocation.objects.get().tonnes == 979_000


def test_a_bad_unit_among_good_ones_issues_nothing(covered, desk):
    for bad in (typed(COAL, COAL), typed(COAL, SECOND | {"load_factor": "1.2"}), {"form-TOTAL_FORMS": "1"}):
        assert desk.post(f"{BOARD}2019/allocate/", {"stage": "final", "do": "issue"} | bad).status_code == 422
    assert not Allocation.objects.exists()


def content(year: int, **outputs: float) -> dict[str, Any]:
    """A report's frozen content: 300 MW class units, water cooled, F = 86 %, no heat."""
    return {
        "boundary": {"facilities": [{"code": code, "name": code, "sector": "power", "compliance": True, "facts": {"class": "conventional_up_to_300", "cooling": "water"}} for code in outputs]},
        "indicators": [
            {"indicator": name, "facility": code, "month": str(year), "value": value, "unit": unit}
            for code, output in outputs.items()
            for name, value, unit in (("power_supplied", output, "MWh"), ("load_factor", 86, "%"))
        ],
    }  # fmt: skip


def test_each_stage_takes_the_units_of_the_report_that_the_rules_name(covered, desk, bureau, lock):
    """2019: the pre-allocation rests on the output of 2018 (DCP#36), the final quota on the year's own."""
    refused("report_missing", allocations.units_of_report, covered, 2019, "pre")
    before = lock(covered, 2018, 1, content(2018, u1=800_000, u2=400_000))
    own = lock(covered, 2019, 1, content(2019, u1=1_000_000, u2=500_000))
    assert desk.post(f"{BOARD}2019/allocate/", {"from": "report", "stage": "pre", "do": "issue"}).status_code == 302
    pre = Allocation.objects.get(stage="pre")
    assert (pre.tonnes, pre.report) == (548_240 + 274_120, before)  # 0.7 × 0.979 × 800,000 and × 400,000
    made = call(desk, "compliance/firms/plant/allocations", {"year": 2019, "stage": "final"})
    assert (made["tonnes"], made["issued"]) == (979_000 + 489_500, 979_000 + 489_500 - 822_360)
    assert Allocation.objects.get(stage="final").report == own
    refused("base_year_unknown", allocations.units_of_report, covered, 2021, "pre")  # the facts name no base year


def test_units_by_the_api_with_the_same_refusals(covered, desk, office):
    units = [{"unit_class" if name == "class" else name: value for name, value in each.items()} for each in (COAL, SECOND)]  # fmt: skip
    body = {"year": 2019, "stage": "final", "units": units}
    call(office, "compliance/firms/plant/allocations", body, 403)
    assert call(desk, "compliance/firms/plant/allocations", body)["tonnes"] == BOTH
    assert total(covered) == BOTH
    assert call(desk, "compliance/firms/plant/allocations", body | {"stage": "pre"}, 422)["code"] == "already_final"
    assert AuditEntry.objects.filter(action="enterprise.compliance.allocate.refused").count() == 1


# ---------------------------------------------------------------- the published list


def test_a_plant_that_starts_on_the_platform_is_listed_by_the_paper(firms, desk, paper):
    answer = desk.post("/enterprise/compliance/lists/enter/", signed(year="2025", firm=str(firms["plant"].pk), sector="power"))  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()[:2000]
    entry = Covered.objects.get()
    assert (entry.year, entry.sector, entry.source) == (2025, "power", "环办〔2019〕1 号（2020-01-10）")
    page = desk.get("/enterprise/compliance/lists/?year=2025").content.decode()
    assert page.index("试验电厂") < page.index("还没有公布文件的")
    file = desk.get(reverse("enterprise:compliance-paper", args=[entry.paper_id]))
    assert b"".join(file.streaming_content) == b"%PDF-1.4 test"


def test_a_table_is_entered_whole_or_not_at_all(firms, desk):
    def table(text: str) -> dict[str, Any]:
        return signed(year="2024", table=SimpleUploadedFile("名录.csv", text.encode()))

    bad = desk.post("/enterprise/compliance/lists/enter/", table("企业代码,行业\nplant,发电\nnobody,发电\n"))
    assert bad.status_code == 422
    assert "第 2 家" in bad.content.decode()
    assert not Covered.objects.exists()
    assert desk.post("/enterprise/compliance/lists/enter/", table("企业代码,行业\nplant,发电\nstranger,industry\n")).status_code == 302  # fmt: skip
    assert dict(Covered.objects.values_list("enterprise__code", "sector")) == {"plant": "power", "stranger": "industry"}


def test_the_list_by_the_api_and_its_refusals(firms, desk, office, bureau, paper):
    body = {"year": 2023, "paper": filed(desk), "entries": [{"firm": "plant", "sector": "power"}]}
    call(office, "compliance/lists", body, 403)
    assert call(desk, "compliance/lists", body)[0]["paper"] == body["paper"]
    call(desk, "compliance/lists", body)  # again: nothing changes
    assert Covered.objects.count() == 1
    assert desk.get("/api/enterprise/compliance/lists?compliance_year=2023").json()["total"] == 1
    kept, who = paper(), {"by": bureau, "now": NOW}
    refused("source_missing", listing.enter, 2024, [("plant", "power")], paper=None, **who)
    refused("firm_twice", listing.enter, 2024, [("plant", "power")] * 2, paper=kept, **who)
    refused("sector_unknown", listing.enter, 2024, [("plant", "tea")], paper=kept, **who)
    refused("sector_too_early", listing.enter, 2023, [("stranger", "industry")], paper=kept, **who)  # since 2024
    refused("year_without_rules", listing.enter, 2031, [("plant", "power")], paper=kept, **who)
    with pytest.raises(PermissionDenied):
        listing.enter(2024, [("plant", "power")], paper=kept, by=None, now=NOW)


def test_a_proposal_of_the_screening_is_confirmed_by_the_paper(firms, bureau, paper):
    before = listing.cover(firms["plant"], 2025, "power", source="年度筛查", by=bureau, now=NOW)
    assert before.paper is None
    [entry] = listing.enter(2025, [("plant", "power")], paper=paper("豫环〔2025〕9 号"), by=bureau, now=NOW)
    assert (entry.pk, entry.source) == (before.pk, "豫环〔2025〕9 号（2026-01-05）")
    refused("listed_otherwise", listing.enter, 2025, [("plant", "industry")], paper=paper("另一份"), by=bureau, now=NOW)


def test_papers_are_checked_and_read_by_those_whom_they_concern(firms, bureau, clerk, person, paper):
    who: dict[str, Any] = {"by": bureau, "now": NOW}
    refused("paper_kind", papers.keep, pdf("a.exe"), document="x", dated=date(2026, 1, 1), **who)
    refused("source_missing", papers.keep, pdf(), document=" ", dated=date(2026, 1, 1), **who)
    refused("paper_in_future", papers.keep, pdf(), document="x", dated=date(2026, 5, 21), **who)
    kept = paper()
    with pytest.raises(NotFound):
        papers.seen(clerk, kept.pk)
    listing.enter(2025, [("plant", "power")], paper=kept, **who)
    assert papers.seen(clerk, kept.pk) == kept
    with pytest.raises(NotFound):
        papers.seen(person("enterprise", "other", "stranger-people", "411522"), kept.pk)


# ---------------------------------------------------------------- duties without a report


@pytest.fixture
def draft(lock):
    """A report in some state that is not locked."""

    def make(enterprise: Any, year: int, state: str = "draft") -> Any:
        made = lock(enterprise, year, 1)
        type(made.record).objects.filter(pk=made.record_id).update(state=state)
        return made

    return make


def test_a_draft_that_is_never_handed_in_does_not_keep_the_estimate_off(covered, bureau, draft, paper):
    """The report on 2025 is due on 2026-03-31; NOW is in May."""
    draft(covered, 2025)
    told: dict[str, Any] = {"told": Decimal(800_000), "paper": paper("保守测算书"), "by": bureau}
    refused("reason_missing", owing.register_duty, covered, 2025, now=NOW, **told)
    made = owing.register_duty(covered, 2025, reason="逾期 50 天未报送", now=NOW, **told)
    assert (made.tonnes, made.emissions, made.report) == (800_000, 800_000, None)
    assert [made.steps[0][name] for name in ("code", "standing")] == ["estimated", "A"]
    assert made.steps[0]["source"].endswith("保守测算书（2026-01-05）；逾期 50 天未报送")
    position = next(each for each in positions.history(covered, today=NOW.date(), held=[]) if each.covered.year == 2025)
    assert (position.basis, position.emissions, position.stale) == ("estimated", 800_000, False)


def test_the_estimate_waits_for_the_last_day_and_for_a_report_under_way(covered, bureau, draft, paper):
    from dafeng.domains.enterprise.reporting import reports

    told: dict[str, Any] = {"told": Decimal(800_000), "reason": "未报送", "paper": paper("测算书", date(2026, 1, 1)), "by": bureau}  # fmt: skip
    last = datetime(2026, 3, 31, 4, tzinfo=UTC)
    refused("estimate_early", owing.register_duty, covered, 2025, now=last, **told)
    reports.grant(covered, 2025, until=date(2026, 5, 20), reason="台风", by=bureau, now=last)
    refused("estimate_early", owing.register_duty, covered, 2025, now=NOW, **told)  # leave until that very day
    made = draft(covered, 2025, "submitted")
    later = NOW + timedelta(days=1)
    refused("report_under_way", owing.register_duty, covered, 2025, now=later, **told)
    type(made.record).objects.filter(pk=made.record_id).update(state="draft")
    assert owing.register_duty(covered, 2025, now=later, **told).tonnes == 800_000


def test_a_duty_by_paper_through_page_and_api(covered, desk, office):
    address = f"{BOARD}2020/duty/paper/"
    assert office.post(address, signed(told="123456.1")).status_code == 403
    assert desk.post(address, {"told": "123456.1"}).status_code == 422
    assert desk.post(address, signed(told="123456.1")).status_code == 302
    assert CarbonDuty.objects.get().tonnes == 123_457  # no allocation: all of it, rounded up
    body = {"year": 2021, "told": "5.5", "paper": filed(desk)}
    made = call(desk, "compliance/firms/plant/duties", body)
    assert (made["tonnes"], made["paper"]) == (6, body["paper"])
    assert call(desk, "compliance/firms/plant/duties", {"year": 2022}, 422)["code"] == "report_not_locked"


# ---------------------------------------------------------------- CCER and trades

BATCH = {"code": "wind-9", "project": "试验风电", "tonnes": 5_000, "started": "2015-01-01", "reduced_from": "2021-01-01", "reduced_to": "2022-12-31"}  # fmt: skip


def ccer_of(firm: Any) -> int:
    return sum(each.total for each in holdings.of(firm) if each.asset == "CCER")


def test_a_batch_by_form_and_by_api_with_what_decides_its_use(stocked, desk, office):
    mine = str(stocked.pk)
    assert office.post("/enterprise/compliance/ccer/add/", BATCH | signed(owner=mine)).status_code == 403
    assert desk.post("/enterprise/compliance/ccer/add/", BATCH | signed(owner=mine)).status_code == 302
    assert ccer_of(stocked) == 5_000
    again = desk.post("/enterprise/compliance/ccer/add/", BATCH | signed(owner=""))
    assert again.status_code == 422
    assert "已经登记" in again.content.decode()
    # 2012-11-08 is not after 2012-11-08 (温室气体自愿减排交易管理办法).
    old = call(desk, "compliance/ccer-batches", BATCH | {"code": "old", "started": "2012-11-08", "paper": filed(desk)})
    assert (old["eligible"], old["reasons"]) == (False, ["项目开工太早"])
    assert "不能抵销" in desk.get("/enterprise/compliance/ccer/").content.decode()
    assert desk.get("/api/enterprise/compliance/ccer-batches").json()["total"] == 2


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"reduced_to": "2020-12-31"}, "period_reversed"), ({"started": "2021-01-02"}, "period_before_start"), ({"reduced_to": "2099-01-01"}, "period_in_future")],
)  # fmt: skip
def test_a_batch_without_sense_is_refused(stocked, desk, changed, reason):
    assert call(desk, "compliance/ccer-batches", BATCH | changed | {"paper": filed(desk)}, 422)["code"] == reason
    assert not CcerBatch.objects.exists()


TRADE = {"tonnes": "300", "price": "70.50", "way": "listing", "day": "2023-12-01"}


def test_offsets_are_bought_from_the_outside_and_sold_within_the_city(stocked, firms, desk):
    call(desk, "compliance/ccer-batches", BATCH | {"paper": filed(desk)})  # the market outside holds them
    batch = CcerBatch.objects.get()
    bought = {"side": "buy", "other": "", "batch": str(batch.pk), "number": "c1", "key": "k"} | TRADE
    assert desk.post(f"{BOARD}2019/trade/", bought).status_code == 302
    body = {"seller": "plant", "buyer": "sister", "batch": "wind-9", "number": "c2"} | TRADE | {"tonnes": 100}
    made = call(desk, "compliance/trades", body)
    assert (made["asset"], made["vintage"], made["batch"]) == ("CCER", 2022, "wind-9")
    assert (ccer_of(stocked), ccer_of(firms["sister"])) == (200, 100)
    too_much = call(desk, "compliance/trades", body | {"seller": None, "tonnes": 4_701, "number": "c3"}, 422)
    assert too_much["code"] == "insufficient"  # 5,000 − 300 are left outside
    assert CarbonTrade.objects.count() == 2


def test_allowances_change_hands_between_two_firms_of_the_city(stocked, firms, desk, clerk):
    trading.move(stocked, "CEA", "trading", 1_000, key="a", by=clerk, now=NOW)
    given = {"side": "sell", "other": str(firms["sister"].pk), "batch": "", "vintage": "2019", "number": "x1", "key": "k"} | TRADE  # fmt: skip
    assert desk.post(f"{BOARD}2019/trade/", given | {"vintage": ""}).status_code == 422
    assert desk.post(f"{BOARD}2019/trade/", given).status_code == 302
    assert (total(stocked), total(firms["sister"])) == (978_700, 300)
    assert carrying.net_sold(stocked) == 300
    body = {"seller": None, "buyer": None, "vintage": 2019, "number": "x2"} | TRADE
    assert call(desk, "compliance/trades", body, 422)["code"] == "trade_without_city"


# ---------------------------------------------------------------- cuts

LATE = datetime(2022, 1, 1, 4, tzinfo=UTC)  # the day after the last day of 2019 (2021-12-31)


def test_arrears_lessen_the_next_allocation_and_its_line_names_the_decision(stocked, bureau, paper, desk):
    kept = paper("豫环罚〔2022〕1 号", date(2021, 12, 30))
    refused("not_late", cutting.for_arrears, stocked, 2019, paper=kept, by=bureau, now=LATE - timedelta(days=1))
    made = cutting.for_arrears(stocked, 2019, paper=kept, by=bureau, now=LATE)
    # Nothing of 1,000,000 t was surrendered; the rule of 2022-01-01 is the one until 2024-04-30 (DCP#34, standing A).
    assert (made.tonnes, made.from_year, made.standing) == (1_000_000, 2020, "A")
    refused("cut_twice", cutting.for_arrears, stocked, 2019, paper=kept, by=bureau, now=LATE)
    units = [COAL | {"output": 2_000_000}]  # 1,958,000 t
    pre = allocations.allocate_firm(stocked, 2020, "pre", units, by=bureau, now=NOW)
    assert (pre.tonnes, pre.issued, pre.cuts) == (1_370_600, 370_600, {str(made.pk): 1_000_000})
    final = allocations.allocate_firm(stocked, 2020, "final", units, by=bureau, now=NOW)
    assert (final.tonnes, final.issued) == (1_958_000, 587_400)  # both stages: 958,000
    assert total(stocked) == 979_000 + 958_000
    page = desk.get(f"{BOARD}allocations/{final.pk}/").content.decode()
    assert "豫环罚〔2022〕1 号" in page
    assert "1,000,000" in page


def test_a_cut_takes_no_more_than_there_is(stocked, bureau, paper):
    cutting.for_arrears(stocked, 2019, paper=paper(), by=bureau, now=LATE)
    made = allocations.allocate_firm(stocked, 2020, "final", [COAL], by=bureau, now=NOW)
    assert (made.tonnes, made.issued, list(made.cuts.values())) == (979_000, 0, [979_000])


def test_false_data_are_cut_only_after_the_surrender(stocked, bureau, clerk, paper, desk, office):
    address, given = f"{BOARD}2019/cuts/", signed(do="false_data", tonnes="12000", reason="多报供电量")
    assert desk.post(address, given).status_code == 422  # the duty is still open
    trading.register_trade(seller=None, buyer=stocked, vintage=2019, tonnes=21_000, price=Decimal(50), way="listing", day=date(2021, 12, 1), key="t", by=bureau, now=NOW)  # fmt: skip
    trading.move(stocked, "CEA", "registry", 21_000, key="m", by=clerk, now=NOW)
    surrendering.decide_surrender(surrendering.apply_surrender(stocked, 2019, 1_000_000, 0, key="k", by=clerk, now=NOW), grant=True, by=bureau, now=NOW)  # fmt: skip
    refused("nothing_owed", cutting.for_arrears, stocked, 2019, paper=paper(), by=bureau, now=LATE)
    allocations.allocate_firm(stocked, 2020, "final", [COAL], by=bureau, now=NOW)
    assert office.post(address, given).status_code == 403
    assert desk.post(address, signed(do="false_data", tonnes="12000", reason="多报供电量")).status_code == 302
    made = AllocationCut.objects.get()
    assert (made.tonnes, made.from_year, made.standing) == (12_000, 2021, "A")  # 2020 is final already
    twice = {"kind": "false_data", "year": 2019, "tonnes": 1, "reason": "又一次", "paper": str(made.paper_id)}
    assert call(desk, "compliance/firms/plant/cuts", twice, 422)["code"] == "cut_twice"
    assert office.get("/api/enterprise/compliance/firms/plant/cuts").json()["items"][0]["tonnes"] == 12_000


# ---------------------------------------------------------------- trials


def test_a_regional_set_is_tried_on_the_page_with_its_steps_and_issues_nothing(covered, office):
    """Fujian, clinker: 0.8326 t a tonne (DCP#409); 1,000,001 t of clinker give 832,600.8326 t, whole 832,600."""
    query = {"set": "fujian-2020", "do": "show", "form-TOTAL_FORMS": "1", "form-0-unit": "k1", "form-0-class_": "clinker", "form-0-output": "1000001"}  # fmt: skip
    page = office.get("/enterprise/compliance/trial/", query).content.decode()
    for text in ("832,600.8326", "832,600</b>", "只供模拟", "不能用来发放"):
        assert text in page, text
    assert not Allocation.objects.exists()


def test_past_years_become_their_mean_without_a_single_outlier(covered, office, desk):
    """Mean of 100, 100, 160 is 120; only 160 lies beyond ±24, so it goes: 100. Historic emissions × reduction 0.95 = 95."""
    query = {"set": "guangdong-2021", "do": "show", "form-TOTAL_FORMS": "1", "form-0-unit": "h1", "form-0-class_": "historic", "form-0-history": "100 100，160", "form-0-reduction": "0.95", "form-0-output": "1"}  # fmt: skip
    page = office.get("/enterprise/compliance/trial/", query).content.decode()
    assert "95</b> t" in page
    assert office.get("/enterprise/compliance/trial/", query | {"form-0-history": "甲"}).status_code == 422
    # 100,000 is one year or two: not ours to guess.
    unsure = office.get("/enterprise/compliance/trial/", query | {"form-0-history": "100,000 120,000"})
    assert (unsure.status_code, "千位分隔" in unsure.content.decode()) == (422, True)
    unit = {"unit": "h1", "unit_class": "historic", "history": [60, 100, 140], "reduction": 1, "output": 1}
    [row] = call(desk, "allocation-rules/guangdong-2021/trial", {"units": [unit]}, 200)
    assert row["tonnes"] == 100  # two beyond ±20: all stay


def test_a_draft_without_numbers_says_what_is_missing(covered, office):
    query = {"set": "power-draft-2025", "do": "show"} | typed(COAL)
    page = office.get("/enterprise/compliance/trial/", query).content.decode()
    assert "征求意见稿" in page
    assert "基准值" in page
    assert "合计算不出" in page
    whatif = office.get(f"{BOARD}what-if/").content.decode()
    assert "power-draft-2025" in whatif


def test_the_units_of_a_report_fill_the_trial(covered, office, lock):
    made = lock(covered, 2019, 1, content(2019, u1=1_000_000, u2=500_000))
    page = office.get("/enterprise/compliance/trial/", {"set": "power-2019", "report": str(made.pk)}).content.decode()
    assert 'value="u2"' in page
    assert 'value="500000.0"' in page
