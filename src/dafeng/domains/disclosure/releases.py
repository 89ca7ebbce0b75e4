"""A version of the numbers as files: CSV, JSON, and a Frictionless data package with licence, sources and hashes.

Sources: Frictionless Data Package v1 and Tabular Data Resource (https://specs.frictionlessdata.io); schema.org Dataset.
Files are made once per version and program and lie in `DATA/open/`; a published version never changes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from dafeng import __version__
from dafeng.domains.disclosure import rules
from dafeng.domains.disclosure.numbers import Edition
from dafeng.kernel.accounting.status import Status
from dafeng.kernel.errors import NotFound
from dafeng.kernel.indicators.keys import dimensions_of
from dafeng.kernel.indicators.models import Indicator

CSV, JSON, NOTATION, DESCRIPTOR, LINKED, ARCHIVE = FILES = (
    "emissions.csv", "emissions.json", "notation.csv", "datapackage.json", "dataset.jsonld", "package.zip",
)  # fmt: skip
MEDIA = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".jsonld": "application/ld+json; charset=utf-8",
    ".zip": "application/zip",
}
# name, type, what it says
FIELDS = (
    ("indicator", "string", "指标代码 indicator code"),
    ("indicator_name", "string", "指标名称 name of the indicator"),
    ("subject", "string", "地区代码（GB/T 2260） code of the place"),
    ("subject_name", "string", "地区 place"),
    ("year", "year", "年份 year"),
    ("sector", "string", "领域代码，空为全部 sector, empty for all"),
    ("gas", "string", "气体，空为全部 gas, empty for all"),
    ("value", "number", "数值，没有数值时为空，见 notation；empty where a notation key stands"),
    ("unit", "string", "单位 unit"),
    ("status", "string", "OK 完整、INCOMPLETE 不完整、DEGRADED 待确认 state of the value"),
    ("notation", "string", "符号 NO、NE、NA、IE、C notation key"),
    ("estimated_share", "number", "估算部分占比，0–1 share that rests on estimates"),
)


@dataclass(frozen=True)
class File:
    name: str
    path: Path
    size: int
    sha256: str

    @property
    def media(self) -> str:
        return MEDIA[self.path.suffix]


def files(edition: Edition) -> dict[str, File]:
    """Name → file of a version; made when they are asked for first."""
    folder = Path(settings.DATA) / "open" / edition.city.code / f"{edition.run.pk}-{__version__}-{rules.digest()[:12]}"
    if not folder.is_dir():
        _make(edition, folder)
    return {name: _file(folder / name) for name in FILES}


def file(edition: Edition, name: str) -> File:
    """Raises `NotFound` for a file that no version has."""
    if name not in FILES:
        raise NotFound(f"没有文件“{name[:40]}”", expected="、".join(FILES))
    return files(edition)[name]


def _file(path: Path) -> File:
    content = path.read_bytes()
    return File(path.name, path, len(content), hashlib.sha256(content).hexdigest())


def _make(edition: Edition, folder: Path) -> None:
    """Write all files under another name first: no reader sees half a version, and two makers do not meet."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    rows = rows_of(edition)
    contents = {
        CSV: _csv([name for name, *_ in FIELDS], ([row[name] for name, *_ in FIELDS] for row in rows)),
        NOTATION: _csv(["key", "zh", "en"], ([key, *words] for key, words in rules.notation().items())),
        JSON: _json({**_head(edition), "notation": rules.notation(), "rows": rows}),
    }
    contents[DESCRIPTOR] = _json(descriptor(edition, contents))
    contents[LINKED] = _json(linked(edition, contents))
    contents[ARCHIVE] = _archive(contents, edition.at)
    for name, content in contents.items():
        (draft / name).write_bytes(content)
    try:
        draft.rename(folder)
    except OSError:  # another maker was first, with the same content
        shutil.rmtree(draft)


