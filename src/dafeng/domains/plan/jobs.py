"""The plan's long work and what it does by the clock: each room declares its own beside its services."""

from dafeng.domains.plan import (
    bulletin_jobs,  # noqa: F401
    judge_jobs,  # noqa: F401
    reading_jobs,  # noqa: F401
    task_jobs,  # noqa: F401
)
