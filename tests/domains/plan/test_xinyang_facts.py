"""The structured facts of Xinyang: as printed, every row with document, path and standing, every contradiction a question."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pytest

import dafeng.cities
from dafeng.domains.plan.bindings import register
from dafeng.domains.plan.library import STANDINGS, check_facts, read_facts
from dafeng.domains.plan.methods.observations import Observation
from dafeng.domains.plan.methods.progress import Outcome, assess
from dafeng.domains.plan.reading.register import departments
from dafeng.kernel.errors import PlanError

FOLDER = Path(dafeng.cities.__file__).parent / "xinyang" / "plan"
PLANS = {"xinyang-2021": "xinyang_2021_green_transition", "xinyang-2024": "xinyang_2024_peak_pilot"}


def test_the_tables_hold_together() -> None:
    assert check_facts(FOLDER) == []


def test_the_printed_counts_of_projects_add_up() -> None:
    """4 + 47 + 25 + 9 + 25 + 7 = 117, and 864.32 亿元 as the plan prints it (chapter 4)."""
    facts = read_facts(FOLDER)
    total = facts.printed_total("xinyang-2024")
    assert total is not None
    assert facts.sum_of_categories("xinyang-2024") == total.count == 117
    assert (total.investment, total.unit) == ("864.32", "亿元")
    assert {each.code: each.count for each in facts.categories if each.code != "total"} == {
        "technology": 4, "energy": 47, "environment": 25, "circular": 9, "ecology": 25, "retrofit": 7,
    }  # fmt: skip


def test_every_contradiction_of_the_demands_is_a_question() -> None:
    """The seventeen entries of the demands' last section, by number."""
    facts = read_facts(FOLDER)
    assert {each.list_number for each in facts.questions} - {None} == set(range(1, 18))
    assert all(each.question.endswith(("？", "。")) and each.ask and each.paths for each in facts.questions)


def test_every_row_has_its_standing() -> None:
    facts = read_facts(FOLDER)
    for rows in (facts.targets, facts.tasks, facts.categories, facts.questions):
        assert {each.standing for each in rows} <= set(STANDINGS)  # type: ignore[attr-defined]
    assert {each.key for each in facts.targets if each.standing == "inferred_base"} == {
        "xinyang-2021:t001",
        "xinyang-2021:t002",
    }


def test_owners_are_in_the_register_or_named_without_code() -> None:
    known = {each.id for each in departments()}
    owners = {owner for task in read_facts(FOLDER).tasks for owner in task.owners}
    assert {owner.code for owner in owners} - {""} <= known
    assert {owner.name for owner in owners if not owner.code} == {"驻信高校"}


def test_each_target_resolves_to_computed_reported_or_unbound() -> None:
    facts = read_facts(FOLDER)
    states = [register().by_id(each.binding).state for each in facts.targets]
    assert len(states) == 77  # 22 of the first plan and 55 of the second
    assert states.count("unbound") == 7
    assert states.count("computed") >= 15


def test_every_target_can_be_followed_and_none_is_judged_without_data() -> None:
    facts = read_facts(FOLDER)
    for each in facts.targets:
        found = assess(facts.to_follow(each.key), [], now=date(2026, 11, 21))
        assert found.verdict.outcome in (Outcome.OPEN, Outcome.CANNOT)
        assert found.missing


def test_the_energy_target_of_the_second_plan_is_judged_on_its_value() -> None:
    facts = read_facts(FOLDER)
    history = [Observation("2020", 0.26, "tce/万元"), Observation("2025", 0.22, "tce/万元")]
    found = assess(facts.to_follow("xinyang-2024:t002"), history, now=date(2026, 11, 21))
    assert found.goal == pytest.approx(0.221)  # 0.26 × 0.85
    assert found.verdict.outcome is Outcome.MET
    assert found.achieved == pytest.approx(100 * (1 - 0.22 / 0.26))


def test_the_wind_target_on_2025_says_that_additions_are_no_base() -> None:
    facts = read_facts(FOLDER)
    found = assess(facts.to_follow("xinyang-2024:t011"), [], now=date(2024, 11, 21))
    assert any("新增量" in said.zh for said in found.missing)
    assert facts.target("xinyang-2024:t011").questions == ("wind-15",)


def test_what_the_office_has_answered_goes_over_what_is_printed() -> None:
    facts = read_facts(FOLDER)
    history = [Observation("2021", 60.0, "万千瓦")]
    plain = assess(facts.to_follow("xinyang-2024:t010"), history, now=date(2022, 6, 1))
    answered = assess(facts.to_follow("xinyang-2024:t010", start_year=2020), history, now=date(2022, 6, 1))
    assert plain.lag is None
    assert answered.lag == pytest.approx(-10)  # 60 of 200 where 40 was due


