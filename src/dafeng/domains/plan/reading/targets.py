"""Targets: quantities that promise something, with indicator, year, base year and strength.

The text is walked sentence by sentence. Each quantity is given a role; those that are targets are grouped where a list
shares one verb (分别达到60%、50%), named from their clause, and dated by the nearest time phrase that governs them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import replace

from dafeng.domains.plan.reading import naming
from dafeng.domains.plan.reading.brackets import left_of
from dafeng.domains.plan.reading.drafts import Clause, Draft, inferred_base, kind_of
from dafeng.domains.plan.reading.grammar import grammar
from dafeng.domains.plan.reading.outline import Node, in_goals, in_history
from dafeng.domains.plan.reading.quantities import Quantity
from dafeng.domains.plan.reading.roles import FUTURE, INVESTED, THING, names_a_kind, role
from dafeng.domains.plan.reading.times import Time

SENTENCE = re.compile(r"[^。！？\n]+")
BOUNDARY = "，；：。\t\n"
JOINTS = {"、", "和", "及", "与", "以及", "，", "、约", "和约", "，约", ""}
SCOPE = re.compile(
    r"全市|全省|全县|全区|全州|中心城区|主城区|市辖区|城区|县城|城镇|农村|城市|建成区|规模以上工业|县级城市|公共机构|新建建筑"
)
LEVEL_NEXT = re.compile(
    r"(?:达到?|分别达到|(?:提高|提升|增加|扩大|降低|下降|降|增|升)(?:到|至)|不低于|控制在|超过|突破|下降|降低|增长)$"
)
NATIONAL = re.compile(r"(?:我国|中国|全球|世界|国际上|国家提出|习近平)")
LEVELLED = re.compile(r"\d+[个家项座]?(?:国家|省|市|县|部)级([\u4e00-\u9fff]{2,12})")
STATUS = re.compile(r"(?:目前|截至目前|当前|近年来|长期以来|一年来|五年来)，")
BRACKET = re.compile(r"（[^（）]*）$")
TITLE = 25  # characters of a title that runs into its paragraph
LABEL = re.compile(r"[^，；：。\n]{2,25}[：】 ](?:力争|确保)?")


class Walk:
    """One pass over a plain text. Keeps what a clause inherits: time, subject, strength."""

    def __init__(self, text: str, times: list[Time], found: list[Quantity], nodes: list[Node], plan_year: int) -> None:
        self.text, self.times, self.quantities = text, times, found
        self.nodes, self.plan_year = nodes, plan_year
        self.time_starts = [time.start for time in times]
        self.quantity_starts = [one.start for one in found]
        self.node_starts = [node.start for node in nodes]
        self.drafts: list[Draft] = []
        self.attributes: list[Quantity] = []
        self.inherited: Time | None = None

    def run(self) -> list[Draft]:
        paragraph_end = title_end = -1
        for sentence in SENTENCE.finditer(self.text):
            start, end = sentence.span()
            node = self.node_at(start)
            opens = start > paragraph_end or bool(node and node.start >= start)
            if opens:
                paragraph_end = self.text.find("\n", start)
                paragraph_end = len(self.text) if paragraph_end < 0 else paragraph_end
                if not in_goals(node) or (node and start <= node.start < end):
                    self.inherited = self._time_in_title(node)
            titled = self._is_title(start, end, node) if opens else False
            if node and start <= node.start < end:
                start = node.body if node.body < end else node.mark_end
            self._note_time(start, end, node, opens=opens or title_end + 1 == sentence.start())
            title_end = end if titled else -1
            self._sentence(start, end, node)
        return self.drafts

    def _is_title(self, start: int, end: int, node: Node | None) -> bool:
        """Whether a paragraph's first sentence is only its title: 发展风电。到2025年…"""
        if node and start <= node.start < end and node.body >= end:
            return True
        short = end - start <= TITLE and "，" not in self.text[start:end]
        return short and not self.quantities_in(start, end) and not self.times_in(start, end)

    # ---- where things are

    def node_at(self, offset: int) -> Node | None:
        index = bisect_right(self.node_starts, offset + 1) - 1
        return self.nodes[index] if index >= 0 else None

    def times_in(self, start: int, end: int) -> list[Time]:
        return self.times[bisect_left(self.time_starts, start) : bisect_left(self.time_starts, end)]

    def quantities_in(self, start: int, end: int) -> list[Quantity]:
        return self.quantities[bisect_left(self.quantity_starts, start) : bisect_left(self.quantity_starts, end)]

    def _time_in_title(self, node: Node | None) -> Time | None:
        if node is None or not in_goals(node):
            return None
        found = [t for t in self.times_in(node.start, max(node.body, node.start + 1)) if self.is_future(t)]
        return found[-1] if found else None

    def is_future(self, time: Time) -> bool:
        return time.kind == "at" and not time.past and bool(time.years) and max(time.years) >= self.plan_year

    def _note_time(self, start: int, end: int, node: Node | None, *, opens: bool) -> None:
        """A time that opens a paragraph, or any sentence of a section on goals, holds for the sentences after it."""
        heads = [t for t in self.times_in(start, end) if t.kind == "at"]
        if not heads or not (opens or in_goals(node)):
            return
        if heads[0].start - start <= 6 or LABEL.fullmatch(self.text, start, heads[0].start):
            self.inherited = heads[0] if self.is_future(heads[0]) else None

    # ---- one sentence

    def _sentence(self, start: int, end: int, node: Node | None) -> None:
        clauses: list[Clause] = []
        floor = start
        for quantity in self.quantities_in(start, end):
            printed = self.text[quantity.start : quantity.tail]
            if quantity.start < floor and printed in self._noun_right(clauses[-1]):  # 30个总投资200亿元的项目
                self.attributes.append(quantity)
                continue
            clause = self._clause(quantity, start, end, floor, clauses)
            self._carry_action(clause, clauses)
            clauses.append(clause)
            if clause.role == "target":
                floor = quantity.tail + self._taken_right(clause)
            else:
                self.attributes.append(quantity)
        wanted = [clause for clause in clauses if clause.role == "target"]
        for group in self._groups(wanted):
            self._emit(group, start, node, wanted)

    def _carry_action(self, clause: Clause, before: list[Clause]) -> None:
        """新增水电2万千瓦、光伏5万千瓦: what is done with the first of a list is done with all."""
        last = before[-1] if before else None
        if not last or last.role != "target" or not last.subject.action or clause.subject.action or clause.subject.verb:
            return
        if re.fullmatch(r"[^，；：]*[、和及][^，；：]{0,20}", self.text[last.quantity.tail : clause.quantity.start]):
            clause.subject = replace(clause.subject, action=replace(last.subject.action, keep=False))

    def _clause(self, quantity: Quantity, start: int, end: int, floor: int, before: list[Clause]) -> Clause:
        text = self.text
        begin = max([text.rfind(sign, start, quantity.start) + 1 for sign in BOUNDARY] + [floor])
        side = left_of(text, start, min(begin, quantity.start), quantity.start)
        left_start = side.start
        opening = 1 if left_start > start and text[left_start - 1] == "（" else 0
        raw_left = "".join(text[a:b] for a, b in ((side.spans[0][0] - opening, side.spans[0][1]), *side.spans[1:]))
        left = "".join(self.without_times(a, b) for a, b in side.spans)
        if before and before[-1].role == "attribute" and before[-1].quantity.start >= left_start:
            left = self._without_origin(left, before[-1].quantity)
        right_end = min([p for sign in BOUNDARY if (p := text.find(sign, quantity.tail, end)) >= 0] + [end])
        right = text[quantity.tail : right_end]
        subject = naming.read_left(left)
        dated = self._is_dated(left_start, quantity, len(right), start)
        bare = self._bare_verb(left, subject)
        found = role(quantity, left, raw_left, right, verb=subject.verb, bare_verb=bare, dated=dated)
        if found == "target" and (self._is_modifier(quantity, end) or self._is_status(start, quantity.start)):
            found = "attribute"
        if found == "target" and side.fills and not (dated and names_a_kind(subject, quantity)):
            found = "attribute"
        closing = int(side.fills and right.startswith("）"))
        return Clause(quantity, left_start, left, raw_left, right, subject, found, closing)

    def _is_dated(self, left_start: int, quantity: Quantity, reach: int, start: int) -> bool:
        """Whether a year of the plan governs a number."""
        time = self._time_for(left_start, quantity, reach, start)
        return time is not None and self.is_future(time)

    def _is_modifier(self, quantity: Quantity, end: int) -> bool:
        """A number inside the subject of the next: 9种主要资源利用量达到4亿吨, 5个城市出行比例超过75%, 4.3米焦炉产能90万吨."""
        index = bisect_left(self.quantity_starts, quantity.tail)
        if (quantity.group != "count" and quantity.unit != "米") or index >= len(self.quantities):
            return False
        following = self.quantities[index]
        between = self.text[quantity.tail : following.start]
        if following.start > end or len(between) < 2 or re.search("[，；：、和及]", between):
            return False
        return quantity.unit == "米" or following.start < following.number_start or bool(LEVEL_NEXT.search(between))

    def _is_status(self, start: int, at: int) -> bool:
        """目前，A有…，B有…: a sentence that tells how things stand."""
        said = self.text[start:at]
        return bool(STATUS.match(said)) and not FUTURE.search(said)

    def _bare_verb(self, left: str, subject: naming.Subject) -> bool:
        """Whether a verb stands directly before the number: 新建100万亩, but not 年运输量150万吨."""
        if subject.verb:
            return True
        stripped = naming.strip_tail(left)
        return any(stripped.endswith(word) for word in grammar().actions)

    def without_times(self, start: int, end: int) -> str:
        parts, at = [], start
        for time in self.times_in(start, end):
            parts.append(self.text[at : time.start])
            at = max(at, min(time.end, end))
        return "".join([*parts, self.text[at:end]])

    def _without_origin(self, left: str, origin: Quantity) -> str:
        """Drop 由15% from 由15%提高到20%."""
        return re.sub(r"(?:由|从)的?" + re.escape(self.text[origin.start : origin.tail]), "", left)

    def _taken_right(self, clause: Clause) -> int:
        """How many characters right of the number its noun takes."""
        noun = self._noun_right(clause)
        return max(clause.right.find(noun), 0) + len(noun)

    def _noun_right(self, clause: Clause) -> str:
        """The counted thing right of the number, where there is one."""
        if not clause.right[:1].isdigit() and (
            not THING.match(clause.right) or re.match(r"[和及与或、]|以及", clause.right)
        ):
            return ""
        tail, right = clause.quantity.tail, clause.right
        nxt = bisect_left(self.quantity_starts, tail)
        while nxt < len(self.quantities) and self._sizes(tail, self.quantities[nxt]):
            skipped = self.quantities[nxt].tail - tail  # 2座220千伏变电站
            tail, right = tail + skipped, right[skipped:].removeprefix("级")
            nxt += 1
        if nxt > bisect_left(self.quantity_starts, clause.quantity.tail):
            stop = self.quantity_starts[nxt] - tail if nxt < len(self.quantities) else len(right)
            return self.text[clause.quantity.tail : tail] + naming.noun_after(right[: max(stop, 0)])
        limit = self.quantity_starts[nxt] - clause.quantity.tail if nxt < len(self.quantity_starts) else 10**9
        right = clause.right[: max(limit, 0)]
        if level := re.match(r"(?:国家|省|市|县|部)级[、和](?=\d)", clause.right):  # 5个国家级、10个省级低碳试点
            shared = LEVELLED.match(self.text, clause.quantity.tail + level.end())
            return level[0].rstrip("、和") + shared[1] if shared else level[0].rstrip("、和")
        return naming.share_of(right) if clause.quantity.group == "percent" else naming.noun_after(right)

    def _sizes(self, tail: int, following: Quantity) -> bool:
        """Whether the next number is a property of the things counted: 2座220千伏变电站, 30个总投资200亿元的项目."""
        if following.start == tail:
            return following.group in ("voltage", "power", "mass", "boiler")
        invests = INVESTED.fullmatch(self.text, tail, following.start)
        return bool(invests) and following.group == "money" and self.text.startswith("的", following.tail)

    def _groups(self, clauses: list[Clause]) -> list[list[Clause]]:
        groups: list[list[Clause]] = []
        for clause in clauses:
            if groups and self._joins(groups[-1], clause):
                groups[-1].append(clause)
            else:
                groups.append([clause])
        return groups

    def _joins(self, group: list[Clause], clause: Clause) -> bool:
        """Whether a number goes on with the list before it. After 分别60%、50%，80%以上的… opens a clause of its own."""
        last = group[-1].quantity
        between = self.text[last.tail : clause.quantity.start]
        paired = "分别" in group[0].raw_left
        if between not in JOINTS or (between == "，" and not paired):
            return False
        if between == "，":
            full = naming.split_subject(group[0].subject.name, len(group)) is not None
            if full or (clause.quantity.group == "percent" and self._noun_right(clause)):
                return False
        return paired or last.group == clause.quantity.group

    # ---- from clause to target

    def _emit(self, group: list[Clause], start: int, node: Node | None, all_clauses: list[Clause]) -> None:
        head = group[0]
        time = self._time_for(head.start, head.quantity, len(head.right), start)
        if time is not None and not self.is_future(time):
            return
        if in_history(node) or NATIONAL.match(self.text[start : head.quantity.start].lstrip("“，")):
            return
        name, quote_start = self._name(head, start, all_clauses)
        if not name:
            return
        names, years = self._spread(name, group, time, head, start)
        for index, (one, clause) in enumerate(zip(names, group, strict=False)):
            draft = self._draft(one, clause, group, time, start, node, quote_start)
            for year in years[index]:
                self.drafts.append(replace(draft, year=year))
        for one in names[len(group) :]:  # several names that share one number
            draft = self._draft(one, head, group, time, start, node, quote_start)
            self.drafts += [replace(draft, year=year) for year in years[0]]

    def _time_for(self, left_start: int, quantity: Quantity, reach: int, start: int) -> Time | None:
        at = quantity.start
        inside = [t for t in self.times_in(left_start, at) if t.kind == "at"]
        if inside:
            return inside[-1]
        after = [t for t in self.times_in(quantity.tail, quantity.tail + reach) if t.kind == "at" and self.is_future(t)]
        if after:
            return after[0]
        before = [t for t in self.times_in(start, at) if t.kind == "at"]
        return before[-1] if before else self.inherited

    def _name(self, clause: Clause, start: int, all_clauses: list[Clause]) -> tuple[str, int]:
        """The indicator and where its words begin."""
        subject, quantity = clause.subject, clause.quantity
        noun = self._noun_right(clause)
        name = subject.name
        if noun and quantity.group != "percent":
            verb = subject.action.word if subject.action and subject.action.keep else ""
            stem = "" if re.search(r"等$|^[一-龥]{0,3}$", clause.left.strip()) or subject.action else name
            if name and verb and name != verb and not name.startswith(verb):
                stem = name
            bare = verb if not stem.startswith(verb) else ""
            return self._joined(bare, stem, noun), clause.start
        if noun and quantity.group == "percent":
            return (f"{name}{noun}" if name and not noun.startswith(name) else noun), clause.start
        if name.startswith("占"):
            return self._inherit_name(clause, start, all_clauses, "")[0] + name, clause.start
        if name and name not in grammar().actions:
            return self._whole_name(clause, start, all_clauses, name), clause.start
        return self._inherit_name(clause, start, all_clauses, name)

    def _whole_name(self, clause: Clause, start: int, all_clauses: list[Clause], name: str) -> str:
        """A bare 处置率 after 农药包装回收率 speaks of the same thing."""
        earlier = all_clauses[: all_clauses.index(clause)]
        if earlier and BRACKET.fullmatch(name):  # 改造（一期）100万平方米、（二期）200万平方米
            return BRACKET.sub("", self._last_name(earlier[-1])) + name
        if len(name) > 3 or not name.endswith("率") or not earlier:
            return name
        last = self._last_name(earlier[-1])
        head = naming.RATE_HEAD.search(last)
        return last[: head.start()] + name if head and len(last[: head.start()]) >= 2 else name

    @staticmethod
    def _joined(verb: str, stem: str, noun: str) -> str:
        if stem and (len(stem) > 14 or stem in noun):
            stem = ""
        if verb and verb in stem:
            verb = ""
        return f"{verb}{stem}{noun}"

    def _inherit_name(self, clause: Clause, start: int, all_clauses: list[Clause], own: str) -> tuple[str, int]:
        """A clause without a subject speaks of the last target's, or of the clause before it."""
        earlier = all_clauses[: all_clauses.index(clause)]
        if own:  # a bare action: 2022年新建充电桩100个，2023年新建150个
            dated = any(time.kind == "at" for time in self.times_in(clause.start, clause.quantity.start))
            last = self._last_name(earlier[-1]) if earlier and dated else ""
            return last or own, clause.start
        at = clause.start
        while at > start:
            before_start = max([self.text.rfind(sign, start, at - 1) + 1 for sign in BOUNDARY] + [start])
            spoken = [one for one in earlier if before_start <= one.quantity.start < at]
            if spoken:
                return self._last_name(self._alike(clause, earlier) or spoken[-1]), clause.start
            previous = naming.of_predicate(self.without_times(before_start, at - 1))
            if previous:
                return previous, before_start
            at = before_start
        return "", clause.start

    def _alike(self, clause: Clause, earlier: list[Clause]) -> Clause | None:
        """利用率达60%，回收量达50万吨；2030年，达到65%和80万吨: of several, the one that is measured alike."""
        last = earlier[-1].quantity
        listed = self.text[last.tail : clause.quantity.start] in JOINTS
        dated = any(time.kind == "at" for time in self.times_in(last.tail, clause.quantity.start))
        if (
            last.group == clause.quantity.group
            or clause.subject.means in ("increase", "decrease")
            or not (listed or dated)
        ):
            return None
        return next((one for one in reversed(earlier) if one.quantity.group == clause.quantity.group), None)

    def _last_name(self, clause: Clause) -> str:
        found = (one for one in reversed(self.drafts) if one.start <= clause.quantity.start < one.end)
        return next((one.indicator for one in found), "")

    def _spread(
        self, name: str, group: list[Clause], time: Time | None, head: Clause, start: int
    ) -> tuple[list[str], list[list[int | None]]]:
        """Names and years for each number of a group."""
        years: list[int | None] = list(time.years) if time else [None]
        count = len(group)
        if count > 1:
            names = naming.split_subject(name, count)
            if names:
                return names, [years[-1:]] * count
            if len(years) == count:
                return [name] * count, [[year] for year in years]
            told = self._told_before(head, count, start)
            if told:
                return told, [years[-1:]] * count
            listed = self._list_before(head, count)
            return ([f"{place}{name}" for place in listed] if listed else [name] * count), [years[-1:]] * count
        shared = naming.twins(name)
        if shared is None and re.search(r"均|都|各", head.raw_left[-8:]) and re.search("、|和", name):
            shared = naming.split_subject(name, len(re.split("、|和|及", name)))
        return (shared or [name]), [years]

    def _told_before(self, head: Clause, count: int, start: int) -> list[str] | None:
        """到2030年，分别达到350、30和40万千瓦: as many indicators as the sentence gave just before."""
        if head.subject.name or "分别" not in head.raw_left:
            return None
        before = [draft for draft in self.drafts if start <= draft.start < head.start]
        names = list(dict.fromkeys(draft.indicator for draft in before[-count:]))
        return names if len(names) == count else None

    def _list_before(self, head: Clause, count: int) -> list[str] | None:
        """城市、县城生活污水全收集，污泥处理率分别达到: the places stand in the clause before."""
        begin = max(self.text.rfind(sign, 0, max(head.start - 1, 0)) + 1 for sign in BOUNDARY)
        found = re.match(r"([一-龥]{2,4}(?:、[一-龥]{2,4})*?)[、和]([一-龥]{2})", self.text[begin : head.start])
        if not found:
            return None
        places = [*found[1].split("、"), found[2]]
        return places if len(places) == count else None

    def _draft(
        self,
        name: str,
        clause: Clause,
        group: list[Clause],
        time: Time | None,
        start: int,
        node: Node | None,
        quote_start: int,
    ) -> Draft:
        quantity = clause.quantity
        head = group[0]
        kind, direction, unit = kind_of(self.text, clause, head)
        operator = quantity.operator
        if operator == "=" and all(not one.quantity.qualifier for one in group[:-1]):
            operator = group[-1].quantity.operator
        if operator == "=" and "至少" in clause.raw_left:
            operator = ">="
        base, inferred = self._base(head, kind, quantity, time, start)
        last = group[-1]
        end = last.quantity.tail + (self._taken_right(last) if len(group) == 1 else 0) + last.closing
        raw = self.text[start : quantity.start]
        return Draft(
            indicator=name,
            kind=kind,
            direction=direction,
            operator=operator,
            value=quantity.value,
            unit=unit,
            year=None,
            period=time.period or (f"{time.years[-1]}-" if time.bound in ("起", "以后", "后", "开始") else None)
            if time
            else None,
            baseline_year=base,
            baseline_inferred=inferred,
            strength=self.strength(raw, self.text[head.start : quantity.start], time, start),
            scope=found[0] if (found := SCOPE.search(head.raw_left)) else None,
            implicit=quantity.implicit,
            node=node,
            start=self.first_word(quote_start, quantity.start),
            end=max(end, quantity.tail),
        )

    def first_word(self, start: int, limit: int) -> int:
        while start < limit and self.text[start] in "、，；：。和及与/ \t\n—-·●":
            start += 1
        return start

    def _base(
        self, head: Clause, kind: str, quantity: Quantity, time: Time | None, start: int
    ) -> tuple[int | None, bool]:
        """The base year: printed in the clause, printed for the whole sentence, or inferred from the plan period."""
        bases = [t for t in self.times_in(start, quantity.start) if t.kind == "base"]
        inside = [t for t in bases if t.start >= head.start]
        year = time.years[-1] if time else None
        frame = [t for t in bases if self.text[t.end : t.end + 1] == "，"]
        if kind not in ("relative_change", "absolute_change"):
            return None, False
        for found in (inside, frame):
            if found:
                return (found[-1].years[0], False) if found[-1].years else (inferred_base(year, time), True)
        percent = quantity.group == "percent"
        if not percent or head.subject.per_year:
            return None, False
        bases = [t for t in bases if t.years and (time is None or t.start > time.start)]
        if bases:
            return bases[-1].years[0], True
        base = inferred_base(year, time)
        return base, base is not None

    def strength(self, sentence: str, clause: str, time: Time | None, start: int) -> str:
        words = grammar().words
        own = re.split("[，；：]", sentence)[-1]
        if words["must"].search(own):
            return "must"
        if words["strive"].search(clause) or words["strive"].search(own):
            return "strive"
        if time is not None and time.start > start + len(sentence):
            own = self.text[start + len(sentence) : time.start + 2]
            return "strive" if words["strive"].search(own) else "must"
        if time is None or time.start < start:
            return "must"
        lead = sentence[max(0, time.start - start - 3) : time.start - start + 2]
        since = sentence[time.start - start :]
        return "strive" if words["strive"].search(lead) and not words["must"].search(since) else "must"
