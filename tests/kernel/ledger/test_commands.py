"""`dafeng ledger …` on the test's database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dafeng.kernel.ledger import services
from dafeng.kernel.ledger.commands import ledger_app
from tests.kernel.ledger.conftest import NOW
from tests.kernel.ledger.test_posting import founded, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def runner() -> CliRunner:
    services.post([*founded(), send("t", 30), send("u", 3000)], now=NOW)
    return CliRunner()


def test_head_shows_the_chain_and_signs_it_once_a_day(runner: CliRunner) -> None:
    plain = runner.invoke(ledger_app, ["head"])
    assert plain.exit_code == 0
    assert "第 1 块" in plain.stdout
    signed = json.loads(runner.invoke(ledger_app, ["head", "--sign", "--json", "-"]).stdout)
    again = json.loads(runner.invoke(ledger_app, ["head", "--sign", "--json", "-"]).stdout)
    assert signed["signed"] == again["signed"]
    assert [head._asdict() for head in services.signed_heads()] == [signed["signed"]]
    assert "已签署" in runner.invoke(ledger_app, ["head", "--sign"]).stdout


def test_audit_finds_a_sound_ledger_sound(runner: CliRunner) -> None:
    done = runner.invoke(ledger_app, ["audit", "--replay"])
    assert (done.exit_code, "账本完好" in done.stdout) == (0, True)
    assert json.loads(runner.invoke(ledger_app, ["audit", "--json", "-"]).stdout)["problems"] == []


def test_audit_ends_with_one_when_something_is_wrong(runner: CliRunner) -> None:
    with services.ledger().database.transaction() as store:
        store.execute("UPDATE ledger_balance SET credits = credits + 1 WHERE account > 0")
    done = runner.invoke(ledger_app, ["audit"])
    assert done.exit_code == 1
    assert "I14" in done.stdout


def test_an_export_is_written_whole_and_verified(runner: CliRunner, tmp_path: Path) -> None:
    target = tmp_path / "ledger.jsonl"
    runner.invoke(ledger_app, ["head", "--sign"])
    assert runner.invoke(ledger_app, ["export", str(target)]).exit_code == 0
    done = runner.invoke(ledger_app, ["verify", str(target)])
    assert (done.exit_code, "核验通过" in done.stdout) == (0, True)
    assert runner.invoke(ledger_app, ["export", "-"]).stdout == target.read_text(encoding="utf-8")
    text = target.read_text(encoding="utf-8").replace('\\"amount\\":30', '\\"amount\\":31', 1)
    target.write_text(text, encoding="utf-8")
    assert runner.invoke(ledger_app, ["verify", str(target)]).exit_code == 1
    assert runner.invoke(ledger_app, ["verify", str(tmp_path / "none")]).exit_code == 1
    assert runner.invoke(ledger_app, ["export", str(tmp_path / "no" / "folder.jsonl")]).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.jsonl"]
