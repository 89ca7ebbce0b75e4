"""`dafeng user`: the first administrator of an installation without demo data."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from .conftest import PASSWORD

ADD = ["user", "add", "wang", "--name", "王工", "--organisation", "ops", "--organisation-name", "运维组"]


@pytest.fixture
def shell():
    from dafeng.cli import app

    return lambda *words, typed=f"{PASSWORD}\n": CliRunner().invoke(app, list(words), input=typed)


def test_the_first_administrator_is_made_and_logs_in(shell, client, log_in) -> None:
    from dafeng.kernel.records.services import history

    done = shell(*ADD)
    assert done.exit_code == 0, done.output
    assert log_in("wang").status_code == 302
    assert client.get("/people/").status_code == 200
    assert [(e.actor, e.action) for e in history("organisation", "ops")] == [
        ("system", "organisation.add"), ("system", "membership.grant"),
    ]  # fmt: skip


def test_a_generated_password_is_printed_once_and_works(shell, log_in) -> None:
    done = shell(*ADD, "--generate")
    password = done.output.split("密码：")[1].strip()
    assert len(password) >= 12
    assert log_in("wang", password).status_code == 302


@pytest.mark.parametrize(
    ("changed", "typed", "said"),
    [
        ([], "short\n", "至少要 12 个字符"),
        (["--role", "emperor"], f"{PASSWORD}\n", "没有角色"),
        (["--organisation-name", "", "--organisation", "nowhere"], f"{PASSWORD}\n", "没有组织"),
        (["--place", "999999"], f"{PASSWORD}\n", "不认识的地区代码"),
        (["--email", "not an address"], f"{PASSWORD}\n", "不能新建 wang"),
    ],
)
def test_what_is_wrong_is_told_and_nobody_is_made(shell, changed, typed: str, said: str) -> None:
    from dafeng.portal.accounts.models import Organisation, User

    done = shell(*ADD, *changed, typed=typed)
    assert done.exit_code == 1
    assert said in done.output + done.stderr
    assert not User.objects.exists()
    assert not Organisation.objects.exists()


def test_a_name_that_is_taken_is_refused(shell) -> None:
    shell(*ADD)
    done = shell(*ADD)
    assert done.exit_code == 1
    assert "wang" in done.output + done.stderr


def test_a_role_is_given_listed_and_taken(shell) -> None:
    shell(*ADD)
    role = ["user", "role", "wang", "--role", "ecology", "--organisation", "ops"]
    assert shell(*role, "--manager").exit_code == 0
    [wang] = json.loads(shell("user", "list", "--json", "-").output)
    assert {"role": "ecology", "organisation": "ops", "place": "", "manager": True} in wang["roles"]
    assert shell(*role, "--end").exit_code == 0
    [wang] = json.loads(shell("user", "list", "--json", "-").output)
    assert [held["role"] for held in wang["roles"]] == ["admin"]
    last = shell("user", "role", "wang", "--role", "admin", "--organisation", "ops", "--end")
    assert last.exit_code == 1
    assert "最后一位系统管理员" in last.output + last.stderr


def test_a_second_factor_is_removed(shell, member) -> None:
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=member("clerk", "ecology"), type="totp", data={"secret": "x"})
    assert "已移除" in shell("user", "reset-mfa", "clerk").output
    assert not Authenticator.objects.exists()
    assert shell("user", "reset-mfa", "nobody").exit_code == 1
