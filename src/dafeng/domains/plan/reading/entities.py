"""Projects, enterprises and platforms that the text names, with county and capacity where printed.

A name ends in a head (项目, 电站, 平台) and begins after a verb or a list comma; members of a list share the head of the
last (新城、老城两座公交场站). An enterprise ends in 公司 or 集团, or stands in a list before 等…企业. Kinds of things (重点工程,
示范项目) are left out: a project needs a county, a place, a company or a number in its name, or a head that is one of a
kind. The vocabulary is `entities.toml`; the names of the city's own counties may be given, otherwise they are gathered.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dafeng.domains.plan.reading.entity_names import BRACKET_INSIDE, COUNT, cut_out, parts, vocabulary
from dafeng.domains.plan.reading.model import Entity
from dafeng.domains.plan.reading.normal import Normal
from dafeng.domains.plan.reading.outline import Node
from dafeng.domains.plan.reading.owners import OwnerList
from dafeng.domains.plan.reading.spans import cover, is_in
from dafeng.domains.plan.reading.targets import Walk

CLAUSE = re.compile(r"[^，；：。！？\n\t]+")
COUNTY = re.compile(
    r"(?:(?<=[、，。（“在进托快持以和动与及至由·—])|^)(?P<stem>[\u4e00-\u9fff]{1,3})(?P<level>县|区|市)(?![级直属区县城场])",
    re.MULTILINE,
)
# What ends as a county does and is none: 各县, 园区, 太行山区, 城市, 试点县.
NO_COUNTY = re.compile(
    r"^(?:[各全本我辖省城园社地县山小景库港每该设等跨副主老街灌牧林农矿郊厂校片市大]|开发|工业|高新|经开|保税|中心城|有关|相关|中心|周边|重点|功能|管理|其他)[县区市]$"
    r"|(?:[和及、的园社景灌厂校]|示范|开发|集聚|服务|功能|居住|保护|核心|建成|住宅|商业|办公|生活|试点|重点|资源)[县区市]$"
    r"|加快|加强|助力|推进|依托|支持|试点|示范|老旧|[全各级其个等类]|[城辖超股门都集夜上入进]市$|..山区$|产粮大县"
)
CITY = re.compile(r"([\u4e00-\u9fff]{2,3})市")
CAPACITY_GROUPS = {"power", "mass", "energy", "volume", "voltage", "area", "length"}
UNITS_OF_ONE = re.compile(r"(\d+)[×xX*](\d+(?:\.\d+)?)(MW|GW|兆瓦|万千瓦|千瓦|吨/日|万吨)")
SIZE = re.compile(r"（[^（）]*\d[^（）]*）$")
COUNTED = re.compile(r"(?<=[\u4e00-\u9fff])\d+[个座家条处](?=[\u4e00-\u9fff])")  # 城北2个公交场站
ZONE = re.compile(r"^(?:经开区|高新区|开发区|经济开发区)")
KIND_WORD = r"(?:抽水蓄能|压缩空气储能|新型储能|储能|集中式光伏|分布式光伏|光伏|风电|农光互补|渔光互补|公交|客运|垃圾焚烧|污水处理|生物质|光热|热电联产)"
BUILT = re.compile(r"建设|打造|建成|新建|续建|扩建|谋划|布局|筹建|设立|依托|规划|加快|推进|致力|创建")
PRODUCT_OR_ECONOMY = re.compile(r"[\u4e00-\u9fff]{0,2}(?:经济|企业|公司)")


@dataclass(frozen=True)
class Member:
    """One member of a list in a clause: its span, and where its head ends (0 where it has none)."""

    start: int
    end: int
    head_start: int
    head_end: int


def find(
    normal: Normal, walk: Walk, lists: list[OwnerList], counties: Iterable[str] = ()
) -> tuple[list[Entity], list[Entity], list[Entity]]:
    """(projects, enterprises, platforms) in the order of the text, each name once."""
    finder = _Finder(normal, walk, lists, tuple(counties))
    return finder.projects(), finder.enterprises(), finder.platforms()


class _Finder:
    def __init__(self, normal: Normal, walk: Walk, lists: list[OwnerList], counties: tuple[str, ...]) -> None:
        self.normal, self.walk, self.text = normal, walk, normal.text
        self.words = vocabulary()
        own = CITY.search(self.text[:200])
        self.city = own[1] if own else ""
        found = [name for name in (counties or _gathered(self.text)) if name != f"{self.city}市"]
        self.counties = _stems(found)
        covered = cover((one.start, one.end) for one in lists)
        self.clauses = [found.span() for found in CLAUSE.finditer(self.text) if not is_in(covered, found.start())]
        self.quantity_starts = [one.start for one in walk.quantities]

    # ---- projects

    def projects(self) -> list[Entity]:
        made: dict[str, Entity] = {}
        for start, end in self.clauses:
            for entity in self._in_clause(start, end):
                short = entity.name.replace(entity.county, entity.county[:-1]) if entity.county else entity.name
                if short not in made or len(entity.name) > len(made[short].name):
                    made[short] = entity
        return list(made.values())

    def _in_clause(self, start: int, end: int) -> Iterator[Entity]:
        if not (self.words.project.search(self.text, start, end) or self.counties):
            return
        members = [self._member(a, b) for a, b in parts(self.text, start, end)]
        county = ""  # which the members after the first may leave out
        for index, member in enumerate(members):
            follows = next((one for one in members[index + 1 :] if one.head_end), None)
            entity = self._project(member, follows, county, self.text[start : member.start])
            if entity:
                county = entity.county or county
                yield entity

    def _member(self, start: int, end: int) -> Member:
        heads = list(self.words.project.finditer(self.text, start, end))
        if not heads:
            return Member(start, end, 0, 0)
        return Member(start, end, heads[-1].start(), heads[-1].end())

    def _project(self, member: Member, follows: Member | None, county: str, before: str) -> Entity | None:
        text = self.text
        end = member.head_end or member.end
        phrase = text[member.start : end]
        name = cut_out(phrase, 4 if member.head_end else 2)
        start = end - len(name)
        plain = COUNTED.sub("", SIZE.sub("", name))
        if county and member.head_end and re.match(KIND_WORD, plain) and not self._county(plain):
            plain = county + BRACKET_INSIDE.sub("", plain)  # 青石县光伏（60万千瓦）、储能（20万千瓦）项目
        if not member.head_end:
            shared = self._shared(plain, follows)
            if shared is None:
                return None
            plain += shared
        place = self._county(plain)
        if place:  # 在青石县建设光伏基地
            plain = re.sub(rf"^({place[:-1]}[县区市]?)(?:规划|谋划)?(?:建设|打造)(?!工程)", r"\1", plain)
        if not self._is_named(plain, place, before + phrase[: len(phrase) - len(name)], text[end : member.end]):
            return None
        capacity, unit = self._capacity(start, end, name)
        kind = next((kind for word, kind in self.words.kinds.items() if word in plain), "其他")
        return self._entity(plain, kind, start, end, place, capacity, unit)

    def _shared(self, plain: str, follows: Member | None) -> str | None:
        """What a member without a head of its own takes from the next that has one; None where it is no project."""
        place = self._county(plain)
        plant = self.words.plant.search(plain)
        if follows:
            whole = self.text[follows.start : follows.head_end]
            head = self.text[follows.head_start : follows.head_end]
            tail = COUNT.sub("", whole)
            if plant and place:
                return head if head in ("项目", "工程", "基地") else ""
            if self.text[follows.start - 1] == "等" or tail != whole:  # 甲、乙等5条铁路专用线
                return tail if (place or self.words.proper.search(plain)) and len(plain) <= 24 else None
            if place and plain in (place, place[:-1]) and (first := self._county_at(whole)):
                return ZONE.sub("", whole[first:])  # 甲县、乙县粮油增产项目
            kind = re.search(rf"(?:{KIND_WORD})?$", self.text[follows.start : follows.head_start])
            counted = re.search(r"\d+[个座家条]([\u4e00-\u9fff]{2,8})$", whole)
            if counted and len(plain) <= 6:
                return counted[1]
            return kind[0] + head if kind and kind[0] and place and len(plain) <= 12 else None
        numbers = SIZE.search(plain) or re.search(r"\d", plain)
        stem = plain[: plant.start()] if plant else ""
        long_enough = (bool(place) and len(stem) > len(place or "")) or bool(numbers)
        return "" if plant and (place or self.words.proper.search(stem)) and long_enough else None

    def _is_named(self, name: str, county: str | None, before: str, after: str) -> bool:
        """Whether a name is that of one thing, not of a kind of things."""
        if not 4 <= len(name) <= 36 or self.words.project_general.search(name) or "的" in name:
            return False
        if county and len(name) > len(county) + 1:
            return True
        if self.words.general_without_county.search(name) and not re.search(r"\d+(?:MW|万|兆)", name):
            return False
        if self.words.proper.search(name) or (self.city and self.city in name):
            return len(name) >= 5
        if re.search(r"水库$", name):
            return len(name) <= 6 and not re.search(r"大中|小型|中型|病险|重要", name)
        built = BUILT.search(before) or after.startswith("建设")
        return bool(self.words.single.search(name) and built and 6 <= len(name) <= 20 and not re.search(r"\d", name))

    def _capacity(self, start: int, end: int, name: str) -> tuple[float | None, str | None]:
        """The size printed in or right after a name; 2×350MW is 700 MW."""
        if several := UNITS_OF_ONE.search(name):
            return int(several[1]) * float(several[2]), several[3]
        stop = self.text.find("）", end, end + 20) if self.text.startswith("（", end) else end
        stop = max(stop, end)
        inside = self.walk.quantities[
            bisect_left(self.quantity_starts, start) : bisect_left(self.quantity_starts, stop)
        ]
        one = next((one for one in inside if one.group in CAPACITY_GROUPS or not one.unit), None)
        if one is None or not isinstance(one.value, int | float):
            return None, None
        return one.value, one.unit

    def _county(self, name: str) -> str | None:
        for stem, full in self.counties:
            if stem in name:
                return full
        return None

    def _county_at(self, name: str) -> int:
        """The length of the county with which a name opens, 0 where it opens with none."""
        return next((len(stem) for stem, _ in self.counties if name.startswith(stem)), 0)

    # ---- enterprises

    def enterprises(self) -> list[Entity]:
        made: dict[str, Entity] = {}
        for start, end in self.clauses:
            clause = self.text[start:end]
            for listed in self.words.enterprise_list.finditer(clause):
                self._listed(made, listed, start)
            for listed in self.words.enumeration.finditer(clause):
                self._enumerated(made, listed, start)
            for company in self.words.company.finditer(clause):
                name = cut_out(re.split("[、的]", company[0])[-1], 2)
                self._add_enterprise(made, name, start + company.end() - len(name), "公司")
        return sorted(made.values(), key=lambda one: one.start)

    def _listed(self, made: dict[str, Entity], listed: re.Match[str], start: int) -> None:
        """依托甲制药、乙科技等骨干企业: the members, unless they are branches of industry."""
        names = re.split(r"、|和(?=[\u4e00-\u9fff]{3,})", listed["names"])
        if any(name in self.words.industries for name in names):
            return
        sure = 2 * sum(map(self._ends_like_one, names)) >= len(names)
        if not sure and not (listed["lead"] and listed["kind"] is not None and max(map(len, names)) <= 6):
            return
        at = start + listed.start("names")
        for printed in names:
            place = self.text.find(printed, at)
            name = cut_out(printed, 2) if len(printed) > 6 else printed
            self._add_enterprise(made, name, place + len(printed) - len(name), listed["kind"] or "龙头")

    def _ends_like_one(self, name: str) -> bool:
        return any(found.end() == len(name) for found in self.words.suffix.finditer(name))

    def _enumerated(self, made: dict[str, Entity], listed: re.Match[str], start: int) -> None:
        """支持甲钢构、乙板业、丙科技和…发展: three names or more, all but one of which end as enterprises do."""
        names = listed["names"].split("、")
        ends = [self.words.suffix.search(name) for name in names]
        if sum(end is not None for end in ends) < max(len(names) - 1, 3) or set(names) & self.words.industries:
            return
        at = start + listed.start("names")
        short = [(printed, printed[: end.end()]) for printed, end in zip(names, ends, strict=True) if end]
        if any(len(name) > 6 for _, name in short):
            return  # 环卫作业车辆、渣土转运车辆: kinds of things
        for printed, name in short:
            self._add_enterprise(made, name, self.text.find(printed, at), "龙头")

    def _add_enterprise(self, made: dict[str, Entity], name: str, at: int, kind: str) -> None:
        plain = name.strip("“”等")
        stem = re.sub(r"(?:集团|有限|责任|股份|控股)*(?:公司|集团)$", "", plain)
        if not 2 <= len(plain) <= 24 or len(stem) < 2 or name in made or at < 0 or "的" in plain:
            return
        if self.words.enterprise_general.search(plain) and not plain.endswith("有限公司"):
            return
        made[name] = self._entity(plain, kind.lstrip("等"), at, at + len(name), self._county(plain), None, None)

    # ---- platforms

    def platforms(self) -> list[Entity]:
        made: dict[str, Entity] = {}
        for start, end in self.clauses:
            clause = self.text[start:end]
            after = 0
            for head in self.words.platform.finditer(clause):
                if PRODUCT_OR_ECONOMY.match(clause[head.end() :]):
                    continue
                name = self._platform(clause[after : head.end()])
                after = head.end()
                if 5 <= len(name) <= 32 and not self.words.platform_general.search(name):
                    at = start + head.end() - len(name)
                    made.setdefault(name, self._entity(name, head[0], at, at + len(name), None, None, None))
        return list(made.values())

    @staticmethod
    def _platform(phrase: str) -> str:
        """The name at the end of a phrase: 园区信息、技术服务平台 stays whole, of a longer list only the last is the name."""
        name = cut_out(re.sub(r"^[、和及与]", "", phrase).rsplit("以及", 1)[-1], 5)
        name = re.sub(r"^.*(?:在内|统一|高效|需要|先进|一体|健全)的(?=.{5})", "", name)
        first, _, last = name.rpartition("、")
        whole = name.count("、") <= 1 and len(name) <= 22 and not re.search(r"(?:建设|利用|治理|服务)$", first)
        return name if whole else cut_out(last, 5)

    def _entity(
        self, name: str, kind: str, start: int, end: int, county: str | None, capacity: float | None, unit: str | None
    ) -> Entity:
        a, b = self.normal.span(start, end)
        node: Node | None = self.walk.node_at(start)
        return Entity(name, kind, county, capacity, unit, node.path if node else "", self.normal.printed[a:b], a, b)


def _gathered(text: str) -> tuple[str, ...]:
    """Counties that the text itself names: in full once, and its stem twice in all; cities twice in full."""
    counts = Counter(found["stem"] + found["level"] for found in COUNTY.finditer(text))
    return tuple(
        name
        for name, times in counts.items()
        if (name == "新县" or not NO_COUNTY.search(name))
        and (times >= 2 or (name[-1] != "市" and len(name) == 3 and text.count(name[:-1]) >= 2))
    )


def _stems(counties: Iterable[str]) -> list[tuple[str, str]]:
    """(form to look for, full name): a county of three characters is also called by its first two."""
    pairs = {name: name for name in counties if len(name) >= 2}
    pairs.update({name[:-1]: name for name in counties if len(name) >= 3})
    return sorted(pairs.items(), key=lambda pair: -len(pair[0]))
