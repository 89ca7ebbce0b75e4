"""The pages of targets, values and warnings: who sees what, stale tabs, number of queries."""

from __future__ import annotations

import pytest

from dafeng.domains.plan.models import Target, Warning
from dafeng.domains.plan.services import judging, reported, targets
from dafeng.domains.plan.services.cockpit import cockpit
from dafeng.kernel.records.models import Record

CITY, COUNTY = "411500", "411502"
RECYCLING = "plan.reported.waste_recycling"


@pytest.fixture
def red(target, report, now):
    """A judged target with a red light and its warning."""
    found = target()
    report(RECYCLING, {"2020": 20.0, "2024": 26.0})
    judging.judge(CITY, now=now)
    return found


def test_the_public_sees_targets_and_lights_and_no_work(client, red) -> None:
    page = client.get("/plan/targets/").content.decode()
    assert "生活垃圾回收利用率" in page
    assert "红灯" in page
    assert "严重滞后" in page
    card = client.get(f"/plan/targets/{red.pk}/").content.decode()
    assert "滞后全程的 40%" in card
    assert "没有发出过预警" not in card
    assert "双碳办</h2>" not in card
    assert client.get("/plan/warnings/").status_code in (302, 401, 403)
    assert client.get("/plan/values/").status_code in (302, 401, 403)


def test_the_public_does_not_see_targets_of_a_plan_that_was_not_accepted(client, red) -> None:
    red.plan.versions.update(current=False)
    assert "生活垃圾回收利用率" not in client.get("/plan/targets/").content.decode()
    assert client.get(f"/plan/targets/{red.pk}/").status_code == 404


def test_the_card_tells_formula_source_lineage_and_warning(client, red, person) -> None:
    client.force_login(person("ndrc"))
    card = client.get(f"/plan/targets/{red.pk}/").content.decode()
    for words in (
        "回收利用量÷产生量",
        "试验台账",
        "试验原文",
        "填报记录",
        "解除绑定",
        "已发出",
        "城市管理局",
        "数据表",
    ):
        assert words in card


def test_filters_narrow_the_register(client, red, target) -> None:
    target("t2", indicator="幸福指数", binding="", bound_by="", unit="分", year=2030)
    for query, there in (("bound=no", "幸福指数"), ("year=2030", "幸福指数"), ("light=red", "生活垃圾回收利用率"), ("owner=urban&year=2025", "生活垃圾回收利用率")):  # fmt: skip
        page = client.get(f"/plan/targets/?{query}").content.decode()
        gone = ({"幸福指数", "生活垃圾回收利用率"} - {there}).pop()
        assert there in page
        assert f">{gone}" not in page


def test_a_hundred_targets_cost_at_most_twelve_queries(
    client, red, target, person, now, django_assert_max_num_queries
) -> None:
    for number in range(100):
        target(f"x{number}")
    judging.judge(CITY, now=now)
    client.force_login(person("ndrc"))
    client.get("/plan/targets/")
    for address in ("/plan/targets/", "/plan/targets/?light=red&page=2", "/plan/warnings/", "/plan/values/"):
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200


def test_the_cards_cost_at_most_twelve_queries(client, red, person, django_assert_max_num_queries) -> None:
    client.force_login(person("statistics"))
    warning = Warning.objects.get()
    for address in (f"/plan/targets/{red.pk}/", f"/plan/warnings/{warning.pk}/"):
        client.get(address)
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200


def test_the_cockpit_costs_at_most_three_queries(red, person, now, django_assert_max_num_queries) -> None:
    office = person("ndrc")
    cockpit(CITY, office, now)
    office = type(office).objects.get(pk=office.pk)
    office.remembers_roles = True
    from dafeng.kernel.records.services import roles_of

    roles_of(office)
    with django_assert_max_num_queries(3):
        seen = cockpit(CITY, office, now)
    assert seen["lights"] == {"red": 1}
    assert seen["open"] == 1
    assert seen["worst"][0]["target_id"] == red.pk
    public = cockpit(CITY, None, now)
    assert (public["lights"], public["warnings"]) == ({"red": 1}, [])


