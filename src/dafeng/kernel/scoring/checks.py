"""What must hold between the parts of a rubric: names, sums, cuts, rules. Each fault says how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from dafeng.kernel.errors import RubricError
from dafeng.kernel.scoring import rubric as shapes
from dafeng.kernel.scoring.expression import Kind, is_code, parse
from dafeng.kernel.scoring.lighting import LIGHTS, LightRules
from dafeng.kernel.scoring.rubric import Formula, Item, Rubric
from dafeng.kernel.scoring.tables import Faults

SUM_TOLERANCE = 0.005  # printed weights have two decimals
_ALWAYS = frozenset(("code", "title", "title_en", "weight", "scoring", "group", "unit", "indicator", "value", "applies", "missing",
                     "source", "note"))  # fmt: skip
_NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # scoring: (fields needed, fields allowed besides)
    shapes.LINEAR: (("base", "lead"), ()),
    shapes.INVERSE: (("base", "lead"), ()),
    shapes.STEP: (("below", "steps"), ()),
    shapes.BAND: (("band", "limits"), ()),
    shapes.RANK: (("better",), ("minimum_peers",)),
    shapes.RULE: (("rule",), ()),
}


def check_rubric(rubric: Rubric, faults: Faults) -> None:
    """Adds every fault of a rubric that was read."""
    _check_head(rubric, faults)
    lists = {name: getattr(rubric, name) for name in ("inputs", "groups", "items", "bonuses", "deductions", "vetoes")}
    _check_codes(lists, faults)
    _check_codes({"levels": rubric.levels}, faults)
    known = {each.code for each in rubric.entries}
    _check_derived({"inputs": rubric.inputs, "items": rubric.items}, known, faults)
    for index, item in enumerate(rubric.items):
        _check_item(rubric, item, index, known, faults)
    _check_weights(rubric, faults)
    rules = _Rules(known, {item.code for item in rubric.items}, faults, results=True)
    for table in ("bonuses", "deductions"):
        for index, each in enumerate(getattr(rubric, table)):
            rules.formula(each.points, each.code, table, index, "points")
            rules.text(each.when, "truth", each.code, table, index, "when")
            if each.cap <= 0:
                faults.add(f"“{each.code}”的 cap 是 {each.cap:g}", "大于 0 的分数", table=table, index=index, key="cap")
    _check_vetoes(rubric, rules, faults)
    _check_levels(rubric, rules, faults)


def check_lights(rules: LightRules, faults: Faults) -> None:
    """Adds every fault of light rules that were read."""
    _check_codes({"inputs": rules.inputs}, faults)
    known = {each.code for each in rules.inputs}
    _check_derived({"inputs": rules.inputs}, known, faults)
    if not rules.lights:
        faults.add("没有灯（lights）", mend="至少写一盏灯")
        return
    checked = _Rules(known, set(), faults, results=False)
    for index, light in enumerate(rules.lights):
        last = index == len(rules.lights) - 1
        if light.light not in LIGHTS:
            faults.add(f"不认识的灯“{light.light}”", "、".join(LIGHTS), table="lights", index=index, key="light")
        if last == bool(light.when):
            what = "最后一盏灯不应有 when" if last else "只有最后一盏灯可以没有 when"
            faults.add(what, "前面的灯各有条件，最后一盏为其余情形", table="lights", index=index, key="when")
        checked.text(light.when, "truth", light.light, "lights", index, "when")
    shown = {light.light for light in rules.lights}
    for index, step in enumerate(rules.escalations):
        if step.light not in shown:
            faults.add(f"升级规则用了没有的灯“{step.light}”", "、".join(sorted(shown)), table="escalations", index=index, key="light")  # fmt: skip
        if step.periods < 1:
            faults.add(f"连续 {step.periods} 期", "至少 1 期", table="escalations", index=index, key="periods")
    if rules.valid_until and rules.valid_until < rules.valid_from:
        faults.add("valid_until 早于 valid_from", key="valid_until")


class _Rules:
    """Checks rules against the names they may use."""

    def __init__(self, known: set[str], items: set[str], faults: Faults, *, results: bool) -> None:
        self.known, self.items, self.faults = known, items, faults
        self.extra = frozenset(("score", "coverage", "confidence")) if results else frozenset()
        self.results = results

    def formula(self, given: Formula, code: str, table: str, index: int, key: str) -> None:
        if isinstance(given, str):
            self.text(given, "number", code, table, index, key)

    def text(self, text: str, kind: Kind, code: str, table: str, index: int, key: str) -> None:
        if not text:
            return
        try:
            found = parse(text, kind=kind)
        except RubricError as error:
            self.faults.take(error, table=table, index=index, key=key, lead=f"“{code}”的 {key}：")
            return
        unknown = sorted(found.names - self.known - self.extra)
        if unknown:
            what = f"“{code}”的 {key} 用了没有的名称“{'、'.join(unknown)}”"
            expected = "、".join(sorted(self.known | self.extra))[:300]
            self.faults.add(what, expected, "请改名称，或在 inputs 中加上它", table=table, index=index, key=key)
        if found.marks and not self.results:
            self.faults.add(f"“{code}”的 {key} 不能用 mark()", "只用数值", table=table, index=index, key=key)
        elif lacking := sorted(found.marks - self.items):
            self.faults.add(f"“{code}”的 {key} 用了没有的指标 mark({lacking[0]})", "评分项的 code", table=table, index=index, key=key)  # fmt: skip


def _check_head(rubric: Rubric, faults: Faults) -> None:
    if not rubric.items:
        faults.add("没有评分项（items）", mend="至少写一项 [[items]]")
    if rubric.total <= 0:
        faults.add(f"总分 total 是 {rubric.total:g}", "大于 0", key="total")
    if not 0 <= rubric.decimals <= 4:
        faults.add(f"小数位数 decimals 是 {rubric.decimals}", "0 至 4", key="decimals")
    if rubric.missing not in shapes.POLICIES:
        faults.add(f"不认识的缺数处理“{rubric.missing}”", "、".join(shapes.POLICIES), key="missing")
    if not 0 <= rubric.neutral <= 100:
        faults.add(f"中性得分率 neutral 是 {rubric.neutral:g}", "0 至 100", key="neutral")
    if rubric.valid_until and rubric.valid_until < rubric.valid_from:
        faults.add("valid_until 早于 valid_from", key="valid_until")
    for key in ("bonus_cap", "deduction_cap"):
        cap = getattr(rubric, key)
        if cap is not None and cap <= 0:
            faults.add(f"{key} 是 {cap:g}", "大于 0 的分数", key=key)


def _check_codes(lists: dict[str, Sequence[Any]], faults: Faults) -> None:
    """Codes are names in rules, so all lists share one set of them."""
    seen: dict[str, str] = {}
    for table, entries in lists.items():
        for index, each in enumerate(entries):
            if not is_code(each.code):
                expected = "字母、数字、下划线或汉字，不以数字开头，也不是 score、mark 等保留词"
                faults.add(f"编号“{each.code}”不能用作名称", expected, table=table, index=index, key="code")
            if not each.title:
                faults.add(f"“{each.code}”没有标题", table=table, index=index, key="title")
            if each.code in seen:
                what = f"编号“{each.code}”写了两次（{seen[each.code]} 和 {table}）"
                faults.add(what, "每个编号只用一次", "请改其中一个", table=table, index=index, key="code")
            seen.setdefault(each.code, table)


def _check_derived(lists: dict[str, Sequence[Any]], known: set[str], faults: Faults) -> None:
    """Derived values: rules that parse, names that exist, no circle."""
    places: dict[str, tuple[str, int]] = {}
    reads: dict[str, frozenset[str]] = {}
    rules = _Rules(known, set(), faults, results=False)
    for table, entries in lists.items():
        for index, each in enumerate(entries):
            places[each.code] = (table, index)
            reads[each.code] = frozenset()
            if each.value and each.indicator:
                faults.add(f"“{each.code}”同时有 indicator 和 value", "只写一个", table=table, index=index, key="value")
            if each.value and getattr(each, "when_absent", None) is not None:
                faults.add(
                    f"“{each.code}”由表达式得出，不能有 when_absent", table=table, index=index, key="when_absent"
                )
            before = len(faults.found)
            rules.text(each.value, "number", each.code, table, index, "value")
            if each.value and len(faults.found) == before:
                reads[each.code] = parse(each.value, kind="number").names
    circle = _circle(reads)
    if circle:
        table, index = places[circle[0]]
        what = f"数值互相引用成环：{' → '.join(circle)}"
        faults.add(what, mend="请让其中一个取自指标，而不是表达式", table=table, index=index, key="value")
        faults.stop()  # the order of values, which the rest relies on, does not exist


def _circle(reads: dict[str, Iterable[str]] | dict[str, frozenset[str]]) -> list[str]:
    """A path that comes back to its start, or nothing."""
    done: set[str] = set()

    def walk(code: str, path: list[str]) -> list[str]:
        if code in path:
            return [*path[path.index(code) :], code]
        if code in done:
            return []
        for name in sorted(reads.get(code, ())):
            if found := walk(name, [*path, code]):
                return found
        done.add(code)
        return []

    for code in reads:
        if found := walk(code, []):
            return found
    return []


def _check_item(rubric: Rubric, item: Item, index: int, known: set[str], faults: Faults) -> None:
    def fail(what: str, expected: str = "", *, key: str, mend: str = "") -> None:
        faults.add(f"“{item.code}”{what}", expected, mend, table="items", index=index, key=key)

    if item.weight <= 0:
        fail(f"的权重是 {item.weight:g}", "大于 0", key="weight", mend="不计分的数值请写到 inputs")
    if item.missing and item.missing not in shapes.POLICIES:
        fail(f"不认识的缺数处理“{item.missing}”", "、".join(shapes.POLICIES), key="missing")
    if item.scoring not in _NEEDS:
        fail(f"不认识的评分方式“{item.scoring}”", "、".join(shapes.SCORINGS), key="scoring")
        return
    needed, allowed = _NEEDS[item.scoring]
    given = set(shapes.plain(item))
    for key in needed:
        if key not in given:
            fail(f"按 {item.scoring} 评分，缺少 {key}", "、".join(needed), key="scoring")
    for key in sorted(given - _ALWAYS - {*needed, *allowed}):
        fail(
            f"按 {item.scoring} 评分，用不到 {key}",
            "、".join((*needed, *allowed)),
            key=key,
            mend="请删去，或改 scoring",
        )
    rules = _Rules(known, set(), faults, results=False)
    for key in ("base", "lead"):
        rules.formula(getattr(item, key), item.code, "items", index, key)
    rules.text(item.rule, "number", item.code, "items", index, "rule")
    rules.text(item.applies, "truth", item.code, "items", index, "applies")
    _check_scale(item, fail)


def _check_scale(item: Item, fail: Any) -> None:
    base, lead = item.base, item.lead
    if isinstance(base, float) and isinstance(lead, float):
        if item.scoring == shapes.LINEAR and base >= lead:
            fail(f"的基准 {base:g} 不小于引领 {lead:g}", "linear 时引领大于基准；越低越好请用 inverse", key="lead")
        if item.scoring == shapes.INVERSE and base <= lead:
            fail(f"的基准 {base:g} 不大于引领 {lead:g}", "inverse 时引领小于基准；越高越好请用 linear", key="lead")
    if item.steps and any(a.at >= b.at for a, b in pairwise(item.steps)):
        fail("的 steps 不是从小到大", "at 逐级增大", key="steps")
    marks = [step.mark for step in item.steps] + ([] if item.below is None else [item.below])
    if any(not 0 <= mark <= 100 for mark in marks):
        fail("的得分率超出范围", "0 至 100", key="steps")
    if item.band and item.limits:
        ordered = len(item.band) == len(item.limits) == 2 and (
            item.limits[0] < item.band[0] <= item.band[1] < item.limits[1]
        )
        if not ordered:
            fail("的 band 或 limits 不对", "limits 下限 < band 下限 ≤ band 上限 < limits 上限", key="band")
    if item.scoring == shapes.RANK and item.better not in ("higher", "lower"):
        fail(f"的 better 是“{item.better}”", "higher 或 lower", key="better")
    if item.minimum_peers < 2:
        fail(f"的 minimum_peers 是 {item.minimum_peers}", "至少 2", key="minimum_peers")


def _check_weights(rubric: Rubric, faults: Faults) -> None:
    groups = {group.code: group for group in rubric.groups}
    sums = dict.fromkeys(["", *groups], 0.0)
    broken = False
    lists: tuple[tuple[str, Sequence[Any], str], ...] = (
        ("items", rubric.items, "group"),
        ("groups", rubric.groups, "parent"),
    )
    for table, entries, key in lists:
        for index, each in enumerate(entries):
            above = getattr(each, key)
            if above and above not in groups:
                expected = "、".join(groups) or "先写 [[groups]]"
                faults.add(f"“{each.code}”属于没有的组“{above}”", expected, table=table, index=index, key=key)
                broken = True
            else:
                sums[above] += each.weight
    parents = {code: {group.parent} - {""} for code, group in groups.items()}
    if circle := _circle({code: frozenset(above) for code, above in parents.items()}):
        index = list(groups).index(circle[0])
        faults.add(f"分组互为上级：{' → '.join(circle)}", mend="请改 parent", table="groups", index=index, key="parent")
        broken = True
    if broken:
        return
    for index, group in enumerate(rubric.groups):
        if abs(sums[group.code] - group.weight) > SUM_TOLERANCE:
            what = f"“{group.code}”各项权重之和为 {sums[group.code]:g}，与本组权重 {group.weight:g} 不符"
            mend = f"请调整本组各项，差 {group.weight - sums[group.code]:+g}"
            faults.add(what, f"{group.weight:g}", mend, table="groups", index=index, key="weight")
    if rubric.items and abs(sums[""] - rubric.total) > SUM_TOLERANCE:
        what = f"权重之和为 {sums['']:g}，与总分 {rubric.total:g} 不符"
        faults.add(what, f"{rubric.total:g}", f"请调整权重，差 {rubric.total - sums['']:+g}", key="total")


def _check_vetoes(rubric: Rubric, rules: _Rules, faults: Faults) -> None:
    grades = {level.code for level in rubric.levels}
    for index, veto in enumerate(rubric.vetoes):

        def fail(what: str, expected: str, key: str, veto: Any = veto, index: int = index) -> None:
            faults.add(f"“{veto.code}”{what}", expected, table="vetoes", index=index, key=key)

        if not veto.when:
            fail("没有条件", "when = 表达式", "when")
        rules.text(veto.when, "truth", veto.code, "vetoes", index, "when")
        if veto.effect not in shapes.EFFECTS:
            fail(f"不认识的效果“{veto.effect}”", "、".join(shapes.EFFECTS), "effect")
        if (veto.effect == shapes.CAP_GRADE) != bool(veto.grade) or (veto.grade and veto.grade not in grades):
            fail(
                f"的 grade 是“{veto.grade}”",
                f"cap_grade 时为 {'、'.join(sorted(grades)) or '先写 levels'}，否则不写",
                "grade",
            )
        if (veto.effect == shapes.CAP_SCORE) != (veto.score is not None):
            fail("的 score 不对", "cap_score 时写最高分数，否则不写", "score")


def _check_levels(rubric: Rubric, rules: _Rules, faults: Faults) -> None:
    """Cuts must cover the whole line once: no gap, no overlap, best first."""
    if rubric.insufficient and not 0 < rubric.insufficient.below_coverage <= 1:
        faults.add("below_coverage 不对", "0 至 1 之间，如 0.6", table="insufficient", key="below_coverage")
    if not rubric.levels:
        return
    cut = [(index, level) for index, level in enumerate(rubric.levels) if not level.by_veto]
    for index, level in enumerate(rubric.levels):
        rules.text(level.when, "truth", level.code, "levels", index, "when")
        if not 0 <= level.minimum_coverage <= 1:
            faults.add(f"“{level.code}”的 minimum_coverage 不对", "0 至 1", table="levels", index=index, key="minimum_coverage")  # fmt: skip
        if level.by_veto and (level.lower is not None or level.upper is not None or level.when):
            faults.add(f"“{level.code}”只由否决得出，不应有 from、to、when", table="levels", index=index, key="by_veto")
        if level.by_veto and cut and index < cut[-1][0]:
            faults.add(f"“{level.code}”只由否决得出，应写在最后", table="levels", index=index, key="by_veto")
    if not cut:
        faults.add("没有按分数划分的等级", table="levels")
        return
    (top, best), (bottom, worst) = cut[0], cut[-1]
    if best.upper is not None:
        faults.add(f"最高等级“{best.code}”不应有 to", "不设上限", table="levels", index=top, key="to")
    if worst.lower is not None or worst.when or worst.minimum_coverage:
        faults.add(
            f"最低等级“{worst.code}”不应有 from 或条件", "任何对象都有等级", table="levels", index=bottom, key="from"
        )
    reach = rubric.total + (rubric.bonus_cap or sum(each.cap for each in rubric.bonuses))
    for (_, above), (index, level) in pairwise(cut):
        if above.lower is None or level.upper is None:
            faults.add(f"等级“{above.code}”与“{level.code}”之间没有写明分数线", f"“{above.code}”的 from 等于“{level.code}”的 to", table="levels", index=index, key="to")  # fmt: skip
        elif above.lower > level.upper:
            faults.add(f"等级之间有空档：{level.upper:g} 至 {above.lower:g} 分没有等级", f"“{level.code}”的 to = {above.lower:g}", table="levels", index=index, key="to")  # fmt: skip
        elif above.lower < level.upper:
            faults.add(f"等级重叠：{above.lower:g} 至 {level.upper:g} 分既是“{above.code}”又是“{level.code}”", f"“{level.code}”的 to = {above.lower:g}", "等级从高到低写", table="levels", index=index, key="to")  # fmt: skip
        elif level.lower is not None and level.lower >= level.upper:
            faults.add(f"“{level.code}”的 from 不小于 to", "from < to", table="levels", index=index, key="from")
    if best.lower is not None and best.lower > reach:
        faults.add(f"“{best.code}”要 {best.lower:g} 分，最高只能得 {reach:g} 分", f"不超过 {reach:g}", table="levels", index=top, key="from")  # fmt: skip
