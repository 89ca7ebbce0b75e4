"""Orders to stop and mend, and paper opinions that are entered by one and confirmed by another."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dafeng.domains.enterprise.errors import Refused
from dafeng.domains.enterprise.models import Project, ProjectOrder
from dafeng.domains.enterprise.review import acceptances, imports, orders, projects
from dafeng.kernel.errors import PermissionDenied, TransitionError
from dafeng.kernel.indicators import services as indicators
from tests.domains.enterprise.review.conftest import NOW, PLACE, TODAY, content

pytestmark = pytest.mark.django_db
DUE = TODAY + timedelta(days=30)
ORDER = {"document": "信发改整〔2026〕1号", "reason": "单位产品能耗高于准入值", "stop": True, "due": DUE}
PAPER = {
    "opinion": "原则同意。",
    "reference": "信发改审〔2019〕7号",
    "approved_on": date(2019, 5, 1),
    "conditions": ["配备计量器具"],
}


def client(user) -> Client:
    made = Client()
    made.force_login(user)
    return made


def pdf(name="原件.pdf"):
    return SimpleUploadedFile(name, b"%PDF-1.4 paper")


def test_a_project_under_construction_stops_mends_and_goes_on(approved, people) -> None:
    found, owner, county = approved(), people["owner"], people["county"]
    projects.start(found, day=TODAY, by=owner, now=NOW)
    made = orders.order(found, **ORDER, by=people["ndrc"], now=NOW)
    assert (found.record.state, made.state) == ("rectifying", "building")
    with pytest.raises(TransitionError):
        projects.trial(found, day=TODAY, by=owner, now=NOW)  # it stands still
    with pytest.raises(Refused) as caught:
        orders.check(made, passed=True, text="合格", due=None, by=county, now=NOW)
    assert caught.value.code == "order_not_told"
    orders.report(made, text="更换电机", file=pdf(), by=owner, now=NOW)
    orders.check(made, passed=False, text="还差两台", due=DUE + timedelta(days=30), by=county, now=NOW)
    made.refresh_from_db()
    assert (made.outcome, made.due) == ("open", DUE + timedelta(days=30))
    orders.report(made, text="全部更换", by=owner, now=NOW)
    orders.check(made, passed=True, text="合格", due=None, by=county, now=NOW)
    found.record.refresh_from_db()
    assert found.record.state == "building"
    assert not orders.open_of(found).exists()
    projects.trial(found, day=TODAY, by=owner, now=NOW)


@pytest.mark.parametrize(
    ("more", "code"),
    [({"document": " "}, "order_document"), ({"reason": " "}, "reason_missing"), ({"due": TODAY}, "mend_by")],
)
def test_an_order_needs_a_document_a_reason_and_a_deadline(approved, people, more, code) -> None:
    found = approved()
    projects.start(found, day=TODAY, by=people["owner"], now=NOW)
    with pytest.raises(Refused) as caught:
        orders.order(found, **(ORDER | more), by=people["ndrc"], now=NOW)
    assert caught.value.code == code
    assert found.record.state == "building"
    assert not ProjectOrder.objects.exists()


def test_stock_without_an_opinion_is_ordered_beside_its_state_and_plans_are_not(draft, people) -> None:
    stock, planned = draft(basics={"stage": "stock"}), draft()
    for each in (stock, planned):
        projects.submit(each, by=people["owner"], now=NOW)
    made = orders.order(stock, **ORDER, by=people["ndrc"], now=NOW)
    assert stock.record.state == "submitted"
    with pytest.raises(TransitionError):
        orders.order(planned, **ORDER, by=people["ndrc"], now=NOW)
    with pytest.raises(Refused) as caught:
        orders.order(stock, **ORDER, by=people["ndrc"], now=NOW)
    assert caught.value.code == "order_open"
    orders.report(made, text="已停产改造", by=people["owner"], now=NOW)
    orders.check(made, passed=True, text="合格", due=None, by=people["ndrc"], now=NOW)
    assert stock.record.state == "submitted"


def test_no_acceptance_passes_while_an_order_is_open(approved, people) -> None:
    found, owner, ndrc = approved(), people["owner"], people["ndrc"]
    for step in (projects.start, projects.trial):
        step(found, day=TODAY - timedelta(days=0), by=owner, now=NOW)
    later = datetime(2027, 11, 25, tzinfo=NOW.tzinfo)
    orders.order(found, **ORDER, by=ndrc, now=NOW)
    told = {"energies": {"electricity": 20_000.0, "natural_gas": 100.0}, "output": 10_000.0}
    check = acceptances.tell(
        found, since=TODAY, until=date(2027, 11, 21), told=told, explanation="", by=owner, now=later
    )
    with pytest.raises(Refused) as caught:
        acceptances.decide(check, passed=True, met={1: True}, text="合格", mend_by=None, by=ndrc, now=later)
    assert caught.value.code == "order_open"


def test_orders_by_form_and_api_for_their_roles_alone(approved, people, person) -> None:
    found = approved()
    projects.start(found, day=TODAY, by=people["owner"], now=NOW)
    address = f"/enterprise/review/projects/{found.pk}/order/"
    form = {"document": "文号", "reason": "超准入值", "stop": "on", "due": "2099-01-01"}
    other = person("county", "elsewhere", "elsewhere", "411502")
    assert client(people["owner"]).post(address, form).status_code == 403
    assert client(other).post(address, form).status_code in (403, 404)
    ndrc = client(people["ndrc"])
    assert "责令整改" in ndrc.get(f"/enterprise/review/projects/{found.pk}/").content.decode()
    assert ndrc.post(address, form).status_code == 302
    [made] = ProjectOrder.objects.all()
    page = client(people["owner"]).get(f"/enterprise/review/projects/{found.pk}/?tab=after").content.decode()
    assert "报送整改情况" in page
    assert ndrc.post(f"/enterprise/review/orders/{made.pk}/mended/", {"text": "x"}).status_code == 403
    assert (
        client(people["owner"])
        .post(f"/enterprise/review/orders/{made.pk}/mended/", {"text": "已改", "file": pdf()})
        .status_code
        == 302
    )
    stranger = client(person("enterprise", "stranger", "others"))
    assert stranger.post(f"/enterprise/review/orders/{made.pk}/mended/", {"text": "x"}).status_code == 404
    assert ndrc.get("/api/review/orders").json()["items"][0]["outcome"] == "told"
    assert (
        ndrc.post(f"/enterprise/review/orders/{made.pk}/check/", {"outcome": "pass", "text": "合格"}).status_code == 302
    )
    made.refresh_from_db()
    assert made.outcome == "done"


def test_an_overdue_order_is_told_to_owner_and_bureau(approved, people) -> None:
    from dafeng.kernel.desk.models import Notice

    found = approved()
    projects.start(found, day=TODAY, by=people["owner"], now=NOW)
    orders.order(found, **ORDER, by=people["ndrc"], now=NOW)
    before = Notice.objects.count()
    assert projects.keep_terms("411500", now=NOW + timedelta(days=36))["reminded"] == 0
    assert projects.keep_terms("411500", now=NOW + timedelta(days=37))["reminded"] == 1
    assert Notice.objects.count() == before + 2


# ---------------------------------------------------------------- paper opinions


def entered(enterprise, people, **more) -> Project:
    given = content()
    steps = {step: given[step] for step in ("basics", "energy", "output")}
    return imports.enter(enterprise, steps, **(PAPER | more), by=people["ndrc"], now=NOW)


@pytest.mark.parametrize(
    ("dates", "state"),
    [
        ({}, "approved"),
        ({"started_on": date(2019, 9, 1)}, "building"),
        ({"started_on": date(2019, 9, 1), "trial_on": date(2021, 3, 1)}, "trial"),
        ({"started_on": date(2019, 9, 1), "trial_on": date(2021, 3, 1), "accepted": True}, "completed"),
    ],
)
def test_a_paper_opinion_counts_once_another_has_confirmed_it(enterprise, people, dates, state) -> None:
    found = entered(enterprise, people, **dates)
    assert found.record.state == "entered"
    with pytest.raises(PermissionDenied):
        imports.confirm(found, by=people["ndrc"], now=NOW)
    imports.confirm(found, by=people["leader"], now=NOW)
    assert found.record.state == state
    assert found.tce == pytest.approx(3788)  # 20,000 × 0.1229 + 100 × 13.3
    told = indicators.values("review.energy.new", subject=PLACE)
    assert told.select("period", "value").row(0) == ("2021" if "trial_on" in dates else "2028", pytest.approx(3788))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"reference": " "}, "reference_missing"),
        ({"approved_on": TODAY + timedelta(days=1)}, "in_future"),
        ({"trial_on": TODAY}, "dates"),
        ({"accepted": True}, "dates"),
    ],
)
def test_a_paper_opinion_that_cannot_be_is_refused(enterprise, people, more, code) -> None:
    with pytest.raises(Refused) as caught:
        entered(enterprise, people, **more)
    assert caught.value.code == code
    assert not Project.objects.exists()


def test_the_same_reference_is_entered_once_unless_discarded(enterprise, people) -> None:
    first = entered(enterprise, people)
    with pytest.raises(Refused) as caught:
        entered(enterprise, people)
    assert caught.value.code == "opinion_again"
    imports.discard(first, reason="与原件不符", by=people["leader"], now=NOW)
    assert entered(enterprise, people).record.state == "entered"


def test_a_paper_opinion_by_form_with_its_original(enterprise, people) -> None:
    form = {
        "enterprise": "tea", "name": "老项目", "place": PLACE, "kind": "new", "stage": "stock", "industry": "1530", "operation_year": "2021",
        "after_electricity": "20000", "output": "10000", "reference": "信发改审〔2019〕7号", "opinion": "原则同意。", "approved_on": "2019-05-01",
        "started_on": "2019-09-01", "trial_on": "2021-03-01", "accepted": "on", "two_high": "no",
    }  # fmt: skip
    ndrc, leader = client(people["ndrc"]), client(people["leader"])
    assert client(people["owner"]).get("/enterprise/review/enter/").status_code == 403
    assert ndrc.post("/enterprise/review/enter/", form).status_code == 422  # without the paper
    answer = ndrc.post("/enterprise/review/enter/", form | {"file": pdf()})
    assert answer.status_code == 302
    [found] = Project.objects.all()
    assert (found.two_high, found.annexes.get().matter) == (False, "opinion")
    address = f"/enterprise/review/projects/{found.pk}/confirm/"
    ndrc.post(address, {"action": "confirm", "state": "entered"})
    found.record.refresh_from_db()
    assert found.record.state == "entered"  # the same person
    assert leader.post(address, {"action": "confirm", "state": "entered"}).status_code == 302
    found.record.refresh_from_db()
    assert found.record.state == "completed"