def test_the_office_binds_unbinds_and_a_stale_tab_is_refused(client, target, person) -> None:
    found = target(binding="", bound_by="")
    client.force_login(person("ndrc"))
    assert client.post(f"/plan/targets/{found.pk}/bind/", {"code": RECYCLING, "seen": ""}).status_code == 302
    found.refresh_from_db()
    assert (found.binding, found.bound_by) == (RECYCLING, "ndrc")
    stale = client.post(f"/plan/targets/{found.pk}/bind/", {"code": "plan.reported.green_travel", "seen": ""})
    assert stale.status_code == 409
    assert "已被别人改过" in stale.content.decode()
    client.post(f"/plan/targets/{found.pk}/bind/", {"unbind": "1", "seen": RECYCLING})
    found.refresh_from_db()
    assert found.binding == ""
    assert "由 ndrc 解除绑定" in client.get(f"/plan/targets/{found.pk}/").content.decode()


def test_a_binding_whose_unit_does_not_fit_is_refused(client, target, person) -> None:
    found = target(binding="", bound_by="")
    client.force_login(person("ndrc"))
    answer = client.post(f"/plan/targets/{found.pk}/bind/", {"code": "plan.reported.bridges", "seen": ""})
    assert answer.status_code == 422
    assert Target.objects.get(pk=found.pk).binding == ""


@pytest.mark.parametrize("role", ["leader", "statistics", "county", "enterprise"])
def test_only_the_office_binds(client, target, person, role: str) -> None:
    found = target()
    client.force_login(person(role))
    assert client.post(f"/plan/targets/{found.pk}/bind/", {"unbind": "1", "seen": RECYCLING}).status_code == 403
    assert Target.objects.get(pk=found.pk).binding == RECYCLING


def test_what_the_office_settles_is_kept_and_faults_stand_beside_the_field(client, target, person) -> None:
    found = target()
    client.force_login(person("ndrc"))
    given = {
        "seen": RECYCLING,
        "owner": "urban",
        "start_year": "2020",
        "steps": "2023=28，2024=31",
        "members": "甲\n乙",
    }
    assert client.post(f"/plan/targets/{found.pk}/settle/", given).status_code == 302
    found.refresh_from_db()
    assert found.settled == {
        "start_year": 2020,
        "steps": [{"year": 2023, "value": 28.0}, {"year": 2024, "value": 31.0}],
    }
    assert found.members == ["甲", "乙"]
    bad = client.post(f"/plan/targets/{found.pk}/settle/", given | {"steps": "明年再说"})
    assert bad.status_code == 422
    assert "看不懂" in bad.content.decode()
    late = client.post(f"/plan/targets/{found.pk}/settle/", given | {"steps": "2026=28"})
    assert late.status_code == 422


def test_the_county_gets_its_own_number(client, target, person) -> None:
    found = target()
    client.force_login(person("ndrc"))
    assert (
        client.post(f"/plan/targets/{found.pk}/give/", {"place": COUNTY, "subject": "", "low": "30"}).status_code == 302
    )
    own = Target.objects.get(place=COUNTY)
    assert (own.low, own.binding, own.key) == (30.0, RECYCLING, "t1")
    client.post(f"/plan/targets/{found.pk}/give/", {"place": COUNTY, "subject": "示例公司", "low": "20"})
    assert Target.objects.get(subject="示例公司").place == COUNTY
    assert "示例公司" in client.get(f"/plan/targets/{found.pk}/").content.decode()
    assert targets.holding(CITY).count() == 3


def test_a_department_hands_in_with_evidence_and_the_office_takes_it(client, target, person) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    target()
    client.force_login(person("department", "clerk", "urban"))
    assert "生活垃圾回收利用率" in client.get("/plan/values/new/").content.decode()
    given = {"indicator": RECYCLING, "subject": CITY, "period": "2024", "value": "26", "basis": "statistic", "source": "台账", "evidence": SimpleUploadedFile("账.txt", "一".encode())}  # fmt: skip
    assert client.post("/plan/values/new/", given).status_code == 302
    record = Record.objects.of_kind(reported.KIND).get()
    assert record.evidence.count() == 1
    assert client.post(f"/plan/values/{record.pk}/step/", {"action": "accept"}).status_code in (403, 409)
    client.force_login(person("ndrc"))
    assert client.post(f"/plan/values/{record.pk}/step/", {"action": "accept"}).status_code == 302
    record.refresh_from_db()
    assert record.state == "accepted"
    assert client.post(f"/plan/values/{record.pk}/step/", {"action": "accept"}).status_code == 409


