"""What a record of the room says, as rows of words, and where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dafeng.domains.energy.city_page import amount
from dafeng.domains.energy.models import Plant
from dafeng.domains.energy.plants import store
from dafeng.kernel.records.models import Record

Facts = list[tuple[str, Any]]


def facts_of(record: Record, names: Mapping[str, str]) -> tuple[Facts, tuple[str, str], bool]:
    """(title, value) of what it says; address and title of where it belongs; whether it is made up."""
    if record.kind == store.CAPACITY:
        return _capacity(record)
    if record.kind == store.TOTAL:
        row = record.energy_county_total
        facts = [
            (_("县区"), names.get(row.place, row.place)), (_("类型"), row.get_kind_display()), (_("截止日期"), row.on),
            (_("交流容量（MW）"), amount(row.mw, 2)), (_("直流容量（MWp）"), amount(row.mwp, 2)), (_("来源"), row.source),
        ]  # fmt: skip
        return facts, (reverse("energy:plants-board"), _("电源装机")), row.demo
    if record.kind == store.LEASE:
        row = record.energy_lease
        facts = [
            (_("承租电站"), row.plant.name), (_("共享储能"), row.station.name), (_("合同编号"), row.contract), (_("功率（MW）"), amount(row.mw, 2)),
            (_("容量（MWh）"), amount(row.mwh, 2)), (_("租期"), f"{row.starts} – {row.ends}"),
        ]  # fmt: skip
        return facts, (reverse("energy:plants-storage"), _("储能与配储")), row.demo
    if record.kind == store.DUTY:
        row = record.energy_duty_rule
        facts = [
            (_("类型"), row.get_kind_display()), (_("并网日期"), f"{row.connected_from} – {row.connected_until or ''}"),
            (_("配储比例"), f"{row.ratio:g}%"), (_("时长"), f"{row.hours:g} h"), (_("文件与条款"), row.document),
        ]  # fmt: skip
        return facts, (reverse("energy:plants-storage"), _("储能与配储")), row.demo
    return [(_("行数"), len(record.payload["rows"]))], (reverse("energy:plants-upload"), _("导入电源台账")), False


def _capacity(record: Record) -> tuple[Facts, tuple[str, str], bool]:
    row = record.energy_capacity_changes.select_related("plant").get()
    plant: Plant = row.plant
    facts = [
        (_("电站"), plant.name), (_("类型"), plant.get_kind_display()), (_("阶段"), row.get_stage_display()), (_("日期"), row.on),
        (_("交流容量或功率（MW）"), amount(row.mw, 2)), (_("直流容量（MWp）"), amount(row.mwp, 2)), (_("储能容量（MWh）"), amount(row.mwh, 2)), (_("文件号"), row.document),
    ]  # fmt: skip
    return facts, (reverse("energy:plants-card", kwargs={"plant": plant.code}), plant.name), row.demo
