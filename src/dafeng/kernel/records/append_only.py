"""Rows that are written once: the model and its queryset refuse to change or delete them.

This guards against mistakes in code, not against a person with the database password: that is what the chain is for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NoReturn, TypeVar

from django.db import models

from dafeng.kernel.records.errors import AuditError, RecordError

_Row = TypeVar("_Row", bound=models.Model)


def _refuse(model: type[models.Model], act: str) -> NoReturn:
    raise AuditError(f"{model._meta.verbose_name}只能追加，不能{act}", mend="请另写一条说明更正的记录")


class AppendOnlyQuerySet(models.QuerySet[_Row]):
    """A queryset that reads and inserts."""

    def update(self, **kwargs: Any) -> NoReturn:
        _refuse(self.model, "修改")

    def delete(self) -> NoReturn:
        _refuse(self.model, "删除")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self.model, "修改")

    def update_or_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(self.model, "修改")

    def bulk_create(
        self,
        objs: Iterable[_Row],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[_Row]:
        if ignore_conflicts or update_conflicts:
            _refuse(self.model, "修改")
        return super().bulk_create(objs, batch_size=batch_size)


class AppendOnly(models.Model):
    """A row that is inserted once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            _refuse(type(self), "修改")
        check_texts(self)
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse(type(self), "删除")


def check_texts(row: models.Model) -> None:
    """Refuse what one database would store and another not: too long a text, or a NUL in it. Raises `RecordError`."""
    for field in row._meta.concrete_fields:
        text = getattr(row, field.attname)
        if not isinstance(text, str):
            continue
        if "\x00" in text:
            raise RecordError(f"“{field.verbose_name}”含有不可见的空字符", mend="请重新输入这一项")
        if field.max_length and len(text) > field.max_length:
            raise RecordError(
                f"“{field.verbose_name}”有 {len(text)} 个字", expected=f"不超过 {field.max_length} 个字", mend="请缩短"
            )
