"""Plans and their versions: hand a document in, read it, discard it or move it to another plan, load a city pack's facts.

A document is kept as evidence before it is read; a long one is read by a job. Nothing of the plan changes until a version is
accepted (`acceptance`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from dafeng.domains.plan.library import PlanFacts, read_facts
from dafeng.domains.plan.models import Correction, Plan, PlanCity, Version
from dafeng.domains.plan.reading import Printed, parse_text
from dafeng.domains.plan.reading.intake import MAX_BYTES, read_bytes
from dafeng.domains.plan.services import facts as pack_facts
from dafeng.domains.plan.services.acceptance import accept
from dafeng.domains.plan.services.content import digest_of
from dafeng.domains.plan.services.facts import reading_of
from dafeng.domains.plan.services.items import squeeze
from dafeng.kernel.errors import NotFound, PlanError, StaleError, UploadError
from dafeng.kernel.jobs import services as jobs
from dafeng.kernel.jobs.models import Job
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Evidence

AT_ONCE = 300_000  # bytes; what is larger is read by a job
_MEDIA = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf", "html": "text/html", "htm": "text/html", "txt": "text/plain",
}  # fmt: skip
_YEARS = re.compile(r"(20\d\d)\s*年?\s*[—–\-~～至到]+\s*(20\d\d)\s*年")
_TITLE = re.compile(r"(?:方案|规划|计划|意见|行动)(?:[（(].{1,30}[）)])?$")
_QUOTED = re.compile(r"《([^《》]{6,80}(?:方案|规划|计划|意见)(?:[（(][^《》]{1,30}[）)])?)》")
_YEAR = range(1990, 2101)


def visible_plans(*, offices: bool, city: str = "") -> Any:
    """Plans that have an accepted version; for the offices also those that wait for one."""
    found = Plan.objects.filter(city=city) if city else Plan.objects.all()
    return found if offices else found.filter(versions__current=True).distinct()


def current_version(plan: Plan) -> Version | None:
    """The accepted version that holds now."""
    return plan.versions.select_related("record", "document").filter(current=True).first()


def named_projects(plan: Plan) -> list[dict[str, Any]]:
    """Projects that the text in force names: name, kind, county, capacity, capacity_unit, task_path, quote, start, end."""
    version = current_version(plan)
    return list(version.accepted.get("projects", [])) if version else []


def printed_categories(plan: Plan) -> list[dict[str, Any]]:
    """Categories of projects with counts as the plan prints them; the row `total` has the printed sum and investment."""
    version = current_version(plan)
    return list(version.accepted.get("categories", [])) if version else []


# ---------------------------------------------------------------- hand in and read


def upload(
    city: PlanCity, content: bytes, *, name: str, plan: Plan | None, title: str = "", by: Any, now: datetime
) -> Version | Job:
    """Keep a document and read it as the next version of `plan`, or of a new one. A long document is read by a job.

    Raises `PlanError` or `UploadError` when it cannot be read; then nothing is kept, except by a job, which keeps the file.
    """
    if len(content) > MAX_BYTES:
        raise UploadError(
            _("文件太大"), expected=_("不超过 %(most)s MB") % {"most": MAX_BYTES // 2**20}, mend=_("请只保留正文，去掉图片后另存")
        )  # fmt: skip
    if len(content) <= AT_ONCE:
        printed = read_bytes(content, name)
        with records.serial():
            document = _keep(content, name, by=by, now=now)
            return _version(city, printed, document, plan=plan, title=title, by=by, now=now)
    document = _keep(content, name, by=by, now=now)
    return jobs.start(
        "plan.read",
        by=by,
        now=now,
        title=_("读取方案：%(name)s") % {"name": name},
        parameters={"city": city.code, "document": str(document.pk), "plan": plan.key if plan else "", "title": title},
        key=f"{city.code}:{plan.key if plan else ''}:{document.sha256}",
    )


def _keep(content: bytes, name: str, *, by: Any, now: datetime) -> Evidence:
    kind = name.rsplit(".", 1)[-1].lower()
    return records.store_evidence(
        content, name=name, media_type=_MEDIA.get(kind, "application/octet-stream"), by=by, now=now
    )


def read_stored(
    city: PlanCity, document: Evidence, *, plan: Plan | None, title: str, by: Any, now: datetime
) -> Version:
    """The job's work: read a document that is already kept. Begun again it finds what it made the first time."""
    made = Version.objects.filter(document=document).first()
    if made is not None:
        return made
    with document.file.open("rb") as stream:
        printed = read_bytes(stream.read(), document.name)
    with records.serial():
        return _version(city, printed, document, plan=plan, title=title, by=by, now=now)


