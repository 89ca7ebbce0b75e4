"""Why this score: every line of a subject with its value, its mark and a sentence, in Chinese and in English.

Lines of kind item, bonus, deduction and veto carry points that add up to the exact score; the line of kind grade says
why it is this grade and not a better one. A line whose value is missing says so and what was done about it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from dafeng.kernel.scoring import rubric as shapes
from dafeng.kernel.scoring.engine import Integers, Sheet
from dafeng.kernel.scoring.expression import Column, parse
from dafeng.kernel.scoring.results import Scores
from dafeng.kernel.scoring.rubric import Item, Level, Rubric, reads

SCORED, MISSING, NOT_CONCERNED, STRUCK, UNDECIDED = "scored", "missing", "not_applicable", "struck", "undecided"
LINE = {
    "subject": pl.String, "kind": pl.String, "code": pl.String, "group": pl.String, "title": pl.String, "title_en": pl.String,
    "state": pl.String, "value": pl.Float64, "unit": pl.String, "status": pl.UInt8, "estimated": pl.Float64,
    "base": pl.Float64, "lead": pl.Float64, "mark": pl.Float64, "weight": pl.Float64, "effective": pl.Float64,
    "points": pl.Float64, "reason": pl.String, "reason_en": pl.String,
}  # fmt: skip
_LAST = ("_row", "_line")


def explain(scores: Scores, rows: Integers, *, languages: Sequence[str] = ("zh", "en")) -> pl.DataFrame:
    """The lines of the subjects in `rows`, in their order. Columns: `LINE`; reasons of items only in `languages`."""
    sheet = scores.sheet.take(rows)
    subjects = sheet.board.subjects
    parts = [_item_lines(scores, sheet, rows, at, item, languages) for at, item in enumerate(scores.rubric.items)]
    parts += _adjustment_lines(scores, subjects, rows)
    parts += _veto_lines(scores, subjects, rows)
    if languages and scores.rubric.levels:
        parts.append(_grade_lines(scores, subjects, rows))
    framed = [
        part.with_columns(pl.lit(number).alias("_line"), *(pl.lit(None, dtype=kind).alias(name) for name, kind in LINE.items() if name not in part.columns))
        .select(*(pl.col(name).cast(kind) for name, kind in LINE.items()), pl.col("_row").cast(pl.Int64), pl.col("_line").cast(pl.Int64))
        for number, part in enumerate(parts)
    ]  # fmt: skip
    return pl.concat(framed).sort(*_LAST).drop(_LAST)


def written(name: str, decimals: int = 4) -> pl.Expr:
    """A number as people write it: no tail of zeros; a missing one as a dash."""
    text = pl.col(name).round(decimals).cast(pl.String)
    plain = pl.when(text.str.contains("e")).then(text).otherwise(text.str.replace(r"\.0$", ""))
    return plain.fill_null("—")


def _item_lines(
    scores: Scores, sheet: Sheet, rows: Integers, at: int, item: Item, languages: Sequence[str]
) -> pl.DataFrame:
    rubric, settled = scores.rubric, scores.settled
    concerned, present = sheet.concerned[:, at], sheet.present[:, at]
    state = np.where(concerned, np.where(present, SCORED, MISSING), NOT_CONCERNED)
    frame = pl.DataFrame(
        {
            "_row": np.arange(rows.size), "subject": sheet.board.subjects, "state": state,
            "value": sheet.board.values[item.code], "status": sheet.status[:, at], "estimated": sheet.estimated[:, at],
            "base": sheet.base[:, at], "lead": sheet.lead[:, at], "mark": settled.marks[rows, at],
            "effective": settled.effective[rows, at], "points": settled.points[rows, at],
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None), _lacking(rubric, sheet, item))  # fmt: skip
    frame = frame.with_columns(
        pl.when(pl.col("state") == MISSING).then(pl.lit(1, dtype=pl.UInt8)).otherwise(pl.col("status")).alias("status"),
        pl.lit("item").alias("kind"), pl.lit(item.code).alias("code"), pl.lit(item.group).alias("group"),
        pl.lit(item.title).alias("title"), pl.lit(item.title_en or item.title).alias("title_en"),
        pl.lit(item.unit).alias("unit"), pl.lit(item.weight).alias("weight"),
    )  # fmt: skip
    names = {"zh": "reason", "en": "reason_en"}
    return frame.with_columns(_reason(rubric, item, language).alias(names[language]) for language in languages)


def _lacking(rubric: Rubric, sheet: Sheet, item: Item) -> pl.Series:
    """For a derived value: the titles of what it was to be reckoned from and is not there, as a list."""
    columns = [
        pl.select(pl.when(pl.Series(np.isnan(sheet.board.values[name]))).then(pl.lit(name))).to_series().alias(name)
        for name in sorted(reads(item.value))
    ]
    if not columns:
        return pl.Series("lacking", [[]] * sheet.board.size, dtype=pl.List(pl.String))
    return pl.DataFrame(columns).select(pl.concat_list(pl.all()).list.drop_nulls().alias("lacking")).to_series()


def _reason(rubric: Rubric, item: Item, language: str) -> pl.Expr:
    chinese = language == "zh"
    how = _how(rubric, item, language)
    earned = "：得分率 {}%，{} 分中得 {} 分" if chinese else ": mark {}%, {} of {} points"
    amounts = ("effective", "points") if chinese else ("points", "effective")
    value = (
        pl.concat_str(
            pl.lit("数值 " if chinese else "value "), written("value"), pl.lit(f" {item.unit}" if item.unit else "")
        )
        if item.scoring != shapes.RULE
        else pl.lit("按规则" if chinese else "by rule")
    )
    scored = pl.concat_str(
        value, pl.lit("，" if chinese else ", "), how, pl.format(earned, written("mark", 2), *(written(name, 2) for name in amounts))
    )  # fmt: skip
    policy = rubric.policy(item)
    done = {
        shapes.EXCLUDE: ("不计分，权重按比例分给其他项", "left out, its weight shared among the other lines"),
        shapes.NEUTRAL: (f"按中性得分率 {rubric.neutral:g}% 计", f"counted at the neutral mark {rubric.neutral:g}%"),
        shapes.WORST: ("按 0 分计", "counted as 0"),
    }[policy][0 if chinese else 1]
    unusable = item.scoring in (shapes.LINEAR, shapes.INVERSE) and (
        isinstance(item.base, str) or isinstance(item.lead, str)
    )
    colon = "：" if chinese else ": "
    titles = rubric.titles if chinese else rubric.titles_en
    parts = pl.col("lacking").list.eval(pl.element().replace(titles)).list.join("、" if chinese else ", ")
    named = pl.when(pl.col("lacking").list.len() > 0).then(pl.format("（缺 {}）" if chinese else " (lacking {})", parts)).otherwise(pl.lit(""))  # fmt: skip
    lacking: pl.Expr = pl.concat_str(pl.lit("没有数据" if chinese else "no data"), named, pl.lit(f"{colon}{done}"))
    if unusable:
        wrong = "基准值或引领值缺失，或方向不对" if chinese else "base or lead is missing or the wrong way round"
        lacking = pl.when(pl.col("value").is_not_null()).then(pl.lit(f"{wrong}{colon}{done}")).otherwise(lacking)
    elif item.scoring == shapes.RANK:
        few = f"同组有数据的对象不足 {item.minimum_peers} 个" if chinese else f"fewer than {item.minimum_peers} peers with data"  # fmt: skip
        lacking = pl.when(pl.col("value").is_not_null()).then(pl.lit(f"{few}{colon}{done}")).otherwise(lacking)
    elsewhere = (
        "不涉及本对象：不计分，不影响覆盖率"
        if chinese
        else "does not concern this subject: not counted, coverage untouched"
    )
    return pl.when(pl.col("state") == SCORED).then(scored).when(pl.col("state") == MISSING).then(lacking).otherwise(pl.lit(elsewhere))  # fmt: skip


def _how(rubric: Rubric, item: Item, language: str) -> pl.Expr:
    """How the value was measured, in words."""
    chinese = language == "zh"
    match item.scoring:
        case shapes.LINEAR | shapes.INVERSE:
            text = "基准 {}、引领 {}" if chinese else "base {}, lead {}"
            return pl.format(text, written("base"), written("lead"))
        case shapes.STEP:
            below = f"低于 {item.steps[0].at:g}" if chinese else f"below {item.steps[0].at:g}"
            chosen: pl.Expr = pl.lit(below)
            for step in item.steps:
                title = step.title if chinese else step.title_en or step.title
                words = f"达到 {step.at:g}" if chinese else f"reaches {step.at:g}"
                words += f"（{title}）" if title else ""
                chosen = pl.when(pl.col("value") >= step.at).then(pl.lit(words)).otherwise(chosen)
            return chosen
        case shapes.BAND:
            low, high = item.band
            return pl.lit(f"合理区间 {low:g} 至 {high:g}" if chinese else f"target band {low:g} to {high:g}")
        case shapes.RANK:
            best = "越高越好" if item.better == "higher" else "越低越好"
            best_en = f"{item.better} is better"
            return pl.lit(f"按同组排位（{best}）" if chinese else f"by position among peers ({best_en})")
    titles = rubric.titles if chinese else rubric.titles_en
    return pl.lit(parse(item.rule, kind="number").in_words(titles, language))


def _adjustment_lines(scores: Scores, subjects: pl.Series, rows: Integers) -> list[pl.DataFrame]:
    found = []
    for kind, entries in ((shapes.BONUS, scores.rubric.bonuses), (shapes.DEDUCTION, scores.rubric.deductions)):
        for each in entries:
            points = scores.settled.adjustments[each.code][rows]
            most = f"最多 {each.cap:g} 分" if kind == shapes.BONUS else f"最多扣 {each.cap:g} 分"
            frame = pl.DataFrame({"_row": np.arange(rows.size), "subject": subjects, "points": points})
            found.append(
                frame.with_columns(
                    pl.lit(kind).alias("kind"), pl.lit(each.code).alias("code"), pl.lit(each.title).alias("title"),
                    pl.lit(each.title_en or each.title).alias("title_en"), pl.lit(SCORED).alias("state"),
                    pl.lit(each.cap).alias("effective"),
                    pl.format("{} 分（{}）", written("points", 2), pl.lit(most)).alias("reason"),
                    pl.format("{} points (at most {})", written("points", 2), pl.lit(f"{each.cap:g}"))
                    .alias("reason_en"),
                )
            )  # fmt: skip
    return found


def _veto_lines(scores: Scores, subjects: pl.Series, rows: Integers) -> list[pl.DataFrame]:
    """Vetoes that hold or cannot be told. What a cap takes away stands on the first cap that binds."""
    found = []
    rubric, settled = scores.rubric, scores.settled
    running: Column = settled.before_vetoes[rows]
    for veto in rubric.vetoes:
        truth = settled.vetoes[veto.code][rows]
        struck, open_ = truth == 1, np.isnan(truth)
        points = np.zeros(rows.size)
        if veto.effect != shapes.CAP_GRADE:
            cap = veto.score if veto.effect == shapes.CAP_SCORE and veto.score is not None else 0.0
            after = np.where(struck, np.minimum(running, cap), running)
            points, running = after - running, after
        effect, effect_en = effect_in_words(rubric, veto.code)
        title, title_en = veto.title, veto.title_en or veto.title
        lifting = f"；解除：{veto.lifting}" if veto.lifting else ""
        lifting_en = f"; lifted by: {veto.lifting_en or veto.lifting}" if veto.lifting else ""
        frame = pl.DataFrame(
            {"_row": np.arange(rows.size), "subject": subjects, "points": points, "state": np.where(struck, STRUCK, UNDECIDED)}
        )  # fmt: skip
        undecided = pl.col("state") == UNDECIDED
        found.append(
            frame.filter(pl.Series(struck | open_)).with_columns(
                pl.lit("veto").alias("kind"), pl.lit(veto.code).alias("code"), pl.lit(title).alias("title"), pl.lit(title_en).alias("title_en"),
                pl.when(undecided).then(pl.lit(f"否决条件“{title}”缺少数据，无法判断"))
                .otherwise(pl.lit(f"触发否决“{title}”：{effect}{lifting}")).alias("reason"),
                pl.when(undecided).then(pl.lit(f"veto “{title_en}” cannot be told: data are missing"))
                .otherwise(pl.lit(f"veto “{title_en}”: {effect_en}{lifting_en}")).alias("reason_en"),
                pl.when(undecided).then(1).otherwise(0).alias("status"),
            )
        )  # fmt: skip
    return found


def effect_in_words(rubric: Rubric, code: str) -> tuple[str, str]:
    """What a veto does, in Chinese and English."""
    veto = next(each for each in rubric.vetoes if each.code == code)
    if veto.effect == shapes.ZERO:
        return "得分记为 0", "the score is 0"
    if veto.effect == shapes.CAP_SCORE:
        return f"得分最高 {veto.score:g} 分", f"the score is at most {veto.score:g}"
    level = next(each for each in rubric.levels if each.code == veto.grade)
    if level.by_veto:
        return f"等级定为“{level.title}”", f"the grade is “{level.title_en or level.title}”"
    return f"等级最高为“{level.title}”", f"the grade is at most “{level.title_en or level.title}”"


def _grade_lines(scores: Scores, subjects: pl.Series, rows: Integers) -> pl.DataFrame:
    titles = scores.frame[rows]
    reasons = [_grade_reason(scores, int(row)) for row in rows]
    return pl.DataFrame(
        {
            "_row": np.arange(rows.size), "subject": subjects, "kind": "grade", "code": titles["grade"],
            "title": titles["grade_title"], "title_en": titles["grade_title_en"], "state": SCORED, "status": titles["status"],
            "value": titles["score"], "reason": [zh for zh, _ in reasons], "reason_en": [en for _, en in reasons],
        }
    )  # fmt: skip


def _grade_reason(scores: Scores, row: int) -> tuple[str, str]:
    """Why this grade: the score alone, and what held it back."""
    rubric, settled = scores.rubric, scores.settled
    score, coverage = settled.score[row], settled.coverage[row]
    at, alone = int(settled.level[row]), int(settled.by_score[row])
    struck = [veto for veto in rubric.vetoes if settled.vetoes[veto.code][row] == 1 and veto.effect == shapes.CAP_GRADE]
    if settled.insufficient[row]:
        floor = rubric.insufficient.below_coverage if rubric.insufficient else 0.0
        if np.isnan(score):
            return "没有可用的数据，不评等级", "no usable data, not graded"
        return f"数据覆盖率 {coverage:.0%}，低于 {floor:.0%}，不评等级", f"coverage {coverage:.0%} is below {floor:.0%}: not graded"  # fmt: skip
    if np.isnan(score):
        names = "、".join(veto.title for veto in struck)
        return f"因否决“{names}”定级", f"graded by veto “{names}”"
    first, first_en = (
        f"得分 {score:g}，按分数为“{rubric.levels[alone].title}”",
        f"score {score:g}: “{rubric.levels[alone].title_en or rubric.levels[alone].title}” by the score",
    )
    reasons, reasons_en = [], []
    for level in rubric.levels[alone : max(at, alone)]:
        if level.by_veto:
            continue
        zh, en = _unmet(rubric, level, scores, row)
        reasons += zh
        reasons_en += en
    if at > alone:
        reasons += [f"否决“{veto.title}”" for veto in struck]
        reasons_en += [f"veto “{veto.title_en or veto.title}”" for veto in struck]
    if not reasons:
        return first, first_en
    final = rubric.levels[at]
    return (
        f"{first}；因{'、'.join(reasons)}，定为“{final.title}”",
        f"{first_en}; held to “{final.title_en or final.title}” by {', '.join(reasons_en)}",
    )


def _unmet(rubric: Rubric, level: Level, scores: Scores, row: int) -> tuple[list[str], list[str]]:
    """What of a level's own demands this subject does not meet."""
    zh, en = [], []
    coverage = scores.settled.coverage[row]
    if coverage < level.minimum_coverage:
        zh.append(f"覆盖率 {coverage:.0%} 低于“{level.title}”要求的 {level.minimum_coverage:.0%}")
        en.append(
            f"coverage {coverage:.0%} below the {level.minimum_coverage:.0%} of “{level.title_en or level.title}”"
        )
    if level.when:
        rule = parse(level.when, kind="truth")
        columns = {name: column[[row]] for name, column in scores.sheet.board.values.items()}
        columns |= {f"mark({item.code})": scores.settled.marks[[row], at] for at, item in enumerate(rubric.items)}
        columns |= {"score": scores.settled.base[[row]], "coverage": scores.settled.coverage[[row]], "confidence": scores.settled.confidence[[row]]}  # fmt: skip
        if rule(columns, 1)[0] != 1:
            zh.append(f"不满足“{level.title}”的条件（{rule.in_words(rubric.titles)}）")
            en.append(
                f"the condition of “{level.title_en or level.title}” not met ({rule.in_words(rubric.titles_en, 'en')})"
            )
    return zh, en
