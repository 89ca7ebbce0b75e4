"""The register of projects by Excel: out as a workbook, in with a preview, every faulty row named, and the whole undone again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from dafeng.domains.plan import permissions, table_sheets
from dafeng.domains.plan.methods import reductions
from dafeng.domains.plan.models import Plan, Project
from dafeng.domains.plan.reading import register
from dafeng.domains.plan.services import projects
from dafeng.domains.plan.services.city import counties_of
from dafeng.domains.plan.services.sheets import Line, Preview, Room
from dafeng.domains.plan.table_sheets import Field
from dafeng.kernel.actions import demand
from dafeng.kernel.errors import NotFound, PlanError, StaleError
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import Record

YES, NO = "是", "否"
KEY, NAME, CATEGORY, PLACE, OWNER, FIRM, MONEY, STAGE, BEGINS, ENDS, CAPACITY, UNIT, EAST, NORTH, HOURS, FROM, PRIORITY, BANK, SOURCE = COLUMNS = (
    Field("key", "编号", True, 14, hint="本市唯一；再次导入同一编号即更正"),
    Field("name", "名称", True, 40),
    Field("category", "类别", True, 18, hint="方案第四章的类别，或“方案分类之外”"),
    Field("place", "县区", True, 12, hint="县区名称或六位代码；跨县区的填本市"),
    Field("owner", "责任部门", False, 18, hint="部门名称或代码"),
    Field("enterprise", "建设单位", False, 24),
    Field("investment", "总投资（万元）", False, 16, hint="不知道请留空，不要填 0"),
    Field("stage", "阶段", False, 10, ("谋划", "已批复", "在建", "已投产", "停建")),
    Field("begins_on", "开工", False, 12, hint="2026-03 或 2026-03-01"),
    Field("ends_on", "竣工", False, 12),
    Field("capacity", "规模", False, 10),
    Field("capacity_unit", "规模单位", False, 10, hint="如 MW、万千瓦"),
    Field("longitude", "经度", False, 10),
    Field("latitude", "纬度", False, 10),
    Field("hours", "年等效利用小时", False, 14, hint="发电项目，按可研或设计文件；没有请留空"),
    Field("hours_source", "利用小时来源", False, 24),
    Field("priority", "优先申报", False, 10, (YES, NO)),
    Field("bank", "对接金融机构", False, 20),
    Field("source", "来源", False, 30),
)  # fmt: skip


def workbook(plan: Plan, rows: Iterable[Project], *, template: bool = False) -> bytes:
    """The register as a workbook that can be changed and brought back; `template`: the head alone."""
    names, places = projects.category_names(plan), _places(plan)
    departments = {each.id: each.name for each in register.departments()}
    lines = [] if template else [_cells(each, names, places, departments) for each in rows]
    return table_sheets.write(
        "重大项目", COLUMNS, lines, notes=["没有的内容请留空，空着不等于零。", "类别：" + "、".join(names.values())]
    )


def _cells(
    project: Project, names: dict[str, str], places: dict[str, str], departments: dict[str, str]
) -> dict[str, Any]:
    plain = {each.key: getattr(project, each.key, None) for each in COLUMNS}
    return plain | {
        "category": names.get(project.category, project.category),
        "place": places.get(project.place, project.place),
        "owner": departments.get(project.owner, project.owner),
        "stage": str(projects.STAGES.get(project.stage, project.stage)),
        "hours": project.inputs.get("given", {}).get("hours"),
        "hours_source": project.inputs.get("source", ""),
        "priority": YES if project.priority else NO,
    }


def _places(plan: Plan) -> dict[str, str]:
    return {plan.city: _("全市"), **counties_of(plan.city)}


def plan_of(record: Record) -> Plan:
    plan = Plan.objects.filter(pk=int(record.payload["key"])).first()
    if plan is None:
        raise NotFound(_("没有这个方案"))
    return plan


def _preview(stream: BinaryIO, name: str, record: Record, by: Any, now: datetime) -> Preview:
    plan = plan_of(record)
    rows = table_sheets.read(stream, name, COLUMNS)
    known = {each.key: each for each in Project.objects.filter(plan=plan)}
    words = {
        "category": {title: code for code, title in projects.category_names(plan).items()},
        "place": {title: code for code, title in _places(plan).items()},
        "owner": {form: each.id for each in register.departments() for form in each.forms},
        "stage": {str(title): code for code, title in projects.STAGES.items()},
    }
    lines, first = [], dict[str, int]()
    for row in rows:
        values = _values(row, words)
        key = values["key"]
        if key in first:
            row.fail(KEY.title, _("编号“%(key)s”与第 %(row)s 行重复") % {"key": key, "row": first[key]})
        first.setdefault(key, row.number)
        lines.append(_line(plan, row, values, known.get(key)))
    content = [[line.number, line.change, line.values, line.details] for line in lines]
    return Preview(tuple(lines), hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest())


def _values(row: table_sheets.Row, words: dict[str, dict[str, str]]) -> dict[str, Any]:
    hours, longitude, latitude, capacity = (row.number_of(each) for each in (HOURS, EAST, NORTH, CAPACITY))
    if (longitude is None) != (latitude is None):
        row.fail(EAST.title, _("经度和纬度要么都填，要么都不填"))
    if longitude is not None and latitude is not None and not (70 <= longitude <= 140 and 0 <= latitude <= 55):
        row.fail(
            EAST.title,
            _("经纬度 %(x)s、%(y)s 不在中国范围内") % {"x": longitude, "y": latitude},
            expected="如 114.09、32.15",
        )
    priority = row.text(PRIORITY)
    if priority not in ("", YES, NO):
        row.fail(PRIORITY.title, _("不认识“%(word)s”") % {"word": priority[:20]}, expected=f"{YES}、{NO}")
    if hours is not None and not 0 < hours <= 8784:
        row.fail(HOURS.title, _("%(hours)s 小时") % {"hours": hours}, expected="0–8784")
    capacity_unit = row.text(UNIT)
    if capacity is not None and not capacity_unit:
        row.fail(UNIT.title, _("填了规模，没有填单位"))
    place = row.one_of(PLACE, words["place"])
    return {
        "key": row.text(KEY), "name": row.text(NAME), "category": row.one_of(CATEGORY, words["category"]), "place": place,
        "owner": row.one_of(OWNER, words["owner"]), "enterprise": row.text(FIRM), "investment": row.number_of(MONEY),
        "stage": row.one_of(STAGE, words["stage"]) or "planned", "begins_on": row.date_of(BEGINS), "ends_on": row.date_of(ENDS),
        "capacity": None if capacity is None else float(capacity), "capacity_unit": capacity_unit,
        "longitude": None if longitude is None else float(longitude), "latitude": None if latitude is None else float(latitude),
        "priority": priority == YES, "bank": row.text(BANK), "source": row.text(SOURCE),
        "method": reductions.renewable_power.id if hours is not None else "",
        "inputs": {"given": {} if hours is None else {"hours": float(hours)}, "source": row.text(FROM)},
    }  # fmt: skip


def _line(plan: Plan, row: table_sheets.Row, values: dict[str, Any], found: Project | None) -> Line:
    if not row.problems:
        try:
            projects.check_values(plan, values)
        except PlanError as error:
            row.fail("", error.what, error.expected, error.mend)
    details = []
    for column in COLUMNS:
        if found is None or column.key not in values:
            continue
        old, new = getattr(found, column.key), values[column.key]
        if _plain(old) != _plain(new):
            details.append((column.title, _plain(old), _plain(new)))
    if found is not None and _told(found.inputs) != _told(values["inputs"]):
        details.append((HOURS.title, _told(found.inputs), _told(values["inputs"])))
    change = "wrong" if row.problems else "new" if found is None else "changed" if details else "same"
    return Line(row.number, values["name"] or values["key"], change, tuple(details), tuple(row.problems), {**values, "version": found.version if found else None})  # fmt: skip


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        return f"{Decimal(str(value)).normalize():f}"
    return str(value)


def _told(inputs: dict[str, Any]) -> str:
    return f"{_plain(inputs.get('given', {}).get('hours'))} {inputs.get('source', '')}".strip()


def _commit(found: Preview, record: Record, by: Any, now: datetime) -> dict[str, Any]:
    """Write all rows; what they replace is kept for an undo, with the version that the import made."""
    plan, before = plan_of(record), []
    for line in found.lines:
        if line.change == "same":
            continue
        values, version = (
            {name: value for name, value in line.values.items() if name != "version"},
            line.values["version"],
        )
        former = None
        if version is not None:
            kept = Project.objects.get(plan=plan, key=values["key"])
            former = projects.image(kept)
            values["method"] = values["method"] or (kept.method if kept.method != reductions.renewable_power.id else "")
        made = projects.keep(plan, values, version=version, by=by, now=now)
        before.append({"project": made.pk, "version": made.version, "former": former})
    return {"projects": before}


def _undo(record: Record, by: Any, now: datetime) -> None:
    """Every project as it was; refused as a whole where one has been changed, reported on or matched since."""
    demand(by, permissions.PROJECTS)
    for each in reversed(record.payload["before"]["projects"]):
        project = Project.objects.select_for_update().get(pk=each["project"])
        if project.version != each["version"] or (each["former"] is None and project.months.exists()):
            raise StaleError(
                _("“%(name)s”在导入之后已被修改或填报") % {"name": project.name}, mend=_("没有撤销；请逐个更正项目")
            )
        if each["former"] is None:
            project.delete()
        else:
            _restore(project, each["former"])
        records.audit(
            by, "plan.project.undo", "plan.project", str(each["project"]), {"record": str(record.pk)}, now=now
        )


def _restore(project: Project, former: dict[str, Any]) -> None:
    for name, value in former.items():
        if name in ("begins_on", "ends_on") and value:
            value = date.fromisoformat(value)
        elif name == "investment" and value is not None:
            value = Decimal(value)
        setattr(project, name, value)
    lineage = project.inputs.get("lineage") or {}
    project.reduction = lineage.get("result")
    project.version += 1
    project.save()


ROOM = Room("projects", "重大项目表", _preview, _commit, _undo)
