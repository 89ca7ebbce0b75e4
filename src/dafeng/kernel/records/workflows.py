"""Workflows as data: which states a kind of record has, who may move it from one to the next, and who may see it.

An app ships `workflows.toml`, or a folder `workflows/`, beside its `apps.py`; each table is one kind:

    ["water.permit"]
    title = "取水许可"
    initial = "draft"
    states = { draft = { title = "草稿", editable = true }, submitted = "已提交", granted = "已许可" }

    [["water.permit".transitions]]
    action = "grant"
    from = ["submitted"]
    to = "granted"
    roles = ["ecology"]
    not_same_person_as = ["open", "amend"]

`docs/dev/records-and-indicators.md` describes every key. A file that breaks a rule stops the start with its name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps

from dafeng.kernel.errors import Place
from dafeng.kernel.records import payloads
from dafeng.kernel.records.errors import WorkflowError

OPEN, AMEND = "open", "amend"  # steps that every workflow has
ANYONE, CREATOR = "*", "@creator"  # roles that every workflow knows: any signed-in person, the one who opened it
_KEYS = frozenset(
    {"title", "initial", "states", "transitions", "open_roles", "edit_roles", "readers", "schema", "schema_version"}
)
_TRANSITION_KEYS = frozenset(
    {"action", "title", "from", "to", "roles", "reason_required", "not_same_person_as", "awaited"}
)


@dataclass(frozen=True)
class State:
    code: str
    title: str
    editable: bool = False


@dataclass(frozen=True)
class Transition:
    """One arrow. No roles at all: only the system. `not_same_person_as` names earlier steps by other persons.

    `awaited` false: a step that may be taken but that nobody waits for (undo, withdraw); it fills no inbox.
    """

    action: str
    title: str
    sources: tuple[str, ...]
    target: str
    roles: frozenset[str]
    reason_required: bool = False
    not_same_person_as: tuple[str, ...] = ()
    awaited: bool = True


@dataclass(frozen=True)
class Workflow:
    kind: str
    title: str
    initial: str
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    open_roles: frozenset[str] = frozenset({ANYONE})
    edit_roles: frozenset[str] = frozenset({CREATOR})
    readers: frozenset[str] = frozenset()
    schema: Mapping[str, Any] = field(default_factory=dict)
    schema_version: int = 0
    file: str = ""

    def transition(self, action: str, state: str) -> Transition | None:
        """The arrow named `action` that leaves `state`, if any."""
        return next((each for each in self.leaving(state) if each.action == action), None)

    def leaving(self, state: str) -> tuple[Transition, ...]:
        return tuple(each for each in self.transitions if state in each.sources)

    @property
    def final(self) -> frozenset[str]:
        """States that nothing leaves."""
        return frozenset(code for code in self.states if not self.leaving(code))

    def title_of(self, action: str) -> str:
        return next((each.title for each in self.transitions if each.action == action), action)


_registered: dict[str, Workflow] = {}


def register(path: Path | str) -> tuple[str, ...]:
    """Read a workflow file; returns its kinds. Reading the same file again replaces what it said before."""
    path = Path(path)
    try:
        with path.open("rb") as stream:
            tables = tomllib.load(stream)
    except tomllib.TOMLDecodeError as error:
        raise WorkflowError(f"不是合法的 TOML：{error}", where=Place(file=path.name)) from error
    found = {kind: _workflow(kind, table, path) for kind, table in tables.items()}
    for kind in found:
        if kind in _registered and _registered[kind].file != str(path):
            raise WorkflowError(f"“{kind}”已由 {_registered[kind].file} 登记", where=Place(file=path.name))
    for kind in [kind for kind, old in _registered.items() if old.file == str(path)]:
        del _registered[kind]
    _registered.update(found)
    return tuple(found)


def register_apps() -> None:
    """Read `workflows.toml`, or the files of `workflows/`, of every installed app that ships them."""
    for config in apps.get_app_configs():
        home = Path(config.path)
        for path in (home / "workflows.toml", *sorted((home / "workflows").glob("*.toml"))):
            if path.is_file():
                register(path)


def get(kind: str) -> Workflow:
    """Raises `WorkflowError` for a kind without a workflow."""
    if kind not in _registered:
        raise WorkflowError(f"没有登记“{kind}”这类记录", expected="、".join(sorted(_registered)) or "先登记流程文件")
    return _registered[kind]


def state_title(kind: str, state: str) -> str:
    """A state in words; its code when the workflow no longer knows it."""
    known = get(kind).states.get(state)
    return known.title if known else state


def registered() -> tuple[Workflow, ...]:
    """Every workflow, sorted by kind."""
    return tuple(_registered[kind] for kind in sorted(_registered))


def _workflow(kind: str, table: Any, path: Path) -> Workflow:
    def fail(what: str, expected: str = "") -> WorkflowError:
        return WorkflowError(f"“{kind}”{what}", expected=expected, where=Place(file=path.name))

    if not isinstance(table, dict):
        raise fail("应为一个表")
    if unknown := sorted(set(table) - _KEYS):
        raise fail(f"有不认识的键 {'、'.join(unknown)}", expected="、".join(sorted(_KEYS)))
    if missing := sorted({"title", "initial", "states"} - set(table)):
        raise fail(f"缺少 {'、'.join(missing)}")
    states = {code: _state(code, given) for code, given in table["states"].items()}
    if None in states.values():
        raise fail("的状态应为标题，或 { title, editable }")
    sound = {code: state for code, state in states.items() if state}
    if table["initial"] not in sound:
        raise fail(f"的初始状态“{table['initial']}”不在 states 中")
    transitions = tuple(_transition(given, sound, fail) for given in table.get("transitions", ()))
    _check_arrows(transitions, fail)
    for name in ("open_roles", "edit_roles", "readers"):
        if not _texts(table.get(name, [])):
            raise fail(f"的 {name} 应为文字列表")
    schema = table.get("schema", {})
    payloads.check_schema(schema, path=f"{path.name} {kind}")
    workflow = Workflow(
        kind=kind,
        title=table["title"],
        initial=table["initial"],
        states=sound,
        transitions=transitions,
        open_roles=frozenset(table.get("open_roles", [ANYONE])),
        edit_roles=frozenset(table.get("edit_roles", [CREATOR])),
        readers=frozenset(table.get("readers", ())),
        schema=schema,
        schema_version=int(table.get("schema_version", 1 if schema else 0)),
        file=str(path),
    )
    acting = frozenset().union(*(each.roles for each in transitions)) - {ANYONE, CREATOR}
    if workflow.readers and (blind := sorted(acting - workflow.readers)) and ANYONE not in workflow.readers:
        raise fail(f"中 {'、'.join(blind)} 能办理却看不到记录", expected="readers 包含所有能办理的角色")
    return workflow


def _texts(given: Any) -> bool:
    return isinstance(given, list) and all(isinstance(each, str) for each in given)


def _state(code: str, given: Any) -> State | None:
    if isinstance(given, str):
        return State(code, given)
    if isinstance(given, dict) and set(given) <= {"title", "editable"} and isinstance(given.get("title"), str):
        return State(code, given["title"], bool(given.get("editable", False)))
    return None


def _transition(given: Any, states: Mapping[str, State], fail: Any) -> Transition:
    if not isinstance(given, dict) or {"action", "from", "to", "roles"} - set(given):
        raise fail("的 transitions 不完整", expected="action、from、to、roles")
    action = str(given["action"])
    if unknown := sorted(set(given) - _TRANSITION_KEYS):
        raise fail(f"的“{action}”有不认识的键 {'、'.join(unknown)}", expected="、".join(sorted(_TRANSITION_KEYS)))
    if not all(_texts(given.get(name, [])) for name in ("from", "roles", "not_same_person_as")):
        raise fail(f"的“{action}”中 from、roles、not_same_person_as 应为文字列表")
    if unknown := [state for state in (*given["from"], given["to"]) if state not in states]:
        raise fail(f"的“{action}”用了没有的状态“{unknown[0]}”", expected="、".join(states))
    return Transition(
        action=action,
        title=str(given.get("title", action)),
        sources=tuple(given["from"]),
        target=given["to"],
        roles=frozenset(given["roles"]),
        reason_required=given.get("reason_required", False) is True,
        not_same_person_as=tuple(given.get("not_same_person_as", ())),
        awaited=given.get("awaited", True) is True,
    )


def _check_arrows(transitions: tuple[Transition, ...], fail: Any) -> None:
    actions = {each.action for each in transitions}
    if taken := actions & {OPEN, AMEND}:
        raise fail(f"的动作不能叫“{taken.pop()}”，这是每个流程自带的")
    seen: set[tuple[str, str]] = set()
    for each in transitions:
        if unknown := [name for name in each.not_same_person_as if name not in actions | {OPEN, AMEND}]:
            raise fail(f"的“{each.action}”提到没有的动作“{unknown[0]}”")
        for state in each.sources:
            if (each.action, state) in seen:
                raise fail(f"中“{each.action}”从“{state}”出发写了两次")
            seen.add((each.action, state))
