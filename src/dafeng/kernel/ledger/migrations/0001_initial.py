"""The tables of the ledger with their triggers; plain SQL, because the ledger has no models (see `schema.py`)."""

from typing import Any, ClassVar

from django.db import migrations

from dafeng.kernel.ledger import schema


def build(apps: Any, schema_editor: Any) -> None:
    statements = schema.sqlite() if schema_editor.connection.vendor == "sqlite" else schema.postgresql()
    for statement in statements:
        schema_editor.execute(statement, params=None)


def drop(apps: Any, schema_editor: Any) -> None:
    for statement in schema.drop():
        schema_editor.execute(statement, params=None)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION ledger_refuse()", params=None)


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar[list[Any]] = [migrations.RunPython(build, drop)]
