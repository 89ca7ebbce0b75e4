"""Units of environmental control (三线一单): the unit's list bars, the rule of its class asks to be confirmed."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.review import annexes, assessments, figures, projects, statistics
from dafeng.domains.enterprise.review.methods import Unit, findings
from tests.domains.enterprise.review.conftest import NOW, PLACE, TODAY

pytestmark = pytest.mark.django_db
UNIT = {"code": "ZH41152210001", "name": "试验单元", "grade": "key", "place": PLACE, "barred": ["153", "26"], "bars_two_high": True, "document": "试验清单", "city": "411500"}  # fmt: skip
HELD = Unit("u", "单元", "key", PLACE, ("153", "26"), True, "清单")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"unit": None, "grade": ""}, ["zone_untold"]),
        ({"unit": None, "grade": "general"}, ["zone_unregistered"]),
        ({"unit": None, "grade": "key", "papers": [], "document": ""}, ["zone_unregistered", "zone_no_paper"]),
        ({}, []),
        ({"industry": "1530"}, ["zone_industry"]),  # 153 of the list
        ({"industry": "1520"}, []),
        ({"two_high": True}, ["zone_two_high"]),
        ({"two_high": None}, []),
        ({"place": "411502"}, ["zone_elsewhere"]),
        ({"papers": []}, ["zone_no_paper"]),
        ({"unit": Unit("p", "保护", "priority", PLACE), "two_high": True}, ["zone_class_two_high"]),
        ({"unit": Unit("g", "一般", "general", PLACE), "papers": [], "document": ""}, []),
    ],
)
def test_a_units_list_and_class(more, found) -> None:
    given = {
        "grade": "",
        "unit": HELD,
        "industry": "3011",
        "place": PLACE,
        "two_high": False,
        "papers": ["证明"],
        "document": "文件",
    }
    assert [str(each) for each in findings(**(given | more))] == found


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"document": " "}, "figure_source"),
        ({"barred": ["茶"]}, "zone_industry_code"),
        ({"grade": "red"}, "zone_grade"),
    ],
)
def test_a_unit_that_cannot_be_is_refused(people, more, code) -> None:
    with pytest.raises(Refused) as caught:
        figures.state_control_unit(**(UNIT | more), by=people["ndrc"], now=NOW)
    assert caught.value.code == code


def test_a_barred_project_is_not_passed_and_statistics_count_by_class(draft, people) -> None:
    figures.state_control_unit(**UNIT, by=people["ndrc"], now=NOW)
    found = draft(basics={"control_unit": UNIT["code"], "control_document": "研判意见"})  # industry 1530
    owner = people["owner"]
    assert [str(each) for each in assessments.assess(found, on=TODAY).zone_findings] == [
        "zone_industry",
        "zone_no_paper",
    ]
    annexes.add(
        found, SimpleUploadedFile("研判.pdf", b"%PDF-1.4 paper"), title="研判意见", matter="zone", by=owner, now=NOW
    )
    made = assessments.assess(found, on=TODAY)
    assert [str(each) for each in made.zone_findings] == ["zone_industry"]
    assert "zone_industry" in made.barred
    projects.submit(found, by=owner, now=NOW)
    other = draft()
    projects.submit(other, by=owner, now=NOW)
    rows = statistics.by_zone(statistics.register_frame("411500")).select("zone", "projects").rows()
    assert rows == [("", 1), ("key", 1)]
    ndrc = Client()
    ndrc.force_login(people["ndrc"])
    page = ndrc.get(f"/enterprise/review/projects/{found.pk}/").content.decode()
    for words in ("试验单元", "重点管控", "所在管控单元的准入清单禁止这个行业"):
        assert words in page, words
    assert "没有填生态环境管控单元" in ndrc.get(f"/enterprise/review/projects/{other.pk}/").content.decode()
    assert "按生态环境管控类别" in ndrc.get("/enterprise/review/statistics/").content.decode()
    from dafeng.domains.enterprise.review.papers.blocks import Paragraph
    from dafeng.domains.enterprise.review.papers.making import report

    assert any(
        isinstance(each, Paragraph) and "试验单元，重点管控" in each.text for each in report(found, on=TODAY).blocks
    )


def test_the_office_registers_a_unit_by_form(people) -> None:
    ndrc = Client()
    ndrc.force_login(people["ndrc"])
    form = {
        "code": "ZH1",
        "name": "单元",
        "grade": "priority",
        "place": PLACE,
        "barred": "26，3011",
        "document": "清单",
    }
    assert ndrc.post("/enterprise/review/keep/?tab=zones", form).status_code == 302
    assert figures.control_unit("ZH1").barred == ("26", "3011")  # type: ignore[union-attr]
    assert ndrc.post("/enterprise/review/keep/?tab=zones", form).status_code == 422  # the same code again
