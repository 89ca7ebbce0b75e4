"""What a judging says in both languages, a pathway model's number beside the forecasts, and a taken number that is judged at once."""

from __future__ import annotations

import pytest
from django.utils import translation

from dafeng.domains.plan.judge_jobs import judge_soon
from dafeng.domains.plan.methods.lights import default_rules, in_both
from dafeng.domains.plan.services import judging, reported, warnings
from dafeng.kernel.indicators import services as indicators
from dafeng.kernel.jobs.models import Job

CITY, RECYCLING = "411500", "plan.reported.waste_recycling"
YEARS = {str(year): 20.0 + value for year, value in zip(range(2019, 2025), (-1, 0, 2, 3, 5, 6), strict=True)}


@pytest.fixture
def english():
    with translation.override("en"):
        yield


def test_the_light_of_no_trouble_is_on_track_and_no_account() -> None:
    rules = default_rules()[0]
    title, rule = in_both(rules, "green", "正常", rules.in_words()[-1])
    assert title.en == "On track"
    assert rule.en == "green: otherwise"


def test_a_judged_target_speaks_english_to_an_english_reader(client, target, report, now) -> None:
    report(RECYCLING, YEARS)
    found = target()
    judging.judge(CITY, now=now)
    standing = found.standing
    # 26 % in 2024 where the path from 20 (2020) to 35 (2025) asks 32: (32 − 26)/15 = 40 % of the way behind, more than 20
    assert (standing.title, standing.title_en) == ("严重滞后", "Far behind")
    assert standing.rule_en.startswith("red: ")
    client.cookies["django_language"] = "en"
    for address in ("/plan/targets/", f"/plan/targets/{found.pk}/"):
        text = client.get(address).content.decode()
        assert "Far behind" in text
        assert "严重滞后" not in text


def test_an_unbound_target_gives_its_reason_in_both_languages(target, now) -> None:
    found = target("t2", indicator="幸福指数", binding="", bound_by="", unit="分")
    judging.judge(CITY, now=now)
    assert found.standing.title == "未绑定"
    assert found.standing.title_en
    assert found.standing.why_en


def test_a_warning_is_named_in_the_readers_language(english) -> None:
    assert warnings.in_words("生活垃圾回收利用率：严重滞后") == "生活垃圾回收利用率: Far behind"
    assert warnings.in_words("浉河区能耗强度：提醒") == "浉河区能耗强度: reminder"


def test_without_a_pathway_the_card_says_so(client, target, report, now) -> None:
    report(RECYCLING, YEARS)
    found = target()
    judging.judge(CITY, now=now)
    assert "还没有路径模型的数" in client.get(f"/plan/targets/{found.pk}/").content.decode()


def test_a_pathways_number_stands_beside_the_forecasts(client, target, report, now) -> None:
    report(RECYCLING, YEARS)
    found, code = target(), judging.pathway_code(RECYCLING)
    indicators.ensure_indicator(code, name="路径：回收利用率", unit="%")
    run = indicators.start_run(domain="pathway", kind="scenario", subject=CITY, now=now)
    rows = [("", 33.5), ("bound=low", 32.0), ("bound=high", 35.0)]
    indicators.publish(
        run,
        [{"indicator": code, "subject": CITY, "period": "2025", "key": key, "value": value, "unit": "%", "status": 0, "lineage": {}} for key, value in rows],
    )  # fmt: skip
    indicators.finish_run(run, now=now)
    judging.judge(CITY, now=now)
    found.refresh_from_db()
    way = next(each for each in found.standing.data["forecasts"] if each["method"] == "pathway")
    assert (way["point"], way["low"], way["high"]) == (33.5, 32.0, 35.0)
    text = client.get(f"/plan/targets/{found.pk}/").content.decode()
    assert "路径情景" in text
    assert "还没有路径模型的数" not in text


def test_a_number_that_is_taken_is_judged_at_once(client, target, person, now) -> None:
    target()
    given = reported.checked(RECYCLING, subject=CITY, period="2024", today=now.date(), value=26.0, source="试验台账")
    record = reported.submit(given, by=person("ndrc"), now=now)
    client.force_login(person("statistics"))
    client.post(f"/plan/values/{record.pk}/step/", {"action": "accept"})
    assert Job.objects.get(kind="plan.judge").parameters == {"city": CITY}
    # a second number joins the judging that waits, and starts another beside one that runs
    assert judge_soon(CITY, now=now) == Job.objects.get(kind="plan.judge")
    Job.objects.update(state=Job.State.RUNNING)
    assert judge_soon(CITY, now=now).state == Job.State.QUEUED
