"""The tables of the ledger, for SQLite and PostgreSQL, and the triggers that let nobody rewrite them.

Truth is the log: `ledger_command`, `ledger_entry`, `ledger_block`. All other tables are read off it, and the audit reads
them off again. Neither Django models nor Django's flush touch them: what is append-only cannot be emptied.
"""

from __future__ import annotations

_TABLES = """
CREATE TABLE ledger_command(seq BIGINT PRIMARY KEY, key TEXT NOT NULL, actor TEXT NOT NULL, name TEXT NOT NULL,
  ts BIGINT NOT NULL, answer TEXT NOT NULL, detail TEXT NOT NULL, original BIGINT NOT NULL, first BIGINT NOT NULL,
  entries BIGINT NOT NULL, body TEXT NOT NULL, CHECK(entries >= 0), CHECK(answer = 'ok' OR entries = 0));
CREATE UNIQUE INDEX ledger_command_key ON ledger_command(key) WHERE original = 0;
CREATE INDEX ledger_command_refused ON ledger_command(actor, seq) WHERE answer <> 'ok';
CREATE INDEX ledger_command_conflict ON ledger_command(original) WHERE original <> 0;
CREATE TABLE ledger_entry(seq BIGINT PRIMARY KEY, command BIGINT NOT NULL, kind BIGINT NOT NULL, code BIGINT NOT NULL,
  debit BIGINT NOT NULL, credit BIGINT NOT NULL, lot BIGINT NOT NULL, amount BIGINT NOT NULL, hold BIGINT NOT NULL,
  CHECK(amount > 0), CHECK(debit <> credit), CHECK(kind BETWEEN 1 AND 4), CHECK((kind IN (3, 4)) = (hold <> 0)));
CREATE UNIQUE INDEX ledger_entry_hold ON ledger_entry(hold) WHERE hold <> 0;
CREATE INDEX ledger_entry_debit ON ledger_entry(debit, seq);
CREATE INDEX ledger_entry_credit ON ledger_entry(credit, seq);
CREATE INDEX ledger_entry_lot ON ledger_entry(lot, seq);
CREATE TABLE ledger_block(n BIGINT PRIMARY KEY, ts_first BIGINT NOT NULL, ts_last BIGINT NOT NULL,
  first_command BIGINT NOT NULL, last_command BIGINT NOT NULL, first_entry BIGINT NOT NULL, last_entry BIGINT NOT NULL,
  previous TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE);
CREATE INDEX ledger_block_ts ON ledger_block(ts_last);
CREATE TABLE ledger_head(id BIGINT PRIMARY KEY CHECK(id = 1), n BIGINT NOT NULL, hash TEXT NOT NULL,
  command BIGINT NOT NULL, entry BIGINT NOT NULL, clock BIGINT NOT NULL);
CREATE TABLE ledger_asset(id BIGINT PRIMARY KEY, key TEXT NOT NULL UNIQUE, unit TEXT NOT NULL, scale BIGINT NOT NULL);
CREATE TABLE ledger_policy(command BIGINT PRIMARY KEY, asset BIGINT NOT NULL, title TEXT NOT NULL,
  title_en TEXT NOT NULL, policy TEXT NOT NULL);
CREATE INDEX ledger_policy_asset ON ledger_policy(asset, command);
CREATE TABLE ledger_account(id BIGINT PRIMARY KEY, asset BIGINT NOT NULL, ref TEXT NOT NULL,
  closed BIGINT NOT NULL DEFAULT 0, UNIQUE(ref, asset));
CREATE TABLE ledger_lot(id BIGINT PRIMARY KEY, asset BIGINT NOT NULL, name TEXT NOT NULL, vintage BIGINT NOT NULL,
  source TEXT NOT NULL, serial_from BIGINT NOT NULL, serial_to BIGINT NOT NULL, usable_until BIGINT NOT NULL,
  labels TEXT NOT NULL, parent BIGINT NOT NULL, CHECK(serial_to > serial_from), UNIQUE(asset, name));
CREATE INDEX ledger_lot_serial ON ledger_lot(asset, source, serial_from);
CREATE TABLE ledger_balance(account BIGINT NOT NULL, lot BIGINT NOT NULL, debits BIGINT NOT NULL,
  credits BIGINT NOT NULL, held BIGINT NOT NULL, frozen BIGINT NOT NULL, PRIMARY KEY(account, lot),
  CHECK(debits >= 0 AND credits >= 0 AND held >= 0 AND frozen >= 0),
  CHECK(account < 0 OR (credits - debits >= held AND credits - debits >= frozen)));
CREATE INDEX ledger_balance_lot ON ledger_balance(lot, account);
CREATE TABLE ledger_hold(id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, parts BIGINT NOT NULL, kind BIGINT NOT NULL,
  account BIGINT NOT NULL, target BIGINT NOT NULL, signer TEXT NOT NULL, expires BIGINT NOT NULL,
  state BIGINT NOT NULL DEFAULT 0);
CREATE INDEX ledger_hold_due ON ledger_hold(expires, id) WHERE state = 0 AND expires <> 0;
CREATE INDEX ledger_hold_account ON ledger_hold(account) WHERE state = 0;
CREATE TABLE ledger_claim(command BIGINT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, period TEXT NOT NULL,
  lower BIGINT NOT NULL, upper BIGINT NOT NULL, released BIGINT NOT NULL DEFAULT 0, CHECK(upper > lower));
CREATE INDEX ledger_claim_space ON ledger_claim(kind, subject, period);
CREATE INDEX ledger_claim_command ON ledger_claim(command);
CREATE TABLE ledger_retirement(first BIGINT PRIMARY KEY, entries BIGINT NOT NULL, command BIGINT NOT NULL,
  asset BIGINT NOT NULL, purpose TEXT NOT NULL, beneficiary TEXT NOT NULL, period TEXT NOT NULL,
  certificate TEXT NOT NULL, amount BIGINT NOT NULL, CHECK(purpose <> '' AND beneficiary <> '' AND period <> ''));
CREATE INDEX ledger_retirement_for ON ledger_retirement(beneficiary, period, purpose);
CREATE TABLE ledger_duty(command BIGINT PRIMARY KEY, asset BIGINT NOT NULL, holder TEXT NOT NULL, period TEXT NOT NULL,
  amount BIGINT NOT NULL);
CREATE INDEX ledger_duty_of ON ledger_duty(holder, period, asset);
CREATE TABLE ledger_carry(command BIGINT PRIMARY KEY, account BIGINT NOT NULL, lot BIGINT NOT NULL,
  amount BIGINT NOT NULL);
CREATE INDEX ledger_carry_to ON ledger_carry(account, lot);
CREATE TABLE ledger_proposal(command BIGINT PRIMARY KEY, key TEXT NOT NULL UNIQUE, state BIGINT NOT NULL DEFAULT 0);
CREATE TABLE ledger_reversal(target BIGINT PRIMARY KEY, command BIGINT NOT NULL UNIQUE);
CREATE TABLE ledger_signature(day TEXT PRIMARY KEY, n BIGINT NOT NULL, hash TEXT NOT NULL, commands BIGINT NOT NULL,
  entries BIGINT NOT NULL, digest TEXT NOT NULL, public_key TEXT NOT NULL, signature TEXT NOT NULL);
"""

# What may change: a head moves on, sums grow, and one column of these rows tells how it ended.
_MUTABLE = {
    "head": None,
    "balance": None,
    "account": "closed",
    "hold": "state",
    "claim": "released",
    "proposal": "state",
}
_ALL = [word.split("(")[0] for word in _TABLES.split("CREATE TABLE ")[1:]]


def _columns(table: str) -> list[str]:
    body = _TABLES.split(f"CREATE TABLE {table}(")[1].split(");")[0]
    words = (part.split()[:2] for part in body.replace("\n", " ").split(","))
    return [pair[0] for pair in words if len(pair) == 2 and pair[1] in ("BIGINT", "TEXT")]


def _frozen(table: str) -> list[str] | None:
    """Columns that an update must leave alone; None when no update is allowed at all."""
    name = table.removeprefix("ledger_")
    if name not in _MUTABLE:
        return None
    free = _MUTABLE[name]
    if free is None:
        return {"head": ["id"], "balance": ["account", "lot"]}[name]
    return [column for column in _columns(table) if column != free]


def sqlite() -> list[str]:
    """Statements that build the ledger in an empty SQLite database."""
    made = _TABLES.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY").replace("BIGINT", "INTEGER")
    for side in ("debit", "credit", "lot"):  # SQLite ends every entry of an index with the row's number, here `seq`
        made = made.replace(f"ledger_entry({side}, seq)", f"ledger_entry({side})")
    parts = [text.strip() for text in made.split(";\n") if text.strip()]
    statements = []
    for text in parts:
        if text.startswith("CREATE TABLE"):
            text += " STRICT, WITHOUT ROWID" if text.startswith("CREATE TABLE ledger_balance") else " STRICT"
        statements.append(text)
    for table in _ALL:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        statements.append(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        frozen = _frozen(table)
        columns = f" OF {', '.join(frozen)}" if frozen is not None else ""
        statements.append(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE{columns} ON {table} {refuse}")
    return [*statements, "INSERT INTO ledger_head VALUES (1, 0, '', 0, 0, 0)"]


def postgresql() -> list[str]:
    """Statements that build the ledger in a PostgreSQL schema."""
    # Compared and sorted by code point, as SQLite does, whatever the locale of the server.
    made = _TABLES.replace(" TEXT ", ' TEXT COLLATE "C" ')
    statements = [text.strip() for text in made.split(";\n") if text.strip()]
    # Room in every page of balances: a new version of a row stays beside the old one, and no index is written.
    statements.append("ALTER TABLE ledger_balance SET (fillfactor = 50)")
    statements.append(
        "CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in _ALL:
        refuse = "EXECUTE FUNCTION ledger_refuse()"
        statements.append(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}")
        statements.append(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} {refuse}")
        frozen = _frozen(table)
        when = ""
        if frozen is not None:
            when = "WHEN (" + " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in frozen) + ") "
        statements.append(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {when}{refuse}")
    return [*statements, "INSERT INTO ledger_head VALUES (1, 0, '', 0, 0, 0)"]


def drop() -> list[str]:
    """Statements that take the ledger away: for a migration back, and for tests."""
    return [*(f"DROP TABLE IF EXISTS {table}" for table in _ALL)]
