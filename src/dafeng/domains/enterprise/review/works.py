"""What the writers of energy reports are judged by: reports sent back or refused, and the points that experts found wrong in them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from dafeng.domains.enterprise.models import Project, ProjectInvitation
from dafeng.kernel.bodies import Work

# The services of the register under which somebody may write a report for an owner.
KINDS = ("consulting", "assessment", "audit")
_JUDGED = ("approve", "refuse")
_BACK = ("supplement", "refuse")
_WRONG = ("mend", "no")


def of_body(code: str, year: int) -> Iterable[Work]:
    """A work a project that the body wrote the report of, once its opinion was given in the year.

    Sent back for completion or refused, it was returned; each of the five points (art. 16) that an expert marked 需修改 or 不符合 is a fault.
    """
    given = ProjectInvitation.State.GIVEN
    for project in (
        Project.objects.filter(content__basics__compiler_body=code)
        .select_related("record")
        .prefetch_related("record__moves", "invitations")
    ):
        moves = list(project.record.moves.all())
        days = [timezone.localdate(each.at) for each in moves if each.action in _JUDGED]
        if not days or max(days).year != year:
            continue
        wrong = {
            point
            for each in project.invitations.all()
            if each.state == given
            for point, mark in each.points.items()
            if mark in _WRONG
        }
        yield Work("energy_report", max(days), any(each.action in _BACK for each in moves), len(wrong))
