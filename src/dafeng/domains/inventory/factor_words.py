"""Words and cells of the factor library: what a standing means, and how names and numbers are written in tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dafeng.domains.inventory import library
from dafeng.domains.inventory.factors_shown import SAME, place_name
from dafeng.domains.inventory.models import City
from dafeng.domains.inventory.runs import english
from dafeng.kernel.pages.charts import Chart, Series, stacked

# standing → (status colour, shape, word, what it means and what to do)
STANDINGS: dict[str, tuple[int, str, Any, Any]] = {
    "confirmed": (0, "●", gettext_lazy("多处核对"), gettext_lazy("数值在两处以上互不依赖的出处中一致，可以放心使用。")),
    "one_copy": (0, "○", gettext_lazy("单一出处"), gettext_lazy("数值只见于一处可查的出处，可以使用；找到第二处后会改为“多处核对”。")),
    "package_default": (0, "◇", gettext_lazy("国际缺省值"), gettext_lazy("IPCC 等国际指南的缺省值，可以使用；有本地实测值时应换用。")),
    "derived": (0, "∴", gettext_lazy("推算"), gettext_lazy("由其他有出处的数值推算得来，推算过程写在备注里，可以使用。")),
    "municipal": (0, "■", gettext_lazy("本市数据"), gettext_lazy("本市实测或公布的数值，由录入人负责，附有出处。")),
    "signed": (0, "✔", gettext_lazy("已签认"), gettext_lazy("出处本不充分，生态环境局的审核人核对后签认，可以用于发布。")),
    "memory": (2, "▲", gettext_lazy("凭记忆，待核"), gettext_lazy("录入时没有见到原文。清单用到它时不能发布：请找到原文核对后签认，或换用有出处的因子。")),
    "conflict": (2, "≠", gettext_lazy("出处矛盾"), gettext_lazy("不同出处给出的数值不一致。清单用到它时不能发布：请判断哪个数值可靠后签认，或换用其他因子集。")),
    "gap": (1, "✕", gettext_lazy("缺"), gettext_lazy("指南要求有这个参数，但没有给出数值，要由本市自己测定或收集。用到它的类别现在不能估算。")),
}  # fmt: skip
OWNERS = {
    "methodology": gettext_lazy("国家与行业文件"),
    "provider": gettext_lazy("国际指南与数据库"),
    "municipal": gettext_lazy("本市"),
}
LEVELS = {
    "world": gettext_lazy("国际缺省"),
    "nation": gettext_lazy("全国"),
    "region": gettext_lazy("区域"),
    "province": gettext_lazy("省"),
    "city": gettext_lazy("市"),
    "county": gettext_lazy("县区"),
    "facility": gettext_lazy("设施"),
}
STATES = {
    "blocks": gettext_lazy("用到且妨碍发布"),
    "used": gettext_lazy("用到，不妨碍发布"),
    "unused": gettext_lazy("没有用到"),
}


def suffix() -> str:
    """The ending of the columns in the reader's language."""
    return "en" if english() else "zh"


def standing(word: str) -> SafeString:
    """Shape and word; the colour only repeats them."""
    level, sign, title, _meaning = STANDINGS[word]
    return format_html(
        '<span class="status status-{}"><span aria-hidden="true">{}</span> {}</span>', level, sign, title
    )


def number(value: float | None) -> str:
    """A factor as it was printed, all its digits."""
    return "–" if value is None else f"{value:.10g}".replace("-", "−")


def tonnes(value: float) -> str:
    """Tonnes as the reader counts them: 万吨 in Chinese, kt in English."""
    scaled = value / (1e3 if english() else 1e4)
    digits = 1 if abs(scaled) >= 10 else 2 if abs(scaled) >= 0.1 or not scaled else 4
    return f"{scaled:,.{digits}f}".replace("-", "−")


def tonnes_unit() -> str:
    return "kt CO₂e" if english() else "万吨 CO₂e"


def bounds(row: Mapping[str, Any]) -> str:
    if row["lower"] is None and row["upper"] is None:
        return "–"
    return f"{number(row['lower'])} – {number(row['upper'])}"


