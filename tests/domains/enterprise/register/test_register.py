"""The register: check digits, what is refused, the form, the sheet with its undo, the API, and what people see."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dafeng.domains.enterprise.register import keeping, sheet
from dafeng.domains.enterprise.reporting import boundaries
from dafeng.domains.enterprise.reporting.refusing import Faulty
from dafeng.kernel.desk.registry import search
from dafeng.kernel.enterprises import credit_codes
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.records.models import AuditEntry, Record
from dafeng.kernel.sheets import open_upload

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
# The weighted sums by hand, alphabet 0-9 A-H J-N P-R T U W X Y, weights 1 3 9 27 19 26 16 17 20 29 25 13 8 24 10 30 28.
# 91350100M000100Y4: 9+3+27+135+26+21*20+8+30*30+4*28 = 1640 = 52*31 + 28, check 31-28 = 3.
# 9144030071526726X: 9+3+36+108+78+140+29+125+26+48+168+20+180+29*28 = 1782 = 57*31 + 15, check 31-15 = 16 = G.
GOOD, OTHER = "91350100M000100Y43", "9144030071526726XG"
WORKS = {"name": "光山水泥", "place": "411522", "credit_code": GOOD, "industry": "3011", "organisation": "kiln-works"}


@pytest.fixture
def works(people: dict[str, Any]) -> Enterprise:
    return keeping.enlist({**WORKS, "code": "works"}, by=people["bureau"], now=NOW)


def faults(error: Faulty) -> dict[str, str]:
    return {name: fault.code for name, fault in error.problems}


@pytest.mark.parametrize("code", [GOOD, OTHER])
def test_the_eighteenth_character_checks_the_others(code: str) -> None:
    assert credit_codes.check_character(code[:-1]) == code[-1]


def test_any_single_wrong_character_is_noticed() -> None:
    for place in range(17):
        for wrong in set(credit_codes.ALPHABET) - {GOOD[place]}:
            told = GOOD[:place] + wrong + GOOD[place + 1 : -1]
            assert credit_codes.check_character(told) != GOOD[-1]


def test_an_enterprise_is_entered_with_its_credit_code_tidied_and_sealed(people: dict[str, Any]) -> None:
    made = keeping.enlist({**WORKS, "credit_code": " 91350100m000100y43"}, by=people["bureau"], now=NOW)
    assert (made.code, made.credit_code, made.city) == (GOOD.lower(), GOOD, "411500")
    entry = AuditEntry.objects.get(action="enterprise.enlist")
    assert (entry.subject_id, entry.detail["name"]) == (GOOD.lower(), ["", "光山水泥"])


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"name": " "}, "name", "name"),
        ({"credit_code": GOOD[:-1] + "4"}, "credit_code", "check_digit"),
        ({"credit_code": "91350100I000100Y43"}, "credit_code", "credit_code"),
        ({"place": "410100"}, "place", "place"),
        ({"industry": "301"}, "industry", "industry"),
        ({"industry": "9800"}, "industry", "industry"),
        ({"organisation": "nobody"}, "organisation", "organisation"),
        ({"since": "2026-02-30"}, "since", "day"),
        ({"since": "2020-01-01", "until": "2019-12-31"}, "until", "life_reversed"),
        ({"credit_code": ""}, "code", "code"),
        ({"code": "光山"}, "code", "code"),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(
    people: dict[str, Any], changed: dict[str, str], field: str, reason: str
) -> None:
    with pytest.raises(Faulty) as refused:
        keeping.enlist({**WORKS, **changed}, by=people["bureau"], now=NOW)
    assert faults(refused.value) == {field: reason}
    assert not Enterprise.objects.exists()
    assert AuditEntry.objects.filter(action="enterprise.refused").exists()


def test_a_twin_by_name_code_or_credit_code_is_refused(works: Enterprise, people: dict[str, Any]) -> None:
    with pytest.raises(Faulty) as refused:
        keeping.enlist({**WORKS, "code": "works"}, by=people["bureau"], now=NOW)
    assert faults(refused.value) == {"name": "name_taken", "credit_code": "credit_code_taken", "code": "code_taken"}
    assert "works" in str(refused.value)


def test_a_change_made_from_an_old_page_is_refused(works: Enterprise, people: dict[str, Any]) -> None:
    seen = keeping.seen_of(works)
    keeping.change(works, {"park": "官渡河园区"}, seen=seen, by=people["bureau"], now=NOW)
    with pytest.raises(keeping.SeenOld):
        keeping.change(works, {"park": ""}, seen=seen, by=people["bureau"], now=NOW)
    works.refresh_from_db()
    assert (works.park, works.name) == ("官渡河园区", "光山水泥")
    assert AuditEntry.objects.get(action="enterprise.change").detail == {"park": ["", "官渡河园区"]}


# ---------- pages ----------


def test_the_form_enters_and_deregisters_and_says_what_is_wrong(client: Client, people: dict[str, Any]) -> None:
    client.force_login(people["bureau"])
    wrong = client.post(reverse("enterprise:register-new"), {**WORKS, "credit_code": GOOD[:-1] + "4"})
    assert wrong.status_code == 422
    assert "校验位不对" in wrong.content.decode()
    client.post(reverse("enterprise:register-new"), {**WORKS, "code": "works"})
    made = Enterprise.objects.get(code="works")
    address = reverse("enterprise:register-change", kwargs={"code": "works"})
    client.post(address, {**WORKS, "until": "2026-03-01", "seen": keeping.seen_of(made)})
    made.refresh_from_db()
    assert made.until == date(2026, 3, 1)
    card = client.get(reverse("enterprise:register-card", kwargs={"code": "works"})).content.decode()
    assert "已注销" in card
    listed = client.get(reverse("enterprise:register"), {"living": "1"}).content.decode()
    assert "光山水泥" not in listed


def test_a_county_and_a_firm_see_their_own_and_nobody_else_writes(
    client: Client, works: Enterprise, people: dict[str, Any]
) -> None:
    keeping.enlist({"code": "far", "name": "平桥钢铁", "place": "411503"}, by=people["bureau"], now=NOW)
    for who in ("county", "clerk"):
        client.force_login(people[who])
        page = client.get(reverse("enterprise:register")).content.decode()
        assert "光山水泥" in page
        assert "平桥钢铁" not in page
        assert client.get(reverse("enterprise:register-card", kwargs={"code": "far"})).status_code == 404
        assert client.post(reverse("enterprise:register-new"), WORKS).status_code == 403


def test_the_list_is_searched_filtered_and_told_as_csv(
    client: Client, works: Enterprise, people: dict[str, Any]
) -> None:
    keeping.enlist({"code": "far", "name": "平桥钢铁", "place": "411503"}, by=people["bureau"], now=NOW)
    client.force_login(people["bureau"])
    for asked, found in (({"q": GOOD[4:12]}, True), ({"division": "30"}, True), ({"organised": "0"}, False), ({"place": "411503"}, False)):  # fmt: skip
        page = client.get(reverse("enterprise:register"), asked).content.decode()
        assert ("光山水泥" in page, "平桥钢铁" in page) == (found, not found), asked
    table = client.get(reverse("enterprise:register"), {"export": "csv"}).content.decode("utf-8-sig")
    assert table.splitlines()[0].startswith("企业,统一社会信用代码,所在地")
    assert len(table.splitlines()) == 3


def test_the_search_finds_what_a_person_may_see(works: Enterprise, people: dict[str, Any]) -> None:
    assert [hit.title for hit in search(people["county"], GOOD)] == ["光山水泥"]
    works.place = "411503"
    works.save()
    assert search(people["county"], GOOD) == []


def test_a_firm_without_facilities_finds_its_way_to_reporting(
    client: Client, works: Enterprise, people: dict[str, Any]
) -> None:
    client.force_login(people["clerk"])
    answer = client.get(reverse("enterprise:reporting-home"))
    assert answer.headers["Location"] == reverse("enterprise:reporting-firm", kwargs={"firm": "works"})
    assert client.get(answer.headers["Location"]).status_code == 200


# ---------- sheet ----------


def table(*rows: str) -> SimpleUploadedFile:
    head = "统一社会信用代码,名称,所在地,行业代码,组织,成立,代码"
    return SimpleUploadedFile("名录.csv", "\n".join([head, *rows, ""]).encode())


def stage(file: Any, by: Any) -> Any:
    return sheet.stage(file.file, name=file.name, by=by, now=NOW)


def test_the_template_is_read_back_as_an_empty_table(people: dict[str, Any]) -> None:
    book = open_upload(io.BytesIO(sheet.template()), name="register.xlsx")
    assert [cell.shown for cell in book.sheets[0].rows[0].values()] == list(sheet.HEADS.values())


def test_faults_are_told_by_row_and_column_and_nothing_is_kept(works: Enterprise, people: dict[str, Any]) -> None:
    made, staged = stage(
        table(
            f"{OTHER},甲厂,平桥区,3120,,,",
            f"{OTHER[:-1]}H,乙厂,平桥区,3120,,,",
            f"{OTHER},丙厂,平桥区,,,,",
            ",丁厂,郑州市,31,,2026-13-01,ding",
        ),
        people["bureau"],
    )
    assert made is None
    assert [(each.where.row, each.where.column) for each in staged.problems] == [
        (3, "统一社会信用代码"), (4, "名称"), (5, "所在地"), (5, "行业代码"), (5, "成立"),
    ]  # fmt: skip
    assert not Record.objects.exists()


def test_a_sheet_enters_and_changes_and_is_undone_whole(works: Enterprise, people: dict[str, Any]) -> None:
    by = people["bureau"]
    made, staged = stage(table(f"{GOOD},光山新水泥,光山县,,,,", f"{OTHER},甲厂,平桥区,3120,,2001/5/1,jia"), by)
    assert staged.problems == []
    assert Enterprise.objects.count() == 1
    assert sheet.commit(made, by=by, now=NOW) == 2
    works.refresh_from_db()
    assert (works.name, works.industry) == ("光山新水泥", "3011")  # an empty cell changes nothing
    assert Enterprise.objects.get(code="jia").since == date(2001, 5, 1)
    assert sheet.undo(made, by=by, now=NOW, reason="传错了") == 2
    works.refresh_from_db()
    assert works.name == "光山水泥"
    assert not Enterprise.objects.filter(code="jia").exists()


def test_an_import_whose_enterprise_is_in_use_or_was_changed_is_not_undone(
    works: Enterprise, people: dict[str, Any]
) -> None:
    by = people["bureau"]
    made, _ = stage(table(f"{OTHER},甲厂,平桥区,3120,,,jia"), by)
    sheet.commit(made, by=by, now=NOW)
    jia = Enterprise.objects.get(code="jia")
    boundaries.ensure_facility(jia, "one", name="一厂", sector="iron_steel", since=date(2001, 1, 1), by=by, now=NOW)
    with pytest.raises(keeping.Refused) as refused:
        sheet.undo(made, by=by, now=NOW, reason="传错了")
    assert refused.value.code == "in_use"
    keeping.change(jia, {"park": "园区"}, seen=keeping.seen_of(jia), by=by, now=NOW)
    with pytest.raises(keeping.Refused) as refused:
        sheet.undo(made, by=by, now=NOW, reason="传错了")
    assert refused.value.code == "changed_since"
    made.refresh_from_db()
    assert made.state == "committed"


def test_what_changed_after_the_preview_is_not_overwritten(works: Enterprise, people: dict[str, Any]) -> None:
    by = people["bureau"]
    made, _ = stage(table(f"{GOOD},光山新水泥,光山县,,,,"), by)
    keeping.change(works, {"park": "园区"}, seen=keeping.seen_of(works), by=by, now=NOW)
    with pytest.raises(keeping.SeenOld):
        sheet.commit(made, by=by, now=NOW)
    made.refresh_from_db()
    assert made.state == "staged"


def test_the_pages_of_an_import_lead_through_all_its_steps(client: Client, people: dict[str, Any]) -> None:
    client.force_login(people["bureau"])
    answer = client.post(reverse("enterprise:register-upload"), {"file": table(f"{OTHER},甲厂,平桥区,3120,,,jia")})
    page = client.get(answer.headers["Location"]).content.decode()
    assert "新登记" in page
    step = answer.headers["Location"] + "step/"
    client.post(step, {"action": "commit", "state": "staged"})
    assert Enterprise.objects.filter(code="jia").exists()
    client.post(step, {"action": "undo", "state": "committed", "reason": "传错了"})
    assert not Enterprise.objects.exists()
    bad = client.post(reverse("enterprise:register-upload"), {"file": table("1,甲厂,平桥区,3120,,,jia")})
    assert bad.status_code == 422
    assert "写法不对" in bad.content.decode()


# ---------- API ----------


def test_the_api_enters_shows_changes_and_refuses(client: Client, people: dict[str, Any]) -> None:
    client.force_login(people["bureau"])
    send = {"content_type": "application/json"}
    made = client.post("/api/enterprise/register", json.dumps({**WORKS, "code": "works"}), **send)
    assert made.status_code == 201
    again = client.post("/api/enterprise/register", json.dumps({**WORKS, "code": "works"}), **send)
    assert again.status_code == 422
    assert again.json()["code"] == "values_wrong"
    seen = made.json()["seen"]
    changed = client.put("/api/enterprise/register/works", json.dumps({"seen": seen, "until": "2026-03-01"}), **send)
    assert (changed.json()["until"], changed.json()["name"]) == ("2026-03-01", "光山水泥")
    stale = client.put("/api/enterprise/register/works", json.dumps({"seen": seen, "park": "园"}), **send)
    assert stale.status_code == 409
    told = client.get("/api/enterprise/register", {"q": "光山", "living": "no"}).json()
    assert [each["credit_code"] for each in told["items"]] == [GOOD]
    assert client.get("/api/enterprise/register/works").json()["seen"] == changed.json()["seen"]
