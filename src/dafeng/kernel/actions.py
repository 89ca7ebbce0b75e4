"""What can be done here, and by whom: every page and every API operation names one action.

A domain lists its actions once, in `permissions.py`. A view carries `@asks(ACTION)`: whoever may not is turned away
before the view begins, and the matrix role × action is read from the same list (page 权限一览, and a test that fails for
an address without an action). Which *object* a person may touch is the action's `rule`, asked by `demand` or `may`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from dafeng.kernel.errors import PermissionDenied, SignInRequired
from dafeng.kernel.records.access import is_person, is_superuser, roles_of

PUBLIC, ANYONE = "public", "anyone"
Rule = Callable[[Any, Any], bool]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Action:
    """`roles` holds role names, or PUBLIC (everybody), or ANYONE (whoever is signed in). `writes` tells for tokens."""

    code: str
    title: str
    roles: frozenset[str]
    writes: bool = False
    rule: Rule | None = None

    @property
    def scope(self) -> str:
        """The token scope that covers it: the part before the first dot, then read or write."""
        return f"{self.code.split('.')[0]}:{'write' if self.writes else 'read'}"


_actions: dict[str, Action] = {}


def action(
    code: str, title: str, roles: Iterable[str] = (PUBLIC,), *, writes: bool = False, rule: Rule | None = None
) -> Action:
    """Declare an action. Raises `ValueError` when the code is taken by another."""
    made = Action(code, title, frozenset(roles), writes, rule)
    if code in _actions and _actions[code] != made:
        raise ValueError(f"action {code!r} is declared twice")
    _actions[code] = made
    return made


def registered() -> list[Action]:
    """All actions in the order of their codes."""
    return sorted(_actions.values(), key=lambda each: each.code)


def may(user: Any, wanted: Action, subject: Any = None) -> bool:
    """Whether a person, or the public, may do it at all, and to `subject` where one is given."""
    if not is_superuser(user):
        if PUBLIC not in wanted.roles and not is_person(user):
            return False
        if not {PUBLIC, ANYONE} & wanted.roles and not wanted.roles & roles_of(user):
            return False
    return subject is None or wanted.rule is None or wanted.rule(user, subject)


def demand(user: Any, wanted: Action, subject: Any = None) -> None:
    """Raises `SignInRequired` for a stranger, `PermissionDenied` for a person without the right."""
    if may(user, wanted, subject):
        return
    if not is_person(user):
        raise SignInRequired(f"“{wanted.title}”需要先登录")
    raise PermissionDenied(f"您的角色不能“{wanted.title}”", mend="如确有需要，请联系系统管理员为您分派角色")


def asks(wanted: Action) -> Callable[[View], View]:
    """Guard a view (first argument: the request) by an action; the view then carries it as `.action`."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
            demand(request.user, wanted)
            return view(request, *args, **kwargs)

        guarded.action = wanted  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard
