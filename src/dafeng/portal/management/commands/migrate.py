"""`migrate`, quick on an empty database: the tables of an initial migration are made of the state in which it ends.

Django renders every related model anew after each step of a migration; with two hundred models that was half of a first start, and of
every test run. An initial migration that only creates tables and adds to them what could not be written at once (fields, indexes,
constraints) comes to the same tables when its steps are told to the state first and each table is made once, whole. All other
migrations run as ever.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel, Migration
from django.db.migrations.state import ProjectState

ADDITIONS = (AddField, AddIndex, AddConstraint)
_one_by_one = Migration.apply


def makes_tables_only(migration: Migration) -> bool:
    """Whether an initial migration creates tables, and adds to these alone."""
    made = {step.name_lower for step in migration.operations if isinstance(step, CreateModel)}
    rest = [step for step in migration.operations if type(step) is not CreateModel]
    return bool(migration.initial and made) and all(
        isinstance(step, ADDITIONS) and step.model_name_lower in made for step in rest
    )


def apply(
    self: Migration, project_state: ProjectState, schema_editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
) -> ProjectState:
    """As `Migration.apply`; returns the state after it."""
    if collect_sql or not makes_tables_only(self):
        return _one_by_one(self, project_state, schema_editor, collect_sql)
    project_state.__dict__.pop("apps", None)  # rendered models: a step told without them renders nothing
    for step in self.operations:
        step.state_forwards(self.app_label, project_state)
    for step in self.operations:
        if isinstance(step, CreateModel):
            model = project_state.apps.get_model(self.app_label, step.name)
            if step.allow_migrate_model(schema_editor.connection.alias, model):
                schema_editor.create_model(model)
    return project_state


class Command(Migrate):
    """The command, with initial migrations made whole while it runs."""

    def handle(self, *args: Any, **options: Any) -> None:
        Migration.apply = apply  # type: ignore[method-assign]
        try:
            super().handle(*args, **options)
        finally:
            Migration.apply = _one_by_one  # type: ignore[method-assign]
