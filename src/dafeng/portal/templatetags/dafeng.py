"""Numbers, statuses and notation keys as every page writes them."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from dafeng.kernel.desk.models import Notice
from dafeng.kernel.quantities.units import printed
from dafeng.portal.navigation import menu_of

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> SafeString:
    """The navigation of the person on the present page; a page shows it twice, of which the style shows one."""
    request: HttpRequest = context["request"]
    return menu_of(getattr(request, "user", None), request.path)


@register.simple_tag(takes_context=True)
def unread_notices(context: dict[str, Any]) -> int:
    """How many notices this person has not read; asked once a page."""
    request = context["request"]
    if not hasattr(request, "unread_notices"):
        request.unread_notices = Notice.objects.for_user(request.user).unread().count()
    found: int = request.unread_notices
    return found


def _number(value: float, digits: int) -> str:
    return formats.number_format(round(value, digits), digits, use_l10n=True, force_grouping=True).replace("-", "−")


@register.filter
def tonnes(value: float | None) -> SafeString | str:
    """Tonnes as the reader counts them: 万吨 in Chinese, kt in English; NE where there is no number."""
    if value is None:
        return notation("NE")
    scaled = value / (1e3 if (get_language() or "").startswith("en") else 1e4)
    return _number(scaled, 1 if abs(scaled) >= 10 else 2 if abs(scaled) >= 0.1 or not scaled else 4)


@register.filter
def mass(value: float | None) -> SafeString | str:
    """Tonnes in full, for lineage."""
    if value is None:
        return notation("NE")
    return _number(value, 0 if abs(value) >= 1000 or not value else 3)


@register.filter
def plain(value: float | None) -> str:
    """Up to six significant digits, grouped."""
    if value is None:
        return "–"
    text = f"{value:,.6g}" if abs(value) < 1e15 else f"{value:.6g}"
    if "e" in text:
        text = f"{value:,.0f}"
    return text.replace("-", "−")


@register.filter
def percent(part: float | None, whole: float | None) -> str:
    if part is None or not whole:
        return "–"
    return f"{_number(part / whole * 100, 0)}%"


@register.simple_tag
def tonnes_unit() -> str:
    return "kt CO₂e" if (get_language() or "").startswith("en") else "万吨 CO₂e"


@register.filter
def notation(key: str | None) -> SafeString:
    """A notation key with its meaning for those who do not know it by heart."""
    if not key:
        return mark_safe("")
    meanings = {
        "NO": gettext("不发生：本市没有这种排放源"),
        "NE": gettext("未估算：有这种排放源但没有数据或因子"),
        "NA": gettext("不适用"),
        "IE": gettext("列于别处"),
        "C": gettext("保密"),
    }
    return format_html('<abbr class="notation" title="{}">{}</abbr>', meanings.get(key, key), key)


@register.simple_tag
def status(value: int | str | None) -> SafeString:
    """Status badge: shape and word, never colour alone."""
    level = int(value) if value not in (None, "") else 1
    word = (gettext("完整"), gettext("不完整"), gettext("待确认"))[level]
    sign = ("●", "◐", "▲")[level]
    return format_html('<span class="status status-{}"><span aria-hidden="true">{}</span> {}</span>', level, sign, word)


@register.filter
def basis(word: str) -> str:
    words = {
        "statistic": gettext("统计"),
        "reported": gettext("填报"),
        "metered": gettext("计量"),
        "estimated": gettext("估算"),
        "assumed": gettext("假设"),
    }
    return words.get(word, word)


@register.filter
def mark(word: str) -> str:
    words = {
        "interpolated": gettext("内插"),
        "extrapolated": gettext("外推"),
        "surrogate": gettext("替代数据"),
        "spliced": gettext("重叠拼接"),
        "downscaled": gettext("降尺度"),
    }
    return words.get(word, word)


@register.filter
def standing(word: str) -> str:
    words = {
        "confirmed": gettext("多处核对"),
        "one_copy": gettext("单一出处"),
        "package_default": gettext("国际缺省值"),
        "derived": gettext("推算"),
        "municipal": gettext("本市数据"),
        "signed": gettext("已签认"),
        "memory": gettext("凭记忆，待核"),
        "conflict": gettext("出处矛盾"),
        "gap": gettext("缺"),
    }
    return words.get(word, word)


@register.filter
def kind(word: str) -> str:
    words = {
        "indirect": gettext("电力热力间接排放"),
        "biogenic": gettext("生物质燃烧 CO₂（信息项）"),
        "bunker": gettext("国际燃料舱（信息项）"),
        "stored": gettext("非能源利用固碳（信息项）"),
    }
    return words.get(word, word)


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key)


@register.filter
def signed_percent(share: float) -> str:
    """A change as percent with its sign."""
    return f"{'+' if share > 0 else ''}{_number(share * 100, 1)}%"


@register.filter
def coverage(state: str) -> str:
    words = {
        "reported": gettext("有数据"),
        "estimated": gettext("估算"),
        "notation": gettext("有标记"),
        "missing": gettext("缺"),
    }
    return words.get(state, state)


@register.filter
def gas(formula: str) -> str:
    """A gas as printed: CO₂, CH₄, N₂O, CO₂e. Names of fluorinated gases keep their numbers."""
    return (
        formula.translate(str.maketrans("2346", "₂₃₄₆"))
        if formula in ("CO2", "CH4", "N2O", "CO2e", "SF6", "NF3")
        else formula
    )


@register.filter
def unit(code: str | None) -> str:
    """A unit as printed: t CO₂, GJ/10⁴ Nm³; nothing where the number has none ("1")."""
    if code in (None, "1"):
        return ""
    return gettext("人") if code == "person" else printed(str(code))


@register.filter
def called(subject: Any) -> str:
    """An enterprise or a body by its name in the reader's language."""
    return str(subject.called(english=(get_language() or "").startswith("en")))


@register.filter
def who(person: Any) -> str:
    """A person as a page names them; what nobody did, the system did."""
    return gettext("系统") if person in (None, "", "system") else str(person)
