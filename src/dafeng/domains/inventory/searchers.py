"""What the global search finds in the inventory: categories, items, factors, methods, and the files of activity data.

The library is in memory: each kind is one list of lower-case texts, made at first use. Only files are asked of the database,
and only those that the person may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from dafeng.domains.inventory import factor_words, library, methods_shown, permissions, services
from dafeng.domains.inventory import factors_shown as shown
from dafeng.domains.inventory.models import Batch
from dafeng.domains.inventory.runs import english
from dafeng.kernel.actions import may
from dafeng.kernel.desk.registry import Hit, Rows
from dafeng.kernel.records.models import Record
from dafeng.kernel.records.services import is_person


@dataclass(frozen=True)
class Entry:
    """One thing that can be found: `code` and `names` rank before the rest of `words`."""

    code: str
    names: str
    words: str
    index: int


def _best(entries: Sequence[Entry], text: str, limit: int) -> list[Entry]:
    """Entries that hold every word: first the code itself, then codes and names that begin with the text, then the rest."""
    wanted = text.lower().split()
    found = [each for each in entries if all(word in each.words for word in wanted)]
    whole = " ".join(wanted)

    def rank(each: Entry) -> tuple[int, int]:
        if each.code == whole:
            return 0, 0
        if each.code.startswith(whole) or each.names.startswith(whole):
            return 1, len(each.names)
        return (2 if whole in each.names else 3), each.index

    return sorted(found, key=rank)[:limit]


@lru_cache(maxsize=1)
def _categories() -> list[Entry]:
    return [
        Entry(c.code.lower(), c.name.lower(), f"{c.code} {c.name} {c.name_en} {c.official_table}".lower(), index)
        for index, c in enumerate(library.categories().values())
    ]


def categories(user: Any, text: str, limit: int) -> Iterable[Hit]:
    city = services.first_city()
    known = list(library.categories().values())
    for entry in _best(_categories(), text, limit) if city else []:
        each = known[entry.index]
        name = each.name_en if english() else each.name
        address = f"{reverse('inventory:lineage', args=[city])}?{urlencode({'category': each.code})}"
        yield Hit(f"{each.code} {name}", "、".join(each.gases), address, _("排放类别"))


@lru_cache(maxsize=1)
def _items() -> list[Entry]:
    """An item once, however many categories know it."""
    found: dict[str, Entry] = {}
    for index, item in enumerate(library.items()):
        text = f"{item.item} {item.name} {item.name_en}".lower()
        found.setdefault(item.item, Entry(item.item.lower(), item.name.lower(), text, index))
    return list(found.values())


def items(user: Any, text: str, limit: int) -> Iterable[Hit]:
    city = services.first_city()
    known = library.items()
    for entry in _best(_items(), text, limit) if city else []:
        each = known[entry.index]
        address = f"{reverse('inventory:lineage', args=[city])}?{urlencode({'item': each.item})}"
        yield Hit(each.name_en if english() else each.name, each.item, address, _("品种与产品"))


@lru_cache(maxsize=1)
def _factors() -> list[Entry]:
    columns = shown.package().select("factor_id", "parameter_zh", "item_zh", "words")
    return [
        Entry(factor_id.lower(), f"{item}{parameter}".lower(), words, index)
        for index, (factor_id, parameter, item, words) in enumerate(columns.iter_rows())
    ]


def factors(user: Any, text: str, limit: int) -> Iterable[Hit]:
    city = services.first_city()
    for entry in _best(_factors(), text, limit) if city else []:
        row = shown.package().row(entry.index, named=True)
        told = f"{factor_words.number(row['value'])} {row['unit']} · {row['set']} · {row['factor_id']}"
        address = f"{reverse('inventory:factor', args=[city])}?{urlencode({'id': row['factor_id']})}"
        yield Hit(factor_words.name(row), told, address, _("因子"))


@lru_cache(maxsize=1)
def _methods() -> list[Entry]:
    rows = methods_shown.table("zh")
    return [
        Entry(one.lower(), title.lower(), words, index)
        for index, (one, title, words) in enumerate(rows.select("id", "title", "words").iter_rows())
    ]


def methods(user: Any, text: str, limit: int) -> Iterable[Hit]:
    city = services.first_city()
    for entry in _best(_methods(), text, limit) if city else []:
        row = methods_shown.table("zh").row(entry.index, named=True)
        address = reverse("inventory:method", args=[city, row["id"]])
        yield Hit(row["title"], f"{row['category']} · {row['id']}", address, _("核算方法"))


def files(user: Any, text: str, limit: int) -> Iterable[Rows]:
    """Batches of activity data by their title or the name of a file."""
    if not is_person(user) or not may(user, permissions.SEE_DATA):
        return
    seen = Record.objects.for_user(user).of_kind("inventory.activity")
    attached = Record.evidence.through.objects.filter(record=OuterRef("record"), evidence__name__icontains=text)
    found = Batch.objects.filter(Q(record__title__icontains=text) | Exists(attached), record__in=seen)

    def hit(row: Mapping[str, Any]) -> Hit:
        state = _("有效") if row["active"] else _("已撤销")
        address = reverse("inventory:batch", args=[row["city"], row["id"]])
        return Hit(row["record__title"], f"{row['record__created_at'][:10]} · {state}", address, _("活动水平数据"))

    yield Rows(found.order_by("-pk"), ("id", "city", "active", "record__title", "record__created_at"), hit)


ALL = (categories, items, factors, methods, files)
