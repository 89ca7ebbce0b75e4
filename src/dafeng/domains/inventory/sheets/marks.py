"""The mark by which a template is known again, and the names of its sheets that hold no activity rows."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from dafeng.domains.inventory import library
from dafeng.domains.inventory.sheets.preview import Findings, Severity
from dafeng.kernel.sheets.files import Upload

VERSION = 1
GUIDE, WORDS, BALANCE = "填报说明", "词表", "能源平衡表"
RESERVED = frozenset({GUIDE, WORDS, BALANCE})
_MARK = re.compile(r"dafeng-activity/(?P<version>[0-9]{1,4}) place=(?P<place>[0-9]{6}) words=(?P<words>[0-9a-f]{12})")


@lru_cache(maxsize=1)
def words_digest() -> str:
    """A short hash of the categories and items: what a template offers to choose from."""
    return hashlib.sha256(repr((list(library.categories().values()), library.items())).encode()).hexdigest()[:12]


def mark(place: str) -> str:
    """The text in the guide sheet: version of the form, place, and state of the word lists when it was made."""
    return f"dafeng-activity/{VERSION} place={place} words={words_digest()}"


def check_mark(upload: Upload, findings: Findings) -> None:
    """Say when the file is not a template of ours, or one of another version."""
    guide = next((sheet for sheet in upload.sheets if sheet.name == GUIDE), None)
    texts = (cell.shown for cells in guide.rows.values() for cell in cells.values()) if guide else ()
    found = next((match for text in texts if (match := _MARK.search(text))), None)
    if found is None:
        findings.add(
            Severity.NOTICE,
            "no_mark",
            "文件不是本系统下载的模板，按表头文字读取",
            mend="建议使用最新模板，有下拉框可选",
        )
    elif int(found["version"]) > VERSION:
        findings.add(
            Severity.ERROR,
            "newer_template",
            f"模板版本 {found['version']} 比系统所知的 {VERSION} 新",
            expected=f"版本不高于 {VERSION} 的模板",
            mend="请从本系统重新下载模板",
            sheet=GUIDE,
        )
    elif int(found["version"]) < VERSION:
        findings.add(
            Severity.WARNING,
            "older_template",
            f"模板是旧版（{found['version']}），已按表头文字读取",
            mend="下次请下载最新模板",
            sheet=GUIDE,
        )
    elif found["words"] != words_digest():
        findings.add(
            Severity.NOTICE,
            "older_words",
            "模板下发之后，类别和项目表有过更新",
            mend="若有不认识的项目，请下载最新模板对照",
            sheet=GUIDE,
        )