def name(row: Mapping[str, Any]) -> str:
    """Parameter, item and technology in the reader's language."""
    told = [row[f"parameter_{suffix()}"], row[f"item_{suffix()}"], technology(row["item"], row["technology"])]
    return " · ".join(part for part in told if part)


def technology(item: str, code: str) -> str:
    """The name of a technology, as the item's own table has it."""
    if not code or english():
        return code
    return library.technology_names().get((item, code), code)


def name_and_id(row: Mapping[str, Any]) -> SafeString:
    return format_html("{}<br><small>{}</small>", name(row), row["factor_id"])


def category(row: Mapping[str, Any]) -> str:
    return f"{row['category']} {row[f'category_{suffix()}']}".strip() if row["category"] else str(_("不分类别"))


def place(city: City, code: str) -> str:
    return place_name(code, city)[int(english())]


def address(city: City, factor_id: str) -> str:
    """The page of a factor. The id goes into the query: it may hold any sign."""
    return f"{reverse('inventory:factor', args=[city.pk])}?{urlencode({'id': factor_id})}"


def years(row: Mapping[str, Any]) -> str:
    """The years of the run in which a factor is used."""
    if row["first_year"] is None:
        return "–"
    return (
        str(row["first_year"]) if row["first_year"] == row["last_year"] else f"{row['first_year']}–{row['last_year']}"
    )


def members(row: Mapping[str, Any]) -> SafeString:
    """The values of a key side by side, each with its set."""
    return format_html_join(
        SafeString("<br>"),
        '<span class="nowrap">{} <small>{}{}</small></span>',
        (
            (number(each["shared"]), each["set"], f" {STANDINGS[each['standing']][1]}" if each["standing"] in ("conflict", "memory") else "")
            for each in row["members"]
        ),
    )  # fmt: skip


def strip(row: Mapping[str, Any]) -> SafeString:
    """The values as dots between the lowest and the highest, those in doubt in a second colour; the numbers stand beside it."""
    low, high = row["low"], row["high"]
    # What is the same number in other units lies on one spot.
    width = high - low if row["spread"] > SAME else 1e300
    dots = format_html_join(
        "",
        '<circle class="{}" cx="{}" cy="12" r="4.5"><title>{} {}</title></circle>',
        (
            (
                "s2" if each["standing"] in ("conflict", "memory") else "s1",
                f"{8 + (each['shared'] - low) / width * 124:.1f}",
                each["set"],
                number(each["shared"]),
            )
            for each in row["members"]
        ),
    )
    return format_html(
        '<svg class="spread" viewBox="0 0 140 24" role="img" aria-label="{}"><line x1="8" x2="132" y1="12" y2="12"/>{}</svg>',
        _("%(low)s 至 %(high)s") % {"low": number(low), "high": number(high)},
        dots,
    )


def comparison(rows: list[dict[str, Any]], chosen: str) -> Chart | None:
    """A column for each set that has a number for the same key, in one unit; the shown factor's own is marked."""
    if len(rows) < 2:
        return None
    labels = _labels(rows)
    values = dict(zip(labels, (row["shared"] for row in rows), strict=True))
    mine = next((label for label, row in zip(labels, rows, strict=True) if row["factor_id"] == chosen), None)
    return stacked(
        _("各因子集的数值"), rows[0]["shared_unit"], labels, [Series(_("数值"), values, 1)],
        chosen=mine, decimals=4, name="comparison",
    )  # fmt: skip


def spread(rows: list[dict[str, Any]]) -> dict[str, str] | None:
    """Lowest, highest and how far they are apart; None for one number alone."""
    if len(rows) < 2:
        return None
    low, high = min(row["shared"] for row in rows), max(row["shared"] for row in rows)
    middle = abs(low + high) / 2
    apart = f"{(high - low) / middle * 100:.1f}%" if middle else "–"
    return {"low": number(low), "high": number(high), "apart": apart, "unit": rows[0]["shared_unit"]}


def _labels(rows: list[dict[str, Any]]) -> list[str]:
    """The sets' names; numbered where a set has several numbers."""
    seen: dict[str, int] = {}
    labels = []
    for row in rows:
        seen[row["set"]] = seen.get(row["set"], 0) + 1
        labels.append(row["set"] if seen[row["set"]] == 1 else f"{row['set']} ({seen[row['set']]})")
    return labels