@pytest.mark.plans
@pytest.mark.parametrize("document", PLANS)
def test_targets_are_those_of_the_annotation(shared: Path, document: str) -> None:
    printed = json.loads((shared / "plans" / f"{PLANS[document]}.json").read_text("utf-8"))["targets"]
    ours = [each for each in read_facts(FOLDER).targets if each.document == document]
    for mine, theirs in zip(ours, printed, strict=True):
        value = list(mine.value) if isinstance(mine.value, tuple) else mine.value
        assert (mine.id, mine.kind, mine.operator, value, mine.unit, mine.year, mine.baseline_year, mine.path, mine.strength) == (
            theirs["id"], theirs["kind"], theirs["operator"], theirs["value"], theirs["unit"], theirs["year"],
            theirs["baseline_year"], theirs["task_path"], theirs["strength"],
        )  # fmt: skip


@pytest.mark.plans
@pytest.mark.parametrize("document", PLANS)
def test_tasks_and_owners_are_those_of_the_annotation(shared: Path, document: str) -> None:
    printed = json.loads((shared / "plans" / f"{PLANS[document]}.json").read_text("utf-8"))["tasks"]
    ours = {
        each.path: [owner.name for owner in each.owners]
        for each in read_facts(FOLDER).tasks
        if each.document == document
    }
    assert ours == {each["path"]: each["units"] for each in printed if each["is_task"]}


@pytest.mark.plans
def test_quotes_are_printed_and_are_number_phrases_only(shared: Path) -> None:
    texts = {
        document: re.sub(r"\s", "", (shared / "plans" / f"{name}.txt").read_text("utf-8"))
        for document, name in PLANS.items()
    }
    for question in read_facts(FOLDER).questions:
        named = [texts[document] for document in {document for document, _ in question.paths}]
        for quote in question.quotes:
            assert len(quote) <= 15
            assert any(quote in text for text in named), (question.code, quote)


@pytest.mark.plans
def test_no_sentence_of_a_plan_is_shipped(shared: Path) -> None:
    """No run of 24 characters of either text stands in any shipped table."""
    shipped = "".join(re.sub(r"\s", "", path.read_text("utf-8")) for path in sorted(FOLDER.iterdir()))
    pieces = {shipped[at : at + 24] for at in range(len(shipped) - 23)}
    for name in PLANS.values():
        text = re.sub(r"\s", "", (shared / "plans" / f"{name}.txt").read_text("utf-8"))
        common = [text[at : at + 24] for at in range(len(text) - 23) if text[at : at + 24] in pieces]
        assert common == []


# ---------------------------------------------------------------- faults


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "plan"))


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("targets.csv", "xinyang-2021,t001,energy_intensity", "xinyang-2021,t001,nothing", "不在指标登记表"),
        (
            "targets.csv",
            "relative_change,decrease,=,14,,%",
            "relative_change,decrease,=,14,,万吨",
            "单位“万吨”与指标不符",
        ),
        ("targets.csv", "energy-intensity;energy-base", "energy-question", "没有登记"),
        ("targets.csv", "xinyang-2021,t002", "xinyang-2021,t001", "出现两次"),
        ("targets.csv", "=,14,", "=,fourteen,", "读不了这一行"),
        ("targets.csv", "yes,must,二", "perhaps,must,二", "应为 yes 或 no"),
        ("tasks.csv", "xinyang-2021,三/（一）/1", "xinyang-2022,三/（一）/1", "没有文件“xinyang-2022”"),
        ("tasks.csv", "no,as_printed", "no,no_owner_printed", "与状态不符"),
        ("questions.csv", "xinyang-2021:t008", "xinyang-2021:t999", "不存在"),
        ("project_categories.csv", "as_printed", "guessed", "不认识的状态“guessed”"),
        ("project_categories.csv", "document,path", "path,document", "表头不对"),
    ],
)
def test_a_fault_names_file_and_line(copy: Path, file: str, old: str, new: str, words: str) -> None:
    path = copy / file
    text = path.read_text("utf-8")
    line = text[: text.index(old)].count("\n") + 1
    path.write_text(text.replace(old, new, 1), "utf-8")
    faults = check_facts(copy)
    assert any(words in str(fault) for fault in faults), faults
    told = next(fault for fault in faults if words in str(fault))
    assert told.where.file == file
    assert told.where.row in (line, line + 1)  # twice: told at the second
    with pytest.raises(PlanError):
        read_facts(copy)


def test_a_missing_table_is_told(copy: Path) -> None:
    (copy / "tasks.csv").unlink()
    assert any(fault.where.file == "tasks.csv" for fault in check_facts(copy))
