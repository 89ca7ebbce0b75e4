"""Files of activity data as a clerk uploads them, and the steps from upload to batch."""

from __future__ import annotations

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from dafeng.domains.inventory.models import Batch, StagedUpload

HEADING = ["类别", "项目", "地区", "年份", "数值", "单位", "数据来源"]
GAS = ["1A4b1", "天然气", "浉河区", 2021, 130, "万立方米", "燃气公司年报"]
LPG = ["1A4b1", "液化石油气", "浉河区", 2021, 5, "万吨", "燃气公司年报"]


def book(*rows: list, sheet: str = "能源活动", heading: list[str] = HEADING) -> bytes:
    target, made = io.BytesIO(), Workbook()
    made.active.title = sheet
    for row in (heading, *rows):
        made.active.append(row)
    made.save(target)
    return target.getvalue()


def url(name: str, **more) -> str:
    return reverse(f"inventory:{name}", kwargs={"code": "411500", **more})


def upload(client, content: bytes, name: str = "能源.xlsx", **more):
    return client.post(url("data-import"), {"file": SimpleUploadedFile(name, content), "whole": "1", **more})


def staged_by(client, content: bytes, name: str = "能源.xlsx") -> StagedUpload:
    answer = upload(client, content, name)
    assert answer.status_code == 302, answer.content.decode()
    return StagedUpload.objects.get(pk=answer.url.rstrip("/").rsplit("/", 1)[-1])


def commit(client, staged: StagedUpload, seen: str = ""):
    return client.post(url("data-commit", id=staged.pk), {"seen": seen or staged.seen["digest"]})


def committed(client, content: bytes, name: str = "能源.xlsx") -> Batch:
    answer = commit(client, staged_by(client, content, name))
    assert answer.status_code == 302, answer.content.decode()
    return Batch.objects.get(pk=answer.url.rstrip("/").rsplit("/", 1)[-1])


def text(answer) -> str:
    return answer.content.decode()
