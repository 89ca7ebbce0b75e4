"""Who may see and move what. The portal registers how to find a person's roles; a kind may register what they see.

Unless told otherwise a record is seen by the one who opened it and by superusers. A workflow's `readers` adds roles; a
hook (`register_visibility`) decides for its kind alone. A superuser has every role but is one person: a step that asks
for another person than an earlier one asks it of superusers too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from dafeng.kernel.records import workflows
from dafeng.kernel.records.workflows import ANYONE, CREATOR, Transition, Workflow

if TYPE_CHECKING:
    from dafeng.kernel.records.models import Record

RolesOf = Callable[[Any], Iterable[str]]
Visibility = Callable[[Any, frozenset[str]], Q]

Affiliations = Callable[[Any], Iterable[tuple[str, str]]]

PeopleOf = Callable[[frozenset[str], frozenset[str], frozenset[str]], Iterable[Any]]
Organisations = Callable[[], Iterable[tuple[str, str]]]

_roles_of: RolesOf | None = None
_affiliations: Affiliations | None = None
_people: PeopleOf | None = None
_organisations: Organisations | None = None
_visibility: dict[str, Visibility] = {}


def register_roles(function: RolesOf) -> None:
    """Tell this floor how to find the roles of a signed-in person. Called once, by the portal."""
    global _roles_of
    _roles_of = function


def register_affiliations(function: Affiliations) -> None:
    """Tell this floor how to find (organisation code, place code) of what a person belongs to. Called once, by the portal."""
    global _affiliations
    _affiliations = function


def register_people(function: PeopleOf) -> None:
    """Tell this floor how to find the persons behind (organisations, roles, places). Called once, by the portal."""
    global _people
    _people = function


def register_organisations(function: Organisations) -> None:
    """Tell this floor how to find (code, name) of every organisation. Called once, by the portal."""
    global _organisations
    _organisations = function


def register_visibility(kind: str, hook: Visibility) -> None:
    """`hook(user, roles) -> Q` over `Record` decides alone who sees records of a kind (superusers see all).

    It is also asked for the public (`user` is None or anonymous, `roles` empty); `Q(pk__in=[])` shows nothing.
    The Q must not join to many rows (moves, evidence); use `Exists`. What it joins it joins in a question of its own: the tables
    of all kinds in one would be more than a database joins (SQLite: 64).
    """
    _visibility[kind] = hook


def is_person(user: Any) -> bool:
    """Signed in, and not shut out."""
    return bool(getattr(user, "is_authenticated", False) and getattr(user, "is_active", False))


def is_superuser(user: Any) -> bool:
    return is_person(user) and bool(getattr(user, "is_superuser", False))


def roles_of(user: Any) -> frozenset[str]:
    """The roles of a person by name; empty for the public and for a person who is shut out."""
    if _roles_of is None or not is_person(user):
        return frozenset()
    return frozenset(_roles_of(user))


def standing(user: Any) -> tuple[str, ...]:
    """All of a person that decides what they may do at all: the same for two persons, the same actions and navigation."""
    if is_superuser(user):
        return ("superuser",)
    return ("person", *sorted(roles_of(user))) if is_person(user) else ("public",)


def organisations_of(user: Any) -> frozenset[str]:
    """Codes of the organisations that a person acts for; a department's code is its entry in the register."""
    if _affiliations is None or not is_person(user):
        return frozenset()
    return frozenset(organisation for organisation, _place in _affiliations(user))


def places_of(user: Any) -> frozenset[str]:
    """Codes of the places at which a person holds a role; below them they hold it too."""
    if _affiliations is None or not is_person(user):
        return frozenset()
    return frozenset(place for _organisation, place in _affiliations(user) if place)


def people_of(organisations: Iterable[str] = (), *, roles: Iterable[str] = (), places: Iterable[str] = ()) -> list[Any]:
    """Who acts for one of the organisations, and who holds one of the roles at one of the places; each once, none shut out."""
    if _people is None:
        return []
    return list(_people(frozenset(organisations), frozenset(roles), frozenset(places)))


def organisations() -> dict[str, str]:
    """Code → name of every organisation that people can act for."""
    return dict(_organisations()) if _organisations else {}


def holds(user: Any, roles: frozenset[str], wanted: frozenset[str], *, created: bool) -> bool:
    """Whether a person with `roles` holds one of the `wanted`; `created` tells if the record is theirs."""
    if not is_person(user):
        return False
    return is_superuser(user) or ANYONE in wanted or (created and CREATOR in wanted) or bool(wanted & roles)


def scoped(workflow: Workflow) -> bool:
    """Whether the kind says who sees it; only then does acting on a record ask for seeing it."""
    return bool(workflow.readers) or workflow.kind in _visibility


def visible(user: Any) -> Q:
    """The condition on `Record` for what a person, or the public, may see."""
    if is_superuser(user):
        return Q()
    roles = roles_of(user)
    seen = Q(pk__in=[])
    for kind, hook in _visibility.items():
        seen |= Q(kind=kind) & _apart(hook(user, roles))
    if is_person(user):
        read = [each.kind for each in workflows.registered() if {ANYONE, *roles} & each.readers]
        seen |= (Q(created_by=user) | Q(kind__in=read)) & ~Q(kind__in=list(_visibility))
    return seen


def visible_of(workflow: Workflow, user: Any, roles: frozenset[str]) -> Q:
    """The part of `visible` that speaks of one kind, for a condition that already names the kind."""
    if is_superuser(user):
        return Q()
    if hook := _visibility.get(workflow.kind):
        return _apart(hook(user, roles))
    if not is_person(user):
        return Q(pk__in=[])
    return Q() if {ANYONE, *roles} & workflow.readers else Q(created_by=user)


def _apart(condition: Q) -> Q:
    """The condition as a question of its own where it needs other tables."""
    if not _joins(condition):
        return condition
    from dafeng.kernel.records.models import Record

    return Q(Exists(Record._base_manager.filter(condition, pk=OuterRef("pk"))))


def _joins(condition: Q) -> bool:
    from dafeng.kernel.records.models import Record

    for each in condition.children:
        if isinstance(each, Q):
            if _joins(each):
                return True
        elif isinstance(each, tuple):
            first, *rest = str(each[0]).split("__")
            field = None if first == "pk" else Record._meta.get_field(first)
            if (
                field is not None
                and field.is_relation
                and (not field.concrete or (rest and rest[0] not in field.get_lookups()))
            ):
                return True
    return False


def refusal(transition: Transition, workflow: Workflow, record: Record, user: Any) -> str:
    """Why a person may not make this move, in words; empty when they may."""
    created = is_person(user) and record.created_by_id == user.pk
    roles = roles_of(user)
    if not holds(user, roles, transition.roles, created=created):
        return f"您的角色不能对“{workflow.title}”执行“{transition.title}”"
    if scoped(workflow):
        own = type(record)._default_manager.filter(visible_of(workflow, user, roles), pk=record.pk, kind=workflow.kind)
        if not own.exists():
            return f"这条“{workflow.title}”不在您可见的范围内"
    earlier = record.moves.filter(action__in=transition.not_same_person_as, by=user).order_by("seq").first()
    if earlier:
        step = {workflows.OPEN: "新建", workflows.AMEND: "修改"}.get(earlier.action, workflow.title_of(earlier.action))
        return f"“{transition.title}”须由另一人办理：您已对这条记录做过“{step}”"
    return ""
