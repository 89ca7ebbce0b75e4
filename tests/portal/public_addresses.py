"""The addresses of the public site, and the day on which its tests take place."""

from __future__ import annotations

from datetime import date

TODAY = date(2026, 11, 21)
PUBLIC = (
    "/open/", "/open/411500/", "/open/411500/data/latest/", "/open/411500/embed/", "/open/411500/embed/trend/",
    "/open/411500/embed/figure/", "/open/411500/embed/sectors/", "/open/411500/embed/gases/", "/open/411500/register/",
    "/open/411500/voice/", "/open/411500/voice/status/", "/open/411500/answers/", "/open/411500/cases/",
)  # fmt: skip
