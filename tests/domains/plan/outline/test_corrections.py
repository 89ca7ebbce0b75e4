"""Corrections are kept with the plan and find their items again, however the document has moved."""

from __future__ import annotations

import pytest

from dafeng.domains.plan.models import Correction, Target, Task
from dafeng.domains.plan.services import corrections
from dafeng.domains.plan.services.content import corrections_of, found_in
from dafeng.domains.plan.services.corrections import owners_from
from dafeng.domains.plan.services.items import occurrences
from dafeng.domains.plan.services.plans import title_of, years_of
from dafeng.kernel.errors import DafengError, PlanError, StaleError
from tests.domains.plan.outline.conftest import NOW, TEXT

PAGE = "第 1 页\n江城市人民政府文件\n各单位要认真落实，到2025年，风电装机达到120万千瓦。（节选）\n\n"


@pytest.fixture
def corrected(hand_in, office):
    """A version with one correction of each sort: a target changed, a task's owners changed, a target dropped, a target and a project added."""
    version = hand_in()
    given = {"by": office, "now": NOW}
    found = found_in(version)
    wind = next(each for each in found.of("target") if each.name == "风电装机")
    building = next(each for each in found.of("task") if each.name == "改造建筑")
    energy = next(each for each in found.of("target") if each.values["kind"] == "relative_change")
    corrections.change(version, wind.ref, {"year": 2026, "unit": wind.values["unit"]}, reason="办公室来函", **given)
    owners = owners_from("市住房城乡建设局", "市发展改革委", counties=True)
    corrections.change(version, building.ref, {"owners": owners}, reason="", **given)
    corrections.drop(version, energy.ref, reason="不是本市的目标", **given)
    value = {"indicator": "宣传场次", "kind": "level", "operator": ">=", "value": 10, "unit": "场", "year": 2025}
    corrections.add(version, "target", "开展全民\n宣传", value, reason="", **given)
    corrections.add(version, "project", "北湖风电场", {"name": "北湖风电场", "kind": "风电"}, reason="", **given)
    return version


def applied(version) -> dict[str, object]:
    found = found_in(version)
    targets = {each.name: each for each in found.of("target")}
    building = next(each for each in found.of("task") if each.name == "改造建筑")
    energy = [each for each in found.of("target", dropped=True) if each.dropped]
    return {
        "year": targets["风电装机"].values["year"],
        "support": [each["name"] for each in building.values["owners"] if each["role"] == "support"],
        "dropped": [each.values["kind"] for each in energy],
        "added": targets["宣传场次"].quote,
        "added at": targets["宣传场次"].path,
        "project": any(each.name == "北湖风电场" and each.state == "added" for each in found.of("project")),
    }


ALL = {
    "year": 2026,
    "support": ["市发展改革委"],
    "dropped": ["relative_change"],
    "added": "开展全民宣传",
    "added at": "二/（三）",
    "project": True,
}


def test_corrections_are_laid_over_the_reading_and_leave_it_as_it_was(corrected) -> None:
    assert applied(corrected) == ALL
    corrected.refresh_from_db()
    wind = next(row for row in corrected.reading["targets"] if row["indicator"] == "风电装机")
    assert wind["year"] == 2025
    change = Correction.objects.get(reason="办公室来函")
    assert change.value == {"year": 2026}  # what was as it was already is not written


@pytest.mark.parametrize(
    "again", [PAGE + TEXT, PAGE * 3 + TEXT + PAGE, TEXT.replace("北湖", "北 湖").replace("\n", "\r\n")]
)
def test_the_document_read_anew_with_pages_around_it_keeps_every_correction(corrected, hand_in, again: str) -> None:
    version = hand_in(again, plan=corrected.plan)
    assert version.pk != corrected.pk
    assert found_in(version).lost == []
    wind = [each for each in found_in(version).of("target") if each.name == "风电装机" and each.state == "changed"]
    assert len(wind) == 1
    # It is the one of the task, not the one that the page in front quotes.
    assert wind[0].path == "二/（一）"
    assert applied(version) | {"year": 2026} == ALL


def test_a_correction_whose_words_are_gone_is_lost_and_said_so(corrected, hand_in) -> None:
    version = hand_in(TEXT.replace("开展全民宣传", "不再宣传").replace("风电装机", "光伏装机"), plan=corrected.plan)
    found = found_in(version)
    assert sorted(each.about for each in found.lost) == ["宣传场次", "风电装机"]
    assert len(corrections_of(corrected.plan)) == 5