def test_a_sheet_is_previewed_then_handed_in(client, target, person) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    target()
    client.force_login(person("department", "clerk", "urban"))
    rows = f"指标代码,地区,时期,数值,单位,数据来源\n{RECYCLING},信阳市,2024,26,%,台账\n"
    page = client.post("/plan/values/import/", {"file": SimpleUploadedFile("v.csv", rows.encode())})
    assert "将报送 1 个数值" in page.content.decode()
    assert not Record.objects.of_kind(reported.KIND).exists()
    evidence = page.context["evidence"]
    assert client.post("/plan/values/import/", {"evidence": str(evidence.pk)}).status_code == 302
    assert Record.objects.of_kind(reported.KIND).count() == 1


def test_the_owner_answers_a_warning_and_the_office_closes_it(client, red, person) -> None:
    warning = Warning.objects.get()
    step = f"/plan/warnings/{warning.pk}/step/"
    client.force_login(person("department", "clerk", "urban"))
    assert "红灯 15 天" in client.get("/plan/warnings/?tab=mine").content.decode()
    assert client.post(step, {"action": "acknowledge", "state": "raised"}).status_code == 302
    assert client.post(step, {"action": "acknowledge", "state": "raised"}).status_code == 409
    lacking = client.post(step, {"action": "measure", "state": "acknowledged", "text": " "})
    assert lacking.status_code == 422
    assert client.post(step, {"action": "measure", "state": "acknowledged", "text": "加密收集"}).status_code == 302
    assert client.post(step, {"action": "close", "state": "measured", "text": "好了"}).status_code == 422
    client.force_login(person("ndrc"))
    assert client.post(step, {"action": "close", "state": "measured", "text": "好了"}).status_code == 302
    assert "已解除" in client.get("/plan/warnings/?tab=all").content.decode()


def test_a_department_sees_all_warnings_and_answers_only_its_own(client, red, person) -> None:
    warning = Warning.objects.get()
    client.force_login(person("department", "stranger", "transport"))
    page = client.get(f"/plan/warnings/{warning.pk}/").content.decode()
    assert "签收</button>" not in page
    assert (
        client.post(f"/plan/warnings/{warning.pk}/step/", {"action": "acknowledge", "state": "raised"}).status_code
        == 422
    )


def test_the_job_judges_and_leads_to_the_register(client, red, person, now) -> None:
    from dafeng.kernel.jobs import services as jobs
    from dafeng.kernel.jobs.models import Job

    client.force_login(person("ndrc"))
    assert client.post("/plan/targets/judge/").status_code == 302
    job = jobs.run(Job.objects.get(kind="plan.judge").pk, clock=lambda: now)
    assert (job.state, job.result["href"]) == (Job.State.DONE, "/plan/targets/")


def test_an_installation_without_a_city_says_how_to_begin(client, db) -> None:
    assert "先载入城市数据包" in client.get("/plan/targets/").content.decode()


def test_the_download_says_what_the_page_says(client, red) -> None:
    sheet = client.get("/plan/targets/?export=csv").content.decode("utf-8-sig").splitlines()
    assert sheet[0] == "指标,目标,年份,亮灯,现值,还差,预测与结论,责任单位"
    assert sheet[1].split(",")[3:6] == ["■ 红灯 严重滞后", "26.0", "9.0"]
    assert sheet[1].endswith("城市管理局")
    assert "≥ 35 % 试验方案" in sheet[1]


def test_the_home_part_links_what_is_late_to_its_owner(red, person, now) -> None:
    from datetime import date

    from django.template.loader import render_to_string

    from dafeng.domains.plan.models import Owner, Task

    task = Task.objects.create(
        plan=red.plan, key="k", path="一", title="建设分拣中心", place=CITY, due_on=date(2025, 2, 1)
    )
    Owner.objects.create(task=task, name="城市管理局", department="urban", role="lead")
    html = render_to_string("plan/targets/cockpit.html", {"plan": cockpit(CITY, person("ndrc"), now)})
    assert f'href="/plan/tasks/{task.pk}/"' in html
    for words in ("建设分拣中心", "城市管理局", "2025-02-01", "红灯", "严重滞后"):
        assert words in html
