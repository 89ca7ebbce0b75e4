"""The pages of dual control: what a person sees first, the house rules, who sees what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dafeng.domains.energy.control import city as cities
from dafeng.domains.energy.control import demo, warnings
from dafeng.domains.energy.models import CoalCut, ControlLight, HighProject, MonthValue, Quota
from dafeng.kernel.records.models import Record
from tests.domains.energy.control.conftest import CITY, GUSHI, NOW, SHIHE, XIN


def page(client: Client, name: str, query: str = "", **parts: Any) -> str:
    answer = client.get(reverse(f"energy:{name}", kwargs=parts) + query)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


@pytest.fixture
def shown(person: Any, city: Any) -> Any:
    """The demonstration, whole."""
    for name in ("ndrc", "ecology"):
        user = person(name, username=name)
        type(user).objects.filter(pk=user.pk).update(demo=True)
    demo.ensure_demo(CITY, now=NOW)
    return city


PAGES = (
    "control-board", "control-over", "control-quotas", "control-quota-new", "control-file", "control-upload", "control-projects",
    "control-project-new", "control-coal", "control-coal-new", "control-limits", "control-patrols", "control-patrol-new",
)  # fmt: skip


def test_every_page_keeps_the_house_rules(client: Client, shown: Any, person: Any) -> None:
    from dafeng.portal.accounts.models import User

    client.force_login(User.objects.get(username="ndrc"))
    large = client.get(
        reverse("energy:control-subject", kwargs={"subject": f"place:{GUSHI}"}) + "?chart=months&export=csv"
    )
    assert "万 tce" in large.content.decode()  # a county's million tce in tens of thousands
    addresses = [reverse(f"energy:{name}") for name in PAGES]
    addresses += [
        reverse("energy:control-subject", kwargs={"subject": f"place:{GUSHI}"}),
        reverse("energy:control-month", kwargs={"subject": f"place:{GUSHI}", "quantity": "energy", "month": "2026-05"}),
        reverse("energy:control-decision", kwargs={"id": Quota.objects.filter(adjusts=None).first().record_id}),
        reverse(
            "energy:control-decision",
            kwargs={"id": CoalCut.objects.filter(record__state="confirmed").first().record_id},
        ),
        reverse("energy:control-project", kwargs={"id": HighProject.objects.first().pk}),
        reverse("energy:control-adjust", kwargs={"id": Quota.objects.filter(adjusts=None).first().pk}),
    ]
    faults = []
    for address in addresses:
        first = client.get(address)
        assert first.status_code == 200, address
        with CaptureQueriesContext(connection) as asked:
            text = client.get(address).content.decode()
        if len(asked) > 12:
            faults.append(f"{address}: {len(asked)} queries")
        if text.count("<h1") != 1 or 'class="help"' not in text:
            faults.append(f"{address}: heading or help")
        if re.search(r"<[^>]+ style=|<script(?![^>]*src=)|<style", text):
            faults.append(f"{address}: inline style or script")
    assert faults == []


def test_the_board_says_first_which_county_is_red_and_why(client: Client, tell: Any, decide: Any, person: Any) -> None:
    for place, used in ((GUSHI, 110.0), (SHIHE, 90.0), (XIN, 97.0)):
        tell(place, 2025, [100.0] * 12)
        decide(place, 1200)
        tell(place, 2026, [used] * 10)
    client.force_login(person("leader"))
    text = page(client, "control-board")
    alarm = text[text.index('id="alarm"') : text.index("light-map")]
    assert "2026-10：1 个县区红灯" in alarm
    red = alarm[: alarm.index("</ul>")]
    assert "固始县" in red
    assert "浉河区" not in red
    # ten months of 110 against 100: 1100 of 1000, 100 more, 1320 forecast of 1200
    assert "累计 1,100 tce，预算 1,000，占 110.0%，超 100；预计全年超指标 10.0%" in red
    assert "连续 10 个月" in red
    assert "节能审查区域限批" in red
    assert "新县" in alarm  # yellow, after the red ones
    march = page(client, "control-board", "?month=03&quantity=energy")
    assert "2026-03：1 个县区红灯" in march
    english = client.get(reverse("energy:control-board"), headers={"Accept-Language": "en"})
    assert english.status_code == 200
    assert client.get(reverse("energy:control-board") + "?month=13").status_code == 404


def test_a_county_acts_on_its_red_light_and_on_no_other(client: Client, tell: Any, decide: Any, person: Any) -> None:
    from dafeng.kernel.desk.registry import tasks_of

    for place in (GUSHI, SHIHE):
        tell(place, 2025, [100.0] * 12)
        decide(place, 1200)
        tell(place, 2026, [110.0] * 10)
    warnings.assess(CITY, by=None, now=NOW)
    mine = person("county", GUSHI)
    assert [each.kind for each in tasks_of(mine, now=NOW)].count("energy.light") == 1
    client.force_login(mine)
    own = ControlLight.objects.get(place=GUSHI, month="2026-10")
    other = ControlLight.objects.get(place=SHIHE, month="2026-10")
    told = {"kind": "check", "text": "到厂检查"}
    assert client.post(reverse("energy:control-follow", kwargs={"id": other.pk}), told).status_code == 404
    assert client.post(reverse("energy:control-follow", kwargs={"id": own.pk}), told).status_code == 302
    assert "到厂检查" in page(client, "control-subject", subject=f"place:{GUSHI}")
    assert "energy.light" not in [each.kind for each in tasks_of(mine, now=NOW)]


def test_a_firm_sees_itself_and_a_county_its_firms(
    client: Client, firm: Any, decide: Any, tell: Any, person: Any
) -> None:
    decide(GUSHI, 120, firm=firm)
    tell(GUSHI, 2026, [20.0] * 10, firm=firm)
    address = reverse("energy:control-subject", kwargs={"subject": firm.subject})
    for who, status in (
        (person("enterprise", GUSHI, "kiln-office"), 200), (person("enterprise", GUSHI, "other-office"), 404),
        (person("county", GUSHI), 200), (person("county", SHIHE), 404), (person("leader"), 200),
    ):  # fmt: skip
        client.force_login(who)
        assert client.get(address).status_code == status
        assert client.get(f"/api/energy/control/states/{firm.subject}?as_of_month=2026-10").status_code == status
    county = reverse("energy:control-subject", kwargs={"subject": f"place:{GUSHI}"})
    client.force_login(person("enterprise", GUSHI, "kiln-office", username="again"))
    assert client.get(county).status_code == 404
    assert client.get(reverse("energy:control-own")).headers["Location"] == address
    client.force_login(person("leader", username="second"))
    assert "试验窑厂" in page(client, "control-over")


def test_a_quota_is_drafted_signed_by_another_and_adjusted(client: Client, city: Any, ndrc: Any, ecology: Any) -> None:
    client.force_login(ndrc)
    given = {
        "place": GUSHI,
        "quantity": "energy",
        "kind": "quota",
        "period": "2026",
        "amount": "1200",
        "document": "文件",
        "decided_on": "2026-01-05",
    }
    address = client.post(reverse("energy:control-quota-new"), given).headers["Location"]
    record = Record.objects.get(kind="energy.quota")
    step = reverse("energy:control-decision-step", kwargs={"id": record.pk})
    client.post(step, {"action": "sign", "state": "draft"})
    assert Record.objects.get(pk=record.pk).state == "draft"  # nobody signs what they drafted
    client.force_login(ecology)
    assert "签发" in client.get(address).content.decode()
    client.post(step, {"action": "sign", "state": "draft"})
    assert Record.objects.get(pk=record.pk).state == "signed"
    assert client.post(step, {"action": "revoke", "state": "draft"}).status_code == 409
    adjust = reverse("energy:control-adjust", kwargs={"id": record.energy_quota.pk})
    assert (
        client.post(
            adjust, {"amount": "50", "document": "文件二", "decided_on": "2026-06-01", "reason": ""}
        ).status_code
        == 422
    )
    assert (
        client.post(
            adjust, {"amount": "50", "document": "文件二", "decided_on": "2026-06-01", "reason": "投产"}
        ).status_code
        == 302
    )
    assert Quota.objects.filter(adjusts=record.energy_quota).get().reason == "投产"


def test_a_county_files_its_own_months_by_page_and_by_program(client: Client, city: Any, person: Any) -> None:
    mine = person("county", GUSHI)
    client.force_login(mine)
    given = {
        "place": GUSHI,
        "quantity": "energy",
        "month": "2026-10",
        "value": "100.5",
        "basis": "reported",
        "source": "月报",
    }
    assert (
        client.post(
            reverse("energy:control-file"), given | {"file": SimpleUploadedFile("月报.pdf", b"%PDF-1")}
        ).status_code
        == 302
    )
    row = MonthValue.objects.get()
    assert (row.value, row.by, row.evidence.name) == (100.5, mine, "月报.pdf")
    assert client.post(reverse("energy:control-file"), given | {"place": SHIHE}).status_code == 422
    told = {"subject": f"place:{GUSHI}", "quantity": "energy", "month": "2026-10", "value": 101, "source": "月报更正"}
    answer = client.post("/api/energy/control/months", told, content_type="application/json")
    assert (answer.status_code, answer.json()["revision"]) == (201, 2)
    answer = client.post(
        "/api/energy/control/months", told | {"subject": f"place:{SHIHE}"}, content_type="application/json"
    )
    assert answer.status_code == 403
    answer = client.post("/api/energy/control/months", told | {"month": "2026-12"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "future_month")


def test_the_page_before_a_city_is_loaded_says_so(client: Client, person: Any) -> None:
    client.force_login(person("leader"))
    answer = client.get(reverse("energy:control-board"))
    assert answer.status_code == 404
    assert "还没有载入城市" in answer.content.decode()


def test_the_demonstration_has_a_red_a_yellow_and_a_missing_county_and_is_made_once(person: Any) -> None:
    counties = {
        f"4115{number}": [f"县{number}", f"C{number}"]
        for number in ("02", "03", "21", "22", "23", "24", "25", "26", "27", "28")
    }
    cities.ensure_city(CITY, "信阳市", "Xinyang", counties=counties)
    for name in ("ndrc", "ecology"):
        type(person(name, username=name)).objects.filter(username=name).update(demo=True)
    demo.ensure_demo(CITY, now=NOW)
    count = MonthValue.objects.count()
    demo.ensure_demo(CITY, now=NOW)
    assert MonthValue.objects.count() == count
    lights = ControlLight.objects.filter(month="2026-10", quantity="energy", current=True, subject__startswith="place:")
    found = dict(lights.values_list("place", "light"))
    assert (found["411526"], found["411522"], found["411502"]) == ("red", "unknown", "yellow")
    assert not MonthValue.objects.filter(demo=False).exists()


def test_the_city_itself_and_a_sector_of_a_county_have_their_lights(
    client: Client, tell: Any, decide: Any, person: Any
) -> None:
    decide(CITY, 1200)
    tell(CITY, 2026, [120.0] * 10)
    decide(GUSHI, 240, sector="30")
    tell(GUSHI, 2026, [19.0] * 10, sector="30")
    client.force_login(person("statistics"))
    board = page(client, "control-board")
    assert "2026-10：没有县区红灯" in board  # the city is no county
    assert "累计 1,200 tce" in board
    sector = page(client, "control-subject", "?sector=30", subject=f"place:{GUSHI}")
    assert "固始县 · 水泥等非金属矿物制品" in sector
    assert f"/control/subjects/place:{GUSHI}/energy/2026-05/?sector=30" in sector
    assert page(client, "control-month", "?sector=30", subject=f"place:{GUSHI}", quantity="energy", month="2026-05")
    told = {"place": CITY, "quantity": "co2", "month": "2026-10", "value": "5", "basis": "statistic", "source": "月报"}
    assert client.post(reverse("energy:control-file"), told).status_code == 302
    assert MonthValue.objects.get(quantity="co2").subject == f"place:{CITY}"


@pytest.mark.parametrize(
    ("used", "light", "ground"), [(90.0, "green", "calm"), (97.0, "yellow", "watch"), (110.0, "red", "")]
)
def test_the_ground_of_a_verdict_is_that_of_its_light(
    client: Client, decide: Any, tell: Any, ndrc: Any, used: float, light: str, ground: str
) -> None:
    """1200 tce in a year told by days: a month's budget is about 100; 97 of it is near, which is not calm."""
    decide(GUSHI, 1200.0)
    tell(GUSHI, 2026, [used] * 10)
    client.force_login(ndrc)
    text = page(client, "control-subject", subject=f"place:{GUSHI}")
    assert f"light-{light}" in re.search(r'<section class="alarm.*?</h2>', text, re.S)[0]  # type: ignore[index]
    assert re.search(r'<section class="alarm([^"]*)"', text)[1].strip() == ground  # type: ignore[index]


def test_a_spot_that_is_open_leads_to_its_second_look(client: Client, shown: Any, person: Any) -> None:
    """A spot is known by how it is written, so the form comes filled in; who looked stands beside it."""
    from dafeng.portal.accounts.models import User

    client.force_login(User.objects.get(username="ndrc"))
    text = page(client, "control-patrols")
    address = re.search(r'href="([^"]*)">登记复查', text)
    assert address is not None
    spot = re.search(r"<strong>\S+ ([^<]+)</strong>", text)
    assert spot is not None
    assert f'value="{spot[1]}"' in client.get(address[1].replace("&amp;", "&")).content.decode()


def test_a_wrong_field_is_told_in_plain_words(client: Client, shown: Any) -> None:
    from dafeng.portal.accounts.models import User

    client.force_login(User.objects.get(username="ndrc"))
    told = {
        "place": GUSHI,
        "quantity": "energy",
        "month": "十月",
        "value": "很多",
        "basis": "reported",
        "source": "甲" * 201,
    }
    answer = client.post(reverse("energy:control-file"), told)
    assert answer.status_code == 422
    text = answer.content.decode()
    for said in ("请写成 2026-10 这样", "请填数字，例如 120.5", "最多 200 个字，现在有 201 个"):
        assert said in text
