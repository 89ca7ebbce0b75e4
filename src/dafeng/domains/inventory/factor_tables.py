"""The tables of the factor library: all factors, those that wait for a signature, those that differ, the city's own, the sets."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from dafeng.domains.inventory import factor_words as words
from dafeng.domains.inventory import factors_shown as shown
from dafeng.domains.inventory import library
from dafeng.domains.inventory.models import City, InventoryRun
from dafeng.domains.inventory.runs import english
from dafeng.kernel.pages.tables import Choice, Column, Table


def sector_name(code: str) -> str:
    return str(_("跨领域")) if code == "0" else library.SECTORS[code][int(english())]


def _choices() -> tuple[Choice, ...]:
    return (
        Choice("state", _("清单用到"), words.STATES),
        Choice("standing", _("状况"), {code: told[2] for code, told in words.STANDINGS.items()}),
        Choice("set", _("因子集"), {code: code if english() else row["title"] for code, row in library.factor_sets().items()}),
        Choice("sector", _("领域"), {code: sector_name(code) for code in (*library.SECTORS, "0")}),
        Choice("owner", _("出自"), words.OWNERS),
        Choice("level", _("适用范围"), words.LEVELS),
    )  # fmt: skip


def _columns(city: City) -> dict[str, Column]:
    link = lambda row: words.address(city, row["factor_id"])  # noqa: E731
    return {
        "name": Column(f"parameter_{words.suffix()}", _("因子"), show=words.name_and_id, link=link, wide=True),
        "value": Column("value", _("数值"), numeric=True, show=lambda row: words.number(row["value"])),
        "unit": Column("unit", _("单位"), sort=None),
        "bounds": Column("lower", _("范围"), show=words.bounds, sort=None),
        "place": Column("place", _("适用地区"), show=lambda row: words.place(city, row["place"])),
        "year": Column("year", _("年份")),
        "set": Column("set", _("因子集")),
        "standing": Column("standing", _("状况"), show=lambda row: words.standing(row["standing"])),
        "rows": Column("rows", _("清单用到（行）"), numeric=True),
        "source": Column("source", _("出处"), wide=True, sort=None),
    }


def every(request: HttpRequest, city: City, frame: pl.DataFrame) -> Table:
    columns = _columns(city)
    order = ("name", "value", "unit", "bounds", "standing", "set", "place", "year", "rows")
    extra = [Column("factor_id", _("编号")), columns["source"]] if request.GET.get("export") else []
    return Table(
        request, frame, [columns[each] for each in order] + extra, _("因子"), search=("words",), choices=_choices(),
        order="-rows",
        empty=_("没有符合这些条件的因子。减少一个条件再试，或换一个词。"), file="factors",
    )  # fmt: skip


def waiting(request: HttpRequest, city: City, frame: pl.DataFrame, *, signs: bool) -> Table:
    columns = _columns(city)
    told = [
        columns["name"],
        columns["value"],
        columns["unit"],
        columns["standing"],
        Column("peak", _("所支撑的排放（%(unit)s）") % {"unit": words.tonnes_unit()}, numeric=True, show=_peak),
        Column("first_year", _("用到的年份"), show=words.years),
        columns["rows"],
    ]
    if request.GET.get("export"):
        told += [Column("factor_id", _("编号")), columns["source"]]
    elif signs:
        told.append(
            Column("factor_id", _("办理"), sort=None, show=lambda row: _("核对并签认"), link=lambda row: words.address(city, row["factor_id"]) + "#sign")
        )  # fmt: skip
    return Table(
        request, frame.filter(pl.col("state") == "blocks"), told, _("待签认的因子"), search=("words",), order="-peak", size=50,
        empty=_("没有待签认的因子：这一版清单用到的因子都有出处或已签认。"), file="factors-unsigned",
    )  # fmt: skip


def _peak(row: dict[str, Any]) -> Any:
    if row["peak"] is None:
        return _("只用于信息项")
    return format_html("{}<br><small>{}</small>", words.tonnes(row["peak"]), row["peak_year"])


def differing(request: HttpRequest, city: City, run: InventoryRun | None) -> Table:
    frame = shown.differing()
    used = set(shown.use_by_factor(run)["factor_id"])
    in_use = pl.col("members").list.eval(pl.element().struct.field("factor_id").is_in(list(used))).list.any()
    frame = frame.with_columns(
        pl.when(in_use).then(pl.lit("used")).otherwise(pl.lit("unused")).alias("state"),
        pl.when("conflict").then(pl.lit("conflict")).otherwise(pl.lit("differs")).alias("kind"),
        # First what someone has marked, then what the run uses, then what differs most.
        (pl.col("conflict").cast(pl.Int8) * 4 + in_use.cast(pl.Int8) * 2 + pl.col("spread").clip(0, 2) / 2).alias(
            "weight"
        ),
    )
    return Table(
        request,
        frame,
        [
            Column(
                f"parameter_{words.suffix()}", _("因子"), wide=True, show=lambda row: _key_name(row),
                link=lambda row: words.address(city, row["lead"]),
            ),
            Column("low", _("各集的数值"), sort=None, show=words.members),
            Column("shared_unit", _("单位"), sort=None),
            Column("high", _("分布"), sort=None, show=words.strip),
            Column("spread", _("相差"), numeric=True, show=lambda row: f"{row['spread'] * 100:.1f}%"),
            Column("kind", _("性质"), show=_kind, wide=True),
            Column("state", _("清单用到"), show=lambda row: _("用到") if row["state"] == "used" else _("没有用到")),
        ],
        _("各集数值不一致的因子"),
        search=("words",),
        choices=(
            Choice("kind", _("性质"), {"conflict": _("标为出处矛盾"), "differs": _("各集数值不同")}),
            Choice("state", _("清单用到"), {"used": _("用到"), "unused": _("没有用到")}),
            Choice("sector", _("领域"), {code: sector_name(code) for code in (*library.SECTORS, "0")}),
        ),
        order="-weight",
        size=15,
        empty=_("没有符合这些条件的不一致。"),
        file="factor-conflicts",
    )  # fmt: skip


def _key_name(row: dict[str, Any]) -> Any:
    heading = words.category(row) if row["category"] else ""
    year = str(row["year"] or "")
    told = " · ".join(part for part in (heading, year) if part)
    return format_html("{}{}", words.name(row), format_html("<br><small>{}</small>", told) if told else "")


def _kind(row: dict[str, Any]) -> Any:
    if not row["conflict"]:
        return _("各集数值不同")
    return format_html("{}<br><small>{}</small>", words.standing("conflict"), row["note"])


def own(request: HttpRequest, city: City, frame: pl.DataFrame) -> Table:
    columns = _columns(city)
    order = ("name", "value", "unit", "bounds", "place", "year", "rows", "source")
    return Table(
        request, frame.filter(pl.col("set") == "municipal"), [columns[each] for each in order], _("本市因子"), search=("words",),
        empty=_("本市还没有录入自己的因子。有实测或地方公布的数值时，录入后优先使用。"), file="factors-own",
    )  # fmt: skip


def sets(request: HttpRequest, rows: list[dict[str, Any]]) -> Table:
    frame = pl.DataFrame(
        [{name: row[name] for name in ("set", "title", "date", "publisher", "note", "standing", "count", "rank", "standings", "sectors", "parameters")} for row in rows],
        schema_overrides={"standings": pl.Object, "sectors": pl.Object, "rank": pl.Int64},
    )  # fmt: skip
    return Table(
        request,
        frame,
        [
            Column("title", _("因子集"), wide=True, show=lambda row: format_html("{}<br><small>{}</small>", row["title"], row["set"])),
            Column("publisher", _("发布单位"), show=lambda row: format_html("{}<br><small>{}</small>", row["publisher"], row["date"] or _("日期未知"))),
            Column("rank", _("本版次序"), numeric=True, show=lambda row: row["rank"] or _("未采用")),
            Column("count", _("因子数"), numeric=True, link=lambda row: f"?tab=all&set={row['set']}" if row["count"] else ""),
            Column("sectors", _("覆盖"), sort=None, show=_covers),
            Column("standings", _("状况"), sort=None, show=_standings),
            Column("note", _("来源与说明"), wide=True, sort=None),
        ],
        _("因子集"),
        order="rank",
        size=50,
        file="factor-sets",
    )  # fmt: skip


def _covers(row: dict[str, Any]) -> str:
    if not row["parameters"]:
        return "–"
    names = "、".join(sector_name(code) for code in row["sectors"])
    return _("%(parameters)s 种参数；%(sectors)s") % {"parameters": row["parameters"], "sectors": names}


def _standings(row: dict[str, Any]) -> Any:
    ordered = sorted(row["standings"].items(), key=lambda pair: -pair[1])
    return (
        format_html_join(
            "", '<span class="nowrap">{} {}</span><br>', ((words.standing(word), count) for word, count in ordered)
        )
        or "–"
    )
