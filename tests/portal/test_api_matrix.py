"""Every operation of the API, asked by every role: the expected statuses are data (`api_matrix.toml`, `matrix/`), one left out fails."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dafeng.domains.inventory import documents, library, services, staging
from dafeng.domains.plan.models import Rubric, Version
from dafeng.domains.plan.services import marking, tasks
from dafeng.kernel.actions import PUBLIC, Action
from dafeng.kernel.jobs.models import Job
from dafeng.portal.accounts.models import Role
from dafeng.portal.api import api
from dafeng.portal.api.root import action_of
from dafeng.portal.tokens import services as tokens
from tests.portal.conftest import NOW
from tests.portal.plan_world import BUREAU, COUNTY, TEXT, VALUE, PlanWorld

HERE = Path(__file__).parent
MATRIX: dict[str, dict[str, int]] = {
    operation: row
    for path in (HERE / "api_matrix.toml", *sorted((HERE / "matrix").glob("*.api.toml")))
    for operation, row in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
OFFICES = ("leader", "ndrc", "ecology", "statistics", "department", "county", "admin")
CSV = "类别,品种,地区,年份,数值,单位,依据,来源\n1A4b1,天然气,浉河区,2021,{value},万立方米,统计,燃气公司\n"


def _file(name: str, text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


# Operations that take a form with a file.
FORMS = {
    "upload_file": lambda: {"file": _file("新.csv", CSV.format(value=160))},
    "upload_plan": lambda: {"file": _file("方案.txt", TEXT.format(name="又一个"))},
    "report_plan_value": lambda: {
        "indicator": VALUE, "subject": "411500", "period": "2023", "value": "30", "source": "台账",
    },
    "import_plan_values": lambda: {
        "file": _file("值.csv", f"指标代码,地区,时期,数值,单位,数据来源\n{VALUE},信阳市,2020,30,万元,台账\n")
    },
}  # fmt: skip


def expected(operation: str, role: str) -> int:
    """The named role, else the offices where it is one of them, else everybody signed in."""
    row = MATRIX[operation]
    if role in row:
        return row[role]
    return row["offices"] if role in OFFICES and "offices" in row else row["others"]


def described() -> dict[str, tuple[str, str, Action]]:
    """operationId → method, path template, action."""
    return {
        operation.view_func.__name__: (method, path, action_of(operation))
        for method, path, operation in api.operations()
    }


def test_every_operation_is_in_the_matrix_and_nothing_else() -> None:
    assert set(described()) == set(MATRIX)


def test_operation_ids_are_unique() -> None:
    names = [operation.view_func.__name__ for _method, _path, operation in api.operations()]
    assert len(names) == len(set(names))


# Anybody may knock: a signature says who it is, and without one the answer is 401.
SIGNED = {operation for operation, row in MATRIX.items() if "signed" in row}
# What stands in a path where the world has nothing of the kind: a thing that does not exist.
MADE_UP = {"uuid": str(UUID(int=0)), "uuidstr": str(UUID(int=0)), "int": "0", "year": "2021", "month": "2021-01"}


def test_the_matrix_agrees_with_the_declared_roles() -> None:
    """A role that the action does not name gets 403, a stranger 401; who is named never does for that reason."""
    for name, (_method, _path, action) in described().items():
        if PUBLIC in action.roles:
            assert (expected(name, "public") == 401) == (name in SIGNED), name
            continue
        assert expected(name, "public") == 401, name
        for role in Role.values:
            if "anyone" not in action.roles and role not in action.roles:
                assert expected(name, role) == 403, (name, role)


class World:
    """What the requests are about: a draft, another draft, a batch and a file of the statistics bureau, jobs of the person."""

    def __init__(self, city: Any, run: Any, person: Any) -> None:
        self.city, self.run = city, run
        self.clerk = person("statistics", "another-clerk")
        upload, digest = self.staged(self.clerk, 130)
        self.batch = staging.commit(upload, seen=digest, by=self.clerk, now=NOW)
        self.other = services.compile_city(city, edition="gl2025", gwp="AR6", by=None, now=NOW)
        made = documents.export_path(run, format="csv", year=2021, language="zh")
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(b"made before")
        self.plan = PlanWorld(city, office=person("ndrc", "plan-office"), clerk=self.clerk)
        self.county_clerk = person("county", "another-county")
        self.county_clerk.memberships.update(place=COUNTY)
        rows = library.factors()
        memory = rows.filter((rows["standing"] == "memory") & rows["value"].is_not_null()).row(0, named=True)
        self.unsigned, self.fingerprint = memory["factor_id"], services.fingerprint(memory)

    def staged(self, person: Any, value: int) -> tuple[Any, Any]:
        found = staging.stage(
            self.city, CSV.format(value=value).encode(), name=f"燃气{value}.csv", by=person, now=tokens_now()
        )
        return found.pk, found.seen["digest"]

    def job(self, person: Any, state: str) -> Job:
        return Job.objects.create(
            kind="inventory.compile",
            title="编制",
            by=person,
            state=state,
            created_at=NOW,
            parameters={"city": "411500"},
        )


def tokens_now() -> Any:
    """Staged files are kept for a day by the real clock, which the views read."""
    from django.utils import timezone

    return timezone.now()


def values_of(operation: str, world: World, person: Any, role: str) -> dict[str, Any]:
    """What stands in the braces of the path."""
    may_import = expected("upload_file", role) == 201
    known: dict[str, Any] = {"code": "411500", "id": world.run.pk, "other": world.other.pk, "format": "csv"}
    if "method" in operation:
        known["id"] = next(iter(library.methods()))
    if operation in ("show_factor", "sign_factor"):
        known["id"] = world.unsigned
    if operation in ("show_batch", "undo_batch"):
        known["id"] = world.batch.pk
    if operation == "show_upload":
        known["id"] = world.staged(person, 140)[0] if may_import else uuid4()
    if operation in ("show_job", "cancel_job", "retry_job"):
        known["id"] = world.job(person, "failed" if operation == "retry_job" else "queued").pk if person else uuid4()
    if operation == "show_evidence":
        known["id"] = world.batch.record.evidence.get().pk
    if operation in ("show_indicator", "list_values"):
        known["code"] = "inventory.co2e.total"
    return known | plan_values_of(operation, world, person, role)


def plan_values_of(operation: str, world: World, person: Any, role: str) -> dict[str, Any]:
    """The same of the plan's operations: something that waits for the step, made only for who may take it."""
    plan, may = world.plan, expected(operation, role) < 300
    known: dict[str, Any] = {"key": plan.plan.key, "number": 1, "kind": "counties", "subject": COUNTY}
    if operation in ("accept_plan_version", "discard_plan_version", "correct_plan") and may:
        known["key"] = plan.read(operation).plan.key
    if operation == "withdraw_plan_correction":
        known["id"] = plan.correction() if may else 1
    if operation == "move_plan_question":
        known |= {"action": "close"}
    if "plan_question" in operation:
        known["id"] = plan.question(*(["answer"] if operation == "move_plan_question" else [])).pk
    if operation in ("show_target", "bind_target"):
        known["id"] = plan.target.pk
    if operation in ("accept_plan_value", "return_plan_value"):
        known["id"] = plan.value({"accept_plan_value": "2021", "return_plan_value": "2022"}[operation]).pk
    if operation == "step_warning":
        known["id"] = plan.warning().pk
    if operation in ("show_task", "assign_task", "break_task_down", "report_progress", "escalate_matter"):
        known["id"] = plan.task.pk
    if operation == "move_progress":
        known["record"] = plan.progress().record_id
    if operation in ("show_project", "report_project_month"):
        known["id"] = plan.project.pk
    if operation in ("show_assessment", "collect_figures", "step_assessment", "show_assessed", "put_self_assessment"):
        known["id"] = plan.open.pk
    if operation == "put_review":
        known["id"] = plan.reviewed.pk
    if "objection" in operation or operation == "show_result":
        known["id"] = plan.announced.pk
    if operation in ("answer_objection", "withdraw_objection"):
        mine = operation == "withdraw_objection" and may
        known["number"] = plan.objection(person if mine else world.county_clerk).pk
    if "bulletin" in operation:
        known |= {"id": plan.bulletin.pk, "form": "docx"}
    return known


