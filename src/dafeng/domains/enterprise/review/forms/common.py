"""What the forms of the review share: days, amounts, a step of the owner's form."""

from __future__ import annotations

from typing import Any

from django import forms

AREA = {"rows": 4}
MOST = 1e12


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def number(label: Any, *, required: bool = False, help_text: Any = "", least: float | None = 0) -> forms.FloatField:
    return forms.FloatField(label=label, required=required, min_value=least, max_value=MOST, help_text=help_text)


class Stepped(forms.Form):
    """A step of the owner's form: its cleaned values are the content of the step; what is empty is left out."""

    def told(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [], False)}