def rows_of(edition: Edition) -> list[dict[str, Any]]:
    """Every published value as a row of `FIELDS`."""
    names = dict(Indicator.objects.values_list("code", "name"))
    found = []
    for row in edition.values.sort("indicator", "subject", "key", "period").iter_rows(named=True):
        key = dimensions_of(row["key"])
        found.append(
            {
                "indicator": row["indicator"],
                "indicator_name": names[row["indicator"]],
                "subject": row["subject"],
                "subject_name": edition.city.place_name(row["subject"]),
                "year": row["year"],
                "sector": key.get("sector", ""),
                "gas": key.get("gas", ""),
                "value": row["value"],
                "unit": row["unit"],
                "status": Status(row["status"]).name,
                "notation": row["notation"],
                "estimated_share": row["basis_share_estimated"],
            }
        )
    return found


def _head(edition: Edition) -> dict[str, Any]:
    title = f"{edition.city.name}温室气体排放"
    return {
        "name": f"emissions-{edition.city.code}",
        "title": f"{title}（演示数据·草稿，未发布）" if edition.draft else title,
        "version": edition.version,
        "created": edition.at.isoformat(),
        "draft": edition.draft,
        "licenses": [rules.licence()],
    }


def descriptor(edition: Edition, contents: dict[str, bytes]) -> dict[str, Any]:
    """`datapackage.json` over the CSV files, each with bytes and SHA-256."""
    numbers = edition.run.parameters

    def resource(name: str, title: str, fields: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
        content = contents[name]
        return {
            "profile": "tabular-data-resource",
            "name": name.split(".")[0],
            "title": title,
            "path": name,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": len(content),
            "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "schema": {
                "fields": [{"name": field, "type": kind, "description": words} for field, kind, words in fields],
                "missingValues": [""],
            },
        }

    return {
        **_head(edition),
        "profile": "tabular-data-package",
        "id": str(edition.run.pk),
        "description": "城市温室气体清单的公开数值。单位写在每个数旁；没有数值的格用符号说明，空不等于零。",
        "sources": [{"title": f"{edition.city.name}温室气体清单第 {numbers.get('number', '–')} 版，编制依据 {numbers.get('edition', '–')}，{numbers.get('gwp', '')}"}],
        "contributors": [{"title": edition.city.name, "role": "publisher"}],
        "resources": [
            resource(CSV, "排放量", FIELDS),
            resource(NOTATION, "符号的含义", [("key", "string", "符号"), ("zh", "string", "含义"), ("en", "string", "meaning")]),
        ],
    }  # fmt: skip


def linked(edition: Edition, contents: dict[str, bytes]) -> dict[str, Any]:
    """schema.org Dataset, as a file that the page links to (an inline script is not allowed here)."""
    code, version = edition.city.code, edition.version

    def address(name: str) -> str:
        return settings.SITE_ADDRESS + reverse(
            "disclosure:file-of", kwargs={"code": code, "version": version, "name": name}
        )

    years = edition.values["year"]
    head = _head(edition)
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": head["title"],
        "description": f"{edition.city.name} ({edition.city.name_en}) greenhouse gas inventory, open data, version {version}",
        "url": settings.SITE_ADDRESS + reverse("disclosure:city", kwargs={"code": code}),
        "version": version,
        "dateModified": head["created"],
        "license": rules.licence()["path"],
        "isAccessibleForFree": True,
        "creativeWorkStatus": "Draft" if edition.draft else "Published",
        "spatialCoverage": {"@type": "Place", "name": edition.city.name, "identifier": f"GB/T 2260 {code}"},
        "temporalCoverage": f"{years.min()}/{years.max()}" if years.len() else "",
        "distribution": [
            {
                "@type": "DataDownload",
                "encodingFormat": MEDIA[Path(name).suffix].split(";")[0],
                "contentUrl": address(name),
                **({"contentSize": str(len(contents[name])), "sha256": hashlib.sha256(contents[name]).hexdigest()} if name in contents else {}),
            }
            for name in (CSV, JSON, ARCHIVE)
        ],
    }  # fmt: skip


def _csv(head: list[str], rows: Iterable[list[Any]]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(
        ["" if cell is None else repr(cell) if isinstance(cell, float) else cell for cell in row] for row in rows
    )
    return target.getvalue().encode()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _archive(contents: dict[str, bytes], at: datetime) -> bytes:
    """The package: descriptor, tables, and a sheet that says what to do with them. Equal content gives equal bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (DESCRIPTOR, CSV, NOTATION):
            info = zipfile.ZipInfo(name, date_time=at.timetuple()[:6])
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, contents[name])
    return target.getvalue()