def body_of(operation: str, world: World, person: Any, role: str) -> Any:
    may_import = expected("upload_file", role) == 201
    upload, digest = world.staged(person, 150) if operation == "commit_batch" and may_import else (uuid4(), "")
    method = next(iter(library.methods().values()))
    return {
        "run_method": {"inputs": dict.fromkeys(method.inputs, 1.0)},
        "compile_inventory": {},
        "publish_inventory": {"digest": world.run.digest},
        "make_file": {"format": "xlsx", "year": 2021},
        "commit_batch": {"upload": str(upload), "digest": digest},
        "undo_batch": {"reason": "填错了"},
        "sign_factor": {"reason": "核对原文", "fingerprint": world.fingerprint},
        "set_own_factor": {
            "factor_id": "xy.oxidation", "version": 0, "parameter": "oxidation", "value": 98, "unit": "%", "source": "监测报告",
        },
    }.get(operation, {}) or plan_body_of(operation, world, role)  # fmt: skip


def plan_body_of(operation: str, world: World, role: str) -> Any:
    plan, seen = world.plan, {"seen": "x"}
    if operation == "accept_plan_version" and expected(operation, role) == 200:
        seen = {"seen": plan.seen(Version.objects.latest("pk"))}
    rubric = Rubric.objects.filter(kind="counties").latest("number")
    return {
        "correct_plan": {"do": "drop", "ref": plan.ref(Version.objects.latest("pk")), "reason": "试验"},
        "accept_plan_version": seen | {"alongside": True},
        "discard_plan_version": {"reason": "试验"},
        "answer_plan_question": {"state": "open", "text": "万千瓦"},
        "move_plan_question": {"state": "answered", "text": "清楚了"},
        "bind_target": {"code": "", "seen": plan.target.binding},
        "return_plan_value": {"reason": "单位不对"},
        "step_warning": {"action": "acknowledge", "seen": "raised"},
        "assign_task": {"seen": tasks.digest(plan.task), "due_on": "2030-12-31"},
        "break_task_down": {"places": [COUNTY]},
        "report_progress": {"period": plan.month, "reporter": BUREAU, "text": "做完了", "seen": ""},
        "move_progress": {"action": "accept", "state": "submitted"},
        "escalate_matter": {"matter": "缺地", "asks": "请协调"},
        "report_project_month": {"period": plan.month, "stage": "building"},
        "add_rubric": {"seen": rubric.number, "reason": "试验", "content": rubric.content | {"standing": "试行"}},
        "open_assessment": {"kind": "counties", "year": 2026},
        "step_assessment": {"action": "review", "seen": marking.token(plan.open.marks.all())},
        "put_self_assessment": {"seen": plan.marks_seen(plan.open), "figures": {}},
        "put_review": {"seen": plan.marks_seen(plan.reviewed), "figures": {}},
        "add_objection": {"subject": COUNTY, "text": "有误"},
        "answer_objection": {"action": "reject", "text": "无误"},
        "make_bulletin": {"kind": "year", "period": "2025", "issuer": "双碳办"},
    }.get(operation, {})


