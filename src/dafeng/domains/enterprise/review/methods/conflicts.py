"""Who may not judge a project. No official list was found for energy reviews: the rules are this platform's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Expertise:
    """An expert: whose people they are (organisation), for whom they work, for whom they have advised in the last years."""

    code: str
    organisation: str
    employer: str
    advised: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True)
class Interest:
    """Whose project it is: owner (organisation, name, group) and the body that wrote the report."""

    owner_organisation: str
    owner: str
    compiler_organisation: str
    compiler: str


def conflicts(expert: Expertise, project: Interest, invited: Iterable[Expertise] = ()) -> list[str]:
    """Reason codes, none where the expert may judge."""
    found = []
    if not expert.active:
        found.append("inactive")
    if (
        project.owner_organisation and expert.organisation == project.owner_organisation
    ) or expert.employer == project.owner:
        found.append("owner")
    if (project.compiler_organisation and expert.organisation == project.compiler_organisation) or (
        project.compiler and expert.employer == project.compiler
    ):
        found.append("compiler")
    if project.owner in expert.advised:
        found.append("advised")
    if any(other.code != expert.code and other.employer == expert.employer for other in invited):
        found.append("same_employer")
    return found