def _version(
    city: PlanCity, printed: Printed, document: Evidence, *, plan: Plan | None, title: str, by: Any, now: datetime
) -> Version:
    reading = parse_text(printed.text).as_dict()
    del reading["text"]
    digest = digest_of(printed.text, reading)
    same = Version.objects.filter(plan__city=city.code, digest=digest).select_related("plan", "record")
    for version in same if plan is None else same.filter(plan=plan):
        if version.record.state == "read":  # handed in twice: one waits for review, not two
            return version
        if version.current:
            raise UploadError(
                _("这份文件与《%(title)s》现行的第 %(number)s 版完全相同") % {"title": version.plan.title, "number": version.number},
                mend=_("不需要再上传；如要修改，请上传改过的文件"),
            )  # fmt: skip
    if plan is None:
        plan = _new_plan(city, printed.text, title)
    told = {"file": document.name, "format": printed.kind, "pages": printed.pages, "characters": len(printed.text)}
    counts = {name: len(reading[name]) for name in ("sections", "tasks", "targets", "projects", "defects")}
    return _stored(
        plan, text=printed.text, reading=reading, digest=digest, document=document, payload=told | counts, by=by, now=now
    )  # fmt: skip


def _stored(
    plan: Plan, *, text: str, reading: dict[str, Any], digest: str, document: Evidence | None, payload: Mapping[str, Any], by: Any, now: datetime
) -> Version:  # fmt: skip
    number = (plan.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    record = records.open_record(
        "plan.version",
        title=(_("%(title)s 第 %(number)s 版") % {"title": plan.title[:180], "number": number}),
        payload=payload,
        by=by,
        now=now,
        place=plan.city,
        key=f"{plan.key}:{number}",
        evidence=[document] if document else [],
    )
    return Version.objects.create(
        plan=plan, number=number, record=record, document=document, text=text, reading=reading, digest=digest
    )


def _new_plan(city: PlanCity, text: str, title: str) -> Plan:
    number = Plan.objects.filter(city=city.code).count() + 1
    while Plan.objects.filter(key=f"{city.code}-{number}").exists():
        number += 1
    first, last = years_of(text)
    return Plan.objects.create(
        city=city.code,
        key=f"{city.code}-{number}",
        title=(title.strip() or title_of(text))[:200],
        first_year=first,
        last_year=last,
    )


def title_of(text: str) -> str:
    """The document's title: the line of its head that ends as titles do, whole where the covering letter quotes it in 《》."""
    lines = [line.strip() for line in text[:2000].split("\n")]
    lines = [line for line in lines if re.search(r"[\u4e00-\u9fff]", line) and len(line) <= 80][:10]
    quoted = [squeeze(each) for each in _QUOTED.findall(text[:2500])]
    for line in lines:
        if _TITLE.search(line):
            return next((each for each in quoted if each.endswith(squeeze(line))), line)
    return (quoted or lines or [_("未命名方案")])[0][:200]


def years_of(text: str) -> tuple[int | None, int | None]:
    """First and last year of the plan as its head prints them."""
    if (found := _YEARS.search(text[:1500])) and int(found[1]) <= int(found[2]):
        return int(found[1]), int(found[2])
    return None, None


# ---------------------------------------------------------------- what may be done with a version or a plan


def describe(
    plan: Plan, *, title: str, issuer: str, issued_on: date | None, first_year: int | None, last_year: int | None, by: Any, now: datetime
) -> Plan:  # fmt: skip
    """Set what the document does not say for itself."""
    if not title.strip():
        raise PlanError(_("方案没有名称"), mend=_("请填写名称"))
    for year in (first_year, last_year):
        if year is not None and year not in _YEAR:
            raise PlanError(_("年份“%(year)s”不对") % {"year": year}, expected=f"{_YEAR[0]}–{_YEAR[-1]}")
    if first_year and last_year and last_year < first_year:
        raise PlanError(_("结束年早于起始年"), mend=_("请核对两个年份"))
    with records.serial():
        plan.title, plan.issuer, plan.issued_on = title.strip()[:200], issuer.strip()[:120], issued_on
        plan.first_year, plan.last_year = first_year, last_year
        plan.save()
        detail = {"title": plan.title, "issuer": plan.issuer, "issued_on": str(issued_on or ""), "first_year": first_year, "last_year": last_year}  # fmt: skip
        records.audit(by, "plan.describe", "plan", plan.key, detail, now=now)
    return plan


def discard(version: Version, *, reason: str, by: Any, now: datetime) -> Version:
    """Put a version that was read aside; it stays on the list with the reason."""
    with records.serial():
        if version.record.state != "read":
            raise StaleError(_("这一版已经办理过了"), mend=_("请刷新页面"))
        records.move(version.record, "discard", by=by, now=now, reason=reason)
    return version


def move_to(version: Version, plan: Plan, *, by: Any, now: datetime) -> Version:
    """The version that was read turns out to be one of another plan; its corrections go with it, an emptied plan goes."""
    with records.serial():
        version = Version.objects.select_for_update().select_related("plan", "record").get(pk=version.pk)
        old = version.plan
        if version.record.state != "read":
            raise StaleError(_("这一版已经办理过了"), mend=_("请刷新页面"))
        if old.pk == plan.pk:
            return version
        if old.city != plan.city:
            raise NotFound(_("没有这个方案"))
        version.number = (plan.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version.plan = plan
        version.save(update_fields=["plan", "number"])
        if not old.versions.exists():
            Correction.objects.filter(plan=old).update(plan=plan)
            old.delete()
        records.audit(
            by,
            "plan.move-version",
            "record",
            str(version.record_id),
            {"from": old.key, "to": plan.key, "number": version.number},
            now=now,
        )
    return version


# ---------------------------------------------------------------- a city pack's facts


@transaction.atomic
def load_facts(city: PlanCity, folder: Path, *, by: Any, now: datetime) -> list[Version]:
    """Load the pack's plans as accepted versions; what has not changed since is left alone. Returns the new versions.

    The pack says of its own plans that they hold side by side, so nobody is asked.
    """
    if not folder.is_dir():
        raise PlanError(
            _("数据包里没有方案"), expected="plan/documents.toml", mend=_("请在数据包中建立 plan 文件夹，或上传方案正文")
        )  # fmt: skip
    facts = read_facts(folder)
    named = {each.id: pack_facts.named_projects(folder.parent / "projects.csv", each) for each in facts.documents}
    loaded = (_load(city, facts, id, projects=projects, by=by, now=now) for id, projects in named.items())
    return [version for version in loaded if version]


def _load(
    city: PlanCity, facts: PlanFacts, id: str, *, projects: list[dict[str, Any]], by: Any, now: datetime
) -> Version | None:
    document = facts.document(id)
    reading = reading_of(facts, document) | {"projects": projects}
    digest = digest_of("", reading)
    plan, _made = Plan.objects.get_or_create(
        key=document.id,
        defaults={
            "city": city.code,
            "title": document.title,
            "issuer": document.issuer,
            "issued_on": date.fromisoformat(document.date) if document.date else None,
            "first_year": document.first_year,
            "last_year": document.last_year,
        },
    )
    if plan.city != city.code:
        raise PlanError(
            _("代码“%(key)s”已被另一个城市的方案使用") % {"key": document.id}, mend=_("请在数据包中换一个代码")
        )
    if plan.versions.filter(digest=digest).exists():
        return None
    payload = {"file": "documents.toml", "format": "facts", "standing": document.standing}
    version = _stored(plan, text="", reading=reading, digest=digest, document=None, payload=payload, by=by, now=now)
    return accept(version, seen=None, alongside=True, by=by, now=now, system=by is None)
