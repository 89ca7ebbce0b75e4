"""Persons with roles, a workflow of a test's own, and a folder for its files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

# Water permits: a county files, the bureau checks what another person filed, a leader may withdraw.
PERMITS = """
["test.permit"]
title = "取水许可"
initial = "draft"
open_roles = ["county", "bureau"]
edit_roles = ["@creator", "bureau"]

["test.permit".states]
draft = { title = "草稿", editable = true }
submitted = "已提交"
granted = "已许可"
returned = { title = "已退回", editable = true }
withdrawn = "已撤回"

["test.permit".schema]
required = ["holder", "volume"]
additionalProperties = false

["test.permit".schema.properties]
holder = { type = "string", title = "取水单位", minLength = 1 }
volume = { type = "number", title = "取水量", minimum = 0 }
wells = { type = "array", title = "水井", items = { type = "string" } }

[["test.permit".transitions]]
action = "submit"
title = "提交"
from = ["draft", "returned"]
to = "submitted"
roles = ["@creator"]

[["test.permit".transitions]]
action = "grant"
title = "许可"
from = ["submitted"]
to = "granted"
roles = ["bureau"]
not_same_person_as = ["open", "amend", "submit"]

[["test.permit".transitions]]
action = "return"
title = "退回"
from = ["submitted"]
to = "returned"
roles = ["bureau"]
reason_required = true

[["test.permit".transitions]]
action = "expire"
title = "失效"
from = ["granted"]
to = "withdrawn"
roles = []

["test.note"]
title = "便笺"
initial = "open"
states = { open = "在办", closed = "办结" }
readers = ["bureau", "leader"]

[["test.note".transitions]]
action = "close"
from = ["open"]
to = "closed"
roles = ["bureau", "@creator"]
"""


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def later() -> datetime:
    return NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    from dafeng.kernel.records import access, workflows

    monkeypatch.setattr(workflows, "_registered", dict(workflows._registered))
    monkeypatch.setattr(access, "_visibility", dict(access._visibility))
    monkeypatch.setattr(access, "_roles_of", None)


@pytest.fixture
def permits(own_registries: None, tmp_path: Path) -> Path:
    from dafeng.kernel.records import workflows

    path = tmp_path / "permits.toml"
    path.write_text(PERMITS, encoding="utf-8")
    assert workflows.register(path) == ("test.permit", "test.note")
    return path


@pytest.fixture
def person(db: None, own_registries: None) -> Callable[..., Any]:
    """`person("li", "county")` signs up a person with roles; roles live in this fixture alone."""
    from django.contrib.auth import get_user_model

    from dafeng.kernel.records import services

    held: dict[str, set[str]] = {}
    services.register_roles(lambda user: held.get(user.get_username(), set()))

    def make(username: str, *roles: str, **flags: bool) -> Any:
        held[username] = set(roles)
        return get_user_model().objects.create(username=username, **flags)

    return make
