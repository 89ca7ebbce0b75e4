"""The carbon label of a behaviour (碳标签): grams of CO2e for one unit, version, standing. A small SVG that any page may embed.

Presentation attributes only: a page with a strict content security policy can show it, and so can a printed notice.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dafeng.domains.inclusion.models import MethodologyVersion
from dafeng.domains.inclusion.standards import content as contents
from dafeng.domains.inclusion.standards import explanation, names

FONT = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
INK, SOFT, ACCENT, WARN, LINE = "#1c2321", "#55605c", "#0b6b53", "#7a5200", "#d9dfdc"


@dataclass(frozen=True)
class Label:
    """`grams` None: no factor is known yet, or the act is worth points only."""

    title: str
    grams: float | None
    unit: str
    points_fixed: int
    version: str
    standing: str
    draft: bool
    state: str
    survey: bool


def label(version: MethodologyVersion) -> Label:
    """What a version's label says."""
    found = contents.read(version.content)
    grams = None
    if found.label and found.method:
        grams = explanation.raw_grams(found, found.label["inputs"])
    if grams is not None:
        grams *= 1 - found.discount
    if found.survey:
        unit = _("两次调查之间")
    elif grams is None and found.points_fixed:
        unit = _("每次")
    else:
        unit = names.pick(found.label.get("unit", ""), found.label.get("unit_en", ""))
    return Label(
        title=names.pick(version.methodology.title, version.methodology.title_en),
        grams=grams,
        unit=unit,
        points_fixed=found.points_fixed,
        version=_("第 %(number)s 版") % {"number": version.number},
        standing=str(names.STANDINGS.get(version.standing, version.standing)),
        draft=version.standing == contents.DRAFT,
        state=names.state_title(version.record, version.standing),
        survey=bool(found.survey),
    )


def amount(told: Label) -> tuple[str, str]:
    """The large figure and what it counts."""
    if told.grams is not None:
        return f"{told.grams:,.0f}" if told.grams >= 100 else f"{told.grams:.3g}", "g CO₂e"
    if told.points_fixed:
        return f"{told.points_fixed}", _("活动积分")
    return "–", _("按调查计量") if told.survey else _("因子待定")


def svg(version: MethodologyVersion) -> SafeString:
    """240 × 120, everything escaped."""
    told = label(version)
    figure, counted = amount(told)
    said = _("%(title)s：%(figure)s %(counted)s，%(unit)s") % {"title": told.title, "figure": figure, "counted": counted, "unit": told.unit}  # fmt: skip
    tone = WARN if told.draft else ACCENT
    size = 17 if len(told.title) <= 11 else 13 if len(told.title) <= 26 else 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 120" width="240" height="120" role="img" font-family="{FONT}">',
        f"<title>{escape(said)}</title>",
        f'<rect x="1" y="1" width="238" height="118" rx="10" fill="#fff" stroke="{tone}" stroke-width="2"/>',
        f'<text x="14" y="26" font-size="{size}" font-weight="650" fill="{INK}">{escape(told.title)}</text>',
        f'<text x="14" y="68" font-size="36" font-weight="700" fill="{ACCENT}">{escape(figure)}'
        f'<tspan font-size="14" font-weight="400" fill="{INK}" dx="6">{escape(counted)}</tspan></text>',
        f'<text x="226" y="84" font-size="12" fill="{INK}" text-anchor="end">{escape(told.unit)}</text>',
        f'<line x1="14" y1="92" x2="226" y2="92" stroke="{LINE}"/>',
        f'<text x="14" y="109" font-size="11" fill="{SOFT}">{escape(told.version)}</text>',
        f'<text x="226" y="109" font-size="11" fill="{tone}" text-anchor="end">{escape(told.standing)} · {escape(told.state)}</text>',
        "</svg>",
    ]
    return mark_safe("".join(lines))
