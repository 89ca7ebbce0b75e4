"""The order of data sources may not be lowered. The orders and the rule: 环办气候〔2021〕9号 附件2, 6.2, as `facts/mrv/power_guideline.md`
(letter A) tells them: production record > stock ledger > settlement, coal as fired before as received and never back; oil and gas
tested monthly, else the supplier's report, else the default; elemental carbon daily as fired > batches as received > monthly composite;
once tested, never back to the default.
"""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.test import Client

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import CheckFinding, ControlPlan
from dafeng.domains.enterprise.reporting import boundaries, entry, findings, plans, sheet
from dafeng.domains.enterprise.reporting.findings_words import words_of
from dafeng.domains.enterprise.reporting.methods.sectors import SECTORS
from dafeng.kernel.records.models import AuditEntry
from tests.domains.enterprise.reporting.conftest import NOW, paper
from tests.domains.enterprise.reporting.test_metering import program

__all__ = ["program"]

COAL = {"fuel_use": "as_fired", "ncv": "tested", "elemental_carbon": "as_fired_daily", "carbon_content": "tested"}


def written(unit: Any, by: Any, year: int, *, reason: str = "", **changed: str) -> ControlPlan:
    """A draft of the unit's plan that names `COAL`, changed as told."""
    plan = plans.open_plan(unit.enterprise, year, by=by, now=NOW, reason=reason)
    chosen = COAL | changed
    items = {
        line["key"]: {"how": "台账", "source": chosen.get(line["wanted"].item, "")}
        for line in plans.lines(unit.enterprise, {}, year)
        if line["wanted"].stream in ("", "bituminous")
    }
    return plans.save(plan, {"items": items}, seen=plans.seen_of(plan), by=by, now=NOW)


def filed(unit: Any, by: Any, year: int, **changed: str) -> ControlPlan:
    return plans.file(written(unit, by, year, **changed), by=by, now=NOW)


def codes(item: str, stream: str) -> list[str]:
    order = SECTORS["power"].order(item, stream)
    return [each.code for each in order.sources] if order else []


def test_the_orders_are_those_of_the_guideline() -> None:
    assert codes("fuel_use", "bituminous") == ["as_fired", "as_received", "stock_ledger", "settlement"]
    assert codes("fuel_use", "diesel") == ["production_record", "stock_ledger", "settlement"]
    assert codes("ncv", "lignite") == ["tested", "default"]
    assert codes("ncv", "natural_gas") == ["tested", "supplier_report", "default"]
    assert codes("elemental_carbon", "gangue")[:3] == ["as_fired_daily", "as_received_batch", "monthly_composite"]
    assert codes("ash", "bituminous") == []


@pytest.mark.parametrize(
    ("item", "source"),
    [
        ("fuel_use", "as_received"),
        ("fuel_use", "settlement"),
        ("elemental_carbon", "as_received_batch"),
        ("elemental_carbon", "none"),
        ("ncv", "default"),
    ],
)
def test_a_later_year_may_not_name_a_lower_source(unit: Any, people: dict[str, Any], item: str, source: str) -> None:
    filed(unit, people["rival"], 2024)
    lower = written(unit, people["rival"], 2025, **{item: source})
    with pytest.raises(Refused) as error:
        plans.file(lower, by=people["rival"], now=NOW)
    assert error.value.code == "source_lowered"
    assert lower.record.state == "draft"
    assert AuditEntry.objects.filter(action="enterprise.refused").latest("pk").detail["reason"] == "source_lowered"


def test_a_new_number_of_the_same_year_and_the_year_after_next_are_held_to_it_too(
    unit: Any, people: dict[str, Any]
) -> None:
    filed(unit, people["rival"], 2023, fuel_use="as_received")
    filed(unit, people["rival"], 2024)  # raised: as fired from here on
    again = written(unit, people["rival"], 2024, reason="换了皮带秤", fuel_use="as_received")
    with pytest.raises(Refused, match="每日入炉煤"):
        plans.file(again, by=people["rival"], now=NOW)
    later = written(unit, people["rival"], 2026, fuel_use="as_received")
    with pytest.raises(Refused, match="每日入炉煤"):
        plans.file(later, by=people["rival"], now=NOW)


def test_a_draft_that_was_never_in_force_binds_nobody(unit: Any, people: dict[str, Any]) -> None:
    written(unit, people["rival"], 2024)
    assert filed(unit, people["rival"], 2025, fuel_use="settlement").record.state == "filed"


def test_a_source_is_chosen_from_the_order_and_must_be_chosen(unit: Any, people: dict[str, Any]) -> None:
    with pytest.raises(Refused) as error:
        written(unit, people["rival"], 2025, fuel_use="somebody")
    assert error.value.code == "unknown_source"
    plan = plans.current(unit.enterprise, 2025)
    assert plan is not None
    said = {each["key"]: {"how": "台账"} for each in plans.lines(unit.enterprise, {}, 2025)}
    plans.save(plan, {"items": said}, seen=plans.seen_of(plan), by=people["rival"], now=NOW)
    with pytest.raises(Refused) as error:
        plans.file(plan, by=people["rival"], now=NOW)
    assert error.value.code == "no_source"
    assert "4" in error.value.what  # fuel, calorific value, elemental carbon, carbon content