def test_accepting_takes_the_corrections(corrected, accepted) -> None:
    version = accepted(corrected)
    assert Target.objects.get(indicator="风电装机").year == 2026
    assert Target.objects.get(indicator="宣传场次").task == Task.objects.get(title="宣传教育")
    assert not Target.objects.filter(kind="relative_change").exists()
    roles = set(Task.objects.get(title="改造建筑").owners.values_list("department", "role"))
    assert roles == {("housing", "lead"), ("ndrc", "support"), ("counties", "all-counties")}
    assert [row["name"] for row in version.accepted["projects"] if row["name"] == "北湖风电场"]


def test_a_correction_that_is_taken_back_counts_no_more_and_stays_on_record(corrected, office) -> None:
    change = Correction.objects.get(reason="办公室来函")
    corrections.withdraw(change, by=office, now=NOW)
    assert applied(corrected)["year"] == 2025
    assert Correction.objects.filter(pk=change.pk).exists()
    with pytest.raises(StaleError):
        corrections.withdraw(change, by=office, now=NOW)


def test_what_was_added_is_changed_where_it_stands_and_dropped_by_taking_it_back(corrected, office) -> None:
    item = next(each for each in found_in(corrected).of("target") if each.name == "宣传场次")
    corrections.change(corrected, item.ref, {"value": 20}, reason="", by=office, now=NOW)
    assert found_in(corrected).get(item.ref).values["value"] == 20
    corrections.drop(corrected, item.ref, reason="重复", by=office, now=NOW)
    assert found_in(corrected).get(item.ref) is None


@pytest.mark.parametrize(
    ("quote", "value", "said"),
    [
        ("文中没有的话", {"indicator": "甲"}, "找不到"),
        ("", {"indicator": "甲"}, "没有给出原文"),
        ("开展全民宣传", {"indicator": " "}, "没有写名称"),
    ],
)
def test_an_item_is_added_only_by_words_that_are_in_the_text(hand_in, office, quote, value, said) -> None:
    with pytest.raises(PlanError, match=said):
        corrections.add(hand_in(), "target", quote, value, reason="", by=office, now=NOW)
    assert not Correction.objects.exists()


def test_dropping_asks_for_a_reason_and_an_accepted_version_takes_no_correction(hand_in, accepted, office) -> None:
    version = hand_in()
    ref = found_in(version).of("target")[0].ref
    with pytest.raises(PlanError, match="理由"):
        corrections.drop(version, ref, reason=" ", by=office, now=NOW)
    with pytest.raises(StaleError, match="不能再更正"):
        corrections.drop(accepted(version), ref, reason="x", by=office, now=NOW)


def test_of_equal_quotes_the_one_selected_is_meant(hand_in, office) -> None:
    version = hand_in(TEXT + "二、附\n开展全民宣传。\n")
    places = occurrences(version.text, "开展全民宣传")
    assert len(places) == 2
    value = {"indicator": "宣传场次", "value": 1, "unit": "场"}
    made = corrections.add(
        version, "target", "开展全民宣传", value, reason="", by=office, now=NOW, start=places[1][0] + 2
    )
    assert made.ordinal == 1
    item = next(each for each in found_in(version).of("target") if each.name == "宣传场次")
    assert (item.start, item.end) == places[1]
    again = hand_in(PAGE + TEXT + "二、附\n开展全民宣传。\n", plan=version.plan)
    moved = next(each for each in found_in(again).of("target") if each.name == "宣传场次")
    assert moved.start == occurrences(again.text, "开展全民宣传")[1][0]


def test_owners_are_taken_as_a_person_types_them() -> None:
    found = owners_from("发改委，市生态环境局\n", "某新部门", counties=False)
    assert [(each["id"], each["role"]) for each in found] == [
        ("ndrc", "lead"),
        ("environment", "lead"),
        ("", "support"),
    ]


def test_title_and_years_are_read_from_the_head() -> None:
    letter = (
        "江政〔2024〕1号\n江城市人民政府关于印发\n《江城市碳达\n峰实施方案》的通知\n碳达\n峰实施方案\n（2024—2030年）\n"
    )
    assert title_of(letter) == "江城市碳达峰实施方案"
    assert years_of(letter) == (2024, 2030)
    assert years_of("没有年份") == (None, None)


def test_whatever_is_corrected_the_version_can_be_shown(corrected) -> None:
    from dafeng.domains.plan.marked_text import marked, parts_of

    found = found_in(corrected)
    [part] = parts_of(corrected.text, found.items)
    html = marked(corrected.text, found.items, part, lambda item: f"/{item.ref}/")
    for item in found.items:
        if item.kind != "section" and item.values.get("is_task", True):
            assert f'id="i-{item.ref}"' in html, item
    assert "<script" not in marked("<script>一</script>", [], parts_of("<script>一</script>", [])[0], str)


def test_an_unknown_item_is_refused(hand_in, office) -> None:
    with pytest.raises(DafengError):
        corrections.change(hand_in(), "target-99", {"year": 2030}, reason="", by=office, now=NOW)
