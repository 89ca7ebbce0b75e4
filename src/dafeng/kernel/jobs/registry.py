"""The kinds of jobs, declared by the domains in their `jobs.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dafeng.kernel.actions import Action
from dafeng.kernel.errors import NotFound

if TYPE_CHECKING:
    from dafeng.kernel.jobs.running import Running


@dataclass(frozen=True)
class Result:
    """What a finished job has to show: a sentence and, where there is one, the page or file to go to."""

    text: str = ""
    href: str = ""


Work = Callable[..., "Result | None"]


@dataclass(frozen=True)
class JobKind:
    """`attempts`: how often a job that was cut off (not one that failed) is begun again by itself."""

    code: str
    title: str
    action: Action
    work: Work
    attempts: int = 2


_kinds: dict[str, JobKind] = {}


def job(code: str, title: str, *, action: Action, attempts: int = 2) -> Callable[[Work], Work]:
    """Declare `work(running, **parameters) -> Result | None` as a kind of job, startable by those who may do `action`.

    The work must bear to be begun again after it was cut off at any point.
    """

    def declare(work: Work) -> Work:
        _kinds[code] = JobKind(code, title, action, work, attempts)
        return work

    return declare


def kind_of(code: str) -> JobKind:
    """Raises `NotFound` for a kind that no domain declares (any more)."""
    try:
        return _kinds[code]
    except KeyError:
        raise NotFound(f"没有“{code}”这种后台任务") from None


def registered() -> list[JobKind]:
    return sorted(_kinds.values(), key=lambda each: each.code)


def work_of(running: Running, parameters: dict[str, Any]) -> Result | None:
    """Do the work of a running job."""
    return kind_of(running.job.kind).work(running, **parameters)
