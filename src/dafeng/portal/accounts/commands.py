"""`dafeng user …`: people from the shell, so that an installation without demo data gets its first administrator."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated

import typer

from dafeng.kernel.shell import Json, now, print_json, start_django, told

user_app = typer.Typer(no_args_is_help=True, help="人员与角色。")

Username = Annotated[str, typer.Argument(help="用户名。")]
RoleName = Annotated[str, typer.Option("--role", help="角色：admin、ecology、ndrc、statistics、department、county……")]
OfficeCode = Annotated[str, typer.Option("--organisation", help="组织代码，如 ops。")]
OfficeName = Annotated[str, typer.Option("--organisation-name", help="组织还不存在时，用这个名称新建。")]
Area = Annotated[str, typer.Option("--place", help="GB/T 2260 地区代码；不填则不限定。")]
Manager = Annotated[bool, typer.Option("--manager", help="同时担任成员管理人。")]


@user_app.command("add")
def add(
    username: Username,
    role: RoleName = "admin",
    organisation: OfficeCode = "ops",
    organisation_name: OfficeName = "",
    place: Area = "",
    manager: Manager = False,
    display_name: Annotated[str, typer.Option("--name", help="姓名。")] = "",
    email: Annotated[str, typer.Option("--email", help="邮箱。")] = "",
    generate: Annotated[bool, typer.Option("--generate", help="生成一个密码并打印一次。")] = False,
) -> None:
    """新建一个人并分派角色。密码从终端输入，或从标准输入的第一行读取。"""
    start_django()
    with told():
        password = secrets.token_urlsafe(15) if generate else _password()
        _add(username, password, display_name, email, role, organisation, organisation_name, place, manager)
    print(f"已新建 {username}，角色 {role}（{organisation}）")
    if generate:
        print(f"密码：{password}")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    text: str = typer.prompt("密码（至少 12 位）", hide_input=True, confirmation_prompt="再输入一次")
    return text


def _add(
    username: str, password: str, display_name: str, email: str, role: str,
    organisation: str, organisation_name: str, place: str, manager: bool,
) -> None:  # fmt: skip
    from allauth.account.models import EmailAddress
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from dafeng.kernel.records.services import audit
    from dafeng.portal.accounts import members
    from dafeng.portal.accounts.models import User

    at, person = now(), User(username=username, display_name=display_name, email=email)
    try:
        person.full_clean(exclude=["password"])
        validate_password(password, person)
    except ValidationError as error:
        raise members.MemberError(f"不能新建 {username}：{''.join(error.messages)}", mend="请改正后重试") from error
    if not members.free_username(username):
        raise members.MemberError(f"用户名“{username}”不能用", mend="请换一个用户名")
    with transaction.atomic():
        person.set_password(password)
        person.save()
        if email:  # the operator vouches for it
            EmailAddress.objects.create(user=person, email=email.lower(), verified=True, primary=True)
        audit(None, "person.add", "person", username, {}, now=at)
        _grant(person, role, organisation, organisation_name, place, manager)


def _grant(person, role, organisation, organisation_name, place, manager) -> None:  # type: ignore[no-untyped-def]
    from dafeng.portal.accounts import members
    from dafeng.portal.accounts.models import Organisation, Role

    if role not in Role.values:
        raise members.MemberError(f"没有角色“{role}”", expected="、".join(Role.values))
    office = Organisation.objects.filter(code=organisation).first()
    if office is None:
        if not organisation_name:
            raise members.MemberError(f"没有组织“{organisation}”", mend="加上 --organisation-name 名称 来新建它")
        office = members.add_organisation(organisation, organisation_name, place=place, by=None, now=now())
    members.grant(person, office, role, place=place, manager=manager, by=None, now=now())


def _find(username: str):  # type: ignore[no-untyped-def]
    from dafeng.portal.accounts import members
    from dafeng.portal.accounts.models import User

    found = User.objects.filter(username=username).first()
    if found is None:
        raise members.MemberError(f"没有用户“{username}”", mend="用 dafeng user list 查看")
    return found


@user_app.command("role")
def role_(
    username: Username,
    role: RoleName,
    organisation: OfficeCode,
    organisation_name: OfficeName = "",
    place: Area = "",
    manager: Manager = False,
    end: Annotated[bool, typer.Option("--end", help="收回这个角色，而不是分派。")] = False,
) -> None:
    """给一个人分派角色，或收回（--end）。"""
    start_django()
    from dafeng.portal.accounts import members

    with told():
        person = _find(username)
        if end:
            held = person.memberships.filter(organisation__code=organisation, role=role, place=place).first()
            if held is None:
                raise members.MemberError(
                    f"{username} 在“{organisation}”没有角色 {role}", mend="用 dafeng user list 查看"
                )
            members.end(held, by=None, now=now())
        else:
            _grant(person, role, organisation, organisation_name, place, manager)
    print(f"已{'收回' if end else '分派'} {username} 的角色 {role}（{organisation}）")


@user_app.command("list")
def list_(as_json: Json = "") -> None:
    """列出所有人和他们的角色。"""
    start_django()
    from dafeng.portal.accounts.models import User

    with told():
        people = [
            {
                "username": each.username,
                "name": each.display_name,
                "active": each.is_active,
                "demo": each.demo,
                "roles": [
                    {"role": m.role, "organisation": m.organisation.code, "place": m.place, "manager": m.manager}
                    for m in each.memberships.all()
                ],
            }
            for each in User.objects.prefetch_related("memberships__organisation").order_by("username")
        ]
    if as_json:
        print_json(people)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("用户名", "姓名", "状态", "角色")
    for each in people:
        held = [f"{r['role']}@{r['organisation']}{'（管理人）' if r['manager'] else ''}" for r in each["roles"]]
        table.add_row(each["username"], each["name"], "正常" if each["active"] else "已停用", "、".join(held))
    Console().print(table)


@user_app.command("reset-mfa")
def reset_mfa(username: Username) -> None:
    """移除一个人的两步验证（手机丢失时，核实身份后使用）。"""
    start_django()
    from dafeng.portal.accounts import members

    with told():
        count = members.reset_mfa(_find(username), by=None, now=now())
    print(f"已移除 {username} 的两步验证" if count else f"{username} 没有打开两步验证")
