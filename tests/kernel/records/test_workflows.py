"""Workflow files: what they say is what is enforced, and a fault in one names the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dafeng.kernel.records import workflows
from dafeng.kernel.records.errors import WorkflowError

GOOD = """
["test.small"]
title = "小流程"
initial = "a"
states = { a = "甲", b = { title = "乙", editable = true } }
[["test.small".transitions]]
action = "go"
from = ["a"]
to = "b"
roles = ["bureau"]
"""


@pytest.fixture
def write(own_registries: None, tmp_path: Path) -> Any:
    def write(text: str, name: str = "flow.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_states_arrows_and_defaults_are_read(write: Any) -> None:
    workflows.register(write(GOOD))
    found = workflows.get("test.small")
    assert (found.title, found.initial, found.schema_version) == ("小流程", "a", 0)
    assert not found.states["a"].editable
    assert found.states["b"].editable
    assert found.final == {"b"}
    assert found.open_roles == {"*"}
    arrow = found.transition("go", "a")
    assert arrow is not None
    assert (arrow.title, arrow.target, arrow.roles, arrow.reason_required) == ("go", "b", {"bureau"}, False)
    assert found.transition("go", "b") is None


def test_every_workflow_that_an_app_ships_is_registered_at_start() -> None:
    from django.apps import apps

    shipped = [path for app in apps.get_app_configs() if (path := Path(app.path) / "workflows.toml").is_file()]
    files = {each.file for each in workflows.registered()}
    assert {str(path) for path in shipped} <= files


def test_reading_a_file_again_replaces_what_it_said(write: Any) -> None:
    workflows.register(write(GOOD))
    workflows.register(write(GOOD.replace("test.small", "test.other")))
    assert workflows.get("test.other").title == "小流程"
    with pytest.raises(WorkflowError, match=r"没有登记“test\.small”"):
        workflows.get("test.small")


def test_two_files_cannot_define_one_kind(write: Any) -> None:
    workflows.register(write(GOOD))
    with pytest.raises(WorkflowError, match=r"flow\.toml 登记"):
        workflows.register(write(GOOD, "other.toml"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "小流程"', "", "缺少 title"),
        ('title = "小流程"', 'title = "小流程"\ncolour = "red"', "不认识的键 colour"),
        ('initial = "a"', 'initial = "c"', "初始状态“c”"),
        ('to = "b"', 'to = "c"', "没有的状态“c”"),
        ('from = ["a"]', 'from = ["c"]', "没有的状态“c”"),
        ('from = ["a"]', 'from = "a"', "文字列表"),
        ('roles = ["bureau"]', "", "不完整"),
        ('roles = ["bureau"]', 'roles = "bureau"', "文字列表"),
        ('roles = ["bureau"]', 'roles = []\nrole = ["x"]', "不认识的键 role"),
        ('roles = ["bureau"]', 'roles = []\nnot_same_person_as = ["sign"]', "没有的动作“sign”"),
        ('action = "go"', 'action = "open"', "每个流程自带"),
        ('a = "甲"', "a = 1", "状态应为标题"),
        ('a = "甲"', 'a = { title = "甲", final = true }', "状态应为标题"),
        ('initial = "a"', 'initial = "a"\nreaders = ["leader"]', "bureau 能办理却看不到"),
        ('initial = "a"', 'initial = "a"\nreaders = "leader"', "readers 应为文字列表"),
        ('initial = "a"', 'initial = "a"\nschema = { pattern = "x" }', "不支持的关键字 pattern"),
        ('initial = "a"', "initial = ", "不是合法的 TOML"),
        (
            'roles = ["bureau"]',
            'roles = []\n[["test.small".transitions]]\naction="go"\nfrom=["a"]\nto="a"\nroles=[]',
            "写了两次",
        ),
    ],
)
def test_a_fault_in_a_file_is_told_with_the_files_name(old: str, new: str, message: str, write: Any) -> None:
    assert old in GOOD
    with pytest.raises(WorkflowError, match=message) as caught:
        workflows.register(write(GOOD.replace(old, new)))
    assert "flow.toml" in str(caught.value)