def told(unit: Any, by: Any, month: str, **cells: tuple[float | None, str]) -> None:
    entry.save_month(
        unit,
        month,
        [
            entry.Cell(item, "bituminous", value, "", "", way, "", (paper(by, month + item),) if value else ())
            for item, (value, way) in cells.items()
        ],
        seen=entry.seen(unit, month),
        by=by,
        now=NOW,
    )


def below(unit: Any) -> list[tuple[str, str, str]]:
    """month, item, way of each finding."""
    findings.refresh(unit.enterprise, 2025, now=NOW)
    found = CheckFinding.objects.filter(rule="below_plan").order_by("month", "item")
    return [(each.month, each.item, each.facts["way"]) for each in found]


def test_a_month_from_a_lower_source_than_the_plan_names_is_a_finding(unit: Any, people: dict[str, Any]) -> None:
    by = people["rival"]
    filed(unit, by, 2025)
    told(
        unit, by, "2025-01", fuel_use=(90_000, "measured"), ncv=(21.0, "measured"), elemental_carbon=(0.55, "measured")
    )
    # A settlement slip for the mass, and no test: the prescribed values would be taken for that month.
    told(unit, by, "2025-02", fuel_use=(80_000, "invoice"))
    # The mass from the stock: 10 + 90 − 20 = 80 thousand tonnes.
    told(
        unit, by, "2025-03", fuel_bought=(90_000, "invoice"), opening_stock=(10_000, "measured"),
        closing_stock=(20_000, "measured"), ncv=(21.2, "measured"), elemental_carbon=(0.56, "measured"),
    )  # fmt: skip
    assert below(unit) == [
        ("2025-02", "carbon_content", "default"),
        ("2025-02", "fuel_use", "invoice"),
        ("2025-02", "ncv", "default"),
        ("2025-03", "fuel_use", "computed"),
    ]
    words = words_of(CheckFinding.objects.get(rule="below_plan", item="fuel_use", month="2025-02"))
    assert words["what"] == "控制方案规定的来源是“生产系统记录（每日入炉煤）”，这个月的值是“结算凭证”"
    assert "不得降低" in words["why"]
    # Corrected, the finding is mended.
    told(unit, by, "2025-02", fuel_use=(80_000, "measured"))
    below(unit)
    assert CheckFinding.objects.get(rule="below_plan", item="fuel_use", month="2025-02").state == "mended"


def test_what_the_plan_names_is_no_finding(unit: Any, people: dict[str, Any]) -> None:
    by = people["rival"]
    filed(unit, by, 2025, fuel_use="settlement", ncv="default", elemental_carbon="none", carbon_content="default")
    told(unit, by, "2025-02", fuel_use=(80_000, "invoice"))
    told(unit, by, "2025-03", fuel_use=(80_000, "measured"), ncv=(21.0, "measured"))  # better than planned
    assert below(unit) == []


def test_a_sector_whose_text_was_not_read_has_no_order(year: Any) -> None:
    assert [each for each in plans.lines(year.enterprise, {}, 2025) if each["order"]] == []


def test_the_form_the_program_the_month_and_the_workbook_show_the_order(unit: Any, people: dict[str, Any]) -> None:
    by, client = people["rival"], Client()
    filed(unit, by, 2024)
    written(unit, by, 2025, fuel_use="settlement")
    client.force_login(by)
    page = client.get("/enterprise/reporting/firms/power/plan/2025/").content.decode()
    assert "3. 购销存台账" in page
    assert page.count("低于以前的方案") == 1
    items = client.get("/api/enterprise/reporting/firms/power/plans/2025/sources").json()["items"]
    fuel = next(each for each in items if each["item"] == "fuel_use")
    assert [each["code"] for each in fuel["admitted"]] == ["as_fired", "as_received", "stock_ledger", "settlement"]
    assert (fuel["source"], fuel["before"], fuel["lowered"]) == ("settlement", "as_fired", True)
    month = client.get(f"/enterprise/reporting/facilities/{unit.pk}/months/2024-03/").content.decode()
    assert "方案：生产系统记录（每日入炉煤）" in month
    guide = openpyxl.load_workbook(io.BytesIO(sheet.template(unit, 2024)))["填写说明"]
    row = next(each for each in guide.iter_rows(values_only=True) if str(each[0]).endswith("消耗量"))
    assert row[4:6] == (
        "生产系统记录（每日入炉煤） > 生产系统记录（入厂煤） > 购销存台账 > 供应商结算凭证",
        "生产系统记录（每日入炉煤）",
    )


