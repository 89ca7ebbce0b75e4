"""`dafeng series …`: points, files, doors, and the made-up city."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from dafeng.kernel.shell import Json, now, print_json, start_django, told

series_app = typer.Typer(no_args_is_help=True, help="计量数据：计量点、文件、接入与模拟。")
Span = Annotated[str, typer.Option(help="日期，如 2026-11-01（按城市时钟）。")]
Host = Annotated[str, typer.Option(help="MQTT 代理的主机。")]
Port = Annotated[int, typer.Option(help="MQTT 代理的端口。")]


def _moment(text: str) -> datetime:
    from zoneinfo import ZoneInfo

    from django.conf import settings

    from dafeng.kernel.series.errors import SeriesError

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SeriesError(f"读不懂日期“{text}”", expected="2026-11-01 或 2026-11-01T08:00:00+08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(settings.TIME_ZONE))


@series_app.command("status")
def status(as_json: Json = "") -> None:
    """计量点、设备、文件、待整理和隔离各有多少。"""
    start_django()
    from dafeng.kernel.series import points
    from dafeng.kernel.series.models import Device, Point, Quarantine

    with told():
        seen = points.the_store().snapshot()
        found = {
            "points": Point.objects.count(),
            "devices": Device.objects.filter(revoked_at=None).count(),
            "files": len(seen.manifest.files),
            "rows": sum(file.rows for file in seen.manifest.of("readings")) + seen.waiting,
            "waiting": seen.waiting,
            "quarantine": Quarantine.objects.filter(state=Quarantine.State.HELD).count(),
            "damaged": list(seen.manifest.damaged),
            "folder": str(seen.home),
        }
    if as_json:
        print_json(found)
        return
    print(
        f"计量点 {found['points']} 个，设备 {found['devices']} 台，读数 {found['rows']} 条（{found['files']} 个文件）"
    )
    print(f"日志中待整理 {found['waiting']} 条；待处理的隔离 {found['quarantine']} 份；{found['folder']}")


@series_app.command("settle")
def settle() -> None:
    """整理文件：日志转成分区，更正归并，更新各级汇总。后台进程每五分钟做一次。"""
    start_django()
    from dafeng.kernel.series import upkeep

    with told():
        done = upkeep.settle(now=now())
    print(f"写入文件 {done.rows} 条，合并文件 {done.merged} 个，更新汇总 {done.days} 点日")


@series_app.command("check")
def check(
    repair: Annotated[bool, typer.Option("--repair", help="移开损坏的文件，用归档日志补回，重做汇总。")] = False,
    as_json: Json = "",
) -> None:
    """逐个核对文件的大小和校验和；有损坏时退出码为 1。"""
    start_django()
    from dafeng.kernel.series import checking

    with told():
        found = checking.repair(now=now()) if repair else checking.check()
    if as_json:
        print_json(found.__dict__)
    else:
        for path in found.damaged:
            print(f"损坏 {path}")
        print(f"核对 {found.files} 个文件，读数 {found.rows} 条，损坏 {len(found.damaged)} 个")
        if repair and found.damaged:
            print(f"已补回 {found.restored} 条；还有 {found.lost} 条须从备份恢复")
    if found.damaged and (found.lost or not repair):
        raise typer.Exit(1)


@series_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Parquet、Arrow（列 point、at、value）、CSV 或 Excel。", exists=False)],
    source: Annotated[str, typer.Option(help="file 或 backfill。")] = "backfill",
    as_json: Json = "",
) -> None:
    """读入一个文件的读数；同一文件再读一次不会重复。"""
    start_django()
    from dafeng.kernel.series import files

    with told():
        receipt = files.taken(file, source=source, now=now())
    if as_json:
        print_json(receipt.__dict__)
        return
    print(
        f"共 {receipt.count} 条：新收下 {receipt.accepted}，以前已收下 {receipt.again}，更正 {receipt.revised}，隔离 {receipt.refused}"
    )


@series_app.command("export")
def export(
    target: Annotated[Path, typer.Argument(help="写到哪个文件：.parquet .arrow .csv。")],
    point: Annotated[list[str], typer.Option(help="计量点代码，可多次。")],
    start: Span,
    end: Span,
    step: Annotated[str, typer.Option(help="15m、1h、1d、1mo；不写为读数本身。")] = "",
    known_at: Annotated[str, typer.Option(help="只要当时已知的读数。")] = "",
) -> None:
    """导出读数，或各步用量（瞬时值为平均、最低和最高）。"""
    start_django()
    import polars as pl

    from dafeng.kernel.series import exports, queries

    with told():
        low, high, known = _moment(start), _moment(end), _moment(known_at) if known_at else None
        if step:
            frame = pl.concat([queries.steps(each, low, high, step, known_at=known) for each in point])
        else:
            frame = queries.readings(point, low, high, known_at=known)
        count = exports.written(frame, target)
    print(f"已写入 {target}（{count} 行）")


@series_app.command("device")
def device(
    code: Annotated[str, typer.Argument(help="设备代码。")],
    name: Annotated[str, typer.Option(help="名称。")],
    organisation: Annotated[str, typer.Option(help="组织代码。")] = "",
    address: Annotated[str, typer.Option(help="Modbus 地址：主机:端口/单元。")] = "",
) -> None:
    """登记采集设备并给出密钥（只在此时显示一次）。"""
    start_django()
    from dafeng.kernel.series import services

    with told():
        made, secret = services.make_device(
            code, name, by=None, now=now(), organisation=organisation, address=address
        )  # fmt: skip
    print(f"密钥编号 {made.key_id}\n密钥     {secret}\nMQTT     用户名 {made.code}，密码即密钥，主题 {made.topic}")


@series_app.command("broker")
def broker(
    folder: Annotated[Path, typer.Argument(help="写到哪个文件夹。")],
    port: Port = 1883,
    address: Annotated[str, typer.Option(help="监听地址。")] = "127.0.0.1",
) -> None:
    """生成 Mosquitto 的配置、密码和主题权限；增减设备后再生成一次并让代理重读（SIGHUP）。"""
    start_django()
    from dafeng.kernel.series import mqtt

    with told():
        for path in mqtt.broker_files(folder.resolve(), port=port, address=address):
            print(path)


@series_app.command("listen")
def listen(host: Host = "127.0.0.1", port: Port = 1883) -> None:
    """从 MQTT 代理接收读数，直到停止。"""
    start_django()
    from dafeng.kernel.series.mqtt import Gateway

    with told():
        Gateway(host, port).run()


@series_app.command("poll")
def poll(
    every: Annotated[int, typer.Option(help="每隔几秒；0 为只问一次。")] = 0,
) -> None:
    """询问所有登记了 Modbus 地址的设备。"""
    start_django()
    from dafeng.kernel.series import modbus
    from dafeng.kernel.series.errors import SeriesError
    from dafeng.kernel.series.models import Device

    while True:
        with told():
            for each in Device.objects.filter(revoked_at=None).exclude(address=""):
                try:
                    receipt = modbus.poll(each, now=now())
                    print(f"{each.code}：新收下 {receipt.accepted}，以前已收下 {receipt.again}，隔离 {receipt.refused}")
                except SeriesError as error:
                    print(f"{each.code}：{error}")
        if not every:
            return
        time.sleep(every)


@series_app.command("simulate")
def simulate(
    start: Span,
    end: Span,
    door: Annotated[str, typer.Option(help="file 直接写入，mqtt 或 http 由演示设备发送。")] = "file",
    speed: Annotated[float, typer.Option(help="一秒钟过几秒；0 为尽快。")] = 0.0,
    seed: Annotated[int, typer.Option(help="随机种子。")] = 1,
    faults: Annotated[float, typer.Option(help="每个计量点每 30 天埋几处故障。")] = 0.5,
    key: Annotated[Path | None, typer.Option(help="把埋下的故障写到这个 CSV。")] = None,
    host: Host = "127.0.0.1",
    port: Port = 1883,
    site: Annotated[str, typer.Option(help="HTTP 发送到哪个门户。")] = "http://127.0.0.1:8000",
) -> None:
    """模拟一座城市的计量点（演示）：钢铁、水泥、纺织、食品、茶厂、机房、医院、学校、冷库、园区、小水电。"""
    start_django()
    from dafeng.kernel.series import streaming

    with told():
        low, high = _moment(start), _moment(end)
        frame, planted, made = streaming.city(low, high, seed=seed, faults=faults, now=now())
        if key:
            planted.write_csv(key)
        sender: Any = streaming.sender(door, made, host=host, port=port, site=site, clock=now)
        sent = streaming.stream(frame, sender, speed=speed, step=timedelta(minutes=15))
    print(f"已发送 {sent} 条读数（演示），埋下故障 {planted.height} 处")
