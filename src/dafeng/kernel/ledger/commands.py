"""`dafeng ledger …`: the head of the chain, the audit, the export, and the check of an export made by anybody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dafeng.kernel.shell import Json, now, print_json, start_django, told

ledger_app = typer.Typer(no_args_is_help=True, help="账本：链头、审计、导出与核验。")


@ledger_app.command("head")
def head(
    sign: Annotated[bool, typer.Option("--sign", help="签署当日链头（每天一次），供公开页面发布。")] = False,
    as_json: Json = "",
) -> None:
    """显示链头；加 --sign 签署当日链头。"""
    start_django()
    from dafeng.kernel.ledger import services

    with told():
        signed = services.sign_head(now=now()) if sign else None
        with services.ledger().database.reading() as store:
            newest = store.head()
    if as_json:
        shown = signed._asdict() if signed else {}
        print_json(
            {"n": newest.n, "hash": newest.hash, "commands": newest.command, "entries": newest.entry, "signed": shown}
        )
        return
    print(f"第 {newest.n} 块　指令 {newest.command} 条　分录 {newest.entry} 条\n{newest.hash}")
    if signed:
        print(f"{signed.day} 已签署第 {signed.n} 块\n公钥 {signed.public_key}\n签名 {signed.signature}")


@ledger_app.command("audit")
def audit(
    replay: Annotated[
        bool, typer.Option("--replay", help="另将全部指令重新裁决一遍，比对哈希和余额（较慢）。")
    ] = False,
    as_json: Json = "",
) -> None:
    """按不变量 I1–I15 审计账本；有问题时退出码为 1。"""
    start_django()
    from dafeng.kernel.ledger import services

    with told():
        found = services.audit()
        same = services.replays() if replay else None
    problems = [{"invariant": f.invariant, "message": f.message, "rows": f.rows} for f in found.findings]
    if same is False:
        problems.append({"invariant": "I14", "message": "重放结果与账本不符 (replay differs)", "rows": []})
    if as_json:
        print_json({"blocks": found.blocks, "commands": found.commands, "entries": found.entries, "problems": problems})
    else:
        for problem in problems:
            print(f"{problem['invariant']} {problem['message']} {problem['rows']}")
        if not problems:
            print(f"账本完好：{found.blocks} 块，{found.commands} 条指令，{found.entries} 条分录\n{found.hash}")
    if problems:
        raise typer.Exit(1)


@ledger_app.command("export")
def export(target: Annotated[Path, typer.Argument(help="写到哪个文件（.jsonl）；“-”为标准输出。")]) -> None:
    """导出整个账本，任何人都可用 tools/verify_ledger.py 核验。"""
    start_django()
    from dafeng.kernel.errors import LedgerError
    from dafeng.kernel.ledger import services

    with told():
        if str(target) == "-":
            services.export(sys.stdout)
            return
        part = target.with_name(target.name + ".part")
        try:
            with part.open("w", encoding="utf-8") as stream:
                count = services.export(stream)
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise LedgerError(f"写不了文件 {target}：{error.strerror}", mend="请换一个位置或检查磁盘空间") from error
    print(f"已写入 {target}（{count} 行）")


@ledger_app.command("verify")
def verify(
    source: Annotated[Path, typer.Argument(help="导出的账本文件（.jsonl）。")],
    public_key: Annotated[str, typer.Option(help="已公布的公钥（64 位十六进制），用来核对签名。")] = "",
) -> None:
    """核验一个导出文件：重放全部指令，比对每一块哈希、余额、状态摘要和签名。"""
    start_django()
    from dafeng.kernel.ledger import replaying

    with told():
        blocks, heads = replaying.verify(source, public_key=public_key)
    print(f"核验通过：{blocks} 块逐条重放一致，{heads} 个签名有效")