def test_another_fuel_of_a_later_year_has_its_own_line(unit: Any, people: dict[str, Any]) -> None:
    filed(unit, people["rival"], 2024)
    boundaries.add_stream(unit, "fuel", "diesel", by=people["rival"], now=NOW)
    plan = written(unit, people["rival"], 2025)
    key = "unit/fuel_use/diesel"
    items = plan.content["items"] | {key: {"how": "结算单", "source": "settlement"}}
    items |= {"unit/ncv/diesel": {"how": "供应商", "source": "supplier_report"}}
    items |= {"unit/carbon_content/diesel": {"how": "缺省"}}
    plans.save(plan, {"items": items}, seen=plans.seen_of(plan), by=people["rival"], now=NOW)
    assert plans.file(plan, by=people["rival"], now=NOW).record.state == "filed"


ROOT = "/api/enterprise/reporting/firms/power/plans"


def test_a_program_opens_writes_files_and_revises_a_plan(unit: Any, people: dict[str, Any], program: Any) -> None:
    """The content that the form would keep: the same seen, the same numbers with their reasons."""
    opened = program("rival", "POST", ROOT, {"year": 2025})
    assert opened.status_code == 201
    told = opened.json()
    assert (told["number"], told["plan_state"], told["unit_data"]) == (1, "draft", "")
    assert all(line["untold"] == line["required"] for line in told["lines"])
    lines = [
        {"facility_code": "unit", "item": each["item"], "stream": each["stream"], "how": "台账", "source": COAL.get(each["item"], "")}
        for each in told["lines"]
    ]  # fmt: skip
    body = {"seen": told["seen"], "people": "生产部", "lines": lines}
    saved = program("rival", "PUT", f"{ROOT}/2025", body).json()
    assert (saved["people"], {each["untold"] for each in saved["lines"]}) == ("生产部", {False})
    plan = plans.current(unit.enterprise, 2025)
    assert plan is not None
    assert (plans.seen_of(plan), plan.content["items"]["unit/fuel_use/bituminous"]["source"]) == (saved["seen"], "as_fired")  # fmt: skip
    assert program("rival", "PUT", f"{ROOT}/2025", body).status_code == 409  # of a content that is no more
    assert program("rival", "POST", f"{ROOT}/2025/filing", {"seen": told["seen"]}).status_code == 409
    filing = program("rival", "POST", f"{ROOT}/2025/filing", {"seen": saved["seen"]})
    assert (filing.status_code, filing.json()["plan_state"]) == (200, "filed")
    again = {"seen": filing.json()["seen"], "lines": lines}
    assert program("rival", "PUT", f"{ROOT}/2025", again).json()["code"] == "plan_filed"
    assert program("rival", "POST", ROOT, {"year": 2025}).json()["code"] == "no_reason"
    assert program("rival", "POST", ROOT, {"year": 2025, "reason": "换了皮带秤"}).status_code == 201
    numbers = program("rival", "GET", f"{ROOT}/2025").json()["numbers"]
    assert [(each["number"], each["plan_state"], each["reason"]) for each in numbers] == [
        (2, "draft", "换了皮带秤"), (1, "filed", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"source": "somebody"}, "unknown_source"),
        ({"item": "height"}, "no_such_item"),
        ({"facility_code": "gone"}, "no_such_item"),
        ({"stream": "diesel"}, "no_such_item"),
        ({"how": "长" * 201}, "invalid"),
    ],
)
def test_a_wrong_line_is_refused_whole_with_its_reason(
    unit: Any, people: dict[str, Any], program: Any, changed: dict[str, str], code: str
) -> None:
    seen = program("rival", "POST", ROOT, {"year": 2025}).json()["seen"]
    right = {"facility_code": "unit", "item": "fuel_use", "stream": "bituminous", "how": "台账", "source": "as_fired"}
    answer = program("rival", "PUT", f"{ROOT}/2025", {"seen": seen, "lines": [right, right | changed]})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    plan = plans.current(unit.enterprise, 2025)
    assert plan is not None
    assert "items" not in plan.content
    bare = program("rival", "POST", f"{ROOT}/2025/filing", {"seen": seen})
    assert (bare.status_code, bare.json()["code"]) == (422, "plan_incomplete")


def test_the_plan_of_a_firm_is_written_by_its_own_programs_only(
    unit: Any, people: dict[str, Any], program: Any
) -> None:
    assert program("rival", "GET", f"{ROOT}/2025").status_code == 404
    seen = program("rival", "POST", ROOT, {"year": 2025}).json()["seen"]
    asked = {"PUT": (f"{ROOT}/2025", {"seen": seen, "lines": []}), "POST": (f"{ROOT}/2025/filing", {"seen": seen})}
    for method, (address, body) in asked.items():
        assert [program(name, method, address, body).status_code for name in ("bureau", "clerk")] == [403, 404]
    assert program("bureau", "GET", f"{ROOT}/2025").status_code == 200
    assert program("clerk", "GET", f"{ROOT}/2025").status_code == 404
