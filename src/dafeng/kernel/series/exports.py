"""Readings and steps for other programs: Arrow (IPC file), Parquet, CSV with a byte-order mark for Excel."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from dafeng.kernel.series import flags
from dafeng.kernel.series.errors import SeriesError
from dafeng.kernel.series.points import table

FORMS = {
    "arrow": "application/vnd.apache.arrow.file",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
}


def encoded(frame: pl.DataFrame, form: str) -> bytes:
    """`frame` with the point's code in front; flags as words in CSV. Raises `SeriesError` for a form there is not."""
    if form not in FORMS:
        raise SeriesError(f"没有“{form}”这种格式", expected="、".join(FORMS))
    codes = table().frame.select("point", "code", "unit")
    found = frame.join(codes, on="point", how="left", maintain_order="left")
    found = found.select("code", *frame.columns, "unit")
    stream = io.BytesIO()
    if form == "arrow":
        found.write_ipc(stream)
    elif form == "parquet":
        found.write_parquet(stream)
    else:
        told = {flag: " ".join(flags.names(flag)) for flag in found["flag"].unique()} if "flag" in found.columns else {}
        if told:
            found = found.with_columns(pl.col("flag").replace_strict(told, return_dtype=pl.String))
        stream.write(b"\xef\xbb\xbf")
        found.write_csv(stream)
    return stream.getvalue()


def written(frame: pl.DataFrame, target: Path) -> int:
    """Into a file whose name tells the form; the number of rows."""
    form = {".arrow": "arrow", ".ipc": "arrow", ".parquet": "parquet", ".csv": "csv"}.get(
        target.suffix.lower(), target.suffix
    )
    content = encoded(frame, form)
    try:
        part = target.with_name(target.name + ".part")
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        raise SeriesError(f"写不了文件 {target}：{error.strerror}", mend="请换一个位置或检查磁盘空间") from error
    return frame.height
