"""A firm's flow model as one table: a row is a node and one energy that comes into it, from where, measured by which point.

A node with several inflows has several rows; a purchase has no source. What the table does not name stays as it is. The whole model is
tried with the rows before they are kept; an import can be taken back while nobody has changed the model since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext as _

from dafeng.domains.energy import importing
from dafeng.domains.energy.control.refusals import Refused
from dafeng.domains.energy.errors import EnergyError
from dafeng.domains.energy.importing import Preview, Row, Said, unless_empty
from dafeng.domains.energy.models import FlowLink, FlowNode, Meter
from dafeng.domains.energy.monitoring import modelling
from dafeng.domains.energy.monitoring.methods import conversion, flows
from dafeng.domains.energy.monitoring.permissions import MODEL, MODEL_IMPORT
from dafeng.kernel.actions import demand
from dafeng.kernel.enterprises.models import Enterprise
from dafeng.kernel.errors import DafengError, Place
from dafeng.kernel.records import services as records
from dafeng.kernel.records.models import AuditEntry, Record
from dafeng.kernel.series.models import Point

CODE, NAME, ENGLISH, STAGE, FROM, ITEM, POINT, ROLE, ABOVE, RECOVERED, TOLERANCE, SINCE, UNTIL = COLUMNS = (
    "环节代码", "环节名称", "英文名称", "环节类型", "来自环节", "能源品种", "计量点代码", "计量用途", "总表代码", "回收能", "允许差", "起用日期", "停用日期",
)  # fmt: skip
TABLE = importing.Table("用能流程模型", COLUMNS, required=(CODE, NAME, STAGE, FROM, ITEM, POINT), wide=(NAME, POINT))
YES = {"是": True, "否": False}
REFUSED = ("carrier",)
"""Faults that a step by step entry may have for a while, but a whole table may not."""


def _stages() -> dict[str, str]:
    return {str(label): value for value, label in FlowNode.Stage.choices}


def _roles() -> dict[str, str]:
    return {str(label): value for value, label in Meter.Role.choices}


def _items() -> dict[str, str]:
    return {row["name"]: row["item"] for row in conversion.coefficients().iter_rows(named=True)}


def template(enterprise: Enterprise) -> bytes:
    """The table with what the firm has already, and lists to choose from."""
    return TABLE.template(
        {STAGE: list(_stages()), ITEM: list(_items()), ROLE: list(_roles()), RECOVERED: list(YES)},
        rows=[_written(row) for row in told_rows(enterprise)],
    )


def told_rows(enterprise: Enterprise) -> list[Row]:
    """The model as rows: what an import of them would leave as it is."""
    model = modelling.model_of(enterprise)
    by_node: dict[int, list[Meter]] = {}
    for meter in model.meters:
        by_node.setdefault(meter.node_id, []).append(meter)
    rows: list[Row] = []
    for node in model.nodes:
        into = [link for link in model.links if link.target_id == node.pk]
        shown = {link.meter_id for link in into}
        rows += [_row(node, link, link.meter) for link in into]
        rows += [_row(node, None, meter) for meter in by_node.get(node.pk, []) if meter.pk not in shown]
        if not into and not by_node.get(node.pk):
            rows.append(_row(node, None, None))
    return rows


def _row(node: FlowNode, link: FlowLink | None, meter: Meter | None) -> Row:
    part = link or node
    return {
        "code": node.code, "name": node.name, "name_en": node.name_en, "stage": node.stage, "tolerance": node.tolerance,
        "source": link.source.code if link else "", "item": link.item if link else meter.item if meter else "",
        "point": meter.point.code if meter else "", "role": meter.role if meter else Meter.Role.LOAD.value,
        "above": meter.parent.point.code if meter and meter.parent else "", "recovered": bool(link and link.recovered),
        "since": part.since.isoformat() if part.since else None, "until": part.until.isoformat() if part.until else None,
    }  # fmt: skip


def _written(row: Row) -> dict[str, Any]:
    """A row in the words of the table."""
    stages, roles, items = (
        {value: label for label, value in known.items()} for known in (_stages(), _roles(), _items())
    )
    return {
        CODE: row["code"], NAME: row["name"], ENGLISH: row["name_en"], STAGE: stages[row["stage"]], FROM: row["source"],
        ITEM: items.get(row["item"], ""), POINT: row["point"], ROLE: roles[row["role"]] if row["point"] else "", ABOVE: row["above"],
        RECOVERED: "是" if row["recovered"] else "", TOLERANCE: row["tolerance"], SINCE: row["since"] or "", UNTIL: row["until"] or "",
    }  # fmt: skip


def read(enterprise: Enterprise, file: BinaryIO, *, name: str, now: datetime) -> Preview:
    """Raises `UploadError` for a file that is no such table; faults of rows, and of the model that they make, are in the answer."""
    points = {point.code: point for point in Point.objects.filter(subject=enterprise.subject)}
    stages, roles, items = _stages(), _roles(), _items()

    def one(said: Said) -> Row:
        row = {
            "code": said.at(CODE, _code), "name": said.at(NAME, lambda text: importing.named(text, 80)), "name_en": said[ENGLISH][:120],
            "stage": said.at(STAGE, lambda text: importing.one_of(text, stages)), "source": said[FROM][:40],
            "item": said.at(ITEM, unless_empty(lambda text: importing.one_of(text, items), "")),
            "point": said.at(POINT, lambda text: _known_point(text, points)),
            "role": said.at(ROLE, unless_empty(lambda text: importing.one_of(text, roles), Meter.Role.LOAD.value)),
            "above": said.at(ABOVE, lambda text: _known_point(text, points)),
            "recovered": said.at(RECOVERED, lambda text: importing.one_of(text or "否", YES)),
            "tolerance": said.at(TOLERANCE, unless_empty(lambda text: importing.number(text, most=0.5), flows.TOLERANCE)),
            "since": said.at(SINCE, unless_empty(importing.day)), "until": said.at(UNTIL, unless_empty(importing.day)),
        }  # fmt: skip
        if (row["source"] or row["point"]) and not row["item"] and not said.faults:
            said.refuse(ITEM, Refused("item", _("填了来自环节或计量点，没有填能源品种")))
        return row

    found = TABLE.read(
        file, name=name, row=one, key=lambda row: (row["code"], row["source"], row["item"], row["point"])
    )
    if not found.problems:
        try:
            with transaction.atomic():
                _keep(enterprise, found.rows, by=None, now=now)
                transaction.set_rollback(True)  # only tried: nothing of it is kept before the commit
        except DafengError as error:
            where = error.where if error.where and error.where.row else Place(file=name)
            found.problems.append(EnergyError(error.what, expected=error.expected, mend=error.mend, where=where))
    return found


def _code(text: str) -> str:
    if not modelling.CODE.fullmatch(text):
        raise Refused(
            "code", _("代码“%(code)s”写法不对") % {"code": text[:20]}, expected=_("字母、数字、短横线，不超过 40 个")
        )
    return text


def _known_point(text: str, points: Mapping[str, Point]) -> str:
    if text and text not in points:
        raise Refused(
            "unknown_point", _("本企业没有计量点“%(code)s”") % {"code": text[:40]}, expected="、".join(sorted(points)[:8]),
            mend=_("请先登记计量点，或核对代码"),
        )  # fmt: skip
    return text


def _keep(enterprise: Enterprise, rows: list[Row], *, by: Any, now: datetime) -> None:
    """Nodes first, then the points at them, then what leads from one to the next; then the whole is tried."""
    points = {point.code: point for point in Point.objects.filter(subject=enterprise.subject)}
    nodes = {node.code: node for node in FlowNode.objects.filter(enterprise=enterprise)}
    days = [{name: date.fromisoformat(row[name]) if row[name] else None for name in ("since", "until")} for row in rows]
    for row, dates in zip(rows, days, strict=True):
        words = {name: row[name] for name in ("code", "name", "name_en", "stage", "tolerance")}
        # The dates of a row with a source are the link's: the node stands longer than one of its inflows.
        held = {"since": nodes[row["code"]].since, "until": nodes[row["code"]].until} if row["code"] in nodes else {}
        told = held if row["source"] else dates
        nodes[row["code"]] = _at(row, lambda w=words, t=told: modelling.save_node(enterprise, **w, **t, by=by, now=now))  # type: ignore[misc]
    meters = {meter.point.code: meter for meter in Meter.objects.filter(enterprise=enterprise).select_related("point")}
    for row, dates in _bindings(rows, days):
        former = meters.get(row["point"])
        held = {"since": former.since, "until": former.until} if former else dates
        meters[row["point"]] = _at(
            row,
            lambda r=row, d=held: modelling.bind(  # type: ignore[misc]
                nodes[r["code"]], points[r["point"]], item=r["item"], role=r["role"], parent=_above(r, meters), **d, by=by, now=now,
            ),
        )  # fmt: skip
    for row, dates in zip(rows, days, strict=True):
        if row["source"]:
            _at(row, lambda r=row, d=dates: _lead(nodes, meters, r, d, by=by, now=now))  # type: ignore[misc]
    modelling.demand_sound(enterprise, strict=REFUSED)


def _bindings(rows: list[Row], days: list[dict[str, date | None]]) -> list[tuple[Row, dict[str, date | None]]]:
    """The row that binds each point: one without a source before one with, for that says where it sits. Main meters first."""
    binding: dict[str, tuple[Row, dict[str, date | None]]] = {}
    for row, dates in zip(rows, days, strict=True):
        if row["point"] and (row["point"] not in binding or (binding[row["point"]][0]["source"] and not row["source"])):
            binding[row["point"]] = (row, dates)

    def depth(point: str, left: int = 8) -> int:
        above = binding[point][0]["above"] if point in binding and left else ""
        return 1 + depth(above, left - 1) if above else 0

    return [binding[point] for point in sorted(binding, key=depth)]


def _above(row: Row, meters: Mapping[str, Meter]) -> Meter | None:
    if not row["above"]:
        return None
    if row["above"] not in meters:
        raise Refused(
            "above", _("总表“%(code)s”还没有绑定到环节") % {"code": row["above"]}, mend=_("请把总表也写进表里")
        )
    return meters[row["above"]]


def _lead(
    nodes: Mapping[str, FlowNode], meters: Mapping[str, Meter], row: Row, dates: Any, *, by: Any, now: datetime
) -> None:
    if row["source"] not in nodes:
        raise Refused("source", _("没有代码为“%(code)s”的环节") % {"code": row["source"]}, mend=_("来自环节填环节代码"))
    modelling.save_link(
        nodes[row["source"]], nodes[row["code"]], item=row["item"], meter=meters.get(row["point"]), recovered=row["recovered"],
        **dates, by=by, now=now,
    )  # fmt: skip


def _at(row: Row, do: Any) -> Any:
    """Do it; what is refused says in which row."""
    try:
        return do()
    except DafengError as error:
        raise EnergyError(error.what, expected=error.expected, mend=error.mend, where=Place(row=row["row"])) from error


# ---------------------------------------------------------------- stage, commit, undo


def open_import(
    enterprise: Enterprise, file: BinaryIO, *, name: str, by: Any, now: datetime
) -> tuple[Record | None, Preview]:
    """Read a file; without faults its rows wait in a record, with the model as it was, for the one who sent it to commit them."""
    demand(by, MODEL, enterprise)
    preview = read(enterprise, file, name=name, now=now)
    record = importing.stage(
        MODEL_IMPORT, preview, file, name=name, title=_("%(firm)s用能流程模型导入：%(name)s") % {"firm": enterprise.name, "name": name[:80]},
        source=_("用能流程模型导入"), payload={"firm": enterprise.code, "seen": _last_change(enterprise), "before": told_rows(enterprise)},
        place=enterprise.place, by=by, now=now, key=enterprise.code,
    )  # fmt: skip
    return record, preview


def _last_change(enterprise: Enterprise) -> int:
    """The number of the audit entry that changed the model last; 0: never changed."""
    entries = AuditEntry.objects.filter(subject_kind=modelling.AUDITED, subject_id=enterprise.code)
    return entries.order_by("-seq").values_list("seq", flat=True).first() or 0


def commit(record: Record, *, by: Any, now: datetime) -> int:
    """Keep all rows, or nothing. Raises `Refused` (`changed_since`) when the model was changed after the preview."""
    enterprise = Enterprise.objects.get(code=record.payload["firm"])
    demand(by, MODEL, enterprise)
    with records.serial():
        if _last_change(enterprise) != record.payload["seen"]:
            raise Refused("changed_since", _("预览之后模型已有改动"), mend=_("请重新上传，核对后再提交"))
        records.move(record, "commit", by=by, now=now)
        _keep(enterprise, record.payload["rows"], by=by, now=now)
    return len(record.payload["rows"])


def undo(record: Record, *, by: Any, now: datetime, reason: str) -> int:
    """Bring the model back to what it was before the import; what the import had added is retired from today, or from its first day.

    Raises `Refused` (`changed_since`) when the model was changed after the import.
    """
    enterprise = Enterprise.objects.get(code=record.payload["firm"])
    demand(by, MODEL, enterprise)
    with records.serial():
        committed = record.moves.filter(action="commit").latest("seq").seq
        after = AuditEntry.objects.filter(subject_kind=modelling.AUDITED, subject_id=enterprise.code, seq__gt=committed)
        if after.exclude(at=record.changed_at).exists():
            raise Refused("changed_since", _("导入之后模型已有改动，不能整批撤销"), mend=_("请在模型页逐项更正"))
        records.move(record, "undo", by=by, now=now, reason=reason)
        _take_away(enterprise, record.payload["rows"], record.payload["before"])
        if record.payload["before"]:
            _keep(enterprise, [row | {"row": 0} for row in record.payload["before"]], by=by, now=now)
        detail = {"import": str(record.pk), "rows": len(record.payload["rows"])}
        records.audit(by, f"{modelling.AUDITED}.undo", modelling.AUDITED, enterprise.code, detail, now=now)
    return len(record.payload["rows"])


def _lowest_first(meters: Iterable[Meter]) -> list[Meter]:
    """Meters before those that they are part of."""
    found = {meter.pk: meter for meter in meters}

    def depth(meter: Meter) -> int:
        above = found.get(meter.parent_id) if meter.parent_id else None
        return 0 if above is None else depth(above) + 1

    return sorted(found.values(), key=depth, reverse=True)


def _take_away(enterprise: Enterprise, rows: list[Row], before: list[Row]) -> None:
    """Remove what only the import had added; what findings, forecasts or a two-high project already name is kept, and retired."""
    links, points, codes = (
        {key(row) for row in rows} - {key(row) for row in before}
        for key in (lambda row: (row["source"], row["code"], row["item"]), lambda row: row["point"], lambda row: row["code"])
    )  # fmt: skip
    for source, target, item in links:
        FlowLink.objects.filter(enterprise=enterprise, source__code=source, target__code=target, item=item).delete()
    for meter in _lowest_first(Meter.objects.filter(enterprise=enterprise, point__code__in=points)):
        if any(each.exists() for each in (meter.anomalies, meter.forecasts, meter.children, meter.project_parts)):
            meter.until = meter.since or date.min
            meter.save(update_fields=["until"])
        else:
            meter.delete()
    for node in FlowNode.objects.filter(enterprise=enterprise, code__in=codes):
        if any(each.exists() for each in (node.meters, node.links_in, node.links_out, node.project_parts)):
            node.until = node.since or date.min
            node.save(update_fields=["until"])
        else:
            node.delete()
