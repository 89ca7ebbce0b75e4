"""Questions about what is printed: raised when a version is accepted, answered by whom they are asked, closed by the office.

An answer changes nothing by itself: what it means for a target is the office's own, visible decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions
from dafeng.domains.plan.models import Plan, Question, Version
from dafeng.domains.plan.reading import compare
from dafeng.domains.plan.reading import model as reading
from dafeng.domains.plan.reading.register import departments, look_up
from dafeng.domains.plan.services.items import squeeze
from dafeng.kernel.actions import may
from dafeng.kernel.errors import PermissionDenied, PlanError, StaleError
from dafeng.kernel.records import services as records

OFFICE = "ndrc"  # who is asked where nobody else can be
Row = Mapping[str, Any]


def raise_all(version: Version, content: Row, *, by: Any, now: datetime) -> list[dict[str, Any]]:
    """Raise what the version's defects ask, once each; returns the defects with the keys of their questions."""
    plan = version.plan
    keys = {row.get("id") or f"t{number:03}": row["key"] for number, row in enumerate(content["targets"], 1)}
    known = set(Question.objects.filter(plan=plan).values_list("key", flat=True))
    asked = []
    for row in content["defects"]:
        asked.append(dict(row) | {"question_key": _key(row)})
        _raise(
            plan,
            known,
            key=_key(row),
            code=row["code"],
            path=row.get("task_path", ""),
            quote=row["quote"],
            question=row["question"],
            ask=departments_named(row["owners"]),
            more={
                "paths": [[plan.key, row.get("task_path", "")]],
                "targets": [keys[each] for each in row["targets"] if each in keys],
                "quotes": [row["quote"]] if row["quote"] else [],
            },
            by=by,
            now=now,
        )
    for row in content["questions"]:
        path = next((path for document, path in row["paths"] if document == plan.key), "")
        more = {name: row[name] for name in ("paths", "targets", "quotes", "list_number")}
        _raise(
            plan,
            known,
            key=row["code"],
            code=row["code"],
            path=path,
            quote="；".join(row["quotes"]),
            question=row["question"],
            ask=row["ask"],
            more=more,
            by=by,
            now=now,
        )
    return asked


def raise_between(version: Version, content: Row, *, by: Any, now: datetime) -> None:
    """What a newly accepted text and the other plans in force say differently about one thing: asked, never settled."""
    plan = version.plan
    known = set(Question.objects.filter(plan=plan).values_list("key", flat=True))
    for other in Version.objects.filter(plan__city=plan.city, current=True).exclude(plan=plan).select_related("plan"):
        first, second = ((other.plan, other.accepted), (plan, content))
        if (plan.issued_on and other.plan.issued_on and plan.issued_on < other.plan.issued_on) or (
            (plan.first_year or 0) < (other.plan.first_year or 0)
        ):
            first, second = second, first
        for each in compare(_as_reading(first[1]), _as_reading(second[1])):
            targets = [key for key in (each.earlier, each.later) if key]
            _raise(
                plan,
                known,
                key=f"{each.code}-{_short(each.question)}",
                code=each.code,
                path="",
                quote="",
                question=_("（与《%(other)s》比较）%(question)s") % {"other": other.plan.title, "question": each.question},
                ask=[],
                more={"paths": [[first[0].key, ""], [second[0].key, ""]], "targets": targets, "quotes": []},
                by=by,
                now=now,
            )  # fmt: skip


def _as_reading(content: Row) -> reading.Reading:
    """Enough of a reading for `compare`, with the rows' keys as ids."""
    names = reading.Target.__dataclass_fields__
    targets = [
        reading.Target(
            **{name: row.get(name) for name in names}
            | {"id": row["key"], "start": row["start"] or 0, "end": row["end"] or 0}
        )
        for row in content.get("targets", [])
    ]
    tasks = [
        reading.Task(row["path"], row["title"], [], [reading.Owner(**each) for each in row["owners"]], [0, 0])
        for row in content.get("tasks", [])
    ]
    return reading.Reading("", tasks=tasks, targets=targets)


def departments_named(names: Iterable[str]) -> list[str]:
    """Ids in the register of the departments named, each once."""
    found = [entry.id for name in names if (entry := look_up(name)) is not None]
    return list(dict.fromkeys(found))


def department_names() -> dict[str, str]:
    """Id → name in the register."""
    return {each.id: each.name for each in departments()}


def _key(row: Row) -> str:
    return f"{row['code'][:40]}-{_short(squeeze(row['quote']) + row['question'])}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _raise(
    plan: Plan, known: set[str], *, key: str, code: str, path: str, quote: str, question: str, ask: list[str], more: dict[str, Any], by: Any, now: datetime
) -> None:  # fmt: skip
    if key in known:
        return
    known.add(key)
    asked = ask or [OFFICE]
    record = records.open_record(
        "plan.question",
        title=question if len(question) <= 200 else question[:199] + "…",
        payload=more | {"ask": asked},
        by=by,
        now=now,
        place=plan.city,
        key=f"{plan.key}:{key}",
    )
    Question.objects.create(
        plan=plan,
        record=record,
        code=code[:40],
        key=key,
        path=path[:60],
        quote=quote,
        question=question,
        owner=asked[0],
    )


# ---------------------------------------------------------------- answer, close, reopen


def may_answer(user: Any, question: Question) -> bool:
    """Any department that it is asked of; the carbon office for all."""
    asked = question.record.payload.get("ask") or [question.owner]
    return any(may(user, permissions.ANSWER, each) for each in asked)


def answer(question: Question, *, text: str, seen: str, by: Any, now: datetime) -> Question:
    """Answer an open question. Raises `StaleError` when it is no longer in the state that the person saw."""
    said = text.strip()
    if not said:
        raise PlanError(_("没有写回答"), mend=_("请写明情况、依据和建议的处理办法"))
    with records.serial():
        question = _fresh(question, seen)
        if not may_answer(by, question):
            raise PermissionDenied(_("这个问题不是向您的单位提出的"), mend=_("请由被问的单位或双碳办回答"))
        records.move(question.record, "answer", by=by, now=now, reason=said)
        question.answer = said
        question.save(update_fields=["answer"])
    return question


def move(question: Question, action: str, *, reason: str, seen: str, by: Any, now: datetime) -> Question:
    """Close or reopen, with the reason."""
    with records.serial():
        question = _fresh(question, seen)
        records.move(question.record, action, by=by, now=now, reason=reason)
    return question


def _fresh(question: Question, seen: str) -> Question:
    fresh = Question.objects.select_for_update(of=("self",)).select_related("record", "plan").get(pk=question.pk)
    if fresh.record.state != seen:
        raise StaleError(
            _("这个问题已由他人办理，现为“%(state)s”") % {"state": fresh.record.state_title},
            mend=_("请刷新页面，看最新的回答"),
        )
    return fresh
