"""The Modbus TCP door: meters that are asked. A device's `address` is `host:port/unit`; each of its points has a `channel` (`channels.py`).

The time of a reading is that of the question, at the point's last full period: a meter that is asked twice tells the same twice.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import polars as pl
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from dafeng.kernel.series import channels, ingest
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.ingest import Receipt
from dafeng.kernel.series.models import Device
from dafeng.kernel.series.sources import Source

_ADDRESS = re.compile(r"(?P<host>[^:/]+)(?::(?P<port>\d{1,5}))?(?:/(?P<unit>\d{1,3}))?")


def poll(device: Device, *, now: datetime) -> Receipt:
    """Ask every point of a device once and take the answers. A point that does not answer has no reading.

    Raises `SeriesError` when the device cannot be reached, or an address or channel cannot be read.
    """
    found = _ADDRESS.fullmatch(device.address)
    if found is None:
        raise SeriesError(f"设备“{device.code}”的 Modbus 地址读不懂", expected="主机:端口/单元，例如 192.168.1.9:502/1")
    points = list(device.points.order_by("code"))
    for point in points:
        channels.checked(point.channel, point.code)
    client = ModbusTcpClient(found["host"], port=int(found["port"] or 502), timeout=3, retries=1)
    rows = []
    try:
        if not client.connect():  # type: ignore[no-untyped-call]
            raise SeriesError(f"连不上设备“{device.code}”（{device.address}）", mend="请检查网络和地址")
        for point in points:
            value = _asked(client, point.channel, int(found["unit"] or 1))
            if value is not None:
                seconds = int(now.timestamp()) // point.period * point.period
                rows.append((point.pk, datetime.fromtimestamp(seconds, UTC), value))
    finally:
        client.close()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = {"point": pl.Int64, "at": pl.Datetime("us", "UTC"), "value": pl.Float64}
    return ingest.receive(pl.DataFrame(rows, schema=schema, orient="row"), source=Source.MODBUS, now=now, device=device)


def _asked(client: ModbusTcpClient, channel: dict[str, Any], unit: int) -> float | None:
    kind = client.DATATYPE[channel["type"]]
    ask = client.read_input_registers if channel.get("input") else client.read_holding_registers
    try:
        answer = ask(channel["register"], count=kind.value[1], device_id=unit)
    except ModbusException:
        return None
    if answer.isError():
        return None
    words = "little" if channel.get("words") == "little" else "big"
    value = client.convert_from_registers(list(answer.registers), kind, word_order=words)  # type: ignore[arg-type]
    return float(value) * float(channel.get("scale", 1)) if isinstance(value, (int, float)) else None