def _standing(kind: str | None, value: Any) -> Any:
    """A known value where the path can take it."""
    return value if value is not None and (kind != "int" or str(value).isdigit()) else None


def ask(operation: str, world: World, person: Any, role: str, client: Client, **headers: str) -> Any:
    method, path, _action = described()[operation]
    known = values_of(operation, world, person, role)
    path = re.sub(
        r"{(?:(\w+):)?(\w+)}",
        lambda found: str(
            _standing(found[1], known.get(found[2])) or MADE_UP.get(found[2], MADE_UP.get(found[1], "nothing"))
        ),
        path,
    )
    if method == "GET":
        query = {"download_file": {"year": 2021}, "compare_plan_versions": {"old": 1, "new": 1}}.get(operation, {})
        return client.get(path, query, headers=headers)
    if operation in FORMS:
        return client.post(path, FORMS[operation](), headers=headers)
    body = json.dumps(body_of(operation, world, person, role))
    return client.generic(method, path, body, content_type="application/json", headers=headers)


@pytest.fixture
def world(city, open_city, run, person, settings):
    settings.DEMO = False
    settings.API_RATES = {"anonymous": "9999/min", "person": "9999/min"}
    cache.clear()
    return World(city, run, person)


@pytest.mark.parametrize("role", ["public", *Role.values])
def test_every_operation_answers_a_role_as_the_matrix_says(world: World, person, role: str) -> None:
    """A person comes with a token that has every scope which the role allows."""
    client, headers, who = Client(), {}, None
    if role != "public":
        who = person(role, "asking")
        who.memberships.filter(role="county").update(place="411502")
        _token, text = tokens.make(
            who, name="试验", scopes=tokens.scopes_for(who), lasts=timedelta(days=1), now=tokens_now()
        )
        headers["Authorization"] = f"Bearer {text}"
    # Undoing takes the batch away from those who come after it.
    answers = {
        name: ask(name, world, who, role, client, **headers)
        for name in sorted(MATRIX, key=lambda name: (name == "undo_batch", name))
    }
    found = {name: answer.status_code for name, answer in answers.items()}
    # What the person's scopes do not reach is 403 as well: the role has no action there.
    assert found == {name: expected(name, role) for name in found}
    begun = {name: answer.headers.get("Location", "") for name, answer in answers.items() if answer.status_code == 202}
    assert {name: at for name, at in begun.items() if not at.startswith("/api/jobs/")} == {}
