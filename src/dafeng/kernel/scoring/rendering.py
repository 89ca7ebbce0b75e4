"""A rubric as a document that a clerk can read: every weight, line, cut and rule in words, in Markdown.

Nothing that changes a score is left out; what is not in this text is not in the rubric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dafeng.kernel.errors import RubricError
from dafeng.kernel.scoring import rubric as shapes
from dafeng.kernel.scoring.expression import parse
from dafeng.kernel.scoring.rubric import Adjustment, Formula, Input, Item, Level, Rubric, Veto

LANGUAGES = ("zh", "en")
Say = Callable[[str, str], str]


def render(rubric: Rubric, *, language: str = "zh") -> str:
    """Markdown in Chinese (`zh`) or English (`en`)."""
    if language not in LANGUAGES:
        raise RubricError(f"没有“{language}”这种语言", expected="、".join(LANGUAGES))
    return "\n".join(_Document(rubric, language).lines()) + "\n"


class _Document:
    def __init__(self, rubric: Rubric, language: str) -> None:
        self.rubric, self.chinese, self.language = rubric, language == "zh", language
        self.titles = rubric.titles if self.chinese else rubric.titles_en

    def say(self, chinese: str, english: str) -> str:
        return chinese if self.chinese else english

    def title(self, each: object) -> str:
        title: str = getattr(each, "title", "")
        english: str = getattr(each, "title_en", "")
        return title if self.chinese else english or title

    def rule(self, text: str, *, truth: bool = True) -> str:
        return parse(text, kind="truth" if truth else "number").in_words(self.titles, self.language)

    def amount(self, given: Formula) -> str:
        if isinstance(given, str):
            return self.rule(given, truth=False)
        return "" if given is None else f"{given:g}"

    def lines(self) -> Iterator[str]:
        rubric, say = self.rubric, self.say
        yield f"# {self.title(rubric)}"
        yield ""
        yield f"- {say('编号与版本', 'id and version')}: {rubric.reference}"
        until = f" – {rubric.valid_until}" if rubric.valid_until else say(" 起", " on")
        yield f"- {say('有效期', 'in force')}: {rubric.valid_from}{until}"
        yield f"- {say('性质', 'standing')}: {rubric.standing if self.chinese else rubric.standing_en or rubric.standing}"
        if rubric.source:
            yield f"- {say('依据', 'source')}: {rubric.source}"
        if rubric.note:
            yield f"- {say('说明', 'note')}: {rubric.note}"
        yield f"- {say('总分', 'total')}: {rubric.total:g}，{say('得分保留', 'decimals of a score:')} {rubric.decimals} {say('位小数（四舍五入）', '(half up)')}"
        yield f"- {say('缺数处理', 'missing values')}: {self.policy(rubric.missing)}"
        yield f"- {say('摘要', 'digest')}: `{rubric.digest}`"
        yield from self.items()
        yield from self.inputs()
        yield from self.adjustments()
        yield from self.vetoes()
        yield from self.levels()

    def policy(self, policy: str) -> str:
        say = self.say
        return {
            shapes.EXCLUDE: say("不计分，其权重按比例分给其他项；覆盖率降低", "left out, the weight shared among the others; coverage falls"),
            shapes.NEUTRAL: say(f"按 {self.rubric.neutral:g}% 得分率计；覆盖率降低", f"counted at a mark of {self.rubric.neutral:g}%; coverage falls"),
            shapes.WORST: say("按 0 分计；覆盖率降低", "counted as 0; coverage falls"),
        }[policy]  # fmt: skip

    def items(self) -> Iterator[str]:
        say = self.say
        yield from ("", f"## {say('评分项', 'Items')}")
        tops = [group for group in self.rubric.groups if not group.parent]
        if loose := [item for item in self.rubric.items if not item.group]:
            yield from self.table(loose)
        for group in tops:
            yield from self.group(group, depth=3)

    def group(self, group: shapes.Group, *, depth: int) -> Iterator[str]:
        yield from ("", f"{'#' * min(depth, 6)} {self.title(group)}（{group.weight:g} {self.say('分', 'points')}）")
        yield from self.table([item for item in self.rubric.items if item.group == group.code])
        for below in self.rubric.groups:
            if below.parent == group.code:
                yield from self.group(below, depth=depth + 1)

    def table(self, items: list[Item]) -> Iterator[str]:
        if not items:
            return
        say = self.say
        yield ""
        yield say("| 编号 | 名称 | 权重 | 数值 | 怎样得分 |", "| code | item | weight | value | how it is marked |")
        yield "|---|---|---:|---|---|"
        for item in items:
            value = self.rule(item.value, truth=False) if item.value else f"`{item.binding}`"
            unit = f"（{item.unit}）" if item.unit else ""
            cells = (item.code, f"{self.title(item)}{unit}", f"{item.weight:g}", value, self.scoring(item))
            yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"

    def scoring(self, item: Item) -> str:
        say = self.say
        text = self.scale(item)
        if item.applies:
            text += say(f"；仅当 {self.rule(item.applies)} 时适用", f"; only if {self.rule(item.applies)}")
        if item.missing and item.missing != self.rubric.missing:
            text += say(f"；缺数时{self.policy(item.missing)}", f"; missing: {self.policy(item.missing)}")
        if item.note:
            text += say("；", "; ") + item.note
        return text + (say(f"（依据：{item.source}）", f" (source: {item.source})") if item.source else "")

    def scale(self, item: Item) -> str:
        say = self.say
        base, lead = self.amount(item.base), self.amount(item.lead)
        match item.scoring:
            case shapes.LINEAR:
                return say(
                    f"不高于 {base} 得 0，达到 {lead} 得满分，其间按直线",
                    f"0 up to {base}, full from {lead}, straight between",
                )
            case shapes.INVERSE:
                return say(f"不低于 {base} 得 0，降到 {lead} 得满分，其间按直线", f"0 from {base}, full down to {lead}, straight between")  # fmt: skip
            case shapes.STEP:
                steps = [
                    say(f"低于 {item.steps[0].at:g} 得 {item.below:g}%", f"below {item.steps[0].at:g}: {item.below:g}%")
                ]
                for step in item.steps:
                    title = f"（{self.title(step)}）" if step.title else " "
                    steps.append(
                        say(f"达到 {step.at:g}{title}得 {step.mark:g}%", f"from {step.at:g}{title}: {step.mark:g}%")
                    )
                return say("；", "; ").join(steps)
            case shapes.BAND:
                (low, high), (floor, ceiling) = item.band, item.limits
                return say(
                    f"在 {low:g} 至 {high:g} 之间得满分，到 {floor:g} 或 {ceiling:g} 降为 0，其间按直线",
                    f"full from {low:g} to {high:g}, falling straight to 0 at {floor:g} and {ceiling:g}",
                )
            case shapes.RANK:
                better = say("越高越好" if item.better == "higher" else "越低越好", f"{item.better} is better")
                return say(
                    f"同组排位（{better}）：比本对象差的占其他对象的百分比，相同的各算一半；有数据的对象少于 {item.minimum_peers} 个时不评",
                    f"place among peers ({better}): share of the others that are worse, equals half; not marked with fewer than {item.minimum_peers}",
                )
        return say(f"得分率 = {self.rule(item.rule, truth=False)}（限于 0 至 100）", f"mark = {self.rule(item.rule, truth=False)}, within 0 and 100")  # fmt: skip

    def inputs(self) -> Iterator[str]:
        if not self.rubric.inputs:
            return
        say = self.say
        yield from ("", f"## {say('规则用到的其他数值', 'Other values that rules read')}", "")
        for each in self.rubric.inputs:
            yield f"- {self.input(each)}"

    def input(self, each: Input) -> str:
        say = self.say
        where = self.rule(each.value, truth=False) if each.value else f"`{each.binding}`"
        text = f"{each.code} {self.title(each)}{f'（{each.unit}）' if each.unit else ''}: {where}"
        if each.when_absent is not None:
            text += say(
                f"；登记制，没有记录按 {each.when_absent:g} 计",
                f"; a register: no entry counts as {each.when_absent:g}",
            )
        return text + (say("；", "; ") + each.note if each.note else "")

    def adjustments(self) -> Iterator[str]:
        say = self.say
        for entries, cap, heading in (
            (self.rubric.bonuses, self.rubric.bonus_cap, say("加分", "Bonuses")),
            (self.rubric.deductions, self.rubric.deduction_cap, say("扣分", "Deductions")),
        ):
            if not entries:
                continue
            most = say(f"（合计最多 {cap:g} 分）", f" (at most {cap:g} in all)") if cap is not None else ""
            yield from ("", f"## {heading}{most}", "")
            for each in entries:
                yield f"- {self.adjustment(each)}"

    def adjustment(self, each: Adjustment) -> str:
        say = self.say
        when = say(f"，当 {self.rule(each.when)}", f", when {self.rule(each.when)}") if each.when else ""
        text = f"{each.code} {self.title(each)}: {self.amount(each.points)} {say('分', 'points')}"
        text += say(f"，最多 {each.cap:g} 分{when}", f", at most {each.cap:g}{when}")
        return text + (say("；", "; ") + each.note if each.note else "")

    def vetoes(self) -> Iterator[str]:
        if not self.rubric.vetoes:
            return
        say = self.say
        yield from ("", f"## {say('否决', 'Vetoes')}", "")
        for veto in self.rubric.vetoes:
            yield f"- {self.veto(veto)}"

    def veto(self, veto: Veto) -> str:
        from dafeng.kernel.scoring.explanation import effect_in_words

        say = self.say
        effect = effect_in_words(self.rubric, veto.code)[0 if self.chinese else 1]
        text = f"{veto.code} {self.title(veto)}: {say('当', 'when')} {self.rule(veto.when)}{say('，', ', ')}{effect}"
        if veto.lifting:
            text += say(f"；解除：{veto.lifting}", f"; lifted by: {veto.lifting_en or veto.lifting}")
        return text + (say(f"（依据：{veto.source}）", f" (source: {veto.source})") if veto.source else "")

    def levels(self) -> Iterator[str]:
        rubric, say = self.rubric, self.say
        if rubric.levels:
            yield from ("", f"## {say('等级', 'Levels')}", "")
            for level in rubric.levels:
                yield f"- {self.title(level)}: {self.level(level)}"
        if rubric.insufficient:
            floor = rubric.insufficient.below_coverage
            yield f"- {self.title(rubric.insufficient)}: {say(f'覆盖率低于 {floor:.0%}，不评等级，不排名', f'coverage below {floor:.0%}: not graded, not ranked')}"

    def level(self, level: Level) -> str:
        say = self.say
        if level.by_veto:
            return say("只由否决得出", "by veto only")
        parts = []
        if level.lower is not None:
            parts.append(say(f"{level.lower:g} 分及以上", f"from {level.lower:g}"))
        if level.upper is not None:
            parts.append(say(f"不满 {level.upper:g} 分", f"below {level.upper:g}"))
        if level.minimum_coverage:
            parts.append(
                say(f"覆盖率不低于 {level.minimum_coverage:.0%}", f"coverage at least {level.minimum_coverage:.0%}")
            )
        if level.when:
            parts.append(self.rule(level.when))
        return say("，", ", ").join(parts) or say("其余情形", "otherwise")
